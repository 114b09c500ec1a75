"""A process for one submission that sees nothing it could learn from, and can hurt nobody.

With bubblewrap it has file systems of its own (Python, the library and an empty folder, nothing else), no network, no
other processes to see, and dies with the judge. Without bubblewrap limits remain, and a folder and an environment with
nothing in them; if the grader is root, also a user of its own. `kind` says which it is, `WORDS` what is missing.
"""

from __future__ import annotations

import contextlib
import ctypes
import dataclasses
import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil

HERE = Path(__file__).resolve().parent
LIBRARY = HERE.parent / "homolib"
NEEDED = (
    "import numpy, scipy.optimize, scipy.integrate, matplotlib, IPython; import homolib as hl; hl.problems; hl.flows"
)
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
WORDS = {
    "bubblewrap": """\
Submissions run fenced by bubblewrap: no network, no processes but their own, no files but Python and homolib.""",
    "user": """\
NOT FENCED: bubblewrap is missing, or may not work here.
Submissions run as a user without rights, with limits of time, memory, output, files and processes.
But they reach the network, and every file that is open to all.""",
    "process": """\
NOT FENCED: bubblewrap is missing, or may not work here.
Submissions run with limits of time, memory and output.
But they reach the network, and every file and process that you reach: the solutions, the gradebook, other submissions.
Grade only people whom you trust, or install bubblewrap.""",
}


@dataclasses.dataclass(frozen=True)
class Limits:
    """What a submission may use. Times are in seconds of the clock, sizes in bytes."""

    cell: float = 60  # for one cell of the student's
    test: float = 20  # for one test cell, its calls included
    total: float = 300  # for the whole submission
    memory: int = 3 << 29  # of address space, for each process
    judge: int = 6 << 30  # of address space, for the process that runs the tests
    file: int = 50 << 20  # the size of a file; all together may have as much
    files: int = 128  # open at a time
    processes: int = 8  # and threads
    output: int = 100_000  # characters of a cell; five times as much with its pictures
    answer: int = 16 << 20  # of one result
    restarts: int = 4  # after the process died

    def inside(self, user: int) -> str:
        """The part that the process itself sets, in JSON."""
        limits = dataclasses.asdict(self) | {"cpu": self.total + 10, "user": user}
        if not user and hasattr(os, "getuid"):  # what this user runs elsewhere counts, too
            limits["processes"] += _tasks()
        return json.dumps(limits)


def _tasks() -> int:
    """How many threads this user has."""
    mine = (p.info for p in psutil.process_iter(["uids", "num_threads"]) if p.info["uids"])
    return sum(info["num_threads"] or 0 for info in mine if info["uids"].real == os.getuid())


def _environment(book: str, home: str) -> dict[str, str]:
    """The only variables that a submission sees."""
    return ONE_THREAD | {
        "PYTHONPATH": book,
        "PYTHONUTF8": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PATH": "/usr/bin:/bin",
        "HOME": home,
        "IPYTHONDIR": f"{home}/.ipython",
        "MPLCONFIGDIR": f"{home}/.matplotlib",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    }


def _root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _user() -> int:
    """A user whom nobody else is, while this process lives; 0 where that cannot be."""
    return 300_000 + os.getpid() % 1_000_000 if _root() else 0


