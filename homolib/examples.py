"""Functions outside the theory, kept to show what its hypotheses are for.

The "Mexican hat" of Absil, Mahony and Andrews (2005): a smooth landscape whose gradient flow is bounded and never
converges, because it follows a moat that winds around infinitely often. With `winding=0` the moat is straight, the
landscape is definable, and every descent ends in a point. The "fan" of Clarke (1983): three planes whose common point
is critical without being a minimum, and whose subdifferential is no product of partial ones.
"""

from __future__ import annotations

import threading
import warnings
from dataclasses import dataclass

import numpy as np

from homolib import _checks
from homolib._records import Record
from homolib._settings import default_errors
from homolib.clarke.polytopes import Polytope
from homolib.clarke.subdifferential import clarke_of_pieces

ONE_AT_A_TIME = threading.Lock()  # filters of warnings belong to all threads
PLANE = "shape (..., 2), points of the plane"
# The planes of the fan, each with the two lines a . x >= 0 that bound it; the third fills two sectors.
FAN = [
    ((1, 0), (-1, -1), (2, -1)),
    ((0, -1), (1, 1), (1, -2)),
    ((-1, 1), (-2, 1), (-1, -1)),
    ((-1, 1), (-1, 2), (1, 1)),
]


@default_errors
def monotone_pieces(values: np.ndarray) -> int:
    """Number of monotone pieces of a function sampled along a line, (m,): one more than its changes of direction."""
    steps = np.sign(np.diff(_checks.array("values", values, (None,))))
    steps = steps[steps != 0]
    return 1 + int((steps[1:] != steps[:-1]).sum())


@dataclass(frozen=True, eq=False, repr=False)
class Descent(Record):
    """A gradient flow of the hat, in coordinates that stay readable at its rim r = 1.

    Attributes
    ----------
    level : (m,) array
        tau = 1 / (1 - r^2): the flow reaches the rim as tau grows without bound; the height there is about e^-tau.
    angle : (m,) array
        Polar angle theta in radians, counted on past full turns.
    length : (m,) array
        Length of the path so far.
    log_time : (m,) array
        ln t; -inf at the start.
    """

    level: np.ndarray
    angle: np.ndarray
    length: np.ndarray
    log_time: np.ndarray

    @property
    @default_errors
    def turns(self) -> float:
        """Full turns from start to end, signed."""
        return float(self.angle[-1] - self.angle[0]) / (2 * np.pi)

    @property
    @default_errors
    def points(self) -> np.ndarray:
        """The path in the plane, (m, 2)."""
        return _plane(np.sqrt(1 - 1 / self.level), self.angle)


@default_errors
def mexican_hat(x: np.ndarray, winding: float = 1.0) -> np.ndarray:
    """Height e^-tau [1 - g(r) sin(theta - winding tau)] with tau = 1/(1 - r^2), and 0 for r >= 1.

    Here g(r) = 4 r^4 / (4 r^4 + (1 - r^2)^4). The hat has winding 1 (Absil, Mahony, Andrews 2005).

    Parameters
    ----------
    x : (..., 2) array
    winding : float
        How often the moat turns for each 2 pi that tau gains; 0 makes the function definable.

    Returns
    -------
    (...) array

    Raises
    ------
    ValueError
        If `x` has no last axis of length 2, or a number is not finite.
    """
    tau, theta, inside = _polar(_checks.array("x", x, (..., 2), PLANE))
    off = theta - _checks.finite("winding", winding) * tau - np.pi / 2
    return np.where(inside, np.exp(-tau) * _height(1 - 1 / tau, tau, off), 0.0)


