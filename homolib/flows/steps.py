"""Many flows at once, each with steps of its own, which end where it meets a kink.

Runs share the calls of NumPy, not their steps: each goes as it would go alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from homolib.flows.runge_kutta import eighth_order, fifth_order

STEPS = 8_000  # of one run: more than any flow of the book needs by a factor of ten
RETURNS = 4  # times that a kink is crossed without getting on before we call it sliding
PROBE = 0.4  # of the part of a step that is used: where its interpolant is tested
STANDSTILL = 1e-9  # of a step: less is not getting on
NODES = np.arange(1, 7) / 6  # of a step: where we look whether a kink was crossed
LEFT = np.array([1.5, 0.5, 0.5, 0.5, 0.5])[:, None, None]  # nodes to the left that a dip belongs to; at an end of the
# step half a node more, since a parabola may put beyond it what is before it
OVERSHOOT = 1e-9, 1e-15  # how far beyond a kink to go, in pre-activations: where velocities are Lipschitz, or jump
SAMPLES = np.array([0.0, 0.25, 0.5, 0.75])  # of a step: times to compare two paths at


@dataclass(frozen=True, eq=False)
class Field:
    """What is integrated: y' = rates(y) for states y of shape (runs, neurons, numbers of one).

    Attributes
    ----------
    rates : callable
        From states, the slopes (runs, kinks) to be held or None, and the numbers of the runs to velocities. It is
        smooth as long as slopes are held.
    kinks : callable
        From states (..., neurons, numbers) to pre-activations (..., kinks): a kink is where one changes its sign.
    slopes : callable
        From pre-activations to the slopes on their side.
    jumps : bool
        Whether velocities jump at kinks; otherwise they are Lipschitz.
    """

    rates: Callable[[np.ndarray, np.ndarray | None, np.ndarray], np.ndarray]
    kinks: Callable[[np.ndarray], np.ndarray]
    slopes: Callable[[np.ndarray], np.ndarray]
    jumps: bool


class Stuck(Exception):
    """A flow that cannot be followed beyond `time`, because there it `does` something."""

    def __init__(self, time: float, does: str):
        super().__init__(time, does)
        self.time, self.does = time, does


class DenseOutput:
    """Paths of several runs, polynomial in each step."""

    def __init__(self, pieces: list[tuple[np.ndarray, ...]], runs: int, t_end: float):
        """Sort the pieces (runs, times, lengths, states, polynomials) by run, then by time."""
        run, *data = (np.concatenate(part) for part in zip(*pieces, strict=True))
        order = np.argsort(run, kind="stable")
        self._time, self._length, self._state, self._powers = (part[order] for part in data)
        self._from, self._end = np.searchsorted(run[order], np.arange(runs + 1)), t_end

    def __call__(self, run: int, times: np.ndarray) -> np.ndarray:
        """States of one run at the given times (k,), shape (k, neurons, numbers)."""
        at = self._from[run] + np.maximum(np.searchsorted(self._steps(run), times, side="right") - 1, 0)
        part = (times - self._time[at]) / self._length[at]
        return self._state[at] + _polynomial(np.moveaxis(self._powers[at], 1, 0), _wide(part))

    def samples(self, run: int) -> np.ndarray:
        """Several times in each step of one run, and the last."""
        steps = np.append(self._steps(run), self._end)
        return np.append(steps[:-1, None] + SAMPLES * np.diff(steps)[:, None], steps[-1])

    def _steps(self, run: int) -> np.ndarray:
        return self._time[self._from[run] : self._from[run + 1]]


def integrate(field: Field, start: np.ndarray, t_end: float, tolerance: np.ndarray, meet: bool) -> DenseOutput:
    """Follow all runs from 0 to `t_end`.

    Parameters
    ----------
    field : Field
    start : (runs, neurons, numbers) array
    t_end : float
    tolerance : (runs,) array
        Of one step, absolute, for the largest component.
    meet : bool
        Whether steps end on kinks. Otherwise kinks are stepped over, and steps are as small as that needs.

    Raises
    ------
    Stuck
        If a run blows up or slides along a kink.
    """
    runs, pieces = _Runs(field, start, t_end, tolerance, meet), []
    for _ in range(STEPS):
        pieces += runs.advance()
        if not len(runs.number):
            return DenseOutput(pieces, len(start), t_end)
    raise Stuck(runs.time.min(), f"would need more than {STEPS} steps: it blows up, or is stiff")


class _Runs:
    """The runs that have not arrived: arrays with one row a run."""

    def __init__(self, field: Field, start: np.ndarray, t_end: float, tolerance: np.ndarray, meet: bool):
        self.field, self.t_end, self.meet = field, t_end, meet
        self.method = eighth_order() if meet else fifth_order()
        self.number, self.time = np.arange(len(start)), np.zeros(len(start))
        self.state, self.tolerance = start, tolerance
        self.slopes = self.above = self.returns = self.grain = None
        if meet:
            kinks = field.kinks(start)
            self.slopes, self.above, self.returns = field.slopes(kinks), kinks > 0, np.zeros(kinks.shape, dtype=int)
            self.grain = OVERSHOOT[field.jumps] * np.abs(kinks).max(axis=1, initial=0)
        self.velocity = field.rates(start, self.slopes, self.number)
        fastest = np.abs(self.velocity).max(axis=(1, 2))
        self.step = np.minimum(t_end, 0.1 * tolerance**self.method.exponent / np.where(fastest, fastest, 1 / t_end))

    def advance(self) -> list[tuple[np.ndarray, ...]]:
        """One step of every run, each of its own length; the pieces of those that were good enough."""
        last = self.step >= self.t_end - self.time
        length = np.where(last, self.t_end - self.time, self.step)
        stages, new = self._stages(length)
        error = self._error(stages, length)
        powers, part = None, np.ones(len(error))
        if (error <= 1).any():
            powers = self._powers(stages, length)
            if self.meet:
                part = self._part_before_a_kink(powers, error <= 1)
            error = np.maximum(error, self._defect(powers, part, length))
        good = error <= 1
        factor = np.clip(0.9 * np.maximum(error, 1e-10) ** -self.method.exponent, 0.2, 10)
        self.step = np.where(good & last, self.step, length * np.where(good, factor, np.minimum(factor, 1)))
        if not (self.step > 4e-16 * self.time).all():
            raise Stuck(self.time[np.argmin(self.step)], "blows up")
        if not good.any():
            return []
        return self._accept(good, last, part, length, powers, new, stages[len(self.method.stages)])

    def _accept(
        self,
        good: np.ndarray,
        last: np.ndarray,
        part: np.ndarray,
        length: np.ndarray,
        powers: np.ndarray,
        new: np.ndarray,
        velocity: np.ndarray,
    ) -> list[tuple[np.ndarray, ...]]:
        """Let the runs whose step was `good` take the `part` of it that they may."""
        piece = self.number[good], self.time[good], length[good], self.state[good], np.moveaxis(powers, 0, 1)[good]
        cut, arrived = good & (part < 1), good & last & (part == 1)
        self.time = np.where(arrived, self.t_end, np.where(good, self.time + part * length, self.time))
        if cut.any():
            new = np.where(_wide(cut), self.state + _polynomial(powers, _wide(part)), new)
        self.state = np.where(_wide(good), new, self.state)
        self.velocity = np.where(_wide(good), velocity, self.velocity)
        if cut.any():
            self._cross(np.flatnonzero(cut), part * length)
        if arrived.any():
            self._keep(~arrived)
        return [piece]

    def _defect(self, powers: np.ndarray, part: np.ndarray, length: np.ndarray) -> np.ndarray:
        """How well the interpolant solves the equation in the part of the step that is used, in the same units."""
        x, degrees = _wide(PROBE * part), np.arange(1, len(powers) + 1)[:, None, None, None]
        state = self.state + _polynomial(powers, x)
        slope = _polynomial(degrees * powers, x) / x
        gap = np.abs(slope - _wide(length) * self.field.rates(state, self.slopes, self.number)).max(axis=(1, 2))
        error = part * gap / self.tolerance
        return np.where(np.isfinite(error), error, np.inf)

    def _stages(self, length: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Velocities at the stages, with room for those of the interpolant, and the end of the step."""
        rows, h = self.method.stages, _wide(length)
        stages = np.empty((1 + len(rows) + len(self.method.extra), *self.state.shape))
        stages[0] = self.velocity
        for s, weights in enumerate(rows, start=1):
            new = self.state + h * _combine(weights, stages)
            stages[s] = self.field.rates(new, self.slopes, self.number)
        return stages, new

    def _error(self, stages: np.ndarray, length: np.ndarray) -> np.ndarray:
        """Estimated error of the step in units of the tolerance, for the largest component of each run."""
        sizes = [np.abs(_combine(e, stages)).max(axis=(1, 2)) * length / self.tolerance for e in self.method.errors]
        error = sizes[0]
        if len(sizes) == 2:
            below = np.sqrt(sizes[0] ** 2 + 0.01 * sizes[1] ** 2)
            error = sizes[0] ** 2 / np.where(below, below, 1)
        return np.where(np.isfinite(error), error, np.inf)

    def _powers(self, stages: np.ndarray, length: np.ndarray) -> np.ndarray:
        """The interpolant of the step, as the coefficients of a polynomial in the fraction of it."""
        h = _wide(length)
        for s, weights in enumerate(self.method.extra, start=len(stages) - len(self.method.extra)):
            stages[s] = self.field.rates(self.state + h * _combine(weights, stages), self.slopes, self.number)
        return h * _combine(self.method.interpolant, stages)

    def _part_before_a_kink(self, powers: np.ndarray, good: np.ndarray) -> np.ndarray:
        """The part of each step that ends just beyond the first kink: 1 where the step crosses none."""
        part, nodes = np.ones(len(good)), np.repeat(NODES[:, None], len(good), axis=1)

        def inner(x: np.ndarray, runs: np.ndarray | slice) -> np.ndarray:
            """Pre-activations at parts x of the steps of some runs, positive as long as no kink is crossed."""
            state = self.state[runs] + _polynomial(powers[:, runs], x[..., None, None])
            return np.where(self.above[runs], 1.0, -1.0) * self.field.kinks(state)

        values = np.stack([inner(x, slice(None)) for x in nodes])
        if self.field.jumps:
            nodes, values = _with_grazes(inner, nodes, values)
        off = values < -2 * self.grain[:, None]  # (nodes, runs, kinks)
        crossing = np.flatnonzero(good & off.any(axis=(0, 2)))
        if len(crossing):
            node = np.argmax(off[:, crossing].any(axis=2), axis=0)
            leaving, grain = off[node, crossing], self.grain[crossing]

            def least(x: np.ndarray) -> np.ndarray:
                return np.where(leaving, inner(x, crossing), np.inf).min(axis=1) + 1.5 * grain

            low = np.where(node, nodes[node - 1, crossing], 0)
            part[crossing] = _first_below_zero(least, low, nodes[node, crossing], grain / 2)
        return part

    def _cross(self, which: np.ndarray, length: np.ndarray) -> None:
        """Take the sides on which the runs `which` are now, and see whether they come back without getting on."""
        kinks = self.field.kinks(self.state[which])
        crossed = self.above[which] != (kinks > 0)
        self.slopes[which], self.above[which] = self.field.slopes(kinks), kinks > 0
        still = length[which] < STANDSTILL * self.step[which]
        self.returns[which] = np.where(still[:, None], self.returns[which], 0) + crossed
        if (often := (self.returns[which] >= RETURNS).any(axis=1)).any():
            raise Stuck(self.time[which][often].min(), "slides along a kink")
        self.velocity[which] = self.field.rates(self.state[which], self.slopes[which], self.number[which])

    def _keep(self, which: np.ndarray) -> None:
        for name in ("number", "time", "tolerance", "state", "velocity", "step"):
            setattr(self, name, getattr(self, name)[which])
        if self.meet:
            for name in ("slopes", "above", "returns", "grain"):
                setattr(self, name, getattr(self, name)[which])


