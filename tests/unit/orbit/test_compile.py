"""Machine code: its cache follows what is compiled and nothing else; its loops use the widest vectors."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import types
from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest

from orbit.kernels.compile import compiled

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.slow  # most tests compile in a process of their own


def _python(code: str, tree: Path, cache: Path, **extra: str) -> str:
    environment = {
        **os.environ, "PYTHONPATH": str(tree), "DAWNDUSK_CACHE_DIR": str(cache), "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip
    environment.pop("NUMBA_DISABLE_JIT", None)
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment | extra, cwd=tree, capture_output=True, text=True, timeout=300, check=True,
    )  # fmt: skip
    return done.stdout.strip()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the program."""
    for package in ("orbit", "sim"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert text.count(old) == 1, f"{path.name}: {old!r}"
    path.write_text(text.replace(old, new), "utf-8")


START = """
import numpy as np
from sim.spacecraft import loop
r, sun, carry = np.full((2, 3, 2), 4.2e6), np.full((2, 3), -8.6e10), np.empty((loop.CARRIED, 2))
loop.start(r, sun, np.zeros(loop.CARRIED), carry)
stats = getattr(loop.start, "stats", None)
print(float(carry[loop.EDGE_NOW_ROW, 0]).hex(), sum(stats.cache_misses.values()) if stats else "plain")
"""
# The kernel `start` in sim/spacecraft/loop.py calls `shadow_edge` in orbit/kernels/shadow.py. That reads the Earth's
# radius from orbit/constants.py, two modules away; `start` itself reads the Sun's radius from there.


# The Sun stands exactly behind the Earth here: d^2 r^2 - (d . r)^2 is rounding, 1e-16 of it, and its root 1e-8.
LIMB = 2e-8


def _start(tree: Path, **extra: str) -> tuple[float, str]:
    """The edge that `start` finds, and how many kernels were compiled for it."""
    value, misses = _python(START, tree, tree / "cache", **extra).split()
    return float.fromhex(value), misses


def _files(tree: Path) -> set[str]:
    return {path.name for path in (tree / "cache").rglob("*.nbc")}


def test_words_compile_nothing_anew(tree: Path) -> None:
    """Source of truth: numba's own count of kernels that were not in the cache, and the files that are there."""
    first, misses = _start(tree)
    assert misses == "1"
    files = _files(tree)
    assert len(files) == 1
    step, shadow = tree / "sim/spacecraft/loop.py", tree / "orbit/kernels/shadow.py"
    _edit(
        step,
        '"""Fill the first carried rows of a tile',
        '"""Words that were not here\n\n    before. Fill the first carried rows of a tile',
    )
    _edit(step, "@kernel\ndef start(", "# a comment\n\n# and another\n@kernel\ndef start(")
    shadow.write_text(
        "# a line above\n" + re.sub(r'"""(?=[A-Z])', '"""More words. ', shadow.read_text("utf-8")), "utf-8"
    )
    (tree / "orbit/status.py").write_text("OTHER = 1\n", "utf-8")
    assert _start(tree) == (first, "0")
    assert _files(tree) == files


@pytest.mark.parametrize(
    ("file", "old", "new", "factor"),
    [
        # the edge is counted in solar radii: with half the radius it is twice as far
        ("orbit/constants.py", "SUN_RADIUS_M: Final = 695.7e6", "SUN_RADIUS_M: Final = 347.85e6", 2.0),
        # what a called function returns
        ("orbit/kernels/shadow.py", "def shadow_edge(", "def shadow_edge(*a: float) -> float:\n    return 3.0 * _edge(*a)\n\n\n@inlined\ndef _edge(", 3.0),
        # a constant that only the called function reads
        ("orbit/constants.py", "EARTH_RADIUS_M: Final = ", "EARTH_RADIUS_M: Final = 0.5 * ", None),
    ],
    ids=["a constant of another file", "a function called", "a constant of a function called"],
)  # fmt: skip
def test_edits_of_what_is_compiled_are_followed(
    tree: Path, file: str, old: str, new: str, factor: float | None
) -> None:
    """Source of truth: what the edit does to the result, or plain Python; taken back, the first machine code serves."""
    first, _ = _start(tree)
    before = (tree / file).read_text("utf-8")
    _edit(tree / file, old, new)
    second, misses = _start(tree)
    assert misses == "1"
    assert second != first
    expected = _start(tree, NUMBA_DISABLE_JIT="1")[0] if factor is None else factor * first
    assert second == pytest.approx(expected, rel=LIMB if factor is None else 1e-12)
    assert len(_files(tree)) == 2
    (tree / file).write_text(before, "utf-8")
    assert _start(tree) == (first, "0")


def test_compiler_off(tree: Path) -> None:
    """Source of truth: plain Python computes the same to rounding, and leaves no machine code."""
    value, misses = _start(tree, NUMBA_DISABLE_JIT="1")
    assert misses == "plain"
    assert not _files(tree)
    assert value == pytest.approx(_start(tree)[0], rel=LIMB)


def test_a_folder_that_cannot_be_written(tree: Path) -> None:
    """Source of truth: a file in place of the folder: nothing can be written in it, by no user at all."""
    (tree / "cache").write_text("", "utf-8")
    temporary = tree / "temporary"
    temporary.mkdir()
    first, misses = _start(tree, TMPDIR=str(temporary))
    assert misses == "1"
    (kept,) = temporary.rglob("*.nbc")
    assert kept.parents[1].stat().st_mode & 0o077 == 0  # no other user may write what is run from a shared folder
    assert _start(tree, TMPDIR=str(temporary)) == (first, "0")


def test_a_broken_file_counts_as_missing(tree: Path) -> None:
    """Source of truth: half a pickle cannot be read; the next run replaces it."""
    first, _ = _start(tree)
    (path,) = (tree / "cache").rglob("*.nbc")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert _start(tree) == (first, "1")
    assert _start(tree) == (first, "0")


def test_unused_machine_code_is_removed(tmp_path: Path) -> None:
    """Source of truth: ten files of 100 bytes, last used one after another; 350 bytes hold the newest three."""
    from orbit.kernels.cache import remove_unused

    for n in range(10):
        path = tmp_path / f"kernel-{n}.nbc"
        path.write_bytes(b"x" * 100)
        os.utime(path, (1000.0 + n, 1000.0 + n))
    (tmp_path / "dead.part").write_bytes(b"x")
    os.utime(tmp_path / "dead.part", (1000.0, 1000.0))
    (tmp_path / "young.part").write_bytes(b"x")
    remove_unused(tmp_path, 350, spare="kernel-0.nbc")
    kept = {"kernel-0.nbc", "kernel-7.nbc", "kernel-8.nbc", "kernel-9.nbc", "young.part"}
    assert {path.name for path in tmp_path.iterdir()} == kept


# --- what is part of the fingerprint -----------------------------------------------------------------------------------

SOURCE = '''
import math
from typing import NamedTuple
import numpy as np
from orbit.kernels.compile import inlined, kernel

FACTOR = 2.0
TABLE = np.array([1.0, 2.0])
PAIR = (1, 2.0)

class Fields(NamedTuple):
    mass: float
    size: float

BOTH = Fields(1.0, 2.0)

def plain(x):
    return x * FACTOR

@inlined
def called(x, more=1.0):
    """Words."""
    return plain(x) + more

@kernel
def run(x, fields=BOTH):
    """Words."""
    return math.sqrt(called(x)) + TABLE[0] + PAIR[1] + fields.mass - 0.0

def make(width):
    @kernel
    def closure(x):
        return x + width
    return closure

one, other = make(1), make(2)
'''


def _hash(source: str, name: str = "run") -> str:
    from orbit.kernels.fingerprint import Fingerprint

    module = types.ModuleType("made_up")
    exec(compile(source, "made_up.py", "exec"), module.__dict__)
    found: Any = getattr(module, name)
    mark = Fingerprint()
    mark.function(getattr(found, "py_func", found))
    return mark.hexdigest()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('    """Words."""\n    return plain', "    return plain"),
        ('"""Words."""\n    return math', '"""Quite other words,\n\n    and more of them."""\n    return math'),
        ("FACTOR = 2.0", "# a comment\nFACTOR = 2.0  # and one more\nUNUSED = 3.0"),
        (
            "def plain(x):\n    return x * FACTOR",
            "def plain(x: float) -> float:\n\n    return (\n        x * FACTOR\n    )",
        ),
    ],
    ids=["docstring removed", "docstring edited", "comments", "layout and annotations"],
)
def test_not_in_the_fingerprint(old: str, new: str) -> None:
    """Source of truth: none of these changes an instruction or a value that is read."""
    assert SOURCE.count(old) == 1
    assert _hash(SOURCE.replace(old, new)) == _hash(SOURCE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("FACTOR = 2.0", "FACTOR = 2.5"),
        ("FACTOR = 2.0", "FACTOR = 2"),
        ("[1.0, 2.0]", "[1.0, 2.5]"),
        ("[1.0, 2.0]", "[[1.0, 2.0]]"),
        ("(1, 2.0)", "(1.0, 2.0)"),
        ("more=1.0", "more=0.5"),
        ("x * FACTOR", "x / FACTOR"),
        ("- 0.0", "- -0.0"),
        ("    mass: float\n    size: float", "    size: float\n    mass: float"),
        ("BOTH = Fields(1.0", "BOTH = Fields(1.5"),
        ("@inlined", "@kernel"),
        ("math.sqrt", "math.cbrt"),
    ],
)
def test_in_the_fingerprint(old: str, new: str) -> None:
    """Source of truth: each of these edits changes what is compiled."""
    if "@" in old and not compiled():
        return
    assert SOURCE.count(old) == 1
    assert _hash(SOURCE.replace(old, new)) != _hash(SOURCE)


