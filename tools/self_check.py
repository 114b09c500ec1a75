"""Questions at the end of a chapter that answer at once, on a page without a kernel.

    :::{self-check}
    How long does $u$ take from $0.01$ to $0.02$?
    - [x] {doubling} within 0.1
      The number $1/u$ falls by $50$, at the rate $3$.
    - [ ] {rate_one}
      The rate is $3$: divide by it.
    - [ ] {}
      What falls at a constant rate is $1/u$.

    And what ...
    :::

A question is a paragraph and its choices; one of these is right, and each says why it is or is not. Choices in braces
are numbers: a reader types one, and `{}` stands for any other. Their values are those of the dictionary that the next
cell shows, so that nothing is typed twice; a name without a value, or two values that the tolerance cannot tell apart,
stop the build. What is written here is not counted by `reading_time`, and not found by the search: most of it is wrong.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

logger = logging.getLogger(__name__)
CHOICE = re.compile(r"- \[(?P<right>[ x])\] (?:\{(?P<number>\w*)\}(?: within (?P<within>[\d.]+))?|(?P<text>[^{].*))")


@dataclass(frozen=True)
class Choice:
    """One possible answer: words, or the name of a number; "" is any number that has no choice of its own."""

    text: str
    number: str | None
    within: str | None
    right: bool
    why: str

    @property
    def verdict(self) -> str:
        """What a reader hears first."""
        return "Yes." if self.right else "Not quite."


@dataclass(frozen=True)
class Question:
    """A question with its choices."""

    text: str
    choices: list[Choice]

    @property
    def right(self) -> Choice:
        """The right choice."""
        return next(choice for choice in self.choices if choice.right)

    @property
    def asks_for_a_number(self) -> bool:
        """Whether one types the answer."""
        return self.right.number is not None

    def faults(self) -> Iterator[str]:
        """What is not as the head of this file says."""
        numbers = [choice.number for choice in self.choices if choice.number is not None]
        if sum(choice.right for choice in self.choices) != 1:
            yield "wants one right choice"
        elif len(self.choices) < 2 or not all(choice.why for choice in self.choices):
            yield "wants two choices or more, each with a sentence"
        elif numbers and (len(numbers) < len(self.choices) or [*filter(None, numbers), ""] != numbers):
            yield "wants numbers only, and {} at the end"
        elif self.right.number == "":
            yield "wants a name for the right number"
        elif [choice for choice in self.choices if (choice.within is not None) != (choice.right and bool(numbers))]:
            yield "wants a tolerance at the right number, and nowhere else"


def questions(lines: list[str]) -> list[Question]:
    """The questions that a directive holds."""
    found = []
    for block in re.split(r"\n\s*\n", "\n".join(lines).strip()):
        text, *choices = re.split(r"\n(?=- \[)", block)
        question = Question(" ".join(text.split()), [_choice(choice) for choice in choices])
        for fault in question.faults() if choices else ["wants choices"]:
            raise ValueError(f"the question {question.text!r} {fault}")
        found.append(question)
    return found


def _choice(block: str) -> Choice:
    first, *why = block.split("\n")
    if not (match := CHOICE.fullmatch(first.strip())):
        raise ValueError(f"no choice: {first!r}")
    return Choice(
        match["text"] or "", match["number"], match["within"], match["right"] == "x", " ".join(" ".join(why).split())
    )


def letter(place: int) -> str:
    """The name of a choice."""
    return f"({chr(ord('a') + place)})"


def shown(value: float, within: str) -> str:
    """A number to as many places as its tolerance makes sense of."""
    return f"{value:.{max(0, math.ceil(-math.log10(float(within))))}f}".replace("-", "\N{MINUS SIGN}")


# The page


class self_check(nodes.comment):
    """The questions of a page. The search of Sphinx looks into everything but comments."""


class html(nodes.Element):
    """An element of the page."""


def element(tag: str, *children: nodes.Node | str, **attributes: str) -> html:
    """An element with what is in it."""
    inside = [nodes.Text(child) if isinstance(child, str) else child for child in children]
    return html("", *inside, tag=tag, attributes={name.rstrip("_"): value for name, value in attributes.items()})


class SelfCheck(SphinxDirective):
    """A form for each question, and all answers for paper."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Read the questions; numbers come when the whole page is read."""
        try:
            found = questions(list(self.content))
        except ValueError as error:
            raise self.error(str(error)) from error
        forms = [self.form(place, question) for place, question in enumerate(found, start=1)]
        return [self_check("", "", *forms, self.key(found), questions=found)]

    def words(self, text: str) -> list[nodes.Node]:
        """Markdown in a line."""
        box = nodes.Element()
        self.state.nested_parse(StringList([text], source=self.env.docname), self.content_offset, box)
        if [type(child) for child in box] != [nodes.paragraph]:
            raise self.error(f"no paragraph: {text!r}")
        return box[0].children

    def form(self, place: int, question: Question) -> html:
        """One question: what to choose or to type, a place for what is said to it, and the answer for all others."""
        right = question.right
        if question.asks_for_a_number:
            field = element("input", type="text", inputmode="decimal", autocomplete="off")
            fields = [element("label", f"A number, to within {right.within}: ", field)]
        else:
            fields = [
                element(
                    "label",
                    element("input", type="radio", name="choice"),
                    f" {letter(k)} ",
                    element("span", *self.words(choice.text)),
                )
                for k, choice in enumerate(question.choices)
            ]
        legend = element("legend", element("b", f"{place}. "), *self.words(question.text))
        # What is hidden here needs a script, which shows it
        check = element("button", "Check", type="submit", hidden="hidden")
        group = element("fieldset", legend, *fields, check, element("p", role="status"))
        answers = [self.answer(letter(k), choice, right.within) for k, choice in enumerate(question.choices)]
        fold = element("details", element("summary", f"Answer to question {place}"), element("ul", *answers))
        return element("form", group, fold, method="dialog")  # such a form loads no page

    def answer(self, name: str, choice: Choice, within: str | None) -> html:
        """What is said to a choice."""
        said = element("span", element("b", choice.verdict), " ", *self.words(choice.why))
        right = {"data-right": ""} if choice.right else {}
        if choice.number is None:
            return element("li", element("b", name), " ", said, **right)
        if not choice.number:
            return element("li", element("b", "Another number: "), said)
        return element(
            "li", element("b", Number(choice.number, within)), ": ", said, **right, **{"data-within": within}
        )

    def key(self, found: list[Question]) -> html:
        """All answers in a line, which only paper has."""
        line = element("p", "Answers: ", class_="self-check-key")
        for place, question in enumerate(found, start=1):
            right = question.right
            end = "." if place == len(found) else "; "
            name = (
                Number(right.number, right.within)
                if question.asks_for_a_number
                else letter(question.choices.index(right))
            )
            line += [nodes.Text(f"{place}: "), nodes.Text(name) if isinstance(name, str) else name, nodes.Text(end)]
        return line


