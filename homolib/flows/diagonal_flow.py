"""The flow of a diagonal linear network in its dual variable: exact however small the start and long the plateau.

The sums p = a + b and differences q = a - b obey p' = p c and q' = -q c with c = X^T z, coordinate by coordinate.
So p = p(0) e^s and q = q(0) e^-s with s' = c: a mirror flow for beta = a * b = (p^2 - q^2) / 4. A coordinate that
falls asleep has a direction that no float can tell from (1, 1) / sqrt(2); s still knows how far it is from waking.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from homolib.flows.steps import SAMPLES, Stuck
from homolib.flows.trajectory import Path
from homolib.problems.networks import DiagonalLinear

CAP = 100.0  # exponent beyond which only rejected trial steps go: the flow lowers the loss, so beta is bounded


class MirrorFlow:
    """The flow of a diagonal linear network, one run after the other."""

    def __init__(
        self,
        net: DiagonalLinear,
        X: np.ndarray,
        residual: Callable[[np.ndarray], np.ndarray],
        w0: np.ndarray,
        log_delta: np.ndarray,
        t_end: float,
    ):
        """Start from exp(log_delta) * w0, (runs, 2 d); `residual` maps outputs (n,) to z."""
        self.X, self.residual, self.t_end = X, residual, t_end
        a, b = np.split(w0, 2, axis=-1)
        both = np.stack([a + b, a - b], axis=1)
        with np.errstate(divide="ignore"):
            self.signs, self.logs = np.sign(both), np.log(np.abs(both)) + log_delta[:, None, None]

    def follow(self, runs: np.ndarray, tolerance: np.ndarray) -> list[tuple[Path, np.ndarray]]:
        """Paths of the given runs, each with its tolerance of a step, and times in all of their steps."""
        return [self._run(run, atol) for run, atol in zip(runs, tolerance, strict=True)]

    def _run(self, run: int, atol: float) -> tuple[Path, np.ndarray]:
        from scipy.integrate import solve_ivp

        X, residual, t_end, logs = self.X, self.residual, self.t_end, self.logs[run]

        def squares(s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            return np.exp(np.minimum(2 * (logs[0] + s), CAP)), np.exp(np.minimum(2 * (logs[1] - s), CAP))

        def rate(_: float, s: np.ndarray) -> np.ndarray:
            p, q = squares(s)
            return t_end * (residual(X @ (p - q) / 4) @ X)

        def jacobian(_: float, s: np.ndarray) -> np.ndarray:
            p, q = squares(s)
            h = X @ (p - q) / 4
            step = 1e-6 * (1 + np.abs(h))
            slope = (residual(h + step) - residual(h)) / step  # the residual of an input depends on its output alone
            return t_end * ((X.T * slope) @ X * ((p + q) / 2))

        start, accuracy = np.zeros(X.shape[1]), {"rtol": 3e-14, "atol": atol / 10}  # rtol: the least SciPy takes
        # Time runs from 0 to 1: near the smallest float a step size would be lost.
        with np.errstate(under="ignore"):
            solution = solve_ivp(rate, (0, 1), start, method="LSODA", jac=jacobian, dense_output=True, **accuracy)
        if not solution.success:
            raise Stuck(t_end * solution.t[-1], "cannot be followed")
        times = t_end * np.append(solution.t[:-1, None] + SAMPLES * np.diff(solution.t)[:, None], 1.0)
        return MirrorPath(self.signs[run], logs, t_end, solution.sol), np.minimum(times, t_end)


@dataclass(frozen=True, eq=False)
class MirrorPath:
    """One run as a path, from the signs and logarithms of p and q at the start and the dual variable at any time."""

    signs: np.ndarray
    logs: np.ndarray
    t_end: float
    dual: Callable[[np.ndarray], np.ndarray]

    def __call__(self, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Directions (k, 2 d) and log-norms (k,)."""
        s = self.dual(times / self.t_end).T  # (k, d)
        sizes = np.stack([self.logs[0] + s, self.logs[1] - s])  # ln |p|, ln |q|
        top = sizes.max(axis=(0, 2))
        top = np.where(np.isfinite(top), top, 0)
        p, q = self.signs[:, None] * np.exp(sizes - top[:, None])
        w = np.concatenate([p + q, p - q], axis=-1) / 2
        norm = np.linalg.norm(w, axis=-1)
        with np.errstate(divide="ignore"):
            return w / np.where(norm == 0, 1, norm)[:, None], np.log(norm) + top
