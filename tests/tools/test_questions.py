"""Questions that a page answers: how they are written, and what stops a build."""

import pytest

import book
import notebooks
import self_check

TEXT = """What is one
and one?
- [x] {sum} within 0.1
  You have added.
- [ ] {product}
  You have
  multiplied.
- [ ] {}
  Add them.

Is it $2 > 1$?
- [ ] No.
  Subtract.
- [x] Yes.
  By {eq}`eq-order`."""
PAGE = (
    "1\n```\n\n:::{self-check}\n" + TEXT.replace("By {eq}`eq-order`", "Indeed") + "\n:::\n\n```{code-cell} ipython3\n"
)


def test_questions_are_read():
    number, choice = self_check.questions(TEXT.splitlines())
    assert (number.text, number.asks_for_a_number, number.right.within) == ("What is one and one?", True, "0.1")
    assert [one.number for one in number.choices] == ["sum", "product", ""]
    assert number.choices[1].why == "You have multiplied."
    assert (choice.right.text, choice.right.verdict, choice.choices[0].verdict) == ("Yes.", "Yes.", "Not quite.")


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("- [x] Yes.", "- [ ] Yes.", "one right choice"),
        ("- [ ] No.", "- [x] No.", "one right choice"),
        ("  Subtract.\n", "", "each with a sentence"),
        ("- [ ] No.\n  Subtract.\n", "", "two choices or more"),
        ("- [ ] {}", "- [ ] Another.", "numbers only"),
        ("- [ ] {}\n  Add them.", "", "numbers only"),
        (" within 0.1", "", "a tolerance"),
        ("{product}", "{product} within 0.1", "a tolerance"),
        ("- [ ] No.", "- [y] No.", "no choice"),
        ("- [ ] No.", "- [ ] {No}.", "no choice"),
        ("Is it $2 > 1$?\n", "Is it?\n\n", "wants choices"),
    ],
)
def test_what_is_no_question_is_refused(old, new, fault):
    assert TEXT.count(old) == 1
    with pytest.raises(ValueError, match=fault):
        self_check.questions(TEXT.replace(old, new).splitlines())


@pytest.mark.parametrize(
    ("value", "within", "text"),
    [(50 / 3, "0.1", "16.7"), (4.0, "1", "4"), (4.0, "0.5", "4.0"), (-0.0246, "0.0005", "\N{MINUS SIGN}0.0246")],
)
def test_a_number_has_the_places_of_its_tolerance(value, within, text):
    assert self_check.shown(value, within) == text


def test_a_notebook_asks_in_words_and_folds_the_answers():
    labels = book.Labels(words={"eq-order": "(2.1)"}, number={"eq-order": "2.1"})
    text = notebooks.Converter(labels).cell(f":::{{self-check}}\n{TEXT}\n:::")
    assert text.startswith("**1.** What is one and one?\n\n<details>\n<summary><b>Answer to question 1</b></summary>")
    assert "* **The number `sum` of the next cell, to within 0.1.** *Yes.* You have added." in text
    assert "* **Another number.** *Not quite.* Add them." in text
    assert "**2.** Is it $2 > 1$?\n\n* (a) No.\n* (b) Yes.\n\n<details>" in text
    assert "* **(b).** *Yes.* By (2.1)." in text
    assert text.count("<details>") == text.count("</details>") == 2


@pytest.mark.parametrize(
    ("cell", "fault"),
    [
        ("dict(sum=1 + 1, product=1 * 1)", None),
        ("dict(sum=1 + 1)", "the next cell shows"),
        ("_ = dict(sum=1 + 1, product=1)", "the next cell shows"),
        ("dict(sum=1 + 1, product=1.9)", "apart"),
    ],
)
def test_numbers_that_are_not_there_or_too_near_stop_the_build(small_book, cell, fault):
    code, said = small_book({"asked": PAGE + cell, "other": "1 + 1"})
    assert (code == 0) == (fault is None), said
    assert fault is None or any(fault in line for line in said)
