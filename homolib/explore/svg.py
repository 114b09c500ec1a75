"""A renderer for Matplotlib that writes small SVG: whole numbers, text that stays text, colours with a name.

A unit of the picture is a tenth of a pixel. Colours of the palette of `style` are CSS variables, so that a page can
give them other values at night. Everything else about the look is `page.STYLE`.
"""

from __future__ import annotations

import base64
import html
import io
import json
import math
from functools import lru_cache

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backend_bases import GraphicsContextBase, RendererBase
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path
from matplotlib.transforms import Affine2D, Bbox, IdentityTransform, Transform
from PIL import Image

from homolib import _checks
from homolib.explore import formula
from homolib.figures import style

UNITS = 10  # to a pixel
DPI = 72 * UNITS  # so that a point is a pixel
IMAGE = 2  # pixels of an image inside to a pixel of the page
NAMES = {"#000000": "ink", "#ffffff": "paper"} | {day: name for name, (day, _) in style.PALETTE.items()}
COMMANDS = {Path.LINETO: "l", Path.CURVE3: "q", Path.CURVE4: "c"}


class Renderer(RendererBase):
    """Draws into the lists of elements in `panels`, one list for each column of axes."""

    def __init__(self, figure: Figure):
        super().__init__()
        self.width, self.height = figure.bbox.size
        self._flip = Affine2D().scale(1, -1).translate(0, self.height)
        self.elements: list[tuple[str, str]] = []  # (attributes, data); no attributes: finished

    # What Matplotlib asks

    def get_canvas_width_height(self) -> tuple[float, float]:
        """Size of the whole figure."""
        return self.width, self.height

    def flipy(self) -> bool:
        """The vertical axis of text points down."""
        return True

    def points_to_pixels(self, points: float) -> float:
        """Units in so many points."""
        return points * UNITS

    def get_image_magnification(self) -> float:
        """How much finer images are than units."""
        return IMAGE / UNITS

    def get_text_width_height_descent(self, s: str, prop: object, ismath: object) -> tuple[float, float, float]:
        """Size of text in Matplotlib's own font: it is wide, so that text has room in others."""
        return text_size(s, prop.get_size_in_points(), prop.get_weight(), bool(ismath))

    # What is drawn

    def draw_path(self, gc, path: Path, transform: Transform, rgbFace=None) -> None:
        """Fill and stroke; clipped by numbers, so that no clip path with an id is needed."""
        if gc.get_hatch():
            _checks.fail("draw", "a hatched area", "plain colours")
        box = gc.get_clip_rectangle()
        filled = rgbFace is not None and (len(rgbFace) == 3 or rgbFace[3] > 0)
        stroked = gc.get_linewidth() > 0 and gc.get_rgb()[3] > 0
        whole = transform.transform_path(path) if filled else None
        inside = filled and (box is None or _within(whole, box))
        if filled:
            shown = (whole if inside else _clipped(whole, box)).cleaned(remove_nans=True, curves=True)
            paint = _stroke(gc) if stroked and inside else ""
            self._add(f"{_colour('fill', rgbFace, gc)}{paint}", _data(shown, self._flip))
        if stroked and not (filled and inside):
            clip = None if box is None else tuple(box.extents)
            smooth = clip is None
            line = path.cleaned(transform, remove_nans=True, clip=clip, simplify=path.should_simplify, curves=smooth)
            self._add(_stroke(gc), _data(line, self._flip))

    def draw_markers(self, gc, marker_path, marker_trans, path, trans, rgbFace=None) -> None:
        """Markers; a disk is a point of a thick line with round ends."""
        spots = np.array([vertices[-2:] for vertices, _ in path.iter_segments(trans, simplify=False)]).reshape(-1, 2)
        spots = spots[np.isfinite(spots).all(axis=1)]
        box = gc.get_clip_rectangle()
        if box is not None and len(spots):
            low, high = box.min - UNITS, box.max + UNITS
            spots = spots[((spots >= low) & (spots <= high)).all(axis=1)]
        shape = marker_path.transformed(marker_trans)
        if not len(spots) or not np.ptp(shape.vertices, axis=0).any():
            return
        spots = np.rint(self._flip.transform(spots)).astype(int)
        filled = rgbFace is not None and (len(rgbFace) == 3 or rgbFace[3] > 0)
        edge = gc.get_linewidth() * UNITS if gc.get_rgb()[3] > 0 else 0
        if marker_path is Path.unit_circle() and filled:
            size = float(np.ptp(shape.get_extents().intervalx))
            dots = "".join(f"M{x} {y}h0" for x, y in spots)
            if edge:
                self._add(f'{_colour("stroke", gc.get_rgb(), gc)} stroke-width="{size + edge:.0f}" {ROUND}', dots)
            if not edge or to_hex(gc.get_rgb()) != to_hex(rgbFace):
                size -= edge
                self._add(f'{_colour("stroke", rgbFace, gc)} stroke-width="{size:.0f}" {ROUND}', dots)
            return
        attributes = (_colour("fill", rgbFace, gc) if filled else "") + (_stroke(gc) if edge else "")
        flat = Affine2D().scale(1, -1)
        self._add(attributes, "".join(_data(shape, flat + Affine2D().translate(x, y)) for x, y in spots))

    def draw_path_collection(
        self, gc, transform, paths, all_transforms, offsets, offset_trans, *looks, **options
    ) -> None:
        """Many paths; those of one look, such as the arrows of a field, at once."""
        faces, edges, widths, *_ = looks
        if max(map(len, (faces, edges, widths))) > 1 or len(all_transforms) or len(paths) != len(offsets):
            places = (gc, transform, paths, all_transforms, offsets, offset_trans)
            super().draw_path_collection(*places, *looks, **options)
            return
        shifts = offset_trans.transform(offsets)
        moved = [
            Path(transform.transform(path.vertices) + by, path.codes) for path, by in zip(paths, shifts, strict=True)
        ]
        one = self.new_gc()
        one.copy_properties(gc)
        one.set_linewidth(widths[0] if len(edges) and len(widths) else 0)
        if len(edges):
            one.set_foreground(edges[0], isRGBA=True)
        self.draw_path(one, Path.make_compound_path(*moved), IdentityTransform(), faces[0] if len(faces) else None)

    def draw_image(self, gc, x: float, y: float, im: np.ndarray, transform=None) -> None:
        """A dense field: a picture inside the picture."""
        out = io.BytesIO()
        Image.fromarray(np.ascontiguousarray(im[::-1])).save(out, "WEBP", quality=85, method=4)
        height, width = (round(n * UNITS / IMAGE) for n in im.shape[:2])
        data = base64.b64encode(out.getvalue()).decode()
        place = f'x="{x:.0f}" y="{self.height - y - height:.0f}" width="{width}" height="{height}"'
        self.elements.append(("", f'<image {place} href="data:image/webp;base64,{data}"/>'))

    def draw_text(self, gc, x, y, s, prop, angle, ismath=False, mtext=None) -> None:
        """Text in the reader's font, held where the alignment holds it."""
        spans = formula.as_tspans(s) if ismath else html.escape(s.replace("\u2212", formula.MINUS))
        colour = _colour("fill", gc.get_rgb(), gc)
        size = prop.get_size_in_points() / style.TEXT
        width = self.get_text_width_height_descent(s, prop, ismath)[0]
        held = mtext.get_horizontalalignment() if mtext is not None else "left"
        part, anchor = {"center": (0.5, ' text-anchor="middle"'), "right": (1, ' text-anchor="end"')}.get(held, (0, ""))
        turn = math.radians(angle)
        x, y = round(x + part * width * math.cos(turn)), round(y - part * width * math.sin(turn))
        rotation = f' transform="rotate({-angle:g} {x} {y})"' if angle else ""
        bold = ' font-weight="600"' if prop.get_weight() in ("bold", "semibold", 600, 700) else ""
        sized = "" if abs(size - 1) < 0.01 else f' font-size="{size:.3g}em"'
        ink = "" if colour == _INK else colour
        self.elements.append(("", f'<text x="{x}" y="{y}"{anchor}{sized}{bold}{rotation}{ink}>{spans}</text>'))

    def _add(self, attributes: str, data: str) -> None:
        """An element; what looks the same as the one before joins it."""
        if not data:
            return
        if self.elements and self.elements[-1][0] == attributes:
            attributes, data = attributes, self.elements.pop()[1] + data
        self.elements.append((attributes, data))

    def take(self) -> list[str]:
        """The elements drawn since the last time."""
        taken = [f'<path{attributes} d="{data}"/>' if attributes else data for attributes, data in self.elements]
        self.elements = []
        return taken


