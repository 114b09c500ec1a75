"""The flow of one neuron on a straight segment of its polygon, in closed form.

With s = sign v and dtau = |v| dt, u moves with a constant velocity w = du/dtau. Then (|v|, u . w/|w|)
turns hyperbolically at the rate |w|, the rest of u is constant, and the next event is a root of linear
equations in tau.
"""

from __future__ import annotations

import math
from copy import copy
from dataclasses import dataclass, fields, replace

import numpy as np

from homolib import _checks
from homolib.clarke.hinge_sums import TOL, HingeSum

EPS = float(np.finfo(float).eps)


@dataclass(frozen=True, eq=False)
class State:
    """Weights exp(log_scale) (sign * v, u) at a time, v >= 0; `sign` 0 is rest at v = G(u) = 0.

    `invariant` is v^2 - |u|^2, exactly 0 if balanced; `side` (..., K) the side of every kink, 0 on it.
    All fields may carry leading axes: independent runs.
    """

    time: np.ndarray
    log_scale: np.ndarray
    sign: np.ndarray
    v: np.ndarray
    u: np.ndarray
    invariant: np.ndarray
    side: np.ndarray

    def __getitem__(self, rows: object) -> State:
        """Some of the independent runs."""
        return State(*(getattr(self, field.name)[rows] for field in fields(self)))

    def rescaled(self) -> State:
        """The same weights with v^2 + |u|^2 = 1: their squares neither overflow nor underflow."""
        size = np.hypot(self.v, np.linalg.norm(self.u, axis=-1))
        log_scale, invariant = self.log_scale + np.log(size), self.invariant / size / size
        return replace(self, log_scale=log_scale, v=self.v / size, u=self.u / size[..., None], invariant=invariant)


@dataclass(frozen=True, eq=False)
class Meeting:
    """What comes next: after the length tau (inf: nothing), the kinks met (..., K), whether v = 0 or u = 0."""

    tau: np.ndarray
    kinks: np.ndarray
    flip: np.ndarray
    origin: np.ndarray


