"""The one flow of the book: dw/dt in sum_i z_i dH(x_i; w), with z frozen or following the training loss.

Each neuron is carried as a direction and a log-norm. In these variables nothing overflows or underflows, a
start of size 1e-150 is as easy as one of size 1, and a dormant neuron costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from homolib import _checks
from homolib.flows.mirror import mirror_flow
from homolib.flows.trajectory import Path, Trajectory, cartesian, polar, with_loss
from homolib.problems.losses import Loss, chosen
from homolib.problems.networks import DiagonalLinear, Network, fitting

EVALUATIONS = 100_000  # more than any smooth flow of the book needs by a factor of ten
PATIENCE = 2_500  # evaluations in which neither time nor weights get on where a flow slides along a kink


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
        Relative accuracy of direction and log-norm.
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
    delta = _scales(delta, w0.shape[:-1])

    def residual(h: np.ndarray) -> np.ndarray:
        return -loss.slopes(h, y)

    path = _flow(net, X, residual, w0, np.log(delta), t_end, tolerance, points)
    return with_loss(path, net, X, y, loss)


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
) -> Trajectory:
    """Follow all runs at once, each neuron as direction and log-norm; diagonal networks one by one, exactly."""
    from scipy.integrate import solve_ivp  # a third of a second: paid where it is used

    t_end, tolerance = _checks.positive("t_end", t_end), _checks.accuracy("tolerance", tolerance)
    t = np.linspace(0, t_end, _checks.count("points", points, least=2))
    batch = np.broadcast_shapes(w0.shape[:-1], log_delta.shape)
    if isinstance(net, DiagonalLinear):
        starts = np.broadcast_to(w0, (*batch, net.size)).reshape(-1, net.size)
        scales = np.broadcast_to(log_delta, batch).ravel()
        runs = [mirror_flow(X, residual, w, scale, t_end, tolerance) for w, scale in zip(starts, scales, strict=True)]
        return _stacked(t, runs, batch)
    directions, logs = polar(np.broadcast_to(net.neurons(w0), (*batch, *net.neurons(w0).shape[-2:])))
    logs = logs + log_delta[..., None]
    shape, split, evaluations, mark = directions.shape, directions.size, 0, (-np.inf, 0.0)

    def rates(time: float, state: np.ndarray) -> np.ndarray:
        nonlocal evaluations, mark
        evaluations += 1
        if evaluations % PATIENCE == 0:
            chatters = time - mark[0] < 1e-4 * t_end and np.abs(state - mark[1]).max() < 1e-3
            if chatters or evaluations >= EVALUATIONS:
                want = f"a time before t = {time:.6g}: there the flow blows up or slides along a kink"
                _checks.fail("t_end", t_end, want)
            mark = time, state.copy()
        theta, rho = state[:split].reshape(shape), state[split:].reshape(shape[:-1])
        turn, growth = _rates(net, X, residual, theta, rho)
        return np.concatenate([turn.ravel(), growth.ravel()])

    start = np.concatenate([directions.ravel(), logs.ravel()])
    with np.errstate(over="ignore", invalid="ignore"):  # a trial step off a plateau may overflow: it is rejected
        solution = solve_ivp(rates, (0, t_end), start, "DOP853", dense_output=True, rtol=tolerance, atol=tolerance)
    if not solution.success:
        _checks.fail("t_end", t_end, f"a time before t = {solution.t[-1]:.6g}: there the flow cannot be followed")

    def interpolate(times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        state = np.moveaxis(solution.sol(times), -1, 0)  # (k, all variables)
        theta = np.moveaxis(state[:, :split].reshape(len(times), *shape), 0, len(batch))
        rho = np.moveaxis(state[:, split:].reshape(len(times), *shape[:-1]), 0, len(batch))
        return cartesian(net, theta, rho)

    return Trajectory(t, *interpolate(t), interpolate)


def _stacked(t: np.ndarray, runs: list[Path], batch: tuple[int, ...]) -> Trajectory:
    """One trajectory of several runs that were followed one by one."""

    def interpolate(times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        directions, logs = zip(*(run(times) for run in runs), strict=True)
        return np.reshape(directions, (*batch, len(times), -1)), np.reshape(logs, (*batch, len(times)))

    return Trajectory(t, *interpolate(t), interpolate)


def _rates(
    net: Network,
    X: np.ndarray,
    residual: Callable[[np.ndarray], np.ndarray],
    theta: np.ndarray,
    rho: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Velocity of each neuron's direction on its sphere, and of its log-norm (proof of Lemma 5.3).

    For order L, w_k = r theta: theta' = r^(L-2) (g - <g, theta> theta) and (ln r)' = r^(L-2) <g, theta>,
    where g is the pullback at theta.
    """
    parts, pull = net.forward(X, net.join_neurons(theta))
    h = np.matmul(np.exp(net.order * rho)[..., None, :], parts)[..., 0, :]
    g = net.split_neurons(pull(residual(h)))
    square = (theta**2).sum(axis=-1)
    growth = (g * theta).sum(axis=-1) / np.where(square == 0, 1, square)  # a zero neuron stays zero
    turn = g - growth[..., None] * theta
    if net.order == 2:
        return turn, growth
    clock = np.exp((net.order - 2) * rho)
    return clock[..., None] * turn, clock * growth
