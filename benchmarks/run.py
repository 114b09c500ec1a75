"""Time homolib against what a reader would use instead, interleaved in one process; print errors beside times.

    make bench

Read the ratios, not the seconds: machines differ, and the rivals are run in turn, round after round. A ratio below one
is a rival that wins. All record what they start from and where they end, no more; compilers are warm before they are
timed, and what warming takes is said. Rivals that are not installed are left out.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from functools import partial

import numpy as np

import homolib as hl
import rivals

try:
    import compiled
except ImportError:
    compiled = None  # JAX and diffrax are optional
from homolib.neuron.relu_flow import neuron_flows

ROUNDS, TURN = 3, 0.3  # seconds
MEAN = hl.SquareLoss("mean")


def main() -> None:
    """Run every comparison and print one table for each."""
    for comparison in (one_run, grid, correlation_flow, crossing, sliding, ten_dimensions):
        title, contenders = comparison()
        report(title, contenders)
    scaling()


def report(title: str, contenders: dict[str, tuple[Callable, Callable, int]]) -> None:
    """Time every contender, interleaved; each comes as (run, error of its result, rounds).

    What is quick is run again until a turn is long enough to time.
    """
    times, errors, first = {name: [] for name in contenders}, {}, {}
    for name, (run, _, _) in contenders.items():
        if "compiled" in name:
            start = time.perf_counter()
            run()
            first[name] = f"; first call {time.perf_counter() - start:.1f} s"
    for round_ in range(ROUNDS):
        for name, (run, error, rounds) in contenders.items():
            turn = []
            while round_ < rounds and sum(turn) < TURN:
                start = time.perf_counter()
                result = run()
                turn.append(time.perf_counter() - start)
                errors[name] = error(result)
            times[name] += turn
    print(f"\n{title}")
    middle = {name: statistics.median(taken) for name, taken in times.items()}
    ours = next(iter(middle.values()))
    for name, seconds in middle.items():
        print(f"  {name:<42}{seconds * 1e3:>11.2f} ms   {seconds / ours:>8.2f} x   {errors[name]}{first.get(name, '')}")
    for name in (name for name in middle if "homolib" in name):
        for rival in (rival for rival in middle if "homolib" not in rival and middle[rival] < middle[name]):
            print(f"  -> {rival} is {middle[name] / middle[rival]:.1f} times as fast as {name}", flush=True)


def one_run():
    """W1: Figure 1 as the paper runs it, 50,000 steps of 5e-5 on the mean squared error (1e-4 on half of it)."""
    (X, y), net, steps, step = hl.datasets.circle(50), hl.SquaredReLU(20, 2), 50_000, 1e-4
    w0 = 1e-5 * np.random.default_rng(0).standard_normal(40)
    exact = hl.gradient_descent(net, X, y, w0, step, steps, MEAN, record_every=steps).w[-1]

    def angle(w):
        a, b = (np.arctan2(*net.neurons(v).T[::-1]) for v in (np.asarray(w), exact))
        return f"angles off by {np.abs(np.angle(np.exp(1j * (a - b)))).max():.1e}"

    contenders = {
        "homolib, as a flow, within 1e-4": (
            lambda: hl.training_flow(net, X, y, w0, steps * step, MEAN, tolerance=1e-4, points=2).w[-1],
            angle,
            ROUNDS,
        ),
        "homolib, as a flow, within 1e-10": (
            lambda: hl.training_flow(net, X, y, w0, steps * step, MEAN, tolerance=1e-10, points=2).w[-1],
            angle,
            ROUNDS,
        ),
        "homolib, gradient descent": (
            lambda: hl.gradient_descent(net, X, y, w0, step, steps, MEAN, record_every=steps).w[-1],
            angle,
            3,
        ),
        "PyTorch, hand-written gradient": (lambda: rivals.handwritten_descent(X, y, w0, step, steps), angle, 3),
        "PyTorch, autograd": (lambda: rivals.eager_descent(X, y, w0, step, steps), angle, 1),
    }
    if compiled:
        contenders["JAX, compiled, hand-written gradient"] = (
            lambda: compiled.descent(X, y, w0, step, steps),
            angle,
            ROUNDS,
        )
    return "W1  Figure 1, one run of 50,000 steps", contenders


def grid():
    """W2: 8 scales times 6 starts; the rivals' single run counts 48 times."""
    (X, y), net, steps, step = hl.datasets.circle(50), hl.SquaredReLU(20, 2), 50_000, 1e-4
    starts, deltas = hl.datasets.random_start(40, seed=range(6)), np.logspace(-1, -8, 8)[:, None]
    batch = (deltas[..., None] * starts).reshape(48, 40)

    def norms(w):
        return f"norms {np.linalg.norm(w, axis=-1).min():.1e} to {np.linalg.norm(w, axis=-1).max():.3f}"

    contenders = {
        "homolib, as a flow within 1e-4, one call": (
            lambda: hl.training_flow(net, X, y, starts, steps * step, MEAN, deltas, tolerance=1e-4, points=2).w[
                ..., -1, :
            ],
            norms,
            3,
        ),
        "PyTorch, hand-written, one batch": (lambda: rivals.handwritten_descent(X, y, batch, step, steps), norms, 1),
        "PyTorch, autograd, one batch": (lambda: rivals.eager_descent(X, y, batch, step, steps), norms, 1),
    }
    if compiled:
        contenders["JAX, compiled, one batch"] = (lambda: compiled.descent(X, y, batch, step, steps), norms, 1)
    return "W2  the same, 8 scales times 6 starts", contenders


