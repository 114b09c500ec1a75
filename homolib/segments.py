"""The flow of one neuron on a straight segment of its polygon, in closed form.

With s = sign v and dtau = |v| dt, u moves with a constant velocity w = du/dtau. Then (|v|, u . w/|w|)
turns hyperbolically at the rate |w|, the rest of u is constant, and the next event is a root of linear
equations in tau.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from . import _checks
from .hinges import TOL, HingeSum

EPS = float(np.finfo(float).eps)


@dataclass(frozen=True)
class State:
    """Weights exp(log_scale) (sign * v, u) at a time, v >= 0; `sign` 0 is rest at v = G(u) = 0.

    `invariant` is v^2 - |u|^2, exactly 0 if balanced; `side` (K,) the side of every kink, 0 on it.
    """

    time: float
    log_scale: float
    sign: int
    v: float
    u: np.ndarray
    invariant: float
    side: np.ndarray

    def rescaled(self) -> State:
        """The same weights with v^2 + |u|^2 = 1: their squares neither overflow nor underflow."""
        size = math.hypot(self.v, *self.u)
        log_scale, invariant = self.log_scale + math.log(size), self.invariant / size / size
        return replace(self, log_scale=log_scale, v=self.v / size, u=self.u / size, invariant=invariant)


@dataclass(frozen=True)
class Meeting:
    """What comes next on a segment: after the length tau, the kinks met, whether v = 0 or u = 0."""

    tau: float
    kinks: np.ndarray
    flip: bool = False
    origin: bool = False


class Segment:
    """One side of the polygon: from the state `start` with the constant velocity `w` = du/dtau.

    Attributes
    ----------
    rate : float
        |w|, the rate of the hyperbolic rotation.
    along, across : float and (d,) array
        Component of u along w, and the constant rest (exactly 0 if u is parallel to w).
    turn : float
        v^2 - along^2 = invariant + |across|^2, constant. If negative, v can reach 0.
    """

    def __init__(self, start: State, w: np.ndarray) -> None:
        self.start, self.w, self.rate = start, w, float(np.linalg.norm(w))
        self.along, self.across = 0.0, start.u
        if self.rate > 0:
            self.along = float(w @ start.u) / self.rate
            self.across = start.u - self.along * (w / self.rate)
            if np.linalg.norm(self.across) <= 4 * TOL * np.linalg.norm(start.u):
                self.across = np.zeros_like(w)
        square = float(self.across @ self.across)
        turn = start.invariant + square
        self.turn = turn if abs(turn) > 4 * EPS * (abs(start.invariant) + square) else 0.0
        # v + along grows and v - along decays like exp(+-rate t); their product is `turn`.
        v, p = start.v, self.along
        self.grows, self.decays = (v + p, self.turn / (v + p)) if p > 0 else (self.turn / (v - p or 1.0), v - p)

    def weights(self, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Directions (k, d + 1) and log-norms (k,) of (v, u) at the times `t` (k,)."""
        start, x = self.start, self.rate * (t - self.start.time)
        if self.rate == 0:
            shift, v, u = 0 * x, np.full(len(t), start.v), np.tile(start.u, (len(t), 1))
        else:
            # The largest factor is split off; the others are at most 1, whatever t is.
            shift = x if self.grows else 0 * x if self.across.any() else -x
            up = self.grows * np.exp(np.minimum(x - shift, 0.0)) / 2
            down = self.decays * np.exp(-x - shift) / 2
            v = up + down
            u = np.outer(up - down, self.w / self.rate) + np.outer(np.exp(-np.maximum(shift, 0.0)), self.across)
        parts = np.column_stack([start.sign * v, u])
        norm = np.linalg.norm(parts, axis=1)
        return parts / norm[:, None], start.log_scale + shift + np.log(norm)

    def end(self, meeting: Meeting) -> tuple[float, float]:
        """(v, along) at the next event; where v = 0, not from tau: the root would turn 1e-16 into 1e-8."""
        if meeting.flip:
            return 0.0, -math.sqrt(-self.turn)
        along = self.along + self.rate * meeting.tau
        return math.sqrt(max(self.turn + along * along, 0.0)), along

    def duration(self, meeting: Meeting) -> float:
        """Time to the next event: the logarithm by which v + along grows, or v - along decays."""
        v, p, r, tau = self.start.v, self.along, self.rate, meeting.tau
        if tau == 0:
            return 0.0
        v_end, end = self.end(meeting)
        if p + end >= 0:  # whichever does not cancel
            ratio = r * tau * (1 + (p + end) / (v + v_end)) / self.grows
        else:
            ratio = r * tau * (1 - (p + end) / (v + v_end)) / (v_end - end if end <= 0 else self.turn / (v_end + end))
        return math.log1p(ratio) / r

    def meeting(self, hinges: HingeSum) -> Meeting | None:
        """The next event, or None if the piece goes on for ever.

        Only kinks that u is off and moves towards can be met. On which side u is, is never read from u again:
        just after a crossing its sign would be rounding.
        """
        r, p, start = self.rate, self.along, self.start
        radial = r > 0 and p < 0 and not self.across.any()  # straight towards u = 0
        if r == 0 or (radial and start.invariant == 0):  # balanced: v and u reach 0 only as t -> infinity
            return None
        if radial and start.invariant > 0 and len(hinges.jumps) > 0:
            return Meeting(-p / r, np.arange(len(hinges.jumps)), origin=True)
        flip = start.v**2 / (r * (math.sqrt(-self.turn) - p)) if p < 0 and self.turn < 0 else math.inf
        height, speed = hinges.normals @ start.u, hinges.normals @ self.w
        ahead = np.flatnonzero((start.side * speed < 0) & (np.abs(speed) > max(TOL * r, 8 * EPS * hinges.size)))
        ahead = ahead[:0] if radial else ahead
        tau = min(flip, np.maximum(-height[ahead] / speed[ahead], 0.0).min(initial=math.inf))
        if tau == math.inf or (p < 0 and self.turn == 0 and r * tau >= -p):  # v dies out before tau is reached
            return None
        reach = TOL * (np.linalg.norm(start.u) + r * tau)
        return Meeting(tau, ahead[np.abs(height[ahead] + tau * speed[ahead]) <= reach], (flip - tau) * r <= reach)

    def state_at(self, meeting: Meeting, hinges: HingeSum) -> State:
        """State at the next event: the kinks met have side 0, and v has its new sign."""
        start, tau, side = self.start, meeting.tau, self.start.side.copy()
        side[meeting.kinks] = 0
        u = start.u + tau * self.w if not meeting.origin else np.zeros_like(start.u)
        u = hinges.onto(u, side == 0)
        invariant = start.invariant if not meeting.flip else -float(u @ u)
        sign = start.sign if not meeting.flip else -start.sign
        time = start.time + self.duration(meeting)
        return State(time, start.log_scale, sign, self.end(meeting)[0], u, invariant, side).rescaled()


