"""Sweeps: points in written order, problems reported before the first run, the same table however it was run."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import sim
from sim import pool
from sim.config.errors import InputError, RunError
from sim.config.schema.sweep import sweep_schema
from sim.studies import definition, study_folder, study_table, sweep, table
from sim.studies.journal import Journal

AREAS, CAPACITIES = ["100 m2", "140 m2"], ["5 kWh", "10 kWh", "15 kWh"]
SWEEP: dict[str, Any] = {
    "name": "six",
    "scenario": "suncatcher",
    "set": ["duration=10 min", "ground.stations=[]", "workloads=[{kind: independent}]"],
    "grid": {"satellite.power.array.area": AREAS, "satellite.power.battery.capacity": CAPACITIES},
}
HEAD = {"identity": "a", "sources": "b", "name": "c"}


def written(folder: Path, **changes: Any) -> Path:
    path = folder / "six.yaml"
    path.write_text(json.dumps({**SWEEP, **changes}, indent=1), encoding="utf-8")
    return path


def problems(source: Any) -> list[str]:
    with pytest.raises(InputError) as error:
        definition.resolve(source)
    return [str(problem) for problem in error.value.problems]


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One cluster of two workers for all tests, as a sweep makes it; its key in files, as Dask's configuration names them."""
    import dask

    with pool.client(None, 2, "sim.sweep") as client:
        security, files = client.security, tmp_path_factory.mktemp("tls")
        for name, text in (("ca", security.tls_ca_file), ("key", security.tls_client_key), ("cert", security.tls_client_cert)):
            (files / name).write_text(text, encoding="ascii")
        settings = {"ca-file": "ca", "client.key": "key", "client.cert": "cert"}
        with dask.config.set({f"distributed.comm.tls.{key}": str(files / name) for key, name in settings.items()}):
            yield client.scheduler.address


@pytest.fixture(scope="module")
def study(scheduler: str, tmp_path_factory: pytest.TempPathFactory) -> study_folder.Finished:
    """Six points on two workers."""
    return sweep.sweep(SWEEP, tmp_path_factory.mktemp("study") / "six", scheduler=scheduler)


# --- definition -------------------------------------------------------------------------------------------------------


def test_points_are_the_product_in_written_order() -> None:
    """Source of truth: itertools.product; the last field is the fastest, zipped fields are one, seeds come last."""
    zipped = {"satellite.mass": ["1 t", "2 t"], "satellite.bus.power": ["1 kW", "2 kW"]}
    found = definition.resolve({**SWEEP, "zip": zipped, "seeds": [3, 4]})
    pairs = [("1 t", "1 kW"), ("2 t", "2 kW")]
    expected = [(a, c, *p, s) for a, c, p, s in itertools.product(AREAS, CAPACITIES, pairs, [3, 4])]
    assert list(found.written) == expected
    assert found.fields[-1] == "seed"
    assert len({point.sha256 for point in found.points}) == 24


def test_values_are_those_simulated() -> None:
    """Source of truth: 5 kWh = 18 MJ, 550 km; an item given by name stays a word."""
    grid = {"satellite.power.battery.capacity": ["5 kWh"], "constellation.altitude": ["550 km"], "satellite": ["suncatcher"],
            "satellite.accelerator.peak.bf16": ["1 PFLOP/s"], "epoch": ["2026-03-20T00:00:00Z"]}  # fmt: skip
    found = definition.resolve({**SWEEP, "set": [], "grid": {"satellite": grid.pop("satellite"), **grid}})
    assert found.points[0].values == ("suncatcher", 18e6, 550e3, 1e15, "2026-03-20T00:00:00Z")
    assert found.units[:3] == ("1", "J", "m")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"grid": {}}, ["nothing varies; write a field"]),
        ({"grids": {}}, ["grids: unknown key; did you mean 'grid'?"]),
        ({"grid": {"step": "60 s"}}, ["grid: step: is not a list"]),
        ({"grid": {"step": []}}, ["grid: step: is empty"]),
        ({"zip": {"step": ["30 s"], "satellite.mass": ["1 t", "2 t"]}}, ["differ in length (step has 1, satellite.mass has 2)"]),
        ({"zip": {"satellite.power.array.area": ["1 m2"]}}, ["stands under grid: and zip:"]),
        ({"scenario": "suncacher"}, ["no scenario 'suncacher'; did you mean 'suncatcher'?"]),
        ({"name": "a b"}, ["name: 'a b' is no name"]),
        ({"grid": {"satellite.power.aray.area": AREAS, "satelite.mass": ["1 t"], "step": ["60 s", "fast"]}},
         ["satellite.power.aray: unknown key; did you mean 'array'?", "satelite: unknown key; did you mean 'satellite'?",
          "'fast' is not a number with a unit"]),
    ],
)  # fmt: skip
def test_complaints(folder: Path, changes: dict[str, Any], words: list[str]) -> None:
    lines = problems(written(folder, **changes))
    assert len(lines) == len(words)
    for word in words:
        assert any(word in line for line in lines), lines


