"""One call, two outputs: sliders that redraw in Jupyter, a figure that needs no kernel on the website.

A drawing function takes plain values and returns `(figure, sentence)`; the sentence says what is to be seen and
becomes caption and alternative text. `show` displays one such picture, `explore` one for each choice of the values.
The book build sets ``HOMOLIB_STATIC=1`` before notebooks run: every frame is then stored in the page, and
``_static/explore.js`` brings up the one that the native range inputs ask for. Otherwise the kernel draws on demand.
"""

from __future__ import annotations

import base64
import html
import itertools
import json
import math
import numbers
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from homolib import _checks
from homolib._settings import default_errors

if TYPE_CHECKING:
    from ipywidgets import VBox
    from matplotlib.figure import Figure

    from homolib.explore.frame import Frame

MOST_FRAMES = 48
FINE, COARSE = 168, 112  # dots per inch of a few and of many stored frames; a page has to stay below 2.5 MB
FEW_FRAMES = 12

DRAWING = threading.RLock()  # Matplotlib's settings and our renderer are shared: one drawing at a time

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
    frame = _render(draw, values, FINE)
    body = f"{_image(frame)}\n{_caption(frame)}"
    return Picture(f'<figure class="homolib-figure">\n{body}\n</figure>', frame.sentence)


def explore(draw: Draw, /, *, plane: tuple[str, str] | None = None, **values: Sequence) -> Picture | Explorer:
    """Let the reader choose the arguments of a drawing.

    Parameters
    ----------
    draw : callable
        ``draw(**choice)`` returns a Matplotlib figure and a sentence. Fix further arguments with `functools.partial`.
    plane : (str, str), optional
        Two controls whose values are the coordinates (x, y) of the figure's first axes, of any scale. On the website a
        click or drag there picks the nearest pair. In Jupyter the two sliders do the same; there is no clicking.
    **values : sequences
        The values of each control, in the order of its slider; the first of each is shown first.

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
        If a control has no sequence of values, if there are more than 48 frames, if a sentence is empty, or if `plane`
        does not name two controls whose values lie inside axes that stay put from frame to frame.
    """
    controls = {name: _sequence(name, options) for name, options in values.items()}
    _check_size(controls)
    if plane is not None:
        _check_plane(plane, controls)
    live = os.environ.get("HOMOLIB_STATIC") != "1"
    explorer = Explorer(draw, controls, plane, live)
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
    live: bool = True  # drawn while the reader waits: soon matters more than small
    _drawn: dict[tuple[int, ...], Frame] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        count = math.prod(map(len, self.controls.values()))
        self._layout = None
        self._dots = FINE if count <= FEW_FRAMES and not self.live else COARSE
        self.first = self.frame(*(0 for _ in self.controls))

    def __repr__(self) -> str:
        return self.first.sentence

    def __reduce__(self) -> tuple:
        return type(self), (self.draw, self.controls, self.plane, self.live)

    @default_errors
    def frame(self, *choice: int) -> Frame:
        """The frame for one index into the values of each control."""
        with DRAWING:
            return self._frame(choice)

    def _frame(self, choice: tuple[int, ...]) -> Frame:
        if choice not in self._drawn:
            values = {name: options[i] for (name, options), i in zip(self.controls.items(), choice, strict=True)}
            pairs = self.plane and list(itertools.product(*(self.controls[name] for name in self.plane)))
            frame = _render(self.draw, values, self._dots, pairs, self._layout, self.live)
            self._layout = frame.layout
            if pairs and self._drawn and not np.allclose(frame.spots, self.first.spots, rtol=0, atol=0.02):
                _checks.fail("plane", f"axes that moved at {values}", "the same limits in every frame")
            self._drawn[choice] = frame
        return self._drawn[choice]

    def frames(self) -> Iterator[Frame]:
        """All frames; the last control runs fastest."""
        return (self.frame(*choice) for choice in itertools.product(*(range(len(v)) for v in self.controls.values())))

    @cached_property
    def widget(self) -> VBox:
        """Sliders above the picture."""
        import ipywidgets

        sliders = [
            ipywidgets.SelectionSlider(
                options=[(_text(option), i) for i, option in enumerate(options)],
                description=_words(name),
                style={"description_width": "initial"},
                layout={"width": "auto", "max_width": "40em"},
            )
            for name, options in self.controls.items()
        ]
        view = ipywidgets.HTML(_live_html(self.first))

        def redraw(_: object) -> None:
            try:
                view.value = _live_html(self.frame(*(slider.value for slider in sliders)))
            except Exception as error:  # Jupyter hides what a callback raises: say it where the picture was
                view.value = f"<pre>{html.escape(f'{type(error).__name__}: {error}')}</pre>"
                raise

        for slider in sliders:
            slider.observe(redraw, names="value")
        return ipywidgets.VBox([*sliders, view])

    def _repr_mimebundle_(self, **_: object) -> dict[str, object]:
        """The widget; the first frame where a viewer knows no widgets; its sentence in a terminal."""
        view = {"application/vnd.jupyter.widget-view+json": self.widget.get_view_spec()}
        return {**view, "text/html": _live_html(self.first), "text/plain": repr(self)}


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


