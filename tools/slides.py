"""Slides for sessions of the syllabus, taken from the built site: each deck is one file that needs no other.

The syllabus says what a session is: minutes, sections, figures in a state, the board. `course/slides.yml` says which
parts of the sections are shown. Formulas, tables and figures are those of the pages, and nothing is written twice.
"""

from __future__ import annotations

import re
from copy import copy
from dataclasses import dataclass, field
from functools import cache
from html import escape
from pathlib import Path
from urllib.parse import quote, unquote

import yaml
from bs4 import BeautifulSoup, NavigableString, Tag
from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole

import book

LOGGER = logging.getLogger(__name__)
TABLE = book.ROOT / "course/slides.yml"
SYLLABUS = "teaching-syllabus"
STAGE = 700, 520  # pixels that a figure may have, of the 1280 x 720 of a slide: see slides.css
ENDED = re.compile(r"[.?!]\W*$")
CLOSING = re.compile(r"[,.;:?!)]+")
DECK = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><link rel="icon" href="data:image/svg+xml,{icon}">
<style>{style}</style>
<script>{formulas}</script></head><body>
<main>
{slides}
</main>
<nav aria-label="Slides">
<button type="button" data-key="ArrowLeft" aria-label="Previous slide">←</button>
<button type="button" data-key="ArrowRight" aria-label="Next slide">→</button>
<button type="button" popovertarget="hints">Hints</button>
<button type="button" data-key="d">Light or dark</button>
</nav>
<aside id="hints" popover aria-label="Hints for whoever speaks">
{hints}
</aside>
<script>{script}</script>
</body></html>
"""
SLIDE = """<section class="slide" id="s{number}" data-row="{row}" tabindex="-1" aria-labelledby="t{number}">
<div class="sheet">
<{level} class="title" id="t{number}">{title}</{level}>
<div class="body">{body}</div>
<footer><span>{source}</span><span>{number}</span></footer>
</div></section>"""
KEYS = """<p class="keys"><kbd>→</kbd> and <kbd>←</kbd> turn slides, <kbd>Esc</kbd> leaves a slider, <kbd>N</kbd> shows
hints for whoever speaks, <kbd>D</kbd> is light or dark.</p>"""


@dataclass
class Row:
    """A line of a session: what is shown, and for how long."""

    minutes: str
    what: Tag
    sections: list[tuple[str, str]]  # page and label of each
    figures: list[tuple[str, str, str]]  # page, anchor and state of each

    @property
    def point(self) -> str:
        """What the line says behind its sections."""
        words = copy(self.what)
        for link in words.select("a"):
            link.extract()
        text = words.decode_contents().strip(" :,")
        return text[:1].upper() + text[1:]


@dataclass
class Session:
    """A session of the syllabus."""

    name: str
    title: str
    rows: list[Row]
    opening: str = ""
    board: list[str] = field(default_factory=list)
    closing: list[str] = field(default_factory=list)


@cache
def table() -> dict[str, dict[str, list[list[str]]]]:
    """Which parts of which sections are shown, for each session with slides."""
    return yaml.safe_load(TABLE.read_text(encoding="utf-8"))


class Site:
    """The built pages, each read once; what is taken from one leads back to it."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.pages: dict[str, BeautifulSoup] = {}

    def page(self, stem: str) -> BeautifulSoup:
        """A page."""
        if stem not in self.pages:
            text = (self.folder / f"chapters/{stem}.html").read_text(encoding="utf-8")
            self.pages[stem] = BeautifulSoup(text, "html.parser")
        return self.pages[stem]

    def section(self, stem: str, label: str) -> Tag:
        """The section with this label."""
        place = self.page(stem).find(id=label)
        return place if place.name == "section" else place.find_parent("section")

    def take(self, tag: Tag, stem: str) -> Tag:
        """A copy of a piece of a page: without names, which would be there twice, and with links to the site."""
        taken = copy(tag)
        for useless in taken.select(".headerlink, style"):
            useless.extract()
        for link in taken.select("a[href]"):
            if not re.match(r"[a-z]+:", link["href"]):
                link["href"] = inside(link["href"], stem)
        for named in [taken, *taken.select("[id]")]:
            del named["id"]
        for formula in taken.select("span.math"):
            hold(formula)
        return taken


