"""Pictures of the chapter on higher homogeneity: how long a small start waits, and where it points meanwhile."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from homolib.figures.style import BLACK, BLUE, GREEN, GREY, ORANGE, RED, canvas, power_of_ten

RACE = np.eye(2), np.array([2.0, 1.0])  # the two inputs of "By hand", and their labels
STARTS = {(1.0, 1.0): BLUE, (1.0, 2.0): BLACK, (1.0, 3.0): RED}
LINES = dict(zip((0.1, 0.01, 0.001), ((BLUE, "-"), (ORANGE, "--"), (RED, "-.")), strict=True))


def waiting_times() -> tuple[Figure, str]:
    """Loss of one weight against time, for the outputs w^2 and w^3 and three small starts."""
    figure, panels = canvas(columns=2, height=3.2, sharey=True)
    halves = {}
    for axes, order in zip(panels, (2, 3), strict=True):
        for delta, (colour, style) in LINES.items():
            w = _climb(order, delta, 1.0)
            t, loss = waited(order, delta, w), (1 - w**order) ** 2 / 2
            axes.plot([*t, 2e3], [*loss, 0], style, color=colour, label=rf"$\delta$ = {delta:g}")
            halves.setdefault(order, []).append(f"{np.interp(0.5, 1 - loss / loss[0], t):.1f}")
        axes.set(xscale="log", xlim=(0.1, 2000), xlabel="time", title=rf"output $w^{order}$")
    panels[0].set_ylabel("loss")
    panels[0].legend(loc="center right")
    return figure, (
        f"Loss while one weight $w$ learns the label 1 from 0.1, 0.01 and 0.001; the axis of time is logarithmic. "
        f"With the output $w^2$ half of the loss is gone at {_listed(halves[2])}, "
        f"with $w^3$ at {_listed(halves[3])}."
    )


def waited(order: int, delta: float, w: np.ndarray, label: float = 1.0) -> np.ndarray:
    """When dw/dt = L w^(L-1) (label - w^L), w(0) = delta, arrives at w, by partial fractions.

    L label t is the integral of w^(1-L) + w / (label - w^L); the second part is a hypergeometric function.
    """
    frozen = np.log(w / delta) if order == 2 else (delta ** (2.0 - order) - w ** (2.0 - order)) / (order - 2)
    return (frozen + _rest(order, w, label) - _rest(order, delta, label)) / (order * label)


def _rest(order: int, w: np.ndarray | float, label: float) -> np.ndarray:
    """Integral of s / (label - s^L) from 0 to w."""
    from scipy.special import hyp2f1

    return w**2 / (2 * label) * hyp2f1(2 / order, 1, 2 / order + 1, w**order / label)


def _listed(words: list[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}"


def race() -> tuple[Figure, str]:
    """Paths of the frozen flow in the plane for the correlations 2 u_1^2 + u_2^2 and 2 u_1^3 + u_2^3."""
    figure, panels = canvas(columns=2, height=3.6, sharey=True)
    for axes, order in zip(panels, (2, 3), strict=True):
        for (a, b), colour in STARTS.items():
            u = _path(order, a, b)
            axes.plot(*u, color=colour, ls="--" if colour == BLACK else "-")
            axes.plot(a, b, "o", color=colour, ms=7)
            inside = np.flatnonzero((u < 7.6).all(axis=0))[-1]
            ahead = u[:, inside] - u[:, inside - 1]
            axes.annotate("", u[:, inside] + 0.25 * ahead / np.hypot(*ahead), u[:, inside],
                          arrowprops={"arrowstyle": "-|>", "color": colour, "lw": 1.6})  # fmt: skip
        axes.set(xlim=(0, 8), ylim=(0, 8), xlabel="$u_1$", title=f"order {order}", aspect="equal")
    panels[0].set_ylabel("$u_2$")
    return figure, (
        "Paths of the frozen flow from (1, 1), (1, 2) and (1, 3). At order 2 all three bend towards the first axis, "
        "the direction of the larger label, while both coordinates grow without bound. At order 3 the first path runs "
        "off to the right and never rises above 2, the third runs upwards and never passes 3, and the middle one, "
        "dashed, goes straight on."
    )


def race_heights() -> tuple[Figure, str]:
    """Heights 2 cos^L + sin^L of the directions of the race on the quarter circle, and where three starts climb."""
    figure, panels = canvas(columns=2, height=3.2, sharey=True)
    theta = np.linspace(0, np.pi / 2, 301)
    for axes, order in zip(panels, (2, 3), strict=True):
        axes.plot(np.degrees(theta), _height(order, theta), color=GREY)
        for (a, b), colour in STARTS.items():
            start, slope = np.arctan2(b, a), np.arctan2(b, a) + np.array([-1e-3, 1e-3])
            change = np.diff(_height(order, slope))[0]
            axes.plot(np.degrees(start), _height(order, start), "o", color=colour, ms=7)
            if abs(change) > 1e-5:
                way = start + np.sign(change) * np.linspace(0.03, 0.17, 2)
                ends = [(np.degrees(angle), _height(order, angle) + 0.1) for angle in way]
                axes.annotate("", ends[1], ends[0], arrowprops={"arrowstyle": "-|>", "color": colour, "lw": 1.6})
        axes.set(xlabel="angle (degrees)", xticks=[0, 30, 60, 90], ylim=(0, 2.3), title=f"order {order}")
    panels[0].set_ylabel("height")
    return figure, (
        r"Height $2\cos^L\theta + \sin^L\theta$ of the directions between (1, 0), at 0 degrees, and (0, 1), at 90, "
        "with those of the three starts. At order 2 the only maximum is (1, 0), and all three climb there. At order 3 "
        "(0, 1) is a maximum, too: (1, 1) climbs to (1, 0), (1, 3) climbs to (0, 1), and (1, 2) stands at the minimum "
        "between."
    )


def _height(order: int, theta: np.ndarray | float) -> np.ndarray | float:
    return 2 * np.cos(theta) ** order + np.sin(theta) ** order


def _path(order: int, a: float, b: float) -> np.ndarray:
    """Points (u_1, u_2) of the race from (a, b), until one of the two coordinates is 40 times as long."""
    if order == 2:
        growth = np.linspace(0, np.log(40) / 4, 400)
        return np.array([a * np.exp(4 * growth), b * np.exp(2 * growth)])
    gone = min(1 / (6 * a), 1 / (3 * b))
    t = gone * (1 - np.geomspace(1, 1 / 40, 400))
    return np.array([a / (1 - 6 * a * t), b / (1 - 3 * b * t)])


def _climb(order: int, delta: float, label: float) -> np.ndarray:
    """Sizes of a weight on its way from delta up to label^(1/L), dense at both ends."""
    odds = np.geomspace(1e-6 * delta**order, 1e6, 4000)
    return ((delta**order + label * odds) / (1 + odds)) ** (1 / order)


def direction_before_length(order: int = 3, delta: float = 1e-2) -> tuple[Figure, str]:
    """Length and angle of a trained neuron and of the frozen flow from (1, 1)/sqrt(2), in the time of the frozen flow.

    For order 2 that is time itself; for a larger one it is delta^(L-2) t, in which the frozen flow ends at `lifetime`.
    """
    slow = delta ** (order - 2)
    end = np.log(1 / delta) / 4 + 0.5 if order == 2 else lifetime(order) + 0.5 * slow
    t, w = trained(order, delta)
    loss = ((w**order - RACE[1][:, None]) ** 2).sum(axis=0)
    lost = float(np.interp(0.01, 1 - loss / loss[0], t))
    last = end if order == 2 else lifetime(order) * (1 - 1e-4 ** (order - 2))
    tau, marks = np.linspace(0, last, 401), np.linspace(0, end, 28)
    dots = np.array([np.interp(marks / slow, t, size) for size in w])
    figure, panels = canvas(columns=2, height=3.4)
    for axes, values in zip(panels, (_length, _angle), strict=True):
        axes.plot(tau, values(frozen(order, tau)), color=BLUE, label="frozen")
        axes.plot(marks, values(dots) / (delta if values is _length else 1), "o", color=RED, ms=4, label="trained")
        axes.set_xlabel("time" if order == 2 else rf"rescaled time $\delta^{{{order - 2 if order > 3 else ''}}}\,t$")
    _finish(panels, order, lost * slow, 3 / delta)
    angle = float(_angle(np.array([np.interp(lost, t, size) for size in w])))
    gone = "lasts for ever" if order == 2 else f"ends at $t$ = {lifetime(order) / slow:.5g} (dashed)"
    marked = (
        ""
        if order == 2
        else f" In the rescaled time the two lines stand at {lifetime(order):.4g} and {lost * slow:.5g}."
    )
    return figure, (
        f"Order {order}, $\\delta$ = {power_of_ten(delta)}: the frozen flow from $\\delta\\,(1, 1)/\\sqrt2$ {gone}. "
        f"Training has lost one per cent of its loss at $t$ = {lost:.5g} (dotted); the angle is then {angle:.2g} "
        f"degrees, from 45 at the start.{marked}"
    )


def trained(order: int, delta: float) -> tuple[np.ndarray, np.ndarray]:
    """Times, and both coordinates (2, times) of the race in training from delta (1, 1)/sqrt(2): each learns alone."""
    start = delta * 0.5**0.5
    times, sizes = zip(
        *((waited(order, start, w, y), w) for y in RACE[1] for w in [_climb(order, start, y)]), strict=True
    )
    t = np.unique(np.concatenate([[0.0], *times]))
    return t, np.array([np.interp(t, own, w, left=start) for own, w in zip(times, sizes, strict=True)])


def frozen(order: int, t: np.ndarray) -> np.ndarray:
    """Both coordinates (2, times) of the frozen flow of the race from (1, 1)/sqrt(2)."""
    start, y = 0.5**0.5, RACE[1][:, None]
    if order == 2:
        return start * np.exp(2 * y * t)
    return (start ** (2 - order) - order * (order - 2) * y * t) ** (-1 / (order - 2))


def lifetime(order: int) -> float:
    """When the frozen flow of the race from (1, 1)/sqrt(2) is infinite: its first coordinate, for an order above 2."""
    return 2 ** ((order - 2) / 2) / (2 * order * (order - 2))


def _length(u: np.ndarray) -> np.ndarray:
    return np.hypot(*u)


def _angle(u: np.ndarray) -> np.ndarray:
    return np.degrees(np.arctan2(u[1], u[0]))


def _finish(panels: np.ndarray, order: int, lost: float, top: float) -> None:
    """Axes of the two panels, the moment at which the loss begins to fall, and the end of the frozen flow."""
    length, angle = panels
    length.set(yscale="log", ylim=(0.7, top), title=r"length, divided by $\delta$")
    angle.set(ylim=(0, 48), title="angle (degrees)")
    for axes in panels:
        axes.axvline(lost, color=GREY, ls=":")
        if order > 2:
            axes.axvline(lifetime(order), color=GREEN, ls="--", lw=1.2)
    length.legend(loc="upper left")
