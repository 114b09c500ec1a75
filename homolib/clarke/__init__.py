"""Clarke subdifferentials as finite objects: polytopes, given by their vertices. Chapter 3.

The one idea: a function made of smooth pieces has one gradient on each piece, and its Clarke subdifferential at a kink
is the convex hull of those of the pieces that meet there. So it can be listed, and asked for its smallest element.

`clarke_subdifferential` is that of a network's correlation, `termwise_sum` the larger set that one gets by adding set
for set; `HingeSum` writes one ReLU neuron as a linear function and a hinge for each of its kinks.
"""

from homolib.clarke.hinge_sums import HingeSum
from homolib.clarke.polytopes import Polytope, sign_patterns
from homolib.clarke.subdifferential import active_kinks, clarke_of_pieces, clarke_subdifferential, termwise_sum

__all__ = [
    "HingeSum",
    "Polytope",
    "active_kinks",
    "clarke_of_pieces",
    "clarke_subdifferential",
    "sign_patterns",
    "termwise_sum",
]
