"""One page on paper, as a reader prints it from the browser: whole, light, numbered; and its exercises as a sheet."""

import io
import re
import unicodedata

import pytest
from pypdf import PdfReader

import paper
import pdf
from book import SITE

PAGE = "chapters/a-figure-reproduced.html"


@pytest.fixture(scope="module")
def printed(browser):
    """Open the page from disk with no network, do something, and print it: the tab and the PDF."""
    contexts = []

    def printed(scheme="light", before=lambda tab: None):
        context = browser.new_context(offline=True, color_scheme=scheme, viewport={"width": pdf.WIDTH, "height": 900})
        contexts.append(context)
        tab = context.new_page()
        tab.goto((SITE / PAGE).as_uri())
        tab.evaluate(pdf.SETTLED)
        before(tab)
        return tab, PdfReader(io.BytesIO(tab.pdf(format="A4")))

    yield printed
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def whole(printed):
    """The page as it is."""
    return printed()


def numbers_and_words(sheets):
    """The first word of each page, which is its number, and all others, with ligatures taken apart."""
    pages = [unicodedata.normalize("NFKC", page.extract_text()).split() for page in sheets.pages]
    return [number for number, *_ in pages], " ".join(word for _, *words in pages for word in words)


def test_paper_has_the_whole_page_and_nothing_to_click_at(whole):
    tab, sheets = whole
    numbers, words = numbers_and_words(sheets)
    assert numbers == [str(k + 1) for k in range(len(sheets.pages))]
    assert words.startswith("10. ")
    for title in tab.locator("article :is(h1, h2, h3)").all():
        assert title.inner_text().rstrip("#").split("\n")[0].strip() in words
    assert words.count("Solution") >= tab.locator(".solution").count() > 3
    assert not re.search(r"\\[(\[]|Print the exercises|Show the code|Click to|previous|Contents", words)


def test_nothing_is_cut_at_the_margin(whole):
    tab, _ = whole
    tab.emulate_media(media="print")
    assert tab.evaluate(pdf.CUT, pdf.WIDTH) == []
    tab.add_style_tag(content="article pre { white-space: pre !important; overflow: auto !important; width: 9cm }")
    assert tab.evaluate(pdf.CUT, pdf.WIDTH)  # as it would be without a style for paper


def test_paper_is_light_by_night(whole, printed):
    by_day = [page.get_contents().get_data() for page in whole[1].pages]
    tab, sheets = printed("dark")
    assert [page.get_contents().get_data() for page in sheets.pages] == by_day
    assert tab.evaluate("document.documentElement.dataset.theme") == "dark"  # on the screen, again


def test_exercises_are_a_sheet_of_their_own(printed):
    def press(tab):
        tab.evaluate("window.print = () => {}")  # the dialog of the browser
        button = tab.get_by_role("button", name="Print the exercises")
        button.focus()
        tab.keyboard.press("Enter")

    tab, sheets = printed(before=press)
    _, words = numbers_and_words(sheets)
    titles = tab.locator(".exercise > .admonition-title").all_inner_texts()
    named = [" ".join(title.removesuffix("#").split()) for title in titles]  # the link to it does not print
    assert [words.find(title) > 0 for title in named] == [True] * len(titles)
    assert words.startswith("10. ")
    assert "Solution" not in words
    assert len(sheets.pages) < 4
    assert tab.locator(".solution").first.is_visible()  # on the screen, as before


def test_in_the_book_solutions_stand_at_the_end_and_links_lead_to_places():
    """Of two pages, of which one is all that there is: what leads elsewhere is no link, but for other hosts."""
    pages = {stem: paper.load(stem) for stem in ("a-figure-reproduced", "staircases")}
    chapter = paper.article(pages, "a-figure-reproduced")
    exercises = len(chapter.select(".exercise"))
    solutions = paper.take_solutions(chapter, "a-figure-reproduced")
    assert len(solutions) == exercises > 3
    assert not chapter.select(".solution, details, script, .headerlink")
    assert [f"#{solution['id']}" for solution in solutions] == [link["href"] for link in chapter.select(".paper-see a")]
    titles = [solution.select_one(".admonition-title").get_text().strip() for solution in solutions]
    assert all(title.startswith(f"Exercise 10.{k}") for k, title in enumerate(titles, start=1))
    links = {link["href"] for part in (chapter, *solutions) for link in part.select("a[href]")}
    assert all(link.startswith(("#a-figure-reproduced", "#staircases", "https://")) for link in links)
