"""The part "Teaching" of the site: what is made of the problem sets in `course/`, and links to figures in a state.

A page says ```{course} TABLE or ```{course} SET, and gets the Markdown before Sphinx parses it, from what makes and
grades the students' notebooks: nothing is written twice, and no page, nor the copy of its source, ever held a solution.
"""

from __future__ import annotations

import json
import logging
import re
import shutil
import sys
import tempfile
from collections import Counter
from functools import cache
from html import unescape
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode

import nbformat
from bs4 import BeautifulSoup
from docutils import nodes
from nbformat import NotebookNode
from sphinx.util import logging as sphinx_logging
from sphinx.util.docutils import SphinxRole
from sqlalchemy import Engine, event

import book
import take_home
import trees

sys.path.append(str(book.ROOT / "course"))

import fence
import publish
import sheets

LOGGER = sphinx_logging.getLogger(__name__)
ASKED = re.compile(r"^```\{course\} (\S+)\n```$", re.MULTILINE)
FOLDER = "problem-sets"  # of the site, for what students take home
LATER = "checks that run when you have handed in"


# What pages show


@cache
def all_sheets() -> dict[str, sheets.Sheet]:
    """The problem sets of the course, by name."""
    return {source.stem: sheets.read(source) for source in sheets.all_sources()}


@cache
def students_notebooks() -> dict[str, NotebookNode]:
    """What students get, as nbgrader makes it."""
    logging.getLogger("traitlets").setLevel(logging.ERROR)
    event.listen(Engine, "connect", hurry)
    try:
        with tempfile.TemporaryDirectory() as root:
            db = f"sqlite:///{root}/gradebook.db"
            return {name: sheets.release(sheet, Path(root), db) for name, sheet in all_sheets().items()}
    finally:
        event.remove(Engine, "connect", hurry)


def hurry(connection, _record):
    """Let SQLite not wait for the disk, three hundred times: this gradebook is thrown away."""
    connection.execute("PRAGMA synchronous = OFF")


def page_of(sheet: sheets.Sheet, students: NotebookNode) -> str:
    """A problem set as a page: the students' notebook, whose code is shown and not run."""
    problems = {f"{problem.name}-statement": problem for problem in sheet.problems}
    whole = {cell.metadata.nbgrader.grade_id: cell.source for cell in sheet.notebook.cells}
    pieces = []
    for cell in students.cells[1:]:  # the first installs the library
        about = cell.metadata.nbgrader
        if problem := problems.get(about.grade_id):
            linked = sheets.about(problem).replace(sheets.page_title(problem.page), f"{{ref}}`chapter-{problem.page}`")
            text = cell.source.replace(sheets.about(problem), linked)
            pieces.append(f"({sheet.name}-{problem.name})=\n{text}")
        elif cell.cell_type == "markdown":
            pieces.append(cell.source)
        else:
            pieces += checks(cell, sheets.HIDDEN in whole[about.grade_id]) if about.grade else [code(cell.source)]
    return "\n\n".join(pieces)


def checks(cell: NotebookNode, hides: bool) -> list[str]:
    """The checks of a problem, and how much they are worth."""
    worth = f"{cell.metadata.nbgrader.points:g} point{'s' * (cell.metadata.nbgrader.points != 1)}"
    if all(line.startswith("#") for line in cell.source.split("\n") if line.strip()):
        return [f"*{worth} for {LATER}.*"]
    return [f"*{worth} for these checks{f', and {LATER}' if hides else ''}:*", code(cell.source)]


def code(text: str) -> str:
    """Code that is shown."""
    return f"```python\n{text}\n```"


def link_to(sheet: sheets.Sheet, problem: sheets.Problem) -> str:
    """A problem by its title, under the number of its set."""
    return f"{sheet.title.partition(':')[0].split()[-1]}: {{ref}}`{sheet.name}-{problem.name}`"


def table_of_sets() -> str:
    """All sets, with what they ask and how long they take."""
    rows = ["| set | problems | points | hours | chapters |", "|---|---|---|---|---|"]
    for sheet in all_sheets().values():
        kinds = Counter(problem.kind for problem in sheet.problems)
        asked = f"{len(sheet.problems)}, {kinds['code'] + kinds['both']} with code"
        hours = round(sum(problem.minutes for problem in sheet.problems) / 30) / 2
        pages = dict.fromkeys(problem.page for problem in sheet.problems)
        chapters = ", ".join(f"{{ref}}`chapter-{page}`" for page in pages)
        rows.append(f"| {{ref}}`set-{sheet.name}` | {asked} | {sheet.points:g} | {hours:g} | {chapters} |")
    return "\n".join(rows)


def table_of_outcomes() -> str:
    """What students learn to do, and which problems test it."""
    rows = ["| a student | problems that test it |", "|---|---|"]
    for name, sentence in sheets.outcomes().items():
        tested = [
            link_to(sheet, problem)
            for sheet in all_sheets().values()
            for problem in sheet.problems
            if name in problem.outcomes
        ]
        rows.append(f"| {sentence} | {'; '.join(tested)} |")
    return "\n".join(rows)


def table_of_problems() -> str:
    """All problems, with the outcomes that they test."""
    rows = ["| problem | kind | level | points | minutes | chapter |", "|---|---|---|---|---|---|"]
    for sheet in all_sheets().values():
        for problem in sheet.problems:
            about = f"{problem.kind} | {problem.level} | {problem.points:g} | {problem.minutes:g}"
            rows.append(f"| {link_to(sheet, problem)} | {about} | {{ref}}`chapter-{problem.page}` |")
    return "\n".join(rows)


