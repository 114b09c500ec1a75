"""Deep ReLU networks in which two layers are trained: two-homogeneous in the weights that move."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from homolib import _checks
from homolib._records import read_only
from homolib.problems.networks import Forward, Network, relu, relu_slope


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
            None if index in self.trainable else read_only(np.reshape(np.asarray(layer, dtype=float), shapes[index]))
            for index, layer in enumerate(layers)
        ]
        self._rows = [rows for rows, _ in shapes[:-1]]  # of the hidden layers
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
            rows = shapes[index + 1][1] if rows is None else rows
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
        return self._layer_by_layer(X, w, [None] * (len(self._layers) - 1))[0]

    def _layer_by_layer(self, X: np.ndarray, w: np.ndarray, slopes: list) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Pre-activations of every layer, and what each layer is given."""
        found, given = [], [X]
        for matrix, side in zip(self.matrices(w), [*slopes, None], strict=True):
            found.append(given[-1] @ np.swapaxes(matrix, -1, -2))
            given.append(relu(found[-1], self.slope, side))
        return found, given[:-1]

    def kinks(self, X: np.ndarray, w: np.ndarray) -> np.ndarray:
        """Pre-activations of the hidden layers, layer by layer."""
        hidden = self.preactivations(X, w)[:-1]
        flat = [np.broadcast_to(s, (*w.shape[:-1], *s.shape[-2:])).reshape(*w.shape[:-1], -1) for s in hidden]
        return np.concatenate(flat, axis=-1)

    def forward(self, X: np.ndarray, w: np.ndarray, slopes: np.ndarray | None = None) -> Forward:
        """Outputs neuron by neuron, and the pullback."""
        matrices, held = self.matrices(w), self._split_kinks(len(X), slopes)
        s, given = self._layer_by_layer(X, w, held)

        def pull(z: np.ndarray) -> np.ndarray:
            back, pulls = np.broadcast_to(z, np.broadcast_shapes(z.shape, s[-1].shape[:-1]))[..., None], {}
            for layer in range(len(matrices) - 1, self.trainable[0] - 1, -1):
                if layer in self.trainable:
                    pulls[layer] = np.swapaxes(back, -1, -2) @ given[layer]
                if layer:
                    back = (back @ matrices[layer]) * relu_slope(s[layer - 1], self.slope, held[layer - 1])
            first, second = (pulls[layer].reshape(*back.shape[:-2], -1) for layer in self.trainable)
            return np.concatenate([first, second], axis=-1)

        return np.swapaxes(s[-1], -1, -2), pull

    def _split_kinks(self, n: int, slopes: np.ndarray | None) -> list:
        """What `kinks` puts in a row, layer by layer, each (..., n, rows); None for each layer if there are none."""
        if slopes is None:
            return [None] * len(self._rows)
        parts = np.split(slopes, np.cumsum([n * rows for rows in self._rows])[:-1], axis=-1)
        return [part.reshape(*part.shape[:-1], n, rows) for part, rows in zip(parts, self._rows, strict=True)]

    def _describe(self) -> str:
        return f"{len(self._layers)} layers, trainable={tuple(i + 1 for i in self.trainable)}, slope={self.slope:g}"