@default_errors
def mexican_hat_gradient(x: np.ndarray, winding: float = 1.0) -> np.ndarray:
    """Gradient of `mexican_hat`, (..., 2); same arguments and errors."""
    winding = _checks.finite("winding", winding)
    tau, theta, inside = _polar(_checks.array("x", x, (..., 2), PLANE))
    down_r, down_theta = _slopes(tau, theta - winding * tau - np.pi / 2, winding)
    scale = -np.where(inside, np.exp(-tau), 0.0)[..., None]
    radial, tangential = _plane(1.0, theta), _plane(1.0, theta + np.pi / 2)
    return scale * (down_r[..., None] * radial + down_theta[..., None] * tangential)


@default_errors
def hat_spiral(level: np.ndarray) -> Descent:
    """The exact trajectory theta = tau of the hat (winding 1) through the given levels tau, increasing from above 1."""
    tau = _checks.array("level", level, (None,))
    if not (tau[0] > 1 and (np.diff(tau) > 0).all()):
        _checks.fail("level", f"{len(tau)} numbers from {tau[0]:g} to {tau[-1]:g}", "increasing numbers above 1")
    r2 = 1 - 1 / tau
    stretch = np.sqrt(r2 + 1 / (4 * r2 * tau**4))  # ds/dtau, from dr/dtau = 1 / (2 r tau^2)
    log_clock = tau + np.log(r2 + 1 / (4 * r2 * tau**4))  # ln(dt/dtau)
    return Descent(tau, tau.copy(), _running(stretch, tau), _running_log(log_clock, tau))


@default_errors
def hat_descent(x0: np.ndarray, level: float = 20.0, winding: float = 1.0, tolerance: float = 1e-7) -> Descent:
    """Gradient flow of the hat from `x0` until tau = 1/(1 - r^2) reaches `level`.

    The factor e^-tau of the gradient changes the clock, not the path: the path is followed by arc length, and the
    time, which grows like e^tau, is added up in logarithms. A descent that meets one of the two critical points
    inside (r = 0.314, a saddle, and r = 0.537, a maximum) leaves it on the side that rounding chooses.

    Parameters
    ----------
    x0 : (2,) array
        A start with 0 < r < 1.
    level : float
        Where to stop; larger than at the start.
    winding : float
    tolerance : float
        Relative accuracy.

    Returns
    -------
    Descent

    Raises
    ------
    ValueError
        If the start is the centre or outside the open unit disk, or if `level` is not beyond it or too far.
    """
    from scipy.integrate import solve_ivp

    tau, theta, inside = _polar(_checks.array("x0", x0, (2,)))
    if not (inside and tau > 1):
        _checks.fail("x0", np.asarray(x0).tolist(), "a point with 0 < r < 1")
    level, winding = _checks.positive("level", level), _checks.finite("winding", winding)
    if level <= tau:
        _checks.fail("level", level, f"more than {tau:.6g}, the level of the start")

    def rates(_: float, state: np.ndarray) -> tuple[float, float]:
        tau, off = state
        r = np.sqrt(1 - 1 / tau)
        down_r, down_theta = _slopes(tau, off, winding)
        speed = np.hypot(down_r, down_theta)
        climb = 2 * r * tau**2 * down_r / speed
        return climb, down_theta / (r * speed) - winding * climb

    def arrived(_: float, state: np.ndarray) -> float:
        return state[0] - level

    arrived.terminal = True
    floor = winding * tau + np.pi / 2  # angle of the moat's floor here: near the rim the flow hugs it, so count from it
    start = [float(tau), float((theta - floor + np.pi / 2) % (2 * np.pi) - np.pi / 2)]
    longest = 10 * (1 + abs(winding) * level)  # no descent is as long
    tolerance = _checks.accuracy("tolerance", tolerance)
    accuracy = {"rtol": tolerance, "atol": tolerance**2}
    with ONE_AT_A_TIME, warnings.catch_warnings(action="ignore"):  # the message below says more
        path = solve_ivp(rates, (0, longest), start, method="LSODA", events=arrived, **accuracy)
    if path.status != 1:
        _checks.fail("level", level, f"at most {path.y[0, -1]:.4g}: below, the moat is too narrow to follow")
    tau, off = path.y
    log_clock = tau - np.log(np.hypot(*_slopes(tau, off, winding)))
    return Descent(tau, off + winding * tau + np.pi / 2, path.t, _running_log(log_clock, path.t))


