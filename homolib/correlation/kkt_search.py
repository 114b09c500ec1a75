"""A search for KKT points where they cannot be listed: neurons with more than two inputs."""

from __future__ import annotations

from collections import deque
from dataclasses import replace

import numpy as np

from homolib import _checks
from homolib._settings import default_errors
from homolib.clarke.hinge_sums import HingeSum
from homolib.correlation.kkt_point import KKTPoint, KKTPoints, kkt_residual, lifted, listed, one_neuron
from homolib.flows.trajectory import polar
from homolib.neuron.relu_flow import neuron_flow
from homolib.neuron.squared_flow import cones, form
from homolib.neuron.ways_on import Undecided
from homolib.problems.networks import Network, TwoLayerReLU
from homolib.problems.scales import unit_problem

SAME = 1e-6  # directions closer than this are one KKT point; kinks closer than this to the end of a flow hold it
ON_KINK = 1e-13  # cosines closer to zero than this are on the kink
GOOD = 1e-11  # residual that counts as zero, relative to the size of the gradients
LONG = 1e4  # time for the flow to settle, in units of its shortest time scale
PATIENCE = 10  # cones looked at for each start


@default_errors
def kkt_search(
    net: Network, X: np.ndarray, z: np.ndarray, starts: int = 100, seed: int = 0, neuron: int = 0
) -> KKTPoints:
    """KKT points that a search from random starts finds, in any dimension. There may be others.

    Squared ReLU: a KKT point is an eigenvector of the quadratic form of its own cone; from the ends of the flow
    and of its reverse we go from cone to cone by eigenvectors, and keep those that fit. Two-layer ReLU: the exact
    flow and its reverse are followed to their ends, so maxima and minima of G are found, on kinks too; its
    saddles and points of value zero are not.

    Parameters
    ----------
    net, X, z, neuron
        As for `kkt_points`.
    starts : int
        Number of random starts.
    seed : int

    Returns
    -------
    KKTPoints
        With `complete` False.

    Raises
    ------
    ValueError
        If an argument does not fit, or the network is of another kind, or values of N are too small or too large for
        floats.
    """
    X, z, sign = one_neuron(net, X, z, neuron)
    starts, rng = _checks.count("starts", starts), np.random.default_rng(_checks.seed(seed))
    u, _ = polar(rng.standard_normal((starts, X.shape[1])))
    X, z, power = unit_problem(X, z, net.degree)
    if isinstance(net, TwoLayerReLU):
        found = _flow_ends(X, z, net.slope, u)
    else:
        high, low = sign * max(1.0, net.slope) ** 2 * z, sign * min(1.0, net.slope) ** 2 * z
        found = _eigenvectors(X, high, low, u)
    return listed(found, False, X, z, net.degree, power)


def _eigenvectors(X: np.ndarray, high: np.ndarray, low: np.ndarray, starts: np.ndarray) -> list[KKTPoint]:
    scale = float(np.maximum(np.abs(high), np.abs(low)) @ (X**2).sum(axis=1))
    queue, seen, found = deque(_climbs(X, high, low, starts, scale)), set(), []
    while queue and len(seen) < PATIENCE * len(starts):
        side = _heights(X, queue.popleft())
        cone = (side > 0).tobytes()
        if cone in seen:
            continue
        seen.add(cone)
        vectors = _eigenvectors_of(form(X, high, low, side), GOOD * scale)
        candidates = np.concatenate([vectors.T, -vectors.T])
        heights = _heights(X, candidates)
        gradients = 2 * (np.where(heights >= 0, high, low) * heights) @ X
        values = (gradients * candidates).sum(axis=1) / 2
        residuals = np.linalg.norm(gradients - 2 * values[:, None] * candidates, axis=1)
        for u, value, residual in zip(candidates, values.tolist(), residuals.tolist(), strict=True):
            if residual <= GOOD * scale and _is_new(u, found):
                kind = _curvature(X, high, low, u, value, GOOD * scale)
                found.append(KKTPoint(u, value, residual, True, kind))
        queue.extend(candidates)
    return found


def _heights(X: np.ndarray, u: np.ndarray) -> np.ndarray:
    """u . x_i for unit vectors `u` (..., d), exactly zero on kinks: there rounding does not choose a side."""
    heights = u @ X.T
    return np.where(np.abs(heights) <= ON_KINK * np.linalg.norm(X, axis=1), 0.0, heights)


