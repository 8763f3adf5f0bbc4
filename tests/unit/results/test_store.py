"""The results folder: what is in it, what it says, that it is whole, that its bytes depend on the scenario alone."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import xarray as xr

import sim
from sim.config.errors import InputError, RunError
from sim.engine.driver import Run
from sim.results import store
from sim.results.dataset import TABLE
from sim.schema import CAUSES, EVENT_COLUMNS, STATES

FILES = ["events.parquet", "manifest.json", "report.html", "scenario.yaml", "series.nc", "summary.json"]
SAME = ["events.parquet", "scenario.yaml", "series.nc", "summary.json"]  # the same bytes in every run

# the keys of the contract; a set is a section, a star any name
KEYS: dict[str, Any] = {
    "": {"schema_version", "scenario", "scenario_sha256", "seed", "satellites", "accelerators", "duration_s", "step_s",
         "energy_closure", "compute", "power", "thermal", "energy_balance", "network", "ground", "workloads", "fleet", "design", "cost", "energy", "carbon", "assumptions"},
    "compute": {"reference_precision", "nameplate_flops", "useful_flops", "useful_fraction", "mean_useful_flops_per_s",
                "uncommitted_flops", "waterfall"},
    "power": {"sunlit_fraction", "eclipse_s_max", "battery_depth_max", "unserved_j", "array_w_mean", "battery_heater_w_mean", "battery_cycles_per_year",
              "battery_fade_per_year", "battery_fade_per_year_max", "battery_life_yr", "battery_life_yr_min"},
    "thermal": {"junction_k_max", "hbm_k_max", "radiator_k_mean", "throttled_fraction", "coolant_k_min", "frozen_fraction", "heater_w_mean",
                "leakage_w_mean", "array_k_max", "array_k_min", "battery_k_max"},
    "network": {"links_mean", "link_availability", "path_switches", "path_switches_per_min", "bisection_bit_s", "forwarding_entries",
                "forwarding_changes_per_min", "compute_share", "utilisation_mean", "utilisation_max"},
    "ground": {"propagation_rtt_ms", "user_rtt_ms", "coverage_fraction", "components_ms", "without_data_rules", "internet", "uplink_saturated_fraction", "downlink_saturated_fraction", "link", "countries", "gateways",
               "stations"},
    "design": {"satellites", "mass_kg", "mass_by_part_kg", "mass_margin", "launches", "array_m2", "radiator_m2", "gateways", "types", "shells"},
    "cost": {"capex_usd", "capex_by_part_usd", "opex_usd_per_year", "opex_by_part_usd_per_year", "usd_per_year", "usd_per_useful_pflop_day",
             "usd_per_million_tokens", "usd_per_kw_year_launched", "launch_usd_per_kg", "break_even_launch_usd_per_kg",
             "baseline_usd_per_useful_pflop_day", "unknown_prices"},
    "energy": {"load_w_mean", "kwh_per_useful_pflop_day", "joules_per_token"},
    "carbon": {"hardware_kg", "launch_kg", "electricity_kg_per_year", "kg_per_year", "kg_per_useful_pflop_day", "kg_per_million_tokens",
               "black_carbon_kg", "reentry_alumina_kg"},
}  # fmt: skip
ORDER = [
    "failed", "spare", "maintenance", "power", "thermal", "unplaced", "demand", "kernel", "memory", "recompute", "bubble", "communication",
    "outage", "straggler", "checkpoint", "recovery", "corruption", "algorithm", "useful",
]  # fmt: skip
ALONE = ["duration=2 h", "workloads=[{kind: independent}]", "links=", "economics="]  # satellites that nothing joins
EVENTS = (
    "2026-12-21T00:30Z lose satellite 17",
    "2026-12-21T01:00Z derate satellites 3-9 to 0.5",
    "2026-12-21T01:30Z restore all",
)


@dataclass(frozen=True)
class Made:
    folder: Path
    summary: dict[str, Any]
    series: xr.Dataset


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Two hours of the formation with three events, written to a folder. Shared: do not change it."""
    from viz.report import write_report

    folder = tmp_path_factory.mktemp("made") / "found"
    sim.run(sim.load("suncatcher", set=ALONE, events=EVENTS), folder, threads=1, report=write_report)
    summary = json.loads((folder / "summary.json").read_text("utf-8"))
    with xr.open_dataset(folder / "series.nc", engine="h5netcdf", decode_times=False) as series:
        return Made(folder, summary, series.load())


