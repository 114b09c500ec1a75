"""Saddles of the training loss, escapes from them, and the staircases they make.

Chapters: `saddles`, `saddle-escape`, `staircases`.

The one idea: for the neurons that are zero a saddle is an origin, with the residual there in the place of the labels.

A `Saddle` splits its weights into active and dormant ones, `escape` says when, how fast and where the dormant ones
leave; `saddle_sequence`, `orthogonal_staircase` and `diagonal_staircase` go on from saddle to saddle.

Examples
--------
Inputs +1 and -1, labels 2 and 1; the first neuron fits the first, the second is zero. From -delta it wakes like
e^(2t), so the escape takes ln(1/delta)/2:

>>> import homolib as hl
>>> net = hl.SquaredReLU(neurons=2, inputs=1)
>>> saddle = hl.Saddle(net, [[1], [-1]], [2, 1], [2**0.5, 0])
>>> forecast = hl.escape(saddle, [0, -1])
>>> print(f"rate {forecast.rate:.6f}, at 1e-6 after {forecast.time(1e-6):.4f}")
rate 2.000000, at 1e-6 after 6.9078
"""

from homolib.saddles.additive_law import saddle_sequence
from homolib.saddles.diagonal_staircases import diagonal_staircase, tie_break
from homolib.saddles.escapes import Escape, escape, escape_path, escape_time, next_saddle
from homolib.saddles.saddle import Saddle, absolute_value_saddle, figure_4_saddle
from homolib.saddles.staircases import Staircase, jump_times, orthogonal_staircase

__all__ = [
    "Escape",
    "Saddle",
    "Staircase",
    "absolute_value_saddle",
    "diagonal_staircase",
    "escape",
    "escape_path",
    "escape_time",
    "figure_4_saddle",
    "jump_times",
    "next_saddle",
    "orthogonal_staircase",
    "saddle_sequence",
    "tie_break",
]
