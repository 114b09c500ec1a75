"""Polytopes in a form that survives many neurons, and the cells of a central arrangement of hyperplanes."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cached_property
from itertools import product

import numpy as np

from homolib import _checks
from homolib._records import Content, read_only, same
from homolib._settings import default_errors

MOST_VERTICES = 16_384  # beyond this many vertices or cells we refuse to list them
PARALLEL = 1e-9  # normals whose directions differ by less than this share one hyperplane


class Polytope(Content):
    """Convex hull of finitely many points, kept as a product of independent blocks.

    The Clarke subdifferential of a separable function is the product of the subdifferentials of its
    parts, so twenty neurons on a kink have 2**20 vertices but only twenty short intervals. Every
    question below is answered block by block; only `vertices` multiplies the blocks out. Two are equal if they have the
    same vertices, digit for digit; for equality up to rounding, ask `distance` of the vertices of each from the other.

    Parameters
    ----------
    points : (m, k) array
        Points whose convex hull is meant, one a row; repeated and interior ones are welcome.

    Raises
    ------
    ValueError
        If `points` is not a finite, non-empty (m, k) array.
    """

    def __init__(self, points: np.ndarray) -> None:
        points = _checks.array("points", points, (None, None), "an array of shape (m, k), one point a row")
        self.blocks = (read_only(np.unique(points, axis=0)),)

    @classmethod
    def product(cls, factors: Iterable[Polytope]) -> Polytope:
        """Polytope of all (s_1, ..., s_p) with s_j in the j-th of `factors`."""
        out = cls.__new__(cls)
        factors = _checks.instance("factors", factors, Iterable, "polytopes")
        factors = [_checks.instance("factors", factor, Polytope, "polytopes") for factor in factors]
        out.blocks = tuple(block for factor in factors for block in factor.blocks)
        if not out.blocks:
            _checks.fail("factors", "none", "at least one polytope")
        return out

    def __eq__(self, other: object) -> bool:
        """Whether both have the same vertices; a TypeError if these are too many to list, and in other blocks."""
        if not isinstance(other, Polytope):
            return NotImplemented
        if (self.size, self.vertex_count) != (other.size, other.vertex_count):
            return False
        if [b.shape[1] for b in self.blocks] == [b.shape[1] for b in other.blocks]:
            return same(self._corners, other._corners)
        if self.vertex_count > MOST_VERTICES:
            raise TypeError(
                f"==: got products of different blocks with {self.vertex_count} vertices, too many to compare"
            )
        return same(self.vertices, other.vertices)

    __hash__ = None

    def __repr__(self) -> str:
        """Short form for the eye."""
        return f"Polytope({self.vertex_count} {'vertex' if self.vertex_count == 1 else 'vertices'} in R^{self.size})"

    @property
    def size(self) -> int:
        """Dimension of the space in which the polytope lies."""
        return sum(block.shape[1] for block in self.blocks)

    @cached_property
    def _corners(self) -> tuple[np.ndarray, ...]:
        return tuple(_extreme_points(block) for block in self.blocks)

    @property
    @default_errors
    def vertex_count(self) -> int:
        """How many vertices there are, also when they are too many to list."""
        return math.prod(len(corners) for corners in self._corners)

    @cached_property
    @default_errors
    def vertices(self) -> np.ndarray:
        """(m, k) array of the extreme points, each once.

        A point within 1e-12 (relative to the largest) of the hull of the others does not count.

        Raises
        ------
        ValueError
            If there are more than `MOST_VERTICES`; all methods work nevertheless.
        """
        if self.vertex_count > MOST_VERTICES:
            _checks.fail(
                "vertices", f"{self.vertex_count} of them", f"at most {MOST_VERTICES} to list; use the methods"
            )
        return read_only(np.array([np.concatenate(corner) for corner in product(*self._corners)]))

    @default_errors
    def min_norm(self) -> np.ndarray:
        """(k,) point of least Euclidean norm, to rounding.

        Write weights l >= 0 as l = t mu with t >= 0 and mu in the simplex. Then
        |V'l|^2 + (1'l - 1)^2 = t^2 |V'mu|^2 + (t - 1)^2, and whatever t > 0 is, the best mu is the one we
        look for: a non-negative least-squares problem without a penalty to be sent to infinity. Its
        support names the face, on which the origin is then projected. Rounding enters as if the vertices
        were moved by 1e-15 of the largest: the error is of that size, times largest / diameter for a
        small set far from the origin.
        """
        return np.concatenate([_least_norm(block) for block in self.blocks])

    @default_errors
    def distance(self, s: np.ndarray) -> float:
        """Euclidean distance of the point `s`, shape (k,), from the polytope."""
        nearest = np.concatenate([_least_norm(b - part) for b, part in self._split("s", s)])
        return float(row_norms(nearest[None])[0])

    @default_errors
    def contains(self, s: np.ndarray, tolerance: float = 1e-9) -> bool:
        """Whether `s`, shape (k,), lies in the polytope.

        `tolerance` bounds the distance in units of the largest vertex or of `s`, whichever is larger.
        """
        tolerance = _checks.nonnegative("tolerance", tolerance)
        s = _checks.array("s", s, (self.size,))
        largest = math.hypot(*(row_norms(block).max() for block in self.blocks))
        return self.distance(s) <= tolerance * max(largest, float(row_norms(s[None])[0]))

    @default_errors
    def support(self, direction: np.ndarray) -> float:
        """Largest <direction, s> over s in the polytope: for a Clarke set, the generalised directional derivative."""
        with np.errstate(over="ignore"):
            largest = float(sum((block @ part).max() for block, part in self._split("direction", direction)))
        return (
            largest
            if np.isfinite(largest)
            else _checks.fail("direction", "one that gives numbers above 1e308", "a smaller one")
        )

    @default_errors
    def width(self, direction: np.ndarray) -> float:
        """Largest minus smallest <direction, s> over s in the polytope."""
        direction = _checks.array("direction", direction, (self.size,))
        return self.support(direction) + self.support(-direction)

    @default_errors
    def __add__(self, other: Polytope) -> Polytope:
        """Minkowski sum: all s + t with s here and t in `other`."""
        if not isinstance(other, Polytope):
            return NotImplemented
        if other.size != self.size:
            _checks.fail("other", f"a polytope in R^{other.size}", f"one in R^{self.size}")
        aligned = [b.shape[1] for b in self.blocks] == [b.shape[1] for b in other.blocks]
        pairs = zip(self._corners, other._corners, strict=True) if aligned else [(self.vertices, other.vertices)]
        return Polytope.product(Polytope((a[:, None] + b).reshape(-1, a.shape[1])) for a, b in pairs)

    def _split(self, name: str, vector: np.ndarray) -> Iterable[tuple[np.ndarray, np.ndarray]]:
        vector = _checks.array(name, vector, (self.size,))
        ends = np.cumsum([block.shape[1] for block in self.blocks])
        return zip(self.blocks, np.split(vector, ends[:-1]), strict=True)


@default_errors
def sign_patterns(normals: np.ndarray) -> np.ndarray:
    """Sign vectors (sign <n_1, h>, ..., sign <n_m, h>) that some h realises with no zero among them.

    These are the cells of the hyperplanes <n_i, h> = 0: of m normals in general position in R^d
    there are 2 sum_{i<d} C(m - 1, i) (Cover 1965), which is less than 2^m as soon as m > d.

    Parameters
    ----------
    normals : (m, d) array
        None of them zero. Repeated, parallel and opposite ones share a hyperplane (directions
        closer than 1e-9 count as parallel); dependent ones are welcome.

    Returns
    -------
    (cells, m) array
        Rows of +1 and -1, each once, sorted.

    Raises
    ------
    ValueError
        If a normal is zero, or if there may be more than `MOST_VERTICES` cells.
    """
    normals = _checks.array("normals", normals, (None, None), "an array of shape (m, d), one normal a row")
    normals = unit_rows(_checks.nonzero("normals", normals, "normals that are not zero: zero has no two sides"))
    planes, which, side = distinct_directions(normals)
    rank = int(np.linalg.matrix_rank(planes))
    most = 2 * sum(math.comb(len(planes) - 1, i) for i in range(rank))
    if most > MOST_VERTICES:
        _checks.fail("normals", f"{len(planes)} hyperplanes in {rank} dimensions (up to {most} cells)",
                     f"at most {MOST_VERTICES} cells")  # fmt: skip
    cells = np.sign(_cell_points(planes) @ planes.T)
    return np.unique(cells[:, which] * side, axis=0)


def row_norms(points: np.ndarray) -> np.ndarray:
    """Euclidean norms of the rows, safe at 1e-200 and at 1e200."""
    largest = np.abs(points).max(initial=0.0)
    return largest * np.linalg.norm(points / largest, axis=1) if largest > 0 else np.zeros(len(points))


def unit_rows(rows: np.ndarray) -> np.ndarray:
    """Rows divided by their Euclidean norms, however small or large they are; no row may be zero."""
    rows = rows / np.abs(rows).max(axis=1, keepdims=True)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def distinct_directions(units: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lines spanned by unit vectors: one vector a line, and for each input its line and its side (+1 or -1)."""
    cosines = units @ units.T
    near = np.abs(cosines) > 1 - PARALLEL  # wider than needed: the cosine of a small angle says little of it
    i, j = np.nonzero(np.tril(near, -1))
    apart = np.linalg.norm(units[i] - np.where(cosines[i, j] < 0, -1.0, 1.0)[:, None] * units[j], axis=1)
    leader = np.arange(len(units))
    np.minimum.at(leader, i[apart <= PARALLEL], j[apart <= PARALLEL])
    while np.any(leader[leader] != leader):  # close to one that is close to an earlier one
        leader = leader[leader]
    first, which = np.unique(leader, return_inverse=True)
    return units[first], which, np.where(cosines[np.arange(len(units)), leader] < 0, -1.0, 1.0)


