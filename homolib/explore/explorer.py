"""One call, two outputs: sliders that redraw in Jupyter, a figure that needs no kernel on the website.

A drawing function takes plain values and returns `(figure, sentence)`; the sentence says what is to be seen and
becomes caption and alternative text. `show` displays one such picture, `explore` one for each choice of the values.
The book build sets ``HOMOLIB_STATIC=1`` before notebooks run: every frame is then stored in the page, and
``_static/explore.js`` brings up the one that the native range inputs ask for. Otherwise the kernel draws on demand.
"""

from __future__ import annotations

import html
import itertools
import json
import math
import numbers
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from homolib import _checks
from homolib._settings import default_errors

if TYPE_CHECKING:
    from ipywidgets import SelectionSlider, VBox, Widget
    from matplotlib.figure import Figure

    from homolib.explore.frame import Frame

MOST_FRAMES = 256
PAUSE = 700  # ms between values that play, as on the website

DRAWING = threading.RLock()  # Matplotlib's settings are shared: one drawing at a time

Draw = Callable[..., "tuple[Figure, str]"]


@default_errors
def show(draw: Draw, /, **values: object) -> Picture:
    """One picture with its sentence as caption and alternative text.

    Parameters
    ----------
    draw : callable
        ``draw(**values)`` returns a Matplotlib figure and a sentence.
    **values
        The arguments of `draw`.

    Raises
    ------
    TypeError
        If `draw` returns anything but a figure and a string.
    ValueError
        If the sentence is empty.
    """
    frame = _render(draw, values)
    return Picture(_live_html(frame, draw), _as_text(frame.sentence))


def explore(
    draw: Draw,
    /,
    *,
    plane: tuple[str, str] | None = None,
    first: Mapping[str, object] | None = None,
    **values: Sequence,
) -> Picture | Explorer:
    """Let the reader choose the arguments of a drawing.

    Parameters
    ----------
    draw : callable
        ``draw(**choice)`` returns a Matplotlib figure and a sentence. Fix further arguments with `functools.partial`.
    plane : (str, str), optional
        Two controls whose values are the coordinates (x, y) of the figure's first axes, of any scale. On the website a
        click or drag there picks the nearest pair. In Jupyter the two sliders do the same; there is no clicking.
    first : mapping, optional
        The value that is shown first, for each control or for some; otherwise it is the first in the list.
    **values : sequences
        The values of each control. Numbers that neither rise nor fall are put in rising order, and each once;
        everything else stays as listed.

    Returns
    -------
    Picture or Explorer
        To be displayed as the last expression of a cell: every frame in one HTML figure if the environment says
        ``HOMOLIB_STATIC=1``, else ipywidgets that draw on demand.

    Raises
    ------
    TypeError
        If `draw` returns anything but a figure and a string.
    ValueError
        If a control has no sequence of values, if there are more than 256 frames, if a sentence is empty, if `first`
        names what is no control or no value of it, or if `plane` does not name two controls whose values lie inside
        axes that stay put from frame to frame.
    """
    listed = {name: _sequence(name, options) for name, options in values.items()}
    controls = {name: _in_order(options) for name, options in listed.items()}
    _check_size(controls)
    shown = _first(first or {}, listed, controls)
    if plane is not None:
        _check_plane(plane, controls)
    live = os.environ.get("HOMOLIB_STATIC") != "1"
    explorer = Explorer(draw, controls, plane, shown)
    return explorer if live else Picture(_static_html(explorer), repr(explorer))


@dataclass(frozen=True)
class Picture:
    """A finished HTML figure; in a terminal, its sentence."""

    html: str
    sentence: str

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return self.sentence


