"""Steps that end where a flow meets a kink, on motions in closed form."""

import numpy as np
import pytest

from homolib.flows import steps
from homolib.flows.steps import Field, Stuck, _first_below_zero, integrate


def falling(floor, below, calls=None):
    """x'' = 1 above the floor and `below` under it; a state is (x, x'), and what is held is the acceleration."""

    def slopes(kinks):
        return np.where(kinks > 0, 1.0, below)

    def kinks(state):
        if calls is not None:
            calls.append(state.shape)
        return state[..., 0, :1] - floor

    def rates(state, held, runs):
        pull = slopes(kinks(state)) if held is None else held
        return np.stack([state[..., 1], np.broadcast_to(pull, state[..., 0].shape)], axis=-1)

    return Field(rates, kinks, slopes, jumps=True)


def at(solution, run, t):
    return solution(run, np.atleast_1d(t))[:, 0]


@pytest.mark.parametrize("speed", [0.3, 0.1, 0.02, 1e-3])
@pytest.mark.parametrize("below", [3.0, 0.5])
def test_a_short_dip_under_a_kink_is_not_stepped_over(speed, below):
    """It comes down to the floor with the given speed, is under it for 2 speed / below, and goes up as it came."""
    hits = 1 - speed
    start = np.array([[[(1 - speed**2) / 2, -1.0]]])
    solution = integrate(falling(0.0, below), start, 2.0, np.array([1e-10]), meet=True)
    after = 2.0 - hits - 2 * speed / below
    end = [speed * after + after**2 / 2, speed + after] if after > 0 else None
    bottom = [-(speed**2) / (2 * below), 0]
    np.testing.assert_allclose(at(solution, 0, hits + speed / below)[0], bottom, atol=1e-9)
    np.testing.assert_allclose(at(solution, 0, 2.0)[0], end, atol=1e-9)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("depth", [0.1, 1e-2, 1e-3, 1e-4])
def test_the_time_on_the_other_side_of_a_kink_is_counted_wherever_in_a_step_it_is(depth, sign):
    """A clock that runs only while (t - c)^2 (1 + (t - c) + (t - c)^2 / 2) is below depth^2, for forty times c."""
    inner = np.sort_complex(np.roots([0.5, 1, 1, 0, -(depth**2)]))
    ends = inner[np.abs(inner.imag) < 1e-9].real
    for c in np.random.default_rng(1).uniform(0.3, 1.7, 40):

        def kinks(state, c=c):
            t = state[..., 0, :1] - c
            return sign * (t**2 * (1 + t + t**2 / 2) - depth**2)

        def slopes(kinks):
            return np.where(sign * kinks > 0, 0.0, 1.0)

        def rates(state, held, runs):
            return np.stack([np.ones_like(state[..., 0]), held], axis=-1)

        field = Field(rates, kinks, slopes, jumps=True)
        solution = integrate(field, np.zeros((1, 1, 2)), 2.0, np.array([1e-10]), meet=True)
        assert at(solution, 0, 2.0)[0, 1] == pytest.approx(ends[1] - ends[0], abs=1e-9)


@pytest.mark.parametrize("depths", [(1e-2, 1e-3), (1e-3, 1e-2), (1e-2, 1e-2, 1e-4), (-0.1, 1e-2)])
def test_of_several_dips_in_one_step_the_first_is_met_first(depths):
    """Clocks that run only while |t - c| is below the depth; one that is negative never runs, and hides no other."""
    depths = np.array(depths)
    for c in np.random.default_rng(2).uniform(0.1, 1.9, (40, len(depths))):

        def kinks(state, c=c):
            return (state[..., 0, :1] - c) ** 2 - np.sign(depths) * depths**2

        def slopes(kinks):
            return np.where(kinks > 0, 0.0, 1.0)

        def rates(state, held, runs):
            return np.concatenate([np.ones_like(state[..., :1]), held[:, None]], axis=-1)

        field = Field(rates, kinks, slopes, jumps=True)
        solution = integrate(field, np.zeros((1, 1, 1 + len(depths))), 2.0, np.array([1e-10]), meet=True)
        np.testing.assert_allclose(at(solution, 0, 2.0)[0, 1:], 2 * np.maximum(depths, 0), atol=1e-9)


