"""What the studio does with scenarios: the form, what a page must not change, runs in a process of their own, export."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from orbit.mean_orbits import MeanOrbits
from sim import api
from sim.config.errors import InputError
from sim.config.scenario import load
from sim.studies.definition import resolve
from sim.studies.plans import plans
from sim.studies.studio import safety
from sim.studies.studio.form import Field, fields
from sim.studies.studio.orbits import fleet_orbits
from sim.studies.studio.runs import Runs, Variant
from sim.studies.studio.saved import SavedVariants
from sim.studies.studio.workbench import Workbench
from sim.studies.sweep import execute
from sim.studies.why import why

SHORT = "duration=10 min"


@pytest.fixture(scope="module")
def opened() -> dict[str, Field]:
    return {field.path: field for field in fields(load("suncatcher"))}


@pytest.fixture(scope="module")
def bench() -> Iterator[Workbench]:
    found = Workbench("suncatcher")
    yield found
    found.close()


# --- the form


@pytest.mark.parametrize("name", ["suncatcher", "starlink_edge", "contract_surge", "bupt_1", "kuiper_630"])
def test_every_number_has_a_field(name: str) -> None:
    """Source of truth: the provenance of the scenario."""
    loaded = load(name)
    found = {field.path: field for field in fields(loaded)}
    for datum in loaded.data:
        field = found[datum.path]
        assert (field.kind, field.source) == (datum.kind if datum.kind != "scenario" else "", datum.source)
        assert field.text.startswith(str(datum.value))
    assert len(found) == len(fields(loaded)), "paths are unique"


def test_a_number_with_its_record(opened: dict[str, Field]) -> None:
    """Source of truth: configs/hardware/tpu-v6e.yaml and the schema."""
    field = opened["satellite.accelerator.idle_power"]
    assert (field.text, field.form, field.unit, field.kind, field.low, field.high) == ("90 W", "number", "W", "estimated", "55", "180")
    assert field.limits == "at least 0 W"
    assert field.meaning


def test_choices_switches_items(opened: dict[str, Field]) -> None:
    """Source of truth: the schema, and the folder of the shipped hardware."""
    assert opened["constellation.0.lattice.shape"].choices == ("square", "hexagonal", "columns", "points")
    chip = opened["satellite.accelerator"]
    assert (chip.form, chip.text) == ("choice", "tpu-v6e")
    assert {"h100-sxm", "b200-sxm"} <= set(chip.choices)
    assert "orbital-120kw" not in chip.choices, "an accelerator is no satellite"
    assert (opened["allow_stale"].form, opened["allow_stale"].text) == ("switch", "false")


@pytest.mark.parametrize("name", ["suncatcher", "starlink_edge", "bupt_1"])
def test_fields_are_overrides(name: str) -> None:
    """Source of truth: the scenario itself: every field, written back as an override, changes nothing."""
    loaded = load(name)
    texts = [f"{field.path}={field.text}" for field in fields(loaded) if field.path.count(".") > 1 and field.form != "choice"]
    assert len(texts) > 100
    assert load(name, tuple(texts)).scenario.model_dump() == loaded.scenario.model_dump()


# --- what a page must not change


@pytest.mark.parametrize(
    "text",
    [
        "constellation={tle: /etc/passwd}", "constellation=[{oem: ../x.oem}]", "constellation.tle=x.tle", "satellite=/tmp/x.yaml", "satellite=x.yaml",
        "satellite.accelerator=../chip.yaml", "satellites={a: {extends: ./x.yaml}}", "workloads=[{kind: training, model: ./m.yaml}]",
        "ground.stations=/etc/hosts", "baseline=/x", "contract.hedges=[{scenario: suncatcher}]", "environment=~/e.yaml", "constellation.0.lattice.points=p.csv",
        "allow_infeasible=true", "skip_bad=true", "satellites={a: ./x.yaml}", "satellites.a=/etc/x", "satellite.power.battery.chemistry=./x.yaml",
        "fleet.maintenance=/etc/x", "fleet={repair: 1 /etc/x}", "satellite=1/../x.yaml", "satellite.x=2 Gbit/s.yaml", "a.b.c=[[/etc/x]]",
    ],
)  # fmt: skip
def test_no_files(text: str) -> None:
    """Nothing that a page sends makes the studio read a file."""
    assert safety.problems(Variant((text,)))


@pytest.mark.parametrize("text", ["links.terminal.rate=100 Gbit/s", "satellite.bus.price=1.5e-3 USD/kg", "satellite=orbital-120kw", "satellite.accelerator.fabric.rate=1 TB/s", "step=30 s", "x=[", "=", "a"])
def test_values_pass(text: str) -> None:
    """A unit with a slash is no path; what cannot be read is left to the scenario, which says why."""
    assert safety.problems(Variant((text,))) == []


def test_sizes() -> None:
    assert safety.problems(Variant(tuple(["step=1 s"] * 201)))
    assert safety.problems(Variant(("step=" + "1" * 2001,)))
    assert safety.problems(Variant((), ("+1 h " + "x" * 2001,)))


# --- runs


def _begun(bench: Workbench, key: str) -> None:
    """Wait until a run has reported its first steps."""
    end = time.monotonic() + 60.0
    while bench.runs.status(key).done == 0:
        assert time.monotonic() < end
        bench.runs.wait(key, 0.02)


def test_same_numbers_as_the_command(bench: Workbench) -> None:
    """Source of truth: `sim.api.run`, to the last bit; asked again, nothing is run again."""
    variant = bench.variant((SHORT, "satellite.thermal.radiator.area=29 m2"), ("+2 min lose satellite 17 for 3 min",), 5)
    status = bench.runs.wait(bench.runs.ask(variant), 120.0)
    assert status.state == "done"
    ours, theirs = bench.results(variant), api.run("suncatcher", set=variant.sets, events=variant.events, seed=5)
    assert ours is not None
    assert ours.summary == theirs.summary
    assert ours.series.equals(theirs.series)
    assert bench.runs.status(bench.runs.ask(variant)) == status


def test_analyses_are_those_of_the_commands(bench: Workbench) -> None:
    """Source of truth: `why` and `plans`; each has a key of its own beside that of the run."""
    variant = bench.variant((SHORT,), (), None)
    keys = {task: bench.runs.ask(variant, task) for task in ("why", "plan")}
    assert len({variant.key, *keys.values()}) == 3
    for task in keys:
        assert bench.runs.wait(keys[task], 180.0).state == "done"
    loaded = load("suncatcher", variant.sets)
    assert bench.runs.results(keys["why"]).as_dict() == why(loaded).as_dict()
    assert [a.as_dict() for a in bench.runs.results(keys["plan"])] == [a.as_dict() for a in plans(loaded)]
    assert bench.orbits(keys["why"]) is None


def test_an_analysis_that_is_refused_says_why(bench: Workbench) -> None:
    variant = bench.variant((SHORT, "workloads=[{kind: independent}]"), (), None)
    status = bench.runs.wait(bench.runs.ask(variant, "plan"), 60.0)
    assert status.state == "refused"
    assert status.problems == (("workloads", "has no training job to plan; write a workload of kind training"),)


def test_problems_in_the_words_of_the_command(bench: Workbench) -> None:
    """Source of truth: the messages of `load`; the form is that of the opened scenario, so that nothing that was written is lost."""
    variant = bench.variant(("duration=-1 h", "satellite.power.array.area=12"), (), None)
    with pytest.raises(InputError) as raised:
        load("suncatcher", variant.sets)
    expected = [[p.field, p.message] for p in raised.value.problems]
    found = bench.document(variant)
    assert found["problems"] == expected
    assert {"duration", "satellite.power.array.area"} == {field for field, _ in found["problems"]}
    assert len(found["fields"]) > 200
    assert bench.runs.wait(bench.runs.ask(variant), 60.0).state == "refused"


def test_cancelled_runs_end(bench: Workbench) -> None:
    """A run of a month is given up in its first seconds; the process goes on with the next."""
    long, short = bench.variant(("duration=30 d",), (), None), bench.variant((SHORT,), (), None)
    key = bench.runs.ask(long)
    _begun(bench, key)
    bench.runs.cancel(key)
    assert bench.runs.wait(key, 20.0).state == "cancelled"
    assert bench.runs.wait(bench.runs.ask(short), 60.0).state == "done"


def test_a_lost_process_is_replaced(bench: Workbench) -> None:
    """The process is killed in the middle of a run: that run fails with a message, the next one has another process."""
    key = bench.runs.ask(bench.variant(("duration=29 d",), (), None))
    _begun(bench, key)
    os.kill(bench.runs._process.pid, signal.SIGKILL)
    status = bench.runs.wait(key, 20.0)
    assert (status.state, status.message) == ("failed", "the process that computes has ended (signal 9); the next run starts another")
    again = bench.runs.wait(bench.runs.ask(bench.variant(("duration=11 min",), (), None)), 120.0)
    assert again.state == "done"


def test_answers_that_cannot_be_read(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that cannot be unpacked fails its run, and no other."""

    def unreadable(key: str, variant: Variant, pipe: Any) -> Any:
        raise ValueError("spoilt")

    with monkeypatch.context() as spoilt:
        spoilt.setattr(bench.runs, "_answers", unreadable)
        status = bench.runs.wait(bench.runs.ask(bench.variant(("duration=12 min",), (), None)), 60.0)
    assert (status.state, status.message) == ("failed", "ValueError: spoilt")
    assert bench.runs.wait(bench.runs.ask(bench.variant(("duration=13 min",), (), None)), 120.0).state == "done"


