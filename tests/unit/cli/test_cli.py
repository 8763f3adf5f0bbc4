"""The command: help, exit codes, what goes to which stream, what is loaded, what an interrupt leaves behind."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sim.results.dataset import TABLE
from sim.spacecraft.step import VARIABLES

VERBS = ("run", "list", "validate", "schema", "verify", "provenance")
SHIPPED = (
    "bupt_1", "colossus_in_orbit", "colossus_in_orbit_clusters", "colossus_in_orbit_platforms", "contract_surge", "filing_blue_origin", "filing_orbital",
    "filing_spacex", "filing_starcloud", "kuiper_630", "million", "starcloud_40mw", "starlink_edge", "suncatcher", "suncatcher_prototype", "suncatcher_spread",
)  # fmt: skip
MODULES, CALLS = 500, 2 * 10**6  # of a command that only checks or explains; it takes 370 and 0.85 million
HEAVY = ("numba", "llvmlite", "xarray", "dash", "pandas", "scipy", "astropy", "plotly", "pyarrow", "numpy")


def test_help(dawndusk: Any) -> None:
    called = dawndusk("--help")
    assert (called.code, called.err) == (0, "")
    assert all(verb in called.out for verb in VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_a_verb_has_an_example(dawndusk: Any, verb: str) -> None:
    called = dawndusk(verb, "--help")
    assert (called.code, called.err) == (0, "")
    assert f"Example: dawndusk {verb}" in called.out


def test_help_loads_nothing_that_it_does_not_print(python: Callable[[str], subprocess.CompletedProcess[str]]) -> None:
    """Source of truth: the modules of the interpreter: help reads no scenario and draws no table."""
    done = python(
        "import sys\nfrom sim.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit as stop:\n    assert not stop.code\n"
        "own = [m for m in sys.modules if m.startswith(('sim.', 'orbit', 'viz')) and not m.startswith('sim.cli')]\n"
        "print(sorted({*own} - {'orbit', 'orbit.units', 'sim.config', 'sim.config.errors'}), [m for m in ('pydantic', 'ruamel', 'rich', 'numpy') if m in sys.modules], file=sys.stderr)"
    )
    assert done.stderr.splitlines()[-1] == "[] []"


def test_version_and_short_help(dawndusk: Any, repo: Path) -> None:
    """Source of truth: pyproject.toml, and the long form of the option."""
    version = tomllib.loads((repo / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    called = dawndusk("--version")
    assert (called.code, called.out, called.err) == (0, f"dawndusk {version}\n", "")
    for verb in ([], ["run"], ["list"], ["access"], ["new"]):
        assert dawndusk(*verb, "-h") == dawndusk(*verb, "--help")


@pytest.mark.parametrize("kind", ["scenarios", "sweeps", "hardware", "models", "fleet", "economics", "sites", "baselines", "solar"])
def test_list_of_a_folder(dawndusk: Any, repo: Path, kind: str) -> None:
    """Source of truth: the files of the folder, and their lines `description:`."""
    called = dawndusk("list", kind, "--json")
    assert (called.code, called.err) == (0, "")
    rows = json.loads(called.out)["items"]
    files = sorted((repo / "configs" / kind).glob("*.yaml"))
    assert sorted(row["name"] for row in rows) == sorted(file.stem for file in files)
    for row in rows:
        line = f"description: {row['description']}"
        assert line in Path(row["file"]).read_text("utf-8").splitlines()
    table = dawndusk("list", kind).out
    assert all(row["name"] in table and row["description"][:30] in table for row in rows)


def test_list_of_a_kind_and_of_everything(dawndusk: Any, repo: Path) -> None:
    """Source of truth: the lines `kind:` of the files, and their number."""
    rows = json.loads(dawndusk("list", "accelerators", "--json").out)["items"]
    chips = [f.stem for f in sorted((repo / "configs/hardware").glob("*.yaml")) if "kind: accelerator\n" in f.read_text("utf-8")]
    assert [row["name"] for row in rows] == chips
    every = json.loads(dawndusk("list", "--json").out)["items"]
    assert sorted(row["file"] for row in every) == sorted(str(f) for f in (repo / "configs").glob("*/*.yaml"))


def test_list_of_an_unknown_kind(dawndusk: Any) -> None:
    called = dawndusk("list", "acelerators")
    assert (called.code, called.errors) == (2, ["list: KIND: nothing is called 'acelerators'; did you mean 'accelerators'?"])


def test_no_arguments_is_help(dawndusk: Any) -> None:
    called = dawndusk()
    assert (called.code, called.out) == (2, "")
    assert "Commands:" in called.err


@pytest.mark.parametrize(
    "arguments", [["--help"], ["run", "--help"], ["--version"], ["list"], *(["validate", name] for name in SHIPPED)], ids=" ".join
)
def test_instant(python: Callable[[str], subprocess.CompletedProcess[str]], arguments: list[str]) -> None:
    """Source of truth: the contract: neither numba nor xarray nor dash is loaded, and the command answers at once.

    Work is counted, not time: modules, and calls of Python functions after loading. A million calls take about 0.1 s.
    """
    done = python(
        "import sys\n"
        "from sim.cli.app import exit_code\n"
        "calls = 0\n"
        "def count(frame, event, argument):\n"
        "    global calls\n"
        "    calls += event == 'call'\n"
        "sys.setprofile(count)\n"
        f"code = exit_code({arguments!r})\n"
        "sys.setprofile(None)\n"
        f"print(code, len(sys.modules), calls, [name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)\n"
    )
    code, modules, calls, loaded = done.stderr.splitlines()[-1].split(maxsplit=3)
    assert (done.returncode, code, loaded) == (0, "0", "[]"), done.stderr
    assert int(modules) < MODULES
    assert int(calls) < CALLS


@pytest.mark.parametrize(
    ("name", "satellites"),
    [
        ("colossus_in_orbit", 2116),
        ("colossus_in_orbit_clusters", 27 * 81),
        ("colossus_in_orbit_platforms", 7),
        ("million", 10**6),
        ("starcloud_40mw", 3),
        ("starlink_edge", 1584),
        ("suncatcher", 81),
        ("suncatcher_spread", 81),
    ],
)
def test_validate(dawndusk: Any, folder: Path, name: str, satellites: int) -> None:
    """Source of truth: 46 x 46, 10 x 250 x 400, 72 x 22, lattice points within five spacings (Gauss: 81)."""
    called = dawndusk("validate", name)
    assert (called.code, called.err) == (0, "")
    assert f"{satellites:,} satellites" in called.out
    result = json.loads(dawndusk("validate", name, "--json").out)
    assert result["ok"] is True
    assert (result["scenario"], result["satellites"], result["steps"], result["stations"]) == (name, satellites, 1440, 14)
    assert result["memory_bytes"] < 1e9 + 0.1e9
    assert result["time_s"] > 0.0
    assert list(folder.iterdir()) == []


def test_schema(dawndusk: Any) -> None:
    called = dawndusk("schema")
    assert (called.code, called.err) == (0, "")
    assert json.loads(called.out)["title"] == "Dawndusk scenario"


def test_variables(dawndusk: Any) -> None:
    """Source of truth: the declarations: every variable and array once, with unit and meaning, in the table and as JSON."""
    called = dawndusk("schema", "--variables", "--json")
    assert (called.code, called.err) == (0, "")
    found = json.loads(called.out)
    assert [(v["name"], v["unit"], v["meaning"]) for v in found["satellite"]] == [(v.name, v.unit, v.meaning) for v in VARIABLES]
    assert {a["name"] for a in found["arrays"]} == set(TABLE)
    heater = next(v for v in found["satellite"] if v["name"] == "heater_w")
    assert heater == {
        "name": "heater_w", "unit": "W", "meaning": "power of the survival heater, mean over the step", "kind": "flux",
        "low": 0.0, "high": 1e7, "submodel": "heater", "cause": "",
        "totals": [
            {"name": "heater_j", "unit": "J", "how": "integral", "summary": "thermal.heater_w_mean", "per": "duration"}
        ],
        "fleet": [{"name": "heater_w", "how": "sum", "resolution": 2.0**-13}], "recorded": [],
    }  # fmt: skip
    called = dawndusk("schema", "--variables")
    assert (called.code, called.err) == (0, "")
    assert re.search(r"^heater_w +W +flux +0 to 1e\+07 +heater +power of the survival heater, mean over the step", called.out, re.M)
    assert re.search(r"^heater_w +heater_j +J +total of a satellite +integral +thermal.heater_w_mean", called.out, re.M)
    assert re.search(r"^heater_w +heater_w +W +fleet, every step +sum +1.2e-04", called.out, re.M)
    assert re.search(r"^load_w +time +float64 +W +electrical load served, fleet total, mean over the step", called.out, re.M)
    assert "\x1b" not in called.out


def test_run_for_people(dawndusk: Any, folder: Path) -> None:
    """Source of truth: the contract's list of what a person sees, in its order."""
    called = dawndusk("run", "suncatcher", "--set", "duration=30 min", "--out", "found", "--binding")
    assert called.code == 0
    words = ["suncatcher: 81 satellites", "nameplate", "kernel", "useful", "power", "heat", "links", "latency", "fleet",
             "baseline", "binding", "provenance", "report"]  # fmt: skip
    at = 0
    for word in words:
        assert word in called.out[at:], word
        at += called.out[at:].index(word)
    assert str(Path("found") / "report.html") in called.out
    assert re.search(r"^binding +\+.*battery \(22.\d kg\): \S+ points useful", called.out, re.M)
    assert "\x1b" not in called.out
    assert sorted(p.name for p in folder.iterdir()) == ["found"]