@pytest.mark.parametrize("gap", [1e-2, 1e-6, 1e-9])
def test_a_kink_that_is_not_reached_changes_nothing(gap):
    start = np.array([[[0.5 + gap, -1.0]]])
    solution = integrate(falling(0.0, 100.0), start, 2.0, np.array([1e-10]), meet=True)
    t = np.linspace(0, 2, 50)
    np.testing.assert_allclose(at(solution, 0, t)[:, 0], gap + (1 - t) ** 2 / 2, atol=1e-12)


def test_runs_arrive_each_in_its_own_steps():
    """Some cross the floor, some do not; together they go as they go alone, and all to the end."""
    heights, floor = np.array([0.2, 0.45, 0.499, 0.7, 2.0]), 0.0
    start = np.stack([heights, -np.ones(5)], axis=-1)[:, None]
    field = falling(floor, 2.0)
    tolerance = np.array([1e-4, 1e-6, 1e-8, 1e-10, 1e-4])
    together = integrate(field, start, 3.0, tolerance, meet=True)
    for run in range(5):
        alone = integrate(field, start[run : run + 1], 3.0, tolerance[run : run + 1], meet=True)
        t = np.linspace(0, 3, 40)
        np.testing.assert_allclose(at(together, run, t), at(alone, 0, t), rtol=1e-12, atol=1e-13)
        assert together.samples(run)[[0, -1]].tolist() == [0, 3]
        speed = np.sqrt(max(1 - 2 * heights[run], 0))  # at the floor, if it gets there
        after = 3 - (1 - speed) - speed
        end = speed * after + after**2 / 2 if speed else heights[run] + 1.5
        np.testing.assert_allclose(at(together, run, 3.0)[0, 0], end, atol=1e-9)


def test_a_kink_on_a_smooth_path_is_found_by_few_looks():
    """By halves alone it would take fifty."""
    calls = []
    integrate(falling(0.0, 3.0, calls), np.array([[[0.4, -1.0]]]), 0.8, np.array([1e-10]), meet=True)
    assert len(calls) <= 60


@pytest.mark.parametrize(("power", "most"), [(1, 3), (2, 20), (5, 13)])
def test_a_crossing_is_found_by_few_looks(power, most):
    """A straight line by the first secant, a parabola by Illinois' rule; halves alone would take 30."""
    looks = []
    for level in (0.9, 0.5, 0.1, 1e-3):

        def function(x, level=level):
            looks.append(x)
            return level - x**power

        x = _first_below_zero(function, np.zeros(1), np.ones(1), np.array([1e-9]))
        assert -1e-9 <= level - x**power < 0
    assert len(looks) <= 4 * most


def test_a_motion_that_is_pushed_back_from_both_sides_slides():
    field = falling(0.0, 1.0)

    def rates(state, held, runs):
        push = np.where(held > 0, -1.0, 1.0)
        return np.stack([push, 0 * push], axis=-1)

    sliding = Field(rates, field.kinks, lambda kinks: np.where(kinks > 0, 1.0, -1.0), jumps=True)
    with pytest.raises(Stuck, match="slides along a kink") as stuck:
        integrate(sliding, np.array([[[0.25, 0.0]]]), 1.0, np.array([1e-8]), meet=True)
    assert stuck.value.time == pytest.approx(0.25, rel=1e-9)


def test_a_blow_up_is_stopped_at_its_time():
    """x' = x^2 from 1 is 1 / (1 - t)."""
    field = Field(lambda y, held, runs: y**2, lambda y: np.zeros((*y.shape[:-2], 0)), np.zeros_like, jumps=False)
    with (
        np.errstate(over="ignore", invalid="ignore"),
        pytest.raises(Stuck, match="blows up") as stuck,
    ):
        integrate(field, np.ones((1, 1, 1)), 2.0, np.array([1e-8]), meet=False)
    assert stuck.value.time == pytest.approx(1, rel=1e-6)