def _digests(folder: Path, names: list[str] = SAME) -> dict[str, str]:
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}


# --- what is there -----------------------------------------------------------------------------------------------------


def test_files(made: Made) -> None:
    assert sorted(p.name for p in made.folder.iterdir()) == FILES
    assert sorted(p.name for p in made.folder.parent.iterdir()) == ["found"]


def test_summary_keys(made: Made) -> None:
    """Source of truth: the contract, to the letter; epoch, pairs, formation, radiation, baseline, numbers, notes, and what concerns rented
    capacity, years and rules for data are the only extras."""
    for section, keys in KEYS.items():
        found = set(made.summary if not section else made.summary[section])
        assert found == keys | (
            {"epoch", "notes", "station_pairs", "baseline", "numbers", "formation", "radiation", "contract", "mission", "data_rules"} if not section else set()
        ), section
    spread = {"min", "median", "p99", "max"}
    assert set(made.summary["ground"]["propagation_rtt_ms"]) == set(made.summary["ground"]["user_rtt_ms"]) == spread
    assert {"availability", "useful_flops_per_s"} <= set(made.summary["fleet"])
    assert set(made.summary["fleet"]["useful_flops_per_s"]) == {"p10", "p50", "p90"}
    for workload in made.summary["workloads"]:
        assert set(workload) == {
            "kind",
            "model",
            "mfu",
            "step_s",
            "tokens_per_s",
            "ettr",
            "time_to_train_d",
            "ttft_ms",
            "tpot_ms",
        }
    assert len(made.summary["ground"]["stations"]) == 14


def test_summary_of_the_scenario(made: Made) -> None:
    summary = made.summary
    assert (summary["scenario"], summary["satellites"], summary["accelerators"]) == ("suncatcher", 81, 81 * 64)
    assert (summary["duration_s"], summary["step_s"], summary["seed"]) == (7200.0, 60.0, 1)
    assert summary["design"]["satellites"] == 81
    assert summary["design"]["array_m2"] == pytest.approx(81 * 147.0, rel=1e-15)


def test_waterfall(made: Made) -> None:
    """Source of truth: the contract: 19 rows in order, whose sum is the nameplate to 1e-9; nameplate is 918 TFLOP/s a chip."""
    compute = made.summary["compute"]
    rows = compute["waterfall"]
    assert [row["cause"] for row in rows] == ORDER == list(CAUSES)
    assert all(set(row) == {"cause", "flops", "own_flops", "induced_flops", "fraction"} for row in rows)
    nameplate = 81 * 64 * 918e12 * 7200.0
    assert compute["nameplate_flops"] == pytest.approx(nameplate, rel=1e-14)
    assert abs(sum(row["flops"] for row in rows) / nameplate - 1.0) < 1e-9
    assert abs(sum(row["fraction"] for row in rows) - 1.0) < 1e-9
    for row in rows:
        assert row["own_flops"] + row["induced_flops"] == pytest.approx(row["flops"], rel=1e-12)
        assert row["flops"] >= 0.0
    assert rows[-1]["flops"] == compute["useful_flops"]
    assert rows[-1]["fraction"] == compute["useful_fraction"]
    assert compute["mean_useful_flops_per_s"] == pytest.approx(compute["useful_flops"] / 7200.0, rel=1e-14)


def test_events_land_in_failed_alone(made: Made) -> None:
    """Source of truth: by hand: one satellite lost for an hour, seven at half rate for half an hour, of 81 over two hours.

    Before the loss it is not counted, after `restore all` nothing is: 1 h + 7 x 0.5 x 0.5 h = 2.75 h of 162 h; 1e-12.
    """
    rows = {row["cause"]: row["fraction"] for row in made.summary["compute"]["waterfall"]}
    assert rows["failed"] == pytest.approx(2.75 / 162.0, rel=1e-12)
    assert made.summary["fleet"]["availability"] == pytest.approx(1.0 - 1.0 / 162.0, rel=1e-12)


