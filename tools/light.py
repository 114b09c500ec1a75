"""Light pages: only what a page needs is loaded, and sliders answer before formulas are set.

The theme brings all icons of Font Awesome, as a script of 1.5 MB that it loads before anything else, and once more as
fonts. Here the dozen that pages show are put into them, as drawings, when the build is finished. What is looked for to
do so is the theme's: a change of the theme stops the build instead of losing icons.
"""

from __future__ import annotations

import re
import shutil
from functools import cache
from pathlib import Path

ICON = re.compile(r'<(i|span) class="([^"]*\bfa-[^"]*)"([^>]*)></\1>')
TOGGLE = re.compile(r"<summary>(?=\s*<span[^>]*toctree-toggle)")
LOADED = re.compile(r"<(?:link|script)\b[^>]*/vendor/fontawesome/[^>]*>(?:</script>)?\n?")
STYLES = {"fa-solid", "fa-lg", "fas"}


@cache  # looked for in a megabyte and a half
def drawing(name: str, script: str) -> str:
    """The drawing of an icon, from Font Awesome's script, in which the solid ones come last."""
    found = re.findall(rf'[{{,]"?{name}"?:\[(\d+),(\d+),\[[^\]]*\],"\w+","([^"]*)"\]', script)
    if not found:
        raise ValueError(f"Font Awesome has no icon '{name}' that can be drawn")
    width, height, path = found[-1]
    return f'viewBox="0 0 {width} {height}"><path fill="currentColor" d="{path}"/></svg>'


def with_drawings(html: str, script: str) -> str:
    """A page with its icons drawn, which loads Font Awesome no more."""

    def draw(icon: re.Match) -> str:
        (name,) = [part for part in icon[2].split() if part.startswith("fa-") and part not in STYLES]
        classes = f"svg-inline--fa {icon[2]}"
        return f'<svg class="{classes}"{icon[3]} aria-hidden="true" {drawing(name.removeprefix("fa-"), script)}'

    return LOADED.sub("", ICON.sub(draw, html))


def lighten(app, error) -> None:
    """Rewrite the pages, and ship Font Awesome no more."""
    folder = Path(app.outdir)
    if error is not None or app.builder.name != "html":
        return
    vendor = folder / "_static/vendor/fontawesome"
    (source,) = vendor.glob("*/js/all.min.js")
    script = source.read_text(encoding="utf-8")
    for page in folder.rglob("*.html"):
        html = with_drawings(page.read_text(encoding="utf-8"), script)
        html = TOGGLE.sub('<summary aria-label="Show its pages">', html)
        html = html.replace('<div role="list" class="citation-list">', '<div class="citation-list">')  # no items in it
        page.write_text(html, encoding="utf-8")
    shutil.rmtree(vendor)


def setup(app):
    """Called by Sphinx."""
    app.connect("build-finished", lighten)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
