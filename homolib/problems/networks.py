"""Homogeneous networks: what they compute (`outputs`) and how numbers on the outputs pull at the weights (`pullback`).

A network is a sum of neurons that share no weights, H(x; w) = sum_k H_k(x; w_k). Flows need no more than the
two maps and the split into neurons; everything else in the library is built on them. Each network implements
`forward`, the outputs neuron by neuron and the pullback as a function that reuses their work, and `kinks`, the numbers
at whose sign it has kinks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from homolib import _checks
from homolib._records import Content, read_only
from homolib._settings import default_errors
from homolib.problems.scales import finite_times, unit

# Outputs neuron by neuron, (..., neurons, n), and the map from z to the pullback.
Forward = tuple[np.ndarray, Callable[[np.ndarray], np.ndarray]]


class Network(Content):
    """What all networks have in common. Two are equal if they are of one class and compute the same.

    Attributes
    ----------
    order : int
        Order of homogeneity L: H(x; c w) = c^L H(x; w) for c >= 0.
    degree : int
        Order of homogeneity in an input: H(c x; w) = c^degree H(x; w) for c >= 0.
    size : int
        Number of weights.
    inputs : int
        Length of an input.
    smooth : bool
        Whether the gradient is locally Lipschitz, so that every flow is unique.
    slope : float
        Slope of the activation for negative inputs; 1 where there is no activation.
    forward : callable
        From checked X and w to `Forward`: what flows call at every step. Each class has its own. A third argument
        (..., kinks) holds the slopes of the activation fixed, whatever the sides: then it is smooth in w.
    """

    order: int = 2
    degree: int = 1
    slope: float = 1.0
    size: int
    inputs: int
    smooth: bool
    forward: Callable[..., Forward]

    @default_errors
    def outputs(self, X: np.ndarray, w: np.ndarray) -> np.ndarray:
        """Outputs H(X; w).

        Parameters
        ----------
        X : (n, d) array
            Inputs, one a row.
        w : (..., size) array
            Weights; leading axes are independent runs.

        Returns
        -------
        (..., n) array

        Raises
        ------
        ValueError
            If the shape of `X` or `w` does not fit the network, or a number is not finite, or an output would not be.
        """
        X, w = fitting(self, X, w)
        (X, of_X), (w, of_w) = unit(X), unit(w)
        outputs = self.forward(X, w)[0].sum(axis=-2)
        return finite_times(outputs, self.degree * of_X + self.order * of_w, "outputs", "w")

    @default_errors
    def pullback(self, X: np.ndarray, w: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Vector sum_i z_i s_i with s_i in the Clarke subdifferential of w -> H(x_i; w).

        The right-hand side of every flow in the book: with z fixed it drives the neural correlation flow
        (eq. 10 of Kumar and Haupt), with z = -l'(H(X; w), y) the training flow (eq. 3).

        Parameters
        ----------
        X : (n, d) array
            Inputs, one a row.
        w : (..., size) array
            Weights; leading axes are independent runs.
        z : (n,) or (..., n) array
            One number for each input.

        Returns
        -------
        (..., size) array
            On a kink x_i . u_k = 0 the inactive side is taken; `clarke_subdifferential` has the whole set.

        Raises
        ------
        ValueError
            If the shape of `X`, `w` or `z` does not fit, or a number is not finite, or one of the answer would not be.
        """
        X, w = fitting(self, X, w)
        z = _checks.array("z", z, (..., len(X)), f"shape (..., {len(X)}), one number for each row of X")
        (X, of_X), (w, of_w), (z, of_z) = unit(X), unit(w), unit(z)
        power = self.degree * of_X + (self.order - 1) * of_w + of_z
        return finite_times(self.forward(X, w)[1](z), power, "gradients", "z")

    def neurons(self, w: np.ndarray) -> np.ndarray:
        """Weights neuron by neuron, (..., neurons, weights of one), a view where it can be; `join` is the inverse."""
        return self.split_neurons(_checks.array("w", w, (..., self.size), f"shape (..., {self.size}) for {self!r}"))

    def join(self, neurons: np.ndarray) -> np.ndarray:
        """Weight vectors (..., size) from neurons (..., neurons, weights of one)."""
        shape = (self.size // self._neuron_size, self._neuron_size)
        return self.join_neurons(_checks.array("neurons", neurons, (..., *shape)))

    def kinks(self, X: np.ndarray, w: np.ndarray) -> np.ndarray:
        """Pre-activations of all neurons and inputs, (..., kinks), of checked X and w: kinks are where one is zero."""
        return np.zeros((*w.shape[:-1], 0))

    def slopes(self, kinks: np.ndarray) -> np.ndarray:
        """Slope of the activation at the given pre-activations, of the same shape."""
        return relu_slope(kinks, self.slope)

    def split_neurons(self, w: np.ndarray) -> np.ndarray:
        """`neurons` without its checks."""
        return w.reshape(*w.shape[:-1], -1, self._neuron_size)

    def join_neurons(self, neurons: np.ndarray) -> np.ndarray:
        """`join` without its checks."""
        return neurons.reshape(*neurons.shape[:-2], self.size)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._describe()})"

    def __hash__(self) -> int:
        return hash((type(self), self.size, self.inputs, self.order))


