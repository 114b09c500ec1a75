"""Print the built site as one PDF by Chromium, twice: on paper a link says on which page it ends.

python tools/pdf.py book.pdf

What is printed, and how it looks, say `paper.py`, `paper.css` and the print style of `_static/book.css`. What comes out
is checked here; if anything is not as promised, the fault is named, and the file has another name.
"""

from __future__ import annotations

import contextlib
import functools
import http.server
import re
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pikepdf
from playwright.sync_api import Page, sync_playwright
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, NameObject

import book
import glyphs
import paper

MOST_PAGES, MOST_BYTES = 350, 15_000_000
CHROMIUM = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
WIDTH = 642  # pixels between the margins of A4: 17 cm
SETTLED = """async () => {  // all formulas are set; what sets them comes after the page
    const later = () => new Promise(resume => setTimeout(resume, 20));
    while (document.querySelector("script[src*=mathjax]") && !window.MathJax.startup.promise) await later();
    await window.MathJax?.startup.promise;
    await document.fonts.ready;
}"""
CONTENTS = """lines => lines.map(line => [
    Number(line.className.at(-1)),
    line.textContent.replace(/\\s+/g, " ").trim(),
    decodeURIComponent(line.firstChild.hash.slice(1)),
])"""
# What is wider than its column, or hidden by it
CUT = """width => [...document.querySelectorAll('article *, nav *')].filter(e => {
    if (e.closest('svg *, mjx-assistive-mml')) return false;
    const box = e.getBoundingClientRect();
    const hides = getComputedStyle(e).overflowX !== 'visible' && e.scrollWidth > e.clientWidth + 1;
    return box.width && (box.right > width + 1 || box.left < -1 || hides);
}).map(e => `cut at the margin: ${e.outerHTML.slice(0, 150)}`)"""
PAGED = "links => links.map(link => decodeURIComponent(link.hash.slice(1)))"
# The page is taken out meanwhile: what Chromium keeps of the last layout would move lines in the next
NUMBER = """pages => {
    const {body} = document;
    body.remove();
    body.querySelectorAll("a.paged").forEach((link, k) => { link.dataset.page = pages[k]; });
    document.documentElement.append(body);
}"""


class Paper(http.server.SimpleHTTPRequestHandler):
    """The site, and the document for paper beside its chapters; it keeps no log."""

    def do_GET(self):
        """Answer with the document where no file is."""
        if self.path != "/chapters/paper.html":
            super().do_GET()
            return
        text = self.server.document.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        """Say nothing."""


@contextlib.contextmanager
def printer() -> Iterator[Callable[[str, Path], None]]:
    """A Chromium without a window; what comes is a function that prints one address to a file, as it is."""
    with sync_playwright() as playwright:
        executable = next(filter(None, map(shutil.which, CHROMIUM)))
        tab = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"]).new_page()
        tab.emulate_media(media="print", color_scheme="light")

        def put(address: str, path: Path) -> None:
            tab.goto(address)
            tab.evaluate(SETTLED)
            tab.pdf(path=path, format="A4", margin=dict.fromkeys(("top", "bottom", "left", "right"), "2cm"))

        yield put


def main(out: Path) -> None:
    """Print, finish and check."""
    chromium = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if chromium is None:
        sys.exit("the PDF is printed by Chromium, and there is none on the PATH")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "book.pdf"
        contents, cut = print_site(chromium, path)
        finished(path, contents).write(path)
        pack(path)
        pdf, size = PdfReader(path), path.stat().st_size
        faults = cut + list(faults_of(pdf, size))
        if faults:
            shutil.move(path, out.with_suffix(".faulty.pdf"))
            sys.exit(f"not as promised, and so {out.with_suffix('.faulty.pdf')}:\n" + "\n".join(faults))
        shutil.move(path, out)
    print(f"{len(pdf.pages)} pages, {size / 1e6:.1f} MB, in {out}")


def print_site(chromium: str, path: Path) -> tuple[list, list[str]]:
    """Serve the site on this machine, and let Chromium print it into a file: contents, and what the margin cuts."""
    server = http.server.ThreadingHTTPServer(("localhost", 0), functools.partial(Paper, directory=book.SITE))
    server.document = paper.document()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": WIDTH, "height": 900})
        tab.set_default_timeout(0)
        tab.emulate_media(media="print", color_scheme="light")
        tab.goto(f"http://localhost:{server.server_port}/chapters/paper.html")
        tab.evaluate(SETTLED)
        glyphs.as_text(tab)
        cut = tab.evaluate(CUT, WIDTH)
        contents = tab.locator(".paper-contents li").evaluate_all(CONTENTS)
        number_pages(tab, path)
        browser.close()
    server.shutdown()
    server.server_close()
    return contents, cut