def words_of_fence() -> str:
    """What keeps submissions from doing harm, in the words that the grader says."""
    titles = {
        "bubblewrap": "With bubblewrap",
        "user": "Without it, where the grader is root",
        "process": "Without it, for everybody else",
    }
    return "\n\n".join(f"{titles[kind]}:\n\n```text\n{words}\n```" for kind, words in fence.WORDS.items())


def table_of_limits() -> str:
    """What a submission may use."""
    limits = fence.Limits()
    rows = {
        "time for one cell": f"{limits.cell:g} s",
        "time for one test cell": f"{limits.test:g} s",
        "time for a submission": f"{limits.total:g} s",
        "memory of a process": f"{limits.memory / 2**30:g} GiB",
        "files, each and together": f"{limits.file / 2**20:g} MiB",
        "files open at a time": f"{limits.files}",
        "processes and threads": f"{limits.processes}",
        "what a cell prints": f"{limits.output:,} characters",
        "one result": f"{limits.answer / 2**20:g} MiB",
    }
    return "\n".join(
        ["| of | a submission gets |", "|---|---|", *(f"| {name} | {size} |" for name, size in rows.items())]
    )


TABLES = {
    "sets": table_of_sets,
    "outcomes": table_of_outcomes,
    "problems": table_of_problems,
    "fence": words_of_fence,
    "limits": table_of_limits,
}


def fill_in(app, docname, source):
    """Put what a page asks for in its place."""

    def made(match: re.Match) -> str:
        name = match[1]
        if name in TABLES:
            return TABLES[name]()
        return page_of(all_sheets()[name], students_notebooks()[name])

    source[0] = ASKED.sub(made, source[0])


# Links to figures in a state


class State(SphinxRole):
    """A figure with its sliders where one wants them: `small-initialization-frozen-and-trained?delta=1e-4`."""

    def run(self):
        """The link is complete when all figures are known."""
        return [nodes.reference("", self.text, refuri=self.text, classes=["figure-state"])], []


def link_states(app, doctree, docname):
    """Turn each state into a link to the figure; a slider or a value that is not there is a fault."""
    labels = app.env.get_domain("std").labels
    for link in doctree.findall(nodes.reference):
        if "figure-state" in link["classes"]:
            name, _, query = link["refuri"].partition("?")
            if f"figure-{name}" not in labels:
                LOGGER.warning("there is no figure %s", name, location=link)
                continue
            page, anchor, words = labels[f"figure-{name}"]
            wanted = dict(parse_qsl(query))
            known = sliders(trees.tree(app.env, page), anchor)
            for slider, value in wanted.items():
                if value not in known.get(slider, ()):
                    LOGGER.warning("%s has no %s=%s, but %s", words, slider, value, known, location=link)
            link["refuri"] = f"{app.builder.get_relative_uri(docname, page)}#{anchor}" + (
                f"?{urlencode(wanted, quote_via=quote)}" if wanted else ""
            )
            link["internal"] = True
            state = ", ".join(f"{slider} = {value}" for slider, value in wanted.items())
            link[:] = [nodes.Text(f"{words}, {state}" if state else words)]


def sliders(doctree, anchor: str) -> dict[str, list[str]]:
    """The sliders of a figure, with the values that they can have."""
    figure = next(node.astext() for node in doctree.findall(nodes.raw) if f'<figure id="{anchor}"' in node.astext())
    inputs = BeautifulSoup(figure, "html.parser").select("input[type=range]")
    return {tag["name"]: json.loads(unescape(tag["data-texts"])) for tag in inputs}


# What students take home


def set_of(pagename: str) -> str:
    """The problem set that a page shows, or nothing."""
    name = Path(pagename).name.removeprefix("set-")
    return name if Path(pagename).name.startswith("set-") and (sheets.SETS / f"{name}.md").is_file() else ""


def offer_set(app, pagename, templatename, context, doctree):
    """Put a set's notebook, and the zip with the library, first in the page's download menu."""
    if not (name := set_of(pagename)):
        return
    offers = [
        (f"{name}.ipynb", ".ipynb", "fas fa-code", "Download notebook file"),
        (f"{name}.zip", "with the library (.zip)", "fas fa-file-zipper", "Download the notebook with its library"),
    ]
    take_home.offer(context, FOLDER, offers)


def write_sets(app, error):
    """Ship the students' notebooks, and the library that they need."""
    shown = [name for page in sorted(app.env.found_docs) if (name := set_of(page))]
    if error is not None or app.builder.format != "html" or not shown:
        return
    folder = Path(app.outdir) / FOLDER
    folder.mkdir(exist_ok=True)
    wheel = Path(app.outdir) / "notebooks" / take_home.wheel_name()
    wheel = shutil.copy(wheel, folder) if wheel.is_file() else take_home.build_wheel(folder)
    for name in shown:
        text = nbformat.writes(students_notebooks()[name]) + "\n"
        (folder / f"{name}.ipynb").write_text(text, encoding="utf-8", newline="\n")
        publish.pack(all_sheets()[name], text, folder / f"{name}.zip", Path(wheel))


def setup(app):
    """Called by Sphinx."""
    app.add_role("state", State())
    app.connect("source-read", fill_in)
    app.connect("doctree-resolved", link_states)
    app.connect("html-page-context", offer_set, priority=900)  # after the theme has made its buttons
    app.connect("build-finished", write_sets, priority=900)  # after the wheel
    return {"parallel_read_safe": True, "parallel_write_safe": True}
