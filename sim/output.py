"""Output files and folders: the place is checked before a run, and what is written appears at once or not at all.

A folder is written under a temporary name beside the final one. The process that writes it holds a lock, which ends
with the process. So a folder of a killed process is recognised and removed, whatever its process number was.
"""

from __future__ import annotations

import errno
import glob
import hashlib
import os
import re
import shutil
import tempfile
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType

from sim.config.errors import InputError, Origin, RunError, bad_input

ROOM_BYTES = 16 * 2**20  # free space without which no run starts; a short run with its report takes about 6 MB
ABANDONED_S = 86400.0  # age at which an unfinished file or folder without a lock is taken as abandoned
NAME_BYTES = 255  # longest name of a file where the system does not say
SUFFIX_BYTES = 32  # what temporary names add to a name
LOCK = "lock"
LOCK_OFFSET = 2**30  # Windows locks bytes, not files: one far behind the content


# --- before the run ---------------------------------------------------------------------------------------------------


def check_place(out: Path, kind: str = "folder") -> None:
    """Check that a new file or folder can be written, before anything is computed.

    Parameters
    ----------
    out : Path
        The file or folder, which must not exist yet. Missing parents are allowed.
    kind : str
        "file" or "folder", for the message.

    Raises
    ------
    InputError
        If it exists, if its name is too long, or if the folder above cannot be written.
    RunError
        If the disk is full.
    """

    def refuse(message: str) -> InputError:
        return bad_input(Origin(f"--out {out}"), "", message)

    if "\0" in str(out):
        raise bad_input(Origin("--out"), "", "is not a path: it contains a null character; write another name")
    try:
        if os.path.lexists(out):
            advice = "name, or remove this file" if kind == "file" else "folder, or remove this one"
            raise refuse(f"exists already; write another {advice}")
        parent = out.parent
        while not os.path.lexists(parent):
            parent = parent.parent
        if not parent.is_dir():
            raise refuse(f"{parent} is not a folder; write another path")
        created = out.parts[len(parent.parts) if parent != Path() else 0 :]
        if ".." in created:
            raise refuse("leads back over a folder that does not exist; write the path without '..'")
        longest = _name_bytes(parent) - SUFFIX_BYTES
        if any(len(os.fsencode(part)) > longest for part in created):
            raise refuse(f"has a name longer than {longest} bytes; write a shorter one")
        os.rmdir(tempfile.mkdtemp(prefix=".dawndusk-", dir=parent))
        free = shutil.disk_usage(parent).free
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise no_room(out) from None
        raise refuse(f"cannot be written ({error.strerror}); write a path in a folder that can") from None
    if free < ROOM_BYTES:
        raise no_room(out)


def no_room(out: Path) -> RunError:
    """The error of a full disk.

    Parameters
    ----------
    out : Path
        What cannot be written.

    Returns
    -------
    RunError
        The exception, to be raised by the caller.
    """
    return RunError(
        f"{out}: the disk is full; free {ROOM_BYTES // 2**20} MB or more, or write --out on another disk, and start again"
    )


def _name_bytes(folder: Path) -> int:
    try:
        return int(os.pathconf(folder, "PC_NAME_MAX"))
    except (AttributeError, OSError, ValueError):  # not on Windows, and not for every file system
        return NAME_BYTES


# --- locks ------------------------------------------------------------------------------------------------------------


def try_lock(handle: int) -> bool | None:
    """Lock an open file for this process, without waiting. The lock ends when the file is closed or the process ends.

    Parameters
    ----------
    handle : int
        Descriptor of a file that is open for writing.

    Returns
    -------
    bool or None
        True where the lock was acquired, False where another process holds it, None where there are no locks.
    """
    try:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except ImportError:
        return _try_lock_windows(handle)
    except OSError as error:  # some network file systems have no locks
        return False if error.errno in (errno.EWOULDBLOCK, errno.EACCES) else None
    return True


