"""The one flow of the book: dw/dt in sum_i z_i dH(x_i; w), with z frozen or following the training loss.

A tolerance is a promise about the whole path: each flow is integrated with two sizes of steps, and with finer ones
until they agree. The equation of motion is in `polar`, and in `diagonal_flow` for diagonal networks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from homolib import _checks
from homolib._settings import default_errors
from homolib.flows.diagonal_flow import MirrorFlow
from homolib.flows.polar import PolarFlow
from homolib.flows.steps import Stuck
from homolib.flows.trajectory import Path, Trajectory, distance, with_loss
from homolib.problems.losses import Loss, chosen
from homolib.problems.networks import DiagonalLinear, Network, fitting
from homolib.problems.scales import exponent, finite_times, times, unit, unit_time

RATIO = 8.0  # between the tolerances of a step in two integrations
SAFETY = 2.0  # a path is hardly ever as far from the true flow as from a rougher path, and never twice as far
LN_2 = float(np.log(2))
FINEST = 1e-14  # tolerance of a step: below is rounding


@default_errors
def training_flow(
    net: Network,
    X: np.ndarray,
    y: np.ndarray,
    w0: np.ndarray,
    t_end: float,
    loss: Loss | None = None,
    delta: float | np.ndarray = 1.0,
    tolerance: float = 1e-9,
    points: int = 201,
) -> Trajectory:
    """Gradient flow of the training loss from delta * w0 (eq. 3 of Kumar and Haupt).

    Parameters
    ----------
    net : Network
        With a locally Lipschitz gradient; ReLU networks are followed as long as they cross kinks, not along them.
        Diagonal networks are followed in their dual variable, at any delta in the same time.
    X : (n, d) array
    y : (n,) array
    w0 : (..., size) array
        Starts; leading axes are independent runs.
    t_end : float
    loss : SquareLoss or LogisticLoss, optional
        The summed square loss unless given.
    delta : float or array
        Scale of the start, broadcast against the leading axes of `w0`.
    tolerance : float
        At every time of the path, between steps too, direction and log-norm are within `tolerance` of those of the
        true flow; so is every neuron's part of them, in units of |w|. Steps are refined until `Trajectory.error` says
        so. Where rounding is in the way, or a flow so unstable that it magnifies it, `error` says how close it is.
        One case it cannot see: a start on an unstable balance, such as a saddle of the correlation on the sphere.
        What then grows is a part of the direction that is at first below 1e-14, which no step size controls, so both
        the path after it has grown and `error` may be wrong; begin off the balance instead.
    points : int
        Number of times in `Trajectory.t`.

    Returns
    -------
    Trajectory
        `w` are the weights themselves, not w / delta.

    Raises
    ------
    ValueError
        If an argument does not fit, or the flow cannot be followed (it slides along a kink, or blows up).
    """
    X, w0 = fitting(net, X, w0, "w0")
    y = _checks.matching("y", y, X)
    loss = chosen(loss)
    log_delta = np.log(_scales(delta, w0.shape[:-1]))
    X, y, of_loss, of_w = _in_units(net, X, y, w0, log_delta, loss)
    clock = of_loss - 2 * of_w

    def residual(h: np.ndarray) -> np.ndarray:
        return -loss.slopes(h, y)

    path = _flow(net, X, residual, w0, log_delta - of_w * LN_2, t_end, tolerance, points, clock)
    return _restored(with_loss(path, net, X, y, loss), t_end, of_w, of_loss)


def _in_units(
    net: Network, X: np.ndarray, y: np.ndarray, w0: np.ndarray, log_delta: np.ndarray, loss: Loss
) -> tuple[np.ndarray, np.ndarray, int, int]:
    """Inputs and labels of size one, and the powers of two of the loss and of the weights that belong to them.

    Outputs have the size of the labels, or that which they start with if all labels are zero.
    """
    X, of_X = unit(X)
    of_h = loss.size_of_outputs(y)
    if not y.any():
        of_h = net.degree * of_X + net.order * (exponent(w0) + round(float(log_delta.max()) / LN_2))
    of_w = (of_h - net.degree * of_X) // net.order
    y, of_loss = loss.in_units(y, net.degree * of_X + net.order * of_w)
    return X, y, of_loss, of_w


def _restored(path: Trajectory, t_end: float, of_w: int, of_loss: int) -> Trajectory:
    """The path of weights 2**of_w times as large, which ends at `t_end`."""
    clock = exponent(path.t[-1]) - exponent(t_end)
    interpolate = partial(_at_true_times, path.interpolate, clock, of_w * LN_2)
    loss = finite_times(path.loss, of_loss, "losses", "y")
    return replace(
        path, t=times(path.t, -clock), log_norm=path.log_norm + of_w * LN_2, interpolate=interpolate, loss=loss
    )


def _at_true_times(path: Path, clock: int, log_size: float, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    direction, log_norm = path(times(t, clock))
    return direction, log_norm + log_size


def _scales(delta: float | np.ndarray, batch: tuple[int, ...]) -> np.ndarray:
    if np.ndim(delta) == 0:
        return np.array(_checks.positive("delta", delta))
    wanted = f"one positive number, or as many as fit starts of shape {batch}"
    delta = _checks.array("delta", delta, (...,), wanted)
    if (delta <= 0).any():
        _checks.fail("delta", f"{delta.min():g} among others", wanted)
    try:
        np.broadcast_shapes(batch, delta.shape)
    except ValueError:
        _checks.fail("delta", f"shape {delta.shape}", wanted)
    return delta


@default_errors
def frozen_flow(
    net: Network,
    X: np.ndarray,
    z: np.ndarray,
    u0: np.ndarray,
    t_end: float,
    tolerance: float = 1e-9,
    points: int = 201,
) -> Trajectory:
    """Neural correlation flow du/dt = sum_i z_i grad H(x_i; u) (eq. 10) of a network with Lipschitz gradient.

    Arguments, result and errors as for `training_flow`; `ncf_flow` takes ReLU networks too.
    """
    X, u0 = fitting(net, X, u0, "u0")
    z = _checks.matching("z", z, X)
    return _flow(net, X, lambda h: z, u0, np.zeros(()), t_end, tolerance, points)


def _flow(
    net: Network,
    X: np.ndarray,
    residual: Callable[[np.ndarray], np.ndarray],
    w0: np.ndarray,
    log_delta: np.ndarray,
    t_end: float,
    tolerance: float,
    points: int,
    clock: int = 0,
) -> Trajectory:
    """Follow all runs, each as it would go alone, in a time that goes 2**clock times as fast as that of `t_end`."""
    latest, tolerance = _checks.positive("t_end", t_end), _checks.accuracy("tolerance", tolerance)
    t_end, clock = unit_time(latest, clock)
    t = np.linspace(0, t_end, _checks.count("points", points, least=2))
    batch = np.broadcast_shapes(w0.shape[:-1], log_delta.shape)
    starts = np.broadcast_to(w0, (*batch, net.size)).reshape(-1, net.size)
    scales = np.broadcast_to(log_delta, batch).ravel()
    method = MirrorFlow if isinstance(net, DiagonalLinear) else PolarFlow
    flow = method(net, X, residual, starts, scales, t_end)
    try:
        runs, error = _promised(flow.follow, len(starts), tolerance)
    except Stuck as stuck:
        _checks.fail("t_end", latest, f"a time before t = {times(stuck.time, -clock):.6g}: there the flow {stuck.does}")
    path = partial(_all_runs, runs, batch)
    return Trajectory(t, *path(t), path, error=error.reshape(batch))


def _all_runs(runs: list[Path], batch: tuple[int, ...], t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    directions, logs = zip(*(run(t) for run in runs), strict=True)
    return np.reshape(directions, (*batch, len(t), -1)), np.reshape(logs, (*batch, len(t)))


def _promised(follow: Callable, count: int, tolerance: float) -> tuple[list[Path], np.ndarray]:
    """Paths of all runs, and how far from the true flow each may be: integrate twice, and refine until that is enough.

    `follow` takes the numbers of some runs and a tolerance of the steps for each, and returns for each its path and
    times in all of its steps, between which a path is not worse.
    """
    step = np.full(count, max(FINEST, tolerance / RATIO))
    both = follow(np.tile(np.arange(count), 2), np.append(np.full(count, tolerance), step))
    found = [path for path, _ in both[count:]]
    error = np.array([SAFETY * distance(both[run][0], *both[run + count]) for run in range(count)])
    while len(which := np.flatnonzero((error > tolerance) & (step > FINEST))):
        wanted = np.clip(RATIO * tolerance / error[which], 1e-3, 1)  # errors are in proportion to tolerances of a step
        step[which] = np.maximum(FINEST, step[which] * wanted / RATIO)
        for run, (path, samples) in zip(which, follow(which, step[which]), strict=True):
            error[run], found[run] = SAFETY * distance(found[run], path, samples), path
    return found, error