@dataclass(eq=False)
class Explorer:
    """Frames drawn when first asked for, and the ipywidgets that ask. The first is drawn at once, so mistakes show.

    Threads may share it. A pickle or a copy has what it was made from, and draws anew; each equals itself alone.
    """

    draw: Draw
    controls: dict[str, list]
    plane: tuple[str, str] | None = None
    shown: tuple[int, ...] = ()  # the index of the value of each control that is shown first
    _drawn: dict[tuple[int, ...], Frame] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self._layout = None
        self.shown = self.shown or (0,) * len(self.controls)
        self.first = self.frame(*self.shown)

    def __repr__(self) -> str:
        return _as_text(self.first.sentence)

    def __reduce__(self) -> tuple:
        return type(self), (self.draw, self.controls, self.plane, self.shown)

    @default_errors
    def frame(self, *choice: int) -> Frame:
        """The frame for one index into the values of each control."""
        with DRAWING:
            return self._frame(choice)

    def _frame(self, choice: tuple[int, ...]) -> Frame:
        if choice not in self._drawn:
            values = {name: options[i] for (name, options), i in zip(self.controls.items(), choice, strict=True)}
            pairs = self.plane and list(itertools.product(*(self.controls[name] for name in self.plane)))
            frame = _render(self.draw, values, pairs, self._layout)
            self._layout = frame.layout
            if pairs and self._drawn and not np.allclose(frame.spots, self.first.spots, rtol=0, atol=0.02):
                _checks.fail("plane", f"axes that moved at {values}", "the same limits in every frame")
            self._drawn[choice] = frame
        return self._drawn[choice]

    def frames(self) -> list[Frame]:
        """All frames; the last control runs fastest. Those drawn before labels needed more room are drawn again."""
        choices = list(itertools.product(*(range(len(options)) for options in self.controls.values())))
        for choice in choices:
            self.frame(*choice)
        for choice in [choice for choice in choices if self._drawn[choice].layout is not self._layout]:
            del self._drawn[choice]
            self.frame(*choice)
        self.first = self.frame(*self.shown)
        return [self._drawn[choice] for choice in choices]

    @cached_property
    def widget(self) -> VBox:
        """Sliders above the picture."""
        import ipywidgets

        sliders = [
            ipywidgets.SelectionSlider(
                options=[(_text(option), i) for i, option in enumerate(options)],
                index=start,
                value=start,
                label=_text(options[start]),
                description=_words(name),
                style={"description_width": "initial"},
                layout={"width": "auto", "max_width": "44em"},
            )
            for (name, options), start in zip(self.controls.items(), self.shown, strict=True)
        ]
        view = ipywidgets.HTML(_live_html(self.first, self.draw))

        def redraw(_: object) -> None:
            try:
                view.value = _live_html(self.frame(*(slider.value for slider in sliders)), self.draw)
            except Exception as error:  # Jupyter hides what a callback raises: say it where the picture was
                view.value = f"<pre>{html.escape(f'{type(error).__name__}: {error}')}</pre>"
                raise

        for slider in sliders:
            slider.observe(redraw, names="value")
        rows = [_with_play(slider, options) for slider, options in zip(sliders, self.controls.values(), strict=True)]
        return ipywidgets.VBox([*rows, view])

    def _repr_mimebundle_(self, **_: object) -> dict[str, object]:
        """The widget; the first frame where a viewer knows no widgets; its sentence in a terminal."""
        view = {"application/vnd.jupyter.widget-view+json": self.widget.get_view_spec()}  # of ipywidgets 7, too
        return {**view, "text/html": _live_html(self.first, self.draw), "text/plain": repr(self)}


def _with_play(slider: SelectionSlider, options: list) -> Widget:
    """The slider; of ordered values with a button before it that lets them run, linked in the browser."""
    import ipywidgets

    if not _is_ordered(options):
        return slider
    play = ipywidgets.Play(value=slider.index, min=0, max=len(options) - 1, interval=PAUSE)
    ipywidgets.jslink((play, "value"), (slider, "index"))
    slider.layout.flex = "1 1 auto"
    return ipywidgets.HBox([play, slider])


def _as_text(sentence: str) -> str:
    from homolib.explore.formula import as_text

    return as_text(sentence)


def _render(*arguments: object) -> Frame:
    """Import Matplotlib only now: `import homolib` stays quick."""
    with DRAWING:
        from homolib.explore.frame import render

        return render(*arguments)


def _sequence(name: str, options: object) -> list:
    if isinstance(options, np.ndarray):
        options = options.tolist()
    if not isinstance(options, Sequence) or isinstance(options, (str, bytes)):
        _checks.fail(name, repr(options), "a sequence of values, one for each stop of the slider")
    if not options:
        _checks.fail(name, "no values", "at least one")
    return list(options)


