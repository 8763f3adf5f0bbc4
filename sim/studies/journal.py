"""The journal of a study under way: a line for each finished point, on the disk before the next is looked at.

A process killed at any moment leaves whole lines and at most one broken one, which is dropped.
"""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path
from types import TracebackType
from typing import Any

from sim.config.errors import Origin, bad_input

NAME = "journal.jsonl"


class Journal:
    """Finished points by index. The first line names the study and the program it was begun with."""

    def __init__(self, folder: Path, head: dict[str, Any]) -> None:
        self.path = folder / NAME
        self.head = head
        self.done: dict[int, dict[str, Any]] = {}
        self.file: Any = None

    def __enter__(self) -> Journal:
        self.file = self.path.open("ab")
        try:
            self._alone()
            kept = self._read()
        except BaseException:
            self.file.close()
            raise
        self.file.truncate(kept)
        if kept == 0:
            self._write(self.head)
            _sync(self.path.parent)
        return self

    def _alone(self) -> None:
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # ends with the process, however that ends
        except OSError:
            raise bad_input(
                Origin(str(self.path.parent)), "", "another process works on this study; wait for it, or stop it"
            ) from None

    def _read(self) -> int:
        """Take over the finished points; returns the length of the sound part [bytes]."""
        kept = 0
        for line in self.path.read_bytes().splitlines(keepends=True):
            try:
                told = json.loads(line) if line.endswith(b"\n") else None
            except ValueError:
                told = None
            if told is None:
                break
            if not isinstance(told, dict) or (kept > 0 and "point" not in told):
                raise bad_input(
                    Origin(str(self.path), len(self.path.read_bytes()[:kept].splitlines()) + 1, 1), "",
                    "is no line of a journal; remove it and all below, or write another --out",
                )  # fmt: skip
            if kept == 0:
                self._same(told)
            else:
                self.done[told["point"]] = told
            kept += len(line)
        return kept

    def _same(self, head: dict[str, Any]) -> None:
        for key, what in (
            ("identity", "holds another study"),
            ("sources", "was begun by another state of the program"),
        ):
            if head.get(key) != self.head[key]:
                raise bad_input(Origin(str(self.path.parent)), "", f"{what}; remove it, or write another --out")

    def add(self, entry: dict[str, Any]) -> None:
        """Keep a finished point, whatever happens from now on."""
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
    """Make names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
