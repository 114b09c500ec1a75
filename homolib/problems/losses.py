"""The two losses of the book: value, derivative in the prediction, and the constants the theorems need."""

from __future__ import annotations

import numpy as np

from homolib import _checks
from homolib._records import Content
from homolib._settings import default_errors
from homolib.problems.scales import exponent, times


class Loss(Content):
    """A loss summed (the paper's eq. 2) or averaged over the samples; equal to any other of its class that is so."""

    def __init__(self, reduction: str = "sum"):
        """Choose ``reduction="sum"`` or ``"mean"``; a mean is the same flow on a clock n times slower."""
        self.reduction = _checks.choice("reduction", reduction, ("sum", "mean"))

    def __repr__(self) -> str:
        return f"{type(self).__name__}(reduction={self.reduction!r})"

    def __hash__(self) -> int:
        return hash((type(self), self.reduction))

    def weight(self, y: np.ndarray) -> float:
        """What each sample counts: 1 for a sum, 1/n for a mean."""
        return 1.0 if self.reduction == "sum" else 1.0 / len(y)

    @default_errors
    def value(self, h: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Loss of the predictions `h` (..., n) for the labels `y` (n,); one number a run, shape (...)."""
        h, y = _predictions(h, y)
        with np.errstate(over="ignore"):
            return _finite("h", self.weight(y) * self._sample(h, y).sum(axis=-1), "a loss")

    @default_errors
    def derivative(self, h: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Derivative l'(h, y) in each prediction, shape (..., n): the paper's vector l'(z, y) of section 4."""
        with np.errstate(over="ignore"):
            return _finite("h", self.slopes(*_predictions(h, y)), "derivatives")

    def slopes(self, h: np.ndarray, y: np.ndarray) -> np.ndarray:
        """`derivative` without its checks: what flows call at every step."""
        return self.weight(y) * self._slope(h, y)

    @default_errors
    def initial_residual(self, y: np.ndarray) -> np.ndarray:
        """-l'(0, y), shape (n,): the vector z of the neural correlation function near the origin."""
        y = _checks.array("y", y, (None,))
        return -self.derivative(np.zeros_like(y), y)


class SquareLoss(Loss):
    """Half the squared error, (h - y)^2 / 2, a sample."""

    def in_units(self, y: np.ndarray, power: int) -> tuple[np.ndarray, int]:
        """Labels of the same problem for outputs h / 2**power, and the power by which its flow is faster."""
        return times(y, -power), 2 * power

    def size_of_outputs(self, y: np.ndarray) -> int:
        """The power of two to which outputs grow that fit the labels."""
        return exponent(y)

    def _sample(self, h: np.ndarray, y: np.ndarray) -> np.ndarray:
        return (h - y) ** 2 / 2

    def _slope(self, h: np.ndarray, y: np.ndarray) -> np.ndarray:
        return h - y

    @default_errors
    def derivative_lipschitz(self, y: np.ndarray) -> float:
        """Lipschitz constant of l' in the prediction: beta_hat of eq. (4), here for every radius."""
        return self.weight(_checks.array("y", y, (None,)))


class LogisticLoss(Loss):
    """ln(1 + exp(-h y)) a sample; labels may be any real numbers, as in the paper."""

    def in_units(self, y: np.ndarray, power: int) -> tuple[np.ndarray, int]:
        """Labels of the same problem for outputs h / 2**power, and the power by which its flow is faster."""
        return times(y, power), 0

    def size_of_outputs(self, y: np.ndarray) -> int:
        """The power of two from which on outputs decide."""
        return -exponent(y)

    def _sample(self, h: np.ndarray, y: np.ndarray) -> np.ndarray:
        return np.logaddexp(0, -h * y)

    def _slope(self, h: np.ndarray, y: np.ndarray) -> np.ndarray:
        return -y * np.exp(-np.logaddexp(0, h * y))  # the logistic function of -h y, without overflow

    @default_errors
    def derivative_lipschitz(self, y: np.ndarray) -> float:
        """Lipschitz constant of l' in the prediction, max y_i^2 / 4 (times the weight): beta_hat of eq. (4)."""
        y = _checks.array("y", y, (None,))
        with np.errstate(over="ignore"):
            return float(_finite("y", self.weight(y) * np.max(y**2) / 4, "a Lipschitz constant"))


def chosen(loss: Loss | None) -> Loss:
    """The loss that an optional argument `loss` means: the summed square loss unless given."""
    if loss is None:
        return SquareLoss()
    return _checks.instance("loss", loss, Loss, "SquareLoss(), LogisticLoss() or None")


def square(loss: SquareLoss | None) -> SquareLoss:
    """The same where the theory is that of the square loss alone."""
    return _checks.instance("loss", chosen(loss), SquareLoss, "SquareLoss() or None: this is known for it alone")


def _predictions(h: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    y = _checks.array("y", y, (None,))
    return _checks.array("h", h, (..., len(y)), f"shape (..., {len(y)}), one prediction for each label"), y


def _finite(name: str, values: np.ndarray, what: str) -> np.ndarray:
    if not np.isfinite(values).all():
        _checks.fail(name, f"numbers with which {what} is above 1e308", "smaller ones")
    return values
