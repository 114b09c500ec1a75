"""Pictures of chapter 10: the starts of one neuron that branch, the trees they open, and who chooses a way."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from homolib.figures.style import BLACK, BLUE, GREEN, GREY, ORANGE, RED, canvas
from homolib.neuron.ascent import neuron_ascent
from homolib.neuron.branching import BranchNode, branch_tree, branches, branching_fractions
from homolib.neuron.flow import neuron_flow
from homolib.problems.datasets import branching_start

WAYS = (BLUE, RED, GREEN, ORANGE)
EVENTS = {
    "cross": "it crosses a kink",
    "slide": "it slides on a kink",
    "leave": "it leaves the kink",
    "flip": "v passes zero",
    "death": "u reaches 0",
}


def two_step_sizes(steps: tuple[float, float] = (0.012, 0.011)) -> tuple[Figure, str]:
    """The same neuron, the same start, two step sizes: u2 over time, and the way in the plane."""
    return _chosen([(step, 0.0, f"step {step:g}") for step in steps])


def step_chooses(step: float = 0.01, width: float = 0.0) -> tuple[Figure, str]:
    """One step size, with the ReLU or with a ReLU smoothed over `width`."""
    return _chosen([(step, width, f"step {step:g}, width {width:g}")])


def _chosen(runs: list[tuple[float, float, str]]) -> tuple[Figure, str]:
    case, t_end = branching_start("turning"), 2.0
    figure, (plane, clock) = canvas(columns=2, height=3.4, width=7.0)
    up, down, stay = _by_height(branches(**case, t_end=t_end, waits=(0,)))
    for axes, pick in ((plane, lambda path: path.w[:, 1]), (clock, lambda path: path.t)):
        for path in (up, down, stay):
            axes.plot(pick(path), path.w[:, 2], color=GREY, lw=0.9)
    ends = []
    for (step, width, label), colour, line in zip(runs, (BLUE, RED), ("-", "--"), strict=False):
        path = neuron_ascent(**case, step=step, t_end=t_end, width=width, record_every=1)
        plane.plot(path.w[:, 1], path.w[:, 2], color=colour, ls=line, lw=1.2, label=label)
        clock.plot(path.t, path.w[:, 2], color=colour, ls=line, lw=1.2)
        ends.append(f"{label}: u2 = {path.w[-1, 2]:+.2f}")
    plane.plot(*case["u0"], "o", color=BLACK, ms=6)
    plane.set(xlabel="$u_1$", ylabel="$u_2$", xlim=(0.6, 2.2), ylim=(-1.5, 1.5))
    clock.set(xlabel="time", xlim=(0, t_end), ylim=(-1.5, 1.5))
    plane.legend(loc="upper left")
    return figure, (
        f"N = v (max(u1, 0) + |u2|) from (-0.6, 1, 0.1); grey: three of its solutions. At time {t_end:g}, "
        + "; ".join(ends)
        + f". Leaving at once would give {up.at(t_end)[2]:+.2f} or {down.at(t_end)[2]:+.2f}, never leaving 0."
    )


def _by_height(paths: list) -> list:
    return sorted(paths, key=lambda path: (path.w[-1, 2] == 0, -path.w[-1, 2]))


def branching_set(u1: float = 1.0, u2: float = 0.1) -> tuple[Figure, str]:
    """The plane of starts u with v0 = -0.6: the set that branches (closed form), and the solutions from one start."""
    case, v0 = branching_start("turning"), -0.6
    figure, axes = canvas(height=4.2)
    grid = np.meshgrid(np.linspace(0.002, 1.3, 521), np.linspace(0.002, 1.0, 401))
    axes.contourf(*grid, turning_set(*grid, v0), levels=[0.5, 1.5], colors=[ORANGE], alpha=0.35)
    trunk = neuron_flow(case["X"], case["z"], v0, [u1, u2], 2.5)
    axes.plot(trunk.w[:, 1], trunk.w[:, 2], color=BLACK, lw=2.4)
    if trunk.events and trunk.events[-1].kind == "branch":
        ways = branches(case["X"], case["z"], v0, [u1, u2], 2.5, waits=(0,))
        for path, colour, line in zip(ways, WAYS, ("-", "--", ":"), strict=False):
            later = path.at(np.linspace(trunk.t[-1], 2.5, 80))
            axes.plot(later[:, 1], later[:, 2], color=colour, ls=line, lw=2)
        a, b = np.abs(trunk.w[-1, 1:])
        where = f"u2 = 0, at u1 = {a:.3f}" if b < a else f"u1 = 0, at u2 = {b:.3f}"
        say = f"at time {trunk.t[-1]:.4f} v passes zero on the kink {where}; {len(ways)} ways on"
    else:
        say = "one solution; " + ", then ".join(EVENTS[event.kind] for event in trunk.events)
    axes.plot(u1, u2, "o", color=BLACK, ms=7)
    axes.axhline(0, color=GREY, lw=0.8)
    axes.set(xlabel="$u_1$", ylabel="$u_2$", xlim=(0, 1.3), ylim=(-0.5, 1.0))
    return figure, f"v0 = -0.6, u0 = ({u1:g}, {u2:g}). Shaded: starts that slide on u2 = 0 and turn there. Here: {say}."


def turning_set(u1: np.ndarray, u2: np.ndarray, v0: float, c: float = 1.0) -> np.ndarray:
    """Whether N = v (c max(u1, 0) + |u2|) from v0 < 0 and u1, u2 > 0 lets v pass zero on the kink u2 = 0."""
    rate, slope0 = math.hypot(c, 1), c * u1 + u2
    root = np.sqrt(np.maximum(slope0**2 - rate**2 * v0**2, 0))
    in_time = (slope0 <= rate * abs(v0)) | (u2 < (slope0 - root) / rate**2)
    return (u1 > c * u2) & (u1**2 + u2**2 > v0**2) & in_time


CASES = {
    "v passes zero": "turning",
    "death and rebirth": "dying",
    "it must leave zero": "five points",
    "balanced, dependent inputs": "dependent",
}


def solution_tree(case: str = "v passes zero") -> tuple[Figure, str]:
    """All ways on from the first branching of one of four examples: the last two coordinates of u."""
    tree = branch_tree(**branching_start(CASES[case]), t_end=2.0, depth=1)
    figure, axes = canvas(height=3.8)
    x, y = 1, 2
    axes.plot(tree.path.w[:, x], tree.path.w[:, y], color=BLACK, lw=2.4, label="before")
    axes.plot(*tree.path.w[0, [x, y]], "o", color=BLACK, ms=6)
    _draw_ways(axes, tree, x, y)
    axes.plot(*tree.path.w[-1, [x, y]], "D", color=BLACK, ms=5)
    axes.axhline(0, color=GREY, lw=0.6)
    axes.axvline(0, color=GREY, lw=0.6)
    axes.set(xlabel="$u_1$", ylabel="$u_2$", xlim=(-0.8, 1.2), ylim=(-0.7, 0.7))
    axes.legend(loc="upper left")
    waiting = sum(child.waiting for child in tree.children)
    v, u = tree.path.w[-1, 0], tree.path.w[-1, 1:]
    where = "(" + ", ".join(f"{value + 0.0:.3f}" for value in np.append(v, np.where(abs(u) < 1e-12, 0, u))) + ")"
    return figure, (
        f'Example "{case}": unique until time {tree.path.t[-1] + 0.0:.4f}, when (v, u) = {where}. Then '
        f"{len(tree.children)} ways on, {waiting} of which can be left again at any time."
    )


def _draw_ways(axes: Axes, tree: BranchNode, x: int, y: int) -> None:
    for child, colour, line in zip(tree.children, WAYS, ("-", "--", "-.", ":"), strict=False):
        w = child.path.w
        label = "waiting" if child.waiting else "leaving"
        still = np.ptp(w[:, [x, y]], axis=0).max() < 1e-9
        axes.plot(w[:, x], w[:, y], color=colour, ls=line, lw=2, marker="s" if still else None, label=label)


def derivative_at_zero_chooses(at_zero: float = 0.0, offset: float = 0.0) -> tuple[Figure, str]:
    """N = v (max(u2, 0) + max(u1 - u2 / 2, 0)) from (1, 1, offset): a start on a repelling kink, in steps of 0.01."""
    X, z = np.array([[0, 1.0], [1, -0.5]]), np.ones(2)
    figure, axes = canvas(height=3.4)
    for first in (-0.2, 0.2):
        path = neuron_flow(X, z, 1.0, [1.0, first], 1.5)
        axes.plot(path.t, path.w[:, 2], color=GREY, lw=0.9)
    path = neuron_ascent(X, z, 1.0, [1.0, offset], 0.01, 1.5, at_zero=at_zero, record_every=1)
    axes.plot(path.t, path.w[:, 2], color=BLUE, lw=2.2)
    axes.axhline(0, color=BLACK, lw=0.8, ls=":")
    axes.set(xlabel="time", ylabel="$u_2$", ylim=(-2.1, 2.1), xlim=(0, 1.5))
    end = path.w[-1, 2]
    what = "stays on the kink" if end == 0 else "goes up" if end > 0 else "goes down"
    return (
        figure,
        f"sigma'(0) = {at_zero:g}, start {offset:g} off the kink: the path {what}; u2 = {end:.3f} at time 1.5.",
    )


def branching_volumes(
    ratios: tuple[float, ...] = (0.2, 0.5, 0.8, 0.95, 1.0, 1.05, 1.3, 2.0), starts: int = 60
) -> tuple[Figure, str]:
    """Part of the starts that branch, and that bring u to 0, by |v0| / |u0|, on two small Gaussian data sets."""
    figure, axes = canvas(height=3.4)
    below, balanced = [], []
    for d, colour, marker in ((2, BLUE, "o"), (3, GREEN, "s")):
        branched, died = 100 * np.transpose([branching_fractions(8, d, ratio, starts, sets=2) for ratio in ratios])
        axes.plot(ratios, branched, color=colour, marker=marker, label=f"branch, d = {d}")
        axes.plot(ratios, died, color=colour, marker=marker, ls=":", mfc="none", label=f"u reaches 0, d = {d}")
        below.append(", ".join(f"{part:.1f}" for part, ratio in zip(branched, ratios, strict=True) if ratio < 1))
        balanced.append(branched[ratios.index(1.0)])
    axes.set(xlabel="$|v_0| / |u_0|$", ylabel="per cent of the starts", xscale="log", xticks=[0.2, 0.5, 1, 2])
    axes.set_xticklabels(["0.2", "0.5", "1", "2"])
    axes.minorticks_off()
    axes.legend(ncols=2)
    return figure, (
        f"Eight Gaussian inputs, {starts} starts on each of two data sets. Below balance, from left to right, "
        f"{below[0]} per cent branch in the plane and {below[1]} in space; at balance {balanced[0]:g} and "
        f"{balanced[1]:g}."
    )