class PoweredReLU(Network):
    """One layer of neurons, H(x; w) = sum_k p_k sigma(x . u_k)^L with sigma(s) = max(s, slope s)."""

    def __init__(
        self,
        neurons: int,
        inputs: int,
        order: int = 3,
        signs: Sequence[float] | None = None,
        slope: float = 0.0,
    ):
        """Fix the signs p_k in {-1, 1} (all +1 unless given), the slope and the order L >= 2."""
        self.inputs, self.order = _checks.count("inputs", inputs), _checks.count("order", order, least=2)
        self.degree = self.order
        count = _checks.count("neurons", neurons)
        self.signs = read_only(np.ones(count) if signs is None else _checks.array("signs", signs, (count,)))
        if not np.isin(self.signs, (-1, 1)).all():
            _checks.fail("signs", list(self.signs), "numbers -1 or 1, one for each neuron")
        self._positive = bool((self.signs > 0).all())
        self.slope = _checks.finite("slope", slope)
        self.size, self._neuron_size, self.smooth = count * self.inputs, self.inputs, True
        self._factor = self.order if self._positive else self.order * self.signs[:, None]

    def kinks(self, X: np.ndarray, w: np.ndarray) -> np.ndarray:
        """All x_i . u_k, neuron by neuron."""
        return (self.split_neurons(w) @ X.T).reshape(*w.shape[:-1], -1)

    def forward(self, X: np.ndarray, w: np.ndarray, slopes: np.ndarray | None = None) -> Forward:
        """Outputs neuron by neuron, and the pullback."""
        s = self.split_neurons(w) @ X.T  # (..., neurons, n)
        slopes = None if slopes is None else slopes.reshape(s.shape)
        active = relu(s, self.slope, slopes)
        lower = active if self.order == 2 else active ** (self.order - 1)

        def pull(z: np.ndarray) -> np.ndarray:
            gain = lower * z[..., None, :]
            if self.slope != 0:
                gain *= relu_slope(s, self.slope, slopes)  # for ReLU sigma = 0 says it all
            return self.join_neurons(self._factor * (gain @ X))

        outputs = lower * active
        return (outputs if self._positive else self.signs[:, None] * outputs), pull

    def _describe(self) -> str:
        return f"neurons={len(self.signs)}, inputs={self.inputs}, order={self.order}, slope={self.slope:g}"


class SquaredReLU(PoweredReLU):
    """Squared ReLU neurons with fixed signs, H(x; w) = sum_k p_k sigma(x . u_k)^2: the network of Figure 1."""

    def __init__(self, neurons: int, inputs: int, signs: Sequence[float] | None = None, slope: float = 0.0):
        """Fix the signs p_k in {-1, 1} (all +1 unless given) and the slope of the inactive side."""
        super().__init__(neurons, inputs, order=2, signs=signs, slope=slope)


