"""Every page of the built website in a real browser: on a desk and on a phone, by day and by night, asking nobody else.

`make book` comes first. Each page is loaded once; the tests look at what was seen.
"""

import functools
import re
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote, urldefrag, urljoin

import nbformat
import pytest

import book
import pdf
from book import SITE
from tests.site.pages import AXE, DRAWN, FORMULAS, axe_core, soup

CHAPTERS = sorted(f"chapters/{path.name}" for path in SITE.glob("chapters/*.html"))
PAGES = [*CHAPTERS, *sorted(path.name for path in SITE.glob("*.html") if path.name != "index.html")]
SOURCES = [source for source in book.all_sources() if book.is_notebook(source)]
HEAVIEST = 2.5e6  # bytes; scripts and style sheets come on top, but only once
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 360, "height": 740}
ONE_AND_ONE = [("light", DESK), ("dark", PHONE)]
EVERY_WAY = [*ONE_AND_ONE, ("dark", DESK), ("light", PHONE)]
OURS = ("data:", "blob:")
OF_A_KIND = {  # all other pages are made as one of these, and seen by day on a desk and by night on a phone
    f"chapters/{name}.html"
    for name in ("index", "higher-homogeneity", "api-neuron", "toolbox", "set-project", "teaching-syllabus")
} | {"search.html", "genindex.html"}

OUT_OF_REACH = """async () => {
    const found = () => [...document.querySelectorAll('article *')]
        .filter(e => e.scrollWidth > e.clientWidth + 13 && ['auto', 'scroll'].includes(getComputedStyle(e).overflowX))
        .filter(e => e.tabIndex < 0 && e.checkVisibility()).map(e => e.outerHTML.slice(0, 120));
    for (let k = 0; found().length && k < 40; k++) {
        await new Promise(resume => setTimeout(resume, 50));  // until the page has seen that its width has changed
    }
    return found();
}"""
STOPS = """() => [...document.querySelectorAll('*')]
    .filter(e => e.tabIndex >= 0 && e.getClientRects().length && e.scrollWidth <= e.clientWidth + 1)
    .filter(e => !e.matches('a[href], button, input, summary, [role=button], .homolib-stage, pre'))
    .map(e => e.outerHTML.slice(0, 120))"""
TOO_WIDE = """() => {
    const inside = e => e.getBoundingClientRect().right <= innerWidth + 1;
    const scrolls = e => getComputedStyle(e).overflowX !== 'visible' && inside(e);
    const held = e => e.tagName !== 'ARTICLE' && (scrolls(e) || held(e.parentElement));
    const shown = [...document.querySelectorAll('article *')].filter(e => e.getClientRects().length);
    const wide = shown.filter(e => !inside(e) && !held(e));
    const page = document.scrollingElement.scrollWidth > innerWidth ? ['the page itself'] : [];
    return page.concat(wide.map(e => e.outerHTML.slice(0, 120)));
}"""
SIDEWAYS = """() => [...document.querySelectorAll('article pre:not(.table-of-text)')]
    .filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.textContent.slice(0, 120))"""
BLANK = """() => {
    const by_style = e => !['none', 'normal'].includes(getComputedStyle(e, '::before').content);
    const wide = picture => picture.getBoundingClientRect().width > 8;
    const drawn = e => by_style(e) || [...e.querySelectorAll('svg, img')].some(wide);
    return [...document.querySelectorAll('button, [role=button], a[href]')]
        .filter(e => e.checkVisibility() && !e.textContent.trim() && !drawn(e)).map(e => e.outerHTML.slice(0, 120));
}"""
REACHED = "e => { e.scrollIntoView({block: 'center', behavior: 'instant'}); e.focus(); return e.value; }"
STATE = """figure => {
    const pictures = [...figure.querySelectorAll('svg')];
    const shown = pictures.map(e => e.checkVisibility() && e.innerHTML).join('');
    window.seen ??= [];
    if (!seen.includes(shown)) seen.push(shown);
    const words = figure.querySelector('figcaption').innerText;
    return [seen.indexOf(shown), pictures.every(e => e.checkVisibility()), words];
}"""
CONTRAST = """() => {  // of WCAG 2
    const linear = v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
    const light = colour => {
        const [r, g, b] = colour.match(/[\\d.]+/g).map(v => linear(v / 255));
        return .2126 * r + .7152 * g + .0722 * b + .05;
    };
    const paper = light(getComputedStyle(document.body).backgroundColor);
    const words = [...document.querySelectorAll('article p, article td, article mjx-container')];
    const inks = words.map(e => light(getComputedStyle(e).color));
    return Math.min(21, ...inks.map(ink => Math.max(ink, paper) / Math.min(ink, paper)));
}"""


