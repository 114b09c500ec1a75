"""Pictures of the chapter on homogeneous networks: what scaling the weights does to outputs, and to time."""

from __future__ import annotations

from functools import cache

import numpy as np
from matplotlib.figure import Figure

from homolib.figures.style import BLUE, GREY, ORANGE, RED, canvas, power_of_ten
from homolib.flows.training import training_flow
from homolib.flows.trajectory import Trajectory
from homolib.problems import constants, datasets
from homolib.problems.deep_networks import DeepReLU
from homolib.problems.networks import DiagonalLinear, SquaredReLU, TwoLayerReLU

FROZEN = np.array([[1.0, -0.5, 0.3], [0.2, 0.8, -1.0], [-0.6, 0.4, 0.9], [0.5, 0.5, 0.5]])
DELTAS = 10.0 ** -np.arange(1, 7)
LANDMARK = 0.5  # the norm at which a small start counts as grown


def _with_constant(X: np.ndarray) -> np.ndarray:
    return np.column_stack([X, np.ones(len(X))])


def _output_bias(X: np.ndarray, w: np.ndarray) -> np.ndarray:
    return TwoLayerReLU(4, 2).outputs(X, w[:-1]) + w[-1]


def _three_trained(X: np.ndarray, w: np.ndarray) -> np.ndarray:
    hidden = np.maximum(X @ w[:6].reshape(2, 3), 0)
    return np.maximum(hidden @ w[6:18].reshape(3, 4), 0) @ w[18:22]


FAMILIES = {  # name: (outputs as a function of X and w, number of weights)
    "two-layer ReLU": (TwoLayerReLU(4, 2).outputs, 12),
    "squared ReLU": (SquaredReLU(4, 2, signs=[1, 1, -1, -1]).outputs, 8),
    "deep ReLU, layers 1 and 3 of 3 trained": (DeepReLU([(3, 2), FROZEN, (1, 4)], (1, 3)).outputs, 10),
    "diagonal linear": (DiagonalLinear(2).outputs, 4),
    "two-layer ReLU, bias in the first layer": (lambda X, w: TwoLayerReLU(4, 3).outputs(_with_constant(X), w), 16),
    "two-layer ReLU, bias at the output": (_output_bias, 13),
    "deep ReLU, all 3 layers trained": (_three_trained, 22),
}


def outputs_after_scaling(family: str = "two-layer ReLU", c: float = 2.0, seed: int = 3) -> tuple[Figure, str]:
    """Outputs on the unit circle before and after the weights are multiplied by `c`, beside c^2 times the old ones."""
    outputs, size = FAMILIES[family]
    w = 2 * datasets.random_start(size, seed)
    angles = np.linspace(0, 2 * np.pi, 241)
    X = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    factors = np.geomspace(0.2, 4, 41)
    old, new = outputs(X, w), outputs(X, c * w)
    heights = [abs(outputs(X, factor * w)).max() for factor in factors]
    figure, (left, right) = canvas(columns=2, width=7.2, height=3.4)
    left.plot(np.degrees(angles), old, color=GREY, linestyle=":", label="$H(x; w)$")
    left.plot(np.degrees(angles), new, color=BLUE, linewidth=2.6, label="$H(x; cw)$")
    left.plot(np.degrees(angles), c**2 * old, color=ORANGE, linestyle="--", label="$c^2 H(x; w)$")
    left.set(xlabel="angle of the input $x$ (degrees)", ylabel="output", xticks=range(0, 361, 90))
    left.legend()
    right.loglog(factors, heights, color=BLUE, linewidth=2.6, label="largest output")
    right.loglog(factors, abs(old).max() * factors**2, color=ORANGE, linestyle="--", label="slope 2")
    right.plot(c, abs(new).max(), "o", color=BLUE, markersize=9)
    right.set(xlabel="factor $c$", ylabel=r"$\max_x |H(x; cw)|$")
    right.set_xticks([0.2, 0.5, 1, 2, 4], ["0.2", "0.5", "1", "2", "4"])
    right.minorticks_off()
    right.legend()
    gap = abs(new - c**2 * old).max() / abs(new).max()
    verdict = (
        "$H(cw)$ and $c^2 H(w)$ agree on the whole circle"
        if gap < 1e-12
        else f"$H(cw)$ and $c^2 H(w)$ differ by up to {100 * gap:.0f} % of the largest output"
    )
    return figure, (
        f"{family}: with all weights multiplied by {c:g} the largest output is {abs(new).max() / abs(old).max():.4g} "
        f"times as large, and $c^2 = {c**2:g}$. {verdict}."
    )


NETWORKS = {  # name: (network, start of unit norm)
    "squared ReLU": (SquaredReLU(20, 2), datasets.ring(20)),
    "squared leaky ReLU, slope 0.5": (SquaredReLU(20, 2, slope=0.5), datasets.ring(20)),
    "diagonal linear": (DiagonalLinear(2), datasets.random_start(4, 0)),
}


