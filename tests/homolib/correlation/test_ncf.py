"""The neural correlation flow of whole networks: closed forms, laws, and what must be refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

import homolib as hl
from tests.homolib.strategies import SEEDS, networks

HALF = np.sqrt(0.5)


def two_layer_data():
    return hl.TwoLayerReLU(1, 2), *hl.datasets.five_points()


@given(networks(), SEEDS, st.floats(0, 10))
@settings(max_examples=40, deadline=None)
def test_value_is_the_correlation_and_homogeneous(net, seed, c):
    rng = np.random.default_rng(seed)
    X, z, w = rng.standard_normal((4, 2)), rng.standard_normal(4), rng.standard_normal((3, net.size))
    values = hl.correlation.value(net, X, z, w)
    assert values.shape == (3,)
    np.testing.assert_allclose(values, (net.outputs(X, w) * z).sum(axis=-1), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(hl.correlation.value(net, X, z, c * w), c**net.order * values, rtol=1e-10, atol=1e-10)


def test_figure_1_network_to_ten_digits():
    X, y = hl.datasets.circle(50)
    path = hl.ncf_flow(hl.SquaredReLU(20, 2), X, y, hl.datasets.ring(20), 0.1036023093)
    assert np.linalg.norm(path.at(0.0592428894)) == pytest.approx(136.288140, rel=1e-8)
    assert path.norm[-1] == pytest.approx(8368.4502, rel=1e-7)


def test_limit_of_the_figure_1_network():
    """Neurons 0-4 and 15-19 share the growth; the others vanish in comparison."""
    X, y = hl.datasets.circle(50)
    end = hl.ncf_flow(hl.SquaredReLU(20, 2), X, y, hl.datasets.ring(20), 10.0).direction[-1].reshape(20, 2)
    first = [0.443606908613, 0.407502260840, 0.331742152145, 0.224746568699, 0.100502411196]
    last = [0.0591267614472, 0.184340522412, 0.298990872388, 0.386337080213, 0.436303706485]
    np.testing.assert_allclose(end[:, 0], [*first, *np.zeros(10), *last], atol=1e-11)
    np.testing.assert_allclose(end[:, 1], 0, atol=1e-12)


@given(SEEDS, st.sampled_from([0.0, 0.3]))
@settings(max_examples=10, deadline=None)
def test_exact_and_integrated_flows_agree(seed, slope):
    rng = np.random.default_rng(seed)
    net = hl.SquaredReLU(3, 2, signs=[1, -1, 1], slope=slope)
    X, z, w0 = rng.standard_normal((5, 2)), rng.standard_normal(5), rng.standard_normal((2, net.size))
    exact = hl.ncf_flow(net, X, z, w0, 0.2)
    integrated = hl.frozen_flow(net, X, z, w0, 0.2, tolerance=1e-11)
    np.testing.assert_allclose(exact.direction, integrated.direction, atol=1e-7)
    np.testing.assert_allclose(exact.log_norm, integrated.log_norm, atol=1e-7)


def test_a_batch_is_its_runs_one_by_one():
    for net in (hl.SquaredReLU(3, 2, signs=[1, -1, 1]), hl.TwoLayerReLU(3, 2)):
        X, z = hl.datasets.five_points()
        w0 = hl.datasets.random_start(net.size, [1, 2, 3, 4]).reshape(2, 2, -1)
        batch = hl.ncf_flow(net, X, z, w0, 0.1)
        assert batch.w.shape == (2, 2, 201, net.size)
        for index in np.ndindex(2, 2):
            one = hl.ncf_flow(net, X, z, w0[index], 0.1)
            np.testing.assert_allclose(batch.direction[index], one.direction, atol=1e-14)
            np.testing.assert_allclose(batch.at(0.07)[index], one.at(0.07), rtol=1e-13)


@pytest.mark.parametrize("net", [hl.SquaredReLU(3, 2), hl.TwoLayerReLU(3, 2), hl.DiagonalLinear(2)])
def test_only_the_direction_of_the_start_counts(net):
    X, z = hl.datasets.five_points()
    w0 = hl.datasets.random_start(net.size, 5)
    one, tiny = hl.ncf_flow(net, X, z, w0, 0.2), hl.ncf_flow(net, X, z, 1e-150 * w0, 0.2)
    np.testing.assert_allclose(tiny.direction, one.direction, atol=1e-9)
    np.testing.assert_allclose(tiny.log_norm, one.log_norm + np.log(1e-150), atol=1e-9)


@pytest.mark.parametrize("net", [hl.SquaredReLU(4, 2), hl.TwoLayerReLU(4, 2, slope=0.1)])
def test_laws_of_the_flow(net):
    """d ln|u| / dt = 2 N(direction); N never falls; once N >= 0 it stays so and |u| never falls (Lemma C.4)."""
    X, z = hl.datasets.five_points()
    path = hl.ncf_flow(net, X, z, hl.datasets.random_start(net.size, 3), 1.0, points=1001)
    n = hl.correlation.value(net, X, z, path.direction)
    slopes = np.gradient(path.log_norm, path.t, edge_order=2)
    np.testing.assert_allclose(slopes[1:-1], 2 * n[1:-1], atol=2e-3)
    assert (np.diff(n) >= -1e-12).all()
    assert (np.diff(path.log_norm[n >= 0]) >= -1e-12).all()


def test_a_neuron_of_weight_zero_stays_zero():
    for net in (hl.SquaredReLU(2, 2), hl.TwoLayerReLU(2, 2)):
        X, z = hl.datasets.five_points()
        w0 = np.zeros(net.size)
        w0[: net.size // 2] = hl.datasets.random_start(net.size // 2, 1)
        path = hl.ncf_flow(net, X, z, w0, 0.3)
        assert not path.w[:, net.size // 2 :].any()


def test_two_layer_five_points_before_and_on_the_kink():
    net, X, y = two_layer_data()
    free = hl.ncf_flow(net, X, y, [1.0, 0.5 * np.cos(5.8), 0.5 * np.sin(5.8)], 1.0)
    np.testing.assert_allclose(free.at(1.0), [14.977359117109, 14.32616331307, -4.2816271264651], rtol=1e-12)
    slides = hl.ncf_flow(net, X, y, [1.0, 0.5 * np.cos(0.1), 0.5 * np.sin(0.1)], 1.0)
    end = slides.at(1.0)
    assert (end[0], np.linalg.norm(end[1:])) == (pytest.approx(24.091326370), pytest.approx(24.075755570))
    assert [event.kind for event in slides.events] == ["slide"]
    assert slides.events[0].time == pytest.approx(0.141848221642, abs=1e-12)
    gained = hl.correlation.value(net, X, y, end) - hl.correlation.value(net, X, y, slides.at(0.0))
    assert hl.correlation.value(net, X, y, end) == pytest.approx(2023.81276202)
    assert gained > 0


def test_balanced_start_may_die_at_a_negative_kink_maximum():
    """The direction converges, u -> 0, and the value of the limit is negative (so Lemma 5.3 needs u not -> 0)."""
    net, X, y = two_layer_data()
    path = hl.ncf_flow(net, X, y, HALF * np.array([1.0, np.cos(3.8), np.sin(3.8)]), 3.0)
    np.testing.assert_allclose(path.at([1.0, 2.0, 3.0])[:, 0], [0.1911811178307, 0.05393092161206, 0.01521355424076])
    assert hl.correlation.value(net, X, y, path.direction[-1]) == pytest.approx(-0.63275862069, abs=1e-10)


def test_trichotomy_of_one_scalar_neuron():
    """N = -v max(u, 0): to a rest off zero, to zero, or to infinity, by the sign of v^2 - u^2."""
    net, X, z = hl.TwoLayerReLU(1, 1), [[1.0]], [-1.0]
    rests = hl.ncf_flow(net, X, z, [2.0, 1.0], 3.0)
    np.testing.assert_allclose(rests.at([np.arctanh(0.5), 3.0]), [[np.sqrt(3), 0]] * 2, atol=1e-12)
    dies = hl.ncf_flow(net, X, z, [1.0, 1.0], 400.0)
    np.testing.assert_allclose(dies.log_norm, np.log(np.sqrt(2)) - dies.t, atol=1e-10)
    np.testing.assert_allclose(dies.direction[-1], [HALF, HALF], atol=1e-12)
    grows = hl.ncf_flow(net, X, z, [1.0, 2.0], 3.0)
    np.testing.assert_allclose(grows.at(3.0), [-9.96808786, 10.11744906], atol=1e-8)


def test_other_networks_are_integrated():
    net = hl.DiagonalLinear(2)
    path = hl.ncf_flow(net, np.eye(2), [1.0, -2.0], [1.0, 0.5, 0.0, 0.0], 1.0)
    exact = [np.cosh(1), 0.5 * np.cosh(2), np.sinh(1), -0.5 * np.sinh(2)]
    np.testing.assert_allclose(path.at(1.0), exact, rtol=1e-8)


def test_a_sliding_relu_neuron_is_beyond_plain_integration():
    """The check has teeth: with one gradient at the kink the integrator chatters and gives up or ends elsewhere."""
    net, X, y = two_layer_data()
    u0 = np.array([1.0, 0.5 * np.cos(0.1), 0.5 * np.sin(0.1)])
    exact = hl.ncf_flow(net, X, y, u0, 0.3).at(0.3)
    rough = solve_ivp(lambda _, u: net.pullback(X, u, y), (0, 0.3), u0, "RK45", max_step=0.01, rtol=0.1, atol=0.1)
    assert np.linalg.norm(rough.y[:, -1] - exact) > 1e-4


def test_branching_is_reported_and_not_decided():
    """The branching example with inputs e1, e2, -e2: v = 0 at t = 0.679 after sliding."""
    X, z, u0 = np.array([[1.0, 0], [0, 1], [0, -1]]), np.ones(3), np.array([-0.6, 1.0, 0.1])
    net = hl.TwoLayerReLU(2, 2)
    calm = np.array([1.0, 0.5, 0.5])
    assert hl.ncf_flow(net, X, z, np.concatenate([calm, u0]), 0.6).t[-1] == 0.6
    with pytest.raises(ValueError, match=r"u0: got neuron 1, which branches at t = 0.679105"):
        hl.ncf_flow(net, X, z, np.concatenate([calm, u0]), 1.0)
    with pytest.raises(ValueError, match=r"neuron 0 of start 1"):
        hl.ncf_flow(net, X, z, [np.concatenate([calm, calm]), np.concatenate([u0, calm])], 1.0)


@pytest.mark.parametrize("kind", [hl.SquaredReLU, hl.TwoLayerReLU])
@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"u0": "zero"}, "u0"),
        ({"u0": np.ones(7)}, "u0"),
        ({"X": np.ones((2, 3))}, "X"),
        ({"z": np.ones(3)}, "z"),
        ({"t_end": 0}, "t_end"),
        ({"points": 1}, "points"),
    ],
)
def test_bad_input_is_named(kind, arguments, name):
    net = kind(2, 2)
    good = {"net": net, "X": np.eye(2), "z": np.ones(2), "u0": hl.datasets.random_start(net.size, 1), "t_end": 0.1}
    given = {**good, **arguments}
    if isinstance(given["u0"], str):
        given["u0"] = np.zeros(net.size)
    with pytest.raises(ValueError, match=f"^{name}:"):
        hl.ncf_flow(**given)
