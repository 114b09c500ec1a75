"""What the library returns behaves as an object should: `==`, hash, pickles, copies, slices, a short repr, threads.

`MADE` makes one of each class. The laws below hold for all of them; the specimens at the end are single faults.
"""

import copy
import dataclasses
import importlib
import inspect
import multiprocessing
import pickle
import pkgutil
import warnings
from collections.abc import Hashable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest

import homolib as hl
from homolib import _records
from homolib.bounds import near_saddle
from homolib.explore.formula import Node, Run
from homolib.explore.frame import Panel

X = np.array([[1.0, 0.3], [-0.5, 1.0], [0.2, -1.0]])
Y = np.array([1.0, 0.5, -0.3])
CUBE = np.array([[1.0, 0.3, 0.2], [-0.5, 1.0, 0.1], [0.2, -1.0, 1.0]])
W = np.array([0.6, 0.0, 0.0, 0.8])
BRANCHING = hl.datasets.branching_start("five points")
LAYERS = [(3, 2), np.arange(6.0).reshape(2, 3), None]


def saddle():
    return hl.Saddle(hl.SquaredReLU(2, 2), np.eye(2), [1.0, 0.5], [1.0, 0, 0, 0])


def line(slope):
    figure, axes = hl.figures.style.canvas(width=2, height=1)
    axes.plot([0, 1], [0, slope])
    return figure, f"A line of slope {slope}."


def squared(sign=1, **changes):
    """A squared network, whose correlation flow has closed forms."""
    arguments = {"net": hl.SquaredReLU(2, 2, signs=[sign, 1]), "X": X, "z": Y, "u0": W, "t_end": 1.0, "points": 5}
    return hl.ncf_flow(**arguments | changes)


PATHS = {  # a path of every kind, as a function of the time at which it ends
    "training": lambda t: hl.training_flow(hl.SquaredReLU(2, 2), X, Y, W, t, delta=0.1, points=5),
    "training of two runs": lambda t: hl.training_flow(hl.SquaredReLU(2, 2), X, Y, [W, -W], t, points=5),
    "training of a diagonal network": lambda t: hl.training_flow(hl.DiagonalLinear(2), X, Y, W, t, points=5),
    "frozen": lambda t: hl.frozen_flow(hl.PoweredReLU(2, 2, order=3), X, Y, W, t / 10, points=5),
    "descent": lambda t: hl.gradient_descent(hl.SquaredReLU(2, 2), X, Y, W, t / 10, 10, record_every=3),
    "ascent": lambda t: hl.neuron_ascent(X, Y, 0.5, [0.3, 0.4], t / 10, t),
    "one neuron": lambda t: hl.neuron_flow(X, Y, 0.5, [0.3, 0.4], t, points=5),
    "a branch": lambda t: hl.branches(**BRANCHING, t_end=t + 2, points=5)[-1],
    "squared in the plane": lambda t: hl.squared_neuron_flow(X, Y, [W[:2], W[2:]], t, points=5),
    "squared in space": lambda t: hl.squared_neuron_flow(CUBE, Y, [[0.3, 0.2, 0.1]], t, points=5),
    "correlation": lambda t: squared(t_end=t),
    "correlation of ReLU": lambda t: hl.ncf_flow(hl.TwoLayerReLU(1, 2), X, Y, [0.5, 0.3, 0.4], t, points=5),
    "correlation of a diagonal network": lambda t: hl.ncf_flow(hl.DiagonalLinear(2), X, Y, W, t, points=5),
    "escape": lambda t: hl.escape_path(saddle(), [0, 0, 0, 1.0], t, points=5),
}

