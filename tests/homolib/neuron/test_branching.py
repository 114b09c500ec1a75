"""Branching: both mechanisms, the counterexamples, and the theorem about balanced starts."""

import math

import numpy as np
import pytest

from homolib.correlation import kkt_points
from homolib.neuron.branching import branch_tree, branches, branching_fractions, is_non_branching
from homolib.neuron.relu_flow import neuron_flow, neuron_flows
from homolib.neuron.ways_on import Undecided
from homolib.problems import datasets
from homolib.problems.datasets import branching_start, mirrored
from homolib.problems.networks import TwoLayerReLU

# The starts are those of the book; what is expected of them stands in the tests, as numbers and closed forms.
TURNING, DYING, FIVE = (branching_start(name) for name in ("turning", "dying", "five points"))
DEPENDENT, ALIGNED = branching_start("dependent"), branching_start("aligned")


def sphere(rng, *shape):
    w = rng.standard_normal(shape)
    return w / np.linalg.norm(w, axis=-1, keepdims=True)


def test_v_abs_u_branches_exactly_on_the_positive_half_axis():
    X, z = mirrored()
    verdict = is_non_branching(X, z, 1, [0.0])
    assert not verdict
    assert (verdict.time, verdict.kink) == (0, 0)
    assert "3 ways on at t = 0 on the kink of input 0" in verdict.reason
    for v0, u0 in [(1, 0.5), (1, -1e-9), (-1, 0), (-1, 0.5), (-1, -1), (-1, 1), (-0.5, 1), (0, 1), (0, -1)]:
        assert is_non_branching(X, z, v0, [u0]), (v0, u0)


def test_v_abs_u_has_one_solution_for_every_waiting_time():
    X, z = mirrored()
    paths = branches(X, z, 1, [0.0], 3, waits=(0, 1, 5))  # waiting five is beyond the end
    assert len(paths) == 5
    expected = [(math.cosh(3 - T), s * math.sinh(3 - T)) for T in (0, 1) for s in (-1, 1)] + [(1, 0)]
    assert np.array([path.at(3) for path in paths]) == pytest.approx(np.array(expected), rel=1e-14)
    assert paths[2].at(0.9) == pytest.approx([1, 0], abs=1e-15)  # still waiting
    assert paths[-1].at(3) == pytest.approx([1, 0], abs=1e-15)  # for ever
    assert len(branches(X, z, 1, [0.0], 3, waits=(1,))) == 3
    assert len(branches(X, z, 1, [0.5], 3)) == 1


def test_distance_after_leaving_is_that_of_the_lemma():
    X, z = mirrored()
    direction = branches(X, z, 1, [0.0], 5)[1].direction
    path = branches(X, z, 1, [0.0], 5)[1]
    apart = [np.linalg.norm(path.at(s) / np.linalg.norm(path.at(s)) - np.sqrt([0.5, 0.5])) for s in range(4)]
    assert direction[-1] == pytest.approx(np.sqrt([0.5, 0.5]), abs=1e-4)
    assert apart == pytest.approx([0.76536686473, 0.134416596838, 0.0183133353082, 0.00247874646545], abs=1e-12)


def test_v_passing_zero_on_a_slid_kink_branches():
    path = neuron_flow(**TURNING, t_end=6)
    assert [(event.kind, event.kink) for event in path.events] == [("slide", 1), ("flip", None), ("branch", 1)]
    assert path.events[0].time == pytest.approx(0.2013495656, abs=1e-10)
    assert path.at(path.events[0].time) == pytest.approx([-0.4, 0.9, 0], abs=1e-12)
    assert path.t[-1] == pytest.approx(0.6791052880, abs=1e-10)
    assert path.at(path.t[-1]) == pytest.approx([0, math.sqrt(0.65), 0], abs=1e-12)
    assert "after sliding" in is_non_branching(**TURNING).reason
    ends = [path.direction[-1] for path in branches(**TURNING, t_end=40, waits=(0, 2))]
    half, kink = np.array([1, math.sqrt(0.5), math.sqrt(0.5)]) / math.sqrt(2), np.array([1, 1, 0]) / math.sqrt(2)
    mirror = half * [1, 1, -1]
    for end, limit in zip(ends, [mirror, half, mirror, half, kink], strict=True):
        assert end == pytest.approx(limit, abs=1e-12)


