"""Boxes of output know how wide they are."""

import re

import pytest

import outputs

BOX = '<div class="output {} highlight-myst-ansi notranslate"><div class="highlight"><pre>{}</pre></div></div>'


@pytest.mark.parametrize(
    ("text", "columns", "table"),
    [
        ("<span></span>one line", 8, False),
        ("a &lt; b", 5, False),
        ("short\nthe longest line\n", 16, False),
        ("delta   error\n0.1     0.02\n0.01    0.002\n", 13, True),
        ("one  gap only\nand words", 13, False),
    ],
)
@pytest.mark.parametrize("kind", ["stream", "text_plain"])
def test_longest_line_and_table(text, columns, table, kind):
    told = outputs.told_their_columns(BOX.format(kind, text))
    assert re.findall(r"--columns: (\d+)", told) == [str(columns)]
    assert ("table-of-text" in told) == table
    assert re.sub(r"<pre[^>]*>", "<pre>", told) == BOX.format(kind, text)


@pytest.mark.parametrize("page", ["<pre>code</pre>", '<div class="output text_html"><pre>x</pre></div>'])
def test_what_is_no_output_stays(page):
    assert outputs.told_their_columns(page) == page
