"""Every plot of the book, a module for each chapter; a function here draws and returns `(figure, sentence)`."""

from homolib.figures.gradient_flow import (
    descent_near_the_origin,
    descent_on_a_hyperbola,
    desingularised_correlation,
    sliding_and_chatter,
)
from homolib.figures.homogeneous_networks import (
    growth_from_small_starts,
    growth_within_its_bounds,
    outputs_after_scaling,
)
from homolib.figures.small_initialization import early_training

__all__ = [
    "descent_near_the_origin",
    "descent_on_a_hyperbola",
    "desingularised_correlation",
    "early_training",
    "growth_from_small_starts",
    "growth_within_its_bounds",
    "outputs_after_scaling",
    "sliding_and_chatter",
]
