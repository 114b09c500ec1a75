"""Clarke subdifferentials as finite objects: polytopes, given by their vertices.

Chapter: `clarke-subdifferential`.

The one idea: a function made of smooth pieces has one gradient on each piece, and its Clarke subdifferential at a kink
is the convex hull of those of the pieces that meet there. So it can be listed, and asked for its smallest element.

`clarke_subdifferential` is that of a network's correlation, `termwise_sum` the larger set that one gets by adding set
for set; `HingeSum` writes one ReLU neuron as a linear function and a hinge for each of its kinks.

Examples
--------
The derivative of max(0, u) - max(0, -u) = u is 1 everywhere; adding the two sets at the kink says [0, 2]:

>>> import homolib as hl
>>> net, X, z = hl.TwoLayerReLU(neurons=1, inputs=1), [[1], [-1]], [1, -1]
>>> print(hl.clarke_subdifferential(net, X, [1, 0], z).vertices)  # rows are (d/dv, d/du) at v = 1, u = 0
[[0. 1.]]
>>> print(hl.termwise_sum(net, X, [1, 0], z).vertices)
[[0. 0.]
 [0. 2.]]
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
