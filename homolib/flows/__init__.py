"""The one flow of the book, dw/dt in sum_i z_i dH(x_i; w), integrated.

Chapters: `gradient-flow`, `small-initialization`.

The one idea: each neuron is carried as a direction and a log-norm, so that no start is too small and nothing overflows.

`frozen_flow` keeps z as it is, `training_flow` lets it follow the loss, `gradient_descent` takes steps. What all flows
of the library return is a `Trajectory`. Diagonal networks are followed in their dual variable (`mirror`), all others in
`polar`, by the steps of `steps` and the methods of `methods`.

A tolerance is a promise about every time of a path: `training_flow` says which.

Examples
--------
One weight with output w^2, input and label 1: w^2 has the closed form d / (d + (1 - d) e^(-4t)), d = delta^2:

>>> import math
>>> import homolib as hl
>>> net = hl.SquaredReLU(neurons=1, inputs=1)
>>> path = hl.training_flow(net, [[1]], [1], [1], t_end=3, delta=1e-4)
>>> print(f"{path.at(3)[0] ** 2:.6e}, exactly {1 / (1 + (1e8 - 1) * math.exp(-12)):.6e}")
1.624903e-03, exactly 1.624903e-03
"""

from homolib.flows.descent import gradient_descent
from homolib.flows.integrated import frozen_flow, training_flow
from homolib.flows.trajectory import Trajectory

__all__ = [
    "Trajectory",
    "frozen_flow",
    "gradient_descent",
    "training_flow",
]