@cache
def _grown(network: str) -> tuple[Trajectory, np.ndarray]:
    """Training of `network` from `DELTAS` times its start, and the times at which the norm passes the landmark."""
    X, y = datasets.circle(50)
    net, w0 = NETWORKS[network]
    neurons, pulls = net.neurons(w0), net.neurons(net.pullback(X, w0, y))
    rate = np.max(np.linalg.norm(pulls, axis=-1) / np.linalg.norm(neurons, axis=-1))  # of the fastest neuron
    t_end = np.log(3 / DELTAS.min()) / rate
    path = training_flow(net, X, y, np.tile(w0, (len(DELTAS), 1)), t_end, delta=DELTAS, tolerance=1e-5, points=401)
    arrivals = [np.interp(np.log(LANDMARK), grown, path.t) for grown in np.maximum.accumulate(path.log_norm, axis=-1)]
    return path, np.array(arrivals)


def growth_from_small_starts() -> tuple[Figure, str]:
    """Norm of the weights against time, from starts of sizes 10^-1 to 10^-6, on the data of the paper's Figure 1."""
    path, arrivals = _grown("squared ReLU")
    figure, axes = canvas(height=3.6)
    for delta, log_norm in zip(DELTAS, path.log_norm, strict=True):
        axes.semilogy(path.t, np.exp(log_norm), color=BLUE)
        axes.annotate(rf"$10^{{{np.log10(delta):.0f}}}$", (0.001, 1.7 * delta), color=BLUE)
    axes.axhline(LANDMARK, color=GREY, linestyle=":")
    axes.plot(arrivals, np.full(len(arrivals), LANDMARK), "o", color=RED)
    axes.set(xlabel="time $t$", ylabel=r"$\|w(t)\|$, from the given size")
    return figure, (
        "Fifty inputs stand evenly on the unit circle. At the angle $\\theta$ the label is $5\\cos^2\\theta$ on the "
        f"right half and $4\\cos^2\\theta$ on the left. Twenty neurons learn them in {len(DELTAS)} runs. Each starts "
        "at the same unit vector of all weights, times another size. On this logarithmic axis the length of the "
        f"weights rises nearly along a straight line until it is about one. It is {LANDMARK:g} (dots) "
        f"at the times {', '.join(f'{t:.4f}' for t in arrivals)}: the last factor of ten costs "
        f"{np.diff(arrivals)[-1]:.4f} more."
    )


def runs_in_units_of_their_starts() -> tuple[Figure, str]:
    """Norm of the weights divided by the size of the start, for starts of sizes 10^-3 to 10^-5, against time."""
    path, arrivals = _grown("squared ReLU")
    figure, axes = canvas(height=3.6)
    shown = list(zip(DELTAS[2:5], path.log_norm[2:5], arrivals[2:5], (ORANGE, BLUE, GREY), (2, 4, 7), strict=True))
    for delta, log_norm, arrival, color, width in reversed(shown):
        name = f"from $10^{{{np.log10(delta):.0f}}}$"
        axes.semilogy(path.t, np.exp(log_norm) / delta, color=color, linewidth=width, label=name)
        axes.plot(arrival, LANDMARK / delta, "o", color=RED, zorder=3)
    axes.set(xlabel="time $t$", ylabel=r"$\|w(t)\| / \|w(0)\|$")
    axes.legend(loc="lower right")
    (_, _, large, *_), (_, _, small, *_) = shown[1:]
    return figure, (
        f"Three runs of the opening picture, each divided by the length of its start, lie on one curve. Each leaves it "
        f"when its weights have about the length one, the smaller start later. The dots mark the length {LANDMARK:g}. "
        f"From each dot to the next the curve rises by one decade; the last dot is {small - large:.3f} later than the "
        f"one before it."
    )


def growth_within_its_bounds(network: str = "squared ReLU", delta: float = 1e-4) -> tuple[Figure, str]:
    """Norm of the weights during training from `delta` (1e-1 to 1e-6), below its bound; the other starts in grey."""
    X, y = datasets.circle(50)
    path, arrivals = _grown(network)
    index = int(np.argmin(abs(np.log(DELTAS / delta))))
    log_norm, arrival = path.log_norm[index], arrivals[index]
    rate = constants.constants(NETWORKS[network][0], X, y).rate / 2
    early = log_norm <= np.log(LANDMARK)
    steepest = np.max(np.gradient(log_norm, path.t)[early])
    figure, axes = canvas(height=3.5)
    axes.semilogy(path.t, path.norm.T, color=GREY, linewidth=0.8)
    axes.semilogy(path.t, path.norm[index], color=BLUE, linewidth=2.6, label=rf"$\delta$ = {power_of_ten(delta)}")
    axes.semilogy(
        path.t, delta * np.exp(rate * path.t), color=RED, linestyle="--", label="bound, while length is at most 1"
    )
    axes.plot(arrival, LANDMARK, "o", color=RED)
    axes.set(xlabel="time $t$", ylabel=r"$\|w(t)\|$", ylim=(5e-7, 20))
    axes.legend(loc="lower right")
    return figure, (
        f"{network}, $\\delta = {power_of_ten(delta)}$: the length reaches {LANDMARK:g} at time {arrival:.4g}; the "
        f"bound says not before {np.log(LANDMARK / delta) / rate:.4g}. Up to there $\\ln\\lVert w\\rVert$ grows at "
        f"most at the rate {steepest:.4g}, and the bound allows {rate:.4g}."
    )
