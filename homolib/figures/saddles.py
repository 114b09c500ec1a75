"""Pictures of the chapter on saddles: who wakes, who leaves that of Figure 4 in time, and a kink where nobody stays."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from homolib.figures.style import BLACK, BLUE, GREEN, GREY, ORANGE, RED, canvas, power_of_ten
from homolib.flows.training import training_flow
from homolib.neuron.circle import Arcs
from homolib.problems.networks import SquaredReLU
from homolib.saddles.saddle import absolute_value_saddle, figure_4_saddle

NEAR = 0.1  # radians from the KKT point that count as aligned
FIRST = {"sqrt 2": 0, "sqrt 2 - delta": -1, "sqrt 2 + delta": 1}  # starts of the active neuron, in delta from sqrt(2)


def dormant_directions(sigma: float = 1e-5, seed: int = 6) -> tuple[Figure, str]:
    """Angles of the ten dormant neurons of Figure 4 in training, beside the correlation with the residual."""
    saddle = figure_4_saddle()
    start = saddle.w + sigma * np.random.default_rng(seed).standard_normal(saddle.net.size)
    end = -1.1 * np.log(sigma) / 75
    path = training_flow(saddle.net, saddle.X, saddle.y, start, end, tolerance=1e-5, points=301)
    small = saddle.net.neurons(path.w)[:, 10:]
    angles = np.mod(np.arctan2(small[..., 1], small[..., 0]), 2 * np.pi)
    drop = int(np.flatnonzero(path.loss <= 0.99 * path.loss[0])[0])
    flat = _half_width()
    stuck = np.minimum(angles[0], 2 * np.pi - angles[0]) <= flat
    late = (np.abs(angles[drop] - np.pi) > NEAR) & ~stuck
    figure, (left, right) = canvas(columns=2, sharey=True)
    grid = np.linspace(0, 2 * np.pi, 721)
    left.plot(Arcs(saddle.X, saddle.residual).value(grid), np.degrees(grid), color=BLUE)
    left.set(xlabel="N for the residual", ylabel="angle (degrees)", yticks=range(0, 361, 90), ylim=(0, 360))
    for k in range(10):
        colour, style = (RED, ":") if stuck[k] else (ORANGE, "--") if late[k] else (BLUE, "-")
        right.plot(path.t, np.degrees(angles[:, k]), color=colour, ls=style)
    right.axvline(path.t[drop], color=BLACK, lw=1, ls=":")
    right.set(xlabel="time")
    for axes in (left, right):
        _shade(axes)
    return figure, (
        f"Training from the saddle plus noise of size {power_of_ten(sigma)}. When the loss has fallen by one per cent "
        f"(dotted line, time {path.t[drop]:.3f}), {10 - int(stuck.sum() + late.sum())} of the ten small neurons are "
        f"within {NEAR} radians of the maximum at 180 degrees. Of the others, {int(stuck.sum())} started in the shaded "
        f"flat set (dotted) and {int(late.sum())} outside it, too slow to be there in time (dashed)."
    )


def one_wakes(w1: str = "sqrt 2", delta: float = 1e-3, frozen: bool = True) -> tuple[Figure, str]:
    """Sizes of three neurons on the inputs +1 and -1 with labels 2 and 1, and of the frozen flow of the two small ones.

    The first starts at `w1`, a key of `FIRST`, the others at -delta and +delta over sqrt(2).
    """
    root = np.sqrt(2)
    start = np.array([root + FIRST[w1] * delta, -delta / root, delta / root])
    path = training_flow(SquaredReLU(3, 1), [[1.0], [-1.0]], [2.0, 1.0], start, 8.0, tolerance=1e-12, points=161)
    flow = np.stack([-np.exp(2 * path.t), np.ones_like(path.t)], axis=-1) / root
    figure, axes = canvas()
    if frozen:
        axes.plot(path.t, np.log10(np.abs(delta * flow)), color=BLACK, ls=":", lw=2.5)
    for k, (colour, style) in enumerate(((GREY, "--"), (BLUE, "-"), (ORANGE, "-."))):
        size = np.log10(np.abs(path.w[:, k]))
        axes.plot(path.t, size, color=colour, ls=style)
        axes.text(0.5, size[10] + (0.25 if k < 2 else -0.25), f"$w_{k + 1}$", va="bottom" if k < 2 else "top")
    axes.set(xlabel="time", ylabel=r"$\log_{10}$ of the size", xlim=(0, 8), ylim=(-6.2, 1.2))
    half = np.interp(-0.25, -path.loss, path.t)
    end = (
        f"The loss is 0.25, half that of the saddle, at time {half:.2f}, "
        "when $w_2$ has grown, and $w_3$ is about as small as before."
    )
    if not frozen:
        small = f"$w_2 = {start[1]:.2g}$ and $w_3 = {start[2]:.2g}$"
        return figure, f"Sizes of the three weights in training from $w_1 = {start[0]:.4f}$, {small}. {end}"
    first = w1.replace("sqrt 2", r"\sqrt{2}").replace("delta", r"\delta")
    pair = path.w[20, 1:] / delta  # at time 1
    return figure, (
        f"Sizes of the three weights in training from $w_1 = {first}$, $w_2 = -\\delta/\\sqrt{{2}}$ and "
        f"$w_3 = \\delta/\\sqrt{{2}}$ with $\\delta = {power_of_ten(delta)}$; dotted: $\\delta u$, the frozen flow. "
        f"At time 1 $(w_2, w_3)/\\delta$ is $({pair[0]:.4f}, {pair[1]:.4f})$, at distance "
        f"{power_of_ten(np.linalg.norm(pair - flow[20]), 2)} from $u$. {end}"
    )


def who_aligns_in_time(start: float = 30.0, delta: float = 1e-5) -> tuple[Figure, str]:
    """Travel time to Figure 4's KKT point against the first angle (degrees), and how long the plateau lasts."""
    plateau, flat = -np.log(delta) / 75, _half_width()
    grid, times = _travel_times()
    critical = _late_below(delta)
    figure, axes = canvas()
    axes.plot(np.degrees(grid), np.log10(times), color=BLUE)
    axes.axhline(np.log10(plateau), color=BLACK, ls="--", lw=1)
    axes.text(178, np.log10(plateau) + 0.05, "end of the plateau", ha="right", va="bottom")
    axes.axvspan(0, np.degrees(flat), color=RED, alpha=0.15)
    axes.axvspan(np.degrees(flat), np.degrees(critical), color=ORANGE, alpha=0.15)
    axes.set(xlim=(0, 180), ylim=(-1.7, 1.8), xticks=range(0, 181, 30), ylabel=r"$\log_{10}$ of the time to alignment")
    axes.set_xlabel("angle of the neuron at the start (degrees)")
    said = "is in the flat set: the neuron does not turn at all"
    if np.radians(start) > flat:
        needed = float(_arcs().travel(np.radians(start), np.pi - NEAR)[0])
        axes.plot(start, np.log10(needed), "o", color=BLACK, ms=8)
        verdict = "in time" if needed <= plateau else "too late"
        said = f"needs time {needed:.3g} to come within {NEAR} radians of 180 degrees: {verdict}"
    else:
        axes.plot(start, -1.6, "o", color=BLACK, ms=8)
    return figure, (
        f"$\\delta = {power_of_ten(delta)}$: the plateau lasts $\\ln(1/\\delta)/75 = {plateau:.3g}$. A start at "
        f"{start:g} degrees "
        f"{said}. Of all directions {critical / np.pi:.0%} are too late; the flat set is {flat / np.pi:.0%}."
    )