def test_the_oldest_results_are_forgotten() -> None:
    """Source of truth: the budget: with room for nothing, only the last and those that are shown stay."""
    runs = Runs("suncatcher", most_bytes=0)
    try:
        results = api.run("suncatcher", set=(SHORT, "recorder.satellites=0"))
        a, b, c = (Variant((f"seed={n}",)) for n in range(3))
        runs.add(a, results)
        runs.keep(frozenset({a.key}))
        for variant in (b, c):
            runs.add(variant, results)
        assert [runs.results(v.key) is not None for v in (a, b, c)] == [True, False, True]
        assert runs.status(b.key).state == "unknown"
    finally:
        runs.close()


def test_variants_are_known_by_their_changes() -> None:
    one = Variant(("step=30 s",), ("+1 h lose plane 1",), 3)
    assert one.key == Variant(("step=30 s",), ("+1 h lose plane 1",), 3).key
    others = [Variant(("step=30 s",)), Variant((), ("step=30 s",)), Variant(("step=30 s",), (), 0), Variant(("step=30 s", ""))]
    assert len({one.key, *(v.key for v in others)}) == 5


# --- export


def test_export_runs_to_the_same(bench: Workbench, tmp_path: Path) -> None:
    """Source of truth: the digest of what is simulated: the file, and the words of the command, give that of the variant."""
    variant = bench.variant((SHORT, "satellite.thermal.radiator.area=29 m2"), ("+2 min lose satellite 17",), 7)
    loaded = bench.check(variant).loaded
    assert loaded is not None
    (tmp_path / "variant.yaml").write_text(bench.yaml(variant), encoding="utf-8")
    assert load(tmp_path / "variant.yaml").sha256 == loaded.sha256
    words = shlex.split(bench.command(variant))
    assert words[:3] == ["dawndusk", "run", "suncatcher"]
    given: dict[str, list[Any]] = {}
    for option, value in zip(words[3::2], words[4::2], strict=True):
        given.setdefault(option, []).append(value)
    assert load("suncatcher", tuple(given["--set"]), tuple(given["--event"]), int(given["--seed"][0])).sha256 == loaded.sha256


