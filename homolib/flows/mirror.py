"""The flow of a diagonal linear network in its dual variable: exact however small the start and long the plateau.

The sums p = a + b and differences q = a - b obey p' = p c and q' = -q c with c = X^T z, coordinate by coordinate.
So p = p(0) e^s and q = q(0) e^-s with s' = c: a mirror flow for beta = a * b = (p^2 - q^2) / 4. A coordinate that
falls asleep has a direction that no float can tell from (1, 1) / sqrt(2); s still knows how far it is from waking.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from homolib import _checks

CAP = 100.0  # exponent beyond which only rejected trial steps go: the flow lowers the loss, so beta is bounded


def mirror_flow(
    X: np.ndarray,
    residual: Callable[[np.ndarray], np.ndarray],
    w0: np.ndarray,
    log_delta: float,
    t_end: float,
    tolerance: float,
) -> Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Follow dw/dt = pullback of residual(outputs) from exp(log_delta) * w0.

    Parameters
    ----------
    X : (n, d) array
    residual : callable
        From outputs (n,) to z (n,).
    w0 : (2 d,) array
        One start, (a, b).
    log_delta, t_end, tolerance : float
        `tolerance` is the relative accuracy of the weights.

    Returns
    -------
    callable
        From times (k,) to directions (k, 2 d) and log-norms (k,).

    Raises
    ------
    ValueError
        If the flow cannot be followed to `t_end`.
    """
    from scipy.integrate import solve_ivp

    a, b = np.split(w0, 2)
    signs = np.sign([a + b, a - b])
    with np.errstate(divide="ignore"):
        logs = np.log(np.abs([a + b, a - b])) + log_delta

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

    start, accuracy = np.zeros(X.shape[1]), {"rtol": 1e-12, "atol": tolerance / 10}
    # Time runs from 0 to 1: near the smallest float a step size would be lost.
    solution = solve_ivp(rate, (0, 1), start, method="LSODA", jac=jacobian, dense_output=True, **accuracy)
    if not solution.success:
        reached = t_end * solution.t[-1]
        _checks.fail("t_end", t_end, f"a time before t = {reached:.6g}: there the flow cannot be followed")

    def interpolate(times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        s = solution.sol(times / t_end).T  # (k, d)
        sizes = np.stack([logs[0] + s, logs[1] - s])  # ln |p|, ln |q|
        top = sizes.max(axis=(0, 2))
        top = np.where(np.isfinite(top), top, 0)
        p, q = signs[:, None] * np.exp(sizes - top[:, None])
        w = np.concatenate([p + q, p - q], axis=-1) / 2
        norm = np.linalg.norm(w, axis=-1)
        with np.errstate(divide="ignore"):
            return w / np.where(norm == 0, 1, norm)[:, None], np.log(norm) + top

    return interpolate
