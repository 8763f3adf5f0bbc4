"""The fleet of a scenario on a day of its mission: another date, older satellites, other hardware, lost parts, events that hold all day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from sim.config import yaml_tree
from sim.config.ageing import aged
from sim.config.generations import of_generation
from sim.config.scenario import Loaded, digest
from sim.config.schema import Event, Mesh, Satellite, Scenario, Workload
from sim.config.schema.scenario import with_terminals

Meshes = Mapping[int, Mapping[str, int | None]]  # degrees of parallelism, by number of the workload


class PartsLeft(NamedTuple):
    """Shares of parts of each satellite that are left, 0 to 1."""

    array: float = 1.0  # of its electrical power; the panel stays
    battery: float = 1.0  # of its capacity
    loop: float = 1.0  # of the radiator, and of the flow and conductance to it

    def of(self, satellite: Satellite) -> Satellite:
        """A satellite with these shares of its parts, whose array has aged.

        Parameters
        ----------
        satellite : Satellite
            The whole satellite.

        Returns
        -------
        Satellite
            The same where nothing is lost.
        """
        power, thermal = satellite.power, satellite.thermal
        if self.array < 1.0:
            power = power.model_copy(update={"array": power.array.model_copy(update={"retention": power.array.retained * self.array})})
        if self.battery < 1.0:
            battery = power.battery
            power = power.model_copy(update={"battery": battery.model_copy(update={"capacity": battery.capacity * self.battery})})
        if self.loop < 1.0:
            loop, radiator = thermal.loop, thermal.radiator
            flow = None if loop.flow is None else loop.flow * self.loop
            thermal = thermal.model_copy(update={
                "loop": loop.model_copy(update={"conductance": loop.conductance * self.loop, "flow": flow}),
                "radiator": radiator.model_copy(update={"area": radiator.area * self.loop}),
            })  # fmt: skip
        return satellite if self == WHOLE else satellite.model_copy(update={"power": power, "thermal": thermal})


WHOLE = PartsLeft()


class Variant(NamedTuple):
    """What is different on a day beside date and age.

    Attributes
    ----------
    generation : generation of the satellites; 0 is that of the scenario.
    meshes : degrees of parallelism of workloads by their number, so that jobs have the same members as in another run.
    events : events of that run; jobs are planned again at once for them, as they are known from its begin.
    solar : phase of the solar cycle, `minimum` or `maximum`; None: that of the scenario.
    left : what is left of strings and loops of all satellites.
    """

    generation: int = 0
    meshes: Meshes | None = None
    events: tuple[Event, ...] = ()
    solar: str | None = None
    left: PartsLeft = WHOLE


AS_WRITTEN = Variant()


def on_date(
    loaded: Loaded, epoch: datetime, duration_s: float, older_s: float, expected_failures_per_s: float, variant: Variant = AS_WRITTEN
) -> Loaded:
    """The fleet of a scenario on another date, with older satellites, while nothing fails at random and no other events happen than those given.

    Parameters
    ----------
    loaded : Loaded
        The scenario.
    epoch : datetime
        The date.
    duration_s : float
        Length of the run [s].
    older_s : float
        What is added to the ages of the satellites [s].
    expected_failures_per_s : float
        Failures of a satellite for which checkpoint intervals are chosen [1/s].
    variant : Variant, optional
        What is different on that day.

    Returns
    -------
    Loaded
        A scenario without mission and contract.
    """
    values = yaml_tree.plain(loaded.tree)
    read = of_generation(Scenario.model_validate(values), variant.generation)  # its arrays and coatings not yet aged
    types = [satellite.model_copy(update={"age": satellite.age + older_s}) for satellite in read.types]
    fleet, environment = read.fleet, read.environment
    if fleet is not None:
        fleet = fleet.model_copy(update={"failures": None, "repair": None, "expected_failures": fleet.expected_failures + expected_failures_per_s})
    if variant.solar is not None:
        environment = environment.model_copy(update={"radiation": environment.radiation.model_copy(update={"solar": variant.solar})})
    changed = read.model_copy(update={
        "environment": environment, "epoch": epoch, "duration": duration_s, "satellite": types[0],
        "satellites": dict(zip(read.satellites, types[1:], strict=True)), "workloads": _workloads(read, variant), "fleet": fleet,
        "events": list(variant.events), "mission": None, "contract": None,
    })  # fmt: skip
    scenario = aged(with_terminals(changed), loaded.catalogues.sets, loaded.tree, [])
    if variant.left != WHOLE:
        kept = {name: variant.left.of(satellite) for name, satellite in scenario.satellites.items()}
        scenario = scenario.model_copy(update={"satellite": variant.left.of(scenario.satellite), "satellites": kept})
    return replace(loaded, scenario=scenario, data=(), fleets={}, sha256=digest(scenario, loaded.catalogues, {}))


def _workloads(read: Scenario, variant: Variant) -> list[Workload]:
    found = []
    for number, work in enumerate(read.workloads):
        changes: dict[str, object] = {}
        if variant.meshes is not None and number in variant.meshes:
            changes["mesh"] = Mesh.model_validate(variant.meshes[number])
        if variant.events and getattr(work, "replan_after", None) is not None:
            changes["replan_after"] = 0.0
        found.append(work.model_copy(update=changes) if changes else work)
    return found
