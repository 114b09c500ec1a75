"""What a reader passes on: a link to each result and exercise, and how a page is announced beside one."""

from __future__ import annotations

import html
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from docutils import nodes

from homolib.explore.formula import as_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TITLED = re.compile(
    r'(<div class="(?:proof|exercise)\b[^"]*" id="([^"]+)">\s*<p class="admonition-title">)'
    r'(<span class="caption-number">([^<]*?) ?</span>.*?)(</p>)',
    re.DOTALL,
)
CARD = "_static/card.png"


def with_links(page: str) -> str:
    """A page whose results and exercises carry links to themselves, as headings do."""

    def add(title: re.Match) -> str:
        link = f'<a class="headerlink" href="#{title[2]}" aria-label="Link to {title[4].strip()}">#</a>'
        return title[1] + title[3] + link + title[5]

    return TITLED.sub(add, page)


def description(doctree: nodes.document) -> str:
    """What a chapter says that one can do after it; of another page, its first paragraph of prose without formulas."""
    goals = [box for box in doctree.findall(nodes.admonition) if "goals" in box["classes"]]
    for paragraph in (goals[0] if goals else doctree).findall(nodes.paragraph):
        if goals or (isinstance(paragraph.parent, nodes.section) and not list(paragraph.findall(nodes.math))):
            return " ".join(_in_words(paragraph).split())
    return ""


def _in_words(node: nodes.Node) -> str:
    if isinstance(node, nodes.math):
        return as_text(f"${node.astext()}$")
    return "".join(map(_in_words, node.children)) if node.children else node.astext()


def describe(app, pagename, templatename, context, doctree) -> None:
    """Title, beginning and, if the site has an address, the address and its picture, in the words of Open Graph."""
    if doctree is None:
        return
    said = {"og:type": "article", "og:site_name": app.config.html_title, "og:title": _plain(context["title"])}
    if says := description(doctree):
        said |= {"description": says, "og:description": says}
    if base := app.config.html_baseurl.rstrip("/"):
        said |= {"og:url": f"{base}/{pagename}.html", "og:image": f"{base}/{CARD}", "og:image:alt": card()[1]}
    kinds = {True: "property", False: "name"}
    tags = [f'<meta {kinds[":" in name]}="{name}" content="{html.escape(value)}" />' for name, value in said.items()]
    context["body"] = with_links(context["body"])
    context["metatags"] = context.get("metatags", "") + "\n".join(tags)


@cache
def card() -> tuple[Figure, str]:
    """The opening picture of the book, and its sentence."""
    from homolib.figures import early_training

    figure, sentence = early_training(1e-8)
    figure.set_size_inches(12, 6.3)
    return figure, as_text(sentence)


def _plain(title: str) -> str:
    return html.unescape(re.sub("<.*?>", "", title))


def finish(app, error) -> None:
    """Draw the picture that pages name."""
    if error is None and app.builder.name == "html" and app.config.html_baseurl:
        card()[0].savefig(Path(app.outdir) / CARD, dpi=100)


def setup(app):
    """Called by Sphinx."""
    app.connect("html-page-context", describe)
    app.connect("build-finished", finish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