# An instance of each class, and one of the same class that is not equal to it
MADE = {
    "Trajectory": (PATHS["training"], 1.0, 2.0),
    "ExactPath": (PATHS["one neuron"], 1.0, 2.0),
    "Event": (lambda k: hl.neuron_flow(**BRANCHING, t_end=9.0).events[k], -1, 0),
    "Fates": (lambda v: hl.neuron_flows(X, Y, v, X[:2], t_end=1.0), [1.0, 0.5], [1.0, 0.6]),
    "Verdict": (lambda name: hl.is_non_branching(**hl.datasets.branching_start(name)), "dying", "five points"),
    "BranchNode": (lambda t: hl.branch_tree(**BRANCHING, t_end=t, depth=2, points=5), 3.0, 4.0),
    "Critical": (lambda k: hl.Arcs(X, Y).critical_points()[k], 0, 1),
    "Arcs": (lambda slope: hl.Arcs(X, Y, slope), 0.0, 0.1),
    "Polytope": (hl.Polytope, X, 2 * X),
    "SquareLoss": (hl.SquareLoss, "sum", "mean"),
    "LogisticLoss": (hl.LogisticLoss, "sum", "mean"),
    "SquaredReLU": (lambda signs: hl.SquaredReLU(2, 2, signs), [1, -1], [1, 1]),
    "PoweredReLU": (lambda order: hl.PoweredReLU(2, 2, order), 3, 4),
    "TwoLayerReLU": (lambda slope: hl.TwoLayerReLU(2, 2, slope), 0.0, 0.1),
    "DiagonalLinear": (hl.DiagonalLinear, 2, 3),
    "DeepReLU": (lambda scale: hl.DeepReLU([(3, 2), scale * LAYERS[1], None], (1, 3)), 1.0, 2.0),
    "Constants": (lambda scale: hl.bounds.constants(hl.SquaredReLU(2, 2), X, scale * Y), 1.0, 2.0),
    "KKTPoint": (lambda k: hl.kkt_points(hl.SquaredReLU(1, 2), X, Y)[k], 0, 1),
    "KKTPoints": (lambda scale: hl.kkt_points(hl.SquaredReLU(1, 2), X, scale * Y), 1.0, 2.0),
    "FlowLimit": (lambda e: hl.correlation.flow_limit(hl.SquaredReLU(2, 2), X, Y, W, e), 0.1, 0.01),
    "Saddle": (lambda y: hl.Saddle(hl.SquaredReLU(2, 2), np.eye(2), y, [1.0, 0, 0, 0]), [1.0, 0.5], [1.0, 0.6]),
    "Escape": (lambda zeta: hl.escape(saddle(), zeta), [0, 0, 0, 1.0], [0, 0, 0.6, 0.8]),
    "Staircase": (lambda scale: hl.diagonal_staircase(np.eye(2), scale * Y[:2]), 1.0, 2.0),
    "Tie": (lambda scale: hl.diagonal_staircase(np.eye(2), [scale, scale]).ties[0], 1.0, 2.0),
    "Report": (lambda delta: hl.bounds.theorem_5_1(hl.SquaredReLU(2, 2), X, Y, W, delta, 0.1), 1e-9, 1e-8),
    "Row": (lambda delta: hl.bounds.theorem_5_1(hl.SquaredReLU(2, 2), X, Y, W, delta, 0.1).rows[0], 1e-9, 1e-8),
    "SaddleConstants": (lambda gamma: near_saddle.saddle_constants(saddle(), gamma), 1.0, 0.5),
    "Descent": (lambda end: hl.examples.hat_spiral([2.0, 3.0, end]), 4.0, 5.0),
    "Picture": (lambda slope: hl.show(line, slope=slope), 1, 2),
    "Frame": (lambda slope: hl.explore(line, slope=[slope]).first, 1, 2),
    "Panel": (lambda width: Panel(width, 1, ("<svg>", "</svg>")), 1, 2),
    "Node": (lambda text: Node("mi", text), "a", "b"),
    "Run": (lambda text: Run(text), "a", "b"),
}
UNHASHABLE = {
    "Trajectory",
    "ExactPath",
    "Fates",
    "BranchNode",
    "Arcs",
    "Polytope",
    "KKTPoint",
    "KKTPoints",
    "FlowLimit",
}
UNHASHABLE |= {"Saddle", "Escape", "Staircase", "Report", "Descent", "Frame"}  # as the arrays and lists they hold
ALONE = {"Explorer", "Layout", "Renderer"}  # with a state of their own: each equals itself only
WITHIN = {
    "State",
    "Meeting",
    "Segment",
    "Solution",
    "DenseOutput",
    "Cone",
    "HingeSum",
    "CircleFlow",
    "FrozenStart",
}  # never returned
WITHIN |= {"PolarFlow", "PolarPath", "MirrorFlow", "MirrorPath", "Method", "Field"}
ABSTRACT = {"Network", "Loss"}


