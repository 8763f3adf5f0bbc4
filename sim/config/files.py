"""Files of scenarios and sweeps: regular files of limited size."""

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
