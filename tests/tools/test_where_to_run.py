"""One setting, the repository's address, makes pages and notebooks lead there; without it nothing leads nowhere."""

from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup

import take_home

ADDRESS = "https://github.com/someone/small-beginnings"


def test_first_cell_installs_from_the_repository_or_from_beside():
    assert f'else "git+{ADDRESS}"}}' in take_home.first_cell(ADDRESS)


def test_first_cell_without_an_address_names_the_wheel():
    text = take_home.first_cell()
    assert "git+" not in text
    assert "%pip install --quiet {wheel}" in text
    assert take_home.wheel_name() in text


def test_places_to_run_need_an_address():
    colab, binder = (place["url"] for place in take_home.places_to_run("saddles", ADDRESS))
    assert colab.endswith("/github/someone/small-beginnings/blob/notebooks/saddles.ipynb")
    assert binder.endswith("/gh/someone/small-beginnings/notebooks?urlpath=lab/tree/saddles.ipynb")


def test_elsewhere_than_at_github_there_are_none():
    for address in ("", "https://codeberg.org/someone/book"):
        assert take_home.places_to_run("saddles", address) == []


@pytest.mark.parametrize("address", ["", f"{ADDRESS}/"])
def test_pages_lead_to_the_repository_if_it_has_an_address(small_book, tmp_path, address):
    assert small_book({"index": "1 + 1", "other": "1"}, book_repository=address) == (0, [])
    html = tmp_path / "_build/html"
    page = BeautifulSoup((html / "chapters/index.html").read_text(encoding="utf-8"), "html.parser")
    links = [link["href"] for link in page.select(".article-header-buttons a[href]")]
    assert {"../notebooks/index.ipynb", f"../notebooks/{take_home.ZIP}"} <= set(links)
    assert any("colab" in link for link in links) == any("mybinder" in link for link in links) == bool(address)
    assert any(link.startswith(f"{ADDRESS}/issues") for link in links) == bool(address)
    assert any(link.startswith(f"{ADDRESS}/blob/main/chapters/index.md") for link in links) == bool(address)
    first = nbformat.read(html / "notebooks/index.ipynb", 4).cells[0].source
    assert ("git+" in first) == bool(address)
    assert Path(html / "notebooks" / take_home.wheel_name()).is_file()