@pytest.fixture(scope="module")
def made():
    """Two that ought to be equal, and one that ought not, of each class; made when first asked for."""
    found = {}

    def get(name):
        if name not in found:
            make, first, other = MADE[name]
            found[name] = make(first), make(first), make(other)
        return found[name]

    return get


def pickled(value):
    return pickle.loads(pickle.dumps(value))


def classes():
    """All public classes of the library."""
    modules = [importlib.import_module(info.name) for info in pkgutil.walk_packages(hl.__path__, "homolib.")]
    for module in modules:
        for name, thing in vars(module).items():
            here = inspect.isclass(thing) and thing.__module__ == module.__name__ and not name.startswith("_")
            if here and not issubclass(thing, Exception):
                yield thing


def arrays(value):
    """Arrays that an object hands out: attributes, properties, and what is in its lists and dictionaries."""
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from arrays(item)
    elif isinstance(value, dict):
        yield from arrays(list(value.values()))
    elif type(value).__module__.startswith("homolib") and type(value).__name__ not in ALONE:
        yield from arrays([item for name, item in vars(value).items() if not name.startswith("_")])


def test_every_class_is_in_the_table():
    names = {thing.__name__ for thing in classes() if thing.__module__ != "homolib._records"}
    assert names - WITHIN - ABSTRACT == set(MADE) | ALONE


@pytest.mark.parametrize("name", MADE)
def test_equal_means_equal_content(name, made):
    one, again, other = made(name)
    assert type(one).__name__ == name
    assert (one == again) is True
    assert (one != again) is False
    assert (one == other) is False
    assert (one == "text") is False
    assert (one is None or one == None) is False  # noqa: E711
    assert one in [other, again]
    assert [other, again].index(one) == 1


@pytest.mark.parametrize("name", MADE)
def test_a_hash_agrees_with_equality_or_is_refused(name, made):
    one, again, _ = made(name)
    if name in UNHASHABLE:
        assert not isinstance(one, Hashable)
        with pytest.raises(TypeError, match=name):
            hash(one)
    else:
        assert hash(one) == hash(again)
        assert {one: "found"}[again] == "found"


@pytest.mark.parametrize("copied", [pickled, copy.copy, copy.deepcopy], ids=lambda f: f.__name__)
@pytest.mark.parametrize("name", MADE)
def test_a_pickle_and_a_copy_are_equal(name, copied, made):
    one = made(name)[0]
    found = copied(one)
    assert type(found) is type(one)
    assert found == one
    assert repr(found) == repr(one)
    assert [array.flags.writeable for array in arrays(found)] == [array.flags.writeable for array in arrays(one)]


@pytest.mark.parametrize("kind", PATHS)
def test_a_pickled_path_goes_on_as_the_path(kind):
    path = PATHS[kind](1.0)
    found = pickled(path)
    t = path.t[0] + np.array([0.1, 0.377, 0.99]) * (path.t[-1] - path.t[0])
    np.testing.assert_array_equal(found.at(t), path.at(t))
    assert found == path
    assert found != PATHS[kind](1.5)
    np.testing.assert_array_equal(path.at(path.t), found.at(found.t))


def test_what_pickles_keep_beside_the_data():
    points = pickled(hl.kkt_points(hl.SquaredReLU(1, 2), X, Y))
    assert points.complete is True
    net = pickled(hl.SquaredReLU(2, 2, signs=[1, -1]))
    np.testing.assert_array_equal(net.outputs(X, W), hl.SquaredReLU(2, 2, signs=[1, -1]).outputs(X, W))
    arcs = hl.Arcs(X, Y)
    before = arcs.flow(0.3, 0.5)  # fills its tables
    np.testing.assert_array_equal(pickled(arcs).flow(0.3, 0.5), before)
    with pytest.raises(ValueError, match="several solutions part"):
        pickled(hl.neuron_flow(**BRANCHING, t_end=9.0)).at(8.9)


