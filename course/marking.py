"""One submission from its file to its marks: the part that runs on every core, and on every worker of a cluster.

It looks at nothing that a student wrote. It starts the judge, waits for so long, and puts together what it said.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import fence
import restore

JUDGE = Path(__file__).with_name("judge.py")
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")
ASKING = threading.Lock()


class Unfenced(RuntimeError):
    """There is no fence here, and nobody said to go on without."""


def mark(content: bytes, master: dict, seed: int, limits: dict[str, float], unfenced: bool = False) -> dict:
    """Grade one submission, within `fence.Limits` where `limits` says nothing else; no submission makes this raise.

    Returns
    -------
    dict
        `notebook` with the outputs of its cells, `said` (a list of sentences), `fence` (its kind), `seconds`.

    Raises
    ------
    Unfenced
        If there is no bubblewrap and `unfenced` is not set.
    """
    began = time.monotonic()
    with ASKING:
        how = fence.kind()
    if how != "bubblewrap" and not unfenced:
        raise Unfenced(fence.WORDS[how])
    limits = fence.Limits(**limits)
    job = {"content": base64.b64encode(content).decode(), "master": master, "seed": seed, "how": how}
    lines, trouble = _ask_judge(job | {"limits": dataclasses.asdict(limits)}, limits.total + 60)
    if lines:
        head, *put_out = lines
    else:
        head, put_out = {"notebook": restore.restore([], master)[0], "said": [], "fit": False}, []
    notebook, said = head["notebook"], head["said"] + trouble
    reason = said[0] if said and not head["fit"] else "grading ended before"
    for cell in restore.code(notebook):
        if put_out:
            cell["outputs"] = put_out.pop(0)
        elif restore.is_test(cell):
            error = {"output_type": "error", "ename": "NotTested", "evalue": reason}
            cell["outputs"] = [error | {"traceback": [f"NotTested: {reason}"]}]
    said += _ended(notebook) if head["fit"] else []
    return {"notebook": notebook, "said": said, "fence": how, "seconds": time.monotonic() - began}


def _ended(notebook: dict) -> list[str]:
    """What ended the student's process, in words, each reason once."""
    errors = [
        output for cell in restore.code(notebook) for output in cell["outputs"] if output["output_type"] == "error"
    ]
    ended = [error["evalue"] for error in errors if error["ename"] in ("NotTested", "ProcessEnded")]
    return list(dict.fromkeys(reason.partition(";")[0] for reason in ended if reason != "grading ended before"))


def _ask_judge(job: dict, seconds: float) -> tuple[list, list[str]]:
    """What the judge says within this time, line by line, and what went wrong with the judge itself."""
    environment = {name: os.environ[name] for name in KEPT if name in os.environ}
    environment |= fence.ONE_THREAD | {"PYTHONPATH": str(JUDGE.parents[1]), "PYTHONUTF8": "1", "MPLBACKEND": "agg"}
    process = subprocess.Popen(
        [sys.executable, str(JUDGE)],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    trouble = []
    try:
        out, errors = process.communicate(json.dumps(job).encode(), timeout=seconds)
    except subprocess.TimeoutExpired:
        trouble.append(f"grading took more than {seconds:g} seconds and was ended")
        out, errors = _end(process)
    if process.returncode and not trouble:
        last = errors.decode(errors="replace").strip().splitlines()[-1:]
        trouble.append(" ".join(["the process that runs the tests ended:", *last])[:300])
    lines = []
    for line in out.decode(errors="replace").splitlines():
        try:
            lines.append(json.loads(line))
        except ValueError:  # cut off where the judge was ended
            break
    return lines, trouble


def _end(process: subprocess.Popen) -> tuple[bytes, bytes]:
    """End the judge: first kindly, so that it ends what it started."""
    process.terminate()
    try:
        return process.communicate(timeout=5)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return process.communicate()
