"""The main inputs of a design, each a tenth larger by itself, and what that weighs and costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sim.config.schema import Inference, Satellite, Scenario, Training
from sim.studies.ablation import altered
from sim.workload import parallelism
from sim.workload.parallelism import Mesh

SHARE = 0.1  # by which each input grows; whole numbers by one at least


class Larger(NamedTuple):
    """One input enlarged on every satellite: SI values, what it adds to one satellite, how a person reads it."""

    field: str
    unit: str
    before: float
    after: float
    scenario: Scenario
    mass_kg: float | None  # added to a satellite; None: no mass is told for it
    usd: float | None  # its price without mass and launch
    name: str
    shown: tuple[str, float]  # unit and its size in SI

    @property
    def what(self) -> str:
        """Such as "+13 m2 array"."""
        unit, size = self.shown
        more = (self.after - self.before) / size
        return f"+{more:.2g} {unit} {self.name}" if abs(more) < 10.0 else f"+{more:.0f} {unit} {self.name}"


def sized(scenario: Scenario) -> list[Larger]:
    """Those whose mass a satellite tells: array, battery, radiator."""
    satellite = scenario.satellite
    array, battery, radiator = satellite.power.array, satellite.power.battery, satellite.thermal.radiator
    powers = ("power.battery.max_charge_power", "power.battery.max_discharge_power")
    return [
        _larger(scenario, "power.array.area", "m2", "array", ("m2", 1.0), SHARE * array.area * array.areal_mass),
        _larger(
            scenario, "power.battery.capacity", "J", "battery", ("kWh", 3.6e6),
            SHARE * battery.capacity / battery.specific_energy, along=powers,
        ),
        _larger(
            scenario, "thermal.radiator.area", "m2", "radiator", ("m2", 1.0), SHARE * radiator.area * radiator.areal_mass
        ),
    ]  # fmt: skip


def all_of(scenario: Scenario, meshes: Sequence[Mesh], satellites: int) -> tuple[list[Larger], list[str]]:
    """Every input that is enlarged, and in words those that cannot be. meshes: of the training workloads now."""
    trains = any(isinstance(job, Training) for job in scenario.workloads)
    serves = any(isinstance(job, Inference) for job in scenario.workloads)
    found = [*sized(scenario), _larger(scenario, "thermal.loop.conductance", "W/K", "coolant loop", ("kW/K", 1e3))]
    if trains or serves:
        found.append(_larger(scenario, "accelerator.interconnect", "B/s", "interconnect", ("GB/s", 1e9)))
    if serves:
        found.append(_larger(scenario, "accelerator.memory_bandwidth", "B/s", "memory", ("GB/s", 1e9)))
    found += _links(scenario, trains)
    for i, job in enumerate(scenario.workloads):
        if isinstance(job, Training):
            path = f"workloads.{i}.checkpoint.rate"
            found.append(_plain(scenario, path, "B/s", job.checkpoint.rate, "checkpoints", ("GB/s", 1e9)))
    counted, told = _accelerators(scenario, meshes)
    found += counted
    if trains and scenario.fleet is not None:
        more = 1.0 + scenario.fleet.spares
        problem = _crowded(scenario, meshes, satellites - int(more))
        if problem is None:
            spared = altered(scenario, "fleet.spares", more)
            found.append(Larger("fleet.spares", "1", more - 1.0, more, spared, None, None, "spare", ("", 1.0)))
        else:
            told.append(f"fleet.spares: not enlarged, the mesh leaves no satellite over ({problem})")
    return found, told


def _larger(
    scenario: Scenario, path: str, unit: str, name: str, shown: tuple[str, float], mass_kg: float | None = None,
    along: tuple[str, ...] = (),
) -> Larger:  # fmt: skip
    """A field of the satellite a tenth larger, and others along with it."""
    grown: Scenario = scenario
    for each in (path, *along):
        grown = altered(grown, f"satellite.{each}", (1.0 + SHARE) * _value(scenario.satellite, each))
    before, after = _value(scenario.satellite, path), _value(grown.satellite, path)
    usd = None if mass_kg is None else 0.0
    return Larger(f"satellite.{path}", unit, before, after, grown, mass_kg, usd, name, shown)


def _plain(
    scenario: Scenario, path: str, unit: str, before: float, name: str, shown: tuple[str, float]
) -> Larger:  # fmt: skip
    after = (1.0 + SHARE) * before
    return Larger(path, unit, before, after, altered(scenario, path, after), None, None, name, shown)


def _value(satellite: Satellite, path: str) -> float:
    found: object = satellite
    for name in path.split("."):
        found = getattr(found, name)
    assert isinstance(found, int | float)
    return float(found)


def _links(scenario: Scenario, trains: bool) -> list[Larger]:
    """Link rate, and terminals where the topology takes as many neighbours as there are terminals."""
    links = scenario.links
    if links is None or not trains:
        return []
    terminal = links.terminal
    faster = _plain(
        scenario, "links.terminal.channel_rate", "bit/s", terminal.channel_rate, "channels", ("Gbit/s", 1e9)
    )
    # a longer link is bound by its photons: their number grows along, so that every rate does
    path = "links.terminal.transmit_power"
    faster = faster._replace(scenario=altered(faster.scenario, path, (1.0 + SHARE) * terminal.transmit_power))
    if links.topology != "nearest":
        return [faster]
    before, after = float(links.terminals), float(_whole(links.terminals))
    more = altered(scenario, "links.terminals", int(after))
    return [faster, Larger("links.terminals", "1", before, after, more, None, None, "terminals", ("", 1.0))]


def _whole(count: int) -> int:
    return max(count + 1, round((1.0 + SHARE) * count))


def _accelerators(scenario: Scenario, meshes: Sequence[Mesh]) -> tuple[list[Larger], list[str]]:
    """More chips on the same satellite, where the meshes of now still divide them."""
    satellite, path = scenario.satellite, "satellite.accelerators"
    before, after = satellite.accelerators, _whole(satellite.accelerators)
    for mesh in meshes:
        problem = parallelism.mesh_problem(mesh, after, parallelism.members(mesh, satellite.accelerators))
        if problem is not None:
            return [], [f"{path}: not enlarged from {before} to {after}: {problem.partition(';')[0]}"]
    price = None if scenario.economics is None else (after - before) * scenario.economics.accelerator
    grown = altered(scenario, path, after)
    return [Larger(path, "1", before, after, grown, None, price, "accelerators", ("", 1.0))], []


def _crowded(scenario: Scenario, meshes: Sequence[Mesh], satellites: int) -> str | None:
    """Why the meshes that the scenario prescribes do not fit on so many satellites."""
    jobs = [job for job in scenario.workloads if isinstance(job, Training)]
    for job, mesh in zip(jobs, meshes, strict=True):
        left = satellites if job.members is None else min(satellites, job.members)
        problem = parallelism.mesh_problem(mesh, scenario.satellite.accelerators, left)
        if job.mesh is not None and problem is not None:
            return problem.partition(";")[0]
    return None
