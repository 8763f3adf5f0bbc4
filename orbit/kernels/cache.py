"""Machine code of kernels on disk: one file for each kernel and types of arguments, named by what it is compiled from.

Numba's own cache asks whether the file of the function has changed. That misses edits of constants and functions that
come from other files, and compiles anew when only a comment has changed. Here the name of a file is a hash of all that
is compiled (`fingerprint`), of the compiler's options and versions, and of the processor. So nothing on disk is ever
stale; what is no longer used is removed, the longest unused first.

Processes may share a folder: files are written under another name and renamed, and one that has been removed or is
broken counts as missing.
"""

from __future__ import annotations

import os
import pickle
import platform
import tempfile
import time
import uuid
import warnings
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import llvmlite
import numba
import numpy as np
from numba.core import caching, sigutils
from numba.core.compiler import CompileResult
from numba.core.serialize import dumps

from orbit.kernels.fingerprint import Fingerprint

KEPT_BYTES = 256 * 2**20  # of machine code on disk; one state of the program needs about 15 MB
ABANDONED_S = 3600.0  # age of a half-written file whose process must have died

# Settings of numba, all from the environment, that change what it compiles.
SETTINGS = (
    "OPT", "LOOP_VECTORIZE", "SLP_VECTORIZE", "BOUNDSCHECK", "DEBUGINFO_DEFAULT", "USING_SVML", "ENABLE_AVX",
    "DISABLE_INTEL_SVML", "LLVM_REFPRUNE_PASS", "LLVM_REFPRUNE_FLAGS",
)  # fmt: skip


@cache
def _versions() -> tuple[str, ...]:
    """What is the same for all kernels of a process."""
    settings = (f"{name}={getattr(numba.config, name, None)!r}" for name in SETTINGS)
    return ("numba", numba.__version__, llvmlite.__version__, np.__version__, platform.python_version(), *settings)


def cache_folders() -> tuple[Path, ...]:
    """Folders of machine code, in the order in which they are read and tried for writing.

    The first is in DAWNDUSK_CACHE_DIR, XDG_CACHE_HOME or ~/.cache; the second, for when that cannot be written, in the
    temporary folder, where only its owner may write, since what is read from it is run.
    """
    home = os.environ.get("DAWNDUSK_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    user = os.getuid() if hasattr(os, "getuid") else "user"
    return Path(home) / "dawndusk" / "kernels", Path(tempfile.gettempdir()) / f"dawndusk-{user}" / "kernels"


def _trusted(folder: Path) -> bool:
    """Whether only this user could have written to a folder that anyone could have created under this name."""
    if folder != cache_folders()[1] or not hasattr(os, "getuid"):
        return True
    with suppress(OSError):
        state = folder.parent.lstat()
        return state.st_uid == os.getuid() and not state.st_mode & 0o022
    return False


class KernelCache(caching.FunctionCache):  # type: ignore[misc]
    """The cache of one kernel. `attach` gives it to numba, which asks it before compiling and hands it the result."""

    def __init__(self, dispatcher: Any) -> None:
        # numba's own constructor reads the source file and makes the folder: neither is needed before a kernel is used
        self._dispatcher = dispatcher
        self._name = f"{dispatcher.py_func.__module__}.{dispatcher.py_func.__qualname__}".replace(".<locals>", "")
        self._keys: dict[Any, str] = {}
        self.enable()

    @property
    def cache_path(self) -> str:
        """The folder that is read first."""
        return str(cache_folders()[0])

    def flush(self) -> None:
        """Remove this kernel's machine code, of all states of its source."""
        for folder in cache_folders():
            for path in folder.glob(f"{self._name}-*.nbc"):
                path.unlink(missing_ok=True)

    def key(self, sig: Any, codegen: Any) -> str:
        """Name of the file of this kernel for these types of arguments."""
        # once for loading and saving: what is saved was compiled from the state that was looked for
        if sig not in self._keys:
            mark = Fingerprint()
            mark.text(*_versions(), *map(str, codegen.magic_tuple()), self._name)
            try:
                mark.options(self._dispatcher.targetoptions)
                mark.function(self._dispatcher.py_func)
                for kind in sigutils.normalize_signature(sig)[0]:
                    mark.type(kind)
            except TypeError as error:
                message = f"{self._name}: a kernel cannot read {error}: the cache would not notice that it has changed"
                raise TypeError(message) from None
            self._keys[sig] = f"{self._name}-{mark.hexdigest()[:32]}.nbc"
        return self._keys[sig]

    def _load_overload(self, sig: Any, target_context: Any) -> CompileResult | None:
        if not self._enabled:
            return None
        name = self.key(sig, target_context.codegen())
        for folder in filter(_trusted, cache_folders()):
            try:
                payload = pickle.loads((folder / name).read_bytes())
            except Exception:  # no such file, or a broken pickle, which may raise anything
                continue
            with suppress(OSError):
                os.utime(folder / name)  # last use, for `remove_unused`
            return CompileResult._rebuild(target_context, *payload)
        return None

    def _save_overload(self, sig: Any, data: CompileResult) -> None:
        if not self._enabled:
            return
        if data.library.has_dynamic_globals or any(not part.can_cache for part in data.lifted):
            warnings.warn(
                f"{self._name} is compiled at every start: its code holds addresses", RuntimeWarning, stacklevel=2
            )
            return
        name, content = self.key(sig, data.codegen), dumps(data._reduce())
        for folder in cache_folders():
            try:
                folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                folder.mkdir(exist_ok=True)
                if _trusted(folder):
                    _write(folder / name, content)
                    remove_unused(folder, KEPT_BYTES, spare=name)
                    return
            except OSError:
                continue
        _warn_once()


def attach(dispatcher: Any) -> None:
    """Keep the machine code of a compiled function on disk, as `numba.njit(cache=True)` does in its own way."""
    dispatcher._cache = KernelCache(dispatcher)  # what Dispatcher.enable_caching sets


def _write(path: Path, content: bytes) -> None:
    """Write a file at once: other processes see all of it or nothing."""
    part = path.with_name(f"{path.name}.{uuid.uuid4().hex[:16]}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def remove_unused(folder: Path, kept_bytes: int, spare: str = "") -> None:
    """Remove the files that are unused for longest until the rest is within `kept_bytes`; never the file `spare`.

    Files of processes that died while writing go as well. Other processes may remove files at the same time.
    """
    left = []
    for path in folder.iterdir():
        with suppress(OSError):
            state = path.stat()
            if path.suffix == ".part" and time.time() - state.st_mtime > ABANDONED_S:
                path.unlink()
            elif path.suffix == ".nbc":
                left.append((state.st_mtime, state.st_size, path))
    total = 0
    for _, size, path in sorted(left, key=lambda one: one[0], reverse=True):
        total += size
        if total > kept_bytes and path.name != spare:
            with suppress(OSError):
                path.unlink()


@cache
def _warn_once() -> None:
    warnings.warn(
        "no folder for compiled kernels can be written, so that every start compiles them anew; "
        "set DAWNDUSK_CACHE_DIR to one that can",
        RuntimeWarning,
        stacklevel=2,
    )
