"""Data of size one: what is large or small is split off as a power of two, which rounds nothing.

Every function of the library answers at any scale of its data because it solves the problem with numbers of size one
and gives the answer its scale back. So no product of inputs, labels and weights leaves the range of floats on the way,
and two problems that differ by a power of two have the same digits.
"""

from __future__ import annotations

from typing import NoReturn

import numpy as np

from homolib import _checks

SMALLEST = float(np.finfo(float).tiny)
FOREVER = 1000  # a time longer than 2**1000 in units of the flow: log-norms would leave the range of floats
STILL = -900  # one shorter than 2**-900: nothing moves, and whatever is shorter moves as little


def times(values: np.ndarray | float, power: int | np.ndarray) -> np.ndarray | float:
    """`values` times 2**power, without a warning where that is inf or zero."""
    with np.errstate(over="ignore", under="ignore"):
        return np.ldexp(values, power)


def exponent(values: np.ndarray | float) -> int:
    """The power of two just above the largest of `values`; 0 if all are zero."""
    return int(np.frexp(np.abs(values).max(initial=0.0))[1])


def unit(values: np.ndarray) -> tuple[np.ndarray, int]:
    """`values` as 2**power times numbers of which the largest is in [1/2, 1)."""
    power = exponent(values)
    return times(values, -power), power


def unit_problem(X: np.ndarray, z: np.ndarray, degree: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Inputs and labels of size one whose correlation is N / 2**power.

    Outputs are homogeneous in an input, H(c x; w) = c^degree H(x; w) for c > 0: each input has a scale of its own,
    which goes to its label.
    """
    rows = np.frexp(np.abs(X).max(axis=1))[1]
    counts = (z != 0) & X.any(axis=1)
    power = int((degree * rows + np.frexp(z)[1])[counts].max(initial=-(2**30))) if counts.any() else 0
    return times(X, -rows[:, None]), times(np.where(counts, z, 0.0), degree * rows - power), power


def finite_times(values: np.ndarray, power: int, what: str, name: str) -> np.ndarray:
    """`values` times 2**power, zero where that is too small for a float; a ValueError if it is too large."""
    out = times(values, power) if power else values
    if not np.isfinite(out).all():
        _too_far(values, power, what, name)
    return out


def restored(
    values: np.ndarray | float, power: int, what: str, name: str = "X", size: float | None = None
) -> np.ndarray | float:
    """`values` times 2**power: the answer at the scale of the data.

    Parameters
    ----------
    values : array
    power : int
    what, name : str
        What the values are, and the argument to blame.
    size : float, optional
        Size of the terms that make the values, before they cancel; the largest value unless given.

    Raises
    ------
    ValueError
        If that is no number, or if terms of this size would be lost.
    """
    size = np.abs(values).max(initial=0.0) if size is None else size
    if size and times(size, power) < SMALLEST and np.any(values):
        _too_far(np.asarray(size), power, what, name)
    return finite_times(np.asarray(values), power, what, name)


def _too_far(values: np.ndarray, power: int, what: str, name: str) -> NoReturn:
    about = round(float(np.log2(np.abs(values).max()) + power) * np.log10(2))
    _checks.fail(name, f"numbers that make {what} about 1e{about:+d}", "numbers that keep it between 1e-308 and 1e308")


def unit_time(t_end: float, power: int) -> tuple[float, int]:
    """Time of a problem of size one whose rates are 2**-power of the true ones, and the power that counts.

    Where nothing moves up to `t_end`, the power that counts is larger: nothing moves with it, either.

    Raises
    ------
    ValueError
        If `t_end` is so long that log-norms leave the range of floats.
    """
    if not np.isfinite(t_end):
        return t_end, power
    own = exponent(t_end)
    if own + power > FOREVER:
        latest = 10.0 ** ((FOREVER - power) * np.log10(2))
        _checks.fail("t_end", t_end, f"at most {latest:.3g}: beyond, log-norms leave the range of floats")
    power = max(power, STILL - own)
    return float(times(t_end, power)), power
