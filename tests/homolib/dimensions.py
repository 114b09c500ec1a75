"""Dimensions: how the arguments of a function and its answer change at X -> a X, z -> b z, w -> c w.

Of each kind of answer there is a list of its parts, each with its dimension.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

import homolib as hl

Dimension = tuple[float, ...]  # exponents of a, b, c
NONE = (0.0, 0.0, 0.0)
X_, Z_, W_ = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)


class Log(tuple):
    """Dimension of a quantity whose natural logarithm is given."""


def dim(*terms: tuple[float, Dimension]) -> Dimension:
    """Product of powers of dimensions."""
    return tuple(sum(factor * one[i] for factor, one in terms) for i in range(3))


def power(dimension: Dimension, scale: tuple[int, ...]) -> int:
    total = sum(e * s for e, s in zip(dimension, scale, strict=True))
    assert total == round(total)
    return round(total)


@dataclass
class Units:
    """Dimensions in a problem with outputs H of order `degree` in X and `order` in w."""

    degree: int = 1
    order: int = 2
    z: Dimension = Z_
    w: Dimension = W_

    @property
    def rate(self) -> Dimension:
        """Of N on the unit sphere."""
        return dim((self.degree, X_), (1, self.z))

    @property
    def time(self) -> Dimension:
        return dim((-1, self.rate), (2 - self.order, self.w))

    def out(self, in_w: int) -> Dimension:
        """Of N, of its gradient, ..."""
        return dim((1, self.rate), (in_w, self.w))


def free(net: object) -> Units:
    """Labels and weights have scales of their own: the neural correlation."""
    return Units(net.order if isinstance(net, hl.PoweredReLU) else 1, net.order)


def trained(net: object) -> Units:
    """Outputs and labels have one scale, and this fixes that of the weights."""
    one = free(net)
    return Units(one.degree, one.order, Z_, dim((-one.degree / one.order, X_), (1 / one.order, Z_)))


def of_unit_size(net: object) -> Units:
    """The same where weights of size one are meant."""
    one = free(net)
    return Units(one.degree, one.order, dim((one.degree, X_)), NONE)


NEURON, SQUARED_NEURON = Units(1, 2), Units(2, 2)


# What of an answer is compared: pairs (dimension, numbers), or (None, what has to be equal).


def path(units: Units) -> Callable:
    def parts(result):
        events = result.events if isinstance(result.events, (list, tuple)) else []
        found = [(units.time, result.t), (NONE, result.direction), (Log(units.w), result.log_norm)]
        if result.loss is not None:
            found.append((dim((2, units.z)), result.loss))
        found += [(units.time, [e.time for e in events]), (None, [(e.kind, e.kink) for e in events])]
        return [*found, (NONE, result.interpolate(result.t[[0, len(result.t) // 2, -1]])[0])]

    return parts


def paths(units: Units) -> Callable:
    return lambda results: [(None, len(results)), *(part for result in results for part in path(units)(result))]


def tree(units: Units) -> Callable:
    def parts(node):
        own = [*path(units)(node.path), (None, (node.waiting, node.branches, len(node.children)))]
        return own + [part for child in node.children for part in parts(child)]

    return parts


def kkt(rate: Dimension) -> Callable:
    def parts(points):
        values = np.array([p.value for p in points])
        assert (np.diff(values) <= 1e-9 * np.abs(values).max(initial=0)).all(), f"not greatest value first: {values}"
        return [
            (None, (len(points), points.complete, [(p.kind, p.smooth) for p in points])),
            (rate, values),
            (rate, [p.multiplier for p in points]),
            (NONE, [p.direction for p in points]),
            (NONE, [(p.angle or 0.0, *(p.arc or (0.0, 0.0))) for p in points]),
        ]

    return parts


def fates(units: Units) -> Callable:
    def parts(f):
        flags = [getattr(f, name).tolist() for name in ("branched", "slid", "flipped", "died", "undecided", "events")]
        finite = np.isfinite(f.log_norm)
        return [
            (None, (flags, finite.tolist(), np.isfinite(f.time).tolist())),
            (units.time, f.time[np.isfinite(f.time)]),
            (NONE, f.direction),
            (Log(units.w), f.log_norm[finite]),
        ]

    return parts


def polytope(dimension: Dimension) -> Callable:
    return lambda s: [
        (dimension, s.vertices),
        (dimension, s.min_norm()),
        (dimension, s.distance(np.zeros(s.size))),
        (dimension, s.support(np.ones(s.size))),
    ]


def verdict(units: Units) -> Callable:
    return lambda v: [(None, (bool(v), v.kink)), (units.time, [] if v.time is None else [v.time])]


def plain(dimension: Dimension) -> Callable:
    return lambda result: [(dimension, result)]


def same(result: object) -> list:
    return [(None, np.asarray(result).tolist())]


def fields(**dimensions: Dimension) -> Callable:
    """Attributes or entries of the answer, each with its dimension."""

    def parts(result):
        values = result.values if isinstance(result, hl.bounds.Report) else vars(result)
        found = [(d, values[key]) for key, d in dimensions.items() if values[key] is not None]
        if isinstance(result, hl.bounds.Report):
            found.append((None, [(row.name.split(" at radius")[0], row.holds) for row in result.rows]))
        return found

    return parts


def stairs(units: Units, points: Dimension) -> Callable:
    def parts(s):
        found = (s.woken, s.asleep, [(tie.units, tie.kind) for tie in s.ties])
        return [(None, found), (units.time, s.times), (dim((2, units.z)), s.losses), (points, s.points)]

    return parts