def _cell_points(planes: np.ndarray) -> np.ndarray:
    """One interior point for each cell of distinct hyperplanes with unit normals.

    Insert one hyperplane after the other. The cells it cuts are those of the traces that the
    earlier ones leave on it, one dimension lower (deletion and restriction, Zaslavsky 1975); from a
    point of a trace a small step to either side leads into the two halves.
    """
    points = np.zeros((1, planes.shape[1]))
    for k, plane in enumerate(planes):
        before = planes[:k]
        traces = before - np.outer(before @ plane, plane)
        on = _cell_points(distinct_directions(unit_rows(traces))[0]) if k else points
        height = np.abs(on @ before.T)
        slope = np.broadcast_to(np.abs(before @ plane), height.shape)
        room = np.divide(height, slope, out=np.full_like(height, 2.0), where=slope > 0).min(axis=1, initial=2.0)
        cut = {tuple(row) for row in np.sign(on @ before.T)}
        whole = [tuple(row) not in cut for row in np.sign(points @ before.T)]
        step = room[:, None] / 2 * plane
        points = np.vstack([points[whole], on + step, on - step])
    return points


def _least_norm(points: np.ndarray) -> np.ndarray:
    scale = 2.0 ** (np.frexp(np.abs(points).max())[1] - 1)  # a power of two: the division does not round
    if len(points) == 1 or not points.any():
        return points[0].copy()
    points = points / scale
    from scipy.optimize import nnls  # takes longer to import than the rest of the library

    ones, most = np.ones(len(points)), 1000 * len(points)  # points of very different sizes take up to ten a point
    weights, _ = nnls(np.vstack([points.T, ones]), np.append(np.zeros(points.shape[1]), 1.0), maxiter=most)
    face = points[weights > 0]
    face = face[np.argsort(row_norms(face), kind="stable")]  # from the smallest, or large ones cancel
    along = (face[1:] - face[0]).T
    return scale * (face[0] - along @ np.linalg.lstsq(along, face[0])[0] if along.size else face[0])


def _extreme_points(points: np.ndarray) -> np.ndarray:
    """Drop, one after the other, every point that lies in the hull of those that remain."""
    threshold = _checks.ROUNDING * row_norms(points).max()
    for i in reversed(range(len(points))):
        others = np.delete(points, i, axis=0)
        if len(others) and row_norms(_least_norm(others - points[i])[None])[0] <= threshold:
            points = others
    return points
