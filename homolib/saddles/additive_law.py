"""The additive law: saddle after saddle of a smooth network, as far as its hypotheses hold.

On a plateau the log-norm of a dormant neuron grows at the rate 2 N of its direction; it wakes when these rates, added
up over all plateaus since the start, have used up ln(1/delta). The law asks that every dormant neuron is carried to a
maximum of N, and that no awake weight leaves the plateau. Where it cannot be said, the sequence is refused.
"""

from __future__ import annotations

import numpy as np

from homolib import _checks
from homolib._settings import default_errors
from homolib.correlation.limit import settled_flow
from homolib.flows.trajectory import polar
from homolib.problems.networks import Network, PoweredReLU, fitting
from homolib.saddles.escapes import Flow, jump
from homolib.saddles.saddle import Saddle
from homolib.saddles.stability import FLAT, awake_curvature, is_repelling
from homolib.saddles.staircases import ORTHOGONAL, TIE, Staircase, Tie, units

EXACT = 1e-12  # a start this near to an unstable KKT point is on it


@default_errors
def saddle_sequence(net: Network, X: np.ndarray, y: np.ndarray, w0: np.ndarray) -> Staircase:
    """Saddles and jump times of a network with Lipschitz gradient from delta * w0, delta -> 0, by the additive law.

    On each plateau every dormant neuron follows the neural correlation flow of the residual to its end, and the first
    to use up its ln(1/delta) jumps, with all that wake at the same time, to the next critical point (`next_saddle`);
    the others turn with the residual on the way. Inputs that are orthogonal to all others do not feel these: for
    powered ReLU networks each such group has a staircase of its own, with the part of each neuron that it sees, and
    the staircases add. A neuron can therefore wake more than once. Weights that are zero in `w0` stay zero.

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
        For the summed square loss; `points` are weights. Neurons that jump together after the same history are no
        tie; with different ones they are, and how they share the jump depends on the lengths in `w0`.

    Raises
    ------
    ValueError
        If the network is not smooth, a flow does not settle, or a jump does not come to rest; and where the
        additive law has nothing to say. That is, if `w0` leads a dormant neuron to a KKT point that is no maximum,
        which it leaves at a time that the law does not know (as in a diagonal network whose pull changes sign); or
        the awake weights to a point with a direction of descent among them: a saddle, or a neuron that dies.
    """
    X, w0 = fitting(net, X, w0, "w0")
    if not net.smooth or net.order != 2:
        _checks.fail("net", repr(net), "a network of order 2 with Lipschitz gradient")
    y, powered = _checks.matching("y", y, X), isinstance(net, PoweredReLU)
    unit, label = units(X, y)
    X, y, gain = X / unit, y / label, unit ** (2 if powered else 1)  # what outputs gain from inputs of that size
    one = 1 / gain / label  # of our units of time
    if powered:
        groups = _orthogonal_groups(X)
        found = _added([_one_group(net, X[group], y[group], _seen(net, X[group], w0), one) for group in groups])
    else:
        found = _one_group(net, X, y, w0, one)
    return found.in_units(one, label, np.sqrt(label) / np.sqrt(gain))


def _orthogonal_groups(X: np.ndarray) -> list[np.ndarray]:
    """The finest split of the inputs into groups that are orthogonal to each other."""
    from scipy.sparse.csgraph import connected_components  # slow to import: paid where it is used

    size = np.abs(X).max(axis=1, keepdims=True)
    unit = X / np.where(size > 0, size, 1)
    unit /= np.fmax(np.linalg.norm(unit, axis=1, keepdims=True), 1)
    count, label = connected_components(np.abs(unit @ unit.T) > ORTHOGONAL, directed=False)
    return [np.flatnonzero(label == one) for one in range(count)]


