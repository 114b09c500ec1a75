"""The theorems as checks: their constants, their hypotheses, and every inequality with both sides.

Chapters: `small-initialization`, `separable-networks`, `saddles`.

The one idea: a theorem is a `Report` with a row for each of its inequalities. The chapters prove, the reports measure.

Examples
--------
>>> import homolib as hl
>>> net = hl.SquaredReLU(neurons=1, inputs=1)
>>> report = hl.bounds.lemma_5_2(net, [[1]], [1], [1], delta=1e-3, t_end=1, epsilon=0.01)
>>> report.holds
True
>>> report.rows[-1].name
'|w(t)/delta - u(t)| <= epsilon for all t'
"""

from homolib.bounds.near_origin import corollary_5_4_1, lemma_5_2, theorem_5_1
from homolib.bounds.near_saddle import assumption_3, lemma_5_6, lemma_d_1, theorem_5_5
from homolib.bounds.report import Report, Row
from homolib.problems.constants import Constants, constants

__all__ = [
    "Constants",
    "Report",
    "Row",
    "assumption_3",
    "constants",
    "corollary_5_4_1",
    "lemma_5_2",
    "lemma_5_6",
    "lemma_d_1",
    "theorem_5_1",
    "theorem_5_5",
]
