"""How fast and in how much memory many submissions are graded, and whether each gets what it would get alone.

    python tests/course/load.py [COUNT] [--set NAME] [options of course/grade.py]

Every submission has its own mixture of right, wrong and missing answers. What each answer is worth is found out first,
by submissions that are graded one by one.
"""

from __future__ import annotations

import argparse
import csv
import random
import resource
import runpy
import sys
import tempfile
import time
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "course"), str(ROOT / "tools")]

import grade  # noqa: E402
import sheets  # noqa: E402


def variants(sheet: sheets.Sheet, students: nbformat.NotebookNode) -> dict[str, list[str]]:
    """For each answer that is code: the solution, the stub, and wrong answers."""
    wrong = runpy.run_path(str(ROOT / f"tests/course/wrong/{sheet.name}.py"))["WRONG"]
    stubs = {cell.metadata.nbgrader.grade_id: cell.source for cell in students.cells}
    solutions = {cell.metadata.nbgrader.grade_id: cell.source for cell in sheet.notebook.cells}
    return {name: [solutions[name], stubs[name], *list(answers.values())[:3]] for name, answers in wrong.items()}


def notebook(students: nbformat.NotebookNode, answers: dict[str, str]) -> str:
    """The students' notebook with these answers."""
    new = nbformat.from_dict(students)
    for cell in new.cells:
        cell.source = answers.get(cell.metadata.nbgrader.grade_id, cell.source)
    return nbformat.writes(new)


def run(source: Path, root: Path, texts: dict[str, str], options: list[str]) -> dict[str, dict[str, float]]:
    """Marks of every submission, problem by problem."""
    folder = root / "submissions"
    folder.mkdir(parents=True)
    for name, text in texts.items():
        (folder / f"{name}.ipynb").write_text(text, encoding="utf-8")
    if grade.main([str(source), str(folder), "--course", str(root / "grading"), *options]):
        sys.exit("not everything has been graded")
    with (root / f"grading/grades-{source.stem}.csv").open(encoding="utf-8") as file:
        return {row["id"]: row for row in csv.DictReader(file)}


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("count", nargs="?", type=int, default=1000)
    parser.add_argument("--set", help="default: the first of the course")
    asked, options = parser.parse_known_args()
    source = sheets.find(asked.set) if asked.set else (sheets.all_sources() or [ROOT / "tests/course/small_set.md"])[0]
    sheet, choose = sheets.read(source), random.Random(1)
    with tempfile.TemporaryDirectory() as folder:
        students = sheets.release(sheet, Path(folder), f"sqlite:///{folder}/gradebook.db")
        kinds = variants(sheet, students)
        alone = {f"{name} {i}": notebook(students, {name: kinds[name][i]}) for name in kinds for i in range(5)}
        worth = run(source, Path(folder) / "alone", alone, ["--workers", "1"])
        picks = {f"s{k:05}": {name: choose.randrange(5) for name in kinds} for k in range(asked.count)}
        texts = {s: notebook(students, {name: kinds[name][i] for name, i in pick.items()}) for s, pick in picks.items()}
        began = time.monotonic()
        rows = run(source, Path(folder) / "many", texts, options)
        seconds = time.monotonic() - began
    other = [s for s in picks if any(rows[s][name] != worth[f"{name} {i}"][name] for name, i in picks[s].items())]
    here, below = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    spent = here.ru_utime + here.ru_stime + below.ru_utime + below.ru_stime
    print(f"{sheet.name}: {len(rows)} submissions in {seconds:.0f} s, {len(rows) / seconds:.1f} a second,")
    print(
        f"{spent / (len(rows) + len(alone)):.2f} s of processor time each, at most {here.ru_maxrss / 1024:.0f} MB here,"
    )
    print(f"and {below.ru_maxrss / 1024:.0f} MB in a process that runs or judges one; marks that differ: {len(other)}")
    if other:
        sys.exit(f"other marks than alone: {other[:5]}")


if __name__ == "__main__":
    main()
