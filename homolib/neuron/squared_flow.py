"""The exact neural correlation flow of one squared (leaky) ReLU neuron, in any dimension.

N(u) = p sum_i z_i sigma(x_i . u)^2 is a quadratic form u . M u on every cone in which the signs of all x_i . u are
constant. There the flow du/dt = 2 M u is a matrix exponential; at the next kink M changes. The gradient is
Lipschitz, so the flow is unique and a start on a kink is as good as any. In the plane the cones are arcs of the
circle, and `Arcs` has everything in closed form.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from homolib import _checks
from homolib._settings import default_errors
from homolib.flows.trajectory import Trajectory, polar
from homolib.neuron.circle import Arcs
from homolib.neuron.ways_on import Undecided
from homolib.problems.scales import times, unit_problem, unit_time

MOST_CONES, MOST_STEPS = 10_000, 100_000  # a flow through more cones, or with more steps in one, is given up
ON_KINK = 1e-14  # |x_i . u| below this times |x_i| |u| is zero up to rounding
RENEW = 0.1  # start afresh in the same cone when the shifted flow has shrunk to this: rounding then stays relative


@dataclass(frozen=True, eq=False)
class Cone:
    """The flow from one kink to the next: ln|u| = log_norm and u / |u| = vectors @ start at `time`."""

    time: float
    log_norm: float
    rates: np.ndarray  # eigenvalues of 2 M
    vectors: np.ndarray
    start: np.ndarray

    def at(self, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Direction (k, d) and log-norm (k,) at the times t (k,)."""
        with np.errstate(divide="ignore"):
            logs = np.log(np.abs(self.start)) + self.rates * (t - self.time)[:, None]
        top = logs.max(axis=-1, keepdims=True)
        direction, log_norm = polar((np.sign(self.start) * np.exp(logs - top)) @ self.vectors.T)
        return direction, self.log_norm + log_norm + top[:, 0]


@default_errors
def squared_neuron_flow(
    X: np.ndarray,
    z: np.ndarray,
    u0: np.ndarray,
    t_end: float,
    slope: float = 0.0,
    sign: float = 1,
    points: int = 201,
) -> Trajectory:
    """Flow du/dt = grad N(u) of N(u) = sign * sum_i z_i sigma(x_i . u)^2, exact up to rounding (eq. 10).

    Parameters
    ----------
    X : (n, d) array
        Inputs, one a row.
    z : (n,) array
        One number for each input.
    u0 : (..., d) array
        Starts, none of them zero; on a kink is fine. Many starts at once are fast for planar inputs only.
    t_end : float
    slope : float
        Slope of the inactive side of sigma(s) = max(s, slope s).
    sign : {1, -1}
        Sign in front of the neuron.
    points : int
        Number of times in `Trajectory.t`; `Trajectory.at` is exact at every time.

    Returns
    -------
    Trajectory
        Direction and log-norm, so that no time is too long.

    Raises
    ------
    ValueError
        If an argument does not fit, or a start is zero.
    Undecided
        If the flow passes more than 10,000 kinks.
    """
    X = _checks.inputs(X)
    z = _checks.matching("z", z, X)
    d = X.shape[1]
    u0 = _checks.nonzero("u0", _checks.array("u0", u0, (..., d), f"shape (..., {d}), one start a row"))
    t = np.linspace(0, _checks.positive("t_end", t_end), _checks.count("points", points, least=2))
    slope, sign = _checks.finite("slope", slope), _checks.choice("sign", sign, (1, -1))
    direction, log_norm = polar(u0)
    X, z, power = unit_problem(X, z, degree=2)
    horizon, power = unit_time(t[-1], power)
    if d == 2:
        theta0 = np.arctan2(direction[..., 1], direction[..., 0])
        interpolate = partial(_planar, Arcs(X, z, slope, sign), theta0, log_norm, power)
    else:
        high, low = sign * max(1.0, slope) ** 2 * z, sign * min(1.0, slope) ** 2 * z
        starts = zip(direction.reshape(-1, d), log_norm.ravel(), strict=True)
        paths = [cones(X, high, low, start, horizon, log) for start, log in starts]
        interpolate = partial(_through, paths, u0.shape[:-1], power)
    return Trajectory(t, *interpolate(t), interpolate)


