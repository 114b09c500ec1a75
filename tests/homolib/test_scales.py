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
from itertools import product

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from homolib.neuron.ways_on import Undecided
from tests.homolib.dimensions import Dimension, Log, power
from tests.homolib.scale_laws import NO_SCALE, ROWS, Row
from tests.homolib.test_bad_input import CASES, DRAWINGS, RESULTS

STEPS = (-498, -198, -30, 0, 30, 198, 498)  # 2**498 is 8e149; multiples of six have even and threefold parts
PHASES = (Phase.explicit, Phase.generate)  # examples are small as they are


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
