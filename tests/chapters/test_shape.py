"""Every chapter has the same shape, and a reader who knows one finds the way in all.

Each rule is a function from a chapter's source to complaints; a good chapter earns none, and for every rule there is a
chapter that does.
"""

import ast
import re

import pytest

import book
import notebooks
import reading_time
import self_check

PARTS = [
    "By hand",
    "Predict, then look",
    "Check",
    "Where it breaks",
    "Exercises",
    "Test yourself",
    "Summary",
    "In the paper",
]
CELL = re.compile(r"^```\{code-cell\}.*\n((?:(?!```).*\n)*)```$", re.MULTILINE)
CHAPTERS = [source for source in book.all_sources() if source.stem in book.chapter_numbers()]
DETAILS = [source for source in book.all_sources() if book.chapter_page(source) != source]
RESULT = re.compile(r"^:{3,}\{prf:(?!proof)(\w+)\} ?(.*)\n((?::.*\n)*)", re.MULTILINE)
ITEM = r"(?:Theorem|Lemma|Corollary|Proposition|Definition|Assumption|Appendix|Figure) (?:\d\.\d|[A-J]\.\d)"
COLD = re.compile(
    r"\b(?:wrong|incorrect|sorry|careless\w*|silly|trivial\w*|obvious\w*|of course|clearly)\b", re.IGNORECASE
)
MARKS = re.compile(r"\*(?:Warm-up|Standard|Project), (?:pencil|code|pencil and code)\*, after \{(?:num)?ref\}`[^`]+`\.")


def cells(text):
    """The code of every cell, without its options."""
    return [re.sub(r"^:[\w-]+:.*\n", "", code, flags=re.MULTILINE) for code in CELL.findall(text)]


def prose(text):
    """The lines outside front matter, fenced code and displayed formulas."""
    text = re.sub(r"\A---\n.*?^---\n", "", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"^(`{3,}).*?^\1$", "", text, flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"\$\$.*?\$\$", "", text, flags=re.DOTALL).splitlines()


def labels_in(text):
    """Every label that a chapter sets, on directives, sections and formulas."""
    found = re.findall(r"^:label:\s*(\S+)|^\((\S+)\)=$|\$\$ \((\S+)\)", text, re.MULTILINE)
    return ["".join(groups) for groups in found]


def headings(text):
    return [line.removeprefix("## ") for line in prose(text) if line.startswith("## ")]


def opens_with_a_figure(text):
    first = "".join(cells(text.split("\n## ")[0]))
    return [] if "hl.show(" in first or "hl.explore(" in first else ["no figure before the first section"]


def question_and_explorer(text):
    section = text.partition("\n## Predict, then look")[2].partition("\n## ")[0]
    folded = re.search(
        r"\{admonition\} Predict\n:class: predict\n.*?\{admonition\} Answer\n:class: dropdown", section, re.S
    )
    return ([] if folded else ["no question with a folded answer"]) + (
        [] if "hl.explore(" in section else ["no explorer beside the question"]
    )


def exercises_with_solutions(text):
    section = text.partition("\n## Exercises")[2]
    pairs = re.findall(r"\{exercise\}.*?\n:label: (\S+)|\{solution(?:-start)?\} (\S+)", section)
    exercises, solutions = [a for a, _ in pairs[::2]], [b for _, b in pairs[1::2]]
    complaints = [] if 4 <= len(exercises) <= 8 else [f"{len(exercises)} exercises, wanted 4 to 8"]
    return complaints + ([] if exercises == solutions else ["not every exercise is followed by its solution"])


def short_cells(text):
    return [
        f"{n} lines: {code}" for code in cells(text) if (n := len([x for x in code.splitlines() if x.strip()])) > 12
    ]


def cells_without_machinery(text):
    complaints = []
    for i, code in enumerate(cells(text)):
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
                complaints.append(f"defines {node.name}")
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda):
                complaints.append("names a lambda")
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = ast.unparse(node)
                if i:
                    complaints.append(f"{names}: not in the first cell")
                if "matplotlib" in names or "pylab" in names:
                    complaints.append("plots")
            if isinstance(node, ast.Name) and node.id in ("plt", "interact"):
                complaints.append(f"uses {node.id}")
    return complaints


