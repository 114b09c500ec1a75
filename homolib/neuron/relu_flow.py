"""The exact flow of one (leaky-)ReLU neuron, from kink to kink.

For N(v, u) = v G(u) the flow is v' = G(u), u' in v dG(u). With dtau = |v| dt and s = sign v the weights u
move with a constant velocity w in s dG(u) until they meet a kink or v changes sign: u draws a polygon.
On each of its sides (|v|, u . w/|w|) turns hyperbolically at the rate |w|. So the next kink is the smallest
root of linear equations and its time a logarithm; there is no step size and nothing to miss.

v^2 - |u|^2 is conserved. It is carried along, not recomputed, so that a balanced start stays balanced.
Where more than one solution goes on, the flow stops and says so; `homolib.neuron.branching` has them all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice

import numpy as np

from homolib import _checks
from homolib._records import Record
from homolib._settings import default_errors
from homolib.clarke.hinge_sums import TOL, HingeSum
from homolib.flows.trajectory import Trajectory
from homolib.neuron.regular_velocities import regular_velocities
from homolib.neuron.segments import Segment, State, start_state
from homolib.neuron.ways_on import Undecided, velocities
from homolib.problems.scales import times, unit_time

MOST_EVENTS = 10_000  # a flow with more is given up as undecided; none seen has come near

Velocity = tuple[np.ndarray, np.ndarray]  # w (d,), and for all K kinks the side to which it leads


@dataclass(frozen=True)
class Event:
    """What happens at one kink at one time.

    Attributes
    ----------
    time : float
    kink : int, tuple of int, or None
        Index of the input (the first of a group that shares the kink); where solutions branch and
        several kinks meet, all of them; None for events of no kink, and at u = 0 in d > 1.
    kind : str
        "cross" to the other side; "touch" and return (only where several kinks meet); "slide": stay on
        the kink from now on, moving or at rest; "leave" a kink on which it was; "flip": v passes 0;
        "death": u reaches 0 (in d > 1), "rebirth": and leaves it; "branch": several solutions go on;
        "wait": this one stays where others leave (only from `branches`).
    """

    time: float
    kink: int | tuple[int, ...] | None
    kind: str


@dataclass(frozen=True, eq=False)
class Solution:
    """A stretch of flow: its segments, events, the last state and, if it branches there, the velocities."""

    hinges: HingeSum
    segments: list[Segment]
    events: list[Event]
    state: State
    options: Sequence[Velocity] = ()

    def joined(self, later: Solution) -> Solution:
        """This run and one that starts at its end."""
        return replace(later, segments=self.segments + later.segments, events=self.events + later.events)

    def trajectory(self, points: int = 201) -> Trajectory:
        """As a `Trajectory` of (v, u) in the time of the data, sampled at `points` even times and at every event."""
        power = self.hinges.power
        segments = self.segments or [Segment(self.state, np.zeros_like(self.state.u))]
        starts = np.array([segment.start.time for segment in segments])
        interpolate = partial(_along, segments, starts, self.hinges.power)
        t = times(np.unique(np.append(np.linspace(starts[0], self.state.time, points), starts)), -power)
        events = [replace(event, time=float(times(event.time, -power))) for event in self.events]
        return ExactPath(t, *interpolate(t), interpolate=interpolate, events=events)


def _along(segments: list[Segment], starts: np.ndarray, power: int, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Directions (k, d + 1) and log-norms (k,) at the times t (k,) on a chain of segments with a faster clock."""
    t, direction, log_norm = times(t, power), np.empty((len(t), len(segments[0].start.u) + 1)), np.empty(len(t))
    which = np.clip(np.searchsorted(starts, t, side="right") - 1, 0, None)
    for k in np.unique(which):
        direction[which == k], log_norm[which == k] = segments[k].weights(t[which == k])
    return direction, log_norm


class ExactPath(Trajectory):
    """A `Trajectory` that says why it ends."""

    def at(self, t: float | np.ndarray) -> np.ndarray:
        """Weights at time `t`; beyond a branching a ValueError that names it."""
        last = self.events[-1] if self.events else None
        if (
            last
            and last.kind == "branch"
            and last.time == self.t[-1]
            and np.any(_checks.array("t", t, (...,), "times") > last.time)
        ):
            _checks.fail(
                "t", t, f"times up to {last.time!r}, where several solutions part; `branches` follows each of them"
            )
        return super().at(t)


