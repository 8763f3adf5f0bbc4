"""Whole runs: books, determinism, ground, decay."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from pathlib import Path

import energy_books as books
import erfa
import numpy as np
import pytest

from orbit.orientation import shipped
from sim.config import scenario
from sim.engine.driver import Run
from sim.engine.outcome import Outcome
from sim.results import summary
from sim.spacecraft.step import ROWS

ALONE = books.ALONE
STATIONS = (
    "ground={min_elevation: 10 deg, stations: [{name: a, latitude: 0 deg, longitude: 0 deg}, "
    "{name: b, latitude: 78 deg, longitude: 15 deg, height: 400 m}, {name: c, latitude: -90 deg, longitude: 0 deg}]}"
)
EVENTS = (
    "2026-12-21T00:10:30Z lose satellites 3-5",
    "2026-12-21T00:40Z restore satellite 4",
    "2026-12-21T00:20Z derate satellite 90 to 0.3",
)


def _walker(*sets: str, count: tuple[int, int] = (9, 11)) -> scenario.Loaded:
    shell = f"constellation={{kind: walker, altitude: 600 km, inclination: 82 deg, planes: {count[0]}, satellites_per_plane: {count[1]}, phasing: 2}}"
    return scenario.load(
        "suncatcher",
        sets=("duration=70 min", *ALONE, shell, STATIONS, "satellite.thermal.radiator.area=12 m2", *sets),
        events=EVENTS,
    )


def _arrays(outcome: Outcome) -> list[np.ndarray]:
    return [outcome.carry, outcome.fleet, outcome.extremes, outcome.range_m, outcome.kept]


@pytest.fixture(scope="module")
def shell() -> Outcome:
    """99 satellites in a shell for 70 minutes, with events, stations and throttling; tiles of 8."""
    return Run(_walker(), tile=8, threads=1).finish()


@pytest.mark.parametrize(
    "cut",
    [{"threads": 2}, {"threads": 2, "block": 7}, {"tile": 64, "threads": 1}, {"tile": 256, "block": 13, "threads": 2}],
)
def test_threads_tiles_and_blocks_leave_no_trace(shell: Outcome, cut: dict[str, int]) -> None:
    """Source of truth: the contract: the same bytes whatever the cut."""
    again = Run(_walker(), **{"tile": 8, **cut}).finish()
    for a, b in zip(_arrays(shell), _arrays(again), strict=True):
        assert a.tobytes() == b.tobytes()


@pytest.mark.parametrize("law", [
    "law: sun-pointing", "law: sun-pointing, radiator_cant: 40 deg", "law: orbit-normal", "law: nadir",
    "law: slewing, point: nadir, array_drive: orbit-normal",
])
@pytest.mark.parametrize("area_m2", [30, 9])
@pytest.mark.parametrize("dt", ["60 s", "7 s"])
def test_books_close(law: str, area_m2: int, dt: str) -> None:
    """Source of truth: conservation of energy and of accelerator-seconds: 1e-9 per satellite over an orbit, in eclipse, with
    throttling, losses and derating."""
    outcome = Run(
        books.load(
            "duration=98 min", f"step={dt}", books.ring(), f"satellite.attitude={{{law}, pointing_error: 2 deg}}", f"satellite.thermal.radiator.area={area_m2} m2",
            events=("2026-12-21T00:10:30Z lose satellites 3-5", "2026-12-21T00:40Z restore satellite 4", "2026-12-21T00:20Z derate all to 0.6"),
        ), tile=8, threads=1,
    ).finish()  # fmt: skip
    found = books.closures(outcome)
    assert max(found.values()) < 1e-9, found
    battery = outcome.types[0].params.battery
    assert outcome.row("charge_fraction_min").min() * battery.capacity_j >= battery.floor_j * (1.0 - 1e-12)
    assert outcome.row("charge_j").max() <= battery.capacity_j * (1.0 + 1e-12)


def test_fleet_is_the_sum_of_satellites(shell: Outcome) -> None:
    """Source of truth: addition: each fleet column summed over the run is the satellites' totals; rounding to counts is at most
    half a count per satellite and step."""
    n, dt = shell.carry.shape[1], shell.grid.step_s
    for cause, row in ROWS.ledger.items():
        assert shell.column(cause).sum() * dt == pytest.approx(shell.carry[row].sum(), rel=1e-9, abs=1e-6)
    for column, row in (("generated_w", ROWS.carried["generated_j"]), ("served_w", ROWS.carried["served_j"]), ("radiated_w", ROWS.carried["radiated_j"]),
                        ("environment_w", ROWS.carried["environment_j"]), ("shunted_w", ROWS.carried["shunted_j"])):  # fmt: skip
        assert shell.column(column).sum() * dt == pytest.approx(shell.carry[row].sum(), abs=70 * n * dt / 2**14)
    assert shell.column("charge_j")[-1] == pytest.approx(shell.row("charge_j").sum(), abs=n / 16)
    assert shell.column("lit_fraction").sum() * dt == pytest.approx(shell.row("lit_s").sum(), rel=1e-9)


def test_junction_stays_within_its_limit(shell: Outcome) -> None:
    """Source of truth: the limit of the chip, 95 degC; the step ends at it: 0.01 K of fixed-point error."""
    limit = shell.types[0].params.thermal.junction_limit_k
    assert shell.row("throttled_s").max() > 0.0
    assert shell.row("junction_k_max").max() < limit + 0.01


@pytest.mark.parametrize("area_m2", [5, 3])
def test_junction_stays_within_its_limit_when_idling_is_too_hot(area_m2: int) -> None:
    """Source of truth: the same limit where even idle power is too much: machines must go off for part of the step, not stay
    on. With everything off the radiator would settle near 230 K, so the limit can be kept: 0.05 K."""
    outcome = Run(
        books.load("duration=6 h", books.ring("06:00"), f"satellite.thermal.radiator.area={area_m2} m2", "satellite.bus.power=0 W"),
        tile=8, threads=1,
    ).finish()  # fmt: skip
    limit = outcome.types[0].params.thermal.junction_limit_k
    late = outcome.kept[120:, books.RECORDED["junction_k"]]
    assert late.max() < limit + 0.05


def test_hottest_memory_where_its_limit_holds() -> None:
    """Source of truth: the limit of the memory, 45 degC, at which steps end: 0.05 K of fixed-point error; the junctions stay
    10 K and more below theirs, 95 degC."""
    outcome = Run(
        books.load("duration=3 h", books.ring("06:00"), "satellite.accelerator.hbm_limit=45 degC"), tile=8, threads=1
    ).finish()  # fmt: skip
    assert outcome.row("throttled_s").min() > 0.0
    assert (outcome.row("hbm_k_max") >= outcome.row("hbm_k")).all()
    assert outcome.row("hbm_k_max").max() == pytest.approx(318.15, abs=0.05)
    assert outcome.row("junction_k_max").max() < 358.15


def test_ranges_against_geometry(shell: Outcome) -> None:
    """Source of truth: spheres: a range lies between the height above the highest site and the slant range at the mask from
    the lowest (polar radius); it is found again by brute force over the recorded positions at the recorded moments."""
    seen = shell.range_m[np.isfinite(shell.range_m)]
    assert seen.size > 20
    a = 6378137.0 + 600e3
    low, sine = 6356752.3, math.sin(math.radians(10.0 - 0.2))  # the vertical differs from the radius by up to 0.2 deg
    assert seen.min() > a - 6378137.0 - 500.0
    assert seen.max() < math.sqrt((low * sine) ** 2 + a * a - low * low) - low * sine
    assert shell.kept_satellites.size == 99
    assert shell.stride == 1
    # the south pole goes round the pole of rotation, 10 m away, once a day
    jd, fr = shell.grid.jd_fr(1, 70)
    earth = shipped().at(jd, fr)
    wobble = erfa.pom00(earth.pole_x_rad, earth.pole_y_rad, 0.0)
    turn = wobble @ erfa.rz(erfa.gmst82(jd, fr + earth.ut1_minus_utc_s / 86400.0), np.eye(3))
    pole = -6356752.314245 * turn[:, 2, :]
    r = shell.kept[:, [books.RECORDED[axis] for axis in ("x_m", "y_m", "z_m")], :]
    d = r - pole[:, :, None]
    ranges = np.linalg.norm(d, axis=1)
    elevation = np.arcsin(np.einsum("kis,ki->ks", d, turn[:, 2, :]) / -ranges)
    lost = np.zeros((70, 99), dtype=bool)
    lost[10:, [3, 5]] = True
    lost[10:40, 4] = True
    expected = np.where((elevation >= math.radians(10.0)) & ~lost, ranges, np.inf).min(axis=1)
    assert np.isfinite(expected).sum() > 20
    assert np.array_equal(np.isinf(expected), np.isinf(shell.range_m[:, 2]))
    both = np.isfinite(expected)
    # the kept positions are doubles; the station turns about the pole it stands on
    assert np.abs(expected[both] - shell.range_m[both, 2]).max() < 1e-3


def test_a_lost_satellite_does_not_serve() -> None:
    """Source of truth: ranges are those at the end of a step; a satellite lost inside the step is not there any more then,
    one restored inside it is.

    Over the south pole, 82 deg inclination: in sight of the pole for some steps of every orbit.
    """
    shell = "constellation={kind: walker, altitude: 600 km, inclination: 82 deg, planes: 1, satellites_per_plane: 1}"
    pole = "ground={min_elevation: 10 deg, stations: [{name: c, latitude: -90 deg, longitude: 0 deg}]}"
    sets = ("duration=98 min", shell, pole)
    whole = Run(scenario.load("suncatcher", sets=(*ALONE, *sets)), tile=8, threads=1).finish().range_m[:, 0]
    seen = np.flatnonzero(np.isfinite(whole))
    assert seen.size > 5
    k = int(seen[2])
    lose = f"2026-12-21T{k // 60:02d}:{k % 60:02d}:30Z lose satellite 0"
    restore = f"2026-12-21T{(k + 2) // 60:02d}:{(k + 2) % 60:02d}:30Z restore satellite 0"
    cut = (
        Run(scenario.load("suncatcher", sets=(*ALONE, *sets), events=(lose, restore)), tile=8, threads=1)
        .finish()
        .range_m[:, 0]
    )
    expected = whole.copy()
    expected[k : k + 2] = np.inf
    assert np.array_equal(cut, expected)


def test_a_decayed_satellite_spoils_nothing(tmp_path: Path) -> None:
    """Source of truth: the same catalogue without the doomed satellite; it fails from the step at which the sgp4 package has no
    position, everything stays finite, the others' totals are the same bytes, and books close.

    16.4 rev/day with B* 0.1 comes down within an hour of the epoch.
    """
    from sgp4.api import WGS72, Satrec

    def checked(line: str) -> str:
        return line[:68] + str(sum(int(c) if c.isdigit() else c == "-" for c in line[:68]) % 10)

    one = checked("1 88888U          26079.50000000  .00000000  00000-0  10000-3 0    8 ")
    two = checked("2 88888  53.0000 115.9689 0006731  52.6988 110.5714 15.20000000  105 ")
    doomed = checked(one[:53] + " 99999-1" + one[61:]), checked(two[:52] + "16.40000000" + two[63:])
    lone, both = tmp_path / "lone.tle", tmp_path / "both.tle"
    lone.write_text(f"A\n{one}\n{two}\n", "ascii")
    both.write_text(f"A\n{one}\n{two}\nB\n{doomed[0]}\n{doomed[1]}\n", "ascii")
    sets = ("ground.stations=[]", "duration=1 d", "epoch=2026-03-20T12:00:00Z", *ALONE)
    alone = Run(scenario.load("starlink_edge", sets=(f"constellation.tle={lone}", *sets)), tile=8, threads=1).finish()
    outcome = Run(scenario.load("starlink_edge", sets=(f"constellation.tle={both}", *sets)), tile=8, threads=1).finish()
    satrec = Satrec.twoline2rv(*doomed, WGS72)
    error, _, _ = satrec.sgp4_array(*outcome.grid.jd_fr(1, outcome.grid.steps))
    first = int(np.argmax(error != 0))
    assert error[first] != 0
    assert outcome.decayed == [(1, first)]
    moment = datetime(2026, 3, 20, 12, tzinfo=UTC) + timedelta(minutes=first)
    assert summary.lost(outcome) == [f"1 satellite decayed: satellite 1 (B, 88888) at {moment:%Y-%m-%dT%H:%M:%SZ}"]
    assert outcome.carry[:, 0].tobytes() == alone.carry[:, 0].tobytes()
    assert np.isfinite(outcome.carry).all()
    assert np.isfinite(outcome.kept).all()
    assert outcome.row("failed_s")[1] == pytest.approx(86400.0 - first * 60.0)
    assert np.all(outcome.column("generated_w")[first:] >= 0.0)
    assert np.abs(outcome.column("generated_w")[first:] - alone.column("generated_w")[first:]).max() < 2e4
    assert max(books.closures(outcome).values()) < 1e-9
