"""Pictures of the chapter on definability: a flow that winds for ever, and functions under a microscope."""

from __future__ import annotations

from functools import cache

import numpy as np
from matplotlib.figure import Figure

from homolib.examples import hat_descent, mexican_hat, monotone_pieces
from homolib.figures.style import BLUE, GREY, ORANGE, RED, canvas, power_of_ten
from homolib.problems import datasets
from homolib.problems.networks import TwoLayerReLU

# Where |x| - max(0, x)^2 has these heights: -x for x < 0, x - x^2 for x >= 0
HEIGHTS = {
    -0.3: ((1 + 2.2**0.5) / 2,),
    0.1: (-0.1, (1 - 0.6**0.5) / 2, (1 + 0.6**0.5) / 2),
    0.25: (-0.25, 0.5),
    0.5: (-0.5,),
}
LEVEL = 15.0  # descents stop where 1 / (1 - r^2) is this


@cache
def _moat() -> np.ndarray:
    """Height of the hat without its factor e^-tau, on a grid over the disk: between 0 (moat) and 2 (ridge)."""
    grid = np.linspace(-1, 1, 240)
    x = np.stack(np.meshgrid(grid, grid), axis=-1)
    r2 = (x**2).sum(axis=-1)
    inside = r2 < 1 - 1 / (LEVEL + 3)
    lift = np.exp(1 / (1 - np.where(inside, r2, 0)))
    return np.where(inside, mexican_hat(x) * lift, np.nan)


def cut_with_horizontals() -> tuple[Figure, str]:
    """Graphs of |x| - max(0, x)^2 and of the sine, cut with horizontal lines: few points, and as many as one likes."""
    figure, (few, many) = canvas(columns=2, width=6.8, height=3.2)
    x = np.linspace(-0.7, 1.4, 211)
    few.plot(x, abs(x) - np.maximum(0, x) ** 2, color=BLUE)
    for height, crossings in HEIGHTS.items():
        few.axhline(height, color=GREY, linestyle="--", linewidth=1.2)
        few.plot(crossings, [height] * len(crossings), "o", color=ORANGE)
    few.set(xlabel="$x$", title=r"$|x| - \max(0, x)^2$", yticks=[-0.3, 0, 0.25, 0.5])
    x, zeros = np.linspace(-20, 20, 801), np.pi * np.arange(-6, 7)
    many.plot(x, np.sin(x), color=RED)
    many.axhline(0, color=GREY, linestyle="--", linewidth=1.2)
    many.plot(zeros, 0 * zeros, "o", color=ORANGE)
    many.set(xlabel="$x$", title=r"$\sin x$", yticks=[-1, 0, 1])
    return figure, (
        "Horizontal lines at the heights "
        + ", ".join(f"${height:g}$" for height in HEIGHTS)
        + " meet the graph of $|x| - \\max(0, x)^2$ in "
        + ", ".join(str(len(crossings)) for crossings in HEIGHTS.values())
        + f" points, in this order. The axis meets the drawn part of the graph of the sine in {len(zeros)} points, and "
        "the whole graph in infinitely many."
    )


