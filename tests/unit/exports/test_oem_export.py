"""`export --format oem`: states between which other programs interpolate to the trajectory of the run."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from exported import PLANES, export, opened_once

from orbit.catalog import read_oem
from orbit.ephemeris import Ephemeris
from orbit.kernels import j2
from orbit.timegrid import TimeGrid
from sim.exports import motion
from sim.exports.motion import Fleet
from sim.exports.opened import Opened, Options

# Positions are written to 1 mm and velocities to 1 um/s: half a digit of each of four states in each axis. The sum of absolute
# Hermite weights is below 1.3 for positions and 20 s for velocities a minute apart. Interpolation itself errs by
# r (n h)^8 0.32 / 8! = 2e-8 m at n h = 0.07.
ROUNDING_M = np.sqrt(3.0) * (1.3 * 0.5e-3 + 20.0 * 0.5e-6)


def between(fleet: Fleet, minutes: int) -> tuple[TimeGrid, np.ndarray]:
    """Positions of the propagators half-way between the states of a file, (times, 3, satellites)."""
    grid = TimeGrid(fleet.grid.epoch_jd, fleet.grid.epoch_fr, 30.0, 2 * minutes)
    parts = []
    for p in fleet.propagators:
        r_m = np.empty((2 * minutes + 1, 3, p.count))
        assert p.on_grid(grid).fill(0, p.count, 0, r_m) is None
        parts.append(r_m[1::2])
    return grid, np.concatenate(parts, axis=2)


def test_an_independent_reader_interpolates_to_the_trajectory(planes: Path, tmp_path: Path, opened_planes: Opened) -> None:
    """Source of truth: the run's propagators, asked between the states; the reader is the PyPI package oem."""
    from astropy.time import Time
    from oem import OrbitEphemerisMessage

    facts = export(planes, "oem", tmp_path / "split", Options(split=True))
    assert (facts["satellites"], facts["files"], facts["states"]) == (8, 8, 8 * 241)
    _, expected = between(opened_planes.fleet, 240)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the reader's libraries
        for n in (0, 4, 7):
            (segment,) = OrbitEphemerisMessage.open(str(tmp_path / "split" / f"satellite-{n}.oem")).segments
            assert segment.metadata["OBJECT_NAME"] == f"planes {n}"
            assert (segment.metadata["REF_FRAME"], segment.metadata["TIME_SYSTEM"]) == ("TEME", "UTC")
            for minute in (0, 1, 7, 120, 239):
                moment = np.datetime64("2026-12-21T00:00:30") + np.timedelta64(60 * minute, "s")
                state = segment(Time(str(moment), scale="utc"))
                apart_m = np.linalg.norm(1e3 * np.asarray(state.position) - expected[minute, :, n])
                assert apart_m < ROUNDING_M, (n, minute, apart_m)


def test_our_reader_has_the_same_fleet(planes: Path, tmp_path: Path, opened_planes: Opened) -> None:
    """Source of truth: the run's propagators between the states, at all of them, and names in the order of the fleet."""
    export(planes, "oem", tmp_path / "all.oem")
    tracks, bad = read_oem(tmp_path / "all.oem")
    assert not bad
    assert [track.name for track in tracks] == [f"planes {n}" for n in range(8)]
    grid, expected = between(opened_planes.fleet, 240)
    r_m = np.empty((481, 3, 8))
    assert Ephemeris(tracks, grid).fill(0, 8, 0, r_m) is None
    apart_m = np.linalg.norm(r_m[1::2] - expected, axis=1)
    assert apart_m.max() < ROUNDING_M


def test_velocities_of_circular_orbits(opened_planes: Opened) -> None:
    """Source of truth: by hand: the rate of argument of latitude and of node of a circle; differences err by 1e-6 m/s at the ends."""
    fleet = opened_planes.fleet
    (_, states), *_ = fleet.chunks(np.arange(6), 100.3, 20)
    elements = fleet.propagators[0].elements
    rows = elements.packed()
    t_s = 100.3 * np.arange(20)
    u = rows[j2.ROW_LATITUDE][:, None] + rows[j2.ROW_LATITUDE_RATE][:, None] * t_s
    node = rows[j2.ROW_NODE][:, None] + rows[j2.ROW_NODE_RATE][:, None] * t_s
    i, a = elements.inclination_rad[:, None], elements.semi_major_axis_m[:, None]
    along = a * rows[j2.ROW_LATITUDE_RATE][:, None]
    turn = rows[j2.ROW_NODE_RATE][:, None]
    x, y = a * (np.cos(node) * np.cos(u) - np.sin(node) * np.cos(i) * np.sin(u)), a * (np.sin(node) * np.cos(u) + np.cos(node) * np.cos(i) * np.sin(u))
    vx = along * (-np.cos(node) * np.sin(u) - np.sin(node) * np.cos(i) * np.cos(u)) - turn * y
    vy = along * (-np.sin(node) * np.sin(u) + np.cos(node) * np.cos(i) * np.cos(u)) + turn * x
    vz = along * np.sin(i) * np.cos(u)
    assert np.abs(states.v_m_s - np.stack((vx, vy, vz), axis=2)).max() < 2e-6
    assert np.abs(states.r_m[:, :, 0] - x).max() < 1e-5