def _in_order(options: list) -> list:
    """Numbers in rising order, unless they are listed in falling order."""
    if not all(map(_is_number, options)):
        return options
    rising = sorted(set(options))
    return rising[::-1] if len(options) > 1 and options == rising[::-1] else rising


def _first(first: Mapping[str, object], listed: dict[str, list], controls: dict[str, list]) -> tuple[int, ...]:
    for name, value in first.items():
        if name not in controls:
            _checks.fail("first", f"a value for {name}", "values for controls out of " + ", ".join(controls))
        if value not in controls[name]:
            _checks.fail("first", f"{name} = {value!r}", "a value out of " + ", ".join(map(_text, controls[name])))
    return tuple(options.index(first.get(name, listed[name][0])) for name, options in controls.items())


def _check_size(controls: dict[str, list]) -> None:
    if not controls:
        _checks.fail("values", "no control", "at least one; for a picture without controls there is `show`")
    count = math.prod(map(len, controls.values()))
    if count > MOST_FRAMES:
        product = " x ".join(f"{len(options)} {name}" for name, options in controls.items())
        wanted = f"at most {MOST_FRAMES}, because the website stores every frame in the page"
        _checks.fail("values", f"{product} = {count} frames", wanted)


def _check_plane(plane: object, controls: dict[str, list]) -> None:
    wanted = "two different controls out of " + ", ".join(controls)
    if not isinstance(plane, (tuple, list)) or len(plane) != 2 or plane[0] == plane[1] or not {*plane} <= {*controls}:
        _checks.fail("plane", repr(plane), wanted)
    for name in plane:
        if not all(isinstance(option, numbers.Real) and math.isfinite(option) for option in controls[name]):
            _checks.fail("plane", f"values of {name} that are no finite numbers", "coordinates in the figure")


def _text(option: object) -> str:
    """A value as in print: 1e-6, 20, 0.5."""
    if isinstance(option, numbers.Real) and not isinstance(option, (bool, numbers.Integral)):
        from homolib.figures.style import power_of_ten

        return power_of_ten(float(option), digits=4)
    return str(option)


def _is_number(option: object) -> bool:
    return isinstance(option, numbers.Real) and not isinstance(option, bool)


def _is_ordered(options: list) -> bool:
    """Whether the values can be played one after the other."""
    return len(options) > 2 and all(map(_is_number, options))


def _words(name: str) -> str:
    return name.replace("_", " ")


def _name(draw: Draw) -> str:
    return getattr(getattr(draw, "func", draw), "__name__", "")


def _live_html(frame: Frame, draw: Draw) -> str:
    from homolib.explore import page

    return page.picture(frame, _name(draw))


def _static_html(explorer: Explorer) -> str:
    from homolib.explore import page

    frames, first = explorer.frames(), explorer.shown
    lengths = [len(options) for options in explorer.controls.values()]
    controls = [
        page.control(name, list(map(_text, options)), start, _is_ordered(options))
        for (name, options), start in zip(explorer.controls.items(), first, strict=True)
    ]
    number = int(np.ravel_multi_index(first, lengths))
    field, hint = _plane(explorer) if explorer.plane else ("", "")
    return page.explorer(frames, number, controls, field, hint, _name(explorer.draw))


def _plane(explorer: Explorer) -> tuple[str, str]:
    """The field over the first axes in which a click chooses, and the line that says so."""
    names = list(explorer.controls)
    first, second = explorer.plane
    left, top, width, height = (f"{100 * side:.2f}%" for side in explorer.first.box)
    spots = explorer.first.spots.round(4).reshape(len(explorer.controls[first]), len(explorer.controls[second]), 2)
    field = (
        f'<div class="homolib-plane" style="left:{left};top:{top};width:{width};height:{height}" '
        f'data-controls="{json.dumps([names.index(first), names.index(second)])}" '
        f'data-spots="{json.dumps(spots.tolist(), separators=(",", ":"))}" hidden></div>'
    )
    hint = f'<p class="homolib-hint" hidden>For {_words(first)} and {_words(second)}, click or drag in the picture.</p>'
    return field, hint
