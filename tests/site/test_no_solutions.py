"""No solution, hidden test or rubric of a problem set is in any file that the site ships, nor in the book on paper.

A line of a solution is looked for as its letters and digits, in a row: pages break lines, colour code, and escape what
they show. Files are first read for what they say: pages without tags, notebooks cell by cell, archives file by file.
"""

import html
import io
import json
import re
import zipfile
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer
from pypdf import PdfReader
from sphinx.search.en import SearchEnglish

import book
import sheets
from tests.course.conftest import PARTS, SMALL, marked_strings, shown

SITE = Path(__file__).parents[2] / "_build/html"
PAPER = SITE.parent / "small-beginnings.pdf"
MARKUP, ARCHIVES = {".html", ".svg", ".xml"}, {".zip", ".whl"}
MUTE = {".png", ".ico", ".woff2", ".woff", ".ttf", ".buildinfo", ".gz"}  # nothing is written in them
LETTERS = 30  # of a line; shorter ones may be anybody's


def letters(text):
    """Letters and digits alone."""
    return re.sub(r"[^A-Za-z0-9]+", "", text)


def strings(value):
    """All that is said in JSON."""
    if isinstance(value, dict | list):
        return "\n".join(map(strings, value.values() if isinstance(value, dict) else value))
    return str(value)


def read(name, data):
    """What the files of this file say, by name, as letters and digits."""
    kind = Path(name).suffix
    if kind in ARCHIVES:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            inside = [read(f"{name}/{part}", archive.read(part)) for part in archive.namelist()]
        return {part: text for found in inside for part, text in found.items()}
    if kind == ".pdf":
        return {name: letters("".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages))}
    text = data.decode("utf-8", errors="replace")
    if kind == ".ipynb":
        text = "\n".join(
            strings(cell["source"]) + strings(cell.get("outputs", "")) for cell in json.loads(text)["cells"]
        )
    if kind in MARKUP:
        text = html.unescape(re.sub(r"<[^<>]*>", "", text))
    return {name: letters(text)}


