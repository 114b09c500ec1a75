"""Pictures of the chapter on non-uniqueness: the field of u1 |u2|, solutions that wait, and what two speeds decide."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from homolib.figures.style import BLACK, BLUE, GREEN, GREY, ORANGE, RED, canvas
from homolib.neuron.branching import branches
from homolib.neuron.relu_flow import neuron_flow
from homolib.problems.datasets import mirrored

LIMITS = (-2.2, 2.2)


def gradient_field_of_u1_abs_u2() -> tuple[Figure, str]:
    """The paper's Figure 2 redone: gradients of u1 |u2|, and solutions from both sides of the positive half axis."""
    figure, axes = canvas(height=4.2)
    _field(axes)
    for start, colour in (((0.5, 0.05), BLUE), ((0.5, -0.05), BLUE), ((-1.8, 1.0), GREEN), ((-1.8, -1.0), GREEN)):
        w = neuron_flow(*mirrored(), start[0], start[1:], 3.0).w
        axes.plot(w[:, 0], w[:, 1], color=colour)
        axes.plot(*start, "o", color=colour, ms=5)
    end = w[-1, 0]
    return figure, (
        "Arrows: gradients of $u_1|u_2|$. Beside the positive half axis (red) they point away from it: the paths from "
        "the blue dots, $(0.5, \\pm0.05)$, part for good. Beside the negative half axis they point towards it: both "
        f"green paths, from $(-1.8, \\pm1)$, come to ({end:.3f}, 0) and stay there."
    )


def waiting_solution(u1: float = 1.0, u2: float = 0.0, wait: float = 0.0) -> tuple[Figure, str]:
    """The flow of u1 |u2| from a start; on the positive half axis the upper solution that leaves after `wait`."""
    t_end, free = 2.0, u2 == 0 and u1 > 0
    figure, (axes, clock) = canvas(columns=2, height=3.7, width=7.2)
    _field(axes)
    if free:
        paths = branches(*mirrored(), u1, [u2], t_end, waits=(wait,))
        left = [path for path in paths if path.at(t_end)[1] > 0]
        path = left[0] if left else paths[-1]
        reach = np.linspace(-t_end, t_end, 81)
        axes.plot(u1 * np.cosh(reach), u1 * np.sinh(reach), ".", color=ORANGE, ms=3)
    else:
        path = neuron_flow(*mirrored(), u1, [u2], t_end)
    t = np.linspace(0, t_end, 201)
    w = path.at(t)
    axes.plot(w[:, 0], w[:, 1], color=BLUE, lw=2.2)
    axes.plot(u1, u2, "o", color=BLACK, ms=7)
    clock.plot(t, w[:, 0], color=BLUE, label="$u_1$")
    clock.plot(t, w[:, 1], color=RED, ls="--", label="$u_2$")
    clock.set(xlabel="time", ylim=(-4.2, 4.2), xlim=(0, t_end))
    clock.legend(loc="upper left")
    end = w[-1]
    if free and wait < t_end:
        first = f"waits until $T = {wait:g}$, then goes up" if wait else "goes up at once"
        note = f"one of many solutions {first}; dots: where solutions can be at time 2"
    elif free:
        note = "one of many solutions waits all the time; dots: where others can be at time 2"
    elif u2 == 0:
        note = "the only solution rests"
    elif abs(end[1]) < 1e-12:
        note = f"the only solution meets the negative half axis at time {path.events[0].time:.3f} and rests there"
    else:
        note = "there is only one solution; the waiting time has no say"
    return figure, f"From ({u1:g}, {u2:g}): {note}. At time 2 it is at ({end[0]:.3f}, {end[1]:.3f})."


def up_and_down_a_kink() -> tuple[Figure, str]:
    """Paths that climb |x|, and paths that climb -|x|: where others can meet, one can part if the film runs back."""
    figure, panels = canvas(columns=2, height=3.2, width=7.2)
    for axes, slope, title in zip(panels, (1.0, -1.0), ("climbing $|x|$", "climbing $-|x|$"), strict=True):
        _paths_over_a_kink(axes, -slope, slope)
        axes.set(xlabel="time", ylabel="$x$", title=title, ylim=(-2.2, 2.2), xlim=(0, 2))
    return figure, (
        "Climbing $|x|$: from 0 (red, dashed; four waiting times are drawn) a path may wait and then leave to either "
        "side; from other points (blue) one path leads away. Climbing $-|x|$: the paths from four points (blue) come "
        "to 0 and stay there; from 0 (red) staying is the only way."
    )


def one_kink(below: float = -1.0, above: float = 1.0) -> tuple[Figure, str]:
    """Solutions of the height h over a kink with normal speed `below` for h < 0 and `above` for h > 0."""
    figure, axes = canvas(height=3.4)
    _paths_over_a_kink(axes, below, above)
    if _branches(below, above):
        verdict = "solutions branch; from the kink (red) one may wait for any time"
    else:
        if below * above > 0:
            verdict = "one solution, which crosses"
        else:
            verdict = "one solution, which stays on the kink" if below > above else "everything rests"
    shape = "a convex kink" if above > below else "a concave kink" if above < below else "no jump, so no kink"
    axes.set(xlabel="time", ylabel="height over the kink", ylim=(-2.2, 2.2), xlim=(0, 2))
    return figure, f"Speeds {below:g} below and {above:g} above, {shape}: {verdict}."


def _branches(below: float, above: float) -> bool:
    return below <= 0 <= above and below < above


def _paths_over_a_kink(axes: Axes, below: float, above: float) -> None:
    """Blue: paths from off the kink. Red: all paths from the kink, or four of the waiting times."""
    t = np.linspace(0, 2, 201)
    for start in (-1.2, -0.6, 0.6, 1.2):
        axes.plot(t, _height(start, t, below, above), color=BLUE, lw=1.4)
    axes.axhline(0, color=BLACK, lw=0.8, ls=":")
    if not _branches(below, above):
        axes.plot(t, _height(0.0, t, below, above), color=RED, ls="--", lw=2.2)
        return
    for wait in (0.0, 0.5, 1.0, 1.5):
        for speed in {below, above} - {0.0}:
            axes.plot(t, speed * np.maximum(t - wait, 0), color=RED, ls="--", lw=1.3)


def _height(start: float, t: np.ndarray, below: float, above: float) -> np.ndarray:
    """The solution from `start`; on reaching the kink it goes on to the other side if the speed there leads away."""
    speed = above if start > 0 or (start == 0 and above > 0) else below
    h = start + speed * t
    if start == 0:
        return h if below * above > 0 else 0 * t
    onward = below if start > 0 else above
    past = t - abs(start / speed) if start * speed < 0 else -np.ones_like(t)
    onward = onward if onward * start < 0 else 0.0
    return np.where(past > 0, onward * past, h)


def _field(axes: Axes) -> None:
    grid = np.linspace(-2, 2, 15)
    u1, u2 = np.meshgrid(grid, grid + 1e-9)
    axes.quiver(u1, u2, np.abs(u2), u1 * np.sign(u2), color=GREY, alpha=0.7, width=0.003, scale=45)
    axes.plot([0, LIMITS[1]], [0, 0], color=RED, lw=3, solid_capstyle="butt")
    axes.plot([LIMITS[0], 0], [0, 0], color=BLACK, lw=1, ls=":")
    axes.set(xlim=LIMITS, ylim=LIMITS, xlabel="$u_1$", ylabel="$u_2$", aspect="equal")
