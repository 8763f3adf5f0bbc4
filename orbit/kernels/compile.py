"""The one way to compile: `@kernel` for loops over arrays, `@inlined` for the scalar functions they call.

Numba's own cache notices an edit only in the file of the function itself. A kernel here is built from many files and
from constants, so its cache is keyed on a hash of every source file of `orbit/` and `sim/`: an edit anywhere means a
fresh folder. Folders of older sources are removed when a new one is made.

With the compiler off (`NUMBA_DISABLE_JIT=1`) both decorators return the plain function, and `compiled()` says so.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
F = TypeVar("F", bound=Callable[..., Any])

# No `reassoc`: it may legally undo the two-part range reduction in `simd.sincos`, and it would make results depend on
# the vector width. `nnan` and `ninf`: a kernel never signals with NaN; it uses masks.
FASTMATH = frozenset({"contract", "nnan", "ninf", "nsz", "arcp", "afn"})

KEPT_CACHES = 3  # source versions whose machine code stays on disk


def compiled() -> bool:
    """Whether kernels run as machine code (False under NUMBA_DISABLE_JIT=1)."""
    return not numba.config.DISABLE_JIT


@cache
def sources_hash() -> str:
    """Hash (16 hex digits) of every source file of `orbit` and `sim`, names included."""
    root = Path(__file__).resolve().parents[2]
    digest = hashlib.sha256()
    for package in ("orbit", "sim"):
        for path in sorted((root / package).rglob("*.py")):
            digest.update(str(path.relative_to(root)).encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


@cache
def cache_folder() -> Path:
    """Folder of the machine code of the present sources; made on first use, falls back to the temporary folder."""
    home = os.environ.get("DAWNDUSK_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    for base in (Path(home), Path(tempfile.gettempdir())):
        parent = base / "dawndusk" / "kernels"
        folder = parent / sources_hash()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            os.utime(folder)
            probe = folder / f".probe-{os.getpid()}"
            probe.touch()
            probe.unlink()
        except OSError:
            continue
        _forget_old(parent)
        return folder
    raise OSError("no folder for compiled kernels can be written; set DAWNDUSK_CACHE_DIR to one that can")


def _forget_old(parent: Path) -> None:
    """Keep the machine code of the newest few source versions; others may be in use, so a failure is no error."""
    folders = sorted((p for p in parent.iterdir() if p.is_dir()), key=lambda p: p.stat().st_mtime, reverse=True)
    for old in folders[KEPT_CACHES:]:
        shutil.rmtree(old, ignore_errors=True)


def kernel(function: F) -> F:
    """Compile a loop over arrays: no Python objects, GIL released, machine code cached on disk."""
    if not compiled():
        return function
    kept = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(cache_folder())  # read once, when the function is decorated
    try:
        return numba.njit(cache=True, nogil=True, fastmath=set(FASTMATH), error_model="numpy")(function)  # type: ignore[no-any-return]
    finally:
        numba.config.CACHE_DIR = kept


def inlined(function: F) -> F:
    """Compile a scalar function that kernels call; the compiler merges it into their loop."""
    if not compiled():
        return function
    return numba.njit(forceinline=True, fastmath=set(FASTMATH), error_model="numpy")(function)  # type: ignore[no-any-return]
