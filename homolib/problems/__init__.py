"""What is given: data, loss, network, and the constants that bound them.

Chapter: `homogeneous-networks`.

The one idea: a network has to know two things, its outputs H(x_i; w) and the pullback sum_i z_i dH(x_i; w) of any
numbers z. Every flow of the book is made of these two.

`datasets` and `losses` are rooms of their own; `networks` has a class for each kind, and `constants` the bounds beta
on outputs and gradients on the unit sphere.

Examples
--------
>>> import homolib as hl
>>> X, y = hl.datasets.circle(n=50)
>>> net = hl.SquaredReLU(neurons=20, inputs=2)
>>> w = hl.datasets.random_start(net.size, seed=0)
>>> print(net.outputs(X, 3 * w)[0] / net.outputs(X, w)[0])  # homogeneous of order two: 3^2
9.0
>>> print(round(w @ net.pullback(X, w, y) / (y @ net.outputs(X, w)), 9))  # Euler: <w, dN(w)> = 2 N(w)
2.0
"""

from homolib.problems import datasets, losses, networks
from homolib.problems.deep_networks import DeepReLU
from homolib.problems.losses import LogisticLoss, SquareLoss
from homolib.problems.networks import DiagonalLinear, Network, PoweredReLU, SquaredReLU, TwoLayerReLU

__all__ = [
    "DeepReLU",
    "DiagonalLinear",
    "LogisticLoss",
    "Network",
    "PoweredReLU",
    "SquareLoss",
    "SquaredReLU",
    "TwoLayerReLU",
    "datasets",
    "losses",
    "networks",
]
