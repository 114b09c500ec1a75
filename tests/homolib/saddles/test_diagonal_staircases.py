"""The staircase of a diagonal linear network: exact cases, the flow it is the limit of, and ties."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.optimize import linprog

import homolib as hl
from homolib.saddles import diagonal_staircases

MEAN = hl.SquareLoss("mean")
COUPLED = np.array([[1, 0.5, 0], [0, 1, 0.5], [0.5, 0, 1]]), np.array([1.5, -0.75, 1.5])
TIED = np.array([[1.0, 1, 1], [3, 0, 1]]), np.array([3.0, 3])
WIDER = np.array([[2.0, -1, 0, 1], [0, 3, 2, 0]]), np.array([0.0, 6])


def dying():
    """A coordinate wakes first, dies at the third jump and returns with the other sign at the fourth."""
    gram, beta = np.array([[1, 0.8, 0.8], [0.8, 1, 0.4], [0.8, 0.4, 1]]), np.array([-0.5, 1, 1.2])
    X = np.linalg.cholesky(gram).T
    return X, X @ beta


def flow(X, y, delta, turns, loss=None):
    """The training flow from a = delta, b = 0 over `turns` units of ln(1/delta)."""
    d = X.shape[1]
    start = np.concatenate([np.ones(d), np.zeros(d)])
    return hl.training_flow(hl.DiagonalLinear(d), X, y, start, -turns * np.log(delta), loss, delta)


def predictor(w):
    a, b = np.split(w, 2)
    return a * b


def test_orthogonal_inputs_wake_in_the_order_of_size():
    X, beta = 2 * np.eye(4), np.array([2, -1, 0.5, 0.25])
    found = hl.diagonal_staircase(X, X @ beta, MEAN)
    np.testing.assert_allclose(found.times, 1 / np.abs(beta), rtol=1e-12)
    np.testing.assert_allclose(found.points, np.tril(np.ones((5, 4)), -1) * beta, atol=1e-12)
    assert found.woken == [(0,), (1,), (2,), (3,)]
    assert not found.ties


def test_coupled_inputs():
    found = hl.diagonal_staircase(*COUPLED, MEAN)
    np.testing.assert_allclose(found.times, [4 / 3, 14 / 3, 56 / 9], rtol=1e-12)
    np.testing.assert_allclose(found.points[1:], [[1.8, 0, 0], [15 / 7, -6 / 7, 0], [2, -1, 0.5]], atol=1e-12)
    np.testing.assert_allclose(found.losses, [0.84375, 0.16875, 0.0401785714, 0], atol=1e-10)
    np.testing.assert_allclose(hl.diagonal_staircase(*COUPLED).times, found.times / 3)


def test_coordinates_can_die_and_return():
    found = hl.diagonal_staircase(*dying())
    np.testing.assert_allclose(found.times, [50 / 63, 25 / 24, 5 / 3, 145 / 3], rtol=1e-11)
    points = [[63 / 50, 0, 0], [5 / 6, 0, 8 / 15], [0, 5 / 7, 32 / 35], [-0.5, 1, 1.2]]
    np.testing.assert_allclose(found.points[1:], points, atol=1e-12)
    np.testing.assert_allclose(found.losses[0] - found.losses[1:], [0.7938, 0.845, 0.934285714286, 0.945], atol=1e-11)
    assert found.woken == [(0,), (2,), (1,), (0,)]
    assert found.asleep == [(), (), (0,), ()]


def test_the_first_jump_is_that_of_the_largest_correlation():
    X, y = hl.datasets.gaussian(6, 4, seed=3)
    found, pull = hl.diagonal_staircase(X, y), X.T @ y
    j = np.abs(pull).argmax()
    assert found.times[0] == pytest.approx(1 / np.abs(pull).max())
    np.testing.assert_allclose(found.points[1], np.where(np.arange(4) == j, pull / (X**2).sum(axis=0), 0))


@pytest.mark.parametrize("data", [COUPLED, dying()])
def test_measured_jumps_tend_to_the_predicted_ones_like_one_over_the_logarithm(data):
    """The shift of a jump in plain time tends to a constant, so the slope in log-log is -1."""
    found, net = hl.diagonal_staircase(*data), hl.DiagonalLinear(3)
    clocks = np.log(10) * np.array([20, 40, 80, 160])
    shifts = np.array(
        [
            hl.jump_times(net, *data, flow(*data, np.exp(-clock), 1.2 * found.times[-1]), found) - found.times * clock
            for clock in clocks
        ]
    )
    np.testing.assert_allclose(shifts[2:], np.broadcast_to(shifts[3], (2, len(found.times))), rtol=1e-4)
    slopes = np.polyfit(np.log(clocks), np.log(np.abs(shifts) / clocks[:, None]), 1)[0]
    np.testing.assert_allclose(slopes, -1, atol=0.02)


def test_jump_times_between_two_tiny_starts_are_exact():
    """A difference of two starts cancels the constant shift."""
    data, net = dying(), hl.DiagonalLinear(3)
    found = hl.diagonal_staircase(*data)
    first, second = (hl.jump_times(net, *data, flow(*data, delta, 52), found) for delta in (1e-40, 1e-80))
    slopes = (second - first) / (40 * np.log(10))
    # what is left is the slow end of the third plateau at 1e-40
    np.testing.assert_allclose(slopes, found.times, rtol=1e-5)


def test_a_hundred_orders_of_magnitude_run_within_a_second():
    """In processor time, so that a busy machine does not matter."""
    data, begin = dying(), time.process_time()
    found = hl.diagonal_staircase(*data)
    path = flow(*data, 1e-100, 52)
    for t, point in zip((0.9, 1.3, 20, 51), found.points[1:], strict=True):
        np.testing.assert_allclose(predictor(path.at(-t * np.log(1e-100))), point, atol=1e-5)
    assert time.process_time() - begin < 1


@pytest.mark.parametrize("delta", [1e-1, 1e-150, 1e-300])
def test_every_delta_works(delta):
    path = flow(*COUPLED, delta, 4)
    assert path.loss[-1] < 1e-3
    assert path.log_norm[0] == pytest.approx(np.log(delta) + np.log(3) / 2)


def test_the_loss_of_the_limit_is_a_step_function():
    found = hl.diagonal_staircase(*COUPLED, MEAN)
    np.testing.assert_allclose(found.loss_at(np.array([0, 1.3, 1.4, 7])), found.losses[[0, 0, 1, 3]])


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_random_data_end_at_least_squares_of_least_l1_norm(seed):
    """Pesme and Flammarion: the last point is the least-l1 solution; losses fall at every jump."""
    rng = np.random.default_rng(seed)
    n, d = int(rng.integers(1, 5)), int(rng.integers(1, 6))
    X, y = rng.standard_normal((n, d)), rng.standard_normal(n)
    found = hl.diagonal_staircase(X, y)
    fitted = X @ np.linalg.lstsq(X, y, rcond=None)[0]
    least = linprog(np.ones(2 * d), A_eq=np.hstack([X, -X]), b_eq=fitted).fun
    np.testing.assert_allclose(X @ found.points[-1], fitted, atol=1e-8)
    assert np.abs(found.points[-1]).sum() == pytest.approx(least, rel=1e-7)
    assert (np.diff(found.losses) < 0).all()
    assert (np.diff(found.times) > 0).all()


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10_000))
def test_random_data_follow_their_staircase(seed):
    """In the middle of every plateau that is not too short the flow is at the predicted saddle."""
    X, y = hl.datasets.gaussian(4, 3, seed)
    found = hl.diagonal_staircase(X, y)
    path = flow(X, y, 1e-120, found.times[-1] + 1)
    edges = np.append(found.times, found.times[-1] + 1)
    for left, right, point in zip(edges[:-1], edges[1:], found.points[1:], strict=True):
        if right - left > 0.3 * right:
            t = (left + right) / 2 * np.log(1e120)
            np.testing.assert_allclose(predictor(path.at(t)), point, atol=1e-3)


@pytest.mark.parametrize(
    ("depth", "expected"),
    [
        (2, (0.6539651, 1.3079301, 1.0381048)),
        (3, (0.6580772, 1.3161544, 1.0257685)),
        (4, (0.6601886, 1.3203772, 1.0194341)),
    ],
)
def test_which_of_the_least_l1_solutions(depth, expected):
    """All (1 - t, 2 (1 - t), 3 t) have l1 norm three (Wind, Antun and Hansen 2023)."""
    found = hl.tie_break(*TIED, np.ones(3), depth)
    np.testing.assert_allclose(found, expected, atol=1e-7)
    t = (4 - 6 * 2 ** (1 / 3) + 9 * 2 ** (2 / 3)) / 31
    if depth > 2:
        t = 1 / (1 + (3 ** (2 / depth) / (2 ** (2 / depth) + 1)) ** (-depth / (depth - 2)))
    np.testing.assert_allclose(found, (1 - t, 2 * (1 - t), 3 * t), rtol=1e-10)


@pytest.mark.parametrize("depth", [2, 3, 4, 10])
def test_newton_converges_quadratically(depth, monkeypatch):
    """With a wrong curvature it would come to the same point, in some hundred steps."""
    solves, solve = [], np.linalg.solve
    monkeypatch.setattr(np.linalg, "solve", lambda *system: solves.append(1) or solve(*system))
    hl.tie_break(*TIED, np.ones(3), depth)
    assert 3 <= len(solves) <= 12


@pytest.mark.parametrize(
    ("column", "moment", "depth"),
    [
        *(([-3, 4, 9, 6], 7.5, depth) for depth in (2, 3, 5)),
        *(([343, -27, 8, 729, 125, -27], -9.7, depth) for depth in (2, 3, 5)),
        ([-27, -1, 1331], -26.999, 3),
    ],
)
def test_the_selected_point_is_critical_also_far_from_where_newton_starts(column, moment, depth):
    """On a simplex cut by one plane, close to a corner: full steps would leave the orthant, or overshoot."""
    X, y = np.array([np.ones(len(column)), column]), np.array([1.0, moment])
    found = hl.tie_break(X, y, np.ones(len(column)), depth)
    assert (found > 0).all()
    np.testing.assert_allclose(X @ found, y, rtol=1e-12)
    dual = np.log(found) if depth == 2 else found ** (2 / depth - 1)
    np.testing.assert_allclose(X.T @ np.linalg.lstsq(X.T, dual, rcond=None)[0], dual, rtol=1e-9)


@pytest.mark.parametrize("depth", [2, 3])
def test_coordinates_that_stay_zero_do_not_count(depth):
    """By their side, or because nothing fits with them awake."""
    (X, y), expected = TIED, np.append(hl.tie_break(*TIED, np.ones(3), depth), 0)
    found = hl.tie_break(np.column_stack([X, [5, 7]]), y, [1, 1, 1, 0], depth)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=0)
    wider = np.zeros((3, 4))
    wider[:2, :3], wider[2, 3] = X, 1
    found = hl.tie_break(wider, np.append(y, 0), np.ones(4), depth)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=0)


@pytest.mark.parametrize("late", [1.0, 1e4, 1e8])
def test_what_differs_by_rounding_wakes_together_however_late(late):
    X, y = np.eye(3), np.array([1.0, 0.1 * 3 / late, 0.3 / late])
    (tie,) = hl.diagonal_staircase(X, y).ties
    assert (y[1] != y[2], tie.units) == (True, (1, 2))
    assert not hl.diagonal_staircase(X, y * [1, 1 + 1e-6, 1]).ties


@pytest.mark.parametrize("depth", [2, 3])
@pytest.mark.parametrize("flips", [(-1, 1, 1), (1, -1, -1), (-1, -1, -1)])
def test_a_column_of_the_other_sign_has_a_coefficient_of_the_other_sign(depth, flips):
    X, y = TIED
    found = hl.tie_break(np.array(X) * flips, y, np.array(flips), depth)
    np.testing.assert_allclose(found, np.array(flips) * hl.tie_break(X, y, np.ones(3), depth), rtol=1e-12)
    mirrored = hl.tie_break(X, -np.array(y), -np.ones(3), depth)
    np.testing.assert_allclose(mirrored, -hl.tie_break(X, y, np.ones(3), depth), rtol=1e-12)


@pytest.mark.parametrize(("data", "coordinates"), [(TIED, (0, 1, 2)), (WIDER, (0, 1, 2))])
def test_a_tie_is_reported_and_broken_as_the_flow_breaks_it(data, coordinates):
    X, y = data
    found = hl.diagonal_staircase(X, y)
    (tie,) = [tie for tie in found.ties if tie.kind == "non-unique"]
    assert tie.units == coordinates
    assert tie.time == pytest.approx(found.times[-1])
    path = flow(X, y, 1e-20, 8)
    np.testing.assert_allclose(predictor(path.w[-1]), found.points[-1], atol=1e-8)
    vertex = np.linalg.lstsq(X[:, :2], y, rcond=None)[0]  # a minimiser that an active-set method may return
    assert np.abs(found.points[-1][:2] - vertex).max() > 0.1


def test_a_tie_on_the_way_is_broken_as_the_flow_breaks_it():
    """The tied block fits first, a further coordinate much later."""
    X, y = np.zeros((3, 4)), np.array([3, 3, 0.2])
    X[:2, :3], X[2, 3] = TIED[0], 1
    found = hl.diagonal_staircase(X, y)
    assert [tie.kind for tie in found.ties] == ["non-unique", "simultaneous"]
    path = flow(X, y, 1e-40, 6)
    np.testing.assert_allclose(predictor(path.at(-2 * np.log(1e-40))), found.points[2], atol=1e-8)
    np.testing.assert_allclose(predictor(path.w[-1]), found.points[3], atol=1e-6)


def test_simultaneous_coordinates_with_one_minimiser_are_reported_too():
    found = hl.diagonal_staircase(np.eye(2), np.array([1.0, -1]))
    (tie,) = found.ties
    assert (tie.kind, tie.units) == ("simultaneous", (0, 1))
    np.testing.assert_allclose(found.points[-1], [1, -1])


def test_a_repeated_column_is_shared_equally():
    found = hl.diagonal_staircase(np.array([[1.0, 1]]), np.array([2.0]))
    np.testing.assert_allclose(found.points[-1], [1, 1])
    assert {tie.kind for tie in found.ties} == {"non-unique", "simultaneous"}


def test_nothing_happens_without_correlation():
    found = hl.diagonal_staircase(np.array([[1.0, 0], [0, 0]]), np.array([0.0, 1]))
    assert found.times.size == 0
    np.testing.assert_array_equal(found.losses, [0.5])


@pytest.mark.parametrize(
    ("side", "wanted"),
    [
        (np.zeros(3), "entries -1, 0 or 1, not all zero"),
        (np.array([1, 2, 1]), "entries -1, 0 or 1, not all zero"),
        (np.array([-1.0, -1, -1]), "signs with which some beta fits the data exactly"),
    ],
)
def test_signs_with_which_nothing_fits_are_refused(side, wanted):
    with pytest.raises(ValueError, match=rf"^side: got .*, want {wanted}"):
        hl.tie_break(*TIED, side)


@pytest.mark.parametrize("data", [COUPLED, TIED, WIDER])
def test_the_mean_over_the_data_takes_that_many_times_as_long(data):
    """With ties and all: times are in units of the loss, points are not."""
    X, y = data
    found, mean = hl.diagonal_staircase(X, y), hl.diagonal_staircase(X, y, MEAN)
    np.testing.assert_allclose(mean.times, len(y) * found.times, rtol=1e-14)
    np.testing.assert_allclose([tie.time for tie in mean.ties], [len(y) * tie.time for tie in found.ties], rtol=1e-14)
    np.testing.assert_array_equal(mean.points, found.points)
    np.testing.assert_allclose(len(y) * mean.losses, found.losses, rtol=1e-14)


@pytest.mark.parametrize("depth", [2, 3])
def test_labels_of_zero_select_zero(depth):
    np.testing.assert_array_equal(hl.tie_break(np.array([[1.0, 2, 0], [0, 1, 1]]), np.zeros(2), np.ones(3), depth), 0)


def test_an_unbounded_face_has_no_selected_point():
    """Both would be points that no flow comes near: at c54f982 of size 3e120, and 1/e where the flow stays at zero."""
    with pytest.raises(ValueError, match=r"^side: got .* same l1 norm"):
        hl.tie_break([[1, -1]], [1], [1, 1], depth=3)
    for depth in (2, 3):
        with pytest.raises(ValueError, match=r"^side: got .* same l1 norm"):
            hl.tie_break([[0, 3]], [3], [1, 1], depth=depth)
    np.testing.assert_allclose(hl.diagonal_staircase(np.array([[0.0, 3]]), np.array([3.0])).points[-1], [0, 1])


def budgets(X, staircase):
    """Signed budgets sigma at the times of a staircase (jumps + 1, d), the first at zero: they move with the pulls."""
    gaps = np.diff(staircase.times, prepend=0)
    return lambda pulls: np.vstack([np.zeros(X.shape[1]), np.cumsum(gaps[:, None] * pulls[:-1], axis=0)])


def mirror_flow(X, y, decades, times):
    """Budgets of the flow at delta = 10^-decades: rho' = y - X beta with sigma = X^T rho, by an implicit method."""
    clock = decades * np.log(10)

    def growth(sigma):  # a trial step of the solver may go far; the flow itself stays near one
        return np.exp(np.minimum(2 * clock * (np.abs(sigma) - 1), 30))

    def velocity(t, rho):
        sigma = X.T @ rho
        return y - X @ (np.sign(sigma) * growth(sigma) * -np.expm1(-4 * clock * np.abs(sigma)) / 4)

    def jacobian(t, rho):
        sigma = X.T @ rho
        return -(X * (clock / 2 * growth(sigma) * (1 + np.exp(-4 * clock * np.abs(sigma))))) @ X.T

    run = solve_ivp(
        velocity, (0, times[-1]), np.zeros(len(y)), "Radau", t_eval=times, jac=jacobian, rtol=1e-8, atol=1e-10
    )
    assert run.status == 0
    return run.y.T


