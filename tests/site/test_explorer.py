"""The explorer in a real browser: by mouse, keyboard and finger, over localhost and from a file, asking nobody else.

The page here holds the figures below, and the script and the style sheet of the site as they are; no Sphinx.
"""

import re
import shutil
import threading
from pathlib import Path

import pytest

import homolib as hl
from homolib.figures import style
from tests.site.pages import Quiet, serving

STATIC = Path(__file__).parents[2] / "_static"
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Explorers</title><link rel="icon" href="data:,"><link rel="stylesheet" href="explore.css">
<script src="explore.js"></script></head><body><main>{body}</main></body></html>"""
TALL = {"width": 900, "height": 1600}
U, V = [-1, 0, 1], [1e-2, 1e-1, 1, 10]


DELTAS = [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1.0]


def line(delta, seed):
    figure, axes = style.canvas()
    axes.plot([0, 1], [0, seed])
    sentence = f"delta = {style.power_of_ten(delta)}, seed {seed} & so on."
    axes.set(title=sentence, xlabel="time $t$", ylim=(0, 4))
    return figure, sentence


def start(u, v):
    figure, (axes, other) = style.canvas(2, height=3)
    sentence = f"start ({u}, {style.power_of_ten(v)})"
    axes.set(xlim=(-2, 2), ylim=(1e-3, 100), yscale="log", title=sentence)
    axes.plot(u, v, "o")
    other.imshow([[0, 1], [1, 0]], cmap="Greys", aspect="auto")
    return figure, sentence


def numbered(number, figure):
    """A figure as the site numbers it."""
    link = f'<a class="homolib-number" href="#fig-8-{number}">Figure 8.{number}</a> '
    figure = figure.replace("<figure ", f'<figure id="fig-8-{number}" ', 1)
    return re.sub("(<figcaption.*?>)", rf"\1{link}", figure, count=1)


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """A folder with the page of explorers, a page without, and what the site serves beside them."""
    folder = tmp_path_factory.mktemp("explorers")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOMOLIB_STATIC", "1")
        shown = [
            hl.explore(line, delta=DELTAS, seed=range(3), first={"delta": 0.1}),
            hl.explore(start, plane=("u", "v"), u=U, v=V),
            hl.show(line, delta=1, seed=1),
        ]
    body = "\n".join(map(numbered, range(1, 4), (picture.html for picture in shown)))
    (folder / "page.html").write_text(PAGE.format(body=body), encoding="utf-8")
    (folder / "slow.html").write_text(
        PAGE.format(body=body + '<script defer src="slow.js"></script>'), encoding="utf-8"
    )
    (folder / "plain.html").write_text(PAGE.format(body="<p>No explorer here.</p>"), encoding="utf-8")
    (folder / "bare.html").write_text(
        '<!doctype html><title>Bare</title><link rel="icon" href="data:,">', encoding="utf-8"
    )
    for name in ("explore.js", "explore.css"):
        shutil.copy(STATIC / name, folder)
    return folder


released = threading.Event()  # for /slow.js


@pytest.fixture(scope="session")
def server(folder):
    """The folder over localhost."""

    class Slow(Quiet):
        def do_GET(self):
            if self.path == "/slow.js":
                released.wait(20)
                self.path = "/explore.js"
            super().do_GET()

    with serving(folder, Slow) as address:
        yield address.removesuffix("/")


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

    def visit(address=f"{server}/page.html", wait_until="load", **options):
        contexts.append(browser.new_context(**options))
        contexts[-1].route("**/*", answer)
        page = contexts[-1].new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(address, wait_until=wait_until)
        if options.get("java_script_enabled", True):
            page.wait_for_function("!document.querySelector('.homolib-controls[hidden]')")
        return page

    yield visit
    for context in contexts:
        context.close()
    assert complaints == []


def explorer(page, number=0):
    """Number 0 has delta and seed, number 1 the plane."""
    return page.locator("figure.homolib-explorer").nth(number)


def seen(figure):
    """The sentence of the picture in view: its title is the same, and so is the caption, apart from formulas."""
    words = figure.locator(".homolib-stage").get_attribute("aria-label")
    caption = figure.locator("figcaption > span").inner_text()
    assert re.sub("10−(\\d)", r"1e-\1", caption).replace("−", "-") == words
    assert words in figure.locator("svg text").all_text_contents()
    assert figure.locator("svg").first.is_visible()
    return words


@pytest.mark.parametrize("scheme", ["http", "file"])
def test_arrow_keys_move_the_picture_and_its_sentence(visit, server, folder, scheme):
    page = visit({"http": server, "file": folder.as_uri()}[scheme] + "/page.html")
    figure = explorer(page)
    assert seen(figure) == "delta = 0.1, seed 0 & so on."
    page.keyboard.press("Tab")  # the button that plays
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("End")
    assert seen(figure) == "delta = 0.01, seed 2 & so on."
    page.keyboard.press("ArrowLeft")
    assert seen(figure) == "delta = 0.01, seed 1 & so on."
    assert seen(explorer(page, 1)) == "start (-1, 0.01)"  # the neighbour does not move


def test_a_screen_reader_hears_values_and_not_positions(visit):
    figure = explorer(visit())
    delta = figure.get_by_role("slider", name="delta", exact=True)
    assert delta.get_attribute("aria-valuetext") == "delta = 0.1"
    delta.press("Home")
    assert delta.get_attribute("aria-valuetext") == "delta = 1e-6"
    assert figure.locator("label").first.inner_text().strip() == "δ = 10−6"
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
    box = explorer(page, 1).locator("svg").last.bounding_box()
    page.mouse.click(box["x"] + 0.5 * box["width"], box["y"] + box["height"] / 2)
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
    for part in page.locator("input, output, button, .homolib-hint, .homolib-plane").all():
        assert not part.is_visible()


def test_on_paper_there_is_the_picture_and_no_control(visit):
    page = visit()
    explorer(page).get_by_role("slider", name="seed").press("ArrowRight")
    page.emulate_media(media="print")
    assert seen(explorer(page)) == "delta = 0.1, seed 1 & so on."
    for part in page.locator("input, output, button, .homolib-hint").all():
        assert not part.is_visible()


SMALLEST = """() => Math.min(...[...document.querySelectorAll("svg")].flatMap(svg => {
    const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
    return [...svg.querySelectorAll("text, tspan")].map(text => scale * parseFloat(getComputedStyle(text).fontSize));
}))"""


@pytest.mark.parametrize("width", [320, 360, 768, 1280])
def test_it_fits_the_screen_and_the_finger_and_the_eye(visit, width):
    page = visit(viewport={"width": width, "height": 740})
    assert page.evaluate("document.scrollingElement.scrollWidth") == width
    assert page.evaluate(SMALLEST) >= (9 if width >= 360 else 8)
    one = page.locator(".homolib-figure svg").bounding_box()
    assert one["width"] == pytest.approx(min(602, width - 16), abs=2)  # 8 px of margin
    left, right = (svg.bounding_box() for svg in explorer(page, 1).locator("svg").all())
    assert (left["y"] == right["y"]) == (width > 700)  # panels side by side, or one above the other
    for slider in page.get_by_role("slider").all():
        box = slider.bounding_box()
        assert box["height"] >= 44
        assert (box["width"] - 24) / float(slider.get_attribute("max")) >= 24  # the thumb takes 24
    for button in page.get_by_role("button").all():
        assert min(button.bounding_box()[side] for side in ("width", "height")) >= 44


def test_a_step_takes_less_than_a_frame_of_the_screen(visit):
    page = visit()
    times = page.evaluate("""() => [...document.querySelectorAll("input")].flatMap(input => [0, 1, 2, 1, 0].map(k => {
        const before = performance.now();
        input.value = k;
        input.dispatchEvent(new Event("input", {bubbles: true}));
        document.body.getBoundingClientRect();
        return performance.now() - before;
    }))""")
    assert sorted(times)[len(times) // 2] < 16


def test_sliders_do_not_wait_for_a_slow_script(visit, server):
    """What sets formulas is large, and comes last."""
    released.clear()
    page = visit(f"{server}/slow.html", wait_until="commit")
    explorer(page).get_by_role("slider", name="seed").press("End")
    assert seen(explorer(page)) == "delta = 0.1, seed 2 & so on."
    assert page.evaluate("document.readyState") == "interactive"
    released.set()


LINK = "#fig-8-1?delta=1e-3&seed=2"


def test_a_link_carries_the_state(visit, server):
    page = visit(f"{server}/page.html{LINK}")
    assert seen(explorer(page)) == "delta = 1e-3, seed 2 & so on."
    assert explorer(page).locator(".homolib-number").get_attribute("href") == f"{server}/page.html{LINK}"
    explorer(page).get_by_role("slider", name="delta", exact=True).press("Home")
    href = explorer(page).locator(".homolib-number").get_attribute("href")
    assert href.endswith("#fig-8-1?delta=1e-6&seed=2")
    page.evaluate("location.hash = '#fig-8-2?u=1&v=10'")
    page.wait_for_function("document.querySelector('#fig-8-2 input').value === '2'")
    assert seen(explorer(page, 1)) == "start (1, 10)"
    assert seen(explorer(page)) == "delta = 1e-6, seed 2 & so on."


@pytest.mark.parametrize(
    "wrong", ["#fig-8-1?delta=7&seed=x", "#fig-9-9?delta=1", "#fig-8-3?delta=1", "#fig-8-1?", "#%3F"]
)
def test_a_link_that_leads_nowhere_changes_nothing(visit, server, wrong):
    assert seen(explorer(visit(f"{server}/page.html{wrong}"))) == "delta = 0.1, seed 0 & so on."


def test_what_has_an_order_plays_until_its_end_or_a_touch(visit):
    page = visit()
    button = explorer(page).locator("button").first
    assert button.get_attribute("aria-label") == "Play delta"
    button.click()
    assert button.get_attribute("aria-label") == "Pause delta"
    assert explorer(page).locator("figcaption").get_attribute("aria-live") == "off"
    page.wait_for_function("document.querySelector('.homolib-play').ariaLabel === 'Play delta'", timeout=5000)
    assert seen(explorer(page)) == "delta = 1, seed 0 & so on."
    button.click()  # from the end it starts anew
    assert seen(explorer(page)) == "delta = 1e-6, seed 0 & so on."
    explorer(page).get_by_role("slider", name="seed").press("ArrowRight")
    assert button.get_attribute("aria-label") == "Play delta"


def test_nothing_plays_for_who_wants_no_motion(visit):
    page = visit(reduced_motion="reduce")
    assert not any(button.is_visible() for button in page.locator("button").all())
    assert explorer(page).get_by_role("slider").first.is_visible()


def read(page):
    """The numbers at the mark."""
    return [float(number) for number in page.locator(".homolib-mark").inner_text().replace("−", "-").split(",")]


@pytest.mark.parametrize("way", ["mouse", "finger", "keys"])
def test_values_can_be_read_at_a_point(visit, way):
    page = visit(viewport=TALL, has_touch=True)
    x, y = spot(page, 1, 0.1)
    if way == "mouse":
        page.mouse.move(x, y)
    elif way == "finger":
        page.touchscreen.tap(x, y)
    else:
        explorer(page, 1).locator(".homolib-stage").focus()
        for key, times in (("ArrowRight", 13), ("ArrowDown", 5)):
            for _ in range(times):
                page.keyboard.press(key)
    u, v = read(page)
    assert u == pytest.approx(1, abs=0.05)
    assert v == pytest.approx(0.1, rel=0.15)
    if way == "mouse":
        page.mouse.move(5, 5)
    else:
        page.keyboard.press("Escape")
        explorer(page, 1).locator(".homolib-stage").evaluate("e => e.blur()")
    assert way == "finger" or page.locator(".homolib-mark").count() == 0


def test_focus_is_seen(visit):
    page = visit()
    slider = page.get_by_role("slider").first
    ring = "e => [getComputedStyle(e).outlineStyle, parseFloat(getComputedStyle(e).outlineWidth)]"
    assert slider.evaluate(ring)[0] == "none"
    for part in (page.get_by_role("button").first, slider):
        page.keyboard.press("Tab")
        assert part.evaluate(ring) == ["solid", 3]


def test_at_night_figures_are_dark_and_on_paper_they_are_not(visit):
    page = visit()
    parts = {"blue": 'path[stroke="var(--fig-blue)"]', "ink": "text"}

    def colours():
        return {name: explorer(page).locator(part).first.evaluate(f"e => getComputedStyle(e).{what}")
                for (name, part), what in zip(parts.items(), ("stroke", "fill"), strict=True)}  # fmt: skip

    def palette(time):
        return {name: f"rgb{tuple(bytes.fromhex(style.PALETTE[name][time][1:]))}" for name in parts}

    assert colours() == palette(0)
    page.evaluate("""() => {
        document.documentElement.dataset.theme = 'dark';
        document.documentElement.style.setProperty('--pst-color-text-base', 'rgb(206, 214, 221)');
        document.documentElement.style.setProperty('--pst-color-background', 'rgb(18, 18, 18)');
    }""")
    assert colours() == palette(1)
    assert explorer(page).locator("label").first.evaluate("e => getComputedStyle(e).color") == "rgb(206, 214, 221)"
    page.emulate_media(media="print")
    assert colours() == palette(0)
    caption = explorer(page).locator("figcaption").evaluate("e => getComputedStyle(e).color")
    assert caption == "rgb(34, 34, 34)"
    halo = explorer(page).locator("text").first.evaluate("e => getComputedStyle(e).stroke")
    assert halo == "rgb(255, 255, 255)"


def test_a_page_without_explorers_is_left_alone(visit, server):
    page = visit(f"{server}/plain.html")
    assert page.inner_text("main") == "No explorer here."


def test_the_script_leaves_no_global_name_and_is_small(visit, server):
    names = "() => Object.getOwnPropertyNames(window).sort()"
    with_script = visit().evaluate(names)
    bare = visit(f"{server}/bare.html").evaluate(names)
    assert with_script == bare
    assert (STATIC / "explore.js").stat().st_size < 10_000
