"""What binds: the main design inputs enlarged one at a time, and what each adds in useful FLOPs per kilogram.

Runs on an even sample of the satellites: no job couples them in this version, so the sample stands for the fleet.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sim import step
from sim.engine import Run
from sim.scenario import Loaded
from sim.spec import Satellite

SAMPLE = 128
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
    return float(Run(loaded, sample=SAMPLE).finish().carry[step.USEFUL].sum())


def gains(loaded: Loaded) -> list[Gain]:
    """Every enlarged input, the largest gain per kilogram first."""
    base = _useful(loaded)
    found = []
    for what, mass_kg, satellite in _enlarged(loaded.scenario.satellite):
        changed = replace(loaded, scenario=loaded.scenario.model_copy(update={"satellite": satellite}))
        found.append(Gain(what, mass_kg, _useful(changed) / base - 1.0 if base > 0.0 else 0.0))
    return sorted(found, key=lambda g: (-g.per_kg, g.what))
