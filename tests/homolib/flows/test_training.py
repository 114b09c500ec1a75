"""The flow against closed forms, conservation laws and an independent integration; and its refusals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

import homolib as hl
from homolib.flows.training import _promised
from tests.homolib.strategies import SEEDS


def figure_1():
    return hl.SquaredReLU(20, 2), *hl.datasets.circle(50), hl.datasets.ring(20)


def test_one_neuron_on_an_eigenvector_grows_as_the_logistic_curve():
    """x = 1, y = 1: with s = w^2, s' = 4 s (1 - s), so s / (1 - s) grows as exp(4 t)."""
    net, X, y = hl.SquaredReLU(1, 1), np.ones((1, 1)), np.ones(1)
    for delta in (0.5, 1e-3, 1e-150):
        t_end = 1 + np.log(1 / delta) / 2
        path = hl.training_flow(net, X, y, [1.0], t_end, delta=delta, tolerance=1e-12)
        odds = np.exp(4 * t_end + 2 * np.log(delta)) / (1 - delta**2)
        assert path.w[-1, 0] ** 2 == pytest.approx(odds / (1 + odds), rel=1e-9)
        assert path.log_norm[0] == pytest.approx(np.log(delta))


def test_escape_time_of_figure_1_has_its_closed_form():
    """Along theta = 0 the squared norm r^2 is 2.5 at ln((5 - d^2) / d^2) / 187.5."""
    X, y = hl.datasets.circle(50)
    for delta in (1e-2, 1e-8):
        half = np.log((5 - delta**2) / delta**2) / 187.5
        path = hl.training_flow(hl.SquaredReLU(1, 2), X, y, [1.0, 0.0], half, delta=delta, tolerance=1e-12)
        assert path.norm[-1] ** 2 == pytest.approx(2.5, rel=1e-8)


def test_training_agrees_with_an_integration_of_the_plain_weights():
    net, X, y, w0 = figure_1()
    path = hl.training_flow(net, X, y, w0, 0.2, delta=1e-2, tolerance=1e-11)

    def plain(_, w):
        active = np.maximum(w.reshape(20, 2) @ X.T, 0)
        return (2 * (active * (y - (active**2).sum(axis=0))) @ X).ravel()

    other = solve_ivp(plain, (0, 0.2), 1e-2 * w0, method="LSODA", rtol=1e-12, atol=1e-14).y[:, -1]
    np.testing.assert_allclose(path.w[-1], other, rtol=0, atol=2e-8)


@settings(max_examples=9)
@given(SEEDS, st.sampled_from([1e-150, 1e-5, 1.0]))
def test_loss_falls_by_the_squared_speed(seed, delta):
    """Energy identity: L(0) - L(t) is the integral of |grad L|^2."""
    net, (X, y) = hl.SquaredReLU(3, 2, signs=[1, -1, 1]), hl.datasets.circle(6, seed=seed)
    path = hl.training_flow(net, X, y, hl.datasets.random_start(6, seed), 1.0, delta=delta, tolerance=1e-11)
    t = np.linspace(0, 1.0, 40001)
    w = path.at(t)
    speed = (net.pullback(X, w, -hl.SquareLoss().derivative(net.outputs(X, w), y)) ** 2).sum(axis=-1)
    assert path.loss[0] - path.loss[-1] == pytest.approx(np.trapezoid(speed, t), abs=2e-6)


@settings(max_examples=8)
@given(SEEDS)
def test_a_two_layer_neuron_keeps_its_balance(seed):
    X, y = hl.datasets.circle(7, seed=seed)  # labels of one sign: no sliding
    net, w0 = hl.TwoLayerReLU(2, 2), hl.datasets.random_start(6, seed)
    path = hl.training_flow(net, X, y, np.abs(w0), 0.3, delta=0.1, tolerance=1e-11)
    neurons = net.neurons(path.w)
    balance = neurons[..., 0] ** 2 - (neurons[..., 1:] ** 2).sum(axis=-1)
    np.testing.assert_allclose(balance, np.broadcast_to(balance[0], balance.shape), atol=1e-9)


