"""The judge of one submission: a process of its own, which runs test cells, and never a line of the student's.

The student's cells run behind the fence. Where a test cell reads a name that the student defined, it finds here a plain
value, or a proxy that sends its arguments through the fence and brings the result back. So nothing that a student does
to Python, NumPy or `assert` is done to the judge, and no hidden test is where a student's code could look.

It reads a job from standard input, and says for each cell what it put out, one line of JSON a cell; whoever started it
ends it if it takes too long, and has what was said so far.
"""

from __future__ import annotations

import ast
import base64
import builtins
import json
import os
import pickle
import re
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterable

import fence
import restore
import wire
from inside import failure, within

IMAGE = re.compile(r"[A-Za-z0-9+/=\s]*")  # nothing else comes into a page: no HTML, no SVG
GIVEN = ("np", "scipy", "hl", "math", "seed")


class Gone(Exception):
    """The student's process is not there any more, with the reason in words."""


class Student:
    """The student's process; after it died another one takes its place, with the cells that did not kill it."""

    def __init__(self, limits: fence.Limits, how: str):
        self.limits, self.how = limits, how
        self.deadline = time.monotonic() + limits.total
        self.fenced: fence.Fenced | None = None
        self.starts = self.asked = 0
        self.cells: list[str] = []

    def run(self, source: str) -> list[dict]:
        """Outputs of a cell."""
        try:
            answer = self.ask("run", self.limits.cell, source)
        except Gone as gone:
            return [words("ProcessEnded", f"{gone}; the other cells run without this one")]
        self.cells.append(source)
        return [checked(output) for output in answer.get("outputs", [])] if "error" not in answer else [answer["error"]]

    def ask(self, kind: str, seconds: float, *rest) -> dict:
        """Put a request to the process, which is started if it is not there."""
        if self.fenced is None:
            self.start()
        return self._ask(kind, seconds, *rest)

    def start(self) -> None:
        """Start a process, and run in it what has been run before."""
        if self.starts > self.limits.restarts:
            raise Gone(f"the process of this submission ended {self.starts} times, and is not started again")
        self.starts += 1
        self.fenced = fence.start(self.limits, self.how)
        try:
            wire.read(self.fenced.process.stdout.fileno(), 100, 60)
        except (EOFError, wire.Silent) as error:
            reason = self.fenced.said() or "it does not answer"
            self.end()
            raise Gone(f"the process for this submission could not be started: {reason[-300:]}") from error
        for source in self.cells:
            self._ask("run", self.limits.cell, source)

    def _ask(self, kind: str, seconds: float, *rest) -> dict:
        """Put a request to the process that is there."""
        seconds = min(seconds, self.deadline - time.monotonic())
        if seconds <= 0:
            self.end()
            raise Gone(f"the time for the whole submission, {self.limits.total:g} seconds, is over")
        process = self.fenced.process
        try:
            self.asked += 1
            wire.write(process.stdin.fileno(), pickle.dumps((self.asked, kind, seconds, *rest)))
            answer = wire.loads(wire.read(process.stdout.fileno(), self.limits.answer, seconds + 2))
            if answer.get("to") != self.asked:
                raise wire.Silent("an answer came back that nobody asked for")
            return answer
        except wire.Silent as error:
            reason = f"the process was ended: {error}"
        except (EOFError, OSError):
            reason = "the process ended itself, or was killed for what it used"
        self.end()
        raise Gone(reason)

    def end(self) -> None:
        """End the process, if there is one."""
        if self.fenced is not None:
            self.fenced.end()
            self.fenced = None


class TheirError(Exception):
    """An exception of a kind that only the student's process knows."""


def proxy(student: Student, name: str, until: float) -> Callable:
    """Stand for a function of the student's."""

    def call(*positional, **named):
        arguments = pickle.dumps((positional, named))
        answer = student.ask("call", max(0.1, until - time.monotonic()), name, arguments)
        if "error" in answer:
            raise raised(checked(answer["error"]))
        return wire.decode(answer.get("value"))

    call.__name__ = call.__qualname__ = name
    return call


def raised(output: dict) -> Exception:
    """The exception that an answer speaks of, of the same kind if it is one of Python's own."""
    kind = getattr(builtins, output["ename"], None)
    if not (isinstance(kind, type) and issubclass(kind, Exception)):
        kind, output["evalue"] = TheirError, f"{output['ename']}: {output['evalue']}"
    try:
        error = kind(output["evalue"])
    except TypeError:  # some want more than words
        error = TheirError(f"{output['ename']}: {output['evalue']}")
    error.theirs = "\n".join(output["traceback"])
    return error


