"""Grade what students handed in: run it fenced, judge it, and enter it into nbgrader's gradebook.

    python course/grade.py SET FOLDER

FOLDER has a notebook or a folder for each student, named by the student's id. The gradebook, graded notebooks and
grades-SET.csv go to the folder `grading` (or --course). Nothing there is ever deleted: run the command again after a
change, a new submission or a crash, and only what is new is graded. Written answers are marked by hand in nbgrader's
formgrader, which knows that folder; run the command again after that, with --feedback for a page for each student.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import difflib
import hashlib
import json
import os
import re
import secrets
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path

import nbformat

HERE = Path(__file__).resolve().parent
if str(HERE) not in sys.path:
    sys.path.insert(0, str(HERE))

import fence  # noqa: E402
import gradebook  # noqa: E402
import marking  # noqa: E402
import sheets  # noqa: E402
import submissions  # noqa: E402
from submissions import Submission  # noqa: E402

STUDENT = re.compile(r"\w[\w.@ +-]{0,99}")  # so that no file name is a formula to a spreadsheet, or a path


def arguments(words: list[str] | None) -> argparse.Namespace:
    """What is said on the command line."""
    first, _, rest = __doc__.partition("\n\n")
    parser = argparse.ArgumentParser(
        "grade.py", description=first, epilog=rest, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("set", help="a problem set of the course, or the path of its source")
    parser.add_argument("folder", type=Path, help="STUDENT.ipynb or STUDENT/*.ipynb; of several, the newest counts")
    parser.add_argument(
        "--course", type=Path, default=Path("grading"), help="where everything is kept (default: grading)"
    )
    parser.add_argument(
        "--db", help="address of the gradebook, such as postgresql+psycopg://me@host/name (default: SQLite)"
    )
    parser.add_argument("--roster", type=Path, help="CSV with the column id; others: first_name, last_name, email")
    parser.add_argument("--due", help="such as 2027-03-01T12:00, in local time unless it ends in +00:00")
    parser.add_argument("--late", type=float, metavar="PERCENT", help="of the score, off for each day late")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="how many at a time (default: all cores)")
    parser.add_argument("--scheduler", help="of Dask, such as tcp://host:8786: its workers do the work")
    parser.add_argument("--seconds", type=float, help="for one submission (default: 300)")
    parser.add_argument("--again", action="store_true", help="grade anew what has been graded")
    parser.add_argument("--feedback", action="store_true", help="write a page with marks and comments for each student")
    parser.add_argument(
        "--unfenced", action="store_true", help="go on where bubblewrap is missing: read what it says then"
    )
    return parser.parse_args(words)


def main(words: list[str] | None = None) -> int:
    """The command; returns 0 if every submission has been graded."""
    asked = arguments(words)
    try:
        return run(asked)
    except sheets.Unfit as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("stopped; the same command goes on from here")


def run(asked: argparse.Namespace) -> int:
    """Grade what is new, and say where everybody stands."""
    if not asked.folder.is_dir():
        raise sheets.Unfit(f"there is no folder {asked.folder}")
    sheet = sheets.read(sheets.find(asked.set))
    asked.set = sheet.name
    db = asked.db or f"sqlite:///{asked.course.resolve()}/gradebook.db"
    asked.course.mkdir(parents=True, exist_ok=True, mode=0o700)
    key, late = settings(asked.course, sheet.name, asked.late)
    book = gradebook.Gradebook(sheet, asked.course, db, late / 100)
    master = sheets.master(sheet, release(sheet, asked.course, db))
    book.due(submissions.moment(asked.due) if asked.due else None)
    roster = read_roster(asked.roster) if asked.roster else None
    book.enrol(roster or [])
    found, strangers = sort_out(submissions.find(asked.folder), roster)
    todo, notes = new_ones(found, book, master, asked.again)
    limits = {"total": asked.seconds} if asked.seconds else {}
    if todo and not asked.scheduler:
        say_fence({fence.kind()}, asked.unfenced)
    failed = grade_all(todo, book, lambda one: job(one, master, key, limits, asked), asked)
    book.penalise()
    rows = book.rows()
    absent = sorted({one["id"] for one in roster or []} - {row.student for row in rows} - set(failed))
    write_csv(asked.course / f"grades-{sheet.name}.csv", sheet, rows, absent)
    print_table(sheet, rows, absent, strangers, notes, failed)
    print(f"\n{len(rows)} students in {asked.course / f'grades-{sheet.name}.csv'}")
    if asked.feedback:
        print(f"{gradebook.give_feedback(book)} pages in {asked.course / 'feedback'}")
    return 1 if failed else 0


def release(sheet: sheets.Sheet, root: Path, db: str) -> nbformat.NotebookNode:
    """The students' notebook; an Unfit if the set has other cells than those that were handed in already."""
    try:
        return sheets.release(sheet, root, db)
    except Exception as error:
        raise sheets.Unfit(f"nbgrader cannot use {sheet.name} in {root}: {error}") from error


