"""Saddles of the square loss with dormant neurons: what is active, what is dormant, and the residual there.

A saddle (w_n, 0) of section 5.2 of Kumar and Haupt (2024) is a critical point at which some neurons are zero. The
dormant ones feel the flow of the neural correlation function of the residual, as near the origin; the active ones stay.
`escapes` says when, how fast and where they leave.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from homolib import _checks
from homolib._records import Record
from homolib._settings import default_errors
from homolib.problems.datasets import circle
from homolib.problems.losses import SquareLoss
from homolib.problems.networks import Network, SquaredReLU, TwoLayerReLU, fitting
from homolib.problems.scales import exponent, times

ROOM = 300  # labels may be 2**300 times as large as the outputs of a problem of size one


@dataclass(frozen=True, eq=False, repr=False)
class Saddle(Record):
    """A point of the summed square loss at which some neurons are exactly zero (Assumption 3).

    Attributes
    ----------
    net : Network
    X : (n, d) array
    y : (n,) array
    w : (size,) array
        The point; the neurons that are zero are the dormant ones, w_z, the others w_n.

    Raises
    ------
    ValueError
        If shapes do not fit. That the gradient is zero is for `lemma_5_6` to check.
    """

    net: Network
    X: np.ndarray
    y: np.ndarray
    w: np.ndarray

    @default_errors
    def __post_init__(self) -> None:
        X, w = fitting(self.net, self.X, self.w)
        if w.ndim != 1:
            _checks.fail("w", f"shape {w.shape}", f"one point, shape ({self.net.size},)")
        for name, value in (("X", X), ("y", _checks.matching("y", self.y, X)), ("w", w)):
            object.__setattr__(self, name, value)
        super().__post_init__()

    @property
    def dormant(self) -> np.ndarray:
        """Which neurons are zero, shape (neurons,)."""
        return ~self.net.neurons(self.w).any(axis=-1)

    @property
    @default_errors
    def residual(self) -> np.ndarray:
        """y - H(X; w), shape (n,): what the dormant neurons see in place of the labels."""
        return self.y - self.net.outputs(self.X, self.w)

    @property
    @default_errors
    def loss(self) -> float:
        """Height of the plateau."""
        return float(SquareLoss().value(self.net.outputs(self.X, self.w), self.y))

    @default_errors
    def correlation(self, u: np.ndarray) -> np.ndarray:
        """N(u), the correlation of the outputs at `u` (..., size) with the residual; shape (...)."""
        X, u = fitting(self.net, self.X, u, "u")
        return self.net.outputs(X, u) @ self.residual

    @default_errors
    def split(self, w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Active and dormant part of `w` (..., size), each (..., size) with zeros elsewhere."""
        neurons, dormant = self.net.neurons(w), self.dormant[:, None]
        return self.net.join(np.where(dormant, 0, neurons)), self.net.join(np.where(dormant, neurons, 0))

    @default_errors
    def start(self, delta: float, zeta_z: np.ndarray, zeta_n: np.ndarray | None = None) -> np.ndarray:
        """The start w + delta (zeta_n + zeta_z) of Theorem 5.5, shape (size,).

        Parameters
        ----------
        delta : float
        zeta_z, zeta_n : (size,) arrays
            Unit vectors on the dormant and on the active neurons; no `zeta_n` leaves the active ones in place.

        Raises
        ------
        ValueError
            If a vector has not norm one, or is not zero where it should be.
        """
        delta = _checks.positive("delta", delta)
        zeta = self.seed("zeta_z", zeta_z)
        if zeta_n is not None:
            zeta = zeta + self.seed("zeta_n", zeta_n, active=True)
        return self.w + delta * zeta

    def seed(self, name: str, zeta: np.ndarray, active: bool = False) -> np.ndarray:
        """`zeta` if it is a unit vector on the dormant (or the active) neurons alone, else a ValueError."""
        zeta = _checks.array(name, zeta, (self.net.size,), f"shape ({self.net.size},)")
        where = "active" if active else "dormant"
        if self.split(zeta)[1 if active else 0].any():
            _checks.fail(name, f"weights outside the {where} neurons", f"zeros except on the {where} neurons")
        if abs(np.linalg.norm(zeta) - 1) > 1e-9:
            _checks.fail(name, f"norm {np.linalg.norm(zeta):.6g}", "norm 1: delta carries the scale")
        return zeta


def checked(saddle: Saddle) -> Saddle:
    """`saddle` if it is one, else the ValueError of the library."""
    return _checks.instance("saddle", saddle, Saddle, "a Saddle")


def unit_saddle(saddle: Saddle, weights: bool = True) -> tuple[Saddle, int, int]:
    """The same saddle with numbers of size one, and the powers of two of its outputs and of its weights.

    Rates have the unit of outputs squared over weights squared. Without `weights` these keep their size.
    """
    net = checked(saddle).net
    going = (exponent(saddle.y) - net.degree * exponent(saddle.X)) // net.order  # where weights go from the origin
    own = (exponent(saddle.w) if saddle.w.any() else going) if weights else 0
    outputs = max(exponent(saddle.y) - ROOM, net.degree * exponent(saddle.X) + net.order * own)
    outputs += (net.order * own - outputs) % net.degree
    inputs = (outputs - net.order * own) // net.degree
    return Saddle(net, times(saddle.X, -inputs), times(saddle.y, -outputs), times(saddle.w, -own)), outputs, own


@default_errors
def figure_4_saddle(n: int = 50) -> Saddle:
    """The saddle of the paper's Figure 4: ten of twenty squared-ReLU neurons at (sqrt(1/2), 0), ten at zero."""
    X, y = circle(n)
    w = np.zeros((20, 2))
    w[:10, 0] = np.sqrt(0.5)
    return Saddle(SquaredReLU(20, 2), X, y, w.ravel())


@default_errors
def absolute_value_saddle(at: tuple[float, float] = (1.0, 0.0)) -> Saddle:
    """The function g(u) = (u_1 |u_2| - 1)^2 of section 5.2 at a point: twice the loss of one neuron v|u|.

    At (1, 0), where g has a kink, inequality (15) fails for every kappa; at (1, 1) it holds.
    Since g is twice the loss, its flow runs twice as fast.
    """
    at = _checks.array("at", at, (2,))
    return Saddle(TwoLayerReLU(1, 1, slope=-1.0), np.ones((1, 1)), np.ones(1), at)
