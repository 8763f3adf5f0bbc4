"""What a satellite holds, and its best duty cycle: closed forms, an exhaustive search, and whole runs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

import sim
from sim.config import scenario
from sim.config.errors import InputError
from sim.studies import burst, burst_search
from sim.studies.burst_flight import LANES, Flight, bus

SHIPPED = ("suncatcher_prototype", "bupt_1")
# always in sunlight at right angles, cold, without leakage: closed forms
SUNLIT = (
    "epoch=2026-06-21T00:00:00Z", "satellite.accelerator={extends: tpu-v6e}",
    "constellation={kind: ring, altitude: 1200 km, local_time: '06:00', satellites: 1}", "satellite.accelerator.leakage=null",
    "satellite.thermal.heater=null", "satellite.attitude.pointing_error=0 deg", "satellite.thermal.radiator.area=6 m2",
    "satellite.policy={mode: ride_through}", "allow_infeasible=true",
)  # fmt: skip
LOSSLESS = "satellite.power.battery.chemistry={extends: nmc, resistance: 0 mohm, coulombic_efficiency: 1}"
BUS_W, AT_BUS, IDLE_W, DYNAMIC_W, KERNEL = 150.0, 1.02 / 0.92, 4 * (90.0 + 65.0), 4 * (381.0 - 90.0), 0.73


def load(*sets: str, name: str = "suncatcher_prototype") -> Any:
    return scenario.load(name, sets=sets)


@pytest.fixture(scope="module", params=SHIPPED)
def answer(request: pytest.FixtureRequest) -> burst.Answer:
    return burst.answer(load(name=request.param))


@pytest.fixture(scope="module")
def prototype() -> burst.Answer:
    return burst.answer(load())


def _share(rate: float) -> float:
    """Dynamic power at a clock rate over that at full rate: f V^2 with a voltage of 0.6 at rest."""
    return rate * (0.6 + 0.4 * rate) ** 2


def test_power_for_ever_by_the_balance() -> None:
    """Source of truth: by hand: an array that is always lit gives bus, idle power and arithmetic; where it is too small for the
    full rate, the rest is f V^2. The array's power is the orbit's mean of the run: it changes by 1 % with the albedo."""
    loaded = load(*SUNLIT, "satellite.power.array.area=5 m2")
    held = burst.hold_for_ever(bus(loaded))
    made_w = sim.run(load(*SUNLIT, "satellite.power.array.area=5 m2", "duration=6 h")).summary["power"]["array_w_mean"]
    assert held.load_w == pytest.approx(made_w, rel=0.01)
    assert BUS_W + AT_BUS * (IDLE_W + _share(held.rate) * DYNAMIC_W) == pytest.approx(held.load_w, rel=1e-6)
    assert held.payload_w == pytest.approx(IDLE_W + _share(held.rate) * DYNAMIC_W, rel=1e-6)
    assert held.useful == pytest.approx(KERNEL * held.rate, rel=1e-6)
    assert 0.3 < held.rate < 0.6


def test_best_burst_of_limited_energy_by_the_closed_form() -> None:
    """Source of truth: FLOPs per joule are largest where r / (idle + r V(r)^2 dynamic) is; on for the share of the time that the
    array pays for. With a battery that neither fills nor ages nor loses, without restart. The
    optimum is flat: at 0.07 off the rate 0.4 % of the FLOPs are lost, as much as one step more or less; 2 % of the FLOPs."""
    loaded = load(*SUNLIT, "satellite.power.array.area=2.5 m2", "satellite.power.battery.capacity=20 kWh", "satellite.policy.restart=0 s", LOSSLESS)
    of = bus(loaded)
    found = burst_search.Search(Flight(of), of.grid.steps, 0.0).best()
    assert found is not None
    optimum = minimize_scalar(lambda r: (IDLE_W + _share(r) * DYNAMIC_W) / r, bounds=(0.1, 1.0), method="bounded").x
    assert optimum == pytest.approx(0.84, abs=0.02)  # 0.8 r^2 V(r) is idle power over dynamic power there
    assert found.rate == pytest.approx(optimum, abs=0.07)
    summary = sim.run(load(*SUNLIT, "satellite.power.array.area=2.5 m2", "duration=6 h")).summary
    paid = (summary["power"]["array_w_mean"] - BUS_W) / (AT_BUS * (IDLE_W + _share(optimum) * DYNAMIC_W))
    assert found.useful == pytest.approx(KERNEL * optimum * paid, rel=0.02)


@pytest.mark.parametrize("name", SHIPPED)
def test_search_finds_what_an_exhaustive_one_finds(name: str) -> None:
    """Source of truth: every cycle, every duration and 48 clock rates in steps of 300 s: within 1 %. Clock rates of the search are
    finer: no more than 1 % above."""
    of = bus(load(name=name), step_s=300.0)
    _, search = burst.policies(of, burst.sunlit_steps(of))
    found = search.best()
    assert found is not None
    best = 0.0
    for cycle in search.cycles():
        for on in search.durations(cycle):
            for low in np.linspace(burst_search.LEAST_RATE, 1.0, 4)[:3]:
                tried = search.at_rates(cycle, on, np.linspace(low, low + 0.25, LANES))
                best = max(best, 0.0 if tried is None else tried.useful)
    assert 0.99 * best <= found.useful <= 1.01 * best


def test_bursts_beat_throttling_at_equal_life_of_the_battery(answer: burst.Answer) -> None:
    """Source of truth: whole runs of four days under the policy that is proposed, and under `throttle`: at least 10 % more useful
    FLOPs, and a battery that lasts as long by the ageing of the run, within the tolerance of 0.1 % and 0.5 % for a run of another
    length that follows the Sun. What the search says holds within 2 % (its revolution repeats, a run's goes on)."""
    assert answer.best is not None
    assert answer.gain is not None
    assert answer.gain > 0.10
    assert answer.best.battery_life_yr >= answer.throttled.battery_life_yr * 0.999
    found = {}
    for row, setting in ((answer.throttled, "{mode: throttle}"), (answer.best, answer.best_setting)):
        summary = sim.run(load("duration=4 d", f"satellite.policy={setting}", name=answer.scenario)).summary
        assert summary["energy_closure"] < 1e-9
        found[row.policy] = summary["compute"]["useful_fraction"], summary["power"]["battery_life_yr"]
        assert found[row.policy] == pytest.approx((row.useful, row.battery_life_yr), rel=0.02)
    assert found["burst"][0] > 1.10 * found["throttle"][0]
    assert found["burst"][1] > 0.994 * found["throttle"][1]


def test_short_power_is_more_than_power_for_ever(prototype: burst.Answer) -> None:
    """Source of truth: definition: what is held longer is no more than what is held for less time; a warm satellite holds no more than
    a cold one; the best moment is no worse than any. By hand: at the worst moment, as the night falls, the battery alone carries the
    full load of 1,970 W: the 635 Wh or so above its reserve last 19 min; and so does the heat that 2 kW bring into 20 kJ/K, from
    -60 degC to the 75 degC of coolant that the junctions stand, less a third that the panel emits: 21 min. The reported bursts are of
    15 to 20 minutes."""
    a = prototype
    rates = [held.rate for _, held in a.curve]
    assert rates == sorted(rates, reverse=True)
    assert a.for_ever.rate <= rates[-1] + 1e-3
    assert a.for_ever.rate < a.from_rest_any.rate <= a.from_rest.rate
    assert a.from_warm.rate <= a.from_rest.rate
    worst, best = a.full_rate_s
    assert worst is not None
    assert best is not None
    assert 12.0 < worst / 60.0 < 20.0 < best / 60.0 < 23.0


def test_the_burst_of_the_scenario_is_among_the_policies(prototype: burst.Answer) -> None:
    """Source of truth: a whole run of the scenario as it is shipped, with bursts of 17.5 min: 2 %, and no more than the best burst."""
    given = prototype.policies[-1]
    assert (given.policy, given.on_s, given.off_s) == ("burst", 1050.0, 1800.0)
    assert given.useful == pytest.approx(sim.run(load("duration=2 d")).summary["compute"]["useful_fraction"], rel=0.02)
    assert prototype.best is not None
    assert given.useful < prototype.best.useful


def test_a_design_for_bursts_need_not_carry_idle_accelerators() -> None:
    """Source of truth: by hand: 4 m2 give 606 W on average, above the bus's 150 W and below bus and idle accelerators, 150 + 1.109 x 4 x
    (90 + 65) = 837 W: refused where accelerators stay on, and full load for a fifth of the time where they do not."""
    small = "satellite.power.array.area=4 m2"
    with pytest.raises(InputError, match="idle accelerators and bus need"):
        load(small, "satellite.policy={mode: throttle}")
    found = burst.answer(load(small))
    assert found.for_ever.payload_w == 0.0
    assert found.best is not None
    share = (606.0 - BUS_W) / (AT_BUS * (IDLE_W + DYNAMIC_W))
    assert 0.7 * share < found.best.useful / KERNEL < 1.1 * share
