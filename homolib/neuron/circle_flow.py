"""Time tables for the flow of a squared ReLU neuron on the unit circle: closed forms, added up along the way."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from homolib import _checks

TURN = 2 * np.pi
EPS = np.finfo(float).eps

Cut = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]  # kinks and critical points, see `Arcs.cut`
Value = Callable[[np.ndarray], np.ndarray]


class CircleFlow:
    """Time tables of the flow: an orbit is a chain of segments from one critical point to the next.

    Times are in units of 2**-power, the `power` of the arcs.
    Each segment has one instant of reference, with the clock of its orbit there, ln|tan(theta - phase)|, and
    ln|u| up to a constant. Clocks are zero where the last segment is entered, so that they are most precise
    where the flow settles.
    """

    def __init__(self, cut: Cut, mean: np.ndarray, cosine: np.ndarray, sine: np.ndarray, value: Value):
        """Add up travel times and growths along every orbit; the arguments are attributes of `Arcs`."""
        self.cut, self.value = cut, value
        at, arc, critical, self.sign = cut
        n = len(at)
        length = np.diff(at, append=at[0] + TURN)
        self.middle = at + length / 2
        self.mean, self.amplitude = mean[arc], np.where(self.sign == 0, 1.0, np.hypot(cosine, sine)[arc])
        phase = np.arctan2(sine, cosine)[arc] / 2
        self.phase = phase + np.pi * np.round((self.middle - phase) / np.pi)
        left, right = _log_tan(at - self.phase), _log_tan(at + length - self.phase)
        entry, exit_ = np.where(self.sign > 0, (left, right), (right, left))
        self.log_tan = _log_tan(self.middle - self.phase)
        self.orbit, self.clock, self.gain, self.opens = np.full(n, -1), np.zeros(n), np.zeros(n), np.zeros(n)
        chains = [_chain(start, critical, self.sign) for start in np.flatnonzero(critical & (self.sign != 0))]
        for index, chain in enumerate(chains):
            inner = chain[1:-1]  # the first segment is left, and the last one crossed, in infinite time only
            self.log_tan[chain[:-1]], self.log_tan[chain[1:][-1:]] = exit_[chain[:-1]], entry[chain[1:][-1:]]
            lasts, grows = np.zeros(len(chain)), np.zeros(len(chain))
            lasts[1:-1] = (entry[inner] - exit_[inner]) / (4 * self.amplitude[inner])
            grows[1:-1] = 2 * self.mean[inner] * lasts[1:-1] + (_log_cosh(exit_[inner]) - _log_cosh(entry[inner])) / 2
            self.orbit[chain] = index
            self.clock[chain] = lasts - np.cumsum(lasts[::-1])[::-1]
            self.gain[chain] = grows - np.cumsum(grows[::-1])[::-1]
            self.opens[chain] = self.clock[chain] - lasts
            self.opens[chain[0]] = -np.inf
        self.chain = np.concatenate([*chains, [0]]).astype(int)
        self.first = np.cumsum([0, *map(len, chains)])

    def travel(self, theta0: np.ndarray, theta1: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `Arcs.travel`."""
        orbit0, _, clock0, gain0 = self.position(theta0)
        orbit1, _, clock1, gain1 = self.position(theta1)
        if ((orbit0 != orbit1) | (orbit0 < 0)).any():
            _checks.fail("theta1", theta1, "an angle that the flow from theta0 reaches or has passed in finite time")
        return clock1 - clock0, gain1 - gain0

    def flow(self, theta0: np.ndarray, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See `Arcs.flow`."""
        orbit, still, clock, gain = self.position(theta0)
        moves, target = orbit >= 0, clock + t
        opened = (self.orbit == orbit[..., None]) & (self.opens <= target[..., None])
        k = self.chain[np.where(moves, self.first[orbit] + opened.sum(axis=-1) - 1, 0)]
        log_tan = self.log_tan[k] - 4 * self.amplitude[k] * (target - self.clock[k])
        theta = np.mod(self.phase[k] - self.sign[k] * np.arctan(np.exp(log_tan)), TURN)
        grown = self.growth(k, log_tan, target) - gain
        return np.where(moves, theta, np.mod(theta0, TURN)), np.where(moves, grown, still * t)

    def position(self, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Orbit on which theta lies (-1: at rest), d ln|u|/dt if at rest, and the orbit's clock and growth there."""
        at, _, critical, _ = self.cut
        theta = np.mod(theta, TURN)
        k = np.searchsorted(at, theta, side="right") - 1
        onward = (k + 1) % len(at)
        rests = critical[k] & (np.abs(theta - at[k]) <= 4 * EPS)
        rests |= critical[onward] & (np.abs(theta - at[onward]) <= 4 * EPS)
        orbit = np.where(rests, -1, self.orbit[k])
        log_tan = _log_tan(np.where(orbit < 0, self.middle[k], theta) - self.phase[k])
        clock = self.clock[k] + (self.log_tan[k] - log_tan) / (4 * self.amplitude[k])
        return orbit, 2 * self.value(theta), clock, self.growth(k, log_tan, clock)

    def growth(self, k: np.ndarray, log_tan: np.ndarray, clock: np.ndarray) -> np.ndarray:
        """ln|u| on segment k: there |u|^2 sin(2 (theta - phase)) grows like e^(4 mean t)."""
        drift = 2 * self.mean[k] * (clock - self.clock[k])
        return self.gain[k] + drift + (_log_cosh(log_tan) - _log_cosh(self.log_tan[k])) / 2


def _chain(start: int, critical: np.ndarray, sign: np.ndarray) -> np.ndarray:
    """Segments from the critical point at `start` to the next one, in the order in which the flow passes them."""
    last = start
    while not critical[(last + 1) % len(critical)]:
        last += 1
    chain = np.arange(start, last + 1) % len(critical)
    return chain if sign[start] > 0 else chain[::-1]


def _log_tan(angle: np.ndarray) -> np.ndarray:
    """ln|tan(angle)|, finite also where rounding puts a start on the axis itself."""
    return np.log(np.maximum(np.abs(np.tan(angle)), np.finfo(float).tiny))


def _log_cosh(s: np.ndarray) -> np.ndarray:
    """ln cosh up to a constant: ln(1 / sin 2a) for s = ln tan a, without overflow."""
    return np.abs(s) + np.log1p(np.exp(-2 * np.abs(s)))
