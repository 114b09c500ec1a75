"""What the part "Teaching" says about the course is so: its names, its minutes, its commands and what they print."""

import contextlib
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

import course_pages
import publish
import sheets
import take_home
from tests.course.conftest import HERE

PAGES = sheets.ROOT / "chapters"
SESSION = 90  # minutes


def page(name):
    """The source of a page."""
    return (PAGES / f"teaching-{name}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("source", sheets.all_sources(), ids=lambda source: source.stem)
def test_every_wrong_answer_is_spoken_of(source):
    wrong = runpy.run_path(str(HERE / f"wrong/{source.stem}.py"))["WRONG"]
    text = page("wrong-answers")
    for problem, answers in wrong.items():
        table = text.partition(f"{{ref}}`{source.stem}-{problem}`\n")[2].partition("\n{ref}")[0].partition("\n## ")[0]
        rows = [row.split(" | ") for row in table.splitlines() if row.startswith("| ")][1:]
        assert [row[0].removeprefix("| ") for row in rows] == [name for name in answers if name != "hard-coded"]
        assert all(len(cell) > 15 for row in rows for cell in row[1:])


def test_sessions_last_as_long_as_a_session():
    tables = re.findall(r"^\| minutes \|.*\n\|-.*\n((?:\|.*\n)+)", page("syllabus"), re.MULTILINE)
    assert len(tables) == 5
    for table in tables:
        assert sum(int(row.split("|")[1]) for row in table.splitlines()) == SESSION


def test_ten_sessions_teach_every_chapter_that_problems_need():
    text = page("syllabus").partition("## Ten sessions")[2]
    order = [page for page in re.findall(r"\{ref\}`(chapter|set)-([\w-]+)`", text)]
    for sheet in map(sheets.read, sheets.all_sources()):
        handed_out = order.index(("set", sheet.name))
        for problem in sheet.problems:
            late = sheet.name == "project" and problem.page in ("saddles", "saddle-escape")  # it runs to the end
            assert ("chapter", problem.page) in order[: None if late else handed_out], f"{sheet.name}: {problem.name}"


def test_every_outcome_is_tested_and_every_problem_is_listed():
    outcomes, problems = course_pages.table_of_outcomes(), course_pages.table_of_problems()
    for row in outcomes.splitlines()[2:]:
        assert "{ref}" in row, f"nothing tests: {row}"
    for sheet in map(sheets.read, sheets.all_sources()):
        for problem in sheet.problems:
            assert f"`{sheet.name}-{problem.name}`" in outcomes
            assert f"`{sheet.name}-{problem.name}` | {problem.kind}" in problems


def test_a_page_of_a_set_shows_all_that_students_get():
    for name, sheet in course_pages.all_sheets().items():
        text = course_pages.page_of(sheet, course_pages.students_notebooks()[name])
        assert text.count("raise NotImplementedError") >= sum(problem.kind != "written" for problem in sheet.problems)
        assert text.count("\n# ") + text.startswith("# ") == 1
        for problem in sheet.problems:
            assert f"({name}-{problem.name})=\n## " in text
            assert f"Chapter: {{ref}}`chapter-{problem.page}`.*" in text
        assert "BEGIN" not in text


def test_commands_print_what_the_page_shows(tmp_path, fenced):
    """All commands of the page, one after the other; only `make course` is replaced by what it runs, for one set."""
    name = "homogeneity-and-clarke"
    with contextlib.chdir(tmp_path):
        publish.publish(sheets.read(sheets.find(name)), Path("_build/course"), take_home.build_wheel(tmp_path))
        Path("course").symlink_to(sheets.ROOT / "course")
        Path(".venv/bin").mkdir(parents=True)
        Path(".venv/bin/python").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n', encoding="utf-8")
        Path(".venv/bin/python").chmod(0o755)
        blocks = re.findall(r"^```console\n(.*?)^```$", page("grading"), re.DOTALL | re.MULTILINE)
        commands = [command for block in blocks for command in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.M)]
        assert len(commands) == 9
        for command, shown in commands[1:]:
            done = subprocess.run(
                command, shell=True, stdout=-1, stderr=subprocess.STDOUT, encoding="utf-8", check=True
            )
            assert without_speed(done.stdout) == without_speed(shown), command


def without_speed(text):
    """The same on every machine."""
    return re.sub(r"[\d.]+ a second", "so many a second", text)


def test_commands_for_a_variant_are_understood(tmp_path):
    """A private set, by its path."""
    private = tmp_path / "my-saddles.md"
    private.write_text(sheets.find("saddles-and-escape").read_text(encoding="utf-8"), encoding="utf-8")
    assert sheets.read(sheets.find(str(private))).name == "my-saddles"