def start_state(hinges: HingeSum, v0: object, u0: object) -> State:
    """Check a start (v0, u0) and make it a `State`."""
    v0 = _checks.finite("v0", v0)
    u0 = _checks.array("u0", u0, (hinges.normals.shape[1],))
    _checks.nonzero("(v0, u0)", np.append(v0, u0))
    size = max(abs(v0), float(np.abs(u0).max()))
    v, u = abs(v0) / size, u0 / size
    square, side = float(u @ u), hinges.side(u)
    invariant = v * v - square if abs(v * v - square) > TOL * square else 0.0
    value = float(hinges.gradient(side) @ u)
    resting = v == 0 and abs(value) <= TOL * hinges.size * math.sqrt(square)
    sign = 0 if resting else int(np.sign(v0 or value))
    return State(0.0, math.log(size), sign, v, hinges.onto(u, side == 0), invariant, side).rescaled()


def state_at_time(segment: Segment, t: float) -> State:
    """The last state of a run that ends at `t` on `segment`."""
    if t == math.inf:
        return replace(segment.start, time=t)
    (direction,), (log_norm,) = segment.weights(np.array([t]))
    shrink = math.exp(min(2 * (segment.start.log_scale - log_norm), 700.0)) if segment.start.invariant else 0.0
    return replace(
        segment.start,
        time=t,
        log_scale=float(log_norm),
        v=abs(float(direction[0])),
        u=direction[1:],
        invariant=segment.start.invariant * shrink,
    )
