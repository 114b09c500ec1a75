"""Clarke sets against gradients sampled nearby, closed forms, and the laws of homogeneous functions."""

import doctest
from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import homolib as hl
from homolib.clarke import subdifferential as clarke
from tests.homolib.strategies import SEEDS, runs

SLOPES = st.sampled_from([0.0, 0.1, -0.5, 1.7])


def nearby_gradients(net, X, w, z, seed=0, count=4000, step=1e-8):
    """Gradients at random points near w, each once up to the rounding of the step: the definition, sampled."""
    starts = w + step * np.random.default_rng(seed).standard_normal((count, net.size))
    return np.unique(np.round(net.pullback(X, starts, z), 5), axis=0)


def farthest(points, others):
    """Largest distance of one of `points` from the nearest of `others`."""
    return np.linalg.norm(points[:, None] - others[None], axis=2).min(axis=1).max()


def set_unless_undecided(net, X, w, z):
    """Clarke set of a deep network, or None where the library says that the first order does not decide."""
    try:
        return hl.clarke_subdifferential(net, X, w, z)
    except ValueError as error:
        if "first-order" not in str(error):
            raise
        return None


def integers(*shape):
    return arrays(float, shape, elements=st.integers(-2, 2))


@st.composite
def neurons_on_kinks(draw):
    """Small integer data, so that ties are exact and inputs repeat, oppose and depend; u = 0 and v = 0 among them."""
    d, n = draw(st.integers(1, 3)), draw(st.integers(1, 5))
    net = hl.TwoLayerReLU(1, d, slope=draw(SLOPES))
    w = draw(integers(net.size))
    w[1:] *= draw(st.booleans())
    return net, draw(integers(n, d)), w, draw(integers(n))


@st.composite
def deep_on_kinks(draw):
    slope, z = draw(SLOPES), draw(integers(3))
    layers, trainable = draw(
        st.sampled_from(
            [
                ([(2, 2), (1, 2)], (1, 2)),
                ([(2, 2), (2, 2), [[1, -1]]], (1, 2)),
                ([(2, 2), [[1, 1], [1, -1]], (1, 2)], (1, 3)),
                ([[[1, 1], [0, -1]], (2, 2), (1, 2)], (2, 3)),
                ([(2, 2), [[1, -1], [-1, 1]], (2, 2), [[1, 2]]], (1, 3)),
            ]
        )
    )
    net = hl.DeepReLU(layers, trainable, slope=slope)
    return net, draw(integers(3, 2)), draw(integers(net.size)), z


@st.composite
def smooth_runs(draw):
    net = draw(st.sampled_from([hl.SquaredReLU(2, 2, signs=[1, -1]), hl.DiagonalLinear(2)]))
    return net, draw(integers(3, 2)), draw(integers(net.size)), draw(integers(3))


@settings(max_examples=60, deadline=None)
@given(neurons_on_kinks())
def test_vertices_are_the_gradients_nearby(run):
    net, X, w, z = run
    found, polytope = nearby_gradients(net, X, w, z), hl.clarke_subdifferential(net, X, w, z)
    assert farthest(polytope.vertices, found) < 1e-4
    assert all(polytope.contains(s, tolerance=1e-4) for s in found)


@settings(max_examples=60, deadline=None)
@given(deep_on_kinks())
def test_vertices_of_a_deep_network_are_the_gradients_nearby(run):
    net, X, w, z = run
    polytope = set_unless_undecided(net, X, w, z)
    if polytope is None:
        return
    found = nearby_gradients(net, X, w, z)
    assert farthest(polytope.vertices, found) < 1e-4
    assert all(polytope.contains(s, tolerance=1e-4) for s in found)


def test_a_generic_kink_of_a_deep_network_is_decided():
    """Undecided is not the rule: one hidden neuron on the kink of one input has two sides."""
    net = hl.DeepReLU([(2, 2), [[1, 1], [1, -1]], (1, 2)], (1, 3))
    w = np.array([0.0, 1, 1, 0.5, 1, 3])
    polytope = hl.clarke_subdifferential(net, [[1, 0]], w, [1])
    assert len(polytope.vertices) == 2
    assert farthest(polytope.vertices, nearby_gradients(net, np.array([[1.0, 0]]), w, np.ones(1))) < 1e-4