def wanted(source: str) -> set[str]:
    """Names that a test cell reads, and which are neither given nor its own: those that the student defines."""
    return names_read(source) - set(GIVEN) - set(dir(builtins))


def names_read(source: str) -> set[str]:
    """Names that a cell reads without making them itself."""
    nodes = list(ast.walk(ast.parse(source)))
    read = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    own = {node.id for node in nodes if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
    own |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    own |= {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ExceptHandler) and node.name}
    own |= {(node.asname or node.name).partition(".")[0] for node in nodes if isinstance(node, ast.alias)}
    return read - own


def judge(source: str, student: Student, seed: int, seconds: float) -> list[dict]:
    """Outputs of a test cell: none if it passed."""
    import math

    import numpy as np
    import scipy

    import homolib as hl

    space = {"np": np, "scipy": scipy, "hl": hl, "math": math, "seed": seed, "__name__": "tests"}
    until = time.monotonic() + seconds
    try:
        for name in sorted(wanted(source)):
            answer = student.ask("look", 5, name)
            if answer.get("kind") == "callable":
                space[name] = proxy(student, name, until)
            elif answer.get("kind") == "value":
                space[name] = wire.decode(answer.get("value"))
            elif "error" in answer:
                raise raised(checked(answer["error"]))
        with within(seconds + 5):  # calls have ended before
            exec(compile(source, "<tests>", "exec"), space)
    except Gone as gone:
        return [words("NotTested", str(gone))]
    except BaseException as error:
        if isinstance(error, NameError):
            error = NameError(f"{error}: nothing of this name is left when the notebook has run from top to bottom")
        output = failure(error)
        theirs = getattr(error, "theirs", "")
        return [words(output["ename"], output["evalue"], theirs)]
    return []


def words(name: str, said: str, more: str = "") -> dict:
    """An error in the form of a notebook, without a line of the test that it comes from."""
    return {
        "output_type": "error",
        "ename": name,
        "evalue": said,
        "traceback": [f"{name}: {said}", *filter(None, [more])],
    }


def checked(output: object) -> dict:
    """An output that came through the fence, as far as it has the form of one: text, or an image of dots."""
    match output:
        case {"output_type": "stream", "name": "stdout" | "stderr" as name, "text": str(text)}:
            return {"output_type": "stream", "name": name, "text": text}
        case {"output_type": "display_data", "data": dict(data)}:
            kept = {kind: text for kind, text in data.items() if isinstance(text, str) and kind == "text/plain"}
            if isinstance(image := data.get("image/png"), str) and IMAGE.fullmatch(image):
                kept["image/png"] = image
            return {"output_type": "display_data", "data": kept, "metadata": {}}
        case {"output_type": "error", "ename": str(name), "evalue": str(said), "traceback": list(lines)}:
            lines = [line for line in lines if isinstance(line, str)]
            return {"output_type": "error", "ename": name, "evalue": said, "traceback": lines}
    return words("NoOutput", "what came back is no output of a cell")


def outputs(cells: Iterable[dict], seed: int, limits: fence.Limits, how: str) -> Iterable[list[dict]]:
    """What each code cell of a restored notebook puts out, in turn."""
    student, room = Student(limits, how), limits.answer
    try:
        for cell in cells:
            if restore.is_test(cell):
                yield judge(cell["source"], student, seed, limits.test)
                continue
            puts_out = student.run(cell["source"])
            room -= len(json.dumps(puts_out))
            yield puts_out if room > 0 else [words("TooMuch", "this notebook puts out too much; the rest is left out")]
    finally:
        student.end()


def main() -> None:
    """Read a job, and say what comes of it: the restored notebook, and what each of its code cells puts out."""
    fence.adopt()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    job = json.load(sys.stdin)
    limits = fence.Limits(**job["limits"])
    resource.setrlimit(resource.RLIMIT_AS, (limits.judge, limits.judge))
    result = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what tests print
    try:
        fit, cells, unfit = True, restore.parse(base64.b64decode(job["content"])), []
    except restore.Unreadable as error:
        fit, cells, unfit = False, [], [str(error)]
    notebook, said = restore.restore(cells, job["master"])
    said = unfit or said
    print(json.dumps({"notebook": notebook, "said": said, "fit": fit}), file=result, flush=True)
    for puts_out in outputs(restore.code(notebook), job["seed"], limits, job["how"]) if fit else ():
        print(json.dumps(puts_out), file=result, flush=True)


if __name__ == "__main__":
    main()