@settings(max_examples=10)
@given(SEEDS, st.floats(1e-6, 1e6))
def test_frozen_flow_does_not_care_about_the_scale(seed, scale):
    net, (X, y) = hl.SquaredReLU(2, 2, signs=[1, -1]), hl.datasets.circle(9)
    u0 = hl.datasets.random_start(4, seed)
    one, other = (hl.frozen_flow(net, X, y, c * u0, 0.2, tolerance=1e-11) for c in (1, scale))
    np.testing.assert_allclose(other.direction, one.direction, atol=1e-7)
    np.testing.assert_allclose(other.log_norm - np.log(scale), one.log_norm, atol=1e-7)


def test_frozen_flow_of_figure_1_meets_its_closed_forms():
    """One neuron from (cos 1, sin 1); inside a cone the flow is a matrix exponential, evaluated to 40 digits."""
    net, X, y, w0 = figure_1()
    path = hl.frozen_flow(hl.SquaredReLU(1, 2), X, y, [np.cos(1), np.sin(1)], 0.1, tolerance=1e-12)
    np.testing.assert_allclose(path.at(0.05), [58.9934840148, 3.9754445373], rtol=1e-8)
    np.testing.assert_allclose(path.at(0.1), [6405.594303, 18.9657851672], rtol=1e-7)
    joint = hl.frozen_flow(net, X, y, w0, 0.0592428894, tolerance=1e-12)
    assert joint.norm[-1] == pytest.approx(136.288140, rel=1e-7)


def test_gap_to_the_frozen_flow_is_quadratic_in_delta():
    """Lemma 5.2 with its order: dividing delta by ten divides the gap by a hundred."""
    net, X, y, w0 = figure_1()
    frozen, deltas = hl.frozen_flow(net, X, y, w0, 0.05, tolerance=1e-12), np.array([1e-3, 1e-4])
    path = hl.training_flow(net, X, y, w0, 0.05, delta=deltas, tolerance=1e-12)
    gaps = np.linalg.norm(path.w[:, -1] / deltas[:, None] - frozen.w[-1], axis=-1)
    assert np.log10(gaps[0] / gaps[1]) == pytest.approx(2, abs=0.005)
    assert gaps[1] == pytest.approx(1.6201e-4, rel=1e-3)


def test_batches_of_starts_and_deltas_are_one_call():
    net, X, y, _ = figure_1()
    starts, deltas = hl.datasets.random_start(40, seed=[0, 1, 2]), np.array([1e-2, 1e-150])[:, None]
    path = hl.training_flow(net, X, y, starts, 0.1, delta=deltas, tolerance=1e-10)
    assert path.w.shape == (2, 3, 201, 40)
    alone = hl.training_flow(net, X, y, starts[2], 0.1, delta=1e-2, tolerance=1e-10)
    np.testing.assert_allclose(path.direction[0, 2], alone.direction, atol=1e-10)
    np.testing.assert_allclose(path.at(0.07)[0, 2], alone.at(0.07), atol=1e-10)
    assert path.error.shape == (2, 3)


def test_the_mean_loss_is_a_slower_clock():
    net, X, y, w0 = figure_1()
    total = hl.training_flow(net, X, y, w0, 0.1, delta=1e-3, tolerance=1e-10)
    mean = hl.training_flow(net, X, y, w0, 0.1 * 50, hl.SquareLoss("mean"), delta=1e-3, tolerance=1e-10)
    np.testing.assert_allclose(mean.w, total.w, atol=1e-8)


def test_gradient_descent_is_eulers_method():
    """Its distance from the flow is proportional to the step."""
    net, X, y, w0 = figure_1()
    flow = hl.training_flow(net, X, y, w0, 0.05, delta=1e-2, tolerance=1e-12)
    gaps = []
    for count in (1000, 2000):
        path = hl.gradient_descent(net, X, y, 1e-2 * w0, 0.05 / count, count)
        gaps.append(np.linalg.norm(path.w[-1] - flow.w[-1]))
    assert gaps[0] / gaps[1] == pytest.approx(2, rel=0.02)