def hat_against_dome(radius: float = 0.75, degrees: float = 0.0) -> tuple[Figure, str]:
    """Gradient flows of the hat and of its definable twin, the dome, from one start: paths, and angle over time."""
    start = radius * np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))])
    hat, dome = hat_descent(start, LEVEL), hat_descent(start, 3.5 * LEVEL, winding=0)
    angle, walked, level = (
        np.interp(hat.log_time[-1], dome.log_time, each) for each in (dome.angle, dome.length, dome.level)
    )
    figure, (plane, clock) = canvas(columns=2, width=6.8, height=3.4)
    plane.imshow(_moat(), origin="lower", extent=(-1, 1, -1, 1), cmap="Greys", alpha=0.55, interpolation="bilinear")
    plane.plot(*hat.points.T, color=BLUE, linewidth=2, label="hat")
    plane.plot(*dome.points.T, color=RED, linewidth=2.6, label="dome")
    plane.plot(*dome.points[-1], "s", color=RED)
    plane.plot(*start, "o", color=ORANGE, markersize=8)
    rim = np.linspace(0, 2 * np.pi, 181)
    plane.plot(np.cos(rim), np.sin(rim), color=GREY, linestyle=":", linewidth=1)
    plane.set(aspect="equal", xticks=[-1, 0, 1], yticks=[-1, 0, 1], title="paths (shaded: ridge of the hat)")
    plane.grid(visible=False)
    for path, colour, style, name in ((hat, BLUE, "-", "hat"), (dome, RED, "--", "dome")):
        clock.plot(path.log_time[1:], (path.angle[1:] - path.angle[0]) / (2 * np.pi), style, color=colour, label=name)
    clock.set(xlabel=r"$\ln t$", title="full turns so far", xlim=(0, hat.log_time[-1]))
    clock.legend()
    return figure, (
        "Seen from above; $R$ is the distance from the centre, and both landscapes have the height 0 for $R \\ge 1$. "
        "Shaded is the ridge of the hat, its highest points at each $R$: it winds around infinitely often towards the "
        f"rim $R = 1$. The ridge of the dome is straight. Both paths start at $R = {radius:g}$, at the angle "
        f"{degrees:g} degrees. When the path in the hat has come to $R = {np.sqrt(1 - 1 / LEVEL):.3f}$, it has turned "
        f"{hat.turns:.2f} times, its length is {hat.length[-1]:.1f}, and it still turns. After the same time the path "
        f"in the dome has turned {abs(angle - dome.angle[0]) / (2 * np.pi):.3f} times, its length is {walked:.3f}, "
        f"and it is {1 - np.sqrt(1 - 1 / level):.3f} from the rim. Time is drawn as $\\ln t$, since the turns of the "
        "hat take longer and longer."
    )


def _network_along_a_line(s: np.ndarray) -> np.ndarray:
    """Correlation of a two-layer ReLU network along a line of weights through a kink, minus its value there."""
    X, y = datasets.five_points()
    net = TwoLayerReLU(4, 2)
    w, direction = datasets.random_start(net.size, [1, 2])
    u = net.neurons(w)[0, 1:]
    net.neurons(w)[0, 1:] = u - (u @ X[0]) * X[0]  # the first neuron on the kink of the first input
    values = net.outputs(X, w + np.append(s, 0.0)[:, None] * direction) @ y
    return values[:-1] - values[-1]


MICROSCOPE = {  # name: (function, whether it is definable, name in a caption)
    "x^2 sin(1/x)": (lambda x: x**2 * np.sin(1 / x), False, "$x^2$ sin(1/$x$)"),
    "two-layer ReLU network along a line": (_network_along_a_line, True, "two-layer ReLU network along a line"),
    "x^2 ln(1/x)": (lambda x: -(x**2) * np.log(x), True, "$x^2$ ln(1/$x$)"),
}


def under_the_microscope(function: str = "x^2 sin(1/x)", window: float = 1.0) -> tuple[Figure, str]:
    """A function on [window / 10, window], stretched to the height of the picture, with its monotone pieces counted."""
    f, definable, named = MICROSCOPE[function]
    x = 1 / np.linspace(1 / window, 10 / window, max(20_001, int(60 / window)))[::-1]  # even in 1/x
    values = f(x)
    top = abs(values).max()
    pieces = monotone_pieces(values)
    figure, axes = canvas(height=3.2)
    axes.plot(x / window, values / top, color=BLUE if definable else RED, linewidth=1)
    axes.set(xlabel=rf"$x$ in units of {power_of_ten(window)}", ylabel="value / largest", ylim=(-1.1, 1.1))
    plural = "piece" if pieces == 1 else "pieces"
    return figure, (
        f"{named} for $x$ between {power_of_ten(window / 10)} and {power_of_ten(window)}: {pieces} monotone {plural}, "
        f"largest absolute value {power_of_ten(top)}."
    )
