"""The sentences under the figures of the chapters on the Clarke subdifferential and on gradient flow."""

import re
from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from homolib.figures.clarke_subdifferential import fan_polytope, four_slopes, slopes_of_relu, termwise_polygon
from homolib.figures.definability import cut_with_horizontals
from homolib.figures.gradient_flow import (
    bent_height,
    descent_near_the_origin,
    descent_on_a_hyperbola,
    desingularised_correlation,
    sliding_and_chatter,
    three_hills,
)
from homolib.figures.ncf_flow import angle_and_length, three_fates, three_paths
from homolib.figures.neural_correlation import caught_at_a_kink, correlation_on_the_circle, three_neurons


def numbers(sentence):
    return [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?(?:e-?\d+)?", sentence)]


@pytest.mark.parametrize("convention", [0.0, 0.5, 1.0])
def test_three_formulas_of_relu_agree_only_at_one_half(convention):
    sentence = slopes_of_relu(convention)[1]
    slopes = numbers(re.search(r"slopes (.*) to three", sentence)[1])
    assert slopes == [convention, 1 - convention, 0.5]
    assert sentence.endswith(f"gives {1 - 2 * convention:g}.")


def test_four_slopes_stand_beside_the_corners_that_they_name():
    plane, dual = four_slopes()[0].axes
    for text in dual.texts:
        slope = np.array([float(number) for number in text.get_text().replace("\u2212", "-").strip("()").split(",")])
        assert np.array_equal(np.sign(text.get_position()), slope)
    for text in plane.texts:
        if text.get_text():
            a, b = np.sign(text.get_position())
            near = np.abs([a, b]), np.abs([a + 1e-6, b]), np.abs([a, b + 1e-6])
            slopes = [(near[k] - near[0]) @ [1, -1] / 1e-6 for k in (1, 2)]
            assert text.get_text().replace("\u2212", "-") == f"({slopes[0]:.0f}, {slopes[1]:.0f})"
    assert len(dual.texts) == 4


def test_the_fan_is_critical_at_its_centre_only():
    assert fan_polytope(0.0, 0.0)[1].endswith("is (0, 0), of length 0.")
    assert fan_polytope(-0.5, -1.0)[1].endswith("is (0.2, 0.4), of length 0.447.")  # foot of 0 on the segment
    assert "one gradient (-1, 1)" in fan_polytope(-1.0, 1.0)[1]


@pytest.mark.parametrize("angle", [150.0, 180.0, 210.0])
@pytest.mark.parametrize(("z3", "verdict"), [(-1.0, "strict"), (-0.5, "strict"), (0.5, "equal"), (1.0, "equal")])
def test_the_sum_rule_is_exact_for_convex_terms(z3, verdict, angle):
    assert verdict in termwise_polygon(z3, angle)[1]


def test_three_terms_enclose_the_sum_of_three_parallelograms():
    """The zonotope of three segments has area |det(a, b)| + |det(a, c)| + |det(b, c)|."""
    turns = np.radians([0.0, 75.0, 210.0])
    pairs = [np.sin(turns[j] - turns[i]) for i, j in ((0, 1), (0, 2), (1, 2))]
    assert f"sum of the sets has area {np.abs(pairs).sum():.3f} and" in termwise_polygon(-1.0, 210.0)[1]


def test_chatter_stays_within_one_step_of_the_kink():
    for step in (0.05, 0.13, 0.3):
        off = float(re.search(r"up to (\S+) off", sliding_and_chatter(step)[1])[1])
        assert 0 < off <= step


def test_horizontal_lines_meet_the_graph_as_often_as_a_polynomial_has_roots():
    """-x has a root c for x < 0 if c > 0; the roots of x - x^2 = c for x >= 0 are counted by the sign of 1 - 4c."""
    sentence = cut_with_horizontals()[1]
    heights = numbers(sentence.partition(" meet the graph")[0])
    counts = numbers(re.search(r"max\(0, x\)\^2\$ in (.*) points", sentence.partition(" The axis")[0])[1])
    for c, count in zip(heights, counts, strict=True):
        right = np.roots([-1, 1, -c])
        right = {round(root.real, 6) for root in right if abs(root.imag) < 1e-7 and root.real >= 0}
        assert count == (c > 0) + len(right)
    assert numbers(sentence.partition("axis meets")[2])[0] == 1 + 2 * (20 // np.pi)


def test_three_hills_are_walked_down_as_an_integrator_does():
    said = numbers(three_hills()[1].partition("at time 4 it is at ")[2])[:2]
    for power, place in zip((2, 4), said, strict=True):
        solved = solve_ivp(lambda t, x, p=power: -p * x ** (p - 1), (0, 4), [1.0], rtol=1e-10, atol=1e-12)
        assert place == pytest.approx(solved.y[0, -1], rel=0.03)


@pytest.mark.parametrize("power", [1, 2, 4])
@pytest.mark.parametrize("exponent", [0.25, 0.5, 1.0])
def test_a_ruler_serves_where_the_slope_of_the_bent_height_is_at_least_one(power, exponent):
    sentence = bent_height(power, exponent)[1]
    x = np.geomspace(1e-6, 1, 20_001)
    slope = np.gradient((x**power) ** exponent, x)
    steep = slope >= 1 - 1e-6
    assert ("does not serve" in sentence) == (not steep[0])
    assert ("the ruler fits" in sentence) == steep.all()
    if steep[0] and not steep.all():
        edge, height = numbers(sentence.rpartition("le ")[2])
        assert (edge, height) == pytest.approx((x[steep].max(), x[steep].max() ** power), rel=4e-3)


def test_a_constant_that_is_too_small_does_not_desingularise():
    assert "so this ruler serves" in desingularised_correlation(0.188)[1]
    assert "does not serve" in desingularised_correlation(2 / np.sqrt(125))[1]  # right to leading order only


@pytest.mark.parametrize(("step", "a"), [(0.05, 2.0), (0.8, 2.0), (0.4, 1.5)])
def test_the_flow_on_the_hyperbola_ends_where_its_conserved_imbalance_says(step, a):
    imbalance = a**2 - 0.01
    limit = np.sqrt((imbalance + np.sqrt(imbalance**2 + 4)) / 2)  # a^2 - 1/a^2 = imbalance
    sentence = descent_on_a_hyperbola(step, a)[1]
    assert f"the flow ends at ({limit:.3f}, {1 / limit:.3f})" in sentence
    sharpness = float(re.search(r"gradient descent at .* with (\S+)\. No", sentence)[1])
    assert sharpness <= 2 / step + 1e-9


def test_gradient_descent_is_as_late_as_the_growth_rates_say():
    """For a vanishing start the lateness tends to h lambda / ln(1 + h lambda) - 1."""
    said = [numbers(descent_near_the_origin(delta, 4e-3)[1])[-2:] for delta in (1e-3, 1e-12, 1e-100)]
    lateness, predicted = np.array(said).T
    limit = 100 * (0.375 / np.log1p(0.375) - 1)
    assert np.abs(predicted - limit).max() < 0.05 + 1e-9
    gaps = np.abs(lateness - limit)
    assert (np.diff(gaps) < 0).all()
    assert gaps[-1] < 0.2


@pytest.mark.parametrize("label", [3.0, -1.0, -1.5, -2.0, -5.0])
def test_highest_and_lowest_direction_are_those_of_a_fine_grid(label):
    sentence = caught_at_a_kink(label)[1]
    angle = np.radians(np.linspace(-90, 270, 100_001))
    s = np.stack([np.cos(angle), 0.6 * np.cos(angle) + 0.8 * np.sin(angle)], axis=-1)
    G = np.maximum(s, 0) @ [2, label]
    said = re.search(r"G is (\S+), (.*); the smallest is (\S+), (.*)\.", sentence)
    assert (float(said[1]), float(said[3])) == pytest.approx((G.max(), G.min()), abs=6e-4)
    for place, i in ((said[2], G.argmax()), (said[4], G.argmin())):
        if place != "on a flat arc":
            assert numbers(place)[0] == pytest.approx(np.degrees(angle[i]), abs=0.06)
            assert ("on a kink" in place) == (np.abs(s[i]).min() < 1e-4)


def test_a_maximum_is_caught_when_the_slope_before_the_kink_is_used_up():
    assert caught_at_a_kink(-1.21)[1].startswith("Label -1.21: the largest value of G is 1.600, at -36.9 degrees, on a")
    assert "where the curve is smooth" in caught_at_a_kink(-1.19)[1].partition(";")[0]


def test_three_neurons_stand_on_their_curve():
    figure, sentence = three_neurons()
    starts = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
    found = {(int(line.get_xdata()[0]), round(float(line.get_ydata()[0]), 9)) for line in starts}
    assert found == {(45, 1.5), (120, 0.75), (200, 0.0)}  # 1 + cos^2, sin^2, 0
    assert "Anna climbs it from 45 towards 0 degrees, Ben from 120 towards 90; Cleo, at 200, rests" in sentence


def test_fifty_points_have_four_entries_and_their_maximum_at_zero():
    sentence = correlation_on_the_circle()[1]
    assert "around the circle, 4 directions at which a neuron can rest" in sentence
    assert sentence.endswith("The largest value is 46.875, at 0.0 degrees.")


FATES = [
    (-2, 1, "N_* = 0"),
    (-1, 1, "N_* < 0"),
    (1, 2, "N_* > 0"),
    (-1, 2, "falls to 1.732, then it grows"),
    (1, -1, "N_* = 0"),
]


@pytest.mark.parametrize(("v", "u", "fate"), FATES)
def test_the_fate_of_a_scalar_neuron_is_decided_by_the_side_of_the_diagonal(v, u, fate):
    assert fate in three_fates(v, u)[1]


def test_three_paths_end_where_the_pencil_says():
    lines = {
        (start.get_xdata()[0], start.get_ydata()[0]): path for path, start in pairwise(three_paths()[0].axes[0].lines)
    }
    grown, died, rested = (np.array(lines[start].get_xydata()[-1]) for start in ((1, 2), (-1, 1), (-2, 1)))
    e = np.exp(4)
    np.testing.assert_allclose(grown, [(3 * e - 1 / e) / 2, (3 * e + 1 / e) / 2])
    np.testing.assert_allclose(died, [-1 / e, 1 / e])
    np.testing.assert_allclose(rested, [-np.sqrt(3), 0], atol=1e-12)


def test_angle_and_length_are_those_of_an_integrator():
    solved = solve_ivp(lambda t, u: [4 * u[0], 2 * u[1]], (0, 1.5), [0.5**0.5] * 2, rtol=1e-10, atol=1e-12).y[:, -1]
    angle, log_length = numbers(angle_and_length()[1].partition("falls to ")[2])[::2][:2]
    assert angle == pytest.approx(np.degrees(np.arctan2(*solved[::-1])), abs=0.05)
    assert log_length == pytest.approx(np.log(np.linalg.norm(solved)), abs=0.005)