def test_a_results_folder_is_opened(tmp_path: Path) -> None:
    """What a folder holds is shown as it is; its variants are run from its scenario."""
    api.run("suncatcher", tmp_path / "run", set=(SHORT,))
    bench = Workbench(str(tmp_path / "run"))
    try:
        opened = bench.results(Variant())
        assert opened is not None
        assert opened.folder == tmp_path / "run"
        assert np.isclose(opened.summary["duration_s"], 600.0)
        assert "--set" not in bench.command(Variant())
    finally:
        bench.close()


def test_a_spoilt_folder_is_refused(tmp_path: Path) -> None:
    """Source of truth: the messages of the reader."""
    api.run("suncatcher", tmp_path / "run", set=(SHORT,))
    series = tmp_path / "run" / "series.nc"
    series.write_bytes(series.read_bytes()[:-100])
    with pytest.raises(InputError, match=r"series\.nc"):
        Workbench(str(tmp_path / "run"))


# --- a sweep


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    grid = {"satellite.power.array.area": ["120 m2", "147 m2"], "satellite.thermal.radiator.area": ["30 m2", "35 m2"]}
    sweep = {"name": "sizes", "scenario": "suncatcher", "set": [SHORT], "grid": grid}
    return execute(resolve(sweep), tmp_path_factory.mktemp("swept") / "sizes", workers=1).folder