def test_a_value_is_complained_about_once_and_where_it_is_written(folder: Path) -> None:
    """Source of truth: the line of the file that holds it; 24 points have it, one line tells it."""
    path = written(folder, grid={**SWEEP["grid"], "satellite.mass": ["1 t", "-1 t", "2 t"]})
    line = path.read_text(encoding="utf-8").splitlines().index('   "-1 t",') + 1
    lines = problems(path)
    assert len(lines) == 1
    assert lines[0].startswith(f"{path}:{line}:4: satellite.mass: '-1 t' must be above 0")


def test_points_that_are_the_same_are_said() -> None:
    found = definition.resolve({**SWEEP, "grid": {"satellite.mass": ["1 t", "1000 kg", "2 t"]}})
    assert found.notes[-1] == "1 of 3 points repeat others (point 1 is the same as 0)"


def test_many_points_are_checked_fast(count_calls: Callable[[Callable[[], object]], int]) -> None:
    """A further point costs below 24,000 calls of functions, some 7 ms: a few thousand points load in half a minute.

    It takes 20,000, of which 4,000 for light and heat of the design; the first point, which reads the shipped files, takes 500,000.
    """

    def resolve(points: int) -> int:
        grid = {"satellite.mass": [f"{k} kg" for k in range(1000, 1000 + points)]}
        return count_calls(lambda: definition.resolve({**SWEEP, "grid": grid}))

    resolve(2)  # files are read once
    assert (resolve(30) - resolve(10)) / 20 < 24_000


def test_shipped_sweep_is_in_order() -> None:
    """Source of truth: 4 x 4 x 3 values in the file."""
    found = definition.resolve("suncatcher_sizing")
    assert len({point.sha256 for point in found.points}) == 48


def test_schema_is_shipped(repo: Path) -> None:
    shipped = json.loads((repo / "configs" / "sweep.schema.json").read_text("utf-8"))
    assert shipped == sweep_schema()


# --- table ------------------------------------------------------------------------------------------------------------


def test_flat_names() -> None:
    """Source of truth: the summary's own fields; induced and own shares are flops over nameplate, by hand."""
    row = {"cause": "power", "flops": 5.0, "own_flops": 4.0, "induced_flops": 1.0, "fraction": 0.25}
    found = table.flatten(
        {"compute": {"nameplate_flops": 20.0, "waterfall": [row]}, "workloads": [{"kind": "independent"}], "notes": ["x"]}
    )
    assert found == {
        "compute.nameplate_flops": 20.0, "workloads.0.kind": "independent", "compute.waterfall.power.fraction": 0.25,
        "compute.waterfall.power.own_fraction": 0.2, "compute.waterfall.power.induced_fraction": 0.05,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("values", "column", "expected"),
    [
        (["100 m2", "1.4e2 m2"], "satellite.power.array.area [m2]", [100.0, 140.0]),
        (["5 kJ/(m2 K)", "4.5 kJ/(m2 K)"], "satellite.thermal.radiator.heat_capacity [kJ/(m2 K)]", [5.0, 4.5]),
        (["30 s", "1 min"], "step [as typed]", ["30 s", "1 min"]),
        (["80 degC", "85 degC"], "satellite.accelerator.junction_limit [degC]", [80.0, 85.0]),
        (["0.9 PFLOP/s", "1 PFLOP/s"], "satellite.accelerator.peak.bf16 [PFLOP/s]", [0.9, 1.0]),
        ([0.2, 0.25], "", []),
        (["2026-03-20T00:00:00Z", "2026-06-20T00:00:00Z"], "", []),
    ],
)
def test_columns_as_typed(values: list[Any], column: str, expected: list[Any]) -> None:
    """By hand: one unit: its numbers; several: the text; values without a unit have no second column."""
    field = column.partition(" ")[0] or ("epoch" if isinstance(values[0], str) else "satellite.power.array.cell_efficiency")
    study = definition.resolve({**SWEEP, "set": [], "grid": {field: values}})
    assert table.as_typed(study, 0) == (column, expected)


