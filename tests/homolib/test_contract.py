"""The public names, as somebody outside the library calls them: every line of the contract, with small data."""

import inspect
import re

import numpy as np
import pytest

import homolib as hl
from homolib.explore.page import unpacked

X = np.array([[1.0, 0.0], [0.0, 1.0], [-0.6, -0.8]])
Y = np.array([1.0, -0.5, 0.7])
W = np.array([0.6, 0.0, 0.0, 0.8])


def networks():
    """One of each, with two inputs."""
    return [
        hl.SquaredReLU(neurons=20, inputs=2, signs=None, slope=0.0),
        hl.TwoLayerReLU(neurons=20, inputs=2, slope=0.0),
        hl.DeepReLU(frozen=[(3, 2), np.ones((2, 3)), (1, 2)], trainable=(1, 3), slope=0.0),
        hl.DiagonalLinear(inputs=2),
        hl.PoweredReLU(4, 2, order=3),
    ]


DEFAULTS = {
    hl.datasets.circle: {"n": 50, "seed": None},
    hl.SquaredReLU: {"signs": None, "slope": 0.0},
    hl.TwoLayerReLU: {"slope": 0.0},
    hl.DeepReLU: {"slope": 0.0},
    hl.PoweredReLU: {"order": 3},
    hl.SquareLoss: {"reduction": "sum"},
    hl.LogisticLoss: {"reduction": "sum"},
    hl.training_flow: {"delta": 1.0},
    hl.gradient_descent: {"record_every": 50},
    hl.neuron_flow: {"slope": 0.0},
    hl.is_non_branching: {"slope": 0.0},
    hl.branches: {"waits": (0, 1)},
    hl.branching_fractions: {"starts": 200, "sets": 5},
}


@pytest.mark.parametrize("function", DEFAULTS, ids=lambda f: f.__name__)
def test_defaults(function):
    parameters = inspect.signature(function).parameters
    assert {name: parameters[name].default for name in DEFAULTS[function]} == DEFAULTS[function]


ONE_MEANING = {  # functions that take the same thing under one name
    "points": [
        hl.training_flow,
        hl.frozen_flow,
        hl.ncf_flow,
        hl.neuron_flow,
        hl.squared_neuron_flow,
        hl.branches,
        hl.branch_tree,
        hl.escape_path,
    ],
    "slope": [
        hl.SquaredReLU,
        hl.PoweredReLU,
        hl.TwoLayerReLU,
        hl.DeepReLU,
        hl.Arcs,
        hl.neuron_flow,
        hl.neuron_flows,
        hl.squared_neuron_flow,
        hl.neuron_ascent,
        hl.is_non_branching,
        hl.branches,
        hl.branch_tree,
    ],
    "tolerance": [
        hl.active_kinks,
        hl.clarke_subdifferential,
        hl.termwise_sum,
        hl.clarke_of_pieces,
        hl.kkt_residual,
        hl.Polytope.contains,
        hl.training_flow,
        hl.frozen_flow,
    ],
    "winding": [hl.examples.mexican_hat, hl.examples.mexican_hat_gradient, hl.examples.hat_descent],
    "gamma": [hl.bounds.lemma_d_1, hl.bounds.theorem_5_5, hl.bounds.near_saddle.saddle_constants],
    "seed": [hl.kkt_points, hl.kkt_search, hl.neuron_ascent, hl.bounds.assumption_3],
    "t_end": [hl.neuron_flows, hl.is_non_branching],
}


@pytest.mark.parametrize("name", ONE_MEANING)
def test_what_has_one_meaning_has_one_default(name):
    """So a point that one function takes to be on a kink is on it for all, and two flows have the same times."""
    defaults = {function: inspect.signature(function).parameters[name].default for function in ONE_MEANING[name]}
    assert len(set(defaults.values())) == 1, defaults


POSITIONS = {
    hl.SquaredReLU: "neurons inputs signs slope",
    hl.TwoLayerReLU: "neurons inputs slope",
    hl.DeepReLU: "frozen trainable slope",
    hl.DiagonalLinear: "inputs",
    hl.PoweredReLU: "neurons inputs order",
    hl.ncf_flow: "net X z u0 t_end",
    hl.training_flow: "net X y w0 t_end loss delta",
    hl.gradient_descent: "net X y w0 step iterations loss record_every",
    hl.kkt_points: "net X z",
    hl.kkt_residual: "net X z u",
    hl.clarke_subdifferential: "net X w z",
    hl.neuron_flow: "X z v0 u0 t_end slope",
    hl.is_non_branching: "X z v0 u0 slope",
    hl.branches: "X z v0 u0 t_end waits",
    hl.bounds.constants: "net X y loss",
}


