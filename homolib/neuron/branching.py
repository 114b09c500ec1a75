"""Where the flow of one neuron branches, and all the solutions that part there.

A start is non-branching if the inclusion u' in dN(u) has one solution for all times. One neuron's flow is
a polygon, so the question is finite: at every event list the velocities with which a solution can go on
(`homolib.neuron.ways_on.velocities`). One each time: non-branching. Several: it branches there. Where a
solution can stay on a kink that others leave, it can leave at any later time too: it *waits*.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from homolib import _checks
from homolib._records import Record
from homolib._settings import default_errors
from homolib.clarke.hinge_sums import HingeSum
from homolib.flows.trajectory import Trajectory
from homolib.neuron.relu_flow import Event, Solution, Velocity, follow, kinks_at, neuron_flows, of_unit_size, ways_on
from homolib.neuron.segments import State, start_state
from homolib.neuron.ways_on import Undecided
from homolib.problems.datasets import gaussian, random_start
from homolib.problems.scales import finite_times, times


@dataclass(frozen=True)
class Verdict:
    """Whether a start is non-branching; as a truth value, the answer.

    Attributes
    ----------
    non_branching : bool
    reason : str
        In words, with the event that decides.
    time : float or None
        When it branches.
    kink : int, tuple of int, or None
        On which kink (see `Event.kink`).
    """

    non_branching: bool
    reason: str
    time: float | None = None
    kink: int | tuple[int, ...] | None = None

    def __bool__(self) -> bool:
        """True if non-branching."""
        return self.non_branching


@dataclass(frozen=True, eq=False, repr=False)
class BranchNode(Record):
    """A stretch of one solution, and the ways on from its end.

    Attributes
    ----------
    path : Trajectory
        From where this stretch parts from its parent to `t_end` or to the next branching.
    waiting : bool
        It begins on a kink that other solutions leave; they can also leave at any time while this one
        stays (`children` has only those that part at the end of the stretch).
    branches : bool
        Whether the stretch ends because several solutions go on.
    children : tuple of BranchNode
        One for each way on; empty if it does not branch, or beyond the depth asked for.
    """

    path: Trajectory
    waiting: bool
    branches: bool
    children: tuple[BranchNode, ...] = ()


@default_errors
def is_non_branching(
    X: np.ndarray, z: np.ndarray, v0: float, u0: np.ndarray, slope: float = 0.0, t_end: float = math.inf
) -> Verdict:
    """Whether the flow of one neuron from (v0, u0) is unique (Definition 4.1 of Kumar and Haupt), for all time.

    Parameters
    ----------
    X, z, v0, u0, slope
        As for `neuron_flow`.
    t_end : float
        Up to when; the default asks for all t >= 0.

    Returns
    -------
    Verdict
        Truthy if non-branching; else it has `.time`, `.kink` and `.reason`.

    Raises
    ------
    ValueError
        If an argument does not fit.
    Undecided
        If the flow has more than 10,000 events, or too many kinks meet in one point.
    """
    t_end = t_end if t_end == math.inf else _checks.positive("t_end", t_end)
    hinges, horizon = of_unit_size(X, z, slope, t_end)
    run = follow(hinges, start_state(hinges, _checks.finite("v0", v0), u0), horizon)
    if not run.options:
        events = sum(event.kind != "branch" for event in run.events)
        until = "for all time" if t_end == math.inf else f"up to t = {t_end:g}"
        return Verdict(True, f"unique {until}: one way on at the start and after each of {events} events")
    last, ways = run.events[-1], len(ways_on(hinges, run.state))
    time = float(finite_times(last.time, -hinges.power, "the time of branching", "X"))
    kinks = ", ".join(map(str, np.atleast_1d(last.kink)))
    where = "at u = 0" if last.kink is None else f"on the kink of input {kinks}"
    if any(event.kind == "flip" and event.time == last.time for event in run.events):
        where += ", v passing 0 after sliding"
    return Verdict(False, f"{ways} ways on at t = {time:.10g} {where}", time, last.kink)


@default_errors
def branches(
    X: np.ndarray,
    z: np.ndarray,
    v0: float,
    u0: np.ndarray,
    t_end: float,
    waits: Sequence[float] = (0, 1),
    slope: float = 0.0,
    points: int = 201,
) -> list[Trajectory]:
    """The different solutions through the first branching, up to `t_end`.

    Parameters
    ----------
    X, z, v0, u0, slope, points
        As for `neuron_flow`.
    t_end : float
    waits : sequence of float
        Where waiting is a solution: how long to wait before leaving, along each way that then exists.
        Waits that end after `t_end`, or after waiting has stopped being possible, give no solution.

    Returns
    -------
    list of Trajectory
        Solutions that leave at once, then those that wait, each wait in turn, and last the one that waits as
        long as it can. Each ends at `t_end` or at its own next branching. A non-branching start has
        one solution.
    """
    hinges, t_end = of_unit_size(X, z, slope, _checks.positive("t_end", t_end))
    waits = np.unique(_checks.array("waits", waits, (None,), "a sequence of times"))
    points = _checks.count("points", points)
    if waits[0] < 0:
        _checks.fail("waits", waits.tolist(), "times that are not negative")
    waits = times(waits, hinges.power).tolist()
    trunk = follow(hinges, start_state(hinges, _checks.finite("v0", v0), u0), t_end)
    if not trunk.options:
        return [trunk.trajectory(points)]
    runs, later, patient = [], [], []
    state, ways = trunk.state, ways_on(hinges, trunk.state)
    for way in ways:
        if not _waits(hinges, state, way):
            runs.append(_go(hinges, state, way, t_end))
            continue
        for wait in waits:
            if 0 < wait < t_end - state.time:
                later += _leave_after(hinges, state, way, wait, t_end)
        patient.append(_wait(hinges, state, way, t_end))
    if patient and 0 not in waits:
        runs = []
    return [trunk.joined(run).trajectory(points) for run in runs + later + patient]


@default_errors
def branch_tree(
    X: np.ndarray,
    z: np.ndarray,
    v0: float,
    u0: np.ndarray,
    t_end: float,
    slope: float = 0.0,
    depth: int = 3,
    points: int = 201,
) -> BranchNode:
    """The solutions from (v0, u0) as a tree, with up to `depth` branchings along each path.

    Arguments as for `neuron_flow`. Every waiting is followed as long as it can last; that one may leave it
    at any time is said by `BranchNode.waiting`.
    """
    hinges, t_end = of_unit_size(X, z, slope, _checks.positive("t_end", t_end))
    depth = _checks.count("depth", depth)
    points = _checks.count("points", points)
    return _node(follow(hinges, start_state(hinges, _checks.finite("v0", v0), u0), t_end), False, t_end, depth, points)


@default_errors
def branching_fractions(n: int, inputs: int, ratio: float, starts: int = 200, sets: int = 5) -> tuple[float, float]:
    """How many of the starts with |v0| = ratio |u0| branch, and of how many u reaches 0, on Gaussian data.

    Parameters
    ----------
    n, inputs : int
        Size of the data sets `gaussian(n, inputs, seed)`, seed = 0, ..., sets - 1.
    ratio : float
    starts : int
        For each data set: u0 uniform on the sphere, half of the v0 of either sign.
    sets : int

    Returns
    -------
    branched, died : float
        Fractions, averaged over the data sets.

    Raises
    ------
    ValueError
        If an argument does not fit.
    Undecided
        If some start reaches a point where too many kinks meet.
    """
    inputs = _checks.count("inputs", inputs)
    starts, ratio = _checks.count("starts", starts), _checks.nonnegative("ratio", ratio)
    u0, signs = random_start(inputs, range(starts)), np.where(np.arange(starts) % 2, 1.0, -1.0)
    data = (gaussian(n, inputs, seed) for seed in range(_checks.count("sets", sets)))
    fates = [neuron_flows(X, z, ratio * signs, u0) for X, z in data]
    if any(fate.undecided.any() for fate in fates):
        raise Undecided("some starts reach a point where too many kinks meet to list the ways on")
    return float(np.mean([fate.branched for fate in fates])), float(np.mean([fate.died for fate in fates]))


def _node(run: Solution, waiting: bool, t_end: float, depth: int, points: int) -> BranchNode:
    children = []
    if run.options and depth > 0:
        for way in ways_on(run.hinges, run.state):
            waits = _waits(run.hinges, run.state, way)
            onward = (_wait if waits else _go)(run.hinges, run.state, way, t_end)
            children.append(_node(onward, waits, t_end, depth - 1, points))
    return BranchNode(run.trajectory(points), waiting, bool(run.options), tuple(children))


def _waits(hinges: HingeSum, state: State, way: Velocity) -> bool:
    """Whether a solution that goes this way may part from it at any time: others go on from each of its points."""
    return len(ways_on(hinges, replace(state, side=way[1]), 2)) > 1


def _go(hinges: HingeSum, state: State, way: Velocity, t_end: float) -> Solution:
    return follow(hinges, state, t_end, way)


def _wait(hinges: HingeSum, state: State, way: Velocity, t_end: float) -> Solution:
    """Stay on the kinks of `way` as long as a solution does."""
    run = follow(hinges, state, t_end, way, hold=way[1] == 0)
    held = kinks_at(hinges, replace(state, side=way[1]))
    return replace(run, events=[Event(state.time, held, "wait"), *run.events])


def _leave_after(hinges: HingeSum, state: State, way: Velocity, wait: float, t_end: float) -> Iterator[Solution]:
    """Solutions that wait for the time `wait` on the kinks of `way`, then leave."""
    stay = _wait(hinges, state, way, state.time + wait)
    hold = way[1] == 0
    if stay.options or stay.state.side[hold].any():
        return
    for onward in ways_on(hinges, stay.state):
        if onward[1][hold].any():
            yield stay.joined(follow(hinges, stay.state, t_end, onward))
