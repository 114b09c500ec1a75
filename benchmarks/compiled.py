"""What a reader would write to be fast: JAX, compiled, in double precision; and diffrax. Optional."""

from __future__ import annotations

from functools import cache

import diffrax
import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)


@cache
def _descent(iterations: int):
    """Compiled once for each number of steps and each shape."""

    @jax.jit
    def run(X, y, w, step):
        def one(w, _):
            active = jax.nn.relu(w @ X.T)
            residual = (active**2).sum(axis=-2, keepdims=True) - y
            return w - (2 * step / len(y)) * ((active * residual) @ X), None

        return jax.lax.scan(one, w, None, length=iterations)[0]

    return run


def descent(X, y, w0, step, iterations):
    """Gradient descent of Figure 1's network on the mean of half squared errors; w0 (..., size) may be a batch."""
    w = jnp.asarray(w0).reshape(*np.shape(w0)[:-1], -1, X.shape[1])
    return np.asarray(_descent(iterations)(X, y, w, step)).reshape(np.shape(w0))


@cache
def _flow(tolerance: float):
    @jax.jit
    def run(X, z, u0, t_end):
        def field(_, u, __):  # of the direction: the flow itself overflows
            pull = 2 * (jax.nn.relu(X @ u) * z) @ X
            return pull - (pull @ u) * u

        def one(u):
            control = diffrax.PIDController(rtol=tolerance, atol=tolerance)
            term, method = diffrax.ODETerm(field), diffrax.Tsit5()
            return diffrax.diffeqsolve(
                term, method, 0.0, t_end, None, u, stepsize_controller=control, max_steps=20_000
            ).ys[0]

        return jax.vmap(one)(u0)

    return run


def squared_flow(X, z, u0, t_end, tolerance):
    """Directions of the NCF flow of squared ReLU neurons u0 (m, d), by Tsitouras's method, each with its own steps."""
    u = np.asarray(_flow(tolerance)(X, z, u0, t_end))
    return u / np.linalg.norm(u, axis=1, keepdims=True)