@pytest.mark.parametrize("name", MADE)
def test_a_repr_is_short(name, made):
    text = repr(made(name)[0])
    assert len(text) <= (1000 if name == "KKTPoints" else 400)
    assert "\n" not in text or name == "KKTPoints"
    assert " at 0x" not in text


def test_the_repr_of_a_path_says_how_long_it_is():
    path = hl.training_flow(hl.SquaredReLU(20, 2), *hl.datasets.circle(), hl.datasets.ring(), 0.01)
    assert "t=<array of shape (201,)>" in repr(path)
    assert "direction=<array of shape (201, 40)>" in repr(path)


@pytest.mark.parametrize("name", MADE)
def test_arrays_that_are_handed_out_cannot_be_written_to(name, made):
    assert all(not array.flags.writeable for array in arrays(made(name)[0]))


@pytest.mark.parametrize("name", [name for name in MADE if name not in {"Panel", "Node", "Run"}])
def test_results_cannot_be_changed(name, made):
    """No field of a dataclass can be set; all of them are frozen."""
    one = made(name)[0]
    for field in dataclasses.fields(one) if dataclasses.is_dataclass(one) else ():
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(one, field.name, getattr(one, field.name))


def test_what_is_computed_on_demand_is_a_copy():
    path = squared()
    path.w[:] = 0
    path.norm[:] = 0
    path.at(0.5)[:] = 0
    assert path.w.any()
    square = hl.Polytope(X)
    with pytest.raises(ValueError, match="read-only"):
        square.vertices[0] = 0
    square.min_norm()[:] = 7
    assert (square.min_norm() != 7).all()


ALIASED = {  # a maker, its arrays, and what must not change when these do
    "SquaredReLU": (lambda a: hl.SquaredReLU(2, 2, signs=a), np.array([1.0, -1.0]), lambda o: o.outputs(X, W)),
    "DeepReLU": (lambda a: hl.DeepReLU([(3, 2), a, None], (1, 3)), np.ones((2, 3)), lambda o: o.outputs(X, np.ones(8))),
    "Saddle.X": (lambda a: hl.Saddle(hl.SquaredReLU(2, 2), a, [1, 0.5], [1.0, 0, 0, 0]), np.eye(2), lambda o: o.loss),
    "Saddle.y": (lambda a: hl.Saddle(hl.SquaredReLU(2, 2), X[:2], a, [1.0, 0, 0, 0]), Y[:2], lambda o: o.residual),
    "Saddle.w": (lambda a: hl.Saddle(hl.SquaredReLU(2, 2), X, Y, a), W, lambda o: o.residual),
    "Polytope": (hl.Polytope, X, lambda o: o.vertices),
    "Arcs": (lambda a: hl.Arcs(X, a), Y, lambda o: o.value([0.1, 0.2])),
    "hat_spiral": (hl.examples.hat_spiral, np.array([2.0, 3.0]), lambda o: o.level),
    "training_flow": (lambda a: hl.training_flow(hl.SquaredReLU(2, 2), a, Y, W, 1.0), X, lambda o: o.at(0.5)),
    "neuron_flow": (lambda a: hl.neuron_flow(X, Y, 0.5, a, 1.0), np.array([0.3, 0.4]), lambda o: o.at(0.5)),
    "squared_neuron_flow": (lambda a: hl.squared_neuron_flow(X, a, [0.3, 0.4], 1.0), Y, lambda o: o.at(0.5)),
    "Trajectory": (
        lambda a: hl.Trajectory(a, np.ones((2, 1)), np.zeros(2), None),
        np.array([0.0, 1.0]),
        lambda o: o.t,
    ),
}


