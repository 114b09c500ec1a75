"""The two methods by which flows are integrated, both of Dormand and Prince (Hairer, Norsett, Wanner 1993, chapter II).

Their numbers are SciPy's. Order eight is for flows that meet their kinks: there the velocity is smooth. Order five is
for those that step over kinks: these cost any method its order, and this one takes half as many stages.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.polynomial import Polynomial


@dataclass(frozen=True, eq=False)
class Method:
    """A Runge-Kutta method whose last regular stage is the velocity at the end of the step.

    Attributes
    ----------
    stages : list of arrays
        Row s has the weights of the stages before stage s; the row of the last is the step itself.
    extra : list of arrays
        The same for stages that only the interpolant needs.
    errors : (1 or 2, stages) array
        Weights of the estimated error; two of them are combined as E5^2 / sqrt(E5^2 + E3^2 / 100).
    interpolant : (degree, all stages) array
        Weights of the powers x, x^2, ... of the fraction x of a step.
    exponent : float
        What the step is divided by is the error to this power.
    """

    stages: list[np.ndarray]
    extra: list[np.ndarray]
    errors: np.ndarray
    interpolant: np.ndarray
    exponent: float


@cache
def fifth_order() -> Method:
    """Order five with an interpolant of order four."""
    from scipy.integrate import RK45  # a third of a second: paid where it is used

    rows = [RK45.A[s, :s] for s in range(1, 6)]
    return Method([*rows, RK45.B], [], RK45.E[None], RK45.P.T.copy(), 1 / 5)


@cache
def eighth_order() -> Method:
    """Order eight with an interpolant of order seven."""
    from scipy.integrate import DOP853

    rows = [DOP853.A[s, :s] for s in range(1, 12)]
    extra = [DOP853.A_EXTRA[s - 13, :s] for s in range(13, 16)]
    return Method([*rows, DOP853.B], extra, np.stack([DOP853.E5, DOP853.E3]), _nested(DOP853), 1 / 8)


def _nested(method: type) -> np.ndarray:
    """Powers of the interpolant that is written x (F0 + (1 - x) (F1 + x (F2 + (1 - x) (F3 + ...))))."""
    step, begin, end = np.zeros((3, 16))
    step[:12], begin[0], end[12] = method.B, 1, 1
    weights = [step, begin - step, 2 * step - begin - end, *method.D]
    x, powers, basis = Polynomial([0, 1]), np.zeros((7, 16)), Polynomial([1])
    for number, row in enumerate(weights):
        basis = basis * (1 - x if number % 2 else x)
        powers[: len(basis.coef) - 1] += basis.coef[1:, None] * row
    return powers
