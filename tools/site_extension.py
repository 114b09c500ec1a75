"""What this book asks of Sphinx beyond the public extensions: each piece is one function, with its reason."""

from __future__ import annotations

import gc
import os
import re
from pathlib import Path

from bs4 import BeautifulSoup
from docutils import nodes

import book
import line_breaks
import notebooks
import running
import take_home
import trees

FIGURE = '<figure class="homolib '
GLOSSARY = "chapters/glossary"
NOT_PROSE = (nodes.reference, nodes.title, nodes.literal, nodes.math, nodes.math_block, nodes.raw, nodes.literal_block)
NOT_PROSE += (nodes.comment,)  # the questions of self_check are some: a link in a choice would be in its way


def add_vendored_scripts(app, config):
    """Serve `vendor/`, but load nothing from it: Jupyter Book loads every script of the static folders it knows of."""
    config.html_static_path.append(str(book.ROOT / "vendor"))


def read_bars_as_norms(app, what, name, obj, options, lines):
    """Let a docstring say |w|, which reStructuredText would take for a substitution; code is left alone."""
    lines[:] = [re.sub(r"``.*?``|(\|)", lambda match: r"\|" if match[1] else match[0], line) for line in lines]


def begin_numbering(app, env, docnames):
    """No figure of the book is numbered yet."""
    env.figures_of_book = []


def go_on_numbering(app, docname, _source):
    """Number the formulas of details behind those of the chapter: Sphinx does so for all else."""
    source = Path(app.env.doc2path(docname))
    chapter = book.chapter_page(source)
    if chapter != source:
        words = book.collect_labels([chapter]).words.values()
        app.env.temp_data["eqnoserialno"] = sum(number.startswith("(") for number in words)


def number_figures(app, doctree):
    """Number the figures of a page in their captions, and give each an anchor: fig-8-3.

    A reference by {ref} names the page and the function that draws: `figure-small-initialization-early-training`, with
    -2 behind it where the same function draws the next figure of the page. What has no chapter has chapter 0.
    """
    source, labels = Path(app.env.doc2path(app.env.docname)), app.env.get_domain("std")
    stem, names = book.chapter_of(source.stem), book.figures_before(source)
    chapter = book.chapter_numbers().get(stem, 0)
    figures = [node for node in doctree.findall(nodes.raw) if FIGURE in node.astext()]
    for count, node in enumerate(figures, start=names.total() + 1):
        anchor, words = f"fig-{chapter}-{count}", f"Figure {chapter}.{count}"
        link = f'<a class="homolib-number" href="#{anchor}">{words}</a> '
        text = node.astext().replace(FIGURE, f'<figure id="{anchor}" {FIGURE.removeprefix("<figure ")}', 1)
        node[:] = [nodes.Text(re.sub("(<figcaption.*?>)", rf"\1{link}", text, count=1))]
        if name := re.search('data-figure="(.*?)"', text):
            names[name[1]] += 1
            label = book.figure_label(stem, name[1], names[name[1]])
            labels.labels[label] = (app.env.docname, anchor, words)
            labels.anonlabels[label] = (app.env.docname, anchor)
        app.env.figures_of_book.append((app.env.docname, anchor, words))


def paper_number_as_tag(app, doctree):
    """Set the paper's number small behind the title: "Proposition 6.3 (Name) [paper: Lemma C.5]"."""
    for node in doctree.findall(lambda node: isinstance(node, nodes.Element) and "countertype" in node):
        title = node[0]
        last = title[-1].astext() if title.children else ""
        if (start := last.rfind(" [paper: ")) >= 0:
            title[-1] = nodes.Text(last[:start] + ")")
            title += nodes.inline("", last[start:].removesuffix(")"), classes=["paper-tag"])


def link_terms(app, doctree, docname):
    """Make the first use of each glossary word in a section of a chapter a link, whose title is its definition."""
    if app.builder.format != "html" or book.chapter_of(Path(docname).name) not in book.chapter_numbers():
        return
    words = glossary(app)
    pattern = re.compile(rf"\b({'|'.join(sorted(map(re.escape, words), key=len, reverse=True))})(?:e?s)?\b", re.I)
    met = set()
    for text in list(doctree.findall(nodes.Text)):
        around = list(ancestors(text))
        section = next((node for node in around if isinstance(node, nodes.section) and node.parent.parent), None)
        if any(isinstance(node, NOT_PROSE) or "cell" in node.get("classes", ()) for node in around):
            continue
        pieces, end = [], 0
        for match in pattern.finditer(text.astext()):
            word = match[1].lower()
            if (section and section["ids"][0], word) not in met:
                met.add((section and section["ids"][0], word))
                anchor, sentence = words[word]
                uri = f"{app.builder.get_relative_uri(docname, GLOSSARY)}#{anchor}"
                link = nodes.reference("", match[0], refuri=uri, internal=True, reftitle=sentence, classes=["term"])
                pieces += [nodes.Text(text.astext()[end : match.start()]), link]
                end = match.end()
        if pieces:
            text.parent.replace(text, [*pieces, nodes.Text(text.astext()[end:])])


