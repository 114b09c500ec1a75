"""Turn the chapters into notebooks that read well where Sphinx is not: JupyterLab, VS Code, Colab.

    python tools/notebooks.py [--out notebooks] [chapters/name.md ...]

Code cells stay as they are. In the text, a directive becomes plain Markdown (what the website folds becomes a
<details>), a reference the words and numbers of the website, a citation author and year. Anything else is an error: a
directive that this file does not know would be noise in a notebook. A notebook in which someone has written stays as it
is, and the new one is put beside it.
"""

from __future__ import annotations

import argparse
import hashlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import jupytext
import nbformat
from pybtex.database import parse_file
from pybtex.plugin import find_plugin

import book
import keep
import self_check
import take_home

REFERENCES = book.ROOT / "chapters/references.bib"
HIDDEN = {"hide-input", "hide-cell"}
PAPER = re.compile(r"(?P<name>.*?)\s*(?P<tag>\[paper: [^\]]+\])")
INLINE = re.compile(
    r"\{(?P<role>[\w:-]+)\}`(?P<text>[^`]+)`"
    r"|(?P<code>(?P<ticks>`+).+?(?P=ticks))"
    r"|\[(?P<words>[^\]]*)\]\((?P<page>[\w-]+)\.md\)",
    re.DOTALL,
)


class Unknown(ValueError):
    """A directive, role, label or citation that cannot be turned into plain Markdown."""


# Citations


@cache
def bibliography():
    """Return the entries of the book's bibliography."""
    return parse_file(str(REFERENCES)).entries


def cite(keys: str, textual: bool) -> str:
    """Author and year: "Kumar and Haupt [2024]" in a sentence, "[Kumar and Haupt, 2024]" behind it."""
    works = []
    for key in map(str.strip, keys.split(",")):
        if key not in bibliography():
            raise Unknown(f"no work '{key}' in {REFERENCES.name}")
        entry = bibliography()[key]
        names = [" ".join(str(part) for part in person.rich_last_names) for person in entry.persons["author"]]
        works.append((f"{names[0]} et al." if len(names) > 2 else " and ".join(names), entry.fields["year"]))
    if textual:
        return ", ".join(f"{names} [{year}]" for names, year in works)
    return "[" + "; ".join(f"{names}, {year}" for names, year in works) + "]"


def reference_list(keys: list[str]) -> str:
    """The cited works, each a line of Markdown."""
    style = find_plugin("pybtex.style.formatting", "plain")()
    works = style.format_entries([bibliography()[key] for key in sorted(keys)])
    return "\n".join("* " + " ".join(work.text.render_as("text").split()) for work in works)


# Text


def quoted(title: str, body: str) -> str:
    """A block quotation; a formula goes on one line, or the quotation marks would be read as part of it."""
    body = re.sub(r"\$\$.*?\$\$", lambda math: " ".join(math[0].split()), body, flags=re.DOTALL)
    return "\n".join(f"> {line}".rstrip() for line in f"{title}\n\n{body}".strip().splitlines())


def folded(title: str, body: str) -> str:
    """What the website folds."""
    return f"<details>\n<summary><b>{title}</b></summary>\n\n{body}\n\n</details>"