def test_points_of_a_sweep_run_to_their_rows(swept: Path) -> None:
    """Source of truth: the table of the sweep, to the last bit: an opened point is run with its values."""
    bench = Workbench(str(swept))
    try:
        assert bench.study is not None
        assert bench.point(4) is None
        assert bench.point(-1) is None
        for number in (0, 3):
            found = bench.point(number)
            assert found is not None
            assert found["sets"] == [f"satellite.power.array.area={'120' if number == 0 else '147'} m2", f"satellite.thermal.radiator.area={30 if number == 0 else 35} m2"]
            variant = bench.variant(tuple(found["sets"]), (), None)
            assert bench.runs.wait(bench.runs.ask(variant), 120.0).state == "done"
            row = bench.study.rows[number]
            summary = bench.results(variant).summary
            assert summary["compute"]["useful_fraction"] == row["compute.useful_fraction"]
            assert summary["thermal"]["junction_k_max"] == row["thermal.junction_k_max"]
            assert "allow-infeasible" in bench.command(variant)
    finally:
        bench.close()


def test_a_spoilt_sweep_is_refused(swept: Path, tmp_path: Path) -> None:
    """Source of truth: the messages of the reader of sweeps."""
    copy = shutil.copytree(swept, tmp_path / "copy")
    (copy / "study.yaml").unlink()
    with pytest.raises(InputError, match=r"is not a finished study: study\.yaml is missing"):
        Workbench(str(copy))
    copy = shutil.copytree(swept, tmp_path / "other")
    (copy / "points.parquet").write_bytes((copy / "points.parquet").read_bytes()[:-9])
    with pytest.raises(InputError, match=r"points\.parquet"):
        Workbench(str(copy))


# --- orbits of satellites that were not recorded


