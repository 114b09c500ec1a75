"""A course folder of its own for every test, and submissions in it."""

import csv
import functools
import os
import re
import shutil
from pathlib import Path

import nbformat
import pytest

import fence
import grade
import gradebook
import sheets

HERE = Path(__file__).parent
SMALL = HERE / "small_set.md"


def need(there, what):
    """Skip where something cannot be had, but fail in CI."""
    if not there:
        if os.environ.get("CI"):
            pytest.fail(f"NOT TESTED: {what}")
        pytest.skip(f"NOT TESTED: {what}")


@pytest.fixture(scope="session", autouse=True)
def quick_gradebooks():
    """nbgrader starts a process for every new gradebook, to ask for a number that never changes."""
    gradebook.api.get_alembic_version = functools.cache(gradebook.api.get_alembic_version)


@pytest.fixture(scope="session")
def fenced():
    """Nothing that attacks is run without the fence: this machine would be what it attacks."""
    need(fence.kind() == "bubblewrap", "there is no bubblewrap, or it may not work here")


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    """The small set, and its students' notebook as nbgrader makes it."""
    sheet = sheets.read(SMALL)
    root = tmp_path_factory.mktemp("small")
    return sheet, sheets.release(sheet, root, f"sqlite:///{root}/gradebook.db")


def answered(sheet, students, answers):
    """A students' notebook with these answers, by the name of their cell; True stands for the solution."""
    solution = {cell.metadata.nbgrader.grade_id: cell.source for cell in sheet.notebook.cells}
    notebook = nbformat.from_dict(students)
    for cell in notebook.cells:
        answer = answers.get(cell.metadata.nbgrader.grade_id)
        cell.source = solution[cell.metadata.nbgrader.grade_id] if answer is True else answer or cell.source
    return notebook


def solved(sheet, students, **others):
    """The students' notebook with every solution, but for some answers; `_` stands for `-` in their names."""
    names = [cell.metadata.nbgrader.grade_id for cell in sheet.notebook.cells if cell.metadata.nbgrader.solution]
    return answered(sheet, students, dict.fromkeys(names, True) | {k.replace("_", "-"): v for k, v in others.items()})


class Course:
    """A folder of submissions, and the folder with their grades."""

    def __init__(self, root, source=SMALL):
        self.root, self.source, self.name = root, str(source), Path(source).stem
        self.folder, self.course = root / "submissions", root / "grading"
        self.folder.mkdir()

    def hand_in(self, student, content, name=None):
        """Put a notebook, a text or bytes into the folder."""
        path = self.folder / (name or f"{student}.ipynb")
        path.parent.mkdir(parents=True, exist_ok=True)
        content = nbformat.writes(content) if isinstance(content, dict) else content
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def grade(self, *options):
        """Run the command; return the rows of its table by student, and its exit code."""
        code = grade.main([self.source, str(self.folder), "--course", str(self.course), "--workers", "2", *options])
        with (self.course / f"grades-{self.name}.csv").open(encoding="utf-8") as file:
            return {row["id"]: row for row in csv.DictReader(file)}, code


@pytest.fixture
def course(tmp_path):
    """A course with the small set."""
    return Course(tmp_path)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory):
    """The address of a real PostgreSQL server, which is started for the tests and listens to nothing but a socket."""
    found = shutil.which("initdb") or next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))), None)
    need(found, "there is no PostgreSQL")
    yield from serve(Path(found).resolve().parent, tmp_path_factory.mktemp("postgres"))


def serve(binaries, folder):
    """Start a server, and stop it at the end. It refuses to run as root, so it then runs as nobody."""
    import subprocess
    import tempfile

    with tempfile.TemporaryDirectory(prefix="pg-") as short:  # the path of a socket must be short
        user = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
        if user:
            os.chown(short, 65534, 65534)
        data = f"{short}/data"
        call = {"check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": short, **user}
        subprocess.run([binaries / "initdb", "-D", data, "-U", "teacher", "-A", "trust", "--no-sync"], **call)
        options = f"-c listen_addresses='' -c unix_socket_directories={short} -c fsync=off"
        subprocess.run([binaries / "pg_ctl", "-D", data, "-w", "-l", f"{short}/log", "-o", options, "start"], **call)
        try:
            yield f"postgresql+psycopg://teacher@/postgres?host={short}"
        finally:
            subprocess.run([binaries / "pg_ctl", "-D", data, "-m", "immediate", "stop"], **call)


PARTS = re.compile("### BEGIN (SOLUTION|HIDDEN TESTS)(.*?)### END (SOLUTION|HIDDEN TESTS)", re.DOTALL)


def marked_strings(sheet):
    """Lines of solutions, hidden tests and rubrics, without the spaces around them."""
    found = [part[1] for cell in sheet.notebook.cells for part in PARTS.findall(cell.source)]
    found += [problem.rubric for problem in sheet.problems]
    return {line.strip() for text in found for line in text.splitlines() if len(line.strip()) > 25}


def shown(sheet):
    """Lines that are elsewhere in the set, too, where students see them."""
    seen = "\n".join(PARTS.sub("", cell.source) for cell in sheet.notebook.cells)
    return {mark for mark in marked_strings(sheet) if mark in seen}
