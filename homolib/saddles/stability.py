"""Second order: whether a plateau, or a dormant neuron on it, is left by way of weights that seem to be at rest.

The loss of a network of order two with Lipschitz gradient has one-sided second derivatives everywhere: they are
quadratic on each cell of directions that turn the same inputs on and off. So the lowest curvature is an eigenvalue of
one cell or one of its faces, and a list of the faces finds it.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np

from homolib import _checks
from homolib.problems.networks import Network, PoweredReLU
from homolib.saddles.saddle import Saddle, checked

KINKS = 6  # inputs on kinks that are listed: 3 to this power faces
FLAT = 1e-6  # a curvature below this share of the largest one counts as zero
REST = 1e-9  # residuals and distances from a kink below this share of the largest are rounding

Form = Callable[[np.ndarray], np.ndarray]  # from the sides of the kinks, -1, 0 or 1, to the matrix of the cell


def awake_curvature(saddle: Saddle) -> float:
    """Lowest second derivative of the loss in a direction of the awake weights, over the largest one in size.

    Negative if training from nearby can leave the saddle through weights that are awake, be it by turning towards
    inputs that the neuron does not see: then the clock of the dormant neurons is not the only one.

    Raises
    ------
    ValueError
        If more than `KINKS` inputs with a residual lie on kinks of awake neurons.
    """
    net, (awake,) = checked(saddle).net, np.nonzero(saddle.split(np.ones(saddle.net.size))[0])
    if not awake.size:
        return 0.0
    jacobian = net.pullback(saddle.X, saddle.w, np.eye(len(saddle.X)))[:, awake]
    planes, bend = _second_derivative(net, saddle.X, saddle.residual, saddle.w, np.linalg.norm(saddle.y))
    curve, off = jacobian.T @ jacobian, np.ix_(awake, awake)

    def form(sides: np.ndarray) -> np.ndarray:
        return curve - bend(sides)[off]

    scale = max(np.linalg.norm(curve, 2), np.linalg.norm(bend(np.ones(len(planes)))[off], 2))
    return _lowest(form, planes[:, awake], np.eye(len(awake))) / scale if scale else 0.0


def is_repelling(saddle: Saddle, direction: np.ndarray, tolerance: float = FLAT) -> bool:
    """Whether a dormant direction is a KKT point of N at which N is no local maximum on the sphere.

    For networks of order two with Lipschitz gradient N is quadratic on each cell, so that this is exact: a
    KKT point whose second derivatives across are at most 2 N is a maximum, of a flat arc perhaps.

    Parameters
    ----------
    saddle : Saddle
    direction : (size,) array
        Unit vector on one dormant neuron.
    tolerance : float
        Share of the gradient that may point across at a KKT point.
    """
    net, X, z = checked(saddle).net, saddle.X, saddle.residual
    neurons = net.neurons(direction)
    mine = net.join(np.broadcast_to(neurons.any(axis=-1, keepdims=True), neurons.shape).astype(float)) > 0
    u, pull = direction[mine], net.pullback(X, direction, z)[mine]
    planes, bend = _second_derivative(net, X, z, direction, np.linalg.norm(saddle.y))
    scale, rate = np.linalg.norm(bend(np.ones(len(planes)))[np.ix_(mine, mine)], 2), u @ pull
    if not scale or np.linalg.norm(pull - rate * u) > tolerance * scale:
        return False

    def form(sides: np.ndarray) -> np.ndarray:
        return rate * np.eye(len(u)) - bend(sides)[np.ix_(mine, mine)]

    from scipy.linalg import null_space  # slow to import: paid where it is used

    across = null_space(u[None])
    if isinstance(net, PoweredReLU):  # a neuron never leaves the span of the inputs and its own direction
        left, strength, _ = np.linalg.svd(across @ across.T @ X.T, full_matrices=False)
        across = left[:, strength > REST * np.linalg.norm(X)]
    return bool(_lowest(form, planes[:, mine], across) < -FLAT * scale)


def _second_derivative(net: Network, X: np.ndarray, z: np.ndarray, w: np.ndarray, size: float) -> tuple:
    """Kinks at `w` that matter, as normals (m, p) in weight space, and the Hessian of sum z_i H(x_i; w) beside them."""
    if not isinstance(net, PoweredReLU):  # a smooth network of order two is bilinear, its pullback linear
        matrix = net.pullback(X, np.eye(net.size), z)
        return np.zeros((0, net.size)), lambda sides: matrix
    neurons = net.neurons(w)
    s = neurons @ X.T
    lengths = np.linalg.norm(neurons, axis=-1)[:, None] * np.linalg.norm(X, axis=-1)
    bent = abs(net.slope) != 1
    on = bent & (np.abs(s) <= REST * lengths) & (lengths > 0) & (np.abs(z) > REST * size)
    which = np.argwhere(on)
    if len(which) > KINKS:
        _checks.fail("X", f"{len(which)} inputs on kinks of neurons at a saddle", f"at most {KINKS}")
    planes = np.zeros((len(which), *neurons.shape))
    planes[np.arange(len(which)), which[:, 0]] = X[which[:, 1]]

    def bend(sides: np.ndarray) -> np.ndarray:
        side = np.sign(s)
        side[on] = sides
        slope = np.where((side > 0) == (net.slope <= 1), 1.0, net.slope)
        blocks = np.einsum("ki,ia,ib->kab", 2 * net.signs[:, None] * slope**2 * z, X, X)
        matrix = np.zeros((*neurons.shape, *neurons.shape))
        matrix[np.arange(len(blocks)), :, np.arange(len(blocks))] = blocks
        return matrix.reshape(net.size, net.size)

    return planes.reshape(len(which), net.size), bend


def _lowest(form: Form, planes: np.ndarray, tangent: np.ndarray) -> float:
    """Least value of a piecewise quadratic form on the unit sphere of a subspace with orthonormal basis `tangent`.

    Where a whole space of vectors has the lowest value of a cell, and the one that we are given lies outside, those
    inside reach to a face of the cell: the form is continuous, and the face has the same value.
    """
    from scipy.linalg import null_space  # slow to import: paid where it is used

    best = np.inf
    for sides in map(np.array, product((-1, 0, 1), repeat=len(planes))):
        basis = tangent @ null_space(planes[sides == 0] @ tangent) if (sides == 0).any() else tangent
        if not basis.shape[1]:
            continue
        values, vectors = np.linalg.eigh(basis.T @ form(sides) @ basis)
        heights = (sides * (planes @ basis @ vectors[:, 0]))[sides != 0]
        if values[0] < best and ((heights > 0).all() or (heights < 0).all()):
            best = float(values[0])
    return 0.0 if best == np.inf else best