class Number(nodes.inline):
    """A number that the next cell computes."""

    def __init__(self, name: str = "", within: str = "1", **others) -> None:
        super().__init__("", "", number=name, within=within)


def fill_in(app, doctree) -> None:
    """Put in the numbers that the cell behind the questions has shown."""
    for check in doctree.findall(self_check):
        values = _values(check)
        if faults := list(_faults(check["questions"], values)):
            logger.warning("self-check: %s", "; ".join(faults), location=check)
            continue
        for number in check.findall(Number):
            number += nodes.Text(shown(values[number["number"]], number["within"]))
            item = number.parent.parent
            if item.get("tag") == "li":
                item["attributes"]["data-value"] = repr(float(values[number["number"]]))


def _values(check: self_check) -> dict[str, float]:
    """The dictionary that the next cell shows; empty if it shows none."""
    cell = check.next_node(descend=False, siblings=True)
    blocks = [block.astext() for block in cell.findall(nodes.literal_block)] if cell is not None else []
    dictionaries = [block for block in blocks[1:] if block.startswith("{")]  # the first is the code
    return ast.literal_eval(re.sub(r"np\.\w+\((.*?)\)", r"\1", dictionaries[-1])) if dictionaries else {}


def _faults(asked: list[Question], values: dict[str, float]) -> Iterator[str]:
    """Names without a value, values without a name, and numbers to which one answer can be near at once."""
    names = {choice.number for question in asked for choice in question.choices if choice.number}
    if names != set(values):
        yield f"asked for {sorted(names)}, and the next cell shows {sorted(values)}"
        return
    for question in asked:
        numbers = sorted(values[choice.number] for choice in question.choices if choice.number)
        if any(b - a <= 2 * float(question.right.within) for a, b in pairwise(numbers)):
            yield f"to within {question.right.within} nobody can tell {numbers} apart"


def visit_html(translator, node) -> None:
    """Open an element."""
    attributes = "".join(f' {name}="{translator.attval(value)}"' for name, value in node["attributes"].items())
    translator.body.append(f"<{node['tag']}{attributes}>")


def depart_html(translator, node) -> None:
    """Close it, unless nothing can be in it."""
    if node["tag"] != "input":
        translator.body.append(f"</{node['tag']}>")


def visit_self_check(translator, node) -> None:
    """Open the box."""
    translator.body.append('<div class="self-check">')


def depart_self_check(translator, node) -> None:
    """Close the box."""
    translator.body.append("</div>")


def setup(app):
    """Called by Sphinx."""
    app.add_node(self_check, html=(visit_self_check, depart_self_check))
    app.add_node(html, html=(visit_html, depart_html))
    app.add_node(Number, html=(lambda translator, node: None, lambda translator, node: None))
    app.add_directive("self-check", SelfCheck)
    app.connect("doctree-read", fill_in)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