def test_orbits_of_a_fleet(bench: Workbench) -> None:
    """Source of truth: the recorded positions, in single precision [m]; secular J2 has the form of the orbits, to 8 m."""
    shell = "constellation={kind: walker, altitude: 550 km, inclination: 53 deg, planes: 6, satellites_per_plane: 5, phasing: 1}"
    plain = ("duration=3 h", "links=null", "ground=null", "workloads=[{kind: independent}]", shell)
    some, everyone = bench.variant((*plain, "recorder.satellites=7"), (), None), bench.variant(plain, (), None)
    for variant in (some, everyone):
        assert bench.runs.wait(bench.runs.ask(variant), 120.0).state == "done"
    assert bench.orbits(everyone.key) is None
    found = bench.orbits(some.key)
    assert found is not None
    assert found.number.tolist() == list(range(30))
    series = bench.results(everyone).series
    recorded_m = series["position_m"].transpose("frame", "axis", "sat").values
    for frame in (0, 90, 179):
        seconds = float(series["frame"].values[frame]) / 1e3
        position_m = MeanOrbits(found.rows, found.error_m).position_m(seconds)
        assert np.abs(position_m - recorded_m[frame]).max() < 9.0
    loaded = bench.check(some).loaded
    assert loaded is not None
    few = fleet_orbits(loaded, np.array([3, 4]), most=6)
    assert {3, 4} <= set(few.number.tolist())
    assert few.number.size <= 6
    assert (few.rows == found.rows[:, few.number]).all()


# --- saved variants


def test_saved_variants_come_back(bench: Workbench, tmp_path: Path) -> None:
    """Source of truth: the digest of what is simulated: a saved file runs by itself, and the list gives the same variant again."""
    folder = tmp_path / "kept" / "variants"
    saving = Workbench("suncatcher", variants=folder)
    try:
        assert saving.saved() == []
        assert not folder.exists(), "nothing is written before something is saved"
        variant = saving.variant((SHORT, "satellite.power.array.area=110 m2"), ("+2 min lose satellite 17",), 7)
        first = saving.save("Smaller array!", variant)
        assert first == {"name": "Smaller array!", "file": str(folder / "smaller_array.yaml")}
        loaded = saving.check(variant).loaded
        assert loaded is not None
        assert load(folder / "smaller_array.yaml").sha256 == loaded.sha256
        assert (folder / "smaller_array.yaml").read_text("utf-8").startswith("# dawndusk run suncatcher --set")
        assert saving.save("smaller  ARRAY", variant)["file"] == str(folder / "smaller_array_2.yaml")
        changed = saving.variant((SHORT,), (), None)
        assert saving.save("Smaller array!", changed) == first, "the same name is the same variant, with other changes"
        (folder / "own.yaml").write_text("name: own\n", encoding="utf-8")
        assert "exists already" in saving.save("own", variant)["message"]
        assert (folder / "own.yaml").read_text("utf-8") == "name: own\n"
    finally:
        saving.close()
    again = SavedVariants(folder).all
    assert {one.name: one.variant for one in again} == {"Smaller array!": changed, "smaller ARRAY": variant}
    assert bench.saved() is None


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "..", "\u202e", "a\nb", "." * 300, "con:", "~root"])
def test_names_of_saved_variants_stay_in_the_folder(name: str, tmp_path: Path) -> None:
    """Source of truth: the folder holds the list and one file named by letters and digits; nothing is written elsewhere."""
    saved = SavedVariants(tmp_path / "v").save(name, Variant((SHORT,)), "name: x\n", "dawndusk run x")
    assert re.fullmatch(r"[a-z0-9_]{1,60}\.yaml", saved.file)
    assert {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*")} == {"v", f"v/{saved.file}", "v/variants.json"}


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{}", '{"variants": 3}', '{"variants": [{"name": "a"}]}', "\x00",
        '{"variants": [{"name": "a", "file": "../a.yaml", "sets": [], "events": [], "seed": null}]}',
        '{"variants": [{"name": "a", "file": "a.yaml", "sets": [3], "events": [], "seed": null}]}',
        '{"variants": [{"name": "a", "file": "a.yaml", "sets": [], "events": [], "seed": true}]}',
    ],
)  # fmt: skip
def test_a_spoilt_list_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "variants.json").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"variants\.json: is not a list of saved variants"):
        SavedVariants(tmp_path)
    with pytest.raises(InputError, match=r"--variants .*: is not a folder"):
        SavedVariants(tmp_path / "variants.json")
