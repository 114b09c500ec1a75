"""The BLAS kernels that the library is tested with: none that the processor lacks, each the one that was asked for."""

import pytest

import kernels


@pytest.mark.parametrize(
    ("can", "known"),
    [
        ("", []),
        ("sse2 sse4_2", ["Nehalem"]),
        ("sse4_2 avx avx2 fma", ["Nehalem", "Haswell"]),
        ("sse4_2 avx2 fma avx512f avx512cd", ["Nehalem", "Haswell"]),
        ("sse4_2 avx2 fma avx512f avx512cd avx512bw avx512dq avx512vl", ["Nehalem", "Haswell", "SkylakeX"]),
    ],
)
def test_only_kernels_that_the_processor_can_run(can, known, tmp_path):
    (tmp_path / "cpuinfo").write_text(f"processor\t: 0\nflags\t\t: fpu {can}\n\nflags\t: none\n", encoding="utf-8")
    assert kernels.available(kernels.flags(tmp_path / "cpuinfo")) == known


def test_nothing_is_known_where_linux_says_nothing(tmp_path):
    assert kernels.flags(tmp_path / "no such file") == set()


@pytest.mark.parametrize("loaded", ["Haswell", ""])
def test_a_kernel_that_is_not_loaded_is_a_failure(loaded, monkeypatch):
    monkeypatch.setattr(kernels.subprocess, "run", lambda *_, **__: kernels.subprocess.CompletedProcess([], 0, loaded))
    monkeypatch.setattr(kernels.subprocess, "call", lambda *_, **__: 0)
    assert kernels.main(["Nehalem"]) == 1
    assert kernels.main(["Haswell"]) == (loaded != "Haswell")


def test_a_red_test_is_a_failure(monkeypatch):
    monkeypatch.setattr(kernels.subprocess, "run", lambda *_, **__: kernels.subprocess.CompletedProcess([], 0, "Zen"))
    codes = iter([0, 1, 0])
    monkeypatch.setattr(kernels.subprocess, "call", lambda *_, **__: next(codes))
    assert kernels.main(["Zen", "Zen", "Zen"]) == 1