def test_the_mirror_image_is_one_of_the_solutions():
    trunk, *_ = paths = branches(**TURNING, t_end=1.2)
    t0 = 0.6791052880332192
    for s in (0.1, 0.3, 0.45):
        assert paths[-1].at(t0 + s) == pytest.approx(trunk.at(t0 - s) * [-1, 1, 1], abs=1e-12)


def test_when_exactly_v_passes_zero_on_the_kink():
    """The set of starts of the first mechanism, in closed form, against the flow."""
    rng = np.random.default_rng(1)
    seen = [0, 0]
    for _ in range(400):
        c, v0, (u1, u2) = rng.uniform(0.3, 2), -rng.uniform(0.05, 1.5), rng.uniform(0.02, [1, 0.3])
        rate, a0 = math.sqrt(c * c + 1), c * u1 + u2
        reaches = a0 <= rate * -v0 or u2 < (a0 - math.sqrt(a0 * a0 - rate**2 * v0 * v0)) / rate**2
        predicted = bool(u1 > c * u2 and u1 * u1 + u2 * u2 > v0 * v0 and reaches)
        verdict = is_non_branching(TURNING["X"], [c, 1, 1], v0, [u1, u2])
        assert (not verdict and verdict.kink == 1) == predicted
        seen[predicted] += 1
    assert min(seen) > 40


def test_gradient_descent_chooses_by_its_step():
    """Step sizes 3 per cent apart end in mirror images: what the inclusion leaves open, the step decides."""
    ends = {}
    for step in (1e-2, 1e-3, 1.03e-3):
        v, (a, b) = TURNING["v0"], TURNING["u0"].tolist()
        for _ in range(round(6 / step)):
            gain = v * step
            v, a, b = v + step * (max(a, 0) + abs(b)), a + gain * (a > 0), b + gain * ((b > 0) - (b < 0))
        ends[step] = np.array([v, a, b]) / math.hypot(v, a, b)
    limit = np.array([math.sqrt(0.5), 0.5, 0.5])
    signs = {step: int(np.sign(end[2])) for step, end in ends.items()}
    assert signs == {1e-2: -1, 1e-3: -1, 1.03e-3: 1}
    for end in ends.values():
        assert np.abs(end) == pytest.approx(limit, abs=1e-3)
    assert not is_non_branching(**TURNING)


def test_a_neuron_at_rest_on_a_kink_is_unique():
    """v = 0 and u on a kink for ever, yet no branching: the first mechanism needs a neuron that moves."""
    X, z = np.array([[1.0, 0], [0, 1]]), np.array([1.0, -1])
    for u in ([0.0, -1], [-1, 0.0]):  # G(u) = max(u1, 0) - max(u2, 0) is 0 on both kinks
        assert is_non_branching(X, z, 0.0, u)
    assert not is_non_branching(X, z, 1.0, [0.0, -1])  # with v = 1 the kink u1 = 0 repels


def test_death_and_rebirth():
    path = neuron_flow(**DYING, t_end=6)
    assert [(event.kind, event.kink) for event in path.events] == [("slide", 0), ("death", None), ("branch", None)]
    assert path.t[-1] == pytest.approx(0.1554152192, abs=1e-10)
    assert path.w[-1] == pytest.approx([math.sqrt(0.9), 0, 0], abs=1e-14)
    at_once, later, never = branches(**DYING, t_end=20)
    for reborn in (at_once, later):
        assert reborn.direction[-1] == pytest.approx(np.array([1, -0.6, 0.8]) / math.sqrt(2), abs=1e-12)
    assert later.at(1.1)[1:] == pytest.approx([0, 0])
    assert never.w[-1] == pytest.approx([math.sqrt(0.9), 0, 0], abs=1e-14)


def test_five_points_must_leave_zero_along_one_of_three_directions():
    path = neuron_flow(**FIVE, t_end=2)
    assert path.events[0].time == pytest.approx(0.0977653825, abs=1e-10)
    assert path.t[-1] == pytest.approx(0.2362765838, abs=1e-10)
    ends = branches(**FIVE, t_end=20, waits=(0,))
    angles = [math.atan2(*path.direction[-1][:0:-1]) % (2 * math.pi) for path in ends]
    assert sorted(angles[:2]) == pytest.approx([0.39479111969976, 5.9993911979713], abs=1e-10)
    assert angles[2] == pytest.approx(0, abs=1e-12)  # the kink minimum: it may leave at any time
    assert any(event.kind == "wait" and event.kink == 3 for event in ends[2].events)


