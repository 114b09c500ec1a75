"""All KKT points of one neuron's correlation where they can be listed: planar and scalar inputs.

For planar inputs all of them are found, arc by arc of the circle; in higher dimension there is a search, and it says
so.
"""

from __future__ import annotations

import numpy as np

from homolib import _checks
from homolib._settings import default_errors
from homolib.clarke.polytopes import Polytope
from homolib.correlation.kkt_point import OPPOSITE, KKTPoint, KKTPoints, lifted, listed, one_neuron, unit_vector
from homolib.correlation.kkt_search import kkt_search
from homolib.neuron.circle import EPS, TURN, Arcs, Critical
from homolib.problems.networks import Network, TwoLayerReLU
from homolib.problems.scales import unit_problem


@default_errors
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
        If an argument does not fit, or the network is of another kind, or values of N are too small or too large for
        floats.
    """
    X, z, sign = one_neuron(net, X, z, neuron)
    starts, seed = _checks.count("starts", starts), _checks.seed(seed)
    two_layer = isinstance(net, TwoLayerReLU)
    if X.shape[1] > 2:
        return kkt_search(net, X, z, starts, seed, neuron)
    X, z, power = unit_problem(X, z, net.degree)
    if X.shape[1] == 1:
        found = _scalar_lifts(X[:, 0], z, net.slope) if two_layer else _scalar(X[:, 0], sign * z, net.slope)
    elif two_layer:
        found = _lifts(Arcs(X, z, net.slope, order=1))
    else:
        found = [_on_circle(point) for point in Arcs(X, z, net.slope, sign).critical_points()]
    return listed(found, True, X, z, net.degree, power)


def _on_circle(p: Critical) -> KKTPoint:
    return KKTPoint(unit_vector(p.angle), p.value, p.residual, p.smooth, p.kind, p.angle, p.arc)


def _line_values(x: np.ndarray, z: np.ndarray, slope: float, degree: int) -> tuple[list[float], float]:
    """sum_i z_i sigma(x_i u)^degree at u = 1 and -1, zero where that is rounding, and what counts as rounding."""
    zero = (16 + len(x)) * EPS * max(1.0, abs(slope)) ** degree * float(np.abs(z) @ np.abs(x) ** degree)
    values = [float(z @ np.maximum(u * x, slope * u * x) ** degree) for u in (1, -1)]
    return [0.0 if abs(value) <= zero else value for value in values], zero


def _scalar(x: np.ndarray, z: np.ndarray, slope: float) -> list[KKTPoint]:
    """The sphere is {1, -1}: both points are KKT points, and the greater one is the maximum."""
    values, zero = _line_values(x, z, slope, 2)
    gap = values[0] - values[1]
    kinds = ("flat", "flat") if abs(gap) <= zero else ("max", "min") if gap > 0 else ("min", "max")
    return [
        KKTPoint(np.array([float(u)]), value, 0.0, True, kind)
        for u, value, kind in zip((1, -1), values, kinds, strict=True)
    ]


def _scalar_lifts(x: np.ndarray, z: np.ndarray, slope: float) -> list[KKTPoint]:
    found, (values, _) = [], _line_values(x, z, slope, 1)
    for u, g in zip((1.0, -1.0), values, strict=True):
        if g == 0:
            found.append(KKTPoint(np.array([0.0, u]), 0.0, 0.0, True, "flat"))
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
    return [KKTPoint(np.array([float(v), *np.zeros(d)]), 0.0, 0.0, smooth, kinds[v]) for v in (1, -1)]


def _lifts(arcs: Arcs) -> list[KKTPoint]:
    """All KKT points of N = v G(u) from those of G on the circle (Lemma H.1, and the points of value zero)."""
    found, values, touching = [], [], []
    for p in arcs.critical_points():
        values.append(0.0 if arcs.is_zero(p.value) else p.value)
        if values[-1] != 0:
            found += [lifted(unit_vector(p.angle), p.value, s, p.kind, p.residual, p.smooth, p.angle) for s in (1, -1)]
        else:
            touching.append(p.angle)
            arc = p.arc or (p.angle, p.angle)
            found.append(KKTPoint(np.array([0.0, *unit_vector(p.angle)]), 0.0, 0.0, True, "flat", p.angle, arc))
    for angle in arcs.zeros():
        if np.min(np.abs(np.mod(np.array(touching) - angle + np.pi, TURN) - np.pi), initial=np.inf) > 1e-12:
            residual = abs(float(arcs.value(angle)))
            found.append(KKTPoint(np.array([0.0, *unit_vector(angle)]), 0.0, residual, True, "saddle", float(angle)))
    if Polytope(arcs.gradients()).distance(np.zeros(2)) <= 1e-12 * arcs.scale:
        found += _poles(2, values)
    return found
