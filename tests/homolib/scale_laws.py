"""The table of all public functions, with the dimensions of their arguments and answers, for `test_scales`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from hypothesis import strategies as st

import homolib as hl
from homolib.saddles.escapes import escape_path
from tests.homolib.dimensions import (
    NEURON,
    NONE,
    SQUARED_NEURON,
    W_,
    X_,
    Z_,
    Dimension,
    Units,
    dim,
    fates,
    fields,
    free,
    kkt,
    of_unit_size,
    path,
    paths,
    plain,
    polytope,
    same,
    stairs,
    trained,
    tree,
    verdict,
)
from tests.homolib.strategies import numbers, runs
from tests.homolib.test_bad_input import CASES, SEED_N, SEED_Z, SQUARE, SQUARED, WAY


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
