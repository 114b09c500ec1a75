"""Every way on from a point where the kinks of a neuron meet.

While v has the sign s, u moves with du/dtau in s dG(u): constant velocities inside the cells of the `HingeSum` G. What
can happen at a kink is decided by `velocities`: the solutions w of w in d(psi)(w), psi being the directional derivative
of s G. One solution: the flow goes on. Several: it branches.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from math import comb
from typing import TYPE_CHECKING

import numpy as np

from homolib.clarke.hinge_sums import TOL, signs
from homolib.clarke.polytopes import PARALLEL, Polytope, distinct_directions, sign_patterns, unit_rows

if TYPE_CHECKING:
    from scipy.optimize import OptimizeResult


#: Most sign patterns of repelling kinks at one point that are searched: independent ones are listed lazily (nine
#: have 3**9), dependent ones must first be found.
MOST_PATTERNS, MOST_DEPENDENT = 20_000, 2_000


class Undecided(RuntimeError):
    """The question is well posed, but the exact method would take too long to answer it."""


def velocities(
    base: np.ndarray, normals: np.ndarray, jumps: np.ndarray, size: float
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """All solutions w of w in d(psi)(w), psi(y) = base . y + sum_k jumps_k max(0, normals_k . y).

    The inclusion u' in df(u) with piecewise linear f, f'(u*; .) = psi, has exactly one solution from u*
    if and only if there is exactly one such w; its solutions begin as u* + tau w.

    If the normals span a plane, all rays and arcs of its circle are checked. In higher rank, for a fixed
    sign pattern of the repelling kinks (jump > 0) the others make psi concave, and w is then the point of
    least norm of a box's image: one candidate for each pattern, which is then checked.

    Parameters
    ----------
    base : (d,) array
        Gradient of f where every one of the kinks is on its negative side.
    normals, jumps : (k, d) and (k,) arrays
        Unit normals and jumps of the kinks through u*, no two parallel. A jump < 0 attracts, > 0 repels.
    size : float
        Natural size of the gradients, for rounding.

    Yields
    ------
    w : (d,) array
        A velocity.
    side : (k,) array of int
        To which side of each kink it leads; 0 if it stays on it.

    Raises
    ------
    Undecided
        If the repelling kinks have more than MOST_PATTERNS sign patterns (MOST_DEPENDENT, if dependent).
    """
    if len(jumps) == 1:
        yield from _one_kink(base, normals[0], jumps[0], size)
        return
    if np.linalg.matrix_rank(normals, tol=TOL) <= 2:
        for side in _promising(_circle(normals), base, normals, jumps, size):
            w = verified(side, base, normals, jumps, size)
            if w is not None:
                yield w, side
        return
    repelling = np.flatnonzero(jumps > 0)
    for pattern in map(np.array, _sign_vectors(normals[repelling])):
        w = _least_norm(base, normals, jumps, repelling, pattern)
        side = signs(normals @ w, size)
        if np.array_equal(side[repelling], pattern):
            w = verified(side, base, normals, jumps, size)
            if w is not None:
                yield w, side


def _one_kink(
    base: np.ndarray, normal: np.ndarray, jump: float, size: float
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The same for one kink, from the normal speeds on its two sides."""
    below, above = signs(np.array([normal @ base, normal @ base + jump]), size)
    if below < 0:
        yield _tidy(base, size), np.array([-1])
    if above > 0:
        yield _tidy(base + jump * normal, size), np.array([1])
    if below * above <= 0:
        yield _tidy(base - (normal @ base) * normal, size), np.array([0])


def verified(
    side: np.ndarray, base: np.ndarray, normals: np.ndarray, jumps: np.ndarray, size: float
) -> np.ndarray | None:
    """The velocity that leads to the face `side`, or None if there is none.

    On a face the velocity can only be the projection of a gradient next to it. It is one if it points
    into the face and lies in the convex hull of the gradients of all cells next to the face.
    """
    on, inner = side == 0, base + jumps[side > 0] @ normals[side > 0]
    w = _tidy(_project_out(inner, normals[on]), size)
    if not np.array_equal(signs(normals @ w, size), side):
        return None
    return w if not on.any() or _in_hull(w - inner, normals[on], jumps[on], size) else None


def _in_hull(target: np.ndarray, normals: np.ndarray, jumps: np.ndarray, size: float) -> bool:
    """Whether `target` is in the Clarke set of sum_k jumps_k max(0, normals_k . y) at 0."""
    steps = jumps[:, None] * normals
    share, _, rank, _ = np.linalg.lstsq(steps.T, target, rcond=TOL)
    if rank == len(jumps):  # independent: every pattern of sides occurs, the set is the whole zonotope
        slack = TOL * size / np.abs(jumps)
        return bool(np.all((share >= -slack) & (share <= 1 + slack)))
    if np.all(jumps > 0) or np.all(jumps < 0):  # convex or concave: the sum rule holds with equality
        return 2 * _box_fit(steps, target).cost <= (100 * TOL * size) ** 2
    cells = _circle(normals) if rank <= 2 else sign_patterns(normals)
    vertices = (cells[np.all(cells != 0, axis=1)] > 0) @ steps
    return Polytope(vertices / size).distance(target / size) <= 100 * TOL