def test_without_general_position_balanced_starts_branch():
    """Inputs in a plane; and aligned labels, where a change of 1e-3 in one label removes it."""
    verdict = is_non_branching(**DEPENDENT)
    assert (verdict.kink, bool(verdict)) == ((0, 1, 2), False)
    assert verdict.time == pytest.approx(0.2487418632, abs=1e-10)
    path = neuron_flow(**DEPENDENT, t_end=1)
    assert path.w[-1] == pytest.approx([0.65, 0, 0, 0.65], abs=1e-12)
    out, _, never = branches(**DEPENDENT, t_end=30)
    assert out.direction[-1][1:3] / np.linalg.norm(out.direction[-1][1:3]) == pytest.approx([-0.6, 0.8], abs=1e-12)
    assert never.direction[-1] == pytest.approx(np.array([1, 0, 0, 1]) / math.sqrt(2), abs=1e-12)

    verdict = is_non_branching(**ALIGNED)
    assert (verdict.kink, bool(verdict)) == ((3, 4), False)
    rng = np.random.default_rng(2)
    for _ in range(50):
        u0 = ALIGNED["u0"] + 1e-3 * rng.standard_normal(3)
        near = ALIGNED | {"u0": u0, "v0": np.linalg.norm(u0)}
        assert not is_non_branching(**near)
        z = ALIGNED["z"] + 1e-3 * rng.standard_normal(5)
        assert is_non_branching(**near | {"z": z})


@pytest.mark.parametrize("inputs", [2, 3, 4])
def test_balanced_starts_on_random_data_are_non_branching(inputs):
    """Gaussian data and labels: half slide, none branches, for all time."""
    rng = np.random.default_rng(inputs)
    slid = 0
    for _ in range(100):
        X, z, u0 = rng.standard_normal((12, inputs)), rng.standard_normal(12), sphere(rng, inputs)
        v0 = rng.choice([-1.0, 1.0])
        assert is_non_branching(X, z, v0, u0)
        slid += any(event.kind == "slide" for event in neuron_flow(X, z, v0, u0, 5).events)
    assert slid > 30


def test_unbalanced_starts_branch_by_one_mechanism_each():
    """|v0| < |u0|: only where v passes 0 after sliding. |v0| > |u0|: only where u dies."""
    rng = np.random.default_rng(7)
    X, z = rng.standard_normal((50, 2)), rng.standard_normal(50)
    counts = {0.5: 0, 1.5: 0}
    for ratio in counts:
        for _ in range(80):
            u0 = sphere(rng, 2)
            path = neuron_flow(X, z, ratio * rng.choice([-1, 1]), u0, 30)
            kinds = [event.kind for event in path.events]
            if ratio < 1:
                assert "death" not in kinds
                assert ("branch" in kinds) == ("flip" in kinds and "slide" in kinds[: kinds.index("flip")])
            else:
                assert "flip" not in kinds
                assert "branch" not in kinds or "death" in kinds
            counts[ratio] += "branch" in kinds
    assert min(counts.values()) > 0


def test_fractions_count_flows_of_either_sign_of_v():
    """One by one: every other start has v0 < 0."""
    starts, ends = datasets.random_start(2, range(30)), []
    for X, z in (datasets.gaussian(5, 2, seed) for seed in range(2)):
        for k, u0 in enumerate(starts):
            path = neuron_flow(X, z, 0.5 * (-1.0) ** (k + 1), u0, 200.0, points=2)
            ends.append([event.kind for event in path.events])
    counted = [np.mean([kind in kinds for kinds in ends]) for kind in ("branch", "death")]
    assert branching_fractions(5, 2, 0.5, starts=30, sets=2) == pytest.approx(counted, rel=1e-12)
    assert 0 < counted[0] < 0.5


def test_sliding_earlier_and_elsewhere_branches_later():
    """In d = 3 the flow may slide, leave, and turn over inside a cell: it branches where it comes back to the kink."""
    rng = np.random.default_rng(8)
    turned, later = {True: [], False: []}, 0
    for _ in range(300):
        X, z = rng.standard_normal((8, 3)), rng.standard_normal(8)
        path = neuron_flow(X, z, -0.5, sphere(rng, 3), 200)
        kinds = [event.kind for event in path.events]
        if "flip" in kinds:
            turned["slide" in kinds[: kinds.index("flip")]].append("branch" in kinds)
            later += "branch" in kinds and path.events[kinds.index("flip")].time < path.t[-1]
    assert all(turned[True])
    assert not any(turned[False])
    assert len(turned[True]) >= 5
    assert later >= 1


