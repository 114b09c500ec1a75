"""Pictures of the chapter on the Clarke subdifferential: what a program returns at a kink, and what the set is."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from homolib.clarke.polytopes import Polytope
from homolib.clarke.subdifferential import clarke_subdifferential, termwise_sum
from homolib.examples import fan, fan_subdifferential
from homolib.figures.style import BLACK, BLUE, GREY, ORANGE, RED, canvas
from homolib.problems.networks import TwoLayerReLU

ARROW = {"arrowstyle": "-|>", "color": RED, "linewidth": 2.2, "shrinkA": 0, "shrinkB": 0}


def slopes_of_relu(convention: float = 0.0) -> tuple[Figure, str]:
    """Slopes at 0 that automatic differentiation gives four formulas, with relu'(0) = `convention`; the Clarke sets."""
    second = 1 - convention  # relu2(s) = s + relu(-s)
    rows = [
        ("relu(s)", convention, (0, 1)),
        ("relu2(s) = s + relu(-s)", second, (0, 1)),
        ("(relu(s) + relu2(s)) / 2", (convention + second) / 2, (0, 1)),
        ("relu2(s) - relu(s) = 0", second - convention, (0, 0)),
    ]
    figure, axes = canvas(height=3.3)
    for height, (_, slope, (low, high)) in enumerate(rows):
        ends = [low - 0.01, high + 0.01]  # a set of one point is to be seen, too
        axes.plot(ends, [height, height], color=BLUE, linewidth=7, alpha=0.35, solid_capstyle="round")
        axes.plot(slope, height, "o" if low <= slope <= high else "X", color=RED, markersize=9)
    axes.set(xlabel="slope at s = 0", xlim=(-1.2, 1.2), ylim=(len(rows) - 0.5, -0.5))
    axes.set_yticks(range(len(rows)), [name for name, *_ in rows])
    axes.plot([], [], color=BLUE, linewidth=7, alpha=0.35, label="Clarke subdifferential")
    axes.plot([], [], "o", color=RED, label="a program")
    axes.plot([], [], "X", color=RED, label="wrong")
    axes.legend(loc="lower center", bbox_to_anchor=(0.2, 1), ncols=2)
    return figure, (
        f"With the convention $\\mathrm{{relu}}'(0) = {convention:g}$, a program gives the slopes {rows[0][1]:g}, "
        f"{rows[1][1]:g} and "
        f"{rows[2][1]:g} to three formulas for the same function, whose Clarke subdifferential at 0 is [0, 1]; to a "
        f"formula for the zero function it gives {rows[3][1]:g}."
    )


def four_slopes() -> tuple[Figure, str]:
    """Level lines of |a| - |b| with its gradient in each quadrant; the Clarke subdifferential at the origin."""
    figure, (plane, dual) = canvas(columns=2, height=3.5)
    grid = np.linspace(-2, 2, 41)
    heights = np.abs(grid)[None, :] - np.abs(grid)[:, None]
    plane.contour(grid, grid, heights, levels=9, colors=GREY, linewidths=0.6, linestyles="solid")
    plane.axhline(0, color=BLACK, linewidth=1.2, linestyle="--")
    plane.axvline(0, color=BLACK, linewidth=1.2, linestyle="--")
    corners = np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]])
    for a, b in corners:
        words = f"({a:g}, {-b:g})".replace("-", "\u2212")
        plane.annotate("", (a + 0.4 * a, b - 0.4 * b), (a - 0.1 * a, b + 0.1 * b), arrowprops=ARROW)
        plane.text(1.3 * a, 1.65 * b, words, color=RED, ha="center", va="center")
        dual.text(1.3 * a, -1.25 * b, words, color=RED, ha="center", va="center")
    plane.set(xlim=(-2, 2), ylim=(-2, 2), aspect="equal", xlabel="a", ylabel="b", title="four quadrants")
    _filled(dual, corners, BLUE, "$\\partial f$")
    dual.set(xlim=(-2, 2), ylim=(-2, 2), aspect="equal", xlabel="slope in a", ylabel="slope in b", title="gradients")
    return figure, (
        "Level lines of $|a| - |b|$, its kinks (dashed), and an arrow along its gradient in each quadrant. "
        "In the plane of slopes these four gradients are the corners of a square; 0, the cross, lies in the middle of "
        "it."
    )


