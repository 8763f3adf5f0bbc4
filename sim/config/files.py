"""Files that inputs name: regular files of limited size, in the folder of the file that names them."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

MOST_BYTES = 10_000_000  # of a scenario, a sweep or a file of points
MOST_CATALOGUE_BYTES = 1_000_000_000  # of a catalogue or an ephemeris


def read_file(path: Path, most_bytes: int = MOST_BYTES) -> bytes:
    """Read a regular file of limited size; devices, pipes and sockets are not opened for reading.

    Parameters
    ----------
    path : Path
        The file.
    most_bytes : int, optional
        Largest size [B].

    Returns
    -------
    bytes
        Its content.

    Raises
    ------
    OSError
        If it cannot be read, is no regular file, or is larger; `strerror` says which.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # O_NONBLOCK: a pipe without a writer would block
    with os.fdopen(handle, "rb") as file:
        check_regular(file.fileno(), path, most_bytes)
        data = file.read(most_bytes + 1)
    if len(data) > most_bytes:
        raise _too_large(path, most_bytes)
    return data


def check_regular(file: int | Path, path: Path, most_bytes: int = MOST_CATALOGUE_BYTES) -> None:
    """Check that a file is a regular one of limited size.

    Parameters
    ----------
    file : int or Path
        Descriptor of the open file, or its path.
    path : Path
        Path for the error.
    most_bytes : int, optional
        Largest size [B].

    Raises
    ------
    OSError
        If it is not.
    """
    facts = os.stat(file)
    if stat.S_ISDIR(facts.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(facts.st_mode):
        raise OSError(errno.EINVAL, "it is a device, a pipe or a socket", str(path))
    if facts.st_size > most_bytes:
        raise _too_large(path, most_bytes)


def _too_large(path: Path, most_bytes: int) -> OSError:
    return OSError(errno.EFBIG, f"it is larger than {most_bytes / 1e6:g} MB", str(path))


def is_below(path: Path, folders: tuple[Path, ...]) -> bool:
    """Whether a path, with symbolic links followed, is in one of some folders or below.

    Parameters
    ----------
    path : Path
        The path.
    folders : tuple of Path
        The folders.

    Returns
    -------
    bool
        True where it is.

    Examples
    --------
    >>> is_below(Path("a/../a/x.tle"), (Path("a"),)), is_below(Path("a/../x.tle"), (Path("a"),))
    (True, False)
    """
    try:
        target = path.resolve()
        return any(target.is_relative_to(folder.resolve()) for folder in folders)
    except (OSError, ValueError, RuntimeError):  # a null character, or a loop of symbolic links
        return False
