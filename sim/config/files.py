"""Files that inputs name: regular files of limited size, in the folder of the file that names them."""

from __future__ import annotations

from pathlib import Path

from orbit.catalog.source import read_regular

MOST_BYTES = 10 << 20  # of a scenario, a sweep or a file of points


def read_file(path: Path) -> bytes:
    """Read a scenario, a sweep or a file of points.

    Parameters
    ----------
    path : Path
        The file, at most `MOST_BYTES` long.

    Returns
    -------
    bytes
        Its content.

    Raises
    ------
    OSError
        If it cannot be read, is no regular file, or is larger; `strerror` says which.
    """
    return read_regular(path, MOST_BYTES)


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
