"""Run the commands whose output README.md and docs/*.md show, and write their output into the pages.

    python tools/update_outputs.py [PAGE ...]

A page marks an output by a comment and the block of code after it:

    <!-- output: dawndusk why suncatcher -->
    <!-- output: dawndusk compare a b | rows: satellites, mass, useful -->

With `rows`, only the lines that start with one of these labels are kept, with their continuation lines and the heads
of their tables. Commands run in a temporary folder, each once. It takes about ten minutes.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COLUMNS = "128"
MARK = re.compile(
    r"(<!-- output: (?P<command>[^|]*?)(?: \| rows: (?P<rows>.*?))? -->\n```text\n).*?(?=```\n)", re.DOTALL
)
FOLDER = tempfile.TemporaryDirectory()


@lru_cache
def output(command: str) -> str:
    """What a command prints, without trailing spaces."""
    print(command, file=sys.stderr)
    environment = {**os.environ, "COLUMNS": COLUMNS, "PYTHONPATH": str(ROOT)}
    arguments = [sys.executable, "-m", "sim.cli", *shlex.split(command)[1:]]
    done = subprocess.run(
        arguments, cwd=FOLDER.name, env=environment, stdout=subprocess.PIPE, text=True, encoding="utf-8", check=True
    )
    return "".join(f"{line.rstrip()}\n" for line in done.stdout.splitlines())


def shortened(text: str, labels: list[str]) -> str:
    """The lines that start with a label, with their continuation lines and table heads; blank lines apart."""
    kept: list[str] = []
    keep = True
    previous = ""
    for line in text.splitlines():
        if not line.startswith(" "):
            keep = line.startswith(tuple(labels))
        elif not previous:
            keep = True  # the head of a table
        if (keep and line) or (not line and kept and kept[-1]):
            kept.append(line)
        previous = line
    return "\n".join(kept).strip("\n") + "\n"


def updated(page: str) -> str:
    """A page with every marked output written anew."""

    def block(match: re.Match[str]) -> str:
        text = output(match["command"])
        if match["rows"]:
            text = shortened(text, match["rows"].split(", "))
        return match[1] + text

    return MARK.sub(block, page)


def main() -> None:
    """Command line: pages to update, all by default."""
    pages = [Path(name) for name in sys.argv[1:]] or [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    for page in pages:
        text = page.read_text(encoding="utf-8")
        page.write_text(updated(text), encoding="utf-8")


if __name__ == "__main__":
    main()
