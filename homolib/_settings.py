"""Independence of the caller's settings."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import numpy as np

Arguments, Result = ParamSpec("Arguments"), TypeVar("Result")


def default_errors(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Decorate a public function that computes: NumPy's own error settings hold in it, whatever ``np.seterr`` says.

    Here underflow is part of the method (a neuron of size 1e-200 adds nothing), and other errors are dealt with.
    """

    @wraps(function)
    def call(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        with np.errstate(divide="warn", over="warn", under="ignore", invalid="warn"):
            return function(*args, **kwargs)

    return call
