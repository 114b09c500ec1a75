"""A warning in a cell, or anything else on standard error, turns the build and the tests red."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat

import keep

LOUD = {
    "warning": "import warnings\nwarnings.warn('look out')",
    "printed": "import sys\nprint('look out', file=sys.stderr)",
    "native": "import os\n_ = os.write(2, b'look out')",
    "logged": "import logging\nlogging.warning('look out')",
}
QUIET = {"quiet": "print('all is well')"}
PAGE = """---
jupytext: {{text_representation: {{extension: .md, format_name: myst}}}}
kernelspec: {{display_name: Python 3, language: python, name: python3}}
---

# {name}

```{{code-cell}} ipython3
{code}
```
"""


def build(folder, cells):
    """Build a small book with the settings of this one; return the exit code and the warnings."""
    for name in ("_static", "chapters", "tools", "vendor"):
        shutil.copytree(keep.ROOT / name, folder / name, ignore=shutil.ignore_patterns("*.md", "__pycache__"))
    shutil.copy(keep.ROOT / "_config.yml", folder)
    for name, code in cells.items():
        (folder / f"chapters/{name}.md").write_text(PAGE.format(name=name, code=code), encoding="utf-8")
    root, *others = (f"file: chapters/{name}" for name in cells)
    toc = "\n".join(["format: jb-book", f"root: {root.removeprefix('file: ')}", "parts:", "- chapters:"])
    toc += "".join(f"\n  - {other}" for other in others)
    (folder / "_toc.yml").write_text(toc, encoding="utf-8")
    command = [Path(sys.executable).with_name("jupyter-book"), "build", ".", "-W", "-n", "--keep-going"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}  # kernels look
    done = subprocess.run(command, cwd=folder, env=environment, encoding="utf-8", capture_output=True)
    return done.returncode, [line for line in done.stderr.splitlines() if "WARNING:" in line or "ERROR:" in line]


def test_a_cell_that_warns_turns_the_build_red(tmp_path):
    code, said = build(tmp_path, QUIET | LOUD)
    assert code != 0
    found = [name for name in LOUD for line in said if f"{name}.md" in line and "stderr was found" in line]
    assert (found, len(said)) == (list(LOUD), len(LOUD))


def test_a_quiet_book_is_green(tmp_path):
    assert build(tmp_path, QUIET | {"other": "1 + 1"}) == (0, [])


def test_a_cell_that_warns_turns_the_tests_red(tmp_path):
    expected = {name: "FAILED" for name in LOUD if name != "native"} | dict.fromkeys(QUIET, "PASSED")
    cells = [nbformat.v4.new_code_cell((LOUD | QUIET)[name]) for name in expected]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "chapter.ipynb")
    shutil.copy(keep.ROOT / "conftest.py", tmp_path)
    command = [sys.executable, "-m", "pytest", "--nbval-lax", "-v", "-p", "no:cacheprovider", "chapter.ipynb"]
    done = subprocess.run(command, cwd=tmp_path, encoding="utf-8", capture_output=True)
    assert re.findall(r"::Cell \d+ (PASSED|FAILED)", done.stdout) == list(expected.values())
