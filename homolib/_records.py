"""What the library makes: compared by content, printed short, and not changed by accident.

A class with arrays inherits from `Content`, a frozen dataclass with arrays from `Record` (to be declared with
``eq=False, repr=False``). Then ``==`` answers with one bool, arrays are copies that cannot be written to, and pickles
and deep copies keep that. Dataclasses of plain numbers and strings need neither.
"""

from __future__ import annotations

from collections.abc import Mapping, Sized
from dataclasses import fields

import numpy as np

LONGEST = 6  # numbers that a repr shows of an array


class Content:
    """Compared by class and content, number for number; nan equals nan, and nothing else does.

    There is no hash, as there is none of an array: a subclass whose content is settled may define one.
    """

    def _content(self) -> Mapping[str, object]:
        """What makes two of a class equal, by name."""
        return vars(self)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self is other or same(self._content(), other._content())

    __hash__ = None

    def _seal(self) -> None:
        """Make every array a copy that cannot be written to."""
        vars(self).update(sealed(vars(self)))

    def __setstate__(self, state: dict) -> None:
        """Unpickle or copy; NumPy forgets that an array was read-only."""
        vars(self).update(sealed(state))


class Record(Content):
    """A frozen dataclass with arrays; fields declared ``compare=False`` or ``repr=False`` are left out there."""

    def __post_init__(self) -> None:
        self._seal()

    def _content(self) -> Mapping[str, object]:
        return {field.name: getattr(self, field.name) for field in fields(self) if field.compare}

    def __repr__(self) -> str:
        shown = (f"{field.name}={_short(getattr(self, field.name))}" for field in fields(self) if field.repr)
        return f"{type(self).__name__}({', '.join(shown)})"


def read_only(array: np.ndarray) -> np.ndarray:
    """A copy of `array` that cannot be written to, or `array` itself if it is one."""
    if array.flags.writeable or array.base is not None:
        array = array.copy()
        array.setflags(write=False)
    return array


def sealed(value: object) -> object:
    """`value` with every array in it, and in the lists, tuples and dictionaries of it, a copy that is read-only."""
    if isinstance(value, np.ndarray):
        return read_only(value)
    if type(value) is dict:
        return {key: sealed(item) for key, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(map(sealed, value))
    return value


def same(one: object, other: object) -> bool:
    """Whether two values are equal, number for number: what ``==`` cannot say of arrays in one word."""
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        if type(one) is not type(other) or one.shape != other.shape:
            return False
        return np.array_equal(one, other, equal_nan=one.dtype.kind in "fc" and other.dtype.kind in "fc")
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return type(one) is type(other) and len(one) == len(other) and all(map(same, one, other))
    return bool(one == other) or bool(one != one and other != other)


def _short(value: object) -> str:
    """A value in a few words."""
    if isinstance(value, np.ndarray):
        few = value.ndim < 2 and value.size <= LONGEST
        return np.array2string(value, separator=", ") if few else f"<array of shape {value.shape}>"
    if isinstance(value, (list, tuple)) and any(isinstance(item, (Content, np.ndarray)) for item in value):
        return f"<{len(value)} of {type(value[0]).__name__}>"
    if isinstance(value, Record):
        return f"<{type(value).__name__}>"
    if isinstance(value, Mapping):
        return f"<{', '.join(map(str, value))}>"
    text = repr(value)
    return text if len(text) <= 100 or not isinstance(value, Sized) else f"<{type(value).__name__} of {len(value)}>"
