"""Staircases: the whole sequence of saddles that a flow from a vanishing start visits, and when it jumps.

Time is counted in units of ln(1/delta), in which plateaus keep their length as delta goes to zero and jumps take none.
One law gives all jump times: a dormant neuron's log-norm grows at the rate 2 N for the residual of the present
plateau, and it wakes when these rates, added up over all plateaus since the start, have used up ln(1/delta).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from homolib import _checks
from homolib._records import Record
from homolib._settings import default_errors
from homolib.flows.trajectory import Trajectory
from homolib.problems.losses import SquareLoss, square
from homolib.problems.networks import Network, TwoLayerReLU, fitting_inputs
from homolib.saddles.escapes import first_crossing

TIE = 1e-9  # times and rates closer than this, relative, count as equal
ORTHOGONAL = 1e-12  # cosines below this are rounding


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


@dataclass(frozen=True, eq=False, repr=False)
class Staircase(Record):
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

    @default_errors
    def loss_at(self, t: np.ndarray) -> np.ndarray:
        """Loss of the limit at times `t` >= 0, in units of ln(1/delta): a step function."""
        t = _checks.array("t", t, (...,), "times")
        if (t < 0).any():
            _checks.fail("t", f"{t.min():g}", "times from 0 on")
        return self.losses[np.searchsorted(self.times, t, side="right")]

    def in_units(self, time: float, label: float, point: float) -> Staircase:
        """The same staircase for data in other units: `time`, a `label` and `point` are what one of ours is there."""
        ties = [replace(tie, time=tie.time * time) for tie in self.ties]
        losses = self.losses * label * label
        return replace(self, times=self.times * time, losses=losses, points=self.points * point, ties=ties)


def units(X: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Powers of four near the sizes of the inputs and of the labels: in these units no product under- or overflows."""
    sizes = np.array([np.abs(X).max(), np.abs(y).max()])
    x, label = 4.0 ** np.floor(np.log2(np.where(sizes > 0, sizes, 1)) / 2)
    return float(x), float(label)


@default_errors
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


@default_errors
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
    unit, label = units(X, y)
    X, y, d = X / unit, y / label, X.shape[1]
    cosines = np.abs(X @ X.T) / np.fmax(np.outer(*2 * [np.linalg.norm(X, axis=1)]), np.finfo(float).tiny)
    if (cosines - np.diag(np.diag(cosines))).max() > ORTHOGONAL:
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
    found = Staircase(np.array(times), losses, np.array(points), woken, [()] * len(times))
    return found.in_units(1 / unit / label, label, label)