@pytest.mark.parametrize("function", POSITIONS, ids=lambda f: f.__name__)
def test_arguments_come_in_the_promised_order(function):
    promised = POSITIONS[function].split()
    assert list(inspect.signature(function).parameters)[: len(promised)] == promised


def test_all_public_names_exist():
    assert all(hasattr(hl, name) for name in hl.__all__)
    for name in ("problems", "clarke", "flows", "neuron", "correlation", "saddles", "bounds", "figures"):
        assert hasattr(hl, name), name


def test_circle_is_the_data_of_figure_1():
    X, y = hl.datasets.circle(n=50)
    angles = 2 * np.pi * (np.arange(50) + 0.5) / 50
    np.testing.assert_allclose(X, np.stack([np.cos(angles), np.sin(angles)], axis=1), atol=1e-15)
    np.testing.assert_allclose(y, 5 * np.maximum(0, X[:, 0]) ** 2 + 4 * np.maximum(0, -X[:, 0]) ** 2)
    drawn, again, other = (hl.datasets.circle(n=50, seed=seed)[0] for seed in (0, 0, 1))
    np.testing.assert_allclose(np.linalg.norm(drawn, axis=1), 1)
    np.testing.assert_array_equal(drawn, again)
    assert not np.allclose(drawn, other)


@pytest.mark.parametrize("net", networks(), ids=repr)
def test_networks_take_leading_batch_axes(net):
    w, z = np.random.default_rng(0).standard_normal((2, 5, net.size)), np.array([1.0, -2.0, 0.5])
    assert net.order == (3 if isinstance(net, hl.PoweredReLU) and not isinstance(net, hl.SquaredReLU) else 2)
    assert net.outputs(X, w).shape == (2, 5, 3)
    assert net.pullback(X, w, z).shape == net.pullback(X, w, np.tile(z, (2, 5, 1))).shape == w.shape
    np.testing.assert_allclose(net.outputs(X, w)[1, 2], net.outputs(X, w[1, 2]))
    np.testing.assert_allclose(net.pullback(X, w, z)[1, 2], net.pullback(X, w[1, 2], z))
    np.testing.assert_array_equal(net.join(net.neurons(w)), w)
    np.testing.assert_allclose(net.outputs(X, 3 * w), 3.0**net.order * net.outputs(X, w), rtol=1e-12)


def test_a_two_layer_network_holds_its_weights_neuron_by_neuron():
    net, w = hl.TwoLayerReLU(neurons=2, inputs=2), np.array([2.0, 1.0, 0.0, -1.0, 0.0, 3.0])
    np.testing.assert_array_equal(net.neurons(w), [[2.0, 1.0, 0.0], [-1.0, 0.0, 3.0]])
    np.testing.assert_array_equal(net.outputs(np.eye(2), w), [2.0, -3.0])


def test_a_diagonal_network_is_x_times_a_b():
    net = hl.DiagonalLinear(inputs=2)
    np.testing.assert_array_equal(net.outputs(X, [2.0, 3.0, 5.0, 7.0]), X @ [10.0, 21.0])


@pytest.mark.parametrize("trainable", [(1, 2), (1, 3), (2, 3)])
def test_two_layers_are_trained_neighbours_or_not(trainable):
    layers = [np.ones((3, 2)), np.ones((2, 3)), np.ones((1, 2))]
    shapes = [np.shape(m) if i in trainable else m for i, m in enumerate(layers, start=1)]
    net = hl.DeepReLU(frozen=shapes, trainable=trainable, slope=0.1)
    h = X
    for matrix in layers[:-1]:
        h = np.maximum(h @ matrix.T, 0.1 * (h @ matrix.T))
    np.testing.assert_allclose(net.outputs(X, np.ones(net.size)), (h @ layers[-1].T)[:, 0])


@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_losses(reduction):
    weight = 1.0 if reduction == "sum" else 1 / 3
    h, square, logistic = np.array([0.5, 0.1, -1.0]), hl.SquareLoss(reduction), hl.LogisticLoss(reduction)
    np.testing.assert_allclose(square.value(h, Y), weight * ((h - Y) ** 2).sum() / 2)
    np.testing.assert_allclose(square.derivative(h, Y), weight * (h - Y))
    np.testing.assert_allclose(square.initial_residual(Y), weight * Y)
    np.testing.assert_allclose(logistic.value(h, Y), weight * np.log(1 + np.exp(-h * Y)).sum())
    np.testing.assert_allclose(logistic.derivative(h, Y), -weight * Y / (1 + np.exp(h * Y)))
    np.testing.assert_allclose(logistic.initial_residual(Y), weight * Y / 2)


