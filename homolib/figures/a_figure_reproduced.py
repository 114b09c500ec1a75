"""Pictures of the case study on the paper's Figure 1: what its caption leaves open, and what depends on it."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from homolib.figures.style import BLACK, BLUE, GREY, ORANGE, RED, canvas, power_of_ten
from homolib.flows.training import training_flow
from homolib.neuron.circle import Arcs
from homolib.problems import datasets
from homolib.problems.networks import SquaredReLU

CLOCKS = {"sum of squares": 0.5, "half the sum": 1, "mean": 25, "half the mean": 50}  # iterations, against half the sum
STEP, HORIZON = 5e-5, 50_000  # of gradient descent in the caption of Figure 1
DRAWS = 4000


def four_clocks(sigma: float = 1e-5, start: int = 0) -> tuple[Figure, str]:
    """Figure 1 with weights of standard deviation `sigma`: one flow, read in steps under four conventions."""
    net, (X, y) = SquaredReLU(20, 2), datasets.circle(50)
    w = np.random.default_rng(start).standard_normal(40)
    delta = sigma * float(np.linalg.norm(w))
    t_end = 1.4 * np.log(1 / delta) / 75 + 0.05  # until the slower group of neurons has learned as well
    path = training_flow(net, X, y, w / np.linalg.norm(w), t_end, delta=delta, tolerance=1e-5, points=801)
    figure, (top, bottom) = canvas(rows=2, height=5.0, sharex=True)
    top.set_xscale("log")
    notes = []
    for (name, factor), style in zip(CLOCKS.items(), ("-", "--", "-.", ":"), strict=True):
        iterations = factor * path.t / STEP
        shown = iterations <= HORIZON
        top.plot(iterations[shown], path.loss[shown] / path.loss[0], ls=style, label=name)
        bottom.plot(iterations[shown], path.norm[shown], ls=style)
        fallen = factor * np.interp(-0.99 * path.loss[0], -path.loss, path.t) / STEP
        notes.append(f"{name}: {fallen:.0f}" if fallen <= HORIZON else f"{name}: not within {HORIZON}")
    top.set(ylabel="loss, as part of the first", ylim=(-0.05, 1.1))
    bottom.set(xlabel="time / 5e-5, nearly iterations", ylabel="norm of all weights", xlim=(100, HORIZON))
    top.legend(loc="lower left")
    return (
        figure,
        f"Twenty neurons, inputs spread evenly, draw {start} of weights with the standard deviation "
        f"$\\sigma = {power_of_ten(sigma)}$, trained by the flow that descent with small steps nearly follows. "
        f"Time, in steps of 5e-5, until the loss has lost one per cent: {'; '.join(notes)}.",
    )


def late_arcs(within: float = 0.2) -> tuple[Figure, str]:
    """N of a unit neuron on the circle, and the starts that are not `within` radians of their maximum in time."""
    arcs = Arcs(*datasets.circle(50))
    turn = np.linspace(-np.pi, np.pi, 36_000, endpoint=False)
    degrees = np.degrees(turn)
    figure, axes = canvas(height=3.6)
    axes.plot(degrees, arcs.value(turn), color=BLUE)
    notes = []
    for kind, colour, iterations, floor in (("half the mean", ORANGE, 50, 0), ("the mean", RED, 25, 4)):
        time = HORIZON * STEP / iterations
        end = arcs.flow(turn, time)[0]
        off = np.abs(np.angle(np.exp(2j * end))) / 2  # from the nearer of 0 and pi
        late = off > within
        axes.fill_between(degrees, floor, floor + 4, where=late, color=colour, lw=0.5, label=f"late with {kind}")
        reach = degrees[late & (turn > 0)][[0, -1]]
        notes.append(f"with {kind} (time {time:g}) from {reach[0]:.1f} to {reach[1]:.1f}")
    points = arcs.critical_points()
    for point in points:
        angle = np.degrees(np.angle(np.exp(1j * point.angle)))
        axes.plot(angle, point.value, "o" if point.kind == "max" else "v", color=BLACK, ms=6)
    axes.set(xlim=(-185, 185), ylim=(0, 70), xticks=range(-180, 181, 90), ylabel="$g$")
    axes.set_xlabel("direction of the neuron, degrees")
    axes.legend(loc="upper center")
    low = np.degrees(points[1].angle)
    return figure, (
        f"Inputs spread evenly: $g$, its maxima at 0 and 180 degrees (dots) and its minima at {low:.0f} and {-low:.0f} "
        f"(triangles). In strips below, the starts that are late for {within} radians. Degrees of the arc around the "
        f"minimum at {low:.1f}: {notes[0]}, {notes[1]}; the arc around the other minimum is its mirror image."
    )


def draws_that_show_it(seed: int = 0) -> tuple[Figure, str]:
    """Share of random starts whose twenty neurons have all arrived before N is one per cent of the first loss.

    In the frozen flow; against the standard deviation of the start, for three ideas of "arrived"; inputs spread evenly.
    """
    X, y = datasets.circle(50)
    arcs, sigma = Arcs(X, y), np.geomspace(1e-3, 1e-10, 141)
    start = np.random.default_rng(seed).standard_normal((DRAWS, 20, 2))
    figure, axes = canvas(height=3.6)
    read = {}
    for within, colour, style in zip((0.2, 0.1, 0.05), (BLUE, ORANGE, RED), ("-", "--", "-."), strict=True):
        largest = np.sqrt(0.01 * (y @ y) / 2 / correlation_on_arrival(arcs, start, within))
        share = (largest[:, None] > sigma).mean(axis=0)
        axes.semilogx(sigma, share, style, color=colour, label=f"within {within} rad")
        read[within] = [100 * np.mean(largest > one) for one in (1e-5, 1e-8)]
    axes.axvline(1e-5, color=GREY, lw=1, ls=":")
    axes.set(xlim=(1e-3, 1e-10), ylim=(-0.03, 1.03), xlabel=r"$\sigma$ of the start", ylabel="share of draws")
    axes.legend(loc="lower right")
    early, late = ([f"{values[i]:.{i}f}" for values in read.values()] for i in (0, 1))
    return figure, (
        f"Inputs spread evenly: share of {DRAWS} draws that pass: all twenty neurons of the frozen flow come "
        "within 0.2, 0.1 and 0.05 radians of their limits before $N$ is one per cent of the first loss. "
        f"With $\\sigma = 1e-5$, the dotted line, it is {early[0]}, {early[1]} and "
        f"{early[2]} per cent, with $1e-8$ {late[0]}, {late[1]} and {late[2]}."
    )


def correlation_on_arrival(arcs: Arcs, start: np.ndarray, within: float) -> np.ndarray:
    """N of each draw (draws, neurons, 2) of the frozen flow when its last neuron is `within` radians of its limit.

    For the data of Figure 1: the limits are 0 and pi, and the minima between them lie at plus and minus one angle.
    """
    minimum = arcs.critical_points()[1].angle
    angle, length = np.arctan2(start[..., 1], start[..., 0]), np.linalg.norm(start, axis=-1)
    goal = np.sign(angle) * np.where(np.abs(angle) < minimum, within, np.pi - within)
    time = arcs.travel(angle, goal)[0].max(axis=1, keepdims=True)
    end, gain = arcs.flow(angle, time)
    return (length**2 * np.exp(2 * gain) * arcs.value(end)).sum(axis=1)
