"""Pictures of the chapter on separable networks, neuron by neuron."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from homolib.correlation.ncf import ncf_flow
from homolib.figures.style import BLACK, BLUE, GREEN, GREY, ORANGE, RED, canvas, power_of_ten
from homolib.flows.training import training_flow
from homolib.neuron.circle import Arcs
from homolib.neuron.relu_flow import neuron_flow
from homolib.problems import datasets
from homolib.problems.networks import SquaredReLU

FASTEST = 93.75  # growth rate of a neuron of Figure 1 that points along its best direction, 2 N(0)


def two_neurons(delta: float = 1e-8) -> tuple[Figure, str]:
    """Training of the two neurons of "By hand": how far each, and the whole vector, is from its frozen limit."""
    half = np.log(16 / delta**2 - 1) / 16  # when neuron 1 has learned half of its label
    t = np.linspace(0, 0.7 * np.log(2 / delta), 701)
    first, second, whole = two_neurons_trained(delta, t)
    figure, axes = canvas(height=3.8)
    axes.plot(t, whole, color=BLACK, ls=":", label="all weights")
    axes.plot(t, first, color=BLUE, label="neuron 1")
    axes.plot(t, second, color=ORANGE, ls="--", label="neuron 2")
    axes.axvline(half, color=GREY, lw=1, ls=":")
    axes.set(yscale="log", ylim=(0.03, 130), xlabel="time", ylabel="degrees from its limit", yticks=(0.1, 1, 10, 90))
    axes.set_yticklabels(("0.1", "1", "10", "90"))
    axes.minorticks_off()
    axes.legend(loc="lower right")
    one, two, both = (angle[0] for angle in two_neurons_trained(delta, np.array([half])))
    return figure, (
        f"Angles in training, $\\delta = {power_of_ten(delta)}$. When neuron 1 has learned half of its label, at t = "
        f"{half:.2f} (vertical line), it is {_degrees(one)} from its limit, neuron 2 is {_degrees(two)} from its own, "
        f"and all weights together are {_degrees(both)} from theirs. Later neuron 2 learns, too, and the direction of "
        "all weights turns away."
    )


def two_neurons_trained(delta: float, t: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Degrees from (1, 0), (-1, 0) and (1, 0, 0, 0) of neuron 1, of neuron 2, and of both, from delta (1, 1, -1, 1)/2.

    Each first coordinate learns its label y by itself, d/dt a^2 = 4 a^2 (y - a^2); the second ones do not move.
    """
    aside = delta / 2
    one, two = (np.sqrt(y / (1 + (y / aside**2 - 1) * np.exp(-4 * y * t))) for y in (4.0, 1.0))
    pairs = ((aside, one), (aside, two), (np.sqrt(two**2 + 2 * aside**2), one))
    return tuple(np.degrees(np.arctan2(across, along)) for across, along in pairs)


def _degrees(angle: float) -> str:
    return f"{angle:.2g} degrees" if angle >= 0.01 else "less than 0.01 degrees"


def correlation_and_paths(delta: float = 1e-8, start: int = 0) -> tuple[Figure, str]:
    """Figure 3: the correlation of one neuron over its angle, and below it the paths of twenty, time upwards."""
    net, (X, y) = SquaredReLU(20, 2), datasets.circle(50)
    arcs, t_end = Arcs(X, y), 1.05 * (np.log(1 / delta) + 1) / FASTEST
    path = training_flow(net, X, y, datasets.random_start(40, start), t_end, delta=delta, tolerance=1e-5, points=241)
    neurons = net.neurons(path.direction)
    angles = np.arctan2(neurons[..., 1], neurons[..., 0])
    predicted = predicted_limits(arcs, angles[0])
    moved = np.flatnonzero(path.loss < 0.99 * path.loss[0])
    first = int(moved[0]) if moved.size else len(path.t) - 1
    near = np.abs(np.angle(np.exp(1j * (angles[first] - predicted)))) < np.radians(5)

    figure, (top, bottom) = canvas(rows=2, height=5.8, sharex=True)
    grid = np.linspace(-np.pi, np.pi, 361)
    top.plot(np.degrees(grid), arcs.value(grid), color=BLACK)
    top.set_ylabel("height of the curve")
    for track, limit in zip(angles.T, predicted, strict=True):
        _path(bottom, np.degrees(track), path.t, BLUE if abs(limit) < 1 else ORANGE)
    bottom.axhline(path.t[first], color=GREY, lw=1, ls=":")
    for axes in (top, bottom):
        for point in arcs.critical_points():
            at = np.degrees(np.angle(np.exp(1j * point.angle)))
            axes.axvline(at, color=GREEN if point.kind == "max" else RED, lw=1, ls="--", zorder=0)
    bottom.set(xlabel="angle of the neuron (degrees)", ylabel="time", xlim=(-185, 185), xticks=range(-180, 181, 60))
    return figure, (
        f"$\\delta = {power_of_ten(delta)}$, random start {start}: the slope of the curve predicts "
        f"{np.sum(np.abs(predicted) < 1)} neurons at 0 and {np.sum(np.abs(predicted) > 1)} at 180 degrees. "
        f"When the loss has lost one per cent (dotted line), {near.sum()} of 20 are within 5 degrees of "
        "the angle predicted. Blue: predicted at 0; orange: at 180. "
        "Dashed: the maxima (green) and minima (red) of the curve."
    )