def test_free_variables_are_in_the_fingerprint() -> None:
    """Source of truth: a closure over 1 is another function than one over 2; over 1 again it is the same."""
    assert _hash(SOURCE, "one") != _hash(SOURCE, "other")
    assert _hash(SOURCE.replace("make(2)", "make(1)"), "other") == _hash(SOURCE, "one")


def test_fields_of_an_argument_are_in_the_fingerprint() -> None:
    """Source of truth: fields in another order are other places in memory, while numba's type has the same name."""
    import numba

    from orbit.kernels.fingerprint import Fingerprint

    found = []
    for fields in (("mass", "size"), ("size", "mass")):
        kind = numba.types.NamedTuple((numba.float64, numba.float64), namedtuple("Made", fields))
        mark = Fingerprint()
        mark.type(numba.types.Tuple((kind, numba.int64)))
        found.append((str(kind), mark.hexdigest()))
    assert found[0][0] == found[1][0]
    assert found[0][1] != found[1][1]


def test_what_cannot_be_identified_is_refused() -> None:
    """Source of truth: the content of an object of a class of one's own may change without its name."""
    for made in ("object()", "{}", "__import__('orbit').constants"):
        with pytest.raises(TypeError, match="FACTOR is a"):
            _hash(SOURCE.replace("FACTOR = 2.0", f"import orbit.constants\nFACTOR = {made}"))


