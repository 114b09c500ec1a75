"""The pages on the library show all of it, and the worked calls of the wings do what they print."""

import doctest
import importlib
import re

import pytest

import book

WINGS = [path.parent.name for path in sorted((book.ROOT / "homolib").glob("*/__init__.py"))]


def shown(page):
    """Modules that a page documents."""
    text = (book.ROOT / f"chapters/{page}.md").read_text(encoding="utf8")
    return re.findall(r"automodule:: (homolib[\w.]*)", text)


@pytest.mark.parametrize("wing", WINGS)
def test_every_module_is_on_the_page_of_its_wing(wing):
    rooms = [f"homolib.{wing}.{path.stem}" for path in (book.ROOT / "homolib" / wing).glob("[!_]*.py")]
    rooms = [] if wing == "figures" else rooms  # its functions are shown with the wing
    assert sorted(shown(f"api-{wing}")) == sorted([f"homolib.{wing}", *rooms])


def test_the_first_page_has_what_is_in_no_wing():
    single = {f"homolib.{path.stem}" for path in (book.ROOT / "homolib").glob("[!_]*.py")}
    assert set(shown("api")) == single


@pytest.mark.parametrize("wing", WINGS)
def test_the_worked_call_of_a_wing_does_what_it_prints(wing):
    module = importlib.import_module(f"homolib.{wing}")
    outcome = doctest.testmod(module)
    assert outcome.attempted >= 3
    assert outcome.failed == 0


@pytest.mark.parametrize("wing", [wing for wing in WINGS if wing not in {"figures", "explore"}])  # these are for all
def test_a_wing_names_the_chapters_that_introduce_it(wing):
    line = re.search(r"^Chapters?: (.*)\.$", importlib.import_module(f"homolib.{wing}").__doc__, re.MULTILINE)[1]
    named = re.findall(r"`([\w-]+)`", line)
    assert named
    assert all((book.ROOT / f"chapters/{name}.md").exists() for name in named)