def lengths_and_shares(start: int = 0) -> tuple[Figure, str]:
    """Lengths of twenty neurons of the frozen flow of Figure 1, and the part of each group in the whole vector."""
    net, (X, y) = SquaredReLU(20, 2), datasets.circle(50)
    path = ncf_flow(net, X, y, datasets.random_start(40, start), 0.4, points=201)
    neurons = net.neurons(path.direction)
    length = np.linalg.norm(neurons, axis=-1)
    right = neurons[-1, :, 0] > 0
    logs = (np.log(length) + path.log_norm[:, None]) / np.log(10)
    figure, (top, bottom) = canvas(rows=2, height=5.0, sharex=True)
    for group, colour, style, name in ((right, BLUE, "-", "to 0 degrees"), (~right, ORANGE, "--", "to 180 degrees")):
        top.plot(path.t, logs[:, group], color=colour, ls=style, lw=0.9)
        top.plot([], [], color=colour, ls=style, label=f"{group.sum()} neurons {name}")
        bottom.plot(path.t, np.sqrt((length[:, group] ** 2).sum(axis=1)), color=colour, ls=style)
    top.set_ylabel("log10 of each length")
    bottom.set(xlabel="time", ylabel="part in the joint direction", ylim=(-0.05, 1.05))
    top.legend(loc="upper left")
    slow = np.sqrt((length[-1, ~right] ** 2).sum())
    off = np.degrees(np.arctan2(np.abs(neurons[-1, :, 1]), np.abs(neurons[-1, :, 0]))).max()
    return figure, (
        f"Random start {start}: {right.sum()} neurons turn to 0 degrees and grow at the rate 93.75, {(~right).sum()} "
        f"turn to 180 degrees and grow at the rate 75. At time {path.t[-1]:g} the second group makes up "
        f"{power_of_ten(slow)} of the length of the whole vector; short as they are, its neurons are aligned: no "
        f"neuron is more than {power_of_ten(off)} degrees from its limit."
    )


def balancing(start: float = 280.0, outgoing: float = 1.0, slope: float = 0.0) -> tuple[Figure, str]:
    """One neuron v sigma(x . u) of the five points: from |u| = 1 at the angle `start` (degrees) and v = `outgoing`."""
    X, z = datasets.five_points()
    theta = np.radians(start)
    path = neuron_flow(X, z, outgoing, np.array([np.cos(theta), np.sin(theta)]), 1.5, slope=slope)
    t = np.linspace(0, path.t[-1], 301)
    direction, log_norm = path.interpolate(t)
    v, u = direction[:, 0], direction[:, 1:]
    size = np.linalg.norm(u, axis=-1)
    kept = np.exp(2 * log_norm) * (v**2 - size**2)

    figure, (top, bottom) = canvas(rows=2, height=5.2, sharex=True)
    sign = np.sign(v[-1]) or 1
    for point in Arcs(X, sign * z, slope=slope, order=1).critical_points():
        colour, style = {"max": (GREEN, "--"), "min": (RED, ":")}.get(point.kind, (GREY, ":"))
        for turn in (-360, 0, 360):
            top.axhline(np.degrees(point.angle) + turn, color=colour, ls=style, lw=1, zorder=0)
    degrees = np.degrees(np.unwrap(np.arctan2(u[:, 1], u[:, 0])))
    degrees += 360 * np.round((start - degrees[0]) / 360)
    top.plot(t, degrees, color=BLUE)
    top.set(ylabel="angle of u (degrees)", ylim=(min(degrees.min(), 0) - 20, max(degrees.max(), 360) + 20))
    bottom.plot(t, np.degrees(np.arctan2(v, size)), color=BLUE)
    for angle in (-45, 45):
        bottom.axhline(angle, color=GREEN, ls="--", lw=1, zorder=0)
    bottom.set(xlabel="time", ylabel="angle of v against |u|", ylim=(-95, 95), yticks=range(-90, 91, 45))
    met = ", ".join(f"{event.kind} at {event.time:.3f}" for event in path.events) or "none"
    end = f"$v/|u|$ is {v[-1] / size[-1]:.4f} and $u$ points to {degrees[-1] % 360:.2f} degrees"
    if size[-1] < 1e-9:  # from u = 0 there are several ways on
        end = f"$u$ reaches zero, where $v = {v[-1] * np.exp(log_norm[-1]):.4f}$, and the picture ends"
    low, high = f"{kept.min():z.4f}", f"{kept.max():z.4f}"
    return figure, (
        f"$v = {outgoing:g}$, $u$ at {start:g} degrees, slope {slope:g}: at time {t[-1]:.3g}, {end}. $v^2 - |u|^2$ "
        f"stayed {f'at {low}' if low == high else f'between {low} and {high}'}. Events: {met}."
    )


def predicted_limits(arcs: Arcs, theta: np.ndarray) -> np.ndarray:
    """Angle in (-pi, pi] at which the flow on the circle from `theta` ends: the next critical point uphill."""
    angles = np.array([point.angle for point in arcs.critical_points()])
    uphill = np.sign(arcs.derivative(theta))[:, None]
    ahead = np.mod(uphill * (angles - theta[:, None]), 2 * np.pi)
    ahead[np.broadcast_to(uphill == 0, ahead.shape)] = 0
    limit = angles[np.argmin(ahead, axis=1)]
    return np.angle(np.exp(1j * np.where(uphill[:, 0] == 0, theta, limit)))


def _path(axes: Axes, degrees: np.ndarray, t: np.ndarray, colour: str) -> None:
    """Angle against time; broken where it passes 180 degrees instead of drawn across."""
    breaks = np.flatnonzero(np.abs(np.diff(degrees)) > 180) + 1
    axes.plot(np.insert(degrees, breaks, np.nan), np.insert(t, breaks, np.nan), color=colour, lw=0.9, alpha=0.8)
