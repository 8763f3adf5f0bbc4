"""From a scenario to what the loop reads."""

from __future__ import annotations

from dataclasses import replace

import energy_books as books
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.engine import events, satellite_params
from sim.engine.driver import Run
from sim.fleet.availability import SCENARIO, AvailabilityChange, Kind, Target
from sim.spacecraft import thermal
from sim.spacecraft.step import ROWS
from sim.spacecraft.thermal_response import NODES


def test_parameters_are_those_of_the_scenario_in_si() -> None:
    """Source of truth: arithmetic by hand on overrides: 10 chips of 0.05 K/W in parallel are 200 W/K, and so on."""
    loaded = books.load(
        *books.chip("junction_to_plate=0.05 K/W", "hbm_to_plate=0.2 K/W", "junction_heat_capacity=60 J/K", "hbm_heat_capacity=20 J/K",
                    "max_power=300 W", "idle_power=100 W", "junction_limit=90 degC", "hbm_limit=100 degC"),
        "satellite.accelerators=10", "satellite.thermal.plate.to_coolant=0.01 K/W", "satellite.thermal.plate.heat_capacity=400 J/K",
        "satellite.thermal.radiator.area=20 m2", "satellite.thermal.radiator.heat_capacity=4.5 kJ/(m2 K)", "satellite.accelerator.host.power=50 W",
        "satellite.bus.power=2 kW", "satellite.power.battery.capacity=10 kWh", "satellite.power.battery.max_depth=0.5",
        "satellite.power.battery.bus_reserve=30 min", "step=30 s",
        "satellite.power.battery.chemistry={extends: nca, resistance: 76 mohm, capacity: 3.6 Ah, voltage_empty: 3.3 V, voltage_full: 4.3 V}",
    )  # fmt: skip
    network = thermal.network(loaded.scenario.satellite)
    assert [link.conductance_w_k for link in network.links[:2]] == pytest.approx([200.0, 50.0])
    assert network.coolant.attached["plate"] == pytest.approx(1000.0)
    assert network.heat_capacity_j_k[:3] == pytest.approx((600.0, 200.0, 4000.0))
    assert network.heat_capacity_j_k[4:7] == pytest.approx(np.full(3, 30_000.0))
    assert network.heat_capacity_j_k[7] == pytest.approx(10e3 / 150.0 * 1000.0)  # 10 kWh at 150 Wh/kg and 1 kJ/(kg K)
    params = satellite_params.satellite_params(loaded.scenario)
    assert (params.compute.idle_w, params.compute.dynamic_w, params.compute.host_w) == pytest.approx(
        (1000.0, 2000.0, 500.0)
    )
    assert (params.battery.capacity_j, params.battery.floor_j) == pytest.approx((3.6e7, 1.8e7))
    # bus of 2 kW and terminals of 1.52 kW; tau = 0.076 x 3.6 / 3.8 h; (4.3 / 3.3)^2 x 3.3^2 in the middle of the energy: V^2 = 14.69 V2, over 3.8^2
    k = 0.076 * 3.6 / 3.8 * 3600.0 / 3.6e7 / (0.5 * (3.3**2 + 4.3**2) / 3.8**2)
    assert params.battery.reserve_j == pytest.approx(1.8e7 + 1800.0 * (1.0 - (1.0 - 4.0 * k * 3520.0) ** 0.5) / (2.0 * k))
    assert (params.thermal.junction_limit_k, params.thermal.hbm_limit_k) == pytest.approx((363.15, 373.15))
    assert params.step_s == params.array.step_s == 30.0
    assert sum(flag == 1.0 for flag in params.attitude[:3]) == 1


