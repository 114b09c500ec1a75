"""One neuron as hinges, and the velocities with which solutions go on from a point."""

from collections import Counter
from itertools import product

import numpy as np
import pytest
from scipy.optimize import nnls

from homolib.clarke.hinge_sums import TOL, HingeSum
from homolib.clarke.polytopes import sign_patterns
from homolib.neuron.ways_on import Undecided, velocities, verified


def neuron(X, z, u, slope):
    s = X @ u
    return z @ np.maximum(s, slope * s)


def brute_force(base, normals, jumps):
    """Every face, its projection, and the hull of the gradients of all cells next to it: no QP, no circle."""
    found = []
    for side in product((-1, 0, 1), repeat=len(jumps)):
        side = np.array(side)
        on = normals[side == 0]
        inner = base + jumps[side > 0] @ normals[side > 0]
        w = inner - np.linalg.pinv(on) @ (on @ inner) if len(on) else inner
        w = np.where(np.abs(w) < 1e-12, 0, w)
        if np.array_equal(np.sign(np.where(np.abs(normals @ w) < 1e-11, 0, normals @ w)), side):
            independent = np.linalg.matrix_rank(on) == len(on) if len(on) else True
            beside = np.array(list(product((0, 1), repeat=len(on)))) if independent else sign_patterns(on) > 0
            gradients = inner + beside * jumps[side == 0] @ on
            if nnls(np.vstack([gradients.T, np.ones(len(gradients))]), np.append(w, 1))[1] < 1e-9:
                found.append(w)
    return found


@pytest.mark.parametrize("slope", [0.0, 0.1, -0.5, 1.0, 2.5])
def test_hinges_are_the_neuron(slope):
    rng = np.random.default_rng(1)
    X = rng.standard_normal((9, 3))
    X[3], X[4], X[5], X[6] = 2 * X[0], -X[0], -0.5 * X[1], 0
    z = rng.standard_normal(9)
    hinges = HingeSum(X, z, slope)
    assert len(hinges.jumps) == (0 if slope == 1 else 5)
    assert list(hinges.inputs) == ([] if slope == 1 else [0, 1, 2, 7, 8])
    for u in rng.standard_normal((50, 3)):
        value = hinges.linear @ u + hinges.jumps @ np.maximum(hinges.normals @ u, 0)
        assert value == pytest.approx(neuron(X, z, u, slope), rel=1e-12, abs=1e-12)
        assert hinges.gradient(hinges.side(u)) @ u == pytest.approx(value, rel=1e-12, abs=1e-12)


def test_opposite_inputs_add_and_cancelling_ones_are_no_kink():
    X = np.array([[1.0], [-2.0]])
    assert HingeSum(X, [1.0, 1.0]).jumps == pytest.approx([3.0])
    assert len(HingeSum(X, [2.0, -1.0]).jumps) == 0
    assert len(HingeSum(X, [0.0, 0.0]).jumps) == 0


def test_one_kink_agrees_with_one_sided_limits_in_10000_draws():
    """From the raw data, ties included: a solution can leave to a side whose velocity points off the kink."""
    rng = np.random.default_rng(2)
    kinds = Counter()
    while kinds.total() < 10_000:
        d, n = rng.integers(1, 4), rng.integers(1, 6)
        X, z = rng.integers(-2, 3, (n, d)).astype(float), rng.integers(-2, 3, n).astype(float)
        hinges = HingeSum(X, z)
        for x, sign in product(X[X.any(axis=1)], (-1, 1)):
            q = x / np.linalg.norm(x)
            u = rng.standard_normal(d)
            u -= (u @ q) * q
            sides = [sign * (z * (X @ (u + e * q) > 0)) @ X for e in (-1e-9, 1e-9)]
            on = np.flatnonzero(np.abs(hinges.normals @ u) < 1e-12)
            if len(on) != 1:  # no kink after all, or several
                continue
            below, above = (round(float(g @ q), 9) for g in sides)
            expected = [g for g, leaves in zip(sides, (below < 0, above > 0), strict=True) if leaves]
            expected += [sides[0] - below * q] * (below * above <= 0)
            base = sign * hinges.gradient(hinges.side(u))
            got = [w for w, _ in velocities(base, hinges.normals[on], sign * hinges.jumps[on], hinges.size)]
            assert len(got) == len(expected)
            assert all(min(np.abs(w - other).max() for other in got) < 1e-8 for w in expected)
            kinds[int(np.sign(below)), int(np.sign(above))] += 1
    # Crossings, slidings and branchings, and the four ties that a dead side makes: all are met.
    ties = {(0, 1), (-1, 0), (0, -1), (1, 0)}
    assert kinds.keys() == {(1, 1), (-1, -1), (1, -1), (-1, 1)} | ties
    assert min(kinds.values()) > 50


