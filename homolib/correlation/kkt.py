"""KKT points of one neuron's correlation function on the unit sphere: the directions where alignment can end.

A unit vector u is a KKT point of max N(u), |u| = 1, if lambda u is in the Clarke subdifferential of N at u; then
lambda = 2 N(u) by Euler's identity (Lemma C.5 of Kumar and Haupt). For planar inputs all of them are listed, arc
by arc of the circle; in higher dimension there is a search, and it says so.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from homolib import _checks
from homolib.clarke.polytopes import Polytope
from homolib.clarke.subdifferential import clarke_subdifferential
from homolib.flows.smooth import _polar
from homolib.neuron.circle import TURN, Arcs
from homolib.problems.networks import Network, PoweredReLU, TwoLayerReLU, fitting_inputs

HALF = np.sqrt(0.5)
OPPOSITE = {"max": "min", "min": "max", "saddle": "saddle", "flat": "flat"}


@dataclass(frozen=True)
class KKTPoint:
    """A KKT point of the constrained neural correlation problem of one neuron.

    Attributes
    ----------
    direction : (size of a neuron,) array
        Unit vector: u, or (v, u) for a two-layer neuron.
    value : float
        N(direction).
    multiplier : float
        lambda, twice the value.
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
    multiplier: float
    residual: float
    smooth: bool
    kind: str
    angle: float | None = None
    arc: tuple[float, float] | None = None


class KKTPoints(list):
    """A list of `KKTPoint`, greatest value first; `complete` says whether it has all, or is what a search found."""

    def __init__(self, points: list[KKTPoint], complete: bool):
        """Sort the points by value, then by angle, positive v first."""
        super().__init__(sorted(points, key=_rank))
        self.complete = complete

    def __repr__(self) -> str:
        what = "all of them" if self.complete else "found by a search: there may be more"
        rows = [
            f"  {p.kind:6} N = {p.value: .12g} at {np.array2string(p.direction, precision=6, suppress_small=True)}"
            for p in self
        ]
        return "\n".join([f"{len(self)} KKT points, {what}", *rows])


def _rank(point: KKTPoint) -> tuple:
    angle = -1.0 if point.angle is None else round(point.angle, 9)
    return (-round(point.value, 9), angle, *-point.direction)


def kkt_points(
    net: Network, X: np.ndarray, z: np.ndarray, neuron: int = 0, starts: int = 100, seed: int = 0
) -> KKTPoints:
    """KKT points of max N(w) over |w| = 1 for one neuron of `net` (eq. 11; Lemma H.1 for two-layer neurons).

    For planar (and scalar) inputs the list is complete: smooth points, kinks whose one-sided slopes enclose zero,
    and flat arcs, each once. A two-layer neuron N = v G(u) has the points (v, u) = (+-1, theta) / sqrt 2 for every
    KKT point theta of G with G(theta) != 0, and those of value zero: v = 0 where G(u) = 0, and u = 0 if zero
    is in the Clarke subdifferential of G at zero. In higher dimension see `kkt_search`.

    Parameters
    ----------
    net : SquaredReLU or TwoLayerReLU
    X : (n, d) array
    z : (n,) array
        One number for each input.
    neuron : int
        Which neuron: squared neurons can differ in sign.
    starts, seed : int
        For the search if d > 2.

    Returns
    -------
    KKTPoints
        A list, greatest value first; `complete` is False for a search.

    Raises
    ------
    ValueError
        If an argument does not fit, or the network is of another kind.
    """
    X, z, sign = one_neuron(net, X, z, neuron)
    starts, seed = _checks.count("starts", starts), _checks.seed(seed)
    two_layer = isinstance(net, TwoLayerReLU)
    if X.shape[1] > 2:
        from homolib.correlation.kkt_search import kkt_search  # it builds on this room

        return kkt_search(net, X, z, starts, seed, neuron)
    if X.shape[1] == 1:
        scalar = _scalar_lifts(X[:, 0], z, net.slope) if two_layer else _scalar(X[:, 0], sign * z, net.slope)
        return KKTPoints(scalar, True)
    if two_layer:
        return KKTPoints(_lifts(Arcs(X, z, net.slope, order=1)), True)
    found = []
    for p in Arcs(X, z, net.slope, sign).critical_points():
        found.append(KKTPoint(_unit(p.angle), p.value, 2 * p.value, p.residual, p.smooth, p.kind, p.angle, p.arc))
    return KKTPoints(found, True)


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
    direction, _ = _polar(_checks.nonzero("u", _checks.array("u", u, (net.size,), f"shape ({net.size},) for {net!r}")))
    multiplier = net.order * float(net.outputs(X, direction) @ _checks.matching("z", z, X))
    return float(clarke_subdifferential(net, X, direction, z, tolerance).distance(multiplier * direction))


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


