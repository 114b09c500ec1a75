"""Where the neural correlation flow goes from a start: its limit, and when it is near.

Theorems 5.1 and 5.5 of Kumar and Haupt promise that training follows this flow up to then. The limit can be asked for
of the whole vector of weights, or of each neuron.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from homolib import _checks
from homolib._records import Record
from homolib._settings import default_errors
from homolib.correlation.ncf import ncf_flow
from homolib.flows.trajectory import Trajectory
from homolib.problems.constants import constants
from homolib.problems.networks import Network, fitting_inputs
from homolib.problems.scales import finite_times, restored, unit, unit_problem

SETTLED = 1e-9  # rate at which a direction may still turn, relative to the growth rate, and count as converged


@dataclass(frozen=True, eq=False, repr=False)
class FlowLimit(Record):
    """Where the neural correlation flow goes from a start.

    Attributes
    ----------
    direction : array
        The limit, of norm one; a row for each part (the whole vector, or each neuron).
    value : float or array
        N there.
    vanishes : bool or array
        Whether the flow goes to zero.
    eta, T : float
        Half the smallest norm (at most one), and the time after which the flow is within epsilon of its limit.
    """

    direction: np.ndarray
    value: float | np.ndarray
    vanishes: bool | np.ndarray
    eta: float
    T: float


@default_errors
def flow_limit(net: Network, X: np.ndarray, z: np.ndarray, u0: np.ndarray, epsilon: float) -> FlowLimit:
    """Limit, eta and T of the neural correlation flow of `z` from the unit vector `u0` (proof of Theorem 5.1).

    Parameters
    ----------
    net : Network
        Of order 2.
    X : (n, d) array
    z : (n,) array
    u0 : (size,) array
        Of norm one.
    epsilon : float
        Between 0 and eta.

    Raises
    ------
    ValueError
        If an argument does not fit, or the flow has not settled in any time that was tried.
    """
    found = FrozenStart(net, X, z, u0).limit(epsilon, whole=True)
    return FlowLimit(found.direction[0], float(found.value[0]), bool(found.vanishes[0]), found.eta, found.T)


@default_errors
def settled_flow(net: Network, X: np.ndarray, z: np.ndarray, u0: np.ndarray) -> Trajectory:
    """Neural correlation flow of `z` from the unit vector `u0` up to a time by which its direction has settled.

    Raises
    ------
    ValueError
        If it has not settled in any time that was tried.
    """
    return FrozenStart(net, X, z, u0).settle(epsilon=1.0, whole=True)[0]


class FrozenStart:
    """A unit start and its neural correlation flow; parts are the whole vector of weights, or each neuron."""

    def __init__(self, net: Network, X: np.ndarray, z: np.ndarray, u0: np.ndarray, name: str = "u0"):
        self.X = fitting_inputs(net, X)
        if net.order != 2:
            _checks.fail("net", f"a network of order {net.order}", "a network of order 2")
        self.net, self.z, self.name = net, _checks.matching("z", z, self.X), name
        self.start = unit_start(name, u0, net)
        self.problem = unit_problem(self.X, self.z, net.degree)
        (X, of_X), (z, of_z) = unit(self.X), unit(self.z)
        size = constants(net, X, z).beta * np.linalg.norm(z)
        self.size = float(restored(size, net.degree * of_X + of_z, "N", "z"))  # bounds |N|

    def path(self, t_end: float) -> Trajectory:
        """The neural correlation flow up to `t_end`."""
        return ncf_flow(self.net, self.X, self.z, self.start, t_end)

    def parts(self, direction: np.ndarray, log_norm: np.ndarray, whole: bool) -> tuple[np.ndarray, np.ndarray]:
        """Directions (m, parts, .) and log-norms (m, parts) of the whole vector, or of each neuron."""
        vectors = direction[..., None, :] if whole else self.net.neurons(direction)
        largest = np.abs(vectors).max(axis=-1, keepdims=True)  # of a part far smaller than others squares vanish
        vectors = vectors / np.where(largest == 0, 1, largest)
        length = np.linalg.norm(vectors, axis=-1)
        with np.errstate(divide="ignore"):
            logs = np.log(largest[..., 0]) + np.log(length) + log_norm[..., None]
        return vectors / np.where(length == 0, 1, length)[..., None], logs

    def correlation(self, direction: np.ndarray, whole: bool) -> np.ndarray:
        """N at each unit vector of `direction`, half of <s, u> for any s in dN(u) (Lemma C.2)."""
        w, (X, z, power) = direction[0] if whole else self.net.join(direction), self.problem
        pull = self.net.pullback(X, w, z)
        value = (direction * (pull[None] if whole else self.net.neurons(pull))).sum(axis=-1) / 2
        return finite_times(value, power, "N", "z")

    def settle(self, epsilon: float, whole: bool) -> tuple[Trajectory, np.ndarray, np.ndarray]:
        """Flow up to a time by which every direction has settled; the limits, and their values N.

        Where N < 0 the part tends to zero, and the path goes on until its norm is at most epsilon.
        """
        horizon = 2 / self.size if self.size > 0 else 1.0  # data of zeros move nothing
        for _ in range(24):
            path = self.path(horizon)
            directions, logs = self.parts(path.direction, path.log_norm, whole)
            back, last = np.searchsorted(path.t, 0.75 * horizon), directions[-1]
            value = self.correlation(last, whole)
            large = self._falls(value) & (logs[-1] > np.log(epsilon))
            if np.linalg.norm(last - directions[back], axis=-1).max() < SETTLED and not large.any():
                return path, last, value
            horizon *= 2
        return _checks.fail(self.name, f"a start whose flow has not settled at t = {horizon / 2:g}", "one that settles")

    def _falls(self, value: np.ndarray) -> np.ndarray:
        """Whether N < 0, and not by rounding."""
        return value < -_checks.ROUNDING * self.size

    def limit(self, epsilon: float, whole: bool) -> FlowLimit:
        """What the flow fixes, part by part."""
        epsilon = _checks.positive("epsilon", epsilon)
        path, direction, value = self.settle(epsilon, whole)
        _, logs = self.parts(path.direction, path.log_norm, whole)
        vanishes = self._falls(value) | ~direction.any(axis=-1)
        eta = 1.0 if vanishes.all() else min(1.0, float(np.exp(logs[:, ~vanishes].min())) / 2)
        if epsilon >= eta:
            _checks.fail("epsilon", epsilon, f"a number below eta = {eta:.6g}")
        return FlowLimit(direction, value, vanishes, eta, self._near_from(path, direction, vanishes, epsilon, whole))

    def _near_from(
        self, path: Trajectory, direction: np.ndarray, vanishes: np.ndarray, epsilon: float, whole: bool
    ) -> float:
        """First time after which every part is within epsilon of its limit: last failure on a grid, then bisection."""

        def near(t: np.ndarray) -> np.ndarray:
            directions, logs = self.parts(*path.interpolate(t), whole)
            cosine = (directions * direction).sum(axis=-1)
            aligned = cosine >= 1 - max(epsilon, 4 * np.finfo(float).eps)  # no cosine of unit vectors is known better
            return np.where(vanishes, logs <= np.log(epsilon), aligned).all(axis=-1)

        grid = np.linspace(0, path.t[-1], 4001)
        failures = np.flatnonzero(~near(grid))
        if not failures.size:
            return float(grid[1])
        low, high = grid[failures[-1]], grid[min(failures[-1] + 1, len(grid) - 1)]
        while high - low > 1e-12 * high:
            middle = (low + high) / 2
            low, high = (low, middle) if near(np.array([middle]))[0] else (middle, high)
        return float(high)


def unit_start(name: str, u0: np.ndarray, net: Network) -> np.ndarray:
    """One start of norm one: the scale is carried apart."""
    u0 = _checks.array(name, u0, (net.size,), f"shape ({net.size},), one start")
    if abs(np.linalg.norm(u0) - 1) > 1e-9:
        _checks.fail(name, f"norm {np.linalg.norm(u0):.6g}", "norm 1: delta carries the scale")
    return u0