@pytest.mark.parametrize("jump", [2.0, -2.0])
@pytest.mark.parametrize("below", [-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0])
def test_one_kink_by_the_table(jump, below):
    """Cross, slide, branch and the ties, from the two normal speeds."""
    above = below + jump
    ways = [int(s[0]) for _, s in velocities(np.array([below, 5.0]), np.array([[1.0, 0.0]]), np.array([jump]), 8.0)]
    if below < 0 < above:
        wanted = [-1, 1, 0]
    elif below > 0 > above or (above == 0 < below) or (below == 0 > above):
        wanted = [0]
    elif below == 0:
        wanted = [1, 0]
    elif above == 0:
        wanted = [-1, 0]
    else:
        wanted = [int(np.sign(below))]
    assert ways == wanted


def test_velocities_are_all_those_of_brute_force():
    """Mixed signs, up to five kinks, independent or not, ties included."""
    rng = np.random.default_rng(3)
    counts = set()
    for trial in range(200):
        d, k = rng.integers(2, 5), rng.integers(2, 6)
        normals = rng.integers(-2, 3, (k, d)).astype(float) if trial % 2 else rng.standard_normal((k, d))
        hinges = HingeSum(normals[normals.any(axis=1)], rng.choice([-2.0, -1.0, 1.0, 3.0], normals.any(axis=1).sum()))
        if not len(hinges.jumps):
            continue
        base = hinges.linear + rng.integers(-1, 2) * rng.standard_normal(d)
        got = [w for w, _ in velocities(base, hinges.normals, hinges.jumps, hinges.size)]
        expected = brute_force(base, hinges.normals, hinges.jumps)
        assert len(got) == len(expected), trial
        for w in expected:
            assert min(np.linalg.norm(w - other) for other in got) < 1e-9
        counts.add(min(len(got), 3))
    assert counts == {1, 2, 3}


def test_attracting_kinks_have_one_velocity_and_it_is_the_point_of_least_norm():
    rng = np.random.default_rng(4)
    for _ in range(100):
        d, k = rng.integers(2, 8), rng.integers(2, 8)
        normals = rng.standard_normal((k, d))
        normals /= np.linalg.norm(normals, axis=1, keepdims=True)
        base, jumps = rng.standard_normal(d), -rng.random(k) * 3 - 0.1
        ((w, side),) = velocities(base, normals, jumps, 10.0)
        patterns = np.array(list(product((0, 1), repeat=int(k))))
        vertices = base + (patterns * jumps) @ normals
        assert np.all(vertices @ w >= w @ w - 1e-10)  # least norm in the hull
        assert np.array_equal(side, np.where(np.abs(normals @ w) < 1e-11, 0, np.sign(normals @ w)))


def test_one_repelling_kink_reached_transversally_is_crossed():
    """Whatever attracting kinks the flow slides on meanwhile."""
    rng = np.random.default_rng(5)
    tried = 0
    for _ in range(300):
        d, k = rng.integers(2, 6), rng.integers(1, 4)
        normals = rng.standard_normal((k + 1, d))
        normals /= np.linalg.norm(normals, axis=1, keepdims=True)
        base, jumps = rng.standard_normal(d), np.append(-rng.random(k) * 3 - 0.1, rng.random() * 3)
        ((before, _),) = velocities(base + jumps[-1] * normals[-1], normals[:-1], jumps[:-1], 10.0)
        if before @ normals[-1] >= -1e-6:
            continue
        ((_, side),) = velocities(base, normals, jumps, 10.0)
        assert side[-1] == -1
        tried += 1
    assert tried > 40