def test_points_table(study: study_folder.Finished) -> None:
    """Source of truth: every point run by itself in this process."""
    found = pq.read_table(study.folder / "points.parquet")
    rows = found.to_pylist()
    assert [row["point"] for row in rows] == list(range(6))
    assert found.schema.field("satellite.power.battery.capacity").metadata == {b"unit": b"J"}
    for row, (area, capacity) in zip(rows, itertools.product(AREAS, CAPACITIES), strict=True):
        sets = [*SWEEP["set"], f"satellite.power.array.area={area}", f"satellite.power.battery.capacity={capacity}"]
        alone = sim.run(sim.load("suncatcher", sets), threads=2).summary
        assert (row["satellite.power.array.area"], row["error"]) == (float(area[:3]), None)
        assert row["satellite.power.array.area [m2]"] == float(area[:3])
        assert f"{row['satellite.power.battery.capacity [kWh]']:g} kWh" == capacity
        assert row["compute.useful_flops"] == alone["compute"]["useful_flops"]
        assert row["scenario_sha256"] == alone["scenario_sha256"]
    assert "wall_s" not in found.column_names
    assert min(pq.read_table(study.folder / "runtime.parquet")["wall_s"].to_pylist()) > 0.0


def test_study_is_read_with_its_axes(study: study_folder.Finished) -> None:
    """Source of truth: the sweep as written, and pyarrow's reading of the table."""
    found = study_table.read_study(study.folder)
    assert study_table.is_study(study.folder)
    area, capacity = found.axes
    assert (area.fields, area.unit, area.values, area.labels) == (("satellite.power.array.area",), "m2", (100.0, 140.0), tuple(AREAS))
    assert (capacity.unit, capacity.values, capacity.labels) == ("kWh", (5.0, 10.0, 15.0), tuple(CAPACITIES))
    assert list(found.position) == list(itertools.product(range(2), range(3)))
    table = pq.read_table(study.folder / "points.parquet")
    assert list(found.rows) == table.to_pylist()
    assert found.identity == json.loads((study.folder / "manifest.json").read_text("utf-8"))["identity"]


def test_axes_of_mixed_units_and_of_words() -> None:
    """Mixed units fall back to SI; fields that vary together have no numbers of their own."""
    columns = pa.schema(
        [pa.field("duration", pa.float64(), metadata={"unit": "s"}), ("duration [as typed]", pa.string()),
         pa.field("area", pa.float64(), metadata={"unit": "m2"}), ("area [km2]", pa.float64()), ("seed", pa.int64())]
    )  # fmt: skip
    found = [study_table._numbers_column(columns.empty_table(), field) for field in ("duration", "area", "seed")]
    assert found == [("duration", "s"), ("area [km2]", "km2"), ("seed", "")]
    mixed = study_table.study_axis(("duration",), [("90 min",), ("2 h",)], [5400.0, 7200.0], "s")
    assert (mixed.unit, mixed.values, mixed.labels) == ("s", (5400.0, 7200.0), ("90 min", "2 h"))
    for fields, written, numbers in (
        (("links",), [(None,), (True,)], [True, False]), (("a", "b"), [("1 m", 2), ("2 m", 3)], [1.0, 2.0]),
    ):  # fmt: skip
        axis = study_table.study_axis(fields, written, numbers, "m")
        assert (axis.unit, axis.values) == ("", None)
    assert axis.labels == ("1 m / 2", "2 m / 3")


def test_study_folder_is_whole_and_a_sweep_again(study: study_folder.Finished) -> None:
    """Source of truth: the contract's list of files; the definition inside has the identity it was run with."""
    files = ["manifest.json", "points.parquet", "runtime.parquet", "scenario.yaml", "study.yaml"]
    assert sorted(p.name for p in study.folder.iterdir()) == files
    assert [p.name for p in study.folder.parent.iterdir()] == ["six"]
    identity = json.loads((study.folder / "manifest.json").read_text("utf-8"))["identity"]
    assert definition.resolve(study.folder / "study.yaml").identity == identity


def test_tables_do_not_depend_on_workers_or_attempts(study: study_folder.Finished, scheduler: str, folder: Path) -> None:
    """A journal of three points, the last line torn as by a crash: the rest is run, and the bytes are the same."""
    whole = definition.resolve(SWEEP)
    part = study_folder.part_folder(whole, "again")
    part.mkdir()
    from sim.memo import sources_hash

    with Journal(part, {"identity": whole.identity, "sources": sources_hash(), "name": "six"}) as journal:
        for point in whole.points[3:]:
            journal.add(sweep.run_point(whole.source, point, sources_hash()))
    path = part / "journal.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    calls: list[int] = []
    found = sweep.execute(whole, "again", scheduler=scheduler, resume=True, progress=lambda done, _: calls.append(done))
    assert calls == [3, 4, 5, 6]
    assert found.failed == {}
    assert (folder / "again/points.parquet").read_bytes() == (study.folder / "points.parquet").read_bytes()


