"""homolib: gradient flows of two-homogeneous networks, from small beginnings.

Rooms, in the order in which the book introduces them: datasets, losses, networks, clarke, flows, kinks, ncf,
bounds, saddles; and for the reader's eyes figures and explore. What chapters use most is named here.
"""

from homolib import datasets, losses, networks
from homolib.flows import Trajectory, frozen_flow, gradient_descent, training_flow
from homolib.losses import LogisticLoss, SquareLoss
from homolib.networks import DeepReLU, DiagonalLinear, PoweredReLU, SquaredReLU, TwoLayerReLU

__all__ = [
    "DeepReLU",
    "DiagonalLinear",
    "LogisticLoss",
    "PoweredReLU",
    "SquareLoss",
    "SquaredReLU",
    "Trajectory",
    "TwoLayerReLU",
    "datasets",
    "frozen_flow",
    "gradient_descent",
    "losses",
    "networks",
    "training_flow",
]
