"""A phone in a train: the first slider of a page answers before the reader has lost patience."""

import gzip
import time
from pathlib import Path

from book import SITE
from tests.site.pages import Quiet, serving

SLOW_4G = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 750e3 / 8}  # bytes/s
PATIENCE = 4  # seconds
MOVED = """async () => {
    const slider = document.querySelector("figure.homolib-explorer input[type=range]:not([max='0'])");
    const caption = slider.closest("figure").querySelector("figcaption");
    for (const before = caption.innerText; caption.innerText === before;) {
        slider.value = slider.value === slider.max ? 0 : slider.max;
        slider.dispatchEvent(new Event("input", {bubbles: true}));
        await new Promise(resume => setTimeout(resume, 20));
    }
}"""


class Packing(Quiet):
    """The site as a web server sends it: packed."""

    def do_GET(self):
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            return self.send_error(404)
        content = gzip.compress(path.read_bytes())
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def heaviest():
    """Name of the page with explorers that is the largest when packed."""
    pages = {page.name: page.read_bytes() for page in SITE.glob("chapters/*.html")}
    explorers = [name for name, content in pages.items() if b'class="homolib homolib-explorer' in content]
    return max(explorers, key=lambda name: len(gzip.compress(pages[name])))


def test_the_first_slider_answers_soon_on_a_slow_line(browser):
    """Of the heaviest page; formulas are set later."""
    context, name = browser.new_context(viewport={"width": 360, "height": 740}, is_mobile=True), heaviest()
    tab = context.new_page()
    device = context.new_cdp_session(tab)
    device.send("Network.enable")
    device.send("Network.emulateNetworkConditions", SLOW_4G)
    with serving(SITE, Packing) as address:
        begin = time.monotonic()
        tab.goto(f"{address}chapters/{name}", wait_until="commit")
        tab.wait_for_selector("figure.homolib-explorer .homolib-controls:not([hidden])", state="attached")
        tab.evaluate(MOVED)
        took = time.monotonic() - begin
        context.close()
    assert took < PATIENCE, f"{name}: {took:.1f} s"