def _seen(net: Network, X: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Weights projected, neuron by neuron, to the span of some inputs; what is rounding becomes zero."""
    neurons = net.neurons(w)
    noise = np.abs(neurons) @ np.abs(X.T) * np.finfo(float).eps * X.shape[1]
    dark = (np.abs(neurons @ X.T) <= noise).all(axis=-1)
    _, strength, rows = np.linalg.svd(X, full_matrices=False)
    rows = rows[strength > ORTHOGONAL * max(strength[0], np.finfo(float).tiny)]
    return net.join(np.where(dark[:, None], 0, neurons @ rows.T @ rows))


def _added(parts: list[Staircase]) -> Staircase:
    """Staircases of groups of inputs that do not feel each other, in one."""
    times = np.sort(np.concatenate([part.times for part in parts]))
    times = times[np.diff(times, prepend=-np.inf) > TIE * times]
    woken, ties = [], [tie for part in parts for tie in part.ties]
    points, losses = [sum(part.points[0] for part in parts)], [sum(part.losses[0] for part in parts)]
    for now in times:
        late = now * (1 + 2 * TIE)
        jumps = [part.woken[i] for part in parts for i in np.flatnonzero(np.abs(part.times - now) <= 2 * TIE * now)]
        woken.append(tuple(sorted({k for group in jumps for k in group})))
        if len(jumps) > 1:
            ties.append(Tie(float(now), woken[-1], "simultaneous"))
        after = [np.searchsorted(part.times, late) for part in parts]
        points.append(sum(part.points[i] for part, i in zip(parts, after, strict=True)))
        losses.append(sum(part.losses[i] for part, i in zip(parts, after, strict=True)))
    ties.sort(key=lambda tie: tie.time)
    return Staircase(times, np.array(losses), np.array(points), woken, [()] * len(times), ties)


class _Dormant:
    """The neurons of a start while they are infinitely small: directions, rates, and budgets used so far."""

    def __init__(self, net: Network, w0: np.ndarray):
        # the offset is the part of a log-norm that does not grow with ln(1/delta)
        self.directions, self.offset = polar(net.neurons(w0))
        self.used = np.where(self.directions.any(axis=-1), 0.0, -np.inf)  # of the ln(1/delta) of each neuron
        self.rates = np.zeros(len(self.used))
        self.history: list[np.ndarray] = []

    def settle(self, saddle: Saddle, candidates: np.ndarray, now: float) -> None:
        """Let each candidate follow the frozen flow to its end, a maximum of N or a reason to refuse."""
        self.rates = np.zeros(len(self.used))
        for k in candidates:
            alone = np.zeros_like(self.directions)
            alone[k] = self.directions[k]
            start = saddle.net.join(alone)
            path = settled_flow(saddle.net, saddle.X, saddle.residual, start)
            if is_repelling(saddle, path.direction[-1]) or is_repelling(saddle, start, FLAT if now else EXACT):
                _checks.fail(
                    "w0",
                    f"a start that leads neuron {k} to an unstable KKT point of N, on the plateau from {now:.6g} on",
                    "one from which every dormant neuron turns to a maximum: when it leaves is no matter of its "
                    "norm (for diagonal networks diagonal_staircase knows)",
                )
            self.rates[k] = rate = 2 * float(saddle.correlation(path.direction[-1]))
            self.offset[k] += float(path.log_norm[-1] - rate * path.t[-1])
            self.directions[k] = saddle.net.neurons(path.direction[-1])[k]
        self.history.append(self.directions.copy())

    def alike(self, group: np.ndarray) -> bool:
        """Whether the neurons of a group have had the same directions on all plateaus."""
        return all(np.allclose(past[group], past[group[0]], atol=1e-5) for past in self.history)

    def carry(self, saddle: Saddle, path: list[tuple[float, Flow]], candidates: np.ndarray) -> None:
        """Turn the candidates with the residual of a jump, which does not feel them: they are infinitely small."""
        from scipy.integrate import solve_ivp  # slow to import: paid where it is used

        shape, net = self.directions.shape, saddle.net
        theta = np.zeros(shape)
        theta[candidates] = self.directions[candidates]
        for duration, weights in path if candidates.size else []:

            def turn(t: float, flat: np.ndarray, weights: Flow = weights) -> np.ndarray:
                theta = polar(flat.reshape(shape))[0]
                residual = saddle.y - net.outputs(saddle.X, weights(t))
                pull = net.neurons(net.pullback(saddle.X, net.join(theta), residual))
                return (pull - (pull * theta).sum(axis=-1, keepdims=True) * theta).ravel()

            found = solve_ivp(turn, (0, duration), theta.ravel(), "LSODA", rtol=1e-8, atol=1e-10)
            theta = polar(found.y[:, -1].reshape(shape))[0]
        self.directions[candidates] = theta[candidates]


def _one_group(net: Network, X: np.ndarray, y: np.ndarray, w0: np.ndarray, one: float) -> Staircase:
    # a unit of time here is `one` of the caller's, in which messages speak
    saddle, small = Saddle(net, X, y, np.zeros(net.size)), _Dormant(net, w0)
    now, floor, times, woken, saddles, ties = 0.0, 0.0, [], [], [saddle], []
    while True:
        candidates = np.flatnonzero(saddle.dormant & np.isfinite(small.used))
        if not candidates.size or not saddle.residual.any():
            break
        small.settle(saddle, candidates, now * one)
        floor = max(floor, TIE * np.abs(small.rates).max())
        growing = candidates[small.rates[candidates] > floor]
        if not growing.size:
            break
        waits = (1 - small.used[growing]) / small.rates[growing]
        small.used[candidates] += small.rates[candidates] * waits.min()
        now += waits.min()
        group = growing[waits <= waits.min() + TIE * now]
        if not small.alike(group):
            ties.append(Tie(now, tuple(int(k) for k in group), "simultaneous"))
        seed = np.zeros_like(small.directions)
        seed[group] = np.exp(small.offset[group] - small.offset[group].max())[:, None] * small.directions[group]
        found = jump(saddle, net.join(seed) / np.linalg.norm(seed))
        if found is None:
            _checks.fail(
                "y", f"labels for which the jump at {now * one:.6g} does not come to rest", "ones with a plateau there"
            )
        saddle, path = found
        if (lowest := awake_curvature(saddle)) < -FLAT:
            _checks.fail(
                "w0",
                f"a start whose jump at {now * one:.6g} leads to a point with a direction of "
                f"descent among the awake weights (curvature {lowest:.3g} of the largest)",
                "one whose jumps lead to minima of the awake weights: a saddle among these has a clock of its own",
            )
        times.append(now)
        woken.append(tuple(int(k) for k in group))
        saddles.append(saddle)
        small.carry(saddle, path, np.setdiff1d(candidates, group))
    losses, points = [one.loss for one in saddles], [one.w for one in saddles]
    return Staircase(np.array(times), np.array(losses), np.array(points), woken, [()] * len(times), ties)