def read_roster(path: Path) -> list[dict[str, str]]:
    """The students of the course."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = [
            {str(key).strip().lower(): (value or "").strip() for key, value in row.items()}
            for row in csv.DictReader(file)
        ]
    if not rows or "id" not in rows[0]:
        raise sheets.Unfit(f"{path} has no column id")
    return [row for row in rows if row["id"]]


def sort_out(found: list[Submission], roster: list[dict[str, str]] | None) -> tuple[list[Submission], dict[str, str]]:
    """Submissions of students, and the words for those of nobody."""
    known = None if roster is None else {one["id"] for one in roster}
    students, strangers = [], {}
    for one in found:
        if not STUDENT.fullmatch(one.student):
            strangers[ascii(one.student)] = "this is no student id; not graded"
        elif known is not None and one.student not in known:
            close = difflib.get_close_matches(one.student, known, 1)
            hint = f"; did {close[0]} hand this in?" if close else ""
            strangers[one.student] = f"nobody with this id is in the roster; not graded{hint}"
        else:
            students.append(one)
    return students, strangers


def new_ones(
    found: list[Submission], book: gradebook.Gradebook, master: dict, again: bool
) -> tuple[list, dict[str, str]]:
    """What is to be graded, each with its digest, and words about what is not."""
    done, todo, notes = book.done(), [], {}
    for one in found:
        digest = submissions.digest(one.content(), master)
        graded, when = done.get(one.student, ("", one.when))
        if graded == digest and not again:
            continue
        if one.when < when:
            notes[one.student] = "an older file than the one that has been graded; it does not count"
        else:
            todo.append((one, digest))
    return todo, notes


def say_fence(kinds: set[str], unfenced: bool) -> None:
    """Say how submissions are kept from doing harm, and stop where that is not enough."""
    for kind in sorted(kinds):
        loud = kind != "bubblewrap"
        print(f"\n{'!' * 78}\n{fence.WORDS[kind]}\n{'!' * 78}\n" if loud else fence.WORDS[kind], file=sys.stderr)
        if loud and not unfenced:
            raise sheets.Unfit("Nothing has been run. To grade all the same, say --unfenced.")


def job(one: Submission, master: dict, key: str, limits: dict, asked: argparse.Namespace) -> tuple:
    """What a worker has to know."""
    return one.content(), master, seed(key, asked.set, one.student), limits, asked.unfenced


def grade_all(todo: list, book: gradebook.Gradebook, job: Callable, asked: argparse.Namespace) -> dict[str, str]:
    """Grade and enter all of them; what comes back are those that could not be graded, with the reason."""
    failed, began, count = {}, time.monotonic(), 0
    with workers(asked) as (hand_out, width):
        for (one, digest), future in in_turn(hand_out, width, todo, job):
            try:
                result = future.result()
                said = result["said"] + ([f"the newest of {one.older + 1} files"] if one.older else [])
                book.enter(one, digest, result["notebook"], said)
            except Exception as error:
                failed[one.student] = f"NOT GRADED, run the command again: {error!r}"[:300]
            count += 1
            if count % 50 == 0 or count == len(todo):
                print(f"{count} of {len(todo)}, {count / (time.monotonic() - began):.1f} a second", file=sys.stderr)
    return failed


def in_turn(hand_out: Callable, width: int, todo: Iterable[tuple], job: Callable) -> Iterator[tuple[tuple, Future]]:
    """Each of the submissions with its result as it comes, and never more than `width` of them in memory."""
    running: dict[Future, tuple] = {}
    for one in todo:
        if len(running) >= width:
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                yield running.pop(future), future
        running[hand_out(job(one[0]))] = one
    while running:
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            yield running.pop(future), future


@contextlib.contextmanager
def workers(asked: argparse.Namespace) -> Iterator[tuple[Callable[[tuple], Future], int]]:
    """Who does the work: a function that hands out a submission, and how many should be handed out at a time.

    With a scheduler it is the workers of Dask, each with this checkout at the same place; the scheduler needs none.
    """
    if not asked.scheduler:
        with ThreadPoolExecutor(asked.workers) as pool:
            yield lambda job: pool.submit(marking.mark, *job), 2 * asked.workers
        return
    from distributed import Client

    def elsewhere(folder: str, job: tuple) -> dict:  # inside a function, so that Dask sends it and does not look for it
        import sys

        if folder not in sys.path:
            sys.path.insert(0, folder)
        import marking

        return marking.mark(*job)

    with Client(asked.scheduler, timeout=30) as client:
        client.wait_for_workers(1, timeout=60)
        threads = sum(client.nthreads().values())
        with client.get_executor(pure=False, retries=2) as pool:
            yield lambda job: pool.submit(elsewhere, str(HERE), job), 2 * threads


def settings(root: Path, name: str, late: float | None) -> tuple[str, float]:
    """What a course folder keeps between runs: its secret, and how much a day of lateness costs in a set, in per cent.

    Nobody who does not know the secret can work out the random numbers of the hidden tests beforehand.
    """
    path = root / "settings.json"
    kept = (
        json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"secret": secrets.token_hex(16), "late": {}}
    )
    if late is not None:
        kept["late"][name] = late
    part = path.with_suffix(".part")
    part.touch(mode=0o600)
    part.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    os.replace(part, path)
    return kept["secret"], kept["late"].get(name, 0.0)


def seed(key: str, name: str, student: str) -> int:
    """The seed of a student's hidden tests, the same in every run."""
    return int(hashlib.sha256(f"{key} {name} {student}".encode()).hexdigest()[:8], 16)


