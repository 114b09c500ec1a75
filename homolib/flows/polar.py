"""Flows with each neuron carried as a direction and a log-norm.

In these variables nothing overflows or underflows, a start of size 1e-150 is as easy as one of size 1, and a dormant
neuron costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from homolib.flows.steps import DenseOutput, Field, integrate
from homolib.flows.trajectory import Path, cartesian, polar
from homolib.problems.networks import Network

MEET = 1e-7  # tolerance of a step below which kinks are met even if the gradient is Lipschitz and they are many
MANY = 128  # kinks: stepping over one costs little where it is one of many, and meeting all of them would take long
TOGETHER = 32_000  # numbers in an array: larger ones do not stay in the cache


class PolarFlow:
    """The flow of any network; a state holds the direction of each neuron and what its log-norm has gained."""

    def __init__(
        self,
        net: Network,
        X: np.ndarray,
        residual: Callable[[np.ndarray], np.ndarray],
        w0: np.ndarray,
        log_delta: np.ndarray,
        t_end: float,
    ):
        """Start from exp(log_delta) * w0, (runs, size); `residual` maps outputs (..., n) to z."""
        self.net, self.X, self.residual, self.t_end = net, X, residual, t_end
        theta, rho = polar(net.split_neurons(w0))
        self.start, self.rho = np.concatenate([theta, np.zeros_like(theta[..., :1])], axis=-1), rho + log_delta[:, None]

    def follow(self, runs: np.ndarray, tolerance: np.ndarray) -> list[tuple[Path, np.ndarray]]:
        """Paths of the given runs, each with its tolerance of a step, and times in all of their steps."""
        kinks = self.kinks(self.start[0]).size
        meet = np.full(len(runs), not self.net.smooth or kinks <= MANY) | (tolerance <= MEET)
        group, found = max(1, TOGETHER // max(kinks, 1)), {}
        for way in (False, True):
            which = np.flatnonzero(meet == way)
            for some in np.split(which, range(group, len(which), group)) if len(which) else ():
                found |= zip(some, self._together(runs[some], tolerance[some], way), strict=True)
        return [found[entry] for entry in range(len(runs))]

    def _together(self, runs: np.ndarray, tolerance: np.ndarray, meet: bool) -> list[tuple[Path, np.ndarray]]:
        rho = self.rho[runs]

        def rates(state: np.ndarray, slopes: np.ndarray | None, rows: np.ndarray) -> np.ndarray:
            return self._rates(state, slopes, rho[rows])

        field = Field(rates, self.kinks, self.net.slopes, not self.net.smooth)
        # A trial step off a plateau may overflow: it is rejected. Tiny outputs of tiny starts may underflow.
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            solution = integrate(field, self.start[runs], self.t_end, tolerance, meet)
        paths = (PolarPath(self.net, rho[row], solution, row) for row in range(len(runs)))
        return [(path, solution.samples(path.row)) for path in paths]

    def kinks(self, state: np.ndarray) -> np.ndarray:
        """Pre-activations at the directions of the neurons: a kink is where one changes its sign."""
        return self.net.kinks(self.X, self.net.join_neurons(state[..., :-1]))

    def _rates(self, state: np.ndarray, slopes: np.ndarray | None, rho: np.ndarray) -> np.ndarray:
        """Velocity of each neuron's direction on its sphere, and of its log-norm (proof of Lemma 5.3).

        For order L, w_k = r theta: theta' = r^(L-2) (g - <g, theta> theta) and (ln r)' = r^(L-2) <g, theta>,
        where g is the pullback at theta.
        """
        net, theta, rho = self.net, state[..., :-1], rho + state[..., -1]
        parts, pull = net.forward(self.X, net.join_neurons(theta), slopes)
        h = np.matmul(np.exp(net.order * rho)[..., None, :], parts)[..., 0, :]
        g = net.split_neurons(pull(self.residual(h)))
        square = np.einsum("...i,...i", theta, theta)
        growth = np.einsum("...i,...i", g, theta) / np.where(square == 0, 1, square)  # a zero neuron stays zero
        out = np.empty_like(state)
        out[..., -1] = growth
        np.subtract(g, growth[..., None] * theta, out=out[..., :-1])
        if net.order > 2:
            out *= np.exp((net.order - 2) * rho)[..., None]
        return out


@dataclass(frozen=True, eq=False)
class PolarPath:
    """One run of a solution as a path: from times to direction and log-norm of all weights together."""

    net: Network
    rho: np.ndarray
    solution: DenseOutput
    row: int

    def __call__(self, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Directions (k, size) and log-norms (k,)."""
        state = self.solution(self.row, times)
        with np.errstate(under="ignore"):
            return cartesian(self.net, state[..., :-1], self.rho + state[..., -1])
