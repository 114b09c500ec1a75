"""Homogeneous networks: what they compute (`outputs`) and how numbers on the outputs pull at the weights (`pullback`).

A network is a sum of neurons that share no weights, H(x; w) = sum_k H_k(x; w_k). Flows need no more than the
two maps and the split into neurons; everything else in the library is built on them. Each network implements
one method, `_parts`: the outputs neuron by neuron, and the pullback as a function that reuses their work.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from homolib import _checks

# Outputs neuron by neuron, (..., neurons, n), and the map from z to the pullback.
Parts = tuple[np.ndarray, Callable[[np.ndarray], np.ndarray]]


class Network:
    """What all networks have in common.

    Attributes
    ----------
    order : int
        Order of homogeneity L: H(x; c w) = c^L H(x; w) for c >= 0.
    size : int
        Number of weights.
    inputs : int
        Length of an input.
    smooth : bool
        Whether the gradient is locally Lipschitz, so that every flow is unique.
    """

    order: int = 2
    size: int
    inputs: int
    smooth: bool

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
            If the shape of `X` or `w` does not fit the network, or a number is not finite.
        """
        X, w = fitting(self, X, w)
        return self._parts(X, w)[0].sum(axis=-2)

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
            If the shape of `X`, `w` or `z` does not fit, or a number is not finite.
        """
        X, w = fitting(self, X, w)
        z = _checks.array("z", z, (..., len(X)), f"shape (..., {len(X)}), one number for each row of X")
        return self._parts(X, w)[1](z)

    def neurons(self, w: np.ndarray) -> np.ndarray:
        """Weights neuron by neuron, (..., neurons, weights of one), a view where it can be; `join` is the inverse."""
        return self._split(_checks.array("w", w, (..., self.size), f"shape (..., {self.size}) for {self!r}"))

    def join(self, neurons: np.ndarray) -> np.ndarray:
        """Weight vectors (..., size) from neurons (..., neurons, weights of one)."""
        shape = (self.size // self._neuron_size, self._neuron_size)
        return self._join(_checks.array("neurons", neurons, (..., *shape)))

    def _split(self, w: np.ndarray) -> np.ndarray:
        return w.reshape(*w.shape[:-1], -1, self._neuron_size)

    def _join(self, neurons: np.ndarray) -> np.ndarray:
        return neurons.reshape(*neurons.shape[:-2], self.size)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._describe()})"


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
        count = _checks.count("neurons", neurons)
        self.signs = np.ones(count) if signs is None else _checks.array("signs", signs, (count,))
        if not np.isin(self.signs, (-1, 1)).all():
            _checks.fail("signs", list(self.signs), "numbers -1 or 1, one for each neuron")
        self._positive = bool((self.signs > 0).all())
        self.slope = _checks.finite("slope", slope)
        self.size, self._neuron_size, self.smooth = count * self.inputs, self.inputs, True
        self._factor = self.order if self._positive else self.order * self.signs[:, None]

    def _parts(self, X: np.ndarray, w: np.ndarray) -> Parts:
        s = self._split(w) @ X.T  # (..., neurons, n)
        active = _sigma(s, self.slope)
        lower = active if self.order == 2 else active ** (self.order - 1)

        def pull(z: np.ndarray) -> np.ndarray:
            gain = lower * z[..., None, :]
            if self.slope != 0:
                gain *= _sigma_slope(s, self.slope)  # for ReLU sigma = 0 says it all
            return self._join(self._factor * (gain @ X))

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

    def _parts(self, X: np.ndarray, w: np.ndarray) -> Parts:
        neurons = self._split(w)
        v, u = neurons[..., :1], neurons[..., 1:]
        s = u @ X.T  # (..., neurons, n)
        active = _sigma(s, self.slope)

        def pull(z: np.ndarray) -> np.ndarray:
            z = z[..., None, :]
            pull_v = (z * active).sum(axis=-1, keepdims=True)
            pull_u = v * ((z * _sigma_slope(s, self.slope)) @ X)
            return self._join(np.concatenate([pull_v, pull_u], axis=-1))

        return v * active, pull

    def _describe(self) -> str:
        return f"neurons={self.width}, inputs={self.inputs}, slope={self.slope:g}"


class DiagonalLinear(Network):
    """Diagonal linear network, H(x; w) = x . (a * b); w = (a, b), and neuron j is the pair (a_j, b_j)."""

    def __init__(self, inputs: int):
        """Fix the length of an input."""
        self.inputs = _checks.count("inputs", inputs)
        self.size, self._neuron_size, self.smooth = 2 * self.inputs, 2, True

    def _split(self, w: np.ndarray) -> np.ndarray:
        return np.stack([w[..., : self.inputs], w[..., self.inputs :]], axis=-1)

    def _join(self, neurons: np.ndarray) -> np.ndarray:
        return np.concatenate([neurons[..., 0], neurons[..., 1]], axis=-1)

    def _parts(self, X: np.ndarray, w: np.ndarray) -> Parts:
        a, b = w[..., : self.inputs], w[..., self.inputs :]

        def pull(z: np.ndarray) -> np.ndarray:
            correlation = z @ X  # (..., inputs)
            return np.concatenate([b * correlation, a * correlation], axis=-1)

        return (a * b)[..., None] * X.T, pull

    def _describe(self) -> str:
        return f"inputs={self.inputs}"


class DeepReLU(Network):
    """Deep (leaky) ReLU network in which exactly two layers are trained, neighbours or not.

    Layer l computes h_l = sigma(W_l h_(l-1)); the last is linear and has one row. Two trained layers make
    the output homogeneous of order two, however many frozen ones there are. It is a single neuron: one
    trained matrix multiplies the other, so the weights do not split.
    """

    def __init__(self, frozen: Sequence[object], trainable: tuple[int, int], slope: float = 0.0):
        """Give every layer in order, first to last.

        Parameters
        ----------
        frozen : sequence
            One entry a layer: the matrix (rows, columns) of a frozen layer; for a trainable layer its
            shape ``(rows, columns)``, or None where the layers beside it fix both.
        trainable : (int, int)
            The two trainable layers, counted from 1.
        slope : float
            Slope of the inactive side.

        Raises
        ------
        ValueError
            If there are not exactly two trainable layers, or shapes do not chain, or the last layer has
            more than one row.
        """
        wanted = "a sequence with one entry a layer, at least two"
        layers = list(_checks.instance("frozen", frozen, Sequence, wanted))
        if isinstance(frozen, str) or len(layers) < 2:
            _checks.fail("frozen", repr(frozen), wanted)
        wanted = f"two different layers between 1 and {len(layers)}"
        trained = {
            _checks.count("trainable", one) for one in _checks.instance("trainable", trainable, Sequence, wanted)
        }
        if len(trainable) != 2 or len(trained) != 2 or max(trained) > len(layers):
            _checks.fail("trainable", trainable, wanted)
        self.trainable = tuple(sorted(layer - 1 for layer in trained))
        self.slope = _checks.finite("slope", slope)
        shapes = self._shapes(layers)
        self._layers = [
            None if index in self.trainable else np.reshape(np.asarray(layer, dtype=float), shapes[index])
            for index, layer in enumerate(layers)
        ]
        self._shape_of = [shapes[index] for index in self.trainable]
        self.inputs = shapes[0][1]
        self.size = self._neuron_size = sum(rows * columns for rows, columns in self._shape_of)
        self.smooth = self.slope == 1

    def _shapes(self, layers: list[object]) -> list[tuple[int, int]]:
        """Shape of every layer, with what None leaves open filled in from the neighbours."""
        shapes = [self._shape(index, layer) for index, layer in enumerate(layers)]
        if shapes[-1][0] is None:
            shapes[-1] = (1, shapes[-1][1])
        for index, (rows, columns) in enumerate(shapes):
            rows = shapes[index + 1][1] if rows is None and index + 1 < len(shapes) else rows
            columns = shapes[index - 1][0] if columns is None and index > 0 else columns
            if rows is None or columns is None:
                _checks.fail("frozen", f"None for layer {index + 1}", "its shape: the layers beside it leave it open")
            shapes[index] = (rows, columns)
        for index in range(1, len(shapes)):
            if shapes[index][1] != shapes[index - 1][0]:
                _checks.fail("frozen", f"shapes {shapes}", f"layer {index + 1} with {shapes[index - 1][0]} columns")
        if shapes[-1][0] != 1:
            _checks.fail("frozen", f"a last layer with {shapes[-1][0]} rows", "one row: the output is a number")
        return shapes

    def _shape(self, index: int, layer: object) -> tuple[int | None, int | None]:
        if index not in self.trainable:
            matrix = np.atleast_2d(_checks.array(f"frozen[{index}]", layer, (...,), "a matrix for a frozen layer"))
            return matrix.shape
        if layer is None:
            return None, None
        shape = layer if np.ndim(layer) == 1 else np.shape(layer)
        if len(shape) != 2:
            _checks.fail(f"frozen[{index}]", layer, "the shape (rows, columns) of a trainable layer")
        return _checks.count(f"frozen[{index}] rows", shape[0]), _checks.count(f"frozen[{index}] columns", shape[1])

    def matrices(self, w: np.ndarray) -> list[np.ndarray]:
        """All layers as matrices; the trained ones (..., rows, columns) are views of `w`, first layer first."""
        (rows, columns), second = self._shape_of
        cut = rows * columns
        parts = (w[..., :cut].reshape(*w.shape[:-1], rows, columns), w[..., cut:].reshape(*w.shape[:-1], *second))
        trained = dict(zip(self.trainable, parts, strict=True))
        return [trained.get(index, layer) for index, layer in enumerate(self._layers)]

    def preactivations(self, X: np.ndarray, w: np.ndarray) -> list[np.ndarray]:
        """W_l h_(l-1) for every layer, each (..., n, rows); the last is the output."""
        h, found = X, []
        for matrix in self.matrices(w):
            found.append(h @ np.swapaxes(matrix, -1, -2))
            h = _sigma(found[-1], self.slope)
        return found

    def _parts(self, X: np.ndarray, w: np.ndarray) -> Parts:
        matrices, s = self.matrices(w), self.preactivations(X, w)

        def pull(z: np.ndarray) -> np.ndarray:
            back, pulls = np.broadcast_to(z, s[-1].shape[:-1])[..., None], {}
            for layer in range(len(matrices) - 1, self.trainable[0] - 1, -1):
                below = _sigma(s[layer - 1], self.slope) if layer else X
                if layer in self.trainable:
                    pulls[layer] = np.swapaxes(back, -1, -2) @ below
                if layer:
                    back = (back @ matrices[layer]) * _sigma_slope(s[layer - 1], self.slope)
            return np.concatenate([pulls[layer].reshape(*w.shape[:-1], -1) for layer in self.trainable], axis=-1)

        return np.swapaxes(s[-1], -1, -2), pull

    def _describe(self) -> str:
        return f"{len(self._layers)} layers, trainable={tuple(i + 1 for i in self.trainable)}, slope={self.slope:g}"


def fitting_inputs(net: Network, X: np.ndarray) -> np.ndarray:
    """`X` as inputs of `net`, or the ValueError that says which of them is wrong."""
    if not isinstance(net, Network):
        _checks.fail("net", repr(net), "a network, such as SquaredReLU(neurons, inputs)")
    return _checks.inputs(X, net.inputs)


def fitting(net: Network, X: np.ndarray, w: np.ndarray, name: str = "w") -> tuple[np.ndarray, np.ndarray]:
    """`X` and `w` as inputs and weights (..., size) of `net`; `name` is what the caller's caller calls `w`."""
    X = fitting_inputs(net, X)
    return X, _checks.array(name, w, (..., net.size), f"shape (..., {net.size}) for {net!r}")


def _sigma(s: np.ndarray, slope: float) -> np.ndarray:
    return np.maximum(s, slope * s if slope else 0.0)


def _sigma_slope(s: np.ndarray, slope: float) -> np.ndarray:
    """Derivative of max(s, slope s), the side of s < 0 at s = 0; for slope > 1 the two sides swap."""
    return np.where(s > 0, max(1.0, slope), min(1.0, slope))
