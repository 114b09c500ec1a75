"""Long formulas may be broken, where TeX would break them, and a stop stays with its formula."""

import re
from types import SimpleNamespace

import pytest
from docutils import nodes
from docutils.utils import new_document

import book
from book import SITE
from line_breaks import LONG, PUNCTUATION, break_formulas, pieces, width
from tests.site.pages import soup

CUT = [
    ("a + b = c", ["a + b = c"]),
    (r"\frac{d}{dt}f(x) = \|\nabla f\|^2 + 3", [r"\frac{d}{dt}f(x) =", r"\|\nabla f\|^2 + 3"]),
    (r"0 \le f(x(0)) - f(x(t)) \le 2", [r"0 \le", r"f(x(0)) -{}", r"f(x(t)) \le 2"]),
    (r"x_1 = -3,\ x_2 = -x_1 - 4y", ["x_1 =", "-3,", r"\ x_2 =", "-x_1 - 4y"]),
    (
        "w_+ = (1 + a + b, 2 + c - d + e + f - g)",
        ["w_+ =", "(1 +{}", "a +{}", "b, 2 +{}", "c -{}", "d +{}", "e +{}", "f - g)"],
    ),
    (r"\frac{a + b + c + d + e}{f + g + h} + i", [r"\frac{a + b + c + d + e}{f + g + h} + i"]),
    ("[0, 1) + [1, 2) + (2, 3] = y", ["[0, 1) +{}", "[1, 2) +{}", "(2, 3] = y"]),
    ("]0, 1[ + a + b + c + d = e", ["]0, 1[ + a + b + c + d = e"]),  # brackets that nobody here writes
    (r"|a + b| + |c + d| = 2ab - c", ["|a + b| +{}", "|c + d| =", "2ab - c"]),
    (r"M = \begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}", [r"M = \begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}"]),
]
FORMULAS = {
    " ".join(tex.split())
    for source in book.all_sources()
    for tex in re.findall(
        r"(?<![\\$`])\$([^$`]+)\$", re.sub(r"\$\$.*?\$\$", "", source.read_text(encoding="utf-8"), flags=re.S)
    )
}


@pytest.mark.parametrize(("tex", "parts"), CUT)
def test_a_formula_is_cut_behind_relations_commas_and_signs_in_no_brackets(tex, parts):
    assert pieces(tex) == parts


def test_no_formula_of_the_book_loses_a_sign_and_most_pieces_are_short():
    assert len(FORMULAS) > 5000
    for tex in FORMULAS:
        assert re.sub(r"[{} ]", "", "".join(pieces(tex))) == re.sub(r"[{} ]", "", tex)
    wide = [tex for tex in FORMULAS if max(map(width, pieces(tex))) > 2 * LONG and "matrix" not in tex]
    assert len(wide) < 0.005 * len(FORMULAS)


def test_only_the_stop_behind_a_formula_goes_with_it():
    """Also where the stop behind a word before it is the same text."""
    sentence = [nodes.strong("", "word"), nodes.Text("."), nodes.math("", "a + b + c + d = e + f"), nodes.Text(".")]
    document = new_document("page")
    document += nodes.paragraph("", "", *sentence)
    break_formulas(SimpleNamespace(builder=SimpleNamespace(format="html")), document, "page")
    assert document.astext() == "word.a + b + c + d = e + f."
    assert [node.astext() for node in document.findall(nodes.inline)] == ["e + f."]


@pytest.mark.parametrize("page", sorted(path.stem for path in SITE.glob("chapters/*.html")))
def test_no_line_can_begin_with_the_stop_behind_a_formula(page):
    for tag in soup(f"chapters/{page}.html").select("article span.math"):
        behind = tag.next_sibling
        if isinstance(behind, str) and PUNCTUATION.match(behind):
            assert "together" in tag.parent["class"], tag.parent.get_text()
