"""The fence from within, what passes through it, and what is left without it."""

import json
import math
import os
import pickle
import socket
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import fence
import judge
import marking
import restore
import sheets
import wire
from tests.course.conftest import SMALL, solved

LIMITS = fence.Limits(cell=5, test=5, total=30, memory=1 << 30, processes=8, restarts=0)


def told(source, how="bubblewrap"):
    """What a cell prints."""
    student = judge.Student(LIMITS, how)
    try:
        outputs = student.run(source)
    finally:
        student.end()
    assert all(output["output_type"] == "stream" for output in outputs), outputs
    return "".join(output["text"] for output in outputs)


WRITE = """
written = []
for place in PLACES:
    try: open(place, 'w'); written.append(place)
    except OSError: pass
print(written)
"""
FILL = """
try:
    for i in range(100): open(f'/tmp/{i}', 'wb').write(bytes(1 << 20))
except OSError as error:
    print(error)
"""
SEARCH = """
import sys
def square(x):
    half, rest = b"marked_hid", [100, 101, 110, 95, 116]  # in two parts, or the search would find itself
    def is_there(text):
        at = text.find(half)
        while at >= 0 and list(text[at + len(half) : at + len(half) + len(rest)]) != rest:
            at = text.find(half, at + 1)
        return at >= 0
    frame, texts = sys._getframe(), []
    while frame:
        texts += [name.encode() for name in frame.f_locals] + [str(v).encode() for v in frame.f_locals.values()]
        texts += [str(value).encode() for value in frame.f_globals.values()]
        frame = frame.f_back
    try:
        with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
            for line in maps:
                begin, end = (int(n, 16) for n in line.split()[0].split("-"))
                if line.split()[1].startswith("rw") and end - begin < 1 << 27:
                    memory.seek(begin)
                    texts.append(memory.read(end - begin))
    except PermissionError:
        pass  # who gave up being root may not even look at himself
    found = any(is_there(text) for text in texts)
    if found:
        raise RuntimeError
    return np.asarray(x) ** 2
"""


@pytest.fixture
def canary(tmp_path):
    """A file that stands for solutions, the gradebook and other submissions, open to all."""
    folder = tmp_path / "open"
    folder.mkdir(mode=0o777)
    for parent in list(folder.parents)[:-2]:
        if "pytest" in parent.name or parent == tmp_path:
            parent.chmod(0o755)
    path = folder / "gradebook.db"
    path.write_text("the secret of the canary", encoding="utf-8")
    path.chmod(0o666)
    return path


@pytest.mark.usefixtures("fenced")
class TestFenced:
    def test_no_file_is_there_but_python_and_the_library(self, canary):
        places = [
            str(canary),
            str(sheets.SETS),
            str(SMALL),
            "/etc/passwd",
            "/root/.ssh",
            "/home",
            str(sheets.ROOT / "course"),
        ]
        found = told(
            f"import os\nprint([p for p in {places!r} if os.path.exists(p)])\nprint(sorted(os.listdir('/book')))"
        )
        assert found.splitlines() == ["[]", "['homolib', 'inside.py', 'wire.py']"]

    def test_links_lead_nowhere(self, canary):
        assert told(f"import os\nos.symlink({str(canary)!r}, 'a')\nprint(os.path.exists('a'))") == "False\n"

    def test_nothing_can_be_written_but_a_small_folder(self, canary):
        places = ["/book/x", "/dev/shm/x", "/dev/x", "/x", "/usr/x", str(canary), f"{sys.prefix}/x", "/tmp/x"]
        assert told(WRITE.replace("PLACES", repr(places))) == "['/tmp/x']\n"
        assert canary.read_text(encoding="utf-8") == "the secret of the canary"
        assert "No space left" in told(FILL)

    def test_there_is_no_network(self):
        with socket.create_server(("127.0.0.1", 0)) as server:
            address = server.getsockname()
            code = f"import socket\ntry: socket.create_connection({address!r}, 2)\nexcept OSError: print('refused')"
            assert told(code) == "refused\n"

    def test_no_other_process_can_be_seen(self):
        code = "import os\nprint([open(f'/proc/{p}/cmdline').read()[:20] for p in os.listdir('/proc') if p.isdigit()])"
        seen = told(code)
        assert seen.count("bwrap") == 1
        assert seen.count("'") == 4
        assert str(os.getpid()) not in told("import os\nprint(os.listdir('/proc'))").split("'")

    def test_it_has_no_rights_to_win_back(self):
        status = told("print(open('/proc/self/status').read())")
        values = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        assert int(values["CapEff"], 16) == int(values["CapPrm"], 16) == 0
        assert values["NoNewPrivs"] == "1"
        more = "import resource as r\ntry: r.setrlimit(r.RLIMIT_AS, (1 << 40, 1 << 40))\nexcept ValueError: print('no')"
        assert told(more) == "no\n"

    def test_only_these_variables_and_files_are_open(self, monkeypatch):
        monkeypatch.setenv("PGPASSWORD", "secret")
        assert "PGPASSWORD" not in told("import os\nprint(dict(os.environ))")
        code = "import os\nfor f in range(64):\n  try: print(os.readlink(f'/proc/self/fd/{f}'))\n  except OSError: pass"
        opened = {name.partition(":")[0] for name in told(code).splitlines()}
        assert {"/dev/null", "pipe"} <= opened <= {"/dev/null", "pipe", "socket", "anon_inode"}

    @pytest.mark.parametrize("plant", [False, True])
    def test_no_hidden_test_is_in_what_a_student_can_reach(self, plant):
        """Not in frames, and not in memory; but what is planted there is found, so the search is one."""
        sheet = sheets.read(SMALL)
        answer = (
            SEARCH.replace("if found", "if not found") + "\nplant = 'marked_hidden_test = here'" if plant else SEARCH
        )
        notebook = solved(sheet, sheet.notebook, small_square=answer)
        result = marking.mark(json.dumps(notebook).encode(), json.loads(json.dumps(sheet.notebook)), 1, {})
        tests = [c for c in restore.code(result["notebook"]) if "square-test" in restore.about(c).get("grade_id", "")]
        assert [cell["outputs"] for cell in tests] == [[], []]


