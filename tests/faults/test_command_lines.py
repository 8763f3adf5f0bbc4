"""340 odd command lines, seeded: exit code 0 with output, or 2 with lines that say what is wrong, never a traceback.

Source of truth: the contract of the command line. Nothing is simulated: every line is refused, or only checks or prints.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

COUNT = 340
VERBS = ("run", "validate", "sweep", "compare", "why", "report", "new", "access", "schema", "provenance", "verify", "bench")
OPTIONS = ("--out", "--set", "--seed", "--event", "--threads", "--json", "--help", "--equal", "--station", "--satellite", "--resume",
           "--workers", "--scheduler", "--dry-run", "--variables", "--from", "--data", "--skip-bad", "--allow-stale")  # fmt: skip
WORDS = ("", " ", "-", "--", "=", "a=b", "step", "step=", "step=0 s", "duration=-1 d", "no.such.key=1", "constellation=[[[", "../..", "/",
         "/dev/null", "nowhere", "no such.yaml", "x" * 300, "\x00", "\n", "ünï/côdé", "💥", "\udcff", "1e999", "-1", "0", "nan", "99999999999999999999",
         "{", "}", "'", "$(ls)", "%s%n", "baseline:", "baseline:nobody", "2026-12-21T06:00Z explode satellite 17", "a.yaml:1:2", "file", ".")  # fmt: skip


def odd(number: int) -> list[str]:
    rng = random.Random(number)
    words = [rng.choice((*VERBS, *VERBS, rng.choice(WORDS)))]
    for _ in range(rng.randrange(1, 5)):
        words.append(rng.choice(OPTIONS) if rng.random() < 0.4 else rng.choice(WORDS))
    return words


def harmless(words: list[str]) -> bool:
    """Whether a line cannot start a long task: verification and benchmarks of all groups are left out."""
    return words[0] not in ("verify", "bench") or "--help" in words or "nowhere" in words[1:2]


@pytest.mark.parametrize("first", range(0, COUNT, 68))
def test_odd_command_lines(dawndusk: Any, folder: Path, first: int) -> None:
    (folder / "file").write_text("", encoding="ascii")
    tried = 0
    number = 10_000 * first
    while tried < 68:
        words, number = odd(number), number + 1
        if not harmless(words):
            continue
        tried += 1
        called = dawndusk(*words)
        assert "Traceback" not in called.err, words
        assert called.code in (0, 2), (words, called)
        if called.code == 2:
            assert called.out == "", words
            assert called.err.strip(), words
        else:
            assert called.out.strip(), words
        assert {path.name for path in folder.iterdir()} <= {"file", *(f"{word}.yaml" for word in words), *words}, words
