"""Pictures of the chapter on small initialization: training from small weights, and the frozen flow it follows."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from scipy.optimize import brentq

from homolib.correlation.ncf import ncf_flow
from homolib.figures.style import BLACK, BLUE, GREEN, GREY, ORANGE, RED, canvas, power_of_ten
from homolib.flows.training import training_flow
from homolib.flows.trajectory import Trajectory
from homolib.problems import datasets
from homolib.problems.losses import SquareLoss
from homolib.problems.networks import Network, SquaredReLU, TwoLayerReLU

FASTEST = 93.75  # growth rate of a neuron of Figure 1 that points along its best direction, 2 N(0)


def early_training(delta: float = 1e-8, start: int = 0) -> tuple[Figure, str]:
    """Loss, norm and all angles while the twenty neurons of Figure 1 train from a random start of norm `delta`."""
    net, (X, y) = SquaredReLU(20, 2), datasets.circle(50)
    t_end = 1.15 * (np.log(1 / delta) + 1) / FASTEST + 0.03
    path = training_flow(net, X, y, datasets.random_start(40, start), t_end, delta=delta, tolerance=1e-5, points=301)
    angles = _degrees(net, path.direction)
    figure, (top, bottom) = canvas(rows=2, height=5.4, sharex=True)
    moment = _mark_one_per_cent((top, bottom), path, net, X, y)
    then, log_norm = path.interpolate(np.array([moment]))
    off = _off_limit(_degrees(net, then))

    top.semilogy(path.t, path.norm, color=ORANGE, ls="--", label="norm of all weights")
    top.semilogy(path.t, path.loss / path.loss[0], color=BLUE, label="loss, as part of the first")
    top.set_ylim(min(delta, 1e-3) / 2, 20)
    top.legend(loc="lower right")
    _angles(bottom, path.t, angles)
    bottom.set_xlabel("time")
    sentence = (
        f"$\\delta = {power_of_ten(delta)}$, start {start}: when the loss has fallen by one per cent (dotted line), "
        f"the norm is {np.exp(log_norm[0]):.2f}, {np.sum(off < 3)} of 20 neurons are within 3 degrees of 0 or 180 "
        f"degrees, and the farthest is {off.max():.1f} degrees off."
    )
    return figure, sentence


def frozen_and_trained(delta: float = 1e-3, start: int = 0) -> tuple[Figure, str]:
    """Six neurons trained on the data of Figure 1, beside the frozen flow, and the gap of the two."""
    net, (X, y), w0, t_end = SquaredReLU(6, 2), datasets.circle(50), datasets.random_start(12, start), 0.12
    accuracy = float(np.clip(delta**2 / 10, 1e-10, 1e-6))  # well below the gap, which is proportional to delta^2
    trained = training_flow(net, X, y, w0, t_end, delta=delta, tolerance=accuracy, points=121)
    frozen = ncf_flow(net, X, y, w0, t_end, points=121)
    size = np.exp(frozen.log_norm)
    scaled = np.exp(trained.log_norm - np.log(delta))[:, None] * trained.direction
    gap = np.linalg.norm(scaled - frozen.w, axis=-1)
    known = gap > 100 * accuracy * size  # what is smaller is the error of the integration
    early = int(np.searchsorted(trained.t, 0.05))
    word = "" if known[early] else "less than "
    gap = np.where(known, gap, 100 * accuracy * size)

    figure, (top, bottom) = canvas(rows=2, height=5.4, sharex=True)
    angles, dots = _degrees(net, trained.direction), _degrees(net, frozen.direction)
    _angles(top, trained.t, angles)
    top.plot(frozen.t[::4], dots[::4], ".", color=BLACK, ms=3)
    bottom.semilogy(frozen.t, size, color=ORANGE, ls="--", label="norm of $u$")
    bottom.semilogy(trained.t[known], gap[known], color=BLUE, label=r"distance of $w/\delta$ from $u$")
    bottom.set(xlabel="time", ylim=(1e-9, 1e7))
    bottom.legend(loc="upper left")
    moment = _mark_one_per_cent((top, bottom), trained, net, X, y)
    angles, dots = (_degrees(net, path.interpolate(np.array([moment]))[0]) for path in (trained, frozen))
    apart = np.abs(np.mod(angles - dots + 180, 360) - 180).max()
    off = _off_limit(angles).max()
    line = ", the dotted line," if moment < t_end else ""
    return figure, (
        f"$\\delta = {power_of_ten(delta)}$, random start {start}: training (curves) and the frozen flow (dots). "
        f"At time {moment:.3f}{line} their angles differ by {power_of_ten(apart)} degrees at most, and the "
        f"neuron farthest from its limit is {off:.1f} degrees off. "
        f"At time {trained.t[early]:g} the gap is {word}{power_of_ten(gap[early])} and the norm of $u$ is "
        f"{size[early]:.1f}; at time {t_end:g} the gap is {power_of_ten(gap[-1])}, the norm {power_of_ten(size[-1])}."
    )


def align_then_learn() -> tuple[Figure, str]:
    """Loss and angle of a squared ReLU neuron, inputs (1, 0) and (0, 1), labels 2 and 1, from delta (1, 1)/sqrt(2).

    Each coordinate learns its label y alone, dw/dt = 2 w (y - w^2): the odds w^2 / (y - w^2) grow like e^(4 y t).
    """
    labels, t = np.array([[2.0], [1.0]]), np.linspace(0, 6, 601)
    figure, (left, right) = canvas(columns=2, height=3.4)
    lowest = []
    for delta, colour, style in zip((0.1, 0.01, 0.001), (BLUE, ORANGE, RED), ("-", "--", "-."), strict=True):
        odds = (delta**2 / 2) / (labels - delta**2 / 2) * np.exp(4 * labels * t)
        outputs = labels * odds / (1 + odds)  # w_1^2 and w_2^2
        angle = np.degrees(np.arctan(np.sqrt(outputs[1] / outputs[0])))
        lowest.append(f"{angle.min():.1f}")
        left.plot(t, ((outputs - labels) ** 2).sum(axis=0) / 5, style, color=colour)
        right.plot(t, angle, style, color=colour, label=rf"$\delta$ = {delta:g}")
    right.plot(t, np.degrees(np.arctan(np.exp(-2 * t))), ":", color=BLACK, label="frozen")
    left.set(xlabel="time", title="loss, as part of the first", ylim=(-0.05, 1.1))
    right.set(xlabel="time", title="angle (degrees)", ylim=(-2, 62), yticks=(0, 15, 30, 45))
    right.legend(loc="upper right", ncols=2, columnspacing=1)
    return figure, (
        "One neuron in training from three small starts. Every angle falls along the dotted curve, that of the frozen "
        f"flow, until the loss moves; the smallest angles are {', '.join(lowest[:2])} and {lowest[2]} degrees. "
        "Then the loss goes down, from the two smaller starts in two steps, and the angle rises to "
        f"{angle[-1]:.1f} degrees."
    )


def two_outcomes(start: float = 45.0, delta: float = 1e-3) -> tuple[Figure, str]:
    """Output u_1 relu(u_2) for one input, with label -1: from the direction `start` (degrees) with norm `delta`."""
    net, X, y, t_end = TwoLayerReLU(1, 1), np.array([[1.0]]), np.array([-1.0]), 3.0
    w0 = np.array([np.cos(np.radians(start)), np.sin(np.radians(start))])
    trained = training_flow(net, X, y, w0, t_end, delta=delta, tolerance=1e-5, points=301)
    frozen = ncf_flow(net, X, y, w0, t_end, points=301)
    scaled = np.exp(trained.log_norm - np.log(delta))[:, None] * trained.direction
    direction, size = frozen.direction[-1], frozen.norm[-1]
    balance = 0.0 if np.isclose(*w0) else w0[0] - w0[1]  # u_1^2 - u_2^2 has its sign, and keeps it

    figure, axes = canvas(width=5.2, height=4.2)
    axes.plot(scaled[:, 0], scaled[:, 1], color=BLUE, lw=2.4, label=r"$w/\delta$")
    axes.plot(frozen.w[:, 0], frozen.w[:, 1], color=BLACK, ls="--", lw=1.2, label="$u$")
    axes.plot(*w0, "o", color=BLACK, ms=7)
    axes.plot([-3, 0], [3, 0], color=GREEN, lw=1, ls=":", label="KKT direction, $N > 0$")
    axes.axhspan(-0.2, 0, color=GREY, alpha=0.3, lw=0, label="KKT directions, $N = 0$")
    axes.plot([0, 1.5], [0, 1.5], color=RED, lw=1, ls=":", label="KKT direction, $N < 0$")
    axes.set(
        xlim=(-2.2, 1.4),
        ylim=(-0.2, 2.4),
        xlabel="$u_1$, outgoing weight",
        ylabel="$u_2$, incoming weight",
        aspect="equal",
    )
    axes.legend(loc="upper right")
    rests = w0[1] <= 0 or balance > 0
    ends = "tends to a finite length" if rests else "keeps growing" if balance < 0 else "tends to zero"
    return figure, (
        f"Start at {start:g} degrees, $\\delta = {power_of_ten(delta)}$: the frozen flow {ends}; at time {t_end:g} its "
        f"norm is {size:.3g} and its direction is ({direction[0]:.3f}, {direction[1]:.3f}), that of training "
        f"({trained.direction[-1, 0]:.3f}, {trained.direction[-1, 1]:z.3f})."
    )


def _degrees(net: Network, w: np.ndarray) -> np.ndarray:
    """Angles of planar neurons in degrees, (..., neurons)."""
    neurons = net.neurons(w)
    return np.degrees(np.arctan2(neurons[..., 1], neurons[..., 0]))


def _off_limit(angles: np.ndarray) -> np.ndarray:
    """How far angles in degrees are from 0 or 180, the limits on Figure 1's data."""
    return np.minimum(np.abs(angles), 180 - np.abs(angles))


