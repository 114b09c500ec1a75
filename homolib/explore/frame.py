"""One drawing made ready for a page: drawn once in the look of the book, as SVG, in a panel for each column of axes.

Imported by `explore` with the first picture: Matplotlib takes longer to start than the rest of the library.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backend_bases import FigureCanvasBase
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.text import Text
from matplotlib.ticker import NullLocator

from homolib import _checks
from homolib._records import Record
from homolib.explore import svg
from homolib.figures import style


@dataclass(frozen=True)
class Panel:
    """A part of the picture that stays together: the page puts panels side by side or one above the other."""

    width: int  # in pixels
    height: int
    lines: tuple[str, ...]  # of SVG; what frames share, they share by the line

    def __str__(self) -> str:
        return "".join(self.lines)


@dataclass(frozen=True, eq=False, repr=False)
class Frame(Record):
    """One drawing, ready for a page."""

    sentence: str
    panels: tuple[Panel, ...]
    box: tuple[float, float, float, float]  # left, top, width, height of the first axes, as fractions of the panel
    spots: np.ndarray | None  # (pairs, 2): where each pair of values of the plane lies in the box, from its top left
    layout: Layout = field(compare=False, repr=False)


@dataclass(frozen=True, eq=False)
class Layout:
    """The room that labels need, and where axes and the labels of their axes therefore went."""

    room: np.ndarray  # as `_room` measures it; the layout will also do for less
    places: list[tuple]  # of the axes, of their x-label and of their y-label
    cuts: list[float]  # where the panels begin and end, in units


def render(
    draw: Callable[..., tuple[Figure, str]],
    values: dict[str, object],
    pairs: list[tuple[float, float]] | None = None,
    before: Layout | None = None,
) -> Frame:
    """Draw with `values`; `pairs` are coordinates to be found in the first axes.

    With the layout of the frame `before`, axes stay where they are unless the labels need more room.

    Raises
    ------
    TypeError
        If `draw` returns anything but a figure and a string.
    ValueError
        If the sentence is empty, or a pair lies outside the first axes.
    """
    with style.look():
        figure, sentence = _drawing(draw, values)
        figure.set_dpi(svg.DPI)
        _thin_ticks(figure)
        _wrap_labels(figure)
        canvas = _Canvas(figure)
        layout = _arrange(figure, before)
        panels = _panels(figure, canvas.renderer, layout)
    box, spots = _places(figure, pairs, layout) if pairs else ((0.0, 0.0, 1.0, 1.0), None)
    _close(figure)
    return Frame(sentence, panels, box, spots, layout)


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


def _wrap_labels(figure: Figure) -> None:
    """Break a title or the label of an axis that is longer than its side."""
    width, height = figure.bbox.size
    for axes in figure.axes:
        spec = axes.get_subplotspec()
        rows, columns = spec.get_gridspec().get_geometry() if spec else (1, 1)
        sides = ((axes.title, 0.95 * width / columns), (axes.xaxis.label, 0.85 * width / columns))
        for text, room in (*sides, (axes.yaxis.label, 0.8 * height / rows)):
            _wrap(text, room)


def _wrap(text: Text, room: float) -> None:
    words = re.findall(r"(?:\$[^$]*\$|[^\s$])+", text.get_text())
    if "\n" in text.get_text() or len(words) < 2:
        return
    size, weight = text.get_size(), text.get_weight()
    lengths = [svg.text_size(word, size, weight, "$" in word)[0] for word in words]
    space = svg.text_size("x x", size, weight, False)[0] - svg.text_size("xx", size, weight, False)[0]
    total = sum(lengths) + space * (len(words) - 1)
    if total <= room:
        return
    lines, used = [[words[0]]], lengths[0]
    for word, length in zip(words[1:], lengths[1:], strict=True):
        if used + space + length > max(room, 0) or used > 0.62 * total:
            lines.append([word])
            used = length
        else:
            lines[-1].append(word)
            used += space + length
    text.set_text("\n".join(map(" ".join, lines)))


def _arrange(figure: Figure, before: Layout | None) -> Layout:
    """Find places for axes and labels, which takes as long as drawing them: not if those of `before` will do."""
    room = _room(figure)
    if before is not None and before.room.shape == room.shape and (room <= before.room).all():
        figure.set_layout_engine("none")
        for axes, (position, *places) in zip(figure.axes, before.places, strict=True):
            axes.set_position(position)
            for axis, place in zip((axes.xaxis, axes.yaxis), places, strict=True):
                axis.set_label_coords(*place, transform=axis.label.get_transform())
        return before
    if (engine := figure.get_layout_engine()) is not None:
        if isinstance(engine, ConstrainedLayoutEngine):  # room for labels at the ends of axes in later frames
            width, height = figure.bbox.size / svg.UNITS
            engine.set(rect=(0, 0, 1 - 14 / width, 1 - 4 / height))
            if len({_column(axes) for axes in figure.axes}) > 1:
                engine.set(w_pad=14 / 72)
        engine.execute(figure)
        figure.set_layout_engine("none")
    cuts = _cuts(figure)  # measures, and so puts the labels where they go
    places = [
        (axes.get_position(original=True), axes.xaxis.label.get_position(), axes.yaxis.label.get_position())
        for axes in figure.axes
    ]
    return Layout(room, places, cuts)


def _room(figure: Figure) -> np.ndarray:
    """Lines of each title and label, characters of each axis' longest tick label; and the size, which has to agree."""
    room = [*figure.get_size_inches(), *-figure.get_size_inches()]
    for axes in figure.axes:
        room += [len(text.splitlines()) for text in (axes.get_title(), axes.get_xlabel(), axes.get_ylabel())]
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            ticks = axis.get_majorticklocs()
            labels = axis.major.formatter.format_ticks(ticks)
            room.append(
                max((len(text) for text, at in zip(labels, ticks, strict=True) if low <= at <= high), default=0)
            )
    return np.array(room)