def whole_lines_printed(text):
    """What is printed in parts is torn at random: MyST-NB ends a line wherever a kernel happens to send what it has."""
    return [code for code in cells(text) if re.search(r"\bprint\(.*\bend=", code)]


def one_sentence_a_line(text):
    sentence = re.compile(r"[a-z)$`}\]][.?!]\)? +(?:[A-Z][a-z]|\*\*[A-Z])")
    lines = [re.sub(r"\b(?:e\.g|i\.e|cf|al|vs|Fig|Sec|App|resp)\.", "", line) for line in prose(text)]
    return [line for line in lines if sentence.search(line) and not line.lstrip().startswith(("|", "**", ":", "`"))]


def plain_labels(text):
    return [f"label {label}" for label in labels_in(text) if not re.fullmatch(r"[a-z0-9-]+", label)]


def known_works(text):
    keys = (key.strip() for keys in re.findall(r"\{cite[\w:]*\}`([^`]+)`", text) for key in keys.split(","))
    return [f"no work {key}" for key in keys if key not in notebooks.bibliography()]


def section_of(text, heading):
    return re.split(rf"^## {heading}", text, maxsplit=1, flags=re.MULTILINE)[-1].partition("\n## ")[0]


def parts_in_order(text):
    """The fixed headings once and in order; "By hand" may go on, and opens more than one section."""
    found = ["By hand" if heading.startswith("By hand") else heading for heading in headings(text)]
    fixed = list(dict.fromkeys(heading for heading in found if heading in PARTS))
    complaints = [] if fixed == PARTS else [f"headings {fixed}, wanted {PARTS}"]
    complaints += [] if found[:1] == ["By hand"] else ["something stands before the example by hand"]
    last = found[found.index("Summary") + 1 :] if "Summary" in found else []
    return complaints + [
        f"{heading} is behind the summary" for heading in last if heading not in ("Details", PARTS[-1])
    ]


def goals_and_times(text):
    """The box at the head says what the page is for, and the times are those that the rule gives."""
    box = re.search(r":::\{admonition\} In this chapter\n:class: goals\n(.*?)\n:::", text, re.DOTALL)
    if not box or text.find("\n## ") < box.start():
        return ["no box 'In this chapter' before the first section"]
    time = reading_time.measure(text)
    complaints = [] if "**After this chapter you can** " in box[1] else ["the box does not say what one can do after"]
    complaints += [] if f"**Time.** {time}" in box[1] else [f"the box does not say **Time.** {time}"]
    return complaints


def time_of_details(text):
    line = f"**Time.** {reading_time.measure(text).together} minutes."
    return [] if f"\n{line}\n" in text.partition("\n## ")[0] else [f"the head does not say {line}"]


def short_core(text):
    minutes, _ = reading_time.measure(text).minutes
    return [] if minutes <= 45 else [f"{minutes} minutes of core, 45 at most"]


def recall(text):
    box = re.search(r"^(:{3,})\{admonition\} Recall\n:class: recall\n(.*?)^\1$", text, re.DOTALL | re.MULTILINE)
    if not box or text.find("\n## ") < box.start():
        return ["no box 'Recall' before the first section"]
    items = len(re.findall(r"^\* ", box[2], re.MULTILINE))
    return [] if 1 <= items <= 8 else [f"{items} things to recall, eight at most"]


def example_before_statements(text):
    """By hand: numbers that a hidden cell asserts, and no statement before the section has ended."""
    by_hand = section_of(text, "By hand")
    hidden = [code for code in CELL.findall(by_hand) if ":tags: [hide-cell]" in code and "assert" in code]
    early = RESULT.search(text[: text.find(by_hand) + len(by_hand)])
    return ([] if hidden else ["no hidden cell asserts the numbers by hand"]) + (
        [f"{early[2]} is stated before the example has ended"] if early else []
    )


def results_with_names(text):
    found = RESULT.findall(text)
    complaints = [f"a {kind} without a name" for kind, title, _ in found if not re.sub(r"\[paper: .*\]", "", title)]
    complaints += [f"{title}: no label" for _, title, options in found if ":label:" not in options]
    return complaints + [f"{title}: no number of ours" for _, title, options in found if ":nonumber:" in options]


