"""The site's pages as one document for paper: a title, the contents, the chapters, and all solutions at the end.

What is a link on the site stays one: to a place in the document, or to another host. Names of places are made unique by
the page they come from. A link of the class `paged` says on which page of the paper it ends, once that is known.
"""

from __future__ import annotations

import re
from copy import copy
from pathlib import Path

import yaml
from bs4 import BeautifulSoup, Tag

import book

USELESS = (
    "script, style, .headerlink, .homolib-controls, .homolib-plane, .homolib-hint, details:not([open]), "
    "#searchbox, .homolib [hidden]"
)
SCREEN_ONLY = {"api", "teaching", "problem-sets"}  # they only lead to pages that are not for reading in a row
LISTS = {"all-results", "all-exercises"}  # their links say on which page they end
NOTE = """
<p>This is the book on paper. On the site, explorers answer to sliders; here each shows the picture that it begins with.
Code that the site folds away is in the notebooks, which come with the site, as do the reference of the library and the
problem sets. Answers to predictions follow their questions, those of "Test yourself" stand in small print below it, and
the solutions of exercises at the end.</p>
<p>Text and figures: CC BY 4.0. Code: MIT.</p>
"""
SUBTITLE = "How homogeneous networks start to learn"
PLACE = re.compile(r"(?:(?P<page>[\w-]+)\.html)?(?:#(?P<anchor>[^?]*).*)?")


def document() -> str:
    """The whole book as one HTML page; its addresses are those of a page of `chapters/`."""
    paper = BeautifulSoup("<!doctype html><html lang='en'></html>", "html.parser")
    listed = parts()
    pages = {one.stem: load(one.stem) for _, sources in listed for source in sources for one in book.whole(source)}
    figure_style = next(filter(None, (page.select_one("figure.homolib style") for page in pages.values())))
    body, solutions = paper.new_tag("body"), []
    for caption, sources in listed:
        articles = [whole_article(pages, source) for source in sources]
        for source, one in zip(sources, articles, strict=True):
            if found := take_solutions(one, source.stem):
                solutions.append((one.h1, f"solutions--{source.stem}", found))
        if caption == listed[-1][0]:  # back matter is looked up, not read: in smaller type
            for one in articles:
                one["class"] = [*one.get("class", []), "paper-small"]
        body.append(part(caption, articles))
    body.append(part("Solutions", [solution_page(*chapter) for chapter in solutions]))
    body.insert(0, contents(body))
    body.insert(0, title_page())
    paper.html.append(head(pages, figure_style))
    paper.html.append(body)
    return str(paper)


def parts() -> list[tuple[str, list[Path]]]:
    """Caption and pages of each part, in reading order; the preface has no caption."""
    toc = yaml.safe_load((book.ROOT / "_toc.yml").read_text(encoding="utf-8"))
    listed = [(part["caption"], [entry["file"] for entry in part["chapters"]]) for part in toc["parts"]]
    found = [
        (caption, [book.ROOT / f"{page}.md" for page in pages if Path(page).name not in SCREEN_ONLY])
        for caption, pages in [("", [toc["root"]]), *listed]
    ]
    return [(caption, pages) for caption, pages in found if pages]


def load(stem: str) -> BeautifulSoup:
    """A page of the site."""
    return BeautifulSoup((book.SITE / f"chapters/{stem}.html").read_text(encoding="utf-8"), "html.parser")


def whole_article(pages: dict[str, BeautifulSoup], source: Path) -> Tag:
    """What a page says, and behind it, as its last section in smaller type, the details of a chapter."""
    first, *details = [article(pages, one.stem) for one in book.whole(source)]
    for one in details:
        lower_titles(one)
        one["class"] = ["paper-small"]
        first.append(one)
    return first


def lower_titles(one: Tag) -> None:
    """Give the titles of an article one level less."""
    for tag in one.find_all(re.compile("^h[1-5]$")):
        tag.name = f"h{int(tag.name[1]) + 1}"


def article(pages: dict[str, BeautifulSoup], stem: str) -> Tag:
    """What a page says, without what is no use on paper; it begins a page, under its title."""
    found = pages[stem].select_one("article.bd-article")
    for tag in found.select(USELESS):
        tag.extract()
    for tag in found.select("[id]"):
        tag["id"] = f"{stem}--{tag['id']}"
    found["id"] = stem
    for link in found.select("a[href]"):
        relink(link, pages, stem)
    for link in found.select(".list-of li > a, .list-of li > p > a") if stem in LISTS else ():
        link["class"] = [*link.get("class", []), "paged"]
    return found


