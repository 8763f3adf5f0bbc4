"""Satellites of formations that heat and shade each other: who they are, what the step is given, and that nothing else changes."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import energy_books as books
import numpy as np
import pytest
import submodel_cases as cases

from orbit.constants import EARTH_RADIUS_M, MU_EARTH_M3_S2
from sim.config.scenario import Loaded
from sim.engine import neighbourhood
from sim.engine.context import CONTROL
from sim.engine.driver import Run
from sim.engine.neighbourhood import Neighbourhood, members
from sim.results import energy_balance
from sim.spacecraft import attitude, illumination, neighbours
from sim.spacecraft.inputs import undisturbed
from sim.spacecraft.step import ROWS

SIGMA = 5.670374419e-8
PAIR = "{shape: points, points: [[0 m, 0 m, 0 m], [20 m, 150 m, 30 m]]}"


AREAS = ("satellite.power.array.area=140 m2", "satellite.thermal.radiator.area=30 m2")


def _formation(lattice: str, more: str = "") -> str:
    return f'{{kind: cluster, altitude: 650 km, local_time: "06:00", lattice: {lattice}{more}}}'


def _load(lattice: str, *sets: str) -> Loaded:
    return books.load(f"constellation={_formation(lattice)}", *AREAS, *sets)


@dataclass
class Seen:
    """Of each step: what the neighbourhood wrote, and what it had."""

    controls: list[np.ndarray] = field(default_factory=list)  # (controls, satellites)
    before: list[np.ndarray] = field(default_factory=list)  # carried rows before the step, (rows, satellites)
    now_m: list[np.ndarray] = field(default_factory=list)  # positions at the end of it, (3, satellites)


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Seen:
    """Watches the steps of a run in one tile."""
    found, fill = Seen(), Neighbourhood.fill

    def watched(self: Neighbourhood, k: int, at: int, batches: object, controls: np.ndarray) -> None:
        fill(self, k, at, batches, controls)  # type: ignore[arg-type]
        (batch,) = batches  # type: ignore[misc, attr-defined]
        real = int(batch.real[0])
        found.controls.append(controls.copy())
        found.before.append(batch.work[0, : len(ROWS.carried), :real].copy())
        found.now_m.append(batch.r_m[0, at, :, :real].copy())

    monkeypatch.setattr(Neighbourhood, "fill", watched)
    return found


# --- who they are --------------------------------------------------------------------------------------------------------


def test_members_are_satellites_of_formations() -> None:
    """Source of truth: by hand: two formations of two, a ring of three between them; none where the environment leaves them out."""
    ring = '{kind: ring, altitude: 650 km, local_time: "06:00", satellites: 3}'
    entries = f"constellation=[{_formation(PAIR)}, {ring}, {_formation(PAIR, ', clusters: 2')}]"
    assert members(Run(books.load("duration=10 min", entries))).tolist() == [0, 1, 5, 6, 7, 8]
    assert members(Run(books.load("duration=10 min", f"constellation={ring}"))).size == 0
    assert members(Run(books.load("duration=10 min", entries, "environment.neighbours=false"))).size == 0


def test_range_by_hand() -> None:
    """Source of truth: by hand: 140 m2 at 700 W/m2 give 0.02 W/m2 where 700 x 140 / (pi d^2) = 0.02: 1,249 m."""
    assert Neighbourhood(Run(_load(PAIR, "duration=10 min"))).range_m == pytest.approx(1248.9, abs=0.1)


# --- what the step is given -------------------------------------------------------------------------------------------------


def _unit(v: np.ndarray) -> np.ndarray:
    return v / np.linalg.norm(v)


def test_controls_of_a_pair_by_hand(seen: Seen) -> None:
    """Source of truth: by hand: more than five diagonals apart the middles stand for the plates: emitted x cosine x area x cosine x emissivity / (pi d^2),
    arrays square to the Sun, radiators along Sun x nadir. Array and radiator of the other emit by their temperatures before the
    step, the array's faces 0.82 and 0.85, the radiator 0.9 with 0.9 of fins. Rounding: 1e-9."""
    run = Run(_load(PAIR, "duration=1 h"), threads=1)
    run.finish()
    assert len(seen.controls) == 60
    for k in (0, 7, 31, 59):
        r_m, sun = seen.now_m[k], _unit(run.surroundings.sun_m[k + 2])
        state = {name: seen.before[k][row] for name, row in ROWS.carried.items() if name.endswith("_k")}
        for i, j in ((0, 1), (1, 0)):
            d = r_m[:, j] - r_m[:, i]
            assert 84.0 < np.linalg.norm(d) < 220.0, 'five diagonals'
            toward = _unit(d)
            side = [_unit(np.cross(sun, -r_m[:, n])) for n in (0, 1)]
            array_w = SIGMA * state["array_k"][j] ** 4 * (0.82 if sun @ -toward > 0.0 else 0.85) * 140.0 * abs(sun @ toward)
            panels_w = 0.9 * 0.9 * SIGMA * np.mean([state[f"radiator_{n}_k"][j] ** 4 for n in (1, 2, 3)])
            there = (array_w + panels_w * 30.0 * abs(side[j] @ toward)) / (math.pi * float(d @ d))
            on_array = there * abs(sun @ toward) * (0.82 if sun @ toward > 0.0 else 0.85)
            on_radiator = there * abs(side[i] @ toward) * 0.9
            found = seen.controls[k]
            assert found[CONTROL["array_nearby_w_m2"], i] == pytest.approx(on_array, rel=1e-9)
            assert found[CONTROL["radiator_nearby_w_m2"], i] == pytest.approx(on_radiator, rel=1e-9)
            assert found[CONTROL["array_light"], i] == 1.0
        assert seen.controls[k][CONTROL["radiator_nearby_w_m2"]].min() > 0.1


