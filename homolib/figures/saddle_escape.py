"""Pictures of the chapter on escapes: how long a plateau lasts, and the one path on which a saddle is left."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from homolib.figures.style import BLACK, BLUE, GREEN, GREY, ORANGE, RED, canvas, power_of_ten
from homolib.flows.training import training_flow
from homolib.problems import datasets
from homolib.problems.networks import SquaredReLU
from homolib.saddles.escapes import escape
from homolib.saddles.saddle import Saddle


def longer_plateaus() -> tuple[Figure, str]:
    """Loss of one neuron on the fifty points from four scales, and the forecast times of half of its fall."""
    X, y = datasets.circle()
    saddle, w0 = Saddle(SquaredReLU(1, 2), X, y, np.zeros(2)), np.array([np.cos(1.0), np.sin(1.0)])
    forecast = escape(saddle, w0)
    middle = (saddle.loss + 75) / 2
    passing = np.log(5 / (1 + np.sqrt(2))) / 187.5  # from the clock to half of the fall: on the axis w_1^2 is logistic
    figure, axes = canvas()
    times = []
    for power, colour, style in zip((2, 4, 6, 8), (ORANGE, GREEN, RED, BLUE), (":", "-.", "--", "-"), strict=True):
        delta = 10.0**-power
        run = training_flow(saddle.net, X, y, w0, 0.36, delta=delta, tolerance=1e-5)
        axes.plot(run.t, run.loss, color=colour, ls=style, label=rf"$\delta$ = {power_of_ten(delta)}")
        times.append(forecast.time(delta) + passing)
    axes.plot(times, [middle] * 4, "x", color=BLACK, ms=9, mew=2, label="forecast")
    axes.set(xlabel="time", ylabel="loss", xlim=(0, 0.36), ylim=(50, 200))
    axes.legend(loc="center right", bbox_to_anchor=(1, 0.55))
    return figure, (
        "The loss of one neuron in training, from starts of four sizes. Each line begins at 192.19, stands still for "
        "a while, and falls to 75, where the neuron fits the points on the right. The crosses mark the times at which "
        "half of the fall should be over, as computed before training; they are at "
        f"{', '.join(f'{t:.4f}' for t in times)}: up to rounding, each {times[1] - times[0]:.4f} later. "
        "All four lie on their lines."
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


def one_escape_at_every_scale() -> tuple[Figure, str]:
    """The first coordinate of the two-plateau example from three scales: against time, and against its own clock."""
    figure, (left, right) = canvas(columns=2, height=3.2, width=7.0)
    t = np.linspace(-0.5, 0.5, 401)
    widths = iter((5.0, 3.0, 1.2))  # on the right the curves lie on each other
    for power, colour, style in zip((2, 4, 6), (ORANGE, GREEN, BLUE), (":", "--", "-"), strict=True):
        delta = 10.0**-power
        clock = (-np.log(delta) + np.log(2) / 2) / 8
        times = np.linspace(0, 2.4, 601)
        left.plot(times, two_plateaus(45.0, delta, times)[:, 0], color=colour, ls=style, label=power_of_ten(delta))
        shifted = t[t + clock >= 0]
        right.plot(shifted, two_plateaus(45.0, delta, shifted + clock)[:, 0], color=colour, lw=next(widths))
        left.plot(clock, 2 / np.sqrt(5), "o", color=colour, ms=6)
    left.set(xlabel="time", ylabel="$w_1$", xlim=(0, 2.4))
    left.legend(loc="lower right", title=r"$\delta$")
    right.set(xlabel="time since the clock", xlim=(-0.5, 0.5))
    return figure, (
        "Left: the first coordinate grows to 2, later from smaller starts; a dot is at the clock, and the height there "
        "is 0.894 each time. Right: the same three curves, each with its time counted from its own clock: they lie on "
        "each other."
    )


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
            right.plot(t / clock, np.log10(w[:, k]) / np.log10(1 / delta), color=colour, ls=style, label=f"$w_{k + 1}$")
    right.axvline(forecast / clock, color=RED, ls=":", label="forecast")
    right.set(xlabel=r"time / $\ln(1/\delta)$", ylabel=r"log of the size / $\ln(1/\delta)$", ylim=(-1.1, 0.5))
    right.legend(loc="lower right")
    at = two_plateaus(angle, delta, np.array([forecast]))[0]
    return figure, (
        f"Start {power_of_ten(delta)} in the direction of {angle:g} degrees. Forecast: it leaves in the direction "
        f"{name} at the rate {rate}, and the linear law reaches size one at time {forecast:.3f}, which is "
        f"{forecast / clock:.4f} $\\ln(1/\\delta)$. At that time the weights are "
        f"({at[0]:.4f}, {power_of_ten(at[1], 3)})."
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
    axes.set(xlabel=r"$\log_{10}\delta$", ylabel=r"$\log_{10}$ of the distance")
    axes.legend(loc="lower right")
    return figure, (
        f"Largest distance between training and the escape path for times within 0.2 of the clock: it falls like "
        f"$\\delta$ to the power {slope:.3f}; the theorem promises at least the power {6 / 38:.3f}."
    )


def sigmoids(delta: float = 1e-3) -> tuple[Figure, str]:
    """Three modes of a deep linear network, from a = b = delta: ab = s / (1 + (s / delta^2 - 1) exp(-2 s t))."""
    clock = -np.log(delta)
    t = np.linspace(0, 1.6 * clock, 400)
    figure, axes = canvas()
    halves = []
    for s, colour, style in ((3.0, BLUE, "-"), (2.0, ORANGE, "--"), (1.0, GREEN, "-.")):
        log_odds = np.log(s - delta**2) + 2 * clock
        axes.plot(t / clock, s / (1 + np.exp(log_odds - 2 * s * t)), color=colour, ls=style, label=f"label {s:g}")
        axes.axvline(1 / s, color=GREY, ls=":", lw=1)
        halves.append(log_odds / (2 * s) / clock)
    axes.set(xlabel=r"time / $\ln(1/\delta)$", ylabel="product $ab$", xlim=(0, 1.6))
    axes.legend(loc="upper left")
    return figure, (
        f"Start {power_of_ten(delta)}: the products that go to the labels 3, 2 and 1 are half way at "
        f"{halves[0]:.3f}, {halves[1]:.3f} and {halves[2]:.3f} $\\ln(1/\\delta)$; the limits (dotted) are "
        "0.333, 0.500 and 1."
    )
