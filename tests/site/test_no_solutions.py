"""No solution, hidden test or rubric of a problem set is in any file of the site."""

import re
import zipfile
from pathlib import Path

import pytest

import book
import sheets
from tests.course.conftest import marked_strings, shown

SITE = Path(__file__).parents[2] / "_build/html"
READ = {".html", ".js", ".json", ".txt", ".md", ".ipynb", ".py", ".inv", ".css", ".svg", ".xml", ".yml", ".csv"}


def plain(text):
    """Letters and digits alone: pages break lines, colour code and escape what they show."""
    return re.sub(r"[^A-Za-z0-9]+", "", re.sub(r"<[^>]*>|&[a-z]+;|&#\d+;|\\\\n|\\\\u....", "", text))


@pytest.fixture(scope="module")
def texts():
    """Every file of the site, and every file in its archives, as letters and digits."""
    if not (SITE / "index.html").is_file():
        pytest.fail("there is no site in _build/html: run `make book`")
    found = {}
    for path in SITE.rglob("*"):
        if path.suffix in (".zip", ".whl"):
            with zipfile.ZipFile(path) as archive:
                inside = {name: archive.read(name) for name in archive.namelist() if Path(name).suffix in READ}
            found |= {f"{path.name}/{name}": plain(text.decode(errors="replace")) for name, text in inside.items()}
        elif path.suffix in READ and "mathjax" not in path.parts:
            found[str(path.relative_to(SITE))] = plain(path.read_text(encoding="utf-8", errors="replace"))
    return found


def test_the_search_finds_what_pages_show(texts):
    """Sentences of every chapter, which the site shows, are found in the same way."""
    for page in book.all_sources():
        shows = re.findall(r"^[A-Z][A-Za-z ,;:]{50,}[.]$", page.read_text(encoding="utf-8"), re.MULTILINE)
        found = [any(plain(line) in text for text in texts.values()) for line in shows]
        assert sum(found) >= 0.9 * len(found), page.stem


@pytest.mark.parametrize("source", sheets.all_sources(), ids=lambda source: source.stem)
def test_no_solution_is_in_the_site(texts, source):
    sheet = sheets.read(source)
    marks = {plain(mark) for mark in marked_strings(sheet) - shown(sheet)}
    marks = {mark for mark in marks if len(mark) > 30}
    assert len(marks) > 50
    leaks = {(mark, name) for name, text in texts.items() for mark in marks if mark in text}
    assert not leaks
