"""How long a chapter takes to read: its core, and what is folded; and how long its details take.

    python tools/reading_time.py chapters/neural-correlation.md

A reader with a pencil takes a minute for about twenty-eight words of such pages, formulas among them. So that is the
rule, where a formula in a line is one word, a displayed formula or a line of code in sight five, and a
picture, an explorer or the output of a cell with folded code twenty. The core is what stands open before the exercises,
and the summary; what is folded comes on top. Exercises and the questions of "Test yourself" are for doing and not
counted, nor are the list of details and the section on the paper. Times are rounded up to five minutes.
"""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PACE, STEP = 28, 5  # words a minute; minutes
DISPLAYED, CODE_LINE, PICTURE = 5, 5, 20  # words that each counts as
UNTIMED = ("Exercises", "Test yourself", "Details", "In the paper")
FENCE = re.compile(r"(?P<fence>:{3,}|`{3,})\{(?P<name>[\w:-]+)\}\s*(?P<title>.*)")
OPTION = re.compile(r":(?P<name>[\w-]+):\s*(?P<value>.*)")
LABEL = re.compile(r"\([\w.:-]+\)=")
ROLE = re.compile(r"\{[\w:-]+\}`(?:([^`<]+?)\s*<[^`>]*>|[^`]*)`")
LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")


@dataclass(frozen=True)
class ReadingTime:
    """Words of the two routes, and the minutes that the page may promise."""

    core: int
    more: int

    @property
    def minutes(self) -> tuple[int, int]:
        """Core, and what the folds take on top."""
        return _minutes(self.core), _minutes(self.more)

    @property
    def together(self) -> int:
        """Minutes for a page on which nothing is core."""
        return _minutes(self.core + self.more)

    def __str__(self) -> str:
        """As the box at the head of a chapter says it."""
        core, more = self.minutes
        return f"Core {core} minutes; folded proofs {more} more; exercises not counted."


def measure(source: str) -> ReadingTime:
    """Count the words of a chapter in MyST Markdown."""
    text, weight = {True: [], False: []}, {True: 0, False: 0}
    for section, folded, piece in _pieces(source):
        if section in UNTIMED:
            continue
        if isinstance(piece, str):
            text[folded].append(piece)
        else:
            weight[folded] += _words_of_cell(*piece)
    core, more = (weight[folded] + _words("\n".join(text[folded])) for folded in (False, True))
    return ReadingTime(core, more)


def _pieces(source: str) -> Iterator[tuple[str, bool, str | tuple[str, list[str]]]]:
    """Section, whether out of sight, and a line of text or the tags and lines of a cell."""
    text = re.sub(r"\A---\n.*?^---\n", "", source, flags=re.DOTALL | re.MULTILINE)
    lines = [line.strip() for line in reversed(text.splitlines())]  # the next one is the last
    section, open_fences = "", []
    while lines:
        line = lines.pop()
        if not open_fences and line.startswith("## "):
            section = line.removeprefix("## ")
        away = any(fold for _, fold in open_fences)
        if fence := FENCE.fullmatch(line):
            options = _options(lines)
            if fence["name"] == "code-cell":
                yield section, away, (options.get("tags", ""), _cell(lines, fence["fence"]))
                continue
            fold = "dropdown" in (fence["name"], *options.get("class", "").split())
            open_fences.append((fence["fence"], fold))
            yield section, away or fold, fence["title"]
        elif open_fences and line == open_fences[-1][0]:
            open_fences.pop()
        elif not LABEL.fullmatch(line):
            yield section, away, line


def _options(lines: list[str]) -> dict[str, str]:
    """Take the options of a directive off its lines."""
    options = {}
    while lines and (option := OPTION.fullmatch(lines[-1])):
        options[option["name"]] = option["value"]
        lines.pop()
    return options


def _cell(lines: list[str], fence: str) -> list[str]:
    """Take the code of a cell off the lines, without its empty ones."""
    code = []
    while (line := lines.pop()) != fence:
        code += [line] if line else []
    return code


def _words(text: str) -> int:
    """Words of Markdown: a formula is one, a displayed formula five, a reference what it shows."""
    text, displayed = re.subn(r"\$\$.*?\$\$(?: \([\w-]+\))?", " ", text, flags=re.DOTALL)
    text = re.sub(r"(?<!\\)\$[^$]+\$", " formula ", text)
    text = LINK.sub(r"\1", ROLE.sub(lambda role: role[1] or "reference", text))
    return DISPLAYED * displayed + sum(bool(re.search(r"\w", word)) for word in text.split())


def _words_of_cell(tags: str, code: list[str]) -> int:
    """Words that a cell counts for: what it draws, or else its lines; nothing if all of it is folded."""
    if "hide-cell" in tags:
        return 0
    pictures = sum("hl.show(" in line or "hl.explore(" in line for line in code)
    return PICTURE * max(pictures, "hide-input" in tags) or CODE_LINE * len(code)


def _minutes(words: int) -> int:
    return STEP * math.ceil(words / PACE / STEP)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Count how long chapters take to read.")
    parser.add_argument("sources", nargs="+", type=Path)
    for source in parser.parse_args().sources:
        time = measure(source.read_text(encoding="utf-8"))
        print(f"{source.stem}: {time.core} and {time.more} words. {time}")


if __name__ == "__main__":
    main()
