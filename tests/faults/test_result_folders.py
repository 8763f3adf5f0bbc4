"""Damaged results folders: 250, seeded, through open_results, report, compare and export: one line each, never a traceback.

Source of truth: the contract: bad input is exit code 2 and a line that names the folder. A folder that is read is whole.
"""

from __future__ import annotations

import hashlib
import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import sim
from sim.config.errors import InputError

FILES = ("summary.json", "series.nc", "events.parquet", "scenario.yaml", "manifest.json")


def _file(folder: Path, rng: random.Random) -> Path:
    return folder / rng.choice(FILES)


def truncate(folder: Path, rng: random.Random) -> None:
    path = _file(folder, rng)
    path.write_bytes(path.read_bytes()[: rng.randrange(path.stat().st_size)])


def flip(folder: Path, rng: random.Random) -> None:
    path = folder / rng.choice(FILES[:4])  # a manifest with another bit may still be a manifest
    content = bytearray(path.read_bytes())
    content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    path.write_bytes(content)


def foreign(folder: Path, rng: random.Random) -> None:
    _file(folder, rng).write_bytes(rng.randbytes(rng.randrange(3000)))


def exchanged(folder: Path, rng: random.Random) -> None:
    one, other = rng.sample(FILES, 2)
    shutil.copy(folder / one, folder / other)


def missing(folder: Path, rng: random.Random) -> None:
    for name in rng.sample(FILES, rng.randrange(1, 6)):
        (folder / name).unlink()


def as_folder(folder: Path, rng: random.Random) -> None:
    path = _file(folder, rng)
    path.unlink()
    path.mkdir()


def as_link(folder: Path, rng: random.Random) -> None:
    path = _file(folder, rng)
    path.unlink()
    path.symlink_to(rng.choice([path, folder, folder / "absent"]))


def deep(folder: Path, rng: random.Random) -> None:
    _file(folder, rng).write_text(rng.choice("[{") * rng.randrange(1000, 10**5), encoding="ascii")


def signed(folder: Path, name: str, content: bytes) -> None:
    """Content with its digest in the manifest: damage that the digest does not show."""
    (folder / name).write_bytes(content)
    facts = json.loads((folder / "manifest.json").read_text("utf-8"))
    facts["files"][name] = hashlib.sha256(content).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(facts), encoding="utf-8")


def signed_foreign(folder: Path, rng: random.Random) -> None:
    content = rng.choice([b"", b"{", b"[]", b"null", rng.randbytes(500), b"[" * 10**5, b'{"compute": NaN}', b"CDF\x01" + bytes(50)])
    signed(folder, rng.choice(FILES[:3]), content)


def impossible(folder: Path, rng: random.Random) -> None:
    summary = json.loads((folder / "summary.json").read_text("utf-8"))
    value = rng.choice([2.0, -0.5, float("nan"), float("inf"), None, "much", [], 1e300])
    rng.choice(
        [
            lambda: summary["compute"]["waterfall"][rng.randrange(19)].update(fraction=value),
            lambda: summary["compute"].update(useful_fraction=value),
            lambda: summary["compute"].update(waterfall=value),
            lambda: summary["compute"]["waterfall"].pop(),
            lambda: summary.pop(rng.choice(["compute", "thermal", "fleet", "assumptions"])),
            lambda: summary.update(schema_version=value),
        ]
    )()
    signed(folder, "summary.json", json.dumps(summary).encode())


def bad_manifest(folder: Path, rng: random.Random) -> None:
    facts = json.loads((folder / "manifest.json").read_text("utf-8"))
    facts["files"] = rng.choice([None, [], "x", {}, {"summary.json": 3}, dict.fromkeys(FILES, "0" * 64)])
    (folder / "manifest.json").write_text(json.dumps(facts), encoding="utf-8")


DAMAGES: tuple[Callable[[Path, random.Random], object], ...] = (
    truncate, flip, foreign, exchanged, missing, as_folder, as_link, deep, signed_foreign, impossible, bad_manifest,
)  # fmt: skip
COUNT = 66  # of each kind six


def damaged(whole: Path, place: Path, number: int) -> Path:
    rng = random.Random(number)
    folder = Path(shutil.copytree(whole, place / f"damaged-{number}"))
    DAMAGES[number % len(DAMAGES)](folder, rng)
    return folder


@pytest.mark.parametrize("first", range(0, COUNT, 33))
def test_damaged_folders(dawndusk: Any, folder: Path, whole: Path, first: int) -> None:
    for number in range(first, first + 33):
        name = damaged(whole, folder, number).name
        with pytest.raises(InputError) as error:
            sim.open_results(name)
        assert len(error.value.problems) == 1, number
        for arguments in (("report", name), ("compare", name, name), ("export", name, "--format", "csv")):
            called = dawndusk(*arguments)
            assert (called.code, called.out) == (2, ""), (number, called)
            assert len(called.errors) == 1, (number, called.err)
            assert called.errors[0].startswith(name), (number, called.err)
        assert not list((folder / name).glob("*.part"))


def test_a_folder_that_is_whole_is_read(whole: Path, tmp_path: Path) -> None:
    """Otherwise the test above would pass with a reader that refuses everything."""
    copied = Path(shutil.copytree(whole, tmp_path / "copied"))
    assert sim.open_results(copied).summary == json.loads((whole / "summary.json").read_text("utf-8"))
