"""The pictures of the chapter on higher homogeneity, and the laws behind them, by independent integration."""

import re

import numpy as np
import pytest
from scipy.integrate import quad, solve_ivp

from homolib.figures.higher_homogeneity import (
    RACE,
    direction_before_length,
    frozen,
    lifetime,
    race,
    race_heights,
    trained,
    waited,
    waiting_times,
)
from homolib.flows import frozen_flow, training_flow
from homolib.problems import datasets
from homolib.problems.networks import PoweredReLU

NUMBER = r"(\d+(?:\.\d+)?(?:e[+-]?\d+)?)"


def told(order, delta):
    """The time at which one per cent of the loss is gone, and the angle then, from the sentence of a frame."""
    found = re.search(
        rf"loss at \$t\$ = {NUMBER} \(dotted\); the angle is then {NUMBER} degrees", race_sentence(order, delta)
    )
    return float(found[1]), float(found[2])


def race_sentence(order, delta):
    return direction_before_length(order, delta)[1]


@pytest.mark.parametrize("order", [2, 3, 4])
@pytest.mark.parametrize(("delta", "label"), [(0.1, 1.0), (1e-3, 2.0)])
def test_the_waiting_time_is_the_integral_of_the_reciprocal_velocity(order, delta, label):
    w = (label * np.array([0.1, 0.5, 0.9])) ** (1 / order)
    expected = [
        quad(lambda s: 1 / (order * s ** (order - 1) * (label - s**order)), delta, end, limit=400)[0] for end in w
    ]
    np.testing.assert_allclose(waited(order, delta, w, label), expected, rtol=1e-7)


@pytest.mark.parametrize(("order", "delta"), [(2, 1e-3), (3, 1e-2), (4, 0.1), (4, 1e-2)])
def test_the_race_in_training_is_what_the_library_trains(order, delta):
    t, w = trained(order, delta)
    end = t[np.searchsorted(w[0], 1.1)]
    start = np.full(2, 0.5**0.5)
    run = training_flow(PoweredReLU(1, 2, order=order), *RACE, start, end, delta=delta, tolerance=1e-7)
    for share in (0.5, 0.9, 1.0):
        ours = [np.interp(share * end, t, size) for size in w]
        np.testing.assert_allclose(run.at(share * end), ours, rtol=1e-4)


@pytest.mark.parametrize("order", [2, 3, 4])
def test_the_frozen_race_is_the_frozen_flow(order):
    end = 0.9 * lifetime(order) if order > 2 else 0.5
    run = frozen_flow(PoweredReLU(1, 2, order=order), *RACE, np.full(2, 0.5**0.5), end)
    np.testing.assert_allclose(run.w.T, frozen(order, run.t), rtol=1e-6)


def test_a_tenth_of_delta_adds_at_order_two_and_multiplies_at_order_three():
    halves = [float(number) for number in re.findall(r"(\d+\.\d)(?:,|\.| and|$)", waiting_times()[1])][-6:]
    np.testing.assert_allclose(np.diff(halves[:3]), np.log(10) / 2, atol=0.11)  # one digit each
    np.testing.assert_allclose(np.diff(halves[3:]), [30, 300], atol=0.11)


@pytest.mark.parametrize(("start", "winner", "other"), [((1, 1), 0, 2), ((1, 3), 1, 3)])
def test_the_loser_of_the_race_stays_finite(start, winner, other):
    """Independent of the library: solve_ivp until the winner is a million times its start."""
    flow = solve_ivp(lambda t, u: [6 * u[0] ** 2, 3 * u[1] ** 2], (0, 1), start, method="DOP853", rtol=1e-10,
                     events=_long(winner, 1e6))  # fmt: skip
    assert flow.t_events[0][0] == pytest.approx(1 / (6 if winner == 0 else 9), rel=1e-5)
    assert flow.y_events[0][0][1 - winner] == pytest.approx(other, rel=1e-5)
    assert f"never {'rises above' if winner == 0 else 'passes'} {other}" in race()[1]


def _long(k, size):
    def event(t, u):
        return u[k] - size

    event.terminal = True
    return event


