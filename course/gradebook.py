"""The gradebook: nbgrader's own, at any address that SQLAlchemy knows, and one table beside it.

The table says which file a student's grade comes from, and what there was to say about it. A run that was killed looks
there for what is done, and so does a second run on another machine with the same gradebook.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import json
import logging
import math
import os
import warnings
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbgrader import api
from nbgrader.plugins import LateSubmissionPlugin
from nbgrader.preprocessors import AssignLatePenalties, CheckCellMetadata, LimitOutput, SaveAutoGrades
from sqlalchemy import Column, MetaData, String, Table, Text, delete, insert, select
from sqlalchemy.exc import SAWarning
from traitlets import Float

import sheets
from submissions import Submission

warnings.filterwarnings(
    "ignore", category=SAWarning, module=r"nbgrader\."
)  # of a newer SQLAlchemy than it was made for
DONE = Table(
    "course_graded",
    MetaData(),
    Column("assignment", String(128), primary_key=True),
    Column("student", String(128), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("said", Text, nullable=False),
)
SETTINGS = """# For nbgrader's formgrader, in which written answers are marked: run JupyterLab in this folder.
import os

c = get_config()
c.CourseDirectory.course_id = "{course}"
c.CourseDirectory.db_url = {db}
c.Autograde.autograde_preprocessors = []  # nbgrader would run submissions as you: only course/grade.py runs them
os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, [{jupyter!r}, os.environ.get("JUPYTER_PATH")]))  # formulas
"""
# The formgrader asks another host for MathJax 2, and waits for it: here is ours instead, and what it waits for.
TEMPLATE = '{% macro mathjax(url="") %}<script src="../../../files/jupyter/formulas.js"></script>{% endmacro %}\n'
FORMULAS = """window.MathJax = {{tex: {{inlineMath: [["$", "$"], ["\\\\(", "\\\\)"]]}}}};
{mathjax}
MathJax.Hub = {{Startup: {{signal: {{Interest: (tell) => MathJax.startup.promise.then(() => tell("End"))}}}}}};
"""


class PerDay(LateSubmissionPlugin):
    """Takes a part of the score for each day that begins after a submission was due."""

    part = Float(0.0).tag(config=True)

    def late_submission_penalty(self, student_id: str, score: float, total_seconds_late: float) -> float:
        """Points that are taken."""
        return score * min(1.0, self.part * math.ceil(total_seconds_late / 86400))


@dataclasses.dataclass
class Row:
    """What the gradebook says about one student and one set."""

    student: str
    score: float
    possible: float
    by_hand: list[str]  # names of cells whose marks a person has to give
    late: datetime.timedelta
    penalty: float
    cells: dict[str, float]
    said: list[str]

    @property
    def total(self) -> float:
        """What counts."""
        return max(0.0, self.score - self.penalty)


class Gradebook:
    """The grades of one set in one course folder."""

    def __init__(self, sheet: sheets.Sheet, root: Path, db: str, late: float = 0.0):
        self.sheet, self.root, self.db = sheet, root, db
        self.config = sheets.course_config(root, db, sheet.name)
        self.config.AssignLatePenalties.plugin_class = PerDay
        self.config.PerDay.part = late
        logging.getLogger("tornado.application").setLevel(logging.CRITICAL)
        root.mkdir(parents=True, exist_ok=True)
        with self.open() as book:
            DONE.metadata.create_all(book.engine)
        self.set_up_formgrader()

    def set_up_formgrader(self) -> None:
        """Write what JupyterLab needs in this folder, once: the settings may be edited."""
        settings, jupyter = self.root / "nbgrader_config.py", self.root.resolve() / "jupyter"
        if settings.exists():
            return
        template = jupyter / "nbconvert/templates/formgrade/mathjax.html.j2"
        template.parent.mkdir(parents=True, exist_ok=True)
        template.write_text(TEMPLATE, encoding="utf-8")
        mathjax = (sheets.ROOT / "vendor/mathjax/tex-svg.js").read_text(encoding="utf-8")
        (jupyter / "formulas.js").write_text(FORMULAS.format(mathjax=mathjax), encoding="utf-8")
        address = "os.environ['GRADEBOOK']" if "@" in self.db else repr(self.db)  # no password in a file
        text = SETTINGS.format(course=sheets.COURSE, db=address, jupyter=str(jupyter))
        settings.write_text(text, encoding="utf-8")

    @contextlib.contextmanager
    def open(self) -> Iterator[api.Gradebook]:
        """nbgrader's gradebook, for as long as it is needed."""
        with api.Gradebook(self.db, sheets.COURSE) as book:
            yield book

    def due(self, when: datetime.datetime | None) -> None:
        """Say when the set is due, in UTC; None leaves it as it is."""
        if when is not None:
            with self.open() as book:
                book.update_or_create_assignment(self.sheet.name, duedate=when)

    def enrol(self, roster: list[dict[str, str]]) -> None:
        """Have every student of the roster in the gradebook."""
        with self.open() as book:
            for student in roster:
                names = {key: student[key] for key in ("first_name", "last_name", "email") if student.get(key)}
                book.update_or_create_student(student["id"], **names)

    def done(self) -> dict[str, tuple[str, datetime.datetime]]:
        """Digest of the file that each student's grade comes from, and when it was handed in."""
        with self.open() as book:
            there = {one.student_id: one.timestamp for one in book.find_assignment(self.sheet.name).submissions}
            rows = book.db.execute(select(DONE).where(DONE.c.assignment == self.sheet.name)).all()
        return {row.student: (row.digest, there[row.student]) for row in rows if row.student in there}

    def enter(self, submission: Submission, digest: str, notebook: dict, said: list[str]) -> None:
        """Write a graded notebook and its grades; the digest comes last, so that what was cut off is done again."""
        name, student = self.sheet.name, submission.student
        with self.open() as book:
            book.update_or_create_student(student)
            book.update_or_create_submission(name, student, timestamp=submission.when.isoformat())
        graded = nbformat.from_dict(notebook)
        for step in (CheckCellMetadata, LimitOutput, SaveAutoGrades, AssignLatePenalties):
            graded, _ = step(config=self.config).preprocess(graded, self.resources(student))
        place = self.root / "autograded" / student / name / f"{name}.ipynb"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.with_name("timestamp.txt").write_text(f"{submission.when.isoformat(' ')} UTC\n", encoding="utf-8")
        part = place.with_suffix(".part")
        part.write_text(nbformat.writes(graded), encoding="utf-8")
        os.replace(part, place)
        with self.open() as book:
            key = (DONE.c.assignment == name) & (DONE.c.student == student)
            book.db.execute(delete(DONE).where(key))
            new = {"assignment": name, "student": student, "digest": digest, "said": json.dumps(said)}
            book.db.execute(insert(DONE).values(new))
            book.db.commit()

    def resources(self, student: str) -> dict:
        """What nbgrader's steps want to know."""
        name = self.sheet.name
        return {"nbgrader": {"student": student, "assignment": name, "notebook": name, "db_url": self.db}}

    def penalise(self) -> None:
        """Take off for lateness anew, for marks that were given by hand count, too, and extensions may have been."""
        with self.open() as book:
            submissions = book.find_assignment(self.sheet.name).submissions
            late = [one.student_id for one in submissions if one.total_seconds_late > 0]
            late += [one.student_id for one in submissions if one.late_submission_penalty]
        for student in dict.fromkeys(late):
            empty = nbformat.v4.new_notebook()
            AssignLatePenalties(config=self.config).preprocess(empty, self.resources(student))

    def rows(self) -> list[Row]:
        """Everybody's marks."""
        with self.open() as book:
            said = dict(
                book.db.execute(select(DONE.c.student, DONE.c.said).where(DONE.c.assignment == self.sheet.name)).all()
            )
            submissions = book.find_assignment(self.sheet.name).submissions
            rows = {one.student_id: self.row(one, json.loads(said.get(one.student_id, "[]"))) for one in submissions}
            grades = (
                select(
                    api.SubmittedAssignment.student_id,
                    api.GradeCell.name,
                    api.Grade.score,
                    api.Grade.needs_manual_grade,
                )
                .join(api.SubmittedNotebook, api.SubmittedNotebook.assignment_id == api.SubmittedAssignment.id)
                .join(api.Grade, api.Grade.notebook_id == api.SubmittedNotebook.id)
                .join(api.GradeCell, api.GradeCell.id == api.Grade.cell_id)
                .join(api.Assignment, api.Assignment.id == api.SubmittedAssignment.assignment_id)
                .where(api.Assignment.name == self.sheet.name)
            )
            for student, cell, score, by_hand in book.db.execute(grades):
                rows[student].cells[cell] = score
                rows[student].by_hand += [cell] if by_hand else []
        for row in rows.values():
            row.score = sum(row.cells.values())
        return [rows[student] for student in sorted(rows)]

    def row(self, one: api.SubmittedAssignment, said: list[str]) -> Row:
        """The row of one submission, still without its marks."""
        late = datetime.timedelta(seconds=one.total_seconds_late)
        return Row(one.student_id, 0.0, self.sheet.points, [], late, one.late_submission_penalty or 0.0, {}, said)


def problem_scores(row: Row, sheet: sheets.Sheet) -> dict[str, float]:
    """A student's marks for each problem."""
    of = {cell.metadata.nbgrader.grade_id: cell.metadata.nbgrader for cell in sheet.notebook.cells}
    scores = dict.fromkeys((problem.name for problem in sheet.problems), 0.0)
    for cell, score in row.cells.items():
        if cell in of:
            scores[cell.removesuffix("-text").partition("-test-")[0]] += score
    return scores


def give_feedback(book: Gradebook) -> int:
    """Have nbgrader write every student's marks and comments as a page, without hidden tests; how many there are."""
    from nbgrader.converters import GenerateFeedback
    from nbgrader.coursedir import CourseDirectory
    from nbgrader.preprocessors import ClearHiddenTests, GetGrades

    config = book.config.copy()
    config.GenerateFeedback.force = True
    here = os.getcwd()
    try:
        converter = GenerateFeedback(coursedir=CourseDirectory(config=config), config=config)
        converter.preprocessors = [GetGrades, ClearHiddenTests]
        converter.start()
    finally:
        os.chdir(here)
    return len(list((book.root / "feedback").glob(f"*/{book.sheet.name}/*.html")))