def test_every_branch_is_a_solution():
    """Each path is continuous, agrees with the trunk, and keeps N rising at the rate |velocity|^2."""
    for start in (TURNING, DYING, DEPENDENT, ALIGNED):
        trunk = neuron_flow(**start, t_end=2)
        X, z = start["X"], start["z"]
        for path in branches(**start, t_end=2):
            shared = np.linspace(0, trunk.t[-1], 20)
            assert path.at(shared) == pytest.approx(trunk.at(shared), abs=1e-12)
            t, h = np.random.default_rng(9).uniform(trunk.t[-1] + 1e-2, path.t[-1] - 1e-2, 20), 1e-4
            stops = np.array([event.time for event in path.events])
            t = t[np.abs(t[:, None] - stops).min(axis=1) > 3 * h]
            w = path.at((t[:, None] + h * np.array([-2, -1, 0, 1, 2])).ravel()).reshape(-1, 5, 1 + X.shape[1])
            stencil = np.array([1, -8, 0, 8, -1]) / (12 * h)
            velocity = np.einsum("k,tkd->td", stencil, w)
            values = w[..., 0] * (np.maximum(w[..., 1:] @ X.T, 0) @ z)
            assert values @ stencil == pytest.approx(np.sum(velocity**2, axis=1), rel=1e-6, abs=1e-8)


def test_a_wait_that_ends_after_waiting_has_become_impossible_is_no_solution():
    """On u_1 = 0 speeds are -1/2 and 1/2 on the sides, until u_2 = 0 is met: there another choice must be made."""
    b = np.array([-0.5, 1, 0])
    start = {"X": [[1, 0, 0], b, -b, [3, 1, 0]], "z": [1.0, 1, -1, 1], "v0": 5.0, "u0": [0.0, -1, 1], "t_end": 2.0}
    *_, patient = branches(**start)
    assert [event.kind for event in patient.events] == ["branch", "wait", "branch"]
    end = patient.t[-1]
    half, alone = branches(**start, waits=[end / 2]), branches(**start, waits=[2 * end])
    assert [path.t[-1] for path in half] == [2, 2, end]
    assert all([event.time for event in path.events if event.kind == "leave"] == [end / 2] for path in half[:2])
    assert alone == [patient]


def test_the_tree_of_a_branching_start():
    X, z = mirrored()
    root = branch_tree(X, z, 1, [0.0], 2)
    assert root.branches
    assert [child.waiting for child in root.children] == [False, False, True]
    assert not any(child.branches for child in root.children)
    alone = branch_tree(X, z, 1, [0.5], 2)
    assert (alone.branches, alone.children) == (False, ())
    five = branch_tree(**ALIGNED, t_end=2)
    assert len(five.children) == 5
    assert sum(child.waiting for child in five.children) == 2


def test_after_dying_in_space_the_ways_out_are_kkt_directions():
    """Three dimensions, all kinks at once: every way out is radial, and waiting is one of them if others branch off."""
    rng = np.random.default_rng(0)
    X, z = rng.standard_normal((8, 3)), rng.standard_normal(8)
    died = 0
    for _ in range(20):
        u0 = rng.standard_normal(3)
        path = neuron_flow(X, z, 3 * np.linalg.norm(u0), u0, 50)
        times = [event.time for event in path.events if event.kind == "death"]
        if times and path.t[-1] == times[0]:
            died += 1
            for way in branches(X, z, 3 * np.linalg.norm(u0), u0, times[0] + 1, waits=(0,)):
                early, late = way.at(np.array([times[0] + 0.1, times[0] + 1]))[:, 1:]
                assert np.linalg.norm(np.cross(early, late)) <= 1e-12 * (1 + np.linalg.norm(late) ** 2)
    assert died > 3


@pytest.mark.parametrize(
    ("argument", "bad"), [("t_end", 0.0), ("t_end", math.nan), ("waits", (-1,)), ("u0", [1.0]), ("z", [1.0])]
)
def test_bad_arguments_are_named(argument, bad):
    with pytest.raises(ValueError, match=f"^{argument}: got"):
        branches(**DYING | {"t_end": 1.0, argument: bad})