def test_a_neighbour_towards_the_sun_shades(seen: Seen) -> None:
    """Source of truth: by hand: satellites 40 m apart across a dawn-dusk orbit: the shadow of the one towards the Sun, a square of
    11.83 m, takes its overlap with the other's array from that. The penumbra has a half-width of 0.16 m at 40 m: 0.02 of the array."""
    lattice = "{shape: points, points: [[0 m, 0 m, 0 m], [0 m, 0 m, 40 m]], keep_out: 0 m}"
    run = Run(_load(lattice, "duration=100 min", "satellite.attitude.pointing_error=0 deg"), threads=1)
    run.finish()
    shaded = 0
    for k in range(0, 100, 3):
        r_m, sun = seen.now_m[k], _unit(run.surroundings.sun_m[k + 2])
        for i, j in ((0, 1), (1, 0)):
            d = r_m[:, j] - r_m[:, i]
            high = float(d @ sun)
            across = d - high * sun
            along = _unit(np.cross(sun, np.cross(sun, -r_m[:, i])))  # where the planes of array and radiator meet
            other = np.cross(sun, along)
            side = math.sqrt(140.0)
            hidden = max(0.0, side - abs(across @ along)) * max(0.0, side - abs(across @ other)) / 140.0 if high > 0.0 else 0.0
            assert seen.controls[k][CONTROL["array_light"], i] == pytest.approx(1.0 - hidden, abs=0.02)
            shaded += hidden > 0.2
    assert shaded >= 3


def test_pairs_that_part_leave_nothing_behind() -> None:
    """Source of truth: definition: satellites that have drifted out of range, and those that have lost their positions, have full light
    and no heat from neighbours from the next search on."""
    beside = Neighbourhood(Run(_load(PAIR, "duration=1 h"), threads=1))
    work, r_m = np.zeros((1, 200, 264)), np.zeros((1, 1, 3, 32))
    for n, name in enumerate(neighbourhood._READ):
        work[0, neighbourhood._READ_ROWS[n], :2] = 300.0 if name.endswith("_k") else 0.0
    batch = type("Batch", (), {"work": work, "r_m": r_m, "first": np.array([0]), "real": np.array([2])})
    controls = undisturbed(2)

    def place(apart_m: float) -> None:
        work[0, neighbourhood._READ_ROWS[0], :2] = 7e6
        work[0, neighbourhood._READ_ROWS[1], :2] = -400e3
        r_m[0, 0, :, :2] = np.array([[7e6, 7e6], [0.0, apart_m], [0.0, 0.0]])

    place(60.0)
    beside.fill(0, 0, [batch], controls)  # type: ignore[arg-type]
    assert controls[CONTROL["radiator_nearby_w_m2"]].min() > 0.1
    for k, apart_m in ((10, 5000.0), (20, 60.0), (30, 0.0)):
        place(apart_m)
        beside.fill(k, 0, [batch], controls)  # type: ignore[arg-type]
        if apart_m == 60.0:
            assert controls[CONTROL["radiator_nearby_w_m2"]].min() > 0.1
        else:
            assert controls.tolist() == undisturbed(2).tolist(), apart_m


