"""What tests of the site share: its pages, a server for them, and what is looked for in a browser."""

import contextlib
import functools
import http.server
import threading
from importlib.resources import files

from bs4 import BeautifulSoup

from book import SITE

AXE = """async () => (await axe.run(document, {
        resultTypes: ['violations'], preload: false,
        rules: {'scrollable-region-focusable': {enabled: false}},  // OUT_OF_REACH looks for that
    })).violations
    .filter(found => ['serious', 'critical'].includes(found.impact))
    .map(found => [found.id, ...found.nodes.slice(0, 3).map(node => node.html.slice(0, 200))])"""
DRAWN = """() => {
    document.querySelectorAll('mjx-container, .homolib svg').forEach(drawn => drawn.remove());
    const kinds = new Set();  // of code one word of each colour is enough, in each kind of box
    document.querySelectorAll('.highlight span[class], dt.sig span[class]').forEach(word => {
        const around = word.closest('.admonition, .solution, .proof, .output, dl')?.className;
        const kind = [word.className, word.parentElement.className, around].join('|');
        kinds.has(kind) ? word.remove() : kinds.add(kind);
    });
    document.querySelector('#pst-back-to-top')?.style.setProperty('display', 'block');  // it comes and goes
}"""
FORMULAS = """() => ({
    raw: [...document.querySelectorAll('.math')].filter(e => !e.querySelector('mjx-container')).map(e => e.textContent),
    wrong: [...document.querySelectorAll("mjx-merror, [data-mjx-error], mjx-container [fill=red]")].map(e => e.tagName),
    left: (document.querySelector('article')?.innerText ?? '').match(/\\\\\\(|\\\\\\[|\\$\\$|\\{[\\w:]+\\}`/g) ?? [],
})"""


@functools.cache
def soup(name):
    """A page of the site."""
    return BeautifulSoup((SITE / name).read_text(encoding="utf-8"), "html.parser")


@functools.cache
def axe_core():
    """The script that looks for what keeps people out."""
    return files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Answers with files, and keeps no log."""

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def serving(folder, handler=Quiet):
    """The address under which a folder is served on this machine."""
    with http.server.ThreadingHTTPServer(("localhost", 0), functools.partial(handler, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://localhost:{server.server_port}/"
        finally:
            server.shutdown()
