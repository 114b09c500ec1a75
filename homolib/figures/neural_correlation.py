"""Pictures of the chapter on neural correlation: that of a planar neuron around the circle, and its KKT points."""

from __future__ import annotations

import itertools

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from homolib.figures.style import BLACK, BLUE, GREEN, GREY, ORANGE, RED, canvas, power_of_ten
from homolib.neuron.circle import Arcs, Critical
from homolib.problems import datasets

MARKS = {"max": ("^", GREEN), "min": ("v", ORANGE), "saddle": ("o", GREY), "flat": ("s", GREY)}


def correlation_on_the_circle() -> tuple[Figure, str]:
    """N of the fifty points against the angle of the neuron; the directions at which it can rest, marked by kind."""
    figure, axes = canvas()
    points = _curve(axes, Arcs(*datasets.circle()))
    axes.set_ylabel("N")
    best = max(points, key=lambda point: point.value)
    return figure, (
        f"Fifty points: around the circle, {len(points)} directions at which a neuron can rest. "
        f"The largest value is {best.value:.6g}, at {np.degrees(best.angle):.1f} degrees."
    )


def climb(start: float = 60.0, delta: float = 1.0) -> tuple[Figure, str]:
    """How long a neuron of angle `start` (degrees) and length `delta` climbs towards a KKT point of fifty points."""
    arcs = Arcs(*datasets.circle())
    theta = np.radians(start)
    points = arcs.critical_points()
    uphill = np.sign(arcs.derivative(theta))
    gaps = [np.mod(uphill * (point.angle - theta), 2 * np.pi) for point in points]
    end = points[int(np.argmin(gaps))]
    target = theta + uphill * min(gaps)
    time, gain = arcs.travel(theta, target - uphill * 0.05)
    figure, axes = canvas()
    _curve(axes, arcs)
    between = np.linspace(theta, target, 200)
    axes.plot(np.degrees(between) % 360, arcs.value(between), ".", color=RED, ms=3)
    axes.plot(start % 360, arcs.value(theta), "o", color=BLACK, ms=8)
    axes.set_ylabel("N")
    return figure, (
        f"From {start:g} degrees the neuron climbs towards the KKT point at {np.degrees(end.angle):.0f} degrees, where "
        f"N is {end.value:.6g}. It is within 0.05 radians of it at time {float(time):.4f}, when its length has grown "
        f"from {power_of_ten(delta)} to {power_of_ten(delta * np.exp(float(gain)), 3)}."
    )


def three_neurons() -> tuple[Figure, str]:
    """N around the circle for the two inputs of "By hand", and what becomes of three neurons (degrees)."""
    X, z = np.eye(2), np.array([2.0, 1.0])
    arcs = Arcs(X, z)
    figure, axes = canvas(height=3.8)
    _curve(axes, arcs, legend=False)
    _name_arcs(axes, arcs, X)
    for name, start, end, colour in (("Anna", 45, 0, GREEN), ("Ben", 120, 90, RED), ("Cleo", 200, 200, BLACK)):
        path = np.linspace(start, end, 60)
        height = arcs.value(np.radians(path))
        axes.plot(path, height, color=colour, lw=4, solid_capstyle="butt", zorder=2)
        axes.plot(start, height[0], "o", color=colour, ms=9, zorder=4)
        axes.annotate(name, (start, height[0]), (9, 7), textcoords="offset points", color=colour, weight="bold")
    axes.set_ylabel("N")
    return figure, (
        "The curve falls from 2 at 0 degrees to 1 at 90, where it is level for a moment, goes on falling to 0 at 180, "
        "stays at 0 until 270 and rises to 2 at 360. Anna climbs it from 45 towards 0 degrees, Ben from 120 towards "
        "90; Cleo, at 200, rests on the flat part. On top: the inputs that are active."
    )


