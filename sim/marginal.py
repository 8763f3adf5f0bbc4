"""What binds: the main design inputs enlarged one at a time, and what each adds in useful FLOPs per kilogram.

Runs on an even sample of the satellites where nothing couples them, and on the whole fleet for about an orbit where
jobs or links do.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sim import metrics, step
from sim.coupled import CoupledRun
from sim.engine import Run
from sim.scenario import Loaded
from sim.spec import Satellite

SAMPLE = 128
COUPLED_STEPS = 100
ENLARGED = 0.1  # share by which each input grows


@dataclass(frozen=True)
class Gain:
    """One input enlarged on every satellite; mass_kg for one satellite, gain as a share of useful FLOPs."""

    what: str
    mass_kg: float
    gain: float

    @property
    def per_kg(self) -> float:
        return self.gain / self.mass_kg


def _enlarged(satellite: Satellite) -> list[tuple[str, float, Satellite]]:
    array, battery, radiator = satellite.power.array, satellite.power.battery, satellite.thermal.radiator
    more_array = array.model_copy(update={"area": array.area * (1.0 + ENLARGED)})
    more_battery = battery.model_copy(
        update={
            name: getattr(battery, name) * (1.0 + ENLARGED)
            for name in ("capacity", "max_charge_power", "max_discharge_power")
        }
    )
    more_radiator = radiator.model_copy(update={"area": radiator.area * (1.0 + ENLARGED)})
    return [
        (
            f"+{_short(ENLARGED * array.area)} m2 array",
            ENLARGED * array.area * array.areal_mass,
            satellite.model_copy(update={"power": satellite.power.model_copy(update={"array": more_array})}),
        ),
        (
            f"+{_short(ENLARGED * battery.capacity / 3.6e6)} kWh battery",
            ENLARGED * battery.capacity / battery.specific_energy,
            satellite.model_copy(update={"power": satellite.power.model_copy(update={"battery": more_battery})}),
        ),
        (
            f"+{_short(ENLARGED * radiator.area)} m2 radiator",
            ENLARGED * radiator.area * radiator.areal_mass,
            satellite.model_copy(update={"thermal": satellite.thermal.model_copy(update={"radiator": more_radiator})}),
        ),
    ]


def _short(value: float) -> str:
    return f"{value:.2g}" if value < 10.0 else f"{value:.0f}"


def _useful(loaded: Loaded) -> float:
    if not loaded.scenario.coupled:
        return float(Run(loaded, sample=SAMPLE).finish().carry[step.USEFUL].sum())
    # a job needs all its members: the whole fleet, for about an orbit
    scenario = loaded.scenario
    short_s = min(scenario.duration, scenario.step * min(scenario.steps, COUPLED_STEPS))
    events = [e for e in scenario.events if (e.at - scenario.epoch).total_seconds() <= short_s]
    record = scenario.record.model_copy(update={"satellites": 0.0})
    whole = scenario.model_copy(update={"duration": short_s, "events": events, "record": record})
    return metrics.ledger_s(CoupledRun(replace(loaded, scenario=whole)).finish())[0]["useful"]


def gains(loaded: Loaded) -> list[Gain]:
    """Every enlarged input, the largest gain per kilogram first."""
    base = _useful(loaded)
    found = []
    for what, mass_kg, satellite in _enlarged(loaded.scenario.satellite):
        changed = replace(loaded, scenario=loaded.scenario.model_copy(update={"satellite": satellite}))
        found.append(Gain(what, mass_kg, _useful(changed) / base - 1.0 if base > 0.0 else 0.0))
    return sorted(found, key=lambda g: (-g.per_kg, g.what))
