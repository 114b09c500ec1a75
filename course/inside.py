"""What runs inside the fence: the cells of one submission, and calls of the functions that they define.

It gives up its privileges, sets its limits, and answers requests. From the first cell on everything here is in the
student's hands, and nobody outside relies on it: a forged answer is an answer like any other, and can only be wrong.
"""

import contextlib
import io
import json
import os
import pickle
import resource
import signal
import sys
import traceback

import wire

SHOWN = ("text/plain", "image/png")
LIMITS = {
    "memory": resource.RLIMIT_AS,
    "cpu": resource.RLIMIT_CPU,
    "file": resource.RLIMIT_FSIZE,
    "files": resource.RLIMIT_NOFILE,
    "processes": resource.RLIMIT_NPROC,
}


def give_up_privileges(limits: dict) -> None:
    """Become nobody in particular where this is root, and set limits that cannot be raised again."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as score:
        score.write("1000")  # if memory runs out all the same, this goes first
    for name, which in LIMITS.items():
        most = resource.getrlimit(which)[1]
        value = int(limits[name]) if most == resource.RLIM_INFINITY else min(int(limits[name]), most)
        resource.setrlimit(which, (value, value))
    if limits["user"]:
        os.setgroups([])
        os.setresgid(*[limits["user"]] * 3)
        os.setresuid(*[limits["user"]] * 3)


class Limited(io.StringIO):
    """A stream that forgets what is beyond its limit, so that printing without end fills no memory."""

    def __init__(self, most: int):
        super().__init__()
        self.left = most

    def write(self, text: str) -> int:
        """Keep what has room."""
        kept = text[: max(self.left, 0)]
        if self.left > 0 and len(text) > self.left:
            kept += "\n(the rest is cut)\n"
        self.left -= len(text)
        super().write(kept)
        return len(text)


@contextlib.contextmanager
def within(seconds: float):
    """Raise a TimeoutError in what takes too long. Code may catch it; then the fence ends it."""

    def late(*_):
        raise TimeoutError(f"it took more than {seconds:.3g} seconds")

    signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


class Room:
    """The student's notebook, as IPython runs it."""

    def __init__(self, most: int):
        from IPython.core.interactiveshell import InteractiveShell
        from traitlets.config import Config

        config = Config()
        config.HistoryManager.enabled = False
        config.InteractiveShell.cache_size = 0
        self.shell = InteractiveShell.instance(config=config)
        self.shell.showtraceback = self.shell.showsyntaxerror = lambda *_, **__: None
        self.most = most

    def run(self, seconds: float, source: str) -> dict:
        """Run one cell, and return what it put out in the words of a notebook."""
        from IPython.utils.capture import capture_output

        out, err = Limited(self.most), Limited(self.most)
        with (
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            capture_output(stdout=False, stderr=False) as shown,
            within(seconds),
        ):
            result = self.shell.run_cell(source, store_history=False)
        outputs = [
            {"output_type": "stream", "name": name, "text": stream.getvalue()}
            for name, stream in (("stdout", out), ("stderr", err))
            if stream.getvalue()
        ]
        room = 5 * self.most
        for rich in shown.outputs:
            data = {kind: text for kind, text in rich.data.items() if kind in SHOWN and isinstance(text, str)}
            room -= sum(map(len, data.values()))
            if data and room > 0:
                outputs.append({"output_type": "display_data", "data": data, "metadata": {}})
        error = result.error_before_exec or result.error_in_exec
        return {"outputs": outputs + ([failure(error)] if error else [])}

    def look(self, seconds: float, name: str) -> dict:
        """What a name stands for: nothing, something to call, or a value."""
        if name not in self.shell.user_ns:
            return {"kind": "missing"}
        value = self.shell.user_ns[name]
        return {"kind": "callable"} if callable(value) else {"kind": "value", "value": wire.encode(value)}

    def call(self, seconds: float, name: str, arguments: bytes) -> dict:
        """Call a function; what it prints is nobody's business, for it may be the data of a hidden test."""
        positional, named = pickle.loads(arguments)
        nowhere = Limited(0)
        with contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere), within(seconds):
            return {"value": wire.encode(self.shell.user_ns[name](*positional, **named))}


def failure(error: BaseException) -> dict:
    """An exception in the words of a notebook."""
    where = error.__traceback__
    while where and where.tb_next and not where.tb_frame.f_code.co_filename.startswith("<ipython"):
        where = where.tb_next  # what IPython and this file did before
    lines = traceback.format_exception(type(error), error, where, limit=-4)
    try:
        words = str(error)
    except BaseException:
        words = ""
    return {
        "output_type": "error",
        "ename": type(error).__name__[:100],
        "evalue": words[:1000],
        "traceback": ["".join(lines)[-4000:]],
    }


def main() -> None:
    """Answer requests until there are no more."""
    limits = json.loads(sys.argv[1])
    incoming, outgoing = os.dup(0), os.dup(1)
    give_up_privileges(limits)
    room = Room(limits["output"])
    wire.write(outgoing, b"{}")
    for old in range(3):
        os.dup2(os.open(os.devnull, os.O_RDWR), old)
    while True:
        try:
            asked, kind, seconds, *rest = pickle.loads(wire.read(incoming, 1 << 30))
        except EOFError:
            return
        try:
            answer = json.dumps({"to": asked} | getattr(room, kind)(seconds, *rest))
            if len(answer) > limits["answer"]:
                raise ValueError(f"the result is too large: {len(answer) / 1e6:.0f} MB")
        except BaseException as error:
            answer = json.dumps({"to": asked, "error": failure(error)})
        wire.write(outgoing, answer.encode())


if __name__ == "__main__":
    main()
