"""What a student handed in, put back into the form in which it was given out.

Notebooks are plain dicts here, because the judge has no time for more: nbformat alone takes a second to import.
"""

from __future__ import annotations

import copy
import json
import re

LARGEST = 10_000_000  # bytes of a notebook; what people hand in has less than one million
MOST_CELLS = 1000
TAG = re.compile(r"<(?=[A-Za-z/!?])")


class Unreadable(ValueError):
    """A file in which no notebook can be found, and why."""


def parse(content: bytes) -> list[dict]:
    """The cells of the notebook in a file, each with `cell_type`, `name` (or None) and `source`."""
    if not content.strip():
        raise Unreadable("the file is empty, or is no file")
    if len(content) > LARGEST:
        raise Unreadable(f"the file has more than {LARGEST // 10**6} MB; clear its outputs, and hand it in again")
    try:
        cells = json.loads(content.decode("utf-8-sig"))["cells"]
        cells = [{"cell_type": cell["cell_type"], "name": _name(cell), "source": _text(cell)} for cell in cells]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise Unreadable("the file is not a Jupyter notebook") from error
    if len(cells) > MOST_CELLS:
        raise Unreadable(f"the notebook has {len(cells)} cells, where {MOST_CELLS} are allowed")
    return cells


def _text(cell: dict) -> str:
    """What stands in a cell; characters that no file could hold are replaced."""
    text = cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])
    return text.encode(errors="replace").decode()


def _name(cell: dict) -> str | None:
    """The name that nbgrader gave a cell, if it still has one."""
    metadata = cell.get("metadata")
    about = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    name = about.get("grade_id") if isinstance(about, dict) else None
    return name if isinstance(name, str) else None


def restore(submitted: list[dict], master: dict) -> tuple[dict, list[str]]:
    """The notebook to be graded, and what had to be put right in it, in words.

    Everything that was given out comes from the master: statements, tests, their order and their points. From the
    submission come the answers, and cells that the student added, each after the cell that it stood behind. So nothing
    is trusted but the names of cells, and of a cell that is there twice, the last is the answer.
    """
    known = {about(cell)["grade_id"]: cell for cell in master["cells"]}
    answers, added, repeated, behind = {}, {}, set(), ""
    last = {cell["name"]: i for i, cell in enumerate(submitted) if cell["name"] in known}
    for i, cell in enumerate(submitted):
        name = cell["name"]
        if name in known and last[name] == i:
            answers[name], behind = cell["source"], name
            continue
        if name in known:
            repeated.add(name)
            if not about(known[name])["solution"]:
                continue
        added.setdefault(behind, []).append(_plain(cell))
    cells = list(added.get("", []))
    for name, cell in known.items():
        given, new = about(cell), copy.deepcopy(cell)
        if given["solution"] and name in answers:
            new["source"] = harmless(answers[name]) if cell["cell_type"] == "markdown" else answers[name]
        if name in answers or not given["solution"] or given["grade"]:  # no stub may hide an answer that lost its name
            cells.append(new)
        cells += added.get(name, [])
    for i, cell in enumerate(cells):
        cell["id"] = f"cell-{i}"
        if cell["cell_type"] == "code":
            cell |= {"outputs": [], "execution_count": None}
    return {**master, "cells": cells}, _said(known, answers, repeated)


def _said(known: dict[str, dict], answers: dict[str, str], repeated: set[str]) -> list[str]:
    """What was wrong with the cells of a submission."""
    if not answers:
        return ["no cell of this problem set is in the notebook"]
    words = []
    if missing := [name for name, cell in known.items() if about(cell)["solution"] and name not in answers]:
        words.append(f"answer cells are missing or have lost their names: {', '.join(missing)}")
    if lost := [name for name, cell in known.items() if is_test(cell) and name not in answers]:
        words.append(f"test cells were missing and have been put back: {', '.join(lost)}")
    if repeated:
        words.append(f"cells were there more than once, and the last counts: {', '.join(sorted(repeated))}")
    return words


def _plain(cell: dict) -> dict:
    """A cell without outputs and marks."""
    code = cell["cell_type"] == "code"
    kind, source = ("code", cell["source"]) if code else ("markdown", harmless(cell["source"]))
    return {"cell_type": kind, "metadata": {}, "source": source}


def harmless(markdown: str) -> str:
    """Markdown in which no HTML is left, which would run as whoever marks it; a formula or a comparison stays."""
    return TAG.sub("< ", markdown)


def about(cell: dict) -> dict:
    """What nbgrader's metadata say about a cell."""
    return cell["metadata"].get("nbgrader", {})


def code(notebook: dict) -> list[dict]:
    """The cells that are run."""
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def is_test(cell: dict) -> bool:
    """Whether a cell of a source, or of what is made of it, is a test cell."""
    marks = about(cell)
    return cell["cell_type"] == "code" and bool(marks.get("grade")) and not marks.get("solution")
