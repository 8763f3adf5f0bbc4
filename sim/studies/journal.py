"""Journal of an unfinished study: a line for each finished point, flushed to disk before the next result is handled.

After a crash at any moment the file consists of complete lines and at most one incomplete line, which is dropped.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import TracebackType
from typing import Any

from sim.config.errors import Origin, bad_input
from sim.output import try_lock

NAME = "journal.jsonl"


class Journal:
    """Finished points by index, on disk.

    Parameters
    ----------
    folder : Path
        Folder of the unfinished study.
    head : dict
        First line of the file: identity of the study, digest of the program's sources, name.
    """

    def __init__(self, folder: Path, head: dict[str, Any]) -> None:
        self.path = folder / NAME
        self.head = head
        self.done: dict[int, dict[str, Any]] = {}
        self.file: Any = None

    def __enter__(self) -> Journal:
        self.file = self.path.open("ab")
        try:
            self._lock()
            valid_bytes = self._read()
        except BaseException:
            self.file.close()
            raise
        self.file.truncate(valid_bytes)
        if valid_bytes == 0:
            self._write(self.head)
            _sync(self.path.parent)
        return self

    def _lock(self) -> None:
        if try_lock(self.file.fileno()) is False:
            raise bad_input(
                Origin(str(self.path.parent)), "", "another process is running this study; wait for it, or stop it"
            )

    def _read(self) -> int:
        """Load the finished points; returns the length of the valid part [bytes]."""
        valid_bytes = 0
        for line in self.path.read_bytes().splitlines(keepends=True):
            try:
                entry = json.loads(line) if line.endswith(b"\n") else None
            except ValueError:
                entry = None
            if entry is None:
                break
            if not isinstance(entry, dict) or (valid_bytes > 0 and "point" not in entry):
                raise bad_input(
                    Origin(str(self.path), len(self.path.read_bytes()[:valid_bytes].splitlines()) + 1, 1), "",
                    "is not a line of a journal; remove it and all lines below, or write another --out",
                )  # fmt: skip
            if valid_bytes == 0:
                self._check_head(entry)
            else:
                self.done[entry["point"]] = entry
            valid_bytes += len(line)
        return valid_bytes

    def _check_head(self, head: dict[str, Any]) -> None:
        for key, what in (
            ("identity", "holds another study"),
            ("sources", "was started by another version of the program"),
        ):
            if head.get(key) != self.head[key]:
                raise bad_input(Origin(str(self.path.parent)), "", f"{what}; remove it, or write another --out")

    def add(self, entry: dict[str, Any]) -> None:
        """Append a finished point and flush it to disk.

        Parameters
        ----------
        entry : dict
            Point, error, metrics and runtime.
        """
        self._write(entry)
        self.done[entry["point"]] = entry

    def _write(self, value: dict[str, Any]) -> None:
        self.file.write(json.dumps(value, separators=(",", ":"), allow_nan=False).encode() + b"\n")
        self.file.flush()
        os.fsync(self.file.fileno())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.file.close()


def _sync(folder: Path) -> None:
    """Flush the directory entries of a folder to disk."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:  # Windows does not open folders
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