ROUND = 'stroke-linecap="round"'
_INK = ' fill="var(--fig-ink)"'


def axes_data(axes: Axes, left: float, height: float) -> list | None:
    """Where axes are in their panel and what they measure, for a pointer: [left, top, width, height, x, y].

    x and y are [first, last, whether logarithmic]; None for scales that are neither linear nor logarithmic.
    """
    if {axes.get_xscale(), axes.get_yscale()} - {"linear", "log"} or not axes.axison:
        return None
    box = axes.bbox
    scales = [
        [*(float(f"{end:.6g}") for end in limits), int(scale == "log")]
        for limits, scale in ((axes.get_xlim(), axes.get_xscale()), (axes.get_ylim(), axes.get_yscale()))
    ]
    return [*(round(v) for v in (box.x0 - left, height - box.y1, box.width, box.height)), *scales]


def as_json(value: object) -> str:
    """Compact JSON."""
    return json.dumps(value, separators=(",", ":"))


class _Ruler(RendererBase):
    def points_to_pixels(self, points: float) -> float:
        return points * UNITS


@lru_cache(maxsize=4096)
def text_size(s: str, size: float, weight: object, ismath: bool) -> tuple[float, float, float]:
    """Width, height and descent of text, in units."""
    return _Ruler().get_text_width_height_descent(s, FontProperties(size=size, weight=weight), ismath)