@pytest.mark.parametrize("slope", [0.0, 0.3])
def test_a_kink_above_kinks_has_the_pieces_that_these_leave_it(slope):
    """Two neurons on their kinks feed one above with their difference: its side is not free where one is off."""
    net = hl.DeepReLU([(3, 1), [[1, -1, 0], [0, 0, 1]], (1, 2)], (1, 3), slope=slope)
    X, w, z = np.ones((1, 1)), np.array([0.0, 0, 1, 2, 1]), np.ones(1)
    found, seen = hl.clarke_subdifferential(net, X, w, z), nearby_gradients(net, X, w, z)
    assert all(found.distance(gradient) < 1e-4 for gradient in seen)
    assert farthest(found.vertices, seen) < 1e-4


def test_a_deep_network_at_the_origin_says_that_it_cannot_tell():
    net = hl.DeepReLU([(2, 2), (2, 2), [[1, 1]]], (1, 2))
    with pytest.raises(
        ValueError, match="w: got a preactivation whose first-order change is zero on a kink of layer 2"
    ):
        hl.clarke_subdifferential(net, np.eye(2), np.zeros(net.size), [1, 1])


def test_a_deep_network_does_not_guess_where_the_first_order_misses_a_gradient():
    """N = relu(b . a_1) - relu(b . a_2) at b = 0, a_1 = a_2 = (1, 1): straight steps see the gradient zero alone.

    The two preactivations have the same first-order change, but steps of unequal order still part their signs.
    """
    net = hl.DeepReLU([(2, 2), (1, 2), [[1]]], (1, 2))
    w, step = np.array([1.0, 1, 1, 1, 0, 0]), 1e-6
    aside = step * np.array([1, -1, 0, 0, 1, -1])
    np.testing.assert_allclose(net.pullback(np.eye(2), w + aside, [1, -1])[4:], (1, 1), atol=2 * step)
    with pytest.raises(ValueError, match="w: got preactivations whose first-order changes depend on one another"):
        hl.clarke_subdifferential(net, np.eye(2), w, [1, -1])


def test_inputs_on_one_ray_are_one_input_to_a_deep_network():
    """Repeated inputs and multiples share all their kinks; they must not count as an undecided coincidence."""
    net, w = hl.DeepReLU([(2, 2), (1, 2), [[1]]], (1, 2)), np.array([1.0, 1, 1, 1, 1, -1])
    one = hl.clarke_subdifferential(net, [[1, 0]], w, [4])
    many = hl.clarke_subdifferential(net, [[1, 0], [2, 0], [1, 0], [0, 0]], w, [1, 1, 1, 5])
    np.testing.assert_allclose(many.vertices, one.vertices, rtol=1e-14)
    assert len(one.vertices) == 2


def test_a_dead_deep_network_has_gradient_zero():
    """All first preactivations are negative: what follows is zero nearby, and its kinks do not matter."""
    net = hl.DeepReLU([(2, 2), (2, 2), [[1, 1]]], (1, 2))
    polytope = hl.clarke_subdifferential(net, np.eye(2), [-1, -1, -1, -1, 1, 1, 1, 1], [1, 1])
    np.testing.assert_array_equal(polytope.vertices, np.zeros((1, net.size)))


@settings(max_examples=40, deadline=None)
@given(neurons_on_kinks())
def test_a_deep_network_of_two_layers_agrees_with_the_two_layer_network(run):
    """Two ways to the same set: cells around each neuron, and layer by layer."""
    net, X, w, z = run
    deep = hl.DeepReLU([(1, net.inputs), (1, 1)], (1, 2), slope=net.slope)
    right = set_unless_undecided(deep, X, np.roll(w, -1), z)
    left = hl.clarke_subdifferential(net, X, w, z)
    assert farthest(np.roll(left.vertices, -1, axis=1), right.vertices) < 1e-12
    assert farthest(right.vertices, np.roll(left.vertices, -1, axis=1)) < 1e-12


