"""One (leaky-)ReLU neuron as a sum of hinges.

The correlation of one neuron is N(v, u) = v G(u) with G(u) = sum_i z_i sigma(x_i . u). Parallel,
opposite and repeated inputs bend G along the *same* hyperplane, so G is a linear function plus one
hinge for each direction:

    G(u) = b . u + sum_k c_k max(0, q_k . u),      c_k = |1 - slope| sum_{x_j parallel to q_k} z_j |x_j|.
"""

from __future__ import annotations

import numpy as np

from homolib import _checks
from homolib._settings import default_errors
from homolib.clarke.polytopes import distinct_directions, row_norms, unit_rows
from homolib.problems.scales import unit_problem

#: Numbers that should vanish count as zero below TOL times their natural size: a start this close to
#: a kink is on it, kinks this close in one step are met at once, |v| this close to |u| is balanced.
TOL = 1e-12


class HingeSum:
    """G(u) = sum_i z_i sigma(x_i . u), its inputs grouped into kinks.

    Attributes
    ----------
    linear : (d,) array
        Gradient of G where no kink is on its positive side.
    normals : (K, d) array
        Unit normals q_k, one for each kink of G; q_k points along the first input of its group.
    jumps : (K,) array
        c_k, the jump of the normal derivative. Groups whose jump cancels are no kinks.
    inputs : (K,) array of int
        Index of the first input of each group.
    size : float
        Sum of the sizes of all terms of a gradient of G, before they cancel: what rounding is measured against.
    power : int
        That of `of_unit_size`; else 0.
    """

    power: int = 0

    @classmethod
    def of_unit_size(cls, X: object, z: object, slope: float = 0.0) -> HingeSum:
        """G / 2**power with numbers of size one, whatever that of the data is; rates are those of G / 2**power, too."""
        X = _checks.inputs(X)
        X, z, power = unit_problem(X, _checks.matching("z", z, X), degree=1)
        hinges = cls(X, z, slope)
        hinges.power = power
        return hinges

    @default_errors
    def __init__(self, X: object, z: object, slope: float = 0.0) -> None:
        X = _checks.inputs(X)
        z = _checks.matching("z", z, X)
        slope = _checks.finite("slope", slope)
        low, bend = min(slope, 1.0), abs(1.0 - slope)  # sigma(s) = low s + bend max(0, s)
        lengths = row_norms(X)
        used = np.flatnonzero((lengths > 0) & (z != 0))
        units = unit_rows(X[used])
        normals, group, turn = distinct_directions(units)
        weights = bend * z[used] * lengths[used]
        jumps = np.bincount(group, weights, len(normals))
        kinks = np.abs(jumps) > TOL * np.bincount(group, np.abs(weights), len(normals))
        # max(0, -s) = max(0, s) - s: an opposite input is a hinge of its group plus a linear function.
        self.linear = low * (z @ X) + bend * (z[used[turn < 0]] @ X[used[turn < 0]])
        self.normals, self.jumps = normals[kinks], jumps[kinks]
        self.inputs = used[np.unique(group, return_index=True)[1][kinks]]
        self.size = max(1.0, abs(slope)) * float(np.abs(z) @ lengths)
        self.ways_from_zero = {}  # by the sign of v: what leads on from u = 0 is the same for every start

    def gradient(self, side: np.ndarray) -> np.ndarray:
        """Gradient of G in the cell where kink k has the sign side[..., k]; kinks at 0 count as negative."""
        return self.linear + ((side > 0) * self.jumps) @ self.normals

    def side(self, u: np.ndarray) -> np.ndarray:
        """Sign of q_k . u for every kink, 0 on it (up to TOL |u|)."""
        return signs(u @ self.normals.T, np.linalg.norm(u, axis=-1, keepdims=True))


def signs(values: np.ndarray, size: float | np.ndarray) -> np.ndarray:
    """Sign of `values` as -1, 0, 1: zero below TOL times `size`."""
    return np.where(np.abs(values) <= TOL * size, 0, np.sign(values)).astype(np.int8)
