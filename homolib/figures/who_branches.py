"""Pictures of the chapter on who branches: fates of all starts in a plane, and why they are so."""

from __future__ import annotations

import itertools

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from homolib.figures.non_branching import INPUTS, LABELS
from homolib.figures.style import BLACK, BLUE, GREEN, GREY, ORANGE, SKY, canvas
from homolib.neuron.relu_flow import neuron_flows

# Times tau and corners of two polygons: from the start to the slide, and on it. The first has the chapter's data, v < 0
# and ends at 0; the second the inputs (1, 0), (0, 1) with labels 1 and -1, and v > 0.
POLYGONS = (
    ((0, 0.3, 0.6), ((1.2, 0.3), (0.6, 0), (0, 0))),
    ((0, 0.5, 0.6), ((0.2, 0.5), (0.7, 0), (0.8, 0))),
)


def fates_in_the_plane(v0: float = -0.9, points: tuple[int, int] = (161, 180)) -> tuple[Figure, str]:
    """Which starts u branch from v = `v0`: those where v passes zero on a slide, those where u reaches zero."""
    figure, axes = canvas(height=4.6, width=6.0)
    # The middles of small rectangles, off the kinks if one number is odd and the other even, and a rim for drawing
    u1, u2 = np.meshgrid(*[1.6 * (1 + 1 / n) * np.linspace(-1, 1, n + 2) for n in points])
    fates = neuron_flows(INPUTS, LABELS, np.full(u1.size, v0), np.stack([u1.ravel(), u2.ravel()], axis=1))
    first, second = fates.branched & fates.flipped, fates.branched & fates.died
    for fate, colour in ((first, SKY), (second, ORANGE)):
        axes.contourf(u1, u2, fate.reshape(u1.shape), levels=[0.5, 1.5], colors=[colour])
    circle = np.linspace(0, 2 * np.pi, 200)
    axes.plot(abs(v0) * np.cos(circle), abs(v0) * np.sin(circle), color=BLACK, lw=1.2, ls="--")
    for x, y in ((1, 0), (1, 2), (1, 1)):
        axes.plot([-3 * x, 3 * x], [-3 * y, 3 * y], color=GREY, lw=0.7, ls=":")
    axes.set(xlabel="$u_1$", ylabel="$u_2$", xlim=(-1.6, 1.6), ylim=(-1.6, 1.6), aspect="equal")
    patches = [
        Patch(color=SKY, label="branch: v passes 0 on a slide"),
        Patch(color=ORANGE, label="branch: u reaches 0"),
    ]
    axes.legend(handles=patches, loc="lower left")
    parts = [100 * fate.reshape(u1.shape)[1:-1, 1:-1].mean() for fate in (first, second)]
    return figure, (
        f"Starts u in a square of half-width 1.6, with v = {v0:g}. Blue, {parts[0]:.1f} per cent of the square: "
        f"branch because v passes zero on a slide; orange, {parts[1]:.1f} per cent: branch because u reaches zero; "
        "almost all the rest: one solution. Dashed: the circle of balanced starts. Dotted: the three kinks."
    )


def plane_becomes_a_line(v0: float = -0.9) -> tuple[Figure, str]:
    """By hand: how all starts between two tracks fall to the axis, what decides, and the velocities near zero."""
    figure, (tracks, sectors) = canvas(columns=2, height=3.4, width=7.0)
    _fall_to_the_axis(tracks, v0)
    _velocities_of_sectors(sectors)
    return figure, (
        "Left: as long as v < 0, all starts between the two green tracks move along the grey ones to the axis, the "
        "kink; below it all is mirrored, with $|u_2|$ for $u_2$. "
        f"From v = {v0:g}: inside the circle (dashed) the neuron slides into 0; between the circle and the blue "
        "curves v vanishes while it slides, and it branches; beyond them v vanishes before the axis, and it turns. "
        "Right: three kinks, dotted, and the velocity in each of the six sectors; only "
        "(-3, 1), in orange, points into its own, and in one it is 0."
    )