def test_without_the_fence_nothing_is_run_unless_someone_says_so(course, small, monkeypatch, capsys):
    monkeypatch.setattr(fence, "kind", lambda: "process")
    course.hand_in("ann", solved(*small))
    with pytest.raises(SystemExit, match="Nothing has been run"):
        course.grade()
    assert "NOT FENCED" in capsys.readouterr().err
    rows, _ = course.grade("--unfenced")
    assert "NOT FENCED" in capsys.readouterr().err
    assert (rows["ann"]["small-square"], rows["ann"]["small-order"]) == ("5", "4")


def test_what_is_left_without_the_fence():
    """Limits, an empty folder and no variables; but files and the network are there, and the words say so."""
    assert (
        told("import os\nprint(sorted(set(os.environ) & {'USER', 'PGPASSWORD', 'SSH_AUTH_SOCK'}))", "process") == "[]\n"
    )
    assert (
        told("import os\nprint([n for n in os.listdir() if n[0] != '.'], os.path.exists('/etc'))", "process")
        == "[] True\n"
    )
    assert told("try: bytearray(2 << 30)\nexcept MemoryError: print('no')", "process") == "no\n"
    assert "every file and process that you reach" in fence.WORDS["process"]


@pytest.mark.skipif(sys.platform != "linux", reason="NOT TESTED: only Linux lets a process inherit orphans")
def test_without_the_fence_children_do_not_outlive_it():
    """One that leaves its group and its parent is found all the same, because the judge inherits orphans."""
    code = "import os, time\nif os.fork() == 0:\n    os.setsid()\n    os.fork() or time.sleep(60)\n    os._exit(0)"
    script = f"""
import sys, psutil
sys.path.insert(0, {str(sheets.ROOT / "course")!r})
import fence, judge
fence.adopt()
import subprocess
other = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)  # not the student's
student = judge.Student(fence.Limits(), "process")
student.run({code!r})
student.end()
print([child.pid for child in psutil.Process().children(True)] == [other.pid])
other.communicate()
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout == "True\n"


SIMPLE = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.complex_numbers()
ARRAYS = arrays.arrays(
    arrays.boolean_dtypes() | arrays.integer_dtypes() | arrays.floating_dtypes(sizes=(16, 32, 64)),
    arrays.array_shapes(min_dims=0, min_side=0),
)
VALUES = st.recursive(
    SIMPLE | ARRAYS,
    lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=8,
)


def same(a, b):
    """Equal in kind and value, nan included."""
    if isinstance(a, np.ndarray | np.generic):
        return type(a) is type(b) and a.shape == b.shape and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
    if isinstance(a, list | tuple):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    return type(a) is type(b) and (a == b or a != a)


@given(VALUES)
def test_what_is_said_comes_out_as_it_was(value):
    assert same(value, wire.decode(json.loads(json.dumps(wire.encode(value)))))


def test_scalars_and_odd_arrays_come_out_as_they_were():
    for value in (np.float32(2), np.int8(-3), np.bool_(True), np.float64(math.nan), np.arange(6).reshape(2, 3).T[::-1]):
        assert same(value, wire.decode(json.loads(json.dumps(wire.encode(value)))))
    assert wire.decode(wire.encode(np.array([1, 2], ">i4"))).tolist() == [1, 2]


JSON = st.recursive(
    SIMPLE.filter(lambda x: not isinstance(x, complex)), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
)
FORGED = st.fixed_dictionaries(
    {"dtype": st.sampled_from(["<f8", "|O", "<U9", "<M8[s]", "V8", "f8,f8", ""]), "shape": JSON, "array": JSON}
)


@given(JSON | FORGED)
def test_whatever_comes_back_can_do_nothing_but_fail(value):
    """The decoder returns plain values or raises what a test survives; it never makes an object of a student's."""
    try:
        decoded = wire.decode(value)
    except (ValueError, TypeError, OverflowError, MemoryError):
        return
    assert isinstance(
        decoded, type(None) | bool | int | float | str | complex | list | tuple | dict | np.ndarray | np.generic
    )
    assert not (isinstance(decoded, np.ndarray) and decoded.dtype.hasobject)


@pytest.mark.parametrize("value", [object(), {1, 2}, lambda: 0, np.array([object()]), np.datetime64("2027-01-01"), np])
def test_what_cannot_be_checked_is_named(value):
    with pytest.raises(TypeError, match="cannot be checked"):
        wire.encode(value)


def test_arguments_reach_a_student_as_library_objects():
    import homolib as hl

    net = hl.TwoLayerReLU(2, 2)
    assert type(pickle.loads(pickle.dumps(net))) is type(net)


def test_the_names_that_a_test_wants():
    source = "import os as o\ndef f(a): return g(a) + np.sum(seed)\nfor x in h: print(x, f, o, lambda z: z)"
    assert judge.wanted(source) == {"g", "h"}
