"""Pictures of the chapter on gradient flow: a path that slides, hills whose height axis is bent, and what steps do."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from homolib.figures.style import BLACK, BLUE, GREEN, GREY, RED, canvas, power_of_ten
from homolib.flows.descent import gradient_descent
from homolib.flows.training import training_flow
from homolib.flows.trajectory import Trajectory
from homolib.problems import datasets
from homolib.problems.networks import DiagonalLinear, SquaredReLU

HILLS = {1: (BLUE, "-", "$|x|$"), 2: (RED, "--", "$x^2$"), 4: (GREEN, "-.", "$x^4$")}


def sliding_and_chatter(step: float = 0.2, start: tuple[float, float] = (1.1, 1.0)) -> tuple[Figure, str]:
    """Flow and gradient descent of f(x) = |x_1| + x_2^2 / 2 from `start`: one slides along the kink, one hops."""
    t = np.linspace(0, 4, 401)
    flow = np.stack([np.sign(start[0]) * np.maximum(abs(start[0]) - t, 0), start[1] * np.exp(-t)])
    steps = [np.array(start, dtype=float)]
    for _ in range(round(t[-1] / step)):
        x = steps[-1]
        steps.append(x - step * np.array([np.sign(x[0]), x[1]]))
    steps = np.array(steps).T
    figure, (plane, energy) = canvas(columns=2, height=3.3)
    first, second = np.meshgrid(np.linspace(-0.6, 1.2, 91), np.linspace(-0.15, 1.15, 66))
    plane.contour(first, second, abs(first) + second**2 / 2, levels=12, colors=GREY, linewidths=0.5)
    plane.axvline(0, color=BLACK, linewidth=0.8, linestyle=":")
    _two_paths(plane, flow, steps)
    plane.set(xlabel="$x_1$ (kink at 0)", ylabel="$x_2$", xlim=(-0.6, 1.2), ylim=(-0.15, 1.15))
    height, heights = (abs(x[0]) + x[1] ** 2 / 2 for x in (flow, steps))
    _two_paths(energy, (t, height), (step * np.arange(len(heights)), heights))
    energy.set(xlabel="time", ylabel="$f$", title="height above the minimum")
    energy.legend()
    late = steps[0][step * np.arange(steps.shape[1]) > abs(start[0])]
    return figure, (
        f"$f = |x_1| + x_2^2/2$: the flow meets the kink at time {abs(start[0]):.3g} and slides along it. From "
        f"then on gradient descent with step {step:g} hops from side to side, up to {abs(late).max():.2g} off it; at "
        f"time {t[-1]:g} it is at height {heights[-1]:.2g}, the flow at {height[-1]:.1g}."
    )


def three_hills() -> tuple[Figure, str]:
    """The hills |x|, x^2 and x^4, and the position on each against time, downhill from 1."""
    t, x = np.linspace(0, 4, 401), np.linspace(-1, 1, 201)
    paths = {1: np.maximum(1 - t, 0), 2: np.exp(-2 * t), 4: (1 + 8 * t) ** -0.5}
    figure, (position, height) = canvas(columns=2, height=3.2)
    for power, (colour, style, name) in HILLS.items():
        position.plot(t, paths[power], style, color=colour, label=name)
        height.plot(x, abs(x) ** power, style, color=colour)
    position.set(xlabel="time", title="position $x$")
    position.legend(title="hill", loc="upper right")
    height.set(xlabel="$x$", title="height $f$")
    return figure, (
        f"Downhill from 1. On $|x|$ the path arrives at 0 at time 1 and stays; on $x^2$ and $x^4$ it never arrives: at "
        f"time {t[-1]:g} it is at {power_of_ten(paths[2][-1])} and at {paths[4][-1]:.2g}. The flatter the "
        f"bottom, the slower the end. The second panel shows the hills."
    )


def bent_height(power: int = 4, exponent: float = 0.25) -> tuple[Figure, str]:
    """The hill |x|^power, and the same with its height s replaced by s^exponent, beside lines of slope 1."""
    x, bent = np.linspace(-1, 1, 401), power * exponent
    colour, style, name = HILLS[power]
    figure, (plain, ruled) = canvas(columns=2, height=3.1)
    plain.plot(x, abs(x) ** power, style, color=colour)
    plain.set(xlabel="$x$", title=f"height $f$ = {name}")
    ruled.plot(x, abs(x) ** bent, style, color=colour, label=r"$\Psi(f)$")
    ruled.plot(x, abs(x), color=GREY, linestyle=":", label="slope 1")
    ruled.set(xlabel="$x$", title=f"bent height ${_power('f', exponent)}$", ylim=(-0.03, 1.03))
    ruled.legend(loc="lower right")
    return figure, (
        f"{name} with $\\Psi(s) = {_power('s', exponent)}$: the bent height is ${_power('|x|', bent)}$. "
        f"{_verdict(power, bent)}"
    )


def _power(base: str, exponent: float) -> str:
    return base if exponent == 1 else f"{base}^{{{exponent:g}}}"


def _verdict(power: int, bent: float) -> str:
    """Where the slope of |x|^bent is at least 1, and whether that makes a ruler for |x|^power."""
    if bent == 1:
        return "Its slope is 1 everywhere but at 0: the ruler fits."
    edge = bent ** (1 / (1 - bent))
    if bent < 1:
        return (f"Its slope is at least 1 where $0 < |x| \\le {edge:.3g}$: the ruler serves below the height "
                f"{edge**power:.3g}.")  # fmt: skip
    return "Its slope tends to 0 at the bottom: the ruler does not serve this hill."


def desingularised_correlation(constant: float = 0.188, reach: float = 0.3) -> tuple[Figure, str]:
    """How far N on the circle is below its maximum at angle 0, and the same after Psi(s) = constant sqrt(s)."""
    X, y = datasets.circle(50)
    angle = np.linspace(0, reach, 301)
    values = SquaredReLU(1, 2).outputs(X, np.stack([np.cos(angle), np.sin(angle)], axis=-1)) @ y
    gap = values[0] - values
    straight = constant * np.sqrt(gap)
    slopes = np.diff(straight) / np.diff(angle)
    figure, (left, right) = canvas(columns=2, height=3.1)
    left.plot(angle, gap)
    left.set(xlabel=r"angle $\theta$", title=r"$s = N(0) - N(\theta)$: flat at 0")
    right.plot(angle, straight, label=r"$\Psi(s)$")
    right.plot(angle, angle, color=GREY, linestyle="--", label=r"slope 1")
    right.set(xlabel=r"angle $\theta$", title=rf"$\Psi(s) = {constant:g}\,\sqrt{{s}}$: never flat")
    right.legend()
    verdict = "so this ruler serves" if slopes.min() >= 1 else "so this ruler does not serve so far out"
    return figure, (
        f"Near its maximum at angle 0 the correlation of the fifty inputs is flat. After "
        f"$\\Psi(s) = {constant:g}\\sqrt{{s}}$ "
        f"the slope is between {slopes.min():.3f} and {slopes.max():.3f} up to angle {reach:g}, {verdict}."
    )


def descent_on_a_hyperbola(step: float, a: float, b: float = 0.1) -> tuple[Figure, str]:
    """Flow and gradient descent of (a b - 1)^2 / 2, the smallest network with two layers, from (a, b)."""
    net, X, y, start = DiagonalLinear(1), np.ones((1, 1)), np.ones(1), np.array([a, b])
    flow = training_flow(net, X, y, start, 20.0, tolerance=1e-5)
    descent = gradient_descent(net, X, y, start, step, 300, record_every=1)
    figure, axes = canvas(height=4.0)
    first, second = np.meshgrid(np.linspace(-0.2, 2.8, 76), np.linspace(-0.4, 2.2, 66))
    axes.contour(
        first, second, abs(first * second - 1), levels=[0.3, 0.6, 0.9, 1.5, 2.5, 4], colors=GREY, linewidths=0.5
    )
    minima = np.linspace(0.4, 2.8, 100)
    axes.plot(minima, 1 / minima, color=BLACK, linewidth=0.9, label="minima, $ab = 1$")
    sharp = minima**2 + minima**-2.0 > 2 / step
    if sharp.any():
        axes.plot(minima, np.where(sharp, 1 / minima, np.nan), color=RED, linewidth=5, alpha=0.3, label="too sharp")
    _two_paths(axes, flow.w.T, descent.w.T)
    axes.set(xlabel="$a$", ylabel="$b$", xlim=(-0.2, 2.8), ylim=(-0.4, 2.2))
    axes.legend(loc="upper right")
    end, limit = descent.w[-1], flow.w[-1]
    return figure, (
        f"Step {step:g}, start ({a:g}, {b:g}): the flow ends at ({limit[0]:.3f}, {limit[1]:.3f}) with sharpness "
        f"$a^2 + b^2 = {limit @ limit:.2f}$, gradient descent at ({end[0]:.3f}, {end[1]:.3f}) with {end @ end:.2f}. "
        f"No minimum sharper than 2 / step = {2 / step:.3g} can hold it, unless a step ends on $ab = 1$ exactly."
    )


def descent_near_the_origin(delta: float, step: float) -> tuple[Figure, str]:
    """Norm and loss of four squared-ReLU neurons on the data of Figure 1: flow against gradient descent."""
    (X, y), net, w0, rate = datasets.circle(50), SquaredReLU(4, 2), datasets.random_start(8, 0), 93.75
    factor = rate * step / np.log1p(rate * step)
    end = 0.12 - 1.25 * np.log(delta) / rate
    flow = training_flow(net, X, y, w0, end, delta=delta, tolerance=1e-5, points=1001)
    descent = gradient_descent(net, X, y, delta * w0, step, int(1.4 * end / step), record_every=1)
    figure, (norm, loss) = canvas(columns=2, height=3.2)
    for axes, name in ((norm, "log_norm"), (loss, "loss")):
        curves = [(path.t, getattr(path, name) / (np.log(10) if name == "log_norm" else 1)) for path in (flow, descent)]
        axes.plot(*(values[::5] for values in curves[0]), color=BLUE, label="flow")
        axes.plot(*curves[1], color=RED, linestyle="--", marker=".", markevery=0.08, label="gradient descent")
        axes.set(xlabel="time = step x iterations", xlim=(0, 1.4 * end))
    norm.set(title=r"$\log_{10}$ of the norm")
    loss.set(title="training loss", ylim=(0, 205))
    norm.legend(loc="lower right")
    early, late = (_half_time(path) for path in (flow, descent))
    return figure, (
        f"$\\delta = {power_of_ten(delta)}$, step = {power_of_ten(step)}: the flow halves the loss at time "
        f"{early:.5f}, "
        f"gradient descent at {late:.5f}, {100 * (late / early - 1):.1f} per cent later; the ratio of the two growth "
        f"rates predicts {100 * (factor - 1):.1f}."
    )


def _two_paths(axes: Axes, flow: np.ndarray, steps: np.ndarray) -> None:
    axes.plot(*flow, color=BLUE, linewidth=2.2, label="flow")
    axes.plot(*steps, color=RED, linewidth=0.7, marker="o", markersize=2.6, label="gradient descent")


def _half_time(path: Trajectory) -> float:
    """When the loss first falls below half of what it was, between records by a straight line."""
    after = int(np.argmax(path.loss < path.loss[0] / 2))
    return float(np.interp(path.loss[0] / 2, path.loss[[after, after - 1]], path.t[[after, after - 1]]))