@pytest.mark.parametrize("decades", [10, 100])
def test_the_signed_law_is_the_limit_of_the_flow(decades):
    """Budgets at every jump of 25 Gaussian data sets within the proved sqrt(2 tau K) of the limit; many change sign.

    The proof: |rho_L - rho|^2 / 2 grows at most at the rate d / (8 e L) + |beta|_1 (max |sigma_L| - 1)_+.
    """
    clock, turned = decades * np.log(10), 0
    for seed in range(25):
        X, y = hl.datasets.gaussian(3, 5, seed)
        found = hl.diagonal_staircase(X, y)
        pulls = np.array([X.T @ (y - X @ beta) for beta in found.points])
        sigma = budgets(X, found)(pulls)
        assert np.abs(sigma).max() < 1 + 1e-9
        turned += bool(((sigma[:-1] * sigma[1:]) < -1e-12).any())
        rho = np.vstack(
            [np.zeros(3), np.cumsum(np.diff(found.times, prepend=0)[:, None] * (y - found.points[:-1] @ X.T), axis=0)]
        )
        np.testing.assert_allclose(rho @ X, sigma, atol=1e-9)
        measured = mirror_flow(X, y, decades, found.times)
        beyond = max((np.abs(measured @ X).max() - 1), 0)
        least = np.abs(found.points[-1]).sum()
        assert beyond <= np.log(8 * (5 / 4 + 2 * clock * least)) / (2 * clock)
        rate = 5 / (8 * np.e * clock) + np.abs(found.points).sum(axis=1).max() * np.log(
            8 * (5 / 4 + 2 * clock * least)
        ) / (2 * clock)
        gap = np.linalg.norm(measured - rho[1:], axis=1)
        assert (gap <= np.sqrt(2 * rate * found.times)).all()
        assert gap.max() < 4 / clock * (1 + found.times[-1])  # and in fact of the order 1 / ln(1/delta)
    assert turned > 10


