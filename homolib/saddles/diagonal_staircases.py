"""Diagonal linear networks: the staircase of Pesme and Flammarion, and which of several minimisers a flow selects.

From a = delta, b = 0 the predictor of the square loss is beta = a * b = (delta^2 / 2) sinh(2 s) with the dual variable
s' = X^T (y - X beta), s(0) = 0. Coordinate j is awake when |s_j| has reached ln(1/delta). So the budget that it has
used is |s_j|: it falls while the pull on j is against s_j, down to zero, and rises after that.
"""

from __future__ import annotations

import numpy as np

from homolib import _checks
from homolib._settings import default_errors
from homolib.problems.losses import SquareLoss, square
from homolib.saddles.staircases import TIE, Staircase, Tie, units

ROUNDS = 10_000  # more jumps than any data set of the book needs


@default_errors
def diagonal_staircase(X: np.ndarray, y: np.ndarray, loss: SquareLoss | None = None) -> Staircase:
    """Saddles and jump times of a diagonal linear network from a = delta, b = 0 as delta -> 0.

    Algorithm 1 of Pesme and Flammarion (2023): s moves along minus the gradient until some |s_j| reaches one; then
    beta jumps to the minimiser of the loss with beta_j >= 0 where s_j = 1, beta_j <= 0 where s_j = -1, and zero
    elsewhere. Coordinates may go back to zero. Their start sqrt(2) alpha and their loss (1/2n)|X beta - y|^2 give the
    same times, in units of ln(1/alpha), as ours with ``SquareLoss("mean")``.

    Parameters
    ----------
    X : (n, d) array
    y : (n,) array
    loss : SquareLoss, optional
        Its reduction sets the unit of time and loss; the sum unless given.

    Returns
    -------
    Staircase
        `points` are the predictors (jumps + 1, d); coordinates are counted from 0. Where the minimiser is not unique,
        a `Tie` says so and the point is the one that the flow selects; two coordinates that wake at the same
        time are reported too.

    Raises
    ------
    ValueError
        If an argument does not fit.
    """
    X = _checks.inputs(X)
    y, loss = _checks.matching("y", y, X), square(loss)
    unit, label = units(X, y)
    X, y, d, weight = X / unit, y / label, X.shape[1], loss.weight(y)
    beta, s, now = np.zeros(d), np.zeros(d), 0.0
    times, points, woken, asleep, ties, free = [], [beta], [], [], [], ()
    floor = TIE * np.linalg.norm(X, axis=0) * np.linalg.norm(y)
    for _ in range(ROUNDS):
        pull = X.T @ (y - X @ beta)
        pull[np.abs(pull) <= floor] = 0
        if not pull.any():
            break
        waits = np.full(d, np.inf)
        moves = pull != 0
        waits[moves] = (np.sign(pull[moves]) - s[moves]) / pull[moves]
        s, now = s + waits.min() * pull, now + waits.min()
        arrived = np.flatnonzero(waits <= waits.min() + TIE * now)
        s[arrived] = np.sign(pull[arrived])
        previous, tied = beta, free
        beta, free = _constrained_minimiser(X, y, np.where(np.abs(s) == 1, s, 0))
        if free and free != tied:
            ties.append(Tie(now / weight, free, "non-unique"))
        if arrived.size > 1:
            ties.append(Tie(now / weight, tuple(arrived.tolist()), "simultaneous"))
        times.append(now / weight)
        points.append(beta)
        woken.append(tuple(np.flatnonzero((beta != 0) & (previous == 0)).tolist()))
        asleep.append(tuple(np.flatnonzero((beta == 0) & (previous != 0)).tolist()))
    else:
        _checks.fail("X", f"data with more than {ROUNDS} jumps", "fewer")
    losses = np.array([loss.value(X @ beta, y) for beta in points])
    found = Staircase(np.array(times), losses, np.array(points), woken, asleep, ties)
    return found.in_units(1 / unit / label, label, label / unit)


