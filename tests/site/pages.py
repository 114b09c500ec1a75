"""What tests of the site share: its pages, a server for them, and what is looked for in a browser."""

import contextlib
import functools
import http.server
import threading
from importlib.resources import files

from bs4 import BeautifulSoup

from book import SITE

AXE = """async () => {
    const grounds = new Map([[null, '']]);
    const ground = e => {  // what is painted behind the words of an element
        const style = getComputedStyle(e), up = e.parentElement;
        const own = [style.backgroundColor, style.backgroundImage, style.opacity].join();
        grounds.has(up) || ground(up);
        grounds.set(e, (own === 'rgba(0, 0, 0, 0),none,1' ? '' : own) + grounds.get(up));
        return grounds.get(e);
    };
    const words = e => [...e.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.data.trim());
    const kinds = new Map();  // of contrast: one text of each is enough, and to look behind each text takes seconds
    for (const e of [...document.body.querySelectorAll('*')].filter(e => e.checkVisibility() && words(e))) {
        const style = getComputedStyle(e);
        const kind = [style.color, style.fontSize, style.fontWeight, grounds.get(e) ?? ground(e)].join();
        kinds.has(kind) || kinds.set(kind, e);
    }
    const options = {resultTypes: ['violations'], preload: false};
    const elsewhere = {'color-contrast': {enabled: false}, 'scrollable-region-focusable': {enabled: false}};
    const all = await axe.run(document, {...options, rules: elsewhere});  // OUT_OF_REACH looks for what scrolls
    const contrast = await axe.run({include: [...kinds.values()]}, {...options, runOnly: ['color-contrast']});
    return [...all.violations, ...contrast.violations]
        .filter(found => ['serious', 'critical'].includes(found.impact))
        .map(found => [found.id, ...found.nodes.slice(0, 3).map(node => node.html.slice(0, 200))]);
}"""
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
