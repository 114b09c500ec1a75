"""A phone in a train: the first slider of a page answers before the reader has lost patience."""

import functools
import gzip
import http.server
import threading
import time

import pytest

from book import SITE

HEAVIEST = max(
    (
        page
        for page in SITE.glob("chapters/*.html")
        if 'class="homolib homolib-explorer' in page.read_text(encoding="utf-8")
    ),
    key=lambda page: len(gzip.compress(page.read_bytes())),
    default=None,
)
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


@pytest.fixture
def packed():
    """The site as a web server sends it: packed."""

    class Packing(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def do_GET(self):
            path = SITE / self.path.lstrip("/").partition("?")[0]
            if not path.is_file():
                return self.send_error(404)
            content = gzip.compress(path.read_bytes())
            self.send_response(200)
            self.send_header("Content-Type", self.guess_type(str(path)))
            self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    server = http.server.ThreadingHTTPServer(("localhost", 0), functools.partial(Packing, directory=SITE))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.mark.skipif(HEAVIEST is None, reason="NOT TESTED: no page has an explorer")
def test_the_first_slider_answers_soon_on_a_slow_line(browser, packed):
    """Of the heaviest page; formulas are set later."""
    context = browser.new_context(viewport={"width": 360, "height": 740}, is_mobile=True)
    tab = context.new_page()
    device = context.new_cdp_session(tab)
    device.send("Network.enable")
    device.send("Network.emulateNetworkConditions", SLOW_4G)
    begin = time.monotonic()
    tab.goto(f"{packed}chapters/{HEAVIEST.name}", wait_until="commit")
    tab.wait_for_selector("figure.homolib-explorer .homolib-controls:not([hidden])", state="attached")
    tab.evaluate(MOVED)
    took = time.monotonic() - begin
    context.close()
    assert took < PATIENCE, f"{HEAVIEST.name}: {took:.1f} s"
