"""Checks on input, shared by every room: one message form, so that a mistake reads the same everywhere."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Real
from typing import NoReturn

import numpy as np

LARGEST = 1e153  # data beyond this are refused: the square of one is still a number
FINEST = 1e-13  # of relative accuracies: a few roundings
ROUNDING = 1e-12  # relative: what double precision cannot tell from equality, after a few hundred operations


def fail(name: str, came: object, wanted: str) -> NoReturn:
    """Raise the ``ValueError`` of the library: which argument, what came, what is wanted."""
    raise ValueError(f"{name}: got {came}, want {wanted}")


def array(name: str, value: object, shape: Sequence[int | object | None], wanted: str | None = None) -> np.ndarray:
    """`value` as a finite float array of the given shape.

    Parameters
    ----------
    shape : sequence
        One entry an axis: an int for an exact length, None for any positive length. A leading
        ``...`` allows any number of batch axes.
    """
    wanted = wanted or _describe(shape)
    out = _numbers(name, value, wanted)
    tail = list(shape)
    batched = bool(tail) and tail[0] is ...
    if batched:
        tail = tail[1:]
    fits = out.ndim >= len(tail) if batched else out.ndim == len(tail)
    lengths = out.shape[out.ndim - len(tail) :] if fits else ()
    if not fits or any(want is not None and have != want for have, want in zip(lengths, tail, strict=True)):
        fail(name, f"shape {out.shape}", wanted)
    if out.size == 0:
        fail(name, f"the empty shape {out.shape}", wanted)
    if not np.isfinite(out).all():
        fail(name, "non-finite numbers (nan or inf)", "finite numbers only")
    return out


def _numbers(name: str, value: object, wanted: str) -> np.ndarray:
    """`value` as an array of floats: no digits in quotes, complex numbers or truth values, no None, no mask."""
    if _masked(value):
        fail(name, "an array with masked entries", wanted)
    try:
        out = np.asarray(value)
        if out.dtype.kind in "iuf" or (out.dtype.kind == "O" and all(map(_real, out.flat))):
            return np.asarray(out, dtype=float)
    except (TypeError, ValueError, OverflowError):
        pass
    kind = f"{type(value).__name__} of {value.dtype}" if isinstance(value, np.ndarray) else type(value).__name__
    return fail(name, f"{kind} that is no array of numbers", wanted)


def _masked(value: object) -> bool:
    """Whether an entry is masked, in arrays within lists too: NumPy would take what is under the mask."""
    return any(map(_masked, value)) if isinstance(value, (list, tuple)) else np.ma.is_masked(value)


def _real(value: object) -> bool:
    """Whether one entry is a real number: Python's bool and NumPy's are none."""
    return isinstance(value, Real) and not isinstance(value, bool)


def _describe(shape: Sequence[int | object | None]) -> str:
    axes = ["..." if axis is ... else "any" if axis is None else str(axis) for axis in shape]
    return f"an array of shape ({', '.join(axes)}{',' if len(axes) == 1 else ''})"


def inputs(X: object, d: int | None = None) -> np.ndarray:
    """`X` as an (n, d) array of inputs, one a row."""
    return _moderate("X", array("X", X, (None, d), f"shape (n, {d or 'd'}), one input a row"))


def matching(name: str, value: object, X: np.ndarray) -> np.ndarray:
    """`value` as one number for each row of `X`."""
    return _moderate(name, array(name, value, (len(X),), f"shape ({len(X)},), one number for each row of X"))


def _moderate(name: str, data: np.ndarray) -> np.ndarray:
    if (size := np.abs(data).max()) > LARGEST:
        fail(name, f"a number of size {size:.3g}", f"sizes up to {LARGEST:g}, so that squares stay finite")
    return data


def positive(name: str, value: object) -> float:
    """`value` as a finite number greater than zero."""
    number = _number(name, value, "a positive finite number")
    if not (number > 0 and math.isfinite(number)):
        fail(name, value, "a positive finite number")
    return number


def accuracy(name: str, value: object) -> float:
    """`value` as a relative accuracy that double precision can keep."""
    number = positive(name, value)
    if number < FINEST:
        fail(name, value, f"at least {FINEST:g}: double precision has no more")
    return number


def nonnegative(name: str, value: object) -> float:
    """`value` as a finite number, zero allowed."""
    number = _number(name, value, "a finite number that is not negative")
    if not (number >= 0 and math.isfinite(number)):
        fail(name, value, "a finite number that is not negative")
    return number


def finite(name: str, value: object) -> float:
    """`value` as one finite number."""
    number = _number(name, value, "a finite number")
    if not math.isfinite(number):
        fail(name, value, "a finite number")
    return number


def count(name: str, value: object, least: int = 1) -> int:
    """`value` as a whole number, at least `least`."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        fail(name, repr(value), f"a whole number, at least {least}")
    return int(value)


def choice(name: str, value: object, options: Sequence[str | int]) -> str | int:
    """That of `options`, words or numbers, which `value` is; the type of a number does not matter."""
    plain = value.item() if isinstance(value, (np.ndarray, np.generic)) and value.ndim == 0 else value
    for option in options:
        if (isinstance(plain, str) if isinstance(option, str) else _real(plain)) and plain == option:
            return option
    return fail(name, repr(value), "one of " + ", ".join(repr(option) for option in options))


def instance(name: str, value: object, kind: type, wanted: str) -> object:
    """`value` if it is a `kind`."""
    if not isinstance(value, kind):
        fail(name, repr(value), wanted)
    return value


def seed(value: object, name: str = "seed") -> int:
    """`value` as the seed of a random generator."""
    return count(name, value, least=0)


def nonzero(
    name: str, value: np.ndarray, wanted: str = "a vector that is not zero: zero has no direction"
) -> np.ndarray:
    """`value` if no vector along its last axis is zero."""
    if not np.any(value, axis=-1).all():
        fail(name, "a zero vector", wanted)
    return value


def _number(name: str, value: object, wanted: str) -> float:
    if np.ndim(value) or not (_real(value) or isinstance(value, np.ndarray)):
        fail(name, repr(value), wanted)
    return float(_numbers(name, value, wanted))