def test_gradient_descent_records_what_it_is_told():
    net, X, y, w0 = figure_1()
    path = hl.gradient_descent(net, X, y, 1e-2 * w0, 1e-4, 7, record_every=3)
    np.testing.assert_allclose(path.t, 1e-4 * np.array([0, 3, 6, 7]))
    by_hand = 1e-2 * w0
    for _ in range(3):
        by_hand = by_hand - 1e-4 * net.pullback(X, by_hand, hl.SquareLoss().derivative(net.outputs(X, by_hand), y))
    np.testing.assert_allclose(path.w[1], by_hand, rtol=1e-13)
    np.testing.assert_allclose(path.at(1.5e-4), (path.w[0] + path.w[1]) / 2, rtol=1e-12)


@pytest.mark.parametrize(
    "net", [hl.SquaredReLU(2, 2), hl.DiagonalLinear(2), hl.DeepReLU([(3, 2), None], (1, 2), slope=1.0)]
)
def test_zero_weights_and_zero_labels_stay(net):
    X, y = hl.datasets.circle(4)
    resting = hl.training_flow(net, X, y, np.zeros(net.size), 1.0)
    assert not resting.w.any()
    assert np.isneginf(resting.log_norm).all()
    still = hl.frozen_flow(net, X, 0 * y, hl.datasets.random_start(net.size, 0), 1.0)
    np.testing.assert_allclose(still.w[-1], still.w[0], rtol=1e-14)


def test_a_neuron_at_zero_stays_zero_beside_others_that_move():
    X, y = hl.datasets.circle(8)
    path = hl.training_flow(hl.SquaredReLU(2, 2), X, y, [1.0, 0.3, 0.0, 0.0], 1.0, delta=0.1)
    assert not path.w[:, 2:].any()
    assert path.loss[-1] < path.loss[0]


def test_one_point_and_repeated_points():
    X, y = np.array([[1.0, 0.0]]), np.array([1.0])
    once = hl.training_flow(hl.SquaredReLU(1, 2), X, 2 * y, [0.6, 0.8], 1.0, hl.SquareLoss("mean"), delta=0.1)
    twice = hl.training_flow(
        hl.SquaredReLU(1, 2), np.repeat(X, 2, 0), np.repeat(2 * y, 2), [0.6, 0.8], 1.0, hl.SquareLoss("mean"), delta=0.1
    )
    np.testing.assert_allclose(once.w, twice.w, atol=1e-9)


def test_a_network_that_slides_is_refused_soon():
    """No step gets away from the kink: that must be noticed at once, and not after many small ones."""
    X, z = hl.datasets.five_points()
    asked = []

    class Counting(hl.TwoLayerReLU):
        def forward(self, X, w, slopes=None):
            asked.append(1)
            return super().forward(X, w, slopes)

    for tolerance in (1e-9, 1e-4):
        for start in ([1.0, -0.5, -0.3], [1.0, -0.1, 0.6]):
            slides = hl.neuron_flow(X, z, start[0], start[1:], 2.0).events
            time = next(event.time for event in slides if event.kind == "slide")
            with pytest.raises(ValueError, match="slides along a kink") as refusal:
                hl.training_flow(Counting(1, 2), X, z, start, 2.0, delta=1e-4, tolerance=tolerance)
            assert float(str(refusal.value).split("t = ")[1].split(":")[0]) == pytest.approx(time, rel=1e-5)
        assert len(asked) < 2_000
        asked.clear()


@pytest.mark.parametrize("size", [1e-70, 1, 1e70])
def test_with_zero_labels_weights_of_any_size_shrink_as_they_should(size):
    """One squared ReLU neuron that sees one input: w' = -2 w^3."""
    path = hl.training_flow(hl.SquaredReLU(1, 1), [[1.0]], [0.0], [size], 10 / size / size, tolerance=1e-9)
    np.testing.assert_allclose(path.w[:, 0] / size, (1 + 4 * path.t * size * size) ** -0.5, rtol=1e-8)