def correlation_flow():
    """W3: NCF flow of a squared ReLU neuron from 1000 starts in the plane."""
    X, z = hl.datasets.circle(50)
    angles = 2 * np.pi * (np.arange(1000) + 1 / 3) / 1000
    u0, t_end = np.stack([np.cos(angles), np.sin(angles)], axis=1), 0.05
    sample = range(0, 1000, 50)
    lifted = np.hstack([X, np.zeros((50, 1))])  # in three dimensions another method is used: matrix exponentials
    exact = hl.squared_neuron_flow(lifted, z, np.hstack([u0[sample], np.zeros((20, 1))]), t_end).direction[:, -1, :2]

    def error(u):
        return f"directions off by {np.abs(u[sample] - exact).max():.1e}"

    def arcs():
        theta, _ = hl.Arcs(X, z).flow(angles, t_end)
        return np.stack([np.cos(theta), np.sin(theta)], axis=1)

    contenders = {
        "homolib, arc by arc": (arcs, error, ROUNDS),
        "PyTorch, Runge-Kutta, 1000 steps": (lambda: rivals.squared_flow(X, z, u0, t_end, 1000), error, 3),
    }
    if compiled:
        for tolerance in (1e-6, 1e-10):
            contenders[f"diffrax, compiled, tolerance {tolerance:g}"] = (
                lambda tolerance=tolerance: compiled.squared_flow(X, z, u0, t_end, tolerance),
                error,
                ROUNDS,
            )
    return "W3  correlation flow, squared ReLU, 1000 starts", contenders


def relu_comparison(title: str, X, z, v0, u0, t_end: float, steps: int, rounds: int):
    """Many ReLU neurons; right means within 1e-3 of the path that each start has, checked one at a time."""
    fates = neuron_flows(X, z, v0, u0, t_end)
    regular = np.flatnonzero(~fates.branched)
    sample = regular[:: max(1, len(regular) // 20)]
    exact = np.array([hl.neuron_flow(X, z, v0[i], u0[i], t_end, points=2).direction[-1] for i in sample])

    def right(directions):
        off = np.linalg.norm(directions - fates.direction, axis=1)[regular]
        return f"{(off < 1e-3).sum()} of {len(regular)} right; off by {np.median(off):.1e} (median)"

    def ours(directions):
        return right(directions) + f"; {np.abs(directions[sample] - exact).max():.1e} from single paths"

    return title, {
        "homolib, kink to kink": (lambda: neuron_flows(X, z, v0, u0, t_end).direction, ours, ROUNDS),
        f"PyTorch, Runge-Kutta, {steps} steps": (lambda: rivals.relu_flow(X, z, v0, u0, t_end, steps), right, rounds),
    }


def starts(count: int, inputs: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Uniform on the unit sphere of (v, u)."""
    w = hl.datasets.random_start(inputs + 1, seed=range(seed, seed + count))
    return w[:, 0].copy(), w[:, 1:].copy()


def crossing():
    """W4P: labels of one sign, no sliding."""
    X, z = hl.datasets.gaussian(50, 2, seed=0)
    return relu_comparison(
        "W4P two-layer ReLU, positive labels, 1000 starts", X, np.abs(z), *starts(1000, 2, 0), 0.5, 2000, 3
    )


def sliding():
    """W4: labels of both signs; most starts slide."""
    X, z = hl.datasets.gaussian(50, 2, seed=0)
    return relu_comparison(
        "W4  two-layer ReLU, labels of both signs, 1000 starts", X, z, *starts(1000, 2, 0), 2.0, 2000, 3
    )


def ten_dimensions():
    """W5: inputs in ten dimensions; all starts slide, along several kinks at once."""
    X, z = hl.datasets.gaussian(200, 10, seed=0)
    return relu_comparison("W5  ten dimensions, 200 inputs, 100 starts", X, z, *starts(100, 10, 0), 2.0, 2000, 1)


def scaling():
    """How the time to train twenty squared ReLU neurons to t = 5 grows with starts, inputs and dimensions."""
    print("\nScaling: twenty neurons to t = 5, as a flow within 1e-4, and by 50,000 steps (rivals: 5,000, times ten)")
    print(f"  {'starts':>6}{'n':>6}{'d':>5}{'homolib':>12}{'PyTorch':>12}{'JAX, compiled':>16}")
    for count, n, d in ((1, 50, 2), (10, 50, 2), (100, 50, 2), (1, 500, 2), (1, 5000, 2), (1, 50, 10), (1, 50, 50)):
        X = hl.datasets.gaussian(n, d, seed=0)[0]
        X /= np.linalg.norm(X, axis=1, keepdims=True)
        y, net = 5 * np.maximum(0, X[:, 0]) ** 2, hl.SquaredReLU(20, d)
        starts = 1e-3 * hl.datasets.random_start(net.size, seed=range(count))
        runs = [
            (partial(hl.training_flow, net, X, y, starts, 5.0, MEAN, tolerance=1e-4, points=2), 1),
            (partial(rivals.handwritten_descent, X, y, starts, 1e-4, 5_000), 10),
        ]
        if compiled:
            runs.append((partial(compiled.descent, X, y, starts, 1e-4, 5_000), 10))
        cells = [times * _seconds(run) for run, times in runs]
        print(f"  {count:>6}{n:>6}{d:>5}" + "".join(f"{1e3 * cell:>11.0f} ms" for cell in cells), flush=True)


def _seconds(run: Callable) -> float:
    """Median of three calls after a first."""
    run()
    times = []
    for _ in range(3):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


if __name__ == "__main__":
    main()
