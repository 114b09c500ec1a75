"""What passes between the judge and a student's process: requests as pickles, answers in JSON that cannot hurt.

The judge trusts nothing that comes back. An answer is a frame of limited length with JSON in it: numbers, strings,
booleans, None, lists, tuples, dicts, and arrays as base64 with one of a few types. A pickle goes one way only, in.
"""

from __future__ import annotations

import base64
import json
import math
import os
import select
import struct
import time
from typing import Any

import numpy as np

LENGTH = struct.Struct(">I")
DTYPES = {np.dtype(name).str for name in ("?", "f2", "f4", "f8", "c8", "c16", *"bhilqBHILQ")}
WANTED = "numbers, booleans, strings, None, arrays, and lists, tuples and dicts of those"


class Silent(Exception):
    """Nothing that can be read came back in time."""


def encode(value: Any, depth: int = 0) -> Any:
    """Say a result in JSON; a TypeError names what cannot be said."""
    if depth > 20:
        raise TypeError(f"results may hold {WANTED}, not more than twenty deep")
    if value is None or type(value) in (bool, int, str):
        return value
    if type(value) is float:
        return value if math.isfinite(value) else {"float": repr(value)}
    if isinstance(value, complex) and not isinstance(value, np.generic):
        return {"complex": [encode(float(value.real)), encode(float(value.imag))]}
    if isinstance(value, (np.ndarray, np.generic)):
        array = np.asarray(value)
        if array.dtype.kind == "U":
            return encode(array.tolist(), depth + 1)
        if array.dtype.newbyteorder("=").str not in DTYPES:
            raise TypeError(f"an array of {array.dtype} cannot be checked; wanted are arrays of numbers or booleans")
        array = np.ascontiguousarray(array, array.dtype.newbyteorder("="))
        what = "array" if isinstance(value, np.ndarray) else "scalar"
        data = base64.b64encode(array.tobytes()).decode()
        return {what: data, "dtype": array.dtype.str, "shape": list(np.shape(value))}
    if isinstance(value, (list, tuple)):
        items = [encode(item, depth + 1) for item in value]
        return items if isinstance(value, list) else {"tuple": items}
    if isinstance(value, dict):
        return {"dict": [[encode(key, depth + 1), encode(item, depth + 1)] for key, item in value.items()]}
    raise TypeError(f"a {type(value).__name__} cannot be checked; results may hold {WANTED}")


def decode(value: Any) -> Any:
    """Read what `encode` wrote; anything else is a ValueError, whoever wrote it."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, list):
        return [decode(item) for item in value]
    match value:
        case {"float": ("inf" | "-inf" | "nan") as word}:
            return float(word)
        case {"complex": [real, imag]}:
            return complex(float(decode(real)), float(decode(imag)))
        case {"tuple": list(items)}:
            return tuple(decode(item) for item in items)
        case {"dict": list(pairs)}:
            return {decode(key): decode(item) for key, item in pairs}
        case {"array": str(data), "dtype": str(dtype), "shape": list(shape)} if dtype in DTYPES:
            return np.frombuffer(base64.b64decode(data, validate=True), dtype).reshape(shape).copy()
        case {"scalar": str(data), "dtype": str(dtype)} if dtype in DTYPES:
            return np.frombuffer(base64.b64decode(data, validate=True), dtype)[0]
    raise ValueError("an answer that nobody can read")


def write(fd: int, payload: bytes) -> None:
    """Send one frame."""
    data = memoryview(LENGTH.pack(len(payload)) + payload)
    while data:
        data = data[os.write(fd, data) :]


def read(fd: int, most: int, seconds: float | None = None) -> bytes:
    """Receive one frame of at most `most` bytes, within some seconds: EOFError at the end, Silent otherwise."""
    deadline = None if seconds is None else time.monotonic() + seconds
    (length,) = LENGTH.unpack(_bytes(fd, LENGTH.size, deadline))
    if length > most:
        raise Silent(f"an answer of {length / 1e6:.0f} MB came back, where {most / 1e6:.0f} MB are allowed")
    return _bytes(fd, length, deadline)


def _bytes(fd: int, count: int, deadline: float | None) -> bytes:
    """So many bytes, or an exception."""
    pieces = []
    while count:
        left = None if deadline is None else max(0.0, deadline - time.monotonic())
        if not select.select([fd], [], [], left)[0]:
            raise Silent("no answer came in time")
        piece = os.read(fd, min(count, 1 << 16))
        if not piece:
            raise EOFError
        pieces.append(piece)
        count -= len(piece)
    return b"".join(pieces)


def loads(frame: bytes) -> dict:
    """The JSON object of a frame; Silent if it is none."""
    try:
        answer = json.loads(frame)
    except (ValueError, RecursionError) as error:
        raise Silent("an answer came back that nobody can read") from error
    if not isinstance(answer, dict):
        raise Silent("an answer came back that nobody can read")
    return answer
