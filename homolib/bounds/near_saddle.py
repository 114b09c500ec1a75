"""Section 5.2 as checks: Assumption 3, Lemma 5.6, Lemma D.1 and Theorem 5.5, with both sides and their constants.

The constants are those of the proof of Lemma D.1 of Kumar and Haupt (2024), with the factor two that it loses:
Z = |w_n - w_n*|^2 + |w_z|^2 obeys Z' <= 2 M2 Z, so Z <= 2 C delta^2 holds up to ln C / (2 M2), not ln C / M2.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from homolib import _checks
from homolib._settings import default_errors
from homolib.bounds.report import Report, Row
from homolib.clarke.subdifferential import clarke_subdifferential
from homolib.correlation.limit import flow_limit
from homolib.correlation.ncf import ncf_flow
from homolib.flows.training import training_flow
from homolib.flows.trajectory import polar
from homolib.problems.constants import constants, jacobian_bound, pullback_lipschitz
from homolib.problems.networks import Network, TwoLayerReLU, fitting
from homolib.problems.scales import finite_times, restored, times
from homolib.saddles.escapes import STATIONARY
from homolib.saddles.saddle import Saddle, checked, unit_saddle

RESOLUTION = 1e-11  # displacements of the active weights below this, relative to them, are lost in the tolerance


@default_errors
def lemma_5_6(saddle: Saddle) -> Report:
    """Lemma 5.6: zero lies in the Clarke subdifferential of w_n -> L(w_n, 0) at the saddle.

    Freezing the residual changes no gradient, so the set is minus that of the correlation with the residual,
    and for neurons that share no weights it is the product of the sets of the active and the dormant ones.
    """
    small, outputs, weights = unit_saddle(saddle)
    gradient = 0.0
    if not small.dormant.all():
        gradient = float(np.linalg.norm(clarke_subdifferential(*_active_only(small), small.residual).min_norm()))
    # the size of the terms whose sum is zero, before they cancel
    terms = np.linalg.norm(small.y) + np.linalg.norm(small.net.outputs(small.X, small.w))
    size = jacobian_bound(small.net, small.X) * np.linalg.norm(small.w) ** (small.net.order - 1) * terms
    sides = finite_times(np.array([gradient, STATIONARY * size]), 2 * outputs - weights, "gradients", "saddle")
    return Report("Lemma 5.6", [Row("distance of 0 from dL(w_n, 0) <= rounding", *sides.tolist())])


@default_errors
def kappa(saddle: Saddle, w_n: np.ndarray) -> np.ndarray:
    """Smallest kappa with which inequality (15) holds at points near the saddle: <w - w_n, s> / |w - w_n|^2.

    Here s is the velocity of the active weights with the dormant ones at zero, so kappa is the rate of moving away.

    Parameters
    ----------
    saddle : Saddle
    w_n : (..., size) array
        Points other than the saddle, zero on the dormant neurons. At a kink the inactive side is taken.

    Returns
    -------
    (...) array

    Raises
    ------
    ValueError
        If a point is the saddle itself, or a dormant neuron is not zero there.
    """
    net, (_, w_n) = checked(saddle).net, fitting(saddle.net, saddle.X, w_n, "w_n")
    if saddle.split(w_n)[1].any():
        _checks.fail("w_n", "weights on dormant neurons", "points at which the dormant neurons are zero")
    small, outputs, weights = unit_saddle(saddle)
    w_n = times(w_n, -weights)
    away, log_distance = polar(_checks.nonzero("w_n", w_n - small.w, "points other than the saddle"))
    velocity = net.pullback(small.X, w_n, small.y - net.outputs(small.X, w_n))
    found = (away * velocity).sum(axis=-1) / np.exp(log_distance)
    return finite_times(found, 2 * (outputs - weights), "kappa", "w_n")


@default_errors
def assumption_3(saddle: Saddle, gamma: float, bound: float, samples: int = 4000, seed: int = 0) -> Report:
    """Assumption 3 at a point: it is critical, some neurons are dormant, and (15) holds with kappa = `bound`.

    Inequality (15) is tested at random points of six spheres around the saddle, of radius gamma to 1e-5 gamma. A
    failure refutes the assumption; that none is found is evidence, not a proof. Where (15) fails for all kappa, the
    largest kappa of a sphere grows as its radius shrinks: see `values["kappa"]`, radius by radius.

    Parameters
    ----------
    saddle : Saddle
    gamma, bound : float
        Radius of the neighbourhood, and kappa.
    samples : int
        Points a sphere.
    seed : int
        Of the random directions.

    Returns
    -------
    Report
    """
    gamma, bound = _checks.positive("gamma", gamma), _checks.nonnegative("bound", bound)
    samples, rng = _checks.count("samples", samples), np.random.default_rng(_checks.seed(seed))
    directions = rng.standard_normal((samples, checked(saddle).net.size))
    directions = saddle.split(directions)[0]
    directions /= np.linalg.norm(_checks.nonzero("saddle", directions, "an active neuron"), axis=-1, keepdims=True)
    radii = gamma * 10.0 ** -np.arange(6)
    found = np.array([kappa(saddle, saddle.w + radius * directions).max() for radius in radii])
    rows = lemma_5_6(saddle).rows + [
        Row(f"largest kappa needed at radius {radius:.3g} <= kappa", float(one), bound)
        for radius, one in zip(radii, found, strict=True)
    ]
    return Report("Assumption 3", rows, {"radius": radii, "kappa": found})


@dataclass(frozen=True)
class SaddleConstants:
    """Constants of the proof of Lemma D.1 on the ball of radius min(1, gamma) around the active weights.

    Attributes
    ----------
    beta : float
        Largest |H(X; u)| on the unit sphere.
    mu1, mu3 : float
        Lipschitz constant of w_n -> H_n(X; w_n), and bound on its Jacobian; here they are the same number.
    mu2 : float or None
        Lipschitz constant of w_n -> sum_i r_i grad H_n(x_i; w_n), r the residual; None if there is none.
    M1, M2 : float
        M1 bounds the error |H - y|; Z' <= 2 M2 Z.
    gamma, kappa : float
        Those of inequality (15); a network with Lipschitz gradient needs none, and has gamma 1.
    """

    beta: float
    mu1: float
    mu2: float | None
    mu3: float
    M1: float
    M2: float
    gamma: float = 1.0
    kappa: float | None = None


@default_errors
def saddle_constants(saddle: Saddle, gamma: float = 1.0, kappa: float | None = None) -> SaddleConstants:
    """Constants of Lemma D.1 and Theorem 5.5 at a saddle; all but `beta` are proved upper bounds, not suprema.

    Parameters
    ----------
    saddle : Saddle
    gamma, kappa : float
        Those of inequality (15), for a network whose gradient is not Lipschitz; `kappa` is then required.

    Raises
    ------
    ValueError
        If `kappa` is missing, or the network is not of order two.
    """
    small, power, _ = unit_saddle(saddle, weights=False)
    kappa = None if kappa is None else times(_checks.nonnegative("kappa", kappa), -2 * power)
    return _at_scale(_constants(small, gamma, kappa), power)


def _at_scale(M: SaddleConstants, power: int) -> SaddleConstants:
    """The constants where outputs are 2**power times as large: each is a bound on outputs, or on rates."""
    outputs = {name: float(restored(getattr(M, name), power, name)) for name in ("beta", "mu1", "mu3", "M1")}
    rates = {name: value for name in ("mu2", "M2", "kappa") if (value := getattr(M, name)) is not None}
    return replace(M, **outputs, **{name: float(restored(value, 2 * power, name)) for name, value in rates.items()})


def _constants(saddle: Saddle, gamma: float, kappa: float | None) -> SaddleConstants:
    net, X, r = checked(saddle).net, saddle.X, saddle.residual
    if net.order != 2:
        _checks.fail("saddle", f"a network of order {net.order}", "a network of order 2")
    gamma = _checks.positive("gamma", gamma)
    beta = constants(net, X, saddle.y).beta
    mu = jacobian_bound(net, X) * (float(np.linalg.norm(saddle.w)) + min(1.0, gamma))
    M1 = float(np.linalg.norm(r)) + mu + beta
    if net.smooth:
        mu2 = pullback_lipschitz(net, X, r)
        return SaddleConstants(beta, mu, mu2, mu, M1, max(mu2 + mu * mu, beta * (2 * M1 + mu)), gamma)
    if kappa is None:
        _checks.fail("kappa", "nothing", "the kappa of inequality (15): the gradient is not Lipschitz")
    kappa = _checks.nonnegative("kappa", kappa)
    M2 = max(kappa, beta * (2 * M1 + mu))  # the paper has sqrt(n) mu: the Lipschitz constant of H makes it superfluous
    return SaddleConstants(beta, mu, None, mu, M1, M2, gamma, kappa)


@default_errors
def lemma_d_1(
    saddle: Saddle,
    zeta_z: np.ndarray,
    zeta_n: np.ndarray,
    delta: float,
    C: float,
    gamma: float = 1.0,
    kappa: float | None = None,
    clock: float = 2.0,
) -> Report:
    """Lemma D.1: up to T = ln C / (2 M2) the weights stay near the saddle, and w_z / delta follows the flow u.

    Parameters
    ----------
    saddle : Saddle
    zeta_z, zeta_n : (size,) arrays
        Unit vectors on the dormant and on the active neurons: the start is the saddle + delta (zeta_n + zeta_z).
    delta : float
    C : float
        Above 1.
    gamma, kappa : float
        As for `saddle_constants`.
    clock : float
        T = ln C / (clock M2). With 1, as in the paper, the first claim can fail.

    Returns
    -------
    Report
        The second claim, for networks with Lipschitz gradient, is our explicit form of (58):
        |w_z / delta - u| <= Lambda sqrt(2C) xi (exp(mu2 T) - 1) / mu2 with the bound xi on the drift of the residual,
        which is of order delta, not delta^2 as near the origin.

    Raises
    ------
    ValueError
        If an argument does not fit.
    """
    C = _checks.positive("C", C)
    if C <= 1:
        _checks.fail("C", C, "a number above 1")
    natural = saddle_constants(saddle, gamma, kappa)
    saddle, power, _ = unit_saddle(saddle, weights=False)
    M = _at_scale(natural, -power)
    T = np.log(C) / (_checks.positive("clock", clock) * M.M2)
    near = _NearSaddle(saddle, zeta_z, zeta_n, delta, T)
    rows = [_small_enough(M, delta, np.log(C)), near.stays(np.log(C))]
    if M.mu2 is not None:
        xi = M.mu1 * np.sqrt(2 * C) * delta + 2 * M.beta * C * delta**2
        growth = np.expm1(M.mu2 * T) / M.mu2 if M.mu2 > 0 else T
        right = jacobian_bound(saddle.net, saddle.X) * np.sqrt(2 * C) * xi * growth
        rows.append(Row("max |w_z(t)/delta - u(t)| <= bound of order delta", near.gap, right))
    T = float(restored(T, -2 * power, "T", "saddle"))
    values = {"T": T, "constants": natural, "Z": np.exp(near.log_Z) * delta**2, "gap": near.gap}
    return Report("Lemma D.1", rows, values)


@default_errors
def theorem_5_5(
    saddle: Saddle,
    zeta_z: np.ndarray,
    zeta_n: np.ndarray,
    delta: float,
    epsilon: float,
    gamma: float = 1.0,
    kappa: float | None = None,
) -> Report:
    """Theorem 5.5: near a saddle the dormant weights align with a KKT point for the residual, or vanish.

    T is the first time after which the frozen flow stays within epsilon of its limit, as in `theorem_5_1`, and fixes
    C by T = ln C / (2 M2). That makes C huge and the hypothesis on delta strict; the claims hold far beyond it.

    Parameters
    ----------
    saddle, zeta_z, zeta_n, delta, gamma, kappa
        As for `lemma_d_1`.
    epsilon : float
        Between 0 and eta.

    Returns
    -------
    Report
        `values` has T, log_C, eta, the `constants`, the limit `direction`, its `value` N, and `outcome`: "aligns" or
        "vanishes". Displacements of w_n below `RESOLUTION` are taken as zero.

    Raises
    ------
    ValueError
        If an argument does not fit, or the frozen flow does not settle.
    """
    natural = saddle_constants(saddle, gamma, kappa)
    saddle, power, _ = unit_saddle(saddle, weights=False)
    M, zeta_z = _at_scale(natural, -power), saddle.seed("zeta_z", zeta_z)
    target = flow_limit(saddle.net, saddle.X, saddle.residual, zeta_z, epsilon)
    log_C = 2 * M.M2 * target.T
    near = _NearSaddle(saddle, zeta_z, zeta_n, delta, target.T)
    rows = [
        _small_enough(M, delta, log_C),
        Row("|w_z(T)/delta - u(T)| <= epsilon, eq. (58)", near.gap_at_end, epsilon, hypothesis=True),
        near.stays(log_C),
    ]
    w_z = near.w_z[-1]
    norm = float(np.linalg.norm(w_z))
    if target.vanishes:
        rows.append(Row("|w_z(T)| / delta <= 2 epsilon", norm, 2 * epsilon))
    else:
        worst = 1 - (1 + 1.5 / target.eta) * epsilon
        rows.append(Row("eta <= |w_z(T)| / delta", target.eta, norm))
        rows.append(Row("1 - (1 + 3/(2 eta)) epsilon <= cosine", worst, float(w_z @ target.direction) / norm))
    T, value = (
        float(restored(v, p, "T and N", "saddle")) for v, p in ((target.T, -2 * power), (target.value, 2 * power))
    )
    values = {"T": T, "log_C": log_C, "eta": target.eta, "constants": natural, "norm": norm}
    values |= {"direction": target.direction, "value": value}
    values["outcome"] = "vanishes" if target.vanishes else "aligns"
    return Report("Theorem 5.5", rows, values)


class _NearSaddle:
    """A run from near a saddle beside the frozen flow of its dormant weights, both in units of delta."""

    def __init__(self, saddle: Saddle, zeta_z: np.ndarray, zeta_n: np.ndarray, delta: float, T: float):
        w0 = saddle.start(delta, zeta_z, zeta_n)
        path = training_flow(saddle.net, saddle.X, saddle.y, w0, T, tolerance=1e-12)
        frozen = ncf_flow(saddle.net, saddle.X, saddle.residual, zeta_z, T)
        self.w_z = np.exp(path.log_norm - np.log(delta))[:, None] * saddle.split(path.direction)[1]
        gaps = np.linalg.norm(self.w_z - frozen.w, axis=-1)
        self.gap, self.gap_at_end = float(gaps.max()), float(gaps[-1])
        moved = np.linalg.norm(saddle.split(path.w)[0] - saddle.w, axis=-1)
        moved[moved <= RESOLUTION * np.linalg.norm(saddle.w)] = 0
        Z = (moved / delta) ** 2 + (self.w_z**2).sum(axis=-1)
        self.log_Z = float(np.log(Z.max()))

    def stays(self, log_C: float) -> Row:
        return Row("max ln(Z(t) / (2 delta^2)) <= ln C, eq. (56)", self.log_Z - np.log(2), log_C)


def _small_enough(M: SaddleConstants, delta: float, log_C: float) -> Row:
    right = min(0.0, 2 * np.log(M.gamma)) - log_C
    return Row("ln(2 delta^2) <= ln min(1, gamma^2) - ln C", np.log(2) + 2 * np.log(delta), right, hypothesis=True)


def _active_only(saddle: Saddle) -> tuple[Network, np.ndarray, np.ndarray]:
    """Network, inputs and weights without the dormant neurons, which lie on every kink of a ReLU network at once."""
    net = saddle.net
    if not isinstance(net, TwoLayerReLU):
        return net, saddle.X, saddle.w
    kept = net.neurons(saddle.w)[~saddle.dormant]
    return TwoLayerReLU(len(kept), net.inputs, net.slope), saddle.X, kept.ravel()
