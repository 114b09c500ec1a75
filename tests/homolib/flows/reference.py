"""Gradient flows to about seventeen digits, written without homolib: what the library's flows are measured against.

Plain weights in extended precision (its numbers reach down to 1e-4932: a start of 1e-150 needs no logarithms), as
Taylor series of order 28. In each step the sides of all kinks are held fixed; pre-activations are then polynomials,
and the step ends at their first root. Nothing is shared with the library, neither variables nor method.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

REAL, ORDER = np.longdouble, 28
Series = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]  # (w, sides) -> coefficients of w, kinks


def square(y):
    """Coefficients of the residual y - h of the summed square loss, one after the other."""

    def coefficient(m, h, z):
        z[m] = (REAL(y) if m == 0 else 0) - h[m]

    return coefficient


def logistic(y):
    """The same for the summed logistic loss: z = y q with q = 1 / (1 + e^yh), so that q' = -y q (1 - q) h'."""
    y = REAL(y)

    def coefficient(m, h, z):
        if m == 0:
            z[0] = y / (1 + np.exp(y * h[0]))
            return
        q = z[:m] / np.where(y == 0, REAL(1), y)
        slope = q - np.array([_product(q, q, j) for j in range(m)])
        weights = np.arange(m, 0, -1).astype(REAL)[:, None]
        z[m] = -(y**2) * (slope * weights * h[m:0:-1]).sum(axis=0) / m

    return coefficient


def frozen(z):
    """The same for a residual that does not move."""
    fixed = REAL(z)

    def coefficient(m, h, z):
        z[m] = fixed if m == 0 else 0

    return coefficient


def layer(X, residual, signs, order=2, slope=0.0) -> Series:
    """sum_k p_k sigma(x . u_k)^order."""
    X, signs, slope = REAL(X), REAL(signs)[:, None], REAL(slope)
    k, n = len(signs), len(X)

    def series(w0, sides):
        w, a, low, h, z = _empty((k, X.shape[1]), (k, n), (k, n), (n,), (n,))
        w[0], gain = w0.reshape(k, -1), _gain(sides, slope, (k, n))
        for m in range(ORDER):
            a[m] = gain * (w[m] @ X.T)
            low[m] = a[m]
            for _ in range(order - 2):
                low[m] = _product(a, a, m)  # order three at most
            h[m] = (signs * _product(low, a, m)).sum(axis=0)
            residual(m, h, z)
            w[m + 1] = order * signs * ((gain * _product(z[:, None], low, m)) @ X) / (m + 1)
        return w.reshape(ORDER + 1, -1), (w @ X.T).reshape(ORDER + 1, -1)

    return series


def two_layer(X, residual, neurons, slope=0.0) -> Series:
    """sum_k v_k sigma(x . u_k); w holds (v_k, u_k) neuron by neuron."""
    X, slope = REAL(X), REAL(slope)
    k, n = neurons, len(X)

    def series(w0, sides):
        w, a, h, z = _empty((k, X.shape[1] + 1), (k, n), (n,), (n,))
        w[0], gain = w0.reshape(k, -1), _gain(sides, slope, (k, n))
        for m in range(ORDER):
            a[m] = gain * (w[m, :, 1:] @ X.T)
            h[m] = _product(w[:, :, :1], a, m).sum(axis=0)
            residual(m, h, z)
            w[m + 1, :, 0] = _product(z[:, None], a, m).sum(axis=1) / (m + 1)
            w[m + 1, :, 1:] = ((gain * _product(w[:, :, :1], z[:, None], m)) @ X) / (m + 1)
        return w.reshape(ORDER + 1, -1), (w[:, :, 1:] @ X.T).reshape(ORDER + 1, -1)

    return series


def three_layer(X, residual, hidden, slope=0.0) -> Series:
    """v . sigma(V sigma(W x)) with the first and the last layer trained and V = `hidden` frozen; w = (W, v)."""
    X, hidden, slope = REAL(X), REAL(hidden), REAL(slope)
    (rows, k), (n, d) = hidden.shape, X.shape

    def series(w0, sides):
        w, b, h, z = _empty((k * d + rows,), (n, rows), (n,), (n,))
        s = np.zeros((ORDER + 1, n * (k + rows)), dtype=REAL)
        w[0], gains = w0, _gain(sides, slope, (n * (k + rows),))
        first, second = gains[: n * k].reshape(n, k), gains[n * k :].reshape(n, rows)
        for m in range(ORDER + 1):
            s1 = X @ w[m, : k * d].reshape(k, d).T
            s2 = (first * s1) @ hidden.T
            b[m], s[m] = second * s2, np.concatenate([s1.ravel(), s2.ravel()])
            if m == ORDER:
                break
            v = w[:, k * d :]
            h[m] = _product(b, v[:, None], m).sum(axis=-1)
            residual(m, h, z)
            back = ((_product(z[..., None], v[:, None], m) * second) @ hidden) * first
            pull = (back.T @ X).ravel(), _product(z[..., None], b, m).sum(axis=0)
            w[m + 1] = np.concatenate(pull) / (m + 1)
        return w, s

    return series


def follow(series: Series, w0, times, neurons: int = 1, tolerance: float = 1e-18, longest: float = np.inf):
    """Weights at increasing `times`, shape (k, size), in extended precision, and the times of all crossings.

    `tolerance` is that of a step, for each of the `neurons` relative to its size.
    """
    t, w, found, crossed = REAL(0), REAL(w0), [], []
    sides = _first_sides(series, w)
    for stop in REAL(times):
        while t < stop:
            coefficients, s = series(w, sides)
            reach = min(_reach(coefficients.reshape(ORDER + 1, neurons, -1), tolerance), REAL(longest))
            length, which = _first_root(s, sides, min(reach, stop - t))
            w = _at(coefficients, length)
            if which.any():
                sides = sides ^ which
                crossed.append(t + length)
            t = stop if length == stop - t else t + length
        found.append(w)
    return np.array(found), np.array(crossed)


def _first_sides(series, w):
    """Sides of the kinks at the start; on a kink, that to which the flow goes."""
    sides = np.ones(1, dtype=bool)
    for _ in range(4):
        s = series(w, sides)[1]
        on = np.abs(s[0]) <= 1e-17 * np.abs(s[0]).max()
        sides = np.where(on, s[1], s[0]) > 0
    return sides


def _gain(sides, slope, shape):
    return np.where(np.broadcast_to(sides, shape) if sides.size == 1 else sides.reshape(shape), REAL(1), slope)


def _empty(*shapes):
    return [np.zeros((ORDER + 1, *shape), dtype=REAL) for shape in shapes]


def _product(a, b, m):
    """Coefficient m of the product of two series."""
    return (a[: m + 1] * b[m::-1]).sum(axis=0)


def _at(coefficients, t):
    out = coefficients[-1]
    for c in coefficients[-2::-1]:
        out = out * t + c
    return out


def _reach(coefficients, tolerance):
    """Step at which the last two terms are `tolerance` times the size of their neuron."""
    sizes = np.sqrt((coefficients**2).sum(axis=-1))
    steps = [
        (tolerance * sizes[0] / np.where(sizes[m] == 0, REAL("1e-4900"), sizes[m])) ** (REAL(1) / m)
        for m in (ORDER - 1, ORDER)
    ]
    return np.min(steps)


def _first_root(s, sides, length):
    """The first time in (0, length] at which a pre-activation is on the other side, and which ones are."""
    out = np.where(sides, REAL(1), REAL(-1))
    s = s * out  # positive on the side held
    nodes = length * (1 - np.cos(np.pi * np.arange(1, 33) / 32)).astype(REAL) / 2
    values = np.array([_at(s, t) for t in nodes])
    grain = REAL(1e-18) * np.abs(s[0]).max()
    late = (values < -grain).any(axis=0)
    if not late.any():
        return length, late
    slopes = s[1:] * np.arange(1, ORDER + 1).astype(REAL)[:, None]
    roots = np.full(s.shape[1], np.inf, dtype=REAL)
    for j in np.flatnonzero(late):
        first = int(np.argmax(values[:, j] < -grain))
        low, high = (nodes[first - 1] if first else REAL(0)), nodes[first]
        t = (low + high) / 2
        for _ in range(200):
            low, high = (t, high) if _at(s[:, j], t) > 0 else (low, t)
            step = _at(s[:, j], t) / (_at(slopes[:, j], t) or REAL(1))
            new = t - step if low < t - step < high else (low + high) / 2
            if abs(new - t) <= 1e-19 * length or high - low <= 1e-19 * length:
                break
            t = new
        roots[j] = t
    t = roots.min()
    return t, roots <= t + REAL(1e-16) * length
