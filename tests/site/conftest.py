"""One real Chromium for every test of the site."""

import os
import shutil

import pytest

from book import SITE
from tests.site.pages import serving

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium through Playwright; without one the test is skipped, but in CI it fails."""
    executable = next(filter(None, map(shutil.which, NAMES)), None)
    if executable is None:
        message = f"NOT TESTED: no browser found, looked for {', '.join(NAMES)}"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=list(FLAGS))
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def address():
    """The site, served on this machine."""
    if not (SITE / "index.html").is_file():
        pytest.fail("there is no site in _build/html: run `make book`")

    with serving(SITE) as address:
        yield address