@functools.cache
def anchors(name):
    return {tag["id"] for tag in soup(name).select("[id]")}


@pytest.fixture(scope="session")
def visit(patiently, address):
    """What was seen on a page; each is loaded once."""
    return functools.cache(lambda name: patiently(lambda browser: look(browser, address, name)))


def look(browser, address, name):
    """Load a page, and try and measure all that the tests ask for."""
    lists = ("problems", "foreign", "too_wide", "out_of_reach", "barriers", "sideways", "blank")
    seen = SimpleNamespace(contrast={}, **{kind: [] for kind in lists})
    tab = browser.new_page(viewport=DESK)
    tab.set_default_timeout(10_000)
    tab.on("console", lambda message: message.type == "error" and seen.problems.append(message.text))
    tab.on("pageerror", lambda error: seen.problems.append(str(error)))
    tab.on("request", lambda request: request.url.startswith((*OURS, address)) or seen.foreign.append(request.url))
    tab.on("requestfailed", lambda request: seen.problems.append(f"failed: {request.url}"))
    tab.on("response", lambda answer: answer.ok or seen.problems.append(f"{answer.status}: {answer.url}"))
    tab.goto(address + name)
    tab.evaluate(pdf.SETTLED)
    seen.formulas = tab.evaluate(FORMULAS)
    seen.folds = try_folds(tab)  # some explorers stand in a solution
    seen.controls = try_controls(tab)
    seen.stops = tab.evaluate(STOPS)
    ways = EVERY_WAY if name in OF_A_KIND else ONE_AND_ONE
    for scheme, screen in ways:
        turn(tab, scheme, screen)
        seen.contrast[scheme, screen["width"]] = tab.evaluate(CONTRAST)
        seen.too_wide += tab.evaluate(TOO_WIDE)
        seen.out_of_reach += tab.evaluate(OUT_OF_REACH)
        seen.sideways += tab.evaluate(SIDEWAYS)
        seen.blank += tab.evaluate(BLANK)
    tab.evaluate(DRAWN)  # formulas, pictures and code are seconds of work for axe
    tab.add_style_tag(content="* { transition: none !important; }")  # colours half way between day and night
    tab.evaluate(axe_core())
    for scheme, screen in reversed(ways):  # the last one is on the screen
        turn(tab, scheme, screen)
        seen.barriers += [(scheme, screen["width"], *found) for found in tab.evaluate(AXE)]
    tab.close()
    return seen


def turn(tab, scheme, screen):
    """Show a page by day or by night, on a desk or on a phone."""
    tab.set_viewport_size(screen)
    tab.emulate_media(color_scheme=scheme)
    tab.wait_for_function("scheme => document.documentElement.dataset.theme === scheme", arg=scheme)


def try_controls(tab):
    """Move every control of every explorer by key and by mouse; say which picture and sentence were there after."""
    tried = []
    for figure in tab.query_selector_all("figure.homolib-explorer"):
        for control in figure.query_selector_all("input[type=range]:not([max='0'])"):
            before = control.evaluate(REACHED)
            states = []
            for key in ("Home", "ArrowRight", "Home"):
                tab.keyboard.press(key)
                states.append(figure.evaluate(STATE))
            box = control.bounding_box()
            tab.mouse.click(box["x"] + box["width"] - 3, box["y"] + box["height"] / 2)
            states.append(figure.evaluate(STATE))
            tried.append(states)
            control.evaluate("(e, v) => { e.value = v; e.dispatchEvent(new Event('input')); }", before)
    return tried


def try_folds(tab):
    """Open every folded box with the keyboard; say which stayed closed."""
    for button in tab.query_selector_all(".admonition.dropdown button.toggle-button"):
        button.evaluate("e => e.focus({preventScroll: true})")  # to scroll would lay out the whole page each time
        tab.keyboard.press("Enter")
    return tab.evaluate("() => [...document.querySelectorAll('.dropdown.toggle-hidden')].map(e => e.innerText)")


@pytest.mark.parametrize("page", PAGES)
def test_page_loads_without_an_error_and_asks_no_other_host(visit, page):
    assert (visit(page).problems, visit(page).foreign) == ([], [])


@pytest.mark.parametrize("page", PAGES)
def test_every_formula_is_rendered(visit, page):
    assert visit(page).formulas == {"raw": [], "wrong": [], "left": []}


@pytest.mark.parametrize("page", PAGES)
def test_nothing_sticks_out_of_a_screen(visit, page):
    assert visit(page).too_wide == []


