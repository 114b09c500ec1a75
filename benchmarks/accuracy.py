"""How far flows are from the true ones, for every tolerance that is promised: a table, one row a problem.

    make accuracy

The true flows are Taylor series in extended precision (tests/homolib/flows/reference.py), good to 1e-16. An error is
the largest in direction or log-norm over forty times or more, none of them that of a step; `*` marks a broken promise.
"""

from __future__ import annotations

import time

from tests.homolib.flows import promises

DELTAS = (1.0, 1e-2, 1e-8, 1e-150)


def main() -> None:
    """Print the table."""
    problems = {f"Figure 1 from {delta:g}": (promises.figure_1, (delta,)) for delta in DELTAS}
    problems |= {f"Figure 1 from {delta:g}, logistic": (promises.figure_1, (delta, True)) for delta in DELTAS}
    problems |= {name: (problem, ()) for name, problem in promises.SMALL.items()}
    print(
        f"{'':<32}" + "".join(f"{tolerance:>10.0e}" for tolerance in promises.TOLERANCES) + "   seconds, first and last"
    )
    for name, (problem, arguments) in problems.items():
        row(name, problem(*arguments) if arguments else problem)


def row(name: str, problem: promises.Problem) -> None:
    """Print the errors of one problem."""
    problem.true  # noqa: B018 - not to be timed
    cells, times = [], []
    for tolerance in promises.TOLERANCES:
        begin = time.process_time()
        path = problem.path(tolerance)
        times.append(time.process_time() - begin)
        off = problem.off(path)
        cells.append(f"{off:>9.1e}{' ' if off <= tolerance else '*'}")
    print(f"{name:<32}{''.join(cells)}   {times[0]:.3f}, {times[-1]:.3f}", flush=True)


if __name__ == "__main__":
    main()
