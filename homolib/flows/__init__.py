"""The one flow of the book, dw/dt in sum_i z_i dH(x_i; w), integrated.

Chapters: `gradient-flow`, `small-initialization`.

The one idea: each neuron is carried as a direction and a log-norm, so that no start is too small and nothing overflows.

`training_flow` lets z follow the loss, `frozen_flow` keeps it as it is (both in `training`); `gradient_descent` takes
steps. What all flows of the library return is a `Trajectory`. The equation of motion, whatever the order of the
network, is in `polar`, that of diagonal networks in `diagonal_flow`; `steps` meets the kinks, by the methods of
`runge_kutta`.

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
from homolib.flows.training import frozen_flow, training_flow
from homolib.flows.trajectory import Trajectory

__all__ = [
    "Trajectory",
    "frozen_flow",
    "gradient_descent",
    "training_flow",
]