def inside(href: str, stem: str) -> str:
    """An address on a page of `chapters/`, from beside that folder."""
    if href.startswith("../"):
        return href
    return f"../chapters/{stem}.html{href}" if href.startswith("#") else f"../chapters/{href}"


def hold(formula: Tag) -> None:
    """Keep a full stop on the line of the formula before it."""
    after = formula.next_sibling
    if isinstance(after, NavigableString) and (mark := CLOSING.match(after)):
        after.replace_with(after[mark.end() :])
        formula.wrap(Tag(name="span", attrs={"class": "held"})).append(mark[0])


def session(site: Site, name: str) -> Session:
    """A session, as the syllabus has it."""
    section = site.section(SYLLABUS, name)
    heading = section.find(["h2", "h3"]).get_text().removesuffix("#")
    rows = [row_of(site, row) for row in section.select("tbody > tr")]
    found, part = Session(name, re.sub(r"^\d+\. ", "", heading), rows), ""
    for paragraph in section.find_all("p", recursive=False):
        start = paragraph.find("strong")
        part = start.get_text() if start else part
        text = str(site.take(paragraph, SYLLABUS))
        if not part:
            found.opening = paragraph.decode_contents()
        elif part == "On the board.":
            found.board.append(text)
        elif part != "Slides.":
            found.closing.append(text)
    return found


def row_of(site: Site, row: Tag) -> Row:
    """A line of a session's table."""
    minutes, what, show = row.select("td > p")
    sections = [tuple(link["href"].split(".html#")) for link in what.select("a")]
    figures = []
    for link in show.select("a.figure-state"):
        stem, _, place = link["href"].partition(".html#")
        anchor, _, state = place.partition("?")
        figures.append((stem, anchor, unquote(state)))
    return Row(minutes.get_text(), site.take(what, SYLLABUS), sections, figures)


def parts_of(section: Tag) -> list[list[Tag]]:
    """What a section consists of: paragraphs with the formulas and tables in them, lists, boxes."""
    parts: list[list[Tag]] = []
    open_ended = False
    for tag in section.find_all(["p", "ul", "ol", "div"], recursive=False):
        if "cell" in tag.get("class", []) or "toctree-wrapper" in tag.get("class", []):
            continue
        if open_ended:
            parts[-1].append(tag)
        else:
            parts.append([tag])
        said = re.sub(r"\\\]|\\end\{\w+\}|\s", "", tag.get_text())
        sentence = tag.name == "p" or "math" in tag.get("class", [])
        open_ended = sentence and not ENDED.search(said)
    return parts


def choose(section: Tag, words: str) -> list[Tag]:
    """The part of a section that begins with these words."""
    found = [part for part in parts_of(section) if " ".join(part[0].get_text().split()).startswith(words)]
    if len(found) != 1:
        title = section.find(["h1", "h2", "h3"]).get_text().removesuffix("#")
        raise ValueError(f"slides.yml: {len(found)} parts of '{title}' begin with '{words}'; wanted is one")
    return found[0]


def slides_of(site: Site, row: Row, shown: dict[str, list[list[str]]]) -> list[tuple[str, str, str]]:
    """Title, content and source of each slide of a line: first the words, then the figures."""
    slides, title = [], row.point
    for stem, label in row.sections:
        section = site.section(stem, label)
        heading = site.take(section.find(["h1", "h2", "h3"]), stem)
        number = heading.select_one(".section-number")
        place = number.extract().get_text().strip(" .") if number else stem
        source = f'<a href="../chapters/{stem}.html#{label}">{place}</a>'
        title = title or heading.decode_contents()
        for begins in shown.get(label, []):
            taken = [str(site.take(tag, stem)) for words in begins for tag in choose(section, words)]
            slides.append((heading.decode_contents(), "\n".join(taken), source))
    for stem, anchor, state in row.figures:
        figure = site.take(site.page(stem).find("figure", id=anchor), stem)
        number = figure.select_one(".homolib-number").get_text()
        slides.append((title, staged(figure, state), f'<a href="../chapters/{stem}.html#{anchor}">{number}</a>'))
    return slides


