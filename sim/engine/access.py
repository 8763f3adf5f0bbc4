"""Access windows of satellites over ground stations: search, a summary for each station, the table as a file.

Geometry only: failures and events of the scenario are not applied.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orbit.access import Windows, windows
from orbit.ground import Station
from orbit.timegrid import TimeGrid, julian_date
from sim.config import yaml_tree
from sim.config.errors import InputError, Origin, Problem, bad_input, did_you_mean
from sim.config.scenario import Loaded
from sim.engine import propagators
from sim.output import check_place, new_file

TICK_S = 60.0  # largest time step of positions: interpolation between them is accurate to centimetres in low orbit
FORMATS = (".csv", ".parquet")


@dataclass(frozen=True)
class Passes:
    """Access windows of some stations and satellites; `satellite` maps their satellite indices to numbers in the constellation."""

    loaded: Loaded
    stations: list[Station]
    satellite: NDArray[np.int64]
    windows: Windows


def check_file(out: Path | None) -> None:
    """Check the name of a table before anything is computed.

    Parameters
    ----------
    out : Path or None
        The file.

    Raises
    ------
    InputError
        If it exists, cannot be written, or if its name ends in neither .csv nor .parquet.
    """
    if out is None:
        return
    if out.suffix.lower() not in FORMATS:
        raise bad_input(Origin(f"--out {out}"), "", "has an unknown format; write a name that ends in .csv or .parquet")
    check_place(out, "file")


def find_passes(
    loaded: Loaded, stations: Sequence[str] = (), satellites: Sequence[str] = (), threads: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Passes:  # fmt: skip
    """Find the access windows of a scenario.

    Parameters
    ----------
    loaded : Loaded
        The scenario.
    stations : sequence of str
        Names of stations; empty for all.
    satellites : sequence of str
        Satellites by number in the fleet, catalogue number or name, see `Identities.one`; empty for all.
    threads : int, optional
        Threads of the search.
    progress : callable, optional
        Called with the work done and its total.

    Returns
    -------
    Passes
        Windows over the duration of the scenario.

    Raises
    ------
    InputError
        If the scenario has no ground section, or if a station or satellite does not exist.
    """
    scenario = loaded.scenario
    if scenario.ground is None:
        advice = "write ground: {stations: default, min_elevation: 10 deg}"
        raise bad_input(yaml_tree.find(loaded.tree, ("ground",)).origin, "ground", f"is missing; {advice}")
    antennas = [s.role != "pop" for s in scenario.ground.stations]
    sites = [s for s, has in zip(propagators.stations(scenario), antennas, strict=True) if has]
    names = [s.name for s in sites]
    problems = [
        Problem(Origin(f"--station {name}"), "", f"no such station; {did_you_mean(name, names)}")
        for name in stations
        if name not in names
    ]
    meant = {text: loaded.identities.one(text) for text in satellites}
    problems += [Problem(Origin(f"--satellite {text}"), "", n) for text, n in meant.items() if isinstance(n, str)]
    if problems:
        raise InputError(problems)
    sites = [s for s in sites if not stations or s.name in stations]
    substeps = math.ceil(scenario.step / TICK_S)
    grid = TimeGrid(*julian_date(scenario.epoch), scenario.step / substeps, scenario.steps * substeps)
    fleet = propagators.make_propagators(loaded, grid)
    numbers = np.arange(loaded.satellites)
    if satellites:
        numbers = np.unique(np.array(list(meant.values()), dtype=np.int64))
        first = np.concatenate(([0], np.cumsum([p.count for p in fleet])))
        selected = [numbers[(numbers >= a) & (numbers < b)] - a for a, b in pairwise(first)]
        fleet = [p.subset(which) for p, which in zip(fleet, selected, strict=True) if which.size]
    access_windows = windows(fleet, sites, grid, threads=threads, progress=progress)
    return Passes(loaded, sites, numbers, access_windows)


def summary(passes: Passes) -> dict[str, Any]:
    """Statistics of every station.

    Parameters
    ----------
    passes : Passes
        The windows.

    Returns
    -------
    dict
        Totals, and for each station the fields that `dawndusk access --json` prints; null for a station without a window.
    """
    duration_s = passes.loaded.scenario.duration
    order = np.argsort(passes.windows.station, kind="stable")
    bounds = np.searchsorted(passes.windows.station[order], np.arange(len(passes.stations) + 1))
    return {
        "scenario": passes.loaded.scenario.name,
        "epoch": f"{passes.loaded.scenario.epoch:%Y-%m-%dT%H:%M:%SZ}",
        "duration_s": duration_s,
        "satellites": int(passes.satellite.size),
        "passes": len(passes.windows),
        "stations": {
            station.name: _station_summary(passes, passes.windows[order[bounds[s] : bounds[s + 1]]], duration_s)
            for s, station in enumerate(passes.stations)
        },
    }


def _station_summary(passes: Passes, mine: Windows, duration_s: float) -> dict[str, Any]:
    """Statistics of one station: `covered_s` with a satellite in view, `longest_gap_s` without; `total_s` sums over satellites."""
    if not len(mine):
        none = dict.fromkeys(
            ("mean_pass_s", "longest_pass_s", "best_elevation_deg", "next_pass", "next_satellite", "next_satellite_name",
             "next_catalogue_number")
        )  # fmt: skip
        return {"passes": 0, "total_s": 0.0, "covered_s": 0.0, "longest_gap_s": duration_s, **none}
    order = np.lexsort((mine.satellite, mine.rise_s))
    rise_s, until_s = mine.rise_s[order], np.maximum.accumulate(mine.set_s[order])
    gaps_s = np.append(rise_s, duration_s) - np.append(0.0, until_s)
    length_s = mine.set_s - mine.rise_s
    epoch = passes.loaded.scenario.epoch
    following = int(passes.satellite[mine.satellite[order[0]]])
    name, number = passes.loaded.identities[following]
    return {
        "passes": len(mine),
        "total_s": float(length_s.sum()),
        "covered_s": duration_s - float(np.maximum(gaps_s, 0.0).sum()),
        "longest_gap_s": float(max(gaps_s.max(), 0.0)),
        "mean_pass_s": float(length_s.mean()),
        "longest_pass_s": float(length_s.max()),
        "best_elevation_deg": math.degrees(mine.max_elevation_rad.max()),
        "next_pass": f"{epoch + timedelta(seconds=float(rise_s[0])):%Y-%m-%dT%H:%M:%SZ}",
        "next_satellite": following,
        "next_satellite_name": name or None,
        "next_catalogue_number": number or None,
    }


def write(passes: Passes, out: Path) -> None:
    """Write all windows as a table, atomically.

    Parameters
    ----------
    passes : Passes
        The windows.
    out : Path
        The file, CSV or Parquet by its suffix; times are in UTC to the millisecond.
    """
    import pyarrow as pa
    from pyarrow import csv, parquet

    table = _table(passes, text=out.suffix.lower() == ".csv")
    with new_file(out) as part, part.open("wb") as file:  # pyarrow itself opens no path that is not UTF-8
        if out.suffix.lower() == ".csv":
            csv.write_csv(pa.table(table), file, csv.WriteOptions(quoting_style="needed"))
        else:
            parquet.write_table(pa.table(table), file)


def _table(passes: Passes, text: bool) -> dict[str, Any]:
    import pyarrow as pa

    w = passes.windows
    epoch = np.datetime64(passes.loaded.scenario.epoch.replace(tzinfo=None), "ms")

    def timestamps(seconds: NDArray[np.float64]) -> Any:
        utc = epoch + np.rint(1e3 * seconds).astype("timedelta64[ms]")
        return np.datetime_as_string(utc, timezone="UTC") if text else pa.array(utc, pa.timestamp("ms", tz="UTC"))

    known = [passes.loaded.identities[n] for n in passes.satellite.tolist()]
    names = pa.array([one.name or None for one in known], pa.string())
    numbers = pa.array([one.number or None for one in known], pa.int64())
    return {
        "station": pa.DictionaryArray.from_arrays(w.station, [s.name for s in passes.stations]).cast(pa.string()),
        "satellite": passes.satellite[w.satellite],
        "satellite_name": names.take(pa.array(w.satellite)),
        "catalogue_number": numbers.take(pa.array(w.satellite)),
        "rise": timestamps(w.rise_s),
        "culmination": timestamps(w.culmination_s),
        "set": timestamps(w.set_s),
        "duration_s": np.round(w.set_s - w.rise_s, 3),
        "max_elevation_deg": np.round(np.degrees(w.max_elevation_rad), 4),
        "cut_begin": w.cut_begin,
        "cut_end": w.cut_end,
    }
