"""The explorer in a real browser: by mouse, keyboard and finger, over localhost and from a file, asking nobody else.

The page here holds the two explorers below, and the script and the style sheet of the site as they are; no Sphinx.
"""

import functools
import http.server
import shutil
import threading
from pathlib import Path

import pytest

import homolib as hl
from homolib.figures import style

STATIC = Path(__file__).parents[2] / "_static"
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Explorers</title><link rel="icon" href="data:,"><link rel="stylesheet" href="explore.css">
<script src="explore.js"></script></head><body><main>{body}</main></body></html>"""
TALL = {"width": 900, "height": 1600}
U, V = [-1, 0, 1], [1e-2, 1e-1, 1, 10]


def line(delta, seed):
    figure, axes = style.canvas()
    axes.plot([0, 1], [0, seed])
    return figure, f"delta = {style.power_of_ten(delta)}, seed {seed} & so on."


def start(u, v):
    figure, (axes, _) = style.canvas(2, height=3)
    axes.set(xlim=(-2, 2), ylim=(1e-3, 100), yscale="log")
    axes.plot(u, v, "o")
    return figure, f"start ({u}, {style.power_of_ten(v)})"


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """A folder with the page of explorers, a page without, and what the site serves beside them."""
    folder = tmp_path_factory.mktemp("explorers")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOMOLIB_STATIC", "1")
        shown = [
            hl.explore(line, delta=[0.1, 1e-4], seed=range(3)),
            hl.explore(start, plane=("u", "v"), u=U, v=V),
            hl.show(line, delta=1, seed=1),
        ]
    (folder / "page.html").write_text(PAGE.format(body="\n".join(picture.html for picture in shown)), encoding="utf-8")
    (folder / "plain.html").write_text(PAGE.format(body="<p>No explorer here.</p>"), encoding="utf-8")
    (folder / "bare.html").write_text(
        '<!doctype html><title>Bare</title><link rel="icon" href="data:,">', encoding="utf-8"
    )
    for name in ("explore.js", "explore.css"):
        shutil.copy(STATIC / name, folder)
    return folder


@pytest.fixture(scope="session")
def server(folder):
    """The folder over localhost."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def visit(browser, server):
    """Open a page in a context of its own; any complaint of the browser and any request elsewhere fails the test."""
    contexts, complaints = [], []

    def answer(route):
        if route.request.url.startswith((server, "data:", "file:")):
            route.continue_()
        else:
            complaints.append(f"asked for {route.request.url}")
            route.abort()

    def visit(address=f"{server}/page.html", **options):
        contexts.append(browser.new_context(**options))
        contexts[-1].route("**/*", answer)
        page = contexts[-1].new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(address)
        return page

    yield visit
    for context in contexts:
        context.close()
    assert complaints == []


def explorer(page, number=0):
    """Number 0 has delta and seed, number 1 the plane."""
    return page.locator("figure.homolib-explorer").nth(number)


def seen(figure):
    """The sentence of the one picture in view, which the caption repeats."""
    alts = [image.get_attribute("alt") for image in figure.locator("img").all() if image.is_visible()]
    assert len(alts) == 1
    assert figure.locator("figcaption").inner_text() == alts[0]
    return alts[0]


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_arrow_keys_move_the_picture_and_its_sentence(visit, server, folder, scheme):
    page = visit({"http": server, "file": folder.as_uri()}[scheme] + "/page.html")
    figure = explorer(page)
    assert seen(figure) == "delta = 0.1, seed 0 & so on."
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")
    page.keyboard.press("End")
    assert seen(figure) == "delta = 1e-4, seed 2 & so on."
    page.keyboard.press("ArrowLeft")
    assert seen(figure) == "delta = 1e-4, seed 1 & so on."
    assert seen(explorer(page, 1)) == "start (-1, 0.01)"  # the neighbour does not move


def test_a_screen_reader_hears_values_and_not_positions(visit):
    figure = explorer(visit())
    delta = figure.get_by_role("slider", name="delta", exact=True)
    assert delta.get_attribute("aria-valuetext") == "delta = 0.1"
    delta.press("ArrowRight")
    assert delta.get_attribute("aria-valuetext") == "delta = 1e-4"
    assert figure.locator("output").first.inner_text() == "1e-4"
    assert figure.locator("figcaption").get_attribute("aria-live") == "polite"
    assert figure.locator("output").first.get_attribute("aria-live") == "off"  # or it would all be said twice


def test_the_mouse_drags_a_slider(visit):
    page = visit()
    box = explorer(page).get_by_role("slider", name="seed").bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 12, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 12, middle, steps=5)
    page.mouse.up()
    assert seen(explorer(page)) == "delta = 0.1, seed 2 & so on."


def spot(page, u, v):
    """Where the start (u, v) is on the screen: from the limits of the axes, not from what the page says."""
    box = page.locator(".homolib-plane").bounding_box()
    decades = {0.01: 1, 0.1: 2, 1: 3, 10: 4}[v]
    return box["x"] + (u + 2) / 4 * box["width"], box["y"] + (1 - decades / 5) * box["height"]


@pytest.mark.parametrize(("u", "v", "text"), [(1, 10, "start (1, 10)"), (0, 0.1, "start (0, 0.1)")])
def test_a_click_in_the_plane_picks_the_start_there(visit, u, v, text):
    page = visit(viewport=TALL)
    x, y = spot(page, u, v)
    page.mouse.click(x + 9, y - 7)
    assert seen(explorer(page, 1)) == text
    assert explorer(page, 1).get_by_role("slider", name="u").input_value() == str(U.index(u))