def test_starts_on_the_side_of_a_maximum_are_safe():
    """Lemma 5.4 of Kumar and Haupt, enlarged: five points, slope 0.1, the ball of radius gamma, and any v0 >= 0."""
    X, z = datasets.five_points()
    points = kkt_points(TwoLayerReLU(1, 2, slope=0.1), X, z)
    best = next(p for p in points if p.smooth and p.value > 0 and p.direction[0] > 0)
    eta1, eta2 = np.abs(X @ best.direction[1:]).min(), np.linalg.norm(X, axis=1).max()
    assert np.isclose(eta1, 0.136993986472, atol=1e-12)
    assert np.isclose(best.angle, 6.08821362512)
    ball = best.direction[1:] + eta1 / (2 * eta2) * datasets.random_start(2, range(200))
    for v0 in (1.5, 0.5, 0.0):  # the last two are outside the set of the paper
        fates = neuron_flows(X, z, np.full(200, v0), ball, slope=0.1)
        assert not fates.branched.any()
        assert fates.events.max() == 0
        np.testing.assert_allclose(fates.direction, np.tile(best.direction, (200, 1)), atol=1e-9)


def height(node):
    """Branchings along the path that has the most of them."""
    return max((1 + height(child) for child in node.children), default=0)


def test_a_tree_is_as_deep_as_it_is_asked_for():
    """This start branches, and some of its solutions branch again: that is followed only if asked for."""
    X = np.array([[1.0, 0, 2], [-1, 1, 2], [0, -2, -1]])
    trees = {
        depth: branch_tree(X, np.full(3, 3.0), 0.0, [1.0, 0, 0], t_end=20, depth=depth, points=3) for depth in (1, 2, 3)
    }
    assert {depth: height(tree) for depth, tree in trees.items()} == {1: 1, 2: 2, 3: 2}
    later = [child.branches for child in trees[1].children]
    assert any(later)  # it is said, and not followed
    assert [bool(child.children) for child in trees[2].children] == later


def test_fractions_of_starts_that_cannot_be_decided_are_not_guessed():
    """Some of twenty starts come to u = 0, where forty kinks in four dimensions meet."""
    with pytest.raises(Undecided, match="some starts reach a point where too many kinks meet"):
        branching_fractions(40, 4, 2.0, starts=20, sets=1)


def test_waiting_ends_where_another_kink_pushes_it_off():
    """G = |u_1| - max(-u_3, 0) + 4 max(x . u, 0) with x = (1/2, 1, 1), from (0, 1, -2), where x . u < 0.

    On u_1 = 0 it moves by e_3 to (0, 1, -1), and beyond that kink of x by (3, 4, 5): both sides of u_1 = 0 push to
    u_1 > 0 there. On the way (v, u_3) turns hyperbolically, and u_3 = (e^t - 5 e^-t) / 2 = -1 has one root.
    """
    X, z = np.array([[1.0, 0, 0], [-1, 0, 0], [0, 0, -1], [0.5, 1, 1]]), [1.0, 1, -1, 4]
    path = branches(X, z, 3.0, [0.0, 1, -2], 0.4)[-1]
    assert [(event.kind, event.kink) for event in path.events] == [
        ("branch", 0), ("wait", 0), ("leave", 0), ("cross", 3)
    ]  # fmt: skip
    met = np.log(np.sqrt(6) - 1)
    assert [event.time for event in path.events] == pytest.approx([0, 0, met, met], abs=1e-14)
    v, *u = path.at(met)
    assert (v, *u) == pytest.approx((np.sqrt(6), 0, 1, -1), rel=1e-13, abs=1e-13)
    after = path.at(0.4)
    moved = after[1:] - u
    np.testing.assert_allclose(moved, moved[0] / 3 * np.array([3, 4, 5]), rtol=1e-12)
    assert moved[0] > 0
    assert after[0] ** 2 - after[1:] @ after[1:] == pytest.approx(4, rel=1e-12)


def test_a_solution_that_has_left_its_kink_waits_on_it_no_more():
    """It is pushed off, dies at u = 0 with v^2 = 8^2 - |u_0|^2, and there a way back to that kink is one of several."""
    X = np.array([[-1.0, 1, -1], [1, 0, -1], [-1, -1, 1], [0, 0, -1], [-1, 0, -1], [0, 0, 1]])
    path = branches(X, [-3.0, -3, -1, 1, 1, -5], 8.0, [-2.0, 3, 2], 9.0)[-1]
    assert path.events[1].kind == "wait"
    assert path.events[1].kink == 4
    assert ("leave", 4) in [(event.kind, event.kink) for event in path.events]
    assert [event.kind for event in path.events[-2:]] == ["death", "branch"]
    np.testing.assert_allclose(path.at(path.t[-1]), [np.sqrt(47), 0, 0, 0], rtol=1e-13, atol=1e-14)