def _words(name: str) -> str:
    return name.replace("_", " ")


def _image(frame: Frame, hidden: bool = False) -> str:
    width, height = frame.size
    data, sentence = base64.b64encode(frame.image).decode(), html.escape(frame.sentence)
    return (
        f'<img src="data:image/webp;base64,{data}" alt="{sentence}" width="{width}" height="{height}" '
        f'style="max-width:100%;height:auto" class="dark-light" decoding="sync"{" hidden" if hidden else ""}>'
    )


def _caption(frame: Frame, live: str = "") -> str:
    return f"<figcaption{live}>{html.escape(frame.sentence)}</figcaption>"


def _live_html(frame: Frame) -> str:
    return f'<figure style="margin:0">{_image(frame)}{_caption(frame)}</figure>'


def _static_html(explorer: Explorer) -> str:
    """All frames in one figure. What works only with JavaScript is hidden until it has run."""
    controls = [_control(_words(name), list(map(_text, options))) for name, options in explorer.controls.items()]
    images = [_image(frame, hidden=frame is not explorer.first) for frame in explorer.frames()]
    return "\n".join(
        [
            '<figure class="homolib-explorer">',
            '<div class="homolib-controls" hidden>',
            *controls,
            "</div>",
            '<div class="homolib-stage">',
            *images,
            *(_plane(explorer) if explorer.plane else ["</div>"]),
            _caption(explorer.first, ' aria-live="polite"'),
            "</figure>",
        ]
    )


def _control(label: str, texts: list[str]) -> str:
    label, first, data = html.escape(label), html.escape(texts[0]), html.escape(json.dumps(texts))
    return (
        f'<label><span>{label}</span><input type="range" min="0" max="{len(texts) - 1}" step="1" value="0" '
        f'autocomplete="off" aria-label="{label}" aria-valuetext="{label} = {first}" data-texts="{data}">'
        f'<output aria-live="off">{first}</output></label>'
    )


def _plane(explorer: Explorer) -> list[str]:
    names = list(explorer.controls)
    first, second = explorer.plane
    left, top, width, height = (f"{100 * side:.2f}%" for side in explorer.first.box)
    spots = explorer.first.spots.round(4).reshape(len(explorer.controls[first]), len(explorer.controls[second]), 2)
    return [
        f'<div class="homolib-plane" style="left:{left};top:{top};width:{width};height:{height}" '
        f'data-controls="{json.dumps([names.index(first), names.index(second)])}" '
        f'data-spots="{json.dumps(spots.tolist(), separators=(",", ":"))}" hidden></div>',
        "</div>",
        f'<p class="homolib-hint" hidden>For {_words(first)} and {_words(second)}, click or drag in the picture.</p>',
    ]
