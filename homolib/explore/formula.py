"""Formulas in sentences and labels: TeX between dollar signs, as HTML, as SVG, or as plain text.

The subset is what sentences and labels need: letters and numbers, scripts, fractions and roots on the line, accents,
Greek letters, operators and relations. All of it is text that a browser sets by itself: no script, no font and no wait.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby

from homolib import _checks


def _pairs(words: str) -> dict[str, str]:
    return dict(zip(words.split()[::2], words.split()[1::2], strict=True))


GREEK = _pairs("""
    alpha α beta β gamma γ delta δ epsilon ϵ varepsilon ε zeta ζ eta η theta θ kappa κ lambda λ mu μ nu ν xi ξ pi π
    rho ρ sigma σ tau τ phi ϕ varphi φ chi χ psi ψ omega ω
    Gamma Γ Delta Δ Theta Θ Lambda Λ Phi Φ Psi Ψ Sigma Σ Omega Ω""")
SYMBOLS = GREEK | _pairs(r"""
    ell ℓ partial ∂ nabla ∇ infty ∞ top ⊤ cdot · times × pm ± circ ∘ le ≤ leq ≤ ge ≥ geq ≥ ne ≠ neq ≠ approx ≈ sim ∼
    propto ∝ in ∈ notin ∉ subset ⊂ cup ∪ cap ∩ setminus ∖ to → rightarrow → mapsto ↦ sum ∑ prod ∏ int ∫ perp ⊥ odot ⊙
    prime ′ % % langle ⟨ rangle ⟩ lvert | rvert | vert | lVert ‖ rVert ‖ Vert ‖ | ‖ { { } } lfloor ⌊ rfloor ⌋
    dots … ldots … cdots ⋯""")
SPACES = {",": "\u2009", ";": "\u2005", ":": "\u2005", " ": " ", "quad": "\u2003", "!": ""}
NAMES = re.compile("ln|log|exp|sin|cos|tan|arctan|max|min|arg|argmax|det|dim|sup|inf|lim|sign")
BAR, HAT, WAVE, DOT = "\u0304", "\u0302", "\u0303", "\u0307"
ACCENTS = {"bar": BAR, "overline": BAR, "hat": HAT, "widehat": HAT, "tilde": WAVE, "dot": DOT}
SPACED = set("=<>≤≥≠≈∼∝∈∉⊂→↦+−×±∪∩")  # a thin space on both sides
TOKEN = re.compile(r"\\(?:[A-Za-z]+|.)|\d+(?:\.\d+)?(?:e-?\d+)?|\s+|.", re.DOTALL)
NUMBER = re.compile(r"(?<![\w.^])(?P<minus>-?)(?P<digits>\d+(?:\.\d+)?)e(?P<power>-?\d+)(?!\w)|(?<![\w)])-(?=\d)")
SHRINK = 0.83  # of a script, against its base
MINUS, THIN = "\u2212", "\u2009"
ALONE = "\u2061"  # invisible, behind a letter that is upright and behind a sign that wants no room
RISE, DROP = 0.38, 0.18  # of a script, in its base's size


@dataclass(frozen=True)
class Node:
    """A piece of a formula: its kind is what MathML calls it."""

    kind: str
    text: str = ""
    parts: tuple[Node, ...] = ()


EMPTY = Node("mrow")


def as_html(sentence: str) -> str:
    """A sentence with its formulas as HTML; a number such as 1e-8 becomes one, too."""
    return "".join(
        _html(parse(part)) if is_formula else _numbers(html.escape(part)) for part, is_formula in _parts(sentence)
    )


def as_text(sentence: str) -> str:
    """A sentence for a terminal or a screen reader: its formulas are plain text."""
    return "".join(_plain(parse(part)) if is_formula else part for part, is_formula in _parts(sentence))


def name_as_html(name: str) -> str:
    """The name of a control: a letter, in Latin or spelt out in Greek, with an index or not, is a formula."""
    letter = re.fullmatch(r"([A-Za-z]+?)_?(\d*)", name)
    if letter and (len(letter[1]) == 1 or letter[1] in GREEK):
        command = letter[1] if len(letter[1]) == 1 else f"\\{letter[1]}"
        return as_html(f"${command}_{{{letter[2]}}}$" if letter[2] else f"${command}$")
    return html.escape(name.replace("_", " "))


def as_tspans(label: str) -> str:
    """A label of a figure as content of an SVG <text>: it flows, so that any font will do."""
    runs: list[Run] = []
    for part, is_formula in _parts(label):
        runs += _runs(parse(part)) if is_formula else [Run(part)]
    groups = [[*group] for _, group in groupby(runs, lambda run: (run.italic, run.size, run.height))]
    joined = [replace(group[0], text="".join(run.text for run in group)) for group in groups]
    heights = [0.0, *(run.height for run in joined)]
    return "".join(_span(run, before) for run, before in zip(joined, heights, strict=False))


def _parts(sentence: str) -> list[tuple[str, bool]]:
    """The text and the formulas of a sentence in turn, and which is which."""
    parts = sentence.split("$")
    if len(parts) % 2 == 0:
        _checks.fail("sentence", repr(sentence), "a second dollar sign for each that opens a formula")
    return [(part, i % 2 == 1) for i, part in enumerate(parts) if part]


def _numbers(text: str) -> str:
    def typeset(match: re.Match) -> str:
        if match["digits"] is None:
            return MINUS
        sign = "-" if match["minus"] else ""
        return _html(parse(f"{sign}{match['digits']}e{match['power']}"))

    return NUMBER.sub(typeset, text)


# Reading


@lru_cache(maxsize=4096)
def parse(tex: str) -> Node:
    """Read a formula.

    Raises
    ------
    ValueError
        If a command is not known or a brace has no partner.
    """
    tokens = [token for token in TOKEN.findall(tex) if not token.isspace()]
    node = _row(tokens, tex)
    if tokens:
        _checks.fail("formula", repr(tex), "a brace that opens for each that closes")
    return node


def _row(tokens: list[str], tex: str, until: str = "") -> Node:
    parts: list[Node] = []
    while tokens and tokens[0] != "}":
        token = tokens.pop(0)
        if token in ("^", "_"):
            script = _atom(tokens, tex)
            base = parts.pop() if parts else EMPTY
            free = base.kind == ("msub" if token == "^" else "msup")
            if free:
                pair = (base.parts[1], script) if token == "^" else (script, base.parts[1])
                parts.append(Node("msubsup", parts=(base.parts[0], *pair)))
            else:
                parts.append(Node("msup" if token == "^" else "msub", parts=(base, script)))
        elif token in "+-" and (not parts or (parts[-1].kind == "mo" and parts[-1].text not in ")]}|‖′")):
            parts.append(Node("mo", f"{MINUS if token == '-' else token}{ALONE}"))  # a sign, and no operation
        else:
            parts.append(_atom([token], tex) if _is_leaf(token) else _command(token, tokens, tex))
    return parts[0] if len(parts) == 1 else Node("mrow", parts=tuple(parts))


def _is_leaf(token: str) -> bool:
    return token != "{" and not token.startswith("\\")


def _atom(tokens: list[str], tex: str) -> Node:
    if not tokens:
        _checks.fail("formula", repr(tex), "something behind each command and script")
    token = tokens.pop(0)
    if not _is_leaf(token):
        return _command(token, tokens, tex)
    if token[0].isdigit():
        return _number(token)
    if token.isalpha():
        return Node("mi", token)
    return Node("mo", {"-": MINUS, "*": "∗", "'": "′"}.get(token, token))


def _number(token: str) -> Node:
    digits, _, power = token.partition("e")
    if not power:
        return Node("mn", digits)
    exponent = Node("mn", power.lstrip("-"))
    if power.startswith("-"):
        exponent = Node("mrow", parts=(Node("mo", MINUS + ALONE), exponent))
    ten = Node("msup", parts=(Node("mn", "10"), exponent))
    return ten if digits == "1" else Node("mrow", parts=(Node("mn", digits), Node("mo", "·"), ten))


def _command(token: str, tokens: list[str], tex: str) -> Node:
    name = token[1:]
    if token == "{":
        node = _row(tokens, tex)
        if not tokens:
            _checks.fail("formula", repr(tex), "a brace that closes for each that opens")
        tokens.pop(0)
        return node
    if name in SYMBOLS:
        symbol = SYMBOLS[name]
        return Node("mi" if symbol.isalpha() or symbol in "∂∇∞⊤" else "mo", symbol)
    if name in SPACES:
        return Node("mtext", SPACES[name])
    if NAMES.fullmatch(name):
        return Node("mi", name)
    if name in ("left", "right", "displaystyle", "bigl", "bigr", "big"):
        return EMPTY
    if name in ("mathdefault", "mathregular"):
        return _atom(tokens, tex)
    if name in ("mathrm", "text", "mathbb", "mathcal", "operatorname", "mathbf"):
        letters = _plain(_atom(tokens, tex))
        return Node("mi", "ℝ" if (name, letters) == ("mathbb", "R") else letters + ALONE * (len(letters) == 1))
    if name in ("frac", "tfrac", "dfrac"):
        return Node("mfrac", parts=(_atom(tokens, tex), _atom(tokens, tex)))
    if name == "sqrt":
        return Node("msqrt", parts=(_atom(tokens, tex),))
    if name in ACCENTS:
        return Node("mover", ACCENTS[name], (_atom(tokens, tex),))
    _checks.fail("formula", repr(token), "a command that sentences know: " + ", ".join(SYMBOLS))


# Writing


def _plain(node: Node) -> str:
    inner = [_plain(part) for part in node.parts]
    if node.kind in ("msup", "msub", "msubsup"):
        marks = {"msup": "^", "msub": "_", "msubsup": "_^"}[node.kind]
        if node.kind == "msup" and inner[0] == "10":
            return f"1e{inner[1]}".replace(MINUS, "-")
        return inner[0].rstrip() + "".join(
            mark + _bracketed(script) for mark, script in zip(marks, inner[1:], strict=True)
        )
    if node.kind == "mfrac":
        return "/".join(map(_bracketed, inner))
    if node.kind == "msqrt":
        return f"√{_bracketed(inner[0])}"
    if node.kind == "mrow":
        text = "".join(inner)
        return re.sub(r" (?=\()", "", re.sub(r"(\d)·1e", r"\1e", text)).strip()
    if node.kind == "mover":
        return inner[0] + node.text
    text = node.text.rstrip(ALONE).replace(MINUS, "-").replace("\u2009", " ")
    if NAMES.fullmatch(text):
        return f"{text} "
    return f" {text} " if node.text in SPACED else text


def _bracketed(text: str) -> str:
    return text if re.fullmatch(r"-?[\w.']+|\W", text) else f"({text})"


@dataclass(frozen=True)
class Run:
    """Text of one style on one height, both in the size of the label."""

    text: str
    italic: bool = False
    size: float = 1.0
    height: float = 0.0


def _runs(node: Node, size: float = 1.0, height: float = 0.0) -> list[Run]:
    """A formula as it is read along the line."""

    def sign(text: str) -> list[Run]:
        return [Run(text, size=size, height=height)]

    def inner(part: Node) -> list[Run]:
        runs = _runs(part, size, height)
        return sign("(") + runs + sign(")") if len(runs) > 1 else runs

    if node.kind in ("msup", "msub", "msubsup"):
        runs = _runs(node.parts[0], size, height)
        space = THIN if runs and runs[-1].text.endswith(THIN) else ""  # of a name: it belongs behind the script
        runs = [replace(run, text=run.text.rstrip(THIN)) for run in runs] if space else runs
        shifts = {"msup": (RISE,), "msub": (-DROP,), "msubsup": (-DROP, RISE)}[node.kind]
        for script, shift in zip(node.parts[1:], shifts, strict=True):
            runs += _runs(script, size * SHRINK, height + shift * size)
        return runs + sign(space) if space else runs
    if node.kind == "mfrac":
        return inner(node.parts[0]) + sign("/") + inner(node.parts[1])
    if node.kind == "msqrt":
        return sign("√") + inner(node.parts[0])
    if not node.parts:
        return [Run(_spaced(node), _is_italic(node), size, height)] if node.text else []
    runs = [run for part in node.parts for run in _runs(part, size, height)]
    if node.kind == "mover":
        runs[-1] = replace(runs[-1], text=runs[-1].text + node.text)
    return runs


def _spaced(node: Node) -> str:
    if NAMES.fullmatch(node.text):
        return f"{node.text}{THIN}"
    return f"{THIN}{node.text}{THIN}" if node.text in SPACED else node.text.rstrip(ALONE)


def _is_italic(node: Node) -> bool:
    return node.kind == "mi" and len(node.text) == 1 and node.text.isalpha() and node.text != "ℝ"


def _html(node: Node) -> str:
    """A formula that a screen reader hears as plain text."""
    said = html.escape(_plain(node))
    tags = {True: ("<sup>", "</sup>"), False: ("<sub>", "</sub>")}
    out = []
    for height, runs in groupby(_runs(node), lambda run: run.height):
        inner = "".join(f"<i>{html.escape(run.text)}</i>" if run.italic else html.escape(run.text) for run in runs)
        opens, closes = tags[height > 0] if height else ("", "")
        out.append(f"{opens}{inner}{closes}")
    return f'<span class="homolib-math" role="math" aria-label="{said}">{"".join(out)}</span>'


def _span(run: Run, before: float) -> str:
    """`before` is the height of the run before."""
    attributes = ""
    if run.size != 1:
        attributes += f' font-size="{run.size:.2g}em"'
    if run.italic:
        attributes += ' font-style="italic"'
    if run.height != before:
        attributes += f' dy="{(before - run.height) / run.size:.2g}em"'
    text = html.escape(run.text)
    return f"<tspan{attributes}>{text}</tspan>" if attributes else text
