"""Every figure of the built website on a phone, frame by frame: text that can be read, in its place.

`make book` comes first. What fits on a phone fits on a desk, where the page sets text smaller against the figure.
"""

import re

import pytest

import book
from book import SITE
from tests.site.pages import soup

PAGES = sorted(
    path.stem for path in SITE.glob("chapters/*.html") if '<figure id="fig-' in path.read_text(encoding="utf-8")
)
TRIED = """async () => {
    const found = [];
    const check = (figure, name) => figure.querySelectorAll("svg").forEach(svg => {
        const paper = svg.getBoundingClientRect();
        const scale = paper.width / svg.viewBox.baseVal.width;
        const texts = [...svg.querySelectorAll("text")].map(text => [text.textContent, text.getBoundingClientRect()]);
        svg.querySelectorAll("text, tspan").forEach(text => {
            const size = scale * parseFloat(getComputedStyle(text).fontSize);
            if (size < 9) found.push(`${name}: "${text.textContent}" has ${size.toFixed(1)} px`);
        });
        texts.forEach(([words, box], i) => {
            const across = Math.max(paper.left - box.left, box.right - paper.right);
            const along = Math.max(paper.top - box.top, box.bottom - paper.bottom);
            if (Math.max(across, along) > 2) found.push(`${name}: "${words}" sticks out`);
            texts.slice(i + 1).forEach(([others, other]) => {
                const width = Math.min(box.right, other.right) - Math.max(box.left, other.left);
                const height = Math.min(box.bottom, other.bottom) - Math.max(box.top, other.top);
                const line = Math.min(box.width, box.height, other.width, other.height);
                if (width > 1.5 && height > 0.35 * line) found.push(`${name}: "${words}" meets "${others}"`);
            });
        });
    });
    for (const figure of document.querySelectorAll("figure.homolib")) {
        check(figure, figure.id);
        const stored = figure.querySelector(".homolib-frames");
        if (!stored) continue;
        const bytes = Uint8Array.from(atob(stored.textContent), letter => letter.charCodeAt(0));
        const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
        const {lines, frames} = JSON.parse(await new Response(stream).text());
        frames.forEach(([panels, , words]) => {
            figure.querySelectorAll("svg").forEach((svg, i) => {
                svg.outerHTML = panels[i].map(line => lines[line]).join("");
            });
            check(figure, `${figure.id} ${words.slice(0, 60)}`);
        });
    }
    return found;
}"""


@pytest.fixture(scope="module")
def tab(browser):
    """A phone."""
    context = browser.new_context(viewport={"width": 360, "height": 740}, offline=True)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("page", PAGES)
def test_text_in_figures_can_be_read_on_a_phone(tab, page):
    tab.goto((SITE / f"chapters/{page}.html").as_uri(), wait_until="domcontentloaded")
    assert tab.evaluate(TRIED) == []


def test_the_check_finds_what_is_wrong(tab):
    """Small text, text outside, text on text."""
    tab.set_content(
        '<figure class="homolib" id="f"><svg viewBox="0 0 100 100" width="100" height="100">'
        '<text x="10" y="20" font-size="12">first</text><text x="12" y="22" font-size="12">second</text>'
        '<text x="90" y="60" font-size="12">third</text><text x="10" y="90" font-size="8">fourth</text></svg></figure>'
    )
    wanted = ['f: "fourth" has 8.0 px', 'f: "first" meets "second"', 'f: "third" sticks out']
    assert sorted(tab.evaluate(TRIED)) == sorted(wanted)


@pytest.mark.parametrize("page", PAGES)
def test_figures_are_numbered_and_can_be_linked(page):
    figures, stem = soup(f"chapters/{page}.html").select("figure.homolib"), book.chapter_of(page)
    before = soup(f"chapters/{stem}.html").select("figure.homolib") if stem != page else []
    chapter = book.chapter_numbers().get(stem, 0)
    for count, figure in enumerate(figures, start=len(before) + 1):
        assert figure["id"] == f"fig-{chapter}-{count}"
        link = figure.figcaption.a
        assert (link["href"], link.text) == (f"#fig-{chapter}-{count}", f"Figure {chapter}.{count}")


def test_there_are_figures():
    assert len(PAGES) > 10
    sources = "\n".join(source.read_text(encoding="utf-8") for source in book.all_sources())
    pages = "".join((SITE / f"chapters/{page}.html").read_text(encoding="utf-8") for page in PAGES)
    calls = len(re.findall(r"^hl\.(?:show|explore)\(", sources, re.MULTILINE))
    assert calls == pages.count('<figure id="fig-')


@pytest.mark.parametrize("page", PAGES)
def test_captions_set_their_letters_as_formulas(page):
    """No u2, x^2 or delta in plain text."""
    for caption in soup(f"chapters/{page}.html").select("figure.homolib figcaption"):
        said = "".join(text for text in caption.strings if not text.find_parent(class_="homolib-math"))
        assert not re.search(r"\b[a-z]\d\b|\^|\b(delta|sigma|theta)\b", said), said
