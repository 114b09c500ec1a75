"""Pictures of chapter 12: when a saddle is left, along which path, and the whole staircase of saddles."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from matplotlib.figure import Figure

from homolib.figures.style import BLACK, BLUE, GREEN, GREY, ORANGE, RED, canvas, power_of_ten
from homolib.flows.integrated import training_flow
from homolib.flows.trajectory import Trajectory
from homolib.neuron.circle import Arcs
from homolib.problems import datasets
from homolib.problems.losses import SquareLoss
from homolib.problems.networks import DiagonalLinear, SquaredReLU
from homolib.saddles.diagonal_staircases import diagonal_staircase
from homolib.saddles.staircases import Staircase, jump_times


def two_steps(neurons: int = 6) -> tuple[Figure, str]:
    """Loss of a network on Figure 1's data against time in units of ln(1/delta), and the predicted staircase."""
    X, y = datasets.circle()
    tops = sorted((p for p in Arcs(X, y).critical_points() if p.kind == "max"), key=lambda p: -p.value)
    times = np.array([1 / (2 * top.value) for top in tops])
    first = 5 * np.maximum(X[:, 0], 0) ** 2
    losses = [0.5 * (y @ y), 0.5 * ((y - first) @ (y - first)), 0]
    figure, axes = canvas()
    for delta, colour, style in ((1e-2, ORANGE, ":"), (1e-6, GREEN, "-."), (1e-50, BLUE, "-")):
        clock = -np.log(delta)
        path = training_flow(
            SquaredReLU(neurons, 2), X, y, datasets.ring(neurons), 0.018 * clock, delta=delta, tolerance=1e-6
        )
        axes.plot(path.t / clock, path.loss, color=colour, ls=style, label=f"delta = {power_of_ten(delta)}")
    axes.step([0, *times, 0.018], [losses[0], *losses], color=BLACK, ls="--", lw=1.2, label="predicted")
    axes.set(xlabel="time / ln(1/delta)", ylabel="loss", xlim=(0, 0.018))
    axes.legend(loc="upper right")
    return figure, (
        f"Training on the data of Figure 1 from three scales. The smaller delta, the nearer the loss comes to the "
        f"dashed staircase, which was computed before training: levels {losses[0]:.2f}, {losses[1]:.2f} and 0, "
        f"jumps at 1/{1 / times[0]:.2f} and 1/{1 / times[1]:.2f}."
    )


def two_plateaus(angle: float, delta: float, t: np.ndarray) -> np.ndarray:
    """Exact weights (w_1, w_2), shape (..., 2), of the flow of (w_1^2 - 4)^2/2 + (w_2^2 - 1)^2/2.

    The start is delta (cos, sin) of the angle in degrees; each square is a sigmoid. (Kumar and Haupt 2025, Example 1,
    has twice this function, and half the time.)
    """
    direction = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
    direction[np.abs(direction) < 1e-15] = 0  # a right angle in floats
    level = np.array([4.0, 1.0])
    with np.errstate(divide="ignore", over="ignore"):  # a coordinate that is zero has log-odds of -inf, and stays
        fallen = level / direction**2 / delta**2 - 1
        odds = np.exp(np.log(fallen) - 4 * level * np.asarray(t)[..., None])
        return np.sqrt(level / (1 + odds))


def leaving_the_origin(angle: float = 45.0, delta: float = 1e-3) -> tuple[Figure, str]:
    """The two-plateau example from delta (cos, sin): path in the plane, sizes in time, and the forecast."""
    clock = -np.log(delta)
    radians = np.radians(angle)
    if angle < 90:
        forecast, rate, name = (clock - np.log(np.cos(radians))) / 8, 8, "(1, 0)"
    else:
        forecast, rate, name = clock / 2, 2, "(0, 1)"
    t = np.linspace(0, 0.75 * clock, 600)
    w = two_plateaus(angle, delta, t)
    figure, (plane, right) = canvas(columns=2)
    plane.plot(*w.T, color=BLUE)
    plane.plot([0, 2, 0, 2], [0, 0, 1, 1], "o", color=GREY, ms=6)
    plane.set(xlabel="w1", ylabel="w2", xlim=(-0.1, 2.2), ylim=(-0.1, 1.2))
    for k, colour, style in ((0, BLUE, "-"), (1, ORANGE, "--")):
        if w[0, k] > 1e-3 * delta:
            right.plot(t / clock, np.log10(w[:, k]) / np.log10(1 / delta), color=colour, ls=style, label=f"w{k + 1}")
    right.axvline(forecast / clock, color=RED, ls=":", label="forecast")
    right.set(xlabel="time / ln(1/delta)", ylabel="log of the size / ln(1/delta)", ylim=(-1.1, 0.5))
    right.legend(loc="lower right")
    at = two_plateaus(angle, delta, np.array([forecast]))[0]
    return figure, (
        f"Start {power_of_ten(delta)} in the direction of {angle:g} degrees. Forecast: it leaves in the direction "
        f"{name} at the rate {rate}, and the linear law reaches size one at time {forecast:.3f}, which is "
        f"{forecast / clock:.4f} ln(1/delta). At that time the weights are ({at[0]:.4f}, {power_of_ten(at[1], 3)})."
    )


