"""Problem sets: from one MyST source to the notebooks that nbgrader and students know.

A source marks its cells in a few words (`problem`, `answer`, `tests`, `points`, `rubric`); here they become nbgrader's
metadata, and nbgrader makes the students' notebook: solutions become stubs, hidden tests go.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import sys
from functools import cache
from pathlib import Path

import jupytext
import nbformat
import yaml
from nbformat import NotebookNode
from traitlets.config import Config

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT / "tools") not in sys.path:
    sys.path.insert(0, str(ROOT / "tools"))

import book  # noqa: E402
import notebooks  # noqa: E402
import take_home  # noqa: E402
from restore import is_test  # noqa: E402

BESIDE = str(Path(sys.executable).parent)  # nbgrader calls alembic by its name: the one that stands beside this Python
if os.environ.get("PATH", "").split(os.pathsep)[0] != BESIDE:
    os.environ["PATH"] = os.pathsep.join([BESIDE, *filter(None, [os.environ.get("PATH")])])

SETS = ROOT / "course/sets"
ORDER = (
    "homogeneity-and-clarke",
    "flows-and-non-uniqueness",
    "correlation-and-kkt",
    "small-initialization",
    "saddles-and-escape",
    "project",
)
COURSE = "small-beginnings"
HIDDEN = "### BEGIN HIDDEN TESTS"
KINDS = ("written", "code", "both")


class Unfit(ValueError):
    """A set that cannot be used as it is, and why."""


@dataclasses.dataclass
class Problem:
    """What the source says about one problem."""

    name: str
    title: str
    points: float
    minutes: float
    kind: str
    level: str
    page: str
    outcomes: list[str]
    rubric: str = ""


@dataclasses.dataclass
class Sheet:
    """One problem set: its problems, and nbgrader's source notebook with solutions and hidden tests."""

    name: str
    title: str
    problems: list[Problem]
    notebook: NotebookNode

    @property
    def points(self) -> float:
        """The sum over all problems."""
        return sum(problem.points for problem in self.problems)


def all_sources() -> list[Path]:
    """The sources of the course's sets, in the order of the course."""
    known = {path.stem: path for path in SETS.glob("*.md")}
    return [known[name] for name in ORDER if name in known] + [known[name] for name in sorted(set(known) - set(ORDER))]


def find(name: str) -> Path:
    """The source of a set, by its name or its path."""
    path = Path(name) if name.endswith(".md") else SETS / f"{name}.md"
    if not path.is_file():
        there = ", ".join(source.stem for source in all_sources())
        raise Unfit(f"there is no problem set {name}; there are: {there}")
    return path.resolve()


@cache
def _labels() -> book.Labels:
    """The book's labels, without their pages: a set is not beside them."""
    return dataclasses.replace(book.collect_labels(book.all_sources()), page={})


@cache
def page_title(page: str) -> str:
    """The title of a page of the book."""
    source = ROOT / f"chapters/{page}.md"
    if not source.is_file():
        raise Unfit(f"there is no page chapters/{page}.md")
    return next(line[2:] for line in source.read_text(encoding="utf-8").splitlines() if line.startswith("# "))


def outcomes() -> dict[str, str]:
    """What students of the course learn to do."""
    return yaml.safe_load((ROOT / "course/outcomes.yml").read_text(encoding="utf-8"))


def read(source: Path) -> Sheet:
    """Read a set; an Unfit says what is wrong with it."""
    try:
        return _Reader(source).sheet()
    except (Unfit, notebooks.Unknown, KeyError, TypeError) as error:
        raise Unfit(
            f"{source.name}: {error!r}" if isinstance(error, KeyError) else f"{source.name}: {error}"
        ) from error


