"""Run the commands whose output README.md and docs/*.md show, and write their output into the pages.

    python tools/update_outputs.py [PAGE ...]

A page marks an output by a comment and the block of code after it:

    <!-- output: dawndusk why suncatcher -->
    <!-- output: dawndusk compare a b | rows: satellites, mass, useful -->

and the table of the training methods of scenarios, from `dawndusk plan NAME --methods`, by

    <!-- methods: suncatcher colossus_in_orbit -->

With `rows`, only the lines that start with one of these labels are kept, with their continuation lines and the heads
of their tables. Commands run in a temporary folder, each once. It takes about ten minutes.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
COLUMNS = "128"
MARK = re.compile(
    r"(<!-- output: (?P<command>[^|]*?)(?: \| rows: (?P<rows>.*?))? -->\n```text\n).*?(?=```\n)", re.DOTALL
)
METHODS = re.compile(r"(<!-- methods: (?P<names>.*?) -->\n)(?:\|.*\n)*")
HEAD = ("scenario", "method", "satellites", "step", "MFU", "tokens/s", "of which count", "waiting for links", "bisection", "links bind by")
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
    """The lines that start with a label, with their continuation lines and table heads; blank lines apart.

    A head is what follows a blank line up to the first line at the margin. It is kept with the first labelled line of its table.
    """
    kept: list[str] = []
    head: list[str] = []
    keep, in_head = False, False
    for line in text.splitlines():
        if not line:
            head, in_head = [], True
            kept += [""] if kept and kept[-1] else []
        elif line.startswith(" ") and in_head:
            head.append(line)
        elif line.startswith(" "):
            kept += [line] if keep else []
        else:
            keep, in_head = line.startswith(tuple(labels)), False
            if keep:
                kept, head = [*kept, *head, line], []
    return "\n".join(kept).strip("\n") + "\n"


def method_table(names: list[str]) -> str:
    """One row for each method of training jobs: the best of its plans, by the tokens that count."""
    lines = ["| " + " | ".join(HEAD) + " |", "| " + " | ".join(["---"] * len(HEAD)) + " |"]
    for name in names:
        for job in json.loads(output(f"dawndusk plan {name} --methods --json"))["jobs"]:
            best: dict[tuple[str, bool], dict[str, Any]] = {}
            for row in job["rows"]:
                best.setdefault((row["method"], row["jobs"] > 1), row)
            lines += [method_row(name, row) for row in best.values()]
    return "".join(f"{line}\n" for line in lines)


def method_row(scenario: str, row: dict[str, Any]) -> str:
    """The row of one plan."""
    one = f"synchronous, {row['jobs']} jobs" if row["jobs"] > 1 else "synchronous"
    called = {"synchronous": one, "diloco": f"DiLoCo, {row['islands']} islands", "elastic": f"elastic, {row['islands']} replicas"}
    network = row["network"] or {}
    bisection = f"{network['bisection_bit_s'] / 1e12:.3g} Tbit/s" if network.get("bisection_bit_s") else ""
    bound = ", ".join(f"{network[f'{kind}_s']:.3g} s ({kind})" for kind in ("injection", "bisection") if network.get(f"{kind}_s"))
    cells = (
        f"`{scenario}`", called[row["method"]],
        f"{row['jobs'] * row['satellites']:,}", f"{row['step_s']:.2f} s", f"{100 * row['mfu']:.1f} %",
        f"{row['jobs'] * row['tokens_per_s'] / 1e6:.2f} M", f"{100 * row['efficiency']:.0f} %", f"{100 * row['shares']['links']:.1f} %",
        bisection, bound,
    )  # fmt: skip
    return "| " + " | ".join(cells) + " |"


def updated(page: str) -> str:
    """A page with every marked output written anew."""

    def block(match: re.Match[str]) -> str:
        text = output(match["command"])
        if match["rows"]:
            text = shortened(text, match["rows"].split(", "))
        return match[1] + text

    page = METHODS.sub(lambda match: match[1] + method_table(match["names"].split()), page)
    return MARK.sub(block, page)


def main() -> None:
    """Command line: pages to update, all by default."""
    pages = [Path(name) for name in sys.argv[1:]] or [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    for page in pages:
        text = page.read_text(encoding="utf-8")
        page.write_text(updated(text), encoding="utf-8")


if __name__ == "__main__":
    main()
