"""A theorem as a check: every inequality with its two sides and the slack between them."""

from __future__ import annotations

from dataclasses import dataclass, field

from homolib import _checks
from homolib._records import Record
from homolib._settings import default_errors


@dataclass(frozen=True)
class Row:
    """One inequality `left <= right`.

    Attributes
    ----------
    name : str
        The inequality in words.
    left, right : float
        Its two sides as measured.
    hypothesis : bool
        Whether the theorem assumes it; otherwise the theorem claims it.
    """

    name: str
    left: float
    right: float
    hypothesis: bool = False

    @property
    @default_errors
    def slack(self) -> float:
        """How far the right side is above the left; negative where the inequality fails."""
        return self.right - self.left

    @property
    @default_errors
    def holds(self) -> bool:
        """Whether left <= right, up to rounding; False if a side is not a number."""
        return self.left <= self.right + _checks.ROUNDING * max(abs(self.left), abs(self.right))


@dataclass(frozen=True, eq=False, repr=False)
class Report(Record):
    """What a theorem assumes and claims, measured.

    Attributes
    ----------
    name : str
        The statement that is checked.
    rows : list of Row
        Every inequality, hypotheses first.
    values : dict
        The constants and quantities the rows are made of.
    """

    name: str
    rows: list[Row]
    values: dict = field(default_factory=dict)

    @property
    def applies(self) -> bool:
        """Whether every hypothesis holds, so that the theorem promises its claims."""
        return all(row.holds for row in self.rows if row.hypothesis)

    @property
    @default_errors
    def holds(self) -> bool:
        """Whether every claim holds."""
        return all(row.holds for row in self.rows if not row.hypothesis)

    def __str__(self) -> str:
        width = max(len(row.name) for row in self.rows)
        lines = [self.name]
        for row in self.rows:
            mark = "assumed" if row.hypothesis else "claimed"
            verdict = "holds" if row.holds else "FAILS"
            lines.append(f"  {mark}  {row.name:<{width}}  {row.left:>12.6g} <= {row.right:<12.6g}  {verdict}")
        return "\n".join(lines)

    def _repr_markdown_(self) -> str:
        lines = [f"**{self.name}**", "", "| | inequality | left | right | slack | |", "|---|---|---:|---:|---:|---|"]
        for row in self.rows:
            cells = (
                "assumed" if row.hypothesis else "claimed",
                row.name.replace("|", "&#124;"),
                f"{row.left:.6g}",
                f"{row.right:.6g}",
                f"{row.slack:.3g}",
                "holds" if row.holds else "**fails**",
            )
            lines.append("| " + " | ".join(cells) + " |")
        return "\n".join(lines)
