"""Print the built site to one PDF, chapter by chapter, with the print style of `_static/book.css`.

python tools/pdf.py book.pdf
"""

import functools
import http.server
import shutil
import sys
import tempfile
import threading
from pathlib import Path

from playwright.sync_api import sync_playwright
from pypdf import PdfWriter

import book

SITE = book.ROOT / "_build/html"
SETTLED = """async () => {  // all formulas are set; what sets them comes after the page
    const later = () => new Promise(resume => setTimeout(resume, 20));
    while (document.querySelector("script[src*=mathjax]") && !window.MathJax.startup.promise) await later();
    await window.MathJax?.startup.promise;
    await document.fonts.ready;
}"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    """A server of files that keeps no log."""

    def log_message(self, *_):
        """Say nothing."""


def main(out: Path) -> None:
    """Serve the site on this machine, let Chromium print every page, and bind the pages."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        sys.exit("the PDF is printed by Chromium, and there is none on the PATH")
    handler = functools.partial(Quiet, directory=SITE)
    server = http.server.ThreadingHTTPServer(("localhost", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    pdf = PdfWriter()
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        tab = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"]).new_page()
        tab.emulate_media(media="print", color_scheme="light")
        for source in book.all_sources():
            tab.goto(f"http://localhost:{server.server_port}/chapters/{source.stem}.html")
            tab.evaluate(SETTLED)
            page = Path(folder) / f"{source.stem}.pdf"
            tab.pdf(path=page, format="A4", margin=dict.fromkeys(("top", "bottom", "left", "right"), "2cm"))
            pdf.append(page, outline_item=tab.locator("article h1").first.inner_text().rstrip("#"))
    pdf.write(out)
    print(f"{len(pdf.pages)} pages in {out}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