@pytest.mark.parametrize("bad", [0, 1])
def test_the_time_of_a_blow_up_is_that_of_the_run_that_does(bad, monkeypatch):
    """Beside x' = x^9, which ends at 1/8, a run that only turns, and would need far more steps than it may take."""
    monkeypatch.setattr(steps, "STEPS", 1000)

    def rates(y, held, runs):
        return np.where((runs == bad)[:, None, None], y**9, 1e4 * np.flip(y * [1, -1], -1))

    field = Field(rates, lambda y: np.zeros((*y.shape[:-2], 0)), np.zeros_like, jumps=False)
    with (
        np.errstate(over="ignore", invalid="ignore"),
        pytest.raises(Stuck, match="blows up") as stuck,
    ):
        integrate(field, np.ones((2, 1, 2)), 20.0, np.full(2, 1e-8), meet=False)
    assert stuck.value.time == pytest.approx(1 / 8, rel=1e-6)


def test_the_first_run_that_takes_too_many_steps_is_named(monkeypatch):
    """Together a rough and a fine one: neither arrives in fifty steps, and the fine one has not come as far."""
    monkeypatch.setattr(steps, "STEPS", 50)
    field = Field(lambda y, held, runs: np.flip(y * [1, -1], -1), lambda y: np.zeros((*y.shape[:-2], 0)), None, False)
    times = []
    for tolerance in ([1e-4], [1e-12], [1e-4, 1e-12]):
        start = np.tile([[[1.0, 0.0]]], (len(tolerance), 1, 1))
        with pytest.raises(Stuck, match="would need more than 50 steps") as stuck:
            integrate(field, start, 1e4, np.array(tolerance), meet=False)
        times.append(stuck.value.time)
    assert times[1] < times[0] / 2
    assert times[2] == pytest.approx(times[1], rel=1e-4)


@pytest.mark.parametrize(("meet", "order"), [(False, 5), (True, 8)])
def test_steps_grow_as_the_tolerance_to_one_over_the_order(meet, order):
    """Along a circle: a thousandth of the error costs 1000^(1 / order) times the steps."""

    def rates(state, held, runs):
        return np.stack([-state[..., 1], state[..., 0]], axis=-1)

    field = Field(rates, lambda state: np.ones((*state.shape[:-2], 1)), np.ones_like, jumps=False)
    tolerances = np.array([1e-6, 1e-9, 1e-12])
    solution = integrate(field, np.tile([[[1.0, 0.0]]], (3, 1, 1)), 60.0, tolerances, meet=meet)
    count = np.array([len(solution.samples(run)) for run in range(3)])
    ratios = count[1:] / count[:-1]
    np.testing.assert_allclose(ratios, 1000 ** (1 / order), rtol=0.15)


@pytest.mark.parametrize("meet", [False, True])
def test_the_component_that_is_hardest_decides_how_long_steps_are(meet):
    """One neuron turns twenty times as fast as another, beside a third that rests."""
    counts = []
    for speeds in (np.array([1.0, 20.0, 0.0]), np.array([20.0])):

        def rates(state, held, runs, speeds=speeds):
            return speeds[:, None] * np.stack([-state[..., 1], state[..., 0]], axis=-1)

        field = Field(rates, lambda state: np.ones((*state.shape[:-2], 1)), np.ones_like, jumps=False)
        start, t = np.tile([1.0, 0.0], (1, len(speeds), 1)), np.linspace(0, 5, 41)
        solution = integrate(field, start, 5.0, np.array([1e-9]), meet=meet)
        angle = t[:, None] * speeds
        np.testing.assert_allclose(solution(0, t), np.stack([np.cos(angle), np.sin(angle)], axis=-1), atol=1e-6)
        counts.append(len(solution.samples(0)))
    assert counts[0] == pytest.approx(counts[1], rel=0.1)


@pytest.mark.parametrize(("meet", "stages"), [(False, 7), (True, 17)])
def test_hardly_a_step_is_taken_in_vain(meet, stages):
    """Along a circle with a speed that changes, the length of the next step is guessed from the error of the last."""
    calls = []

    def rates(state, held, runs):
        calls.append(runs)
        turned = np.stack([-state[..., 1], state[..., 0]], axis=-1)
        return (1 + 0.9 * np.sin(state[..., :1])) * turned

    field = Field(rates, lambda state: np.ones((*state.shape[:-2], 1)), np.ones_like, jumps=False)
    solution = integrate(field, np.array([[[1.0, 0.0]]]), 60.0, np.array([1e-11]), meet=meet)
    steps = (len(solution.samples(0)) - 1) / 4
    assert stages <= len(calls) / steps < 1.1 * stages