def folded_proofs(text):
    """What is folded before the exercises is a proof or an answer: the core has to be in sight."""
    core = re.split(r"^## (?:Exercises|Details)$", text, flags=re.MULTILINE)[0]
    folds = re.findall(r"^:{3,}\{(?:admonition|dropdown)\} (.*)\n:class: .*dropdown", core, re.MULTILINE)
    return [f"{title} is folded" for title in folds if not re.match(r"Proof\b|Answer$", title)]


def paper_in_its_place(text):
    """Outside "In the paper" the paper is hardly spoken of, and its numbers stand in tags only."""
    before = text.partition("\n## In the paper")[0]
    before = re.sub(r"\[paper: [^\]]+\]|(?<=<)[\w-]+(?=>)", "", before)
    complaints = [f"{item} stands in a sentence" for item in re.findall(ITEM, before)]
    return complaints + (["the paper is spoken of more than three times"] if before.count("the paper") > 3 else [])


def marked_exercises(text):
    section = section_of(text, "Exercises")
    bodies = re.findall(r"\{exercise\}.*\n:label: (\S+)\n(.*)\n", section)
    complaints = [f"{label}: no marks in its first line" for label, marks in bodies if not MARKS.fullmatch(marks)]
    return complaints + ([] if any(marks.startswith("*Warm-up") for _, marks in bodies) else ["nothing to warm up"])


def names_in(code, context):
    """The names that a cell reads or sets; not those of a loop in brackets, which end there."""
    nodes = ast.parse(code)
    inner = {name for node in ast.walk(nodes) if isinstance(node, ast.comprehension) for name in ast.walk(node.target)}
    return {node.id for node in ast.walk(nodes)
            if isinstance(node, ast.Name) and isinstance(node.ctx, context) and node not in inner}  # fmt: skip


def questions_that_answer(text):
    """Three to five, one of them for a number; a hidden cell behind them has the numbers; nobody is told off."""
    box = re.search(
        r"^:::\{self-check\}\n(.*?)\n:::\n\n```\{code-cell\}.*\n:tags: \[hide-cell\]\n(.*?)\n```$",
        section_of(text, "Test yourself"), re.DOTALL | re.MULTILINE,
    )  # fmt: skip
    if not box:
        return ["no questions with a hidden cell behind them"]
    try:
        asked = self_check.questions(box[1].splitlines())
    except ValueError as error:
        return [str(error)]
    choices = [choice for question in asked for choice in question.choices]
    shown = ast.parse(box[2]).body[-1].value
    names = {key.arg for key in shown.keywords} if isinstance(shown, ast.Call) else set()
    complaints = [] if 3 <= len(asked) <= 5 else [f"{len(asked)} questions, wanted 3 to 5"]
    complaints += [] if names else ["no question for a number"]
    complaints += [] if names == {choice.number for choice in choices if choice.number} else [f"values of {names}"]
    others = {name for code in cells(text) if code.strip() != box[2].strip() for name in names_in(code, ast.Load)}
    complaints += [f"changes {name} for other cells" for name in names_in(box[2], ast.Store) & others]
    complaints += [f"told off: {choice.why}" for choice in choices if COLD.search(choice.why)]
    places = [question.choices.index(question.right) for question in asked if not question.asks_for_a_number]
    return complaints + (["the right choice has always the same place"] if len(places) > len(set(places)) == 1 else [])


def five_lines(text):
    items = re.findall(r"^(?:[*+-]|\d\.) ", section_of(text, "Summary"), re.MULTILINE)
    complaints = [] if len(items) == 5 else [f"{len(items)} items in the summary, wanted 5"]
    return complaints + ([] if "**Further reading.**" in section_of(text, "In the paper") else ["nothing to read on"])


def tags_that_fold(text):
    allowed = (":tags: [hide-input]", ":tags: [hide-cell]", ":tags: [raises-exception]")
    options = [option for code in CELL.findall(text) for option in re.findall(r"^:[\w-]+:.*", code, re.MULTILINE)]
    return [f"cell option {option}" for option in options if option not in allowed]