def test_starting_temperatures_are_steady_and_within_limits() -> None:
    """Source of truth: the balance of one radiator: eta 2 eps sigma A T^4 = heat + infrared through F = 0.24 twice + sunlight in
    0.62 of the orbit, by the sine of the pointing error; the node above it warmer by its heat over its conductance."""
    loaded = books.load(books.ring())
    params = satellite_params.satellite_params(loaded.scenario)
    start = satellite_params.start_temperatures_k(satellite_params.setup_of(loaded.scenario), params)
    junction, hbm, plate, loop, *radiator = (start[f"{name}_k"] for name in NODES[:7])
    c = params.compute
    electronics = c.idle_w + c.dynamic_w + c.host_w
    t = loaded.scenario.satellite.thermal
    mean = 0.5 * (loop + loop - electronics * c.per_conversion / t.loop.flow)
    total = electronics * c.per_conversion * (1.0 + c.pump_fraction) - t.structure.to_coolant * (mean - start["structure_k"])
    gross = 2.0 * t.radiator.emissivity * t.radiator.fin_efficiency * 5.670374419e-8 * t.radiator.area
    emitted = gross * float(np.mean(np.array(radiator) ** 4))
    sunlight = t.radiator.absorptance * 0.62 * 1361.0 * np.sin(loaded.scenario.satellite.attitude.pointing_error)
    absorbed = t.radiator.emissivity * 0.48 * params.earth.infrared_w_m2 + sunlight
    assert emitted == pytest.approx(total + t.radiator.area * t.radiator.fin_efficiency * absorbed, rel=1e-4)
    assert radiator[2] < radiator[1] < radiator[0] < loop < plate < hbm < junction <= 368.15 + 1e-9


# --- events -------------------------------------------------------------------------------------------------------


def change(at_steps: float, action: str, first: int, last: int, to: float = 1.0) -> list[AvailabilityChange]:
    """Changes of one event with steps of one second, as a scenario makes them."""
    cap = AvailabilityChange(at_steps, Target(Kind.RATE, first, last), to if action == "derate" else 1.0, SCENARIO)
    whole = AvailabilityChange(at_steps, Target(Kind.SATELLITE, first, last), float(action == "restore"), SCENARIO)
    return {"derate": [cap], "lose": [whole], "restore": [cap, whole]}[action]


