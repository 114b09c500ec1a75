"""The theorems near the origin as checks: their constants, their hypotheses, and every inequality with both sides.

Lemma 5.2, Theorem 5.1 and Corollary 5.4.1 of Kumar and Haupt (2024). The reports measure; the chapters prove.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from homolib import _checks
from homolib.bounds.report import ROUNDING, Report, Row
from homolib.correlation.flow import ncf_flow
from homolib.flows.smooth import Trajectory, training_flow
from homolib.problems.constants import Constants, constants
from homolib.problems.losses import Loss, chosen
from homolib.problems.networks import Network, fitting_inputs

__all__ = [
    "Constants",
    "Report",
    "Row",
    "Target",
    "aim",
    "constants",
    "corollary_5_4_1",
    "lemma_5_2",
    "settled_flow",
    "theorem_5_1",
]

SETTLED = 1e-9  # rate at which a direction may still turn, relative to the growth rate, and count as converged


def lemma_5_2(
    net: Network,
    X: np.ndarray,
    y: np.ndarray,
    w0: np.ndarray,
    delta: float,
    t_end: float,
    epsilon: float,
    loss: Loss | None = None,
) -> Report:
    """Lemma 5.2: up to t_end = ln C / (4 beta beta_tilde) the weights stay small and w / delta follows u.

    Parameters
    ----------
    net, X, y, w0, loss
        As for `training_flow`; `w0` is one start, scaled to unit norm by the caller.
    delta : float
        Scale of the start.
    t_end : float
        The time up to which is checked; it fixes C.
    epsilon : float
        The distance that w / delta may have from the frozen flow u.

    Returns
    -------
    Report
        `values` has C (as its logarithm), the largest |w| / delta, and the largest distance.

    Raises
    ------
    ValueError
        If an argument does not fit, or `w0` has not norm one.
    """
    run = _Run(net, X, y, w0, delta, loss)
    epsilon = _checks.positive("epsilon", epsilon)
    path, frozen = run.train(t_end), run.frozen(t_end)
    gap = np.linalg.norm(_rescaled(path, delta) - frozen.w, axis=-1).max()
    growth = (path.log_norm - np.log(delta)).max()
    log_C = run.constants.rate * t_end
    rows = [
        Row("delta <= C^(-1/2), compared as logarithms", np.log(delta), -log_C / 2, hypothesis=True),
        Row("ln(|w(t)| / delta) <= ln(C) / 2 for all t", growth, log_C / 2),
        Row("|w(t)/delta - u(t)| <= epsilon for all t", gap, epsilon),
    ]
    return Report("Lemma 5.2", rows, {"log_C": log_C, "growth": np.exp(growth), "gap": gap})


def theorem_5_1(
    net: Network,
    X: np.ndarray,
    y: np.ndarray,
    w0: np.ndarray,
    delta: float,
    epsilon: float,
    loss: Loss | None = None,
) -> Report:
    """Theorem 5.1 with all its constants: at time T all weights together point to a KKT point, or are tiny.

    T is the first time after which the frozen flow stays within epsilon of its limit (in cosine, or in norm if
    it tends to zero); eta is half its smallest norm. The hypothesis on delta is inequality (46) of the paper.

    Parameters
    ----------
    net, X, y, w0, delta, loss
        As for `lemma_5_2`.
    epsilon : float
        Between 0 and eta.

    Returns
    -------
    Report
        `values` has T, log_C, eta, the limit `direction`, its `value` N, and `outcome`: "aligns" or "vanishes".
        The cosine bound is positive only if epsilon < 1 / (1 + 3 / (2 eta)); once it is -1 or less it
        says nothing: `values["vacuous"]`.

    Raises
    ------
    ValueError
        If an argument does not fit, or the frozen flow has not settled in any time that was tried.
    """
    return _alignment("Theorem 5.1", _Run(net, X, y, w0, delta, loss), epsilon, whole=True)


def corollary_5_4_1(
    net: Network,
    X: np.ndarray,
    y: np.ndarray,
    w0: np.ndarray,
    delta: float,
    epsilon: float,
    loss: Loss | None = None,
) -> Report:
    """Corollary 5.4.1: the same neuron by neuron, at one time T for all of them.

    Arguments, result and errors as for `theorem_5_1`; `direction`, `value` and `outcome` have one entry a neuron.
    """
    return _alignment("Corollary 5.4.1", _Run(net, X, y, w0, delta, loss), epsilon, whole=False)


@dataclass(frozen=True)
class Target:
    """Where the neural correlation flow goes from a start: what Theorems 5.1 and 5.5 promise to follow.

    Attributes
    ----------
    direction : array
        The limit, of norm one.
    value : float
        N there.
    vanishes : bool
        Whether the flow goes to zero.
    eta, T : float
        Half the smallest norm (at most one), and the time after which the flow is within epsilon of its limit.
    """

    direction: np.ndarray
    value: float
    vanishes: bool
    eta: float
    T: float


def aim(net: Network, X: np.ndarray, z: np.ndarray, u0: np.ndarray, epsilon: float) -> Target:
    """Limit, eta and T of the neural correlation flow of `z` from the unit vector `u0` (proof of Theorem 5.1)."""
    limit, value, vanishes, eta, T = _aim(_frozen(net, X, z, u0), epsilon, whole=True)
    return Target(limit[0], float(value[0]), bool(vanishes[0]), eta, T)


def settled_flow(net: Network, X: np.ndarray, z: np.ndarray, u0: np.ndarray) -> Trajectory:
    """Neural correlation flow of `z` from the unit vector `u0` up to a time by which its direction has settled.

    Raises
    ------
    ValueError
        If it has not settled in any time that was tried.
    """
    return _frozen(net, X, z, u0).settle(epsilon=1.0, whole=True)[0]


class _Run:
    """A start, its training flow and its frozen flow."""

    def __init__(self, net: Network, X: np.ndarray, y: np.ndarray, w0: np.ndarray, delta: float, loss: Loss | None):
        self.net, self.loss, self.delta = net, chosen(loss), _checks.positive("delta", delta)
        self.X = fitting_inputs(net, X)
        if net.order != 2:
            _checks.fail("net", f"a network of order {net.order}", "a network of order 2")
        self.y, self.w0 = _checks.matching("y", y, self.X), _unit_start("w0", w0, net)
        self.constants = constants(net, self.X, self.y, self.loss)
        self.z = self.loss.initial_residual(self.y)

    def train(self, t_end: float) -> Trajectory:
        return training_flow(self.net, self.X, self.y, self.w0, t_end, self.loss, self.delta, tolerance=1e-11)

    def frozen(self, t_end: float) -> Trajectory:
        return ncf_flow(self.net, self.X, self.z, self.w0, t_end)

    def parts(self, direction: np.ndarray, log_norm: np.ndarray, whole: bool) -> tuple[np.ndarray, np.ndarray]:
        """Directions (m, parts, .) and log-norms (m, parts) of the whole vector, or of each neuron."""
        vectors = direction[..., None, :] if whole else self.net.neurons(direction)
        length = np.linalg.norm(vectors, axis=-1)
        with np.errstate(divide="ignore"):
            logs = np.log(length) + log_norm[..., None]
        return vectors / np.where(length == 0, 1, length)[..., None], logs

    def correlation(self, limit: np.ndarray, whole: bool) -> np.ndarray:
        """N at each unit vector of `limit`, half of <s, u> for any s in dN(u) (Lemma C.2)."""
        w = limit[0] if whole else self.net.join(limit)
        pull = self.net.pullback(self.X, w, self.z)
        return (limit * (pull[None] if whole else self.net.neurons(pull))).sum(axis=-1) / 2

    def settle(self, epsilon: float, whole: bool) -> tuple[Trajectory, np.ndarray, np.ndarray]:
        """Frozen flow up to a time by which every direction has settled; the limits, and their values N.

        Where N < 0 the part tends to zero, and the path goes on until its norm is at most epsilon.
        """
        horizon = 8 / self.constants.rate if self.constants.rate > 0 else 1.0  # data of zeros move nothing
        for _ in range(24):
            path = self.frozen(horizon)
            directions, logs = self.parts(path.direction, path.log_norm, whole)
            back, limit = np.searchsorted(path.t, 0.75 * horizon), directions[-1]
            value = self.correlation(limit, whole)
            large = (value < 0) & (logs[-1] > np.log(epsilon))
            if np.linalg.norm(limit - directions[back], axis=-1).max() < SETTLED and not large.any():
                return path, limit, value
            horizon *= 2
        return _checks.fail("w0", f"a start whose flow has not settled at t = {horizon / 2:g}", "one that settles")


def _unit_start(name: str, w0: np.ndarray, net: Network) -> np.ndarray:
    w0 = _checks.array(name, w0, (net.size,), f"shape ({net.size},), one start")
    if abs(np.linalg.norm(w0) - 1) > 1e-9:
        _checks.fail(name, f"norm {np.linalg.norm(w0):.6g}", "norm 1: delta carries the scale")
    return w0


def _frozen(net: Network, X: np.ndarray, z: np.ndarray, u0: np.ndarray) -> _Run:
    """The run whose frozen flow is that of `z` from `u0`: near the origin the square loss has the labels for z."""
    z, u0 = _checks.matching("z", z, fitting_inputs(net, X)), _unit_start("u0", u0, net)
    return _Run(net, X, z, u0, 1.0, None)


def _alignment(name: str, run: _Run, epsilon: float, whole: bool) -> Report:
    limit, value, vanishes, eta, T = _aim(run, epsilon, whole)
    trained, frozen = run.train(T), run.frozen(T)
    gap = float(np.linalg.norm(_rescaled(trained, run.delta)[-1] - frozen.w[-1]))
    directions, logs = run.parts(trained.direction, trained.log_norm - np.log(run.delta), whole)
    cosine, norm = (directions[-1] * limit).sum(axis=-1), np.exp(logs[-1])
    log_C, worst = run.constants.rate * T, 1 - (1 + 1.5 / eta) * epsilon
    rows = [
        Row("ln delta <= -ln(C) / 2", np.log(run.delta), -log_C / 2, hypothesis=True),
        Row("|w(T)/delta - u(T)| <= epsilon, eq. (46)", gap, epsilon, hypothesis=True),
        Row("max ln(|w(t)| / delta) <= ln(C) / 2", (trained.log_norm - np.log(run.delta)).max(), log_C / 2),
    ]
    if not vanishes.all():
        rows += [
            Row("eta <= |w(T)| / delta", eta, norm[~vanishes].min()),
            Row("1 - (1 + 3/(2 eta)) epsilon <= cosine", worst, cosine[~vanishes].min()),
        ]
    if vanishes.any():
        rows.append(Row("|w(T)| / delta <= 2 epsilon", norm[vanishes].max(), 2 * epsilon))
    outcome = np.where(vanishes, "vanishes", "aligns")
    values = {"T": T, "log_C": log_C, "eta": eta, "norm": norm, "cosine": cosine, "vacuous": worst <= -1}
    values |= {"direction": limit, "value": value, "outcome": outcome}
    if whole:
        values |= {key: values[key][0] for key in ("norm", "cosine", "direction", "value")}
        values["outcome"] = str(outcome[0])
    return Report(name, rows, values)


def _aim(run: _Run, epsilon: float, whole: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray, float, float]:
    """What the frozen flow fixes: limits (parts, .), their N, which parts vanish, eta, and the time T."""
    epsilon = _checks.positive("epsilon", epsilon)
    settled, limit, value = run.settle(epsilon, whole)
    _, logs = run.parts(settled.direction, settled.log_norm, whole)
    vanishes = (value < -ROUNDING * run.constants.beta * np.linalg.norm(run.z)) | ~limit.any(axis=-1)
    eta = 1.0 if vanishes.all() else min(1.0, float(np.exp(logs[:, ~vanishes].min())) / 2)
    if epsilon >= eta:
        _checks.fail("epsilon", epsilon, f"a number below eta = {eta:.6g}")
    T = _settling_time(run, settled, limit, vanishes, epsilon, whole)
    return limit, value, vanishes, eta, T


def _settling_time(
    run: _Run, path: Trajectory, limit: np.ndarray, vanishes: np.ndarray, epsilon: float, whole: bool
) -> float:
    """First time after which every part stays within epsilon of its limit: last failure on a grid, then bisection."""

    def near(t: np.ndarray) -> np.ndarray:
        directions, logs = run.parts(*path.interpolate(t), whole)
        aligned = (directions * limit).sum(axis=-1) >= 1 - epsilon
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


def _rescaled(path: Trajectory, delta: float) -> np.ndarray:
    """w / delta, formed without ever writing down a tiny number."""
    return np.exp(path.log_norm - np.log(delta))[..., None] * path.direction