def ways_on(hinges: HingeSum, state: State, most: int | None = None) -> list[Velocity]:
    """The velocities with which solutions can go on from `state`, all or at most `most` of them."""
    base = state.sign * hinges.gradient(state.side)
    active = np.flatnonzero(state.side == 0)
    if len(active) == 0 or state.sign == 0:
        return [(base if np.linalg.norm(base) > TOL * hinges.size else 0 * base, state.side)]
    sign, everywhere = int(state.sign), len(active) == len(state.side) > 1
    if everywhere and sign in hinges.ways_from_zero:
        return hinges.ways_from_zero[sign]
    ways = velocities(base, hinges.normals[active], sign * hinges.jumps[active], hinges.size)
    found = []
    for w, local in islice(ways, None if everywhere else most):
        side = state.side.copy()
        side[active] = local
        found.append((w, side))
    if everywhere:
        hinges.ways_from_zero[sign] = found
    if not found:
        raise Undecided(
            f"no velocity found at t = {times(state.time, -hinges.power):g}: kinks {hinges.inputs[active]} tie"
        )
    return found


def follow(
    hinges: HingeSum, state: State, t_end: float, first: Velocity | None = None, hold: np.ndarray | None = None
) -> Solution:
    """Follow the flow until `t_end` (may be inf), or until several solutions go on.

    Parameters
    ----------
    hinges, state
        The neuron and where it is.
    t_end : float
    first : (w, side), optional
        The velocity to begin with, where there is a choice.
    hold : (K,) array of bool, optional
        Kinks that are not to be left while a solution stays on them.
    """
    segments, events, before, irregular = [], [], None if first is None else state.side, True
    for _ in range(MOST_EVENTS):
        ways = [first] if first else None if irregular else _regular_way(hinges, state, before)
        ways = ways or ways_on(hinges, state, None if hold is not None else 2)
        if hold is not None and not first:
            ways = [way for way in ways if not way[1][hold].any()] or ways
        if len(ways) > 1:
            events.append(Event(float(state.time), kinks_at(hinges, state), "branch"))
            return Solution(hinges, segments, events, state, ways)
        (w, side), first = ways[0], None
        events += _happenings(hinges, state, before, w, side)
        if hold is not None and side[hold].any():
            hold = None
        segments.append(segment := Segment(replace(state, side=side), w))
        meeting = segment.meeting(hinges)
        after = segment.state_at(meeting) if meeting.tau < np.inf else None
        if after is None or after.time >= t_end:
            return Solution(hinges, segments, events, segment.stopped(t_end))
        before, state, irregular = side, after, meeting.flip
        if meeting.flip:
            events.append(Event(float(state.time), None, "flip"))
        if meeting.origin and len(state.u) > 1:
            events.append(Event(float(state.time), None, "death"))
    raise Undecided(f"more than {MOST_EVENTS} events before t = {times(state.time, -hinges.power):g}")


def _regular_way(hinges: HingeSum, state: State, before: np.ndarray) -> list[Velocity] | None:
    (w,), (side,), (found,) = regular_velocities(hinges, state.sign[None], state.side[None], before[None])
    return [(w, side)] if found else None


def kinks_at(hinges: HingeSum, state: State) -> int | tuple[int, ...] | None:
    """Name the kinks at `state` for an `Event`."""
    kinks = tuple(int(k) for k in hinges.inputs[state.side == 0])
    if len(kinks) == 1:
        return kinks[0]
    return kinks if state.u.any() else None


def _happenings(
    hinges: HingeSum, state: State, before: np.ndarray | None, w: np.ndarray, side: np.ndarray
) -> list[Event]:
    """Events of the kinks at `state`, from the sides before (None: a start) and after."""
    if len(state.u) > 1 and not state.u.any():
        return [Event(float(state.time), None, "rebirth")] if w.any() else []
    events = []
    for k in np.flatnonzero(state.side == 0):
        came = 0 if before is None else before[k]
        if side[k] == 0:
            kind = "slide" if came or before is None else None
        else:
            kind = "leave" if came == 0 else "touch" if came == side[k] else "cross"
        if kind:
            events.append(Event(float(state.time), int(hinges.inputs[k]), kind))
    return events


