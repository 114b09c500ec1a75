"""One drawing made ready for a page: drawn once in the look of the book, compressed, measured.

Imported by `explore` with the first picture: Matplotlib takes longer to start than the rest of the library.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator
from PIL import Image

from homolib import _checks
from homolib._records import Record
from homolib.figures import style

PIXELS_PER_INCH = 110  # of the page: a figure of 6.4 inches fills the text column


@dataclass(frozen=True, eq=False, repr=False)
class Frame(Record):
    """One drawing, ready for a page."""

    sentence: str
    image: bytes  # WebP
    size: tuple[int, int]  # width and height in pixels of the page
    box: tuple[float, float, float, float]  # left, top, width, height of the first axes, as fractions of the picture
    spots: np.ndarray | None  # (pairs, 2): where each pair of values of the plane lies in the box, from its top left
    layout: Layout = field(compare=False, repr=False)


@dataclass(frozen=True, eq=False)
class Layout:
    """The room that labels need, and where axes and the labels of their axes therefore went."""

    room: np.ndarray  # as `_room` measures it; the layout will also do for less
    places: list[tuple]  # of the axes, of their x-label and of their y-label


def render(
    draw: Callable[..., tuple[Figure, str]],
    values: dict[str, object],
    dots: int,
    pairs: list[tuple[float, float]] | None = None,
    before: Layout | None = None,
    quick: bool = False,
) -> Frame:
    """Draw with `values` at `dots` per inch; `pairs` are coordinates to be found in the first axes.

    With the layout of the frame `before`, axes stay where they are unless the labels need more room. A `quick` frame is
    made in less time, and larger: for a reader who waits, not for a page that is sent.

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
        layout = _draw(canvas, before)
    image = _encoded(canvas.buffer_rgba(), quality=0, method=0) if quick else _compress(canvas.buffer_rgba())
    width, height = figure.get_size_inches() * PIXELS_PER_INCH
    box, spots = _places(figure, pairs) if pairs else ((0.0, 0.0, 1.0, 1.0), None)
    _close(figure)
    return Frame(sentence, image, (round(width), round(height)), box, spots, layout)


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


def _draw(canvas: FigureCanvasAgg, before: Layout | None) -> Layout:
    """Draw. Finding places for axes and labels takes as long as drawing them: skip it if those of `before` will do."""
    figure = canvas.figure
    room = _room(figure)
    reuse = before is not None and before.room.shape == room.shape and (room <= before.room).all()
    if reuse:
        figure.set_layout_engine("none")
        for axes, (position, *places) in zip(figure.axes, before.places, strict=True):
            axes.set_position(position)
            for axis, place in zip((axes.xaxis, axes.yaxis), places, strict=True):
                axis.set_label_coords(*place, transform=axis.label.get_transform())
    canvas.draw()
    if reuse:
        return before
    places = [
        (axes.get_position(original=True), axes.xaxis.label.get_position(), axes.yaxis.label.get_position())
        for axes in figure.axes
    ]
    return Layout(room, places)


def _room(figure: Figure) -> np.ndarray:
    """Lines of each title and label, characters of each axis' longest tick label; and the size, which has to agree."""
    room = [*figure.get_size_inches(), *-figure.get_size_inches()]
    for axes in figure.axes:
        room += [len(text.splitlines()) for text in (axes.get_title(), axes.get_xlabel(), axes.get_ylabel())]
        for axis in (axes.xaxis, axes.yaxis):
            ticks = axis.major.formatter.format_ticks(axis.get_majorticklocs())
            room.append(max(map(len, ticks), default=0))
    return np.array(room)


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
    codes = np.asarray(pixels).view("<u4")[..., 0] & 0xFFFFFF  # one number for each colour; all are opaque
    distinct, counts = np.unique(codes, return_counts=True)
    distinct = distinct[np.argsort(-counts, kind="stable")]
    colours = (distinct[:, None] >> np.arange(0, 24, 8) & 0xFF).astype(int)
    palette = _palette(colours)
    index = np.empty(1 << 24, dtype=np.uint8)  # of each colour; only what is written takes memory
    index[distinct] = np.argmin((palette**2).sum(axis=1) - 2 * colours @ palette.T, axis=1)
    return _encoded(palette.astype(np.uint8)[index[codes]], quality=20, method=4)


def _encoded(pixels: memoryview | np.ndarray, quality: int, method: int) -> bytes:
    """Lossless WebP; `quality` and `method` are the effort to make it small."""
    out = io.BytesIO()
    Image.fromarray(np.asarray(pixels)[..., :3]).save(out, "WEBP", lossless=True, quality=quality, method=method)
    return out.getvalue()


def _palette(colours: np.ndarray, exact: int = 64) -> np.ndarray:
    """The most frequent colours as they are; of the others, which soften edges, the first in each of 16^3 boxes."""
    if len(colours) <= 256:
        return colours
    _, first = np.unique(colours[exact:] >> 4, axis=0, return_index=True)
    return np.concatenate([colours[:exact], colours[exact:][np.sort(first)]])[:256]


def _close(figure: Figure) -> None:
    """Forget a figure made through pyplot, or the notebook would show it a second time."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close(figure)
