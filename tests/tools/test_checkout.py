"""A checkout works wherever it is: in any locale, with any line ends, with the oldest and with the locked versions."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import distributions
from pathlib import Path
from sysconfig import get_path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import book
import keep

FOLDERS = ("homolib", "tests", "tools", "benchmarks")
OWN = [keep.ROOT / "conftest.py", *(path for folder in FOLDERS for path in (keep.ROOT / folder).rglob("*.py"))]
PROJECT = tomllib.loads((keep.ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCK = (keep.ROOT / "requirements.txt").read_text(encoding="utf-8")
COLAB = {"numpy": "2.1.3", "scipy": "1.16.3", "matplotlib": "3.10.0", "ipywidgets": "7.7.1"}  # in August 2026
BOUNDS = {need.name: need.specifier for need in map(Requirement, PROJECT["project"]["dependencies"])}


# Text is UTF-8


def without_encoding(code):
    """Lines of a program that read or write text in whatever encoding the locale has."""
    lines = []
    for call in (node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)):
        method = isinstance(call.func, ast.Attribute)
        name = call.func.attr if method else getattr(call.func, "id", "")
        given = {keyword.arg for keyword in call.keywords}
        modes = [node.value for node in call.args if isinstance(node, ast.Constant) and isinstance(node.value, str)]
        binary = any(re.fullmatch("[rwax]b[+]?", mode) for mode in modes)
        text = name in ("read_text", "write_text") or (name == "open" and not method and not binary)
        asked = name in ("run", "Popen", "check_output") and given & {"text", "universal_newlines"}
        if (text or asked) and "encoding" not in given:
            lines.append(call.lineno)
    return lines


def test_text_is_utf_8_whatever_the_locale():
    found = {path.relative_to(keep.ROOT): without_encoding(path.read_text(encoding="utf-8")) for path in OWN}
    assert {path: lines for path, lines in found.items() if lines} == {}


def test_an_encoding_that_is_not_said_is_found():
    bad = "p.read_text()\np.write_text(t)\nopen(p)\nrun(c, text=True)\n"
    good = "open(p, 'rb')\nopen(p, encoding='utf-8')\nImage.open(p)\nrun(c)\n"
    assert without_encoding(bad + good) == [1, 2, 3, 4]


def test_no_merge_was_left_half_done():
    listed = subprocess.run(["git", "ls-files"], cwd=book.ROOT, capture_output=True, encoding="utf8", check=False)
    texts = [name for name in listed.stdout.splitlines() if not name.startswith("vendor/")]
    marks = re.compile(r"^(<{7} |>{7} |={7}$)", re.MULTILINE)
    kinds = (".py", ".md", ".yml", ".toml", ".css", ".js", ".bib", "Makefile")
    left = [n for n in texts if n.endswith(kinds) and marks.search((book.ROOT / n).read_text(encoding="utf8"))]
    assert left == []
    assert marks.search("a = 1\n<<<<<<< HEAD\n")


def test_notebooks_are_made_in_a_locale_that_is_not_utf_8(tmp_path):
    source = book.ROOT / "chapters/gradient-flow.md"
    assert not source.read_text(encoding="utf-8").isascii()
    environment = os.environ | {
        "LC_ALL": "C",
        "PYTHONCOERCECLOCALE": "0",
        "PYTHONUTF8": "0",
        "PYTHONIOENCODING": "ascii",
    }
    command = [sys.executable, "tools/notebooks.py", "--out", str(tmp_path), str(source)]
    subprocess.run(command, cwd=keep.ROOT, env=environment, check=True)
    assert [path.name for path in tmp_path.iterdir()] == ["gradient-flow.ipynb"]


# What git keeps


@pytest.fixture
def clone(tmp_path):
    """Clone this checkout as someone does whose git writes Windows' line ends."""
    if not shutil.which("git") or not (keep.ROOT / ".git").exists():
        pytest.skip("this is no git repository")
    options = ["-c", "core.autocrlf=true", "-c", "safe.directory=*"]
    command = ["git", *options, "clone", "--quiet", "--config", "core.autocrlf=true", keep.ROOT, tmp_path / "clone"]
    subprocess.run(command, check=True)
    return tmp_path / "clone"


def test_scripts_and_makefile_have_line_ends_that_a_shell_reads(clone):
    for name in (".ci/run", "Makefile", "tools/keep.py"):
        assert b"\r" not in (clone / name).read_bytes()


def test_installing_the_library_leaves_nothing_for_git_to_see(clone, tmp_path):
    pytest.importorskip("setuptools", minversion="77")
    command = ["-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([sys.executable, *command, "--target", tmp_path / "site", clone], check=True)
    assert (tmp_path / "site/homolib/__init__.py").exists()
    assert (clone / "build").exists()
    assert subprocess.check_output(["git", "status", "--porcelain"], cwd=clone) == b""


# What is installed


def test_every_import_of_the_library_is_declared():
    names = set()
    for path in (keep.ROOT / "homolib").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {name.name.partition(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names.add(node.module.partition(".")[0])
    names = {"pillow" if name == "PIL" else name for name in names - {"homolib"} - sys.stdlib_module_names}
    assert names <= set(BOUNDS)


def test_every_dependency_has_a_lower_bound_and_colab_has_what_is_needed():
    assert all(any(bound.operator == ">=" for bound in bounds) for bounds in BOUNDS.values())
    assert all(BOUNDS[name].contains(version) for name, version in COLAB.items())


def test_the_lock_has_a_version_of_all_that_is_asked_for_and_names_no_host():
    versions = dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", LOCK, re.MULTILINE))
    groups = PROJECT["dependency-groups"]
    for need in map(Requirement, [*PROJECT["project"]["dependencies"], *groups["test"], *groups["book"]]):
        assert need.specifier.contains(versions[canonicalize_name(need.name)]), need
    assert "://" not in LOCK


def test_the_lock_holds_what_each_package_was_when_it_was_tested():
    pins = re.findall(r"^[a-z0-9.-]+==.*(?:\n    --hash=\S+.*)*", LOCK, re.MULTILINE)
    assert len(pins) > 100
    assert [pin for pin in pins if "--hash=sha256:" not in pin] == []


@pytest.mark.skipif(Path(sys.prefix) != keep.ROOT / ".venv", reason="only `make` installs what is locked")
def test_what_is_installed_here_is_what_is_locked():
    versions = dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", LOCK, re.MULTILINE))
    here = {canonicalize_name(found.name): found.version for found in distributions(path=[get_path("purelib")])}
    differ = {name: here[name] for name in versions.keys() & here.keys() if here[name] != versions[name]}
    assert differ == {}
