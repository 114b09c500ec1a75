"""The book as a whole: its pages in order, and what a reader sees in place of each label."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
SITE = ROOT / "_build/html"
NUMBERED = re.compile(r"prf:(?!proof$)|exercise$")
FENCE = re.compile(r"(?P<fence>:{3,}|`{3,})\{(?P<name>[\w:-]+)\}\s*(?P<title>.*)")
OPTION = re.compile(r":(?P<name>[\w-]+):\s*(?P<value>.*)")
LABEL = re.compile(r"\((?P<label>[\w.:-]+)\)=")
MATH_END = re.compile(r".*\$\$\s*\((?P<label>[\w.:-]+)\)")
FIGURE = re.compile(r"^hl\.(?:show|explore)\(\s*(?:hl\.figures\.)?(?P<name>\w+)", re.MULTILINE)
DETAILS = "-details"  # behind the name of a chapter: the page with what its core does not need
MARKS = re.compile(r"\s*\*((?:Warm-up|Standard|Project), [\w ]+)\*")


@cache
def config() -> dict:
    """What `_config.yml` says."""
    return yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))


def repository() -> str:
    """Address of the repository, without a slash at the end; empty if there is none. In a build, Sphinx has it."""
    return (config()["sphinx"]["config"]["book_repository"] or "").rstrip("/")


@cache
def chapter_numbers() -> dict[str, int]:
    """Number of each numbered chapter, by file name, in the order of `_toc.yml`."""
    parts = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))["parts"]
    names = [Path(entry["file"]).name for part in parts if part.get("numbered") for entry in part["chapters"]]
    return {name: number for number, name in enumerate(names, start=1)}


def chapter_of(stem: str) -> str:
    """The chapter that a page belongs to: of the page with its details the chapter, of any other page itself."""
    chapter = stem.removesuffix(DETAILS)
    return chapter if chapter in chapter_numbers() else stem


def chapter_page(source: Path) -> Path:
    """The source of the chapter that a page belongs to: of any other page, itself."""
    return source.with_stem(chapter_of(source.stem))


def whole(source: Path) -> list[Path]:
    """The sources of a chapter: its page, and the page with its details if there is one."""
    details = source.with_stem(source.stem + DETAILS)
    return [source, details] if source.stem in chapter_numbers() and details.is_file() else [source]


def text_of(chapter: str) -> str:
    """What a chapter and its details say, in MyST Markdown."""
    return "".join(part.read_text(encoding="utf-8") for part in whole(ROOT / f"chapters/{chapter}.md"))


def is_notebook(source: Path) -> bool:
    """Whether a page becomes a notebook: the preface and the chapters, with their details, if there is code in them."""
    return (source.stem == "index" or source.stem in chapter_numbers()) and has_code(source)


def has_code(source: Path) -> bool:
    """Whether there is code to run on a page."""
    return "{code-cell}" in source.read_text(encoding="utf-8")


def all_sources() -> list[Path]:
    """Every page of the book, in reading order."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    entries = [toc["root"]] + [entry["file"] for part in toc["parts"] for entry in part["chapters"]]
    return [source for entry in entries for source in whole(ROOT / f"{entry}.md")]


@dataclass
class Labels:
    """What each label is called, the number it has, and the page a chapter's label stands for."""

    words: dict[str, str] = field(default_factory=dict)
    number: dict[str, str] = field(default_factory=dict)
    title: dict[str, str] = field(default_factory=dict)  # of a result or an exercise
    marks: dict[str, str] = field(default_factory=dict)  # of an exercise, as "Warm-up, pencil"
    home: dict[str, str] = field(default_factory=dict)  # the file in which a result or an exercise stands
    section: dict[str, str] = field(default_factory=dict)  # its number
    page: dict[str, str] = field(default_factory=dict)
    figures: dict[str, list[str]] = field(default_factory=dict)  # labels of the figures in a file, in their order


