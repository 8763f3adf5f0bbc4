"""A scenario without one cause of loss, all else as it is and free to respond: what can be won by removing it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from sim.config import schema
from sim.config.scenario import Loaded
from sim.config.schema import Inference, Satellite, Scenario, Training
from sim.engine.coupled import CoupledRun
from sim.engine.uncoupled import Run
from sim.fleet import job_lifecycle
from sim.fleet.availability import SatelliteChange
from sim.fleet.job_lifecycle import Segment
from sim.workload.job_communication import Transport
from sim.workload.jobs import Clock, JobScheduler
from sim.workload.training_step import Task

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

NO_LIMIT_K: Final = 1e6
WHY_NOT: Final = {
    "bubble": "follows from mesh and batch; try another mesh or a larger global_batch",
    "unplaced": "no job's mesh takes these satellites; try another mesh or another number of satellites",
}


class Without(NamedTuple):
    """How a cause is removed: in the scenario, or in the run where no scenario could say so."""

    words: str
    scenario: Scenario
    cool: bool = False  # no temperature limits
    instant: bool = False  # links without delay or limit
    whole: bool = False  # a way for every message
    skipped: tuple[int, ...] = ()  # modes of a job's clock in which it goes on working instead


def altered(section: Any, path: str, value: Any) -> Any:
    """A section with the value at a dotted path replaced; numbers count in lists."""
    name, _, rest = path.partition(".")
    if isinstance(section, list):
        i = int(name)
        return [*section[:i], altered(section[i], rest, value) if rest else value, *section[i + 1 :]]
    return section.model_copy(update={name: altered(getattr(section, name), rest, value) if rest else value})


def without(cause: str, scenario: Scenario, cuts: Sequence[Task]) -> Without | None:
    """The scenario without a cause; None where nothing removes it. cuts: how the training workloads are cut now."""
    chip = "satellite.accelerator"
    match cause:
        case "failed":
            fleet = scenario.fleet and scenario.fleet.model_copy(update={"failures": None})
            links = [event for event in scenario.events if not event.parsed.of_satellites]
            return Without("nothing fails", scenario.model_copy(update={"fleet": fleet, "events": links}))
        case "spare":
            return Without("no spares", altered(scenario, "fleet.spares", 0.0))
        case "power":
            return Without("a battery that lasts for the whole run", _powered(scenario))
        case "thermal":
            return Without("no limit to temperatures", scenario, cool=True)
        case "demand":
            return Without("demand without end", _jobs(scenario, Inference, demand=None))
        case "kernel":
            return Without("arithmetic at peak", altered(scenario, f"{chip}.kernel_efficiency", 1.0))
        case "memory":
            return Without("memory of any bandwidth", altered(scenario, f"{chip}.memory_bandwidth", float("inf")))
        case "recompute":
            return Without("nothing computed again, memory not asked, mesh as now", _remembering(scenario, cuts))
        case "communication":
            fast = altered(altered(scenario, f"{chip}.interconnect", float("inf")), f"{chip}.interconnect_latency", 0.0)
            return Without("links and interconnect without delay or limit", fast, instant=True)
        case "outage":
            return Without("a way for every message", scenario.model_copy(update={"ground": None}), whole=True)
        case "straggler":
            return Without("no jitter", _jobs(scenario, Training, jitter=0.0))
        case "checkpoint":
            return Without("saves that take no time, as often as now", scenario, skipped=(job_lifecycle.CHECKPOINT,))
        case "recovery":
            return Without("jobs go on at once and nothing is done again", scenario, skipped=(job_lifecycle.RECOVERY,))
    return None


def _jobs(scenario: Scenario, kind: type, **values: Any) -> Scenario:
    jobs = [job.model_copy(update=values) if isinstance(job, kind) else job for job in scenario.workloads]
    return scenario.model_copy(update={"workloads": jobs})


def _remembering(scenario: Scenario, cuts: Sequence[Task]) -> Scenario:
    # another mesh would have other losses, and memory that holds everything would invite one
    left = iter(cuts)
    jobs = []
    for job in scenario.workloads:
        if isinstance(job, Training):
            task = next(left)
            kept = {"mesh": schema.Mesh(**task.mesh._asdict()), "interleave": task.batch.interleave}
            job = job.model_copy(update={"recompute": "none", **kept})
        jobs.append(job)
    return scenario.model_copy(update={"workloads": jobs})


def _powered(scenario: Scenario) -> Scenario:
    """A battery that carries all loads through the run, loses nothing and is full: the array need not grow, nor heat change."""
    satellite = scenario.satellite
    load_w = full_load_w(satellite)
    battery = satellite.power.battery
    most_w = max(battery.max_discharge_power, 2.0 * load_w)
    ample = battery.model_copy(
        update={
            "capacity": battery.capacity + 2.0 * load_w * scenario.duration, "max_depth": 1.0, "initial_charge": 1.0,
            "charge_efficiency": 1.0, "discharge_efficiency": 1.0, "max_discharge_power": most_w,
        }
    )  # fmt: skip
    return cast(Scenario, altered(scenario, "satellite.power.battery", ample))


def full_load_w(satellite: Satellite) -> float:
    """What a satellite draws at full rate [W]: chips, hosts, conversion, pump, bus."""
    electronics_w = satellite.accelerators * (satellite.accelerator.max_power + satellite.power.host_power)
    drawn_w = electronics_w / satellite.power.conversion_efficiency
    return drawn_w * (1.0 + satellite.thermal.loop.pump_fraction) + satellite.bus.power


# --- in the run -------------------------------------------------------------------------------------------------------


class EasyWires:
    """Transport whose links have neither delay nor limit, or with a way for messages that have none."""

    def __init__(self, transport: Transport, instant: bool, whole: bool) -> None:
        self.transport, self.instant, self.whole = transport, instant, whole

    @property
    def version(self) -> int:
        return self.transport.version

    @property
    def directed_delay_s(self) -> Array:
        delay_s = self.transport.directed_delay_s
        return np.append(0.0 * delay_s if self.instant else delay_s, 0.0)

    @property
    def directed_rate_bit_s(self) -> Array:
        rate = self.transport.directed_rate_bit_s
        return np.append(np.full_like(rate, np.inf) if self.instant else rate, np.inf)

    def routes(self, src: Ints, dst: Ints) -> tuple[Ints, Ints]:
        """Missing ways lead over the last directed link, which all have in common and none feels."""
        start, links = self.transport.routes(src, dst)
        if not self.whole:
            return start, links
        hops = np.diff(start)
        missing = (hops == 0) & (src != dst)
        added = np.insert(links, start[:-1][missing], self.transport.directed_delay_s.size)
        return np.concatenate(([0], np.cumsum(hops + missing))).astype(np.int64), added

    def components(self) -> Ints:
        return self.transport.components()


class EasyClock:
    """A clock of jobs that go on working through some modes; nothing is done again where that is recovery."""

    def __init__(self, clock: Clock, skipped: tuple[int, ...]) -> None:
        self.clock, self.skipped = clock, skipped

    def ranks(self) -> list[Ints]:
        return self.clock.ranks()

    @property
    def unreachable(self) -> Ints:
        return self.clock.unreachable

    def exchange(self, time_s: float, cut: NDArray[np.bool_], part: Ints) -> bool:
        return self.clock.exchange(time_s, cut, part)

    def advance(
        self, begin_s: float, end_s: float, cut: NDArray[np.bool_], changes: Sequence[SatelliteChange] = ()
    ) -> tuple[list[list[Segment]], Array]:
        before = self.clock.ranks()
        jobs, spare_s = self.clock.advance(begin_s, end_s, cut, changes)
        # a cut is that of the members before: it says nothing of those who have just taken a seat
        eased = [
            [self._eased(s, bool(cut[g]) and s.members is before[g]) for s in found] for g, found in enumerate(jobs)
        ]
        return eased, spare_s

    def _eased(self, segment: Segment, cut: bool) -> Segment:
        if job_lifecycle.RECOVERY in self.skipped:
            segment = segment._replace(rollback=False)
        if segment.mode in self.skipped:
            segment = segment._replace(mode=job_lifecycle.OUTAGE if cut else job_lifecycle.RUN)
        return segment


class EasyRun(CoupledRun):
    """A coupled run without a cause that no scenario can leave out."""

    def __init__(self, loaded: Loaded, how: Without) -> None:
        super().__init__(loaded)
        self.how = how
        if how.instant or how.whole:
            self.transport = EasyWires(self.transport, how.instant, how.whole)

    def create_scheduler(self) -> JobScheduler:
        scheduler = super().create_scheduler()
        if self.how.skipped:
            for training in scheduler.trainings:
                training.clock = EasyClock(training.clock, self.how.skipped)
        return scheduler


def unlimited(run: Run) -> None:
    """Let junctions and memory get as hot as they will."""
    stepper = run.params.stepper._replace(junction_limit_k=NO_LIMIT_K, hbm_limit_k=NO_LIMIT_K)
    run.params = run.params._replace(stepper=stepper)