def test_run_does_what_is_asked_for(dawndusk: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without --binding no further run, and a line that names the option; with --no-report no page, the same summary, and
    the command that writes the page. Source of truth: the run with a report."""
    from sim.studies import why

    monkeypatch.setattr(why, "binding", None)
    short = ("--set", "duration=10 min", "--out")
    with_report = dawndusk("run", "suncatcher", *short, "with")
    assert re.search(r"^binding +not computed; add --binding", with_report.out, re.M)
    called = dawndusk("run", "suncatcher", "--no-report", *short, "without")
    assert called.code == 0
    assert re.search(r"^results +without, .*dawndusk report without$", called.out.replace("  ", ""), re.M)
    assert "report.html" not in called.out
    files = [sorted(p.name for p in (folder / name).iterdir()) for name in ("with", "without")]
    assert files[0] == sorted([*files[1], "report.html"])
    for name in ("summary.json", "series.nc", "events.parquet", "scenario.yaml"):
        assert (folder / "with" / name).read_bytes() == (folder / "without" / name).read_bytes()
    assert dawndusk("report", "without").code == 0
    assert (folder / "without/report.html").is_file()


def test_run_loads_only_what_it_uses(python: Callable[[str], subprocess.CompletedProcess[str]]) -> None:
    """Source of truth: the modules that a process has loaded: no page is written, and no graph of tasks is computed."""
    done = python(
        "import sys\n"
        "from sim.cli.app import exit_code\n"
        "code = exit_code(['run', 'suncatcher', '--no-report', '--json', '--set', 'duration=10 min'])\n"
        "names = ('plotly', 'viz', 'dask', 'distributed', 'dash', 'duckdb', 'sim.studies')\n"
        "print(code, [name for name in names if name in sys.modules], file=sys.stderr)\n"
        "import dask.base  # there again for those who want it\n"
    )
    assert (done.returncode, done.stderr.splitlines()[-1]) == (0, "0 []"), done.stderr


def test_precision_that_the_baseline_lacks(dawndusk: Any) -> None:
    """The baseline's accelerator has no int8 peak: the line says so and the run succeeds."""
    called = dawndusk(
        "run", "suncatcher", "--set", "duration=10 min", "--set", "reference_precision=int8", "--out", "found"
    )
    assert called.code == 0
    assert "no peak at int8 to compare with" in called.out


def test_error_of_the_system_is_one_line(dawndusk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A schema cannot be read: exit 1, one line with the name of the file."""
    from sim.config import json_schema

    def unreadable() -> None:
        raise PermissionError(13, "Permission denied", "schema.json")

    monkeypatch.setattr(json_schema, "scenario_schema", unreadable)
    called = dawndusk("schema")
    assert (called.code, called.out, called.errors) == (1, "", ["schema.json: Permission denied"])
    assert len(called.errors) == 1
    assert "Traceback" not in called.err


def test_running_out_of_memory_is_one_line(dawndusk: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sim import api

    def exhausted(*_: Any, **__: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(api, "Run", exhausted)
    called = dawndusk("run", "suncatcher")
    assert (called.code, called.out) == (1, "")
    assert called.err.startswith("out of memory; write fewer satellites")
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("moment", ["run", "write"])
def test_interrupt_in_process(dawndusk: Any, folder: Path, monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
    """Stopped while simulating or while writing: exit 130, no folder, nothing under a temporary name."""
    from sim.engine import driver
    from sim.results import store

    def stop(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(*((driver.Run, "_propagate", stop) if moment == "run" else (store, "write_series", stop)))
    called = dawndusk("run", "suncatcher", "--set", "duration=10 min", "--out", "found")
    assert (called.code, called.out) == (130, "")
    assert called.errors == ["interrupted; nothing was written"]
    assert list(folder.iterdir()) == []


def test_failure_while_writing_leaves_nothing(folder: Path) -> None:
    import sim

    def broken(*_: Any) -> None:
        raise RuntimeError("no report today")

    with pytest.raises(RuntimeError, match="no report today"):
        sim.run(sim.load("suncatcher", set=["duration=10 min"]), "found", report=broken)
    assert list(folder.iterdir()) == []


def test_interrupt_from_outside(tmp_path: Path, subprocess_environment: dict[str, str]) -> None:
    """Ctrl-C on a run of a million satellites, once it has reported progress.

    A job started in the background inherits "interrupts ignored"; the child of this test must not.
    """
    with subprocess.Popen(
        [sys.executable, "-m", "sim.cli", "run", "million", "--set", "duration=6 h"], cwd=tmp_path, env=subprocess_environment,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as job:  # fmt: skip
        assert job.stderr is not None
        try:
            first = job.stderr.readline()
            assert first.startswith("million: ")
            asked = time.monotonic()
            os.kill(job.pid, signal.SIGINT)
            out, err = job.communicate(timeout=240)
        finally:
            job.kill()
    assert job.returncode == 130, err
    assert time.monotonic() - asked < 15.0
    assert out == ""
    assert err.splitlines()[-1] == "interrupted; nothing was written"
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def test_closed_pipe_is_no_traceback(tmp_path: Path, subprocess_environment: dict[str, str]) -> None:
    done = subprocess.run(
        f"{sys.executable} -m sim.cli schema | head -c 10", shell=True, capture_output=True, text=True, cwd=tmp_path,
        env=subprocess_environment, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
