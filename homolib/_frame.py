"""One drawing made ready for a page: drawn once in the look of the book, compressed, measured.

Matplotlib and Pillow are imported where they are used: they take longer to start than the rest of the library.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from . import _checks

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PIXELS_PER_INCH = 110  # of the page: a figure of 6.4 inches fills the text column
COLOURS = 128  # the palette of a frame: lines, their soft edges and colour maps survive, and half the bytes go

Draw = Callable[..., "tuple[Figure, str]"]


@dataclass(frozen=True)
class Frame:
    """One drawing, ready for a page."""

    sentence: str
    image: bytes  # WebP
    size: tuple[int, int]  # width and height in pixels of the page
    box: tuple[float, float, float, float]  # left, top, width, height of the first axes, as fractions of the picture
    spots: np.ndarray | None  # (pairs, 2): where each pair of values of the plane lies in the box, from its top left


def render(draw: Draw, values: dict[str, object], dots: int, pairs: list[tuple[float, float]] | None = None) -> Frame:
    """Draw with `values` at `dots` per inch; `pairs` are coordinates to be found in the first axes.

    Raises
    ------
    TypeError
        If `draw` returns anything but a figure and a string.
    ValueError
        If the sentence is empty, or a pair lies outside the first axes.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    from .figures import style

    with style.look():
        figure, sentence = _drawing(draw, values)
        figure.set_dpi(dots)
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
    width, height = figure.get_size_inches() * PIXELS_PER_INCH
    box, spots = (0.0, 0.0, 1.0, 1.0), None
    if pairs:
        box, spots = _places(figure, pairs)
    _close(figure)
    return Frame(sentence, _compress(canvas.buffer_rgba()), (round(width), round(height)), box, spots)


def _drawing(draw: Draw, values: dict[str, object]) -> tuple[Figure, str]:
    from matplotlib.figure import Figure

    drawing = draw(**values)
    name = getattr(getattr(draw, "func", draw), "__name__", "draw")
    types = tuple(map(type, drawing)) if isinstance(drawing, tuple) else (type(drawing),)
    if not (len(types) == 2 and issubclass(types[0], Figure) and issubclass(types[1], str)):
        came = ", ".join(kind.__name__ for kind in types)
        raise TypeError(
            f"{name}: got ({came}), want (Figure, str): the figure and the sentence that says what it shows"
        )
    figure, sentence = drawing
    if not sentence.strip():
        _checks.fail(name, "an empty sentence", "one that says what the figure shows")
    return figure, " ".join(sentence.split())


def _places(figure: Figure, pairs: list[tuple[float, float]]) -> tuple[tuple[float, ...], np.ndarray]:
    """Where the first axes are in the picture and the pairs in the axes, as fractions from the top left."""
    if not figure.axes:
        _checks.fail("plane", "a figure without axes", "a figure whose first axes show the plane")
    axes = figure.axes[0]
    left, bottom, width, height = axes.bbox.transformed(figure.transFigure.inverted()).bounds
    spots = axes.transAxes.inverted().transform(axes.transData.transform(pairs))
    inside = ((spots > -1e-6) & (spots < 1 + 1e-6)).all(axis=-1)
    if not inside.all():
        _checks.fail("plane", f"the pair {pairs[int(np.argmin(inside))]}, outside the first axes", "every pair inside")
    return (left, 1 - bottom - height, width, height), np.abs([0, 1] - spots)


def _compress(pixels: memoryview) -> bytes:
    """Lossless WebP of a small palette: a third of the PNG, no fringes, the same bytes for the same picture."""
    from PIL import Image

    image = Image.fromarray(np.asarray(pixels)).convert("RGB")
    few = image.quantize(COLOURS, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).convert("RGB")
    out = io.BytesIO()
    few.save(out, "WEBP", lossless=True, quality=60, method=4)
    return out.getvalue()


def _close(figure: Figure) -> None:
    """Forget a figure made through pyplot, or the notebook would show it a second time."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close(figure)
