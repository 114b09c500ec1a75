"""Slides as a lecturer shows them: from one file, without a network, with a clicker; and as handouts.

`make book` comes first.
"""

import io
import re
from types import SimpleNamespace

import pytest
from bs4 import BeautifulSoup
from pypdf import PdfReader

import slides
from book import SITE
from tests.site.pages import AXE, DRAWN, FORMULAS, axe_core, soup

DECKS = sorted(slides.table())
# What is not between the title and the foot of its sheet, whatever the sliders say
CUT = """async () => {
    const found = [];
    const check = (slide, state) => {
        const box = slide.querySelector(".sheet").getBoundingClientRect();
        const top = slide.querySelector(".title").getBoundingClientRect().bottom - 1;
        const buttons = box.bottom - innerHeight + document.querySelector("nav").getBoundingClientRect().top;
        const bottom = Math.min(slide.querySelector("footer").getBoundingClientRect().top, buttons) + 1;
        for (const e of slide.querySelectorAll(".title, .body *:not(svg *, mjx-assistive-mml, mjx-assistive-mml *)")) {
            const {left, right, top: high, bottom: low, width} = e.getBoundingClientRect();
            const inside = left > box.left + 30 && right < box.right - 30 && low < bottom;
            if (width && !(inside && (e.matches(".title") || high > top))) {
                found.push(`${slide.id} ${state}: ${e.outerHTML.slice(0, 80)}`);
            }
        }
    };
    for (const slide of document.querySelectorAll(".slide")) {
        check(slide, "");
        const inputs = [...slide.querySelectorAll("input")];
        const first = inputs.map(input => input.value);
        const turn = k => {
            if (k === inputs.length) { check(slide, inputs.map(input => input.value)); return; }
            for (let value = 0; value <= Number(inputs[k].max); value++) {
                inputs[k].value = value;
                inputs[k].dispatchEvent(new Event("input"));
                turn(k + 1);
            }
        };
        if (inputs.length) turn(0);
        inputs.forEach((input, k) => { input.value = first[k]; input.dispatchEvent(new Event("input")); });
    }
    return [found.length, ...found.slice(0, 5)];
}"""
LONGER = """() => {
    const body = document.querySelector("#s5 .body");
    for (const again of [1, 2, 3]) body.append(...document.querySelector("#s4 .body").cloneNode(true).children);
}"""
HERE = "() => Math.round(scrollY / innerHeight)"


@pytest.fixture(scope="module", params=DECKS)
def shown(request, browser):
    """A deck in a browser that has no network, and what it asked for."""
    context = browser.new_context(viewport={"width": 1280, "height": 720}, offline=True, color_scheme="light")
    tab, asked = context.new_page(), []
    tab.on("request", lambda one: asked.append(one.url))
    tab.on("pageerror", lambda error: asked.append(str(error)))
    tab.goto((SITE / f"slides/{request.param}.html").as_uri())
    tab.evaluate("MathJax.startup.promise")
    tab.wait_for_function("[...document.querySelectorAll('.homolib-explorer')].every(figure => figure.choose)")
    yield SimpleNamespace(name=request.param, tab=tab, asked=asked, soup=soup(f"slides/{request.param}.html"))
    context.close()


def test_every_slide_fits_its_screen_and_a_longer_one_would_not(shown):
    shown.tab.set_viewport_size({"width": 1280, "height": 720})
    assert shown.tab.evaluate(CUT) == [0]
    assert shown.tab.evaluate("getComputedStyle(document.querySelector('.body p')).fontSize") == "27px"
    shown.tab.evaluate(LONGER)
    assert shown.tab.evaluate(CUT)[0] > 0
    shown.tab.reload()
    shown.tab.evaluate("MathJax.startup.promise")


def test_a_deck_asks_for_no_other_file_and_its_formulas_are_set(shown):
    assert {url for url in shown.asked if not url.startswith(("data:", "blob:"))} == {shown.tab.url.partition("#")[0]}
    seen = shown.tab.evaluate(FORMULAS)
    assert (seen["raw"], seen["wrong"]) == ([], [])
    assert shown.tab.locator("mjx-container").count() > 50
    assert not re.search(r"\\\(|\\\[|\$\$", shown.tab.locator("main").inner_text())


