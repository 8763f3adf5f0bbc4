"""The machine code: its cache follows the source, its loops use the widest vectors."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
CPU = Path("/proc/cpuinfo")


def _python(code: str, tree: Path, cache: Path, **extra: str) -> str:
    environment = {
        **os.environ,
        "PYTHONPATH": str(tree),
        "DAWNDUSK_CACHE_DIR": str(cache),
        "PYTHONDONTWRITEBYTECODE": "1",
        **extra,
    }
    environment.pop("NUMBA_DISABLE_JIT", None)
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=tree, capture_output=True, text=True, timeout=300, check=True
    )
    return done.stdout.strip()


START = """
import numpy as np
from sim.spacecraft.step import ROWS
from sim.spacecraft import loop
r, sun, carry = np.full((2, 3, 2), 4.2e6), np.full((2, 3), -8.6e10), np.empty((loop.CARRIED, 2))
loop.start(r, sun, np.zeros(loop.CARRIED), carry)
print(float(carry[loop.EDGE_NOW_ROW, 0]).hex())
"""


def test_editing_a_constant_in_another_file_changes_the_result(tmp_path: Path) -> None:
    """Source of truth: the edge of the shadow is counted in solar radii: with half the radius it is twice as far.

    The kernel lies in sim/spacecraft/step.py, the constant in orbit/constants.py; the cache folder is the same throughout.
    """
    for package in ("orbit", "sim"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    cache = tmp_path / "cache"
    constants = tmp_path / "orbit" / "constants.py"
    before = constants.read_text("utf-8")
    whole = float.fromhex(_python(START, tmp_path, cache))
    assert "SUN_RADIUS_M: Final = 695.7e6" in before
    constants.write_text(before.replace("SUN_RADIUS_M: Final = 695.7e6", "SUN_RADIUS_M: Final = 347.85e6"), "utf-8")
    half = float.fromhex(_python(START, tmp_path, cache))
    assert half == pytest.approx(2.0 * whole, rel=1e-12)
    constants.write_text(before, "utf-8")
    assert float.fromhex(_python(START, tmp_path, cache)) == whole
    folders = list((cache / "dawndusk" / "kernels").iterdir())
    assert len(folders) == 2
    assert all(any(f.glob("**/*.nbc")) for f in folders)


def test_old_machine_code_is_removed(tmp_path: Path) -> None:
    """Source of truth: the promise that only the newest few source versions stay on disk (three)."""
    (tmp_path / "orbit").mkdir()
    shutil.copytree(
        ROOT / "orbit" / "kernels", tmp_path / "orbit" / "kernels", ignore=shutil.ignore_patterns("__pycache__")
    )
    for name in ("__init__.py", "constants.py"):
        shutil.copy(ROOT / "orbit" / name, tmp_path / "orbit" / name)
    code = "from orbit.kernels.compile import cache_folder; print(cache_folder().name)"
    names = []
    for n in range(5):
        (tmp_path / "orbit" / "mark.py").write_text(f"# {n}\n", "utf-8")
        names.append(_python(code, tmp_path, tmp_path / "cache"))
    assert len(set(names)) == 5
    assert {p.name for p in (tmp_path / "cache" / "dawndusk" / "kernels").iterdir()} == set(names[-3:])


INSPECT = """
import sys
import numpy as np
from sim.config import scenario
from sim.engine.uncoupled import Run
text = "{kind: ring, altitude: 650 km, local_time: '12:00', satellites: 8}"
run = Run(scenario.load("suncatcher", sets=("duration=2 min", "workloads=[{kind: independent}]", "links=", "economics=", f"constellation={text}")), tile=8, threads=1)
run.finish()
for asm in run.loop.inspect_asm().values():
    print(asm)
"""


def test_the_step_uses_the_widest_vectors(widest: str) -> None:
    """Source of truth: /proc/cpuinfo: with avx512f packed square roots on zmm, with avx2 on ymm; none scalar in the loop.

    A step takes seven square roots of geometry, four of view factors' rims, more in cells and shadow: at least 24 packed
    ones; what is scalar (the Sun's distance, once a step) at most two.
    """
    import tempfile

    with tempfile.TemporaryDirectory() as cache:
        assembly = _python(INSPECT, ROOT, Path(cache))
    packed = len(re.findall(rf"vsqrtpd[^\n]*%{widest}", assembly))
    scalar = len(re.findall(r"vsqrtsd", assembly))
    assert packed >= 24
    assert scalar <= 2
    assert len(re.findall(r"call[^\n]*\b(sin|cos|asin|acos|pow|exp|log)\b", assembly)) == 0
