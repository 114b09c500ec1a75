"""One letter, one meaning: what chapters declare at the end of their Recall, against the page of notation."""

import re
from collections import Counter
from pathlib import Path

import pytest

import book

CHAPTERS = Path(__file__).parents[2] / "chapters"
NOTATION = (CHAPTERS / "notation.md").read_text(encoding="utf-8")
FORMULA = re.compile(r"\$(.+?)\$")
SAID = {"the", "and", "its", "with", "which", "that", "where", "for", "from", "there", "also", "this"}


def rows(text):
    """Symbols, and the other cells, of each row of the tables in a text."""
    for line in re.findall(r"^\| (\$.*) \|$", text, re.MULTILINE):
        symbols, *cells = re.split(r" \|(?: |$)", line)
        yield FORMULA.findall(symbols), cells


general, single = NOTATION.split("(notation-single)=")
GENERAL = {symbol: cells[0] for symbols, cells in rows(general) for symbol in symbols}
SINGLE = [
    (symbol, cells[0], re.findall(r"chapter-([\w-]+)", cells[-1]))
    for symbols, cells in rows(single)
    for symbol in symbols
]


def declared(page):
    """Symbol and meaning of each letter that a chapter declares."""
    text = (CHAPTERS / f"{page}.md").read_text(encoding="utf-8")
    item = re.search(r"^\* \*Letters\.\*\n((?:  .*\n)+)", text, re.MULTILINE)
    found = []
    for part in re.split(r"; (?=\$)", " ".join(item[1].split()).removesuffix(".")) if item else []:
        said = re.fullmatch(r"\$(.+?)\$ (?:is|are) (.+)", part)
        assert said, f'{page}: "{part}" is not of the form "$x$ is ..."'
        found.append(said.groups())
    return found


def content(text):
    """Words and formulas by which two meanings are compared."""
    parts = [part for tex in FORMULA.findall(text) for part in tex.split("=")]
    formulas = {re.sub(r"\\[,;!]| |\\lVert|\\rVert|\\\||\|", "", part) for part in parts}
    return formulas | {word for word in re.findall(r"[a-z]{3,}", FORMULA.sub("", text.lower())) if word not in SAID}


def meanings(symbol, page):
    """What the page of notation says of a symbol in a chapter."""
    bare = re.sub(r"\(.*\)$", "", symbol)
    own = [meaning for name, meaning, where in SINGLE if name in (symbol, bare) and page in where]
    return own or [GENERAL[name] for name in (symbol, bare) if name in GENERAL][:1]


PAGES = sorted(path.stem for path in CHAPTERS.glob("*.md") if "* *Letters.*" in path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", PAGES)
def test_a_letter_that_a_chapter_declares_means_what_the_page_of_notation_says(page):
    for symbol, meaning in declared(page):
        said = meanings(symbol, page)
        assert said, f"{symbol} of {page} is not on the page of notation"
        assert any(content(meaning) & content(other) for other in said), (symbol, meaning, said)


def test_a_symbol_of_the_general_tables_stands_there_once():
    count = Counter(symbol for symbols, _ in rows(general) for symbol in symbols)
    assert [symbol for symbol, times in count.items() if times > 1] == []


def test_a_symbol_has_one_meaning_in_each_chapter():
    count = Counter((symbol, page) for symbol, _, where in SINGLE for page in where)
    assert [pair for pair, times in count.items() if times > 1] == []


@pytest.mark.parametrize(("symbol", "page"), [(symbol, page) for symbol, _, where in SINGLE for page in where])
def test_a_letter_of_a_single_chapter_stands_there(symbol, page):
    assert symbol.replace(r"\!", "") in book.text_of(page).replace(r"\!", "")


def test_what_is_compared():
    assert len(PAGES) > 10
    assert len(GENERAL) > 50
    assert content(r"the length $\|u\|$ of the weights") & content(r"$\lVert u\rVert$, a norm") == {"u"}
    assert not content("the sign of $v$") & content("rescaled weights $w/\\delta$")