def _bubblewrap(limits: Limits) -> list[str]:
    """The words before a command that fence it in."""
    if _root():  # a user namespace would make root the owner of root's files: another user is what we want
        words = ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
        words += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        words = ["--unshare-all", "--unshare-user", "--disable-userns"]
    words += ["--die-with-parent", "--new-session", "--hostname", "fenced", "--clearenv"]
    words += ["--perms", "1777", "--size", str(limits.file), "--tmpfs", "/tmp"]  # first: Python may live below /tmp
    for name in ("bin", "lib", "lib64", "lib32", "sbin"):
        path = Path("/", name)
        if path.is_symlink():
            words += ["--symlink", os.readlink(path), str(path)]
        elif path.exists():
            words += ["--ro-bind", str(path), str(path)]
    for path in ("/usr", "/etc/ld.so.cache", "/etc/fonts", "/etc/localtime", "/etc/alternatives"):
        words += ["--ro-bind-try", path, path]
    shown = {path: path for path in (sys.base_prefix, sys.prefix) if not path.startswith("/usr")}
    shown |= {str(path): f"/book/{path.name}" for path in (LIBRARY, HERE / "wire.py", HERE / "inside.py")}
    above = {str(folder) for path in shown.values() for folder in Path(path).parents} - {"/", "/tmp"}
    for folder in sorted(above):  # bubblewrap would make them for root alone
        words += ["--perms", "755", "--dir", folder]
    for path, where in shown.items():
        words += ["--ro-bind", path, where]
    words += ["--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/tmp"]
    for name, value in _environment("/book", "/tmp").items():
        words += ["--setenv", name, value]
    return [shutil.which("bwrap") or "bwrap", *words]


class Fenced:
    """A running process behind the fence: `stdin` and `stdout` are its pipes, `end` ends it and all it started."""

    def __init__(self, arguments: list[str], limits: Limits, how: str):
        self.folder = tempfile.TemporaryDirectory(prefix="submission-", ignore_cleanup_errors=True)
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115  # until `end`
        command, environment, where = [sys.executable, "-s", *arguments], {}, "/"
        if how == "bubblewrap":
            command = [*_bubblewrap(limits), *command]
        else:
            where = self.folder.name
            os.chmod(where, 0o777)  # whoever runs there is nobody
            environment = _environment(str(LIBRARY.parent), where)
        self.others = set(psutil.Process().children())  # of whoever uses the fence: they are not the student's
        self.process = subprocess.Popen(
            command,
            cwd=where,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            start_new_session=True,
        )

    def end(self) -> int | None:
        """Kill it with everything that it started, and return its exit code if it had ended by itself."""
        code = self.process.poll()
        for process in [*_offspring(self.process.pid), self.process]:
            with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
                process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
        for orphan in set(psutil.Process().children()) - self.others:  # what had left its parent: see `adopt`
            orphan.kill()
            orphan.wait()
        self.folder.cleanup()
        self.errors.close()
        return code

    def said(self) -> str:
        """What it said before it was in the student's hands."""
        self.errors.seek(0)
        return self.errors.read(2000).decode(errors="replace").strip()


def _offspring(pid: int) -> list[psutil.Process]:
    """All processes below one, stopped first so that they cannot run away."""
    seen: dict[int, psutil.Process] = {}
    while True:
        try:
            new = [p for p in psutil.Process(pid).children(recursive=True) if p.pid not in seen]
        except psutil.NoSuchProcess:
            new = []
        if not new:
            return list(seen.values())
        for process in new:
            seen[process.pid] = process
            with contextlib.suppress(psutil.NoSuchProcess):
                process.suspend()


def adopt() -> None:
    """Let this process inherit the orphans of its offspring (under Linux), so that none escapes by being one."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER


def start(limits: Limits, how: str) -> Fenced:
    """Start a process that runs a student's cells; `how` is what `kind` found."""
    script = "/book/inside.py" if how == "bubblewrap" else str(HERE / "inside.py")
    return Fenced([script, limits.inside(0 if how == "process" else _user())], limits, how)


@functools.cache
def kind() -> str:
    """Find out what fence can be had here: "bubblewrap", "user" or "process"."""
    limits = Limits()
    tries = (["bubblewrap"] if shutil.which("bwrap") else []) + (["user"] if _root() else [])
    for how in tries:
        become = f"import os; u = {_user()}; u and (os.setgroups([]), os.setresgid(u, u, u), os.setresuid(u, u, u)); "
        fenced = Fenced(["-c", become + NEEDED + "; open('tried', 'w').close()"], limits, how)
        try:
            code = fenced.process.wait(60)
        except subprocess.TimeoutExpired:
            code = None
        fenced.end()
        if code == 0:
            return how
    return "process"
