"""Polytopes against exact rational arithmetic; sign patterns against the counts of Cover and against sampling."""

import math
from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from homolib.clarke.polytopes import MOST_VERTICES, Polytope, distinct_directions, sign_patterns, unit_rows

points = hnp.arrays(int, st.tuples(st.integers(1, 6), st.integers(1, 3)), elements=st.integers(-4, 4))
far_points = hnp.arrays(int, st.tuples(st.integers(1, 5), st.integers(1, 3)), elements=st.integers(10**6, 10**6 + 5))


def exact_min_norm(vertices):
    """Least-norm point by trying every affinely independent face in rational arithmetic: no tolerance anywhere."""
    vertices = [[Fraction(int(x)) for x in v] for v in vertices]
    candidates = []
    for count in range(1, min(len(vertices), len(vertices[0]) + 1) + 1):
        for face in combinations(vertices, count):
            rows = [[sum(a * b for a, b in zip(p, q, strict=True)) for q in face] + [Fraction(-1), 0] for p in face]
            weights = solve([*rows, [Fraction(1)] * count + [Fraction(0), Fraction(1)]])
            if weights is not None and min(weights[:count]) >= 0:
                p = [sum(c * q[k] for c, q in zip(weights, face, strict=False)) for k in range(len(face[0]))]
                candidates.append((sum(x * x for x in p), p))
    return np.array([float(x) for x in min(candidates)[1]])


def solve(rows):
    """Gauss-Jordan elimination of an augmented matrix; None if it is singular."""
    rows = [list(row) for row in rows]
    for c in range(len(rows)):
        pivot = next((r for r in range(c, len(rows)) if rows[r][c] != 0), None)
        if pivot is None:
            return None
        rows[c], rows[pivot] = rows[pivot], rows[c]
        rows[c] = [x / rows[c][c] for x in rows[c]]
        for r in range(len(rows)):
            if r != c:
                rows[r] = [x - rows[r][c] * y for x, y in zip(rows[r], rows[c], strict=True)]
    return [row[-1] for row in rows]


def cover_count(m, d):
    """Cells of m hyperplanes through 0 in general position in R^d."""
    return 2 * sum(math.comb(m - 1, i) for i in range(d))


def test_wolfes_triangle():
    triangle = Polytope([(0, 2), (3, 0), (-2, 1)])
    np.testing.assert_allclose(triangle.min_norm(), (3 / 26, 15 / 26), rtol=1e-14)


@settings(max_examples=150, deadline=None)
@given(st.one_of(points, far_points))
def test_min_norm_is_the_exact_one(vertices):
    scale = max(1, np.abs(vertices).max())
    np.testing.assert_allclose(Polytope(vertices).min_norm(), exact_min_norm(vertices), rtol=0, atol=1e-13 * scale)


@settings(deadline=None)
@given(points, st.sampled_from([1e-300, 1e-150, 1e-9, 3.0, 1e150]))
def test_min_norm_scales_with_the_polytope(vertices, scale):
    left, right = Polytope(scale * vertices).min_norm(), scale * Polytope(vertices).min_norm()
    np.testing.assert_allclose(left, right, rtol=0, atol=1e-13 * scale * np.abs(vertices).max())


@settings(deadline=None)
@given(hnp.arrays(float, st.tuples(st.integers(1, 12), st.integers(1, 5)), elements=st.floats(-10, 10, width=32)))
def test_min_norm_carries_its_certificate(vertices):
    """The point p is the nearest if and only if <s, p> >= <p, p> on the whole polytope."""
    p = Polytope(vertices).min_norm()
    assert (vertices @ p).min() >= p @ p - 1e-12 * np.square(vertices).sum(axis=1).max()


def test_mean_of_the_vertices_has_no_such_certificate():
    vertices = np.array([(0, 2), (3, 0), (-2, 1)])
    p = vertices.mean(axis=0)
    assert (vertices @ p).min() < p @ p - 0.1


