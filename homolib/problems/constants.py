"""The constants of the theorems near the origin: beta, beta_hat and beta_tilde (section 4 of Kumar and Haupt)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import singledispatch
from math import comb

import numpy as np
from numpy.polynomial.polynomial import polyroots, polytrim

from homolib import _checks
from homolib._settings import default_errors
from homolib.problems.deep_networks import DeepReLU
from homolib.problems.losses import Loss, chosen
from homolib.problems.networks import DiagonalLinear, Network, PoweredReLU, TwoLayerReLU, fitting_inputs
from homolib.problems.scales import restored, unit


@dataclass(frozen=True)
class Constants:
    """The constants of section 4.

    Attributes
    ----------
    beta : float
        Largest |H(X; w)| on the unit sphere of weights.
    beta_hat : float
        Lipschitz constant of l'( . , y), eq. (4).
    beta_tilde : float
        beta_hat beta + |l'(0, y)|: bounds the residual while |w| <= 1.
    exact : bool
        Whether `beta` is the supremum itself; otherwise it is a proved upper bound, and all theorems hold with it.
    """

    beta: float
    beta_hat: float
    beta_tilde: float
    exact: bool

    @property
    def rate(self) -> float:
        """4 beta beta_tilde: no solution's |w|^2 grows faster than exp(rate t) while |w| <= 1."""
        return 4 * self.beta * self.beta_tilde


@default_errors
def constants(net: Network, X: np.ndarray, y: np.ndarray, loss: Loss | None = None) -> Constants:
    """The constants beta, beta_hat and beta_tilde of a network of order two on a data set.

    Parameters
    ----------
    net : Network
    X : (n, d) array
    y : (n,) array
    loss : SquareLoss or LogisticLoss, optional
        The summed square loss unless given.

    Raises
    ------
    ValueError
        If the data do not fit the network, or no bound is known for it.
    """
    X = fitting_inputs(net, X)
    y = _checks.matching("y", y, X)
    loss = chosen(loss)
    X, power = unit(X)
    beta, exact = _beta(net, X)
    beta = float(restored(beta, net.degree * power, "outputs"))
    beta_hat = loss.derivative_lipschitz(y)
    beta_tilde = beta_hat * beta + float(np.linalg.norm(loss.initial_residual(y)))
    return Constants(beta, beta_hat, beta_tilde, exact)


@singledispatch
def _beta(net: Network, X: np.ndarray) -> tuple[float, bool]:
    _checks.fail("net", net, "a network of this library: no bound on the outputs of others is known")


@_beta.register
def _(net: PoweredReLU, X: np.ndarray) -> tuple[float, bool]:
    # |w|^L is convex in the squared lengths of the neurons: a single neuron takes it all, whatever the signs.
    return largest_response(X, net.slope, net.order)


@_beta.register
def _(net: TwoLayerReLU, X: np.ndarray) -> tuple[float, bool]:
    response, exact = largest_response(X, net.slope, 1)
    return response / 2, exact  # |v| |u| <= (v^2 + |u|^2) / 2


@_beta.register
def _(net: DiagonalLinear, X: np.ndarray) -> tuple[float, bool]:
    # sum |a_j b_j| <= 1/2: the corners of this cross-polytope are single coordinates.
    return float(np.linalg.norm(X, axis=0).max()) / 2, True


@_beta.register
def _(net: DeepReLU, X: np.ndarray) -> tuple[float, bool]:
    # |W_1|_F |W_2|_F <= 1/2, and each frozen layer stretches by at most its spectral norm.
    steep = max(1.0, abs(net.slope))
    matrices = net.matrices(np.zeros(net.size))
    h = X
    for matrix in matrices[: net.trainable[0]]:
        h = np.maximum(h @ matrix.T, net.slope * (h @ matrix.T))
    later = [m for i, m in enumerate(matrices) if i > net.trainable[0] and i not in net.trainable]
    stretch = np.prod([np.linalg.norm(m, 2) for m in later])
    return float(np.linalg.norm(h, 2) * stretch * steep ** (len(matrices) - 1 - net.trainable[0])) / 2, False


def jacobian_bound(net: Network, X: np.ndarray) -> float:
    """Bound on the spectral norm of the Jacobian of w -> H(X; w) on the unit sphere of weights."""
    X, power = unit(X)
    return float(restored(_jacobian(net, X), net.degree * power, "Jacobians"))


@singledispatch
def _jacobian(net: Network, X: np.ndarray) -> float:
    _checks.fail("net", net, "a network of this library: no bound on the gradients of others is known")