def test_nothing_is_compiled_that_the_fingerprint_cannot_see() -> None:
    """Source of truth: numba finds overloads by registration, not by name, so that no walk from a kernel meets them."""
    for package in ("orbit", "sim"):
        for path in (ROOT / package).rglob("*.py"):
            text = path.read_text("utf-8")
            assert not re.search(
                r"@(overload\w*|lower_\w+|register_model|generated_jit|vectorize|guvectorize)\b", text
            ), path
            if path.name not in {"compile.py", "cache.py"}:
                assert "njit" not in text, path


# --- the machine code itself --------------------------------------------------------------------------------------------

INSPECT = """
import sys
import numpy as np
from sim.config import scenario
from sim.engine.driver import Run
text = "{kind: ring, altitude: 650 km, local_time: '12:00', satellites: 8}"
run = Run(scenario.load("suncatcher", sets=("duration=2 min", "workloads=[{kind: independent}]", "links=", "economics=", f"constellation={text}")), tile=8, threads=1)
run.finish()
for asm in run.loop.inspect_asm().values():
    print(asm)
"""


def test_the_step_uses_the_widest_vectors(widest: str) -> None:
    """Source of truth: /proc/cpuinfo: with avx512f packed square roots on zmm, with avx2 on ymm; none scalar in the loop.

    A step takes seven square roots of geometry, four of view factors' rims, more in cells and shadow: at least 24 packed
    ones. Scalar are the Sun's distance, once a step, and the rest of the loop over satellites in penumbra, whose number is
    not known: seven at most.
    """
    with tempfile.TemporaryDirectory() as cache:
        assembly = _python(INSPECT, ROOT, Path(cache))
    packed = len(re.findall(rf"vsqrtpd[^\n]*%{widest}", assembly))
    if widest == "zmm":  # eight roots in single precision fill half a register
        packed += len(re.findall(r"vr?sqrt(?:14)?ps[^\n]*%ymm", assembly))
    scalar = len(re.findall(r"vsqrtsd", assembly))
    assert packed >= 24
    assert scalar <= 7
    assert len(re.findall(r"call[^\n]*\b(sin|cos|asin|acos|pow|exp|log)\b", assembly)) == 0