def leaving_a_point(at: str = "(1, 0)", delta: float = 1e-2) -> tuple[Figure, str]:
    """Distance from a critical point of (u_1|u_2| - 1)^2 along its flow from that point + (delta, delta)."""
    saddle = absolute_value_saddle({"(1, 0)": (1.0, 0.0), "(1, 1)": (1.0, 1.0)}[at])
    start = saddle.w + delta
    path = training_flow(saddle.net, saddle.X, saddle.y, start, 0.6, tolerance=1e-11)
    distance = np.linalg.norm(path.w - saddle.w, axis=1)
    at_tenth = float(np.linalg.norm(path.at(0.2) - saddle.w))  # the function is twice the loss: time counts double
    figure, axes = canvas()
    axes.plot(path.t / 2, np.log10(distance), color=BLUE)
    axes.axhline(np.log10(distance[0]), color=GREY, ls=":", lw=1.2)
    axes.plot(0.1, np.log10(at_tenth), "o", color=RED, ms=7)
    axes.set(xlabel="time", ylabel=rf"$\log_{{10}}$ of the distance from {at}", xlim=(0, 0.3), ylim=(-8.5, 0.3))
    factor = at_tenth / distance[0]
    how = f"{factor:.3g} times as far as" if factor > 1 else "nearer than"
    return figure, (
        f"Start at {at} + ({power_of_ten(delta)}, {power_of_ten(delta)}), at distance "
        f"{power_of_ten(distance[0], 3)}: at time 0.1 the flow is at distance {power_of_ten(at_tenth, 4)}, "
        f"{how} at the start."
    )


