"""Pictures of the chapter on staircases: budgets, and the whole sequence of saddles, predicted and trained."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from matplotlib.figure import Figure

from homolib.figures.saddle_escape import two_plateaus
from homolib.figures.style import BLACK, BLUE, GREEN, GREY, ORANGE, RED, canvas, power_of_ten
from homolib.flows.training import training_flow
from homolib.flows.trajectory import Trajectory
from homolib.neuron.circle import Arcs
from homolib.problems import datasets
from homolib.problems.losses import SquareLoss
from homolib.problems.networks import DiagonalLinear, SquaredReLU
from homolib.saddles.diagonal_staircases import diagonal_staircase
from homolib.saddles.staircases import Staircase, jump_times


def two_steps(neurons: int = 6) -> tuple[Figure, str]:
    """Loss of a network on the fifty points against time in units of ln(1/delta), and the predicted staircase."""
    X, y = datasets.circle()
    tops = sorted((p for p in Arcs(X, y).critical_points() if p.kind == "max"), key=lambda p: -p.value)
    times = np.array([1 / (2 * top.value) for top in tops])
    first = 5 * np.maximum(X[:, 0], 0) ** 2
    losses = [0.5 * (y @ y), 0.5 * ((y - first) @ (y - first)), 0]
    figure, axes = canvas()
    for delta, colour, style in ((1e-2, ORANGE, ":"), (1e-6, GREEN, "-."), (1e-50, BLUE, "-")):
        clock = -np.log(delta)
        path = training_flow(
            SquaredReLU(neurons, 2), X, y, datasets.ring(neurons), 0.018 * clock, delta=delta, tolerance=1e-5
        )
        axes.plot(path.t / clock, path.loss, color=colour, ls=style, label=f"delta = {power_of_ten(delta)}")
    axes.step([0, *times, 0.018], [losses[0], *losses], color=BLACK, ls="--", lw=1.2, label="predicted")
    axes.set(xlabel="time / ln(1/delta)", ylabel="loss", xlim=(0, 0.018))
    axes.legend(loc="center left")
    return figure, (
        "Fifty inputs all around the unit circle, with the labels $5x_1^2$ on the right half and $4x_1^2$ on the left; "
        f"{neurons} squared ReLU neurons, in directions spread evenly, train from three scales $\\delta$. The smaller "
        "$\\delta$, the nearer the loss comes to the dashed staircase, which the additive law of this chapter "
        f"predicts: levels {losses[0]:.2f}, {losses[1]:.2f} and 0, jumps at 1/{1 / times[0]:.2f} and "
        f"1/{1 / times[1]:.2f}."
    )


def two_budgets(delta: float = 1e-20) -> tuple[Figure, str]:
    """Two neurons on the inputs 1 and -1, labels 4 and 1: the budgets that they have used, and the loss."""
    clock, tau = -np.log(delta), np.linspace(0, 0.7, 401)
    w = two_plateaus(45.0, delta, tau * clock)
    figure, (top, low) = canvas(rows=2, height=4.4, sharex=True)
    corners = np.array([0, 1 / 8, 1 / 2, 0.7])
    for k, (rate, colour, style) in enumerate(((8, BLUE, "-"), (2, ORANGE, "--"))):
        top.plot(tau, 1 + np.log(w[:, k]) / clock, color=colour, ls=style, label=f"neuron {k + 1}")
        top.plot(corners, np.minimum(rate * corners, 1), ".", color=BLACK)
    low.plot(tau, ((w**2 - [4, 1]) ** 2).sum(axis=-1) / 2, color=BLUE, label="training")
    low.step(corners, [8.5, 0.5, 0, 0], where="post", color=BLACK, ls="--", lw=1.2, label="predicted")
    top.set(ylabel="used budget", ylim=(-0.05, 1.15))
    low.set(xlabel="time / ln(1/delta)", ylabel="loss", xlim=(0, 0.7))
    top.legend(loc="lower right")
    low.legend(loc="upper right")
    return figure, (
        f"$\\delta = {power_of_ten(delta)}$. Above: the used budgets rise from 0 as straight lines, that of neuron 1 "
        "to 1 at 0.125, that of neuron 2 to 0.25 by then and to 1 at 0.5. Below: the loss falls from 8.5 to 0.5 and to "
        "0 when a budget reaches 1."
    )


def budget_that_turns_back(label: float = -1.0, delta: float = 1e-20) -> tuple[Figure, str]:
    """Diagonal network with columns (1, 0), (1, 1) and labels (2, label): the signed budgets, training and the law."""
    X, y = diagonal_data("turning back")
    y[1] = label
    clock, stairs = -np.log(delta), diagonal_staircase(X, y)
    end = 1.25 * stairs.times[-1]
    times = np.array([0, *stairs.times, end])
    pulls = (y - stairs.points @ X.T) @ X
    corners = np.vstack([np.zeros(2), np.cumsum(np.diff(times)[:, None] * pulls, axis=0)])
    path = training_flow(DiagonalLinear(2), X, y, np.array([1.0, 1, 0, 0]), end * clock, delta=delta, tolerance=1e-6)
    a, b = np.split(path.w, 2, axis=-1)
    signed = np.arcsinh(2 * a * b / delta**2) / 2 / clock
    figure, axes = canvas(height=3.4)
    for k, (colour, style) in enumerate(((BLUE, "-"), (ORANGE, "--"))):
        axes.plot(path.t / clock, signed[:, k], color=colour, ls=style, label=f"coordinate {k + 1}")
        axes.plot(times, corners[:, k], "o", color=colour, ms=6, mfc="none")
    for level in (-1, 1):
        axes.axhline(level, color=GREY, lw=1, ls=":")
    axes.set(xlabel="time / ln(1/delta)", ylabel="signed budget", xlim=(0, end), ylim=(-1.2, 1.2))
    axes.legend(loc="lower left" if label < 0 else "lower right")
    return figure, (
        f"Second label {label:g}, $\\delta = {power_of_ten(delta)}$: lines are training, circles the corners of "
        f"the signed law. At its jumps, at the times {_listed(stairs.times)}, the signed budget of coordinate 1 is "
        f"{_listed(corners[1:-1, 0])}, that of coordinate 2 is {_listed(corners[1:-1, 1])}."
    )


def _listed(values: np.ndarray) -> str:
    return " and ".join(f"{value + 0.0:.4g}" for value in values.round(12))


def whole_staircase(data: str = "one returns", delta: float = 1e-4) -> tuple[Figure, str]:
    """A diagonal linear network: coefficients and loss against time / ln(1/delta), with the predicted saddles."""
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
            top.plot(x, (a * b)[:, j], color=colour, ls=style, label=f"$c_{j + 1}$")
            top.step(edges, [*stairs.points[:, j], stairs.points[-1, j]], where="post", color=GREY, lw=0.8)
    low.plot(x, SquareLoss().value(net.outputs(X, w), y), color=BLUE, label="training")
    low.step(edges, [*stairs.losses, stairs.losses[-1]], where="post", color=BLACK, ls="--", lw=1, label="predicted")
    low.set(xlabel=r"$\log_{10}$ of time / $\ln(1/\delta)$", ylabel="loss", xlim=(edges[0], edges[-1]))
    top.set_ylabel("coefficient")
    top.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=4, columnspacing=1)
    low.legend(loc="upper right")
    found = jump_times(net, X, y, path, stairs) / clock
    listed = ", ".join(f"{one:.3f} ({two:.3f})" for one, two in zip(found, stairs.times, strict=True))
    tie = [one for one in stairs.ties if one.kind == "non-unique"]
    what = " A tie is reported: the last minimiser is not unique." if tie else ""
    return figure, (
        f"{data}, $\\delta = {power_of_ten(delta)}$: jumps measured (predicted) at {listed}, in units of "
        f"$\\ln(1/\\delta)$.{what}"
    )


def diagonal_data(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Data of the diagonal examples: "turning back", "orthogonal", "coupled", "one returns", "tie"."""
    if name == "turning back":
        return np.array([[1.0, 1], [0, 1]]), np.array([2.0, -1])
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
        f"Errors of {len(slopes)} predicted jump times for $\\delta$ from 1e-20 to 1e-160, in units of "
        f"$\\ln(1/\\delta)$. In the last two doublings "
        f"all slopes are within {max(abs(1 + slope) for slope in slopes):.1g} of -1: the order is "
        f"$1/\\ln(1/\\delta)$."
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
