"""One neuron climbing its correlation in steps: with a step size, a sigma'(0), noise, or a smooth ReLU.

Where the inclusion has one solution all of these agree in the limit. Where it branches each of them chooses, and
this is the place to see which.
"""

from __future__ import annotations

import numpy as np

from homolib import _checks
from homolib._settings import default_errors
from homolib.flows.trajectory import Trajectory, linear_path
from homolib.problems.scales import times, unit

MOST_STEPS = 10**8


@default_errors
def neuron_ascent(
    X: np.ndarray,
    z: np.ndarray,
    v0: float | np.ndarray,
    u0: np.ndarray,
    step: float,
    t_end: float,
    slope: float = 0.0,
    at_zero: float | None = None,
    width: float = 0.0,
    noise: float = 0.0,
    seed: int = 0,
    record_every: int = 10,
) -> Trajectory:
    """Euler's method for the correlation flow of N(v, u) = v sum_i z_i sigma(x_i . u).

    Near the origin gradient descent of a network with small weights does the same with each neuron: its residual
    is z up to the square of the weights (Lemma 5.2 of Kumar and Haupt).

    Parameters
    ----------
    X, z, v0, u0, slope
        As for `neuron_flow`; v0 (...) and u0 (..., d) may carry leading axes, independent runs.
    step : float
        Step size.
    t_end : float
        Until when; rounded up to whole steps.
    at_zero : float, optional
        The number that the program takes for sigma'(0). Unless given it is `slope`, the inactive side.
    width : float
        If positive, sigma is smoothed to slope s + (1 - slope) width ln(1 + exp(s / width)).
    noise : float
        Standard deviation of a normal number that is added to each weight, per square root of time.
    seed : int
        Of the noise.
    record_every : int
        Steps between two recorded weights; the last is always recorded.

    Returns
    -------
    Trajectory
        Rows of `.w` are (v, u), linear between the recorded times.

    Raises
    ------
    ValueError
        If an argument does not fit, the weights overflow, or it would take more than `MOST_STEPS` steps.
    """
    X = _checks.inputs(X)
    z = _checks.matching("z", z, X)
    v = _checks.array("v0", v0, (...,))
    u = _checks.array("u0", u0, (*v.shape, X.shape[1]))
    step, t_end = _checks.positive("step", step), _checks.positive("t_end", t_end)
    last = _steps(t_end, step)
    slope = _checks.finite("slope", slope)
    at_zero = slope if at_zero is None else _checks.finite("at_zero", at_zero)
    width, noise = _checks.nonnegative("width", width), _checks.nonnegative("noise", noise)
    every, rng = _checks.count("record_every", record_every), np.random.default_rng(_checks.seed(seed))
    # With numbers of size one: no product of data and weights over- or underflows.
    (X, of_X), (z, of_z), (w, own) = unit(X), unit(z), unit(np.concatenate([v[..., None], u], axis=-1))
    h, width, jump = times(step, of_X + of_z), times(width, -of_X - own), times(noise * np.sqrt(step), -own)
    counts, recorded = [0], [w]
    with np.errstate(over="ignore", invalid="ignore"):
        for k in range(1, last + 1):
            s = w[..., 1:] @ X.T
            value, derivative = _sigma(s, slope, at_zero, width)
            w = w + h * np.concatenate([(value @ z)[..., None], w[..., :1] * ((derivative * z) @ X)], axis=-1)
            if noise:
                w = w + jump * rng.standard_normal(w.shape)
            if k % every == 0 or k == last:
                counts.append(k)
                recorded.append(w)
    if not np.isfinite(times(w, own)).all():
        _checks.fail("t_end", t_end, "an earlier time: the weights have left the range of floating-point numbers")
    return linear_path(step * np.array(counts), times(np.stack(recorded, axis=-2), own))


def _steps(t_end: float, step: float) -> int:
    """How many steps reach `t_end`, which may be a whole number of them up to rounding."""
    if t_end > MOST_STEPS * step:
        _checks.fail("step", step, f"at least {t_end / MOST_STEPS:.3g}: no more than {MOST_STEPS} steps to t_end")
    return int(np.ceil(t_end / step * (1 - 4 * np.finfo(float).eps)))


def _sigma(s: np.ndarray, slope: float, at_zero: float, width: float) -> tuple[np.ndarray, np.ndarray]:
    """The activation and its derivative."""
    if width:
        from scipy.special import expit  # takes longer to import than the rest of the library

        bend = 1 - slope
        return slope * s + bend * width * np.logaddexp(0, s / width), slope + bend * expit(s / width)
    return np.where(s > 0, s, slope * s), np.where(s > 0, 1.0, np.where(s < 0, slope, at_zero))
