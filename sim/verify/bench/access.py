"""Access windows of `dawndusk access` against the events of skyfield."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from orbit.access import Windows, windows
from orbit.constants import TT_MINUS_TAI_S
from orbit.ground import Station
from orbit.orientation import shipped
from orbit.sgp4 import Sgp4, to_satrecs
from orbit.shells import walker_lead_slots, walker_sgp4
from orbit.timegrid import TimeGrid, julian_date
from sim.verify.bench.harness import Benchmark, Pair

EPOCH = datetime(2026, 12, 21, tzinfo=UTC)
SPAN_D, STEP_S, STEPS = 1.0, 60.0, 1440
PLANES, SLOTS, STATIONS, MASK_DEG = 100, 100, 100, 25.0
REVOLUTIONS_D, INCLINATION_DEG = 15.06, 70.0
PAIRS = 40  # timed with skyfield
SKYFIELD_RESOLUTION_S = 1.0  # its search ends at half a second
TIME_LIMIT_S, ELEVATION_LIMIT_DEG = 0.1, 0.01


class Event(NamedTuple):
    """An event of skyfield: 0 AOS, 1 TCA, 2 LOS; seconds from the epoch."""

    kind: int
    at_s: float


def benchmarks() -> list[Benchmark]:
    """Benchmarks of access windows.

    Returns
    -------
    list of Benchmark
        The benchmarks.
    """
    return [
        Benchmark(
            "access_vs_skyfield",
            "orbits",
            f"pair-days/s, skyfield extrapolated from {PAIRS} pairs",
            "skyfield",
            _access,
        )
    ]


def _sites(count: int) -> list[tuple[float, float]]:
    """Latitude and longitude [deg] of sites distributed over the Earth by the golden angle."""
    turn = 180.0 * (3.0 - math.sqrt(5.0))
    return [
        (math.degrees(math.asin(1.0 - (2.0 * k + 1.0) / count)), (k * turn + 180.0) % 360.0 - 180.0)
        for k in range(count)
    ]


def _access(planes: int = PLANES, slots: int = SLOTS, stations: int = STATIONS, pairs: int = PAIRS) -> Pair:
    """SGP4 and refined windows of every satellite over every station, against find_events for a sample of pairs."""
    from skyfield.api import EarthSatellite, load, wgs84

    grid = TimeGrid(*julian_date(EPOCH), STEP_S, STEPS)
    lead = walker_lead_slots(planes, 1.0)
    elements = walker_sgp4(
        REVOLUTIONS_D, math.radians(INCLINATION_DEG), slots, lead, grid.epoch_jd, grid.epoch_fr, 2.0 * math.pi
    )
    propagator, positions_deg = Sgp4(elements, grid), _sites(stations)
    sites = [
        Station(f"{k}", math.radians(a), math.radians(b), 0.0, math.radians(MASK_DEG))
        for k, (a, b) in enumerate(positions_deg)
    ]
    sample = [((7919 * k) % elements.count, (31 * k) % stations) for k in range(pairs)]
    moment = grid.epoch_jd, grid.epoch_fr
    # the same Earth rotation on both sides: 0.1 s of UT1 moves a grazing AOS by 0.1 s
    ut1_minus_tai_s = shipped().at(*moment).ut1_minus_utc_s - shipped().tai_minus_utc_s(*moment)
    ts = load.timescale(delta_t=TT_MINUS_TAI_S - float(ut1_minus_tai_s))
    records = to_satrecs(elements.subset(np.array([i for i, _ in sample])))
    geometries = [
        (EarthSatellite.from_satrec(record, ts), wgs84.latlon(*positions_deg[s]))
        for record, (_, s) in zip(records, sample, strict=True)
    ]
    begin, end = ts.utc(EPOCH.year, EPOCH.month, EPOCH.day), ts.utc(EPOCH.year, EPOCH.month, EPOCH.day + SPAN_D)

    def theirs() -> list[list[Event]]:
        events = []
        for craft, ground in geometries:
            at, kind = craft.find_events(ground, begin, end, altitude_degrees=MASK_DEG)
            events.append([Event(int(k), 86400.0 * (t.tt - begin.tt)) for t, k in zip(at, kind, strict=True)])
        return events

    def altitude_deg(pair: int, at_s: float) -> float:
        craft, ground = geometries[pair]
        t = ts.utc(EPOCH.year, EPOCH.month, EPOCH.day, 0, 0, at_s)
        return float((craft - ground).at(t).altaz()[0].degrees)

    return Pair(
        lambda: windows([propagator], sites, grid, threads=1), theirs, float(elements.count * stations) * SPAN_D,
        partial(_differ, sample=sample, altitude_deg=altitude_deg), pairs * SPAN_D,
    )  # fmt: skip


def _differ(ours: Windows, theirs: list[list[Event]], sample: list[tuple[int, int]], altitude_deg: Any) -> str | None:
    """The same windows, to the resolution of skyfield's search; at our times its elevation equals the mask, or is highest."""
    compared = 0
    for n, ((i, s), events) in enumerate(zip(sample, theirs, strict=True)):
        mine = ours[(ours.satellite == i) & (ours.station == s)]
        expected = [
            Event(kind, float(t))
            for w in range(len(mine))
            for kind, t, cut in (
                (0, mine.rise_s[w], mine.cut_begin[w]),
                (1, mine.culmination_s[w], mine.cut_begin[w] or mine.cut_end[w]),
                (2, mine.set_s[w], mine.cut_end[w]),
            )
            if not cut
        ]
        at_cuts = bool(np.any(mine.cut_begin | mine.cut_end))
        # where the span cuts a window, its AOS or LOS is outside for both sides, and its TCA may be
        kinds = [[e.kind for e in of if e.kind != 1 or not at_cuts] for of in (expected, events)]
        if kinds[0] != kinds[1]:
            return f"satellite {i} over station {s}: {len(kinds[0])} events against {len(kinds[1])}"
        for event in expected:
            near = [abs(e.at_s - event.at_s) for e in events if e.kind == event.kind]
            if not near or min(near) > SKYFIELD_RESOLUTION_S:
                return f"satellite {i} over station {s}: nothing at {event.at_s:.1f} s"
            compared += 1
        for w in range(len(mine)):
            error = _window_error(mine, w, partial(altitude_deg, n))
            if error is not None:
                return f"satellite {i} over station {s}: {error}"
    return None if compared else "nothing is in sight"


def _window_error(mine: Windows, w: int, altitude_deg: Any) -> str | None:
    """What is beyond the limits in window w, from the peer's elevation as a function of seconds from the epoch."""
    for name, at_s, cut in (("rise", mine.rise_s[w], mine.cut_begin[w]), ("set", mine.set_s[w], mine.cut_end[w])):
        slope = altitude_deg(at_s + 0.5) - altitude_deg(at_s - 0.5)
        error_s = (MASK_DEG - altitude_deg(at_s)) / slope
        if not cut and abs(error_s) > TIME_LIMIT_S:
            return f"{name} by {error_s:.2f} s"
    top_s, reach_s = mine.culmination_s[w], 5.0
    before, there, after = (altitude_deg(top_s + x) for x in (-reach_s, 0.0, reach_s))
    error_deg = math.degrees(mine.max_elevation_rad[w]) - there
    if abs(error_deg) > ELEVATION_LIMIT_DEG:
        return f"elevation by {error_deg:.3f} deg"
    error_s = 0.5 * reach_s * (before - after) / (before - 2.0 * there + after)
    inside = not (mine.cut_begin[w] or mine.cut_end[w])
    return f"culmination by {error_s:.2f} s" if inside and abs(error_s) > TIME_LIMIT_S else None
