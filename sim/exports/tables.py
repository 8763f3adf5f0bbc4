"""A folder of CSV tables, written a block of rows at a time. Columns are arrays of series.nc, with their units in their names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.exports.opened import Opened, Options, Progress
from sim.results.formatting import cause_label
from sim.schema import EVENT_COLUMNS, IDENTITY, ROLES, STATES

Columns = Mapping[str, Any]
Ints = NDArray[np.int64]

ROWS = 100_000  # of a table that are made at once
NAMES = {"sat_name": "satellite_name", "sat_catalogue_number": "catalogue_number"}


def write(opened: Opened, out: Path, options: Options, progress: Progress | None = None) -> dict[str, Any]:
    """Write the tables.

    Parameters
    ----------
    opened : Opened
        The results.
    out : Path
        The folder.
    options : Options
        None is used.
    progress : callable, optional
        Called with the number of tables done and their total.

    Returns
    -------
    dict
        Rows of each table, in `tables`; tables without rows have their line of columns.
    """
    tables = {
        "waterfall": _waterfall, "fleet": _fleet, "waterfall_over_time": _waterfall_over_time, "satellites": _satellites,
        "satellite_totals": _totals, "links": _links, "routes": _routes, "stations": _stations, "latency": _latency,
        "station_pairs": _pairs, "jobs": _jobs, "services": _services, "events": _events,
    }  # fmt: skip
    rows = {}
    for done, (name, table) in enumerate(tables.items(), 1):
        rows[name] = write_table(out / f"{name}.csv", table(opened))
        if progress is not None:
            progress(done, len(tables))
    return {"rows": sum(rows.values()), "tables": rows}


def write_table(path: Path, blocks: Iterable[Columns]) -> int:
    """Write a table.

    Parameters
    ----------
    path : Path
        The file.
    blocks : iterable of mapping
        Columns by name, of some rows at a time; all blocks have the same columns, and there is one at least.

    Returns
    -------
    int
        Number of rows.
    """
    import pyarrow as pa
    import pyarrow.csv as pcsv

    rows, writer = 0, None
    with path.open("wb") as file:  # pyarrow itself opens no path that is not UTF-8
        for block in blocks:
            table = pa.table({name: pa.array(values, from_pandas=True) for name, values in block.items()})
            if writer is None:
                schema = pa.schema([pa.field(f.name, pa.string() if pa.types.is_null(f.type) else f.type) for f in table.schema])
                options = pcsv.WriteOptions(quoting_style="needed")
                writer = pcsv.CSVWriter(file, schema, write_options=options)
            writer.write_table(table.cast(schema))
            rows += table.num_rows
        if writer is not None:
            writer.close()
    return rows


def moments(opened: Opened, milliseconds: Ints) -> dict[str, Any]:
    """Columns of a time: ISO 8601 in UTC, and seconds since the epoch.

    Parameters
    ----------
    opened : Opened
        The results.
    milliseconds : ndarray of int64
        Times since the epoch [ms].

    Returns
    -------
    dict
        `time_utc` and `time_s`.
    """
    epoch = np.datetime64(opened.epoch.replace(tzinfo=None), "ms")
    text = np.datetime_as_string(epoch + milliseconds.astype("timedelta64[ms]"), unit="ms")
    return {"time_utc": np.char.add(text, "Z") if text.size else text.astype(str), "time_s": milliseconds / 1e3}


def _blocks(count: int, each: int) -> Iterator[slice]:
    """Ranges of times of which each has `each` rows; one without times where there are none."""
    many = max(1, ROWS // max(each, 1))
    for at in range(0, max(count, 1), many):
        yield slice(at, min(at + many, count))


def _waterfall(opened: Opened) -> Iterator[Columns]:
    rows = opened.results.waterfall
    yield {"label": [cause_label(row["cause"]) for row in rows], **{key: [row[key] for row in rows] for key in rows[0]}}


def _fleet(opened: Opened) -> Iterator[Columns]:
    series = opened.series
    names = [str(name) for name, var in series.data_vars.items() if var.dims == ("time",)]
    for part in _blocks(series.sizes["time"], 1):
        yield {**moments(opened, series["time"].values[part]), **{name: series[name].values[part] for name in names}}


def _over(opened: Opened, dim: str, column: str, names: list[str], **more: Any) -> Iterator[Columns]:
    """A row for each time and each member of a dimension, of arrays over (dim, time)."""
    series = opened.series
    members, times = series[dim].values, series["time"].values
    for part in _blocks(times.size, members.size):
        n = times[part].size
        yield {
            **moments(opened, np.repeat(times[part], members.size)), column: np.tile(members, n),
            **{name: series[name].values[:, part].T.ravel() for name in names},
            **{name: values[:, part].T.ravel() for name, values in more.items()},
        }  # fmt: skip


def _waterfall_over_time(opened: Opened) -> Iterator[Columns]:
    return _over(opened, "cause", "cause", ["rate_flops_per_s", "induced_flops_per_s"])


def _latency(opened: Opened) -> Iterator[Columns]:
    return _over(opened, "station", "station", ["propagation_rtt_ms", "user_rtt_ms"])


def _pairs(opened: Opened) -> Iterator[Columns]:
    return _over(opened, "pair", "pair", ["pair_rtt_ms"])


def _services(opened: Opened) -> Iterator[Columns]:
    return _over(opened, "service", "service", ["service_tokens_per_s"])


def _jobs(opened: Opened) -> Iterator[Columns]:
    series = opened.series
    names = [str(name) for name, var in series.data_vars.items() if var.dims == ("job", "time")]
    modes = {f"{mode}_fraction": series["job_mode_fraction"].values[:, m] for m, mode in enumerate(series["mode"].values.tolist())}
    return _over(opened, "job", "job", names, **modes)


def _stations(opened: Opened) -> Iterator[Columns]:
    series = opened.series
    yield {name: series[name].values for name in ("station", "latitude_deg", "longitude_deg", "min_elevation_deg")}


def _identity(opened: Opened) -> dict[str, Any]:
    """Names and catalogue numbers of the recorded satellites; None where there is none."""
    columns = {}
    for name in IDENTITY:
        values = opened.series[name].values
        columns[NAMES[name]] = np.array([value or None for value in values.tolist()], dtype=object)
    return columns


def recorded(opened: Opened, part: slice) -> dict[str, Any]:
    """Columns of the recorded satellites over some frames, a row for each frame and satellite.

    Parameters
    ----------
    opened : Opened
        The results.
    part : slice
        Range of frames.

    Returns
    -------
    dict
        Time, satellite with name and catalogue number, position by axis, and every array over (frame, sat).
    """
    series = opened.series
    frames, count = series["frame"].values[part], series.sizes["sat"]
    columns: dict[str, Any] = moments(opened, np.repeat(frames, count))
    columns["satellite"] = np.tile(series["sat"].values, frames.size)
    columns |= {name: np.tile(values, frames.size) for name, values in _identity(opened).items()}
    for name, var in series.data_vars.items():
        if var.dims == ("frame", "axis", "sat"):
            stem, _, unit = str(name).rpartition("_")
            columns.update({f"{stem}_{axis}_{unit}": var.values[part, n].ravel() for n, axis in enumerate("xyz")})
        elif name == "state":
            columns["state"] = np.array(STATES)[var.values[part].ravel()]
        elif var.dims == ("frame", "sat"):
            columns[str(name).removeprefix("sat_")] = var.values[part].ravel()
    return columns


def _satellites(opened: Opened) -> Iterator[Columns]:
    series = opened.series
    for part in _blocks(series.sizes["frame"], series.sizes["sat"]):
        yield recorded(opened, part)


def _totals(opened: Opened) -> Iterator[Columns]:
    """Each recorded satellite: who it is, and means, least and largest values over its frames."""
    series = opened.series
    jobs, types = series["job"].values.tolist(), series["satellite_type"].values
    columns: dict[str, Any] = {"satellite": series["sat"].values, **_identity(opened)}
    columns["type"] = types[series["sat_type"].values] if types.size else np.zeros(series.sizes["sat"], dtype=str)
    columns["role"] = np.array(ROLES)[series["sat_role"].values]
    columns["job"] = [jobs[n] if n >= 0 else None for n in series["sat_job"].values.tolist()]
    for name, var in series.data_vars.items():
        if var.dims == ("frame", "sat") and name != "state" and series.sizes["frame"]:
            stem, values = str(name).removeprefix("sat_"), var.values.astype(np.float64)
            columns |= {f"{stem}_mean": values.mean(axis=0), f"{stem}_min": values.min(axis=0), f"{stem}_max": values.max(axis=0)}
    states = series["state"].values
    for n, state in enumerate(STATES):
        columns[f"{state.replace(' ', '_')}_fraction"] = (states == n).mean(axis=0) if len(states) else np.zeros(series.sizes["sat"])
    yield columns


def intervals(opened: Opened, first: Ints, until: Ints) -> dict[str, Any]:
    """Columns of spans of frames: from the first frame that shows it, to the last.

    Parameters
    ----------
    opened : Opened
        The results.
    first, until : ndarray of int64
        First frame, and first frame without it, as indices.

    Returns
    -------
    dict
        `from_utc`, `from_s`, `until_utc`, `until_s`.
    """
    frames = opened.series["frame"].values
    begin, end = moments(opened, frames[first]), moments(opened, frames[until - 1])
    return {"from_utc": begin["time_utc"], "from_s": begin["time_s"], "until_utc": end["time_utc"], "until_s": end["time_s"]}


def _links(opened: Opened) -> Iterator[Columns]:
    series = opened.series
    first, until = series["link_from"].values, series["link_until"].values
    yield {"satellite_a": series["link_a"].values, "satellite_b": series["link_b"].values, **intervals(opened, first, until)}


def _routes(opened: Opened) -> Iterator[Columns]:
    series = opened.series
    ends = np.array([*series["station"].values.tolist(), *series["pair"].values.tolist()], dtype=str)
    begin, hops = series["route_begin"].values, series["route_satellite"].values
    edges = [*begin.tolist(), hops.size]
    through = [hops[lo:hi].tolist() for lo, hi in pairwise(edges)]
    yield {
        "station_or_pair": ends[series["route_end"].values], **intervals(opened, series["route_from"].values, series["route_until"].values),
        "hops": np.array([len(way) for way in through], dtype=np.int64), "satellites": [" ".join(map(str, way)) for way in through],
    }  # fmt: skip


def _events(opened: Opened) -> Iterator[Columns]:
    columns = {name: [row[name] for row in opened.results.events] for name in EVENT_COLUMNS}
    at_ms = np.rint(1e3 * np.array(columns["time_s"], dtype=np.float64)).astype(np.int64)
    empty = {name: [value or None for value in columns[name]] for name in ("satellite_name", "catalogue_number")}
    yield {**columns, "time_utc": moments(opened, at_ms)["time_utc"], **empty}
