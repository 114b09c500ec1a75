"""A neuron's correlation function on the unit circle, exactly: between two kinks it is one cosine.

For planar inputs, N(theta) = sum_i z_i sigma(x_i . u(theta))^m with u = (cos theta, sin theta) equals
mean + amplitude cos(m (theta - phase)) on every arc between neighbouring kinks, m = 1 for the function G of a
two-layer ReLU neuron and m = 2 for a squared ReLU neuron. So its critical points are found arc by arc, none
missed, and for m = 2 the flow on the circle has a closed form: along an arc ln|tan(theta - phase)| falls at the
constant rate 4 amplitude, and travel times add up.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from homolib import _checks
from homolib._records import Content
from homolib._settings import default_errors
from homolib.clarke.polytopes import distinct_directions, row_norms, unit_rows
from homolib.neuron.circle_flow import EPS, TURN, CircleFlow
from homolib.problems.scales import FOREVER, exponent, restored, times, unit_problem


@dataclass(frozen=True)
class Critical:
    """A point (or, with `arc`, a whole arc) of the circle where zero is in the Clarke subdifferential of N."""

    angle: float
    value: float
    kind: str
    smooth: bool
    residual: float
    arc: tuple[float, float] | None = None


def gathered_by_line(
    X: np.ndarray, z: np.ndarray, slope: float, order: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Inputs gathered by the line they lie on: repeated, parallel and opposite inputs share one kink.

    Returns
    -------
    normal : (k, 2) array
        One unit vector q for each line.
    above, below : (k,) arrays
        N(u) is the sum over lines of (q . u)^order times `above` where q . u > 0 and `below` where q . u < 0.
    size : float
        The sum of the sizes of all terms, before those on one line cancel.
    """
    length = row_norms(X)
    counts = length > 0
    if not counts.any():
        return np.eye(2)[:1], np.zeros(1), np.zeros(1), 0.0
    normal, which, side = distinct_directions(unit_rows(X[counts]))
    on, off = max(1.0, slope) ** order, min(1.0, slope) ** order
    weight = (z * length**order)[counts]
    mirrored = (-1) ** order * weight
    above = np.bincount(which, np.where(side > 0, on * weight, off * mirrored))
    below = np.bincount(which, np.where(side > 0, off * weight, on * mirrored))
    return normal, above, below, float(max(abs(on), abs(off)) * np.abs(weight).sum())


def _angles(name: str, theta: object) -> np.ndarray:
    return _checks.array(name, theta, (...,), "angles")