def _eigenvectors_of(matrix: np.ndarray, zero: float) -> np.ndarray:
    """Eigenvectors, as columns; in an eigenspace of several, those that rounding does not choose.

    They are the projections of the coordinate axes, the longest first, made orthogonal.
    """
    values, vectors = np.linalg.eigh(matrix)
    for group in np.split(np.arange(len(values)), np.flatnonzero(np.diff(values) > zero) + 1):
        if len(group) > 1:
            space = vectors[:, group] @ vectors[:, group].T
            for k in group:
                axis = space[:, np.argmax(np.linalg.norm(space, axis=0).round(9))]
                vectors[:, k] = axis / np.linalg.norm(axis)
                space = space - np.outer(vectors[:, k], vectors[:, k] @ space)
    return vectors


def _climbs(X: np.ndarray, high: np.ndarray, low: np.ndarray, starts: np.ndarray, scale: float) -> list[np.ndarray]:
    """Where the flow and its reverse have come after a long time: the growing direction of the last cone."""
    if scale == 0:
        return list(starts)
    ways = ((start, s) for start in starts for s in (1, -1))
    lasts = (cones(X, s * high, s * low, start, LONG / scale)[-1] for start, s in ways)
    return [np.sign(cone.start[-1]) * cone.vectors[:, -1] for cone in lasts]


def _curvature(X: np.ndarray, high: np.ndarray, low: np.ndarray, u: np.ndarray, value: float, zero: float) -> str:
    """Kind of the KKT point u, by the forms between which N lies near it (they differ on kinks only)."""
    side = X @ u
    if len(u) == 1:  # the sphere is {u, -u}
        gap = value - float(np.where(side < 0, high, low) @ side**2)
        return "flat" if abs(gap) <= zero else "max" if gap > 0 else "min"
    tangent = np.linalg.svd(u[None])[2][1:]
    on = np.abs(side) <= SAME * np.linalg.norm(X, axis=1)
    below, above = (np.where(on, pick(high, low), np.where(side > 0, high, low)) for pick in (np.minimum, np.maximum))
    least, most = (
        np.linalg.eigvalsh(tangent @ (X.T * gain) @ X @ tangent.T - value * np.eye(len(u) - 1))
        for gain in (below, above)
    )
    if most[-1] < -zero:
        return "max"
    if least[0] > zero:
        return "min"
    return "flat" if (np.abs(np.concatenate([least, most])) <= zero).any() else "saddle"


def _flow_ends(X: np.ndarray, z: np.ndarray, slope: float, starts: np.ndarray) -> list[KKTPoint]:
    hinges, net = HingeSum(X, z, slope), TwoLayerReLU(1, X.shape[1], slope)
    found = []
    for start in starts:
        for s in (1, -1):
            u = _end(hinges, X, z, slope, start, s)
            if u is None:
                continue
            value = float(z @ np.maximum(X @ u, slope * (X @ u)))
            kind, smooth = "max" if s > 0 else "min", not len(_held(hinges, u))
            pair = [lifted(u, value, v, kind, smooth=smooth) for v in (1, -1)]
            if _is_new(pair[0].direction, found):
                residual = kkt_residual(net, X, z, pair[0].direction)
                found += [replace(point, residual=residual) for point in pair if residual <= GOOD * hinges.size]
    return found


def _end(hinges: HingeSum, X: np.ndarray, z: np.ndarray, slope: float, start: np.ndarray, s: int) -> np.ndarray | None:
    """Where the balanced flow with v of sign s takes u: there the gradient along the kinks that hold is along u."""
    if hinges.size == 0:
        return None
    try:
        path = neuron_flow(X, z, float(s), start, 200 / hinges.size, slope=slope)
    except Undecided:
        return None
    u = path.direction[-1, 1:] / np.linalg.norm(path.direction[-1, 1:])
    held, heights = _held(hinges, u), hinges.normals @ u
    heights[held] = 0
    gradient = hinges.gradient(np.sign(heights))
    if len(held):
        q = hinges.normals[held]
        gradient = gradient - np.linalg.pinv(q) @ (q @ gradient)
    length = float(np.linalg.norm(gradient))
    if length <= GOOD * hinges.size:
        return None
    return gradient / length * np.sign(gradient @ u)


def _held(hinges: HingeSum, u: np.ndarray) -> np.ndarray:
    """Indices of the kinks on which the unit vector u lies."""
    return np.flatnonzero(np.abs(hinges.normals @ u) <= SAME)


def _is_new(u: np.ndarray, found: list[KKTPoint]) -> bool:
    return all(np.linalg.norm(point.direction - u) > SAME for point in found)