def _planar(
    arcs: Arcs, theta0: np.ndarray, log_norm: np.ndarray, power: int, t: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    theta, gain = arcs.flow(theta0[..., None], times(t, power))
    return np.stack([np.cos(theta), np.sin(theta)], axis=-1), log_norm[..., None] + gain


def _through(
    paths: list[list[Cone]], batch: tuple[int, ...], power: int, t: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    found = [_along(path, times(t, power)) for path in paths]
    direction, log_norm = (np.stack(parts) for parts in zip(*found, strict=True))
    return direction.reshape(*batch, *direction.shape[1:]), log_norm.reshape(*batch, len(t))


def _along(path: list[Cone], t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Direction (k, d) and log-norm (k,) along one path."""
    which = np.searchsorted([cone.time for cone in path], t, side="right") - 1
    direction, log_norm = np.empty((len(t), len(path[0].start))), np.empty(len(t))
    for index in np.unique(which):
        here = which == index
        direction[here], log_norm[here] = path[index].at(t[here])
    return direction, log_norm


def cones(
    X: np.ndarray, high: np.ndarray, low: np.ndarray, u: np.ndarray, t_end: float, log_norm: float = 0.0
) -> list[Cone]:
    """The cones that the flow passes from the unit vector `u` up to `t_end`.

    `high` and `low` are (n,) arrays: sign * z_i times the squared slope of the side x_i . u > 0 and of the other. All
    numbers are to be of size one (`unit_problem`).
    """
    bent = (high != low) & X.any(axis=1)
    path, t = [], 0.0
    for _ in range(MOST_CONES):
        side = _sides(X, high, low, u)
        rates, vectors = np.linalg.eigh(2 * form(X, high, low, side))
        path.append(Cone(t, log_norm, rates, vectors, vectors.T @ u))
        t += _time_to_kink(X[bent], side[bent], path[-1], t_end - t)
        if t >= t_end:
            return path
        direction, log = path[-1].at(np.array([t]))
        u, log_norm = direction[0], float(log[0])
    raise Undecided(f"more than {MOST_CONES} kinks, and the flow still moves")


def form(X: np.ndarray, high: np.ndarray, low: np.ndarray, side: np.ndarray) -> np.ndarray:
    """The matrix M with N(u) = u . M u on the cone where x_i . u has the sign of side_i; the rest as in `cones`."""
    return (X.T * np.where(side >= 0, high, low)) @ X


def _sides(X: np.ndarray, high: np.ndarray, low: np.ndarray, u: np.ndarray) -> np.ndarray:
    """Sign of x_i . u just after now: on a kink, that of the first time derivative which is not zero.

    An input whose kink holds the flow for ever adds nothing on either side; it is called positive.
    """
    lengths, moved, size, side = np.linalg.norm(X, axis=1), u, 1.0, np.zeros(len(X))
    strength = np.maximum(np.abs(high), np.abs(low)) @ lengths**2
    for _ in range(len(u) + 1):
        s = X @ moved
        clear = np.abs(s) > ON_KINK * lengths * size  # not of |moved|, in which terms of this size may have cancelled
        side = np.where(side == 0, np.where(clear, np.sign(s), 0), side)
        if side.all():
            break
        moved, size = form(X, high, low, side) @ moved, strength * size
    return np.where(side == 0, 1, side)


def _time_to_kink(X: np.ndarray, side: np.ndarray, cone: Cone, horizon: float) -> float:
    """Time until a kink is crossed, or an earlier time at which to start afresh, or at least `horizon`.

    s_i(t) = side_i x_i . u(t) is a sum of exponentials. Divided by the fastest one, no exponent is positive, so
    K_i(t) = sum_j |a_ij| mu_j^2 e^(mu_j t) bounds |s_i''| from t on, and s_i stays positive as long as
    s_i + h s_i' - h^2 K_i / 2 does: a step that cannot jump over a kink, however close a pair of crossings.
    Near a simple crossing the steps shrink quadratically, near a grazing one geometrically; the shortest one,
    a 1e-9 of the fastest time scale, can hide only what changes u by 1e-18.
    """
    moves = cone.start != 0
    mu = cone.rates[moves] - cone.rates[moves].max()
    spread = -mu.min()
    if spread == 0 or not len(X):
        return np.inf
    a = side[:, None] * (X @ cone.vectors[:, moves]) * cone.start[moves]
    noise = 8 * np.finfo(float).eps * np.linalg.norm(X, axis=1)
    t = 0.0
    for _ in range(MOST_STEPS):
        part = np.exp(mu * t)
        if np.linalg.norm(cone.start[moves] * part) < RENEW:
            return t
        s, velocity, bound = np.maximum(a @ part, 0) + 2 * noise, a @ (mu * part), np.abs(a) @ (mu**2 * part)
        t += max(_safe_step(s, velocity, bound), 1e-9 / spread)
        if t >= horizon:
            return np.inf
        part = np.exp(mu * t)
        s = a @ part
        crossed = s < -noise
        if crossed.any():
            return max(0.0, _first_root(a[crossed], mu, t))
    raise Undecided(f"{MOST_STEPS} steps and no kink, too close to one to tell")


def _safe_step(s: np.ndarray, velocity: np.ndarray, bound: np.ndarray) -> float:
    """Smallest positive root over i of s_i + h velocity_i - h^2 bound_i / 2, written without cancellation."""
    root = np.sqrt(velocity**2 + 2 * bound * s)
    with np.errstate(divide="ignore", invalid="ignore"):
        step = np.where(velocity < 0, 2 * s / (root - velocity), (velocity + root) / bound)
    return float(np.nanmin(np.where(bound > 0, step, np.inf)))


def _first_root(a: np.ndarray, mu: np.ndarray, t: float) -> float:
    """The earliest of the roots of sum_j a_ij e^(mu_j t) just before t, by Newton's method."""
    roots = np.full(len(a), t)
    for _ in range(3):
        part = np.exp(np.multiply.outer(roots, mu))
        roots = roots - (a * part).sum(axis=1) / (a * mu * part).sum(axis=1)
    return float(roots.min())
