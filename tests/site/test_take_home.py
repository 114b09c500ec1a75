"""What the site gives away works elsewhere: in a fresh folder and an environment that has never seen the book."""

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import nbformat
import pytest

import book
import take_home

SHIPPED = book.SITE / "notebooks"
NAMES = [source.stem for source in book.all_sources() if book.is_notebook(source)]
OURS = ("homolib", "__editable__")  # what would bring this checkout along
BIN = "Scripts" if os.name == "nt" else "bin"


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    """A folder with the unpacked notebooks, and a Python with the packages of this one, but without the library."""
    folder = tmp_path_factory.mktemp("elsewhere")
    subprocess.run([sys.executable, "-m", "venv", folder / "env"], check=True)
    packages = folder / "packages"
    packages.mkdir()
    for package in Path(sysconfig.get_path("purelib")).iterdir():
        if not package.name.startswith((*OURS, "pip", "setuptools", "pkg_resources")) and package.suffix != ".pth":
            (packages / package.name).symlink_to(package)
    site = next((folder / "env").rglob("site-packages"))
    (site / "packages.pth").write_text(f"{packages}\n", encoding="utf-8")
    with zipfile.ZipFile(SHIPPED / take_home.ZIP) as archive:
        archive.extractall(folder)
    return folder


def run(folder, *arguments):
    """Run the environment's Python in the folder of the notebooks, with nothing of this one around it."""
    names = ("PYTHON", "PYTEST", "JUPYTER", "IPYTHON", "HOMOLIB", "VIRTUAL_ENV")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(names)}
    environment |= {"IPYTHONDIR": str(folder / ".ipython"), "PIP_NO_INDEX": "1", "PYTHONUTF8": "1"}
    command = [folder / f"env/{BIN}/python", *arguments]
    return subprocess.run(
        command, cwd=folder / "small-beginnings", env=environment, encoding="utf-8", capture_output=True
    )


def test_zip_has_every_notebook_the_library_and_how_to_begin():
    with zipfile.ZipFile(SHIPPED / take_home.ZIP) as archive:
        names = {name.removeprefix("small-beginnings/") for name in archive.namelist()}
    assert names == {f"{name}.ipynb" for name in NAMES} | {take_home.wheel_name(), "README.txt", "requirements.txt"}


def test_wheel_has_every_module_of_the_library_and_nothing_else():
    with zipfile.ZipFile(SHIPPED / take_home.wheel_name()) as wheel:
        packed = {name for name in wheel.namelist() if ".dist-info/" not in name}
    there = {path.relative_to(take_home.ROOT).as_posix() for path in (take_home.ROOT / "homolib").rglob("*.py")}
    assert packed == there


def test_the_place_is_fresh_and_says_what_is_missing(elsewhere):
    assert "No module named 'homolib'" in run(elsewhere, "-c", "import homolib").stderr
    wheel = elsewhere / "small-beginnings" / take_home.wheel_name()
    hidden = wheel.rename(wheel.with_suffix(".hidden"))
    said = run(elsewhere, "-m", "nbconvert", "--to", "notebook", "--execute", "--stdout", "index.ipynb")
    hidden.rename(wheel)
    assert said.returncode != 0
    assert f"{take_home.wheel_name()} belongs beside this notebook" in said.stderr


@pytest.fixture(scope="module")
def passed(elsewhere):
    """How many cells of each notebook nbval has seen pass there, each notebook in a kernel of its own."""
    shutil.copy(book.ROOT / "conftest.py", elsewhere / "small-beginnings")  # cells that warn fail
    names = [f"{name}.ipynb" for name in NAMES]
    options = ["--nbval-lax", "--quiet", "--color=no", "-p", "no:cacheprovider", "--junit-xml=cells.xml"]
    done = run(elsewhere, "-m", "pytest", *options, *names)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    where = run(elsewhere, "-c", "import homolib; print(homolib.__file__)").stdout
    assert Path(where).is_relative_to(elsewhere / "env")
    cells = ElementTree.parse(elsewhere / "small-beginnings/cells.xml").iter("testcase")
    return Counter(cell.get("classname") for cell in cells)


@pytest.mark.parametrize("name", NAMES)
def test_nbval_runs_the_notebook_elsewhere(passed, name):
    cells = nbformat.read(SHIPPED / f"{name}.ipynb", 4).cells
    code = [cell.source for cell in cells if cell.cell_type == "code"]
    assert code[0] == take_home.first_cell(book.repository())
    assert passed[f"{name}.ipynb"] == len(code)
