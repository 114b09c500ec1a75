"""The neural correlation function N_z(w) = z . H(X; w), and its flow.

Near the origin the residual has no time to move: training follows the flow of N with z frozen at -l'(0, y). It
splits into neurons, and a direction moves by itself on the sphere while the log-norm grows at the rate 2 N(direction).
"""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from homolib import _checks
from homolib._settings import default_errors
from homolib.flows.training import frozen_flow
from homolib.flows.trajectory import Path, Trajectory, cartesian
from homolib.neuron.relu_flow import neuron_flow
from homolib.neuron.squared_flow import squared_neuron_flow
from homolib.problems.networks import Network, PoweredReLU, TwoLayerReLU, fitting
from homolib.problems.scales import finite_times, times, unit, unit_problem, unit_time


@default_errors
def value(net: Network, X: np.ndarray, z: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Neural correlation N_z(w) = sum_i z_i H(x_i; w) (eq. 9).

    Parameters
    ----------
    net : Network
    X : (n, d) array
    z : (n,) array
    w : (..., size) array

    Returns
    -------
    (...) array
    """
    X, w = fitting(net, X, w)
    (w, own), (X, z, power) = unit(w), unit_problem(X, _checks.matching("z", z, X), net.degree)
    return finite_times(net.outputs(X, w) @ z, power + net.order * own, "N", "w")


@default_errors
def ncf_flow(net: Network, X: np.ndarray, z: np.ndarray, u0: np.ndarray, t_end: float, points: int = 201) -> Trajectory:
    """Neural correlation flow du/dt in dN_z(u) (eq. 10): where training goes from a small start.

    Squared ReLU and two-layer ReLU networks are followed exactly, neuron by neuron and kink by kink; other
    networks are integrated to nine digits (`frozen_flow`).

    Parameters
    ----------
    net : Network
    X : (n, d) array
        Inputs, one a row.
    z : (n,) array
        One number for each input: -l'(0, y) near the origin, the residual near a saddle.
    u0 : (..., size) array
        Starts; leading axes are independent runs. Only a direction's size is arbitrary: c u0 gives c times the path.
    t_end : float
    points : int
        Number of times in `Trajectory.t`.

    Returns
    -------
    Trajectory
        Direction and log-norm of all weights together; `at` is exact at every time. For one start of a single
        ReLU neuron, `events` has its kinks.

    Raises
    ------
    ValueError
        If an argument does not fit, a start is zero, or a ReLU neuron branches before `t_end`: then there is more
        than one flow, and we do not choose; `neuron_flow` and `branches` show them.
    """
    X, u0 = fitting(net, X, u0, "u0")
    z, t_end = _checks.matching("z", z, X), _checks.positive("t_end", t_end)
    _checks.nonzero("u0", u0)
    if isinstance(net, TwoLayerReLU):
        return _neuronwise(net, u0, t_end, points, *_relu_paths(net, X, z, u0, t_end))
    if isinstance(net, PoweredReLU) and net.order == 2:
        return _neuronwise(net, u0, t_end, points, _squared_paths(net, X, z, u0, t_end), None)
    return _integrated(net, X, z, u0, t_end, points)


def _integrated(net: Network, X: np.ndarray, z: np.ndarray, u0: np.ndarray, t_end: float, points: int) -> Trajectory:
    """Follow the flow with numbers of size one."""
    (u0, own), (X, z, power) = unit(u0), unit_problem(X, z, net.degree)
    horizon, power = unit_time(t_end, power + (net.order - 2) * own)
    path = frozen_flow(net, X, z, u0, horizon, points=points)
    interpolate = partial(_at_scale, path.interpolate, power, own * np.log(2))
    return Trajectory(times(path.t, -power), path.direction, path.log_norm + own * np.log(2), interpolate)


def _at_scale(interpolate: Path, power: int, log_size: float, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    direction, log_norm = interpolate(times(t, power))
    return direction, log_norm + log_size


def _squared_paths(
    net: PoweredReLU, X: np.ndarray, z: np.ndarray, u0: np.ndarray, t_end: float
) -> list[tuple[np.ndarray, Path]]:
    rows = net.neurons(u0).reshape(-1, net.inputs)
    signs = np.tile(net.signs, len(rows) // len(net.signs))
    paths = []
    for sign in (1, -1):
        which = np.flatnonzero((signs == sign) & rows.any(axis=1))
        if len(which):
            paths.append((which, squared_neuron_flow(X, z, rows[which], t_end, net.slope, sign, points=2).interpolate))
    return paths


def _relu_paths(
    net: TwoLayerReLU, X: np.ndarray, z: np.ndarray, u0: np.ndarray, t_end: float
) -> tuple[list[tuple[np.ndarray, Path]], list | None]:
    rows = net.neurons(u0).reshape(-1, net.inputs + 1)
    paths, events = [], None
    for row in np.flatnonzero(rows.any(axis=1)):
        path = neuron_flow(X, z, rows[row, 0], rows[row, 1:], t_end, slope=net.slope)
        if path.t[-1] < t_end:
            run, neuron = divmod(int(row), net.width)
            where = f"neuron {neuron}" + (f" of start {run}" if u0.ndim > 1 else "")
            _checks.fail("u0", f"{where}, which branches at t = {path.t[-1]:.6g}", "starts that do not before t_end")
        paths.append((np.array([row]), partial(_one_row, path.interpolate)))
        events = path.events
    return paths, events if len(rows) == 1 else None


def _one_row(interpolate: Path, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    direction, log_norm = interpolate(times)
    return direction[None], log_norm[None]


def _neuronwise(
    net: Network,
    u0: np.ndarray,
    t_end: float,
    points: int,
    paths: list[tuple[np.ndarray, Path]],
    events: list | None,
) -> Trajectory:
    """One trajectory of all weights from the paths of the neurons that are not zero (those stay zero)."""
    t = np.linspace(0, t_end, _checks.count("points", points, least=2))
    interpolate = partial(_joined, net, net.neurons(u0).shape, paths)
    return Trajectory(t, *interpolate(t), interpolate, events=events)


def _joined(
    net: Network, shape: tuple[int, ...], paths: list[tuple[np.ndarray, Path]], times: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    *batch, width, size = shape
    theta = np.zeros((math.prod(batch) * width, len(times), size))
    rho = np.zeros(theta.shape[:-1])
    for which, path in paths:
        theta[which], rho[which] = path(times)
    theta = np.moveaxis(theta.reshape(*batch, width, len(times), size), -3, -2)
    rho = np.moveaxis(rho.reshape(*batch, width, len(times)), -2, -1)
    return cartesian(net, theta, rho)
