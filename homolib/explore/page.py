"""What a page holds of a figure: SVG, a caption, and for an explorer its other frames and its controls.

The first frame stands in the page as it is, for readers without scripts and for paper. The others share their lines and
are deflated together; `_static/explore.js` inflates them. The style travels with each figure, so that a notebook, which
knows no style sheet of ours, shows the same figure by day and by night.
"""

from __future__ import annotations

import base64
import html
import json
import zlib
from collections.abc import Iterable, Sequence

from homolib.explore import formula
from homolib.explore.frame import Frame
from homolib.figures import style

WIDEST = {True: 1.42, False: 1.1}  # how much a figure grows on a wide page, if it has one panel or more
NIGHT = ":is([data-theme=dark],[data-jp-theme-light=false],.vscode-dark,html[theme=dark])"
FONT = 'system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,"Noto Sans","DejaVu Sans",sans-serif'


def _style() -> str:
    day, night = (";".join(f"--fig-{name}:{pair[i]}" for name, pair in style.PALETTE.items()) for i in (0, 1))
    paper = "--fig-paper:var(--pst-color-background,var(--jp-layout-color0,{}))"
    size = 10 * style.TEXT
    rules = f"""
.homolib{{{day};{paper.format("#fff")};margin:1.25rem 0;max-width:48rem;container-type:inline-size}}
@media screen{{{NIGHT} .homolib{{{night};{paper.format("#14181e")}}}}}
@media print{{.homolib{{--fig-paper:#fff;background:#fff;color:#222}}}}
.homolib-stage{{display:flex;flex-wrap:wrap}}
.homolib-panel{{position:relative}}
.homolib-panel svg{{display:block;width:100%;height:auto;overflow:visible;fill:none;stroke-linejoin:round}}
.homolib-panel svg{{font:{size}px {FONT}}}
.homolib-panel text{{fill:var(--fig-ink);paint-order:stroke;stroke:var(--fig-paper);stroke-width:.2em}}
@container (min-width:34rem){{.homolib-panel svg.one{{font-size:{0.77 * size:.0f}px}}}}
@media screen{{{NIGHT} .homolib-panel image{{filter:invert(1) hue-rotate(180deg)}}}}
.homolib figcaption{{margin:.5rem 0 0;padding:0;text-align:left;font-size:1em;font-weight:inherit;color:inherit}}
.homolib-math{{white-space:nowrap}}
.homolib-math i{{font-family:"STIX Two Text","Cambria Math",Cambria,"Times New Roman",serif;font-size:1.06em}}
.homolib-math :is(sup,sub){{font-size:.78em;line-height:0}}"""
    return f"<style>{rules.replace(chr(10), '')}</style>"


STYLE = _style()


def stage(frame: Frame, overlay: str = "") -> str:
    """The picture; `overlay` lies on its first panel."""
    one = len(frame.panels) == 1
    parts = []
    for i, panel in enumerate(frame.panels):
        shape = f"flex:{panel.width} 1 {0.85 * panel.width:.0f}px;max-width:{WIDEST[one] * panel.width:.0f}px"
        over = overlay if i == 0 else ""
        parts.append(f'<div class="homolib-panel" style="{shape}">{panel}{over}</div>')
    words = html.escape(formula.as_text(frame.sentence))
    return f'<div class="homolib-stage" role="img" aria-label="{words}">{"".join(parts)}</div>'


def caption(frame: Frame, live: str = "") -> str:
    """The sentence, with formulas."""
    return f"<figcaption{live}><span>{formula.as_html(frame.sentence)}</span></figcaption>"


def picture(frame: Frame, name: str = "") -> str:
    """One figure; `name` is that of the function which draws it."""
    return f'<figure class="homolib homolib-figure"{_named(name)}>{STYLE}\n{stage(frame)}\n{caption(frame)}\n</figure>'


def _named(name: str) -> str:
    return f' data-figure="{name}"' if name.isidentifier() else ""


def packed(frames: Iterable[Frame]) -> str:
    """All frames in a string: the lines of their panels, each once, and which lines make which frame; deflated."""
    numbers: dict[str, int] = {}
    listed = []
    for frame in frames:
        panels = [[numbers.setdefault(line, len(numbers)) for line in panel.lines] for panel in frame.panels]
        listed.append([panels, formula.as_html(frame.sentence), formula.as_text(frame.sentence)])
    text = json.dumps({"lines": list(numbers), "frames": listed}, separators=(",", ":"), ensure_ascii=False)
    return base64.b64encode(zlib.compress(text.encode(), 9)).decode()


def unpacked(data: str) -> list[tuple[list[str], str, str]]:
    """What a browser finds in `packed` frames: of each, the panels, the caption and the words."""
    found = json.loads(zlib.decompress(base64.b64decode(data)))
    return [
        (["".join(found["lines"][i] for i in panel) for panel in panels], shown, words)
        for panels, shown, words in found["frames"]
    ]


def explorer(
    frames: Sequence[Frame], first: int, controls: Sequence[str], overlay: str = "", hint: str = "", name: str = ""
) -> str:
    """All frames in one figure. What works only with JavaScript is hidden until it has run."""
    return "\n".join(
        [
            f'<figure class="homolib homolib-explorer"{_named(name)}>{STYLE}',
            f'<div class="homolib-controls" hidden>{"".join(controls)}</div>',
            stage(frames[first], overlay),
            caption(frames[first], ' aria-live="polite"'),
            hint,
            f'<script type="text/plain" class="homolib-frames">{packed(frames)}</script>',
            "</figure>",
        ]
    )


def control(name: str, texts: Sequence[str], first: int, ordered: bool) -> str:
    """A native slider over the values `texts`, in a row of its own, and a button that runs through them."""
    said = [formula.as_text(text) for text in texts]
    shown = [formula.as_html(text) for text in texts]
    label = html.escape(name.replace("_", " "))
    values = " ".join(
        f'data-{key}="{html.escape(json.dumps(data))}"' for key, data in (("texts", said), ("shown", shown))
    )
    play = f'<button type="button" class="homolib-play" aria-label="Play {label}"></button>' if ordered else ""
    return (
        f'<div class="homolib-control">{play}<label><span>{formula.name_as_html(name)} = <output aria-live="off">'
        f'{shown[first]}</output></span><input type="range" min="0" max="{len(texts) - 1}" step="1" value="{first}" '
        f'name="{html.escape(name)}" autocomplete="off" aria-label="{label}" '
        f'aria-valuetext="{label} = {html.escape(said[first])}" {values}>'
        f'<span class="homolib-stops" aria-hidden="true">{len(texts) * "<i></i>"}</span></label></div>'
    )