def read_all(folder):
    """What all files of a folder say."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix not in MUTE]
    found = [read(str(path.relative_to(folder)), path.read_bytes()) for path in files if "mathjax" not in path.parts]
    return {name: text for texts in found for name, text in texts.items()}


def marks_of(sheet):
    """Distinctive lines of everything in a set that students do not see."""
    lines = map(letters, marked_strings(sheet) - shown(sheet))
    seen = letters("\n".join(PARTS.sub("", cell.source) for cell in sheet.notebook.cells))
    return {line for line in lines if len(line) > LETTERS and line not in seen}


def leaks(texts, marks):
    """Which of these lines is in which file."""
    return {(mark, name) for name, text in texts.items() for mark in marks if mark in text}


@pytest.fixture(scope="module")
def texts():
    """All that the site says, and the book on paper if it has been made."""
    if not (SITE / "index.html").is_file():
        pytest.fail("there is no site in _build/html: run `make book`")
    return read_all(SITE) | (read(PAPER.name, PAPER.read_bytes()) if PAPER.is_file() else {})


def test_the_search_finds_what_pages_show(texts):
    """Sentences of every chapter, which the site shows, are found in the same way."""
    for page in book.all_sources():
        shows = re.findall(r"^[A-Z][A-Za-z ,;:]{50,}[.]$", page.read_text(encoding="utf-8"), re.MULTILINE)
        found = [any(letters(line) in text for text in texts.values()) for line in shows]
        assert sum(found) >= 0.9 * len(found), page.stem


@pytest.mark.parametrize("source", sheets.all_sources(), ids=lambda source: source.stem)
def test_the_search_finds_what_students_see(texts, source):
    """Every line of a stub or of a visible check is found on the page of the set, in its notebook and in its zip."""
    sheet, name = sheets.read(source), source.stem
    code = [cell.source for cell in sheet.notebook.cells[1:] if cell.cell_type == "code"]
    lines = {letters(line) for text in code for line in PARTS.sub("", text).splitlines()}
    lines = {line for line in lines if len(line) > LETTERS and not line.endswith("whenyouhavehandedin")}
    places = [f"chapters/set-{name}.html", f"problem-sets/{name}.ipynb", f"problem-sets/{name}.zip/{name}/{name}.ipynb"]
    assert len(leaks({place: texts[place] for place in places}, lines)) == len(places) * len(lines) > 0


@pytest.mark.parametrize("source", sheets.all_sources(), ids=lambda source: source.stem)
def test_no_solution_is_in_the_site(texts, source):
    marks = marks_of(sheets.read(source))
    assert len(marks) > 50
    assert leaks(texts, marks) == set()


def test_names_in_solutions_are_not_in_the_index_of_the_search():
    """The index has words and no lines; so words with an underscore that only solutions have."""
    pages = [*book.ROOT.glob("chapters/*.md"), *book.ROOT.glob("homolib/**/*.py")]
    cells = [cell.source for sheet in map(sheets.read, sheets.all_sources()) for cell in sheet.notebook.cells]
    shows = "\n".join(PARTS.sub("", cell) for cell in cells)
    seen = shows + "\n".join(path.read_text(encoding="utf-8") for path in pages)
    hides = "\n".join(part[1] for cell in cells for part in PARTS.findall(cell))
    text = (SITE / "searchindex.js").read_text(encoding="utf-8")
    index, stem = json.loads(text[text.index("{") : text.rindex("}") + 1])["terms"], SearchEnglish({}).stem
    names = [set(re.findall(r"\b[a-z]+(?:_[a-z]+)+\b", code)) for code in (hides, shows)]
    tried = {name for name in names[0] if name not in seen}
    assert len(tried) > 4
    assert {name for name in tried if stem(name) in index} == set()
    assert {"block_order", "waiting_time"} <= {name for name in names[1] if stem(name) in index}


@pytest.mark.parametrize("source", sheets.all_sources(), ids=lambda source: source.stem)
def test_the_source_of_a_page_is_not_that_of_its_set(source):
    shipped = SITE / f"_sources/chapters/set-{source.stem}.md"
    assert shipped.read_text(encoding="utf-8") == f"(set-{source.stem})=\n```{{course}} {source.stem}\n```\n"


PLANTS = {
    "page.html": lambda code: highlight(code, PythonLexer(), HtmlFormatter()).encode(),
    "_sources/page.md": lambda code: f"a < b\n{code}".encode(),
    "page.ipynb": lambda code: json.dumps({"cells": [{"source": ["if a < b:\n", code]}]}).encode(),
    "output.ipynb": lambda code: json.dumps({"cells": [{"source": "", "outputs": [{"text": [code]}]}]}).encode(),
    "searchindex.js": lambda code: f"Search.setIndex({json.dumps({'titles': [code]})})".encode(),
    "sets.zip": lambda code: zipped("set/set.ipynb", PLANTS["page.ipynb"](code)),
    "library.whl": lambda code: zipped("homolib/x.py", code.encode()),
    "all.zip": lambda code: zipped("library.whl", PLANTS["library.whl"](code)),
    "picture.svg": lambda code: f"<svg><text>{html.escape(code)}</text></svg>".encode(),
    "book.pdf": lambda code: printed(code),
}


def zipped(name, data):
    """An archive with one file."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(name, data)
    return archive.getvalue()


def printed(text):
    """A PDF with one line."""
    out = io.BytesIO()
    with plt.rc_context({"pdf.fonttype": 42}):
        figure = plt.figure(figsize=(12, 1))
        figure.text(0, 0.5, text, parse_math=False)
        figure.savefig(out, format="pdf")
        plt.close(figure)
    return out.getvalue()


@pytest.mark.parametrize("name", PLANTS)
def test_a_planted_solution_is_found(tmp_path, name):
    sheet = sheets.read(SMALL)
    line = max(marked_strings(sheet) - shown(sheet), key=lambda line: ("marked_solution" in line, len(line)))
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_bytes(PLANTS[name]("nothing to see"))
    assert leaks(read_all(tmp_path), marks_of(sheet)) == set()
    (tmp_path / name).write_bytes(PLANTS[name](line))
    assert {mark for mark, _ in leaks(read_all(tmp_path), marks_of(sheet))} == {letters(line)}
