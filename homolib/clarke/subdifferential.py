"""Clarke subdifferentials as polytopes, exactly: the limits of gradients, and nothing else.

At a kink the sum rule and the chain rule give only an inclusion, and automatic differentiation returns one
point which need not even lie in the set. So we list the pieces that meet at the point, by the sign patterns that
a small step can realise, and take the convex hull of their gradients (Clarke 1983, Theorem 2.5.1).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import reduce
from operator import add

import numpy as np

from homolib import _checks
from homolib._settings import default_errors
from homolib.clarke.deep import deep_gradients
from homolib.clarke.hinge_sums import HingeSum
from homolib.clarke.polytopes import Polytope, sign_patterns, unit_rows
from homolib.problems.deep_networks import DeepReLU
from homolib.problems.networks import Network, TwoLayerReLU, fitting_inputs
from homolib.problems.scales import restored, unit, unit_problem

Side = Callable[[np.ndarray], tuple[float, np.ndarray]]  # x -> (g(x), gradient of g at x); the piece lives on g >= 0
Piece = tuple[Callable[[np.ndarray], np.ndarray], Sequence[Side]]  # x -> gradient of the piece; its sides


@default_errors
def clarke_subdifferential(
    net: Network, X: np.ndarray, w: np.ndarray, z: np.ndarray, tolerance: float = 1e-9
) -> Polytope:
    """Clarke subdifferential of the neural correlation N_z(w) = sum_i z_i H(x_i; w).

    It is the set of N_z itself, not the sum of the sets of its terms (`termwise_sum`), which can be larger. With
    z = -l'(H(X; w), y) it is also that of minus the loss: the residual moves, but at w not yet.

    Parameters
    ----------
    net : Network
    X : (n, d) array
        Inputs, one a row. Zero, repeated, parallel, opposite and dependent ones are welcome.
    w : (size,) array
        One point.
    z : (n,) array
        One number for each input.
    tolerance : float
        A neuron lies on the kink of an input if their scalar product is at most this times both norms.

    Returns
    -------
    Polytope
        In R^size; for a smooth network a single point. Neurons are independent blocks.

    Raises
    ------
    ValueError
        If shapes do not match; if the set is too small or too large for floats; if one neuron has more than
        `MOST_VERTICES` cells around it; or if for a deep network the first order does not settle which patterns are
        realised (as at w = 0). There is no cheap way around that: finding two different Clarke subgradients is
        NP-hard in general (Bolte et al. 2023).
    """
    X, w, z, tolerance, power = _check(net, X, w, z, tolerance)
    if net.smooth or isinstance(net, DeepReLU):
        return _one_block(net, X, w, z, tolerance, power)
    return _two_layer_set(net, X, w, z, tolerance, HingeSum, power)


@default_errors
def termwise_sum(net: Network, X: np.ndarray, w: np.ndarray, z: np.ndarray, tolerance: float = 1e-9) -> Polytope:
    """Minkowski sum of the sets of the terms, sum_i z_i dH(x_i; w): what the sum rule promises to contain the truth.

    Parameters, result and errors are those of `clarke_subdifferential`, which lies inside (Lemma A.2 of Kumar and
    Haupt). Near an initialization the flow of this larger set can have solutions that training does not have.
    """
    X, w, z, tolerance, power = _check(net, X, w, z, tolerance)
    if isinstance(net, DeepReLU) or net.smooth:
        (w, own), each = unit(w), (slice(i, i + 1) for i in range(len(X)))
        terms = reduce(add, (_one_block(net, X[i], w, z[i], tolerance, 0) for i in each))
        return Polytope(restored(terms.vertices, power + (net.order - 1) * own, "the set", "w", size=1.0))
    # A sum of segments has a vertex for each sign pattern of the segments z_i x_i; the Clarke set, of the inputs x_i.
    return _two_layer_set(net, X, w, z, tolerance, lambda X, z, slope: HingeSum(z[:, None] * X, z**0, slope), power)


@default_errors
def clarke_of_pieces(pieces: Sequence[Piece], x: np.ndarray, tolerance: float = 1e-9) -> Polytope:
    """Clarke subdifferential at `x` of a continuous function put together from smooth pieces.

    It is the hull of the gradients of those pieces whose region has interior points arbitrarily near `x`
    (Scholtes 2012, section 4.3). There are such points if some h climbs on every side that is zero at
    `x`; by Gordan's alternative, if zero is not in the hull of the gradients of those sides.

    Parameters
    ----------
    pieces : sequence of (gradient, sides)
        `gradient(x)` is the (k,) gradient of the piece; each of `sides` maps x to (g(x), gradient of g at x), and
        the piece holds where all g >= 0. Where that takes a union of such regions, give the piece once for each.
    x : (k,) array
    tolerance : float
        A side whose boundary is closer to x than this times |x|, to first order, counts as zero.

    Raises
    ------
    ValueError
        If no piece holds at `x`, or if curved sides touch at `x` so that their gradients do not decide.

    Examples
    --------
    The function u1 |u2| at (1, 0), where the set is {0} x [-1, 1]:

    >>> upper = (lambda u: (u[1], u[0]), [lambda u: (u[1], (0, 1))])
    >>> lower = (lambda u: (-u[1], -u[0]), [lambda u: (-u[1], (0, -1))])
    >>> clarke_of_pieces([upper, lower], (1, 0)).vertices.tolist()
    [[0.0, -1.0], [0.0, 1.0]]
    """
    x, tolerance = _checks.array("x", x, (None,)), _checks.nonnegative("tolerance", tolerance)
    wanted = "a sequence of (gradient, sides), see the example"
    for piece in _checks.instance("pieces", pieces, Sequence, wanted):
        if not (isinstance(piece, Sequence) and len(piece) == 2 and callable(piece[0])):
            _checks.fail("pieces", repr(piece), wanted)
    gradients = [gradient(x) for gradient, sides in pieces if _has_interior_near(sides, x, tolerance)]
    if not gradients:
        _checks.fail("pieces", f"none whose region has interior points near x = {x}", "pieces that cover all of R^k")
    return Polytope(_checks.array("pieces", gradients, (len(gradients), len(x)), f"gradients of shape ({len(x)},)"))


@default_errors
def active_kinks(X: np.ndarray, u: np.ndarray, tolerance: float = 1e-9) -> np.ndarray:
    """Indices of the inputs on whose kink a neuron lies: |x_i . u| <= tolerance |x_i| |u|.

    At u = 0 these are all inputs; a zero input has no kink.

    Parameters
    ----------
    X : (n, d) array
    u : (d,) array
    tolerance : float

    Returns
    -------
    (k,) array of int
    """
    X = _checks.inputs(X)
    u, tolerance = _checks.array("u", u, (X.shape[1],)), _checks.nonnegative("tolerance", tolerance)
    real = np.flatnonzero(X.any(axis=1))
    if not u.any() or not len(real):
        return real
    return real[np.abs(unit_rows(X[real]) @ unit_rows(u[None])[0]) <= tolerance]


def _check(net: Network, X: np.ndarray, w: np.ndarray, z: np.ndarray, tolerance: float) -> tuple:
    X = fitting_inputs(net, X)
    w = _checks.array("w", w, (net.size,), f"shape ({net.size},): one point, no batch axes")
    X, z, power = unit_problem(X, _checks.matching("z", z, X), net.degree)
    return X, w, z, _checks.nonnegative("tolerance", tolerance), power


def _one_block(net: Network, X: np.ndarray, w: np.ndarray, z: np.ndarray, tolerance: float, power: int) -> Polytope:
    """The set of 2**power times N, of a smooth or a deep network."""
    w, own = unit(w)
    gradients = net.pullback(X, w, z)[None] if net.smooth else deep_gradients(net, X, w, z, tolerance)
    return Polytope(restored(gradients, power + (net.order - 1) * own, "the set", "w", size=1.0))


def _two_layer_set(
    net: Network, X: np.ndarray, w: np.ndarray, z: np.ndarray, tolerance: float, hinge_sum: Callable, power: int
) -> Polytope:
    """Product over neurons (v, u) of a point, the derivative in v, and the gradients in u on the cells around u.

    Inputs and numbers are of size one, and what they give is meant times 2**power.
    """
    if not isinstance(net, TwoLayerReLU):
        _checks.fail("net", net, "a smooth network, a TwoLayerReLU or a DeepReLU")
    blocks = []
    for neuron in net.neurons(w):
        neuron, own = unit(neuron)
        v, u = neuron[0], neuron[1:]
        at, s = active_kinks(X, u, tolerance), X @ u
        slopes = np.where(s > 0, max(1.0, net.slope), min(1.0, net.slope))
        slopes[at] = 0  # their share comes cell by cell
        gradients = (slopes * z @ X)[None]
        if v != 0 and len(at):
            local = hinge_sum(X[at], z[at], net.slope)
            cells = sign_patterns(local.normals) if len(local.normals) else np.empty((1, 0))
            gradients = gradients + local.gradient(cells)
        for block in ([[z @ np.maximum(s, net.slope * s)]], v * gradients):
            blocks.append(Polytope(restored(np.asarray(block), power + own, "the set", "w", size=1.0)))
    return Polytope.product(blocks)


def _has_interior_near(sides: Sequence[Side], x: np.ndarray, tolerance: float) -> bool:
    found = [
        (_checks.finite("side", g), _checks.array("side gradient", dg, x.shape)) for g, dg in (s(x) for s in sides)
    ]
    zero = [tolerance * math.hypot(*x) * math.hypot(*dg) for _, dg in found]  # g, from a boundary so close to x
    if any(g < -small for (g, _), small in zip(found, zero, strict=True)):
        return False
    at = [i for i, ((g, _), small) in enumerate(zip(found, zero, strict=True)) if g <= small]
    if not at:
        return True
    slopes = np.array([found[i][1] for i in at])
    if slopes.any(axis=1).all() and np.linalg.norm(Polytope(unit_rows(slopes)).min_norm()) > tolerance:
        return True
    # No direction climbs on all sides. For affine sides that settles it; curved ones could still leave a cusp.
    probe = np.sqrt(np.arange(2.0, 2.0 + len(x))) * (np.abs(x).max() or 1.0)
    for i in at:
        there, slope = sides[i](x + probe)[0], found[i][1]
        size = abs(there) + abs(found[i][0]) + np.abs(slope) @ (np.abs(probe) + np.abs(x))
        if abs(there - found[i][0] - slope @ probe) > tolerance * size:
            _checks.fail("pieces", f"curved sides that touch at x = {x}", "sides whose gradients at x decide")
    return False
