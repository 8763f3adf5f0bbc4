"""Sensitivity: the main inputs of a design, each increased by 10 % by itself, with the mass and cost added."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sim.config import economics_params, workload_params
from sim.config.schema import Inference, Satellite, Scenario, Sensing, Training
from sim.economics.finance import YEAR_S
from sim.studies.ablation import with_value
from sim.workload import parallelism
from sim.workload.parallelism import Mesh
from sim.workload.service import service_problem

MOST_GROWTH = 2  # times, within which a number of accelerators is looked for that the meshes divide
SHARE = 0.1  # by which each input is increased; whole numbers by one at least


class IncreasedInput(NamedTuple):
    """One input increased on every satellite, or one satellite more: SI values, and the unit for display."""

    field: str
    unit: str
    before: float
    after: float
    scenario: Scenario
    satellites: int  # that are added
    name: str
    display_unit: tuple[str, float]  # unit and its size in SI

    @property
    def label(self) -> str:
        """Change and name, such as "+13 m2 array"."""
        unit, size = self.display_unit
        more = (self.after - self.before) / size
        return f"+{more:.2g} {unit} {self.name}" if abs(more) < 10.0 else f"+{more:.0f} {unit} {self.name}"


def inputs_with_mass(scenario: Scenario) -> list[IncreasedInput]:
    """Inputs that every design can trade: array, battery and radiator.

    Parameters
    ----------
    scenario : Scenario
        The scenario.

    Returns
    -------
    list of IncreasedInput
        The inputs, each in a scenario of its own.
    """
    powers = ("power.battery.max_charge_power", "power.battery.max_discharge_power")
    return [
        _satellite_input(scenario, "power.array.area", "m2", "array", ("m2", 1.0)),
        _satellite_input(scenario, "power.battery.capacity", "J", "battery", ("kWh", 3.6e6), along_with=powers),
        _satellite_input(scenario, "thermal.radiator.area", "m2", "radiator", ("m2", 1.0)),
    ]  # fmt: skip


def all_inputs(scenario: Scenario, meshes: Sequence[Mesh], satellites: int) -> tuple[list[IncreasedInput], list[str]]:
    """All main inputs that the scenario uses.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    meshes : sequence of Mesh
        Present meshes of the training workloads, in order.
    satellites : int
        Satellites of the constellation.

    Returns
    -------
    inputs : list of IncreasedInput
        The inputs, each in a scenario of its own.
    notes : list of str
        Inputs that cannot be increased, with the reason.
    """
    trains = any(isinstance(job, Training) for job in scenario.workloads)
    serves = any(isinstance(job, Inference) for job in scenario.workloads)
    inputs = [*inputs_with_mass(scenario), _satellite_input(scenario, "thermal.loop.conductance", "W/K", "coolant loop", ("kW/K", 1e3))]
    if trains or serves:
        inputs.append(_satellite_input(scenario, "accelerator.fabric.rate", "B/s", "fabric", ("GB/s", 1e9)))
    if serves:
        inputs.append(_satellite_input(scenario, "accelerator.memory_bandwidth", "B/s", "memory", ("GB/s", 1e9)))
    inputs += [*_links(scenario, trains), *_ground(scenario)]
    for i, job in enumerate(scenario.workloads):
        if isinstance(job, Training):
            path = f"workloads.{i}.checkpoint.rate"
            inputs.append(_scenario_input(scenario, path, "B/s", job.checkpoint.rate, "checkpoints", ("GB/s", 1e9)))
    accelerators, notes = _accelerators(scenario, meshes)
    inputs += accelerators
    if trains and scenario.fleet is not None:
        more = 1.0 + scenario.fleet.spares
        problem, short = _prescribed_mesh_problem(scenario, meshes, satellites - int(more)), _short_workload(scenario, int(more), satellites)
        if short is not None:
            notes.append(f"fleet.spares: not increased, {short}")
        elif problem is None:
            more_spares = with_value(scenario, "fleet.spares", more)
            inputs.append(IncreasedInput(
                field="fleet.spares", unit="1", before=more - 1.0, after=more, scenario=more_spares, satellites=1,
                name="spare", display_unit=("", 1.0),
            ))
        else:
            notes.append(f"fleet.spares: not increased, the mesh needs every satellite ({problem})")
    return inputs, notes


def inputs_of_parts(scenario: Scenario) -> list[IncreasedInput]:
    """Fields of parts that no other input enlarges: shielding, propulsion and structure; those that are 0 are left out.

    Parameters
    ----------
    scenario : Scenario
        The scenario.

    Returns
    -------
    list of IncreasedInput
        The inputs, each in a scenario of its own.
    """
    satellite, given = scenario.satellite, scenario.satellite.propulsion.station_keeping
    kept_m_s2 = economics_params.design_of(satellite, scenario)[1].duty.station_keeping_m_s2 if given is None else given
    fields = (
        ("shielding.areal_mass", "kg/m2", "shielding", ("kg/m2", 1.0), satellite.shielding.areal_mass),
        ("propulsion.station_keeping", "m/s2", "station keeping", ("m/s/yr", 1.0 / YEAR_S), kept_m_s2),
        ("structure.fraction", "1", "structure", ("", 1.0), satellite.structure.fraction),
    )
    return [_satellite_input(scenario, path, unit, name, shown, before=now) for path, unit, name, shown, now in fields if now > 0.0]


def _satellite_input(
    scenario: Scenario, path: str, unit: str, name: str, display_unit: tuple[str, float],
    along_with: tuple[str, ...] = (), before: float | None = None,
) -> IncreasedInput:  # fmt: skip
    """A field of the satellite increased by 10 %, with the fields in `along_with`; `before` is what it follows from where it is not stated."""
    before = _value(scenario.satellite, path) if before is None else before
    after = (1.0 + SHARE) * before
    grown = with_value(scenario, f"satellite.{path}", after)
    for each in along_with:
        grown = with_value(grown, f"satellite.{each}", (1.0 + SHARE) * _value(scenario.satellite, each))
    return IncreasedInput(
        field=f"satellite.{path}", unit=unit, before=before, after=after, scenario=grown, satellites=0,
        name=name, display_unit=display_unit,
    )


def _scenario_input(
    scenario: Scenario, path: str, unit: str, before: float, name: str, display_unit: tuple[str, float]
) -> IncreasedInput:  # fmt: skip
    after = (1.0 + SHARE) * before
    return IncreasedInput(
        field=path, unit=unit, before=before, after=after, scenario=with_value(scenario, path, after), satellites=0,
        name=name, display_unit=display_unit,
    )


def _value(satellite: Satellite, path: str) -> float:
    """Value of a field; 0 where it is not given, such as station keeping that follows from the orbit."""
    node: object = satellite
    for name in path.split("."):
        node = getattr(node, name)
    assert node is None or isinstance(node, int | float)
    return 0.0 if node is None else float(node)  # a duty that follows from the orbits is no input


def _links(scenario: Scenario, trains: bool) -> list[IncreasedInput]:
    """Link rate, and terminals where the topology uses as many neighbours as there are terminals."""
    links = scenario.links
    if links is None or not trains:
        return []
    terminal = links.terminal
    faster = _scenario_input(
        scenario, "links.terminal.channel_rate", "bit/s", terminal.channel_rate, "channels", ("Gbit/s", 1e9)
    )
    # long links are limited by received power: increase it as well, so that every rate grows
    path = "links.terminal.transmit_power"
    faster = faster._replace(scenario=with_value(faster.scenario, path, (1.0 + SHARE) * terminal.transmit_power))
    if links.form != "nearest":
        return [faster]
    before, after = float(links.terminals), float(_whole(links.terminals))
    more = with_value(scenario, "links.terminals", int(after))
    return [faster, IncreasedInput(
        field="links.terminals", unit="1", before=before, after=after, scenario=more, satellites=0,
        name="terminals", display_unit=("", 1.0),
    )]


def _ground(scenario: Scenario) -> list[IncreasedInput]:
    """Rates of antennas over which work waits for data or weights: that of `ground`, where no link budget gives it, and those of uploads."""
    found, ground = [], scenario.ground
    budgeted = ground is not None and (ground.radio is not None or ground.telescope is not None)
    waits = any(isinstance(job, Training | Inference) and job.ingest is not None for job in scenario.workloads) and not budgeted
    sends = any(isinstance(job, Sensing) and job.processing is not None for job in scenario.workloads)  # a full storage takes no image
    if ground is not None and ground.link_rate is not None and (waits or sends):
        found.append(_scenario_input(scenario, "ground.link_rate", "bit/s", ground.link_rate, "antennas", ("Gbit/s", 1e9)))
    for i, job in enumerate(scenario.workloads):
        if isinstance(job, Sensing) and job.processing is not None and job.upload is not None:
            found.append(_scenario_input(scenario, f"workloads.{i}.upload.rate", "bit/s", job.upload.rate, "uploads", ("Mbit/s", 1e6)))
    return found


def _whole(count: int) -> int:
    return max(count + 1, round((1.0 + SHARE) * count))


def _accelerators(scenario: Scenario, meshes: Sequence[Mesh]) -> tuple[list[IncreasedInput], list[str]]:
    """More accelerators on each satellite, where the present meshes still divide them and the services still fit."""
    satellite, path = scenario.satellite, "satellite.accelerators"
    before, least = satellite.accelerators, _whole(satellite.accelerators)
    problems = [_mesh_problem(meshes, before, after) for after in range(least, MOST_GROWTH * least + 1)]
    if None not in problems:
        return [], [f"{path}: not increased from {before} to {least}: {(problems[0] or '').partition(';')[0]}"]
    after = least + problems.index(None)
    grown = with_value(scenario, path, after)
    for job in grown.workloads:
        if isinstance(job, Inference):
            service = workload_params.service(job, workload_params.slowest(grown.types, job.precision))
            problem = service_problem(service)
            if problem is not None:
                return [], [f"{path}: not increased from {before} to {after}: {problem.rpartition('; write')[0]}"]
    return [IncreasedInput(
        field=path, unit="1", before=before, after=after, scenario=grown, satellites=0, name="accelerators",
        display_unit=("", 1.0),
    )], []


def _mesh_problem(meshes: Sequence[Mesh], before: int, after: int) -> str | None:
    """Why the present meshes do not divide a number of accelerators; None where they do."""
    found = (parallelism.mesh_problem(mesh, after, parallelism.members(mesh, before)) for mesh in meshes)
    return next((problem for problem in found if problem is not None), None)


def _short_workload(scenario: Scenario, spares: int, satellites: int) -> str | None:
    """A workload that lacks satellites for its stages, islands or replicas beside a number of spares; None where there is none."""
    each = int(min(t.accelerators for t in scenario.types))
    for i, (job, count) in enumerate(zip(scenario.workloads, workload_params.counts(scenario.workloads, spares, satellites), strict=True)):
        needed = 1
        if isinstance(job, Training):
            needed = min(workload_params.island_counts(job, each, count))
        elif isinstance(job, Inference):
            needed = workload_params.stages(job, workload_params.slowest(scenario.types, job.precision))
        if needed > count:
            return f"workloads.{i} needs {needed} satellites and would have {count}"
    return None


def _prescribed_mesh_problem(scenario: Scenario, meshes: Sequence[Mesh], satellites: int) -> str | None:
    """Why meshes that the scenario prescribes do not fit a number of satellites; None where they do."""
    jobs = [job for job in scenario.workloads if isinstance(job, Training)]
    for job, mesh in zip(jobs, meshes, strict=True):
        left = satellites if job.members is None else min(satellites, job.members)
        problem = parallelism.mesh_problem(mesh, scenario.satellite.accelerators, left)
        if job.mesh is not None and problem is not None:
            return problem.partition(";")[0]
    return None
