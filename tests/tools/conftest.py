"""A small book with the settings of this one, to see what the build makes of it."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import keep

PAGE = """---
jupytext: {{text_representation: {{extension: .md, format_name: myst}}}}
kernelspec: {{display_name: Python 3, language: python, name: python3}}
---

# {name}

```{{code-cell}} ipython3
{code}
```
"""


@pytest.fixture
def small_book(tmp_path):
    """Build a book in `tmp_path`, a page for each cell; return the exit code and the warnings."""
    return lambda cells, **settings: build(tmp_path, cells, settings)


def build(folder, cells, settings):
    """Build with the settings of this book, but for those that are given."""
    for name in ("_static", "chapters", "tools", "vendor", "homolib", "course"):
        shutil.copytree(keep.ROOT / name, folder / name, ignore=shutil.ignore_patterns("*.md", "__pycache__"))
    for name in ("_config.yml", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(keep.ROOT / name, folder)
    config = (folder / "_config.yml").read_text(encoding="utf-8")
    for name, value in settings.items():
        config, count = re.subn(rf"^(    {name}: ).*", rf'\1"{value}"', config, flags=re.MULTILINE)
        assert count == 1
    (folder / "_config.yml").write_text(config, encoding="utf-8")
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