@pytest.mark.parametrize("name", ALIASED)
def test_arguments_are_copied(name):
    make, argument, ask = ALIASED[name]
    mine = argument.copy()
    one = make(mine)
    before = copy.deepcopy(ask(one))
    mine[:] = 7.0
    assert mine.flags.writeable
    np.testing.assert_array_equal(ask(one), before)
    np.testing.assert_array_equal(ask(make(argument)), before)


def test_no_dataclass_with_arrays_compares_them_as_tuples():
    """Its `==` would ask for the truth of an array."""
    for one in classes():
        if dataclasses.is_dataclass(one) and any("ndarray" in str(field.type) for field in dataclasses.fields(one)):
            assert "__eq__" not in vars(one), one


def test_a_slice_of_kkt_points_is_complete_only_if_nothing_is_left_out():
    points = hl.kkt_points(hl.SquaredReLU(1, 2), X, Y)
    assert len(points) > 2
    assert type(points[:2]) is type(points[:]) is type(points.copy()) is hl.correlation.KKTPoints
    assert points.complete
    assert points[:].complete
    assert points.copy().complete
    assert not points[:2].complete
    assert not points[:0].complete
    assert "may be more" in repr(points[:2])
    backwards = points[::-1]
    assert backwards.complete
    assert list(backwards) == list(reversed(points))
    search = hl.kkt_points(hl.SquaredReLU(1, 3), CUBE, Y, starts=5)
    assert not search[:].complete
    assert points[0] is points[:1][0]


def test_points_of_a_list_can_be_found_in_it():
    one, again = (hl.kkt_points(hl.SquaredReLU(1, 2), X, Y) for _ in range(2))
    assert one == again
    assert again[-1] in one
    assert one.index(again[-1]) == len(one) - 1
    assert one.count(again[0]) == 1
    assert one[:-1] != again


def test_polytopes_are_equal_if_their_vertices_are():
    square = hl.Polytope([[0, 0], [1, 0], [0, 1], [1, 1]])
    side = hl.Polytope([[0], [1]])
    assert square == hl.Polytope([[1, 1], [0, 1], [1, 0], [0, 0], [0.5, 0.5], [0, 0]])  # repeated and interior points
    assert square == hl.Polytope.product([side, side])
    assert square != hl.Polytope.product([side, hl.Polytope([[0], [2]])])
    assert square != side
    many = hl.Polytope.product([side] * 20)
    assert many == hl.Polytope.product([side] * 20)
    with pytest.raises(TypeError, match="1048576 vertices, too many to compare"):
        assert many == hl.Polytope.product([square] * 10)


def test_nan_equals_nan_and_minus_zero_zero():
    one, two = (hl.bounds.Report("a", [], {"x": np.array([np.nan, z]), "y": np.nan}) for z in (0.0, -0.0))
    assert one == two
    assert one != hl.bounds.Report("a", [], {"x": np.array([np.nan, 1.0]), "y": np.nan})


def test_every_record_prints_and_compares_as_records_do(made):
    """What a decorator generates unless told not to would come first."""
    data = [thing for thing in classes() if dataclasses.is_dataclass(thing) and thing.__name__ not in ALONE]
    assert all(one.__dataclass_params__.frozen for one in data)
    records = [thing for thing in classes() if issubclass(thing, _records.Record) and thing is not _records.Record]
    assert len(records) > 8
    for one in records:
        assert one.__eq__ is _records.Content.__eq__, one
        assert one.__repr__ is _records.Record.__repr__, one


@pytest.mark.parametrize("other", [[], (), "", None, 0.0, np.zeros(0)])
def test_a_dictionary_equals_nothing_else(other):
    assert not _records.same({}, other)
    assert not _records.same(other, {})
    assert _records.same({"a": other}, {"a": other})