@settings(max_examples=60, deadline=None)
@given(runs(), SEEDS)
def test_away_from_kinks_it_is_the_gradient(run, seed):
    net, X, _, z = run
    w = np.random.default_rng(seed).standard_normal(net.size)
    vertices = hl.clarke_subdifferential(net, X, w, z).vertices
    np.testing.assert_allclose(vertices, net.pullback(X, w, z)[None], rtol=1e-12, atol=1e-12)


@settings(max_examples=60, deadline=None)
@given(neurons_on_kinks())
def test_euler_identity_holds_at_every_vertex(run):
    """<w, s> = 2 N(w) for all s in the set (Lemma B.1 of Kumar and Haupt)."""
    net, X, w, z = run
    vertices = hl.clarke_subdifferential(net, X, w, z).vertices
    np.testing.assert_allclose(vertices @ w, 2 * (z @ net.outputs(X, w)), atol=1e-12)


@settings(max_examples=60, deadline=None)
@given(neurons_on_kinks(), st.sampled_from([1e-150, 0.1, 3.0, 1e100]))
def test_the_set_is_homogeneous_of_degree_one(run, c):
    net, X, w, z = run
    left, right = hl.clarke_subdifferential(net, X, c * w, z), hl.clarke_subdifferential(net, X, w, z)
    assert farthest(left.vertices / c, right.vertices) < 1e-12
    assert farthest(right.vertices, left.vertices / c) < 1e-12


@settings(max_examples=60, deadline=None)
@given(neurons_on_kinks())
def test_the_set_lies_in_the_sum_of_the_sets_of_the_terms(run):
    """Lemma A.2: the sum rule is an inclusion."""
    net, X, w, z = run
    terms = hl.termwise_sum(net, X, w, z)
    assert all(terms.contains(s) for s in hl.clarke_subdifferential(net, X, w, z).vertices)