def _cuts(figure: Figure) -> list[float]:
    """Where a panel ends and the next begins: left of the labels of each column of axes."""
    renderer, begins = figure.canvas.renderer, {}
    for axes in figure.axes:
        extent = axes.get_tightbbox(renderer)
        column = _column(axes)
        begins[column] = min(begins.get(column, np.inf), extent.x0 if extent else axes.bbox.x0)
    whole = bool(figure.texts or figure.legends or figure.get_suptitle())
    inner = [] if whole else [begins[column] - 4 * svg.UNITS for column in sorted(begins)[1:]]
    return [0.0, *inner, figure.bbox.width]


def _column(axes: Axes) -> int:
    spec = axes.get_subplotspec()
    return spec.colspan.start if spec else 0


def _panels(figure: Figure, renderer: svg.Renderer, layout: Layout) -> tuple[Panel, ...]:
    """The elements of each column of axes as an <svg> of their own."""
    columns = sorted({_column(axes) for axes in figure.axes})
    groups: list[list[Axes]] = [[] for _ in layout.cuts[1:]]
    for axes in sorted(figure.axes, key=Axes.get_zorder):
        groups[min(columns.index(_column(axes)), len(groups) - 1)].append(axes)
    height = figure.bbox.height
    panels = []
    for group, left, right in zip(groups, layout.cuts, layout.cuts[1:], strict=False):
        for axes in group:
            axes.apply_aspect()
            axes.draw(renderer)
        if len(groups) == 1:
            for artist in (*figure.lines, *figure.texts, *figure.legends):
                artist.draw(renderer)
        data = [found for axes in group if (found := svg.axes_data(axes, left, height))]
        size = round(right - left), round(height)
        view = f'viewBox="{left:.0f} 0 {size[0]} {size[1]}"'
        kind = ' class="one"' if len(groups) == 1 else ""
        head = f"<svg{kind} {view} data-axes='{svg.as_json(data)}' aria-hidden=\"true\">"
        panels.append(Panel(size[0] // svg.UNITS, size[1] // svg.UNITS, (head, *renderer.take(), "</svg>")))
    return tuple(panels)


class _Canvas(FigureCanvasBase):
    """Gives Matplotlib the renderer by which it measures text."""

    def __init__(self, figure: Figure):
        super().__init__(figure)
        self.renderer = svg.Renderer(figure)

    def get_renderer(self) -> svg.Renderer:
        """The only one."""
        return self.renderer


def _places(figure: Figure, pairs: list, layout: Layout) -> tuple[tuple[float, ...], np.ndarray]:
    """Where the first axes are in their panel and the pairs in the axes, as fractions from the top left."""
    if not figure.axes:
        _checks.fail("plane", "a figure without axes", "a figure whose first axes show the plane")
    axes, box = figure.axes[0], figure.axes[0].bbox
    width, height = layout.cuts[1], figure.bbox.height
    spots = axes.transAxes.inverted().transform(axes.transData.transform(pairs))
    inside = ((spots > -1e-6) & (spots < 1 + 1e-6)).all(axis=-1)
    if not inside.all():
        _checks.fail("plane", f"the pair {pairs[int(np.argmin(inside))]}, outside the first axes", "every pair inside")
    place = (box.x0 / width, 1 - box.y1 / height, box.width / width, box.height / height)
    return place, np.abs([0, 1] - spots)


def _close(figure: Figure) -> None:
    """Forget a figure made through pyplot, or the notebook would show it a second time."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close(figure)
