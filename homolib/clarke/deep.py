"""The pieces of a deep ReLU network that meet at a point: the harder half of `clarke`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, product

import numpy as np

from homolib import _checks
from homolib.clarke.polytopes import (
    MOST_VERTICES,
    PARALLEL,
    distinct_directions,
    row_norms,
    sign_patterns,
    unit_rows,
)
from homolib.problems.deep_networks import DeepReLU


def deep_gradients(net: DeepReLU, X: np.ndarray, w: np.ndarray, z: np.ndarray, tolerance: float) -> np.ndarray:
    """Gradients of N_z on the pieces around w, one row each.

    Layer by layer we ask which signs the preactivations that are zero at w can take nearby. Up to the second
    trained layer they are linear in the weights that move, on each cone that the earlier signs leave: the cells
    of an arrangement. From there on they are products of two moving matrices, and the first order decides
    if their gradients are independent of all earlier ones: then they are free coordinates, and all signs occur.
    """
    X, z = _one_input_a_ray(X, z)
    if not len(X):
        return np.zeros((1, net.size))
    matrices, preactivations = net.matrices(w), [X, *net.preactivations(X, w)]
    first, second = net.trainable
    inactive, active = min(1.0, net.slope), max(1.0, net.slope)

    def pieces(layer: int, dh: np.ndarray, reach: np.ndarray, planes: np.ndarray, signs: np.ndarray) -> Iterator:
        """Gradients of the pieces, given the signs below `layer`.

        dh (n, columns, size) and reach (n, columns, rows of the second trained layer): derivatives of what enters the
        layer, by the weights and by the preactivations of the second trained layer. planes and signs: those chosen.
        """
        matrix, s = matrices[layer], preactivations[layer + 1]
        h = np.maximum(preactivations[layer], net.slope * preactivations[layer]) if layer else X
        ds, reach = matrix @ dh, matrix @ reach
        if layer in net.trainable:
            at = matrices[first].size if layer == second else 0
            ds[..., at : at + matrix.size] += np.einsum("ij,nk->nijk", np.eye(len(matrix)), h).reshape(*s.shape, -1)
        if layer == second:  # where what enters cannot move, neither can a product with it
            reach = dh.any(axis=(1, 2))[:, None, None] * np.eye(len(matrix))
        if layer == len(matrices) - 1:
            yield z @ ds[:, 0]
            return
        rows, enters = np.linalg.norm(matrix, axis=1), np.linalg.norm(h, axis=1)[:, None]
        moves = rows * np.linalg.norm(dh, axis=(1, 2))[:, None] + (enters if layer in net.trainable else 0.0)
        tied = np.abs(s) <= tolerance * rows * enters
        still = tied & (np.linalg.norm(ds, axis=2) <= tolerance * moves)
        if reach[still].any():
            _fail_second_order(layer, "a preactivation whose first-order change is zero")
        tied &= ~still  # what stays zero nearby has no kink
        both = np.vstack([planes, ds[tied]])
        for new in _sign_choices(both, signs, layer, linear=layer < second):
            slopes = np.where(s > 0, active, inactive)
            slopes[tied] = np.where(new > 0, active, inactive)
            yield from pieces(layer + 1, slopes[..., None] * ds, slopes[..., None] * reach, both, np.append(signs, new))

    entering = len(matrices[first].T)
    no_motion = np.zeros((len(X), entering, net.size)), np.zeros((len(X), entering, len(matrices[second])))
    found = list(islice(pieces(first, *no_motion, np.empty((0, net.size)), np.empty(0)), MOST_VERTICES + 1))
    if len(found) > MOST_VERTICES:
        _checks.fail("w", f"a point where more than {MOST_VERTICES} pieces meet", f"at most {MOST_VERTICES} pieces")
    return np.array(found)


def _sign_choices(planes: np.ndarray, signs: np.ndarray, layer: int, linear: bool) -> np.ndarray:
    """Signs that the last planes can take when the first ones have the given signs."""
    free = len(planes) - len(signs)
    if free == 0:
        return np.empty((1, 0))
    if linear:
        cells = sign_patterns(planes)
        return cells[(cells[:, : len(signs)] == signs).all(axis=1), len(signs) :]
    rank, before = (
        np.linalg.matrix_rank(unit_rows(p), rtol=PARALLEL) if len(p) else 0 for p in (planes, planes[:-free])
    )
    if rank < before + free:
        _fail_second_order(layer, "preactivations whose first-order changes depend on one another")
    return np.array(list(islice(product((-1.0, 1.0), repeat=free), MOST_VERTICES + 1)))


def _fail_second_order(layer: int, what: str) -> None:
    _checks.fail("w", f"{what} on a kink of layer {layer + 1}",
                 "a point where the first order tells which pieces meet")  # fmt: skip


def _one_input_a_ray(X: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same N_z from fewer inputs: H(c x; w) = c H(x; w) for c >= 0, so each ray needs one unit input."""
    X, z = X[X.any(axis=1)], z[X.any(axis=1)]
    if not len(X):
        return X, z
    units, which, side = distinct_directions(unit_rows(X))
    weights, line = z * row_norms(X), 2 * which + (side < 0)
    sums, sizes = (np.bincount(line, values, 2 * len(units)) for values in (weights, np.abs(weights)))
    rays = np.stack([units, -units], axis=1).reshape(-1, X.shape[1])
    kept = np.abs(sums) > _checks.ROUNDING * sizes
    return rays[kept], sums[kept]