def flows():
    net, loss = hl.SquaredReLU(neurons=2, inputs=2), hl.SquareLoss(reduction="sum")
    return {
        "ncf_flow": hl.ncf_flow(net, X, Y, W, 2.0),
        "training_flow": hl.training_flow(net, X, Y, W, 2.0, loss=loss, delta=0.1),
        "gradient_descent": hl.gradient_descent(net, X, Y, 0.1 * W, 0.01, 200, loss=loss, record_every=50),
        "neuron_flow": hl.neuron_flow(X, Y, 0.5, [0.3, 0.4], 2.0, slope=0.0),
    }


@pytest.mark.parametrize("name", flows())
def test_a_path_has_what_it_promises(name):
    path = flows()[name]
    m, size = len(path.t), path.w.shape[-1]
    assert path.t[0] == 0
    assert path.t[-1] == pytest.approx(2.0)
    assert path.w.shape == path.direction.shape == (m, size)
    assert path.norm.shape == (m,)
    np.testing.assert_allclose(path.norm, np.linalg.norm(path.w, axis=-1))
    np.testing.assert_allclose(path.direction, path.w / path.norm[:, None])
    np.testing.assert_allclose(path.at(path.t), path.w, rtol=1e-7, atol=1e-12)
    assert path.at(1.0).shape == (size,)
    assert path.at([0.5, 1.0]).shape == (2, size)
    assert (path.loss is None) == (name in ("ncf_flow", "neuron_flow"))
    with pytest.raises(ValueError, match=r"^t: got 3\.0, want times "):
        path.at(3.0)


def test_training_starts_at_delta_times_w0():
    net, loss = hl.SquaredReLU(2, 2), hl.SquareLoss()
    path = hl.training_flow(net, X, Y, W, 1.0, loss=loss, delta=1e-3)
    np.testing.assert_allclose(path.w[0], 1e-3 * W, rtol=1e-14)
    np.testing.assert_allclose(path.loss, loss.value(net.outputs(X, path.w), Y))
    descent = hl.gradient_descent(net, X, Y, 1e-3 * W, 1e-3, 1000, loss=loss)
    assert len(descent.t) == 21  # the start, and every fiftieth iteration
    np.testing.assert_allclose(descent.w[-1], path.w[-1], rtol=1e-2)


def test_the_loss_is_the_summed_square_unless_given():
    net = hl.SquaredReLU(2, 2)
    for path in (hl.training_flow(net, X, Y, W, 1.0), hl.gradient_descent(net, X, Y, W, 0.01, 10)):
        np.testing.assert_allclose(path.loss, hl.SquareLoss("sum").value(net.outputs(X, path.w), Y))


@pytest.mark.parametrize("net", networks()[:2], ids=repr)
def test_kkt_points(net):
    points = hl.kkt_points(net, X, Y)
    assert points
    for point in points:
        assert point.direction.shape == (net.neurons(np.zeros(net.size)).shape[-1],)
        assert np.linalg.norm(point.direction) == pytest.approx(1)
        alone = type(net)(1, 2)
        assert point.value == pytest.approx(float(Y @ alone.outputs(X, point.direction)), abs=1e-12)
        assert point.multiplier == 2 * point.value
        assert point.residual <= 1e-10
        assert isinstance(point.smooth, bool)
        assert point.kind in ("max", "min", "saddle", "flat")
        assert hl.kkt_residual(alone, X, Y, point.direction) <= 1e-9
    off = points[0].direction + 0.1
    assert hl.kkt_residual(alone, X, Y, off) > 1e-3


def test_a_clarke_set_answers_four_questions():
    net, z = hl.TwoLayerReLU(1, 1, slope=-1.0), [1.0]  # N = v |u|
    S = hl.clarke_subdifferential(net, [[1.0]], [1.0, 0.0], z)
    np.testing.assert_array_equal(S.vertices, [[0.0, -1.0], [0.0, 1.0]])
    np.testing.assert_array_equal(S.min_norm(), [0.0, 0.0])
    assert S.contains([0.0, 0.5])
    assert not S.contains([0.0, 1.5])
    assert not S.contains([0.1, 0.0])
    assert S.support([0.0, 2.0]) == 2.0


