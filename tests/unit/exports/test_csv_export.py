"""`export --format csv`: the values of series.nc. Read by Python's csv module, duckdb and h5py."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import duckdb
import h5py
import numpy as np
import pytest
from exported import export

from sim.exports import tables
from sim.schema import CAUSES, EVENT_COLUMNS, STATES


@pytest.fixture(scope="module")
def written(training: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("csv") / "tables"
    facts = export(training, "csv", folder)
    assert facts["files"] == len(facts["tables"]) == 13
    return folder


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_fleet_over_time(written: Path, training: Path) -> None:
    """Source of truth: series.nc by h5py: text of the shortest form that is the same number."""
    found = rows(written / "fleet.csv")
    with h5py.File(training / "series.nc") as file:
        milliseconds = file["time"][:]
        assert [float(row["time_s"]) for row in found] == (milliseconds / 1e3).tolist()
        names = [name for name in found[0] if not name.startswith("time_")]
        assert {"generated_w", "junction_k_max", "stored_j", "links"} <= set(names)
        for name in names:
            values = [float(row[name]) if row[name] else float("nan") for row in found]
            assert np.array_equal(values, file[name][:], equal_nan=True), name
    assert found[0]["time_utc"] == "2026-12-21T00:01:00.000Z"


def test_satellites(written: Path, training: Path) -> None:
    """Source of truth: series.nc by h5py, every value, in 32 bits; columns are read by duckdb."""
    table = duckdb.sql(f"select * from '{written}/satellites.csv' order by time_s, satellite").fetchnumpy()
    with h5py.File(training / "series.nc") as file:
        frames, count = file["frame"].size, file["sat"].size
        assert len(table["satellite"]) == frames * count
        for axis, name in enumerate("xyz"):
            values = np.asarray(table[f"position_{name}_m"], dtype=np.float32).reshape(frames, count)
            assert np.array_equal(values, file["position_m"][:, axis])
        for name in ("junction_k", "generated_w", "charge_fraction", "useful_fraction", "load_w", "battery_k"):
            assert np.array_equal(np.asarray(table[name], dtype=np.float32).reshape(frames, count), file[f"sat_{name}"][:]), name
        assert table["state"].tolist() == [STATES[n] for n in file["state"][:].ravel()]


def test_jobs_stations_and_waterfall(written: Path, training: Path) -> None:
    """Source of truth: series.nc by h5py, summary.json."""
    with h5py.File(training / "series.nc") as file:
        jobs = rows(written / "jobs.csv")
        assert [float(row["job_tokens_per_s"]) for row in jobs] == file["job_tokens_per_s"][0].tolist()
        assert [float(row["running_fraction"]) for row in jobs] == file["job_mode_fraction"][0, 0].tolist()
        latency = rows(written / "latency.csv")
        user = [float(row["user_rtt_ms"]) if row["user_rtt_ms"] else float("nan") for row in latency]
        assert np.array_equal(user, file["user_rtt_ms"][:].T.ravel(), equal_nan=True)
        shares = rows(written / "waterfall_over_time.csv")
        assert [row["cause"] for row in shares[: len(CAUSES)]] == list(CAUSES)
        assert [float(row["rate_flops_per_s"]) for row in shares] == file["rate_flops_per_s"][:].T.ravel().tolist()
        totals = rows(written / "satellite_totals.csv")
        mean = file["sat_junction_k"][:].astype(float).mean(axis=0)
        assert [float(row["junction_k_mean"]) for row in totals] == pytest.approx(mean.tolist(), rel=1e-15)
        assert totals[0]["job"] == "llama-3-70b 0"
    summary = json.loads((training / "summary.json").read_text("utf-8"))
    assert [float(row["fraction"]) for row in rows(written / "waterfall.csv")] == [r["fraction"] for r in summary["compute"]["waterfall"]]


def test_links_and_routes(written: Path, training: Path) -> None:
    """Source of truth: series.nc by h5py: frames of the ends of each interval."""
    with h5py.File(training / "series.nc") as file:
        frames_s = file["frame"][:] / 1e3
        links = rows(written / "links.csv")
        assert [int(row["satellite_a"]) for row in links] == file["link_a"][:].tolist()
        assert [float(row["from_s"]) for row in links] == frames_s[file["link_from"][:]].tolist()
        assert [float(row["until_s"]) for row in links] == frames_s[file["link_until"][:] - 1].tolist()
        routes = rows(written / "routes.csv")
        assert [float(row["from_s"]) for row in routes] == frames_s[file["route_from"][:]].tolist()
        assert [float(row["until_s"]) for row in routes] == frames_s[file["route_until"][:] - 1].tolist()
        assert (file["route_until"][:] < frames_s.size).any()
        assert [int(n) for row in routes for n in row["satellites"].split()] == file["route_satellite"][:].tolist()
        assert sum(int(row["hops"]) for row in routes) == file["route_satellite"].size


def test_events_and_tables_without_rows(written: Path, planes: Path, tmp_path: Path) -> None:
    """Source of truth: events.parquet by duckdb; a table without rows has its columns."""
    export(planes, "csv", tmp_path / "p")
    for folder, result in ((written, None), (tmp_path / "p", planes)):
        with (folder / "events.csv").open(encoding="utf-8") as file:
            assert next(csv.reader(file)) == list(EVENT_COLUMNS)
            if result is not None:
                stored = duckdb.sql(f"select * from '{result}/events.parquet'").fetchnumpy()
                assert len(stored["time_s"]) == len(file.readlines())
    assert (tmp_path / "p" / "jobs.csv").read_text("utf-8").startswith('"time_utc","time_s","job"')
    assert rows(tmp_path / "p" / "links.csv") == []


def test_what_does_not_exist_is_empty(training: Path, written: Path, short_ephemeris: Path, tmp_path: Path) -> None:
    """Source of truth: docs: satellites of no file have no name or number, those of an ephemeris no catalogue number.

    The ephemeris ends after an hour: the step that begins there has no position at its end.
    """
    export(short_ephemeris, "csv", tmp_path / "s")
    for folder, names in ((written, {""}), (tmp_path / "s", {"planes 0", "planes 4"})):
        for table in ("satellites", "satellite_totals"):
            found = rows(folder / f"{table}.csv")
            assert {row["satellite_name"] for row in found} == names
            assert {row["catalogue_number"] for row in found} == {""}
        assert '""' not in (folder / "satellites.csv").read_text("utf-8")
    events = rows(tmp_path / "s" / "events.csv")
    assert [(row["time_s"], row["time_utc"], row["satellite_name"], row["catalogue_number"]) for row in events] == [
        ("3600", "2026-12-21T01:00:00.000Z", "planes 0", ""), ("3600", "2026-12-21T01:00:00.000Z", "planes 4", ""),
    ]  # fmt: skip


def test_blocks_make_one_table(written: Path, training: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Source of truth: the definition: the number of rows that are made at once changes no byte."""
    monkeypatch.setattr(tables, "ROWS", 100)
    export(training, "csv", tmp_path / "again")
    for path in sorted(written.iterdir()):
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes(), path.name
