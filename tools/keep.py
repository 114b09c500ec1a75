"""Tell what a person wrote from what was generated: no command may lose the first.

    python tools/keep.py    # `make clean`

A generated notebook carries a fingerprint of itself. As long as it fits, nobody has written in that notebook, and it
may be renewed or deleted; running it changes outputs, counts and widgets, which are in no fingerprint. In doubt a file
is somebody's work. Only the standard library: `make clean` works without `.venv`.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path

ROOT = Path(__file__).parents[1]
OURS = "homolib"  # where the metadata of a notebook hold its fingerprint
RUN = {"kernelspec", "language_info", "widgets", OURS}  # metadata of a notebook that come with running it
VIEWED = {"collapsed", "scrolled", "jupyter", "trusted", "execution", "ExecuteTime"}  # metadata of a cell, likewise
BUILT = ("html", ".doctrees", ".jupyter_cache", ".ipython", ".jupyter", "page", "small-beginnings.pdf")  # in _build


def fingerprint(notebook: dict) -> str:
    """Hash of all that can be written in a notebook: cells with text, their kind, attachments, tags; its settings."""
    cells = [
        (cell["cell_type"], source, cell.get("attachments"), without(cell["metadata"], VIEWED))
        for cell in notebook["cells"]
        if (source := "".join(cell["source"])).strip()  # running the last cell adds an empty one
    ]
    written = json.dumps([cells, without(notebook["metadata"], RUN)], sort_keys=True)
    return hashlib.sha256(written.encode()).hexdigest()


def without(metadata: dict, names: set[str]) -> dict:
    """The metadata that are none of `names`."""
    return {name: value for name, value in metadata.items() if name not in names}


def sign(notebook: dict) -> None:
    """Put its fingerprint into a generated notebook."""
    notebook["metadata"][OURS] = {"generated": fingerprint(notebook)}


def read(path: Path) -> tuple[str | None, str | None]:
    """The fingerprint that a notebook was generated with, and the one it has; None if there is none to be found."""
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        return notebook["metadata"].get(OURS, {}).get("generated"), fingerprint(notebook)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None, None


def is_untouched(path: Path) -> bool:
    """Whether a file is a generated notebook in which nobody has written."""
    generated, present = read(path)
    return path.suffix == ".ipynb" and generated is not None and generated == present


def place(text: str, path: Path) -> Path:
    """Write a signed notebook to `path`, or beside it as `name.new.ipynb` if someone has written in what is there.

    Returns
    -------
    Path
        Where the notebook is. Nothing is written where it would be no news: outputs stay until a chapter changes.
    """
    new = json.loads(text)["metadata"][OURS]["generated"]
    while path.exists():
        if new in read(path):
            return path
        if is_untouched(path):
            break
        path = path.with_name(f"{path.stem}.new.ipynb")
    unfinished = path.with_name(f".{path.name}.part")
    unfinished.write_text(text, encoding="utf-8")
    os.replace(unfinished, path)
    return path


def remove(path: Path) -> None:
    """Delete a file, a link or a folder, but not what a link leads to."""
    if path.is_symlink() or path.is_file():
        path.unlink()
    else:
        shutil.rmtree(path)


def clean(root: Path) -> None:
    """Say what the Makefile has made in a checkout, and delete it; what a person wrote stays."""
    course = root / "_build/course"
    inside = [path for folder in (root / "notebooks", course) for path in folder.rglob("*") if not path.is_dir()]
    made = [path for path in (root / ".venv", *(root / "_build" / name for name in BUILT)) if os.path.lexists(path)]
    made += [path for path in inside if is_untouched(path) or (course in path.parents and path.suffix != ".ipynb")]
    for path in sorted(made):
        print(f"deletes {path.relative_to(root)}")
    for path in sorted({*inside, *(root / "_build").glob("*")} - {*made, course}):
        print(f"keeps {path.relative_to(root)}")
    for path in made:
        remove(path)
    folders = [root / "_build", root / "notebooks", *(root / "notebooks").rglob("*"), course, *course.rglob("*")]
    for folder in sorted(folders, reverse=True):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


if __name__ == "__main__":
    clean(ROOT)