def _unit(angle: float) -> np.ndarray:
    return np.array([np.cos(angle), np.sin(angle)])


def _scalar(x: np.ndarray, z: np.ndarray, slope: float) -> list[KKTPoint]:
    """The sphere is {1, -1}: both points are KKT points, and the greater one is the maximum."""
    values = [float(z @ np.maximum(u * x, slope * u * x) ** 2) for u in (1, -1)]
    kinds = ("max", "min") if values[0] > values[1] else ("min", "max") if values[0] < values[1] else ("flat", "flat")
    return [
        KKTPoint(np.array([float(u)]), value, 2 * value, 0.0, True, kind)
        for u, value, kind in zip((1, -1), values, kinds, strict=True)
    ]


def lifted(
    u: np.ndarray, g: float, s: int, kind: str, residual: float = 0.0, smooth: bool = True, angle: float | None = None
) -> KKTPoint:
    """(v, u) = (s, u) / sqrt 2 from a KKT point u of G, with its value g != 0 and its kind.

    With u fixed and v / |u| moving, N has a maximum there if s g > 0, and a minimum if not.
    """
    value, kind = s * g / 2, kind if s > 0 else OPPOSITE[kind]
    joint = kind if kind == ("max" if value > 0 else "min") else "saddle"
    return KKTPoint(HALF * np.array([s, *u]), value, 2 * value, HALF * residual, smooth, joint, angle)


def _scalar_lifts(x: np.ndarray, z: np.ndarray, slope: float) -> list[KKTPoint]:
    found, values = [], [float(z @ np.maximum(u * x, slope * u * x)) for u in (1, -1)]
    for u, g in zip((1.0, -1.0), values, strict=True):
        if g == 0:
            found.append(KKTPoint(np.array([0.0, u]), 0.0, 0.0, 0.0, True, "flat"))
        else:
            found += [lifted(np.array([u]), g, s, "max" if g > 0 else "min") for s in (1, -1)]
    if values[0] * values[1] >= 0:  # zero is between G(1) and -G(-1), the slopes of G on either side of zero
        found += _poles(1, values)
    return found


def _poles(d: int, values: list[float]) -> list[KKTPoint]:
    """(+-1, 0), where N is close to +-G(u): `values` are those of G at its KKT points."""
    low, high = min(values), max(values)
    kind = "min" if low > 0 else "max" if high < 0 else "saddle" if low < 0 < high else "flat"
    kinds, smooth = {1: kind, -1: OPPOSITE[kind]}, low == high == 0
    return [KKTPoint(np.array([float(v), *np.zeros(d)]), 0.0, 0.0, 0.0, smooth, kinds[v]) for v in (1, -1)]


def _lifts(arcs: Arcs) -> list[KKTPoint]:
    """All KKT points of N = v G(u) from those of G on the circle (Lemma H.1, and the points of value zero)."""
    found, values, touching = [], [], []
    for p in arcs.critical_points():
        values.append(0.0 if arcs.is_zero(p.value) else p.value)
        if values[-1] != 0:
            found += [lifted(_unit(p.angle), p.value, s, p.kind, p.residual, p.smooth, p.angle) for s in (1, -1)]
        else:
            touching.append(p.angle)
            arc = p.arc or (p.angle, p.angle)
            found.append(KKTPoint(np.array([0.0, *_unit(p.angle)]), 0.0, 0.0, 0.0, True, "flat", p.angle, arc))
    for angle in arcs.zeros():
        if np.min(np.abs(np.mod(np.array(touching) - angle + np.pi, TURN) - np.pi), initial=np.inf) > 1e-12:
            residual = abs(float(arcs.value(angle)))
            found.append(KKTPoint(np.array([0.0, *_unit(angle)]), 0.0, 0.0, residual, True, "saddle", float(angle)))
    if Polytope(arcs.gradients()).distance(np.zeros(2)) <= 1e-12 * arcs.scale:
        found += _poles(2, values)
    return found
