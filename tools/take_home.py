"""What readers take home: notebooks that bring their library, and links to where they can be run.

Where the repository lives is one setting, `book_repository` in `_config.yml`. Without it nothing is missing but the
links that need it: a notebook then installs the library from the wheel that the site ships beside it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from book import ROOT

ZIP = "small-beginnings.zip"
BRANCH = "notebooks"  # of the repository: what is in the zip, for those who run it where they read it
README = """Small Beginnings: the notebooks of the book, and homolib, its library.

They need Python 3.11 or newer. In this folder:

    python -m pip install --requirement requirements.txt
    jupyter lab

Then open index.ipynb. A single notebook installs the library by itself, in its first cell.
"""


@cache
def wheel_name() -> str:
    """Name of the library's wheel."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return f"{project['name']}-{project['version']}-py3-none-any.whl"


def first_cell(repository: str = "") -> str:
    """Code that says what a notebook needs, and installs the library where it is missing: from there or from beside."""
    lines = [
        "# This notebook needs Python 3.11 or newer, and homolib, the book's library, which it installs if missing.",
        "from importlib.util import find_spec",
        "from pathlib import Path",
        "",
        'if find_spec("homolib") is None:',
        f'    wheel = "{wheel_name()}"',
    ]
    if repository:
        lines += [f'    %pip install --quiet {{wheel if Path(wheel).exists() else "git+{repository}"}}']
    else:
        lines += [
            "    if not Path(wheel).exists():",
            f'        raise FileNotFoundError(f"{{wheel}} belongs beside this notebook; the site has both in {ZIP}")',
            "    %pip install --quiet {wheel}",
        ]
    return "\n".join(lines)


def build_wheel(folder: Path) -> Path:
    """Build the wheel of the library into a folder; the sources stay as they are."""
    with tempfile.TemporaryDirectory() as copy:
        for name in ("pyproject.toml", "README.md", "LICENSE"):
            shutil.copy(ROOT / name, copy)
        shutil.copytree(ROOT / "homolib", f"{copy}/homolib", ignore=shutil.ignore_patterns("__pycache__"))
        command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--quiet", "--no-deps"]
        command += ["--no-build-isolation", "--wheel-dir", str(folder), copy]
        subprocess.run(command, check=True, env=os.environ | {"SOURCE_DATE_EPOCH": "315532800"})
    return folder / wheel_name()


def pack(folder: Path, notebooks: Iterable[tuple[str, str]]) -> None:
    """Fill a folder with notebooks, the wheel and what else they need, and with all of it as one zip."""
    folder.mkdir(exist_ok=True)
    texts = {**dict(notebooks), "README.txt": README, "requirements.txt": f"./{wheel_name()}\njupyterlab\n"}
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    build_wheel(folder)
    with zipfile.ZipFile(folder / ZIP, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted([*texts, wheel_name()]):
            archive.write(folder / name, f"small-beginnings/{name}")


def places_to_run(stem: str, repository: str) -> list[dict]:
    """Buttons that open a chapter's notebook at Colab and Binder, if the repository has an address there."""
    host, _, path = repository.partition("github.com/")
    if not (host and path):
        return []
    colab = f"https://colab.research.google.com/github/{path}/blob/{BRANCH}/{stem}.ipynb"
    binder = f"https://mybinder.org/v2/gh/{path}/{BRANCH}?urlpath=lab/tree/{stem}.ipynb"
    return [
        {"type": "link", "text": name, "url": url, "icon": icon, "tooltip": f"Run at {name}", "label": f"launch-{name}"}
        for name, url, icon in (("Colab", colab, "fas fa-play"), ("Binder", binder, "fas fa-rocket"))
    ]


def offer(context: dict, folder: str, offers: list[tuple[str, str, str, str]]) -> None:
    """Put files of a folder of the site first in a page's download menu: name, text, icon and tooltip of each."""
    for group in context["header_buttons"]:
        if group["label"] == "download-buttons":
            group["buttons"][:0] = [
                {
                    "type": "link",
                    "url": context["pathto"](f"{folder}/{name}", 1),
                    "text": text,
                    "icon": icon,
                    "tooltip": tooltip,
                    "label": f"download-{Path(name).suffix[1:]}-button",
                }
                for name, text, icon, tooltip in offers
            ]