@pytest.mark.parametrize("law", attitude.LAWS)
def test_normals_are_those_of_the_step(law: str) -> None:
    """Source of truth: `attitude.advance` of a step whose middle is the end of the neighbours' step: a circular orbit of which the
    neighbours' step is the first half. The normals are the same to rounding, 1e-12."""
    sets = [f"satellite.attitude.law={law}"]
    if law == "slewing":
        sets += ["satellite.attitude.point=ahead", "satellite.attitude.array_drive=radial"]
    if law != "radiator-edge-on":
        sets += ["satellite.attitude.radiator_cant=20 deg"]
    params = cases.example_parameters("suncatcher", *sets)
    rng, radius_m, rate = np.random.default_rng(7), EARTH_RADIUS_M + 650e3, math.sqrt(MU_EARTH_M3_S2 / (EARTH_RADIUS_M + 650e3) ** 3)
    for _ in range(40):
        first, sun = _unit(rng.normal(size=3)), _unit(rng.normal(size=3))
        second = _unit(np.cross(rng.normal(size=3), first))
        before, now, after = (radius_m * (math.cos(rate * t) * first + math.sin(rate * t) * second) for t in (-30.0, 0.0, 30.0))
        state = cases.random_record("state", rng)._replace(x_m=float(before[0]), y_m=float(before[1]), z_m=float(before[2]))
        inputs = cases.random_record("inputs", rng)._replace(
            **dict(zip(("end_x_m", "end_y_m", "end_z_m"), after.tolist(), strict=True)),
            **dict(zip(("sun_x_m", "sun_y_m", "sun_z_m"), (1.5e11 * sun).tolist(), strict=True)),
        )  # fmt: skip
        of_step = attitude.advance(illumination.directions(state, inputs, 0.0, 1.0, params.illumination), params.attitude)
        ours = neighbours.normals(before[:, None], now[:, None], sun, params.attitude)[:, :, 0]
        theirs = [[getattr(of_step, f"{plate}_{axis}") for axis in "xyz"] for plate in ("array", "radiator")]
        assert ours == pytest.approx(np.array(theirs), abs=1e-12)


# --- what it does to a run --------------------------------------------------------------------------------------------------

DENSE = "{shape: square, spacing: 60 m, radius: 130 m, keep_out: 0 m}"  # 13 satellites
HARD = ("satellite.thermal.radiator.area=20 m2", "duration=3 h")


def test_cuts_leave_no_trace() -> None:
    """Source of truth: the contract: the same bytes whatever tiles, blocks and threads."""
    loaded = _load(DENSE, *HARD)
    whole = Run(loaded, threads=1).finish()
    assert whole.satellites == 13
    for cut in ({"tile": 5, "threads": 2}, {"tile": 1, "block": 7, "threads": 3}):
        parts = Run(loaded, **cut).finish()
        for name in ("carry", "fleet", "extremes", "kept"):
            assert getattr(parts, name).tobytes() == getattr(whole, name).tobytes(), (cut, name)


def test_books_close_with_neighbours() -> None:
    """Source of truth: conservation of energy, 1e-9: what neighbours give is heat that array and radiator take, and light that is not
    there; the core of a dense formation is warmer than its rim, and all are warmer than alone."""
    near, alone = (Run(_load(DENSE, *HARD, f"environment.neighbours={switch}")).finish() for switch in ("true", "false"))
    for outcome in (near, alone):
        assert max(books.closures(outcome).values()) < 1e-9
        assert max(energy_balance.closure(outcome)) < 1e-9
    more = near.row("environment_j") - alone.row("environment_j")
    assert more.min() > 0.0
    places = near.kept[-1, [books.RECORDED[axis] for axis in ("x_m", "y_m", "z_m")]]
    from_middle_m = np.linalg.norm(places - places.mean(axis=1, keepdims=True), axis=0)
    assert int(np.argmax(more)) == int(np.argmin(from_middle_m)), "the satellite in the middle"
    assert near.row("useful_s").sum() < alone.row("useful_s").sum()
    assert near.row("generated_j").sum() <= alone.row("generated_j").sum()


def test_without_neighbours_a_formation_is_alone() -> None:
    """Source of truth: definition: the same bytes as for satellites kilometres apart that are asked for their neighbours, orbit by orbit:
    the first of both formations is their chief."""
    far = "{shape: points, points: [[0 m, 0 m, 0 m], [0 m, 5 km, 0 m]]}"
    apart = Run(_load(far, *HARD)).finish()
    without = Run(_load(PAIR, *HARD, "environment.neighbours=false")).finish()
    assert apart.carry[:, 0].tobytes() == without.carry[:, 0].tobytes()
    beside = Run(_load(PAIR, *HARD)).finish()
    assert beside.row("environment_j")[0] > without.row("environment_j")[0] + 1e3
