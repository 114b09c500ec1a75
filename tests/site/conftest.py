"""One real Chromium for every test of the site."""

import contextlib
import os
import shutil
import threading

import psutil
import pytest

from book import SITE
from pdf import CHROMIUM
from tests.site.pages import serving

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost",  # nobody else can be asked
)


@pytest.fixture(scope="session")
def launch():
    """Start a headless Chromium through Playwright; without one the test is skipped, but in CI it fails."""
    executable = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if executable is None:
        message = f"NOT TESTED: no browser found, looked for {', '.join(CHROMIUM)}"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield lambda: playwright.chromium.launch(executable_path=executable, args=list(FLAGS))


@pytest.fixture(scope="session")
def browser(launch):
    """A browser that tests share; each opens a context of its own."""
    chromium = launch()
    yield chromium
    chromium.close()


@pytest.fixture(scope="session")
def patiently(launch, browser):
    """Call a function with a browser of its own; where that stops answering, once more with a new one.

    Seldom, and never at the same page, Chromium stops, and Playwright waits for it without end. The shared browser is
    there before, and so is not among those that are stopped.
    """
    from playwright.sync_api import Error

    others, running = set(psutil.Process().children(recursive=True)), []

    def stop(hung):
        hung.set()
        for process in set(psutil.Process().children(recursive=True)) - others:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()

    def patiently(look, patience=150):
        for last in (False, True):
            if not running:
                running.append(launch())
            hung = threading.Event()
            watch = threading.Timer(patience, stop, [hung])
            watch.start()
            try:
                return look(running[0])
            except Error:
                if not hung.is_set():
                    raise
                running.clear()
                if last:
                    raise
            finally:
                watch.cancel()

    yield patiently
    for chromium in running:
        chromium.close()


@pytest.fixture(scope="session")
def address():
    """The site, served on this machine."""
    if not (SITE / "index.html").is_file():
        pytest.fail("there is no site in _build/html: run `make book`")

    with serving(SITE) as address:
        yield address
