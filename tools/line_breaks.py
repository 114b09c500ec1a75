"""Where a line may end: MathJax breaks no formula in a line, and on a phone many are wider than their column.

As TeX does in a paragraph, a long formula is broken behind a relation or comma, or behind the sign of a sum or
difference; none of them in brackets, but for signs where what is left is longer still. A full stop or comma stays with
the formula that it ends.
"""

from __future__ import annotations

import re
from itertools import pairwise

from docutils import nodes

LONG, LONGER = 10, 18  # signs: what is longer can be wider than a list or an exercise on a phone
SHORT = 3  # what is shorter does not stand alone on the next line
TOKEN = re.compile(r"\\[a-zA-Z]+|\\.|\S")
OPEN, CLOSE, BARS = {"(", "[", "{", r"\{", r"\langle"}, {")", "]", "}", r"\}", r"\rangle"}, {"|", r"\|"}
RELATIONS = {"=", "<", ">", r"\le", r"\ge", r"\ne", r"\to", r"\in", r"\approx", r"\mapsto", r"\sim", r"\subseteq"}
RELATIONS |= {r"\iff", r"\implies"}
SIGNS = {"+", "-", r"\pm"}
UNSEEN = {"{", "}", "_", "^", r"\left", r"\right", r"\frac", r"\tfrac", r"\sqrt", r"\,", r"\;", r"\!"}
UNSEEN |= {r"\dot", r"\hat", r"\bar"}
PUNCTUATION = re.compile(r"[.,;:?!)]+")


def pieces(tex: str) -> list[str]:
    """Pieces between which a line may end: one if the formula is short, or a matrix, or its brackets do not match."""
    if r"\begin" in tex or r"\middle" in tex:
        return [tex]
    found = _cut(tex, RELATIONS | {","}, LONG)
    found = [part for piece in found for part in _cut(piece, SIGNS, LONG)]
    return [part for piece in found for part in _cut(piece, SIGNS, LONGER, depth=1)]


def width(tex: str) -> int:
    """About how many signs wide a formula is."""
    return sum(token not in UNSEEN for token in TOKEN.findall(tex))


def _cut(tex: str, signs: set[str], most: int, depth: int = 0) -> list[str]:
    """Cut what is wider than `most` behind these signs, where they stand in at most `depth` brackets."""
    if width(tex) <= most:
        return [tex]
    cuts = [0, *(end for end in _places(tex, signs, depth) if width(tex[end:]) >= SHORT), len(tex)]
    parts = [tex[start:end].strip() for start, end in pairwise(cuts)]
    return [part + "{}" if part.endswith(tuple(SIGNS)) else part for part in parts[:-1]] + parts[-1:]


def _places(tex: str, signs: set[str], depth: int) -> list[int]:
    """Ends of these signs, if binary, in at most `depth` brackets, none a brace; none if brackets do not match."""
    found, inside, bars, before = [], [], [], r"\to"
    for match in TOKEN.finditer(tex):
        token = match[0]
        if token in BARS:
            bars = bars[:-1] if token in bars else [*bars, token]
        elif token in OPEN:
            inside.append(token)
        elif token in CLOSE:
            if not inside:
                return []
            inside.pop()
        binary = token not in SIGNS or before not in RELATIONS | SIGNS | OPEN | {"_", "^", ","}
        if token in signs and binary and "{" not in inside and len(inside) + len(bars) <= depth:
            found.append(match.end())
        before = token
    return [] if inside or bars else found


def break_formulas(app, doctree, _docname):
    """Let lines end inside long formulas, and not before the punctuation behind a formula."""
    if app.builder.format != "html":
        return
    for math in list(doctree.findall(nodes.math)):
        parts = []
        for tex in pieces(math.astext()):  # a sign keeps its space by the {} behind it, a relation by that of words
            parts += [nodes.Text(" ")] if parts and not parts[-1].astext().endswith("{}") else []
            parts.append(nodes.math(tex, tex, **math.attributes))
        behind = math.next_node(descend=False, siblings=True)
        stop = PUNCTUATION.match(behind.astext()) if isinstance(behind, nodes.Text) else None
        if stop:
            place = next(place for place, node in enumerate(math.parent) if node is behind)  # many a text is "." only
            math.parent[place] = nodes.Text(behind.astext()[stop.end() :])
            parts[-1] = nodes.inline("", "", parts[-1], nodes.Text(stop[0]), classes=["together"])
        math.parent.replace(math, parts)