def staged(figure: Tag, state: str) -> str:
    """A figure as large as a slide allows, in its state."""
    boxes = [[float(number) for number in svg["viewbox"].split()] for svg in figure("svg")]
    width, height = sum(box[2] for box in boxes), max(box[3] for box in boxes)
    figure["style"] = f"--stage: {min(STAGE[0], STAGE[1] * width / height):.0f}px"
    figure["data-state"] = state
    number = figure.select_one(".homolib-number")
    number.name, number["class"] = "span", "homolib-place"
    del number["href"]
    return str(figure)


def deck(site: Site, name: str) -> str:
    """The slides of a session as one page."""
    about, found = session(site, name), []
    unknown = set(table()[name]) - {label for row in about.rows for _, label in row.sections}
    if unknown:
        raise ValueError(f"slides.yml: the session {name} has no {', '.join(sorted(unknown))}")
    whole, author = book.config()["title"], book.config()["author"]
    below = f"{whole}: {about.title}" if about.opening else whole
    found.append((about.opening or about.title, f"<p>{escape(below)}</p>{KEYS}", escape(author), -1))
    for k, row in enumerate(about.rows):
        found += [(*slide, k) for slide in slides_of(site, row, table()[name])]
    if about.closing:
        found.append(("At the end", "\n".join(about.closing), "", len(about.rows)))
    slides = [
        SLIDE.format(number=k, level="h1" if k == 1 else "h2", title=head, body=body, source=source, row=row)
        for k, (head, body, source, row) in enumerate(found, start=1)
    ]
    lines = "\n".join(f"<li>{row.what.decode_contents()} ({row.minutes} minutes)</li>" for row in about.rows)
    hints = "\n".join(["<h2>Hints for whoever speaks</h2>", f"<ol>{lines}</ol>", *about.board])
    return DECK.format(title=escape(f"{whole}: {about.title}"), slides="\n".join(slides), hints=hints, **shell(site))


def shell(site: Site) -> dict[str, str]:
    """What every deck brings along: styles, what sets formulas, what moves figures and slides."""
    page = next(page for page in site.pages.values() if page.select_one("script[src*=mathjax]"))
    formulas = next(script.string for script in page.head("script") if "window.MathJax" in (script.string or ""))
    figures = next(filter(None, (page.select_one("figure.homolib style") for page in site.pages.values()))).string
    static = book.ROOT / "_static"
    files = (static / "explore.js", book.ROOT / "tools/slides.js", book.ROOT / "vendor/mathjax/tex-svg.js")
    styles = (static / "explore.css", book.ROOT / "tools/slides.css")
    return {
        "icon": quote((static / "favicon.svg").read_text(encoding="utf-8")),
        "style": "\n".join([figures, *(path.read_text(encoding="utf-8") for path in styles)]),
        "formulas": formulas,
        "script": "</script>\n<script>".join(path.read_text(encoding="utf-8") for path in files),
    }


class Slides(SphinxRole):
    """A link to the slides of a session."""

    def run(self):
        """The address is that on a page of `chapters/`."""
        if self.text not in table():
            LOGGER.warning("there are no slides for %s", self.text, location=self.get_location())
        return [nodes.reference("", "slides", refuri=f"../slides/{self.text}.html", internal=True)], []


def write(app, error) -> None:
    """Put the decks beside the pages they are made of, where all of these were built."""
    site = Site(Path(app.outdir))
    if error is not None or app.builder.name != "html" or f"chapters/{SYLLABUS}" not in app.env.found_docs:
        return
    (site.folder / "slides").mkdir(exist_ok=True)
    for name in table():
        (site.folder / f"slides/{name}.html").write_text(deck(site, name), encoding="utf-8")


def setup(app):
    """Called by Sphinx."""
    app.add_role("slides", Slides())
    app.connect("build-finished", write, priority=950)  # of pages as they are shipped
    return {"parallel_read_safe": True, "parallel_write_safe": True}