@default_errors
def tie_break(X: np.ndarray, y: np.ndarray, side: np.ndarray, depth: int = 2) -> np.ndarray:
    """The interpolator that the flow of a diagonal network of some depth selects, delta -> 0, in one orthant.

    Among the beta with X beta = y and the signs `side`, on all of which the l1 norm is the same, it is the minimiser of
    sum |beta_j| ln |beta_j| for depth two, and the maximiser of sum |beta_j|^(2/depth) for more (Wind, Antun and
    Hansen 2023). For depth two: ln |beta| must lie in the row space of X, since s does.

    Parameters
    ----------
    X : (n, d) array
    y : (n,) array
    side : (d,) array
        Entries 1, -1, or 0 for a coordinate that stays zero.
    depth : int
        Layers, at least 2.

    Returns
    -------
    (d,) array

    Raises
    ------
    ValueError
        If no beta with these signs interpolates, or those that do have different l1 norms (on an unbounded face, say):
        of these the flow selects the least, and never comes near the others.
    """
    X = _checks.inputs(X)
    y = _checks.matching("y", y, X)
    side = _checks.array("side", side, (X.shape[1],), f"shape ({X.shape[1]},), entries -1, 0 or 1")
    if not np.isin(side, (-1, 0, 1)).all() or not side.any():
        _checks.fail("side", side.tolist(), "entries -1, 0 or 1, not all zero")
    unit, label = units(X, y)
    depth, A, y = _checks.count("depth", depth, least=2), X[:, side != 0] * side[side != 0] / unit, y / label
    beta = np.zeros(X.shape[1])
    inside = _interior(A, y)
    if np.linalg.norm(A @ inside - y) > TIE * np.linalg.norm(y):
        _checks.fail("side", side.tolist(), "signs with which some beta fits the data exactly")
    if np.abs(_kernel(A[:, inside > 0]).sum(axis=0)).max(initial=0) > TIE:
        _checks.fail("side", side.tolist(), "signs for which all beta that fit the data have the same l1 norm")
    beta[side != 0] = _selected(A, inside, depth)
    return side * beta * (label / unit)


def _constrained_minimiser(X: np.ndarray, y: np.ndarray, side: np.ndarray) -> tuple[np.ndarray, tuple[int, ...]]:
    """Minimiser of |X beta - y| with the signs `side`, ties broken, and the coordinates that were tied."""
    awake = np.flatnonzero(side)
    A = X[:, awake] * side[awake]
    inside = _interior(A, y)
    chosen = _selected(A, inside, 2)
    beta = np.zeros(X.shape[1])
    beta[awake] = side[awake] * chosen
    kernel = _kernel(A[:, inside > 0])
    free = awake[inside > 0][np.abs(kernel).max(axis=1, initial=0) > TIE]
    return beta, tuple(free.tolist())


def _interior(A: np.ndarray, y: np.ndarray) -> np.ndarray:
    """A nonnegative least-squares solution with as many positive entries as there can be."""
    from scipy.optimize import linprog, nnls

    found = [nnls(A, y)[0]]
    found[0][found[0] <= TIE * found[0].max(initial=0)] = 0
    if _kernel(A).size:
        fitted = A @ found[0]
        for j in np.flatnonzero(found[0] == 0):
            cost = -np.eye(A.shape[1])[j]
            # the box makes the face bounded; how far a coordinate can go does not matter here
            result = linprog(cost, A_eq=A, b_eq=fitted, bounds=(0, 1 + 2 * found[0].sum()))
            if result.success and -result.fun > TIE * found[0].sum():
                found.append(np.maximum(result.x, 0))
    return np.mean(found, axis=0)


def _selected(A: np.ndarray, inside: np.ndarray, depth: int) -> np.ndarray:
    """Minimiser of the entropy over {x >= 0: A x = A inside}, by Newton's method in the kernel of A."""
    x, out = inside[inside > 0], np.zeros_like(inside)
    kernel, power = _kernel(A[:, inside > 0]), 2 / depth

    def entropy(x: np.ndarray) -> float:
        return float((x * np.log(x)).sum() if depth == 2 else -(x**power).sum())

    for _ in range(200):
        slope = np.log(x) if depth == 2 else -power * x ** (power - 1)  # but for 1: steps do not change the sum of x
        curve = 1 / x if depth == 2 else power * (1 - power) * x ** (power - 2)
        step = -kernel @ np.linalg.solve((kernel.T * curve) @ kernel, kernel.T @ slope)
        if np.abs(step).max(initial=0) <= 1e-15 * x.max(initial=0):
            break
        while (x + step).min() <= 0 or entropy(x + step) > entropy(x) + 1e-15 * abs(entropy(x)):
            step = step / 2
        x = x + step
    out[inside > 0] = x
    return out


def _kernel(A: np.ndarray) -> np.ndarray:
    from scipy.linalg import null_space

    return null_space(A)