def field_at_a_kink(delta: float = 1e-3) -> tuple[Figure, str]:
    """Descent directions of (u_1|u_2| - 1)^2 around (1, 0): they point away from it, at a speed that does not fade."""
    saddle = absolute_value_saddle()
    side = np.linspace(-1, 1, 9)
    offsets = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    offsets = offsets[offsets[:, 1] != 0]
    points = saddle.w + delta * offsets
    speed = 2 * saddle.net.pullback(saddle.X, points, saddle.y - saddle.net.outputs(saddle.X, points))
    figure, axes = canvas(height=4.0)
    axes.quiver(*offsets.T, *speed.T, color=BLUE, scale=30, width=0.004)
    axes.axhline(0, color=GREY, lw=2)
    axes.plot(0, 0, "o", color=RED, ms=8)
    axes.set(xlabel=f"$(u_1 - 1)$ / {power_of_ten(delta)}", ylabel=f"$u_2$ / {power_of_ten(delta)}", aspect="equal")
    axes.set(xlim=(-1.4, 1.4), ylim=(-1.4, 1.4))
    lengths = np.linalg.norm(speed, axis=1)
    return figure, (
        f"Descent directions of $(u_1|u_2| - 1)^2$ in a square of half-width {power_of_ten(delta)} around (1, 0). On "
        f"both sides of the kink (grey) they point away from it. The arrows drawn have lengths between "
        f"{lengths.min():.4f} and {lengths.max():.4f}: in smaller squares they do not fade, but tend to 2."
    )


@lru_cache
def _arcs() -> Arcs:
    """Correlation with the residual at Figure 4's saddle."""
    saddle = figure_4_saddle()
    return Arcs(saddle.X, saddle.residual)


def _half_width() -> float:
    """Half the width of the flat arc around angle zero."""
    (flat,) = [point for point in _arcs().critical_points() if point.kind == "flat"]
    return (flat.arc[1] - flat.arc[0]) / 2


@lru_cache
def _travel_times() -> tuple[np.ndarray, np.ndarray]:
    grid = np.linspace(_half_width() + 1e-3, np.pi - NEAR - 1e-3, 400)
    return grid, _arcs().travel(grid, np.pi - NEAR)[0]


@lru_cache
def _late_below(delta: float) -> float:
    """Angle below which a start on Figure 4's saddle is not aligned when the plateau ends."""
    from scipy.optimize import brentq

    plateau = -np.log(delta) / 75
    return brentq(
        lambda angle: float(_arcs().travel(angle, np.pi - NEAR)[0]) - plateau, _half_width() + 1e-9, np.pi - NEAR
    )


def _shade(axes: Axes) -> None:
    """Shade the flat arc, which lies around 0 and 360 degrees."""
    flat = np.degrees(_half_width())
    for low, high in ((0, flat), (360 - flat, 360)):
        axes.axhspan(low, high, color=RED, alpha=0.15)
    axes.axhline(180, color=GREEN, lw=1, ls="--", zorder=0)