RULES_OF_ALL = [
    short_cells,
    cells_without_machinery,
    whole_lines_printed,
    one_sentence_a_line,
    plain_labels,
    known_works,
    results_with_names,
    paper_in_its_place,
    tags_that_fold,
]
RULES_OF_DETAILS = [time_of_details, *RULES_OF_ALL]
RULES = [
    *RULES_OF_ALL,
    opens_with_a_figure,
    question_and_explorer,
    exercises_with_solutions,
    parts_in_order,
    goals_and_times,
    short_core,
    recall,
    example_before_statements,
    folded_proofs,
    marked_exercises,
    questions_that_answer,
    five_lines,
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("source", CHAPTERS, ids=lambda source: source.stem)
def test_chapter_has_the_shape_of_the_book(source, rule):
    assert rule(source.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("rule", RULES_OF_DETAILS, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("source", DETAILS, ids=lambda source: source.stem)
def test_details_have_the_shape_of_the_book(source, rule):
    assert rule(source.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("details", DETAILS, ids=lambda source: source.stem)
def test_a_chapter_lists_its_details(details):
    chapter = book.chapter_page(details).read_text(encoding="utf-8")
    listed = re.findall(r"^\* \{ref\}`([\w-]+)`", section_of(chapter, "Details"), re.MULTILINE)
    assert listed == re.findall(r"^\(([\w-]+)\)=\n+## ", details.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(listed) == len(headings(details.read_text(encoding="utf-8")))


@pytest.mark.parametrize("source", CHAPTERS + DETAILS, ids=lambda source: source.stem)
def test_chapter_is_labelled_by_its_file(source):
    assert f"\n(chapter-{source.stem})=\n# " in source.read_text(encoding="utf-8")


def test_labels_are_unique_in_the_book():
    text = "\n".join(source.read_text(encoding="utf-8") for source in book.all_sources())
    labels = [
        "".join(found) for found in re.findall(r"^:label:\s*(\S+)|^\((\S+)\)=$|\$\$ \((\S+)\)", text, re.MULTILINE)
    ]
    assert sorted(labels) == sorted(set(labels))


# The rules have teeth

EXERCISE = """:::{exercise}
:label: ex-%d
Show it.
:::

:::{solution} ex-%d
:class: dropdown
Seen.
:::
"""
QUESTIONS = """## Test yourself

:::{self-check}
What is one and one?
- [x] {sum} within 0.1
  You have added.
- [ ] {}
  Add them.

Is it even?
- [x] Yes.
  Half of it is one.
- [ ] No.
  Divide by two.

Is it odd?
- [ ] Yes.
  Divide by two.
- [x] No.
  Half of it is one.
:::

```{code-cell} ipython3
:tags: [hide-cell]
dict(sum=1 + 1)
```
"""
GOOD = (
    """---
jupytext: {}
---

(chapter-good)=
# Good

Why?

```{code-cell} ipython3
import homolib as hl
```

```{code-cell} ipython3
hl.show(hl.figures.alignment, delta=1)
```

:::{admonition} In this chapter
:class: goals
**After this chapter you can** see.

**Time.** TIME
:::

:::{admonition} Recall
:class: recall
* *Norm:* $\\|x\\|$.
:::

## By hand: one
One.

```{code-cell} ipython3
:tags: [hide-cell]
assert 1 + 1 == 2
```

## An idea
One sentence, of {cite:t}`kumar2024directional`.
Another, {prf:ref}`lem-5-3`.

:::{prf:lemma} A name [paper: Lemma 5.3]
:label: lem-5-3
Words.
:::

:::{admonition} Proof
:class: dropdown
Many words.
:::

## Predict, then look
::::{admonition} Predict
:class: predict
What?
:::{admonition} Answer
:class: dropdown
That.
:::
::::

```{code-cell} ipython3
hl.explore(hl.figures.alignment, delta=[1])
```

## Check
## Where it breaks
## Exercises
EXERCISES
QUESTIONS
## Summary
1. a
1. b
1. c
1. d
1. e

## Details
## In the paper
Lemma 5.3 of the paper.

**Further reading.** More.
""".replace("EXERCISES", "\n".join(EXERCISE % (i, i) for i in range(4)))
    .replace("QUESTIONS", QUESTIONS)
    .replace("Show it", "*Warm-up, pencil*, after {ref}`sec-one`.\n\nShow it")
    .replace("TIME", "Core 5 minutes; folded proofs 5 more; exercises not counted.")
)


def test_details_say_how_long_they_take():
    assert time_of_details("# One: details\n\nWords.\n**Time.** 5 minutes.\n\n## More\nWords.\n") == []
    assert time_of_details("# One: details\n\nWords.\n**Time.** 10 minutes.\n\n## More\nWords.\n")


def test_a_good_chapter_earns_no_complaint():
    assert [complaint for rule in RULES for complaint in rule(GOOD)] == []


@pytest.mark.parametrize(
    ("rule", "old", "new"),
    [
        (parts_in_order, "## Check\n", ""),
        (parts_in_order, "## By hand: one", "## Before\n## By hand"),
        (parts_in_order, "## Details", "## More"),
        (goals_and_times, "Core 5", "Core 10"),
        (goals_and_times, "Words.", "Words. " * 300),
        (short_core, "Words.", "Words. " * 3000),
        (goals_and_times, "**After this chapter you can** see.", ""),
        (recall, ":class: recall", ":class: note"),
        (recall, "* *Norm:* $\\|x\\|$.", "* a\n" * 9),
        (example_before_statements, ":tags: [hide-cell]\n", ""),
        (example_before_statements, "## An idea\n", ""),
        (results_with_names, " A name [paper: Lemma 5.3]", " [paper: Lemma 5.3]"),
        (results_with_names, ":label: lem-5-3", ":label: lem-5-3\n:nonumber:"),
        (results_with_names, ":label: lem-5-3\n", ""),
        (folded_proofs, "{admonition} Proof", "{admonition} Why it matters"),
        (paper_in_its_place, "Another,", "By Lemma 5.3,"),
        (paper_in_its_place, "Words.", "As the paper says, " * 4),
        (marked_exercises, "*Warm-up, pencil*, after {ref}`sec-one`.", "Easy."),
        (questions_that_answer, "```{code-cell} ipython3\n:tags: [hide-cell]\ndict", "```{code-cell} ipython3\ndict"),
        (questions_that_answer, "dict(sum=1 + 1)", "dict(total=1 + 1)"),
        (questions_that_answer, "- [ ] {}\n  Add them.\n", ""),
        (questions_that_answer, "Is it odd?\n- [ ] Yes.\n  Divide by two.\n- [x] No.\n  Half of it is one.\n", ""),
        (questions_that_answer, "- [x] Yes.", "- [ ] Yes."),
        (questions_that_answer, "- [x] Yes.\n  Half of it is one.", "- [x] Yes."),
        (questions_that_answer, "- [ ] Yes.\n  Divide by two.\n- [x] No.\n", "- [x] No.\n"),
        (questions_that_answer, "dict(sum=1 + 1)", "hl = 2\ndict(sum=hl)"),
        (questions_that_answer, "Add them.", "Wrong, add them."),
        (five_lines, "1. e\n", ""),
        (five_lines, "**Further reading.** More.", ""),
        (tags_that_fold, "[hide-cell]", "[remove-input]"),
        (known_works, "kumar2024directional", "kumar2042"),
        (opens_with_a_figure, "hl.show(hl.figures.alignment, delta=1)", "1 + 1"),
        (question_and_explorer, "{admonition} Answer\n:class: dropdown", "{admonition} Answer"),
        (question_and_explorer, "hl.explore", "hl.show"),
        (exercises_with_solutions, ":::{solution} ex-0\n:class: dropdown\nSeen.\n:::\n", ""),
        (exercises_with_solutions, "{solution} ex-2", "{solution} ex-1"),
        (short_cells, "import homolib as hl", "import homolib as hl\n" + "x = 1\n" * 12),
        (cells_without_machinery, "import homolib as hl", "def f(): pass"),
        (cells_without_machinery, "import homolib as hl", "f = lambda: 1"),
        (cells_without_machinery, "import homolib as hl", "import matplotlib.pyplot as plt"),
        (cells_without_machinery, "hl.explore(hl.figures.alignment, delta=[1])", "import scipy"),
        (cells_without_machinery, "hl.explore", "interact"),
        (whole_lines_printed, "import homolib as hl", "print(1, end=' ')"),
        (one_sentence_a_line, "`.\nAnother", "`. Another"),
        (plain_labels, "ex-3", "ex:3"),
        (plain_labels, "(chapter-good)=", "(chapter:good)="),
    ],
)
def test_each_rule_can_be_broken(rule, old, new):
    assert GOOD.count(old) >= 1
    assert rule(GOOD.replace(old, new, 1)) != []