def relink(link: Tag, pages: dict[str, BeautifulSoup], stem: str) -> None:
    """Lead to a place in the document; what leads to what is not on paper is no link."""
    if re.match(r"[a-z]+:", link["href"]):
        return
    place = PLACE.fullmatch(link["href"])
    page = place and (place["page"] or stem)
    if page not in pages:
        link.name, link.attrs = "span", {}
    else:
        link["href"] = f"#{page}--{place['anchor']}" if place["anchor"] else f"#{page}"


def take_solutions(chapter: Tag, stem: str) -> list[Tag]:
    """Take the solutions out of a chapter, each under the title of its exercise, and leave links to them."""
    taken = []
    for solution in chapter.select(".solution"):
        exercise = solution.find_previous_sibling(class_="exercise")
        title = solution.select_one(".admonition-title")
        title.clear()
        title.append(new("a", "", href=f"#{exercise['id']}"))
        title.a.extend(copy(piece) for piece in exercise.select_one(".admonition-title").contents)
        solution["class"] = ["solution", "admonition"]
        see = new("span", "", class_="paper-see")
        see.append(new("a", "Solution", class_="paged", href=f"#{solution['id']}"))
        exercise.select_one(".admonition-title").append(see)
        taken.append(solution.extract())
    return taken


def solution_page(title: Tag, name: str, solutions: list[Tag]) -> Tag:
    """The solutions of a chapter."""
    page = new("article", "", class_="bd-article paper-small paper-solutions", id=name)
    page.append(copy(title))
    page.h2.name = "h1"  # a level is added here, too
    page.extend(solutions)
    return page


def part(caption: str, articles: list[Tag]) -> Tag:
    """A part: its title is above the titles of its chapters. The preface is one by itself."""
    box = new("div", "", class_="bd-content paper-part")
    if caption:
        for one in articles:
            lower_titles(one)
        box.append(new("h1", caption, id=re.sub(r"\W+", "-", caption.lower())))
    box.extend(articles)
    return box


def contents(body: Tag) -> Tag:
    """The table of contents: parts, chapters, and the sections of numbered chapters."""
    box, listed = new("nav", "", class_="paper-contents"), new("ul", "")
    box.append(new("h1", "Contents"))
    for title in body.select("h1[id], article > section > :is(h1, h2), article > h2, article > section > section > h3"):
        place = title if title.get("id") else title.find_parent(id=True)
        if title.name == "h3" and not title.select_one(".section-number"):
            continue
        entry = new("li", "", class_=f"paper-{title.name}")
        entry.append(new("a", "", class_="paged", href=f"#{place['id']}"))
        entry.a.extend(copy(piece) for piece in title.contents)
        listed.append(entry)
    box.append(listed)
    return box


def title_page() -> Tag:
    """Title, authors, year, and what a reader of the paper should know."""
    page, about = new("header", "", class_="paper-title"), book.config()
    page.append(new("p", about["title"], class_="paper-name"))
    page.append(new("p", SUBTITLE))
    page.append(new("p", f"{about['author']}, {about['copyright']}"))
    page.append(BeautifulSoup(f"<div class='paper-note'>{NOTE}</div>", "html.parser"))
    return page


def head(pages: dict[str, BeautifulSoup], figure_style: Tag) -> Tag:
    """The style sheets of all pages, the style of figures once, and what sets formulas."""
    found = next(page for page in pages.values() if page.select_one("script[src*=mathjax]")).head
    for tag in found.find_all(True, recursive=False):
        sheet = tag.name == "link" and "stylesheet" in tag.get("rel", [])
        formulas = tag.name == "script" and re.search("mathjax|window.MathJax", str(tag))  # all at once: nobody waits
        if not (sheet or formulas):
            tag.extract()
    found.append(figure_style)
    found.append(new("style", (book.ROOT / "tools/paper.css").read_text(encoding="utf-8")))
    found.append(new("title", book.config()["title"]))
    found.append(new("meta", "", name_="author", content=book.config()["author"]))
    return found


def new(kind: str, text: str, **attributes: str) -> Tag:
    """A new element."""
    tag = Tag(name=kind, attrs={key.rstrip("_"): value for key, value in attributes.items()})
    if text:
        tag.append(text)
    return tag