def test_events_table(made: Made) -> None:
    rows = pq.read_table(made.folder / "events.parquet").to_pylist()
    assert list(rows[0]) == list(EVENT_COLUMNS)
    assert [tuple(r[name] for name in EVENT_COLUMNS) for r in rows] == [
        (1800.0, "2026-12-21T00:30:00Z", "lose", "satellite 17", 17, 17, 0.0, "scenario", None, None),
        (3600.0, "2026-12-21T01:00:00Z", "derate", "satellites 3-9", 3, 9, 0.5, "scenario", None, None),
        (5400.0, "2026-12-21T01:30:00Z", "restore", "all", 0, 80, 1.0, "scenario", None, None),
    ]


def test_series_matches_the_table(made: Made) -> None:
    """Source of truth: sim.schema: every array with its dimensions, type, unit and meaning, and nothing else."""
    series = made.series
    assert set(series.variables) == {var.name for var in TABLE.values()}
    epoch = "milliseconds since 2026-12-21T00:00:00Z"
    for var in TABLE.values():
        found = series[var.name]
        assert found.dims == var.dims, var.name
        assert (found.dtype.kind in "OUT") if var.dtype == "str" else (str(found.dtype) == var.dtype), var.name
        assert found.attrs["long_name"] == var.meaning, var.name
        assert found.attrs["units"] == (epoch if var.name in ("time", "frame", "traffic_time", "contract_time", "mission_time") else var.unit), var.name
    sizes = {"time": 120, "cause": 19, "station": 14, "sat": 81, "frame": 120, "axis": 3, "mode": 5, "satellite_type": 1, "map_row": 96, "map_column": 128}
    found_sizes = dict(series.sizes)
    # neighbours exchange heat, so that the fleet is coupled and routes of stations are followed: without links over one satellite each
    assert found_sizes.pop("route") == found_sizes.pop("hop") > 0
    assert (found_sizes.pop("place_row"), found_sizes.pop("place_column")) == (36, 72)  # a map of latency
    none = ("pair", "job", "service", "sensing", "link", "contract_time", "contract_source", "contract_case", "internet_station", "link_site")
    none = (*none, "mission_time", "mission_quantile", "mission_batch", "mission_replica")
    assert found_sizes == sizes | dict.fromkeys((*none, "traffic_time"), 0)
    assert series.attrs["scenario_sha256"] == made.summary["scenario_sha256"]
    assert series.attrs["epoch"] == "2026-12-21T00:00:00Z"


def test_series_opens_with_moments(made: Made) -> None:
    """Source of truth: CF conventions, as xarray decodes them: the last step ends two hours after the epoch."""
    with xr.open_dataset(made.folder / "series.nc") as series:
        assert series["time"].values[0] == np.datetime64("2026-12-21T00:01:00")
        assert series["time"].values[-1] == np.datetime64("2026-12-21T02:00:00")


def test_series_agrees_with_the_summary(made: Made) -> None:
    """Source of truth: definition: means over time of fleet sums stored as integers (1e-12 of a share, 0.1 mW a satellite)."""
    series, summary = made.series, made.summary
    mean = series["rate_flops_per_s"].mean("time")
    for row in summary["compute"]["waterfall"]:
        assert float(mean.sel(cause=row["cause"])) * 7200.0 == pytest.approx(row["flops"], rel=1e-10, abs=1e10)
    nameplate = summary["compute"]["nameplate_flops"] / 7200.0
    assert np.allclose(series["rate_flops_per_s"].sum("cause"), nameplate, rtol=1e-10)
    assert float(series["generated_w"].mean()) == pytest.approx(summary["power"]["array_w_mean"], rel=1e-8)
    assert float(series["sunlit_fraction"].mean()) == pytest.approx(summary["power"]["sunlit_fraction"], rel=1e-10)
    assert float(series["junction_k_max"].max()) == summary["thermal"]["junction_k_max"]
    assert 1.0 - float(series["charge_fraction_min"].min()) == pytest.approx(
        summary["power"]["battery_depth_max"], abs=1e-12
    )
    assert float(series["working_satellites"].mean()) / 81.0 == pytest.approx(
        summary["fleet"]["availability"], rel=1e-12
    )
    rtt = series["propagation_rtt_ms"].values
    assert np.isfinite(rtt).mean() == pytest.approx(summary["ground"]["coverage_fraction"], abs=1e-15)
    assert np.nanmedian(rtt) == pytest.approx(summary["ground"]["propagation_rtt_ms"]["median"], rel=1e-14)
    for name, site in summary["ground"]["stations"].items():
        mine = series["propagation_rtt_ms"].sel(station=name).values
        assert np.isfinite(mine).mean() == pytest.approx(site["coverage_fraction"], abs=1e-15)