def test_the_starts_of_the_race_climb_where_the_sentence_says():
    """Along the sphere, by solve_ivp with the gradient of the correlation minus its part along the direction."""
    sentence = race_heights()[1]
    assert "At order 2 the only maximum is (1, 0), and all three climb there" in sentence
    for order, ends in ((2, (0, 0, 0)), (3, (0, np.arctan(2), np.pi / 2))):
        for start, end in zip(((1, 1), (1, 2), (1, 3)), ends, strict=True):

            def climb(_, e, order=order):
                gradient = order * np.array([2.0, 1.0]) * e ** (order - 1)
                return gradient - (gradient @ e) * e

            e = solve_ivp(climb, (0, 8), np.array(start) / np.hypot(*start), rtol=1e-12, atol=1e-14).y[:, -1]
            assert np.arctan2(e[1], e[0]) == pytest.approx(end, abs=1e-3)
    assert "(1, 1) climbs to (1, 0), (1, 3) climbs to (0, 1), and (1, 2) stands at the minimum" in sentence


@pytest.mark.parametrize("order", [3, 4, 5])
def test_the_lifetime_is_where_the_flow_is_refused(order):
    net, start = PoweredReLU(1, 2, order=order), np.full(2, 0.5**0.5)
    with pytest.raises(ValueError, match="want a time before t = ") as refused:
        frozen_flow(net, *RACE, start, 1.1 * lifetime(order))
    told_time = float(re.search(rf"before t = {NUMBER}", str(refused.value))[1])
    assert told_time == pytest.approx(lifetime(order), rel=1e-4)
    last = frozen_flow(net, *RACE, start, lifetime(order) * (1 - 1e-4), tolerance=1e-11).w[-1, 0]
    assert last == pytest.approx(2**-0.5 * 1e-4 ** (-1 / (order - 2)), rel=1e-3)


@pytest.mark.parametrize(("order", "power"), [(2, 0.5), (3, 1), (4, 1)])
def test_the_angle_at_departure_is_a_power_of_delta(order, power):
    """Growth by the factor 1/delta closes the angle by delta^kappa: the square root at order two, else delta itself."""
    angles = [told(order, delta)[1] for delta in (1e-2, 1e-3)]
    np.testing.assert_allclose(np.log10(angles[0] / angles[1]), power, atol=0.03)


def test_the_numbers_that_the_chapter_quotes():
    assert [told(*frame)[1] for frame in ((3, 1e-2), (3, 1e-3), (2, 1e-2), (2, 1e-3))] == [3.4, 0.35, 14, 4.6]
    assert "ends at $t$ = 23.57" in race_sentence(3, 1e-2)
    assert race_sentence(3, 1e-2).endswith("In the rescaled time the two lines stand at 0.2357 and 0.22855.")
    assert "lasts for ever" in race_sentence(2, 1e-2)


@pytest.mark.parametrize("order", [3, 4])
def test_no_time_of_departure_is_earlier_than_the_end_of_the_frozen_flow_by_much(order):
    for delta in (1e-2, 1e-3):
        departure = told(order, delta)[0] * delta ** (order - 2)
        assert 1 - 10 * delta ** (order - 2) < departure / lifetime(order) < 1 + 1e-5  # five digits


@pytest.mark.parametrize("order", [3, 4])
def test_training_follows_the_frozen_flow_to_the_order_of_homogeneity(order):
    """|w/delta - u| is of order delta^L at a rescaled time before the end; on data whose neuron is not separable."""
    X, y = datasets.circle(50)
    net, start, tau = PoweredReLU(1, 2, order=order), np.array([np.cos(1.0), np.sin(1.0)]), 0.004
    u = frozen_flow(net, X, y, start, tau, tolerance=1e-13).w[-1]
    deltas = np.array([0.1, 0.03])
    ends = [training_flow(net, X, y, start, tau * d ** (2 - order), delta=d, tolerance=1e-13).w[-1] / d for d in deltas]
    gaps = np.linalg.norm(np.array(ends) - u, axis=1)
    assert np.log(gaps[0] / gaps[1]) / np.log(deltas[0] / deltas[1]) == pytest.approx(order, rel=0.05)


def test_lifetimes_on_the_fifty_points_by_the_sphere():
    """The integral of r^(2-L) in the time of the sphere: what the check of the chapter prints."""
    X, y = datasets.circle(50)
    for order, printed in ((3, 0.011748), (4, 0.005834), (5, 0.003768)):
        net = PoweredReLU(1, 2, order=order)

        def climb(s, state, net=net):
            theta, log_r, _ = state
            e = np.array([np.cos(theta), np.sin(theta)])
            slope = net.pullback(X, e, y)
            return [slope @ [-e[1], e[0]], slope @ e, np.exp((2 - net.order) * log_r)]

        end = solve_ivp(climb, (0, 1.5), [1.0, 0.0, 0.0], rtol=1e-10, atol=1e-13).y[2, -1]
        assert end == pytest.approx(printed, abs=6e-7)
