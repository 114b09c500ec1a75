"""homolib: gradient flows of two-homogeneous networks, from small beginnings.

Rooms, in the order in which the book introduces them: datasets, losses, networks, clarke, flows, kinks, ncf,
bounds, saddles; and for the reader's eyes figures and explore. What chapters use most is named here.
"""

import importlib

from homolib import bounds, examples, saddles
from homolib.clarke.polytopes import Polytope, sign_patterns
from homolib.clarke.subdifferential import active_kinks, clarke_of_pieces, clarke_subdifferential, termwise_sum
from homolib.correlation import flow as ncf
from homolib.correlation.flow import kkt_points, kkt_residual, kkt_search, ncf_flow
from homolib.explore.explorer import explore, show
from homolib.flows.smooth import Trajectory, frozen_flow, gradient_descent, training_flow
from homolib.neuron.ascent import neuron_ascent
from homolib.neuron.branching import branch_tree, branches, branching_fractions, is_non_branching
from homolib.neuron.circle import Arcs
from homolib.neuron.flow import neuron_flow, neuron_flows
from homolib.neuron.squared import squared_neuron_flow
from homolib.problems import datasets, losses, networks
from homolib.problems.losses import LogisticLoss, SquareLoss
from homolib.problems.networks import DeepReLU, DiagonalLinear, PoweredReLU, SquaredReLU, TwoLayerReLU
from homolib.saddles.diagonal import diagonal_staircase, tie_break
from homolib.saddles.saddle import (
    Saddle,
    absolute_value_saddle,
    escape,
    escape_path,
    escape_time,
    figure_4_saddle,
    next_saddle,
)
from homolib.saddles.staircases import Staircase, jump_times, orthogonal_staircase, saddle_sequence

__all__ = [
    "Arcs",
    "DeepReLU",
    "DiagonalLinear",
    "LogisticLoss",
    "Polytope",
    "PoweredReLU",
    "Saddle",
    "SquareLoss",
    "SquaredReLU",
    "Staircase",
    "Trajectory",
    "TwoLayerReLU",
    "absolute_value_saddle",
    "active_kinks",
    "bounds",
    "branch_tree",
    "branches",
    "branching_fractions",
    "clarke_of_pieces",
    "clarke_subdifferential",
    "datasets",
    "diagonal_staircase",
    "escape",
    "escape_path",
    "escape_time",
    "examples",
    "explore",
    "figure_4_saddle",
    "figures",
    "frozen_flow",
    "gradient_descent",
    "is_non_branching",
    "jump_times",
    "kkt_points",
    "kkt_residual",
    "kkt_search",
    "losses",
    "ncf",
    "ncf_flow",
    "networks",
    "neuron_ascent",
    "neuron_flow",
    "neuron_flows",
    "next_saddle",
    "orthogonal_staircase",
    "saddle_sequence",
    "saddles",
    "show",
    "sign_patterns",
    "squared_neuron_flow",
    "termwise_sum",
    "tie_break",
    "training_flow",
]


def __getattr__(name: str) -> object:
    """Import `figures` when first used: Matplotlib takes longer to start than all the rest."""
    if name == "figures":
        return importlib.import_module("homolib.figures")
    raise AttributeError(f"module 'homolib' has no attribute {name!r}")