class TwoLayerReLU(Network):
    """Two-layer (leaky) ReLU network, H(x; w) = sum_k v_k sigma(x . u_k); w holds (v_k, u_k) neuron by neuron."""

    def __init__(self, neurons: int, inputs: int, slope: float = 0.0):
        """Fix the width, the length of an input and the slope of the inactive side."""
        self.width, self.inputs = _checks.count("neurons", neurons), _checks.count("inputs", inputs)
        self.slope = _checks.finite("slope", slope)
        self._neuron_size = self.inputs + 1
        self.size = self.width * self._neuron_size
        self.smooth = self.slope == 1

    def kinks(self, X: np.ndarray, w: np.ndarray) -> np.ndarray:
        """All x_i . u_k, neuron by neuron."""
        return (self.split_neurons(w)[..., 1:] @ X.T).reshape(*w.shape[:-1], -1)

    def forward(self, X: np.ndarray, w: np.ndarray, slopes: np.ndarray | None = None) -> Forward:
        """Outputs neuron by neuron, and the pullback."""
        neurons = self.split_neurons(w)
        v, u = neurons[..., :1], neurons[..., 1:]
        s = u @ X.T  # (..., neurons, n)
        slopes = None if slopes is None else slopes.reshape(s.shape)
        active = relu(s, self.slope, slopes)

        def pull(z: np.ndarray) -> np.ndarray:
            z = z[..., None, :]
            pull_v = (z * active).sum(axis=-1, keepdims=True)
            pull_u = v * ((z * relu_slope(s, self.slope, slopes)) @ X)
            return self.join_neurons(np.concatenate([pull_v, pull_u], axis=-1))

        return v * active, pull

    def _describe(self) -> str:
        return f"neurons={self.width}, inputs={self.inputs}, slope={self.slope:g}"


class DiagonalLinear(Network):
    """Diagonal linear network, H(x; w) = x . (a * b); w = (a, b), and neuron j is the pair (a_j, b_j)."""

    def __init__(self, inputs: int):
        """Fix the length of an input."""
        self.inputs = _checks.count("inputs", inputs)
        self.size, self._neuron_size, self.smooth = 2 * self.inputs, 2, True

    def split_neurons(self, w: np.ndarray) -> np.ndarray:
        """Pairs (a_j, b_j)."""
        return np.stack([w[..., : self.inputs], w[..., self.inputs :]], axis=-1)

    def join_neurons(self, neurons: np.ndarray) -> np.ndarray:
        """All a, then all b."""
        return np.concatenate([neurons[..., 0], neurons[..., 1]], axis=-1)

    def forward(self, X: np.ndarray, w: np.ndarray, slopes: np.ndarray | None = None) -> Forward:
        """Outputs neuron by neuron, and the pullback."""
        a, b = w[..., : self.inputs], w[..., self.inputs :]

        def pull(z: np.ndarray) -> np.ndarray:
            correlation = z @ X  # (..., inputs)
            return np.concatenate([b * correlation, a * correlation], axis=-1)

        return (a * b)[..., None] * X.T, pull

    def _describe(self) -> str:
        return f"inputs={self.inputs}"


def fitting_inputs(net: Network, X: np.ndarray) -> np.ndarray:
    """`X` as inputs of `net`, or the ValueError that says which of them is wrong."""
    if not isinstance(net, Network):
        _checks.fail("net", repr(net), "a network, such as SquaredReLU(neurons, inputs)")
    return _checks.inputs(X, net.inputs)


def fitting(net: Network, X: np.ndarray, w: np.ndarray, name: str = "w") -> tuple[np.ndarray, np.ndarray]:
    """`X` and `w` as inputs and weights (..., size) of `net`; `name` is what the caller's caller calls `w`."""
    X = fitting_inputs(net, X)
    return X, _checks.array(name, w, (..., net.size), f"shape (..., {net.size}) for {net!r}")


def relu(s: np.ndarray, slope: float, slopes: np.ndarray | None = None) -> np.ndarray:
    """Activation sigma(s) = max(s, slope s), or the linear function with the given slopes."""
    return np.maximum(s, slope * s if slope else 0.0) if slopes is None else slopes * s


def relu_slope(s: np.ndarray, slope: float, slopes: np.ndarray | None = None) -> np.ndarray:
    """Derivative of `relu`; at s = 0 that of s < 0. For slope > 1 the two sides swap."""
    return np.where(s > 0, max(1.0, slope), min(1.0, slope)) if slopes is None else slopes
