"""Faults of the kernel cache: a damaged, foreign or full cache costs a compilation and one line, never a run.

Source of truth: numba's own count of compilations, and the value of x + 1. Each fault is tried five times, seeded.
"""

from __future__ import annotations

import errno
import os
import pickle
import random
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from orbit.kernels import cache
from orbit.kernels.compile import compiled, kernel

TRIES = range(5)
pytestmark = pytest.mark.filterwarnings("always::RuntimeWarning")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of machine code, and a temporary folder of its own."""
    monkeypatch.setenv("DAWNDUSK_CACHE_DIR", str(tmp_path / "home"))
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(cache.tempfile, "tempdir", str(tmp_path / "tmp"))
    for warning in (cache._warn_of_damage, cache._warn_of_no_folder):
        warning.cache_clear()
    yield tmp_path / "home/dawndusk/kernels"
    for warning in (cache._warn_of_damage, cache._warn_of_no_folder):
        warning.cache_clear()


def start() -> tuple[float, int, list[str]]:
    """A fresh kernel, as at the start of a program: its result, compilations, and warnings."""

    @kernel
    def increment(x: float) -> float:
        return x + 1.0

    with warnings.catch_warnings(record=True) as lines:
        warnings.simplefilter("always")
        value = increment(2.0)
    misses = sum(increment.stats.cache_misses.values()) if compiled() else 0
    return value, misses, [str(line.message) for line in lines]


def kept(folder: Path) -> Path:
    (path,) = folder.glob("*.nbc")
    return path


def as_folder(path: Path, rng: random.Random) -> None:
    path.unlink()
    path.mkdir()
    (path / "x").write_bytes(rng.randbytes(9))


def with_digest(path: Path, content: bytes) -> None:
    path.write_bytes(cache.MARK + cache._digest(path, content) + content)


def flip(path: Path, rng: random.Random) -> None:
    content = bytearray(path.read_bytes())
    content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    path.write_bytes(content)


def as_link(path: Path, rng: random.Random) -> None:
    path.rename(path.with_suffix(".moved"))
    path.symlink_to(path.with_suffix(".moved"))


DAMAGES: dict[str, Callable[[Path, random.Random], object]] = {
    "truncated": lambda path, rng: path.write_bytes(path.read_bytes()[: rng.randrange(1, path.stat().st_size)]),
    "empty": lambda path, _: path.write_bytes(b""),
    "foreign bytes": lambda path, rng: path.write_bytes(rng.randbytes(rng.randrange(1, 5000))),
    "flipped bit": flip,
    "folder in its place": as_folder,
    "link in its place": as_link,
    "other type": lambda path, rng: with_digest(path, pickle.dumps([rng.random(), None])),
    "other version": lambda path, rng: path.write_bytes(path.read_bytes().replace(b"kernel 1", b"kernel 0")),
    "file of another kernel": lambda path, rng: path.write_bytes(
        cache.MARK + cache._digest(path.with_name(f"other-{rng.random()}.nbc"), b"x") + b"x"
    ),
    "writable by others": lambda path, _: path.chmod(0o666),
}


@pytest.mark.parametrize("seed", TRIES)
@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_costs_one_compilation(folder: Path, damage: str, seed: int) -> None:
    """Read, noticed, compiled again, replaced: the next start reads the new file without a line."""
    if not compiled():
        return
    assert start() == (3.0, 1, [])
    assert start() == (3.0, 0, [])
    DAMAGES[damage](kept(folder), random.Random(seed))
    value, misses, lines = start()
    assert (value, misses) == (3.0, 1)
    assert [line.split(": ")[0] for line in lines] == [str(folder)]
    assert "they are compiled again" in lines[0]
    assert start() == (3.0, 0, [])


@pytest.mark.parametrize("seed", TRIES)
def test_unreadable_file(folder: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """Opening it fails as it does for a file of mode 0; not even root reads it here."""
    if not compiled():
        return
    start()
    path, opened = kept(folder), os.open

    def refused(name: Any, flags: int, *more: Any) -> int:
        if Path(name) == path and not flags & os.O_CREAT:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(name))
        return opened(name, flags, *more)

    with monkeypatch.context() as patch:
        patch.setattr(cache.os, "open", refused)
        value, misses, lines = start()
    assert (value, misses, len(lines)) == (3.0, 1, 1)
    assert start() == (3.0, 0, [])


@pytest.mark.parametrize("seed", TRIES)
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_full_or_read_only_disk(folder: Path, monkeypatch: pytest.MonkeyPatch, code: int, seed: int) -> None:
    """Every file that is opened for writing fails: the kernel is compiled in memory and one line says so."""
    if not compiled():
        return
    opened = os.open

    def full(name: Any, flags: int, *more: Any) -> int:
        if flags & os.O_CREAT:
            raise OSError(code, os.strerror(code), str(name))
        return opened(name, flags, *more)

    monkeypatch.setattr(cache.os, "open", full)
    value, misses, lines = start()
    assert (value, misses) == (3.0, 1)
    assert len(lines) == 1
    assert lines[0].startswith("compiled kernels are not kept")
    assert list(folder.iterdir()) == []


def test_disk_that_fills_up_while_writing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """/dev/full accepts to be opened and refuses every byte, as a full disk does."""
    if not compiled():
        return
    opened = os.open
    monkeypatch.setattr(
        cache.os, "open", lambda name, flags, *more: opened("/dev/full" if flags & os.O_CREAT else name, os.O_WRONLY if flags & os.O_CREAT else flags)
    )
    value, misses, lines = start()
    assert (value, misses, len(lines)) == (3.0, 1, 1)


def test_home_that_cannot_be_written(folder: Path, tmp_path: Path) -> None:
    """A file in place of the home folder, as no user can write below it: the private temporary folder serves."""
    if not compiled():
        return
    (tmp_path / "home").write_text("", encoding="ascii")
    assert start() == (3.0, 1, [])
    (path,) = (tmp_path / "tmp").rglob("*.nbc")
    assert {p.stat().st_mode & 0o777 for p in (path.parent, path.parents[1])} == {0o700}
    assert path.stat().st_mode & 0o777 == 0o600
    assert start() == (3.0, 0, [])


@pytest.mark.parametrize("kind", ["other user", "writable by others", "link", "file"])
@pytest.mark.parametrize("level", ["dawndusk-{}", "dawndusk-{}/kernels"])
def test_folder_of_someone_else(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, level: str
) -> None:
    """What lies in a folder that another user may write is never unpickled: the planted pickle would raise."""
    if not compiled():
        return
    start()
    name = kept(folder).name
    (tmp_path / "home").rename(tmp_path / "gone")
    (tmp_path / "home").write_text("", encoding="ascii")
    if kind == "other user" and os.getuid() != 0:
        monkeypatch.setattr(cache.os, "getuid", lambda: 4242)  # then this user is the other one
    user = cache.os.getuid()
    place = tmp_path / "tmp" / f"dawndusk-{user}" / "kernels"
    place.mkdir(parents=True, mode=0o700)
    place.parent.chmod(0o700)
    with_digest(place / name, b"cos\nsystem\n(S'touch " + str(tmp_path / "run").encode() + b"'\ntR.")
    at = tmp_path / "tmp" / level.format(user)
    if kind == "other user":
        if os.getuid() == 0:
            os.chown(at, 4242, 4242)
    elif kind == "writable by others":
        at.chmod(0o777)
        (place / name).chmod(0o666)
    else:
        at.rename(tmp_path / "elsewhere")
        at.symlink_to(tmp_path / "elsewhere") if kind == "link" else at.write_text("", encoding="ascii")
    value, misses, lines = start()
    assert (value, misses) == (3.0, 1)
    assert not (tmp_path / "run").exists()
    assert len(lines) <= 2


def test_user_without_a_home(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A container runs as a user that is in no list: Python knows no home folder."""

    def unknown() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("DAWNDUSK_CACHE_DIR")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(cache.Path, "home", unknown)
    assert start()[0] == 3.0
    assert len(cache.cache_folders()) == 1
