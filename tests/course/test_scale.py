"""More than one machine: the gradebook in a real PostgreSQL server, the work on two real workers of Dask."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

import fence
from tests.course.conftest import solved

pytestmark = pytest.mark.usefixtures("fenced")
COLUMNS = ("total", "of", "small-square", "small-order", "small-why", "to_mark_by_hand")


def hand_in_some(course, small):
    """Right, wrong and broken submissions."""
    sheet, students = small
    course.hand_in("ann", solved(sheet, students))
    course.hand_in("bob", students)
    course.hand_in("cy", solved(sheet, students, small_order="def order(*_): return 2.0"))
    course.hand_in("dan", b"")
    for i in range(4):
        course.hand_in(f"student{i}", solved(sheet, students))


def marks(rows):
    """What must be the same however it was graded."""
    return {student: [row[column] for column in COLUMNS] for student, row in rows.items()}


@contextlib.contextmanager
def cluster(folder):
    """A scheduler and two workers, each a process of its own: its address, and the processes."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST"))}
    where, processes = folder / "scheduler.json", []

    def start(kind, *options):
        command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", "--scheduler-file", str(where), *options]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        processes.append(subprocess.Popen(command, env=environment, cwd=folder, **quiet))

    try:
        start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--dashboard-address", "127.0.0.1:0")
        for name in ("one", "two"):
            start("worker", "--nthreads", "1", "--name", name, "--no-dashboard", "--local-directory", str(folder))
        until = time.monotonic() + 60
        while not where.exists() and time.monotonic() < until:
            time.sleep(0.1)
        yield json.loads(where.read_text(encoding="utf-8"))["address"], processes
    finally:
        for process in reversed(processes):
            process.terminate()
        for process in processes:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def test_postgresql_has_the_same_grades(course, small, postgres):
    hand_in_some(course, small)
    here, _ = course.grade()
    there, code = course.grade("--db", postgres)
    assert code == 0
    assert marks(there) == marks(here)
    again, _ = course.grade("--db", postgres)
    assert marks(again) == marks(here)
    assert postgres not in (course.course / "nbgrader_config.py").read_text(encoding="utf-8")


def test_two_workers_of_dask_have_the_same_grades_and_one_may_die(course, small, postgres, tmp_path):
    """And with the gradebook in PostgreSQL, which is how a large course would do it."""
    pytest.importorskip("distributed")
    hand_in_some(course, small)
    here, _ = course.grade()
    with cluster(tmp_path) as (address, processes):
        there, code = course.grade("--again", "--scheduler", address, "--db", postgres)
        assert code == 0
        assert marks(there) == marks(here)
        from distributed import Client

        with Client(address) as client:
            workers = client.scheduler_info()["workers"].values()
            assert sorted(worker["name"] for worker in workers) == ["one", "two"]
            assert set(client.run(lambda: sys.modules["fence"].kind()).values()) == {fence.kind()}
        killer = threading.Timer(2, processes[1].kill)
        killer.start()
        there, code = course.grade("--again", "--scheduler", address)
        killer.join()
        assert processes[1].wait(5) == -signal.SIGKILL
        assert code == 0
        assert marks(there) == marks(here)
