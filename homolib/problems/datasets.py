"""The data sets and starts of the book, each by a formula; what is random takes its seed as an argument."""

from __future__ import annotations

import numpy as np

from homolib import _checks
from homolib._settings import default_errors


@default_errors
def circle(n: int = 50, seed: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Unit inputs in the plane with the labels of the paper's Figure 1.

    Parameters
    ----------
    n : int
        Number of inputs, at the angles 2 pi (i + 1/2) / n.
    seed : int, optional
        Draw the angles uniformly at random instead.

    Returns
    -------
    X : (n, 2) array
    y : (n,) array
        5 max(0, x_1)^2 + 4 max(0, -x_1)^2.

    Raises
    ------
    ValueError
        If `n` is not a positive whole number, or `seed` not a whole number.
    """
    n = _checks.count("n", n)
    turns = (np.arange(n) + 0.5) / n if seed is None else np.random.default_rng(_checks.seed(seed)).random(n)
    X = _unit_circle(turns)
    return X, 5 * np.maximum(0, X[:, 0]) ** 2 + 4 * np.maximum(0, -X[:, 0]) ** 2


def five_points() -> tuple[np.ndarray, np.ndarray]:
    """Five rational unit inputs whose correlation function has every kind of KKT point a ReLU neuron can have.

    Returns
    -------
    X : (5, 2) array
    y : (5,) array
    """
    X = np.array([[-20 / 29, -21 / 29], [-5 / 13, 12 / 13], [-3 / 5, -4 / 5], [0, 1], [24 / 25, -7 / 25]])
    return X, np.array([0.5, -2.0, -2.0, 3.0, 3.0])


@default_errors
def gaussian(n: int, inputs: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """`n` inputs and labels with independent standard normal entries: nothing special about any of them.

    Returns
    -------
    X : (n, inputs) array
    y : (n,) array
    """
    n, inputs = _checks.count("n", n), _checks.count("inputs", inputs)
    rng = np.random.default_rng(_checks.seed(seed))
    return rng.standard_normal((n, inputs)), rng.standard_normal(n)


def mirrored() -> tuple[np.ndarray, np.ndarray]:
    """Two opposite scalar inputs with label one: for a ReLU neuron their correlation function is v|u|."""
    return np.array([[1.0], [-1.0]]), np.ones(2)


@default_errors
def branching_start(name: str) -> dict[str, np.ndarray | float]:
    """One of the branching starts of the book, as the keyword arguments X, z, v0, u0.

    Parameters
    ----------
    name : str
        "turning": v passes 0 on a kink; "dying": u reaches 0, where it may rest; "five points": u reaches 0 and must
        leave it; "dependent": balanced, three of four inputs in a plane; "aligned": balanced, inputs in general
        position, labels such that two kinks are met together by all starts nearby.
    """
    dying, lifted = np.array([[0, 1.0], [2, -1], [-1, 2]]), np.zeros((4, 3))
    lifted[:3, :2], lifted[3, 2] = dying, 1
    aligned = np.array([[-2, 3, 1], [0, 1, 0], [1, -1, 0], [-1, 1, -0.5], [-2, -3, -0.5]])
    angle = np.array([np.cos(3.8), np.sin(3.8)])
    starts = {
        "turning": ([[1, 0], [0, 1], [0, -1]], [1, 1, 1], -0.6, [1, 0.1]),
        "dying": (dying, [-2, -1, 3], 1.0, [0.3, 0.1]),
        "five points": (*five_points(), 1.0, 0.3 * angle),
        "dependent": (lifted, [-2, -1, 3, 1], np.sqrt(0.35), [0.3, 0.1, 0.5]),
        "aligned": (aligned, [1, -2.5, 1, 10, 10], np.sqrt(25.1), [0.3, -0.1, 5]),
    }
    X, z, v0, u0 = starts[_checks.choice("name", name, list(starts))]
    return {"X": np.array(X, dtype=float), "z": np.array(z, dtype=float), "v0": v0, "u0": np.array(u0, dtype=float)}


@default_errors
def ring(neurons: int = 20) -> np.ndarray:
    """Start of unit norm whose planar neurons have equal lengths and the angles 2 pi (k + 1/3) / neurons.

    Returns
    -------
    (2 * neurons,) array
        Weights for `SquaredReLU(neurons, 2)`.
    """
    neurons = _checks.count("neurons", neurons)
    return _unit_circle((np.arange(neurons) + 1 / 3) / neurons).ravel() / np.sqrt(neurons)


@default_errors
def random_start(size: int, seed: int | list[int]) -> np.ndarray:
    """Start of unit norm in a uniformly random direction; a list of seeds gives one start a row.

    Returns
    -------
    (size,) or (len(seed), size) array
        Row by row what each seed alone would give.
    """
    if isinstance(seed, (list, tuple, range, np.ndarray)) and np.size(seed) and np.ndim(seed):
        return np.stack([random_start(size, one) for one in seed])
    size, seed = _checks.count("size", size), _checks.seed(seed)
    w = np.random.default_rng(seed).standard_normal(size)
    return w / np.linalg.norm(w)


def _unit_circle(turns: np.ndarray) -> np.ndarray:
    """Points at the given parts of a full turn; quarter turns are exact, as sine and cosine of floats are not."""
    X = np.stack([np.cos(2 * np.pi * turns), np.sin(2 * np.pi * turns)], axis=-1)
    X[np.isclose(turns % 0.5, 0.25, rtol=0, atol=1e-15), 0] = 0
    X[np.isclose((turns + 0.25) % 0.5, 0.25, rtol=0, atol=1e-15), 1] = 0
    return X
