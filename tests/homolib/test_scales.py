"""One scale, one answer: every public function at X -> a X, z -> b z, w -> c w, with scales from 1e-150 to 1e150.

`ROWS` has each public function once: the dimensions of its arguments and of what it answers, as exponents of a, b, c.
The scales are powers of two, which round nothing, so that an answer has to be the same at all of them, scaled by these
exponents, for repeated, parallel and cancelling inputs, zero labels and starts on kinks, too. Where it is then no
floating-point number the function has to refuse, and to name an argument.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import product

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import homolib as hl
from homolib.neuron.velocities import Undecided
from homolib.saddles.saddle import escape_path
from tests.homolib.strategies import numbers, runs
from tests.homolib.test_bad_input import CASES, DRAWINGS, RESULTS, SEED_N, SEED_Z, SQUARE, SQUARED, WAY

STEPS = (-498, -198, -30, 0, 30, 198, 498)  # 2**498 is 8e149; multiples of six have even and threefold parts
Dimension = tuple[float, ...]  # exponents of a, b, c
NONE = (0.0, 0.0, 0.0)
PHASES = (Phase.explicit, Phase.generate)  # examples are small as they are
X_, Z_, W_ = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)


class Log(tuple):
    """Dimension of a quantity whose natural logarithm is given."""


def dim(*terms: tuple[float, Dimension]) -> Dimension:
    """Product of powers of dimensions."""
    return tuple(sum(factor * one[i] for factor, one in terms) for i in range(3))


def power(dimension: Dimension, scale: tuple[int, ...]) -> int:
    total = sum(e * s for e, s in zip(dimension, scale, strict=True))
    assert total == round(total)
    return round(total)


@dataclass
class Units:
    """Dimensions in a problem with outputs H of order `degree` in X and `order` in w."""

    degree: int = 1
    order: int = 2
    z: Dimension = Z_
    w: Dimension = W_

    @property
    def rate(self) -> Dimension:
        """Of N on the unit sphere."""
        return dim((self.degree, X_), (1, self.z))

    @property
    def time(self) -> Dimension:
        return dim((-1, self.rate), (2 - self.order, self.w))

    def out(self, in_w: int) -> Dimension:
        """Of N, of its gradient, ..."""
        return dim((1, self.rate), (in_w, self.w))


def free(net: object) -> Units:
    """Labels and weights have scales of their own: the neural correlation."""
    return Units(net.order if isinstance(net, hl.PoweredReLU) else 1, net.order)


def trained(net: object) -> Units:
    """Outputs and labels have one scale, and this fixes that of the weights."""
    one = free(net)
    return Units(one.degree, one.order, Z_, dim((-one.degree / one.order, X_), (1 / one.order, Z_)))


def of_unit_size(net: object) -> Units:
    """The same where weights of size one are meant."""
    one = free(net)
    return Units(one.degree, one.order, dim((one.degree, X_)), NONE)


NEURON, SQUARED_NEURON = Units(1, 2), Units(2, 2)


# What of an answer is compared: pairs (dimension, numbers), or (None, what has to be equal).


def path(units: Units) -> Callable:
    def parts(result):
        events = result.events if isinstance(result.events, (list, tuple)) else []
        found = [(units.time, result.t), (NONE, result.direction), (Log(units.w), result.log_norm)]
        if result.loss is not None:
            found.append((dim((2, units.z)), result.loss))
        found += [(units.time, [e.time for e in events]), (None, [(e.kind, e.kink) for e in events])]
        return [*found, (NONE, result.interpolate(result.t[[0, len(result.t) // 2, -1]])[0])]

    return parts


def paths(units: Units) -> Callable:
    return lambda results: [(None, len(results)), *(part for result in results for part in path(units)(result))]


def tree(units: Units) -> Callable:
    def parts(node):
        own = [*path(units)(node.path), (None, (node.waiting, node.branches, len(node.children)))]
        return own + [part for child in node.children for part in parts(child)]

    return parts


def kkt(rate: Dimension) -> Callable:
    def parts(points):
        values = np.array([p.value for p in points])
        assert (np.diff(values) <= 1e-9 * np.abs(values).max(initial=0)).all(), f"not greatest value first: {values}"
        return [
            (None, (len(points), points.complete, [(p.kind, p.smooth) for p in points])),
            (rate, values),
            (rate, [p.multiplier for p in points]),
            (NONE, [p.direction for p in points]),
            (NONE, [(p.angle or 0.0, *(p.arc or (0.0, 0.0))) for p in points]),
        ]

    return parts


def fates(units: Units) -> Callable:
    def parts(f):
        flags = [getattr(f, name).tolist() for name in ("branched", "slid", "flipped", "died", "undecided", "events")]
        finite = np.isfinite(f.log_norm)
        return [
            (None, (flags, finite.tolist(), np.isfinite(f.time).tolist())),
            (units.time, f.time[np.isfinite(f.time)]),
            (NONE, f.direction),
            (Log(units.w), f.log_norm[finite]),
        ]

    return parts


def polytope(dimension: Dimension) -> Callable:
    return lambda s: [
        (dimension, s.vertices),
        (dimension, s.min_norm()),
        (dimension, s.distance(np.zeros(s.size))),
        (dimension, s.support(np.ones(s.size))),
    ]


def verdict(units: Units) -> Callable:
    return lambda v: [(None, (bool(v), v.kink)), (units.time, [] if v.time is None else [v.time])]


def plain(dimension: Dimension) -> Callable:
    return lambda result: [(dimension, result)]


def same(result: object) -> list:
    return [(None, np.asarray(result).tolist())]


def fields(**dimensions: Dimension) -> Callable:
    """Attributes or entries of the answer, each with its dimension."""

    def parts(result):
        values = result.values if isinstance(result, hl.bounds.Report) else vars(result)
        found = [(d, values[key]) for key, d in dimensions.items() if values[key] is not None]
        if isinstance(result, hl.bounds.Report):
            found.append((None, [(row.name.split(" at radius")[0], row.holds) for row in result.rows]))
        return found

    return parts


def stairs(units: Units, points: Dimension) -> Callable:
    def parts(s):
        found = (s.woken, s.asleep, [(tie.units, tie.kind) for tie in s.ties])
        return [(None, found), (units.time, s.times), (dim((2, units.z)), s.losses), (points, s.points)]

    return parts


@dataclass
class Row:
    """A function and its law; the arguments are those of the table of `test_bad_input` unless given or drawn."""

    law: Callable[[dict], tuple[dict[str, Dimension], Callable]]  # arguments -> their dimensions, parts of the answer
    call: Callable | None = None
    arguments: dict | None = None
    drawn: st.SearchStrategy = field(default_factory=lambda: st.just({}))
    examples: int = 30
    accuracy: float = 1e-9
    degree: Callable[[dict], int] | None = None  # order in X, where the answer is one of N alone

    def at(self, name: str, drawn: dict) -> tuple[Callable, dict]:
        function, arguments = CASES.get(name, (None, {}))
        given_here = arguments if self.arguments is None else self.arguments
        return self.call or function, given_here | drawn


def fixed(dimensions: dict, parts: Callable) -> Callable:
    return lambda arguments: (dimensions, parts)


@st.composite
def problem(draw, inputs=(2,), net=None, start=None):
    """X and z with zeros, repeats, parallel and opposite inputs, sums that cancel; perhaps a network and starts."""
    d, n = draw(st.sampled_from(inputs)), draw(st.integers(1, 4))
    X, z = draw(numbers(n, d)), draw(numbers(n))
    if draw(st.booleans()):
        factor = draw(st.sampled_from([1.0, 3.0, -2.0, 0.1]))
        X = np.concatenate([X, factor * X[:1]])
        z = np.append(z, -z[0] / factor if draw(st.booleans()) else 0.7)
    found = {"X": X, "z": z}
    if net:
        found["net"] = draw(net(d))
    if start:
        found |= draw(start(found, d))
    return found


def one_squared(d):
    return st.sampled_from([hl.SquaredReLU(1, d), hl.SquaredReLU(1, d, signs=[-1]), hl.SquaredReLU(1, d, slope=0.3)])


def one_relu(d):
    return st.sampled_from([hl.TwoLayerReLU(1, d), hl.TwoLayerReLU(1, d, slope=-0.5)])


def one_neuron(d):
    return one_squared(d) | one_relu(d)


def other_net(d):
    deep = hl.DeepReLU([(2, d), np.array([[1.0, -0.5], [0.3, 2.0]]), None], (1, 3), slope=1.0)
    return st.sampled_from([hl.DiagonalLinear(d), hl.PoweredReLU(1, d, order=3), deep])


def weights(name):
    @st.composite
    def drawn(draw, found, d):
        w = draw(numbers(found["net"].size))
        if not w.any():
            w[-1] = 1.0
        return {name: w}

    return drawn


@st.composite
def neuron_start(draw, found, d, many=False):
    """Starts of one neuron, often on a kink or balanced."""

    def one():
        u = draw(numbers(d))
        if d > 1 and draw(st.booleans()) and found["X"][0].any():
            u[:2] = found["X"][0, [1, 0]] * [1, -1]
            u[2:] = 0
        v = draw(st.sampled_from([1.0, -0.5, 0.0, float(np.linalg.norm(u))]))
        return (v, u) if v or u.any() else (1.0, u)

    if many:
        v0, u0 = zip(*(one() for _ in range(3)), strict=True)
        return {"v0": np.array(v0), "u0": np.array(u0)}
    v0, u0 = one()
    return {"v0": v0, "u0": u0, "slope": draw(st.sampled_from([0.0, 0.1, -1.0]))}


@st.composite
def direction_start(draw, found, d):
    u0 = draw(numbers(d))
    return {"u0": u0 if u0.any() else np.eye(d)[0], "slope": draw(st.sampled_from([0.0, 0.3]))}


@st.composite
def pointed(draw):
    net, X, w, z = draw(runs())
    return {"net": net, "X": X, "w": w, "z": z}


NEURONS = {"X": X_, "z": Z_, "v0": W_, "u0": W_, "t_end": NEURON.time}
DATA = {"X": X_, "z": Z_}


def of_net(names: dict[str, int | str], parts: Callable, units: Callable = free, **more: int) -> Callable:
    """Law of a function of `net`, X and z: further arguments by name, a power of w or "time"."""

    def law(arguments):
        u = units(arguments["net"])
        dimensions = {"X": X_} | {key: u.z for key in ("z", "y") if key in arguments}
        dimensions |= {key: u.time if p == "time" else dim((p, u.w)) for key, p in names.items()}
        return dimensions, parts(u)

    return law


def arc_answers(X, z, slope, order, theta, t):
    arcs = hl.Arcs(X, z, slope, 1, order)
    points = arcs.critical_points()
    answer = {"points": points, "values": [arcs.value(theta), arcs.derivative(theta), arcs.second_derivative(theta)]}
    answer["moves"] = arcs.flow(theta, t) if order == 2 else arcs.zeros()
    return answer


def arc_law(arguments):
    units = Units(arguments["order"], 2)

    def parts(answer):
        points = answer["points"]
        return [
            (None, [(p.kind, p.smooth) for p in points]),
            (NONE, [(p.angle, *(p.arc or (0, 0))) for p in points]),
            (units.rate, [p.value for p in points]),
            (units.rate, answer["values"]),
            (NONE, answer["moves"]),
        ]

    return DATA | {"t": units.time}, parts


@st.composite
def arc_start(draw, found, d):
    return {"slope": draw(st.sampled_from([0.0, 0.3, -1.0])), "order": draw(st.sampled_from([1, 2]))}


def near(X, y, w):
    return hl.Saddle(SQUARED, X, y, w)


NEAR_DATA = {"X": np.eye(2), "y": np.array([1.0, 0.5]), "w": np.array([1.0, 0.0, 0.0, 0.0])}


def at_saddle(function: Callable, **arguments: object) -> dict:
    """A function of a saddle as one of the data of the saddle."""
    return {
        "call": lambda X, y, w, **others: function(near(X, y, w), **others),
        "arguments": NEAR_DATA | arguments,
        "examples": 12,
    }


def saddle_law(units: Units, dimensions: dict, parts: Callable) -> Callable:
    return fixed({"X": X_, "y": units.z, "w": units.w} | dimensions, parts)


TRAINED, SIZED = trained(SQUARED), of_unit_size(SQUARED)
OF_BOUNDS = {"log_C": NONE, "eta": NONE, "norm": NONE, "direction": NONE}


def measured_escape(saddle, t_end, size):
    path = hl.training_flow(saddle.net, saddle.X, saddle.y, saddle.start(1e-3, SEED_Z), t_end)
    return hl.escape_time(saddle, path, size)


def measured_jumps(X, y, w0, t_end):
    net, staircase = hl.DiagonalLinear(2), hl.diagonal_staircase(X, y)
    return hl.jump_times(net, X, y, hl.training_flow(net, X, y, w0, t_end), staircase)


def diagonal(net: object = None) -> Units:
    """The predictor a * b has the scale of y / X, and time is counted in units of ln(1 / delta)."""
    return trained(hl.DiagonalLinear(2))


FLOWING = {"accuracy": 1e-4, "examples": 10}
STAIRS = {"examples": 12, "accuracy": 1e-6}

ROWS = {
    # networks and losses
    "outputs": Row(
        of_net({"w": 1}, lambda u: plain(dim((u.degree, X_), (u.order, u.w)))),
        lambda net, X, w, z: net.outputs(X, w),
        {},
        pointed(),
    ),
    "pullback": Row(
        of_net({"w": 1}, lambda u: plain(u.out(u.order - 1))), lambda net, X, w, z: net.pullback(X, w, z), {}, pointed()
    ),
    "neurons": Row(fixed({"w": W_}, plain(W_))),
    "join": Row(fixed({"neurons": W_}, plain(W_))),
    "value of a loss": Row(fixed({"h": W_, "y": dim((-1, W_))}, plain(NONE))),
    "value of the square loss": Row(
        fixed({"h": Z_, "y": Z_}, plain(dim((2, Z_)))), hl.SquareLoss().value, CASES["value of a loss"][1]
    ),
    "derivative": Row(fixed({"h": Z_, "y": Z_}, plain(Z_))),
    "derivative of the logistic loss": Row(
        fixed({"h": W_, "y": dim((-1, W_))}, plain(dim((-1, W_)))),
        hl.LogisticLoss().derivative,
        CASES["value of a loss"][1],
    ),
    "initial_residual": Row(fixed({"y": Z_}, plain(Z_))),
    "derivative_lipschitz": Row(fixed({"y": Z_}, plain(dim((2, Z_))))),
    # examples
    "monotone_pieces": Row(fixed({"values": W_}, same), drawn=st.fixed_dictionaries({"values": numbers(6)})),
    "fan": Row(fixed({"x": W_}, plain(W_)), drawn=st.fixed_dictionaries({"x": numbers(2)})),
    "fan_subdifferential": Row(fixed({"x": W_}, polytope(NONE)), drawn=st.fixed_dictionaries({"x": numbers(2)})),
    # subdifferentials
    "Polytope": Row(fixed({"points": W_}, polytope(W_)), drawn=st.fixed_dictionaries({"points": numbers(6, 3)})),
    "contains": Row(
        fixed({"points": W_, "s": W_}, same),
        lambda points, s: hl.Polytope(points).contains(s),
        {},
        st.fixed_dictionaries({"points": numbers(5, 2), "s": numbers(2)}),
    ),
    "distance": Row(
        fixed({"points": W_, "s": W_}, plain(W_)),
        lambda points, s: hl.Polytope(points).distance(s),
        {},
        st.fixed_dictionaries({"points": numbers(5, 2), "s": numbers(2)}),
    ),
    "support": Row(fixed({"direction": W_}, plain(W_)), SQUARE.support),
    "width": Row(fixed({"direction": W_}, plain(W_)), SQUARE.width),
    "sign_patterns": Row(
        fixed({"normals": W_}, same),
        drawn=numbers(4, 3).map(lambda a: {"normals": np.vstack([a[a.any(1)], np.eye(3)])}),
    ),
    "active_kinks": Row(
        fixed({"X": X_, "u": W_}, same), drawn=st.fixed_dictionaries({"X": numbers(4, 2), "u": numbers(2)})
    ),
    "clarke_subdifferential": Row(
        of_net({"w": 1}, lambda u: polytope(u.out(u.order - 1))),
        drawn=pointed(),
        examples=60,
        degree=lambda a: free(a["net"]).degree,
    ),
    "termwise_sum": Row(of_net({"w": 1}, lambda u: polytope(u.out(u.order - 1))), drawn=pointed(), examples=60),
    "clarke_of_pieces": Row(
        fixed({"x": W_}, polytope(W_)),
        lambda x: hl.clarke_of_pieces(
            [
                (lambda u: (u[1], u[0]), [lambda u: (u[1], (0, 1))]),
                (lambda u: (-u[1], -u[0]), [lambda u: (-u[1], (0, -1))]),
            ],
            x,
        ),
        {},
        st.fixed_dictionaries({"x": numbers(2)}),
    ),
    # flows
    "training_flow": Row(of_net({"w0": 1, "t_end": "time"}, path, trained), **FLOWING),
    "frozen_flow": Row(of_net({"u0": 1, "t_end": "time"}, path), **FLOWING),
    "gradient_descent": Row(of_net({"w0": 1, "step": "time"}, path, trained)),
    "neuron_flow": Row(
        fixed(NEURONS, path(NEURON)), drawn=problem((1, 2, 3), start=neuron_start), examples=100, degree=lambda a: 1
    ),
    "neuron_flows": Row(
        fixed(NEURONS, fates(NEURON)),
        drawn=problem((1, 2, 3), start=lambda found, d: neuron_start(found, d, many=True)),
        examples=60,
        degree=lambda a: 1,
    ),
    "neuron_ascent": Row(
        fixed(
            NEURONS | {"step": NEURON.time, "width": dim((1, X_), (1, W_)), "noise": dim((0.5, NEURON.rate), (1, W_))},
            path(NEURON),
        ),
        drawn=problem(),
        degree=lambda a: 1 if not a["width"] else None,
    ),
    "squared_neuron_flow": Row(
        fixed(DATA | {"u0": W_, "t_end": SQUARED_NEURON.time}, path(SQUARED_NEURON)),
        drawn=problem((1, 2, 3), start=direction_start),
        examples=100,
        degree=lambda a: 2,
    ),
    "is_non_branching": Row(
        fixed(NEURONS, verdict(NEURON)), drawn=problem((1, 2, 3), start=neuron_start), examples=100, degree=lambda a: 1
    ),
    "branches": Row(
        fixed(NEURONS | {"waits": NEURON.time}, paths(NEURON)),
        drawn=problem((1, 2), start=neuron_start).map(lambda found: found | {"waits": np.array([0, 0.02])}),
        degree=lambda a: 1,
    ),
    "branch_tree": Row(fixed(NEURONS, tree(NEURON)), drawn=problem((1, 2), start=neuron_start), degree=lambda a: 1),
    # the neural correlation function
    "Arcs": Row(
        arc_law,
        arc_answers,
        {"theta": np.array([0.3, 2.0, 4.0]), "t": 0.1},
        problem(start=arc_start),
        examples=100,
        degree=lambda a: a["order"],
    ),
    "ncf.value": Row(
        of_net({"w": 1}, lambda u: plain(u.out(u.order))), drawn=pointed(), degree=lambda a: free(a["net"]).degree
    ),
    "ncf_flow": Row(
        of_net({"u0": 1, "t_end": "time"}, path),
        drawn=problem((1, 2, 3), one_neuron, weights("u0")),
        examples=60,
        degree=lambda a: free(a["net"]).degree,
    ),
    "ncf_flow of other networks": Row(
        of_net({"u0": 1, "t_end": "time"}, path),
        hl.ncf_flow,
        {"t_end": 0.01, "points": 3},
        problem((2,), other_net, weights("u0")),
        accuracy=1e-6,
    ),
    "kkt_points": Row(
        of_net({}, lambda u: kkt(u.rate)),
        arguments={"starts": 2},
        drawn=problem((1, 2), one_neuron),
        examples=150,
        degree=lambda a: free(a["net"]).degree,
    ),
    "kkt_search": Row(
        of_net({}, lambda u: kkt(u.rate)),
        arguments={"starts": 2},
        drawn=problem((2, 3), one_neuron),
        examples=40,
    ),
    "kkt_residual": Row(
        of_net({"u": 1}, lambda u: plain(u.rate)),
        arguments={},
        drawn=problem((1, 2, 3), one_neuron, weights("u")),
        degree=lambda a: free(a["net"]).degree,
    ),
    # bounds
    "constants": Row(
        of_net({}, lambda u: fields(beta=u.z, beta_hat=NONE, beta_tilde=u.z, rate=u.rate), of_unit_size),
        lambda net, X, y: Seen(hl.bounds.constants(net, X, y)),
        {},
        pointed().map(lambda a: {"net": a["net"], "X": a["X"], "y": a["z"]}),
    ),
    "lemma_5_2": Row(
        of_net({"t_end": "time"}, lambda u: fields(log_C=NONE, growth=NONE, gap=NONE), of_unit_size), **FLOWING
    ),
    "theorem_5_1": Row(of_net({}, lambda u: fields(T=u.time, value=u.rate, **OF_BOUNDS), of_unit_size), **FLOWING),
    "corollary_5_4_1": Row(of_net({}, lambda u: fields(T=u.time, value=u.rate, **OF_BOUNDS), of_unit_size), **FLOWING),
    "flow_limit": Row(
        of_net({}, lambda u: fields(direction=NONE, value=u.rate, eta=NONE, T=u.time)),
        drawn=problem((2,), lambda d: st.just(SQUARED)),
        examples=25,
        accuracy=1e-6,
    ),
    "settled_flow": Row(of_net({}, path), drawn=problem((2,), lambda d: st.just(SQUARED)), examples=25, accuracy=1e-6),
    # saddles
    "Saddle": Row(
        of_net({"w": 1}, lambda u: fields(dormant=NONE, residual=u.z, loss=dim((2, u.z))), trained),
        lambda net, X, y, w: Seen(hl.Saddle(net, X, y, w), ("dormant", "residual", "loss")),
    ),
    "Saddle.start": Row(
        saddle_law(TRAINED, {"delta": TRAINED.w}, plain(TRAINED.w)),
        **at_saddle(hl.Saddle.start, delta=1e-3, zeta_z=SEED_Z, zeta_n=SEED_N),
    ),
    "Saddle.correlation": Row(
        saddle_law(TRAINED, {"u": TRAINED.w}, plain(TRAINED.out(2))),
        **at_saddle(hl.Saddle.correlation, u=np.array([0.6, 0.0, 0.0, 0.8])),
    ),
    "Saddle.split": Row(
        saddle_law(TRAINED, {"u": TRAINED.w}, plain(TRAINED.w)),
        **at_saddle(lambda saddle, u: saddle.split(u), u=np.array([0.6, 0.0, 0.0, 0.8])),
    ),
    "escape": Row(
        saddle_law(TRAINED, {}, fields(direction=NONE, rate=TRAINED.rate, log_factor=NONE)),
        **at_saddle(hl.escape, zeta_z=SEED_Z),
    ),
    "Escape.time": Row(
        saddle_law(TRAINED, {}, plain(TRAINED.time)), **at_saddle(lambda s: hl.escape(s, SEED_Z).time(1e-3))
    ),
    "escape_path": Row(
        saddle_law(SIZED, {"t_end": SIZED.time}, path(SIZED)),
        **at_saddle(escape_path, direction=WAY, t_end=1.0, points=3),
        accuracy=1e-4,
    ),
    "escape_time": Row(
        saddle_law(SIZED, {"t_end": SIZED.time}, plain(SIZED.time)),
        **at_saddle(measured_escape, t_end=12.0, size=0.01),
        accuracy=1e-4,
    ),
    "next_saddle": Row(
        saddle_law(TRAINED, {}, lambda saddle: [(TRAINED.w, saddle.w)]),
        **at_saddle(hl.next_saddle, direction=WAY),
        accuracy=1e-6,
    ),
    "lemma_5_6": Row(saddle_law(TRAINED, {}, fields()), **at_saddle(hl.bounds.lemma_5_6)),
    "kappa": Row(
        saddle_law(TRAINED, {"w_n": TRAINED.w}, plain(TRAINED.rate)),
        **at_saddle(CASES["kappa"][0], w_n=np.array([0.9, 0.1, 0.0, 0.0])),
    ),
    "assumption_3": Row(
        saddle_law(TRAINED, {"gamma": TRAINED.w, "bound": TRAINED.rate}, fields(radius=TRAINED.w, kappa=TRAINED.rate)),
        **at_saddle(hl.bounds.assumption_3, gamma=0.5, bound=1.0, samples=4),
        accuracy=1e-6,
    ),
    "saddle_constants": Row(
        saddle_law(
            SIZED,
            {},
            fields(beta=SIZED.z, mu1=SIZED.z, mu2=SIZED.rate, mu3=SIZED.z, M1=SIZED.z, M2=SIZED.rate),
        ),
        **at_saddle(CASES["saddle_constants"][0], gamma=0.5),
    ),
    "lemma_d_1": Row(
        saddle_law(SIZED, {}, fields(T=SIZED.time, gap=NONE)),
        **at_saddle(hl.bounds.lemma_d_1, zeta_z=SEED_Z, zeta_n=SEED_N, delta=1e-3, C=2.0),
        accuracy=1e-4,
    ),
    "theorem_5_5": Row(
        saddle_law(SIZED, {}, fields(T=SIZED.time, value=SIZED.rate, **OF_BOUNDS)),
        **at_saddle(hl.bounds.theorem_5_5, zeta_z=SEED_Z, zeta_n=SEED_N, delta=1e-3, epsilon=0.1),
        accuracy=1e-4,
    ),
    # staircases
    "saddle_sequence": Row(of_net({"w0": 1}, lambda u: stairs(u, u.w), trained), **STAIRS),
    "saddle_sequence of squared neurons": Row(of_net({"w0": 1}, lambda u: stairs(u, u.w), trained), **STAIRS),
    "diagonal_staircase": Row(
        fixed({"X": X_, "y": Z_}, stairs(diagonal(), dim((-1, X_), (1, Z_)))),
        drawn=problem().map(lambda a: {"X": a["X"], "y": a["z"]}),
    ),
    "orthogonal_staircase": Row(
        fixed({"X": X_, "y": Z_, "w0": W_}, stairs(trained(hl.TwoLayerReLU(1, 2)), Z_)), examples=12
    ),
    "tie_break": Row(fixed({"X": X_, "y": Z_}, plain(dim((-1, X_), (1, Z_)))), accuracy=1e-6),
    "jump_times": Row(
        fixed({"X": X_, "y": Z_, "w0": diagonal().w, "t_end": diagonal().time}, plain(diagonal().time)),
        measured_jumps,
        {"X": np.eye(2), "y": np.array([1.0, 0.5]), "w0": np.array([0.01, 0.01, 0.0, 0.0]), "t_end": 30.0},
        **FLOWING,
    ),
}
#: Public names without a row, and why.
NO_SCALE = {
    "their arguments are numbers of things, names and seeds": {
        *("SquaredReLU", "PoweredReLU", "TwoLayerReLU", "DiagonalLinear", "DeepReLU", "SquareLoss", "LogisticLoss"),
        *("circle", "five_points", "gaussian", "mirrored", "branching_start", "ring", "random_start"),
        *("branching_fractions", "figure_4_saddle"),
    },
    "a function that is not homogeneous": {
        *("mexican_hat", "mexican_hat_gradient", "hat_spiral", "hat_descent", "absolute_value_saddle"),
    },
    "a look at an answer that has a row": {"at", "loss_at"},
}


class Seen:
    """Some attributes of an answer."""

    def __init__(self, thing: object, names: tuple[str, ...] = ("beta", "beta_hat", "beta_tilde", "rate")):
        vars(self).update({name: getattr(thing, name) for name in names})


def test_every_public_function_has_a_row():
    cases = {name.split(",")[0].split(" of a diagonal")[0].split(" of ReLU")[0] for name in CASES}
    assert cases - set(ROWS) - set().union(*NO_SCALE.values()) == set()
    assert set(ROWS) & set().union(*NO_SCALE.values()) == set()
    assert not cases & (RESULTS | DRAWINGS)


def scales(dimensions: dict[str, Dimension]) -> list[tuple[int, ...]]:
    """Scales a, b, c, as powers of two, at which all arguments are numbers from 1e-300 to 1e300, the largest first."""
    letters = [any(d[i] for d in dimensions.values()) for i in range(3)]
    every = product(*(STEPS if used else (0,) for used in letters))
    found = [s for s in every if all(abs(power(d, s)) <= 996 for d in dimensions.values())]
    return sorted(found, key=lambda s: -max(map(abs, s)))


def rescaled(arguments: dict, dimensions: dict[str, Dimension], scale: tuple[int, ...]) -> dict:
    return arguments | {
        name: np.ldexp(arguments[name], power(d, scale))[()] for name, d in dimensions.items() if name in arguments
    }


@contextmanager
def soon(seconds: float = 30.0):
    """Nothing hangs: where the system has an alarm, it ends what takes longer."""

    def late(*_: object) -> None:
        raise AssertionError(f"no answer in {seconds:g} seconds")

    if not hasattr(signal, "setitimer"):
        yield
        return
    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def outcome(function: Callable, arguments: dict, parts: Callable) -> list | str:
    """What is answered, in parts, or "refused"."""
    try:
        with soon():
            return parts(function(**{k: float(v) if isinstance(v, np.float64) else v for k, v in arguments.items()}))
    except ValueError as error:
        if not re.match(r"[^:]+: got .+, want ", str(error), re.DOTALL):
            raise
        return "refused"
    except Undecided:
        return "undecided"


def disagreement(base: list, got: list, scale: tuple[int, ...], accuracy: float, noise: float) -> str | None:
    for (dimension, b), (_, g) in zip(base, got, strict=True):
        if dimension is None:
            if b != g:
                return f"{b} is {g}"
            continue
        b, g = np.asarray(b, dtype=float), np.asarray(g, dtype=float)
        if b.shape != g.shape:
            return f"shape {b.shape} is {g.shape}"
        p, size = power(dimension, scale), np.abs(b).max(initial=0)
        if isinstance(dimension, Log):
            b, size, p = b + p * np.log(2), np.abs(b).max(initial=1) + abs(p), 0
        if size and not -1000 < np.log2(size) + p < 1000:
            continue  # no number: it may be anything but nan
        close = np.isclose(np.ldexp(g, -p), b, rtol=accuracy, atol=accuracy * size + noise)
        if not close.all():
            return f"{b[~close][:4]} is {np.ldexp(g, -p)[~close][:4]}, at 2 to the powers {scale}"
    return None


def no_number(base: list, scale: tuple[int, ...]) -> bool:
    sizes = [(np.abs(np.asarray(b, dtype=float)).max(initial=0), d) for d, b in base if d is not None]
    return any(s and not isinstance(d, Log) and not -1000 < np.log2(s) + power(d, scale) < 1000 for s, d in sizes)


def check(
    row: Row, function: Callable, arguments: dict, changed: dict, scale: tuple[int, ...] = (0, 0, 0), noise: float = 0
) -> None:
    _, parts = row.law(arguments)
    base = outcome(function, arguments, parts)
    got = outcome(function, changed, parts)
    if isinstance(base, str) or isinstance(got, str):
        assert got == base or (got == "refused" and no_number(base, scale)), (got, scale)
    else:
        assert len(base) == len(got), (base, got)
        problem = disagreement(base, got, scale, row.accuracy, noise)
        assert problem is None, problem


@pytest.mark.parametrize("name", ROWS)
def test_one_scale_one_answer(name):
    row = ROWS[name]

    @settings(max_examples=row.examples, phases=PHASES)
    @given(st.data())
    def law(data):
        function, arguments = row.at(name, data.draw(row.drawn))
        dimensions = {k: d for k, d in row.law(arguments)[0].items() if k in arguments}
        scale = data.draw(st.sampled_from(scales(dimensions)))
        check(row, function, arguments, rescaled(arguments, dimensions, scale), scale)

    law()


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row.degree])
def test_each_input_has_a_scale_of_its_own(name):
    """N does not change if x_i -> c_i x_i and z_i -> z_i / c_i^m, m the order of H in x, c_i > 0."""
    row = ROWS[name]

    @settings(max_examples=row.examples, phases=PHASES)
    @given(st.data())
    def law(data):
        function, arguments = row.at(name, data.draw(row.drawn))
        X, z, degree = arguments["X"], arguments["z"], row.degree(arguments) or 1
        reach = 498 // degree
        powers = np.array(
            data.draw(st.lists(st.sampled_from([-reach, -9, 0, 9, reach]), min_size=len(X), max_size=len(X)))
        )
        if row.degree(arguments) is None:
            return
        changed = arguments | {"X": np.ldexp(X, powers[:, None]), "z": np.ldexp(z, -degree * powers)}
        check(row, function, arguments, changed)

    law()


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row.degree])
def test_inputs_that_cancel_change_nothing(name):
    """N does not change with inputs x, k x and numbers k^m, -1 for them: what rounding leaves of them is no kink."""
    row = ROWS[name]

    @settings(max_examples=row.examples, phases=PHASES)
    @given(st.data())
    def law(data):
        function, arguments = row.at(name, data.draw(row.drawn))
        degree = row.degree(arguments)
        if degree is None:
            return
        factor = data.draw(st.sampled_from([3.0, 0.1, 7.0]))
        x = np.array([1.1, -0.7, 0.3])[: arguments["X"].shape[1]]
        X, z = np.vstack([arguments["X"], x, factor * x]), np.append(arguments["z"], [0.7 * factor**degree, -0.7])
        check(row, function, arguments, arguments | {"X": X, "z": z}, noise=1e-11)

    law()
