"""Pictures of chapter 6: the correlation function of a planar neuron around the circle, with its KKT points."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from homolib.figures.style import BLACK, BLUE, GREEN, GREY, ORANGE, RED, canvas, power_of_ten
from homolib.neuron.circle import Arcs
from homolib.problems import datasets

MARKS = {"max": ("^", GREEN), "min": ("v", ORANGE), "saddle": ("o", GREY), "flat": ("s", GREY)}
DATA = {"Figure 1": (datasets.circle, 2), "five points": (datasets.five_points, 1)}


def correlation_on_the_circle(data: str = "Figure 1", slope: float = 0.0) -> tuple[Figure, str]:
    """N against the angle of the neuron; KKT points marked by kind, those on a kink filled with white."""
    make, order = DATA[data]
    arcs = Arcs(*make(), slope=slope, order=order)
    figure, axes = canvas()
    points = _curve(axes, arcs)
    axes.set_ylabel("N" if order == 2 else "G")
    kinks = sum(not point.smooth for point in points)
    best = max(points, key=lambda point: point.value)
    return figure, (
        f"{data}, slope {slope:g}: {len(points)} KKT points around the circle, {kinks or 'none'} of them on a kink. "
        f"The largest value is {best.value:.6g}, at {np.degrees(best.angle):.1f} degrees"
        f"{', on a kink' if not best.smooth else ''}."
    )


def climb(start: float = 60.0, delta: float = 1.0) -> tuple[Figure, str]:
    """From an angle (degrees) and a length `delta`: the time a neuron of Figure 1 takes to the KKT point uphill."""
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
        f"From {start:g} degrees the neuron climbs to the KKT point at {np.degrees(end.angle):.0f} degrees, where N is "
        f"{end.value:.6g}. It is within 0.05 radians of it at time {float(time):.4f}, when its length has grown from "
        f"{power_of_ten(delta)} to {power_of_ten(delta * np.exp(float(gain)), 3)}."
    )


def flipped_label(label: float = -2.0, slope: float = 0.0) -> tuple[Figure, str]:
    """G of the five points when the label of the third is changed."""
    X, y = datasets.five_points()
    y[2] = label
    arcs = Arcs(X, y, slope=slope, order=1)
    figure, axes = canvas()
    points = _curve(axes, arcs)
    axes.set_ylabel("G")
    positive = sum(point.value > 0 for point in points)
    kinks = sum(not point.smooth for point in points)
    best = max(points, key=lambda point: point.value)
    return figure, (
        f"Third label {label:g}, slope {slope:g}: {len(points)} KKT points, {kinks} of them on a kink; "
        f"{positive} {'has' if positive == 1 else 'have'} a positive value. The global maximum, {best.value:.3f}, is "
        f"{'smooth' if best.smooth else 'on a kink'}."
    )


def _curve(axes: Axes, arcs: Arcs) -> list:
    """Draw N around the circle and its critical points, and return these."""
    grid = np.linspace(0, 2 * np.pi, 721)
    axes.plot(np.degrees(grid), arcs.value(grid), color=BLUE)
    points = arcs.critical_points()
    for kind, (marker, colour) in MARKS.items():
        of_kind = [point for point in points if point.kind == kind]
        angles = np.array([np.degrees(point.angle) for point in of_kind])
        fill = ["white" if not point.smooth else colour for point in of_kind]
        values = [point.value for point in of_kind]
        if of_kind:
            axes.scatter(angles, values, s=60, marker=marker, c=fill, edgecolors=colour, linewidths=1.6, zorder=3)
            axes.scatter([], [], s=60, marker=marker, c=colour, label=kind)
    axes.axhline(0, color=GREY, lw=0.8)
    axes.legend(loc="upper center", ncols=4)
    low, high = axes.get_ylim()
    axes.set(xlim=(-8, 368), ylim=(low, high + 0.18 * (high - low)), xticks=range(0, 361, 60))
    axes.set_xlabel("angle of the neuron (degrees)")
    return points