def ancestors(node):
    """The nodes around a node, from the inside out, without the document."""
    while (node := node.parent) is not None and not isinstance(node, nodes.document):
        yield node


def glossary(app):
    """Each word of the glossary that means one thing, with its anchor and its sentence."""
    if not hasattr(app.env, "words_of_glossary"):
        entries = {}
        for item in trees.tree(app.env, GLOSSARY).findall(nodes.definition_list_item):
            word, sentence = item[0].astext(), re.sub(r" \([^()]*\)\.$", ".", item[-1].astext())
            if "(" not in word:
                entries[word.lower()] = item[0]["ids"][0], sentence
        app.env.words_of_glossary = entries
    return app.env.words_of_glossary


def link_to_repository(app, config):
    """Let the theme's buttons lead to the repository, if it has an address."""
    config.book_repository = config.book_repository.rstrip("/")
    if config.book_repository:
        config.html_theme_options |= {
            "repository_url": config.book_repository,
            "repository_branch": "main",
            "path_to_docs": "",
            "use_repository_button": True,
            "use_issues_button": True,
            "use_source_button": True,
        }


def offer_notebook(app, pagename, templatename, context, doctree):
    """Put the generated notebook first in the page's download menu, then all of them; and say where they can be run."""
    stem = book.chapter_of(Path(pagename).name)
    if pagename not in app.env.found_docs or not book.is_notebook(book.ROOT / f"chapters/{stem}.md"):
        return
    offers = [
        (f"{stem}.ipynb", ".ipynb", "fas fa-code", "Download notebook file"),
        (take_home.ZIP, "all notebooks (.zip)", "fas fa-file-zipper", "Download all notebooks with their library"),
    ]
    take_home.offer(context, "notebooks", offers)
    if places := take_home.places_to_run(stem, app.config.book_repository):
        menu = {"type": "group", "tooltip": "Run this page", "icon": "fas fa-rocket", "label": "launch-buttons"}
        context["header_buttons"].insert(0, menu | {"buttons": places})


def list_figures(app, pagename, templatename, context, doctree):
    """Put the numbers of a page's figures under its contents, where a keyboard reaches them at once."""
    figures = [(anchor, words) for docname, anchor, words in app.env.figures_of_book if docname == pagename]
    contents = context.get("generate_toc_html")
    if not (figures and contents):
        return

    def with_figures(kind="html"):
        toc = contents(kind)
        if kind == "html" and toc and not toc.find(class_="toc-figures"):  # it is made once, and asked for thrice
            start = '<a class="reference internal nav-link" href="#'
            links = " ".join(f'{start}{anchor}">{words}</a>' for anchor, words in figures)
            toc.append(BeautifulSoup(f'<li class="toc-figures nav-item">{links}</li>', "html.parser"))
        return toc

    context["generate_toc_html"] = with_figures


def write_notebooks(app, error):
    """Ship the notebooks that `offer_notebook` links to, and the library that they need."""
    if error is None and app.builder.format == "html":
        built = {Path(app.env.doc2path(name)) for name in app.env.found_docs}
        sources = [source for source in book.all_sources() if source in built and book.is_notebook(source)]
        if sources:
            take_home.pack(Path(app.outdir) / "notebooks", notebooks.convert_all(sources, app.config.book_repository))


def leave_rubbish(app):
    """Let Python look for no rubbish: there is little, and the search took half of Sphinx's time, and of its end."""
    gc.disable()
    app.connect("build-finished", lambda *_: gc.freeze(), priority=999)


def setup(app):
    """Called by Sphinx."""
    leave_rubbish(app)
    os.environ["HOMOLIB_STATIC"] = "1"  # explorers draw every frame: a website has no kernel
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the matrices are small, and the cores run a kernel each
    app.add_config_value("book_repository", "", "html")
    app.connect("config-inited", add_vendored_scripts)
    app.connect("config-inited", link_to_repository)
    app.connect("env-before-read-docs", begin_numbering)
    app.connect("env-before-read-docs", running.start_notebooks)
    app.connect("source-read", running.await_notebook)
    app.connect("source-read", go_on_numbering)
    app.connect("autodoc-process-docstring", read_bars_as_norms)
    app.connect("doctree-read", paper_number_as_tag)
    app.connect("doctree-read", number_figures)
    app.connect("doctree-resolved", link_terms)
    app.connect("doctree-resolved", line_breaks.break_formulas)
    app.connect("html-page-context", offer_notebook, priority=900)  # after the theme has made its buttons
    app.connect("html-page-context", list_figures, priority=900)
    app.connect("build-finished", write_notebooks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
