"""The one way on from a regular event, for many runs of a neuron's flow together.

Where one kink is met, and the others that the flow is on attract, there is one velocity ("Who branches").
`homolib.neuron.ways_on` finds it, as it finds all velocities at any point; here the sides are guessed and
checked, a round of small arrays for all runs.
"""

from __future__ import annotations

import numpy as np

from homolib.clarke.hinge_sums import TOL, HingeSum, signs

PIVOTS = 8  # rounds of guessing sides before the general search


def regular_velocities(
    hinges: HingeSum, sign: np.ndarray, side: np.ndarray, came: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The one way on at regular events, for many runs together, each on kinks side == 0 and from their sides `came`.

    Regular: at most one kink is met (came != 0), and all others it is on (it slid) attract. With attracting
    kinks only there is one velocity; so there is with one repelling kink that is reached transversally:
    it is crossed. Hence a guess of the sides that passes the check is the answer. First the kink that is met is
    crossed or held as its own two speeds say; then what contradicts itself is revised (block pivoting for the linear
    complementarity problem of the sides).

    Parameters
    ----------
    hinges : HingeSum
    sign : (m,) array
        Of v.
    side, came : (m, K) arrays
        Sides at the event, and before it.

    Returns
    -------
    w, side, found : (m, d), (m, K) and (m,) arrays
        Where `found` is False use `homolib.neuron.ways_on.velocities`.
    """
    on, base, slack = side == 0, sign[:, None] * hinges.gradient(side), TOL * hinges.size
    independent = np.count_nonzero(on, axis=1) <= base.shape[1]  # at least not certainly dependent, as all are at u = 0
    on &= independent[:, None]
    normals, jumps, came, where = _gathered(hinges, sign, on, came)
    met = came != 0
    todo = independent & (np.count_nonzero(met, axis=1) <= 1) & ~np.any(~met & (jumps > 0), axis=1)
    across = np.einsum("md,mkd->mk", base, normals) + (came < 0) * jumps  # speeds beyond, but for what is held
    guess = np.where((jumps < 0) & (across * came > 0), 0, -came)
    w, found = np.zeros_like(base), np.zeros(len(side), dtype=bool)
    for _ in range(PIVOTS):
        if not len(rows := np.flatnonzero(todo)):
            break
        ahead, normal, jump = guess[rows], normals[rows], jumps[rows]
        held = (ahead == 0)[..., None] * normal
        velocity = base[rows] + np.einsum("mk,mkd->md", (ahead > 0) * jump, normal)
        pulls = _pulls(velocity, held)
        velocity += np.einsum("mk,mkd->md", pulls, held)
        away = signs(np.einsum("md,mkd->mk", velocity, normal), hinges.size) != ahead
        off = np.where(pulls > slack, -1, np.where(pulls < jump - slack, 1, 0))  # a kink cannot hold: to this side
        revised = np.where(ahead == 0, off, np.where(away & (jump < 0), 0, ahead))
        w[rows], guess[rows], todo[rows] = velocity, revised, np.any(revised != ahead, axis=1)
        found[rows] = ~np.any(away, axis=1) & ~todo[rows]
    w[np.linalg.norm(w, axis=1) <= slack] = 0.0
    side = side.copy()
    side[on] = guess[where]
    return w, side, found


def _gathered(
    hinges: HingeSum, sign: np.ndarray, on: np.ndarray, came: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Of the kinks that each run is on, padded with zeros: normals (m, k, d), jumps (m, k), `came` (m, k).

    Last, which entries (m, k) are no padding; in their order they are those of `on`.
    """
    count = np.count_nonzero(on, axis=1)
    where = np.arange(count.max(initial=0)) < count[:, None]
    run, kink = np.unravel_index(np.flatnonzero(on), on.shape)  # five times as fast as np.nonzero
    normals, jumps, before = np.zeros((*where.shape, hinges.normals.shape[1])), np.zeros(where.shape), 0 * where
    normals[where], jumps[where], before[where] = hinges.normals[kink], sign[run] * hinges.jumps[kink], came[run, kink]
    return normals, jumps, before, where


def _pulls(inner: np.ndarray, held: np.ndarray) -> np.ndarray:
    """What multiples (m, k) of the rows of `held` (m, k, d), unit or zero, take `inner` (m, d) to their kinks."""
    pulls = -np.einsum("md,mkd->mk", inner, held)
    several = np.count_nonzero(held.any(axis=-1), axis=1) > 1
    if several.any():
        pulls[several] = -np.einsum("md,mdk->mk", inner[several], np.linalg.pinv(held[several]))
    return pulls
