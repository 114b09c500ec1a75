"""Pictures of the chapter on non-branching: a neuron that slides and turns, the hill that decides, and who chooses."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from homolib.figures.style import BLACK, BLUE, GREEN, GREY, ORANGE, RED, canvas
from homolib.neuron.ascent import neuron_ascent
from homolib.neuron.branching import branches
from homolib.neuron.relu_flow import neuron_flow

#: The neuron of both chapters on branching: G(u) = 2 u1 + |u2| near the positive u1-axis.
INPUTS, LABELS = np.array([[0.0, 1.0], [2.0, -1.0], [-1.0, 1.0]]), np.array([2.0, 1.0, -3.0])
START = {"X": INPUTS, "z": LABELS, "v0": -0.9, "u0": np.array([1.2, 0.1])}
WAYS, LINES = (BLUE, RED, GREEN, ORANGE), ("-", "--", "-.", ":")


def two_step_sizes(steps: tuple[float, float] = (0.01, 0.011)) -> tuple[Figure, str]:
    """The same neuron, the same start, two step sizes: the way in the plane, and u2 over time."""
    return _chosen([(step, 0.0, f"step {step:g}") for step in steps])


def step_chooses(step: float = 0.01, width: float = 0.0) -> tuple[Figure, str]:
    """One step size, with the ReLU or with a ReLU smoothed over `width`."""
    return _chosen([(step, width, f"step {step:g}, width {width:g}")])


def _chosen(runs: list[tuple[float, float, str]], t_end: float = 1.5) -> tuple[Figure, str]:
    figure, (plane, clock) = canvas(columns=2, height=3.4, width=7.0)
    exact = branches(**START, t_end=t_end, waits=(0,))
    for path in exact:
        plane.plot(path.w[:, 1], path.w[:, 2], color=GREY, lw=0.9)
        clock.plot(path.t, path.w[:, 2], color=GREY, lw=0.9)
    ends = []
    for (step, width, label), colour, line in zip(runs, WAYS, LINES, strict=False):
        path = neuron_ascent(**START, step=step, t_end=t_end, width=width, record_every=1)
        plane.plot(path.w[:, 1], path.w[:, 2], color=colour, ls=line, lw=1.4, label=label)
        clock.plot(path.t, path.w[:, 2], color=colour, ls=line, lw=1.4)
        ends.append(f"{label}: $u_2$ = {path.at(t_end)[2]:+.2f}")
    plane.plot(*START["u0"], "o", color=BLACK, ms=6)
    plane.set(xlabel="$u_1$", ylabel="$u_2$", xlim=(0.6, 2.6), ylim=(-1.3, 1.3))
    clock.set(xlabel="time", xlim=(0, t_end), ylim=(-1.3, 1.3))
    plane.legend(loc="upper left")
    at_once = max(path.at(t_end)[2] for path in exact)
    return figure, (
        f"The neuron falls to the axis, creeps along it to the left, turns back, and leaves. At time {t_end:g}, when "
        "it is outside the left picture, "
        + "; ".join(ends)
        + f". Grey: three solutions of the flow, which end at {at_once:+.2f}, {-at_once:+.2f} and 0."
    )


def slide_and_turn() -> tuple[Figure, str]:
    """The first example by hand: the same arrows before and after v passes zero, reversed."""
    figure, panels = canvas(columns=2, height=3.2, width=7.0, sharey=True)
    for axes, sign, title in zip(panels, (-1, 1), ("before the turn: v < 0", "after the turn: v > 0"), strict=True):
        _arrows(axes, sign)
        axes.set(xlabel="$u_1$", xlim=(0.45, 1.75), ylim=(-0.5, 0.5), title=title)
    before, after = panels
    before.set_ylabel("$u_2$")
    before.plot([1.2, 1, 0.8], [0.1, 0, 0], color=BLACK, lw=2.6)
    before.plot(1.2, 0.1, "o", color=BLACK, ms=7)
    for slope, colour, line in zip((1, -1, 0), WAYS, LINES, strict=False):
        after.plot([0.8, 1.6], [0, 0.4 * slope], color=colour, ls=line, lw=2.4)
    for axes in panels:
        axes.plot(0.8, 0, "D", color=BLACK, ms=6)
    return figure, (
        "Before the turn: from the start (1.2, 0.1), a dot, to the axis at (1, 0) and along it to (0.8, 0), a diamond; "
        "the arrows on both sides point to the axis. After the turn: the same arrows, reversed; from the diamond three "
        "ways lead on: up, down, and along the axis."
    )


def _arrows(axes: Axes, sign: int) -> None:
    u1, u2 = np.meshgrid(np.arange(0.6, 1.8, 0.25), [-0.4, -0.25, -0.1, 0.1, 0.25, 0.4])
    axes.quiver(u1, u2, sign * 2.0 + 0 * u1, sign * np.sign(u2), color=GREY, angles="xy", scale=30, width=0.005)
    axes.axhline(0, color=GREY, lw=1)


def two_hills() -> tuple[Figure, str]:
    """Phi = psi - |a|^2/2 at a point of the kink: level curves, and the critical points, before and after the turn."""
    figure, panels = canvas(columns=2, height=3.4, width=7.0, sharey=True)
    a1, a2 = np.meshgrid(np.linspace(-3.5, 3.5, 141), np.linspace(-2, 2, 81))
    for axes, sign, title in zip(panels, (-1, 1), ("before the turn", "after the turn"), strict=True):
        height = sign * (2 * a1 + np.abs(a2)) - (a1**2 + a2**2) / 2
        axes.contour(a1, a2, height, levels=np.arange(-4, 2.5, 0.5), colors=GREY, linewidths=0.8, linestyles="solid")
        axes.axhline(0, color=BLACK, lw=0.8, ls=":")
        axes.set(xlabel="$a_1$", title=title, aspect="equal")
    panels[0].set_ylabel("$a_2$")
    panels[0].plot(-2, 0, "^", color=BLUE, ms=9)
    panels[1].plot([2, 2], [1, -1], "^", color=BLUE, ms=9)
    panels[1].plot(2, 0, "X", color=RED, ms=9)
    return figure, (
        "Level curves of the hill. Before the turn it has one summit (triangle), at (-2, 0), of height 2. After it, "
        "two summits, at (2, 1) and (2, -1), of height 2.5, and a pass (cross) between them on the kink, at (2, 0), of "
        "height 2."
    )


def falling_from(u2: float = 0.1) -> tuple[Figure, str]:
    """All solutions from v = -0.9, u = (1.2, u2): the polygon in the plane, and v over time."""
    figure, (plane, clock) = canvas(columns=2, height=3.2, width=7.0)
    start, t_end = {**START, "u0": np.array([1.2, u2])}, 1.5
    trunk = neuron_flow(**start, t_end=t_end)
    ways = branches(**start, t_end=t_end, waits=(0,)) if trunk.events and trunk.events[-1].kind == "branch" else []
    for axes, pick in ((plane, lambda w, t: (w[:, 1], w[:, 2])), (clock, lambda w, t: (t, w[:, 0]))):
        for path, colour, line in zip(ways, WAYS, LINES, strict=False):
            late = path.t >= trunk.t[-1]
            axes.plot(*pick(path.w[late], path.t[late]), color=colour, ls=line, lw=2)
        axes.plot(*pick(trunk.w, trunk.t), color=BLACK, lw=2.4)
        axes.axhline(0, color=GREY, lw=0.8)
    plane.plot(1.2, u2, "o", color=BLACK, ms=7)
    plane.set(xlabel="$u_1$", ylabel="$u_2$", xlim=(0.6, 2.6), ylim=(-0.9, 0.9))
    clock.set(xlabel="time", ylabel="$v$", xlim=(0, t_end), ylim=(-1, 3))
    met = next((event.time for event in trunk.events if event.kind == "slide"), None)
    turn = next(event.time for event in trunk.events if event.kind == "flip")
    slid = f"meets the axis at time {met:.3f}, slides, and turns" if met else "turns above the axis"
    return figure, f"From $u_2$ = {u2:g} it {slid} at time {turn:.3f}: {len(ways) or 'one'} way{'s' * bool(ways)} on."


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
        f"$\\sigma'(0)$ = {at_zero:g}, start {offset:g} off the kink: the path {what}; $u_2$ = {end:.3f} at time 1.5.",
    )