@settings(deadline=None)
@given(points, st.integers(0, 10**6))
def test_a_random_average_is_inside_and_a_step_beyond_the_support_is_not(vertices, seed):
    rng = np.random.default_rng(seed)
    polytope, direction = Polytope(vertices), rng.standard_normal(vertices.shape[1])
    inside = rng.dirichlet(np.ones(len(vertices))) @ vertices
    assert polytope.contains(inside)
    assert inside @ direction <= polytope.support(direction) + 1e-12
    direction /= np.linalg.norm(direction)
    beyond = vertices[np.argmax(vertices @ direction)] + 0.01 * direction
    assert not polytope.contains(beyond)
    assert polytope.distance(beyond) == pytest.approx(0.01, rel=1e-9)


@settings(deadline=None)
@given(points)
def test_vertices_are_extreme_and_span_the_same_set(vertices):
    polytope = Polytope(vertices)
    assert all(Polytope(polytope.vertices).contains(v, tolerance=1e-11) for v in vertices)
    for i, vertex in enumerate(polytope.vertices):
        others = np.delete(polytope.vertices, i, axis=0)
        assert not len(others) or not Polytope(others).contains(vertex, tolerance=1e-6)


def test_vertices_leave_out_repeated_and_interior_points():
    square = [(0, 0), (1, 0), (0, 1), (1, 1)]
    polytope = Polytope([*square, *square, (0.5, 0.5), (0.5, 0), (0.25, 0.75)])
    assert {tuple(v) for v in polytope.vertices} == set(square)
    assert repr(polytope) == "Polytope(4 vertices in R^2)"
    assert repr(Polytope([(1, 2)])) == "Polytope(1 vertex in R^2)"


def test_the_width_of_a_box_beside_the_origin_is_its_side():
    box = Polytope(np.array([[1.0, 5], [4, 5], [1, 7], [4, 7]]))
    assert [box.width(s) for s in ([1, 0], [-1, 0], [0, 1], [0, 0])] == [3, 3, 2, 0]


@settings(max_examples=40, deadline=None)
@given(points, points, st.integers(0, 10**6))
def test_a_product_answers_as_the_list_of_its_vertices_would(a, b, seed):
    both = Polytope.product([Polytope(a), Polytope(b)])
    listed = Polytope(both.vertices)
    s = np.random.default_rng(seed).standard_normal(both.size)
    np.testing.assert_allclose(both.min_norm(), listed.min_norm(), atol=1e-12)
    assert both.distance(s) == pytest.approx(listed.distance(s), abs=1e-12)
    assert both.support(s) == pytest.approx(listed.support(s), abs=1e-12)
    assert both.width(s) == pytest.approx(listed.width(s), abs=1e-12)
    assert both.contains(s) == listed.contains(s)
    assert both.vertex_count == len(both.vertices)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 3).flatmap(lambda k: st.tuples(*[hnp.arrays(int, (3, k), elements=st.integers(-4, 4))] * 2)))
def test_supports_add_in_a_minkowski_sum(pair):
    a, b = map(Polytope, pair)
    for direction in np.random.default_rng(0).standard_normal((5, a.size)):
        assert (a + b).support(direction) == pytest.approx(a.support(direction) + b.support(direction), abs=1e-12)


@pytest.mark.parametrize("other", [[1, 2], [2, 1], [3], [1, 1, 1]])
def test_supports_add_whatever_the_blocks(other):
    rng = np.random.default_rng(0)
    one = Polytope.product(Polytope(rng.standard_normal((3, k))) for k in (1, 2))
    two = Polytope.product(Polytope(rng.standard_normal((4, k))) for k in other)
    for direction in rng.standard_normal((20, 3)):
        assert (one + two).support(direction) == pytest.approx(one.support(direction) + two.support(direction))


def test_many_blocks_do_not_explode():
    cube = Polytope.product([Polytope([[-1.0], [1.0]])] * 60)
    assert cube.vertex_count == 2**60
    assert cube.contains(np.zeros(60))
    assert cube.distance(np.full(60, 2.0)) == pytest.approx(math.sqrt(60))
    with pytest.raises(ValueError, match=r"vertices: got 1152921504606846976.*at most 16384"):
        _ = cube.vertices