def caught_at_a_kink(label: float = -2.0) -> tuple[Figure, str]:
    """G around the circle for the inputs (1, 0), of label 2, and (0.6, 0.8), whose label is to be chosen."""
    X = np.array([[1.0, 0.0], [0.6, 0.8]])
    arcs = Arcs(X, np.array([2.0, label]), order=1)
    figure, axes = canvas(height=3.8)
    points = _curve(axes, arcs, start=-90)
    _name_arcs(axes, arcs, X, start=-90)
    axes.set_ylabel("G")
    best, worst = (choose(points, key=lambda point: point.value) for choose in (max, min))
    return figure, (
        f"Label {label:g}: the largest value of G is {best.value:.3f}, {_place(best)}; "
        f"the smallest is {worst.value + 0:.3f}, {_place(worst)}."
    )


def _place(point: Critical) -> str:
    """Where a critical point is, in words, between -90 and 270 degrees."""
    if point.arc:
        return "on a flat arc"
    angle = np.mod(np.degrees(point.angle) + 90, 360) - 90
    return f"at {angle:.1f} degrees, {'where the curve is smooth' if point.smooth else 'on a kink'}"


def _name_arcs(axes: Axes, arcs: Arcs, X: np.ndarray, start: float = 0.0) -> None:
    """Write over every arc between two borders which inputs are active on it."""
    borders = np.unique(np.round(np.mod(np.degrees(np.arctan2(X[:, 1], X[:, 0]))[:, None] + [90, 270], 360), 9))
    borders = np.sort(np.mod(borders - start, 360) + start)
    edges = np.unique([start, *borders, start + 360])
    for left, right in itertools.pairwise(edges):
        middle = np.radians((left + right) / 2)
        active = np.flatnonzero(X @ [np.cos(middle), np.sin(middle)] > 0)
        words = ", ".join(f"$x_{i + 1}$" for i in active) or "none"
        axes.text((left + right) / 2, 0.99, words, transform=axes.get_xaxis_transform(), ha="center", va="top")
    for border in borders:
        axes.axvline(border, color=GREY, lw=1, ls=":", zorder=1)


def _curve(axes: Axes, arcs: Arcs, start: float = 0.0, legend: bool = True) -> list[Critical]:
    """Draw N around the circle, from an angle in degrees on, and its critical points, and return these."""
    grid = np.radians(start) + np.linspace(0, 2 * np.pi, 721)
    axes.plot(np.degrees(grid), arcs.value(grid), color=BLUE)
    points = arcs.critical_points()
    for kind, (marker, colour) in MARKS.items():
        of_kind = [point for point in points if point.kind == kind]
        angles = np.array([np.mod(np.degrees(point.angle) - start, 360) + start for point in of_kind])
        fill = ["white" if not point.smooth else colour for point in of_kind]
        values = [point.value for point in of_kind]
        if of_kind:
            axes.scatter(angles, values, s=60, marker=marker, c=fill, edgecolors=colour, linewidths=1.6, zorder=3)
            axes.scatter([], [], s=60, marker=marker, c=colour, label=kind)
    for point in points:
        if point.arc and point.arc[1] - point.arc[0] < 2 * np.pi:
            ends = np.degrees(point.arc)
            ends = ends - 360 if ends[1] > start + 361 else ends
            axes.plot(ends, [point.value] * 2, color=MARKS["flat"][1], lw=4, solid_capstyle="butt", zorder=2)
    axes.axhline(0, color=GREY, lw=0.8)
    if legend:
        axes.legend(loc="upper center", ncols=4, **({} if start == 0 else {"bbox_to_anchor": (0.5, 0.9)}))
    low, high = axes.get_ylim()
    axes.set(xlim=(start - 8, start + 368), ylim=(low, high + 0.18 * (high - low)))
    axes.set_xticks(np.arange(start, start + 361, 60 if start == 0 else 45))
    axes.set_xlabel("angle of the neuron (degrees)")
    return points