def test_integrated_orbits_are_those_of_the_run(numerical: Path, tmp_path: Path) -> None:
    """Source of truth: recorded positions, stored in 32 bits: half a metre and the digits of the file."""
    facts = export(numerical, "oem", tmp_path / "n.oem")
    assert facts["satellites"] == 3
    tracks, bad = read_oem(tmp_path / "n.oem")
    assert not bad
    series = opened_once(numerical).series
    states = np.array(tracks[1].segments[0].states).reshape(-1, 6)
    stored = series["position_m"].values[:, :, 1]
    assert np.abs(states[1:, :3] - stored).max() < 0.5
    # velocity is the rate of the position: differences of second order over two minutes err by h^2 n^2 v / 6 = 7 m/s at most
    rate = (states[2:, :3] - states[:-2, :3]) / 120.0
    assert np.abs(rate - states[1:-1, 3:]).max() < 8.0


def test_no_interpolation_across_a_burn(burning: Path, tmp_path: Path) -> None:
    """Source of truth: the run's propagators every second: all within rounding, also at the ends of burns; by hand, the burn's time.

    The first and last gap of an arc may be 75 s, where degree 7 still errs by less than 1e-6 m; weights there are a few times larger.
    """
    opened = opened_once(burning)
    facts = export(burning, "oem", tmp_path / "b.oem")
    tracks, bad = read_oem(tmp_path / "b.oem")
    assert not bad
    assert (len(tracks), facts["satellites"]) == (8, 8)
    parts = [len(track.segments) for track in tracks]
    assert [parts[n] for n in (0, 1, 2, 4, 6, 7)] == [1] * 6
    assert parts[3] == 3  # before, in and after the thrust
    assert parts[5] >= 3
    burn_s = 1500.0 * 19613.3 / 0.5 * (1.0 - np.exp(-1.5 / 19613.3))  # rocket equation
    text = (tmp_path / "b.oem").read_text("ascii")
    end = (np.datetime64("2026-12-21T01:00:00", "us") + np.timedelta64(round(burn_s * 1e6), "us")).astype(str)
    stops = [line.split(" = ")[1] for line in text.splitlines() if line.startswith("STOP_TIME")]
    near = [abs((np.datetime64(stop) - np.datetime64(end)) / np.timedelta64(1, "us")) for stop in stops]
    assert min(near) < 2e3  # digits of the specific impulse
    grid = TimeGrid(opened.fleet.grid.epoch_jd, opened.fleet.grid.epoch_fr, 1.0, 13 * 3600)
    (propagator,) = opened.fleet.propagators
    expected, r_m = (np.empty((grid.steps + 1, 3, 8)) for _ in range(2))
    propagator.on_grid(grid).fill(0, 8, 0, expected)
    assert Ephemeris(tracks, grid).fill(0, 8, 0, r_m) is None
    apart_m = np.linalg.norm(r_m - expected, axis=1).max(axis=0)
    assert apart_m.max() < 4.0 * ROUNDING_M, apart_m


def test_satellites_of_a_file_keep_their_names(of_file: Path, tmp_path: Path) -> None:
    """Source of truth: the designators of the element file, in the form of the standard: year, launch, part."""
    export(of_file, "oem", tmp_path / "five.oem", Options(step_s=120.0, satellites=2))
    text = (tmp_path / "five.oem").read_text("ascii")
    assert [line for line in text.splitlines() if line.startswith("OBJECT")] == [
        "OBJECT_NAME = MADE UP 0", "OBJECT_ID = 2024-001A", "OBJECT_NAME = MADE UP 2", "OBJECT_ID = 2024-001C",
    ]  # fmt: skip
    export(of_file, "oem", tmp_path / "again.oem", Options(step_s=120.0, satellites=2))
    assert (tmp_path / "again.oem").read_bytes() == text.encode()