def test_it_shows_what_the_syllabus_says_in_its_order(shown):
    session = slides.session(slides.Site(SITE), shown.name)
    wanted = [(anchor, state) for row in session.rows for _, anchor, state in row.figures]
    figures = shown.soup.select("figure.homolib")
    numbers = ["fig-" + f.select_one(".homolib-place").get_text().split()[1].replace(".", "-") for f in figures]
    assert list(zip(numbers, (figure["data-state"] for figure in figures), strict=True)) == wanted
    for figure in figures:
        assert len(figure.select_one("[role=img]")["aria-label"]) > 30
        assert not figure.select("img")
    sources = [link["href"] for link in shown.soup.select("footer a")]
    labels = [label for row in session.rows for _, label in row.sections if label in slides.table()[shown.name]]
    assert list(dict.fromkeys(s.partition("#")[2] for s in sources if "#fig-" not in s)) == labels
    assert len(labels) == len(slides.table()[shown.name])
    hints = shown.soup.select_one("#hints").get_text()
    assert "On the board." in hints
    assert hints.count("minutes") == len(session.rows)


def test_figures_open_in_their_state(shown):
    for figure in shown.tab.locator("figure.homolib-explorer").all():
        state = dict(pair.split("=", 1) for pair in figure.get_attribute("data-state").split("&"))
        for name, value in state.items():
            assert figure.locator(f"input[name='{name}']").get_attribute("aria-valuetext") == f"{name} = {value}"


def test_keys_turn_slides_and_sliders_keep_theirs(shown):
    tab = shown.tab
    tab.keyboard.press("Home")
    tab.keyboard.press("ArrowRight")
    tab.keyboard.press("PageDown")
    assert (tab.evaluate(HERE), tab.evaluate("location.hash")) == (2, "#s3")
    tab.keyboard.press("ArrowLeft")
    assert tab.evaluate(HERE) == 1
    tab.set_viewport_size({"width": 1920, "height": 1000})
    assert tab.evaluate(HERE) == 1
    slider = tab.locator("figure.homolib-explorer input").first
    slider.focus()
    at, value = tab.evaluate(HERE), slider.input_value()
    tab.keyboard.press("ArrowLeft")
    assert (tab.evaluate(HERE), slider.input_value() != value) == (at, True)
    tab.keyboard.press("Escape")
    tab.keyboard.press("ArrowRight")
    assert tab.evaluate(HERE) == at + 1
    tab.keyboard.press("End")
    tab.keyboard.press("ArrowRight")
    assert tab.evaluate(HERE) == tab.locator(".slide").count() - 1
    tab.keyboard.press("n")
    assert tab.locator("#hints").is_visible()
    tab.keyboard.press("n")
    assert not tab.locator("#hints").is_visible()


@pytest.mark.parametrize("shown", DECKS[:1], indirect=True)  # printing takes seconds, and sheets are all alike
def test_paper_has_one_slide_a_page_and_the_hints_and_is_light(shown):
    shown.tab.emulate_media(color_scheme="dark")
    printed = PdfReader(io.BytesIO(shown.tab.pdf(prefer_css_page_size=True, print_background=True)))
    shown.tab.emulate_media(color_scheme="light")
    count = shown.tab.locator(".slide").count()
    assert len(printed.pages) == count + 1
    assert {tuple(map(float, page.mediabox[2:])) for page in printed.pages} == {(960, 540)}
    for k, page in enumerate(printed.pages[:-1], start=1):
        assert str(k) in page.extract_text().split()
    assert "On the board" in printed.pages[-1].extract_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_in_the_way_of_anybody(shown, scheme):
    shown.tab.emulate_media(color_scheme=scheme)
    shown.tab.wait_for_function("scheme => document.documentElement.dataset.theme === scheme", arg=scheme)
    shown.tab.evaluate(axe_core())
    shown.tab.evaluate(DRAWN)
    assert shown.tab.evaluate(AXE) == []


def test_a_phone_that_is_held_upright_scrolls(shown):
    shown.tab.set_viewport_size({"width": 360, "height": 740})
    assert shown.tab.evaluate("document.scrollingElement.scrollWidth") <= 360
    assert shown.tab.evaluate("parseFloat(getComputedStyle(document.querySelector('#s4 .body p')).fontSize)") >= 17


def test_the_syllabus_leads_to_each_deck():
    links = {link["href"] for link in soup("chapters/teaching-syllabus.html").select("article a[href^='../slides/']")}
    assert links == {f"../slides/{name}.html" for name in DECKS}


SECTION = """<section><h2>Title<a>#</a></h2><p>The sum is</p><div class="math">\\[ 1 + 1 , \\]</div><p>which is two.</p>
<p>The end.</p><div class="cell">code</div><ul><li>one</li></ul></section>"""


def test_a_part_is_found_by_its_words_with_what_goes_on():
    section = BeautifulSoup(SECTION, "html.parser").section
    assert [len(part) for part in slides.parts_of(section)] == [3, 1, 1]
    assert [tag.name for tag in slides.choose(section, "The sum")] == ["p", "div", "p"]
    for words, count in (("The", 2), ("code", 0), ("which", 0)):
        with pytest.raises(ValueError, match=f"{count} parts of 'Title' begin with '{words}'"):
            slides.choose(section, words)
