"""The one flow of the book: dw/dt in sum_i z_i dH(x_i; w), with z frozen or following the training loss.

Each neuron is carried as a direction and a log-norm. In these variables nothing overflows or underflows, a
start of size 1e-150 is as easy as one of size 1, and a dormant neuron costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from homolib import _checks
from homolib.flows.mirror import mirror_flow
from homolib.problems.losses import Loss, chosen
from homolib.problems.networks import DiagonalLinear, Network, fitting

Path = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]  # from times (k,) to directions and log-norms

EVALUATIONS = 100_000  # more than any smooth flow of the book needs by a factor of ten
PATIENCE = 2_500  # evaluations in which neither time nor weights get on where a flow slides along a kink


@dataclass(frozen=True)
class Trajectory:
    """A path of weights, kept as direction and log-norm; leading axes are independent runs.

    Attributes
    ----------
    t : (m,) array
        Times.
    direction : (..., m, size) array
        w / |w| (zero where w is zero).
    log_norm : (..., m) array
        ln |w|: finite where |w| itself would overflow or underflow.
    interpolate : callable
        From times (k,) to direction (..., k, size) and log-norm (..., k).
    loss : (..., m) array or None
        Training loss, where there is one.
    events : list or None
        What happened at kinks, for exact flows.
    """

    t: np.ndarray
    direction: np.ndarray
    log_norm: np.ndarray
    interpolate: Path
    loss: np.ndarray | None = None
    events: list | None = None

    @property
    def norm(self) -> np.ndarray:
        """|w|, shape (..., m); beyond the range of floats use `log_norm`."""
        return np.exp(self.log_norm)

    @property
    def w(self) -> np.ndarray:
        """The weights themselves, shape (..., m, size)."""
        return self.norm[..., None] * self.direction

    def at(self, t: float | np.ndarray) -> np.ndarray:
        """Weights at time `t`: shape (..., size) for a number, (..., k, size) for k times.

        Raises
        ------
        ValueError
            If a time lies outside the path.
        """
        wanted = f"times between {self.t[0]:g} and {self.t[-1]:g}, where the path ends"
        times = np.atleast_1d(_checks.array("t", t, (...,), wanted))
        if not (times.ndim == 1 and (times >= self.t[0]).all() and (times <= self.t[-1]).all()):
            _checks.fail("t", t, wanted)
        direction, log_norm = self.interpolate(times)
        w = np.exp(log_norm)[..., None] * direction
        return w if np.ndim(t) else w[..., 0, :]


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
        return -loss._derivative(h, y)

    path = _flow(net, X, residual, w0, np.log(delta), t_end, tolerance, points)
    return _with_loss(path, net, X, y, loss)


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
            parts, pull = net._parts(X, w)
            w = w - step * pull(loss._derivative(parts.sum(axis=-2), y))
            if iteration % every == 0 or iteration == iterations:
                if not np.isfinite(w).all():
                    _checks.fail("step", step, f"a smaller step: the weights diverged by iteration {iteration}")
                recorded.append(w)
                times.append(iteration)
    return _with_loss(_linear(step * np.array(times), np.stack(recorded, axis=-2)), net, X, y, loss)


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
    directions, logs = _polar(np.broadcast_to(net.neurons(w0), (*batch, *net.neurons(w0).shape[-2:])))
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
    accuracy = {"rtol": tolerance, "atol": tolerance}
    with np.errstate(over="ignore", invalid="ignore"):  # a trial step off a plateau may overflow: it is rejected
        solution = solve_ivp(rates, (0, t_end), start, method="DOP853", dense_output=True, **accuracy)
    if not solution.success:
        _checks.fail("t_end", t_end, f"a time before t = {solution.t[-1]:.6g}: there the flow cannot be followed")

    def interpolate(times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        state = np.moveaxis(solution.sol(times), -1, 0)  # (k, all variables)
        theta = np.moveaxis(state[:, :split].reshape(len(times), *shape), 0, len(batch))
        rho = np.moveaxis(state[:, split:].reshape(len(times), *shape[:-1]), 0, len(batch))
        return _cartesian(net, theta, rho)

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
    parts, pull = net._parts(X, net._join(theta))
    h = np.matmul(np.exp(net.order * rho)[..., None, :], parts)[..., 0, :]
    g = net._split(pull(residual(h)))
    square = (theta**2).sum(axis=-1)
    growth = (g * theta).sum(axis=-1) / np.where(square == 0, 1, square)  # a zero neuron stays zero
    turn = g - growth[..., None] * theta
    if net.order == 2:
        return turn, growth
    clock = np.exp((net.order - 2) * rho)
    return clock[..., None] * turn, clock * growth


def _polar(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Directions and log-norms along the last axis, scaled before squaring; zero becomes direction 0, log-norm 0."""
    scale = np.abs(vectors).max(axis=-1, keepdims=True)
    scaled = vectors / np.where(scale == 0, 1, scale)
    length = np.linalg.norm(scaled, axis=-1, keepdims=True)
    length = np.where(scale == 0, 1, length)
    return scaled / length, (np.log(length) + np.log(np.where(scale == 0, 1, scale)))[..., 0]


def _cartesian(net: Network, theta: np.ndarray, rho: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Direction and log-norm of all weights together, from those of the neurons."""
    rho = np.where(theta.any(axis=-1), rho, -np.inf)
    top = rho.max(axis=-1, keepdims=True)
    top = np.where(np.isfinite(top), top, 0)
    direction, log_norm = _polar(net._join(theta * np.exp(rho - top)[..., None]))
    return direction, np.where(direction.any(axis=-1), log_norm + top[..., 0], -np.inf)


def _linear(t: np.ndarray, w: np.ndarray) -> Trajectory:
    """Trajectory through recorded weights (..., m, size), linear in between."""

    def interpolate(times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        right = np.clip(np.searchsorted(t, times), 1, len(t) - 1)
        part = ((times - t[right - 1]) / (t[right] - t[right - 1]))[:, None]
        return _vector_polar((1 - part) * w[..., right - 1, :] + part * w[..., right, :])

    return Trajectory(t, *_vector_polar(w), interpolate)


def _vector_polar(w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    direction, log_norm = _polar(w)
    return direction, np.where(direction.any(axis=-1), log_norm, -np.inf)


def _with_loss(path: Trajectory, net: Network, X: np.ndarray, y: np.ndarray, loss: Loss) -> Trajectory:
    values = loss.value(net.outputs(X, path.w), y)
    return Trajectory(path.t, path.direction, path.log_norm, path.interpolate, values)