def test_neuron_flow_crosses_its_kink_on_time():
    """Until then s = u_1 + u_2 obeys s' = 2v, v' = s, and u_1 = 0 where s = 3/2: a quadratic in exp(sqrt2 t)."""
    path = hl.neuron_flow([[1.0, 0.0], [1.0, 1.0]], [1.0, 1.0], 1.0, [-0.5, 1.0], 2.0)
    np.testing.assert_allclose(path.w[0], [1.0, -0.5, 1.0])
    event = path.events[0]
    assert (event.kind, event.kink) == ("cross", 0)
    a, b = 0.25 + np.sqrt(0.5), 0.25 - np.sqrt(0.5)
    assert event.time == pytest.approx(np.log((1.5 + np.sqrt(2.25 - 4 * a * b)) / (2 * a)) / np.sqrt(2), rel=1e-13)
    assert abs(path.at(event.time)[1]) < 1e-14


KINDS = {"cross", "slide", "branch", "leave", "touch", "flip", "death", "rebirth", "wait"}


@pytest.mark.parametrize("name", ["turning", "dying", "five points", "dependent"])
def test_a_start_that_branches_is_told_and_followed(name):
    start = hl.datasets.branching_start(name)
    verdict = hl.is_non_branching(**start, slope=0.0)
    assert not verdict
    path = hl.neuron_flow(**start, t_end=verdict.time + 5)
    assert path.events[-1].kind == "branch"
    assert path.events[-1].time == verdict.time == path.t[-1]
    assert path.events[-1].kink == verdict.kink
    assert {event.kind for event in path.events} <= KINDS
    found = hl.branches(**start, t_end=verdict.time + 2, waits=(0, 1))
    assert len(found) >= 2
    ends = np.array([branch.w[-1] for branch in found if branch.t[-1] == verdict.time + 2])
    assert np.ptp(ends, axis=0).max() > 1e-3 if len(ends) > 1 else True
    for branch in found:
        np.testing.assert_allclose(branch.at(verdict.time), path.w[-1], atol=1e-9)


def test_a_start_that_does_not_branch_has_one_solution():
    assert hl.is_non_branching(X, Y, 1.0, [0.3, 0.4])
    assert len(hl.branches(X, Y, 1.0, [0.3, 0.4], 1.0)) == 1


def test_bounds_have_constants_and_rows():
    net, loss = hl.SquaredReLU(1, 2), hl.SquareLoss()
    z, w0 = np.array([1.0, 0.5, 0.2]), np.array([0.8, 0.6])
    c = hl.bounds.constants(net, X, z, loss)
    assert c.beta > 0
    assert c.beta_hat == 1
    assert c.beta_tilde == pytest.approx(c.beta + np.linalg.norm(z))
    saddle = hl.Saddle(hl.SquaredReLU(2, 2), np.eye(2), np.array([1.0, 0.5]), np.array([1.0, 0, 0, 0]))
    active, dormant = np.array([1.0, 0, 0, 0]), np.array([0, 0, 0.6, 0.8])
    reports = [
        hl.bounds.lemma_5_2(net, X, z, w0, delta=1e-6, t_end=1.0, epsilon=0.1, loss=loss),
        hl.bounds.theorem_5_1(net, X, z, w0, delta=1e-9, epsilon=0.1, loss=loss),
        hl.bounds.corollary_5_4_1(net, X, z, w0, delta=1e-9, epsilon=0.1, loss=loss),
        hl.bounds.theorem_5_5(saddle, dormant, active, delta=1e-9, epsilon=0.1),
    ]
    for report in reports:
        assert report.holds, str(report)
        for row in report.rows:
            assert isinstance(row.name, str)
            assert row.slack == row.right - row.left
    failing = hl.bounds.lemma_5_2(net, X, z, w0, delta=0.9, t_end=3.0, epsilon=1e-6, loss=loss)
    assert not failing.holds


def draw(delta, seed=0):
    """A picture that costs nothing."""
    figure, axes = hl.figures.style.canvas()
    axes.plot([0, delta], [0, seed])
    return figure, f"A line from zero to {delta:g}."


def test_explore_is_live_in_jupyter_and_a_figure_on_the_website(monkeypatch):
    monkeypatch.delenv("HOMOLIB_STATIC", raising=False)
    live = hl.explore(draw, delta=[0.1, 0.2], seed=[0, 1])
    assert "application/vnd.jupyter.widget-view+json" in live._repr_mimebundle_()
    monkeypatch.setenv("HOMOLIB_STATIC", "1")
    page = hl.explore(draw, delta=[0.1, 0.2], seed=[0, 1])._repr_html_()
    assert page.startswith('<figure class="homolib homolib-explorer"')
    frames = re.search(r'class="homolib-frames">(.*?)</script>', page)[1]
    assert len(unpacked(frames)) == 4
    assert page.count('type="range"') == 2
    assert 'aria-label="A line from zero to 0.1."' in page
    assert hl.show(draw, delta=0.5)._repr_html_().count("A line from zero to 0.5.") == 2  # label and caption
