"""Every plot of the book, a module for each chapter; a function here draws and returns `(figure, sentence)`."""

from homolib.figures.clarke_subdifferential import fan_polytope, slopes_of_relu, termwise_polygon
from homolib.figures.definability import hat_against_bowl, under_the_microscope
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
from homolib.figures.ncf_flow import direction_and_growth, directions_converge, three_fates
from homolib.figures.neural_correlation import climb, correlation_on_the_circle, flipped_label
from homolib.figures.saddles import dormant_directions, field_at_a_kink, leaving_a_point, who_aligns_in_time
from homolib.figures.separable_networks import balancing, correlation_and_paths, lengths_and_shares
from homolib.figures.small_initialization import early_training, four_clocks, frozen_and_trained, two_outcomes

__all__ = [
    "balancing",
    "climb",
    "correlation_and_paths",
    "correlation_on_the_circle",
    "descent_near_the_origin",
    "descent_on_a_hyperbola",
    "desingularised_correlation",
    "direction_and_growth",
    "directions_converge",
    "dormant_directions",
    "early_training",
    "fan_polytope",
    "field_at_a_kink",
    "flipped_label",
    "four_clocks",
    "frozen_and_trained",
    "growth_from_small_starts",
    "growth_within_its_bounds",
    "hat_against_bowl",
    "leaving_a_point",
    "lengths_and_shares",
    "outputs_after_scaling",
    "sliding_and_chatter",
    "slopes_of_relu",
    "termwise_polygon",
    "three_fates",
    "two_outcomes",
    "under_the_microscope",
    "who_aligns_in_time",
]
