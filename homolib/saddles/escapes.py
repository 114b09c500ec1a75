"""Escapes from a saddle: who wakes first, when, and where to.

The dormant neurons follow the neural correlation flow of the residual, as near the origin. So the time of escape is a
log-norm that grows at the rate 2 N, and the direction of escape is a KKT point.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from homolib import _checks
from homolib._records import Record
from homolib._settings import default_errors
from homolib.correlation.limit import settled_flow
from homolib.flows.training import training_flow
from homolib.flows.trajectory import Path, Trajectory
from homolib.problems.constants import jacobian_bound
from homolib.problems.scales import restored, times
from homolib.saddles.saddle import Saddle, checked, unit_saddle

SMALL = 1e-8  # size of the seed that stands for an infinitesimal one; its square is below rounding
FAINT = 1e-6  # a neuron with a smaller share of the escape direction than this stays dormant
STATIONARY = 1e-10  # relative size of a gradient that counts as zero


@dataclass(frozen=True, eq=False, repr=False)
class Escape(Record):
    """Forecast of the escape from a saddle: w_z(t) = delta factor exp(rate t) direction, while it is small.

    Attributes
    ----------
    direction : (size,) array
        Unit vector: limit of the neural correlation flow of the residual, a KKT point.
    rate : float
        2 N(direction).
    log_factor : float
        ln of the limit of |u(t)| exp(-rate t): what the flow loses while it turns.
    """

    direction: np.ndarray
    rate: float
    log_factor: float

    @default_errors
    def time(self, delta: float) -> float:
        """Clock of the escape, (ln(1/delta) - log_factor) / rate: the time at which the linear law reaches size one."""
        return (-np.log(_checks.positive("delta", delta)) - self.log_factor) / self.rate


@default_errors
def escape(saddle: Saddle, zeta_z: np.ndarray) -> Escape:
    """Where, how fast and when the dormant neurons leave a saddle, from their direction at the start.

    Along the neural correlation flow d ln|u|/dt = 2 N(u / |u|), so that |u| ~ factor exp(2 N t), and size one is
    reached when ln(1/delta) is used up. This is the clock of Theorem 4 of Kumar and Haupt (2025).

    Parameters
    ----------
    saddle : Saddle
    zeta_z : (size,) array
        Unit vector on the dormant neurons.

    Raises
    ------
    ValueError
        If the flow does not settle, or ends where N <= 0: then the dormant neurons do not leave.
    """
    saddle = checked(saddle)
    path = settled_flow(saddle.net, saddle.X, saddle.residual, saddle.seed("zeta_z", zeta_z))
    direction, (small, outputs, weights) = path.direction[-1], unit_saddle(saddle)
    rate = 2 * float(small.correlation(direction))
    terms = np.linalg.norm(small.y) + np.linalg.norm(small.net.outputs(small.X, small.w))  # before they cancel
    leaves = rate > _checks.ROUNDING * jacobian_bound(small.net, small.X) * terms
    rate = float(restored(rate, 2 * (outputs - weights), "2 N", "saddle"))
    if not leaves:
        _checks.fail("zeta_z", f"a start whose flow ends with 2 N = {rate:.3g}", "one that leaves: 2 N > 0")
    return Escape(direction, rate, float(path.log_norm[-1] - rate * path.t[-1]))


@default_errors
def escape_path(saddle: Saddle, direction: np.ndarray, t_end: float, points: int = 201) -> Trajectory:
    """The path p(t) on which every nearby start leaves: the limit of the flow from w + delta direction, delta -> 0.

    Time zero is where the linear law delta exp(2 N t) reaches size one (Kumar and Haupt 2025, Theorem 4), so the
    path begins at a negative time, at the size `SMALL`; the error this makes is of the order of its square.

    Parameters
    ----------
    saddle : Saddle
    direction : (size,) array
        KKT point of unit norm on the dormant neurons, with 2 N > 0.
    t_end : float
        Last time; may be negative, above ln(SMALL) / (2 N).
    points : int
    """
    direction, t_end = checked(saddle).seed("direction", direction), _checks.finite("t_end", t_end)
    saddle, outputs, _ = unit_saddle(saddle, weights=False)
    rate, latest, clock = 2 * float(saddle.correlation(direction)), t_end, 2 * outputs
    t_end = float(times(t_end, clock))  # from here on in the time of numbers of size one
    if rate <= 0:
        _checks.fail("direction", f"2 N = {times(rate, clock):.3g}", "a direction with 2 N > 0")
    begin = np.log(SMALL) / rate
    if t_end <= begin:
        _checks.fail("t_end", latest, f"a time above {times(begin, -clock):.6g}, where the path begins")
    path = training_flow(
        saddle.net, saddle.X, saddle.y, saddle.start(SMALL, direction), t_end - begin, tolerance=1e-11, points=points
    )
    interpolate, t = partial(_later, path.interpolate, begin, clock), times(path.t + begin, -clock)
    return replace(path, t=t, interpolate=interpolate, loss=times(path.loss, 2 * outputs))


def _later(interpolate: Path, begin: float, clock: int, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return interpolate(np.maximum(times(t, clock) - begin, 0))  # rounding may undershoot the first time


@default_errors
def escape_time(saddle: Saddle, path: Trajectory, size: float) -> float:
    """First time at which |w_z| reaches `size` on a path: the measured time of escape.

    Raises
    ------
    ValueError
        If the size is not reached on the path.
    """
    checked(saddle)
    log_size = np.log(_checks.positive("size", size))
    return first_crossing(path, lambda direction, log_norm: _log_dormant(saddle, direction, log_norm) - log_size)


def first_crossing(path: Trajectory, gap: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> float:
    """First time at which `gap(direction, log_norm)` is no longer negative: on the grid of the path, then refined."""
    from scipy.optimize import brentq

    _checks.instance("path", path, Trajectory, "a Trajectory")
    after = np.flatnonzero(gap(path.direction, path.log_norm) >= 0)
    if not after.size:
        _checks.fail("path", f"a path that ends at t = {path.t[-1]:g} before the event", "a longer path")
    if after[0] == 0:
        return float(path.t[0])

    def at(t: float) -> float:
        return float(gap(*path.interpolate(np.array([t])))[0])

    left, right = path.t[after[0] - 1], path.t[after[0]]
    return float(brentq(at, left, right, xtol=1e-14 * np.abs(path.t).max(), rtol=1e-14))


@default_errors
def next_saddle(saddle: Saddle, direction: np.ndarray, longest: float = 1e7) -> Saddle:
    """The critical point at which the escape in `direction` ends; what is dormant and has no share in it stays zero.

    Parameters
    ----------
    saddle : Saddle
    direction : (size,) array
        Unit vector on the dormant neurons, as `Escape.direction`. Neurons with a share below `FAINT` are left out.
    longest : float
        Longest time after the escape, in units of 1 / (2 N).

    Raises
    ------
    ValueError
        If the flow has not come to rest by then: it goes on to infinity, or very slowly.
    """
    longest = _checks.positive("longest", longest)
    small, outputs, weights = unit_saddle(saddle)
    rate = 2 * float(small.correlation(small.seed("direction", direction)))
    if rate <= 0:
        rate = times(rate, 2 * (outputs - weights))
        _checks.fail("direction", f"2 N = {rate:.3g}", "a direction with 2 N > 0")
    if (found := jump(small, direction, longest)) is None:
        _checks.fail("longest", longest, "a longer time: the flow from this saddle has not come to rest")
    return replace(saddle, w=restored(found[0].w, weights, "weights", "saddle"))


Flow = Callable[[float], np.ndarray]


def jump(saddle: Saddle, direction: np.ndarray, longest: float = 1e7) -> tuple[Saddle, list[tuple[float, Flow]]] | None:
    """As `next_saddle`, with the flow that leads there, in pieces: how long, and the weights as a function of time.

    None if it does not come to rest.
    """
    from scipy.integrate import solve_ivp  # slow to import: paid where it is used

    neurons = checked(saddle).net.neurons(saddle.seed("direction", direction))
    strong = np.linalg.norm(neurons, axis=-1, keepdims=True) > FAINT
    net, X, y, seed = saddle.net, saddle.X, saddle.y, saddle.net.join(np.where(strong, neurons, 0))
    rate = 2 * float(saddle.correlation(seed))
    begin = (2 - np.log(SMALL)) / rate
    grown = training_flow(net, X, y, saddle.w + SMALL * seed, begin, tolerance=1e-12, points=2)
    rest = STATIONARY * np.linalg.norm(net.pullback(X, seed, saddle.residual))
    if longest / rate <= begin:
        return None

    def velocity(t: float, w: np.ndarray) -> np.ndarray:
        return net.pullback(X, w, y - net.outputs(X, w))

    def moving(t: float, w: np.ndarray) -> float:
        return float(np.linalg.norm(velocity(t, w)) - rest)

    moving.terminal, w = True, grown.w[-1]
    span, fine = (0, longest / rate - begin), 1e-13 * np.abs(w).max()
    # an implicit method: near rest the flow is slow in some directions and stiff in others
    found = solve_ivp(velocity, span, w, "LSODA", rtol=1e-10, atol=fine, events=moving, dense_output=True)
    if found.status != 1:
        return None
    return Saddle(net, X, y, found.y[:, -1]), [(begin, grown.at), (float(found.t[-1]), found.sol)]


def _log_dormant(saddle: Saddle, direction: np.ndarray, log_norm: np.ndarray) -> np.ndarray:
    """ln |w_z| of weights given as direction and log-norm."""
    with np.errstate(divide="ignore"):
        return np.log(np.linalg.norm(saddle.split(direction)[1], axis=-1)) + log_norm