@settings(max_examples=60, deadline=None)
@given(neurons_on_kinks() | deep_on_kinks() | smooth_runs())
def test_the_sum_of_the_sets_is_the_minkowski_sum(run):
    net, X, w, z = run
    try:
        left = hl.termwise_sum(net, X, w, z)
    except ValueError as error:
        assume("first-order" not in str(error))
        raise
    each = [hl.clarke_subdifferential(net, X[i : i + 1], w, z[i : i + 1]) for i in range(len(X))]
    for direction in np.random.default_rng(0).standard_normal((8, net.size)):
        assert left.support(direction) == pytest.approx(sum(s.support(direction) for s in each), abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(neurons_on_kinks(), st.booleans())
def test_the_sum_rule_is_exact_where_every_term_is_convex(run, negative):
    net, X, w, z = run
    z = np.abs(z) * (-1 if negative else 1)
    assert farthest(*(f(net, X, w, z).vertices for f in (hl.termwise_sum, hl.clarke_subdifferential))) < 1e-12


def test_relu_of_t_minus_relu_of_minus_t_is_t():
    """The sum rule gives [0, 2] where the truth is 1: the smallest data on which the inclusion is strict."""
    net, X, z = hl.TwoLayerReLU(1, 2), [[1, 0], [-1, 0]], [1, -1]
    np.testing.assert_array_equal(hl.clarke_subdifferential(net, X, [1, 0, 1], z).vertices, [[0, 1, 0]])
    np.testing.assert_array_equal(hl.termwise_sum(net, X, [1, 0, 1], z).vertices, [[0, 0, 0], [0, 2, 0]])


@pytest.mark.parametrize(
    ("u", "slope", "invented"), [((0, 1), 0.2, (-0.8, 1.2)), ((-0.8, 0.6), 1.4, (-0.6, 3.4))], ids=["first", "second"]
)
def test_the_sum_rule_invents_stationary_points_on_symmetric_data(u, slope, invented):
    """N(v, u) = v q . u with q = (-0.2, -1.6) is smooth, yet the sum of the sets has a tangential zero."""
    half, y = np.array([(1, 0), (0.6, 0.8)]), np.array([1.0, -2.0])
    data = hl.TwoLayerReLU(1, 2), np.vstack([half, -half]), (1, *u), np.concatenate([y, -y])
    along = np.array((0, -u[1], u[0]))
    truth, termwise = hl.clarke_subdifferential(*data), hl.termwise_sum(*data)
    np.testing.assert_allclose(truth.vertices, [[-0.2 * u[0] - 1.6 * u[1], -0.2, -1.6]], rtol=1e-14)
    np.testing.assert_allclose((-truth.support(-along), truth.support(along)), (slope, slope), rtol=1e-14)
    np.testing.assert_allclose((-termwise.support(-along), termwise.support(along)), invented, rtol=1e-14)


def test_one_sided_slopes_at_the_knee_of_five_points():
    """The highest point of G on the circle is a kink: the slope falls from 0.886 to -1.114."""
    X, y = hl.datasets.five_points()
    u = np.array([12, 5]) / 13
    polytope = hl.clarke_subdifferential(hl.TwoLayerReLU(1, 2), X, (1, *u), y)
    along = np.array([0, -u[1], u[0]])
    assert polytope.support(along) == pytest.approx(0.88615384615385, abs=1e-13)
    assert -polytope.support(-along) == pytest.approx(-1.11384615384615, abs=1e-13)
    assert polytope.contains(3.4892307692308 * np.array((1, *u)), tolerance=1e-12)  # lambda w is in the set


def test_a_wide_network_on_its_kinks_stays_small():
    """Each of 40 neurons on one kink: 2^40 vertices, and yet all questions are answered."""
    X, y = hl.datasets.gaussian(40, 2, seed=0)
    net = hl.TwoLayerReLU(40, 2)
    w = net.join(np.column_stack([np.ones(40), -X[:, 1], X[:, 0]]))
    polytope = hl.clarke_subdifferential(net, X, w, y)
    assert polytope.vertex_count == 2**40
    assert polytope.contains(net.pullback(X, w, y))
    p = polytope.min_norm()
    # Each neuron adds a segment; the least-norm point of a segment has a closed form.
    for k, (_, *u) in enumerate(net.neurons(w)):
        jump = y[k] * X[k]
        active = np.delete(np.arange(40), k)[np.delete(X @ u, k) > 0]
        start = y[active] @ X[active]
        nearest = start + np.clip(-(start @ jump) / (jump @ jump), 0, 1) * jump
        np.testing.assert_allclose(net.neurons(p)[k, 1:], nearest, atol=1e-12)


def test_a_dead_output_weight_leaves_one_gradient():
    """At v = 0 the derivative in u is v times something bounded: zero, whatever the side."""
    polytope = hl.clarke_subdifferential(hl.TwoLayerReLU(1, 2), [[1, 0], [0, 1]], [0, 0, 1], [1, 3])
    np.testing.assert_array_equal(polytope.vertices, [[3, 0, 0]])


def test_at_zero_input_weights_every_input_bends():
    """N = v (|u1| - |u2|): at u = 0 the four gradients v (+-1, -+1) and their hull, a square."""
    X, z = [[1, 0], [-1, 0], [0, 1], [0, -1]], [1, 1, -1, -1]
    polytope = hl.clarke_subdifferential(hl.TwoLayerReLU(1, 2), X, [2, 0, 0], z)
    corners = [[0, -2, -2], [0, -2, 2], [0, 2, -2], [0, 2, 2]]
    np.testing.assert_array_equal(polytope.vertices, corners)
    assert polytope.contains(np.zeros(3))


def test_only_realisable_signs_count():
    """Three lines in the plane: were all eight sign vectors allowed, (3, 3) would be in the set."""
    X, z = np.array([[1, 0], [0, 1], [1, 1]]), np.array([-1, -1, 3])
    polytope = hl.clarke_subdifferential(hl.TwoLayerReLU(1, 2), X, [1, 0, 0], z)
    hexagon = [(0, 0), (2, 2), (2, 3), (3, 2)]  # cells (---), (+++), (+-+), (-++); (+--) and (-+-) give the next two
    cells = np.array([*hexagon, (-1, 0), (0, -1)])
    assert farthest(polytope.vertices[:, 1:], cells) == 0
    assert all(polytope.contains((0, *s)) for s in cells)
    assert not polytope.contains((0, *(z[2] * X[2])))  # the sign vector (-, -, +)
    assert hl.termwise_sum(hl.TwoLayerReLU(1, 2), X, [1, 0, 0], z).contains((0, *(z[2] * X[2])))


@settings(max_examples=30, deadline=None)
@given(neurons_on_kinks())
def test_freezing_the_residual_does_not_change_the_set(run):
    """Minus the gradients of the loss near w are those of N_z with z = -l'(H(X; w), y), although z moves with w."""
    net, X, w, y = run
    loss = hl.SquareLoss()
    starts = w + 1e-8 * np.random.default_rng(0).standard_normal((2000, net.size))
    z = -loss.derivative(net.outputs(X, starts), y)
    found = np.unique(np.round(net.pullback(X, starts, z), 5), axis=0)
    vertices = hl.clarke_subdifferential(net, X, w, -loss.derivative(net.outputs(X, w), y)).vertices
    assert farthest(vertices, found) < 1e-4


def test_active_kinks_scale_with_neither_side():
    X = np.array([[1e-200, 0], [0, 1e-200], [0, 0], [3, 1e-12], [1, 1]])
    for size in (1e-200, 1.0, 1e200):
        np.testing.assert_array_equal(hl.active_kinks(X, [0, size]), [0, 3])
    np.testing.assert_array_equal(hl.active_kinks(X, [0, 0]), [0, 1, 3, 4])
    np.testing.assert_array_equal(hl.active_kinks(X, [0, 1], tolerance=0), [0])
    for angle, on in ((0.9e-9, [0]), (1.1e-9, [])):  # by default
        np.testing.assert_array_equal(hl.active_kinks([[1.0, 0.0]], [angle, 1]), on)


def affine(*gradient, at=0.0):
    """Side <gradient, x> + at >= 0."""
    gradient = np.array(gradient, dtype=float)
    return lambda x: (gradient @ x + at, gradient)


def test_clarkes_example_of_partial_subdifferentials():
    """max(min(x, -y), y - x) at 0: the set and the product of the partial sets, [-1, 0] x [0, 1], do not nest."""
    x, minus_y, last = (lambda _: (1, 0)), (lambda _: (0, -1)), (lambda _: (-1, 1))
    pieces = [
        (x, [affine(-1, -1), affine(2, -1)]),
        (minus_y, [affine(1, 1), affine(1, -2)]),
        (last, [affine(-2, 1)]),
        (last, [affine(-1, 2)]),
    ]
    polytope = hl.clarke_of_pieces(pieces, (0, 0))
    np.testing.assert_array_equal(polytope.vertices, [[-1, 1], [0, -1], [1, 0]])
    assert polytope.contains((0, 0))
    assert not polytope.contains((-1, 0))  # in the product


def test_a_piece_that_touches_only_at_the_point_does_not_count():
    """relu(t) - relu(t) written with a piece that holds at t = 0 alone; its gradient 1 is what autodiff may return."""
    zero, wrong = (lambda _: [0.0]), (lambda _: [1.0])
    pieces = [(zero, [affine(1)]), (zero, [affine(-1)]), (wrong, [affine(1), affine(-1)])]
    np.testing.assert_array_equal(hl.clarke_of_pieces(pieces, [0.0]).vertices, [[0.0]])


def test_pieces_with_gradients_that_vary():
    """(u1 |u2| - 1)^2 at (1, 0): the set is {0} x [-2, 2]."""

    def gradient(side):
        return lambda u: 2 * (side * u[0] * u[1] - 1) * side * np.array([u[1], u[0]])

    pieces = [(gradient(side), [affine(0, side)]) for side in (1, -1)]
    np.testing.assert_array_equal(hl.clarke_of_pieces(pieces, (1, 0)).vertices, [[0, -2], [0, 2]])
    np.testing.assert_allclose(hl.clarke_of_pieces(pieces, (1, 0.5)).vertices, [[-0.5, -1]])


def test_curved_sides():
    """max(|x|, 1) on the unit circle: the segment from 0 to x."""
    pieces = [
        (lambda x: x / np.linalg.norm(x), [lambda x: (x @ x - 1, 2 * x)]),
        (lambda x: 0 * x, [lambda x: (1 - x @ x, -2 * x)]),
    ]
    np.testing.assert_allclose(hl.clarke_of_pieces(pieces, (0.6, 0.8)).vertices, [(0, 0), (0.6, 0.8)], atol=1e-15)


def test_a_cusp_is_not_decided_by_its_tangents():
    """Between y = x^2 and y = 2 x^2 there are points near 0 that no straight step finds."""
    cusp = [lambda x: (x[1] - x[0] ** 2, (-2 * x[0], 1.0)), lambda x: (2 * x[0] ** 2 - x[1], (4 * x[0], -1.0))]
    with pytest.raises(ValueError, match="pieces: got curved sides that touch"):
        hl.clarke_of_pieces([(lambda _: (1, 0), cusp)], (0, 0))


def test_the_example_in_the_docstring():
    examples = doctest.DocTestFinder().find(hl.clarke_of_pieces, globs=vars(clarke))
    assert sum(doctest.DocTestRunner().run(example).attempted for example in examples) == 3
    assert doctest.DocTestRunner().summarize().failed == 0


NET, X, W, Z = hl.TwoLayerReLU(1, 2), np.eye(2), np.ones(3), np.ones(2)


@pytest.mark.parametrize("subdifferential", [hl.clarke_subdifferential, hl.termwise_sum])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((NET, np.ones((2, 3)), W, Z), r"X: got shape \(2, 3\)"),
        ((NET, X, np.ones(4), Z), r"w: got shape \(4,\)"),
        ((NET, X, np.ones((2, 3)), Z), r"w: got shape \(2, 3\).*no batch axes"),
        ((NET, X, W, np.ones(3)), r"z: got shape \(3,\)"),
        ((NET, X, [1, np.inf, 1], Z), "w: got non-finite"),
        ((NET, X, W, Z, -1.0), "tolerance: got -1"),
        ((NET, np.random.default_rng(0).standard_normal((60, 2)), W, np.ones(60), np.nan), "tolerance: got nan"),
    ],
)
def test_bad_input_is_named(subdifferential, arguments, message):
    with pytest.raises(ValueError, match=message):
        subdifferential(*arguments)


