"""What is given: data, loss, network, and the constants that bound them. Chapter 1.

The one idea: a network has to know two things, its outputs H(x_i; w) and the pullback sum_i z_i dH(x_i; w) of any
numbers z. Every flow of the book is made of these two.

`datasets` and `losses` are rooms of their own; `networks` has a class for each kind, and `constants` the bounds beta
on outputs and gradients on the unit sphere.
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