def test_a_fleet_read_back_is_in_order(tmp_path: Path) -> None:
    """Source of truth: the definition: satellite n of a fleet of twelve is satellite n of the fleet that is read back."""
    import sim

    text = PLANES.split("- {kind: walker, mean")[0].replace("satellites_per_plane: 3", "satellites_per_plane: 6").replace("4 h", "20 min")
    (tmp_path / "a.yaml").write_text(text + "satellite: starlink-edge\n", encoding="utf-8")
    sim.run(tmp_path / "a.yaml", tmp_path / "first")
    export(tmp_path / "first", "oem", tmp_path / "a.oem")
    (tmp_path / "b.yaml").write_text(
        text.split("constellation:")[0] + "constellation: {kind: oem, oem: a.oem}\nsatellite: starlink-edge\n", encoding="utf-8"
    )
    sim.run(tmp_path / "b.yaml", tmp_path / "again")
    first, again = (opened_once(tmp_path / name).series["position_m"].values for name in ("first", "again"))
    assert first.shape[2] == 12
    assert np.abs(first - again).max() < 1.0  # half a metre of either in 32 bits
    names = [line for line in (tmp_path / "a.oem").read_text("ascii").splitlines() if line.startswith("OBJECT")]
    assert names[4:6] == ["OBJECT_NAME = planes 02", "OBJECT_ID = planes-02"]


def test_a_loss_that_the_scenario_has_not_is_refused(tmp_path: Path, short_ephemeris: Path) -> None:
    """Source of truth: the definition: a recorded satellite without a position is not one with a position, nor the other way round."""
    import hashlib
    import json
    import shutil

    import h5py

    from sim.config.errors import InputError

    for name, frame, taken in (("found again", 70, 40), ("lost earlier", 40, 70)):
        folder = Path(shutil.copytree(short_ephemeris, tmp_path / name))
        with h5py.File(folder / "series.nc", "r+") as file:
            file["position_m"][frame, :, 1] = file["position_m"][taken, :, 1]
        facts = json.loads((folder / "manifest.json").read_text("utf-8"))
        facts["files"]["series.nc"] = hashlib.sha256((folder / "series.nc").read_bytes()).hexdigest()
        (folder / "manifest.json").write_text(json.dumps(facts), encoding="utf-8")
        with pytest.raises(InputError, match="m from those of its scenario"):
            export(folder, "oem", tmp_path / "x.oem")


@pytest.mark.parametrize("step_s", [1.0, 60.0])
def test_an_ephemeris_is_written_to_its_end(short_ephemeris: Path, tmp_path: Path, step_s: float) -> None:
    """Source of truth: the first file: an ephemeris of an hour in a run of 90 min has states from its first to its last."""
    export(short_ephemeris, "oem", tmp_path / "b.oem", Options(step_s=step_s))
    first, again = (read_oem(path)[0] for path in (short_ephemeris.parent / "a.oem", tmp_path / "b.oem"))
    for one, other in zip(first, again, strict=True):
        of, states = (np.array(track.segments[0].states).reshape(-1, 6) for track in (one, other))
        assert len(states) == 3600 / step_s + 1
        apart = np.abs(states[:: round(60.0 / step_s)] - of)
        assert apart[:, :3].max() < 2e-3  # digits of two files
        assert apart[:, 3:].max() < 1e-3  # millimetres of positions half a second apart, smoothed by the interpolation of the first


def test_many_states_are_made_for_fewer_satellites_at_once(opened_planes: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    """Source of truth: the definition: at most so many states at once, one satellite at least; they change no state."""
    whole = {int(n): found.r_m[row] for places, found in opened_planes.fleet.chunks(np.arange(8), 60.0, 241) for row, n in enumerate(places)}
    for most, each in ((2 * 241, 2), (1, 1)):
        monkeypatch.setattr(motion, "CHUNK_STATES", most)
        parts = list(opened_planes.fleet.chunks(np.arange(8), 60.0, 241))
        assert max(places.size for places, _ in parts) == each
        for places, found in parts:
            for row, n in enumerate(places.tolist()):
                assert np.array_equal(found.r_m[row], whole[n])


@pytest.mark.parametrize("step_s", [0.5, 60.0001, 20000.0])
def test_spacing_out_of_range(planes: Path, tmp_path: Path, step_s: float) -> None:
    from sim.config.errors import InputError

    with pytest.raises(InputError, match=r"^--step: "):
        export(planes, "oem", tmp_path / "x.oem", Options(step_s=step_s))
    assert not list(tmp_path.iterdir())
