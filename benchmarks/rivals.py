"""What a reader would write instead: PyTorch, with automatic and with hand-written gradients."""

from __future__ import annotations

import numpy as np
import torch

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)  # matrices this small only lose by sharing


def eager_descent(X, y, w0, step, iterations):
    """Gradient descent of Figure 1's network on the mean of half squared errors, by autograd; w0 may be a batch."""
    X, y = torch.as_tensor(X), torch.as_tensor(y)
    w = torch.tensor(w0, requires_grad=True)
    for _ in range(iterations):
        outputs = torch.relu(w.unflatten(-1, (-1, X.shape[1])) @ X.T).square().sum(dim=-2)
        loss = ((outputs - y).square() / 2).mean(dim=-1).sum()
        (gradient,) = torch.autograd.grad(loss, w)
        with torch.no_grad():
            w -= step * gradient
    return w.detach().numpy()


def handwritten_descent(X, y, w0, step, iterations):
    """The same with the gradient written out, in place where that is faster."""
    X, y = torch.as_tensor(X), torch.as_tensor(y)
    shape, n = np.shape(w0), len(y)
    w = torch.tensor(w0).unflatten(-1, (-1, X.shape[1]))
    with torch.no_grad():
        for _ in range(iterations):
            active = torch.relu(w @ X.T)
            residual = active.square().sum(dim=-2, keepdim=True) - y
            w = w.addmm((active * residual), X, alpha=-2 * step / n) if w.dim() == 2 else (
                w - (2 * step / n) * ((active * residual) @ X)
            )  # fmt: skip
    return w.numpy().reshape(shape)


def squared_flow(X, z, u0, t_end, steps):
    """Directions of the NCF flow of squared ReLU neurons u0 (m, d): Runge and Kutta's fourth-order method."""
    X, z = torch.as_tensor(X), torch.as_tensor(z)

    def field(u):
        return 2 * (torch.relu(u @ X.T) * z) @ X

    return _rk4_directions(field, torch.as_tensor(u0), t_end / steps, steps)


def relu_flow(X, z, v0, u0, t_end, steps):
    """Directions of the NCF flow of two-layer ReLU neurons (v0, u0): Runge and Kutta's fourth-order method."""
    X, z = torch.as_tensor(X), torch.as_tensor(z)

    def field(w):
        v, u = w[:, :1], w[:, 1:]
        s = u @ X.T
        return torch.cat([(torch.relu(s) * z).sum(dim=1, keepdim=True), v * (((s > 0) * z) @ X)], dim=1)

    start = torch.cat([torch.as_tensor(v0)[:, None], torch.as_tensor(u0)], dim=1)
    return _rk4_directions(field, start, t_end / steps, steps)


def _rk4_directions(field, w, h, steps):
    with torch.no_grad():
        for _ in range(steps):
            a = field(w)
            b = field(w + h / 2 * a)
            c = field(w + h / 2 * b)
            w = w + h / 6 * (a + 2 * b + 2 * c + field(w + h * c))
            w = w / torch.linalg.vector_norm(w, dim=1, keepdim=True)  # two-homogeneous: only the direction matters
    return w.numpy()
