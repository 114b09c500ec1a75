"""The generated notebooks: same code, plain text, the numbers of the website."""

import itertools
import re

import jupytext
import nbformat
import pytest

import book
import notebooks
import take_home

SOURCES = [source for source in book.all_sources() if book.is_notebook(source)]
SAMPLE = """---
kernelspec: {display_name: Python 3, language: python, name: python3}
---

(chapter-sample)=
# Sample

By {cite:t}`boursier2022`, see {prf:ref}`lem-own`, {prf:ref}`Theorem 5.1 <thm-5-1>`, {eq}`eq-flow`,
{ref}`ex-one` and `{ref}`.

:::{prf:theorem} Early alignment
:label: thm-5-1

$$
a
= b
$$ (eq-flow)
:::

::::{prf:lemma} Freezing
:label: lem-own

A [page](sample.md).

:::{admonition} Answer
:class: dropdown
Yes: {py:func}`~homolib.correlation.ncf.kkt_points`.
:::
::::

```python
:::{not-a-directive} in code
```

:::{exercise} Euler
:label: ex-one
Do.
:::

:::{solution-start} ex-one
:class: dropdown
:::

First.

```{code-cell} ipython3
x = "{cite}`in-code`"
assert x
```

Last.

:::{solution-end}
:::

## After

```{code-cell} ipython3
:tags: [hide-input]
print(1)
```

:::{prf:proposition} The same rate [paper: Lemma C.5]
:label: prp-rate
See {numref}`Section {number} <sec-end>`.
:::

(sec-end)=
## End
"""


@pytest.fixture
def convert(tmp_path):
    """Convert a text, and return the notebook and the labels that are missing."""

    def convert(text):
        source = tmp_path / "sample.md"
        source.write_text(text, encoding="utf-8")
        return notebooks.convert(source, book.collect_labels([source]))

    return convert


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_code_is_that_of_the_chapter(source):
    notebook, _ = notebooks.convert(source, book.collect_labels(book.all_sources()))
    first, *code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    assert first == take_home.first_cell()
    cells = [cell for part in book.whole(source) for cell in jupytext.read(part, fmt="md:myst").cells]
    assert code == [cell.source for cell in cells if cell.cell_type == "code"]


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_text_is_plain_markdown_and_every_reference_leads_somewhere(source):
    notebook, missing = notebooks.convert(source, book.collect_labels(book.all_sources()))
    nbformat.validate(notebook)
    assert missing == []
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    text = re.sub(r"^```\n?.*?^```$|`[^`\n]+`", "", text, flags=re.DOTALL | re.MULTILINE)
    assert not re.search(r"^\s*:{3,}|^\([\w-]+\)=$|\{[\w:-]+\}`|\$\$ ?\([\w-]+\)", text, re.MULTILINE)
    assert not re.search(r"\{(?:number|name)\}|\?\?|(?<!a-)\bfigure-[\w-]+|Figure \?", text)
    assert text.count("<details>") == text.count("</details>")


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_a_number_stands_above_each_figure(source):
    labels = book.collect_labels(book.all_sources())
    cells = notebooks.convert(source, labels)[0].cells
    shown = [(above, cell) for above, cell in itertools.pairwise(cells) if book.FIGURE.search(cell.source)]
    assert [above.source for above, _ in shown] == [
        f"**{labels.words[label]}**" for part in book.whole(source) for label in labels.figures[part.stem]
    ]
    assert sum(cell.source.count("hl.figures.") for cell in cells if cell.cell_type == "code") >= len(shown) > 0


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_conversion_is_deterministic_and_cells_have_their_own_ids(source):
    labels = book.collect_labels(book.all_sources())
    first, second = (notebooks.convert(source, labels)[0] for _ in range(2))
    assert nbformat.writes(first) == nbformat.writes(second)
    assert len({cell.id for cell in first.cells}) == len(first.cells)


def test_references_read_as_on_the_website(convert):
    notebook, missing = convert(SAMPLE)
    text = notebook.cells[1].source
    assert missing == []
    assert "By Boursier et al. [2022], see Lemma 2, Theorem 5.1, (1),\nExercise 1 and `{ref}`." in text
    assert "> **Theorem 1 (Early alignment).**\n>\n> $$ a = b \\tag{1} $$" in text
    assert "> **Lemma 2 (Freezing).**\n>\n> A page." in text
    assert "> Yes: `homolib.correlation.ncf.kkt_points`." in text
    assert "```python\n:::{not-a-directive} in code\n```" in text
    assert notebook.cells[-1].source.startswith("## References\n\n* Etienne Boursier")


def test_figures_are_numbered_and_referred_to_by_number(convert):
    text = (
        SAMPLE
        + """
See {ref}`figure-sample-one-kink-2`, {ref}`this picture <figure-sample-one-kink>` and
{ref}`figure-sample-two-panels`.

```{code-cell} ipython3
hl.show(hl.figures.one_kink, below=1.0)
```

```{code-cell} ipython3
hl.explore(
    hl.figures.two_panels,
    delta=[1, 2],
)
```

```{code-cell} ipython3
hl.show(hl.figures.one_kink)
```
"""
    )
    notebook, missing = convert(text)
    assert missing == []
    said = [cell.source for cell in notebook.cells]
    assert "See Figure 0.3, this picture and\nFigure 0.2." in "\n".join(said)
    assert [line for line in said if line.startswith("**Figure")] == [f"**Figure 0.{k}**" for k in (1, 2, 3)]
    assert said[said.index("**Figure 0.2**") + 1].startswith("hl.explore(")


def test_a_solution_with_code_is_folded_piece_by_piece(convert):
    _, before, code, after, *_ = convert(SAMPLE)[0].cells
    assert before.source.endswith("<details>\n<summary><b>Solution</b></summary>\n\nFirst.\n\n</details>")
    assert (code.source, code.metadata.jupyter.source_hidden) == ('x = "{cite}`in-code`"\nassert x', True)
    assert after.source.endswith("Last.\n\n</details>\n\n## After")


def test_code_that_the_website_folds_is_folded(convert):
    cell = next(cell for cell in convert(SAMPLE)[0].cells if cell.source == "print(1)")
    assert cell.metadata == {"jupyter": {"source_hidden": True}, "tags": ["hide-input"]}


def test_results_share_one_counter_and_the_papers_number_is_a_tag(convert):
    text = "\n".join(cell.source for cell in convert(SAMPLE)[0].cells)
    assert "> **Proposition 3 (The same rate) [paper: Lemma C.5].**" in text  # after Theorem 1 and Lemma 2


def test_sections_have_their_numbers_in_numbered_chapters():
    labels = book.collect_labels(book.all_sources())
    numbers = [labels.section[label] for label in ("sec-three-neurons", "sec-list", "sec-spurious")]
    assert numbers == ["6.1", "6.4", "6.14.6"]


def test_a_reference_that_leads_nowhere_is_reported(convert):
    assert convert(SAMPLE + "\n{ref}`nowhere`")[1] == ["nowhere"]


@pytest.mark.parametrize(
    "text", ["```{video} x\n```", "{glue}`x`", "{cite:t}`nobody1900`", ":::{admonition} Open\nfor ever"]
)
def test_what_a_notebook_cannot_show_is_an_error(convert, text):
    with pytest.raises(notebooks.Unknown):
        convert(SAMPLE + "\n" + text)
