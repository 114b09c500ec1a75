"""Run the library's tests with several of the kernels that NumPy's OpenBLAS has: sums come out otherwise in each.

python tools/kernels.py [SkylakeX ...]    # default: the oldest and the newest that this processor can run
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
# From old to new, and what a processor must be able to do for each, in the words of /proc/cpuinfo. Zen has no kernel of
# its own in NumPy's wheels: it runs Haswell's.
NEEDS = {
    "Nehalem": {"sse4_2"},
    "Haswell": {"avx2", "fma"},
    "SkylakeX": {"avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"},
}


def flags(cpuinfo: Path = Path("/proc/cpuinfo")) -> set[str]:
    """What this processor can do; nothing is known of one that is not x86, or not under Linux."""
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    return next((set(line.split()) for line in lines if line.startswith("flags")), set())


def available(can: set[str]) -> list[str]:
    """The kernels that run on such a processor, from old to new."""
    return [kernel for kernel, needs in NEEDS.items() if needs <= can]


def in_use() -> set[str]:
    """The kernels of the OpenBLAS libraries that NumPy loads into this process."""
    import numpy as np  # noqa: F401
    from threadpoolctl import threadpool_info

    return {library["architecture"] for library in threadpool_info() if library["internal_api"] == "openblas"}


def main(kernels: list[str]) -> int:
    """Test with each kernel; the exit code is 1 if a test fails, or if a kernel is not the one that was asked for."""
    if not kernels:
        print("which BLAS kernels this processor can run is not known here: none tested")
    failed = 0
    for kernel in kernels:
        environment = os.environ | {"OPENBLAS_CORETYPE": kernel, "OPENBLAS_NUM_THREADS": "1"}
        ask = [sys.executable, __file__, "--in-use"]
        used = subprocess.run(ask, env=environment, check=True, encoding="utf-8", stdout=subprocess.PIPE).stdout.split()
        print(f"BLAS kernel {kernel} (NumPy has loaded {', '.join(used)})", flush=True)
        tests = [sys.executable, "-m", "pytest", "-q", "--numprocesses", "auto", "tests/homolib"]
        failed |= used != [kernel] or subprocess.call(tests, cwd=ROOT, env=environment)
    return int(failed != 0)


if __name__ == "__main__":
    if sys.argv[1:] == ["--in-use"]:
        print(*in_use())
    else:
        known = available(flags())
        sys.exit(main(sys.argv[1:] or list(dict.fromkeys([*known[:1], *known[-1:]]))))
