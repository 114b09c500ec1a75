"""The look of every figure: colours that colour-blind readers can tell apart, on white in any theme."""

from __future__ import annotations

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

# Okabe and Ito's palette; lines are told apart by style or marker too, never by colour alone.
BLUE, ORANGE, GREEN, RED = "#0072B2", "#E69F00", "#009E73", "#D55E00"
SKY, PINK, YELLOW, GREY, BLACK = "#56B4E9", "#CC79A7", "#F0E442", "#767676", "#222222"
CYCLE = (BLUE, RED, GREEN, ORANGE, PINK, SKY, GREY)

RC = {
    "font.size": 10.5,
    "axes.prop_cycle": mpl.cycler(color=CYCLE),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e3e3e3",
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.6,
    "legend.frameon": False,
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "axes.axisbelow": True,
}


def canvas(
    columns: int = 1, rows: int = 1, width: float = 6.4, height: float = 3.6, **options: object
) -> tuple[Figure, Axes]:
    """A figure outside pyplot (nothing to close, nothing shown twice) and its axes, as `plt.subplots` gives them."""
    with mpl.rc_context(RC):
        figure = Figure(figsize=(width, height), layout="constrained")
        FigureCanvasAgg(figure)
        return figure, figure.subplots(rows, columns, **options)


def power_of_ten(value: float) -> str:
    """A number as in print: 1e-06 becomes 1e-6."""
    mantissa, _, exponent = f"{value:.2g}".partition("e")
    return f"{mantissa}e{int(exponent)}" if exponent else mantissa