class _Reader:
    """Goes through the cells of a source."""

    def __init__(self, source: Path):
        self.source = source
        self.problems: dict[str, Problem] = {}
        self.ids: set[str] = set()
        self.to_text = notebooks.Converter(_labels())
        self.scored: dict[str, float] = {}

    def sheet(self) -> Sheet:
        """The set as a whole."""
        old = jupytext.read(self.source, fmt="md:myst")
        first = nbformat.v4.new_code_cell(take_home.first_cell())
        cells = [self.marked(first, "install", locked=True)]
        for cell in old.cells:
            if (new := self.cell(cell)) is not None:
                cells.append(new)
        for i, cell in enumerate(cells):
            cell.id = hashlib.sha256(f"{self.source.stem} {i}".encode()).hexdigest()[:12]
        for problem in self.problems.values():
            if self.scored.get(problem.name, 0) != problem.points:
                scored = self.scored.get(problem.name, 0)
                raise Unfit(f"{problem.name} has {problem.points:g} points, and its cells {scored:g}")
        kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
        notebook = nbformat.v4.new_notebook(cells=cells, metadata=kernel)
        nbformat.validate(notebook)
        title = next(line[2:] for line in old.cells[0].source.splitlines() if line.startswith("# "))
        return Sheet(self.source.stem, title, list(self.problems.values()), notebook)

    def cell(self, cell: NotebookNode) -> NotebookNode | None:
        """The cell of nbgrader's that one of ours becomes; None for a rubric."""
        mark, code = cell.metadata, cell.cell_type == "code"
        points = float(mark.get("points", 0))
        if "problem" in mark:
            problem = self.problem(mark)
            text = self.to_text.cell(cell.source) + "\n\n" + about(problem)
            return self.marked(nbformat.v4.new_markdown_cell(text), f"{problem.name}-statement", locked=True)
        if "rubric" in mark:
            self.of(mark["rubric"]).rubric += self.to_text.cell(cell.source) + "\n"
            return None
        if "tests" in mark:
            name = self.of(mark["tests"]).name
            number = 1 + sum(known.startswith(f"{name}-test-") for known in self.ids)
            self.scored[name] = self.scored.get(name, 0) + points
            unseen = f"# {points:g} points: these checks are run when you have handed in\n"
            new = nbformat.v4.new_code_cell(unseen * cell.source.startswith(HIDDEN) + cell.source)
            return self.marked(new, f"{name}-test-{number}", grade=True, locked=True, points=points)
        if "answer" in mark and code:
            return self.marked(nbformat.v4.new_code_cell(cell.source), self.of(mark["answer"]).name, solution=True)
        if "answer" in mark:
            name = self.of(mark["answer"]).name
            self.scored[name] = self.scored.get(name, 0) + points
            new = nbformat.v4.new_markdown_cell(self.answer(cell.source))
            return self.marked(new, f"{name}-text", grade=True, solution=True, points=points)
        if code:
            return self.marked(nbformat.v4.new_code_cell(cell.source), f"given-{len(self.ids)}", locked=True)
        text = self.to_text.cell(cell.source)
        return self.marked(nbformat.v4.new_markdown_cell(text), f"text-{len(self.ids)}", locked=True) if text else None

    def problem(self, mark: dict) -> Problem:
        """A new problem."""
        about = {field.name: mark[field.name] for field in dataclasses.fields(Problem) if field.name in mark}
        problem = Problem(mark["problem"], **about)
        if problem.name in self.problems:
            raise Unfit(f"there are two problems {problem.name}")
        if problem.kind not in KINDS:
            raise Unfit(f"{problem.name} is {problem.kind}; wanted is one of {', '.join(KINDS)}")
        page_title(problem.page)
        self.problems[problem.name] = problem
        return problem

    def of(self, name: str) -> Problem:
        """The problem of this name."""
        if name not in self.problems:
            raise Unfit(f"a cell belongs to {name}, and there is no such problem above it")
        return self.problems[name]

    def answer(self, text: str) -> str:
        """A written answer; the marks of its solution stay where they are, each on a line of its own."""
        begin, end = "### BEGIN SOLUTION", "### END SOLUTION"
        before, found, rest = text.partition(begin)
        solution, ended, after = rest.partition(end)
        if not (found and ended):
            raise Unfit(f"a written answer stands between {begin} and {end}")
        parts = [self.to_text.cell(part) for part in (before, solution, after)]
        return "\n".join(filter(None, (parts[0], begin, parts[1], end, parts[2])))

    def marked(self, cell: NotebookNode, name: str, points: float | None = None, **marks: bool) -> NotebookNode:
        """A cell with the metadata of nbgrader."""
        if name in self.ids:
            raise Unfit(f"there are two cells {name}")
        self.ids.add(name)
        about = {"grade": False, "locked": False, "solution": False, "task": False} | marks
        about |= {"grade_id": name, "schema_version": 3} | ({} if points is None else {"points": points})
        cell.metadata = NotebookNode(nbgrader=NotebookNode(about))
        return cell


def about(problem: Problem) -> str:
    """The line below a problem's statement."""
    level, plural = problem.level.capitalize(), "s" * (problem.points != 1)
    effort = f"{problem.points:g} point{plural}, about {problem.minutes:g} minutes"
    return f"*{level}, {effort}. Chapter: {page_title(problem.page)}.*"


def course_config(root: Path, db: str, name: str) -> Config:
    """Settings of nbgrader for one set in a course folder."""
    config = Config()
    config.CourseDirectory.root = str(root.resolve())
    config.CourseDirectory.db_url = db
    config.CourseDirectory.course_id = COURSE
    config.CourseDirectory.assignment_id = name
    config.ClearSolutions.text_stub = "*Your answer here.*"
    config.ClearSolutions.code_stub = {"python": "# Your code here\nraise NotImplementedError"}
    return config


def release(sheet: Sheet, root: Path, db: str) -> NotebookNode:
    """Put a set into a course folder and its gradebook, and return the students' notebook, which nbgrader makes."""
    from nbgrader.converters import GenerateAssignment
    from nbgrader.coursedir import CourseDirectory

    source = root / "source" / sheet.name / f"{sheet.name}.ipynb"
    source.parent.mkdir(parents=True, exist_ok=True)
    text = nbformat.writes(sheet.notebook) + "\n"
    made = root / "release" / sheet.name / source.name
    config = course_config(root, db, sheet.name)
    source.write_text(text, encoding="utf-8")
    config.GenerateAssignment.force = True
    here = os.getcwd()
    try:
        GenerateAssignment(coursedir=CourseDirectory(config=config), config=config).start()
    finally:
        os.chdir(here)
    return nbformat.read(made, as_version=4)


def master(sheet: Sheet, students: NotebookNode) -> dict:
    """What submissions are held against: the students' notebook with the test cells whole.

    Answers are stubs whose checksum nbgrader knows, so that it can tell an answer from none.
    """
    whole = {cell.metadata.nbgrader.grade_id: cell.source for cell in sheet.notebook.cells if is_test(cell)}
    new = json.loads(nbformat.writes(students, split_lines=False))
    for cell in new["cells"]:
        cell["source"] = whole.get(cell["metadata"]["nbgrader"]["grade_id"], cell["source"])
    return new