@default_errors
def neuron_flow(
    X: np.ndarray, z: np.ndarray, v0: float, u0: np.ndarray, t_end: float, slope: float = 0.0, points: int = 201
) -> Trajectory:
    """Exact flow of N(v, u) = v sum_i z_i sigma(x_i . u), up to `t_end` or to where it branches.

    Parameters
    ----------
    X : (n, d) array
        Inputs.
    z : (n,) array
        Weights of the correlation; labels, at a small start.
    v0, u0 : float and (d,) array
        Start, not zero. Within a relative 1e-12 of a kink it is on it, of balance |v0| = |u0| balanced.
    t_end : float
    slope : float
        Of sigma(s) = max(s, slope s).
    points : int
        Even times in `.t`, beside those of the events.

    Returns
    -------
    Trajectory
        Rows of `.w` are (v, u); `.at(t)` is a closed form; `.events` is a list of `Event`. If the
        solution branches before `t_end`, the path ends there with the event "branch": nothing is
        chosen in silence. `branches` follows every solution further.

    Raises
    ------
    ValueError
        If an argument does not fit.
    Undecided
        If too many kinks meet in a point to list the ways on.
    """
    hinges, t_end = of_unit_size(X, z, slope, _checks.positive("t_end", t_end))
    points = _checks.count("points", points)
    return follow(hinges, start_state(hinges, _checks.finite("v0", v0), u0), t_end).trajectory(points)


def of_unit_size(X: np.ndarray, z: np.ndarray, slope: float, t_end: float) -> tuple[HingeSum, float]:
    """The neuron with data of size one, and `t_end` in its time, which is 2**power of that of the data."""
    hinges = HingeSum.of_unit_size(X, z, slope)
    t_end, hinges.power = unit_time(t_end, hinges.power)
    return hinges, t_end


@dataclass(frozen=True, eq=False, repr=False)
class Fates(Record):
    """Where many starts end; `neuron_flows`.

    Attributes
    ----------
    time : (m,) array
        Until when each solution was followed: `t_end`, or where it branches or is undecided.
    direction, log_norm : (m, d + 1) and (m,) arrays
        Of (v, u) then; for `t_end` infinite the limits (the log-norm may be infinite).
    branched, slid, flipped, died : (m,) arrays of bool
        Whether it branches; has ever stayed on a kink; v has passed 0; u has reached 0.
    undecided : (m,) array of bool
        Whether it ends where too many kinks meet to list the ways on (`neuron_flow` raises `Undecided`).
    events : (m,) array of int
        How many times it met something.
    """

    time: np.ndarray
    direction: np.ndarray
    log_norm: np.ndarray
    branched: np.ndarray
    slid: np.ndarray
    flipped: np.ndarray
    died: np.ndarray
    undecided: np.ndarray
    events: np.ndarray


@default_errors
def neuron_flows(
    X: np.ndarray, z: np.ndarray, v0: np.ndarray, u0: np.ndarray, t_end: float = np.inf, slope: float = 0.0
) -> Fates:
    """Fates of many starts v0 (m,), u0 (m, d), all advanced together, one event a round.

    The same flow as `neuron_flow`, without its history. Errors as there, but where one start is undecided the others
    go on.
    """
    hinges, t_end = of_unit_size(X, z, slope, t_end if t_end == np.inf else _checks.positive("t_end", t_end))
    v0 = _checks.array("v0", v0, (None,))
    state = start_state(hinges, v0, u0)
    m, d = state.u.shape
    direction, log_norm = np.empty((m, d + 1)), np.empty(m)
    time, events = np.empty(m), np.zeros(m, dtype=int)
    branched, slid, flipped, died, undecided = np.zeros((5, m), dtype=bool)
    live, before, irregular = np.arange(m), state.side, np.zeros(m, dtype=bool)
    for _ in range(MOST_EVENTS):
        w, side, found = regular_velocities(hinges, state.sign, state.side, before)
        for i in np.flatnonzero(irregular | ~found):
            try:
                ways = ways_on(hinges, state[i], 2)
                (w[i], side[i]), branched[live[i]] = ways[0], len(ways) > 1
            except Undecided:
                w[i], side[i], undecided[live[i]] = 0.0, state.side[i], True
        slid[live] |= np.any(side == 0, axis=-1)
        segment = Segment(replace(state, side=side), w)
        meeting = segment.meeting(hinges)
        with np.errstate(invalid="ignore"):
            after = segment.state_at(meeting)
        stops = branched[live] | undecided[live]
        ends = stops | ~(meeting.tau < np.inf) | ~(after.time < t_end)
        before, state, flip, origin = side, after, meeting.flip, meeting.origin
        if ends.any():
            rows, goes_on = live[ends], ~ends
            time[rows] = until = np.where(stops[ends], segment.start.time[ends], t_end)
            direction[rows], log_norm[rows] = segment[ends].last(until)
            live, before, state, flip, origin = (a[goes_on] for a in (live, before, state, flip, origin))
            if not len(live):
                ended = times(time, -hinges.power)
                return Fates(ended, direction, log_norm, branched, slid, flipped, died, undecided, events)
        irregular = flip
        events[live] += 1
        flipped[live] |= flip
        died[live] |= origin
    raise Undecided(f"more than {MOST_EVENTS} events in {len(live)} of {m} flows")