def write_csv(path: Path, sheet: sheets.Sheet, rows: list[gradebook.Row], absent: list[str]) -> None:
    """Everybody's marks, for the student office's spreadsheet."""
    problems = [problem.name for problem in sheet.problems]
    part = path.with_suffix(".part")
    with part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "total", "of", *problems, "penalty", "days_late", "to_mark_by_hand", "report"])
        for row in rows:
            scores = gradebook.problem_scores(row, sheet)
            days = row.late.total_seconds() / 86400
            line = [row.student, f"{row.total:g}", f"{row.possible:g}", *(f"{scores[name]:g}" for name in problems)]
            line += [f"{row.penalty:g}", f"{days:.2f}", len(row.by_hand), "; ".join(row.said)]
            writer.writerow(line)
        for student in absent:
            writer.writerow([student, 0, f"{sheet.points:g}", *([0] * len(problems)), 0, 0, 0, "nothing handed in"])
    os.replace(part, path)


def print_table(sheet: sheets.Sheet, rows: list, absent: list[str], *others: dict[str, str]) -> None:
    """The same for the eye."""
    wide = max([7, *(len(row.student) for row in rows), *map(len, absent)])
    print(f"\n{'student':<{wide}}  total of {sheet.points:g}  by hand  late    report")
    for row in rows:
        days = row.late.total_seconds() / 86400
        late = f"{days:.1f} d" if days else ""
        report = "; ".join(row.said)
        report = report if len(report) < 200 else report[:200] + "..."
        printable = "".join(c if c.isprintable() else "?" for c in report)
        print(
            f"{row.student:<{wide}}  {row.total:>8.4g}  {len(row.by_hand) or '':>10}  {late:<6}  {printable}".rstrip()
        )
    for student in absent:
        print(f"{student:<{wide}}  {'nothing handed in':>8}")
    for student, why in (item for other in others for item in other.items()):
        print(f"{student:<{wide}}  {why}")


if __name__ == "__main__":
    sys.exit(main())
