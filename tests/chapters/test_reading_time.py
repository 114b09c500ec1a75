"""The two times at the head of a chapter: what counts, for how much, and for which route."""

import pytest

import reading_time

PAGE = """---
kernelspec: {name: python3}
---

(chapter-x)=
# Two words

{}

## Exercises
Not counted at all.

## Test yourself
Nor are these questions.

## Details
A list of links.

## In the paper
Nor this.
"""
IN_SIGHT = [
    ("one two three", 3),
    ("a formula $a + b = c$ here", 4),
    ("$$\na + b\n$$ (eq-x)", 5),
    ("see {ref}`sec-x` and {prf:ref}`the long name <lem-x>`", 6),
    ("a [link with words](page.md)", 4),
    ("| a | b |\n|---|---|\n| c | $d$ |", 4),
    (":::{prf:lemma} A name\n:label: lem-x\nwords\n:::", 3),
    ("```{code-cell} ipython3\nx = 1\n\ny = 2\n```", 10),
    ("```{code-cell} ipython3\nhl.show(hl.figures.climb)\n```", 20),
    ("```{code-cell} ipython3\n:tags: [hide-input]\nx = 1\nprint(x)\n```", 20),
    ("```{code-cell} ipython3\n:tags: [hide-cell]\nassert x\n```", 0),
]
FOLDED = [
    (":::{admonition} Proof\n:class: dropdown\nfive words of a proof\n:::", 0, 6),
    ("::::{admonition} Q\n:class: predict\n:::{admonition} Answer\n:class: dropdown\nyes $x$\n:::\nleft\n::::", 2, 3),
]


@pytest.mark.parametrize(("text", "count"), IN_SIGHT)
def test_what_is_in_sight_is_core(text, count):
    time = reading_time.measure(PAGE.replace("{}", text))
    assert (time.core, time.more) == (2 + count, 0)  # the title


@pytest.mark.parametrize(("text", "core", "more"), FOLDED)
def test_what_is_folded_is_more(text, core, more):
    time = reading_time.measure(PAGE.replace("{}", text))
    assert (time.core, time.more) == (2 + core, more)


def test_on_a_page_of_details_all_counts():
    assert reading_time.ReadingTime(100, 41).together == 10
    assert reading_time.ReadingTime(100, 40).together == 5


def test_minutes_are_rounded_up_to_five():
    assert reading_time.ReadingTime(140, 141).minutes == (5, 10)
    assert "Core 5 minutes" in str(reading_time.ReadingTime(1, 0))
