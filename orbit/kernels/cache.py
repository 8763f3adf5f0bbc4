"""Machine code of kernels on disk: one file for each kernel and types of arguments, named by what it is compiled from.

Numba's own cache asks whether the file of the function has changed. That misses edits of constants and functions that
come from other files, and compiles anew when only a comment has changed. Here the name of a file is a hash of all that
is compiled (`fingerprint`), of the compiler's options and versions, and of the processor. So nothing on disk is ever
stale; what is no longer used is removed, the longest unused first.

What is read from a file is run. So files are read from folders only that this user alone may write, and each begins
with a digest of its name and content: one that is damaged is compiled again. Processes may share a folder: files are
written under another name and renamed, and one that has been removed counts as missing.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import platform
import shutil
import stat
import tempfile
import time
import uuid
import warnings
from collections.abc import Callable
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
MARK = b"dawndusk kernel 1\n"  # begins every file
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
    return (MARK.decode(), "numba", numba.__version__, llvmlite.__version__, np.__version__, platform.python_version(), *settings)


def cache_folders() -> tuple[Path, ...]:
    """Folders of machine code, in the order in which they are read and tried for writing.

    The first is in DAWNDUSK_CACHE_DIR, XDG_CACHE_HOME or ~/.cache; the second, for when that cannot be written, in the
    temporary folder.
    """
    folders = []
    with suppress(RuntimeError):  # a user without a home
        home = os.environ.get("DAWNDUSK_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        folders.append(Path(home) / "dawndusk" / "kernels")
    with suppress(OSError):  # no temporary folder can be written
        user = os.getuid() if hasattr(os, "getuid") else "user"
        folders.append(Path(tempfile.gettempdir()) / f"dawndusk-{user}" / "kernels")
    return tuple(folders)


def _private(folder: Path) -> bool:
    """Whether the two lowest parts of a path are folders, no links, that no other user may write."""
    try:
        return all(_own(part.lstat(), stat.S_ISDIR) for part in (folder.parent, folder))
    except OSError:
        return False


def _own(state: os.stat_result, kind: Callable[[int], bool]) -> bool:
    """Whether a file or folder of this kind is of this user, or of root, and no other user may write it."""
    if not kind(state.st_mode):
        return False
    return not hasattr(os, "getuid") or (state.st_uid in (os.getuid(), 0) and not state.st_mode & 0o022)


def _make_private(folder: Path) -> bool:
    """Make a folder of this user alone; whether it is one."""
    folder.parent.parent.mkdir(parents=True, exist_ok=True)
    for part in (folder.parent, folder):
        with suppress(FileExistsError):
            part.mkdir(mode=0o700)
        state = part.lstat()
        if hasattr(os, "getuid") and stat.S_ISDIR(state.st_mode) and state.st_uid == os.getuid() and state.st_mode & 0o022:
            part.chmod(0o700)  # made by an earlier version under a permissive mask; files of others are not read
    return _private(folder)


def data_folder(name: str) -> Path | None:
    """Folder for results that are kept between processes, beside that of machine code.

    Parameters
    ----------
    name : str
        Name of the folder.

    Returns
    -------
    Path or None
        A folder of this user that no other may write; None where none can be made.
    """
    for folder in cache_folders():
        with suppress(OSError):
            if _make_private(folder.parent / name):
                return folder.parent / name
    return None


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
        """The folder that is read first; empty without any."""
        return str(next(iter(cache_folders()), ""))

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
        for folder in filter(_private, cache_folders()):
            path = folder / name
            try:
                result = CompileResult._rebuild(target_context, *pickle.loads(_read(path)))
            except FileNotFoundError:
                continue
            except Exception:  # damaged, unreadable, or of another version: a pickle may raise anything
                _warn_of_damage(str(folder))
                continue
            with suppress(OSError):
                os.utime(path)  # last use, for `remove_unused`
            return result
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
            with suppress(OSError):
                if _make_private(folder):
                    _write(folder / name, content)
                    remove_unused(folder, KEPT_BYTES, spare=name)
                    return
        _warn_of_no_folder()


def attach(dispatcher: Any) -> None:
    """Keep the machine code of a compiled function on disk, as `numba.njit(cache=True)` does in its own way."""
    dispatcher._cache = KernelCache(dispatcher)  # what Dispatcher.enable_caching sets


def _digest(path: Path, content: bytes) -> bytes:
    return hashlib.sha256(MARK + path.name.encode() + b"\0" + content).digest()


def _read(path: Path) -> bytes:
    """Content of a file of machine code.

    Raises
    ------
    OSError
        If it cannot be read.
    ValueError
        If another user may have written it, or if it is not what was written under this name.
    """
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(handle, "rb") as file:
        if not _own(os.fstat(handle), stat.S_ISREG):
            raise ValueError(f"{path} may be of another user")
        mark, digest, content = file.read(len(MARK)), file.read(hashlib.sha256().digest_size), file.read()
    if mark != MARK or digest != _digest(path, content):
        raise ValueError(f"{path} is damaged")
    return content


def _write(path: Path, content: bytes) -> None:
    """Write a file at once: other processes see all of it or nothing."""
    part = path.with_name(f"{path.name}.{uuid.uuid4().hex[:16]}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600), "wb") as file:
            file.write(MARK + _digest(path, content) + content)
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)  # nothing else makes a folder of this name
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


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
def _warn_of_damage(folder: str) -> None:
    warnings.warn(
        f"{folder}: compiled kernels are damaged, unreadable or may be of another user; they are compiled again",
        RuntimeWarning, stacklevel=2,
    )  # fmt: skip


@cache
def _warn_of_no_folder() -> None:
    warnings.warn(
        "compiled kernels are not kept: no folder of this user can be written, or the disk is full, so that every start "
        "compiles them anew; set DAWNDUSK_CACHE_DIR to a folder of your own",
        RuntimeWarning, stacklevel=2,
    )  # fmt: skip
