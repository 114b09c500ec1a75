"""What cells print fits the screen: it is set smaller where it is wide, and sentences break into lines.

Style sheets cannot count letters. So each box is told how many its longest line has (`--columns`), and whether what it
holds is a table, whose columns have to stay; the style sheet does the rest.
"""

from __future__ import annotations

import html
import re
from pathlib import Path

OUTPUT = re.compile(
    r'(<div class="output (?:stream|text_plain) [^>]*><div class="highlight">)<pre>(.*?)</pre>', re.DOTALL
)
TAG = re.compile(r"<[^>]*>")
GAP = re.compile(r"\S {2,}\S")


def told_their_columns(page: str) -> str:
    """A page whose boxes of output know how wide they are."""

    def tell(box: re.Match) -> str:
        lines = html.unescape(TAG.sub("", box[2])).rstrip().split("\n")
        table = ' class="table-of-text"' if sum(bool(GAP.search(line)) for line in lines) > 1 else ""
        return f'{box[1]}<pre{table} style="--columns: {max(map(len, lines))}">{box[2]}</pre>'

    return OUTPUT.sub(tell, page)


def rewrite(app, error) -> None:
    """Rewrite the pages with code."""
    if error is None and app.builder.name == "html":
        for page in Path(app.outdir).rglob("*.html"):
            text = page.read_text(encoding="utf-8")
            if (told := told_their_columns(text)) != text:
                page.write_text(told, encoding="utf-8")


def setup(app):
    """Called by Sphinx."""
    app.connect("build-finished", rewrite)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