def test_networks_are_equal_if_they_compute_the_same():
    assert hl.SquaredReLU(2, 2) != hl.PoweredReLU(2, 2, order=3)
    assert hl.SquareLoss() != hl.LogisticLoss()
    assert len({hl.SquareLoss(), hl.SquareLoss("sum"), hl.SquareLoss("mean"), hl.LogisticLoss()}) == 3
    assert len({hl.TwoLayerReLU(2, 2), hl.TwoLayerReLU(2, 2), hl.TwoLayerReLU(2, 2, 0.1), hl.DiagonalLinear(2)}) == 3


def test_an_explorer_is_itself_and_a_pickle_draws_anew():
    explorer = hl.explore(line, slope=[1, 2])
    assert explorer == explorer
    assert explorer != hl.explore(line, slope=[1, 2])
    assert {explorer: 1}[explorer] == 1
    for found in (pickled(explorer), copy.deepcopy(explorer)):
        assert found.frame(1) == explorer.frame(1)
        assert found.frame(0) != found.frame(1)
    assert explorer.widget is explorer.widget
    assert pickled(explorer).first == explorer.first


def test_a_process_pool_returns_what_the_library_makes():
    work = [
        partial(hl.training_flow, hl.SquaredReLU(2, 2), X, Y, W, 1.0),
        partial(hl.branch_tree, **BRANCHING, t_end=3.0),
        partial(hl.kkt_points, hl.SquaredReLU(1, 2), X, Y),
        partial(hl.figure_4_saddle, 8),
        partial(hl.is_non_branching, **BRANCHING),
    ]
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        path, tree, points, point, verdict = [future.result() for future in [pool.submit(task) for task in work]]
    assert path == work[0]()
    np.testing.assert_array_equal(path.at([0.1, 0.7]), work[0]().at([0.1, 0.7]))
    assert tree == work[1]()
    assert tree.children[0].path.at(2.5) == pytest.approx(work[1]().children[0].path.at(2.5), abs=0)
    assert (points, points.complete, point, verdict) == (work[2](), True, work[3](), work[4]())


def test_six_threads_compute_what_one_computes():
    arcs, square, start = hl.Arcs(X, Y), hl.Polytope(X), np.array([0.5, 0.1])

    def work(k):
        level = 20.0 if k % 2 else 1e6  # too far for this hat, and LSODA warns
        try:
            turns = hl.examples.hat_descent(start, level=level, tolerance=1e-4).turns
        except ValueError as error:
            turns = str(error)
        path = hl.ncf_flow(hl.SquaredReLU(2, 2), X, Y, W, 1.0 + k % 2)
        return [turns, path.w, *arcs.flow(0.3, [0.5, k % 2]), square.vertices, np.geterr()]

    with np.errstate(over="raise"):
        alone = [work(k) for k in range(2)]
    before = list(warnings.filters)
    with ThreadPoolExecutor(6, initializer=lambda: np.seterr(over="raise")) as pool:
        for k, result in enumerate(pool.map(work, range(18))):
            np.testing.assert_equal(result, alone[k % 2])
    assert warnings.filters == before


def picture(k, width=None):
    """Much text and many ticks: what a thread could take from another's settings or renderer."""
    figure, axes = hl.figures.style.canvas(width=width or 2 + k % 3, height=1.5)
    axes.plot([0, 1], [0, 10 + k], label=f"$k = {k}^2$")
    axes.set(xlabel=f"$\\alpha_{k}$", title=f"number {k}")
    axes.legend()
    return figure, f"Picture number {k}."


def test_six_threads_draw_what_one_draws():
    alone = [hl.show(picture, k=k) for k in range(18)]
    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(lambda k: hl.show(picture, k=k), range(18)))
    assert [k for k in range(18) if alone[k] != together[k]] == []


def test_threads_share_an_explorer():
    alone, shared = (hl.explore(partial(picture, width=2), k=range(10)) for _ in range(2))  # all of one layout
    frames = list(alone.frames())
    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(shared.frame, range(10)))
    assert [k for k in range(10) if frames[k].panels != together[k].panels] == []


def test_what_is_longer_than_a_hundred_letters_is_named_by_its_length():
    assert _records._short("a" * 98) == repr("a" * 98)  # with its quotes a hundred
    assert _records._short("a" * 99) == "<str of 99>"
