"""What readers pass on: links to results and exercises, and the words in which a page is announced beside a link."""

import html
import re

import pytest
from docutils import nodes
from docutils.utils import new_document

import book
import sharing

SITE = book.SITE
PAGES = sorted(f"chapters/{path.name}" for path in SITE.glob("chapters/*.html"))
RESULT = re.compile(
    r'<div class="(?:proof|exercise) [^"]*" id="([^"]+)">\s*<p class="admonition-title">(.*?)</p>', re.DOTALL
)


def said(page):
    text = (SITE / page).read_text(encoding="utf-8")
    found = re.findall(r'<meta (?:property|name)="(og:[\w:]+|description)" content="([^"]*)"', text)
    return {name: html.unescape(value) for name, value in found}


@pytest.mark.parametrize("page", PAGES)
def test_page_is_announced_by_its_title_and_what_it_is_good_for(page):
    words = said(page)
    assert words["og:site_name"] == "Small Beginnings"
    assert words["og:title"]
    if "description" in words:
        assert words["description"] == words["og:description"]
        assert not re.search(r"[\\${}]", words["description"])
    if page == "chapters/who-branches.html":
        assert words["description"].startswith("After this chapter you can say which starts off the kinks branch in")
        assert "|v_0|" in words["description"]


@pytest.mark.parametrize("page", PAGES)
def test_results_and_exercises_carry_links_to_themselves(page):
    for anchor, title in RESULT.findall((SITE / page).read_text(encoding="utf-8")):
        number = re.search('caption-number">(.*?) ?</span>', title)
        if number:
            assert f'href="#{anchor}" aria-label="Link to {number[1]}"' in title


def test_there_are_links():
    assert sum((SITE / page).read_text(encoding="utf-8").count('aria-label="Link to ') for page in PAGES) > 200


def test_a_link_is_copied_when_it_is_followed(browser, address):
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    tab = context.new_page()
    tab.goto(f"{address}chapters/neural-correlation.html", wait_until="domcontentloaded")
    link = tab.locator(".proof .headerlink").first
    assert tab.locator(".book-told").is_hidden()
    link.focus()
    link.press("Enter")
    tab.locator(".book-told-now").wait_for()
    copied = tab.evaluate("navigator.clipboard.readText()")
    assert copied == tab.url == f"{address}chapters/neural-correlation.html{link.get_attribute('href')}"
    tab.locator(".book-told").wait_for(state="hidden")
    context.close()


def document(*parts):
    page = new_document("page")
    page += nodes.section("", *parts)
    return page


def test_formulas_become_words_and_goals_come_first():
    first = nodes.paragraph("", "With ", nodes.math("", r"\delta"), nodes.Text(" it is different."))
    second = nodes.paragraph("", "Plain words.")
    goals = nodes.admonition("", nodes.title("", "Goals"), nodes.paragraph("", "Find ", nodes.math("", r"\delta_k")))
    goals["classes"] = ["goals"]
    assert sharing.description(document(first.deepcopy(), second.deepcopy())) == "Plain words."
    assert sharing.description(document(first, second, goals)) == "Find δ_k"
    assert sharing.description(document(nodes.comment("", "nothing"))) == ""


def test_an_address_brings_a_picture(tmp_path):
    """The picture has the size that previews ask for."""
    figure, sentence = sharing.card()
    figure.savefig(tmp_path / "card.png", dpi=100)
    header = (tmp_path / "card.png").read_bytes()[:24]
    assert [int.from_bytes(header[k : k + 4], "big") for k in (16, 20)] == [1200, 630]
    assert "$" not in sentence