def test_a_blow_up_is_refused_and_its_time_named():
    """Order three explodes: r' = 3 r^2 from 1 ends at t = 1/3."""
    with pytest.raises(ValueError, match=r"^t_end: got 1.0, want a time before t = 0\.333"):
        hl.frozen_flow(hl.PoweredReLU(1, 1), [[1.0]], [1.0], [1.0], 1.0)


def arguments(what, **changes):
    net, X, y, w0 = figure_1()
    return {"net": net, "X": X, "y": y, "w0": w0} | what | changes


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"t_end": 0.0}, "t_end"),
        ({"t_end": np.inf}, "t_end"),
        ({"delta": 0.0}, "delta"),
        ({"delta": -1e-3}, "delta"),
        ({"delta": [1e-3, np.nan]}, "delta"),
        ({"w0": np.ones(39)}, "w0"),
        ({"loss": "huber"}, "loss"),
        ({"y": np.ones(49)}, "y"),
        ({"y": np.full(50, np.nan)}, "y"),
        ({"X": np.ones((50, 3))}, "X"),
        ({"points": 1}, "points"),
        ({"tolerance": 0}, "tolerance"),
    ],
)
def test_training_refuses_bad_input(changes, name):
    with pytest.raises(ValueError, match=rf"^({name}): got .*, want "):
        hl.training_flow(**arguments({"t_end": 0.1}, **changes))


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"step": 0}, "step"),
        ({"step": 10.0, "w0": np.ones(40)}, "step"),
        ({"iterations": 1.5}, "iterations"),
        ({"record_every": 0}, "record_every"),
    ],
)
def test_descent_refuses_bad_input_and_divergence(changes, name):
    with pytest.raises(ValueError, match=rf"^{name}: got .*, want "):
        hl.gradient_descent(**arguments({"step": 1e-4, "iterations": 100}, **changes))


def test_descent_refuses_a_batch_of_which_one_run_diverges():
    with pytest.raises(ValueError, match=r"^step: got .*, want a smaller step: the weights diverged"):
        hl.gradient_descent(**arguments({"step": 0.5, "iterations": 100, "w0": [np.zeros(40), np.ones(40)]}))


@pytest.mark.parametrize("slow", [1.0, 10.0, 100.0, 1e3, 1e4])
def test_two_refinements_keep_a_promise(slow):
    """Where errors are `slow` times the tolerance of a step, a path is compared with one that is rougher by 8."""
    asked = []

    def follow(runs, tolerance):
        asked.append(tolerance)
        return [(lambda t, off=off: (np.zeros((1, 1)), np.full(1, off)), np.zeros(1)) for off in slow * tolerance]

    (path,), (error,) = _promised(follow, 1, 1e-6)
    assert abs(path(0)[1][0]) <= error <= 1e-6
    assert len(asked) <= 3


def test_a_time_outside_the_path_is_refused():
    path = hl.frozen_flow(hl.SquaredReLU(1, 1), [[1.0]], [1.0], [1.0], 1.0)
    for t in (-0.1, 1.1, [0.5, 2], np.nan):
        with pytest.raises(ValueError, match=r"^t: got .*, want (times between 0 and 1|finite numbers)"):
            path.at(t)


@pytest.mark.parametrize("power", [-100, -40, 1, 60])
def test_the_logistic_loss_sees_only_products_of_outputs_and_labels(power):
    """X / c with c^2 y: outputs shrink as labels grow, and the flow of the weights is the same to the last bit."""
    net, (X, y), w0 = hl.SquaredReLU(3, 2), hl.datasets.circle(10), hl.datasets.ring(3)

    def flow(c):
        return hl.training_flow(net, X / c, c**2 * y, w0, 0.2, delta=1e-3, loss=hl.LogisticLoss(), tolerance=1e-8)

    one, other = flow(1.0), flow(2.0**power)
    np.testing.assert_array_equal(other.direction, one.direction)
    np.testing.assert_array_equal(other.log_norm, one.log_norm)