def inputs(
    changes: list[AvailabilityChange], lo: int, hi: int, width: int, first: int, steps: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Share of each step that satellites work, the rate they may reach then, whether they work at its end."""
    made, serving = events.step_inputs(changes, lo, hi, width, first, steps, 1.0)
    return made[ROWS.controls["available"]], made[ROWS.controls["rate_cap"]], serving


@pytest.mark.parametrize("changes", [[], change(2.3, "lose", 1, 1)])
def test_what_no_event_changes_is_undisturbed(changes: list[AvailabilityChange]) -> None:
    """Source of truth: by hand: satellites that nothing couples have no neighbours: full light on the array, no heat from others and all terminals on,
    whether or not events concern them; all else is 1 but for what the event takes."""
    made, _ = events.step_inputs(changes, 0, 3, 4, 0, 5, 1.0)
    for name, row in ROWS.controls.items():
        if name in ("array_nearby_w_m2", "radiator_nearby_w_m2", "unlinked"):
            assert np.all(made[row] == 0.0), name
        else:
            assert np.all(made[row][0] == 1.0), name


def test_loss_inside_a_step() -> None:
    """Source of truth: a satellite lost 0.3 of the way through step 2 works 0.3 of it and nothing after."""
    works, rate, _ = inputs(change(2.3, "lose", 1, 1), 0, 3, 4, 0, 5)
    assert works[:, 1] == pytest.approx([1.0, 1.0, 0.3, 0.0, 0.0])
    assert np.all(works[:, [0, 2, 3]] == 1.0)
    assert np.all(rate == 1.0)


def test_derating_inside_a_step() -> None:
    """Source of truth: to 0.4 after a quarter of a step: mean rate 0.25 + 0.75 x 0.4 = 0.55, at full working time."""
    works, rate, _ = inputs([*change(1.25, "derate", 0, 0, 0.4), *change(3.5, "restore", 0, 0)], 0, 1, 1, 0, 5)
    assert np.all(works == pytest.approx(1.0))
    assert rate[:, 0] == pytest.approx([1.0, 0.55, 0.4, 0.7, 1.0])


def test_loss_and_restoration_in_one_step() -> None:
    """Source of truth: lost from 0.2 to 0.7 of a step: 0.5 of it; restoring brings the full rate back."""
    changes = [*change(0.0, "derate", 0, 0, 0.5), *change(1.2, "lose", 0, 0), *change(1.7, "restore", 0, 0)]
    works, rate, _ = inputs(changes, 0, 1, 1, 0, 3)
    assert works[:, 0] == pytest.approx([1.0, 0.5, 1.0])
    assert rate[:, 0] == pytest.approx([0.5, (0.2 * 0.5 + 0.3 * 1.0) / 0.5, 1.0])


def test_events_of_a_scenario() -> None:
    """Source of truth: an event at 00:02:30 is at 150 s; `all` is the whole fleet; at one instant the later one wins."""
    loaded = books.load(
        "duration=10 min", books.ring(),
        events=("2026-12-21T00:05Z lose satellites 2-3", "2026-12-21T00:02:30Z derate all to 0.25", "2026-12-21T00:05Z restore satellite 3"),
    )  # fmt: skip
    found = events.listed_changes(loaded)
    assert [(c.time_s, c.target, c.remaining) for c in found if c.target.name] == [
        (150.0, (Kind.RATE, 0, 7, "all"), 0.25), (300.0, (Kind.SATELLITE, 2, 3, "satellites 2-3"), 0.0),
        (300.0, (Kind.SATELLITE, 3, 3, "satellite 3"), 1.0),
    ]  # fmt: skip
    made, _ = events.step_inputs(found, 0, 8, 8, 0, 10, 60.0)
    assert made[ROWS.controls["available"], 9].tolist() == [1.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    assert made[ROWS.controls["rate_cap"], 9].tolist() == [0.25, 0.25, 0.25, 1.0, 0.25, 0.25, 0.25, 0.25]


AT_ONCE = (
    ("restore all", "lose satellite 5", "derate satellite 1 to 0.5", "derate all to 0.8", "lose satellites 0-1", "restore satellite 0", "lose satellite 0"),
    [0.0, 0.0, 1.0, 1.0, 1.0, 0.0],
)


@pytest.mark.parametrize("coupled", [False, True])
def test_events_at_one_instant_keep_their_order(coupled: bool) -> None:
    """Source of truth: the rule: the later written one wins, with and without links; events.parquet has them as written."""
    written, available = AT_ONCE
    more = ("links={topology: grid, terminal: oct-100g}", "fleet={soft_errors: false}") if coupled else ()
    loaded = books.load(
        "duration=10 min", books.ring("06:00", 16, 1500.0), *more, events=tuple(f"2026-12-21T00:05:30Z {event}" for event in written)
    )
    assert loaded.scenario.coupled == coupled
    outcome = Run(loaded, threads=1).finish()
    assert [c.target.name for c in outcome.changes] == [event.split(" ", 1)[1].partition(" to ")[0] for event in written]
    failed = books.shares(outcome)["failed"]
    # 330 of 600 s before the events; after them the satellites that are left run at 0.8
    assert failed == pytest.approx([(1.0 - up * 0.8) * 270.0 / 600.0 for up in (*available, *[1.0] * 10)], abs=1e-9)


def test_planes_of_a_scenario() -> None:
    """By hand: a shell of 2 x 3, a ring of 4, a cluster of 5, then shells of 2 x 2 and 1 x 2 in shorthand: planes 0 and 1, 2,
    none, 3 to 5; satellites count through all of them."""
    shell = "{kind: walker, altitude: 550 km, inclination: 53 deg, planes: 2, satellites_per_plane: 3}"
    ring = "{kind: ring, altitude: 650 km, local_time: '06:00', satellites: 4}"
    cluster = "{kind: cluster, altitude: 650 km, local_time: '06:00', lattice: {spacing: 200 m, radius: 200 m}}"
    code = "{kind: shorthand, code: 'D:550:53.0:4/2/0+S:600:87.0:2/1/0'}"
    reported = [f"2026-12-21T00:0{p}Z lose plane {p}" for p in range(6)]
    loaded = books.load("duration=10 min", f"constellation=[{shell}, {ring}, {cluster}, {code}]", events=tuple(reported))
    assert [tuple(c.target) for c in events.listed_changes(loaded)] == [
        (Kind.SATELLITE, first, last, f"plane {p}")
        for p, (first, last) in enumerate([(0, 2), (3, 5), (6, 9), (15, 16), (17, 18), (19, 20)])
    ]


def test_other_targets_of_a_scenario() -> None:
    """Source of truth: the list of targets; a station by its number, with a name of several words."""
    stations = "ground={stations: [{name: A, latitude: 1 deg, longitude: 0 deg}, {name: Port to B, latitude: 2 deg, longitude: 0 deg}]}"
    loaded = books.load(
        "duration=10 min", books.ring(), stations, "links={topology: grid}",
        events=tuple(f"2026-12-21T00:0{i}Z {text}" for i, text in enumerate((
            "derate satellite 7 accelerators to 0.875", "lose satellites 1-2 accelerators", "derate links of satellite 4 to 0.5",
            "lose link 3-2", "lose station Port to B", "restore all", "lose plane 0 accelerators", "lose links of plane 0",
        ))),
    )  # fmt: skip
    assert [(c.target.kind, c.target.first, c.target.last, c.remaining) for c in events.listed_changes(loaded)] == [
        (Kind.ACCELERATORS, 7, 7, 0.875), (Kind.ACCELERATORS, 1, 2, 0.0), (Kind.TERMINALS, 4, 4, 0.5), (Kind.LINK, 2, 3, 0.0),
        (Kind.STATION, 1, 1, 0.0), (Kind.RATE, 0, 7, 1.0), (Kind.SATELLITE, 0, 7, 1.0), (Kind.ACCELERATORS, 0, 7, 0.0),
        (Kind.TERMINALS, 0, 7, 0.0),
    ]  # fmt: skip


def test_a_study_without_ground_has_no_stations_to_lose() -> None:
    stations = "ground={stations: [{name: A, latitude: 1 deg, longitude: 0 deg}]}"
    loaded = books.load("duration=10 min", books.ring(), stations, events=("2026-12-21T00:01Z lose station A",))
    without = replace(loaded, scenario=loaded.scenario.model_copy(update={"ground": None}))
    assert (len(events.listed_changes(loaded)), events.listed_changes(without)) == (1, [])


ACTIONS = st.tuples(
    st.floats(0.0, 9.0), st.sampled_from(["lose", "restore", "derate"]), st.integers(0, 4), st.floats(0.0, 1.0)
)


@given(st.lists(ACTIONS, max_size=6), st.integers(1, 9))
@settings(max_examples=60, deadline=None)
def test_step_inputs_against_fine_time(reported: list[tuple[float, str, int, float]], cut: int) -> None:
    """Source of truth: playing the events on 2000 instants a step; the sum's error is one instant per event: 6 / 2000.
    Cutting time into blocks changes nothing."""
    reported = sorted(reported, key=lambda e: e[0])  # at one instant the later one stays
    changes = [c for t, action, s, x in reported for c in change(t, action, s, s, x)]
    works, rate, at_end = inputs(changes, 0, 5, 5, 0, 10)
    fine = (np.arange(20_000) + 0.5) / 2000
    for sat in range(5):
        up, cap = np.ones(20_000), np.ones(20_000)
        for at_steps, action, satellite, to in reported:
            after = (fine >= at_steps) & (satellite == sat)
            if action == "lose":
                up[after] = 0.0
            elif action == "restore":
                up[after], cap[after] = 1.0, 1.0
            else:
                cap[after] = to
        expected_up, expected = up.reshape(10, -1).mean(axis=1), (up * cap).reshape(10, -1).mean(axis=1)
        row = slice(None) if works.shape[0] > 1 else np.zeros(10, dtype=int)
        assert np.abs(works[row, sat] - expected_up).max() < 6 / 2000
        assert np.abs((works * rate)[row, sat] - expected).max() < 6 / 2000
    first, second = inputs(changes, 0, 5, 5, 0, cut), inputs(changes, 0, 5, 5, cut, 10 - cut)
    for whole, a, b in zip((works, rate, at_end), first, second, strict=True):
        parts = np.concatenate((np.broadcast_to(a, (cut, 5)), np.broadcast_to(b, (10 - cut, 5))))
        assert np.array_equal(np.broadcast_to(whole, (10, 5)), parts)


def test_who_works_at_the_end_of_a_step() -> None:
    """By hand: lost at 2.3 steps, back at 4.0: working at the ends 1, 2, not at 3, again at 4 and 5."""
    _, _, at_end = inputs([*change(2.3, "lose", 0, 0), *change(4.0, "restore", 0, 0)], 0, 1, 1, 0, 5)
    assert at_end[:, 0].tolist() == [1.0, 1.0, 0.0, 1.0, 1.0]
