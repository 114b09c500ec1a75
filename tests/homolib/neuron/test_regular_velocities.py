"""Events of many runs at once, each against the list of all velocities there."""

from collections import Counter

import numpy as np
import pytest

from homolib.clarke.hinge_sums import HingeSum
from homolib.neuron.regular_velocities import regular_velocities
from tests.homolib.neuron.test_ways_on import brute_force


def test_many_regular_events_together_have_the_velocities_of_brute_force():
    """Runs that slide on up to three kinks and meet one more, each event against its list of all velocities."""
    rng = np.random.default_rng(6)
    found_all, meetings = [], Counter()
    for _ in range(60):
        d, K = int(rng.integers(2, 6)), 8
        hinges = HingeSum(rng.standard_normal((K, d)), rng.choice([-1.0, 1.0], K) * (0.2 + rng.random(K)))
        sign = rng.choice([-1, 1], 20)
        side, came = rng.choice([-1, 1], (20, K)), np.zeros((20, K), dtype=int)
        for m in range(20):
            slid = np.flatnonzero(sign[m] * hinges.jumps < 0)[: rng.integers(0, min(d, 4))]
            met = rng.choice(np.setdiff1d(range(K), slid))
            came[m] = side[m]
            came[m, slid], side[m, slid] = 0, 0
            arriving = brute_force(
                sign[m] * hinges.gradient(side[m]), hinges.normals[slid], sign[m] * hinges.jumps[slid]
            )
            came[m, met] = -np.sign(hinges.normals[met] @ (arriving[0] if len(arriving) == 1 else 0 * hinges.linear))
            if came[m, met] == side[m, met]:  # it does move towards this kink
                side[m, met] = 0
        w, after, found = regular_velocities(hinges, sign, side, came)
        for m in range(20):
            on = side[m] == 0
            expected = brute_force(sign[m] * hinges.gradient(side[m]), hinges.normals[on], sign[m] * hinges.jumps[on])
            assert len(expected) == 1
            if found[m]:
                np.testing.assert_allclose(w[m], expected[0], atol=1e-11 * hinges.size)
                speed = hinges.normals[on] @ expected[0]
                assert np.array_equal(after[m, on], np.where(np.abs(speed) < 1e-10, 0, np.sign(speed)))
                assert np.array_equal(after[m, ~on], side[m, ~on])
            meetings[int((after[m, on] == 0).sum())] += 1
        found_all.append(found)
    assert np.mean(found_all) > 0.99
    assert all(meetings[held] > 10 for held in (0, 1, 2, 3)), meetings


def test_an_event_that_contradicts_itself_is_left_to_the_general_search():
    """A repelling kink "met" although the flow moves away from it on both sides."""
    hinges = HingeSum([[1.0, 0.0], [-2.0, 1.0], [0.0, 1.0]], [1.0, 1.0, 1.0])
    side = np.array([[0, 1, 1]])
    assert hinges.gradient(side)[0] @ hinges.normals[0] < -hinges.jumps[0] < 0  # also beyond the kink
    for came, expected in ((1, True), (-1, False)):
        *_, found = regular_velocities(hinges, np.array([1]), side, np.array([[came, 1, 1]]))
        assert found == [expected]


@pytest.mark.parametrize("turn", [0.0, 0.7, np.pi / 4, 2.0])
def test_velocities_turn_with_the_data(turn):
    """A flow along two kinks that are not orthogonal to each other, one of them a plane of coordinates or not."""
    c, s = np.cos(turn), np.sin(turn)
    R = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    normals = np.array([[1.0, 0.0, 0.0], [0.6, 0.8, 0.0], [0.0, 0.0, 1.0], [0.0, 0.6, 0.8]])
    side, came = np.array([[0, 0, 1, 1]]), np.array([[0, 1, 1, 1]])
    held = {}
    for name, Q in (("as it is", np.eye(3)), ("turned", R)):
        hinges = HingeSum(normals @ Q.T, [-4.0, -4.0, 1.0, 0.5])
        w, after, found = regular_velocities(hinges, np.array([1]), side, came)
        assert found.all()
        held[name] = w @ Q, after
        on = np.array([True, True, False, False])
        expected = brute_force(hinges.gradient(side[0]), hinges.normals[on], hinges.jumps[on])
        np.testing.assert_allclose(w[0], expected[0], atol=1e-14)
    np.testing.assert_allclose(*(w for w, _ in held.values()), atol=1e-14)
    assert np.array_equal(*(after for _, after in held.values()))


@pytest.mark.parametrize("turn", [0.0, 0.3, 1.1, 2.9])
def test_a_place_of_rest_is_one_exactly(turn):
    """Held by two kinks of the plane nothing can move; what rounding leaves of the velocity would be a direction."""
    c, s = np.cos(turn), np.sin(turn)
    normals = np.array([[1.0, 0.2], [-0.3, 0.7], [0.5, 0.9]]) @ np.array([[c, s], [-s, c]])
    hinges = HingeSum(normals, [-4.0, -5.0, 0.3])
    w, after, found = regular_velocities(hinges, np.array([1]), np.array([[0, 0, 1]]), np.array([[0, 1, 1]]))
    assert found.all()
    assert (w == 0).all()
    assert after.tolist() == [[0, 0, 1]]