def test_series_values_are_possible(made: Made) -> None:
    """Source of truth: physics: shares in [0, 1], a formation at 650 km, unit vectors, known states."""
    series = made.series
    for name in (
        "sunlit_fraction",
        "sat_lit_fraction",
        "sat_useful_fraction",
        "sat_charge_fraction",
        "charge_fraction_min",
    ):
        assert ((series[name] >= 0.0) & (series[name] <= 1.0 + 1e-6)).all(), name
    height_km = np.sqrt((series["position_m"].astype("float64") ** 2).sum("axis")) / 1e3 - 6378.137
    assert float(abs(height_km - 650.0).max()) < 1.5
    assert np.allclose(np.sqrt((series["sun_direction"] ** 2).sum("axis")), 1.0, atol=1e-14)
    assert set(np.unique(series["state"])) <= set(range(len(STATES)))
    lost = series["state"].sel(sat=17) == STATES.index("failed")
    assert lost.values.tolist() == [30 <= k < 90 for k in range(120)]
    assert ((series["latitude_deg"] >= -90.0) & (series["latitude_deg"] <= 90.0)).all()


def test_manifest(made: Made) -> None:
    manifest = json.loads((made.folder / "manifest.json").read_text("utf-8"))
    assert {"schema_version", "version", "git", "scenario_sha256", "seed", "written", "command", "python", "packages", "host",
            "peak_memory_bytes", "wall_time_s", "threads"} <= set(manifest)  # fmt: skip
    assert manifest["scenario_sha256"] == made.summary["scenario_sha256"]
    assert abs((datetime.now(UTC) - datetime.fromisoformat(manifest["written"])).total_seconds()) < 3600.0
    assert manifest["wall_time_s"] > 0.0
    assert set(manifest["packages"]) >= {"numpy", "numba", "sgp4", "xarray"}


def test_report_is_a_page_of_its_own(made: Made) -> None:
    text = (made.folder / "report.html").read_text("utf-8")
    assert text.lstrip().lower().startswith("<!doctype html")
    assert "suncatcher" in text


def test_resolved_scenario_is_the_same_scenario(made: Made) -> None:
    """It loads again to the same identity, numbers, assumptions and bytes, with nothing left to look up."""
    again = sim.load(made.folder / "scenario.yaml")
    assert again.sha256 == made.summary["scenario_sha256"]
    assert again.assumptions == made.summary["assumptions"]
    assert store.resolved_yaml(again) == (made.folder / "scenario.yaml").read_text("utf-8")
    first = sim.load("suncatcher", set=ALONE, events=EVENTS)
    assert again.scenario.model_dump() == {**first.scenario.model_dump()}
    assert [(d.path, d.kind, d.source) for d in again.data if d.kind != "scenario"] == [
        (d.path, d.kind, d.source) for d in first.data if d.kind != "scenario"
    ]
    text = (made.folder / "scenario.yaml").read_text("utf-8")
    assert "extends" not in text
    assert "earth_infrared" in text


# --- names, streams ------------------------------------------------------------------------------------------------------


