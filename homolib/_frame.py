"""One drawing made ready for a page: drawn once in the look of the book, compressed, measured.

Imported by `explore` with the first picture: Matplotlib takes longer to start than the rest of the library.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator
from PIL import Image

from . import _checks
from .figures import style

PIXELS_PER_INCH = 110  # of the page: a figure of 6.4 inches fills the text column


@dataclass(frozen=True)
class Frame:
    """One drawing, ready for a page."""

    sentence: str
    image: bytes  # WebP
    size: tuple[int, int]  # width and height in pixels of the page
    box: tuple[float, float, float, float]  # left, top, width, height of the first axes, as fractions of the picture
    spots: np.ndarray | None  # (pairs, 2): where each pair of values of the plane lies in the box, from its top left


def render(
    draw: Callable[..., tuple[Figure, str]],
    values: dict[str, object],
    dots: int,
    pairs: list[tuple[float, float]] | None = None,
) -> Frame:
    """Draw with `values` at `dots` per inch; `pairs` are coordinates to be found in the first axes.

    Raises
    ------
    TypeError
        If `draw` returns anything but a figure and a string.
    ValueError
        If the sentence is empty, or a pair lies outside the first axes.
    """
    with style.look():
        figure, sentence = _drawing(draw, values)
        _thin_ticks(figure)
        figure.set_dpi(dots)
        canvas = _Canvas(figure)
        canvas.draw()
    image = _compress(canvas.buffer_rgba())
    width, height = figure.get_size_inches() * PIXELS_PER_INCH
    box, spots = _places(figure, pairs) if pairs else ((0.0, 0.0, 1.0, 1.0), None)
    _close(figure)
    return Frame(sentence, image, (round(width), round(height)), box, spots)


def _drawing(draw: Callable, values: dict[str, object]) -> tuple[Figure, str]:
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


def _thin_ticks(figure: Figure) -> None:
    """Drop the minor ticks of long logarithmic axes: they take half the drawing time, and the labels say it all."""
    for axes in figure.axes:
        for axis, limits in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim())):
            if axis.get_scale() == "log" and max(limits) >= 1e3 * min(limits):
                axis.set_minor_locator(NullLocator())


class _Canvas(FigureCanvasAgg):
    """A canvas that shares its renderer with the figures before it, and so the text and formulas already set."""

    def get_renderer(self) -> RendererAgg:
        self.renderer = _renderer(*self.figure.bbox.size, self.figure.dpi)
        return self.renderer


_renderer = lru_cache(maxsize=4)(RendererAgg)


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
    """Lossless WebP of at most 256 colours: a tenth of the plain PNG, and no fringes."""
    image = Image.fromarray(np.asarray(pixels)).convert("RGB")
    few = image.quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).convert("RGB")
    out = io.BytesIO()
    few.save(out, "WEBP", lossless=True, quality=60, method=4)
    return out.getvalue()


def _close(figure: Figure) -> None:
    """Forget a figure made through pyplot, or the notebook would show it a second time."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close(figure)
