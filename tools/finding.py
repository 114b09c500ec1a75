"""How readers find things: what the search knows by name, and the lists of all results and exercises.

Sphinx searches titles, and finds one if what was typed is half of it. So each thing gets its names as titles of their
own: a result its number, its name and the paper's number, an exercise and a figure their numbers, a word its word.
"""

from __future__ import annotations

import json
import re
import unicodedata
from functools import cache
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

import book
import notebooks
import trees


@cache
def labels() -> book.Labels:
    """Every label of the book."""
    return book.collect_labels(book.all_sources())


def named(kind: str) -> dict[str, tuple[str, str]]:
    """Name, without formulas, and the paper's number of each "result" or "exercise", by label, in reading order."""
    found = {}
    for label, title in labels().title.items():
        if (label in labels().marks or labels().words[label].startswith("Exercise")) == (kind == "exercise"):
            name, tag = notebooks.PAPER.fullmatch(title).groups() if notebooks.PAPER.fullmatch(title) else (title, "")
            found[label] = name, tag.removeprefix("[paper: ").removesuffix("]")
    return found


class ListOf(SphinxDirective):
    """All results, or all exercises, of the book, chapter by chapter."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Write the list in Markdown and have it parsed."""
        (kind,) = self.arguments
        lines, chapter = [], None
        for label, (name, tag) in named(kind).items():
            if labels().home[label] != chapter:
                chapter = labels().home[label]
                lines += ["", f"**{{ref}}`chapter-{chapter}`**", ""]
            numbered = label in labels().number
            reference = f"{{{'ref' if kind == 'exercise' else 'prf:ref'}}}`{'' if numbered else name + ' <'}{label}"
            reference += "`" if numbered else ">`"
            words = [f": {name}"] if numbered and name else []
            words += [f" [paper: {tag}]"] if tag else []
            words += [f" ({labels().marks[label].lower()})"] if label in labels().marks else []
            lines.append(f"* {reference}{''.join(words)}")
        box = nodes.container(classes=["list-of"])
        self.state.nested_parse(StringList(lines, source=self.env.docname), self.content_offset, box)
        return [box]


def names_of(label: str, name: str, tag: str) -> list[str]:
    """What a reader may type to find a result or an exercise: its number, its name, the paper's number."""
    number, plain = labels().words[label] if label in labels().number else "", without_tex(name)
    parts = plain.split(", ") if number.startswith("Definition") else []
    papers = [f"{item} (paper)" for item in re.split(r",? and |, |; ", tag) if item]
    return [
        words for words in (plain, *parts, number, *papers, f"{number}: {plain}" if number and plain else "") if words
    ]


def search_titles(app) -> list[tuple[str, str, str]]:
    """The names by which results, exercises, figures and words can be found, each with its page and its anchor."""
    names = [
        (words, f"chapters/{labels().home[label]}", label)
        for kind in ("result", "exercise")
        for label, (name, tag) in named(kind).items()
        for words in names_of(label, name, tag)
    ]
    names += [(words, docname, anchor) for docname, anchor, words in app.env.figures_of_book]
    terms = trees.tree(app.env, "chapters/glossary").findall(nodes.term)
    names += [(term.astext(), "chapters/glossary", term["ids"][0]) for term in terms]
    return names + [(typed, *place) for name, *place in names if (typed := ascii_only(name)) != name]


def without_tex(text: str) -> str:
    """A title in words: formulas lose dollars, braces and backslashes."""
    plain = re.sub(r"\$(.*?)\$", lambda formula: re.sub(r"[\\{}^_]", "", formula[1]), text)
    return re.sub(r"\\[a-zA-Z]+", "", plain).strip()


def ascii_only(text: str) -> str:
    """A name as one types it: Lojasiewicz for Łojasiewicz."""
    text = text.replace("ł", "l").replace("Ł", "L").replace("–", "-").replace("’", "'")
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().strip()


def rewrite_search_titles(app, error) -> None:
    """Give the search the names of things, in place of what Sphinx takes for their titles."""
    path = Path(app.outdir) / "searchindex.js"
    if error is not None or app.builder.name != "html" or "chapters/glossary" not in app.env.found_docs:
        return
    head, body, tail = re.fullmatch(r"(.*?\()(\{.*\})(\).*)", path.read_text(encoding="utf-8"), re.DOTALL).groups()
    index = json.loads(body)
    number = {name: i for i, name in enumerate(index["docnames"])}
    ours = {(number.get(f"chapters/{home}"), label) for label, home in labels().home.items()}
    page_titles = [re.sub(r"<.*>", "", title) for title in index["titles"]]  # without their numbers
    titles = {}
    for title, places in index["alltitles"].items():
        kept = [
            (page, anchor)
            for page, anchor in places
            if (page, anchor) not in ours and (anchor is not None or page_titles[page] == title)
        ]
        if kept:
            titles[without_tex(title)] = kept
    for name, docname, anchor in search_titles(app):
        if docname in number:
            titles.setdefault(name, []).append((number[docname], anchor))
    index["alltitles"] = titles
    path.write_text(head + json.dumps(index, separators=(",", ":")) + tail, encoding="utf-8")


def plain_snippets(app, pagename, templatename, context, doctree) -> None:
    """On the page of the search, leave code and raw formulas out of what is quoted from a page."""
    if pagename == "search" and not any(str(script).endswith("search.js") for script in context["script_files"]):
        app.add_js_file("search.js", loading_method="defer")  # it changes what Sphinx's own script has defined


def serve_script(app, config) -> None:
    """Serve what `plain_snippets` loads from here: in `_static` Jupyter Book would load it on every page."""
    config.html_static_path.append(str(Path(__file__).with_name("search.js")))


def setup(app):
    """Called by Sphinx."""
    app.connect("config-inited", serve_script)
    app.add_directive("list-of", ListOf)
    app.connect("html-page-context", plain_snippets)
    app.connect("build-finished", rewrite_search_titles)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
