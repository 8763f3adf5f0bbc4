"""Ablation: a scenario without one cause of loss, everything else as it is and free to respond."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from sim.config import schema
from sim.config.scenario import Loaded
from sim.config.schema import MAINTENANCE_ACTIONS, Inference, Satellite, Scenario, Sensing, Training
from sim.engine.context import Context
from sim.engine.coupling import Coupling
from sim.engine.data_volumes import DataVolumes
from sim.engine.driver import Progress, Run
from sim.engine.outcome import Outcome
from sim.fleet import job_phases
from sim.network.site_links import SiteAccess
from sim.studies.ablation_data import INSTANT_BIT_S, UnlimitedSensing, UnlimitedVolumes
from sim.studies.ablation_models import UninterruptedLifecycle, UnlimitedTransport
from sim.workload import parallelism
from sim.workload.jobs import JobScheduler
from sim.workload.training_step import Task

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

NO_LIMIT_K: Final = 1e6
SILENT: Final = {"dose_per_silent_error": None, "silent_error_area": 0.0}  # fields of a sensitivity without silent errors
INTERRUPTS: Final = {
    "dose_per_memory_error": None, "dose_per_interrupt": None, "dose_per_host_interrupt": None, "memory_error_area": 0.0, "interrupt_area": 0.0,
    "latchup_area": 0.0,
}  # fmt: skip
NOT_REMOVABLE: Final = {
    "bubble": "follows from mesh, stages and batch; try another mesh or pipeline, or a larger batch",
    "unplaced": "these satellites fill no mesh or pipeline; try another one, or another number of satellites",
    "algorithm": "follows from the number of islands, or from requests out of target; try fewer islands, or less demand",
}


class Ablation(NamedTuple):
    """How a cause is removed: in the scenario, or in the run where the scenario has no key for it."""

    description: str
    scenario: Scenario
    no_thermal_limit: bool = False
    instant_links: bool = False  # no delay, no rate limit
    always_routed: bool = False  # a route for every message
    skipped_modes: tuple[int, ...] = ()  # modes of the job lifecycle in which jobs keep working instead
    endless_images: bool = False  # satellites always have an image to process
    mean_rates_bit_s: tuple[float | None, ...] = ()  # of data of jobs while they flow, for the time in which they have no route

    @property
    def in_run(self) -> bool:
        """Whether the cause is removed in the run."""
        return self.instant_links or self.always_routed or self.endless_images or bool(self.skipped_modes)


def with_value(section: Any, path: str, value: Any) -> Any:
    """A copy of a section with one value replaced.

    Parameters
    ----------
    section : schema.Section or list
        The section.
    path : str
        Dotted path of the value; numbers are positions in lists.
    value : object
        The new value, in SI.

    Returns
    -------
    schema.Section or list
        The copy.

    Examples
    --------
    >>> from sim.config.schema import Recorder
    >>> with_value(Recorder(), "satellites", 0.0).satellites
    0.0
    """
    name, _, rest = path.partition(".")
    if isinstance(section, list):
        i = int(name)
        return [*section[:i], with_value(section[i], rest, value) if rest else value, *section[i + 1 :]]
    return section.model_copy(update={name: with_value(getattr(section, name), rest, value) if rest else value})


def remove_cause(cause: str, scenario: Scenario, tasks: Sequence[Task]) -> Ablation | None:
    """The scenario without a cause of loss.

    Parameters
    ----------
    cause : str
        A row of the ledger, of `sim.schema.CAUSES`.
    scenario : Scenario
        The scenario.
    tasks : sequence of Task
        Present execution plans of the training workloads, in order.

    Returns
    -------
    Ablation or None
        How the cause is removed; None where nothing removes it, see `NOT_REMOVABLE`.
    """
    chip = "satellite.accelerator"
    match cause:
        case "failed":
            fleet = scenario.fleet and scenario.fleet.model_copy(update={"failures": None})
            others = (*MAINTENANCE_ACTIONS, "corrupt")
            kept = [event for event in scenario.events if not event.parsed.of_satellites or event.action in others]
            calm = _radiation(scenario, **INTERRUPTS)
            return Ablation("no failures, no interruptions by radiation", calm.model_copy(update={"fleet": fleet, "events": kept}))
        case "maintenance":
            fleet = scenario.fleet and scenario.fleet.model_copy(update={"maintenance": None})
            kept = [event for event in scenario.events if event.action not in MAINTENANCE_ACTIONS]
            return Ablation("no manoeuvres and no maintenance", scenario.model_copy(update={"fleet": fleet, "events": kept}))
        case "spare":
            return Ablation("no spares", with_value(scenario, "fleet.spares", 0.0))
        case "power":
            return Ablation("a battery that lasts for the whole run", _with_ample_battery(scenario))
        case "thermal":
            return Ablation("no temperature limits", scenario, no_thermal_limit=True)
        case "demand":
            endless = any(isinstance(job, Sensing) and job.processing is not None for job in scenario.workloads)
            unlimited = _jobs(scenario, Inference, demand=None)
            return Ablation("unlimited demand" + ", always an image to process" * endless, unlimited, endless_images=endless)
        case "kernel":
            assumed = with_value(scenario, f"{chip}.kernels", None)
            return Ablation("kernel efficiency of 1", with_value(assumed, f"{chip}.kernel_efficiency", 1.0))
        case "memory":
            return Ablation("unlimited memory bandwidth", with_value(scenario, f"{chip}.memory_bandwidth", float("inf")))
        case "recompute":
            return Ablation("no recomputation, memory limit ignored, same mesh", _without_recomputation(scenario, tasks))
        case "communication":
            fast = with_value(with_value(scenario, f"{chip}.fabric.rate", float("inf")), f"{chip}.fabric.latency", 0.0)
            return Ablation("links and fabric without latency or rate limit", _with_instant_contacts(fast), instant_links=True)
        case "outage":
            return Ablation("a route for every message", scenario, always_routed=True)
        case "straggler":
            return Ablation("no jitter", _jobs(scenario, Training, jitter=0.0))
        case "checkpoint":
            return Ablation("checkpoints that take no time, at the same interval", scenario, skipped_modes=(job_phases.CHECKPOINT,))
        case "corruption":
            kept = [event for event in scenario.events if event.action != "corrupt"]
            once = _jobs(_jobs(_radiation(scenario, **SILENT), Training, redundancy=1), Inference, redundancy=1)
            return Ablation("no silent errors, everything computed once", once.model_copy(update={"events": kept}))
        case "recovery":
            return Ablation("jobs resume at once, no work is repeated", scenario, skipped_modes=(job_phases.RECOVERY,))
    return None


def _jobs(scenario: Scenario, kind: type, **values: Any) -> Scenario:
    jobs = [job.model_copy(update=values) if isinstance(job, kind) else job for job in scenario.workloads]
    return scenario.model_copy(update={"workloads": jobs})


def _with_instant_contacts(scenario: Scenario) -> Scenario:
    """Contacts of sensors in which all is sent at once, whatever its size."""
    jobs, ground = list(scenario.workloads), scenario.ground
    if ground is None or not any(isinstance(job, Sensing) for job in jobs):
        return scenario
    for n, job in enumerate(jobs):
        if isinstance(job, Sensing):
            upload = job.upload and job.upload.model_copy(update={"rate": INSTANT_BIT_S})
            jobs[n] = job.model_copy(update={"setup": 0.0, "upload": upload})
    return scenario.model_copy(update={"workloads": jobs, "ground": ground.model_copy(update={"link_rate": INSTANT_BIT_S})})


def _radiation(scenario: Scenario, **values: Any) -> Scenario:
    """The scenario with other sensitivities of all accelerators that state any."""

    def changed(satellite: Satellite) -> Satellite:
        radiation = satellite.accelerator.radiation
        return satellite if radiation is None else with_value(satellite, "accelerator.radiation", radiation.model_copy(update=values))

    others = {name: changed(satellite) for name, satellite in scenario.satellites.items()}
    return scenario.model_copy(update={"satellite": changed(scenario.satellite), "satellites": others})


def _without_recomputation(scenario: Scenario, tasks: Sequence[Task]) -> Scenario:
    # the mesh stays: another one would have other losses
    remaining = iter(tasks)
    jobs = []
    for job in scenario.workloads:
        if isinstance(job, Training):
            task = next(remaining)
            mesh = task.mesh._replace(stages=parallelism.stages_per_satellite(task.mesh, task.accelerators))
            batch = {"interleave": task.batch.interleave, "zero": task.batch.zero, "in_flight": task.batch.in_flight}
            job = _with_parts(job, task)
            job = job.model_copy(update={"recompute": 0.0, "memory_fraction": float("inf"), "mesh": schema.Mesh(**mesh._asdict()), **batch})
        jobs.append(job)
    return scenario.model_copy(update={"workloads": jobs})


def _with_parts(job: Training, task: Task) -> Training:
    """The job with as many islands or replicas as the task has."""
    if task.islands is not None and job.islands is not None:
        return job.model_copy(update={"islands": job.islands.model_copy(update={"count": task.islands.islands})})
    if task.islands is not None and job.elastic is not None:
        return job.model_copy(update={"elastic": job.elastic.model_copy(update={"replicas": task.islands.islands})})
    return job


def _with_ample_battery(scenario: Scenario) -> Scenario:
    """A full battery without losses that can supply all loads through the run; array and heat stay the same."""
    satellite = scenario.satellite
    load_w = full_load_w(satellite)
    battery = satellite.power.battery
    discharge_w = max(battery.max_discharge_power, 2.0 * load_w)
    ample = battery.model_copy(
        update={
            "capacity": battery.capacity + 2.0 * load_w * scenario.duration, "max_depth": 1.0, "initial_charge": 1.0,
            "chemistry": battery.chemistry.model_copy(update={"resistance": 0.0, "coulombic_efficiency": 1.0}),
            "max_discharge_power": discharge_w,
        }
    )  # fmt: skip
    # full from the epoch on: one so large would take the run to fill
    return cast(Scenario, with_value(scenario, "satellite.power.battery", ample)).model_copy(update={"initial": "full"})


def full_load_w(satellite: Satellite) -> float:
    """Power of a satellite at full clock rate.

    Parameters
    ----------
    satellite : schema.Satellite
        The design.

    Returns
    -------
    float
        Chips, hosts, conversion losses, pump and bus [W].
    """
    electronics_w = satellite.accelerators * (satellite.accelerator.max_power + satellite.accelerator.host.power)
    drawn_w = electronics_w / satellite.power.conversion_efficiency
    return drawn_w * (1.0 + satellite.thermal.loop.pump_fraction) + satellite.bus.served_power


# --- in the run -------------------------------------------------------------------------------------------------------


class AblatedCoupling(Coupling):
    """The exchange of a coupled run without a cause that has no key in the scenario.

    Parameters
    ----------
    run : Context
        The run that it belongs to.
    ablation : Ablation
        How the cause is removed.
    """

    def __init__(self, run: Context, ablation: Ablation) -> None:
        super().__init__(run)
        self.ablation = ablation
        if ablation.instant_links or ablation.always_routed:
            self.transport = UnlimitedTransport(self.transport, ablation.instant_links, ablation.always_routed)

    def create_scheduler(self) -> JobScheduler:
        """Scheduler of the run, with lifecycles that skip modes.

        Returns
        -------
        JobScheduler
            The scheduler at the epoch.
        """
        scheduler, ablation = super().create_scheduler(), self.ablation
        for fleet in scheduler.fleets if ablation.skipped_modes else []:
            fleet.lifecycle = UninterruptedLifecycle(fleet.lifecycle, ablation.skipped_modes)
        if ablation.endless_images or ablation.always_routed:
            new = {id(old): UnlimitedSensing(old, ablation.endless_images, ablation.always_routed) for old in scheduler.sensings}
            scheduler.sensings = [new[id(old)] for old in scheduler.sensings]
            scheduler.parts = [[new.get(id(part), part) for part in parts] for parts in scheduler.parts]
        return scheduler

    def new_volumes(self, access: SiteAccess) -> DataVolumes:
        """Volumes that pass at once, or always.

        Parameters
        ----------
        access : SiteAccess
            The sites.

        Returns
        -------
        DataVolumes
            Volumes of all jobs that have any.
        """
        ablation = self.ablation
        if not (ablation.instant_links or ablation.always_routed):
            return super().new_volumes(access)
        rates_bit_s = ablation.mean_rates_bit_s if ablation.always_routed else None
        return UnlimitedVolumes((self.scenario, self.scheduler, access, self.network), ablation.instant_links, rates_bit_s)

    def _look_ahead(self, k0: int, steps: int, at: int, lost: list[tuple[int, int]]) -> None:
        super()._look_ahead(k0, steps, at, lost)
        if self.ablation.always_routed:  # users reach every satellite
            self._reached = np.ones_like(self._reached)


class AblatedRun(Run):
    """A coupled run without a cause that has no key in the scenario.

    Parameters
    ----------
    loaded : Loaded
        The scenario.
    ablation : Ablation
        How the cause is removed.
    """

    def __init__(self, loaded: Loaded, ablation: Ablation) -> None:
        super().__init__(loaded)
        self.ablation = ablation

    def finish(self, progress: Progress | None = None) -> Outcome:
        """Simulate and gather.

        Parameters
        ----------
        progress : callable, optional
            Called with the number of satellite-steps done and their total.

        Returns
        -------
        Outcome
            What the run leaves.
        """
        return self.finish_coupled(AblatedCoupling(self, self.ablation), progress)


def remove_temperature_limits(run: Run) -> None:
    """Remove the junction and memory temperature limits of a run, in place; leakage is that at its reference temperature.

    Chips beyond their limit would leak ever more: they would be short of power, which is no measure of what better cooling gains.

    Parameters
    ----------
    run : Run
        A run that has not started.
    """
    for i, kind in enumerate(run.types):
        thermal = kind.params.thermal._replace(junction_limit_k=NO_LIMIT_K, hbm_limit_k=NO_LIMIT_K)
        leakage = kind.params.leakage._replace(reference_w=0.0)
        run.types[i] = replace(kind, params=kind.params._replace(thermal=thermal, leakage=leakage))