def test_folders_are_counted(dawndusk: Any, folder: Path) -> None:
    """NAME-HASH8-N, next free N; --json on stdout is summary.json and nothing else."""
    short = ("run", "suncatcher", "--set", "duration=10 min", "--json")
    summaries = []
    for number in (1, 2):
        called = dawndusk(*short)
        assert called.code == 0
        summary = json.loads(called.out)
        found = folder / "results" / f"suncatcher-{summary['scenario_sha256'][:8]}-{number}"
        assert called.out == (found / "summary.json").read_text("utf-8")
        assert sorted(p.name for p in found.iterdir()) == FILES
        summaries.append(_digests(found))
    assert summaries[0] == summaries[1]
    assert len(list((folder / "results").iterdir())) == 2


def test_out_in_folders_that_do_not_exist(dawndusk: Any, folder: Path) -> None:
    called = dawndusk("run", "suncatcher", "--set", "duration=10 min", "--out", "a/b/c", "--json")
    assert called.code == 0
    assert sorted(p.name for p in (folder / "a" / "b").iterdir()) == ["c"]
    assert sorted(p.name for p in (folder / "a" / "b" / "c").iterdir()) == FILES


# --- determinism -----------------------------------------------------------------------------------------------------------

SHELL = """\
name: shell
epoch: 2026-12-21T00:00:00Z
duration: 90 min
step: 60 s
constellation:
- {kind: walker, altitude: 550 km, inclination: 53 deg, planes: 20, satellites_per_plane: 17, phasing: 3}
- {kind: ring, altitude: 650 km, local_time: "10:30", satellites: 23}
satellite: starlink-edge
ground: {stations: default, min_elevation: 25 deg}
events:
- 2026-12-21T00:10Z lose satellites 100-120
- 2026-12-21T00:33:20Z derate all to 0.7
- 2026-12-21T01:00Z restore satellite 110
"""


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("shell") / "shell.yaml"
    path.write_text(SHELL, encoding="utf-8")
    return path


def _bytes(path: Path, folder: Path, **options: Any) -> tuple[str, bytes]:
    outcome = Run(sim.load(path), **options).finish()
    found = store.from_outcome(outcome)
    folder.mkdir()
    store.write_series(found.series, folder / "series.nc")
    return store.to_json(found.summary), (folder / "series.nc").read_bytes()


@pytest.fixture(scope="module")
def plain(shell: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, bytes]:
    return _bytes(shell, tmp_path_factory.mktemp("plain") / "x", threads=1)


@pytest.mark.parametrize(
    "options",
    [
        {"threads": 1},
        {"threads": 2},
        {"threads": 5, "block": 7},
        {"threads": 1, "block": 1000},
        {"threads": 2, "tile": 64, "block": 13},
    ],
    ids=str,
)
def test_cutting_leaves_no_trace(
    plain: tuple[str, bytes], shell: Path, tmp_path: Path, options: dict[str, int]
) -> None:
    """Source of truth: the contract: the same bytes whatever the thread count, tile size or block length."""
    summary, series = _bytes(shell, tmp_path / "x", **options)
    assert summary == plain[0]
    assert series == plain[1]


def test_threads_of_the_command_line(dawndusk: Any, folder: Path, shell: Path) -> None:
    for threads in ("1", "2"):
        assert dawndusk("run", str(shell), "--threads", threads, "--out", threads, "--json").code == 0
    assert _digests(folder / "1") == _digests(folder / "2")


def test_where_the_scenario_lies_leaves_no_trace(dawndusk: Any, folder: Path) -> None:
    """The same file, with sections that are only read, from two folders and by two spellings of its path."""
    text = SHELL.replace("duration: 90 min", "duration: 70 min") + "mission: {duration: 5 yr}\n"
    for place in ("a", "b"):
        (folder / place).mkdir()
        (folder / place / "s.yaml").write_text(text, encoding="utf-8")
    assert dawndusk("run", "a/s.yaml", "--out", "1", "--json").code == 0
    assert dawndusk("run", str(folder / "b" / "s.yaml"), "--out", "2", "--json").code == 0
    assert _digests(folder / "1") == _digests(folder / "2")


def test_memory_and_disk_agree(made: Made) -> None:
    """What `run` returns is what `open_results` reads."""
    fresh = sim.run(sim.load("suncatcher", set=ALONE, events=EVENTS), threads=2)
    read = sim.open_results(made.folder)
    assert fresh.folder is None
    assert fresh.summary == read.summary
    assert fresh.events == read.events
    assert fresh.waterfall == read.waterfall
    xr.testing.assert_equal(fresh.series, read.series)


