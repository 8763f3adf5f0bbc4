"""sweep, compare, report and new on the command line: streams, exit codes, what is left on the disk."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from sim.cli import commands
from sim.config.schema import Scenario

SWEEP = """\
name: four
scenario: suncatcher
set: ["duration=8 h", "step=30 s", "ground.stations=[]", "workloads=[{kind: independent}]"]
grid:
  satellite.power.array.area: [100 m2, 140 m2]
  satellite.power.battery.capacity: [5 kWh, 10 kWh, 15 kWh]
seeds: [1, 2]
"""
POINTS = 12


@pytest.mark.parametrize("verb", ["sweep", "compare", "why", "report", "new", "bench"])
def test_help_has_an_example(dawndusk: Any, verb: str) -> None:
    called = dawndusk(verb, "--help")
    assert (called.code, called.err) == (0, "")
    assert f"Example: dawndusk {verb}" in called.out


# --- sweep ------------------------------------------------------------------------------------------------------------


def start(folder: Path, environment: dict[str, str], *options: str) -> subprocess.Popen[str]:
    """The command in a process group of its own, as a terminal starts it."""
    return subprocess.Popen(
        [sys.executable, "-m", "sim.cli", "sweep", "four.yaml", "--out", "four", "--workers", "2", *options], cwd=folder,
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip


def wait_for(points: int, journal: Path, job: subprocess.Popen[str]) -> None:
    """Until so many points are journalled, besides the head line."""
    until = time.monotonic() + 240.0
    while not (journal.exists() and journal.read_bytes().count(b"\n") > points):
        assert time.monotonic() < until
        assert job.poll() is None, job.communicate()
        time.sleep(0.01)


@pytest.mark.slow
def test_killed_interrupted_resumed(dawndusk: Any, folder: Path, subprocess_environment: dict[str, str]) -> None:
    """Source of truth: every point run one after the other in this process: the same bytes."""
    (folder / "four.yaml").write_text(SWEEP, encoding="utf-8")
    journal = folder / ".four.part/journal.jsonl"
    with start(folder, subprocess_environment) as job:
        try:
            wait_for(2, journal, job)
        finally:
            job.kill()
    kept = journal.read_bytes().count(b"\n") - 1
    called = dawndusk("sweep", "four.yaml", "--out", "four")
    assert (called.code, called.out) == (2, "")
    assert called.errors == [".four.part: an unfinished study exists; add --resume to continue it, or remove .four.part"]
    with start(folder, subprocess_environment, "--resume") as job:
        try:
            wait_for(kept + 2, journal, job)
            os.killpg(job.pid, signal.SIGINT)  # as Ctrl-C does: the workers get it too
            out, err = job.communicate(timeout=240)
        finally:
            job.kill()
    assert (job.returncode, out) == (130, "")
    again = "dawndusk sweep four.yaml --out four --workers 2 --resume"
    assert err.splitlines()[-1] == f"interrupted; finished points are kept in .four.part; continue: {again}"
    assert "Traceback" not in err
    with start(folder, subprocess_environment, "--resume", "--json") as job:
        out, err = job.communicate(timeout=240)
    assert job.returncode == 0, err
    result = json.loads(out)
    assert (result["points"], result["failed"], result["folder"]) == (POINTS, [], "four")
    assert sorted(p.name for p in folder.iterdir()) == ["four", "four.yaml"]
    assert (folder / "four/points.parquet").read_bytes() == one_by_one(folder / "apart.parquet").read_bytes()


def one_by_one(path: Path) -> Path:
    """The table of the sweep without workers, journal and attempts."""
    from sim.memo import sources_hash
    from sim.studies import definition, sweep, table

    study = definition.resolve("four.yaml")
    done = {p.index: sweep.run_point(study.source, p, sources_hash()) for p in study.points}
    table.write_points(study, done, path)
    return path


def test_dry_run(dawndusk: Any, folder: Path) -> None:
    """Source of truth: 2 x 3 x 2 points; nothing is written and no worker starts."""
    (folder / "four.yaml").write_text(SWEEP, encoding="utf-8")
    called = dawndusk("sweep", "four.yaml", "--dry-run", "--workers", "3")
    assert (called.code, called.err) == (0, "")
    assert called.out.startswith("four: 12 points valid, about ")
    assert "on 3 worker(s)" in called.out
    result = json.loads(dawndusk("sweep", "four.yaml", "--dry-run", "--json").out)
    field = "satellite.power.array.area"
    assert (result["points"], result["first"]["point"], result["last"]["point"]) == (12, 0, 11)
    assert (result["first"][field], result["last"][field]) == ("100 m2", "140 m2")
    assert result["time_s"] > 0.0
    assert [p.name for p in folder.iterdir()] == ["four.yaml"]


def test_bad_sweep(dawndusk: Any, folder: Path) -> None:
    """Every wrong field at once, where it is written, before anything runs."""
    text = SWEEP.replace("array.area", "aray.area").replace("battery.capacity", "battery.size")
    (folder / "four.yaml").write_text(text, encoding="utf-8")
    called = dawndusk("sweep", "four.yaml", "--out", "four")
    assert (called.code, called.out) == (2, "")
    lines = [line for line in called.errors if not re.fullmatch(r"four: \d+ %", line)]  # progress, on a slow machine
    assert [line.split(": ")[0] for line in lines] == ["four.yaml:5:31", "four.yaml:6:34"]
    assert "did you mean 'array'?" in lines[0]
    assert [p.name for p in folder.iterdir()] == ["four.yaml"]
    called = dawndusk("sweep", "suncatcher_sising")
    assert (called.code, called.errors) == (
        2,
        ["suncatcher_sising: no sweep of that name; did you mean 'suncatcher_sizing'?"],
    )


def test_a_scenario_is_no_sweep_and_a_sweep_no_scenario(dawndusk: Any, folder: Path, scenario_text: str) -> None:
    """By hand: the verb that the file goes with; one line whatever keys are missing or unknown to the other verb."""
    (folder / "my sweep.yaml").write_text(SWEEP, encoding="utf-8")
    (folder / "small.yaml").write_text(scenario_text, encoding="utf-8")
    (folder / "child.yaml").write_text("name: child\nextends: small.yaml\n", encoding="utf-8")
    for arguments, line in (
        (("run", "my sweep.yaml"), "my sweep.yaml: is a sweep; write dawndusk sweep 'my sweep.yaml'"),
        (("validate", "suncatcher_sizing"), "suncatcher_sizing: is a sweep; write dawndusk sweep suncatcher_sizing"),
        (("sweep", "small.yaml"), "small.yaml: is a scenario; write dawndusk run small.yaml"),
        (("sweep", "child.yaml"), "child.yaml: is a scenario; write dawndusk run child.yaml"),
        (("sweep", "suncatcher"), "suncatcher: is a scenario; write dawndusk run suncatcher"),
    ):
        called = dawndusk(*arguments)
        assert (called.code, called.out, called.errors) == (2, "", [line])


def test_a_results_folder_is_its_scenario(dawndusk: Any, folder: Path, scenario_text: str) -> None:
    """Source of truth: the digest of the scenario that was run; folders of anything else are one line."""
    (folder / "small.yaml").write_text(scenario_text.replace("2 h", "10 min"), encoding="utf-8")
    assert dawndusk("run", "small.yaml", "--no-report", "--out", "base").code == 0
    digest = json.loads((folder / "base/manifest.json").read_text("utf-8"))["scenario_sha256"]
    rows = json.loads(dawndusk("provenance", "base", "--json").out)["rows"]
    assert next(row["value"] for row in rows if row["field"] == "duration") == "10"
    for source in ("base", "./base"):
        called = dawndusk("validate", source, "--json")
        assert (called.code, json.loads(called.out)["scenario_sha256"]) == (0, digest)
    (folder / "base/study.yaml").touch()
    (folder / "empty").mkdir()
    for arguments in (("compare", "base"), ("sweep",), ("provenance",), ("why",)):
        called = dawndusk(arguments[0], "x" * 300, *arguments[1:])  # longer than the 255 characters of a file's name
        assert (called.code, called.out, len(called.errors)) == (2, "", 1)
    for source, words in (
        ("base", f"is a study of many scenarios; write {Path('base') / 'scenario.yaml'}, the scenario of its first point"),
        ("empty", "is a folder without a scenario; write the path of a scenario or of a results folder"),
    ):
        called = dawndusk("why", source)
        assert (called.code, called.out, called.errors) == (2, "", [f"{source}: {words}"])


def test_nothing_to_resume(dawndusk: Any, folder: Path) -> None:
    """A sweep that was never started with these options: one line, and nothing is started."""
    (folder / "four.yaml").write_text(SWEEP, encoding="utf-8")
    (folder / ".other.part").mkdir()  # of the same sweep with --out other
    called = dawndusk("sweep", "four.yaml", "--resume")
    assert (called.code, called.out, len(called.errors)) == (2, "", 1)
    assert re.fullmatch(
        r"--resume: there is nothing to resume: no results/\.four-[0-9a-f]{8}\.part; write its folder with --out, or leave --resume out to start it",
        called.errors[0],
    )
    called = dawndusk("sweep", "four.yaml", "--out", "four", "--resume")
    assert (called.code, called.errors) == (
        2, ["--resume: there is nothing to resume: no .four.part; leave --resume out to start it"],
    )  # fmt: skip
    assert sorted(p.name for p in folder.iterdir()) == [".other.part", "four.yaml"]


def test_an_interrupted_sweep_names_the_command_to_resume(dawndusk: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By hand: the command that was given, with --resume; the interrupt comes in place of the first point."""

    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("sim.studies.sweep.execute", interrupted)
    (folder / "my sweep.yaml").write_text(SWEEP, encoding="utf-8")
    called = dawndusk("sweep", "my sweep.yaml", "--out", "s3", "--workers", "2")
    assert (called.code, called.out) == (130, "")
    assert called.errors[-1] == (
        "interrupted; finished points are kept in .s3.part; continue: dawndusk sweep 'my sweep.yaml' --out s3 --workers 2 --resume"
    )


