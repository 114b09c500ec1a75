"""The renderer: what is drawn where, against Matplotlib's own coordinates."""

import re

import numpy as np
import pytest
from bs4 import BeautifulSoup

from homolib.explore.frame import render
from homolib.explore.svg import UNITS
from homolib.figures import style


def drawn(*actions, limits=((0, 1), (0, 1))):
    """The <svg> of axes on which each of `actions` was done, and a function from their data to its units."""
    kept = []

    def draw():
        figure, axes = style.canvas()
        axes.set(xlim=limits[0], ylim=limits[1])
        axes.grid(visible=False)
        for action in actions:
            action(axes)
        kept.append(axes)
        return figure, "A drawing."

    frame = render(draw, {})
    svg = BeautifulSoup(str(frame.panels[0]), "html.parser").svg
    height = float(svg["viewbox"].split()[3])
    return svg, lambda points: np.array([0, height]) + np.array([1, -1]) * kept[0].transData.transform(points)


def points(path):
    """Corners of a path of lines."""
    out = []
    for command, numbers in re.findall(r"([A-Za-z])([^A-Za-z]*)", path["d"]):
        values = np.array(re.findall(r"-?\d+", numbers), dtype=float).reshape(-1, 2) if command in "Ml" else []
        for value in values:
            out.append(value if command == "M" else out[-1] + value)
    return np.array(out)


def blue(svg, what="stroke"):
    return svg.find_all("path", attrs={what: "var(--fig-blue)"})


def test_a_line_goes_where_it_belongs_to_a_tenth_of_a_pixel():
    corners = np.array([[0.1, 0.2], [0.5, 0.9], [0.7, 0.1]])
    svg, place = drawn(lambda axes: axes.plot(*corners.T))
    (path,) = blue(svg)
    np.testing.assert_allclose(points(path), place(corners), atol=1.1)
    assert float(path["stroke-width"]) == style.RC["lines.linewidth"] * UNITS


@pytest.mark.parametrize("far", [2.0, 1e150, np.inf, np.nan])
def test_a_line_ends_at_the_edge_of_the_axes(far):
    svg, place = drawn(lambda axes: axes.plot([0.2, 0.5, 0.5], [0.5, 0.5, far]))
    (path,) = blue(svg)
    top, bottom = place([[0.5, 1]])[0, 1], place([[0.5, 0]])[0, 1]
    assert (points(path)[:, 1] >= top - 2).all()
    assert (points(path)[:, 1] <= bottom + 2).all()


def test_an_area_is_cut_at_the_edge_and_nothing_needs_an_id():
    svg, place = drawn(lambda axes: axes.fill([-1, 0.5, 0.5, -1], [0.25, 0.25, 0.5, 0.5], color=style.BLUE))
    path = blue(svg, "fill")[0]
    low, high = points(path).min(axis=0), points(path).max(axis=0)
    np.testing.assert_allclose([low, high], [place([[0, 0.5]])[0], place([[0.5, 0.25]])[0]], atol=1.5)
    assert not svg.find_all(id=True)


def test_disks_are_dots_and_other_markers_keep_their_shape():
    spots = np.array([[0.2, 0.3], [0.6, 0.8], [5.0, 5.0]])
    svg, place = drawn(lambda axes: axes.plot(*spots.T, "o", markersize=6, markeredgewidth=0))
    (path,) = blue(svg)
    np.testing.assert_allclose(points(path), place(spots[:2]), atol=1)  # the third is outside
    assert float(path["stroke-width"]) == 60
    svg, place = drawn(lambda axes: axes.plot(*spots.T, "s", markersize=6, markeredgewidth=0))
    square = points(blue(svg, "fill")[0])[:4]
    np.testing.assert_allclose(square.mean(axis=0), place(spots[:1])[0], atol=1)
    np.testing.assert_allclose(np.ptp(square, axis=0), [60, 60], atol=1)


@pytest.mark.parametrize(("side", "anchor"), [("left", None), ("center", "middle"), ("right", "end")])
def test_text_is_held_where_it_is_aligned(side, anchor):
    """So that it stays there in a font of another width."""
    svg, place = drawn(lambda axes: axes.text(0.5, 0.5, "Some words", ha=side))
    text = svg.find("text", string="Some words")
    assert text.get("text-anchor") == anchor
    np.testing.assert_allclose([float(text["x"]), float(text["y"])], place([[0.5, 0.5]])[0], atol=1)


def test_turned_text_is_turned_about_the_place_that_holds_it():
    svg, _ = drawn(lambda axes: axes.set_ylabel("upwards"))
    text = svg.find("text", string="upwards")
    assert text["transform"] == f"rotate(-90 {text['x']} {text['y']})"
    assert text["text-anchor"] == "middle"


def test_a_field_of_arrows_is_one_path():
    grid = np.meshgrid(np.linspace(0.1, 0.9, 8), np.linspace(0.1, 0.9, 8))
    svg, place = drawn(lambda axes: axes.quiver(*grid, 1, 0, color=style.BLUE))
    (path,) = blue(svg, "fill")
    starts = np.array(re.findall(r"M(-?\d+) (-?\d+)", path["d"]), dtype=float)
    assert len(starts) == 64
    away = starts - place(np.stack([np.ravel(side) for side in grid], axis=-1))
    np.testing.assert_allclose(away - away[0], 0, atol=1.1)


def test_a_dense_field_is_an_image_in_its_place():
    svg, place = drawn(lambda axes: axes.imshow([[0, 1], [1, 0]], extent=(0.2, 0.8, 0.3, 0.9), aspect="auto"))
    image = svg.image
    assert image["href"].startswith("data:image/webp;base64,")
    x, y, width, height = (float(image[name]) for name in ("x", "y", "width", "height"))
    np.testing.assert_allclose([x, y], place([[0.2, 0.9]])[0], atol=10)  # to a pixel
    np.testing.assert_allclose([x + width, y + height], place([[0.8, 0.3]])[0], atol=10)


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(ValueError, match="hatched"):
        drawn(lambda axes: axes.bar([0.5], [0.5], hatch="/"))
