"""Flows whose true course is known to seventeen digits, and how far a path is from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import numpy as np

import homolib as hl
from tests.homolib.flows import reference as exact

TOLERANCES = [10.0**-k for k in range(4, 12)]


@dataclass
class Problem:
    """A network, its data, a start, and the times at which its true flow is wanted."""

    net: hl.SquaredReLU | hl.TwoLayerReLU | hl.DeepReLU
    X: np.ndarray
    y: np.ndarray
    start: np.ndarray
    times: np.ndarray
    series: exact.Series
    neurons: int
    loss: hl.SquareLoss | hl.LogisticLoss | None = field(default_factory=hl.SquareLoss)  # None: the labels are frozen
    delta: float = 1.0

    def path(self, tolerance: float) -> hl.Trajectory:
        """What the library makes of it."""
        if self.loss is None:
            return hl.frozen_flow(self.net, self.X, self.y, self.start, self.times[-1], tolerance)
        arguments = self.net, self.X, self.y, self.start, self.times[-1], self.loss, self.delta, tolerance
        return hl.training_flow(*arguments, points=2)

    def off(self, path: hl.Trajectory) -> float:
        """Largest error of a path in direction or log-norm."""
        direction, log_norm = path.interpolate(self.times)
        turn = np.linalg.norm(np.float64(direction - self.true[0]), axis=-1)
        return float(max(turn.max(), np.abs(log_norm - self.true[1]).max()))

    @property
    def true(self) -> tuple[np.ndarray, np.ndarray]:
        """Directions and log-norms at all times, in extended precision."""
        if not hasattr(self, "_true"):
            w, _ = exact.follow(self.series, self.delta * exact.REAL(self.start), self.times, self.neurons)
            norm = np.sqrt((w**2).sum(axis=1))
            self._true = w / norm[:, None], np.log(norm)
        return self._true


def _pull(loss, y):
    return (
        exact.frozen(y) if loss is None else exact.square(y) if isinstance(loss, hl.SquareLoss) else exact.logistic(y)
    )


def _times(t_end: float, count: int = 40, seed: int = 0) -> np.ndarray:
    return np.append(np.sort(np.random.default_rng(seed).uniform(0, t_end, count)), t_end)


@cache
def figure_1(delta: float, logistic: bool = False, t_end: float | None = None) -> Problem:
    """The twenty neurons of Figure 1, through alignment and escape."""
    (X, y), slow = hl.datasets.circle(50), 2 if logistic else 1
    loss = hl.LogisticLoss() if logistic else hl.SquareLoss()
    escape = slow * np.log(5 / delta**2) / 187.5 if delta < 1 else 0.05
    end = slow * 0.08 + escape if t_end is None else t_end
    times = np.sort(np.r_[_times(min(slow * 0.12, end), 30), _times(slow * 0.12, 30, 1) + end - slow * 0.12])
    times = times[(times > 0) & (times <= end)]
    series = exact.layer(X, _pull(loss, y), np.ones(20))
    return Problem(hl.SquaredReLU(20, 2), X, y, hl.datasets.ring(20), times, series, 20, loss, delta)


@cache
def layer(
    order: int = 2, slope: float = 0.0, logistic: bool = False, delta: float = 1.0, frozen: bool = False
) -> Problem:
    """Four neurons of both signs on twelve inputs."""
    (X, y), signs = hl.datasets.circle(12, seed=3), [1, 1, -1, 1]
    loss = None if frozen else hl.LogisticLoss() if logistic else hl.SquareLoss()
    net = hl.PoweredReLU(4, 2, order, signs, slope)
    t_end = (1 if order == 2 else 0.3 / delta) * (1.0 if delta == 1 else 0.5 + np.log(1 / delta) / 20 * (order == 2))
    series = exact.layer(X, _pull(loss, y), signs, order, slope)
    return Problem(net, X, y, hl.datasets.random_start(8, 1), _times(t_end), series, 4, loss, delta)


@cache
def two_layer(slope: float = 0.0, logistic: bool = False, delta: float = 1.0, frozen: bool = False) -> Problem:
    """Three neurons that cross their kinks and slide along none."""
    X, y = hl.datasets.circle(9, seed=5)
    loss = None if frozen else hl.LogisticLoss() if logistic else hl.SquareLoss()
    start = hl.datasets.random_start(9, 4)
    start[::3] = np.abs(start[::3])
    t_end = 0.3 + np.log(1 / delta) / 10
    series = exact.two_layer(X, _pull(loss, y), 3, slope)
    return Problem(hl.TwoLayerReLU(3, 2, slope), X, y, start, _times(t_end), series, 3, loss, delta)


@cache
def deep(slope: float = 0.0, delta: float = 1.0) -> Problem:
    """Three layers, the first and the last trained; the middle one has positive weights, so that nothing slides."""
    X, y = hl.datasets.circle(7, seed=2)
    hidden = np.abs(np.random.default_rng(0).standard_normal((3, 3)))
    net = hl.DeepReLU([(3, 2), hidden, None], (1, 3), slope)
    start = hl.datasets.random_start(net.size, 6)
    start[-3:] = np.abs(start[-3:])
    series = exact.three_layer(X, exact.square(y), hidden, slope)
    return Problem(net, X, y, start, _times(0.3 + np.log(1 / delta) / 12), series, 1, hl.SquareLoss(), delta)


SMALL = {
    "squared ReLU": layer(),
    "squared ReLU, from 1e-8": layer(delta=1e-8),
    "squared ReLU, logistic": layer(logistic=True),
    "squared ReLU, frozen": layer(frozen=True),
    "squared leaky ReLU": layer(slope=0.3),
    "order three": layer(order=3),
    "order three, from 1e-2": layer(order=3, delta=1e-2),
    "two-layer ReLU": two_layer(),
    "two-layer ReLU, from 1e-8": two_layer(delta=1e-8),
    "two-layer ReLU, logistic": two_layer(logistic=True),
    "two-layer ReLU, frozen": two_layer(frozen=True),
    "leaky two-layer ReLU": two_layer(slope=0.4),
    "deep ReLU": deep(),
    "deep ReLU, from 1e-4": deep(delta=1e-4),
    "deep leaky ReLU": deep(slope=0.2),
}
