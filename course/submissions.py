"""What students hand in, as it is found in a folder.

A submission is `STUDENT.ipynb`, or a folder `STUDENT` with a notebook in it (so also nbgrader's own folders).
If a student handed in several, the newest counts; `STUDENT@2027-03-01T11.30.ipynb` and nbgrader's `timestamp.txt` say
when it came, otherwise the date of the file does.
"""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import json
import re
from pathlib import Path

from restore import LARGEST

STAMP = re.compile(r"@(\d{4}-\d\d-\d\d)(?:T(\d\d)[.:]?(\d\d))?")


@dataclasses.dataclass
class Submission:
    """One submission as it was found."""

    student: str
    path: Path
    when: datetime.datetime  # UTC, without a time zone, as nbgrader has it
    older: int = 0  # how many came before it

    def content(self) -> bytes:
        """What is in the file, and no more than may be; a directory or a link elsewhere has nothing."""
        if self.path.is_symlink() or not self.path.is_file():
            return b""
        with self.path.open("rb") as file:
            return file.read(LARGEST + 1)


def find(folder: Path) -> list[Submission]:
    """The newest submission of every student."""
    found: dict[str, list[Submission]] = {}
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith(".") or entry.is_symlink():
            continue
        paths = [entry] if entry.is_file() else [p for p in sorted(entry.rglob("*")) if p.suffix == ".ipynb"]
        paths = [path for path in paths if ".ipynb_checkpoints" not in path.parts]
        if entry.is_file() and entry.suffix not in (
            ".ipynb",
            ".json",
            ".py",
            ".html",
            ".pdf",
            ".zip",
            ".txt",
            ".md",
            "",
        ):
            continue
        student = STAMP.sub("", entry.name if entry.is_dir() else entry.stem).strip()
        found.setdefault(student, []).extend(Submission(student, path, when(path)) for path in paths)
        if not paths:
            found[student].append(Submission(student, entry, when(entry)))
    newest = []
    for several in found.values():
        several.sort(key=lambda one: (one.when, one.path.name))
        several[-1].older = len(several) - 1
        newest.append(several[-1])
    return newest


def when(path: Path) -> datetime.datetime:
    """When a file was handed in."""
    if stamp := STAMP.search(path.name) or STAMP.search(path.parent.name):
        return moment(f"{stamp[1]}T{stamp[2] or '23'}:{stamp[3] or '59'}")
    written = path.with_name("timestamp.txt")
    if written.is_file() and not written.is_symlink():
        from nbgrader.utils import parse_utc

        try:
            return parse_utc(written.read_text(encoding="utf-8")[:100].strip())
        except (ValueError, UnicodeDecodeError):
            pass
    return datetime.datetime.fromtimestamp(path.lstat().st_mtime, datetime.UTC).replace(tzinfo=None, microsecond=0)


def moment(text: str) -> datetime.datetime:
    """A time in the local time zone, unless it names another, in UTC."""
    return datetime.datetime.fromisoformat(text).astimezone(datetime.UTC).replace(tzinfo=None)


def digest(content: bytes, master: dict) -> str:
    """What makes two gradings the same: the file, and the set it is held against."""
    return hashlib.sha256(content + json.dumps(master, sort_keys=True).encode()).hexdigest()[:32]
