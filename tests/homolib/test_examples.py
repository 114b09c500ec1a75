"""The Mexican hat: its gradient, its exact spiral, and what the flow does around it; and the fan."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.integrate import quad, solve_ivp

from homolib.examples import (
    fan,
    fan_subdifferential,
    hat_descent,
    hat_spiral,
    mexican_hat,
    mexican_hat_gradient,
    monotone_pieces,
)

WINDINGS = st.sampled_from([0.0, 0.5, 1.0, -1.0])


def textbook_hat(r, theta):
    """The formula as it is printed, term by term."""
    s = 1 - r**2
    return np.exp(-1 / s) * (1 - 4 * r**4 / (4 * r**4 + s**4) * np.sin(theta - 1 / s))


@given(st.floats(0.01, 0.95), st.floats(-np.pi, np.pi))
def test_height_is_the_printed_formula(r, theta):
    x = r * np.array([np.cos(theta), np.sin(theta)])
    assert mexican_hat(x) == pytest.approx(textbook_hat(r, theta), rel=1e-9, abs=1e-15)


@given(st.floats(0.05, 0.85), st.floats(-np.pi, np.pi), WINDINGS)
def test_gradient_agrees_with_differences(r, theta, winding):
    x, h = r * np.array([np.cos(theta), np.sin(theta)]), 1e-5
    step = h * np.eye(2)
    slopes = (mexican_hat(x + step, winding) - mexican_hat(x - step, winding)) / (2 * h)
    np.testing.assert_allclose(mexican_hat_gradient(x, winding), slopes, atol=1e-5)


def test_centre_rim_and_outside_are_critical():
    x = np.array([[0.0, 0.0], [0.6, 0.8], [1.0, 0.0], [2.0, 3.0]])
    np.testing.assert_array_equal(mexican_hat_gradient(x), 0)
    np.testing.assert_array_equal(mexican_hat(x)[1:], 0)
    assert mexican_hat(x[0]) == np.exp(-1)


def out_of_line(r, winding=1.0):
    """Sine of the angle between the gradient at (r, theta = winding / (1 - r^2)) and the tangent of that curve."""
    theta = winding / (1 - r**2)
    e, n = np.array([np.cos(theta), np.sin(theta)]), np.array([-np.sin(theta), np.cos(theta)])
    tangent = e + r * winding * 2 * r / (1 - r**2) ** 2 * n
    g = mexican_hat_gradient(r * e)
    return (g[0] * tangent[1] - g[1] * tangent[0]) / np.linalg.norm(g) / np.linalg.norm(tangent)


@pytest.mark.parametrize("r", [0.1, 0.5, 0.7, 0.85, 0.95])
def test_gradient_is_tangent_to_the_spiral(r):
    assert abs(out_of_line(r)) < 1e-9
    assert abs(out_of_line(r, winding=1.1)) > 1e-3  # another spiral is no trajectory


def test_spiral_time_and_length_agree_with_quadrature():
    path = hat_spiral(np.linspace(1.5, 8, 20001))

    def clock(tau):
        r2 = 1 - 1 / tau
        return np.exp(tau) * (4 * r2**2 + tau**-4) / (4 * r2)

    def stretch(tau):
        r = np.sqrt(1 - 1 / tau)
        return np.hypot(1 / (2 * r * tau**2), r)

    assert np.exp(path.log_time[-1]) == pytest.approx(quad(clock, 1.5, 8)[0], rel=1e-6)
    assert path.length[-1] == pytest.approx(quad(stretch, 1.5, 8)[0], rel=1e-7)
    assert (path.length[0], path.log_time[0]) == (0, -np.inf)
    np.testing.assert_allclose(np.linalg.norm(path.points, axis=1) ** 2, 1 - 1 / path.level, rtol=1e-12)


def test_turns_of_a_spiral_are_its_angle_over_a_full_circle():
    """Along the spiral the angle is tau: from level 2 to 2 + 2 pi k it goes round k times, however few points."""
    for levels in ([2.0, 2 + 2 * np.pi], [2.0, 5.0, 2 + 6 * np.pi]):
        path = hat_spiral(levels)
        assert abs(path.turns) == pytest.approx((levels[-1] - levels[0]) / (2 * np.pi), rel=1e-12)


@pytest.mark.parametrize(("x0", "winding"), [((0.5, 0.1), 1.0), ((0.3, -0.5), 1.0), ((0.5, 0.1), 0.0)])
def test_descent_agrees_with_plain_integration_in_the_plane(x0, winding):
    path = hat_descent(x0, level=4.0, winding=winding)
    t_end = np.exp(path.log_time[-1])
    plain = solve_ivp(
        lambda _, x: -mexican_hat_gradient(x, winding), (0, t_end), x0, method="Radau", rtol=1e-9, atol=1e-11
    )
    np.testing.assert_allclose(path.points[-1], plain.y[:, -1], atol=1e-3)  # the clock is interpolated


@given(st.floats(0.7, 0.97), st.floats(-np.pi, np.pi))
def test_every_start_near_the_rim_winds_on(r, theta):
    """The phase 2 pi k < theta - tau < 2 pi (k + 1) is kept, so the angle gains as much as tau, up to a full turn."""
    start = 1 / (1 - r**2)
    path = hat_descent(r * np.array([np.cos(theta), np.sin(theta)]), level=start + 7)
    assert abs(path.angle[-1] - path.angle[0] - 7) <= 2 * np.pi
    assert path.angle[-1] > path.angle[0]


@given(st.floats(0.7, 0.97), st.floats(-np.pi, np.pi))
def test_the_definable_dome_hardly_turns(r, theta):
    """The law above fails where it must: without winding the path is no longer than a radius."""
    path = hat_descent(r * np.array([np.cos(theta), np.sin(theta)]), level=1 / (1 - r**2) + 7, winding=0)
    assert abs(path.turns) < 0.25
    assert path.length[-1] < 1


def test_bad_input_says_what_is_wanted():
    with pytest.raises(ValueError, match=r"x0: got .* want a point with 0 < r < 1"):
        hat_descent([0.0, 0.0])
    with pytest.raises(ValueError, match="x0: got"):
        hat_descent([1.0, 0.0])
    with pytest.raises(ValueError, match=r"level: got 1.1, want more than"):
        hat_descent([0.5, 0.1], level=1.1)
    with pytest.raises(ValueError, match=r"level: got 500.0, want at most 1.*too narrow"):
        hat_descent([0.7, 0.1], level=500.0)
    for levels in ([1.0, 2.0], [2.0, 2.0], [3.0, 2.0]):
        with pytest.raises(ValueError, match=r"level: got .* increasing numbers above 1"):
            hat_spiral(levels)
    with pytest.raises(ValueError, match=r"x: got shape \(3,\)"):
        mexican_hat([1.0, 2.0, 3.0])


def test_the_two_critical_points_inside_are_the_only_ones():
    """On the ridge of the straight moat, theta = -pi/2, where its slope along the ridge vanishes; see the chapter."""
    r = np.linspace(0.05, 0.95, 100_001)
    ridge = mexican_hat(np.stack([0 * r, -r], axis=-1), winding=0)
    turning = r[1:-1][np.diff(np.sign(np.diff(ridge))) != 0]
    np.testing.assert_allclose(turning, [0.3140662, 0.5368824], atol=2e-5)
    np.testing.assert_allclose(mexican_hat_gradient(np.stack([0 * turning, -turning], axis=-1), 0.0), 0, atol=1e-4)


@given(st.floats(-3, 3), st.floats(-3, 3))
def test_the_fan_has_one_gradient_off_its_kinks_and_differences_agree(a, b):
    kinks = np.array([a + b, 2 * a - b, a - 2 * b])
    assume(np.abs(kinks).min() > 1e-4)
    point, h = np.array([a, b]), 1e-5 * np.eye(2)
    difference = (fan(point + h) - fan(point - h)) / 2e-5
    np.testing.assert_allclose(fan_subdifferential(point).vertices, [difference], atol=1e-9)


@pytest.mark.parametrize(
    ("point", "vertices"),
    [
        ((0, 0), [(-1, 1), (0, -1), (1, 0)]),  # Clarke 1983, Example 2.5.2
        ((1, -1), [(0, -1), (1, 0)]),
        ((-0.5, -1), [(-1, 1), (1, 0)]),
        ((1, 0.5), [(-1, 1), (0, -1)]),
        ((-1, 1), [(-1, 1)]),  # the line x1 = -x2 is no kink here
    ],
)
def test_the_fan_has_exactly_the_limits_of_its_gradients(point, vertices):
    assert fan_subdifferential(point).vertices.tolist() == [list(map(float, v)) for v in vertices]


def test_gradients_sampled_near_the_centre_of_the_fan_are_the_vertices():
    X = 1e-3 * np.random.default_rng(0).standard_normal((500, 2))
    h = 1e-9 * np.eye(2)
    gradients = (fan(X[:, None] + h) - fan(X[:, None] - h)) / 2e-9
    found = np.unique(gradients.round(6)[np.abs(gradients - gradients.round()).max(axis=1) < 1e-6], axis=0)
    assert found.tolist() == fan_subdifferential((0, 0)).vertices.tolist()


@pytest.mark.parametrize("call", [lambda: fan(np.ones(3)), lambda: fan_subdifferential((0, np.nan))])
def test_the_fan_says_what_it_wants(call):
    with pytest.raises(ValueError, match=r"x: got .*, want"):
        call()


def test_monotone_pieces_of_known_functions():
    x = np.linspace(0, 1, 10_001)
    assert monotone_pieces(x) == monotone_pieces(0 * x) == 1
    assert monotone_pieces(np.maximum(0, x - 0.3)) == 1  # a flat stretch is no change of direction
    assert monotone_pieces(np.sin(9 * np.pi * x)) == 10