def test_too_many_cells_are_refused_not_attempted():
    net = hl.TwoLayerReLU(1, 10)
    X, z = hl.datasets.gaussian(200, 10, seed=0)
    with pytest.raises(ValueError, match="normals: got 200 hyperplanes in 10 dimensions"):
        hl.clarke_subdifferential(net, X, [1.0, *np.zeros(10)], z)


def test_pieces_must_cover_the_point():
    with pytest.raises(ValueError, match="pieces: got none"):
        hl.clarke_of_pieces([(lambda _: (1, 0), [affine(1, 0, at=-1)])], (0, 0))


def test_a_network_of_another_kind_is_refused_by_name():
    """With kinks, but neither of those whose Clarke sets are known."""

    net = hl.SquaredReLU(1, 2)
    net.smooth = False
    with pytest.raises(ValueError, match=r"net: got .*want a smooth network, a TwoLayerReLU or a DeepReLU"):
        hl.clarke_subdifferential(net, np.eye(2), np.ones(2), np.ones(2))


def test_more_pieces_than_are_listed_are_refused():
    """k neurons at zero behind a single input, with k independent kinks: 2^k gradients (1, 0 or 1 for each)."""
    few, many = (hl.DeepReLU([(1, 1), (k, 1), np.ones((1, k))], trainable=(1, 2)) for k in (5, 15))
    found = hl.clarke_subdifferential(few, [[1.0]], np.append(1.0, np.zeros(5)), [1.0])
    np.testing.assert_array_equal(found.vertices, [(0, *corner) for corner in product((0, 1), repeat=5)])
    with pytest.raises(
        ValueError, match=r"^w: got a point where more than 16384 pieces meet, want at most 16384 pieces"
    ):
        hl.clarke_subdifferential(many, [[1.0]], np.append(1.0, np.zeros(15)), [1.0])
