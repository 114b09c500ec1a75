"""The map of the paper is complete, and each of its links leads to the chapter and the test that it names."""

import re

import pytest

import book

ROOT = book.ROOT
MAP = ROOT / "chapters/paper-map.md"
ITEMS = [
    *(f"Assumption {i}" for i in (1, 2, 3)),
    *(f"Definition {i}" for i in ("4.1", "A.1")),
    *(f"Theorem {i}" for i in ("5.1", "5.5")),
    *(f"Corollary {i}" for i in ("5.4.1", "B.1.1")),
    *(f"Lemma {i}" for i in ("5.2", "5.3", "5.4", "5.6", "B.1", "D.1", "E.1", "E.2", "H.1", "I.1", "I.2", "J.1")),
    *(f"Lemma A.{i}" for i in (1, 2, 3, 4)),
    *(f"Lemma C.{i}" for i in (1, 2, 3, 4, 5, 6, 7)),
    *(f"Figure {i}" for i in (1, 2, 3, 4)),
    *(f"Appendix {i}" for i in ("G.1", "G.2")),
]
EQUATIONS = range(1, 100)
REFERENCE = re.compile(r"\{(?:prf:ref|ref|eq)\}`(?:[^`<]*<)?([\w-]+)>?`")
OF_THE_PAPER = re.compile(r"(?:thm|lem|cor|def|asm|ex)-(?:\d|[a-j]-\d)[\d-]*")  # lem-5-3, ex-g-1, but not ex-wolfe


def rows(text):
    """The cells of every row of the tables, without their heads."""
    found = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("|")]
    return [row for row in found if row[0] != "in the paper" and not row[0].startswith("---")]


def equations(item):
    """Numbers of the equations that an item names: (4) is one, (6)–(8) are three."""
    spans = re.findall(r"\((\d+)\)(?:–\((\d+)\))?", item)
    return [number for first, last in spans for number in range(int(first), int(last or first) + 1)]


def own_items(item):
    """The numbered statements that a row is about; the proof of one has a row of its own."""
    return [] if "roof of" in item else re.findall("|".join(map(re.escape, sorted(ITEMS, key=len, reverse=True))), item)


def labels_of(chapter):
    """The labels that a chapter sets."""
    text = book.text_of(chapter)
    found = re.findall(r"^:label:\s*(\S+)|^\((\S+)\)=$|\$\$ \((\S+)\)", text, re.MULTILINE)
    return {"".join(groups) for groups in found}


def complaints(row):
    """What is wrong with the links of a row."""
    _, place, done, checks = row
    labels = REFERENCE.findall(place)
    chapters = [label.removeprefix("chapter-") for label in labels if label.startswith("chapter-")]
    if len(chapters) != 1 or not (ROOT / f"chapters/{chapters[0]}.md").exists():
        return [f"{place}: not one chapter"]
    missing = set(labels) - labels_of(chapters[0])
    found = [f"{label} is not in {chapters[0]}" for label in missing]
    for check in checks.split(", "):
        if check != "cells" and not (ROOT / f"tests/homolib/{check.strip('`')}.py").exists():
            found.append(f"no test {check}")
    if "cells" in checks and "\nassert " not in book.text_of(chapters[0]):
        found.append(f"no cell of {chapters[0]} asserts anything")
    verbs = r"defined|stated|proved|corrected|extended|cited|seen"
    return found + [f"{done}: what is that?" for part in done.split(", ") if not re.match(verbs, part)]


ROWS = rows(MAP.read_text(encoding="utf-8"))


def test_every_numbered_item_has_one_row():
    assert sorted(item for row in ROWS for item in own_items(row[0])) == sorted(ITEMS)


def test_every_equation_has_one_row():
    assert sorted(number for row in ROWS for number in equations(row[0])) == list(EQUATIONS)


def test_every_item_of_the_paper_in_a_chapter_is_on_the_map():
    placed = {label for chapter in book.chapter_numbers() for label in labels_of(chapter)}
    named = {label for row in ROWS for label in REFERENCE.findall(row[1])}
    assert {label for label in placed if OF_THE_PAPER.fullmatch(label)} <= named


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_links_lead_where_they_say(row):
    assert complaints(row) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<lem-5-3>", "<lem-5-33>"),
        ("<lem-5-3>", "<lem-5-2>"),
        ("{ref}`chapter-ncf-flow`", "{ref}`chapter-small-initialization`"),
        ("{ref}`chapter-ncf-flow`", "{ref}`chapter-ncf-flow`, {ref}`chapter-gradient-flow`"),
        ("`correlation/test_ncf`", "`correlation/test_folw`"),
        ("corrected", "done"),
    ],
)
def test_a_wrong_link_is_noticed(old, new):
    (row,) = [row for row in ROWS if row[0].startswith("Lemma 5.3")]
    assert complaints(row) == []
    broken = [cell.replace(old, new) for cell in row]
    assert broken != row
    assert complaints(broken) != []


def test_names_and_numbers_are_read_right():
    assert own_items("Corollary 5.4.1, (12)") == ["Corollary 5.4.1"]
    assert own_items("Appendix F: proof of Lemma 5.4, (83)–(85)") == []
    assert equations("Lemma 5.2, (6)–(8), (10)") == [6, 7, 8, 10]
    labels = ["lem-5-3", "ex-g-1", "asm-3", "cor-5-4-1", "ex-wolfe", "lem-freezing"]
    assert [label for label in labels if OF_THE_PAPER.fullmatch(label)] == labels[:4]
