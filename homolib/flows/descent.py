"""Gradient descent on the training loss, as it is: Euler's method for the training flow."""

from __future__ import annotations

import numpy as np

from homolib import _checks
from homolib._settings import default_errors
from homolib.flows.trajectory import Trajectory, linear_path, with_loss
from homolib.problems.losses import Loss, chosen
from homolib.problems.networks import Network, fitting


@default_errors
def gradient_descent(
    net: Network,
    X: np.ndarray,
    y: np.ndarray,
    w0: np.ndarray,
    step: float,
    iterations: int,
    loss: Loss | None = None,
    record_every: int = 50,
) -> Trajectory:
    """Gradient descent w <- w - step * grad L(w), as it is: Euler's method for the training flow.

    Parameters
    ----------
    net, X, y, w0, loss
        As for `training_flow`; at a kink the step uses the inactive side.
    step : float
        Step size; time is step times iterations.
    iterations : int
    record_every : int
        Iterations between two recorded weights; the last is always recorded.

    Returns
    -------
    Trajectory
        Between recorded weights `at` interpolates linearly.

    Raises
    ------
    ValueError
        If an argument does not fit, or the weights diverge: the message says at which iteration.
    """
    X, w = fitting(net, X, w0, "w0")
    y = _checks.matching("y", y, X)
    step, iterations = _checks.positive("step", step), _checks.count("iterations", iterations)
    every, loss = _checks.count("record_every", record_every), chosen(loss)
    recorded, times = [w], [0]
    with np.errstate(over="ignore", invalid="ignore"):
        for iteration in range(1, iterations + 1):
            parts, pull = net.forward(X, w)
            w = w - step * pull(loss.slopes(parts.sum(axis=-2), y))
            if iteration % every == 0 or iteration == iterations:
                if not np.isfinite(w).all():
                    _checks.fail("step", step, f"a smaller step: the weights diverged by iteration {iteration}")
                recorded.append(w)
                times.append(iteration)
    return with_loss(linear_path(step * np.array(times), np.stack(recorded, axis=-2)), net, X, y, loss)
