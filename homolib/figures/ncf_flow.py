"""Pictures of the chapter on the correlation flow: directions climb, norms grow, shrink or rest."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from homolib.figures.style import BLACK, BLUE, GREEN, GREY, ORANGE, RED, canvas, power_of_ten
from homolib.neuron.circle import Arcs
from homolib.neuron.relu_flow import neuron_flow
from homolib.problems import datasets


def directions_converge(neurons: int = 24) -> tuple[Figure, str]:
    """Angles of many neurons of Figure 1 under the frozen flow."""
    arcs, t = Arcs(*datasets.circle()), np.linspace(0, 0.2, 300)
    start = 2 * np.pi * (np.arange(neurons) + 1 / 3) / neurons
    angles, _ = arcs.flow(start[:, None], t)
    figure, axes = canvas()
    for track, first in zip(angles, start, strict=True):
        axes.plot(t, np.degrees(np.unwrap(np.append(first, track))[1:]), color=BLUE, lw=1)
    for point in arcs.critical_points():
        style = {"color": RED, "ls": "--"} if point.kind == "max" else {"color": GREY, "ls": ":"}
        for turn in (0, 360) if point.angle == 0 else (0,):
            axes.axhline(np.degrees(point.angle) + turn, lw=1, zorder=0, **style)
    axes.set(xlabel="time", ylabel="angle (degrees)", yticks=range(0, 361, 90), ylim=(-8, 368))
    distances = np.abs(np.sin(angles[:, -1]))
    farthest, last = distances.max(), start[distances.argmax()]
    maxima = [point for point in arcs.critical_points() if point.kind == "max"]
    low = [np.degrees(point.angle) for point in arcs.critical_points() if point.kind == "min"]
    return figure, (
        f"Each curve is the angle of one neuron with two weights, as time goes on. The {neurons} neurons see the same "
        f"fifty data points, and start at {np.degrees(start[0]):g} degrees and every {360 / neurons:g} degrees from "
        f"there on. All go to the two maxima of the correlation function on the unit circle (dashed), of value "
        f"{maxima[0].value:.1f} at 0 degrees (also drawn as 360) and {maxima[1].value:.1f} at 180 degrees. "
        f"None turns back or crosses a minimum (dotted, at {low[0]:.0f} and {low[1]:.0f} degrees). At time 0.2 the "
        f"slowest, which starts at {np.degrees(last):g} degrees, is {farthest:.1g} radians from its maximum."
    )


def direction_and_growth(start: float = 60.0, delta: float = 1.0) -> tuple[Figure, str]:
    """Angle and logarithm of the length of one neuron of Figure 1, from an angle in degrees and a length."""
    arcs, t = Arcs(*datasets.circle()), np.linspace(0, 0.15, 300)
    angle, gain = arcs.flow(np.radians(start), t)
    end = min(arcs.critical_points(), key=lambda p: (p.kind != "max", abs(np.sin((p.angle - angle[-1]) / 2))))
    figure, (left, right) = canvas(columns=2)
    left.plot(t, np.degrees(np.unwrap(np.append(np.radians(start), angle))[1:]), color=BLUE)
    left.set(xlabel="time", ylabel="angle (degrees)", ylim=(-8, 368), yticks=range(0, 361, 90))
    log_length = (np.log(delta) + gain) / np.log(10)
    right.plot(t, log_length, color=ORANGE, label="length")
    slope = 2 * end.value / np.log(10)
    right.plot(t, log_length[-1] + slope * (t - t[-1]), color=BLACK, ls=":", label="rate $2N_*$")
    right.set(xlabel="time", ylabel=r"$\log_{10}$ of the length")
    right.legend(loc="lower right")
    measured = float((gain[-1] - gain[-2]) / (t[-1] - t[-2]))
    return figure, (
        f"Start at {start:g} degrees, length {power_of_ten(delta)}: the direction goes to {np.degrees(end.angle):.0f} "
        f"degrees, and at time 0.15 $\\ln\\|u\\|$ grows at the rate {measured:.2f}; in the limit it is "
        f"$2N_* = {2 * end.value:.2f}$."
    )


def angle_and_length() -> tuple[Figure, str]:
    """Angle and logarithm of the length along the flow of 2 u_1^2 + u_2^2 from (1, 1) / sqrt 2, in closed form."""
    t = np.linspace(0, 1.5, 300)
    log_length = 4 * t + np.log((1 + np.exp(-4 * t)) / 2) / 2
    figure, (left, right) = canvas(columns=2)
    left.plot(t, np.degrees(np.arctan(np.exp(-2 * t))), color=BLUE)
    left.set(xlabel="time", title="angle (degrees)", ylim=(-2, 47), yticks=(0, 15, 30, 45))
    right.plot(t, log_length, color=ORANGE, label="length")
    right.plot(t, 4 * t - np.log(2) / 2, color=BLACK, ls=":", label="slope 4")
    right.set(xlabel="time", title="natural logarithm of the length")
    right.legend(loc="lower right")
    return figure, (
        f"The neuron of $2p^2 + q^2$ from 45 degrees: the angle falls to {np.degrees(np.arctan(np.exp(-3))):.1f} "
        f"degrees at time 1.5, while the logarithm of the length rises to {log_length[-1]:.2f}, ever closer to the "
        "dotted line $4t - 0.347$."
    )


def three_paths() -> tuple[Figure, str]:
    """One path for each fate of the scalar neuron N = v max(u_1, 0)."""
    figure, axes = _plane()
    for (v, u1), colour, style in (((1, 2), BLUE, "-"), ((-1, 1), RED, "--"), ((-2, 1), GREEN, "-.")):
        w = neuron_flow([[1.0]], [1.0], v, [u1], 4.0).w
        axes.plot(w[:, 0], w[:, 1], style, color=colour, lw=2)
        axes.plot(v, u1, "o", color=colour, ms=7)
    axes.plot(-np.sqrt(3), 0, "D", color=GREEN, ms=6)
    return figure, (
        "The plane of $(v, u_1)$, with the velocities as arrows and the starts as dots. From $(1, 2)$ the neuron grows "
        "(solid); from $(-1, 1)$ it dies out (dashed) along the dotted line $v = -u_1$; from $(-2, 1)$ it comes to "
        "rest at $(-1.732, 0)$ (diamond). Below the line $u_1 = 0$ there are no arrows: nothing moves."
    )


def three_fates(v: float = -1.0, u1: float = 1.0) -> tuple[Figure, str]:
    """A scalar neuron that is rewarded for answering, N = v max(u_1, 0): its path in that plane, for u_1 != 0."""
    path = neuron_flow([[1.0]], [1.0], v, [u1], 4.0)
    figure, axes = _plane()
    axes.plot(path.w[:, 0], path.w[:, 1], color=BLUE, lw=2)
    axes.plot(v, u1, "o", color=BLACK, ms=7)
    axes.plot(*path.w[-1], "D", color=RED, ms=6)
    end, growth = path.w[-1], path.log_norm[-1] - path.log_norm[0]
    if u1 < 0:
        fate = "the neuron does not see the input, and nothing moves: $N_* = 0$"
    elif v < -u1:
        fate = f"it comes to rest at ({end[0]:.3f}, 0) after a finite time: $N_* = 0$"
    elif v == -u1:
        fate = f"it dies out along the dotted line, with the length {path.norm[-1]:.3f} at time 4: $N_* < 0$"
    else:
        how = (
            f"the length falls to {path.norm.min():.3f}, then it grows"
            if path.norm.min() < path.norm[0]
            else "it grows"
        )
        fate = f"{how}, and by time 4 the length is {np.exp(growth):.3g} times the first one: $N_* > 0$"
    return figure, f"From $(v, u_1) = ({v:g}, {u1:g})$: {fate}."


def _plane() -> tuple[Figure, Axes]:
    """The plane of (v, u_1) with the velocities of N = v max(u_1, 0), and the starts that die out."""
    figure, axes = canvas(height=4.2)
    grid = np.linspace(-2.5, 2.5, 21)
    V, U = np.meshgrid(grid, grid[grid > 0])
    axes.quiver(V, U, U, V, color=GREY, alpha=0.6, width=0.002, scale=60)
    axes.plot([-2.5, 0], [2.5, 0], color=GREY, ls=":", lw=1.2)
    axes.set(xlim=(-2.5, 2.5), ylim=(-1.2, 2.5), xlabel="$v$", ylabel="$u_1$", aspect="equal")
    return figure, axes