# --- what goes wrong --------------------------------------------------------------------------------------------------


def test_journal_of_another_study_is_refused(tmp_path: Path) -> None:
    with Journal(tmp_path, HEAD), pytest.raises(InputError, match="another process is running this study"), Journal(tmp_path, HEAD):
        pass
    with pytest.raises(InputError, match="holds another study"), Journal(tmp_path, {**HEAD, "identity": "x"}):
        pass
    with pytest.raises(InputError, match="another version of the program"), Journal(tmp_path, {**HEAD, "sources": "x"}):
        pass


@pytest.mark.parametrize("torn", [b'{"point":9', b"\x00\x00\n", b'{"point":9}'])
def test_journal_drops_what_is_torn(tmp_path: Path, torn: bytes) -> None:
    """An incomplete line, or one that is not JSON, is dropped; lines added afterwards are valid."""
    with Journal(tmp_path, HEAD) as journal:
        journal.add({"point": 1})
    with (tmp_path / "journal.jsonl").open("ab") as file:
        file.write(torn)
    with Journal(tmp_path, HEAD) as journal:
        assert list(journal.done) == [1]
        journal.add({"point": 2})
    with Journal(tmp_path, HEAD) as journal:
        assert list(journal.done) == [1, 2]


def test_a_failing_point_is_recorded_and_the_rest_goes_on(scheduler: str, folder: Path, scenario_text: str) -> None:
    """The scenario's file changes under the study: one point fits the changed file, the other does not."""
    file = folder / "small.yaml"
    file.write_text(scenario_text.replace("2 h", "10 min"), encoding="utf-8")
    whole = definition.resolve({"name": "two", "scenario": "small.yaml", "grid": {"duration": ["10 min", "20 min"]},
                                "zip": {"constellation.altitude": ["650 km"]}})  # fmt: skip
    file.write_text(scenario_text.replace("2 h", "bad"), encoding="utf-8")
    point = whole.points[0]
    assert sweep.run_point(whole.source, point, "else")["error"].startswith("this worker runs another version")
    file.write_text(scenario_text.replace("10 deg", "12 deg"), encoding="utf-8")
    found = sweep.execute(whole, "out", scheduler=scheduler)
    assert found.failed == dict.fromkeys((0, 1), "the scenario's files changed while the study ran; restore them, or start a new study")
    rows = pq.read_table(found.folder / "points.parquet").to_pylist()
    assert [row["error"] for row in rows] == list(found.failed.values())
    assert json.loads((found.folder / "manifest.json").read_text("utf-8"))["failed"] == [0, 1]


def dying(source: str, point: Any, sources: str) -> dict[str, Any]:
    """A point that takes its worker along."""
    if point.index == 4:
        os.kill(os.getpid(), signal.SIGKILL)
    return {"point": point.index, "error": None}


def test_a_point_that_kills_its_workers_fails_alone(scheduler: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "run_point", dying)
    study = definition.resolve(SWEEP)
    with pool.client(scheduler, 2, "sim.sweep") as client:
        entries = {entry["point"]: entry["error"] for entry in sweep._entries(client, study, list(study.points), "")}
    assert entries == {**dict.fromkeys(range(6)), 4: sweep.DIED}


def test_no_scheduler_is_one_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "CONNECT_TIMEOUT_S", 0.3)
    with pytest.raises(RunError, match=r"no dask scheduler answers at tcp://127.0.0.1:9"):
        sweep.sweep(SWEEP, "out", scheduler="tcp://127.0.0.1:9")


def test_script_without_guard_is_one_line(folder: Path, subprocess_environment: dict[str, str]) -> None:
    """Source of truth: the rule of multiprocessing that a worker imports the script; it must neither sweep nor leave a folder."""
    (folder / "script.py").write_text(f"import sim\nsim.sweep({SWEEP!r}, out='six', workers=2)\n", encoding="utf-8")
    called = subprocess.run(
        [sys.executable, "script.py"], cwd=folder, env=subprocess_environment, capture_output=True, text=True, check=False
    )
    assert called.returncode == 1
    assert called.stderr.count("Traceback") == 1  # of this script; none of its workers
    assert called.stderr.splitlines()[-1].endswith('in a script, call sim.sweep below `if __name__ == "__main__":`')
    assert [path.name for path in folder.iterdir()] == ["script.py"]
