"""Pictures of chapter 8: training from small weights, and the frozen flow it follows."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from homolib import datasets
from homolib.figures.style import BLUE, GREY, ORANGE, RED, canvas, power_of_ten
from homolib.flows import training_flow
from homolib.networks import SquaredReLU

FASTEST = 93.75  # growth rate of a neuron of Figure 1 that points along its best direction, 2 N(0)


def early_training(delta: float = 1e-8, start: int = 0) -> tuple[Figure, str]:
    """Loss, norm and all angles while the twenty neurons of Figure 1 train from a random start of norm `delta`."""
    net, (X, y) = SquaredReLU(20, 2), datasets.circle(50)
    t_end = 1.15 * (np.log(1 / delta) + 1) / FASTEST + 0.03
    path = training_flow(net, X, y, datasets.random_start(40, start), t_end, delta=delta, tolerance=1e-7, points=401)
    neurons = net.neurons(path.direction)
    angles = np.degrees(np.arctan2(neurons[..., 1], neurons[..., 0]))
    moved = path.loss < 0.99 * path.loss[0]
    first = int(np.argmax(moved)) if moved.any() else len(path.t) - 1
    off = np.minimum(np.abs(angles), 180 - np.abs(angles))[first]

    figure, (top, bottom) = canvas(rows=2, height=5.4, sharex=True)
    top.semilogy(path.t, path.norm, color=ORANGE, ls="--", label="norm of all weights")
    top.semilogy(path.t, path.loss / path.loss[0], color=BLUE, label="loss, as part of the first")
    top.set_ylim(min(delta, 1e-3) / 2, 20)
    top.legend(loc="lower right")
    _angles(bottom, path.t, angles)
    bottom.set_xlabel("time")
    for axes in (top, bottom):
        axes.axvline(path.t[first], color=GREY, lw=1, ls=":")
    sentence = (
        f"delta = {power_of_ten(delta)}, start {start}: when the loss has fallen by one per cent (dotted line), "
        f"the norm is {path.norm[first]:.2f}, {np.sum(off < 3)} of 20 neurons are within 3 degrees of 0 or 180 "
        f"degrees, and the slowest is {off.max():.1f} degrees off."
    )
    return figure, sentence


def _angles(axes: object, t: np.ndarray, angles: np.ndarray) -> None:
    """Angle of every neuron; a path that passes +-180 degrees is broken there instead of drawn across."""
    for track in angles.T:
        breaks = np.flatnonzero(np.abs(np.diff(track)) > 180) + 1
        axes.plot(np.insert(t, breaks, np.nan), np.insert(track, breaks, np.nan), color=BLUE, lw=0.9, alpha=0.8)
    for target in (-180, 0, 180):
        axes.axhline(target, color=RED, lw=1, ls="--", zorder=0)
    axes.set(ylabel="angle of each neuron (degrees)", ylim=(-190, 190), yticks=(-180, -90, 0, 90, 180))
