"""homolib: gradient flows of two-homogeneous networks, from small beginnings.

Nine wings in a line, in the order in which the book introduces them; each imports only from those before it:

    problems -> clarke -> flows -> neuron -> correlation -> saddles -> bounds -> figures -> explore

What chapters use most is named here. `examples` has the functions of the book that no network makes.
"""

import importlib

from homolib import bounds, clarke, correlation, examples, flows, neuron, problems, saddles
from homolib.clarke import Polytope, active_kinks, clarke_of_pieces, clarke_subdifferential, sign_patterns, termwise_sum
from homolib.correlation import kkt_points, kkt_residual, kkt_search, ncf_flow
from homolib.explore import explore, show
from homolib.flows import Trajectory, frozen_flow, gradient_descent, training_flow
from homolib.neuron import (
    Arcs,
    branch_tree,
    branches,
    branching_fractions,
    is_non_branching,
    neuron_ascent,
    neuron_flow,
    neuron_flows,
    squared_neuron_flow,
)
from homolib.problems import (
    DeepReLU,
    DiagonalLinear,
    LogisticLoss,
    PoweredReLU,
    SquaredReLU,
    SquareLoss,
    TwoLayerReLU,
    datasets,
    losses,
    networks,
)
from homolib.saddles import (
    Saddle,
    Staircase,
    absolute_value_saddle,
    diagonal_staircase,
    escape,
    escape_path,
    escape_time,
    figure_4_saddle,
    jump_times,
    next_saddle,
    orthogonal_staircase,
    saddle_sequence,
    tie_break,
)

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
    "clarke",
    "clarke_of_pieces",
    "clarke_subdifferential",
    "correlation",
    "datasets",
    "diagonal_staircase",
    "escape",
    "escape_path",
    "escape_time",
    "examples",
    "explore",
    "figure_4_saddle",
    "figures",
    "flows",
    "frozen_flow",
    "gradient_descent",
    "is_non_branching",
    "jump_times",
    "kkt_points",
    "kkt_residual",
    "kkt_search",
    "losses",
    "ncf_flow",
    "networks",
    "neuron",
    "neuron_ascent",
    "neuron_flow",
    "neuron_flows",
    "next_saddle",
    "orthogonal_staircase",
    "problems",
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