class Segment:
    """One side of the polygon: from the state `start` with the constant velocity `w` = du/dtau.

    Attributes
    ----------
    rate : (...) array
        |w|, the rate of the hyperbolic rotation.
    along, across : (...) and (..., d) arrays
        Component of u along w, and the constant rest (exactly 0 if u is parallel to w).
    turn : (...) array
        v^2 - along^2 = invariant + |across|^2, constant. If negative, v can reach 0.
    grows, decays : (...) arrays
        v + along and v - along: they go like exp(+-rate t), and their product is `turn`.
    """

    def __init__(self, start: State, w: np.ndarray) -> None:
        self.start, self.w, self.rate = start, w, np.linalg.norm(w, axis=-1)
        self.unit = w / np.where(self.rate > 0, self.rate, 1.0)[..., None]
        self.along = np.sum(self.unit * start.u, axis=-1)
        across = start.u - self.along[..., None] * self.unit
        # not <=: beside a large v, both squares may be zero
        parallel = np.linalg.norm(across, axis=-1) < 4 * TOL * np.linalg.norm(start.u, axis=-1)
        self.across = np.where(parallel[..., None], 0.0, across)
        self.turn = start.invariant + np.sum(self.across**2, axis=-1)
        sure = start.v + np.abs(self.along)  # no cancellation; the other one follows from the product
        other = self.turn / np.where(sure > 0, sure, 1.0)
        outward = self.along > 0
        self.grows, self.decays = np.where(outward, sure, other), np.where(outward, other, sure)

    def __getitem__(self, rows: object) -> Segment:
        """Some of the independent runs."""
        some = copy(self)
        vars(some).update({name: value[rows] for name, value in vars(self).items()})
        return some

    def last(self, until: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Directions and log-norms at the times `until`; where that is infinite, their limits."""
        seen = np.where(np.isinf(until), self.start.time + 1e3 / np.where(self.rate > 0, self.rate, 1.0), until)
        direction, size = self.weights(seen)
        limit = np.isinf(until) & (self.rate > 0) & ~((self.grows == 0) & self.across.any(axis=-1))
        return direction, np.where(limit, np.where(self.grows != 0, np.inf, -np.inf), size)

    def weights(self, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Directions (..., d + 1) and log-norms (...) of (v, u) at the times `t`, broadcast against the runs."""
        start, x = self.start, self.rate * (t - self.start.time)
        # The largest factor is split off; the others are at most 1, whatever t is.
        shift = np.where(self.grows != 0, x, np.where(self.across.any(axis=-1), 0.0, -x))
        up = self.grows * np.exp(np.minimum(x - shift, 0.0)) / 2
        down = self.decays * np.exp(-x - shift) / 2
        u = (up - down)[..., None] * self.unit + np.exp(-np.maximum(shift, 0.0))[..., None] * self.across
        parts = np.concatenate([(start.sign * (up + down))[..., None], u], axis=-1)
        norm = np.linalg.norm(parts, axis=-1)
        return parts / norm[..., None], start.log_scale + shift + np.log(norm)

    def end(self, meeting: Meeting) -> tuple[np.ndarray, np.ndarray]:
        """(v, along) at the next event; where v = 0, not from tau: the root would turn 1e-16 into 1e-8."""
        along = np.where(meeting.flip, -np.sqrt(np.maximum(-self.turn, 0.0)), self.along + self.rate * meeting.tau)
        return np.where(meeting.flip, 0.0, np.sqrt(np.maximum(self.turn + along * along, 0.0))), along

    def duration(self, meeting: Meeting) -> np.ndarray:
        """Time to the next event: the logarithm by which v + along grows, or v - along decays."""
        v, (v_end, end), moved = self.start.v, self.end(meeting), self.rate * meeting.tau
        with np.errstate(divide="ignore", invalid="ignore"):  # of each pair, only the half that does not cancel is used
            lean = (self.along + end) / (v + v_end)
            growth = moved * (1 + lean) / self.grows
            decay = moved * (1 - lean) / np.where(end <= 0, v_end - end, self.turn / (v_end + end))
            return np.log1p(np.where(lean >= 0, growth, decay)) / self.rate

    def meeting(self, hinges: HingeSum) -> Meeting:
        """The next event.

        Only kinks that u is off and moves towards can be met. On which side u is, is never read from u again:
        just after a crossing its sign would be rounding.
        """
        r, p, start = self.rate, self.along, self.start
        inward = p < 0
        radial = inward & ~self.across.any(axis=-1)  # straight towards u = 0; balanced, it takes for ever
        origin = radial & (start.invariant > 0) & (len(hinges.jumps) > 0)
        height, speed = start.side * (start.u @ hinges.normals.T), -start.side * (self.w @ hinges.normals.T)
        floor = np.where(radial, np.inf, np.maximum(TOL * r, 8 * EPS * hinges.size))
        ahead = speed > floor[..., None]
        with np.errstate(divide="ignore", invalid="ignore"):
            flip = np.where(inward & (self.turn < 0), start.v**2 / (r * (np.sqrt(np.abs(self.turn)) - p)), np.inf)
            tau = np.maximum(np.where(ahead, height / speed, np.inf).min(axis=-1, initial=np.inf), 0.0)
            tau = np.where(origin, -p / r, np.minimum(tau, flip))
            finite = np.isfinite(tau)
            reach = np.where(finite, TOL * (np.linalg.norm(start.u, axis=-1) + r * tau), -1.0)  # never: meets nothing
            met = ahead & (height - tau[..., None] * speed <= reach[..., None])
            flips = finite & ((flip - tau) * r <= reach)
        return Meeting(tau, met | origin[..., None], flips, origin)

    def state_at(self, meeting: Meeting) -> State:
        """State at the next event: the kinks met have side 0, and v has its new sign."""
        start = self.start
        u = np.where(meeting.origin[..., None], 0.0, start.u + meeting.tau[..., None] * self.w)
        return State(
            time=start.time + self.duration(meeting),
            log_scale=start.log_scale,
            sign=np.where(meeting.flip, -start.sign, start.sign),
            v=self.end(meeting)[0],
            u=u,
            invariant=np.where(meeting.flip, -np.sum(u * u, axis=-1), start.invariant),
            side=np.where(meeting.kinks, 0, start.side),
        ).rescaled()

    def stopped(self, t: float) -> State:
        """State at the time `t` on this segment; for t = inf, the one at its start."""
        if t == math.inf:
            return replace(self.start, time=np.full_like(self.start.time, t))
        direction, log_norm = self.weights(t)
        shrink = np.exp(np.minimum(2 * (self.start.log_scale - log_norm), 700.0))
        return replace(
            self.start,
            time=np.full_like(self.start.time, t),
            log_scale=log_norm,
            v=np.abs(direction[..., 0]),
            u=direction[..., 1:],
            invariant=self.start.invariant * shrink,
        )


def start_state(hinges: HingeSum, v0: object, u0: object) -> State:
    """Check starts v0 (...) and u0 (..., d), and make them a `State`."""
    v0 = _checks.array("v0", v0, (...,))
    u0 = _checks.array("u0", u0, (*v0.shape, hinges.normals.shape[1]))
    _checks.nonzero("(v0, u0)", np.concatenate([v0[..., None], u0], axis=-1))
    top = np.abs(u0).max(axis=-1)
    size, shape = np.maximum(np.abs(v0), top), u0 / np.where(top > 0, top, 1.0)[..., None]
    v, u = np.abs(v0) / size, u0 / size[..., None]
    length, side = np.linalg.norm(shape, axis=-1), hinges.side(shape)
    square = (length * (top / size)) ** 2
    invariant = np.where(np.abs(v * v - square) > TOL * square, v * v - square, 0.0)
    value = np.sum(hinges.gradient(side) * shape, axis=-1)
    resting = (v == 0) & (np.abs(value) <= TOL * hinges.size * length)
    sign = np.where(resting, 0, np.where(v0 != 0, np.sign(v0), np.sign(value))).astype(int)
    return State(np.zeros_like(v), np.log(size), sign, v, u, invariant, side).rescaled()
