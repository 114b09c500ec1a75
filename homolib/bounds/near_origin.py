"""The theorems near the origin as checks: their constants, their hypotheses, and every inequality with both sides.

Lemma 5.2, Theorem 5.1 and Corollary 5.4.1 of Kumar and Haupt (2024). The reports measure; the chapters prove.
"""

from __future__ import annotations

import numpy as np

from homolib import _checks
from homolib._settings import default_errors
from homolib.bounds.report import Report, Row
from homolib.correlation.limit import FrozenStart
from homolib.flows.training import training_flow
from homolib.flows.trajectory import Trajectory
from homolib.problems.constants import constants
from homolib.problems.losses import Loss, chosen
from homolib.problems.networks import Network, fitting_inputs
from homolib.problems.scales import times, unit


@default_errors
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
    run = _Comparison(net, X, y, w0, delta, loss)
    t_end, epsilon = _checks.positive("t_end", t_end), _checks.positive("epsilon", epsilon)
    path, frozen = run.train(t_end), run.frozen.path(t_end)
    gap = np.linalg.norm(_rescaled(path, delta) - frozen.w, axis=-1).max()
    growth = (path.log_norm - np.log(delta)).max()
    log_C = run.rate * float(times(t_end, run.clock))
    rows = [
        Row("delta <= C^(-1/2), compared as logarithms", np.log(delta), -log_C / 2, hypothesis=True),
        Row("ln(|w(t)| / delta) <= ln(C) / 2 for all t", growth, log_C / 2),
        Row("|w(t)/delta - u(t)| <= epsilon for all t", gap, epsilon),
    ]
    return Report("Lemma 5.2", rows, {"log_C": log_C, "growth": np.exp(growth), "gap": gap})


@default_errors
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
    return _alignment("Theorem 5.1", _Comparison(net, X, y, w0, delta, loss), epsilon, whole=True)


@default_errors
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
    return _alignment("Corollary 5.4.1", _Comparison(net, X, y, w0, delta, loss), epsilon, whole=False)


class _Comparison:
    """A unit start, its training flow from delta times it, and its frozen flow.

    Training is followed with inputs of size one, in the same weights: the outputs and the labels have another unit, and
    time goes 2**clock times as fast.
    """

    def __init__(self, net: Network, X: np.ndarray, y: np.ndarray, w0: np.ndarray, delta: float, loss: Loss | None):
        self.net, self.loss, self.delta = net, chosen(loss), _checks.positive("delta", delta)
        X = fitting_inputs(net, X)
        y = _checks.matching("y", y, X)
        self.frozen = FrozenStart(net, X, self.loss.initial_residual(y), w0, "w0")
        self.X, power = unit(X)
        self.y, self.clock = self.loss.in_units(y, net.degree * power)
        self.rate = constants(net, self.X, self.y, self.loss).rate

    def train(self, t_end: float) -> Trajectory:
        """The training flow up to `t_end`, in its own time."""
        start, t_end = self.frozen.start, times(t_end, self.clock)
        return training_flow(self.net, self.X, self.y, start, t_end, self.loss, self.delta, tolerance=1e-11)


def _alignment(name: str, run: _Comparison, epsilon: float, whole: bool) -> Report:
    limit = run.frozen.limit(epsilon, whole)
    eta, T, vanishes = limit.eta, limit.T, limit.vanishes
    trained, frozen = run.train(T), run.frozen.path(T)
    gap = float(np.linalg.norm(_rescaled(trained, run.delta)[-1] - frozen.w[-1]))
    directions, logs = run.frozen.parts(trained.direction, trained.log_norm - np.log(run.delta), whole)
    cosine, norm = (directions[-1] * limit.direction).sum(axis=-1), np.exp(logs[-1])
    log_C, worst = run.rate * float(times(T, run.clock)), 1 - (1 + 1.5 / eta) * epsilon
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
    values |= {"direction": limit.direction, "value": limit.value, "outcome": outcome}
    if whole:
        values |= {key: values[key][0] for key in ("norm", "cosine", "direction", "value")}
        values["outcome"] = str(outcome[0])
    return Report(name, rows, values)


def _rescaled(path: Trajectory, delta: float) -> np.ndarray:
    """w / delta, formed without ever writing down a tiny number."""
    return np.exp(path.log_norm - np.log(delta))[..., None] * path.direction