def approach_to_the_escape_path() -> tuple[Figure, str]:
    """Distance to the escape path of the two-plateau example against delta, on double logarithmic axes."""
    deltas, gaps = 10.0 ** -np.arange(2, 17, 2), []
    t = np.linspace(-0.2, 0.2, 81)
    path = np.stack([2 / np.sqrt(1 + 4 * np.exp(-16 * t)), 0 * t], axis=-1)
    for delta in deltas:
        clock = (-np.log(delta) + np.log(2) / 2) / 8
        gaps.append(np.linalg.norm(two_plateaus(45.0, delta, t + clock) - path, axis=-1).max())
    slope = np.polyfit(np.log10(deltas), np.log10(gaps), 1)[0]
    figure, axes = canvas()
    exponents = np.log10(deltas)
    axes.plot(exponents, np.log10(gaps), "o-", color=BLUE, label="measured")
    axes.plot(exponents, 6 / 38 * exponents, color=GREY, ls="--", label="order of the theorem, 6/38")
    axes.set(xlabel="log10 of delta", ylabel="log10 of the distance")
    axes.legend(loc="lower right")
    return figure, (
        f"Largest distance between training and the escape path for times within 0.2 of the clock: it falls like "
        f"delta to the power {slope:.3f}; the theorem promises at least the power {6 / 38:.3f}."
    )


def sigmoids(delta: float = 1e-3) -> tuple[Figure, str]:
    """Three modes of a deep linear network, from a = b = delta: u = s / (1 + (s / delta^2 - 1) exp(-2 s t))."""
    clock = -np.log(delta)
    t = np.linspace(0, 1.6 * clock, 400)
    figure, axes = canvas()
    halves = []
    for s, colour, style in ((3.0, BLUE, "-"), (2.0, ORANGE, "--"), (1.0, GREEN, "-.")):
        log_odds = np.log(s - delta**2) + 2 * clock
        axes.plot(t / clock, s / (1 + np.exp(log_odds - 2 * s * t)), color=colour, ls=style, label=f"s = {s:g}")
        axes.axvline(1 / s, color=GREY, ls=":", lw=1)
        halves.append(log_odds / (2 * s) / clock)
    axes.set(xlabel="time / ln(1/delta)", ylabel="strength of the mode a b", xlim=(0, 1.6))
    axes.legend(loc="upper left")
    return figure, (
        f"delta {power_of_ten(delta)}: the modes of strength 3, 2 and 1 are half learned at "
        f"{halves[0]:.3f}, {halves[1]:.3f} and {halves[2]:.3f} ln(1/delta); the limits (dotted) are 0.333, 0.500 and 1."
    )