def number_pages(tab: Page, path: Path) -> None:
    """Print until the numbers of pages that links show are right: they move no line, so twice."""
    places, numbers = tab.locator("a.paged").evaluate_all(PAGED), None
    for _ in range(5):
        tab.evaluate(NUMBER, numbers or ["000"] * len(places))
        tab.pdf(path=path, format="A4", tagged=True, print_background=True)
        before, numbers = numbers, pages_of(PdfReader(path), places)
        if numbers == before:
            return
    raise RuntimeError("the numbers of pages do not settle")


def pages_of(pdf: PdfReader, places: list[str]) -> list[int]:
    """On which page each place is."""
    found = pdf.named_destinations  # it is made anew whenever it is asked for
    number = {page.indirect_reference.idnum: i for i, page in enumerate(pdf.pages, start=1)}
    return [number[found[f"/{place}"].page.idnum] for place in places]


def finished(path: Path, contents: list) -> PdfWriter:
    """What Chromium leaves out: authors and an outline; without the time of printing, so that two prints are equal."""
    pdf = PdfWriter(clone_from=path)
    pdf.metadata = {"/Title": book.config()["title"], "/Author": book.config()["author"], "/Subject": paper.SUBTITLE}
    pdf.page_mode = "/UseOutlines"
    above: dict[int, IndirectObject | None] = {0: None}
    for (level, title, _), page in zip(contents, pages_of(pdf, [place for *_, place in contents]), strict=True):
        above[level] = pdf.add_outline_item(title=title, page_number=page - 1, parent=above[level - 1], is_open=False)
    lighten_tags(pdf)
    return pdf


def pack(path: Path) -> None:
    """Leave out what nothing refers to any more, and compress what describes the text: less than half is left."""
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        pdf.save(path, object_stream_mode=pikepdf.ObjectStreamMode.generate, deterministic_id=True)


def lighten_tags(pdf: PdfWriter) -> None:
    """Name formulas as such, and lift text out of elements without a meaning: Chromium makes one for each line."""
    root = pdf.root_object["/StructTreeRoot"]
    lifted, waiting = {}, [root["/K"]]
    while waiting:
        element, kids = waiting.pop(), ArrayObject()
        if element.get("/S") == "/Figure" and element.get("/Alt", "").startswith("$"):
            element[NameObject("/S")] = NameObject("/Formula")
        raw = element.raw_get("/K") if "/K" in element else ArrayObject()
        for kid in raw if isinstance(raw, ArrayObject) else [raw]:
            inner = kid.get_object()
            if not isinstance(inner, DictionaryObject) or "/S" not in inner:
                kids.append(kid)
            elif inner["/S"] == "/NonStruct" and isinstance(inner["/K"], int):
                lifted[kid.idnum] = element.indirect_reference
                page = inner.raw_get("/Pg")
                if element.setdefault(NameObject("/Pg"), page) == page:
                    kids.append(inner["/K"])
                else:
                    where = {"/Type": NameObject("/MCR"), "/Pg": page, "/MCID": inner["/K"]}
                    kids.append(DictionaryObject({NameObject(key): value for key, value in where.items()}))
            else:
                kids.append(kid)
                waiting.append(inner)
        element[NameObject("/K")] = kids
    numbers = root["/ParentTree"]["/Nums"]
    for leaves in numbers[1::2]:
        leaves = leaves.get_object()
        if isinstance(leaves, ArrayObject):
            leaves[:] = [lifted.get(getattr(leaf, "idnum", None), leaf) for leaf in list.__iter__(leaves)]


def faults_of(pdf: PdfReader, size: int) -> Iterator[str]:
    """What is not as promised."""
    root, count = pdf.trailer["/Root"], len(pdf.pages)
    if count > MOST_PAGES or size > MOST_BYTES:
        yield f"{count} pages and {size / 1e6:.1f} MB are more than {MOST_PAGES} and {MOST_BYTES / 1e6:.0f}"
    if not (pdf.metadata.title and pdf.metadata.author and root.get("/Lang") and root["/MarkInfo"]["/Marked"]):
        yield "title, author, language or tags are missing"
    if len(pdf.outline) < len(paper.parts()):
        yield "a part is missing in the outline"
    places = {None, *pdf.named_destinations}
    for number, page in enumerate(pdf.pages, start=1):
        text = page.extract_text()
        if not re.search(rf"(^|\n)\s*{number}\s*($|\n)", text):
            yield f"page {number} has no number"
        if raw := re.search(r"\\[(\[]|\{[\w:]+\}`|\?\?", text):
            yield f"page {number} has raw text: {raw[0]}"
        for link in map(IndirectObject.get_object, page.get("/Annots", [])):
            address = link.get("/A", {}).get("/URI", "")
            here = re.match(r"file:|https?://(localhost|127\.)", address)
            if here or link.get("/Dest") not in places:
                yield f"page {number} has a link that leads nowhere: {address or link['/Dest']}"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
