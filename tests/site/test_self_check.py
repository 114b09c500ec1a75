"""The questions at the end of a chapter answer a keyboard at once, and say all that they know without scripts."""

import json
import re

import pytest
from sphinx.search.en import SearchEnglish

import book
from book import SITE
from tests.site.pages import soup

CHAPTERS = list(book.chapter_numbers())
MOST_BYTES = 3000


@pytest.fixture(scope="module")
def visit(browser):
    """Open a page from disk, with no formulas: they are seconds of work."""
    contexts = []

    def visit(stem, **settings):
        contexts.append(browser.new_context(offline=True, **settings))
        contexts[-1].route("**/mathjax/**", lambda route: route.abort())
        tab = contexts[-1].new_page()
        tab.goto((SITE / f"chapters/{stem}.html").as_uri())
        return tab

    yield visit
    for context in contexts:
        context.close()


def words(text):
    return " ".join(text.split())


@pytest.fixture(scope="module")
def number(visit):
    """A question that asks for a number."""
    return visit("homogeneous-networks").locator(".self-check form:has(input[type=text])").first


@pytest.mark.parametrize("stem", CHAPTERS)
def test_every_answer_is_told_in_its_own_words_by_key(visit, stem):
    tab = visit(stem)
    forms = tab.locator(".self-check form").all()
    assert 3 <= len(forms) <= 5
    for form in forms:
        status, answers = form.get_by_role("status"), form.locator("li").all()
        form.locator("input").first.press("Enter")
        assert re.match("Choose|Type", status.text_content())
        for place, answer in enumerate(answers):
            field = form.locator("input[type=text]")
            if field.count():
                field.fill(answer.get_attribute("data-value") or "987654")
                field.press("Enter")
            else:
                form.locator("input").nth(place).press("Space")
                tab.keyboard.press("Tab")
                assert tab.evaluate("document.activeElement.textContent") == "Check"
                tab.keyboard.press("Enter")
            said = answer.locator("span").first.text_content()
            assert words(status.text_content()) == words(said)
            assert said.startswith("Yes." if answer.get_attribute("data-right") is not None else "Not quite.")
    assert tab.url.endswith(f"{stem}.html")  # nothing was sent
    tab.close()


@pytest.mark.parametrize(
    ("typed", "near"),
    [("{}", True), ("{low}", True), ("{high}", True), ("{below}", False), ("{above}", False), ("{comma}", True),
     (" {}/1 ", True), ("", None), ("much", None), ("1/", None), ("1/0", None), ("1/2/3", None), ("-", None)],
)  # fmt: skip
def test_a_number_is_compared_with_the_tolerance_that_the_page_states(number, typed, near):
    right = number.locator("li[data-right]")
    value, within = (float(right.get_attribute(f"data-{name}")) for name in ("value", "within"))
    assert f"to within {right.get_attribute('data-within')}" in number.locator("label").text_content()
    texts = {
        "low": value - within, "high": value + within, "below": value - 1.1 * within, "above": value + 1.1 * within,
        "comma": str(value).replace(".", ","),
    }  # fmt: skip
    number.locator("input").fill(typed.format(value, **texts))
    number.get_by_role("button").click()
    said = number.get_by_role("status").text_content()
    assert said.startswith({True: "Yes.", False: "Not quite.", None: "Type a number"}[near])


def test_without_scripts_answers_can_be_opened(visit):
    tab = visit(CHAPTERS[0], java_script_enabled=False)
    for form in tab.locator(".self-check form").all():
        assert not form.locator("button").is_visible()
        assert not form.locator("li").first.is_visible()
        form.locator("summary").press("Enter")
        assert all(answer.is_visible() for answer in form.locator("li").all())


def test_paper_asks_and_answers_in_small_print(visit):
    tab = visit(CHAPTERS[0])
    key = tab.locator(".self-check-key")
    assert not key.is_visible()
    tab.emulate_media(media="print")
    assert key.is_visible()
    assert re.fullmatch(r"Answers: (\d: (\([a-e]\)|[−\d.]+)(; |\.$))+", key.text_content())
    assert tab.locator(".self-check legend").first.is_visible()
    assert not tab.locator(".self-check :is(button, summary, [role=status])").first.is_visible()


def test_the_search_does_not_find_what_is_said_to_be_so_and_is_not():
    """Words that a page has in its questions only are not among those by which the search finds the page."""
    text = (SITE / "searchindex.js").read_text(encoding="utf-8")
    index, stemmer = json.loads(text[text.index("{") : text.rindex("}") + 1]), SearchEnglish({})
    only_there = 0
    for stem in CHAPTERS:
        page, whole = index["docnames"].index(f"chapters/{stem}"), soup(f"chapters/{stem}.html").get_text(" ")
        box = soup(f"chapters/{stem}.html").select_one(".self-check").get_text(" ")
        assert box in whole
        mine, others = (
            {stemmer.stem(word.lower()) for word in re.findall(r"[A-Za-z]+", text)}
            for text in (box, whole.replace(box, ""))
        )
        found = {word for word, at in index["terms"].items() if page in (at if isinstance(at, list) else [at])}
        assert len(found & others) > 100
        assert found & (mine - others) == set()
        only_there += len(mine - others)
    assert only_there > 100


@pytest.mark.parametrize("stem", CHAPTERS)
def test_every_field_has_a_name_and_stands_in_a_group_that_asks(stem):
    box = soup(f"chapters/{stem}.html").select_one("#test-yourself .self-check")
    assert not box.select("a")  # a link in a choice would be in its way
    for form in box.select("form"):
        assert form.fieldset.legend.get_text().strip()
        assert all(field.find_parent("label").get_text().strip() for field in form.select("input"))
        assert len(form.select("li[data-right]")) == 1


def test_the_script_is_small():
    assert (book.ROOT / "_static/self-check.js").stat().st_size < MOST_BYTES
