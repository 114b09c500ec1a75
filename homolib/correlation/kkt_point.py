"""KKT points of one neuron's correlation function on the unit sphere: the directions where alignment can end.

A unit vector u is a KKT point of max N(u), |u| = 1, if lambda u is in the Clarke subdifferential of N at u; then
lambda = 2 N(u) by Euler's identity (Lemma C.5 of Kumar and Haupt). Here is what one is, and how nearly a direction is
one; `kkt_planar` lists all of them, `kkt_search` looks for some where they cannot be listed.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, replace

import numpy as np

from homolib import _checks
from homolib._records import Record
from homolib._settings import default_errors
from homolib.clarke.subdifferential import clarke_subdifferential
from homolib.flows.trajectory import polar
from homolib.problems.networks import Network, PoweredReLU, TwoLayerReLU, fitting_inputs
from homolib.problems.scales import finite_times, restored, times, unit_problem

HALF = np.sqrt(0.5)
EQUAL = 1e-12  # values of N closer than this, relative to the size of its terms, are ranked as equal
OPPOSITE = {"max": "min", "min": "max", "saddle": "saddle", "flat": "flat"}


@dataclass(frozen=True, eq=False, repr=False)
class KKTPoint(Record):
    """A KKT point of the constrained neural correlation problem of one neuron.

    Attributes
    ----------
    direction : (size of a neuron,) array
        Unit vector: u, or (v, u) for a two-layer neuron.
    value : float
        N(direction).
    residual : float
        Distance of lambda * direction from the Clarke subdifferential: zero up to rounding.
    smooth : bool
        Whether N is differentiable there.
    kind : str
        Of N on the unit sphere: "max" or "min" (strict and local), "saddle", or "flat" where KKT points of the
        same value make a continuum, of which this is one.
    angle : float or None
        Of u for planar inputs, in [0, 2 pi); None where u = 0.
    arc : (float, float) or None
        For a flat point in the plane, the angles of u between which all are KKT points: the same angle twice if
        only v varies, v = 0 being the one listed.
    """

    direction: np.ndarray
    value: float
    residual: float
    smooth: bool
    kind: str
    angle: float | None = None
    arc: tuple[float, float] | None = None

    @property
    def multiplier(self) -> float:
        """lambda, twice the value (Lemma C.5)."""
        return 2 * self.value


class KKTPoints(list):
    """A list of `KKTPoint`, greatest value first; `complete` says whether it has all, or is what a search found.

    A slice is one too, in its own order, and complete only if nothing is left out. Compared as a list: by its points.
    """

    def __init__(self, points: list[KKTPoint], complete: bool, size: float):
        """Sort the points by value, then by angle, positive v first.

        Values closer than `EQUAL` times `size`, that of the terms of N, count as equal.
        """
        points = sorted(points, key=lambda point: -point.value)
        values = np.array([point.value for point in points])
        level = np.cumsum(np.append(0, np.diff(values) < -EQUAL * size))
        ranked = sorted(zip(level, points, strict=False), key=_rank)
        super().__init__(point for _, point in ranked)
        self.complete = complete

    def __getitem__(self, index: int | slice) -> KKTPoint | KKTPoints:
        found = super().__getitem__(index)
        if not isinstance(index, slice):
            return found
        part = copy(self)
        list.__init__(part, found)
        part.complete = self.complete and len(part) == len(self)
        return part

    def copy(self) -> KKTPoints:
        """All of it, in a new list."""
        return self[:]

    def __repr__(self) -> str:
        what = "all of them" if self.complete else "found by a search: there may be more"
        rows = [
            f"  {p.kind:6} N = {p.value: .12g} at {np.array2string(p.direction, precision=6, suppress_small=True)}"
            for p in self
        ]
        return "\n".join([f"{len(self)} KKT points, {what}", *rows])


def _rank(ranked: tuple[int, KKTPoint]) -> tuple:
    level, point = ranked
    angle = -1.0 if point.angle is None else round(point.angle, 9)
    return (level, angle, *-point.direction.round(9))


def listed(points: list[KKTPoint], complete: bool, X: np.ndarray, z: np.ndarray, degree: int, power: int) -> KKTPoints:
    """The KKT points of 2**power times N from those of N, whose data X, z have size one."""
    size = size_of_terms(X, z, degree)
    points = KKTPoints(points, complete, size)
    multipliers = restored(np.array([point.multiplier for point in points]), power, "multipliers", "z", size)
    for k, (point, multiplier) in enumerate(zip(points, multipliers.tolist(), strict=True)):
        points[k] = replace(point, value=multiplier / 2, residual=float(times(point.residual, power)))
    return points


def size_of_terms(X: np.ndarray, z: np.ndarray, degree: int) -> float:
    """Sum of |z_i| |x_i|^degree: what rounding of N is measured against, however much its terms cancel."""
    return float(np.abs(z) @ np.linalg.norm(X, axis=1) ** degree)


@default_errors
def kkt_residual(net: Network, X: np.ndarray, z: np.ndarray, u: np.ndarray, tolerance: float = 1e-9) -> float:
    """Distance of L N(u) u from the Clarke subdifferential of N at u, for u scaled to unit norm; zero at a KKT point.

    Parameters
    ----------
    net : Network
        Of order L.
    X : (n, d) array
    z : (n,) array
    u : (size,) array
        All weights, not zero; only their direction counts.
    tolerance : float
        How close to a kink is on it, see `clarke_subdifferential`.

    Raises
    ------
    ValueError
        If `u` is zero, or an argument does not fit.
    """
    X = fitting_inputs(net, X)
    direction, _ = polar(_checks.nonzero("u", _checks.array("u", u, (net.size,), f"shape ({net.size},) for {net!r}")))
    X, z, power = unit_problem(X, _checks.matching("z", z, X), net.degree)
    multiplier = net.order * float(net.outputs(X, direction) @ z)
    distance = clarke_subdifferential(net, X, direction, z, tolerance).distance(multiplier * direction)
    return float(finite_times(np.array(distance), power, "residuals", "z"))


def one_neuron(net: Network, X: np.ndarray, z: np.ndarray, neuron: int) -> tuple[np.ndarray, np.ndarray, float]:
    """X and z, checked, and the sign in front of the neuron."""
    squared = isinstance(net, PoweredReLU) and net.order == 2
    if not (squared or isinstance(net, TwoLayerReLU)):
        _checks.fail("net", net, "a SquaredReLU or a TwoLayerReLU network")
    X = fitting_inputs(net, X)
    width = len(net.signs) if squared else net.width
    if _checks.count("neuron", neuron, least=0) >= width:
        _checks.fail("neuron", neuron, f"a number below the width {width}")
    return X, _checks.matching("z", z, X), float(net.signs[neuron]) if squared else 1.0


def unit_vector(angle: float) -> np.ndarray:
    """e(angle) = (cos, sin)."""
    return np.array([np.cos(angle), np.sin(angle)])


def lifted(
    u: np.ndarray, g: float, s: int, kind: str, residual: float = 0.0, smooth: bool = True, angle: float | None = None
) -> KKTPoint:
    """(v, u) = (s, u) / sqrt 2 from a KKT point u of G, with its value g != 0 and its kind.

    With u fixed and v / |u| moving, N has a maximum there if s g > 0, and a minimum if not.
    """
    value, kind = s * g / 2, kind if s > 0 else OPPOSITE[kind]
    joint = kind if kind == ("max" if value > 0 else "min") else "saddle"
    return KKTPoint(HALF * np.array([s, *u]), value, HALF * residual, smooth, joint, angle)