@pytest.mark.parametrize("page", PAGES)
def test_a_button_shows_words_or_a_picture(visit, page):
    assert visit(page).blank == []


@pytest.mark.parametrize("page", PAGES)
def test_code_and_what_it_prints_need_no_scrolling(visit, page):
    """Only a table keeps its columns where the screen is too narrow."""
    assert visit(page).sideways == []


@pytest.mark.parametrize("page", CHAPTERS)
def test_text_stands_out_by_day_and_by_night(visit, page):
    assert min(visit(page).contrast.values()) > 4.5


@pytest.mark.parametrize("page", CHAPTERS)
def test_every_control_answers_by_key_and_by_mouse(visit, page):
    for first, arrow, home, click in visit(page).controls:
        assert all(visible for _, visible, _ in (first, arrow, home, click))
        assert home == first
        for moved in (arrow, click):  # a picture may stay: what does not matter shows in the sentence only
            assert moved[2] != first[2]


@pytest.mark.parametrize("page", PAGES)
def test_nothing_keeps_a_reader_out(visit, page):
    """With axe-core: no serious violation, and no critical one."""
    assert visit(page).barriers == []


@pytest.mark.parametrize("page", PAGES)
def test_a_keyboard_stops_where_there_is_something_to_do(visit, page):
    """At links, buttons, controls, pictures with values, and what scrolls: not at every formula."""
    assert (visit(page).stops, visit(page).out_of_reach) == ([], [])


@pytest.mark.parametrize("page", CHAPTERS)
def test_contents_of_a_page_lead_to_its_figures(page):
    listed = [link["href"] for link in soup(page).select(".bd-sidebar-secondary .toc-figures a")]
    assert listed == [f"#{figure['id']}" for figure in soup(page).select("figure.homolib")]


@pytest.mark.parametrize("page", PAGES)
def test_icons_are_in_the_page_and_nothing_is_loaded_for_them(page):
    text = (SITE / page).read_text(encoding="utf-8")
    assert "fontawesome" not in text
    assert {icon.name for icon in soup(page).select("[class*='fa-']")} <= {"svg"}


@pytest.mark.parametrize("page", CHAPTERS)
def test_folded_boxes_open_by_key(visit, page):
    assert visit(page).folds == []


@pytest.mark.parametrize("page", CHAPTERS)
def test_pictures_say_in_a_sentence_what_is_to_be_seen(page):
    for image in soup(page).select("img, [role=img]"):
        sentence = image.get("alt") or image.get("aria-label", "")
        assert len(sentence) > 20, sentence
        assert sentence.endswith("."), sentence
        assert not re.search(r"\.(png|svg|webp|jpe?g)\b", sentence), sentence


@pytest.mark.parametrize("page", PAGES)
def test_links_inside_the_book_lead_somewhere(page):
    broken = []
    for link in soup(page).find_all(["a", "link", "script", "img"]):
        target = link.get("href") or link.get("src") or ""
        if re.match(r"[a-z]+:|//|#$", target) or not target:
            continue
        name, anchor = urldefrag(urljoin(page, re.sub(r"\?[^#]*", "", target)))
        exists = (SITE / unquote(name)).is_file()
        if not exists or (anchor and name.endswith(".html") and unquote(anchor) not in anchors(name)):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("page", [page for page in CHAPTERS if Path(page).stem in book.chapter_numbers()])
def test_words_of_the_glossary_lead_there_and_say_what_they_mean(page):
    links = soup(page).select("article a.term")
    assert links
    for link in links:
        assert link["href"].startswith("glossary.html#term-")
        assert link["title"].endswith(".")
        assert "\\" not in link["title"]


@pytest.mark.parametrize("page", PAGES)
def test_nothing_is_fetched_from_elsewhere(page):
    """The browser sees only what a page does on loading; this also sees what it would do later."""
    links = soup(page).find_all(["script", "img", "iframe", "link", "source"])
    outside = [link for link in links if re.match(r"(https?:)?//", link.get("src") or link.get("href") or "")]
    assert outside == []
    assert not soup(page).find(string=re.compile("unpkg|jsdelivr|cdnjs|googleapis|mybinder"))


@pytest.mark.parametrize("page", CHAPTERS)
def test_page_is_light_and_has_one_search_box_and_one_title(page):
    assert (SITE / page).stat().st_size < HEAVIEST
    assert len(soup(page).select("input[name=q]")) == 1
    assert len(soup(page).select("article h1")) == 1


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_page_offers_its_notebook(source):
    page = f"chapters/{source.stem}.html"
    links = [link["href"] for link in soup(page).select("a[href$='.ipynb']") if ".ipynb" in link.get_text()]
    assert len(links) == 1
    nbformat.validate(nbformat.reads((SITE / urljoin(page, links[0])).read_text(encoding="utf-8"), 4))


