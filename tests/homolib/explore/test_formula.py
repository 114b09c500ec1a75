"""Formulas in sentences and labels, for each of their readers."""

import re

import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.mathtext import MathTextParser

from homolib.explore.formula import GREEK, SYMBOLS, as_html, as_text, as_tspans, name_as_html


@pytest.mark.parametrize(
    ("sentence", "text", "seen"),
    [
        (r"$\delta = 1e-8$", "δ = 1e-8", "δ\u2009=\u200910−8"),
        ("no formula, 3 of 4.", "no formula, 3 of 4.", "no formula, 3 of 4."),
        ("2.5e-7 and -0.5", "2.5e-7 and -0.5", "2.5·10−7 and −0.5"),
        ("1e4, not a1e4 or 1e4b", "1e4, not a1e4 or 1e4b", "104, not a1e4 or 1e4b"),
        ("2-homogeneous, (-1, 3)-1", "2-homogeneous, (-1, 3)-1", "2-homogeneous, (−1, 3)-1"),
        (r"$v^2 - |u|^2$", "v^2 - |u|^2", "v2\u2009−\u2009|u|2"),
        (r"$\frac{a + 1}{b}$", "(a + 1)/b", "(a\u2009+\u20091)/b"),
        (r"$u_{12}^{-1}$", "u_12^-1", "u12−1"),
        (r"$\lVert w\rVert \le -3$", "‖w‖ ≤ -3", "‖w‖\u2009≤\u2009−3"),
        (r"$\ln(1/\delta)$", "ln(1/δ)", "ln\u2009(1/δ)"),
        (r"$\log_{10} t$", "log_10t", "log10\u2009t"),
        (r"$\bar\partial f \in \mathbb{R}^d$", "∂̄f ∈ ℝ^d", "∂̄f\u2009∈\u2009ℝd"),
        (r"$\Psi(s) = 0.2\sqrt{s}$", "Ψ(s) = 0.2√s", "Ψ(s)\u2009=\u20090.2√s"),
        (r"$1 < 2$ & $a$", "1 < 2 & a", "1\u2009<\u20092 & a"),
    ],
)
def test_one_sentence_for_every_reader(sentence, text, seen):
    assert as_text(sentence) == text
    page = BeautifulSoup(as_html(sentence), "html.parser")
    assert page.text == seen
    for formula in page.find_all(role="math"):
        assert formula["aria-label"] in text


def test_scripts_and_letters_are_told_apart():
    page = BeautifulSoup(as_html(r"$u_1^2 + \mathrm{d} + 10^{-4}$"), "html.parser")
    assert [part.text for part in page.find_all("i")] == ["u"]
    assert [part.text for part in page.find_all("sub")] == ["1"]
    assert [part.text for part in page.find_all("sup")] == ["2", "−4"]


def test_a_label_comes_back_to_its_line():
    """Shifts are in the size of the run that makes them; in the end they add up to nothing."""
    svg = BeautifulSoup(f"<text>{as_tspans('$10^{-4} x_1$ b')}</text>", "html.parser")
    height = 0.0
    for run in svg.find_all("tspan"):
        height += float(run.get("dy", "0em")[:-2]) * float(run.get("font-size", "1em")[:-2])
        assert (abs(height) > 0.1) == (run.text in ("−4", "1")), run
    assert svg.text == "10−4x1 b"
    assert as_tspans("a < b & c") == "a &lt; b &amp; c"


@pytest.mark.parametrize("wrong", ["one $ alone", "$a$ and $b", "$$ $"])
def test_dollar_signs_come_in_pairs(wrong):
    with pytest.raises(ValueError, match=r"^sentence: .*second dollar sign"):
        as_html(wrong)


@pytest.mark.parametrize("wrong", [r"$\foo$", "$a}$", "${a$", "$a^$", r"$\frac{a}$"])
def test_what_is_no_formula_is_refused(wrong):
    for write in (as_html, as_text, as_tspans):
        with pytest.raises(ValueError, match=r"^formula: "):
            write(wrong)


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"])))
def test_any_text_is_written_or_refused_and_never_markup(text):
    try:
        page = BeautifulSoup(as_html(text), "html.parser")
    except ValueError:
        return
    assert {tag.name for tag in page.find_all()} <= {"span", "i", "sub", "sup"}
    if "$" not in text and not re.search(r"\de-?\d|-\d", text):
        assert page.text == text


SENTENCES_ONLY = {"le", "ge", "lvert", "rvert", "lVert", "rVert"}


@pytest.mark.parametrize("name", sorted({*SYMBOLS} - {*"{}|%"} - SENTENCES_ONLY))
def test_symbols_are_known_to_matplotlib_too(name):
    """It measures labels."""
    MathTextParser("path").parse(rf"$\{name} x$")


@pytest.mark.parametrize(("name", "letter"), [("delta", "δ"), ("u", "u"), ("u1", "u"), ("z_3", "z"), ("Psi", "Ψ")])
def test_names_that_are_letters_become_formulas(name, letter):
    assert BeautifulSoup(name_as_html(name), "html.parser").i.text == letter


@pytest.mark.parametrize("name", ["start", "at_zero", "top", "pi_rate", "<b>", "in"])
def test_other_names_stay_words(name):
    assert BeautifulSoup(name_as_html(name), "html.parser").text == name.replace("_", " ")
    assert name not in GREEK
