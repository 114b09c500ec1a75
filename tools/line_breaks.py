"""Where a line may end: MathJax breaks no formula in a line, and on a phone many are wider than their column.

As TeX does in a paragraph, a long formula is broken behind a relation, or behind a sum or difference that stands in no
brackets; and a full stop or comma stays with the formula that it ends.
"""

from __future__ import annotations

import re
from itertools import pairwise

from docutils import nodes

LONG = 14  # signs: what is longer can be wider than an exercise on a phone
TOKEN = re.compile(r"\\[a-zA-Z]+|\\.|\S")
OPEN, CLOSE, BARS = {"(", "[", "{", r"\{", r"\langle"}, {")", "]", "}", r"\}", r"\rangle"}, {"|", r"\|"}
RELATIONS = {"=", "<", ">"} | {
    rf"\{name}" for name in ("le", "ge", "ne", "to", "in", "approx", "mapsto", "sim", "subseteq", "iff", "implies")
}
SIGNS = {"+", "-", r"\pm"}
UNSEEN = {
    "{",
    "}",
    "_",
    "^",
    r"\left",
    r"\right",
    r"\frac",
    r"\tfrac",
    r"\sqrt",
    r"\,",
    r"\;",
    r"\!",
    r"\dot",
    r"\hat",
    r"\bar",
}
PUNCTUATION = re.compile(r"[.,;:?!)]+")


def pieces(tex: str) -> list[str]:
    """Pieces between which a line may end: one if the formula is short, or a matrix, or its brackets do not match."""
    if width(tex) <= LONG or r"\begin" in tex or r"\middle" in tex:
        return [tex]
    places = _places(tex)
    found = _cut(tex, [end for end, sign in places if sign in RELATIONS])
    return [part for piece in found for part in (_sums(piece) if width(piece) > LONG else [piece])]


def width(tex: str) -> int:
    """About how many signs wide a formula is."""
    return sum(token not in UNSEEN for token in TOKEN.findall(tex))


def _sums(tex: str) -> list[str]:
    return _cut(tex, [end for end, sign in _places(tex) if sign in SIGNS])


def _places(tex: str) -> list[tuple[int, str]]:
    """Ends of the relations and of the binary signs in no brackets; none where brackets do not match."""
    found, depth, bars, before = [], 0, [], r"\to"
    for match in TOKEN.finditer(tex):
        token = match[0]
        if token in BARS:
            bars = bars[:-1] if token in bars else [*bars, token]
        depth += (token in OPEN) - (token in CLOSE)
        binary = token in SIGNS and before not in RELATIONS | SIGNS | {"_", "^", ","}
        if depth == 0 and not bars and (token in RELATIONS or binary):
            found.append((match.end(), token))
        before = token
    return found if depth == 0 and not bars else []


def _cut(tex: str, ends: list[int]) -> list[str]:
    cuts = [0, *(end for end in ends if tex[end:].strip(" {}")), len(tex)]
    parts = [tex[start:end].strip() for start, end in pairwise(cuts)]
    return [part + "{}" for part in parts[:-1]] + parts[-1:]


def break_formulas(app, doctree, _docname):
    """Let lines end inside long formulas, and not before the punctuation behind a formula."""
    if app.builder.format != "html":
        return
    for math in list(doctree.findall(nodes.math)):
        parts = [nodes.math(part, part, **math.attributes) for part in pieces(math.astext())]
        behind = math.next_node(descend=False, siblings=True)
        stop = PUNCTUATION.match(behind.astext()) if isinstance(behind, nodes.Text) else None
        if stop:
            behind.parent.replace(behind, nodes.Text(behind.astext()[stop.end() :]))
            parts[-1] = nodes.inline("", "", parts[-1], nodes.Text(stop[0]), classes=["together"])
        math.parent.replace(math, parts)
