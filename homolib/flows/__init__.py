"""The one flow of the book, dw/dt in sum_i z_i dH(x_i; w), integrated. Chapters 4 and 8.

The one idea: each neuron is carried as a direction and a log-norm, so that no start is too small and nothing overflows.

`frozen_flow` keeps z as it is, `training_flow` lets it follow the loss, `gradient_descent` takes steps. What all flows
of the library return is a `Trajectory`. Diagonal networks are followed in their dual variable (`mirror`).
"""

from homolib.flows.descent import gradient_descent
from homolib.flows.smooth import frozen_flow, training_flow
from homolib.flows.trajectory import Trajectory

__all__ = [
    "Trajectory",
    "frozen_flow",
    "gradient_descent",
    "training_flow",
]
