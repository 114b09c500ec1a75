"""What a reader looks for comes first, under a name that can be read, quoted without raw formulas."""

import json
import re

import pytest

import finding
from book import SITE
from tests.site.pages import soup

FIRST = {  # what is typed: where the first result has to lead
    "early alignment": ("small-initialization", "thm-5-1"),
    "KKT point": ("neural-correlation", "def-kkt"),
    "sliding mode": ("glossary", "term-sliding-mode"),
    "Lojasiewicz": ("glossary", "term-ojasiewicz-inequality"),
    "Theorem 4.5": ("gradient-flow", "thm-finite-length"),
    "definition 6.1": ("neural-correlation", "def-ncf"),
    "Figure 8.1": ("small-initialization", "fig-8-1"),
    "Mirror": ("non-branching-details", "prp-mirror"),
    "higher homogeneity": ("higher-homogeneity", None),
}


@pytest.fixture
def results(browser, address):
    """Type something into the search: the links, titles and quotations that come up."""
    context = browser.new_context()

    def search(words):
        tab = context.new_page()
        tab.goto(f"{address}search.html?q={words}")
        tab.locator(".search-summary", has_text="finished").wait_for()
        tab.locator("ul.search li p.context").first.wait_for()
        return tab.locator("ul.search > li").evaluate_all(
            "list => list.map(item => [item.querySelector('a').getAttribute('href'), item.innerText])"
        )

    yield search
    context.close()


def titles_of_search():
    text = (SITE / "searchindex.js").read_text(encoding="utf-8")
    return json.loads(text[text.index("{") : text.rindex("}") + 1])["alltitles"]


@pytest.mark.parametrize("words", FIRST)
def test_the_right_place_comes_first_and_can_be_read(results, words):
    found = results(words)
    page, anchor = FIRST[words]
    link = re.sub(r"\?.*?(?=#|$)", "", found[0][0])
    assert link.endswith(f"chapters/{page}.html{'#' + anchor if anchor else ''}")
    assert not any("\\(" in text or "\\[" in text for _, text in found[:8])


@pytest.mark.parametrize("kind", ["result", "exercise"])
def test_every_result_and_exercise_has_an_entry_and_stands_in_its_list(kind):
    titles = titles_of_search()
    page = soup(f"chapters/all-{kind}s.html")
    listed = {link["href"].partition("#")[2] for link in page.select(".list-of a")}
    for label, (name, tag) in finding.named(kind).items():
        assert label in listed
        for words in finding.names_of(label, name, tag):
            assert any(anchor == label for _, anchor in titles[words])


def test_names_are_words():
    for title in titles_of_search():
        assert "\\" not in title
        assert title.strip() == title
        assert title not in ("Answer", "Predict")


def test_formulas_in_names_become_words():
    assert finding.without_tex(r"One polygon for all $|v_0|$ and $\delta$") == "One polygon for all |v0| and delta"
    assert finding.ascii_only("Kurdyka–Łojasiewicz’s") == "Kurdyka-Lojasiewicz's"
    assert "Theorem 5.1 (paper)" in finding.names_of("thm-5-1", "Early alignment", "Theorem 5.1")
