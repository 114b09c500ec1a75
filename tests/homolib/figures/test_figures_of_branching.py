"""What the pictures of non-uniqueness and branching say, against closed forms."""

import math
import re

import numpy as np
import pytest

from homolib import figures
from homolib.figures.non_branching import INPUTS, LABELS, START
from homolib.figures.who_branches import POLYGONS
from homolib.neuron.branching import branches, branching_fractions, is_non_branching
from homolib.neuron.relu_flow import neuron_flow
from homolib.problems.datasets import branching_start


@pytest.mark.parametrize("name", ["turning", "dying", "five points", "dependent", "aligned"])
def test_every_branching_start_branches(name):
    assert not is_non_branching(**branching_start(name))


def test_an_unknown_start_is_named():
    with pytest.raises(ValueError, match="turning"):
        branching_start("nothing")


def numbers(sentence):
    return [float(word) for word in re.findall(r"[+-]?\d+\.?\d*", sentence)]


def test_two_step_sizes_take_two_sides():
    ends = [float(end) for end in re.findall(r"\$u_2\$ = ([+-]\d\.\d\d)", figures.two_step_sizes()[1])]
    assert len(ends) == 2
    assert ends[0] * ends[1] < 0
    assert "+1.26, -1.26 and 0" in figures.two_step_sizes()[1]


@pytest.mark.parametrize("step", [0.01, 0.011, 0.015])
def test_a_smooth_neuron_goes_back_to_its_side(step):
    assert "$u_2$ = +" in figures.step_chooses(step, width=0.02)[1]


def test_the_turn_that_is_drawn_is_the_one_that_is_computed():
    """Corners of the picture by hand, and the ways on from the last, are those of the exact flow."""
    path = neuron_flow(**START, t_end=2)
    corners = [path.at(event.time)[1:] for event in path.events[:2]]
    np.testing.assert_allclose(corners, [[1, 0], [0.8, 0]], atol=1e-12)
    steps = [way.w[-1, 1:] - corners[1] for way in branches(**START, t_end=1, waits=(0,))]
    slopes = sorted(u2 / u1 for u1, u2 in steps)
    np.testing.assert_allclose(slopes, [-0.5, 0, 0.5], atol=1e-9)


def test_summits_and_passes_of_the_hills_are_the_ways_on():
    """Before the turn (-2, 0), after it (2, 0) and (2, +-1): marked in the picture, and velocities of the flow."""
    marked = {tuple(numbers(point)) for point in re.findall(r"\(-?\d, -?\d\)", figures.two_hills()[1])}
    assert marked == {(-2, 0), (2, 0), (2, 1), (2, -1)}


def test_the_height_of_the_start_decides_whether_it_slides():
    """At u2 = (4.8 - sqrt(13.32)) / 6 = 0.1917 the kink is met with v = 0."""
    edge = (4.8 - math.sqrt(4.8**2 - 12 * 0.81)) / 6
    assert 0.191 < edge < 0.192
    assert "slides, and turns at time 0.481: 3 ways" in figures.falling_from(0.1)[1]
    assert "slides" in figures.falling_from(edge - 1e-3)[1]
    assert "turns above the axis" in figures.falling_from(edge + 1e-3)[1]


@pytest.mark.parametrize("v0", [0.5, 0.9, 1.2, 1.6])
def test_shares_of_the_square_are_areas(v0):
    """Mechanism II: the part |u2| < u1 / 2 of the disc. Mechanism I: beyond it, up to 4 u1 u2 - 3 u2^2 = v0^2."""
    half = 1.6
    first, second = numbers(re.search(r"Blue.*solution", figures.fates_in_the_plane(-v0)[1])[0])
    u1 = np.linspace(0, half, 20001)
    below = np.where(u1**2 >= 0.75 * v0**2, (2 * u1 - np.sqrt(np.maximum(4 * u1**2 - 3 * v0**2, 0))) / 3, u1 / 2)
    ceiling = np.minimum(u1 / 2, np.where(4 * u1**2 >= 3 * v0**2, below, np.inf))
    disc = np.sqrt(np.maximum(v0**2 - u1**2, 0))
    inside = np.minimum(disc, u1 / 2)
    assert abs(second - 100 * 2 * np.trapezoid(inside, u1) / (2 * half) ** 2) < 0.1
    assert abs(first - 100 * 2 * np.trapezoid(np.maximum(ceiling - inside, 0), u1) / (2 * half) ** 2) < 0.1
    assert " 0.0 per cent of the square: branch because v" in figures.fates_in_the_plane(v0)[1]


def test_only_the_way_on_points_into_its_sector():
    """Right panel: an arrow for each sector with an input that is on, the one of (-3, 1) in its own colour."""
    figure, _ = figures.plane_becomes_a_line()
    arrows = [text for text in figure.axes[1].texts if text.arrow_patch is not None]
    velocities = {tuple(np.round((np.array(a.xy) - a.xyann) / 0.22).astype(int)) for a in arrows}
    assert velocities == {(-2, -1), (-5, 2), (-3, 1), (-3, 3), (-2, 1)}
    assert [a.arrow_patch.get_linewidth() for a in arrows].count(2.4) == 1