def whole_staircase(data: str = "one returns", delta: float = 1e-4) -> tuple[Figure, str]:
    """A diagonal linear network: predictor and loss against time / ln(1/delta), with the predicted saddles."""
    X, y = diagonal_data(data)
    stairs, clock, net = diagonal_staircase(X, y), -np.log(delta), DiagonalLinear(X.shape[1])
    end = 2 * stairs.times[-1]
    path = _diagonal_path(data, delta, end)
    # the last jump of "one returns" comes thirty times later than the others: a logarithmic scale shows both
    edges = np.log10([stairs.times[0] / 2, *stairs.times, end])
    x = np.linspace(edges[0], edges[-1] - 1e-9, 500)
    w = path.at(clock * 10**x)
    a, b = np.split(w, 2, axis=-1)
    figure, (top, low) = canvas(rows=2, height=4.6, sharex=True)
    for j, (colour, style) in enumerate(zip((BLUE, ORANGE, GREEN, RED), ("-", "--", "-.", ":"), strict=True)):
        if j < X.shape[1]:
            top.plot(x, (a * b)[:, j], color=colour, ls=style, label=f"beta {j + 1}")
            top.step(edges, [*stairs.points[:, j], stairs.points[-1, j]], where="post", color=GREY, lw=0.8)
    low.plot(x, SquareLoss().value(net.outputs(X, w), y), color=BLUE, label="training")
    low.step(edges, [*stairs.losses, stairs.losses[-1]], where="post", color=BLACK, ls="--", lw=1, label="predicted")
    low.set(xlabel="log10 of time / ln(1/delta)", ylabel="loss", xlim=(edges[0], edges[-1]))
    top.set_ylabel("predictor")
    top.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=4)
    low.legend(loc="upper right")
    found = jump_times(net, X, y, path, stairs) / clock
    listed = ", ".join(f"{one:.3f} ({two:.3f})" for one, two in zip(found, stairs.times, strict=True))
    tie = [one for one in stairs.ties if one.kind == "non-unique"]
    what = " A tie is reported: the last minimiser is not unique." if tie else ""
    return figure, (
        f"{data}, delta {power_of_ten(delta)}: jumps measured (predicted) at {listed}, in units of ln(1/delta).{what}"
    )


def diagonal_data(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Data of the diagonal examples: "orthogonal", "coupled", "one returns", "tie"."""
    if name == "orthogonal":
        return np.eye(3), np.array([2.0, -1.0, 0.5])
    if name == "coupled":
        return np.array([[1, 0.5, 0], [0, 1, 0.5], [0.5, 0, 1]]), np.array([1.5, -0.75, 1.5])
    if name == "one returns":
        X = np.linalg.cholesky(np.array([[1, 0.8, 0.8], [0.8, 1, 0.4], [0.8, 0.4, 1]])).T
        return X, X @ np.array([-0.5, 1, 1.2])
    return np.array([[2.0, -1, 0, 1], [0, 3, 2, 0]]), np.array([0.0, 6])


def jump_time_errors() -> tuple[Figure, str]:
    """|measured - predicted| jump times in units of ln(1/delta), against ln(1/delta), both as logarithms."""
    decades = np.array([20, 40, 80, 160])
    figure, axes = canvas()
    slopes = []
    for name, colour, mark in (("orthogonal", BLUE, "o"), ("coupled", ORANGE, "s"), ("one returns", GREEN, "^")):
        X, y = diagonal_data(name)
        stairs = diagonal_staircase(X, y)
        found = [_jumps(name, stairs, float(10.0**-k)) for k in decades]
        errors = np.abs(np.array(found) - stairs.times)
        for j in range(errors.shape[1]):
            label = name if j == 0 else None
            axes.plot(np.log10(decades), np.log10(errors[:, j]), color=colour, marker=mark, lw=1, label=label)
        slopes += list(np.polyfit(np.log(decades[1:]), np.log(errors[1:]), 1)[0])
    axes.set(xlabel="log10 of log10(1/delta)", ylabel="log10 of the error of a jump time")
    axes.legend(loc="lower left")
    return figure, (
        f"Errors of {len(slopes)} predicted jump times for delta from 1e-20 to 1e-160, in units of ln(1/delta). In the "
        f"last two doublings all slopes are within {max(abs(1 + slope) for slope in slopes):.1g} of -1: the order is "
        f"1/ln(1/delta)."
    )


def _jumps(name: str, stairs: Staircase, delta: float) -> np.ndarray:
    X, y = diagonal_data(name)
    path = _diagonal_path(name, delta, 1.1 * stairs.times[-1])
    return jump_times(DiagonalLinear(X.shape[1]), X, y, path, stairs) / -np.log(delta)


@lru_cache(maxsize=64)
def _diagonal_path(name: str, delta: float, turns: float) -> Trajectory:
    """Training from a = delta, b = 0 over `turns` units of ln(1/delta)."""
    X, y = diagonal_data(name)
    d = X.shape[1]
    start = np.concatenate([np.ones(d), np.zeros(d)])
    return training_flow(DiagonalLinear(d), X, y, start, -turns * np.log(delta), delta=delta, points=1201)