def test_the_unsigned_law_is_wrong_there():
    """With rate |pull| at once, or with a falling budget that never turns: both miss a jump by far."""
    X, y = dying()
    found = hl.diagonal_staircase(X, y)
    pulls = np.array([X.T @ (y - X @ beta) for beta in found.points])
    gaps = np.diff(found.times)
    signed = 1 + (gaps[2:] * pulls[3, 0]).sum()  # coordinate 0 falls asleep at the third jump with budget one
    assert signed == pytest.approx(-1, abs=1e-9)
    at_once = (gaps[2:] * np.abs(pulls[3, 0])).sum()
    assert at_once == pytest.approx(2, abs=1e-9)


@pytest.mark.parametrize("size", [1e-150, 1e-20, 1e20, 1e55])
@pytest.mark.parametrize("label", [1e-150, 1e-20, 1e55])
def test_a_tie_is_the_same_at_every_scale(size, label):
    X, y = WIDER
    found, scaled = hl.diagonal_staircase(X, y), hl.diagonal_staircase(size * X, label * y)
    np.testing.assert_allclose(scaled.times * size * label, found.times, rtol=1e-9)
    np.testing.assert_allclose(scaled.points / label * size, found.points, atol=1e-7)
    assert [tie.kind for tie in scaled.ties] == [tie.kind for tie in found.ties]


def test_more_jumps_than_are_followed_are_refused_not_cut_off(monkeypatch):
    """Two jumps, and a round that finds nothing left to fit."""
    monkeypatch.setattr(diagonal_staircases, "ROUNDS", 3)
    assert len(hl.diagonal_staircase(np.eye(2), [2.0, 1.0]).times) == 2
    monkeypatch.setattr(diagonal_staircases, "ROUNDS", 2)
    with pytest.raises(ValueError, match=r"^X: got data with more than 2 jumps"):
        hl.diagonal_staircase(np.eye(2), [2.0, 1.0])
