"""Every chapter has the same shape, and a reader who knows one finds the way in all.

Each rule is a function from a chapter's source to complaints; a good chapter earns none, and for every rule there is a
chapter that does.
"""

import ast
import re

import pytest

import notebooks

HEADINGS = [
    "The statement",
    "Why it is true",
    "Predict, then look",
    "Check",
    "Where it breaks",
    "Exercises",
    "Summary",
]
CELL = re.compile(r"^```\{code-cell\}.*\n((?:(?!```).*\n)*)```$", re.MULTILINE)
CHAPTERS = [source for source in notebooks.all_sources() if source.stem in notebooks.chapter_numbers()]


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


def headings_in_order(text):
    found = [line.removeprefix("## ") for line in prose(text) if line.startswith("## ")]
    fixed = [heading for heading in found if heading in HEADINGS]
    return [] if fixed == HEADINGS else [f"headings {fixed}, wanted {HEADINGS}"]


def box_of_goals(text):
    box = re.search(r":::\{admonition\} In this chapter\n:class: goals\n(.*?)\n:::", text, re.DOTALL)
    if not box or text.find("\n## ") < box.start():
        return ["no box 'In this chapter' before the first section"]
    wanted = ("**You will be able to**", "**You need**", "**Time**")
    return [f"the box does not say {words}" for words in wanted if words not in box[1]]


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


def summary(text):
    section = text.partition("\n## Summary")[2]
    items = re.findall(r"^(?:[*+-]|\d\.) ", section, re.MULTILINE)
    complaints = [] if len(items) == 5 else [f"{len(items)} items in the summary, wanted 5"]
    wanted = ("**In the paper.**", "**Further reading.**")
    return complaints + [f"the summary does not say {words}" for words in wanted if words not in section]


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


def tags(text):
    return [f"cell option {option}" for code in CELL.findall(text) for option in re.findall(r"^:.*", code, re.M)
            if option != ":tags: [raises-exception]"]  # fmt: skip


def one_sentence_a_line(text):
    sentence = re.compile(r"[a-z)$`}\]][.?!]\)? +(?:[A-Z][a-z]|\*\*[A-Z])")
    lines = [re.sub(r"\b(?:e\.g|i\.e|cf|al|vs|Fig|Sec|App|resp)\.", "", line) for line in prose(text)]
    return [line for line in lines if sentence.search(line) and not line.lstrip().startswith(("|", "**", ":", "`"))]


def plain_labels(text):
    return [f"label {label}" for label in labels_in(text) if not re.fullmatch(r"[a-z0-9-]+", label)]


def known_works(text):
    keys = (key.strip() for keys in re.findall(r"\{cite[\w:]*\}`([^`]+)`", text) for key in keys.split(","))
    return [f"no work {key}" for key in keys if key not in notebooks.bibliography()]


def papers_results_by_name(text):
    bare = re.findall(r"\{prf:ref\}`([^`<]+)`", text)
    return [f"{label} has no number of ours: say its name" for label in bare if re.match(r"\w+-(\w-)?\d", label)]


RULES = [
    headings_in_order,
    box_of_goals,
    opens_with_a_figure,
    question_and_explorer,
    summary,
    exercises_with_solutions,
    short_cells,
    cells_without_machinery,
    tags,
    one_sentence_a_line,
    plain_labels,
    known_works,
    papers_results_by_name,
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("source", CHAPTERS, ids=lambda source: source.stem)
def test_chapter_has_the_shape_of_the_book(source, rule):
    assert rule(source.read_text()) == []


@pytest.mark.parametrize("source", CHAPTERS, ids=lambda source: source.stem)
def test_chapter_is_labelled_by_its_file(source):
    assert f"\n(chapter-{source.stem})=\n# " in source.read_text()


def test_labels_are_unique_in_the_book():
    text = "\n".join(source.read_text() for source in notebooks.all_sources())
    labels = [
        "".join(found) for found in re.findall(r"^:label:\s*(\S+)|^\((\S+)\)=$|\$\$ \((\S+)\)", text, re.MULTILINE)
    ]
    assert sorted(labels) == sorted(set(labels))


def nameless(text):
    """References to what has no number, without a name: the site would print "Definition ,"."""
    unnumbered = set(re.findall(r"^:label:\s*(\S+)\n:nonumber:", text, re.MULTILINE))
    return unnumbered & set(re.findall(r"\{prf:ref\}`([^`<]+)`", text))


def test_what_has_no_number_is_called_by_its_name():
    assert nameless("\n".join(source.read_text() for source in notebooks.all_sources())) == set()
    assert nameless(":label: def-x\n:nonumber:\n\n{prf:ref}`def-x` {prf:ref}`x <def-x>`") == {"def-x"}


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
GOOD = """---
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
**You will be able to** see.

**You need** eyes.

**Time** A minute.
:::

## The statement
One sentence, of {cite:t}`kumar2024directional`.
Another, {prf:ref}`Theorem 5.1 <thm-5-1>`.

## Why it is true
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
## Summary
1. a
1. b
1. c
1. d
1. e

**In the paper.** There.

**Further reading.** More.
""".replace("EXERCISES", "\n".join(EXERCISE % (i, i) for i in range(4)))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_good_chapter_earns_no_complaint(rule):
    assert rule(GOOD) == []


@pytest.mark.parametrize(
    ("rule", "old", "new"),
    [
        (headings_in_order, "## Check\n", ""),
        (headings_in_order, "## Check\n## Where it breaks", "## Where it breaks\n## Check"),
        (box_of_goals, "**Time**", "Time"),
        (opens_with_a_figure, "hl.show(hl.figures.alignment, delta=1)", "1 + 1"),
        (question_and_explorer, "{admonition} Answer\n:class: dropdown", "{admonition} Answer"),
        (question_and_explorer, "hl.explore", "hl.show"),
        (summary, "1. e\n", ""),
        (summary, "**In the paper.**", ""),
        (exercises_with_solutions, EXERCISE % (0, 0), ""),
        (exercises_with_solutions, "{solution} ex-2", "{solution} ex-1"),
        (short_cells, "import homolib as hl", "import homolib as hl\n" + "x = 1\n" * 12),
        (cells_without_machinery, "import homolib as hl", "def f(): pass"),
        (cells_without_machinery, "import homolib as hl", "f = lambda: 1"),
        (cells_without_machinery, "import homolib as hl", "import matplotlib.pyplot as plt"),
        (cells_without_machinery, "hl.explore(hl.figures.alignment, delta=[1])", "import scipy"),
        (cells_without_machinery, "hl.explore", "interact"),
        (tags, "ipython3\nhl.show", "ipython3\n:tags: [remove-input]\nhl.show"),
        (one_sentence_a_line, "`.\nAnother", "`. Another"),
        (plain_labels, "ex-3", "ex:3"),
        (plain_labels, "(chapter-good)=", "(chapter:good)="),
        (known_works, "kumar2024directional", "kumar2042"),
        (papers_results_by_name, "`Theorem 5.1 <thm-5-1>`", "`thm-5-1`"),
    ],
)
def test_each_rule_can_be_broken(rule, old, new):
    assert GOOD.count(old) >= 1
    assert rule(GOOD.replace(old, new, 1)) != []