def collect_labels(sources: list[Path]) -> Labels:
    """Number results, exercises and equations as Sphinx does: each of the three by itself, anew in each chapter.

    The page with the details of a chapter is its last section.
    """
    labels, count = Labels(), Counter()
    for source in sources:
        stem = chapter_of(source.stem)
        chapter, deeper = chapter_numbers().get(stem, ""), "#" if stem != source.stem else ""
        count = count if deeper else Counter()
        collect_figures(source, labels)
        lines = [f"{deeper}{line}" if line.startswith("#") else line for line in lines_of(source)]
        for i, line in enumerate(lines):
            kind, label = "", None
            if line.startswith("## "):
                count["section"], count["subsection"] = count["section"] + 1, 0
            count["subsection"] += line.startswith("### ")
            if fence := FENCE.fullmatch(line):
                options, body = split_options(lines[i + 1 :])
                label = options.get("label")
                if label and NUMBERED.match(fence["name"]):
                    labels.title[label], labels.home[label] = fence["title"], source.stem
                    if marks := MARKS.match(" ".join(body[:2])):
                        labels.marks[label] = marks[1]
                if NUMBERED.match(fence["name"]) or (fence["name"] == "math" and label):
                    kind = fence["name"].removeprefix("prf:").title()
            elif math := MATH_END.fullmatch(line):
                kind, label = "Math", math["label"]
            elif (target := LABEL.fullmatch(line)) and (heading := next(filter(None, lines[i + 1 :]))).startswith("#"):
                labels.words[target["label"]] = heading.lstrip("# ")
                if heading.startswith(f"{deeper}# "):
                    labels.page[target["label"]] = source.stem
                if heading.startswith("# "):
                    labels.number[target["label"]] = str(chapter)
                elif chapter:
                    number = f"{chapter}.{count['section'] + heading.startswith('## ')}"
                    sub = f".{count['subsection'] + 1}" if heading.startswith("### ") else ""
                    labels.section[target["label"]] = number + sub
            if kind:
                counter = kind if kind in ("Math", "Exercise") else "Result"  # prf_realtyp_to_countertyp in _config.yml
                count[counter] += 1
                number = f"{chapter}.{count[counter]}".lstrip(".")
                label = label or f"{source.stem}-{kind}-{count[kind]}"
                labels.number[label] = number
                labels.words[label] = f"({number})" if kind == "Math" else f"{kind} {number}"
    return labels


def lines_of(source: Path) -> list[str]:
    """The lines of a page without space around them, and without what is code."""
    text = source.read_text(encoding="utf-8")
    code = re.compile(r"^(`{3,})\{code-cell\}.*?^\1$", re.DOTALL | re.MULTILINE)
    return [line.strip() for line in code.sub("", text).splitlines()]


def figure_label(stem: str, name: str, count: int) -> str:
    """The label of a figure: its page and the function that draws, which may do so `count` times on the page."""
    return f"figure-{stem}-{name}".replace("_", "-") + (f"-{count}" if count > 1 else "")


def collect_figures(source: Path, labels: Labels) -> None:
    """Number the figures of a page; what has no chapter has chapter 0."""
    stem, count = chapter_of(source.stem), figures_before(source)
    labels.figures[source.stem] = []
    for figure in FIGURE.finditer(source.read_text(encoding="utf-8")):
        count[figure["name"]] += 1
        label = figure_label(stem, figure["name"], count[figure["name"]])
        labels.figures[source.stem].append(label)
        labels.words[label] = f"Figure {chapter_numbers().get(stem, 0)}.{count.total()}"


def figures_before(source: Path) -> Counter:
    """How often each function has drawn in the chapter, if this page has its details: their figures come behind."""
    chapter = chapter_page(source)
    return Counter() if chapter == source else Counter(FIGURE.findall(chapter.read_text(encoding="utf-8")))


def split_options(lines: list[str]) -> tuple[dict[str, str], list[str]]:
    """Separate the `:name: value` lines at the top of a directive from its body."""
    options = {}
    for i, line in enumerate(lines):
        if not (match := OPTION.fullmatch(line.strip())):
            return options, lines[i:]
        options[match["name"]] = match["value"]
    return options, []