# --- reading ---------------------------------------------------------------------------------------------------------------


def test_open_results(made: Made) -> None:
    read = sim.open_results(str(made.folder))
    assert read.folder == made.folder
    assert read.summary == made.summary
    assert read.manifest["scenario_sha256"] == made.summary["scenario_sha256"]
    assert len(read.events) == 3


@pytest.fixture
def copied(made: Made, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made.folder, tmp_path / "copied"))


def _edit_summary(folder: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    """An edited summary whose digest is in the manifest, as a program of another version would write it."""
    path, manifest = folder / "summary.json", folder / "manifest.json"
    summary, facts = json.loads(path.read_text("utf-8")), json.loads(manifest.read_text("utf-8"))
    edit(summary)
    path.write_text(json.dumps(summary), encoding="utf-8")
    facts["files"]["summary.json"] = hashlib.sha256(path.read_bytes()).hexdigest()
    manifest.write_text(json.dumps(facts), encoding="utf-8")


def _without_digests(folder: Path) -> None:
    path = folder / "manifest.json"
    facts = json.loads(path.read_text("utf-8"))
    del facts["files"]
    path.write_text(json.dumps(facts), encoding="utf-8")


def _useful(fraction: float) -> Callable[[Path], None]:
    return lambda folder: _edit_summary(folder, lambda s: s["compute"]["waterfall"][-1].update(fraction=fraction))


CHANGED = "is not the file that the run wrote: damaged, edited, or of another run; run it again"


@pytest.mark.parametrize(
    ("spoil", "line"),
    [
        (lambda f: (f / "summary.json").unlink(), "is not a results folder"),
        (lambda f: (f / "series.nc").unlink(), "is not a results folder"),
        (lambda f: (f / "series.nc").write_bytes(b"not netCDF"), f"series.nc: {CHANGED}"),
        (lambda f: (f / "events.parquet").write_bytes(b"not parquet"), f"events.parquet: {CHANGED}"),
        (lambda f: (f / "manifest.json").write_text("{", encoding="utf-8"), "is not a results folder (manifest.json: "),
        (lambda f: (f / "manifest.json").write_text("[" * 10**5, encoding="utf-8"), "is not a results folder (manifest.json: "),
        (lambda f: (f / "summary.json").write_text("[]", encoding="utf-8"), f"summary.json: {CHANGED}"),
        (lambda f: _edit_summary(f, lambda s: s.update(schema_version=99)),
         "schema_version: is 99, this program reads 3; run the scenario again"),
        (lambda f: _edit_summary(f, lambda s: s.pop("thermal")), "is incomplete (thermal is missing)"),
        (_useful(2.0), "compute.waterfall: the fractions are not those of a run"),
        (_useful(float("nan")), "NaN is not a number"),
        (_without_digests, "was written by an earlier version, without digests of its files; run it again: dawndusk run "),
    ],
    ids=["no summary", "no series", "bad series", "bad events", "bad manifest", "deep manifest", "list", "version", "part missing",
         "useful share 2", "useful share nan", "no digests"],
)
def test_open_results_of_something_else(copied: Path, spoil: Callable[[Path], object], line: str) -> None:
    """By hand: each damage, and the one line that names it."""
    spoil(copied)
    with pytest.raises(InputError) as error:
        sim.open_results(copied)
    assert str(copied) in str(error.value)
    assert line in str(error.value)
    assert len(error.value.problems) == len(str(error.value).splitlines()) == 1


def test_files_of_two_runs_are_not_mixed(copied: Path, tmp_path: Path) -> None:
    """By definition: each file is complete and valid, and belongs to another run."""
    sim.run(sim.load("suncatcher", set=[*ALONE, "duration=10 min"]), tmp_path / "other")
    shutil.copy(tmp_path / "other" / "series.nc", copied / "series.nc")
    with pytest.raises(InputError, match=CHANGED):
        sim.open_results(copied)


def test_digests_of_the_manifest(made: Made) -> None:
    """Source of truth: sha256 of the files as they are on disk."""
    assert json.loads((made.folder / "manifest.json").read_text("utf-8"))["files"] == _digests(made.folder)


@pytest.mark.parametrize("name", ["none", "file"])
def test_open_results_of_no_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("", encoding="ascii")
    with pytest.raises(InputError, match="is not a results folder"):
        sim.open_results(tmp_path / name)


# --- values that are no numbers ----------------------------------------------------------------------------------------------


def test_a_result_that_is_not_finite_is_named(shell: Path) -> None:
    """By hand: one value of a summary and of an array is spoilt; a station without a route is no error."""
    scenario = sim.load(shell, set=["duration=10 min", "events=[]"])
    outcome = Run(scenario).finish()
    found = store.from_outcome(outcome)
    found.summary["thermal"]["radiator_k_mean"] = float("nan")
    with pytest.raises(RunError, match=r"^thermal\.radiator_k_mean is nan, not a number"):
        store.check_finite(found)
    found = store.from_outcome(outcome)
    found.series["load_w"][3] = np.inf
    with pytest.raises(RunError, match=r"^load_w is inf at time 3, not a number"):
        store.check_finite(found)
    found = store.from_outcome(outcome)
    found.series["propagation_rtt_ms"][0, 0] = np.nan  # no route
    store.check_finite(found)


# --- recorder ---------------------------------------------------------------------------------------------------------------


def test_nothing_recorded(shell: Path) -> None:
    """A recorder of no satellites leaves empty arrays, and the same summary otherwise."""
    found = sim.run(sim.load(shell, set=["recorder.satellites=0"]))
    assert found.series.sizes["sat"] == 0
    assert found.series.sizes["frame"] == 0
    full = sim.run(sim.load(shell))
    assert found.summary["compute"] == full.summary["compute"]


def test_part_recorded(shell: Path) -> None:
    """Source of truth: the full record at the same satellites and moments."""
    found = sim.run(sim.load(shell, set=["recorder.satellites=37", "recorder.values=600"]))
    full = sim.run(sim.load(shell))
    assert (found.series.sizes["sat"], found.series.sizes["frame"]) == (37, 15)
    for name in ("position_m", "state", "sat_junction_k", "sat_charge_fraction", "gmst_rad", "sun_direction"):
        expected = full.series[name].sel({d: found.series[d] for d in full.series[name].dims if d in ("sat", "frame")})
        np.testing.assert_array_equal(found.series[name].values, expected.values, err_msg=name)


def test_everything_lost_from_the_start(shell: Path) -> None:
    """Source of truth: definition: all is failed, nothing works; null where a mean has no values."""
    found = sim.run(sim.load(shell, events=["2026-12-21T00:00Z lose all"], set=["events=[]"]))
    rows = {row["cause"]: row["fraction"] for row in found.waterfall}
    assert rows["failed"] == pytest.approx(1.0, abs=1e-12)
    assert sum(rows.values()) == pytest.approx(1.0, abs=1e-12)
    thermal = found.summary["thermal"]
    assert (thermal["junction_k_max"], thermal["radiator_k_mean"], thermal["throttled_fraction"]) == (None, None, None)
    assert thermal["coolant_k_min"] == pytest.approx(208.15, abs=0.01)  # the survival heater's set point, -65 degC
    assert (thermal["frozen_fraction"], thermal["leakage_w_mean"]) == (0.0, 0.0)
    assert found.summary["ground"]["coverage_fraction"] == 0.0
    assert found.summary["ground"]["propagation_rtt_ms"]["median"] is None
    assert 0.0 <= found.summary["power"]["battery_depth_max"] <= 1.0
    json.dumps(found.summary, allow_nan=False)


def test_without_ground(shell: Path) -> None:
    found = sim.run(sim.load(shell, set=["ground="]))
    assert found.summary["ground"]["coverage_fraction"] is None
    assert found.summary["ground"]["stations"] == {}
    assert found.series.sizes["station"] == 0


def test_one_step(folder: Path, shell: Path) -> None:
    found = sim.run(sim.load(shell, set=["duration=60 s", "events=[]"]), "one")
    assert sim.open_results("one").summary == found.summary
    assert found.series.sizes["time"] == 1