@pytest.mark.parametrize(("m", "d", "cells"), [(5, 2, 10), (4, 3, 14), (6, 3, 32), (9, 4, 186), (3, 3, 8), (1, 4, 2)])
def test_general_position_gives_the_count_of_cover(m, d, cells):
    normals = np.random.default_rng(m + d).standard_normal((m, d))
    assert len(sign_patterns(normals)) == cells == cover_count(m, d)


def test_as_many_cells_as_the_limit_are_listed():
    """Fourteen coordinate planes have 2**14 orthants, which is the limit itself."""
    assert len(sign_patterns(np.eye(14))) == MOST_VERTICES


def test_not_every_sign_vector_is_realised():
    """Three lines in the plane have six cells, not eight: this is what the sum rule overlooks."""
    patterns = sign_patterns([(1, 0), (0, 1), (1, 1)]).tolist()
    assert len(patterns) == 6
    assert [1, 1, -1] not in patterns
    assert [-1, -1, 1] not in patterns


normal_rows = hnp.arrays(int, st.tuples(st.integers(1, 6), st.integers(1, 3)), elements=st.integers(-2, 2)).map(
    lambda rows: np.where(rows.any(axis=1, keepdims=True), rows, 1)
)


@settings(max_examples=80, deadline=None)
@given(normal_rows)
def test_patterns_are_those_that_sampling_finds(normals):
    """Integer normals are full of repeated, opposite and dependent rows."""
    codes = 2 ** np.arange(len(normals))
    h = np.random.default_rng(0).standard_normal((20_000, normals.shape[1]))
    found, realised = np.unique((h @ normals.T > 0) @ codes), (sign_patterns(normals) > 0) @ codes
    np.testing.assert_array_equal(np.sort(realised), found)


def test_patterns_do_not_depend_on_the_length_of_the_normals():
    normals = np.random.default_rng(3).standard_normal((5, 3))
    scales = np.array([1e-300, 1e-5, 1.0, 1e5, 1e300])[:, None]
    np.testing.assert_array_equal(sign_patterns(normals), sign_patterns(scales * normals))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Polytope([1.0, 2.0]), r"points: got shape \(2,\)"),
        (lambda: Polytope(np.empty((0, 2))), "points: got the empty shape"),
        (lambda: Polytope([[np.nan, 1.0]]), "points: got non-finite"),
        (lambda: Polytope.product([]), "factors: got none"),
        (lambda: Polytope([[1.0, 2.0]]).support([1.0]), "direction: got shape"),
        (lambda: Polytope([[1.0, 2.0]]).distance([1.0]), "s: got shape"),
        (lambda: Polytope([[1.0, 2.0]]).contains([1.0, 2.0], tolerance=-1), "tolerance: got -1"),
        (lambda: Polytope([[1.0, 2.0]]) + Polytope([[1.0]]), r"other: got a polytope in R\^1"),
        (lambda: sign_patterns([[0.0, 0.0]]), "normals: got a zero vector"),
        (lambda: sign_patterns(np.eye(15)), rf"normals: got 15 hyperplanes.*at most {MOST_VERTICES}"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@given(st.integers(0, 10_000))
def test_distinct_directions_finds_the_lines_that_inputs_lie_on(seed):
    rng = np.random.default_rng(seed)
    count, d = int(rng.integers(1, 6)), int(rng.integers(1, 5))
    lines = unit_rows(rng.standard_normal((count if d > 1 else 1, d)))
    which, side = rng.integers(0, len(lines), 12), rng.choice([-1.0, 1.0], 12)
    units, group, turn = distinct_directions(side[:, None] * lines[which])
    order = list(dict.fromkeys(which.tolist()))  # a line is named by the first input on it
    assert np.array_equal(group, [order.index(line) for line in which])
    np.testing.assert_array_equal(turn[:, None] * units[group], side[:, None] * lines[which])


def test_a_chain_of_close_neighbours_is_one_line():
    angles = np.array([0.0, 0.8e-9, 1.6e-9, 1e-8])
    units, group, _ = distinct_directions(np.stack([np.cos(angles), np.sin(angles)], axis=1))
    assert len(units) == 2
    assert group.tolist() == [0, 0, 0, 1]


def test_only_a_polytope_can_be_added():
    with pytest.raises(TypeError, match="unsupported operand"):
        Polytope([[0.0, 0.0]]) + np.float64(1)
