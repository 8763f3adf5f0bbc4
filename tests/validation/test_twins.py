"""Every compiled function equals its plain-Python twin."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
import twin_cases

from orbit.kernels.compile import compiled

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Results with the compiler (this process) and without (another one)."""
    if not compiled():
        pytest.skip("the compiler is off in this process")
    path = tmp_path_factory.mktemp("twins") / "plain.npz"
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(ROOT)}
    script = Path(twin_cases.__file__)
    subprocess.run([sys.executable, str(script), str(path)], check=True, env=environment, cwd=ROOT, timeout=300)
    with np.load(path) as plain:
        return twin_cases.results(), {name: plain[name] for name in plain.files}


OF_SUBMODELS = {"advance", "limits"}  # compared one by one, over all their ranges, by the contract of submodels


def _decorated() -> set[str]:
    """Names of all functions under @kernel or @inlined, or their exact forms, read from the source; file.name where several files have it."""
    files: dict[str, set[str]] = {}
    folders = [(ROOT / "sim" / name).glob("*.py") for name in ("network", "spacecraft")]
    for path in chain((ROOT / "orbit").rglob("*.py"), *folders):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef):
                marks = {d.id for d in node.decorator_list if isinstance(d, ast.Name)}
                if marks & {"kernel", "inlined", "exact_kernel", "exact_inlined"}:
                    of_submodel = path.parent.name == "spacecraft" and path.stem != "step" and node.name in OF_SUBMODELS
                    if not of_submodel:
                        files.setdefault(node.name, set()).add(path.stem)
    return {name if len(stems) == 1 else f"{stem}.{name}" for name, stems in files.items() for stem in stems}


def test_every_compiled_function_has_a_case(both: tuple[dict[str, np.ndarray], dict[str, np.ndarray]]) -> None:
    """Source of truth: the decorators in the source; nothing is left out."""
    assert _decorated() - set(both[0]) == set()
    assert set(both[0]) == set(both[1])


def test_compiled_equals_plain(both: tuple[dict[str, np.ndarray], dict[str, np.ndarray]]) -> None:
    """Source of truth: Python's own arithmetic on the same source.

    Fused multiply-add changes single roundings, 1e-16 of the largest term: 1e-12 of each quantity's scale allows for
    four digits of cancellation. The fleet's counts may differ by one count of the coarsest unit in the sum.
    """
    ours, theirs = both
    for name, value in ours.items():
        expected = theirs[name]
        assert value.shape == expected.shape, name
        assert np.isfinite(value).all(), name
        if name in ("run_block", "record"):
            scale = np.abs(expected).max(axis=-1, keepdims=True)
        elif name == "fleet":
            scale = np.maximum(np.abs(expected), 1e12)
        else:
            scale = np.abs(expected).max(axis=0, keepdims=True)
        scale = np.where(scale > 0.0, scale, 1.0)  # a difference of powers that is always 0 on one side leaves rounding on the other
        assert np.all(np.abs(value - expected) <= 1e-12 * scale), name