def _least_norm(
    base: np.ndarray, normals: np.ndarray, jumps: np.ndarray, repelling: np.ndarray, pattern: np.ndarray
) -> np.ndarray:
    """The only w that can obey `pattern` on the repelling kinks: attracting kinks make a box-constrained QP."""
    plus, held = repelling[pattern > 0], normals[repelling[pattern == 0]]
    point = _project_out(base + jumps[plus] @ normals[plus], held)
    attracting = jumps < 0
    if not attracting.any():
        return point
    steps = _project_out(jumps[attracting, None] * normals[attracting], held)
    return point + _box_fit(steps, -point).x @ steps


def _box_fit(steps: np.ndarray, target: np.ndarray) -> OptimizeResult:
    """Shares in [0, 1] of `steps` whose sum comes closest to `target`."""
    from scipy.optimize import lsq_linear  # takes longer to import than the rest of the library

    return lsq_linear(steps.T, target, (0, 1), "bvls")


def _sign_vectors(normals: np.ndarray) -> Iterable[tuple[int, ...]]:
    """All sign patterns (-1, 0, 1) of points in the arrangement of the given hyperplanes."""
    kinks = len(normals)
    rank = int(np.linalg.matrix_rank(normals)) if kinks else 0
    most = sum(comb(kinks, k) * _most_cells(kinks - k, rank - k) for k in range(rank + 1))
    allowed = MOST_PATTERNS if rank == kinks else MOST_DEPENDENT
    if most > allowed:
        raise Undecided(
            f"{kinks} repelling kinks of rank {rank} meet in one point: up to {most} patterns to try, "
            f"more than the {allowed} that are enumerated"
        )
    return product((0, 1, -1), repeat=kinks) if rank == kinks else _faces(normals)


def _circle(normals: np.ndarray) -> np.ndarray:
    """All sign patterns of distinct kinks whose normals span a plane: the origin, the rays, the arcs between."""
    plane = np.linalg.svd(normals, full_matrices=False)[2][:2]
    flat = normals @ plane.T
    rays = np.arctan2(flat[:, 0], -flat[:, 1])  # perpendicular to the normals
    rays = np.concatenate([rays, rays + np.pi]) % (2 * np.pi)
    ends = np.sort(rays)
    arcs = (ends + np.append(ends[1:], ends[0] + 2 * np.pi)) / 2
    angles = np.concatenate([rays, arcs])
    pattern = np.sign(np.stack([np.cos(angles), np.sin(angles)], axis=1) @ flat.T).astype(int)
    pattern[np.arange(len(rays)), np.tile(np.arange(len(flat)), 2)] = 0
    return np.vstack([np.zeros((1, len(flat)), dtype=int), pattern])


def _promising(
    patterns: np.ndarray, base: np.ndarray, normals: np.ndarray, jumps: np.ndarray, size: float
) -> np.ndarray:
    """Those sign patterns in the plane that their own velocity obeys; the origin is always kept."""
    inner, on = base + ((patterns > 0) * jumps) @ normals, patterns == 0
    ray, held = np.count_nonzero(on, axis=1) == 1, on.argmax(axis=1)
    pull = np.where(ray, -np.sum(inner * normals[held], axis=1), 0.0)
    obeyed = np.all(signs((inner + pull[:, None] * normals[held]) @ normals.T, size) == patterns, axis=1)
    lowest, highest = np.minimum(jumps[held], 0.0), np.maximum(jumps[held], 0.0)
    within = (pull >= lowest - 2 * TOL * size) & (pull <= highest + 2 * TOL * size)
    return patterns[obeyed & within | (np.count_nonzero(on, axis=1) > 1)]


def _most_cells(kinks: int, rank: int) -> int:
    return 2 * sum(comb(kinks - 1, i) for i in range(rank)) if rank > 0 else 1


def _faces(normals: np.ndarray) -> set[tuple[int, ...]]:
    """Cells, and the faces of the traces on each hyperplane."""
    bends = np.flatnonzero(np.linalg.norm(normals, axis=1) > PARALLEL)
    if len(bends) == 0:
        return {(0,) * len(normals)}
    cells = np.zeros((1, len(normals)), dtype=int).repeat(len(patterns := sign_patterns(normals[bends])), axis=0)
    cells[:, bends] = patterns
    found = set(map(tuple, cells.tolist()))
    for normal in distinct_directions(unit_rows(normals[bends]))[0]:
        found |= _faces(normals - np.outer(normals @ normal, normal))
    return found


def _project_out(vectors: np.ndarray, normals: np.ndarray) -> np.ndarray:
    """`vectors` (..., d) without their part in the span of `normals`."""
    if len(normals) == 0:
        return vectors
    if len(normals) == 1:
        return vectors - (vectors @ normals[0])[..., None] * normals[0]
    _, values, basis = np.linalg.svd(normals, full_matrices=False)
    basis = basis[values > TOL * values[0]]
    return vectors - (vectors @ basis.T) @ basis


def _tidy(w: np.ndarray, size: float) -> np.ndarray:
    """`w`, or exactly zero if it is rounding."""
    return w if np.linalg.norm(w) > TOL * size else np.zeros_like(w)
