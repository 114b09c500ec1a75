"""The look of every figure: colours that colour-blind readers can tell apart, on white in any theme."""

from __future__ import annotations

from contextlib import AbstractContextManager

import matplotlib.style
from matplotlib import cycler
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# Okabe and Ito's palette; lines are told apart by style or marker too, never by colour alone.
BLUE, ORANGE, GREEN, RED = "#0072B2", "#E69F00", "#009E73", "#D55E00"
SKY, PINK, YELLOW, GREY, BLACK = "#56B4E9", "#CC79A7", "#F0E442", "#767676", "#222222"
CYCLE = (BLUE, RED, GREEN, ORANGE, PINK, SKY, GREY)

RC = {
    "font.size": 11,
    "axes.titlesize": "medium",
    "axes.titley": 1.0,  # a fixed place: looking for a free one costs a quarter of the drawing time
    "axes.prop_cycle": cycler(color=CYCLE),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e3e3e3",
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.6,
    "legend.frameon": False,
    "figure.constrained_layout.h_pad": 0.08,
    "figure.constrained_layout.w_pad": 0.08,
    "legend.fontsize": "small",
}


def look() -> AbstractContextManager[None]:
    """Matplotlib's defaults and ours on top. `explore` and `show` draw inside it, so drawing functions need not."""
    return matplotlib.style.context(["default", RC])


def canvas(
    columns: int = 1, rows: int = 1, width: float = 6.4, height: float = 3.6, **options: object
) -> tuple[Figure, Axes]:
    """A figure outside pyplot (nothing to close, nothing shown twice) and its axes, as `plt.subplots` gives them."""
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots(rows, columns, **options)


def power_of_ten(value: float, digits: int = 2) -> str:
    """A number as in print, in the shorter of two ways: 1e-06 becomes 1e-6, 0.001 becomes 1e-3, 0.05 stays."""
    plain = f"{value:.{digits}g}"
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    scientific = f"{mantissa}e{int(exponent)}"
    return scientific if "e" in plain or len(scientific) < len(plain) else plain