def test_a_click_beside_the_plane_does_nothing(visit):
    page = visit(viewport=TALL)
    box = explorer(page, 1).locator("img").first.bounding_box()
    page.mouse.click(box["x"] + 0.8 * box["width"], box["y"] + box["height"] / 2)
    assert seen(explorer(page, 1)) == "start (-1, 0.01)"


def test_a_drag_follows_the_pointer_and_moving_without_a_button_does_not(visit):
    page = visit(viewport=TALL)
    page.mouse.move(*spot(page, 1, 10))
    assert seen(explorer(page, 1)) == "start (-1, 0.01)"
    page.mouse.down()
    page.mouse.move(*spot(page, 0, 1), steps=4)
    assert seen(explorer(page, 1)) == "start (0, 1)"
    page.mouse.move(*spot(page, 1, 0.1), steps=4)
    page.mouse.up()
    assert seen(explorer(page, 1)) == "start (1, 0.1)"


def swipe(page, begin, end, steps=8):
    """A finger goes down, moves and lifts, as the screen of a phone reports it."""
    device = page.context.new_cdp_session(page)

    def send(kind, *points):
        touches = [{"x": x, "y": y} for x, y in points]
        device.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    send("touchStart", begin)
    for step in range(1, steps + 1):
        send("touchMove", tuple(b + (e - b) * step / steps for b, e in zip(begin, end, strict=True)))
    send("touchEnd")


def test_a_finger_taps_and_drags_in_the_plane_and_still_scrolls(visit):
    page = visit(has_touch=True, is_mobile=True, viewport={"width": 360, "height": 640})
    page.locator(".homolib-plane").evaluate("plane => plane.scrollIntoView({block: 'center'})")
    page.touchscreen.tap(*spot(page, 1, 1))
    assert seen(explorer(page, 1)) == "start (1, 1)"
    swipe(page, spot(page, 1, 10), spot(page, -1, 10))
    assert seen(explorer(page, 1)) == "start (-1, 10)"
    before = page.evaluate("scrollY")
    swipe(page, spot(page, 0, 0.01), (spot(page, 0, 0.01)[0], spot(page, 0, 0.01)[1] - 200))
    page.wait_for_function(f"scrollY > {before + 50}")
    assert seen(explorer(page, 1)) == "start (-1, 10)"  # a scroll is no choice


def test_without_javascript_the_first_frame_stands_alone(visit):
    page = visit(java_script_enabled=False)
    assert seen(explorer(page)) == "delta = 0.1, seed 0 & so on."
    for part in page.locator("input, output, .homolib-hint, .homolib-plane").all():
        assert not part.is_visible()


def test_on_paper_there_is_the_picture_and_no_control(visit):
    page = visit()
    explorer(page).get_by_role("slider", name="seed").press("ArrowRight")
    page.emulate_media(media="print")
    assert seen(explorer(page)) == "delta = 0.1, seed 1 & so on."
    for part in page.locator("input, output, .homolib-hint").all():
        assert not part.is_visible()


@pytest.mark.parametrize("width", [360, 1280])
def test_it_fits_the_screen_and_the_finger(visit, width):
    page = visit(viewport={"width": width, "height": 740})
    assert page.evaluate("document.scrollingElement.scrollWidth") == width
    shown = [image.bounding_box() for image in page.locator("img").all() if image.is_visible()]
    assert len(shown) == 3
    for box in shown:
        assert box["width"] == pytest.approx(min(704, width - 16), abs=1)  # 8 px of margin
    assert shown[0]["width"] / shown[0]["height"] == pytest.approx(6.4 / 3.6, rel=0.01)
    for slider in page.get_by_role("slider").all():
        assert slider.bounding_box()["height"] >= 44
        assert slider.bounding_box()["width"] >= 120
    rows = {slider.bounding_box()["y"] for slider in explorer(page).get_by_role("slider").all()}
    assert len(rows) == (2 if width == 360 else 1)


def test_focus_is_seen(visit):
    page = visit()
    slider = page.get_by_role("slider").first
    ring = "e => [getComputedStyle(e).outlineStyle, parseFloat(getComputedStyle(e).outlineWidth)]"
    assert slider.evaluate(ring)[0] == "none"
    page.keyboard.press("Tab")
    assert slider.evaluate(ring) == ["solid", 3]


def test_in_the_dark_text_takes_the_colour_of_the_theme_and_pictures_are_dimmed(visit):
    page = visit()
    page.evaluate("""() => {
        document.documentElement.dataset.theme = 'dark';
        document.documentElement.style.setProperty('--pst-color-text-base', 'rgb(206, 214, 221)');
    }""")
    for part in ("label", "figcaption"):
        assert explorer(page).locator(part).first.evaluate("e => getComputedStyle(e).color") == "rgb(206, 214, 221)"
    look = (
        explorer(page)
        .locator("img")
        .first.evaluate("e => [getComputedStyle(e).filter, getComputedStyle(e).borderRadius]")
    )
    assert look == ["brightness(0.88)", "8px"]


def test_a_page_without_explorers_is_left_alone(visit, server):
    page = visit(f"{server}/plain.html")
    assert page.inner_text("main") == "No explorer here."


def test_the_script_leaves_no_global_name_and_is_small(visit, server):
    names = "() => Object.getOwnPropertyNames(window).sort()"
    with_script = visit().evaluate(names)
    bare = visit(f"{server}/bare.html").evaluate(names)
    assert with_script == bare
    assert (STATIC / "explore.js").stat().st_size < 4096