class Converter:
    """The text of one chapter as plain Markdown; from cell to cell it remembers an open solution and what was cited."""

    def __init__(self, labels: book.Labels):
        self.labels = labels
        self.solution = ""  # the title of the open solution, if one is open
        self.cited: list[str] = []
        self.missing: list[str] = []

    def cell(self, markdown: str) -> str:
        """One Markdown cell. A solution may run through several cells: each folds its own part of it."""
        pieces, piece, lines = [], [], iter(markdown.splitlines())

        def close_piece():
            body = self.blocks(piece)
            pieces.append(folded(self.solution, body) if self.solution and body else body)
            piece.clear()

        for line in lines:
            fence = book.FENCE.fullmatch(line)
            if fence and fence["name"] in ("solution-start", "solution-end"):
                close_piece()
                self.solution = "Solution" if fence["name"] == "solution-start" else ""
                while next(lines).strip() != fence["fence"]:
                    pass
            else:
                piece.append(line)
        close_piece()
        if self.solution:
            self.solution = "Solution, continued"
        return "\n\n".join(filter(None, pieces))

    def blocks(self, lines: list[str]) -> str:
        """Directives, formulas, code and paragraphs, one after the other."""
        done, rest = [], list(lines)
        while rest:
            line = rest[0].strip()
            if fence := book.FENCE.fullmatch(line):
                end = closing(rest, fence["fence"])
                done.append(self.directive(fence["name"], fence["title"], rest[1:end]))
            elif line.startswith("```"):
                end = closing(rest, "```")
                done.append("\n".join(rest[: end + 1]))
            elif line.startswith("$$"):
                end = next(i for i in range(len(rest)) if "\n".join(rest[: i + 1]).count("$$") == 2)
                done.append(self.formula("\n".join(rest[: end + 1])))
            elif not line or line.startswith("%") or book.LABEL.fullmatch(line):
                end = 0
            else:
                ends = (i for i, text in enumerate(rest) if i and (not text.strip() or starts_block(text)))
                end = next(ends, len(rest)) - 1
                done.append(INLINE.sub(self.inline, "\n".join(rest[: end + 1])))
            del rest[: end + 1]
        return "\n\n".join(filter(None, done))

    def formula(self, text: str) -> str:
        """A displayed formula, with its number where it has one."""
        body, label = re.fullmatch(r"\s*\$\$(.*)\$\$\s*(?:\((.*)\))?\s*", text, re.DOTALL).groups()
        tag = f" \\tag{{{self.labels.number[label]}}}" if label else ""
        return f"$$\n{body.strip()}{tag}\n$$"

    def directive(self, name: str, title: str, lines: list[str]) -> str:
        """One directive and what is in it."""
        options, lines = book.split_options(lines)
        title = INLINE.sub(self.inline, title)
        if name == "math":
            return self.formula(
                "$$\n" + "\n".join(lines) + "\n$$" + (f" ({options['label']})" if "label" in options else "")
            )
        if name == "self-check":
            return "\n\n".join(self.question(*one) for one in enumerate(self_check.questions(lines), start=1))
        body = self.blocks(lines)
        if name == "prf:proof":
            return f"*Proof.* {body} $\\square$"
        if book.NUMBERED.match(name):
            label = options.get("label")
            number = self.labels.words.get(label, name.removeprefix("prf:").title())
            title, tag = PAPER.fullmatch(title).groups() if PAPER.fullmatch(title) else (title, "")
            heading = f"{number} ({title})" if title else number
            heading += f" {tag}" if tag else ""
            return f"**{heading}.**\n\n{body}" if name == "exercise" else quoted(f"**{heading}.**", body)
        if name == "solution" or name == "dropdown" or "dropdown" in options.get("class", ""):
            return folded("Solution" if name == "solution" else title, body)
        if name in ("admonition", "note", "tip", "warning"):
            return quoted(f"**{title if name == 'admonition' else name.title()}.**", body)
        raise Unknown(f"a notebook has no {{{name}}}")

    def question(self, place: int, question: self_check.Question) -> str:
        """A question, its choices, and what is said to each; a number is that of the next cell."""
        choices, answers = [], []
        for k, choice in enumerate(question.choices):
            name = self_check.letter(k)
            if choice.number is None:
                choices.append(f"* {name} {choice.text}")
            elif choice.right:
                name = f"The number `{choice.number}` of the next cell, to within {choice.within}"
            else:
                name = f"The number `{choice.number}` of the next cell" if choice.number else "Another number"
            answers.append(f"* **{name}.** *{choice.verdict}* {choice.why}")
        fold = folded(f"Answer to question {place}", "\n".join(answers))
        pieces = (f"**{place}.** {question.text}", "\n".join(choices), fold)
        return INLINE.sub(self.inline, "\n\n".join(filter(None, pieces)))

    def inline(self, match: re.Match) -> str:
        """A role, a link to a page of the book, or code, which stays as it is."""
        if match["code"]:
            return match["code"]
        if page := match["page"]:
            label = next((label for label, name in self.labels.page.items() if name == page), page)
            return self.link(label, match["words"])
        role, text = match["role"], match["text"]
        words, target = re.fullmatch(r"(?:(.*?)\s*<)?([^<>]*)>?", text, re.DOTALL).groups()
        if role in ("cite:t", "cite:p", "cite"):
            self.cited += [key.strip() for key in text.split(",") if key.strip() not in self.cited]
            return cite(text, textual=role == "cite:t")
        if role in ("ref", "prf:ref", "eq", "numref"):
            number = self.labels.number.get(target) or self.labels.section.get(target, "?")
            return self.link(target, (words or "").replace("{number}", number))
        if role.startswith("py:"):
            return f"`{words or target.lstrip('~')}`"
        if role == "math":
            return f"${text}$"
        raise Unknown(f"a notebook has no {{{role}}}`{text}`")

    def link(self, label: str, words: str) -> str:
        """The words for a label; a chapter is a file beside this one."""
        if label not in self.labels.words:
            self.missing.append(label)
        words = words or self.labels.words.get(label, label)
        page = book.chapter_of(self.labels.page.get(label, ""))
        return f"[{words}]({page}.ipynb)" if page in book.chapter_numbers() else words