@default_errors
def fan(x: np.ndarray) -> np.ndarray:
    """Three planes that meet in a fan, max(min(x_1, -x_2), x_2 - x_1) (Clarke 1983, Example 2.5.2).

    Parameters
    ----------
    x : (..., 2) array

    Returns
    -------
    (...) array

    Raises
    ------
    ValueError
        If `x` has no last axis of length 2, or a number is not finite.
    """
    x = _checks.array("x", x, (..., 2), PLANE)
    return np.maximum(np.minimum(x[..., 0], -x[..., 1]), x[..., 1] - x[..., 0])


@default_errors
def fan_subdifferential(x: np.ndarray) -> Polytope:
    """Clarke subdifferential of `fan` at one point `x`, shape (2,); at the origin all three planes meet."""
    x = _checks.array("x", x, (2,), "shape (2,), one point of the plane")
    return clarke_of_pieces([_linear_piece(*piece) for piece in FAN], x)


def _height(r2: np.ndarray, tau: np.ndarray, off: np.ndarray) -> np.ndarray:
    """e^tau times the height, (1 - g) + g (1 - cos off), without cancellation; `off` is the angle from the floor."""
    below = 4 * r2**2 + tau**-4.0
    return (tau**-4.0 + 8 * r2**2 * np.sin(off / 2) ** 2) / below


def _slopes(tau: np.ndarray, off: np.ndarray, winding: float) -> tuple[np.ndarray, np.ndarray]:
    """e^tau times the descent direction -grad f, radial and tangential."""
    r2 = 1 - 1 / tau
    r, below = np.sqrt(r2), 4 * r2**2 + tau**-4.0
    g_slope = 16 * r**3 * (1 + r2) / (tau**3 * below**2)  # dg/dr
    stretch = 2 * r * tau**2  # dtau/dr
    turn = -4 * r**3 / below * np.sin(off)  # g cos(phase) / r
    return stretch * (_height(r2, tau, off) - winding * r * turn) + g_slope * np.cos(off), turn


def _polar(x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Level tau, angle theta, and whether the point is inside the disk (outside, tau is put to 1)."""
    far = np.clip(x, -2, 2)  # as far outside, without overflow
    r2 = (far**2).sum(axis=-1)
    inside = r2 < 1
    return 1 / (1 - np.where(inside, r2, 0.0)), np.arctan2(x[..., 1], x[..., 0]), inside


def _plane(r: np.ndarray | float, theta: np.ndarray) -> np.ndarray:
    return np.stack([r * np.cos(theta), r * np.sin(theta)], axis=-1)


def _running(rate: np.ndarray, clock: np.ndarray) -> np.ndarray:
    """Integral of `rate` up to each entry of `clock`, by the trapezoidal rule."""
    return np.concatenate([[0.0], np.cumsum(np.diff(clock) * (rate[1:] + rate[:-1]) / 2)])


def _running_log(log_rate: np.ndarray, clock: np.ndarray) -> np.ndarray:
    """Logarithm of the integral of exp(log_rate), which itself may overflow; the log-rate is linear in between."""
    gap = np.maximum(np.abs(np.diff(log_rate)), 1e-12)
    pieces = np.log(np.diff(clock)) + np.maximum(log_rate[1:], log_rate[:-1]) + np.log(-np.expm1(-gap) / gap)
    return np.concatenate([[-np.inf], np.logaddexp.accumulate(pieces)])


def _linear_piece(gradient: tuple, *normals: tuple) -> tuple:
    """A linear function on the cone where all normals climb, as `clarke_of_pieces` takes it."""
    sides = [lambda x, normal=normal: (float(np.dot(normal, x)), normal) for normal in normals]
    return lambda x: np.array(gradient, dtype=float), sides