def _try_lock_windows(handle: int) -> bool | None:
    try:
        import msvcrt

        os.lseek(handle, LOCK_OFFSET, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    except ImportError:
        return None
    except OSError:
        return False
    return True


def is_old(path: Path) -> bool:
    """Whether a file or folder has not changed for a day.

    Parameters
    ----------
    path : Path
        The file or folder.

    Returns
    -------
    bool
        False where it does not exist.
    """
    try:
        return time.time() - path.stat().st_mtime > ABANDONED_S
    except OSError:
        return False


def remove_abandoned(folder: Path) -> None:
    """Remove an unfinished folder whose process has ended.

    Parameters
    ----------
    folder : Path
        The folder; one that another process writes is left as it is, and so is one of a sweep, which can be resumed.
    """
    if folder.is_symlink() or not folder.is_dir() or (folder / "journal.jsonl").exists():
        return
    try:
        handle = os.open(folder / LOCK, os.O_RDWR)
    except OSError:
        abandoned = is_old(folder)
    else:
        locked = try_lock(handle)
        abandoned = is_old(folder) if locked is None else locked
        os.close(handle)
    if abandoned:
        shutil.rmtree(folder, ignore_errors=True)


# --- folders ----------------------------------------------------------------------------------------------------------


class NewFolder:
    """A folder under a temporary name, reserved for this process from the start of a run.

    Context manager; left without `publish` it is removed, together with the parents that it created.

    Parameters
    ----------
    out : Path or None
        Final path; None for `results/STEM-N` with the next free N.
    stem : str
        Name for a numbered folder.

    Attributes
    ----------
    path : Path
        The temporary folder.
    out : Path or None
        Final path as it was asked for.

    Raises
    ------
    InputError
        From `__enter__`, if another run writes the same folder or the place cannot be written.
    """

    def __init__(self, out: Path | None, stem: str) -> None:
        self.out, self.stem = out, stem
        self.parent = Path("results") if out is None else out.parent
        self.path = self.parent / f".{stem}.{_unique()}.part"
        self.created: list[Path] = []
        self.handle: int | None = None

    def __enter__(self) -> NewFolder:
        check_place(self.out if self.out is not None else self.parent / f"{self.stem}-{_unique()}")
        self.created = [p for p in (self.parent, *self.parent.parents) if not p.exists()]
        try:
            self.parent.mkdir(parents=True, exist_ok=True)
            self.path.mkdir()
            self.handle = os.open(self.path / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
            try_lock(self.handle)
            self._reserve()
        except BaseException:
            self._remove()
            raise
        return self

    def _reserve(self) -> None:
        """Give the folder of a final path the one temporary name that belongs to it; remove what killed runs left."""
        if self.out is None:
            for other in _matching(self.parent, self.stem, self.path):
                remove_abandoned(other)
            return
        name = self.parent / f".{self.out.name}.run.part"
        remove_abandoned(name)
        try:
            self.path.rename(name)
        except OSError as error:
            if not name.exists():
                raise
            raise bad_input(
                Origin(f"--out {self.out}"), "",
                f"another run is writing this folder ({error.strerror}); write another folder, or, if none is, remove {name}",
            ) from None  # fmt: skip
        self.path = name

    def publish(self) -> Path:
        """Give the folder its final name: the next free one with a number if there is another folder by now.

        Returns
        -------
        Path
            The final path.
        """
        self._unlock()
        names = _numbered(self.parent / self.stem, 1) if self.out is None else _names(self.out)
        target = rename_to_free(self.path, names)
        self.created = []
        return target

    def _unlock(self) -> None:
        if self.handle is not None:
            os.close(self.handle)
            self.handle = None
            (self.path / LOCK).unlink(missing_ok=True)

    def _remove(self) -> None:
        if self.handle is not None:
            os.close(self.handle)
            self.handle = None
        shutil.rmtree(self.path, ignore_errors=True)
        for folder in self.created:
            with suppress(OSError):  # something else has been written there
                folder.rmdir()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.path.exists():
            self._remove()


def _unique() -> str:
    return uuid.uuid4().hex[:12]


def _matching(parent: Path, stem: str, own: Path) -> list[Path]:
    """Unfinished folders of this name, except the own one."""
    pattern = re.compile(rf"\.{re.escape(stem)}\.(?:[0-9a-f]{{12}}|\d+)\.part")
    return [path for path in parent.iterdir() if pattern.fullmatch(path.name) and path != own]


def _numbered(stem: Path, first: int) -> Iterator[Path]:
    number = first
    while True:
        yield stem.with_name(f"{stem.name}-{number}")
        number += 1


def _names(out: Path) -> Iterator[Path]:
    yield out
    yield from _numbered(out, 2)


def rename_to_free(part: Path, names: Iterable[Path]) -> Path:
    """Rename a folder to the first name that is free.

    Parameters
    ----------
    part : Path
        The folder.
    names : iterable of Path
        Names in the order in which they are tried.

    Returns
    -------
    Path
        The name that it has now.

    Raises
    ------
    FileExistsError
        If none is free.
    """
    for target in names:
        if os.path.lexists(target):
            continue
        try:
            part.rename(target)
        except OSError as error:  # another process took the name in between
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR, errno.EISDIR):
                raise
            continue
        return target
    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(part))


# --- files ------------------------------------------------------------------------------------------------------------


@contextmanager
def new_file(target: Path) -> Iterator[Path]:
    """Context manager of a file under a temporary name: renamed on success, removed on failure.

    Parameters
    ----------
    target : Path
        Final path; an existing file is replaced.

    Yields
    ------
    Path
        The temporary path.

    Raises
    ------
    RunError
        If the disk is full.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    for path in target.parent.glob(f".{glob.escape(target.name)}.*.part"):
        if path.is_file() and is_old(path):
            path.unlink(missing_ok=True)
    part = target.parent / f".{target.name}.{_unique()}.part"
    try:
        yield part
        part.replace(target)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise no_room(target) from None
        raise
    finally:
        part.unlink(missing_ok=True)


def sha256_of(path: Path) -> str:
    """Digest of the content of a file.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    str
        SHA-256, 64 hexadecimal digits.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