def test_at_zero_the_ways_on_are_the_kkt_directions():
    """Five points in the plane, all kinks at once: two maxima and a kink minimum have positive values."""
    from homolib.problems.datasets import five_points

    X, y = five_points()
    hinges = HingeSum(X, y)
    ways = [w for w, _ in velocities(hinges.linear, hinges.normals, hinges.jumps, hinges.size)]
    angles = sorted(round(float(np.arctan2(w[1], w[0]) % (2 * np.pi)), 12) for w in ways)
    assert angles == pytest.approx([0, 0.39479111969976, 5.9993911979713], abs=1e-12)
    for w in ways:
        assert neuron(X, y, w / np.linalg.norm(w), 0) == pytest.approx(np.linalg.norm(w), rel=1e-12)


def star(*angles):
    return np.array([[np.cos(angle), np.sin(angle)] for angle in np.radians(angles)])


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
@pytest.mark.parametrize(
    ("normals", "jumps", "corner", "off", "slack"),
    [
        (np.eye(2), np.array([-0.01, -30.0]), [0.0, -30.0], [0.0, -1.0], 1),  # independent: a parallelogram
        (np.eye(2), np.array([-0.01, -30.0]), [-0.01, -15.0], [-1.0, 0.0], 1),
        (star(0, 60, 120), np.array([-1.0, -2.0, -3.0]), None, None, 100),  # concave: a hexagon
        (star(0, 60, 120), np.array([1.0, 2.0, -3.0]), None, None, 100),  # neither
    ],
)
def test_rest_needs_zero_in_the_hull_up_to_rounding(normals, jumps, corner, off, slack, scale):
    """Zero is on the border of the hull of the gradients around the face where all kinks meet, or just outside."""
    size = np.abs(jumps).sum()
    if corner is None:  # the vertex of the hull that is farthest in a direction
        cells = (np.sign(star(*range(1, 360, 2)) @ normals.T) > 0) @ (jumps[:, None] * normals)
        off = star(37.0)[0]
        corner = cells[np.argmax(cells @ off)]
    for share, rests in ((-10.0, True), (0.3, True), (3.0, False), (10.0, False)):
        base = -np.array(corner) - share * slack * TOL * size * np.array(off)
        found = verified(np.zeros(len(jumps), int), scale * base, normals, scale * jumps, scale * size)
        assert (found is not None) is rests, share


def test_many_independent_repelling_kinks_are_refused_not_guessed():
    with pytest.raises(Undecided, match="12 repelling kinks of rank 12"):
        list(velocities(np.zeros(12), np.eye(12), np.ones(12), 12.0))


@pytest.mark.parametrize(
    ("argument", "bad"), [("X", [1.0]), ("z", [1.0, 2.0, 3.0]), ("slope", np.inf), ("z", [np.nan, 1.0])]
)
def test_bad_arguments_are_named(argument, bad):
    good = {"X": np.eye(2), "z": np.ones(2), "slope": 0.0}
    with pytest.raises(ValueError, match=f"^{argument}: got"):
        HingeSum(**good | {argument: bad})


@pytest.mark.parametrize("side", [*product((-1, 0, 1), repeat=2)])
def test_a_velocity_leads_to_a_face_only_if_it_points_into_it(side):
    """Of -|y_1| + 2 max(y_2, 0) + y_2: slide on y_1 = 0 with (0, 3) or (0, 1), of which only the first goes where."""
    found = verified(np.array(side), np.array([1.0, 1.0]), np.eye(2), np.array([-2.0, 2.0]), 4.0)
    assert (found is None) if side != (0, 1) else found.tolist() == [0, 3]