def fan_polytope(x: float, y: float) -> tuple[Figure, str]:
    """Three planes that meet in a fan, a point (x, y), the Clarke subdifferential there and its shortest element."""
    figure, (plane, dual) = canvas(columns=2, height=3.5)
    first, second = np.meshgrid(np.linspace(-1.3, 1.3, 53), np.linspace(-1.3, 1.3, 53))
    heights = fan(np.stack([first, second], axis=-1))
    plane.contour(first, second, heights, levels=13, colors=GREY, linewidths=0.6, linestyles="solid")
    for end in ((1.3, -1.3), (-0.65, -1.3), (1.3, 0.65)):
        plane.plot([0, end[0]], [0, end[1]], color=BLACK, linewidth=1.2, linestyle="--")
    plane.plot(x, y, "o", color=RED, markersize=9)
    plane.set(xlim=(-1.3, 1.3), ylim=(-1.3, 1.3), xlabel="x", ylabel="y", title="level lines and kinks")
    found = fan_subdifferential((x, y))
    shortest = found.min_norm().round(12) + 0.0  # no -0 and no rounding in the sentence
    _filled(dual, found.vertices, BLUE, "$\\partial f$")
    _arrow(dual, shortest, RED)
    dual.set(xlim=(-1.6, 1.6), ylim=(-1.6, 1.6), title="gradients", xlabel="slope in x", ylabel="slope in y")
    *others, last = (f"({a:g}, {b:g})" for a, b in found.vertices)
    corners = " and ".join([", ".join(others), last] if others else [last])
    shape = {1: "the one gradient", 2: "the segment between", 3: "the triangle with corners"}[len(found.vertices)]
    return figure, (
        f"At ({x:g}, {y:g}) the value is {fan(np.array([x, y])) + 0.0:g} and the subdifferential is {shape} {corners}; "
        f"its shortest element, in red, is ({shortest[0]:g}, {shortest[1]:g}), "
        f"of length {np.linalg.norm(shortest):.3g}."
    )


def termwise_polygon(z3: float, angle: float) -> tuple[Figure, str]:
    """Three terms z_i relu(x_i . u) at u = 0, z = (1, 1, z3): the set of their sum, and the sum of their sets."""
    turns = np.radians([0.0, 75.0, angle])
    X, z = np.stack([np.cos(turns), np.sin(turns)], axis=-1), np.array([1.0, 1.0, z3])
    net, w = TwoLayerReLU(1, 2), np.array([1.0, 0.0, 0.0])
    true, wide = (Polytope(found(net, X, w, z).vertices[:, 1:]) for found in (clarke_subdifferential, termwise_sum))
    figure, axes = canvas(height=4.2)
    _filled(axes, wide.vertices, ORANGE, "sum of the sets")
    _filled(axes, true.vertices, BLUE, "set of the sum")
    _arrow(axes, true.min_norm(), RED)
    axes.set(xlim=(-1.7, 3.1), ylim=(-1.5, 2.1), aspect="equal", xlabel="slope in $u_1$", ylabel="slope in $u_2$")
    axes.legend(loc="lower right")
    lengths = [np.linalg.norm(found.min_norm()) for found in (true, wide)]
    same = "the two sets are equal" if np.isclose(_area(true), _area(wide)) else "the inclusion is strict"
    return figure, (
        f"$z = (1, 1, {z3:g})$, third input at {angle:g} degrees: {same}. The set of the sum has area "
        f"{_area(true):.3f} and the distance {lengths[0]:.3f} from 0, the red line; the sum of the sets has area "
        f"{_area(wide):.3f} and the distance {lengths[1]:.3f} from 0."
    )


def _round(vertices: np.ndarray) -> np.ndarray:
    """Vertices of a polygon in the order of a walk around it."""
    middle = vertices - vertices.mean(axis=0)
    return vertices[np.argsort(np.arctan2(middle[:, 1], middle[:, 0]))]


def _area(polygon: Polytope) -> float:
    x, y = _round(polygon.vertices).T
    return float(abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2)


def _filled(axes: Axes, vertices: np.ndarray, colour: str, label: str) -> None:
    corners = _round(vertices)
    axes.fill(*corners.T, facecolor=colour, alpha=0.25, edgecolor=colour, linewidth=2, label=label)
    axes.plot(*corners.T, "s", color=colour, markersize=6)
    axes.plot(0, 0, "+", color=BLACK, markersize=12, markeredgewidth=1.5)


def _arrow(axes: Axes, tip: np.ndarray, colour: str) -> None:
    axes.plot([0, tip[0]], [0, tip[1]], color=colour, linewidth=2.2)
    axes.plot(*tip, "o", color=colour, markersize=7, zorder=5)
