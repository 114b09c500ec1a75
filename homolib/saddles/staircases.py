"""Staircases: the whole sequence of saddles that a flow from a vanishing start visits, and when it jumps.

Time is counted in units of ln(1/delta), in which plateaus keep their length as delta goes to zero and jumps take none.
One law gives all jump times: a dormant neuron's log-norm grows at the rate 2 N for the residual of the present
plateau, and it wakes when these rates, added up over all plateaus since the start, have used up ln(1/delta).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from homolib import _checks
from homolib.correlation.limit import settled_flow
from homolib.flows.trajectory import Trajectory, polar
from homolib.problems.losses import SquareLoss, square
from homolib.problems.networks import Network, TwoLayerReLU, fitting, fitting_inputs
from homolib.saddles.saddle import Saddle, first_crossing, next_saddle

TIE = 1e-9  # times and rates closer than this, relative, count as equal


@dataclass(frozen=True)
class Tie:
    """Where the limit process alone does not say what happens, and what settles it.

    Attributes
    ----------
    time : float
        In units of ln(1/delta).
    units : tuple of int
        The coordinates or neurons concerned.
    kind : str
        "simultaneous": they wake at the same time. "non-unique": the plateau's loss has more than one minimiser; the
        one given is that of the flow as delta -> 0, found by the entropy (`hl.tie_break`).
    """

    time: float
    units: tuple[int, ...]
    kind: str


@dataclass(frozen=True, eq=False)
class Staircase:
    """A sequence of saddles; plateau k lies between `times[k - 1]` and `times[k]`, the zeroth begins at time 0.

    Attributes
    ----------
    times : (jumps,) array
        Times of the jumps in units of ln(1/delta).
    losses : (jumps + 1,) array
        Loss on each plateau, the first at the origin.
    points : (jumps + 1, p) array
        The plateaus themselves: predictors beta for a diagonal network, outputs for orthogonal data, weights
        in general.
    woken : list of tuple of int
        At each jump the coordinates or neurons that begin to grow.
    asleep : list of tuple of int
        At each jump those that go back to zero.
    ties : list of Tie
        Empty in general position.
    """

    times: np.ndarray
    losses: np.ndarray
    points: np.ndarray
    woken: list[tuple[int, ...]]
    asleep: list[tuple[int, ...]] = field(default_factory=list)
    ties: list[Tie] = field(default_factory=list)

    def loss_at(self, t: np.ndarray) -> np.ndarray:
        """Loss of the limit at times `t` >= 0, in units of ln(1/delta): a step function."""
        t = _checks.array("t", t, (...,), "times")
        if (t < 0).any():
            _checks.fail("t", f"{t.min():g}", "times from 0 on")
        return self.losses[np.searchsorted(self.times, t, side="right")]


def jump_times(net: Network, X: np.ndarray, y: np.ndarray, path: Trajectory, staircase: Staircase) -> np.ndarray:
    """Measured times of the jumps on a path: where its loss falls through the middle between two plateaus.

    Parameters
    ----------
    net, X, y
        Those of the path.
    path : Trajectory
        Of the summed or mean square loss, as the staircase.
    staircase : Staircase

    Returns
    -------
    (jumps,) array
        In the time of the path. Divided by ln(1/delta) they tend to `staircase.times` like 1 / ln(1/delta).
    """
    X = fitting_inputs(net, X)
    y = _checks.matching("y", y, X)
    _checks.instance("staircase", staircase, Staircase, "a Staircase")
    if not len(staircase.times):
        return np.zeros(0)
    if not y.any():
        _checks.fail("y", "zeros", "the labels of the staircase, which has jumps")
    scale = staircase.losses[0] / SquareLoss().value(np.zeros(len(y)), y)

    def below(level: float):
        def gap(direction: np.ndarray, log_norm: np.ndarray) -> np.ndarray:
            h = net.outputs(X, np.exp(log_norm)[:, None] * direction)
            return level - scale * SquareLoss().value(h, y)

        return gap

    middles = (staircase.losses[:-1] + staircase.losses[1:]) / 2
    return np.array([first_crossing(path, below(level)) for level in middles])


def saddle_sequence(net: Network, X: np.ndarray, y: np.ndarray, w0: np.ndarray) -> Staircase:
    """Saddles and jump times of a network with Lipschitz gradient from delta * w0, delta -> 0, by the additive law.

    On each plateau every dormant neuron follows the neural correlation flow of the residual to its end, and the first
    to use up its ln(1/delta) jumps, with all that wake at the same time, to the next critical point (`next_saddle`).
    This greedy process (Kunin et al. 2025) is a theorem for some networks only: it takes a neuron that rests on an
    unstable KKT point to stay there, and an active one never to die. For diagonal networks use `diagonal_staircase`.

    Parameters
    ----------
    net : Network
        Smooth and of order two.
    X : (n, d) array
    y : (n,) array
    w0 : (size,) array
        Start; only the directions of its neurons, and for those that jump together their lengths, matter.

    Returns
    -------
    Staircase
        For the summed square loss; `points` are weights. Neurons that jump together in one direction are no tie;
        in different directions they are, and how they share the jump depends on the lengths in `w0`.

    Raises
    ------
    ValueError
        If the network is not smooth, or a flow does not settle or come to rest.
    """
    X, w0 = fitting(net, X, w0, "w0")
    if not net.smooth or net.order != 2:
        _checks.fail("net", repr(net), "a network of order 2 with Lipschitz gradient")
    neurons = net.neurons(w0).copy()  # a view otherwise, and directions are written into it below
    saddle = Saddle(net, X, y, np.zeros(net.size))
    used = np.where(neurons.any(axis=-1), 0.0, -np.inf)  # what each neuron has used up of its ln(1/delta)
    offset = np.zeros(len(neurons))  # and the part of its log-norm that does not grow with ln(1/delta)
    now, times, woken, saddles, ties = 0.0, [], [], [saddle], []
    directions = neurons
    while True:
        candidates = np.flatnonzero(saddle.dormant & np.isfinite(used))
        rates = np.zeros(len(neurons))
        for k in candidates:
            directions[k], rates[k], shift = _settled(saddle, directions, k)
            offset[k] += shift
        growing = candidates[rates[candidates] > TIE * rates.max(initial=1.0)]
        if not growing.size:
            break
        waits = (1 - used[growing]) / rates[growing]
        used[candidates] += rates[candidates] * waits.min()
        now += waits.min()
        group = growing[waits <= waits.min() + TIE * now]
        if not np.allclose(directions[group], directions[group[0]], atol=1e-5):
            ties.append(Tie(now, tuple(int(k) for k in group), "simultaneous"))
        seed = np.zeros_like(neurons)
        seed[group] = np.exp(offset[group] - offset[group].max())[:, None] * directions[group]
        saddle = next_saddle(saddle, net.join(seed) / np.linalg.norm(seed))
        times.append(now)
        woken.append(tuple(int(k) for k in group))
        saddles.append(saddle)
    losses, points = [one.loss for one in saddles], [one.w for one in saddles]
    return Staircase(np.array(times), np.array(losses), np.array(points), woken, [()] * len(times), ties)


def _settled(saddle: Saddle, directions: np.ndarray, k: int) -> tuple[np.ndarray, float, float]:
    """Limit direction of one dormant neuron, its rate 2 N, and what its log-norm gains beside rate * t."""
    alone = np.zeros_like(directions)
    alone[k], log_length = polar(directions[k])
    path = settled_flow(saddle.net, saddle.X, saddle.residual, saddle.net.join(alone))
    rate = 2 * float(saddle.correlation(path.direction[-1]))
    shift = float(path.log_norm[-1] - rate * path.t[-1] + log_length)
    return saddle.net.neurons(path.direction[-1])[k], rate, shift


def orthogonal_staircase(X: np.ndarray, y: np.ndarray, w0: np.ndarray, loss: SquareLoss | None = None) -> Staircase:
    """Plateaus and jump times of a two-layer ReLU network on orthogonal inputs, from delta * w0, delta -> 0.

    A neuron with v > 0 (v < 0) is only ever moved along the inputs A with positive (negative) labels that activate
    it at the start, and keeps them; the others it drops at once or never sees. Its rate is |sum_A r_i x_i| for the
    residual r, and when it wakes it fits the labels of A. With neurons enough that some A has all positive labels, and
    some all negative ones, these are the two jumps at 1/|D+| and 1/|D-| of Boursier, Pillaud-Vivien and
    Flammarion (2022), where D+ and D- are the sums of y_i x_i over the positive and the negative labels.

    Parameters
    ----------
    X : (n, d) array
        Orthogonal inputs.
    y : (n,) array
    w0 : (neurons * (d + 1),) array
        Start of `TwoLayerReLU(neurons, d)` with |v_k| >= |u_k|, so that no v_k changes sign.
    loss : SquareLoss, optional
        Its reduction sets the unit of time and loss; the sum unless given.

    Returns
    -------
    Staircase
        `points` are the outputs (jumps + 1, n).

    Raises
    ------
    ValueError
        If the inputs are not orthogonal, or some |v_k| < |u_k|.
    """
    X = _checks.inputs(X)
    y, loss = _checks.matching("y", y, X), square(loss)
    gram, d = X @ X.T, X.shape[1]
    if np.abs(gram - np.diag(np.diag(gram))).max() > 1e-12 * np.abs(gram).max():
        _checks.fail("X", "inputs that are not orthogonal", "orthogonal inputs")
    w0 = _checks.array("w0", w0, (None,))
    if w0.size % (d + 1):
        _checks.fail("w0", f"shape {w0.shape}", f"a multiple of {d + 1} weights")
    neurons = TwoLayerReLU(w0.size // (d + 1), d).neurons(w0)
    v, u = neurons[:, 0], neurons[:, 1:]
    if (np.abs(v) < np.linalg.norm(u, axis=1) * (1 - 1e-12)).any():
        _checks.fail("w0", "a neuron with |v| < |u|", "|v_k| >= |u_k| for all k, which keeps the sign of v_k")
    sees = (u @ X.T > 0) & (v[:, None] * y > 0)  # (neurons, n)
    r, used, now = loss.initial_residual(y), np.zeros(len(v)), 0.0
    times, woken, points = [], [], [np.zeros_like(y)]
    while True:
        rates = np.linalg.norm((sees * r) @ X, axis=1)
        if rates.max() <= TIE * np.linalg.norm(y) * np.linalg.norm(X):
            break
        waits = np.where(rates > 0, (1 - used) / np.where(rates > 0, rates, 1), np.inf)
        used, now = used + rates * waits.min(), now + waits.min()
        group = np.flatnonzero(waits <= waits.min() + TIE * now)
        fitted = sees[group].any(axis=0)
        r = np.where(fitted, 0, r)
        times.append(now)
        woken.append(tuple(int(k) for k in group))
        points.append(np.where(fitted, y, points[-1]))
    losses = np.array([loss.value(h, y) for h in points])
    return Staircase(np.array(times), losses, np.array(points), woken, [()] * len(times))
