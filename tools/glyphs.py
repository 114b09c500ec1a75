"""Formulas as text: fonts made from the glyphs that MathJax draws.

MathJax writes a formula as SVG in which each letter is a path. Printed, this is 60 MB in which nothing can be searched.
So the paths are put into fonts, one for each of MathJax's styles, and the letters into the formula.
"""

from __future__ import annotations

import base64
import io

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.svgLib.path import parse_path
from playwright.sync_api import Page

# What is drawn: of each style, as TEX-I, the path of each letter, by its code
DRAWN = r"""() => {
    const styles = {};
    for (const path of document.querySelectorAll("mjx-container defs path")) {
        const [, style, code] = /^MJX-\d+-(.+)-([0-9A-F]+)$/.exec(path.id);
        (styles[style] ??= {})[code] = path.getAttribute("d");
    }
    return styles;
}"""
# Letters in place of drawings; and in place of the copy for screen readers an image of nothing, which is described
WRITE = r"""async fonts => {
    for (const [name, data] of Object.entries(fonts)) {
        const font = new FontFace(name, `url(data:font/ttf;base64,${data})`);
        document.fonts.add(await font.load());
    }
    const text = document.createElementNS("http://www.w3.org/2000/svg", "text");
    text.setAttribute("transform", "scale(1 -1)");
    for (const use of document.querySelectorAll("mjx-container use")) {
        const [, style, code] = /^#MJX-\d+-(.+)-([0-9A-F]+)$/.exec(use.getAttribute("xlink:href"));
        const letter = text.cloneNode();
        letter.setAttribute("style", `font: 1000px ${style}`);
        letter.textContent = String.fromCodePoint(parseInt(code, 16));
        const place = document.createElementNS("http://www.w3.org/2000/svg", "g");
        if (use.hasAttribute("transform")) place.setAttribute("transform", use.getAttribute("transform"));
        place.append(letter);
        use.replaceWith(place);
    }
    document.querySelectorAll("mjx-container defs, mjx-assistive-mml").forEach(part => part.remove());
    const nothing = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7";
    const describe = (drawing, words) => {
        const image = Object.assign(new Image(1, 1), {src: nothing, alt: words});
        image.style.margin = "0 -1px 0 0";
        drawing.prepend(image);
        return image.decode();
    };
    const items = [...MathJax.startup.document.math];
    const formulas = items.map(item => describe(item.typesetRoot, `$${item.math.trim()}$`));
    const pictures = [...document.querySelectorAll(".homolib-stage")].map(stage => {
        const described = describe(stage, stage.getAttribute("aria-label"));
        stage.removeAttribute("role");
        stage.removeAttribute("aria-label");
        stage.querySelectorAll("svg").forEach(svg => svg.setAttribute("aria-hidden", "true"));
        return described;
    });
    await Promise.all([...formulas, ...pictures]);
}"""


def as_text(tab: Page) -> None:
    """Turn the letters of all formulas of a page into text."""
    fonts = {name: font(name, paths) for name, paths in tab.evaluate(DRAWN).items()}
    tab.evaluate(WRITE, {name: base64.b64encode(data).decode() for name, data in fonts.items()})


def font(name: str, paths: dict[str, str]) -> bytes:
    """A TrueType font with these letters: SVG paths by hexadecimal code, a thousand units to the em."""
    glyphs = {".notdef": TTGlyphPen(None).glyph()}
    for code, path in paths.items():
        pen = TTGlyphPen(None)
        parse_path(path, pen)
        glyphs[f"u{code}"] = pen.glyph()
    made = FontBuilder(1000)
    made.setupGlyphOrder(list(glyphs))
    made.setupCharacterMap({int(code, 16): f"u{code}" for code in paths})
    made.setupGlyf(glyphs)
    extents = {letter: (getattr(glyph, "xMax", 0), getattr(glyph, "xMin", 0)) for letter, glyph in glyphs.items()}
    made.setupHorizontalMetrics(extents)
    made.setupHorizontalHeader(ascent=1000, descent=-1000)
    made.setupNameTable({"familyName": name, "styleName": "Regular", "psName": name})
    made.setupOS2(fsType=0)
    made.setupPost()
    out = io.BytesIO()
    made.font.save(out)
    return out.getvalue()