def _together(name: str, one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both, if they broadcast; `name` is that of the second."""
    try:
        np.broadcast_shapes(one.shape, other.shape)
    except ValueError:
        _checks.fail(name, f"shape {other.shape}", f"one that broadcasts against the shape {one.shape} of theta0")
    return one, other


class Arcs(Content):
    """N(theta) on the unit circle for one neuron with planar inputs; every angle may be an array.

    Attributes
    ----------
    kinks : (k,) array
        Angles in [0, 2 pi), ascending, where a derivative of N jumps; two arbitrary ones where there is none.
    mean, cosine, sine : (k,) arrays
        N / 2**power = mean + cosine cos(m theta) + sine sin(m theta) from each kink to the next.
    power : int
        Makes these numbers of size one, whatever that of the data is.
    """

    @default_errors
    def __init__(self, X: np.ndarray, z: np.ndarray, slope: float = 0.0, sign: float = 1, order: int = 2):
        """Cut the circle at the kinks.

        Parameters
        ----------
        X : (n, 2) array
        z : (n,) array
        slope : float
            Slope of the inactive side of sigma(s) = max(s, slope s).
        sign : {1, -1}
            Sign in front of the neuron.
        order : {1, 2}
            m above.

        Raises
        ------
        ValueError
            If the inputs are not planar, or an argument does not fit.
        """
        X = _checks.inputs(X, 2)  # arcs are for planar inputs
        z, sign = _checks.matching("z", z, X), _checks.choice("sign", sign, (1, -1))
        z, slope = sign * z, _checks.finite("slope", slope)
        self.order = order = _checks.choice("order", _checks.count("order", order), (1, 2))
        X, z, self.power = unit_problem(X, z, order)
        normal, above, below, self._size = gathered_by_line(X, z, slope, order)
        self._zero = (16 + len(X)) * EPS * self._size  # what rounding can make of a slope that is zero
        bent = np.abs(above - below) > self._zero
        self.has_kinks = bool(bent.any())
        tangent = np.stack([-normal[:, 1], normal[:, 0]], axis=1)[bent] if self.has_kinks else np.eye(2)[:1]
        angle = np.arctan2(tangent[:, 1], tangent[:, 0])
        kinks = np.mod(np.concatenate([angle, angle + np.pi]), TURN)
        kinks[kinks > TURN - 1e-14] = 0.0  # rounding, and 0 prints better
        self.kinks = np.sort(kinks)
        self.ends = np.append(self.kinks[1:], self.kinks[0] + TURN)
        middle = (self.kinks + self.ends) / 2
        side = np.where(np.stack([np.cos(middle), np.sin(middle)], axis=1) @ normal.T > 0, above, below)
        x1, x2 = normal.T
        moments = [0 * x1, x1, x2] if order == 1 else [(x1**2 + x2**2) / 2, (x1**2 - x2**2) / 2, x1 * x2]
        self.mean, self.cosine, self.sine = (side @ np.stack(moments, axis=1)).T
        self.amplitude = np.hypot(self.cosine, self.sine)
        self.flat = self.amplitude <= self._zero
        self._seal()

    def __repr__(self) -> str:
        return f"Arcs({len(self.kinks)} arcs, order {self.order}, |N| <= {self._size:.6g} * 2**{self.power})"

    def _content(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in ("order", "kinks", "mean", "cosine", "sine", "power")}

    @property
    def scale(self) -> float:
        """A bound on |N|, and on each sum of terms that makes it: what rounding is measured against."""
        return float(restored(self._size, self.power, "N"))

    @default_errors
    def value(self, theta: np.ndarray) -> np.ndarray:
        """N at the angle theta."""
        return self._natural(self.level(_angles("theta", theta)))

    def level(self, theta: np.ndarray) -> np.ndarray:
        """N / 2**power at the angle theta."""
        arc = self._arc(theta)
        return self.mean[arc] + self._wave(theta, arc, 0)

    @default_errors
    def derivative(self, theta: np.ndarray) -> np.ndarray:
        """dN/dtheta: the speed of the flow on the circle. At a kink, from the right."""
        theta = _angles("theta", theta)
        return self._natural(self._wave(theta, self._arc(theta), 1))

    @default_errors
    def second_derivative(self, theta: np.ndarray) -> np.ndarray:
        """Second derivative of N; at a kink, from the right."""
        theta = _angles("theta", theta)
        return self._natural(self._wave(theta, self._arc(theta), 2))

    @default_errors
    def critical_points(self) -> list[Critical]:
        """All critical points, by angle: smooth ones, kinks whose one-sided slopes enclose zero, flat arcs.

        Kinds are "max", "min", "saddle" (N rises or falls on both sides) and "flat" (N is constant on `arc`,
        a pair of angles; `angle` is its middle).
        """
        at, segment_of, critical, sign = self.cut
        if not sign.any():
            return [Critical(0.0, self._height(self.level(0.0)), "flat", True, 0.0, (0.0, TURN))]
        found = []
        for node in np.flatnonzero(critical):
            before, after = sign[node - 1], sign[node]
            if after == 0 and before != 0:
                found.append(self._flat_arc(node))
            if before != 0 and after != 0:
                kind = {(1, -1): "max", (-1, 1): "min"}.get((int(before), int(after)), "saddle")
                found.append(self._point(at[node], segment_of[node - 1], segment_of[node], kind))
        return sorted(found, key=lambda point: point.angle)

    def is_zero(self, value: float) -> bool:
        """Whether a value of N, or a slope, is zero up to the rounding of the sums that make it."""
        return bool(abs(times(_checks.finite("value", value), -self.power)) <= self._zero)

    def gradients(self) -> np.ndarray:
        """Gradients of G on the cones, (k, 2) (order 1): the corners of its Clarke subdifferential at zero."""
        return self._natural(np.stack([self.cosine, self.sine], axis=1))

    @default_errors
    def zeros(self) -> np.ndarray:
        """Angles where G = 0, ascending, without whole arcs and their ends (order 1)."""
        count = len(self.kinks)
        left, right = self._wave(self.kinks, np.arange(count) - 1, 0), self._wave(self.kinks, np.arange(count), 0)
        _, inside = self._roots(np.arctan2(self.sine, self.cosine) + np.pi / 2, right, np.roll(left, -1))
        alone = (np.abs(right) <= self._zero) & ~self.flat & ~np.roll(self.flat, 1)
        return np.sort(np.concatenate([np.mod(inside, TURN), self.kinks[alone]]))

    @default_errors
    def travel(self, theta0: np.ndarray, theta1: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Time from theta0 to theta1 on the circle and the growth of ln|u| on the way (order 2).

        Negative where the flow passes theta1 before theta0.

        Raises
        ------
        ValueError
            If a critical point lies between the two angles: no flow goes from one to the other.
        """
        theta0, theta1 = _together("theta1", _angles("theta0", theta0), _angles("theta1", theta1))
        time, gain = self._flow.travel(theta0, theta1)
        return restored(time, -self.power, "the time of travel"), gain

    @default_errors
    def flow(self, theta0: np.ndarray, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Angle at time t of the flow theta' = dN/dtheta from theta0, and the growth of ln|u| (order 2).

        Parameters
        ----------
        theta0, t : arrays that broadcast against each other

        Returns
        -------
        theta, gain : arrays of the broadcast shape
            Angles in [0, 2 pi); d gain / dt = 2 N(theta). A start on a critical point stays there.
        """
        theta0, t = _together("t", _angles("theta0", theta0), _checks.array("t", t, (...,), "times"))
        if exponent(t) + self.power > FOREVER:
            _checks.fail("t", t, "an earlier time: beyond, log-norms leave the range of floats")
        return self._flow.flow(theta0, times(t, self.power))

    @cached_property
    def _flow(self) -> CircleFlow:
        if self.order != 2:
            _checks.fail("order", self.order, "order 2: the flow of a squared ReLU neuron")
        return CircleFlow(self.cut, self.mean, self.cosine, self.sine, self.level)

    def _point(self, angle: float, left: int, right: int, kind: str) -> Critical:
        slopes = self._wave(angle, left, 1), self._wave(angle, right, 1)
        residual = max(0.0, float(min(slopes)), -float(max(slopes)))
        smooth = bool(left == right) or self.order > 1 or not self.has_kinks
        value = self._height(self.mean[right] + self._wave(angle, right, 0))
        return Critical(float(angle), value, kind, smooth, float(times(residual, self.power)))

    def _flat_arc(self, node: int) -> Critical:
        at, segment_of, _, sign = self.cut
        last = node
        while sign[(last + 1) % len(at)] == 0:
            last += 1
        a, b = at[node], at[(last + 1) % len(at)]
        b = b if b > a else b + TURN
        middle, arc = np.mod((a + b) / 2, TURN), segment_of[node]
        value, residual = self._height(self.mean[arc]), float(times(self.amplitude[arc], self.power))
        return Critical(float(middle), value, "flat", True, residual, (float(a), float(b)))

    def _height(self, level: float) -> float:
        """A value of N; zero where it is rounding."""
        return float(self._natural(level)) if abs(level) > self._zero else 0.0

    def _natural(self, values: np.ndarray) -> np.ndarray:
        """N, or a derivative of it, from its 2**-power."""
        return restored(values, self.power, "N", size=self._size)

    def _arc(self, theta: np.ndarray) -> np.ndarray:
        """Index of the arc that holds theta; -1, the last one, holds the angles before the first kink."""
        return np.searchsorted(self.kinks, np.mod(theta, TURN), side="right") - 1

    def _wave(self, theta: np.ndarray, arc: np.ndarray, derivative: int) -> np.ndarray:
        """The part of N that varies, or a derivative of it, on the given arcs."""
        m, angle = self.order, self.order * np.asarray(theta, dtype=float)
        if derivative == 1:
            return m * (self.sine[arc] * np.cos(angle) - self.cosine[arc] * np.sin(angle))
        wave = self.cosine[arc] * np.cos(angle) + self.sine[arc] * np.sin(angle)
        return wave if derivative == 0 else -(m**2) * wave

    @cached_property
    def cut(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Kinks and smooth critical points: angle; arc on the right; whether critical; sign of N' on the right."""
        count = len(self.kinks)
        left, right = self._wave(self.kinks, np.arange(count) - 1, 1), self._wave(self.kinks, np.arange(count), 1)
        touches = (np.minimum(left, right) <= self._zero) & (np.maximum(left, right) >= -self._zero)
        phase = np.arctan2(self.sine, self.cosine) / self.order
        arcs, roots = self._roots(phase, right, np.roll(left, -1))
        at = np.concatenate([self.kinks, np.mod(roots, TURN)])
        segment_of = np.concatenate([np.arange(count), arcs])
        critical = np.concatenate([touches, np.ones(len(roots), dtype=bool)])
        ranked = np.argsort(at, kind="stable")
        at, segment_of, critical = at[ranked], segment_of[ranked], critical[ranked]
        middle = at + np.diff(at, append=at[0] + TURN) / 2
        sign = np.where(self.flat[segment_of], 0, np.sign(self._wave(middle, segment_of, 1))).astype(int)
        return at, segment_of, critical, sign

    def _roots(self, one: np.ndarray, at_start: np.ndarray, at_end: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Zeros inside the arcs of a wave with a zero at the angle `one`: (indices of the arcs, angles).

        Where the wave is zero at an end of the arc up to rounding, the end is the zero and not listed.
        """
        spacing = np.pi / self.order
        nearest = self.kinks + np.mod(one - self.kinks, spacing)
        roots = nearest[:, None] + spacing * np.arange(self.order + 1)
        a, b = self.kinks[:, None], self.ends[:, None]
        inside = (roots > a) & (roots < b) & ~self.flat[:, None]
        inside &= ~((np.abs(at_start) <= self._zero)[:, None] & (roots - a < spacing / 4))
        inside &= ~((np.abs(at_end) <= self._zero)[:, None] & (b - roots < spacing / 4))
        arcs, _ = np.nonzero(inside)
        return arcs, roots[inside]
