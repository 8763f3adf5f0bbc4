"""`export --format tle`: lines of the file, exact elements, and fitted ones, whose error is what is reported."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from exported import BURNS, export, opened_once
from sgp4.api import Satrec

from orbit.catalog import elements, parse_tle, read_oem, read_tle
from orbit.sgp4 import states
from sim.config.errors import InputError
from sim.config.scenario import load
from sim.exports import fitting
from sim.exports.fitting import Samples
from sim.exports.opened import Opened, Options
from sim.exports.tle import catalogue_numbers, element_lines

STORED_M = np.sqrt(3.0) * 0.25  # rounding of positions in 32 bits, at 7,000 km
# Twelve samples a revolution of an error that turns twice in it: the largest lies at most 1 / cos(30 deg) above the samples.
BETWEEN = 1.0 / math.cos(math.radians(30.0))


def lines(path: Path) -> list[tuple[str, str, str]]:
    text = path.read_text("ascii").splitlines()
    return list(zip(text[::3], text[1::3], text[2::3], strict=True))


def recorded_error_m(opened: Opened, n: int, line1: str, line2: str) -> np.ndarray:
    """Distance of the sgp4 package from recorded positions, (frames,)."""
    grid = opened.fleet.grid
    jd, fr = grid.jd_fr(1, opened.series.sizes["frame"])
    codes, r_km, _ = Satrec.twoline2rv(line1, line2).sgp4_array(jd, fr)
    assert not codes.any()
    return np.linalg.norm(1e3 * r_km - opened.series["position_m"].values[:, :, n], axis=1)


def test_errors_are_those_reported(planes: Path, tmp_path: Path, opened_planes: Opened) -> None:
    """Source of truth: recorded positions, and the sgp4 package."""
    facts = export(planes, "tle", tmp_path / "p.tle")
    found = lines(tmp_path / "p.tle")
    assert (facts["lines_of_fit"], facts["lines_of_elements"], facts["lines_of_file"]) == (6, 2, 0)
    for n, (_, line1, line2) in enumerate(found):
        apart_m, said = recorded_error_m(opened_planes, n, line1, line2), facts["residuals"][n]
        assert said["max_m"] / BETWEEN - STORED_M < apart_m.max() < said["max_m"] * BETWEEN + STORED_M
        assert np.sqrt(np.mean(apart_m**2)) == pytest.approx(said["rms_m"], rel=0.05, abs=STORED_M)
    # the secular circles have none of the terms of J2 within a revolution: a kilometre; exact elements have the digits of a line:
    # half of 1e-4 deg in inclination, node and mean anomaly at 7,200 km, and 1e-7 of eccentricity
    assert all(100.0 < row["max_m"] < 5e3 for row in facts["residuals"][:6])
    digits_m = 3.0 * math.radians(0.5e-4) * 7.2e6 + 2.0 * 0.5e-7 * 7.2e6
    assert all(row["max_m"] < digits_m for row in facts["residuals"][6:])


def test_skyfield_reads_them(planes: Path, tmp_path: Path, opened_planes: Opened) -> None:
    """Source of truth: recorded positions; skyfield has its own time scales and frames."""
    from skyfield.api import EarthSatellite, load
    from skyfield.sgp4lib import TEME

    facts = export(planes, "tle", tmp_path / "p.tle")
    ts, minutes = load.timescale(builtin=True), np.arange(1, 241, 13)
    for n in (1, 6):
        name, line1, line2 = lines(tmp_path / "p.tle")[n]
        r_m = EarthSatellite(line1, line2, name, ts).at(ts.utc(2026, 12, 21, 0, minutes)).frame_xyz(TEME).m
        apart_m = np.linalg.norm(r_m.T - opened_planes.series["position_m"].values[minutes - 1, :, n], axis=1)
        assert apart_m.max() < facts["residuals"][n]["max_m"] * BETWEEN + STORED_M + 0.1  # its UTC and frames: 1e-8 rad


def test_lines_of_a_file_are_kept(of_file: Path, tmp_path: Path) -> None:
    """Source of truth: the file itself, byte by byte; positions of its lines are those of the run, to the stored digits."""
    facts = export(of_file, "tle", tmp_path / "f.tle")
    assert (facts["lines_of_file"], facts["notes"]) == (5, [])
    assert (tmp_path / "f.tle").read_bytes() == (of_file.parent / "five.tle").read_bytes()
    assert facts["residual_max_m"] < 1e-3
    opened = opened_once(of_file)
    for n, (_, line1, line2) in enumerate(lines(tmp_path / "f.tle")):
        assert recorded_error_m(opened, n, line1, line2).max() < STORED_M + 0.01


def test_integrated_orbits_are_fitted(numerical: Path, tmp_path: Path) -> None:
    """Source of truth: recorded positions: SGP4 has the terms of J2 that matter, and B* the drag: two revolutions within 300 m."""
    facts = export(numerical, "tle", tmp_path / "n.tle")
    assert facts["lines_of_fit"] == 3
    opened = opened_once(numerical)
    for n, (_, line1, line2) in enumerate(lines(tmp_path / "n.tle")):
        apart_m = recorded_error_m(opened, n, line1, line2)
        assert apart_m.max() < min(facts["residuals"][n]["max_m"] * BETWEEN + STORED_M, 300.0)


def test_drag_of_satellites_that_burn_is_not_fitted(burning: Path, tmp_path: Path) -> None:
    """Source of truth: by definition: drag lowers orbits, so B* is above zero, and a burn is no drag.

    By hand: half rho v (C_D A / m) is near 1e-8 m/s2 at 400 km here; B* = C_D A / (2 m) rho0 in 1 / Earth radii is 1e-5 to 1e-2.
    """
    facts = export(burning, "tle", tmp_path / "b.tle")
    drag = elements([parse_tle(*pair) for _, *pair in lines(tmp_path / "b.tle")]).drag_term_per_er
    assert drag[[3, 5]].tolist() == [0.0, 0.0]
    assert ((drag[[0, 1, 2, 4, 6, 7]] > 1e-5) & (drag[[0, 1, 2, 4, 6, 7]] < 1e-2)).all(), drag
    (note,) = (line for line in facts["notes"] if "burn" in line)
    assert note.startswith("2 satellites burn within the span of the fit")
    export(burning, "tle", tmp_path / "short.tle", Options(span_s=4.0 * 3600.0))
    short = elements([parse_tle(*pair) for _, *pair in lines(tmp_path / "short.tle")])
    assert short.drag_term_per_er.tolist() == [0.0] * 8  # shorter than half a day


def test_orbits_that_are_kept_have_no_drag(tmp_path: Path) -> None:
    """Source of truth: by definition: without drag in the run there is none in the lines, also beside a satellite that burns."""
    import sim

    sim.run(load("suncatcher", (*BURNS, "duration=13 h"), ("+1 h burn satellite 3 by 1.5 m/s",)), tmp_path / "result")
    export(tmp_path / "result", "tle", tmp_path / "k.tle")
    found = elements([parse_tle(*pair) for _, *pair in lines(tmp_path / "k.tle")])
    assert found.drag_term_per_er.tolist() == [0.0] * 8


@pytest.mark.parametrize(
    ("motion_rev_d", "eccentricity", "inclination_deg"),
    [(15.2, 1e-4, 53.0), (14.3, 0.02, 98.2), (13.0, 0.1, 0.0), (12.0, 0.2, 140.0), (1.0027, 0.001, 5.0), (2.006, 0.7, 63.4)],
)
def test_a_fit_finds_what_made_the_trajectory(motion_rev_d: float, eccentricity: float, inclination_deg: float) -> None:
    """Source of truth: positions of SGP4 itself: elements that made them have no error; nor has the fit, in near and deep space."""
    record = Satrec()
    from sgp4.api import WGS72

    motion = motion_rev_d * 2.0 * math.pi / 1440.0
    record.sgp4init(WGS72, "i", 5, 28000.0, 0.0, 0.0, 0.0, eccentricity, 1.1, math.radians(inclination_deg), 2.2, motion, 0.7)
    jd, fr = np.full(60, 2461281.5), np.linspace(0.0, 2.0 / motion_rev_d, 60)
    codes, r_km, v_km_s = record.sgp4_array(jd, fr)
    assert not codes.any()
    samples = Samples(jd, fr, 1e3 * r_km[np.newaxis], np.ones((1, 60), dtype=bool))
    start = fitting.of_states(1e3 * r_km[:1], 1e3 * v_km_s[:1])
    found = fitting.elements_of(fitting.fit(start, samples, 2461281.5, 0.0), 2461281.5, 0.0)
    assert fitting.residual_m(found, samples)[1][0] < 1.0


def test_the_digits_of_a_line() -> None:
    """Source of truth: the columns: half a digit of each angle; perigee and epoch are rounded without moving the satellite."""
    one = parse_tle(
        "1 00005U 58002B   00179.78495062  .00000000  00000-0  28098-4 0  4753",
        "2 00005  34.2682 348.7242 0005000 331.7664  19.3264 15.12419157413667",
    )
    exact = elements([one])
    for name, extra in (("perigee_argument_rad", 4e-7), ("mean_anomaly_rad", -3e-7), ("epoch_fr", 4.4e-9)):
        getattr(exact, name)[0] += extra
    line1, line2 = element_lines(exact, 339_999, "1998-067ABC")
    assert (line1[2:7], line1[9:17], len(line1), len(line2)) == ("Z9999", "98067ABC", 69, 69)
    again = elements([parse_tle(line1, line2)])
    jd, fr = np.full(5, exact.epoch_jd[0]), exact.epoch_fr[0] + np.linspace(0.0, 0.2, 5)
    apart_m = np.linalg.norm(states(exact, jd, fr)[0] - states(again, jd, fr)[0], axis=2)
    assert apart_m.max() < math.radians(0.5e-4) * 7.0e6 + 1.0  # the mean anomaly alone; a digit of B* and 1e-8 rev/d: a metre


def test_an_angle_below_a_turn_is_not_written_as_a_turn() -> None:
    """Source of truth: the format: angles are 0.0000 to 359.9999 deg; 359.99998 deg is 0 to four digits."""
    exact = elements([parse_tle(
        "1 00005U 58002B   00179.78495062  .00000000  00000-0  00000-0 0  4753",
        "2 00005  34.2682 348.7242 0005000 331.7664  19.3264 15.12419157413667",
    )])  # fmt: skip
    for name in ("node_rad", "perigee_argument_rad", "mean_anomaly_rad"):
        getattr(exact, name)[0] = math.radians(359.99998)
    _, line2 = element_lines(exact, 5, "")
    assert [line2[at : at + 8] for at in (17, 34, 43)] == ["  0.0000"] * 3


def test_rounding_an_epoch_moves_nothing() -> None:
    """Source of truth: the orbit: an epoch off by 5e-9 d would move the satellite by 3 m, in step with what is cut off."""
    one = parse_tle(
        "1 00005U 58002B   00179.78495062  .00000000  00000-0  00000-0 0  4753",
        "2 00005  34.2682 348.7242 0005000 331.7664  19.3264 15.12419157413667",
    )
    cut_d, ahead_m = np.linspace(-4.9e-9, 4.9e-9, 61), []
    for extra in cut_d:
        exact = elements([one])
        exact.epoch_fr[0] += extra
        exact.mean_anomaly_rad[0] += 3e3 * extra  # so that the last digit of the anomaly differs from case to case
        again = elements([parse_tle(*element_lines(exact, 5, ""))])
        (r_m, v_m_s, _), (other_m, _, _) = (states(e, exact.epoch_jd, np.array([one.epoch_fr + 0.1])) for e in (exact, again))
        ahead_m.append(float((other_m - r_m)[0, 0] @ v_m_s[0, 0] / np.linalg.norm(v_m_s[0, 0])))
    slope_m_d = np.polyfit(cut_d, ahead_m, 1)[0]
    assert abs(slope_m_d) < 0.5 * 7.6e3 * 86400.0  # rounding of the anomaly alone: 6 m at random, 0.3 of this


def test_numbers() -> None:
    """Source of truth: the rules: own numbers are kept, the others are distinct and at most Z9999."""
    assert catalogue_numbers([0] * 10_001)[-2:] == [99_999, 100_000]
    assert len(set(catalogue_numbers([90_005, *[0] * 20, 400_000]))) == 22
    with pytest.raises(InputError, match="--satellites: 250,001 satellites need more numbers"):
        catalogue_numbers([0] * 250_001)


def test_our_reader_has_the_names(planes: Path, tmp_path: Path) -> None:
    export(planes, "tle", tmp_path / "p.tle", Options(satellites=4))
    sets, bad = read_tle(tmp_path / "p.tle")
    assert not bad
    assert [(one.name, one.satellite_number) for one in sets] == [(f"planes {n}", 90_000 + n) for n in (0, 2, 4, 6)]  # as in a file of all eight


def test_satellites_of_an_ephemeris(planes: Path, tmp_path: Path) -> None:
    """Source of truth: the first file: an ephemeris of an ephemeris has its names and states; elements need a revolution of it."""
    import sim

    export(planes, "oem", tmp_path / "a.oem", Options(satellites=2))
    text = (planes.parent / "planes.yaml").read_text("utf-8").split("constellation:")[0].replace("4 h", "20 min")
    (tmp_path / "b.yaml").write_text(text + "constellation: {kind: oem, oem: a.oem}\nsatellite: starlink-edge\n", encoding="utf-8")
    sim.run(tmp_path / "b.yaml", tmp_path / "result")
    export(tmp_path / "result", "oem", tmp_path / "b.oem")
    first, again = (read_oem(tmp_path / name)[0] for name in ("a.oem", "b.oem"))
    assert [(t.name, t.object_id) for t in first] == [(t.name, t.object_id) for t in again]
    states = [np.array(t[1].segments[0].states[: 21 * 6]) for t in (first, again)]
    assert np.abs(states[0] - states[1]).max() < 2e-3  # digits of two files
    export(tmp_path / "result", "tle", tmp_path / "b.tle")  # the ephemeris goes on after the run
    assert len((tmp_path / "b.tle").read_text("ascii").splitlines()) == 6
    lines_of = (tmp_path / "a.oem").read_text("ascii").splitlines(keepends=True)
    kept = [line.replace("T04:00:00", "T00:30:00") for line in lines_of if not line.startswith("2026") or line[11:16] <= "00:30"]
    (tmp_path / "a.oem").write_text("".join(kept), encoding="ascii")
    sim.run(tmp_path / "b.yaml", tmp_path / "short")
    with pytest.raises(InputError, match=r"no satellite has positions over a revolution of [0-9,]+ s, which elements need; write --format oem"):
        export(tmp_path / "short", "tle", tmp_path / "c.tle")


def test_a_span_below_a_revolution(planes: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^--span: 600 s is out of range; write a revolution, 6085 s, to the run, 14400 s"):
        export(planes, "tle", tmp_path / "p.tle", Options(span_s=600.0))
