"""Every plot of the book, a module for each chapter.

The one idea: a figure is a function of plain values that returns the drawing and the sentence that says what is to be
seen in it, with its numbers. `explore` makes an explorer of it, a test can read the sentence.

Examples
--------
>>> import homolib as hl
>>> figure, sentence = hl.figures.one_kink(below=1.0, above=-1.0)
>>> print(sentence)
Speeds 1 below and -1 above, a concave kink: one solution, which stays on the kink.
"""

from homolib.figures.a_figure_reproduced import draws_that_show_it, four_clocks, late_arcs
from homolib.figures.clarke_subdifferential import fan_polytope, four_slopes, slopes_of_relu, termwise_polygon
from homolib.figures.definability import cut_with_horizontals, hat_against_dome, under_the_microscope
from homolib.figures.gradient_flow import (
    bent_height,
    descent_near_the_origin,
    descent_on_a_hyperbola,
    desingularised_correlation,
    sliding_and_chatter,
    three_hills,
)
from homolib.figures.higher_homogeneity import direction_before_length, race, race_heights, waiting_times
from homolib.figures.homogeneous_networks import (
    growth_from_small_starts,
    growth_within_its_bounds,
    outputs_after_scaling,
    runs_in_units_of_their_starts,
)
from homolib.figures.ncf_flow import (
    angle_and_length,
    direction_and_growth,
    directions_converge,
    three_fates,
    three_paths,
)
from homolib.figures.neural_correlation import caught_at_a_kink, climb, correlation_on_the_circle, three_neurons
from homolib.figures.non_branching import (
    derivative_at_zero_chooses,
    falling_from,
    slide_and_turn,
    step_chooses,
    two_hills,
    two_step_sizes,
)
from homolib.figures.non_uniqueness import gradient_field_of_u1_abs_u2, one_kink, up_and_down_a_kink, waiting_solution
from homolib.figures.saddle_escape import (
    approach_to_the_escape_path,
    leaving_the_origin,
    longer_plateaus,
    one_escape_at_every_scale,
    sigmoids,
)
from homolib.figures.saddles import (
    dormant_directions,
    field_at_a_kink,
    leaving_a_point,
    one_wakes,
    who_aligns_in_time,
)
from homolib.figures.separable_networks import balancing, correlation_and_paths, lengths_and_shares, two_neurons
from homolib.figures.small_initialization import (
    align_then_learn,
    early_training,
    frozen_and_trained,
    two_outcomes,
)
from homolib.figures.staircases import (
    budget_that_turns_back,
    jump_time_errors,
    two_budgets,
    two_steps,
    whole_staircase,
)
from homolib.figures.who_branches import (
    fates_in_the_plane,
    plane_becomes_a_line,
    squared_length_falls_to_a_level,
)

__all__ = [
    "align_then_learn",
    "angle_and_length",
    "approach_to_the_escape_path",
    "balancing",
    "bent_height",
    "budget_that_turns_back",
    "caught_at_a_kink",
    "climb",
    "correlation_and_paths",
    "correlation_on_the_circle",
    "cut_with_horizontals",
    "derivative_at_zero_chooses",
    "descent_near_the_origin",
    "descent_on_a_hyperbola",
    "desingularised_correlation",
    "direction_and_growth",
    "direction_before_length",
    "directions_converge",
    "dormant_directions",
    "draws_that_show_it",
    "early_training",
    "falling_from",
    "fan_polytope",
    "fates_in_the_plane",
    "field_at_a_kink",
    "four_clocks",
    "four_slopes",
    "frozen_and_trained",
    "gradient_field_of_u1_abs_u2",
    "growth_from_small_starts",
    "growth_within_its_bounds",
    "hat_against_dome",
    "jump_time_errors",
    "late_arcs",
    "leaving_a_point",
    "leaving_the_origin",
    "lengths_and_shares",
    "longer_plateaus",
    "one_escape_at_every_scale",
    "one_kink",
    "one_wakes",
    "outputs_after_scaling",
    "plane_becomes_a_line",
    "race",
    "race_heights",
    "runs_in_units_of_their_starts",
    "sigmoids",
    "slide_and_turn",
    "sliding_and_chatter",
    "slopes_of_relu",
    "squared_length_falls_to_a_level",
    "step_chooses",
    "termwise_polygon",
    "three_fates",
    "three_hills",
    "three_neurons",
    "three_paths",
    "two_budgets",
    "two_hills",
    "two_neurons",
    "two_outcomes",
    "two_step_sizes",
    "two_steps",
    "under_the_microscope",
    "up_and_down_a_kink",
    "waiting_solution",
    "waiting_times",
    "who_aligns_in_time",
    "whole_staircase",
]
