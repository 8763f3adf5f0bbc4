"""Parts of a fleet by mass and money, and what a kilogram or a million USD more of each gives in useful FLOPs.

The yardstick is a whole satellite: a part of which a kilogram or a million USD gives more than the same spent on further satellites
limits the design, and one that gives less is too large.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sim.economics import cost
from sim.economics.launch import Vehicle

MILLION = 1e6
STEPS = {  # part by the field that is increased
    "satellite.power.array.area": "array",
    "satellite.power.battery.capacity": "battery",
    "satellite.thermal.radiator.area": "radiator",
    "satellite.shielding.areal_mass": "shielding",
    "satellite.propulsion.station_keeping": "propulsion",
    "satellite.structure.fraction": "structure",
    "satellite.accelerators": "accelerators",
}
REASONS = {  # why a part is not increased by itself
    "hosts": "goes with the accelerators, whose row counts both",
    "launch": "goes with every kilogram",
    "integration": "goes with every price",
    "insurance": "goes with every price",
}
ROUNDING = 1e-9  # of a mass that is the sum of its parts


class Step(NamedTuple):
    """A part increased by a step on the whole fleet: what it adds, and the useful rate gained; None where a price is not known."""

    label: str
    kg: float | None
    usd: float | None
    gain_flops_per_s: float


class Held(NamedTuple):
    """Mass and price of a part in the whole fleet; None where a price is not known."""

    kg: float
    usd: float | None


@dataclass(frozen=True)
class Part:
    """One part of the fleet; mass and price of the whole fleet, shares of launch mass and of satellites with launches."""

    part: str
    mass_kg: float
    mass_share: float
    usd: float | None
    usd_share: float | None
    step: str | None  # what was increased
    step_kg: float | None
    step_usd: float | None
    gain_flops_per_s: float | None
    per_kg: float | None  # useful FLOP/s
    per_million_usd: float | None
    against_satellites_kg: float | None  # over the same of whole satellites
    against_satellites_usd: float | None
    reason: str | None  # why there is no gain


def parts(
    builds: Sequence[cost.Build], prices: cost.Prices | None, vehicle: Vehicle | None, steps: Mapping[str, Step], useful: float
) -> list[Part]:
    """Every part by mass and money, with what more of it gives.

    Parameters
    ----------
    builds : sequence of Build
        The satellites.
    prices : Prices or None
        Prices of their parts; None without economics.
    vehicle : Vehicle or None
        The launch vehicle.
    steps : mapping of str to Step
        Runs with a part increased, by part.
    useful : float
        Useful rate of the whole fleet [FLOP/s].

    Returns
    -------
    list of Part
        Parts by gain for a million USD, or for a kilogram where prices are not known; `satellites` is the yardstick.
    """
    held = holdings(builds, prices, vehicle)
    fleet_kg = math.fsum(b.lot.satellites * b.lot.mass_kg for b in builds)
    fleet_usd = None if prices is None or vehicle is None else cost.full_launch_usd(builds, prices, vehicle)
    yard = Step("as many more of all", fleet_kg, fleet_usd, useful)
    rows = [_row(part, one, steps.get(part), yard) for part, one in held.items()]
    rows.append(_row("satellites", Held(fleet_kg, fleet_usd), yard, yard))
    return sorted(rows, key=_by_gain)


def holdings(builds: Sequence[cost.Build], prices: cost.Prices | None, vehicle: Vehicle | None) -> dict[str, Held]:
    """Mass and price of each part of a fleet.

    Parameters
    ----------
    builds : sequence of Build
        The satellites.
    prices : Prices or None
        Prices of their parts; None without economics.
    vehicle : Vehicle or None
        The launch vehicle.

    Returns
    -------
    dict of str to Held
        Parts by name, with the margin of a stated mass; integration, launch and insurance have no mass of their own. They sum to
        the mass and the price of the satellites with full launches.
    """
    kg: dict[str, float] = {}
    usd: dict[str, float | None] = {}
    for build in builds:
        number, masses = build.lot.satellites, build.parts._asdict()
        masses["propulsion"] += masses.pop("propellant")
        priced: dict[str, float | None] = {} if prices is None else cost.satellite_usd(build, prices)
        by_mass = [part for part in masses if part not in priced or part == "bus"]  # "bus" of the prices is all that has none of its own
        usd_kg = None if prices is None else prices.bus_usd_kg
        each = {part: None if usd_kg is None else masses[part] * usd_kg for part in by_mass} | {p: priced.get(p) for p in masses if p not in by_mass}
        margin_kg = build.lot.mass_kg - math.fsum(masses.values())
        if abs(margin_kg) > ROUNDING * build.lot.mass_kg:
            masses["margin"] = margin_kg
            each["margin"] = None if usd_kg is None else max(0.0, build.other_kg) * usd_kg - math.fsum(each[part] or 0.0 for part in by_mass)
        for part, mass in {**masses, "integration": 0.0}.items():
            kg[part] = kg.get(part, 0.0) + number * mass
            usd[part] = _plus(usd.get(part, 0.0), priced.get(part) if part == "integration" else each[part], number)
    found = {part: Held(kg[part], usd[part]) for part in kg if kg[part] != 0.0 or usd[part]}
    return found | _on_the_whole(builds, prices, vehicle)


def _plus(so_far: float | None, one: float | None, number: int) -> float | None:
    return None if so_far is None or one is None else so_far + number * one


def _on_the_whole(builds: Sequence[cost.Build], prices: cost.Prices | None, vehicle: Vehicle | None) -> dict[str, Held]:
    """Full launches by mass, and the premium over satellites and launches."""
    whole = None if prices is None or vehicle is None else cost.full_launch_usd(builds, prices, vehicle)
    if whole is None or prices is None:
        return {"launch": Held(0.0, None)}
    launched = whole / (1.0 + prices.insurance) - math.fsum(b.lot.satellites * cost.known(cost.satellite_usd(b, prices)) for b in builds)
    premium = whole * prices.insurance / (1.0 + prices.insurance)
    return {"launch": Held(0.0, launched)} | ({"insurance": Held(0.0, premium)} if premium > 0.0 else {})


def _row(part: str, held: Held, step: Step | None, yard: Step) -> Part:
    """A part against whole satellites."""
    per_kg, per_usd = (None, None) if step is None else (_over(step.gain_flops_per_s, step.kg), _over(step.gain_flops_per_s, step.usd))
    yard_kg, yard_usd = _over(yard.gain_flops_per_s, yard.kg), _over(yard.gain_flops_per_s, yard.usd)
    reason = None
    if step is None:
        reason = REASONS.get(part, "no run depends on its mass")
    return Part(
        part=part, mass_kg=held.kg, mass_share=_over(held.kg, yard.kg) or 0.0, usd=held.usd, usd_share=_over(held.usd, yard.usd),
        step=None if step is None else step.label, step_kg=None if step is None else step.kg, step_usd=None if step is None else step.usd,
        gain_flops_per_s=None if step is None else step.gain_flops_per_s, per_kg=per_kg,
        per_million_usd=None if per_usd is None else MILLION * per_usd, against_satellites_kg=_over(per_kg, yard_kg),
        against_satellites_usd=_over(per_usd, yard_usd), reason=reason,
    )  # fmt: skip


def _over(value: float | None, size: float | None) -> float | None:
    return None if value is None or not size else value / size


def _by_gain(row: Part) -> tuple[bool, float, float, str]:
    gain = row.per_million_usd if row.per_million_usd is not None else row.per_kg
    return gain is None, -(gain or 0.0), -row.mass_kg, row.part


def limits(rows: Sequence[Part]) -> str:
    """One line on which part limits a design.

    Parameters
    ----------
    rows : sequence of Part
        Parts of a fleet.

    Returns
    -------
    str
        The parts of which a million USD, and a kilogram, give most, against whole satellites.
    """
    said = []
    for what, ratio in (("a million USD", "against_satellites_usd"), ("a kilogram", "against_satellites_kg")):
        known = [(getattr(row, ratio), row.part) for row in rows if row.part != "satellites" and getattr(row, ratio) is not None]
        if not known:
            continue
        most, part = max(known)
        limit = "" if most > 1.0 else ": no part limits"
        if most <= 0.0:
            return "no part limits: more of any gives no useful FLOPs"
        said.append(f"{what} more gives most in {part}, {most:.3g} times what it gives in whole satellites{limit}")
    return "; ".join(said)
