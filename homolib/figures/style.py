"""The look of every figure: its size, its type, and colours that colour-blind readers can tell apart by day and night.

A figure is drawn once, for a phone: its text is so large that it can be read where the figure is 290 pixels wide. Where
there is more room the page sets the text smaller (`homolib.explore.page`); it always fits where the larger text did.
Two panels side by side are drawn as wide as a phone each, and stand one above the other there.
"""

from __future__ import annotations

from contextlib import AbstractContextManager

import matplotlib.style
from matplotlib import cycler
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# After Okabe and Ito, as dark as a line on white has to be (contrast 3:1) and text (ink, grey, blue, red: 4.5:1). At
# night the page takes the second value. Lines are told apart by style or marker too, never by colour alone.
PALETTE = {
    "blue": ("#0072b2", "#5db3ea"),
    "orange": ("#c27e00", "#f2b544"),
    "green": ("#008f68", "#40cd9f"),
    "red": ("#bf4400", "#ff8f5a"),
    "sky": ("#2f93cf", "#9cd6f7"),
    "pink": ("#c2669a", "#eba6cc"),
    "grey": ("#707070", "#a2a8ae"),
    "ink": ("#222222", "#e2e5e8"),
    "grid": ("#e3e3e3", "#323942"),
}
BLUE, ORANGE, GREEN, RED, SKY, PINK, GREY, BLACK, GRID = (day for day, _ in PALETTE.values())
CYCLE = (BLUE, RED, GREEN, ORANGE, PINK, SKY, GREY)

TEXT = 16  # pixels: 11 where a figure of one column is 290 pixels wide, as in a box on a phone, and 9.1 for a script
ONE_COLUMN, TWO_COLUMNS = 0.92, 1.5  # inches drawn for each inch asked for: 6.4 fill the text column
TALLER = 1.12  # one column: room for the larger text

RC = {
    "font.size": TEXT,
    "text.color": BLACK,
    "axes.labelcolor": BLACK,
    "axes.edgecolor": GREY,
    "axes.facecolor": "none",
    "figure.facecolor": "none",
    "xtick.labelcolor": BLACK,
    "ytick.labelcolor": BLACK,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "xtick.minor.size": 0,
    "xtick.major.pad": 11,  # or labels meet in the corner
    "ytick.major.pad": 5,
    "ytick.minor.size": 0,
    "axes.labelsize": "medium",
    "axes.titlesize": "medium",
    "axes.titley": 1.0,  # a fixed place: looking for a free one costs a quarter of the drawing time
    "axes.prop_cycle": cycler(color=CYCLE),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "lines.linewidth": 2.2,
    "lines.markersize": 7,
    "path.simplify_threshold": 1.0,  # a tenth of a pixel: the renderer's unit
    "legend.frameon": False,
    "legend.fontsize": "medium",
    "legend.handlelength": 1.5,
    "legend.handletextpad": 0.5,
    "legend.labelspacing": 0.25,
    "legend.borderaxespad": 0.2,
    "figure.constrained_layout.h_pad": 0.08,
    "figure.constrained_layout.w_pad": 0.08,
}


def look() -> AbstractContextManager[None]:
    """Matplotlib's defaults and ours on top. `explore` and `show` draw inside it, so drawing functions need not."""
    return matplotlib.style.context(["default", RC])


def canvas(
    columns: int = 1, rows: int = 1, width: float = 6.4, height: float = 3.6, **options: object
) -> tuple[Figure, Axes]:
    """A figure outside pyplot (nothing to close, nothing shown twice) and its axes, as `plt.subplots` gives them.

    `width` and `height` are inches of a page whose text is 6.4 inches wide. Axes that share their vertical axis have
    labels each, because on a phone they are not neighbours.
    """
    scale, taller = (ONE_COLUMN, TALLER) if columns == 1 else (TWO_COLUMNS, 1)
    figure = Figure(figsize=(scale * width, scale * taller * height), layout="constrained")
    axes = figure.subplots(rows, columns, **options)
    if columns > 1:
        for each in figure.axes:
            each.tick_params(labelleft=True)
    return figure, axes


def power_of_ten(value: float, digits: int = 2) -> str:
    """A number in the shorter of two ways: 1e-06 becomes 1e-6, 0.001 becomes 1e-3, 0.05 stays.

    A page sets 1e-6 as a power of ten; a terminal shows it as it is.
    """
    plain = f"{value:.{digits}g}"
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    scientific = f"{mantissa}e{int(exponent)}"
    return scientific if "e" in plain or len(scientific) < len(plain) else plain