def test_notebooks_number_theorems_exercises_and_formulas_as_the_site_does():
    labels = book.collect_labels(book.all_sources())
    compared = 0
    for page in CHAPTERS:
        for tag in soup(page).select("article [id]"):
            number = tag.select_one(":scope > .admonition-title > .caption-number, :scope > .eqno")
            label = tag["id"].removeprefix("equation-")
            if number and label in labels.number:
                assert number.find(string=True).strip() == labels.words[label]
                compared += 1
    assert compared == len([label for label in labels.number if label not in labels.page and label.islower()])


def test_notebooks_number_figures_as_the_site_does():
    labels = book.collect_labels(book.all_sources())
    shown = {
        source.stem: [words.get_text() for words in soup(f"chapters/{source.stem}.html").select(".homolib-number")]
        for source in book.all_sources()
    }
    assert shown == {stem: [labels.words[label] for label in found] for stem, found in labels.figures.items()}


def test_notebooks_number_sections_as_the_site_does():
    labels = book.collect_labels(book.all_sources())
    tags = {tag["id"]: tag for page in CHAPTERS for tag in soup(page).select("article [id]")}
    assert labels.section
    for label, number in labels.section.items():
        assert tags[label].find_next(["h1", "h2", "h3"]).select_one(".section-number").get_text().strip(" .") == number


@pytest.mark.parametrize("pale", ["color: #ddd", "background: #444", "opacity: .2"])
@pytest.mark.parametrize("kind", ["<p>{}</p>", "<div class='highlight'><pre><span class='k'>{}</span></pre></div>"])
def test_words_that_cannot_be_read_are_found(browser, kind, pale):
    """Axe looks behind one text of each kind only: what makes one of many hard to read makes it another kind."""
    tab = browser.new_page()
    odd = f"<div class='output' style='{pale}'>{kind.format('pale')}</div>"
    tab.set_content(f"<main><h1>T</h1>{kind.format('fine') * 3}{odd}{kind.format('fine') * 3}</main>")
    tab.evaluate(DRAWN)
    tab.evaluate(axe_core())
    found = {name: nodes for name, *nodes in tab.evaluate(AXE)}
    assert ["pale" in node for node in found["color-contrast"]] == [True]
    tab.close()


def test_a_page_that_hangs_is_looked_at_again_in_a_new_browser(patiently):
    tries = []

    def look(chromium):
        tries.append(chromium)
        tab = chromium.new_page()
        return tab.evaluate("async hangs => { while (hangs); return 'seen'; }", len(tries) == 1)

    assert patiently(look, patience=2) == "seen"
    assert len(set(tries)) == 2
    assert patiently(lambda chromium: chromium.new_page().evaluate("1 + 1")) == 2


def test_a_page_that_hangs_twice_is_a_failure(patiently):
    from playwright.sync_api import Error

    with pytest.raises(Error):
        patiently(lambda chromium: chromium.new_page().evaluate("async () => { while (true); }"), patience=1)


def test_nobody_else_can_be_asked(browser):
    from playwright.sync_api import Error

    tab = browser.new_page()
    with pytest.raises(Error, match="ERR_NAME_NOT_RESOLVED"):
        tab.goto("http://example.org")
    tab.close()


def test_reading_from_disk(browser):
    """Opened as files, with no server and no network, the pages show text, formulas and pictures."""
    context = browser.new_context(offline=True)
    tab = context.new_page()
    for page in (CHAPTERS[0], next(page for page in CHAPTERS if soup(page).select(".math"))):
        tab.goto((SITE / page).as_uri())
        tab.evaluate(pdf.SETTLED)
        assert tab.evaluate(FORMULAS) == {"raw": [], "wrong": [], "left": []}
        assert tab.locator("article h1").is_visible()
    context.close()


def test_reading_without_scripts(browser, address):
    """The first picture of an explorer and its sentence need no JavaScript."""
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    for page in [page for page in CHAPTERS if soup(page).select("figure.homolib-explorer")][:1]:
        tab.goto(address + page)
        figure = tab.locator("figure.homolib-explorer").first
        assert figure.locator("svg").first.is_visible()
        assert figure.locator("figcaption").is_visible()
    context.close()


def test_front_page_leads_to_the_book():
    refresh = soup("index.html").find("meta", attrs={"http-equiv": "Refresh"})["content"]
    assert (SITE / refresh.partition("url=")[2]).is_file()
