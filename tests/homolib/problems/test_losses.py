"""Values, derivatives and Lipschitz constants of the losses, against differences and closed forms."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import homolib as hl
from tests.homolib.strategies import numbers

LOSSES = st.builds(
    lambda kind, reduction: kind(reduction=reduction),
    st.sampled_from([hl.SquareLoss, hl.LogisticLoss]),
    st.sampled_from(["sum", "mean"]),
)


@given(LOSSES, numbers(4), numbers(4))
def test_derivative_is_the_slope_of_the_value(loss, h, y):
    for i, step in enumerate(1e-5 * np.eye(4)):
        slope = (loss.value(h + step, y) - loss.value(h - step, y)) / 2e-5
        np.testing.assert_allclose(loss.derivative(h, y)[i], slope, rtol=1e-6, atol=1e-7)


@given(LOSSES, numbers(2, 3, 4), numbers(4))
def test_batches_are_independent(loss, h, y):
    np.testing.assert_allclose(loss.value(h, y)[1, 2], loss.value(h[1, 2], y))
    np.testing.assert_allclose(loss.derivative(h, y)[1, 2], loss.derivative(h[1, 2], y))


@given(LOSSES, numbers(3), numbers(3), numbers(3))
def test_lipschitz_constant_bounds_the_change_of_the_derivative(loss, a, b, y):
    change = np.linalg.norm(loss.derivative(a, y) - loss.derivative(b, y))
    assert change <= loss.derivative_lipschitz(y) * np.linalg.norm(a - b) + 1e-12


def test_lipschitz_constants_are_attained():
    y = np.array([1.0, -3.0])
    for loss, h in ((hl.SquareLoss(), 1.0), (hl.LogisticLoss(), 1e-4)):
        change = loss.derivative(np.array([0, h]), y) - loss.derivative(np.zeros(2), y)
        assert abs(change[1]) / h == pytest.approx(loss.derivative_lipschitz(y), rel=1e-6)


@given(numbers(4))
def test_initial_residuals(y):
    np.testing.assert_allclose(hl.SquareLoss().initial_residual(y), y)
    np.testing.assert_allclose(hl.LogisticLoss().initial_residual(y), y / 2)
    np.testing.assert_allclose(hl.SquareLoss("mean").initial_residual(y), y / 4)


def test_logistic_loss_does_not_overflow():
    loss = hl.LogisticLoss()
    np.testing.assert_allclose(loss.value([-1e4], [1.0]), 1e4)
    np.testing.assert_allclose(loss.derivative([-1e4], [1.0]), [-1])


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: hl.SquareLoss("total"), "reduction"),
        (lambda: hl.SquareLoss().value([1.0], [1.0, 2.0]), "h"),
        (lambda: hl.SquareLoss().value([np.nan], [1.0]), "h"),
        (lambda: hl.LogisticLoss().derivative([1.0], [[1.0]]), "y"),
        (lambda: hl.SquareLoss().initial_residual([]), "y"),
    ],
)
def test_bad_input_names_the_argument(call, name):
    with pytest.raises(ValueError, match=rf"^{name}: got .*, want "):
        call()
