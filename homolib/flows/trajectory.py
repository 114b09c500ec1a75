"""A path of weights, kept as directions and log-norms: what every flow of the library returns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from homolib import _checks
from homolib._records import Record
from homolib._settings import default_errors
from homolib.problems.losses import Loss
from homolib.problems.networks import Network

Path = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]  # from times (k,) to directions and log-norms


@dataclass(frozen=True, eq=False, repr=False)
class Trajectory(Record):
    """A path of weights, kept as direction and log-norm; leading axes are independent runs.

    Two are equal if what they have recorded is: times, weights, losses, events. Pickled, a path still answers `at`.

    Attributes
    ----------
    t : (m,) array
        Times.
    direction : (..., m, size) array
        w / |w| (zero where w is zero).
    log_norm : (..., m) array
        ln |w|: finite where |w| itself would overflow or underflow.
    interpolate : callable
        From times (k,) to direction (..., k, size) and log-norm (..., k).
    loss : (..., m) array or None
        Training loss, where there is one.
    events : list or None
        What happened at kinks, for exact flows.
    error : (...) array or None
        For integrated flows, how far from the true one each run may be in direction or log-norm, at any time.
    """

    t: np.ndarray
    direction: np.ndarray
    log_norm: np.ndarray
    interpolate: Path = field(compare=False, repr=False)
    loss: np.ndarray | None = None
    events: list | None = None
    error: np.ndarray | None = None

    @property
    @default_errors
    def norm(self) -> np.ndarray:
        """|w|, shape (..., m); beyond the range of floats use `log_norm`."""
        return np.exp(self.log_norm)

    @property
    @default_errors
    def w(self) -> np.ndarray:
        """The weights themselves, shape (..., m, size)."""
        return self.norm[..., None] * self.direction

    @default_errors
    def at(self, t: float | np.ndarray) -> np.ndarray:
        """Weights at time `t`: shape (..., size) for a number, (..., k, size) for k times.

        Raises
        ------
        ValueError
            If a time lies outside the path.
        """
        wanted = f"times between {self.t[0]:g} and {self.t[-1]:g}, where the path ends"
        times = np.atleast_1d(_checks.array("t", t, (...,), wanted))
        if not (times.ndim == 1 and (times >= self.t[0]).all() and (times <= self.t[-1]).all()):
            _checks.fail("t", t, wanted)
        direction, log_norm = self.interpolate(times)
        w = np.exp(log_norm)[..., None] * direction
        return w if np.ndim(t) else w[..., 0, :]


def polar(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Directions and log-norms along the last axis, scaled before squaring; zero becomes direction 0, log-norm 0."""
    scale = np.abs(vectors).max(axis=-1, keepdims=True)
    scaled = vectors / np.where(scale == 0, 1, scale)
    length = np.linalg.norm(scaled, axis=-1, keepdims=True)
    length = np.where(scale == 0, 1, length)
    return scaled / length, (np.log(length) + np.log(np.where(scale == 0, 1, scale)))[..., 0]


def _polar_path(w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    direction, log_norm = polar(w)
    return direction, np.where(direction.any(axis=-1), log_norm, -np.inf)


def cartesian(net: Network, theta: np.ndarray, rho: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Direction and log-norm of all weights together, from those of the neurons."""
    rho = np.where(theta.any(axis=-1), rho, -np.inf)
    top = rho.max(axis=-1, keepdims=True)
    top = np.where(np.isfinite(top), top, 0)
    direction, log_norm = polar(net.join_neurons(theta * np.exp(rho - top)[..., None]))
    return direction, np.where(direction.any(axis=-1), log_norm + top[..., 0], -np.inf)


def distance(one: Path, other: Path, times: np.ndarray) -> float:
    """How far two paths of a single run are apart at the given times, in direction or in log-norm."""
    (direction, log_norm), (other_direction, other_log) = one(times), other(times)
    gap = np.where(log_norm == other_log, 0, np.abs(log_norm - np.where(log_norm == other_log, 0, other_log)))
    return float(max(np.linalg.norm(direction - other_direction, axis=-1).max(), gap.max()))


def linear_path(t: np.ndarray, w: np.ndarray) -> Trajectory:
    """Trajectory through recorded weights (..., m, size), linear in between."""

    return Trajectory(t, *_polar_path(w), partial(_between, t, w))


def _between(t: np.ndarray, w: np.ndarray, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    right = np.clip(np.searchsorted(t, times), 1, len(t) - 1)
    part = ((times - t[right - 1]) / (t[right] - t[right - 1]))[:, None]
    return _polar_path((1 - part) * w[..., right - 1, :] + part * w[..., right, :])


def with_loss(path: Trajectory, net: Network, X: np.ndarray, y: np.ndarray, loss: Loss) -> Trajectory:
    """The same path with the training loss along it."""
    return replace(path, loss=loss.value(net.outputs(X, path.w), y))
