"""What `make` itself does: whose files it leaves alone, when it makes `.venv`, and what the commands get to see.

Every command is a stand-in that writes down how it was called, so nothing is installed or built.
"""

import os
import re
import shutil
import subprocess

import pytest

import keep

MAKEFILE = keep.ROOT / "Makefile"
TARGETS = re.search(r"^\.PHONY: (.*)", MAKEFILE.read_text(encoding="utf-8"), re.MULTILINE)[1].split()
BUILDING = ("book", "test", "kernels", "page", "pdf")
PYTHON = """#!/bin/sh
echo "$0 $*" >> {log}
env >> {log}.env
if [ "$1 $2" = "-m venv" ]; then
  mkdir -p .venv/bin
  for name in python jupyter jupyter-book pytest ruff uv; do cp {python} .venv/bin/$name; done
fi
"""

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")


@pytest.fixture
def checkout(tmp_path):
    """A folder with the Makefile, and the Python that its commands are made from."""
    folder = tmp_path / "a book"
    folder.mkdir()
    for name in ("Makefile", "requirements.txt", "pyproject.toml"):
        shutil.copy2(keep.ROOT / name, folder)
    python = tmp_path / "python3"
    python.write_text(PYTHON.format(log=tmp_path / "log", python=python), encoding="utf-8")
    python.chmod(0o755)
    return folder


def make(folder, *arguments, **environment):
    """Run make in a folder; return the commands that were called."""
    log = folder.parent / "log"
    log.write_text("", encoding="utf-8")
    command = ["make", "-C", str(folder), f"PYTHON={folder.parent / 'python3'}", *arguments]
    outer = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    subprocess.run(command, check=True, env=outer | environment, capture_output=True)
    return log.read_text(encoding="utf-8").splitlines()


def made(commands):
    """How often a virtual environment was made."""
    return sum("-m venv" in command for command in commands)


@pytest.mark.parametrize("target", [target for target in TARGETS if target != "clean"])
def test_no_target_touches_what_a_person_has(checkout, target):
    names = [
        "notebooks/ncf-flow.ipynb",
        "notebooks/my own.ipynb",
        "_build/small-beginnings.pdf",
        "_build/my notes",
        "toc.yml",
    ]
    for name in names:
        (checkout / name).parent.mkdir(exist_ok=True)
        (checkout / name).write_text("mine", encoding="utf-8")
    make(checkout, target, "PAGE=ncf-flow", *(["OUT=."] if target == "page" else []))
    assert [(checkout / name).read_text(encoding="utf-8") for name in names] == ["mine"] * len(names)


def test_the_environment_is_made_once(checkout):
    assert made(make(checkout, "notebooks")) == 1
    assert made(make(checkout, "notebooks")) == 0


@pytest.mark.parametrize("way", [shutil.copytree, shutil.move])
def test_a_copied_or_moved_checkout_makes_its_own(checkout, way):
    make(checkout, "notebooks")
    (checkout / ".venv/old").touch()
    elsewhere = checkout.with_name("elsewhere")
    way(checkout, elsewhere)
    assert made(make(elsewhere, "notebooks")) == 1
    assert not (elsewhere / ".venv/old").exists()
    assert made(make(elsewhere, "notebooks")) == 0


def test_another_python_makes_its_own(checkout):
    make(checkout, "notebooks")
    other = shutil.copy2(checkout.parent / "python3", checkout.parent / "python3.14")
    assert made(make(checkout, "notebooks", f"PYTHON={other}")) == 1


def test_a_linked_environment_is_unlinked_not_emptied(checkout):
    theirs = checkout.parent / "theirs"
    theirs.mkdir()
    (theirs / "mine").touch()
    (checkout / ".venv").symlink_to(theirs, target_is_directory=True)
    make(checkout, "notebooks")
    assert (theirs / "mine").exists()


def test_an_environment_that_make_has_not_made_is_left_alone(checkout):
    (checkout / ".venv").mkdir()
    (checkout / ".venv/mine").touch()
    with pytest.raises(subprocess.CalledProcessError) as refusal:
        make(checkout, "notebooks")
    assert "move it elsewhere" in refusal.value.stderr.decode()
    assert (checkout / ".venv/mine").exists()


def test_an_environment_that_was_cut_short_is_made_anew(checkout):
    with pytest.raises(subprocess.CalledProcessError):
        make(checkout, "notebooks", "PIP=false")
    assert made(make(checkout, "notebooks")) == 1


def test_a_changed_lock_is_installed_into_what_is_there(checkout):
    make(checkout, "notebooks")
    (checkout / ".venv/old").touch()
    os.utime(checkout / "requirements.txt", (4e9, 4e9))
    commands = make(checkout, "notebooks")
    assert any("--requirement requirements.txt" in command for command in commands)
    assert (checkout / ".venv/old").exists()


@pytest.mark.parametrize("target", BUILDING)
def test_what_someone_has_set_up_for_other_work_is_not_seen(checkout, target):
    odd = dict.fromkeys(("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_PATH", "MATPLOTLIBRC", "MPLBACKEND"), "odd")
    odd |= dict.fromkeys(("PYTHONPATH", "PYTHONSTARTUP", "PYTHONWARNINGS", "PYTHONOPTIMIZE", "HOMOLIB_STATIC"), "odd")
    make(checkout, target, "PAGE=ncf-flow", **odd, PYTHONUTF8="0")
    seen = (checkout.parent / "log.env").read_text(encoding="utf-8").splitlines()
    assert [line for line in seen if line.endswith("=odd")] == []
    assert {f"PYTHONPATH={checkout}", "PYTHONUTF8=1", f"IPYTHONDIR={checkout}/_build/.ipython"} <= set(seen)


def test_jupyterlab_starts_as_root_and_keeps_the_settings_of_its_user(checkout):
    *_, lab = make(checkout, "lab", "LAB=--no-browser", JUPYTER_CONFIG_DIR="mine")
    assert lab.endswith("jupyter lab --allow-root --no-browser notebooks")
    assert "JUPYTER_CONFIG_DIR=mine" in (checkout.parent / "log.env").read_text(encoding="utf-8").splitlines()


def test_a_site_that_is_not_there_is_built_before_it_is_served(checkout):
    assert any("jupyter-book build" in command for command in make(checkout, "serve"))
    (checkout / "_build/html").mkdir(parents=True)
    (checkout / "_build/html/index.html").touch()
    assert not any("jupyter-book build" in command for command in make(checkout, "serve"))