@_jacobian.register
def _(net: PoweredReLU, X: np.ndarray) -> float:
    # |L sum z_i s_i^(L-1) s'_i x_i . v| <= L steep^L |z| (sum (x_i . u)^(2L-2) (x_i . v)^2)^(1/2), and Hoelder
    return net.order * max(1.0, abs(net.slope)) ** net.order * largest_response(X, -1.0, net.order)[0]


@_jacobian.register
def _(net: TwoLayerReLU, X: np.ndarray) -> float:
    return max(1.0, abs(net.slope)) * float(np.linalg.norm(X, 2))


@_jacobian.register
def _(net: DiagonalLinear, X: np.ndarray) -> float:
    return float(np.linalg.norm(X, axis=0).max())


@_jacobian.register
def _(net: DeepReLU, X: np.ndarray) -> float:
    return 2 * constants(net, X, np.zeros(len(X))).beta  # bilinear: |J| <= S |w| where |H| <= S |w|^2 / 2


def pullback_lipschitz(net: Network, X: np.ndarray, z: np.ndarray) -> float:
    """Bound on the Lipschitz constant of w -> sum_i z_i grad H(x_i; w) for a network with Lipschitz gradient."""
    if net.order != 2 or not net.smooth:
        _checks.fail("net", net, "a network of order 2 with Lipschitz gradient")
    (X, of_X), (z, of_z) = unit(X), unit(z)
    return float(restored(_pullback_lipschitz(net, X, z), net.degree * of_X + of_z, "Lipschitz constants"))


def _pullback_lipschitz(net: Network, X: np.ndarray, z: np.ndarray) -> float:
    if isinstance(net, PoweredReLU):
        # the Hessian of a neuron is 2 sum z_i a_i x_i x_i^T with 0 <= a_i <= steep^2
        halves = [(X.T * np.maximum(sign * z, 0)) @ X for sign in (1, -1)]
        return 2 * max(1.0, net.slope**2) * float(max(np.linalg.norm(half, 2) for half in halves))
    if isinstance(net, DiagonalLinear):
        return float(np.abs(X.T @ z).max())
    return jacobian_bound(net, X) * float(np.linalg.norm(z))  # linear in w


def largest_response(X: np.ndarray, slope: float, power: int) -> tuple[float, bool]:
    """Maximum of |sigma(X u)^power| over unit u: exact for inputs in the plane or on the line, else an upper bound."""

    def response(u: np.ndarray) -> np.ndarray:
        return np.linalg.norm(np.maximum(u @ X.T, slope * (u @ X.T)) ** power, axis=-1)

    if X.shape[1] == 1:
        return float(response(np.array([[1.0], [-1.0]])).max()), True
    if X.shape[1] == 2:
        return float(response(_candidates(X, slope, 2 * power)).max()), True
    steep = max(1.0, abs(slope)) ** power
    return float(steep * np.linalg.norm(X, 2) * np.linalg.norm(X, axis=1).max() ** (power - 1)), False


def _candidates(X: np.ndarray, slope: float, degree: int) -> np.ndarray:
    """Unit vectors among which a sum of sigma(x_i . u)^degree has its maximum on the circle.

    On each arc between kinks the sum is a form of even degree m in (cos t, sin t); its critical points are
    roots of a polynomial in tan t. Candidates too many do no harm: the maximum is taken over true values.
    """
    kinks = np.arctan2(X[:, 0], -X[:, 1]) % np.pi
    edges = np.sort(np.concatenate([kinks, kinks + np.pi]))
    middles = (edges + np.append(edges[1:], edges[0] + 2 * np.pi)) / 2
    k = np.arange(degree + 1)
    binomials = np.array([comb(degree, i) for i in k])
    angles = [edges, middles]
    for u in np.unique(np.sign(np.stack([np.cos(middles), np.sin(middles)], axis=1) @ X.T), axis=0):
        weights = np.where(u > 0, max(1.0, slope), min(1.0, slope)) ** degree
        form = binomials * ((weights[:, None] * X[:, :1] ** (degree - k) * X[:, 1:] ** k).sum(axis=0))
        derivative = np.zeros(degree + 2)  # of form_k cos^(m-k) sin^k, as powers of tan
        derivative[1:] -= (degree - k) * form
        derivative[:-2] += (k * form)[1:]
        roots = np.arctan(np.real(polyroots(polytrim(derivative))))
        angles += [roots, roots + np.pi]
    angles = np.concatenate([*angles, [np.pi / 2, -np.pi / 2]])
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)