def squared_length_falls_to_a_level() -> tuple[Figure, str]:
    """Where v vanishes, for two polygons: where the squared length of u falls below a level D, with v^2 = |u|^2 - D."""
    figure, panels = canvas(columns=2, height=3.2, width=7.0)
    for axes, (times, corners), levels in zip(panels, POLYGONS, ((0.8, 0.2), (0.27, 0.1)), strict=True):
        for begin, end, style in ((0, 1, "-"), (1, 2, "--")):
            tau = np.linspace(times[begin], times[end], 60)
            u = [np.interp(tau, times, coordinate) for coordinate in np.transpose(corners)]
            label = "sliding" if begin else "before the slide"
            axes.plot(tau, u[0] ** 2 + u[1] ** 2, style, color=ORANGE if begin else BLUE, label=label)
        axes.plot(times[1], np.dot(corners[1], corners[1]), "o", color=BLACK)
        for level in levels:
            axes.axhline(level, color=GREY, ls=":", lw=1.4)
            axes.annotate(f"D = {level:g}", (times[-1], level), (0, 3), textcoords="offset points", ha="right")
        axes.set(xlabel=r"$\tau$", ylabel=r"$\|u\|^2$", ylim=(0, None))
    panels[0].legend(loc="upper right")
    return figure, (
        "The squared length of u along two polygons: before the slide (blue, solid) and on it (orange, dashed); the "
        "dot is where the slide begins. Dotted: levels D; v vanishes where the curve falls below its level. Left: the "
        "example, from u = (1.2, 0.3) with v < 0. The curve falls at the dot, so a level below it is met on the slide. "
        "Right: inputs (1, 0) and (0, 1), labels 1 and -1, from u = (0.2, 0.5) with v > 0. The neuron moves with "
        "(1, -1) to (0.7, 0), where it slides with (1, 0). The curve falls from 0.29 to 0.245 and grows at the dot, so "
        "a level is met before the slide (D = 0.27) or never (D = 0.1)."
    )


def _fall_to_the_axis(axes: Axes, v0: float) -> None:
    for foot in np.arange(0.0, 1.8, 0.2):
        for sign in (-1, 1):
            axes.plot([foot, foot + 2], [0, sign], color=GREY if foot else GREEN, lw=0.7 if foot else 1.6)
    u1, u2 = np.meshgrid(np.linspace(0, 2, 401), np.linspace(-0.8, 0.8, 321))
    inside = np.abs(u2) < u1 / 2
    levels = np.where(inside, 4 * u1 * np.abs(u2) - 3 * u2**2, np.nan)
    axes.contour(u1, u2, levels, levels=[v0**2], colors=BLUE)
    arc = np.arctan(np.linspace(-0.5, 0.5, 101))
    axes.plot(abs(v0) * np.cos(arc), abs(v0) * np.sin(arc), color=BLACK, lw=1.4, ls="--")
    axes.axhline(0, color=BLACK, lw=1.6)
    box = {"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none"}
    for text, place in (("into 0", (0.52, 0.04)), ("slides, $v = 0$", (1.25, 0.035)), ("turns before", (1.5, 0.6))):
        axes.annotate(text, place, ha="center", bbox=box)
    axes.set(xlabel="$u_1$", ylabel="$u_2$", xlim=(0, 2), ylim=(-0.8, 0.8))


def _velocities_of_sectors(axes: Axes) -> None:
    rays = np.array([[1, 0], [1, 1], [1, 2], [-1, 0], [-1, -1], [-1, -2], [1, 0]])
    rays = rays / np.linalg.norm(rays, axis=1, keepdims=True)
    for ray in rays[:-1]:
        axes.plot(*np.stack([0 * ray, 3 * ray], axis=1), color=GREY, lw=1, ls=":")
    for one, other in itertools.pairwise(rays):
        place = 1.35 * (one + other) / np.linalg.norm(one + other)
        velocity = -LABELS[INPUTS @ place > 0] @ INPUTS[INPUTS @ place > 0]
        own = np.linalg.norm(velocity) > 0 and ((INPUTS @ velocity > 0) == (INPUTS @ place > 0)).all()
        if velocity.any():
            tip = place + 0.22 * velocity
            arrow = {"arrowstyle": "->", "color": ORANGE if own else BLACK, "lw": 2.4 if own else 1.2}
            axes.annotate("", tip, place, arrowprops=arrow)
        else:
            axes.plot(*place, "o", color=BLACK, ms=5)
        name = f"({velocity[0] + 0.0:g}, {velocity[1] + 0.0:g})"
        axes.annotate(name, place, (4, -10), textcoords="offset points")
    axes.set(xlabel="$u_1$", ylabel="$u_2$", xlim=(-2.2, 2.2), ylim=(-2.2, 2.2), aspect="equal")