def _colour(what: str, rgba, gc: GraphicsContextBase) -> str:
    code = to_hex(rgba[:3])
    name = NAMES.get(code)
    alpha = gc.get_alpha() if gc.get_forced_alpha() or len(rgba) == 3 else rgba[3]
    opacity = "" if alpha is None or alpha == 1 else f' {what}-opacity="{alpha:.2g}"'
    return f' {what}="{f"var(--fig-{name})" if name else code}"{opacity}'


def _stroke(gc: GraphicsContextBase) -> str:
    width = gc.get_linewidth() * UNITS
    attributes = f'{_colour("stroke", gc.get_rgb(), gc)} stroke-width="{width:.0f}"'
    _, dashes = gc.get_dashes()
    if dashes is not None:
        attributes += f' stroke-dasharray="{" ".join(f"{UNITS * dash:.0f}" for dash in dashes)}"'
    elif gc.get_capstyle() != "butt":
        attributes += f" {ROUND}"
    return attributes


def _within(path: Path, box: Bbox) -> bool:
    vertices = path.vertices
    return bool(np.isfinite(vertices).all() and (vertices >= box.min - 1).all() and (vertices <= box.max + 1).all())


def _clipped(path: Path, box: Bbox) -> Path:
    polygons = [polygon for polygon in path.to_polygons(closed_only=True) if np.isfinite(polygon).all()]
    parts = [Path(polygon, closed=True).clip_to_bbox(box) for polygon in polygons]
    return Path.make_compound_path(*(part for part in parts if len(part.vertices)))


def _data(path: Path, transform: Transform) -> str:
    """The commands of a path: absolute where it starts, relative after that."""
    if not len(path.vertices):
        return ""
    points = np.rint(transform.transform(path.vertices)).astype(int)
    codes = path.codes if path.codes is not None else np.r_[Path.MOVETO, np.full(len(points) - 1, Path.LINETO)]
    ends = np.flatnonzero(np.diff(codes, append=-1))
    data, begin = [], 0
    for end in ends:
        code, part = codes[begin], points[begin : end + 1]
        if code == Path.MOVETO:
            data.append(f"M{part[-1][0]} {part[-1][1]}")
        elif code == Path.CLOSEPOLY:
            data.append("z")
        elif code in COMMANDS:
            data.append(_relative(COMMANDS[code], points[begin - 1], part))
        begin = end + 1
    return "".join(data)


def _relative(command: str, before: np.ndarray, part: np.ndarray) -> str:
    size = {"l": 1, "q": 2, "c": 3}[command]
    starts = np.repeat(np.concatenate([[before], part[size - 1 : -1 : size]]), size, axis=0)
    steps = part - starts
    if command == "l":
        steps = steps[steps.any(axis=1)]
    if not len(steps):
        return "h0"
    return command + " ".join(map(str, steps.ravel().tolist())).replace(" -", "-")