def starts_block(line: str) -> bool:
    """Whether a line ends the paragraph above it."""
    return bool(book.FENCE.fullmatch(line.strip()) or book.LABEL.fullmatch(line.strip())) or line.strip().startswith(
        ("```", "$$")
    )


def closing(lines: list[str], fence: str) -> int:
    """Index of the line that closes the block opened in the first."""
    for i, line in enumerate(lines[1:], start=1):
        if line.strip().startswith(fence) and not line.strip().strip(fence[0]):
            return i
    raise Unknown(f"nothing closes: {lines[0]}")


# Notebooks


def convert(source: Path, labels: book.Labels, repository: str = "") -> tuple[nbformat.NotebookNode, list[str]]:
    """The notebook of a chapter and its details, without outputs, and the labels that nothing in the book carries."""
    parts, to_text = book.whole(source), Converter(labels)
    cells = [nbformat.v4.new_code_cell(take_home.first_cell(repository))]
    figures = iter([label for part in parts for label in labels.figures[part.stem]])
    for cell in [cell for part in parts for cell in jupytext.read(part, fmt="md:myst").cells]:
        if cell.cell_type == "code":
            numbers = [labels.words[next(figures)] for _ in book.FIGURE.finditer(cell.source)]
            if numbers:
                cells.append(nbformat.v4.new_markdown_cell(f"**{', '.join(numbers)}**"))
            folded_on_site = to_text.solution or HIDDEN & set(cell.metadata.get("tags", []))
            hidden = {"jupyter": {"source_hidden": True}} if folded_on_site else {}
            tags = {"tags": cell.metadata.tags} if "tags" in cell.metadata else {}
            cells.append(nbformat.v4.new_code_cell(cell.source, metadata=hidden | tags))
        elif text := to_text.cell(cell.source):
            cells.append(nbformat.v4.new_markdown_cell(text))
    if to_text.cited:
        cells.append(nbformat.v4.new_markdown_cell(f"## References\n\n{reference_list(to_text.cited)}"))
    for i, cell in enumerate(cells):
        cell.id = hashlib.sha256(f"{source.stem} {i} {cell.source}".encode()).hexdigest()[:12]
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=kernel)
    keep.sign(notebook)
    return notebook, to_text.missing


def convert_all(sources: list[Path], repository: str, strict: bool = True) -> Iterator[tuple[str, str]]:
    """Name and text of the notebook of every source; in the whole book, every reference must lead somewhere."""
    labels = book.collect_labels(list(dict.fromkeys([*book.all_sources(), *sources])))
    for source in sources:
        try:
            notebook, missing = convert(source, labels, repository)
        except Unknown as error:
            raise Unknown(f"{source.name}: {error}") from error
        if missing and strict:
            raise Unknown(f"{source.name}: nothing is labelled {', '.join(missing)}")
        nbformat.validate(notebook)
        yield f"{source.stem}.ipynb", nbformat.writes(notebook) + "\n"


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Turn the chapters into plain notebooks.")
    parser.add_argument("--out", type=Path, default=book.ROOT / "notebooks")
    parser.add_argument("sources", nargs="*", type=Path, help="default: the whole book")
    arguments = parser.parse_args()
    sources = arguments.sources or list(filter(book.is_notebook, book.all_sources()))
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name, text in convert_all(sources, book.repository(), strict=not arguments.sources):
        path = keep.place(text, arguments.out / name)
        if path.name != name:
            print(f"{arguments.out / name} stays as you wrote it; the chapter as it is now: {path.name}")


if __name__ == "__main__":
    main()