def test_what_is_in_the_way(dawndusk: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of something else, of this study, and this study resumed when it is complete."""
    from sim.studies import definition, study_folder

    (folder / "four.yaml").write_text(SWEEP, encoding="utf-8")
    (folder / "other").mkdir()
    called = dawndusk("sweep", "four.yaml", "--out", "other")
    assert (called.code, len(called.errors)) == (2, 1)
    assert "is not this study" in called.err
    study = definition.resolve("four.yaml")
    (folder / ".four.part").mkdir()
    failed = {p.index: {"error": "broken" if p.index == 3 else None, "metrics": {"compute.useful_fraction": 0.5}, "runtime": {}}
              for p in study.points}  # fmt: skip
    (folder / ".four.part/journal.jsonl").touch()
    study_folder.write_folder(study, folder / ".four.part", "four", failed, {})
    called = dawndusk("sweep", "four.yaml", "--out", "four")
    assert (called.code, called.errors) == (
        2,
        ["--out four: exists already and holds this study; write another folder"],
    )
    called = dawndusk("sweep", "four.yaml", "--out", "four", "--resume", "--json")
    assert called.code == 1
    assert json.loads(called.out)["failed"] == [{"point": 3, "error": "broken"}]
    assert called.errors == [
        "point 3 (satellite.power.array.area=100 m2, satellite.power.battery.capacity=10 kWh, seed=2): broken"
    ]
    assert pq.read_table("four/points.parquet")["error"].to_pylist()[3] == "broken"
    called = dawndusk("report", "four")
    assert (called.code, called.out, called.err) == (0, f"{Path('four') / 'report.html'}\n", "")
    page = (folder / "four/report.html").read_text(encoding="utf-8")
    assert "<h1>four</h1>" in page
    assert 'id="useful-share" data-point="0" data-value="0.5"' in page
    (folder / "four/study.yaml").write_text("name: four\nscenario: suncatcher\nseeds: [1]\n", encoding="utf-8")
    called = dawndusk("report", "four")
    assert (called.code, called.errors) == (
        2, [f"{Path('four') / 'study.yaml'}: is not the file that the run wrote: damaged, edited, or of another run; run it again"],
    )  # fmt: skip
    (folder / "four/study.yaml").unlink()
    called = dawndusk("report", "four")
    assert (called.code, called.errors) == (2, ["four: is not a finished study: study.yaml is missing; run the sweep again"])


# --- compare ----------------------------------------------------------------------------------------------------------


def test_compare(dawndusk: Any, folder: Path) -> None:
    """Two runs of ten minutes that differ in the seed alone: equal numbers, one input, factor one."""
    short = ("--set", "duration=10 min")
    assert dawndusk("run", "suncatcher", *short, "--out", "found").code == 0
    called = dawndusk("compare", "found", "suncatcher", *short, "--set", "seed=2", "--equal", "useful", "--json")
    assert (called.code, called.err) == (0, "")
    result = json.loads(called.out)
    assert {"a", "b", "inputs", "metrics", "waterfall", "equal"} <= result.keys()
    assert (result["a"], result["b"], result["equal"]["factor"], result["equal"]["satellites"]) == (
        "found",
        "suncatcher",
        1.0,
        81,
    )
    assert [row["field"] for row in result["inputs"]] == ["seed"]
    # energy of the scaled side follows from the stored mean power, which is rounded
    assert all(row["ratio"] is None or row["ratio"] == pytest.approx(1.0, abs=1e-9) for row in result["metrics"])
    assert {row["points"] for row in result["waterfall"]} == {0.0}
    called = dawndusk("compare", "found", "suncatcher", *short, "--out", "pages/both.html")
    assert called.code == 0
    assert "B / A" in called.out
    last = called.out.splitlines()[-3:]
    assert last == ["useful +0.00 points of nameplate", "", f"Report: {Path('pages') / 'both.html'}"]
    assert "<h1>found compared with suncatcher</h1>" in (folder / "pages/both.html").read_text(encoding="utf-8")
    assert [p.name for p in (folder / "pages").iterdir()] == ["both.html"]


def test_compare_with_overrides_of_one_side(dawndusk: Any, folder: Path) -> None:
    """By hand: the duration of both, the array of B, the battery of A; the values are those of the options."""
    sets = ("duration=10 min", "b:satellite.power.array.area=150 m2", "a:satellite.power.battery.capacity=20 kWh")
    called = dawndusk("compare", "suncatcher", "suncatcher", "--json", *(x for text in sets for x in ("--set", text)))
    assert (called.code, called.err) == (0, "")
    result = json.loads(called.out)
    assert (result["a"], result["b"]) == ("suncatcher (A)", "suncatcher (B)")
    assert {(row["field"], row["a"], row["b"]) for row in result["inputs"]} == {
        ("satellite.power.array.area", "147 m2", "150 m2"),
        ("satellite.power.battery.capacity", "20 kWh", "27 kWh"),
    }
    array_m2 = next(row for row in result["metrics"] if row["metric"] == "array")
    assert (array_m2["a"], array_m2["b"]) == (81 * 147.0, 81 * 150.0)
    called = dawndusk("compare", "suncatcher", "baseline:colossus-1", "--set", "b:seed=2")
    assert (called.code, called.errors) == (
        2, ["--set b:seed=2: applies to a scenario by name or path, and B is none; leave it out"],
    )  # fmt: skip


def test_compare_with_an_event_of_one_side(dawndusk: Any, folder: Path) -> None:
    """By hand: of ten minutes one satellite of 81 is lost for the last five, in B alone or in both."""
    sets = ("duration=10 min", "workloads=[{kind: independent}]", "fleet={spares: 0}")
    short = [x for text in sets for x in ("--set", text)]
    called = dawndusk("compare", "suncatcher", "suncatcher", *short, "--event", "b:+5 min lose satellite 17", "--json")
    assert (called.code, called.err) == (0, "")
    shares = {row["metric"]: (row["a"], row["b"]) for row in json.loads(called.out)["metrics"]}
    assert shares["availability"] == pytest.approx((1.0, 1.0 - 0.5 / 81.0), abs=1e-12)
    both = dawndusk("compare", "suncatcher", "suncatcher", *short, "--event", "+5 min lose satellite 17", "--json")
    shares = {row["metric"]: (row["a"], row["b"]) for row in json.loads(both.out)["metrics"]}
    assert shares["availability"] == pytest.approx([1.0 - 0.5 / 81.0] * 2, abs=1e-12)
    called = dawndusk("compare", "suncatcher", "baseline:colossus-1", "--event", "b:+1 h lose plane 3")
    assert (called.code, called.errors) == (
        2, ["--event 'b:+1 h lose plane 3': applies to a scenario by name or path, and B is none; leave it out"],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("difference", "a", "b", "shown"),
    [(-1.455e-11, 75_139.0, 75_139.0, 0.0), (-84.73, 57_064.0, 56_979.27, -84.73), (1e-9, 0.0, 1e-9, 1e-9), (0.0, 0.0, 0.0, 0.0)],
)
def test_rounding_is_no_difference(difference: float, a: float, b: float, shown: float) -> None:
    """By hand: two values of 75,139 that differ in the last bit are equal."""
    assert commands._without_rounding(difference, a, b) == shown


def test_pages_in_the_way_are_found_before_anything_runs(dawndusk: Any, folder: Path) -> None:
    (folder / "here.html").touch()
    for name, why in (("here.html", "exists already"), ("page.txt", "write a name that ends in .html")):
        called = dawndusk("compare", "suncatcher", "million", "--out", name)
        assert (called.code, called.out, len(called.errors)) == (2, "", 1)
        assert called.err.startswith(f"--out {name}: ")
        assert why in called.err


def test_compare_refuses(dawndusk: Any, folder: Path) -> None:
    assert dawndusk("run", "suncatcher", "--set", "duration=10 min", "--out", "old").code == 0
    summary = json.loads((folder / "old/summary.json").read_text("utf-8"))
    (folder / "old/summary.json").write_text(json.dumps({**summary, "schema_version": 0}), encoding="utf-8")
    for arguments in (
        ["old", "suncatcher"],
        ["suncatcher", "starlnk_edge"],
        ["suncatcher", "suncatcher", "--equal", "mass"],
    ):
        called = dawndusk("compare", *arguments)
        assert (called.code, called.out, len(called.errors)) == (2, "", 1), called
        assert "; " in called.err


# --- why --------------------------------------------------------------------------------------------------------------

RING = """\
name: ring
epoch: 2026-12-21T00:00:00Z
duration: 2 h
constellation: {kind: ring, altitude: 650 km, local_time: "06:00", satellites: 200}
satellite: {extends: suncatcher, power: {array: {area: 80 m2}}}
"""


def test_why_as_json(dawndusk: Any, folder: Path) -> None:
    """Source of truth: the contract, and shares that add up to what is not useful."""
    (folder / "ring.yaml").write_text(RING, encoding="utf-8")
    called = dawndusk("why", "ring.yaml", "--json")
    assert called.code == 0, called.err
    result = json.loads(called.out)
    assert set(result) == {"scenario", "base", "causes", "inputs", "notes", "parts", "limits"}
    lost = sum(row["fraction"] for row in result["causes"])
    assert result["base"]["useful_fraction"] + lost == pytest.approx(1.0, abs=1e-9)
    assert result["inputs"][0]["input"].startswith("satellite.power.")
    assert result["base"]["satellites_run"] == 128
    assert [p.name for p in folder.iterdir()] == ["ring.yaml"]


def test_why_in_words(dawndusk: Any, folder: Path) -> None:
    (folder / "ring.yaml").write_text(RING, encoding="utf-8")
    called = dawndusk("why", "ring.yaml")
    assert called.code == 0, called.err
    assert "128 of 200 satellites" in called.out
    assert "a battery that lasts for the whole run" in called.out
    assert "satellite.thermal.radiator.area" in called.out


def test_why_of_bad_input(dawndusk: Any) -> None:
    called = dawndusk("why", "suncatcher", "--set", "step=1 furlong")
    assert (called.code, called.out) == (2, "")
    assert len(called.errors) == 1
    assert called.errors[0].startswith("--set step:")


# --- report, new ------------------------------------------------------------------------------------------------------


def test_report_is_written_again(dawndusk: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Source of truth: the page the run wrote; the same version writes the same bytes."""
    assert dawndusk("run", "suncatcher", "--set", "duration=10 min", "--out", "found").code == 0
    page = folder / "found/report.html"
    first = page.read_bytes()
    page.unlink()
    files = sorted(p.name for p in page.parent.iterdir())
    called = dawndusk("report", "found")
    assert (called.code, called.out, called.err) == (0, f"{Path('found') / 'report.html'}\n", "")
    assert page.read_bytes() == first
    assert sorted(p.name for p in page.parent.iterdir()) == sorted([*files, "report.html"])
    called = dawndusk("report", "nowhere")
    assert (called.code, len(called.errors)) == (2, 1)
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr("viz.browser.MAC", ())
    called = dawndusk("report", "found", "--png")
    assert (called.code, called.out) == (2, f"{Path('found') / 'report.html'}\n")
    assert called.errors == [
        "--png: no Chromium or Chrome is on the PATH; install one, such as by 'apt install chromium'; the page itself is "
        f"{Path('found') / 'report.html'}"
    ]


def _blocks(text: str) -> list[str]:
    """Commented blocks of a scenario file: runs of lines that begin with #, after the first line."""
    return [block for block in text.split("\n\n")[1:] if block.lstrip().startswith("#")]


def _uncommented(block: str) -> str:
    """Source of truth: what editors do: the first comment sign of a line and one space go, the indent stays."""
    return re.sub(r"^(\s*)# ?", r"\1", block, flags=re.M)


@pytest.mark.parametrize("source", [None, "suncatcher", "starlink_edge", "colossus_in_orbit", "made.yaml"])
def test_new_scenario_is_valid(dawndusk: Any, folder: Path, scenario_text: str, source: str | None) -> None:
    """As it is written, with any one of its commented blocks uncommented, and with all of them."""
    (folder / "made.yaml").write_text(scenario_text, encoding="utf-8")
    called = dawndusk("new", "mine", *(["--from", source] if source else []))
    assert (called.code, called.err) == (0, "")
    text = (folder / "mine.yaml").read_text(encoding="utf-8")
    schema = text.splitlines()[0].removeprefix("# yaml-language-server: $schema=")
    assert json.loads(Path(schema).read_text("utf-8"))["title"] == "Dawndusk scenario"
    result = json.loads(dawndusk("validate", "mine.yaml", "--json").out)
    assert result["scenario"] == "mine"
    blocks = _blocks(text)
    every = text
    for block in blocks:
        (folder / "mine.yaml").write_text(text.replace(block, _uncommented(block)), encoding="utf-8")
        called = dawndusk("validate", "mine.yaml", "--json")
        assert (called.code, called.err) == (0, ""), block
        changed = json.loads(called.out)["scenario_sha256"] != result["scenario_sha256"]
        assert changed or source is not None, block  # of an extended scenario the blocks show the present values
        every = every.replace(block, _uncommented(block))
    (folder / "mine.yaml").write_text(every, encoding="utf-8")
    called = dawndusk("validate", "mine.yaml")
    assert called.code == 0
    assert [line for line in called.errors if "changes the run, not the years of the mission" not in line] == []


def test_new_scenario_shows_every_section(dawndusk: Any, folder: Path) -> None:
    """Source of truth: the sections of the schema, apart from switches and what other sections replace."""
    assert dawndusk("new", "mine").code == 0
    text = (folder / "mine.yaml").read_text(encoding="utf-8")
    shown = set(re.findall(r"^(?:# )?(\w+):", text, re.M))
    rest = {"satellites", "environment", "reference_precision", "allow_stale", "skip_bad", "allow_infeasible"}
    assert shown == set(Scenario.model_fields) - rest


def test_new_refuses(dawndusk: Any, folder: Path) -> None:
    (folder / "mine.yaml").write_text("kept", encoding="utf-8")
    called = dawndusk("new", "mine")
    assert (called.code, called.errors) == (2, ["mine.yaml: exists already; write another name, or remove this file"])
    assert (folder / "mine.yaml").read_text(encoding="utf-8") == "kept"
    assert dawndusk("new", "a b").code == 2
    assert dawndusk("new", "other", "--from", "suncacher").code == 2
    assert [p.name for p in folder.iterdir()] == ["mine.yaml"]


def test_new_refuses_a_file_that_it_cannot_extend(
    dawndusk: Any, folder: Path, scenario_text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Source of truth: `validate`, which takes what `new` writes for files below and refuses a file elsewhere that is extended."""
    (folder / "made.yaml").write_text(scenario_text, encoding="utf-8")
    (folder / "work/below").mkdir(parents=True)
    (folder / "work/below/made.yaml").write_text(scenario_text, encoding="utf-8")
    monkeypatch.chdir(folder / "work")
    called = dawndusk("new", "mine", "--from", "../made.yaml")
    assert (called.code, called.out, len(called.errors)) == (2, "", 1)
    assert called.errors[0].startswith("--from ../made.yaml: is outside this folder")
    assert [path.name for path in Path().iterdir()] == ["below"]
    Path("by_hand.yaml").write_text("name: by_hand\nextends: ../made.yaml\n", encoding="utf-8")
    assert dawndusk("validate", "by_hand.yaml").code == 2
    assert dawndusk("new", "mine", "--from", "below/made.yaml").code == 0
    assert dawndusk("validate", "mine.yaml").code == 0