def _combine(weights: np.ndarray, stages: np.ndarray) -> np.ndarray:
    """Weighted sums of the first stages; `weights` is one row or several."""
    count = weights.shape[-1]
    return (weights @ stages[:count].reshape(count, -1)).reshape(*weights.shape[:-1], *stages.shape[1:])


def _polynomial(powers: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Displacement at the fraction x of a step."""
    out = powers[-1] * x
    for power in powers[-2::-1]:
        out = (out + power) * x
    return out


def _wide(rows: np.ndarray) -> np.ndarray:
    """One number for each run, to be multiplied with states."""
    return rows[:, None, None]


def _with_grazes(inner: Callable, nodes: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One more node for each run: where the first of its functions dips below zero between others, if one does."""
    start = inner(np.zeros(nodes.shape[1]), slice(None))
    left, middle, right = np.stack([start, *values[:-2]]), values[:-1], values[1:]
    bend = left - 2 * middle + right
    vertex = (left - right) / np.where(bend > 0, 2 * bend, np.inf)  # of a parabola, counted in nodes from the middle
    bottom = middle - bend * vertex**2 / 2
    dips = (bend > 0) & (bottom < bend / 2) & (middle > 0) & (vertex >= -LEFT) & (vertex <= LEFT[::-1])
    node, run, kink = np.nonzero(dips)
    if not len(run):
        return nodes, values
    x, width = NODES[node], np.diff(NODES).min()
    a, b, c = (part[node, run, kink] for part in (left, middle, right))
    for _ in range(3):  # the vertex of a parabola, of a smaller one about it, and so on
        x = np.clip(x + width * (a - c) / (2 * np.where(a - 2 * b + c, a - 2 * b + c, 1)), 0, 1)
        width /= 8
        a, b, c = (inner(x + k * width, run)[np.arange(len(run)), kink] for k in (-1, 0, 1))
    extra = nodes[-1].copy()
    np.minimum.at(extra, run[b < 0], x[b < 0])
    nodes = np.vstack([nodes, extra])
    values = np.concatenate([values, inner(extra, slice(None))[None]])
    order = np.argsort(nodes, axis=0)
    return np.take_along_axis(nodes, order, 0), np.take_along_axis(values, order[..., None], 0)


def _first_below_zero(function: Callable, low: np.ndarray, high: np.ndarray, close: np.ndarray) -> np.ndarray:
    """Where functions that change from plus to minus lie in [-close, 0), one for each run.

    By the Illinois rule, which halves the value at an end that stays, aiming at the middle of that interval; each third
    time by halves, for functions that are flat at first.
    """
    aim = close / 2
    reached = function(high)
    above, below, side = function(low) + aim, reached + aim, np.zeros(len(low))
    for turn in range(200):
        going = reached < -close
        if not going.any():
            break
        middle = high - below * (high - low) / np.where(below == above, 1, below - above)
        secant = (middle > low) & (middle < high) & (turn % 3 < 2)
        middle = np.where(secant, middle, (low + high) / 2)
        value = function(middle)
        right, left = going & (value < 0), going & (value >= 0)
        above = np.where(left, value + aim, np.where(right & (side == 1), above / 2, above))
        below = np.where(right, value + aim, np.where(left & (side == -1), below / 2, below))
        low, high, reached = np.where(left, middle, low), np.where(right, middle, high), np.where(right, value, reached)
        side = np.where(right, 1, np.where(left, -1, side))
    return high