def test_squared_lengths_are_those_of_the_flow():
    """Corners of both polygons from above balance, where v^2 - |u|^2 is constant and v never vanishes."""
    cases = [(INPUTS, LABELS, -3.0), (np.eye(2), [1, -1], 3.0)]
    figure, _ = figures.squared_length_falls_to_a_level()
    for axes, (data, labels, v0), (_, corners) in zip(figure.axes, cases, POLYGONS, strict=True):
        path = neuron_flow(data, labels, v0, corners[0], 0.2128)
        assert path.events[0].kind == "slide"
        np.testing.assert_allclose(path.at(path.events[0].time)[1:], corners[1], atol=1e-12)
        times = np.linspace(0, 0.2128, 1001)
        speeds = [abs(path.at(t)[0]) for t in (times[1:] + times[:-1]) / 2]  # d tau / dt
        tau = np.concatenate([[0], np.cumsum(speeds) * times[1]])
        for line in axes.lines[:2]:
            found = np.interp(line.get_xdata(), tau, [path.at(t)[0] ** 2 for t in times])
            np.testing.assert_allclose(line.get_ydata(), found - 9 + np.dot(corners[0], corners[0]), atol=1e-3)


def test_no_balanced_start_branches_on_gaussian_data_and_others_do():
    assert branching_fractions(8, 3, 1.0, starts=40, sets=2) == (0, 0)
    below = branching_fractions(8, 3, 0.5, starts=100, sets=2)
    assert below[0] > 0
    assert below[1] == 0


@pytest.mark.parametrize(("slope_from", "stuck"), [(1.0, True), (-1.0, False)])
def test_smoothing_is_unfair_if_it_sees_a_kink_where_strengths_cancel(slope_from, stuck):
    """Inputs e1, e2, -e2, labels 1, 1, -1: G = max(u1, 0) + u2. A slope that is 0 up to eps stops the neuron at eps."""
    eps, step, v, u = 0.02, 1e-4, -3.0, np.array([2.0, 0.3])
    for _ in range(2000):
        bend = [np.clip((a - slope_from * eps) / eps, 0, 1) for a in (u[0], u[1], -u[1])]
        v, u = v + step * (max(u[0], 0) + u[1]), u + step * v * np.array([bend[0], bend[1] + bend[2]])
    exact = neuron_flow(np.array([[1, 0], [0, 1], [0, -1.0]]), [1, 1, -1], -3.0, [2, 0.3], t_end=0.2).w[-1]
    assert exact[2] < -0.15
    assert abs(u[1] - eps) < 1e-3 if stuck else abs(u[1] - exact[2]) < 0.05


def test_sum_of_the_sets_is_larger_than_the_set_of_the_sum():
    """Opposite inputs in one dimension: labels 1, -1 give no kink at all; 2, -1 a smaller one than the terms say."""
    for labels, ways in (([1, -1], 1), ([-1, 1], 1), ([2, -1], 1), ([-2, 1], 1)):
        paths = branches(np.array([[1.0], [-1.0]]), labels, 1.0, [0.0], 0.1, waits=(0,))
        assert len(paths) == ways
        assert paths[0].w[-1, 1] != 0  # 0 lies in the sum of the sets, but resting is no solution


def test_example_of_both_chapters_is_the_one_on_the_page():
    near = np.array([[3.0, 1.0], [3.0, -1.0], [1.0, 0.2]])
    values = np.maximum(near @ INPUTS.T, 0) @ LABELS
    np.testing.assert_allclose(values, 2 * near[:, 0] + np.abs(near[:, 1]))


def test_waiting_solution_says_where_it_is():
    _, sentence = figures.waiting_solution(1, 0, 1)
    assert f"({np.cosh(1):.3f}, {np.sinh(1):.3f})" in sentence
    _, sentence = figures.waiting_solution(-1, 0.5, 1)
    assert "0.549" in sentence
    assert "(-0.866, 0.000)" in sentence


@pytest.mark.parametrize(
    ("below", "above", "word"),
    [
        (1, 0.5, "cross"),
        (-1, -0.5, "cross"),
        (1, -0.5, "stay"),
        (-1, 0.5, "branch"),
        (0, 0.5, "branch"),
        (0, -1, "stay"),
    ],
)
def test_two_speeds_decide(below, above, word):
    assert word in figures.one_kink(below, above)[1]


def test_only_uphill_do_paths_from_the_kink_part():
    """x' in d|x| from 0: +-(t - T) after any wait T; x' in d(-|x|): every path ends at 0."""
    figure, _ = figures.up_and_down_a_kink()
    up, down = ([line.get_ydata() for line in axes.lines if len(line.get_xdata()) > 2] for axes in figure.axes)
    assert {round(2 - abs(path[-1]), 9) for path in up if path[0] == 0} == {0, 0.5, 1, 1.5}
    assert all(abs(path[-1]) == abs(path[0]) + 2 for path in up if path[0])
    assert len([path for path in down if path[0] == 0]) == 1
    assert all(path[-1] == 0 for path in down)
