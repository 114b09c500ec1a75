"""homolib: gradient flows of two-homogeneous networks, from small beginnings.

Rooms, in the order in which the book introduces them: datasets, losses, networks, clarke, flows, kinks, ncf,
bounds, saddles; and for the reader's eyes figures and explore. What chapters use most is named here.
"""

import importlib

from homolib import bounds, datasets, losses, networks
from homolib.arcs import Arcs
from homolib.clarke import active_kinks, clarke_of_pieces, clarke_subdifferential, termwise_sum
from homolib.cones import squared_neuron_flow
from homolib.explore import explore, show
from homolib.flows import Trajectory, frozen_flow, gradient_descent, training_flow
from homolib.kinks import neuron_flow
from homolib.losses import LogisticLoss, SquareLoss
from homolib.ncf import kkt_points, kkt_residual, kkt_search, ncf_flow
from homolib.networks import DeepReLU, DiagonalLinear, PoweredReLU, SquaredReLU, TwoLayerReLU
from homolib.polytopes import Polytope, sign_patterns

__all__ = [
    "Arcs",
    "DeepReLU",
    "DiagonalLinear",
    "LogisticLoss",
    "Polytope",
    "PoweredReLU",
    "SquareLoss",
    "SquaredReLU",
    "Trajectory",
    "TwoLayerReLU",
    "active_kinks",
    "bounds",
    "clarke_of_pieces",
    "clarke_subdifferential",
    "datasets",
    "explore",
    "figures",
    "frozen_flow",
    "gradient_descent",
    "kkt_points",
    "kkt_residual",
    "kkt_search",
    "losses",
    "ncf_flow",
    "networks",
    "neuron_flow",
    "show",
    "sign_patterns",
    "squared_neuron_flow",
    "termwise_sum",
    "training_flow",
]


def __getattr__(name: str) -> object:
    """Import `figures` when first used: Matplotlib takes longer to start than all the rest."""
    if name == "figures":
        return importlib.import_module("homolib.figures")
    raise AttributeError(f"module 'homolib' has no attribute {name!r}")
