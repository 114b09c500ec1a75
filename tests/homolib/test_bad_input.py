"""Bad input to every public function: a ValueError that names the argument, what came and what is wanted.

`CASES` has a valid call of each public function. From the value of an argument there (an array, a float, an int) and
from its name follows what is wrong for it: `wrong`. Every wrong value goes into every call, one argument at a time.
"""

import inspect
from fractions import Fraction
from functools import partial

import numpy as np
import pytest

import homolib as hl
from homolib.bounds import near_origin, near_saddle
from homolib.correlation import ncf
from homolib.problems import constants

X = np.array([[1.0, 0.3], [-0.5, 1.0], [0.2, -1.0]])
Y = np.array([1.0, 0.5, -0.3])
UNIT = np.array([0.6, 0.0, 0.0, 0.8])
SQUARED, RELU, DIAGONAL = hl.SquaredReLU(2, 2), hl.TwoLayerReLU(1, 2), hl.DiagonalLinear(2)
SQUARE = hl.Polytope([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
PATH = hl.training_flow(SQUARED, X, Y, UNIT, 1.0, points=5)
NEAR = hl.Saddle(SQUARED, np.eye(2), np.array([1.0, 0.5]), np.array([1.0, 0.0, 0.0, 0.0]))  # one neuron is dormant
SEED_Z, SEED_N, WAY = np.array([0.0, 0.0, 0.6, 0.8]), np.array([1.0, 0.0, 0.0, 0.0]), np.array([0.0, 0.0, 0.0, 1.0])
LEAVING = hl.training_flow(SQUARED, NEAR.X, NEAR.y, NEAR.start(1e-3, SEED_Z), 12.0)
ARCS = hl.Arcs(X, Y)
STAIRS, CLIMB = hl.diagonal_staircase(NEAR.X, NEAR.y), [0.01, 0.01, 0.0, 0.0]

DATA = {"net": SQUARED, "X": X, "y": Y}
FLOW = {"net": SQUARED, "X": X, "z": Y, "u0": UNIT}
TRAIN = DATA | {"w0": UNIT}
NEURON = {"X": X, "z": Y, "v0": 0.5, "u0": np.array([0.3, 0.4])}
POINT = {"net": RELU, "X": X, "w": np.array([0.6, 0.8, 0.0]), "z": Y}
DORMANT = {"saddle": NEAR, "zeta_z": SEED_Z, "zeta_n": SEED_N, "delta": 1e-3}
WEIGHTS = {"X": X, "w": UNIT}
CLIMBING = {"net": DIAGONAL, "X": NEAR.X, "y": NEAR.y}

CASES = {
    # networks and losses
    "SquaredReLU": (hl.SquaredReLU, {"neurons": 2, "inputs": 2, "signs": np.array([1.0, -1.0]), "slope": 0.1}),
    "PoweredReLU": (hl.PoweredReLU, {"neurons": 2, "inputs": 2, "order": 3, "signs": np.ones(2), "slope": 0.1}),
    "TwoLayerReLU": (hl.TwoLayerReLU, {"neurons": 2, "inputs": 2, "slope": 0.1}),
    "DiagonalLinear": (hl.DiagonalLinear, {"inputs": 2}),
    "DeepReLU": (hl.DeepReLU, {"frozen": [(3, 2), np.ones((2, 3)), None], "trainable": (1, 3), "slope": 0.1}),
    "outputs": (RELU.outputs, {"X": X, "w": POINT["w"]}),
    "pullback": (SQUARED.pullback, WEIGHTS | {"z": Y[None]}),
    "pullback of a diagonal network": (DIAGONAL.pullback, WEIGHTS | {"z": Y[None]}),
    "neurons": (SQUARED.neurons, {"w": UNIT}),
    "neurons of a diagonal network": (DIAGONAL.neurons, {"w": UNIT}),
    "join": (SQUARED.join, {"neurons": UNIT.reshape(2, 2)}),
    "join of a diagonal network": (DIAGONAL.join, {"neurons": UNIT.reshape(2, 2)}),
    "SquareLoss": (hl.SquareLoss, {"reduction": "sum"}),
    "LogisticLoss": (hl.LogisticLoss, {"reduction": "mean"}),
    "value of a loss": (hl.LogisticLoss().value, {"h": Y, "y": Y}),
    "derivative": (hl.SquareLoss().derivative, {"h": Y, "y": Y}),
    "initial_residual": (hl.SquareLoss("mean").initial_residual, {"y": Y}),
    "derivative_lipschitz, of squares": (hl.SquareLoss().derivative_lipschitz, {"y": Y}),
    "derivative_lipschitz": (hl.LogisticLoss().derivative_lipschitz, {"y": Y}),
    # data sets and examples
    "circle": (hl.datasets.circle, {"n": 4, "seed": 0}),
    "five_points": (hl.datasets.five_points, {}),
    "gaussian": (hl.datasets.gaussian, {"n": 3, "inputs": 2, "seed": 0}),
    "mirrored": (hl.datasets.mirrored, {}),
    "branching_start": (hl.datasets.branching_start, {"name": "dying"}),
    "ring": (hl.datasets.ring, {"neurons": 3}),
    "random_start": (hl.datasets.random_start, {"size": 4, "seed": 0}),
    "monotone_pieces": (hl.examples.monotone_pieces, {"values": Y}),
    "mexican_hat": (hl.examples.mexican_hat, {"x": Y[:2], "winding": 1.0}),
    "mexican_hat_gradient": (hl.examples.mexican_hat_gradient, {"x": Y[:2], "winding": 1.0}),
    "hat_spiral": (hl.examples.hat_spiral, {"level": np.array([2.0, 3.0, 4.0])}),
    "hat_descent": (hl.examples.hat_descent, {"x0": Y[1:], "level": 4.0, "winding": 1.0, "tolerance": 1e-3}),
    "fan": (hl.examples.fan, {"x": Y[:2]}),
    "fan_subdifferential": (hl.examples.fan_subdifferential, {"x": Y[:2]}),
    # subdifferentials
    "Polytope": (hl.Polytope, {"points": X}),
    "contains": (SQUARE.contains, {"s": Y[:2], "tolerance": 1e-9}),
    "distance": (SQUARE.distance, {"s": Y[:2]}),
    "support": (SQUARE.support, {"direction": Y[:2]}),
    "width": (SQUARE.width, {"direction": Y[:2]}),
    "Polytope, product": (lambda factors: hl.Polytope.product(factors), {"factors": [SQUARE, SQUARE]}),
    "sign_patterns": (hl.sign_patterns, {"normals": X}),
    "active_kinks": (hl.active_kinks, {"X": X, "u": Y[:2], "tolerance": 1e-9}),
    "clarke_subdifferential": (hl.clarke_subdifferential, POINT | {"tolerance": 1e-9}),
    "termwise_sum": (hl.termwise_sum, POINT | {"tolerance": 1e-9}),
    "clarke_of_pieces": (
        hl.clarke_of_pieces,
        {"pieces": [(lambda x: np.ones(2), [])], "x": Y[:2], "tolerance": 1e-9},
    ),
    # flows
    "training_flow": (hl.training_flow, TRAIN | {"t_end": 0.1, "loss": None, "delta": 0.5, "tolerance": 1e-6}),
    "training_flow, sampled": (hl.training_flow, TRAIN | {"t_end": 0.1, "points": 3}),
    "frozen_flow": (hl.frozen_flow, FLOW | {"t_end": 0.1, "tolerance": 1e-6, "points": 3}),
    "gradient_descent": (
        hl.gradient_descent,
        TRAIN | {"step": 0.01, "iterations": 3, "loss": None, "record_every": 1},
    ),
    "at": (PATH.at, {"t": 0.5}),
    "neuron_flow": (hl.neuron_flow, NEURON | {"t_end": 0.1, "slope": 0.1, "points": 3}),
    "neuron_flows": (hl.neuron_flows, NEURON | {"v0": Y[:2], "u0": X[:2], "t_end": 0.1, "slope": 0.1}),
    "neuron_ascent": (
        hl.neuron_ascent,
        NEURON | {"step": 0.01, "t_end": 0.1, "slope": 0.1, "at_zero": 0.5, "width": 0.1, "noise": 0.1, "seed": 0},
    ),
    "squared_neuron_flow": (
        hl.squared_neuron_flow,
        {"X": X, "z": Y, "u0": X[0], "t_end": 0.1, "slope": 0.1, "sign": 1, "points": 3},
    ),
    "is_non_branching": (hl.is_non_branching, NEURON | {"slope": 0.1, "t_end": 0.1}),
    "branches": (hl.branches, NEURON | {"t_end": 0.1, "waits": (0, 1), "slope": 0.1, "points": 3}),
    "branch_tree": (hl.branch_tree, NEURON | {"t_end": 0.1, "slope": 0.1, "depth": 2, "points": 3}),
    "branching_fractions": (
        hl.branching_fractions,
        {"n": 2, "inputs": 2, "ratio": 1.0, "starts": 2, "sets": 1},
    ),
    # the neural correlation function
    "Arcs": (hl.Arcs, {"X": X, "z": Y, "slope": 0.1, "sign": 1, "order": 2}),
    "Arcs, value": (ARCS.value, {"theta": np.array([0.1, 0.2])}),
    "Arcs, derivative": (ARCS.derivative, {"theta": np.array([0.1, 0.2])}),
    "Arcs, second_derivative": (ARCS.second_derivative, {"theta": np.array([0.1, 0.2])}),
    "Arcs, is_zero": (ARCS.is_zero, {"value": 0.5}),
    "Arcs, travel": (ARCS.travel, {"theta0": np.array([0.4, 0.5]), "theta1": np.array([0.5, 0.6])}),
    "Arcs, flow": (ARCS.flow, {"theta0": np.array([0.4, 0.5]), "t": np.array([0.1, 0.2])}),
    "ncf.value": (ncf.value, POINT),
    "ncf_flow": (hl.ncf_flow, FLOW | {"t_end": 0.1, "points": 3}),
    "ncf_flow of ReLU": (hl.ncf_flow, FLOW | {"net": RELU, "u0": POINT["w"], "t_end": 0.1, "points": 3}),
    "ncf_flow of a diagonal network": (hl.ncf_flow, FLOW | {"net": DIAGONAL, "t_end": 0.1, "points": 3}),
    "kkt_points": (hl.kkt_points, {"net": RELU, "X": X, "z": Y, "neuron": 0, "starts": 1, "seed": 0}),
    "kkt_search": (hl.kkt_search, {"net": RELU, "X": X, "z": Y, "neuron": 0, "starts": 1, "seed": 0}),
    "kkt_residual": (hl.kkt_residual, {"net": RELU, "X": X, "z": Y, "u": POINT["w"], "tolerance": 1e-9}),
    # bounds
    "constants": (constants.constants, DATA | {"loss": None}),
    "lemma_5_2": (hl.bounds.lemma_5_2, TRAIN | {"delta": 1e-4, "t_end": 0.1, "epsilon": 0.1, "loss": None}),
    "theorem_5_1": (hl.bounds.theorem_5_1, TRAIN | {"delta": 1e-4, "epsilon": 0.1, "loss": None}),
    "corollary_5_4_1": (hl.bounds.corollary_5_4_1, TRAIN | {"delta": 1e-4, "epsilon": 0.1, "loss": None}),
    "flow_limit": (hl.correlation.flow_limit, FLOW | {"epsilon": 0.1}),
    "settled_flow": (hl.correlation.settled_flow, FLOW),
    # saddles
    "Saddle": (hl.Saddle, DATA | {"w": UNIT}),
    "Saddle.start": (NEAR.start, {key: DORMANT[key] for key in ("zeta_z", "zeta_n", "delta")}),
    "Saddle.correlation": (NEAR.correlation, {"u": UNIT}),
    "Saddle.split": (NEAR.split, {"w": UNIT}),
    "figure_4_saddle": (hl.figure_4_saddle, {"n": 4}),
    "absolute_value_saddle": (hl.absolute_value_saddle, {"at": Y[:2]}),
    "escape": (hl.escape, {"saddle": NEAR, "zeta_z": SEED_Z}),
    "Escape.time": (hl.escape(NEAR, SEED_Z).time, {"delta": 1e-3}),
    "escape_path": (hl.escape_path, {"saddle": NEAR, "direction": WAY, "t_end": 1.0, "points": 3}),
    "escape_time": (hl.escape_time, {"saddle": NEAR, "path": LEAVING, "size": 0.01}),
    "next_saddle": (hl.next_saddle, {"saddle": NEAR, "direction": WAY, "longest": 1e4}),
    "lemma_5_6": (hl.bounds.lemma_5_6, {"saddle": NEAR}),
    "kappa": (near_saddle.kappa, {"saddle": NEAR, "w_n": np.array([0.9, 0.1, 0.0, 0.0])}),
    "assumption_3": (
        hl.bounds.assumption_3,
        {"saddle": NEAR, "gamma": 0.5, "bound": 1.0, "samples": 4, "seed": 0},
    ),
    "saddle_constants": (near_saddle.saddle_constants, {"saddle": NEAR, "gamma": 0.5}),
    "lemma_d_1": (hl.bounds.lemma_d_1, DORMANT | {"C": 2.0, "gamma": 0.5, "clock": 2.0}),
    "theorem_5_5": (hl.bounds.theorem_5_5, DORMANT | {"epsilon": 0.1, "gamma": 0.5}),
    # staircases
    "saddle_sequence": (hl.saddle_sequence, CLIMBING | {"w0": np.array([0.5, 0.5, 0.5, 0.5])}),
    "saddle_sequence of squared neurons": (
        hl.saddle_sequence,
        {"net": SQUARED, "X": NEAR.X, "y": NEAR.y, "w0": np.array([0.6, 0.1, 0.1, 0.6])},
    ),
    "diagonal_staircase": (hl.diagonal_staircase, {"X": NEAR.X, "y": NEAR.y, "loss": None}),
    "orthogonal_staircase": (
        hl.orthogonal_staircase,
        {"X": np.eye(2), "y": Y[:2], "w0": np.array([1.0, 0.6, 0.8]), "loss": None},
    ),
    "tie_break": (hl.tie_break, {"X": np.ones((1, 2)), "y": Y[:1], "side": np.ones(2), "depth": 2}),
    "loss_at": (STAIRS.loss_at, {"t": 0.5}),
    "jump_times": (
        hl.jump_times,
        CLIMBING | {"path": hl.training_flow(**CLIMBING, w0=CLIMB, t_end=30), "staircase": STAIRS},
    ),
}
RESULTS = {"Constants", "Descent", "Escape", "Fates", "FlowLimit", "KKTPoint", "KKTPoints", "Report", "Row"}
RESULTS |= {"SaddleConstants", "Staircase", "Trajectory", "Network", "Undecided", "HingeSum"}  # not of these, either
DRAWINGS = {"show", "explore"}  # see test_explore

BATCHED = {"w", "z", "h", "w0", "u0", "u", "x", "neurons", "w_n"}  # may carry leading axes, in most functions
ANGLES = {"theta", "theta0", "theta1"}  # may have any shape
NOT_ZERO = {"zeta_z", "zeta_n", "direction"}
SIGNED = {"v0", "slope", "winding", "at_zero", "value"}
FROM_ZERO = {"tolerance", "bound", "ratio", "width", "noise", "seed", "neuron", "t"}
OBJECTS = {
    "net": [None, "ReLU", hl.SquaredReLU, UNIT],
    "loss": ["square", hl.SquareLoss, 0.5],
    "saddle": [None, "saddle", UNIT],
    "path": [None, "path", UNIT],
    "staircase": [None, "stairs", UNIT],
    "reduction": ["average", None, 1, ["sum"]],
    "name": ["living", None, 1, ["dying"]],
    "sign": [0, 2, None, "1", [1], np.ones(1), True, np.nan, np.array("1")],
    "frozen": [None, [], "layers", 3.0, [None, None, None], [(3, 2), np.ones((2, 3)), np.ones((3, 3))]],
    "trainable": [None, (1,), (1, 1), (0, 1), (1, 4), (1.5, 3), "13", 3, (1, 2, 3), (True, 3)],
    "pieces": [None, [], "pieces", [None], [(1.0, 2.0)]],
    "factors": [None, [], "squares", [None], 3, UNIT],
    "waits": [None, "long", -1.0, (0, -1), (np.nan,), [[0, 1]], 1.0],
}
ALLOWED = {
    ("training_flow", "delta", "a list"),  # a scale for each run
    ("Arcs", "t", "a number"),
    ("Arcs", "t", "too many axes"),
    ("at", "t", "a list"),
    ("loss_at", "t", "a list"),
    ("circle", "seed", "None"),
    ("random_start", "seed", "a list"),
    ("neuron_ascent", "v0", "a list"),
    ("neuron_ascent", "at_zero", "None"),
    ("Saddle.start", "zeta_n", "None"),
    ("SquaredReLU", "signs", "None"),
    ("PoweredReLU", "signs", "None"),
    ("is_non_branching", "t_end", "inf"),
    ("neuron_flows", "t_end", "inf"),
    ("escape_path", "t_end", "-1.0"),  # time zero is that of the escape
    ("escape_path", "t_end", "0.0"),
    ("support", "direction", "zero"),
    ("width", "direction", "zero"),
    ("lemma_d_1", "zeta_n", "None"),
    ("theorem_5_5", "zeta_n", "None"),
    ("initial_residual", "y", "too long"),  # as long as you like, where nothing has to match
    ("derivative_lipschitz", "y", "too long"),
    ("monotone_pieces", "values", "too long"),
    ("value of a loss", "y", "huge"),
    ("derivative", "y", "huge"),
    ("initial_residual", "y", "huge"),
    ("derivative_lipschitz", "y", "huge"),
    ("Polytope", "points", "too long"),
    ("sign_patterns", "normals", "too long"),
    ("diagonal_staircase", "X", "too long"),
    ("Arcs", "theta", "too long"),
    ("orthogonal_staircase", "w0", "too long"),
}


def wrong(name, value):
    """What is wrong in place of a valid value: pairs of a label and the wrong value."""
    if name in OBJECTS:
        return [(repr(one)[:40], one) for one in OBJECTS[name]]
    found = [("None", None), ("a string", "one"), ("a list", [1, 2, 3]), ("a mapping", {}), ("complex", 1 + 2j)]
    found += [("nan", np.nan), ("inf", np.inf)]
    if isinstance(value, np.ndarray):
        return [one for one in found if one[0] != "a list"] + wrong_arrays(name, value)
    found += [("a string of digits", "1"), ("digits in an array", np.array("1")), ("True", True)]
    found += [("digits as an object", np.array("1", dtype=object)), ("True in an array", np.array(True))]
    if name not in SIGNED:
        found += [("-1.0", type(value)(-1))]
        if name not in FROM_ZERO:
            found += [("0.0", type(value)(0))]
    return [*found, ("a float", 2.0), ("a fraction", 2.5)] if isinstance(value, int) else found


def wrong_arrays(name, good):
    """Wrong in place of a valid array: its shape, its numbers, or its type."""
    found = {
        "a number": 0.5,
        "empty": [],
        "no rows": good[:0],
        "too long": np.concatenate([good, good], axis=-1),
        "ragged": [[1.0], [1.0, 2.0]],
        "digits": good.astype(str),
        "digits as objects": good.astype(str).astype(object),
        "truth values": good > 0,
        "truth values as objects": (good > 0).astype(object),
        "complex numbers": good + 1j,
        "a mask": np.ma.array(good, mask=good == good.flat[-1]),
        "a mask in a list": list(np.ma.array(good, mask=good == good.flat[-1])),
        "a nan": np.where(good == good.flat[-1], np.nan, good),
        "an inf": np.where(good == good.flat[-1], -np.inf, good),
        "None inside": np.where(good == good.flat[-1], None, good),
        "too many axes": good[None],
    }
    if name in ("X", "y"):
        found["huge"] = good * 1e200
    if name in BATCHED | ANGLES:
        del found["too many axes"]
    if name in ANGLES:
        del found["a number"]
    if name in NOT_ZERO:
        found["zero"] = np.zeros_like(good)
    return list(found.items())


@pytest.mark.parametrize("case", CASES)
def test_a_valid_call_works(case):
    function, arguments = CASES[case]
    function(**arguments)


@pytest.mark.parametrize("case", CASES)
def test_wrong_values_are_named(case):
    function, arguments = CASES[case]
    complaints = []
    for name, value in arguments.items():
        for label, bad in wrong(name, value if value is not None else 0.5):
            if (case.split(",")[0], name, label) in ALLOWED:
                continue
            try:
                function(**arguments | {name: bad})
            except ValueError as error:
                found = str(error)
                named = list(arguments) if label == "too long" else [name]  # either of two that do not match
                if not (found.split(":")[0].split("[")[0] in named and ": got " in found and ", want " in found):
                    complaints.append(f"{name} = {label}: ValueError: {found}")
            except Exception as error:
                complaints.append(f"{name} = {label}: {type(error).__name__}: {error}")
            else:
                complaints.append(f"{name} = {label}: accepted")
    assert not complaints, "\n" + "\n".join(complaints)


def test_every_public_function_is_in_the_table():
    wings = (hl.problems, hl.clarke, hl.flows, hl.neuron, hl.correlation, hl.saddles, hl.bounds)
    modules = (hl, *wings, hl.datasets, near_origin, hl.examples, near_saddle)
    tested = [function for function, _ in CASES.values()]
    public = {
        name
        for module in modules
        for name, thing in ((name, getattr(module, name)) for name in getattr(module, "__all__", vars(module)))
        if callable(thing)
        and not name.startswith("_")
        and (hasattr(module, "__all__") or thing.__module__ == module.__name__)
        and thing not in tested
    }
    assert public - RESULTS - DRAWINGS == set()


# What flows call at every step, with arguments that have been checked before
UNCHECKED = {"forward", "split_neurons", "join_neurons", "matrices", "preactivations", "slopes", "weight"}
UNCHECKED |= {"kinks", "level", "in_units", "size_of_outputs"}
UNCHECKED |= {"HingeSum.gradient", "HingeSum.side", "Saddle.seed"}  # the last one is itself a check


def test_every_public_method_is_in_the_table():
    kinds = [hl.SquaredReLU, hl.TwoLayerReLU, hl.DiagonalLinear, hl.DeepReLU, hl.SquareLoss, hl.LogisticLoss]
    kinds += [hl.Polytope, hl.Arcs, hl.clarke.HingeSum, hl.Trajectory, hl.Saddle, hl.saddles.Escape, hl.Staircase]
    methods = {
        method.__qualname__
        for kind in kinds
        for name, method in inspect.getmembers(kind, inspect.isfunction)
        if not name.startswith("_") and len(inspect.signature(method).parameters) > 1
    }
    tested = {function.__qualname__ for function, _ in CASES.values() if inspect.ismethod(function)}
    assert {name for name in methods - tested if not {name, name.split(".")[1]} & UNCHECKED} == set()


@pytest.mark.parametrize("case", CASES)
def test_lists_do_as_well_as_arrays(case):
    function, arguments = CASES[case]
    lists = {name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in arguments.items()}
    np.testing.assert_equal(essence(function(**lists)), essence(function(**arguments)))


@pytest.mark.parametrize("case", CASES)
def test_numpys_scalars_do_as_well_as_pythons(case):
    function, arguments = CASES[case]
    kinds = {int: np.int64, float: np.float64, str: np.str_}
    scalars = {name: kinds.get(type(value), lambda same: same)(value) for name, value in arguments.items()}
    np.testing.assert_equal(essence(function(**scalars)), essence(function(**arguments)))


def test_a_sign_may_come_from_a_network():
    signs = hl.SquaredReLU(2, 2, signs=[1, -1]).signs
    for flow in (partial(hl.squared_neuron_flow, X, Y, X[0], 0.1), lambda sign: hl.Arcs(X, Y, sign=sign)):
        for k, sign in enumerate((1, -1)):
            assert flow(sign=signs[k]) == flow(sign=sign) == flow(sign=float(sign))


def test_a_mask_that_hides_nothing_is_none():
    assert SQUARE.contains(np.ma.array([0.0, 0.0]))
    assert SQUARE.contains(np.ma.array([0.5, 0.5], mask=[False, False]))


def test_fractions_and_whole_numbers_beyond_64_bits_are_numbers():
    np.testing.assert_array_equal(ARCS.value([Fraction(1, 2), 0]), ARCS.value([0.5, 0.0]))
    assert hl.SquareLoss().derivative_lipschitz([10**30]) == 1


def test_truth_values_are_not_labels():
    with pytest.raises(ValueError, match=r"^y: got ndarray of bool that is no array of numbers, want"):
        hl.training_flow(SQUARED, X, Y > 0, UNIT, 1.0)


def test_angles_and_times_have_to_broadcast():
    with pytest.raises(ValueError, match=r"^t: got shape \(2,\), want one that broadcasts against the shape \(3,\)"):
        ARCS.flow([0.1, 0.2, 0.3], [0.1, 0.2])
    with pytest.raises(ValueError, match=r"^theta1: got shape \(2,\), want"):
        ARCS.travel([0.1, 0.2, 0.3], [0.1, 0.2])


TINY = {  # calls in which numbers underflow, by design
    "underflow in cones": lambda: hl.squared_neuron_flow(np.eye(3), [0.1, -2, -3], [0.3, 0.4, 0.5], 200.0),
    "underflow in descent": lambda: hl.gradient_descent(SQUARED, X, Y, 1e-200 * UNIT, 0.01, 5),
    "underflow in hat": lambda: hl.examples.mexican_hat([[0.9999, 0.0], [0.5, 0.0]]),
    "underflow in training": lambda: hl.training_flow(SQUARED, X, Y, UNIT, 1.0, delta=1e-200, loss=hl.LogisticLoss()),
    "underflow in outputs": lambda: SQUARED.outputs(X, 1e-200 * UNIT),
    "underflow in pullback": lambda: RELU.pullback(X, 1e-200 * POINT["w"], 1e-200 * Y),
    "underflow in weights": lambda: hl.Trajectory(np.arange(2.0), np.ones((2, 1)), np.array([-800.0, 0.0]), None).w[0],
    "underflow in logistic": lambda: hl.LogisticLoss().derivative([800.0, -800.0, 0.0], [1.0, 1.0, 1.0]),
    "underflow in support": lambda: hl.Polytope(1e-200 * X).support([1e-200, 0.0]),
    "underflow in arcs": lambda: ARCS.flow(0.3, [1e-300, 1e3]),
    "underflow in start": lambda: NEAR.start(1e-320, SEED_Z),
    "underflow in picture": lambda: hl.show(hl.figures.one_kink, below=1.0, above=-1.0),
}


@pytest.mark.parametrize("case", [*CASES, *TINY])
def test_numpys_error_settings_do_not_matter(case):
    function, arguments = CASES.get(case) or (TINY[case], {})
    expected = essence(function(**arguments))
    with np.errstate(all="raise"):
        np.testing.assert_equal(essence(function(**arguments)), expected)
        assert set(np.geterr().values()) == {"raise"}


@pytest.mark.parametrize("case", CASES)
def test_arguments_are_left_as_they_are(case):
    function, arguments = CASES[case]
    mine = {name: np.copy(value) if isinstance(value, np.ndarray) else value for name, value in arguments.items()}
    function(**mine)
    for name, value in arguments.items():
        if isinstance(value, np.ndarray):
            np.testing.assert_array_equal(mine[name], value, err_msg=name)


def essence(result):
    """What of a result can be compared."""
    if isinstance(result, hl.Trajectory):
        return result.w
    if isinstance(result, hl.Staircase):
        return result.times
    if isinstance(result, hl.neuron.branching.BranchNode):
        return [essence(result.path), [essence(child) for child in result.children]]
    if type(result) is list:
        return [essence(item) for item in result]
    if type(result).__repr__ is object.__repr__:  # that would be an address in memory
        return {name: essence(value) for name, value in vars(result).items()}
    return result if isinstance(result, (np.ndarray, float)) else repr(result)


ZERO_STARTS = {
    "(v0, u0)": [
        lambda: hl.neuron_flow(X, Y, 0.0, [0.0, 0.0], 1.0),
        lambda: hl.is_non_branching(X, Y, 0.0, [0.0, 0.0]),
        lambda: hl.branches(X, Y, 0.0, [0.0, 0.0], 1.0),
        lambda: hl.neuron_flows(X, Y, [1.0, 0.0], np.zeros((2, 2))),
    ],
    "u0": [
        lambda: hl.ncf_flow(SQUARED, X, Y, np.zeros(4), 1.0),
        lambda: hl.ncf_flow(SQUARED, X, Y, [UNIT, np.zeros(4)], 1.0),
        lambda: hl.squared_neuron_flow(X, Y, [0.0, 0.0], 1.0),
        lambda: hl.correlation.flow_limit(SQUARED, X, Y, np.zeros(4), 0.1),
    ],
    "u": [lambda: hl.kkt_residual(RELU, X, Y, np.zeros(3))],
    "w0": [lambda: hl.bounds.theorem_5_1(SQUARED, X, Y, np.zeros(4), 1e-3, 0.1)],
    "zeta_z": [lambda: hl.escape(NEAR, np.zeros(4))],
    "normals": [lambda: hl.sign_patterns([[1.0, 0.0], [0.0, 0.0]])],
}


@pytest.mark.parametrize("name", ZERO_STARTS)
def test_zero_has_no_direction(name):
    for call in ZERO_STARTS[name]:
        with pytest.raises(ValueError) as error:  # noqa: PT011
            call()
        assert str(error.value).startswith(f"{name}: got ")


def test_what_does_not_match_is_named():
    with pytest.raises(ValueError, match=r"^y: got shape \(2,\), want shape \(3,\)"):
        hl.training_flow(SQUARED, X, Y[:2], UNIT, 1.0)
    with pytest.raises(ValueError, match=r"^X: got shape \(3, 3\), want shape \(n, 2\)"):
        hl.training_flow(SQUARED, np.ones((3, 3)), Y, UNIT, 1.0)
    with pytest.raises(ValueError, match=r"^w0: got shape \(3,\), want shape \(\.\.\., 4\)"):
        hl.training_flow(SQUARED, X, Y, UNIT[:3], 1.0)
    with pytest.raises(ValueError, match=r"^delta: got .*, want "):
        hl.training_flow(SQUARED, X, Y, np.tile(UNIT, (2, 1)), 1.0, delta=[1e-3, -1e-3])
    with pytest.raises(ValueError, match=r"^delta: got .*, want "):
        hl.training_flow(SQUARED, X, Y, np.tile(UNIT, (2, 1)), 1.0, delta=[1e-3, 1e-3, 1e-3])
    with pytest.raises(TypeError, match="t_end"):
        hl.training_flow(SQUARED, X, Y, UNIT)


def test_staircases_are_those_of_the_square_loss():
    for staircase, start in ((hl.diagonal_staircase, ()), (hl.orthogonal_staircase, ([1.0, 0.6, 0.8],))):
        with pytest.raises(ValueError, match=r"^loss: got LogisticLoss.*, want SquareLoss"):
            staircase(np.eye(2), Y[:2], *start, loss=hl.LogisticLoss())


def test_a_list_of_no_seeds_and_a_product_of_no_polytopes():
    with pytest.raises(ValueError, match=r"^seed: got \[\], want"):
        hl.datasets.random_start(2, [])
    with pytest.raises(ValueError, match=r"^factors: got 3, want polytopes"):
        hl.Polytope.product([3])


def test_a_step_that_diverges_raises():
    with pytest.raises(ValueError, match=r"^step: got 5\.0, want a smaller step: the weights diverged by iteration"):
        hl.gradient_descent(SQUARED, X, Y, UNIT, 5.0, 200)


NETWORKS = [SQUARED, hl.SquaredReLU(2, 2, slope=0.1), DIAGONAL, hl.PoweredReLU(2, 2, order=3), hl.TwoLayerReLU(1, 2)]
ODD_DATA = {
    "one point": (X[:1], Y[:1]),
    "repeated points": (X[[0, 0, 1, 1]], Y[[0, 0, 1, 2]]),
    "zero labels": (X, 0 * Y),
    "zero inputs": (0 * X, Y),
    "a zero input": (X * [[1], [0], [1]], Y),
    "opposite inputs": (np.array([[1.0, 0.0], [-1.0, 0.0]]), np.ones(2)),
    "integers": ([[1, 0], [0, 1]], [1, -1]),
}


@pytest.mark.parametrize("data", ODD_DATA)
@pytest.mark.parametrize("net", NETWORKS, ids=repr)
def test_odd_data_work(net, data):
    inputs, labels = ODD_DATA[data]
    start = np.linspace(0.9, -0.4, net.size)
    start /= np.linalg.norm(start)
    paths = [
        hl.training_flow(net, inputs, labels, start, 0.1, delta=0.3),
        hl.gradient_descent(net, inputs, labels, start, 0.01, 5),
        hl.ncf_flow(net, inputs, labels, start, 0.1),
    ]
    for path in paths:
        assert np.isfinite(path.w).all()
    assert np.isfinite(hl.clarke_subdifferential(net, inputs, start, labels).min_norm()).all()
    assert np.isfinite(hl.bounds.constants(net, inputs, labels).beta_tilde)
    assert hl.kkt_residual(net, inputs, labels, start) >= 0
    if net.order == 2 and net is not DIAGONAL:
        assert all(point.residual <= 1e-9 for point in hl.kkt_points(net, inputs, labels))
    assert hl.is_non_branching(inputs, labels, 1.0, [0.6, 0.8]).reason
    assert np.isfinite(hl.diagonal_staircase(inputs, labels).losses).all()


@pytest.mark.parametrize("delta", [1e-150, 1e-300])
@pytest.mark.parametrize("net", NETWORKS[:3], ids=repr)
def test_a_tiny_start_is_a_start(net, delta):
    """In units of delta it is the frozen flow, to the last digit that was asked for: the residual never moves."""
    path = hl.training_flow(net, X, Y, UNIT, 1.0, delta=delta, tolerance=1e-12)
    frozen = hl.ncf_flow(net, X, Y, UNIT, 1.0)
    np.testing.assert_allclose(path.direction, frozen.direction, atol=1e-10)
    np.testing.assert_allclose(path.log_norm - np.log(delta), frozen.log_norm, atol=1e-9)
    assert (path.w != 0).any()


@pytest.mark.parametrize("delta", [1e-150, 1e-300])
def test_tiny_starts_pass_through_the_bounds(delta):
    net, start = hl.SquaredReLU(1, 2), np.array([0.8, 0.6])
    assert hl.bounds.lemma_5_2(net, X, Y, start, delta, t_end=1.0, epsilon=1e-6).holds
    assert hl.bounds.theorem_5_1(net, X, Y, start, delta, epsilon=0.01).holds
    assert hl.bounds.corollary_5_4_1(net, X, Y, start, delta, epsilon=0.01).holds
    np.testing.assert_allclose(
        hl.neuron_flow(X, Y, 0.5 * delta, [0.3 * delta, 0.4 * delta], 1.0).direction,
        hl.neuron_flow(X, Y, 0.5, [0.3, 0.4], 1.0).direction,
        atol=1e-14,
    )


@pytest.mark.parametrize("slope", [0.0, 0.1, -1.0])
def test_a_start_on_a_kink_works_or_says_why_not(slope):
    on = np.array([0.6, -0.3, 1.0])  # u is at right angles to the first input
    assert X[0] @ on[1:] == 0
    verdict = hl.is_non_branching(X, Y, on[0], on[1:], slope=slope)
    net = hl.TwoLayerReLU(1, 2, slope=slope)
    if verdict:
        path = hl.ncf_flow(net, X, Y, on, 1.0)
        assert path.events[0].time == 0
        assert path.events[0].kink == 0
    else:
        assert verdict.time == 0
        with pytest.raises(ValueError, match=r"^u0: got neuron 0, which branches at t = 0, want"):
            hl.ncf_flow(net, X, Y, on, 1.0)
        assert len(hl.branches(X, Y, on[0], on[1:], 1.0, slope=slope)) > 1
    assert len(hl.clarke_subdifferential(net, X, on, Y).vertices) == 2
    squared = hl.ncf_flow(hl.SquaredReLU(1, 2, slope=slope), X, Y, on[1:], 1.0)
    assert np.isfinite(squared.w).all()


@pytest.mark.parametrize("net", [hl.SquaredReLU(1, 1), hl.TwoLayerReLU(1, 1), hl.DiagonalLinear(1)], ids=repr)
def test_one_input_dimension(net):
    inputs, labels, start = [[1], [-2]], [1, 1], np.eye(net.size)[-1]
    for path in (hl.ncf_flow(net, inputs, labels, start, 0.5), hl.training_flow(net, inputs, labels, start, 0.5)):
        assert path.w.shape[-1] == net.size
    assert np.isfinite(hl.bounds.constants(net, inputs, labels).beta)
    assert hl.clarke_subdifferential(net, inputs, start, labels).size == net.size
    if not isinstance(net, hl.DiagonalLinear):
        assert all(point.residual == 0 for point in hl.kkt_points(net, inputs, labels))


def test_data_of_zeros_move_nothing():
    nothing = np.zeros((2, 2))
    report = hl.bounds.theorem_5_1(SQUARED, nothing, Y[:2], UNIT, 1e-3, epsilon=0.1)
    assert report.holds
    np.testing.assert_allclose(report.values["direction"], UNIT, atol=1e-15)
    assert len(hl.saddle_sequence(DIAGONAL, nothing, Y[:2], UNIT).times) == 0
    still = hl.training_flow(DIAGONAL, NEAR.X, [0.0, 0.0], CLIMB, 1.0)
    assert len(hl.jump_times(DIAGONAL, NEAR.X, [0.0, 0.0], still, hl.diagonal_staircase(NEAR.X, [0.0, 0.0]))) == 0


def test_only_directions_matter_to_a_sequence_of_saddles():
    start = np.array([0.5, 0.5, 0.5, 0.5])
    tiny, small = (hl.saddle_sequence(**CLIMBING, w0=c * start) for c in (1e-200, 1.0))
    np.testing.assert_allclose(tiny.times, small.times, rtol=1e-12)
    np.testing.assert_allclose(tiny.losses, small.losses, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("flow", [hl.training_flow, hl.frozen_flow])
def test_more_digits_than_there_are_cannot_be_had(flow):
    with pytest.raises(ValueError, match=r"^tolerance: got 1e-16, want at least 1e-13"):
        flow(SQUARED, X, Y, UNIT, 0.1, tolerance=1e-16)
