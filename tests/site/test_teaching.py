"""The part "Teaching" of the site: notebooks to take home, and figures in a state."""

import html
import json
import zipfile
from urllib.parse import parse_qsl, unquote, urldefrag, urljoin

import nbformat
import pytest

import course_pages
import sheets
import take_home
from book import SITE
from tests.site.pages import soup

SETS = [source.stem for source in sheets.all_sources()]


@pytest.mark.parametrize("name", SETS)
def test_a_set_offers_what_students_take_home(name):
    page = f"chapters/set-{name}.html"
    links = {urljoin(page, link["href"]) for link in soup(page).select(".header-article-items a[href]")}
    assert {f"problem-sets/{name}.ipynb", f"problem-sets/{name}.zip"} <= links
    shipped = (SITE / f"problem-sets/{name}.ipynb").read_text(encoding="utf-8")
    made = course_pages.students_notebooks()[name]
    assert [cell.source for cell in nbformat.reads(shipped, 4).cells] == [cell.source for cell in made.cells]
    with zipfile.ZipFile(SITE / f"problem-sets/{name}.zip") as archive:
        files = {path.removeprefix(f"{name}/"): archive.read(path) for path in archive.namelist()}
    assert set(files) == {f"{name}.ipynb", take_home.wheel_name(), "README.txt", "requirements.txt"}
    assert files[f"{name}.ipynb"].decode() == shipped
    assert files[take_home.wheel_name()] == (SITE / "problem-sets" / take_home.wheel_name()).read_bytes()


def states():
    """Every link to a figure in a state: the page, the figure and the values."""
    for path in sorted((SITE / "chapters").glob("teaching*.html")):
        for link in soup(f"chapters/{path.name}").select("article a.figure-state"):
            target, anchor = urldefrag(urljoin(f"chapters/{path.name}", link["href"]))
            figure, _, query = anchor.partition("?")
            yield target, figure, dict(parse_qsl(query)), link.get_text()


def test_states_are_values_that_sliders_have():
    found = list(states())
    assert len(found) > 30
    for target, figure, values, words in found:
        there = soup(target).find("figure", id=figure)
        texts = {slider["name"]: json.loads(html.unescape(slider["data-texts"])) for slider in there.select("input")}
        assert words.startswith(there.select_one(".homolib-number").get_text())
        assert set(values) <= set(texts)
        assert all(value in texts[name] for name, value in values.items())


def test_a_state_opens_the_figure_as_it_says(browser, address):
    """The hardest ones to write in an address: words with spaces, and signs."""
    hard = [one for one in states() if any(" " in value or "-" in value for value in one[2].values())]
    assert len(hard) > 5
    context = browser.new_context()
    context.route("**/mathjax/**", lambda route: route.abort())
    page = "chapters/teaching-syllabus.html"
    for link in soup(page).select("article a.figure-state[href*='%20'], article a.figure-state[href*='=-']"):
        tab = context.new_page()
        tab.goto(address + urljoin(page, link["href"]), wait_until="commit")
        figure, _, query = urldefrag(link["href"])[1].partition("?")
        number = tab.locator(f"#{figure} .homolib-number")
        tab.wait_for_function(
            "([name, part]) => document.querySelector(`#${name} .homolib-number`)?.hash.includes(part)",
            arg=[figure, query.partition("&")[0]],
        )
        assert (
            dict(parse_qsl(query)).items()
            <= dict(parse_qsl(unquote(number.get_attribute("href").partition("?")[2]))).items()
        )
        tab.close()
    context.close()