def _mark_one_per_cent(panels: tuple, path: Trajectory, net: Network, X: np.ndarray, y: np.ndarray) -> float:
    """Dotted line where the loss has lost one per cent (at the end of the path if it never has); the time there."""
    moved = np.flatnonzero(path.loss < 0.99 * path.loss[0])
    if not moved.size:
        return path.t[-1]

    def to_lose(t: float) -> float:
        return SquareLoss().value(net.outputs(X, path.at(t)), y) - 0.99 * path.loss[0]

    moment = brentq(to_lose, path.t[moved[0] - 1], path.t[moved[0]])
    for axes in panels:
        axes.axvline(moment, color=GREY, lw=1, ls=":")
    return moment


def _angles(axes: object, t: np.ndarray, angles: np.ndarray) -> None:
    """Angle of every neuron; a path that passes +-180 degrees is broken there instead of drawn across."""
    for track in angles.T:
        breaks = np.flatnonzero(np.abs(np.diff(track)) > 180) + 1
        axes.plot(np.insert(t, breaks, np.nan), np.insert(track, breaks, np.nan), color=BLUE, lw=0.9, alpha=0.8)
    for target in (-180, 0, 180):
        axes.axhline(target, color=RED, lw=1, ls="--", zorder=0)
    axes.set(ylabel="angle of each neuron (degrees)", ylim=(-190, 190), yticks=(-180, -90, 0, 90, 180))
