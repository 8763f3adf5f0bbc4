"""Why so few FLOPs are useful: each cause removed by itself, each main input a tenth larger by itself.

Removing a cause says what is the most that can be won there, and which cause takes its place. A fleet that nothing couples
runs over all its duration, on an even sample of its satellites; a coupled one runs whole over the first steps.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, NamedTuple

from sim.config.scenario import Loaded
from sim.config.schema import Inference, Scenario
from sim.engine.coupled import SETTLED, CoupledRun
from sim.engine.uncoupled import Outcome, Run
from sim.results import summary
from sim.schema import CAUSES
from sim.studies import sensitivity
from sim.studies.ablation import WHY_NOT, EasyRun, Without, unlimited, without
from sim.studies.sensitivity import Larger
from sim.workload.training_step import Task

Progress = Callable[[int, int], None]
SAMPLE: Final = 128  # satellites of a fleet that nothing couples
# of a coupled one: the longer the window, the less the charge at its start matters, which favours batteries over arrays
COUPLED_STEPS: Final = 100  # at least: about an orbit at a minute each
SATELLITE_STEPS: Final = 40_000  # and as many as make a run of about a second
ROUNDING: Final = 1e-9  # of what is compared, where satellites do not wait for each other


@dataclass(frozen=True)
class Base:
    """The design as it is; rates are those of the whole fleet, means over the window."""

    satellites: int
    satellites_run: int
    window_s: float
    step_s: float
    nameplate_flops_per_s: float
    useful_flops_per_s: float
    useful_fraction: float
    accuracy: float  # gains below this share of useful are told as 0


@dataclass(frozen=True)
class Cause:
    """A cause that took something, FLOPs over the window, and what is won without it; fractions are of nameplate."""

    cause: str
    flops: float
    own_flops: float
    induced_flops: float
    fraction: float
    relaxed: str | None  # how it was removed
    gain_fraction: float | None
    gain_flops_per_s: float | None
    then: str | None  # the cause that grows most without it
    then_fraction: float | None  # by how much
    reason: str | None  # why it was not removed


@dataclass(frozen=True)
class Input:
    """One input enlarged on all satellites, SI; mass and cost of the fleet, None where none is told."""

    input: str
    unit: str
    before: float
    after: float
    mass_kg: float | None
    usd: float | None
    gain_fraction: float
    gain_flops_per_s: float
    per_kg: float | None  # useful FLOP/s
    per_usd: float | None
    what: str
    shown: tuple[str, float]

    def as_dict(self) -> dict[str, Any]:
        told = asdict(self)
        del told["what"], told["shown"]
        return {{"before": "from", "after": "to"}.get(key, key): value for key, value in told.items()}


@dataclass(frozen=True)
class Answer:
    """Everything `dawndusk why` tells."""

    scenario: str
    base: Base
    causes: tuple[Cause, ...]
    inputs: tuple[Input, ...]
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        return {
            "scenario": self.scenario,
            "base": asdict(self.base),
            "causes": [asdict(row) for row in self.causes],
            "inputs": [row.as_dict() for row in self.inputs],
            "notes": list(self.notes),
        }


class _Ran(NamedTuple):
    """A run's ledger as shares of nameplate, and its nameplate rate for the whole fleet [FLOP/s]."""

    own: dict[str, float]
    induced: dict[str, float]
    nameplate_flops_per_s: float

    def share(self, cause: str) -> float:
        return self.own.get(cause, 0.0) + self.induced.get(cause, 0.0)

    @property
    def useful_flops_per_s(self) -> float:
        return self.share("useful") * self.nameplate_flops_per_s


class _Bench:
    """A scenario cut to what is run again and again; `coupled` is decided once, so that like is compared with like."""

    def __init__(self, loaded: Loaded) -> None:
        self.whole, self.coupled = loaded, loaded.scenario.coupled
        self.sample = None if self.coupled or loaded.satellites <= SAMPLE else SAMPLE
        self.scenario, self.notes = self._cut(loaded.scenario)

    def _cut(self, scenario: Scenario) -> tuple[Scenario, list[str]]:
        notes = []
        recorder = scenario.recorder.model_copy(update={"satellites": 0.0})
        cut: dict[str, Any] = {"recorder": recorder}
        if not any(isinstance(job, Inference) for job in scenario.workloads):
            cut["ground"] = None  # nothing that is asked here depends on it
        if self.coupled:
            window_s = scenario.step * min(scenario.steps, max(COUPLED_STEPS, SATELLITE_STEPS // self.whole.satellites))
            cut["duration"] = window_s
            cut["events"] = [e for e in scenario.events if (e.at - scenario.epoch).total_seconds() <= window_s]
            if window_s < scenario.duration:
                notes.append(
                    f"the whole fleet over the first {window_s / 60.0:g} min of {scenario.duration / 60.0:g}: satellites are "
                    "coupled; losses and gains are those of this window"
                )
            if scenario.fleet is not None and scenario.fleet.failures is not None:
                notes.append("random failures: only those that fall into the window count")
        elif self.sample is not None:
            notes.append(f"{SAMPLE} of {self.whole.satellites:,} satellites, evenly spread, over the whole run")
            if scenario.events:
                notes.append("events are left out of the sample")
        return scenario.model_copy(update=cut), notes

    def outcome(self, how: Without) -> Outcome:
        loaded = replace(self.whole, scenario=how.scenario)
        if self.coupled:
            run: Run = EasyRun(loaded, how) if how.instant or how.whole or how.skipped else CoupledRun(loaded)
        else:
            run = Run(loaded, sample=self.sample)
        if how.cool:
            unlimited(run)
        return run.finish()

    def ran(self, outcome: Outcome) -> _Ran:
        scenario = outcome.loaded.scenario
        total_s = outcome.carry.shape[1] * outcome.grid.duration_s
        own, induced = ({c: s / total_s for c, s in part.items()} for part in summary.ledger_s(outcome))
        chip = scenario.satellite.accelerator
        peak = scenario.satellite.accelerators * chip.peak[scenario.reference_precision]
        return _Ran(own, induced, self.whole.satellites * peak)

    @property
    def accuracy(self) -> float:
        return SETTLED if self.coupled else ROUNDING


def why(loaded: Loaded, progress: Progress | None = None) -> Answer:
    """What every cause costs and what every main input would give. Raises InputError where a job fits nowhere."""
    bench = _Bench(loaded)
    outcome = bench.outcome(_plain(bench.scenario))
    now = bench.ran(outcome)
    cuts = [] if outcome.scheduler is None else [training.task for training in outcome.scheduler.trainings]
    lost = [cause for cause in CAUSES if cause != "useful" and now.share(cause) > 0.0]
    larger, told = sensitivity.all_of(bench.scenario, [task.mesh for task in cuts], loaded.satellites)
    total, done = 1 + len(lost) + len(larger), 1

    def tick() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, total)

    causes = []
    for cause in lost:
        causes.append(_cause(cause, bench, now, cuts))
        tick()
    inputs = []
    for each in larger:
        inputs.append(_input(each, bench, now))
        tick()
    return Answer(
        loaded.scenario.name, _base(bench, now), tuple(sorted(causes, key=_by_gain)), tuple(sorted(inputs, key=_by_kg)),
        (*bench.notes, *told),
    )  # fmt: skip


def binding(loaded: Loaded) -> tuple[Base, list[Input]]:
    """Only the inputs whose mass is known, the largest gain per kilogram first: what `dawndusk run` tells."""
    bench = _Bench(loaded)
    now = bench.ran(bench.outcome(_plain(bench.scenario)))
    found = [_input(each, bench, now) for each in sensitivity.sized(bench.scenario)]
    return _base(bench, now), sorted(found, key=_by_kg)


def _plain(scenario: Scenario) -> Without:
    return Without("", scenario)


def _base(bench: _Bench, now: _Ran) -> Base:
    satellites = bench.whole.satellites
    return Base(
        satellites, bench.sample or satellites, bench.scenario.duration, bench.scenario.step, now.nameplate_flops_per_s,
        now.useful_flops_per_s, now.share("useful"), bench.accuracy,
    )  # fmt: skip


def _gain(bench: _Bench, now: _Ran, then: _Ran) -> float:
    """Useful FLOP/s won, 0 where the runs cannot tell."""
    gained = then.useful_flops_per_s - now.useful_flops_per_s
    return gained if abs(gained) > bench.accuracy * now.useful_flops_per_s else 0.0


def _cause(cause: str, bench: _Bench, now: _Ran, cuts: list[Task]) -> Cause:
    flops = now.nameplate_flops_per_s * bench.scenario.duration
    own, induced = now.own.get(cause, 0.0), now.induced.get(cause, 0.0)
    size = (cause, (own + induced) * flops, own * flops, induced * flops, own + induced)
    how = without(cause, bench.scenario, cuts)
    if how is None:
        return Cause(*size, None, None, None, None, None, WHY_NOT[cause])
    then = bench.ran(bench.outcome(how))
    gain = _gain(bench, now, then)
    grown = {c: then.share(c) - now.share(c) for c in CAUSES if c not in ("useful", cause)}
    most = max(grown, key=lambda c: grown[c])
    seen = grown[most] > bench.accuracy
    return Cause(
        *size, how.words, gain / now.nameplate_flops_per_s, gain, most if seen else None, grown[most] if seen else None, None
    )  # fmt: skip


def _input(larger: Larger, bench: _Bench, now: _Ran) -> Input:
    gain = _gain(bench, now, bench.ran(bench.outcome(_plain(larger.scenario))))
    satellites, economics = bench.whole.satellites, bench.whole.scenario.economics
    mass_kg = None if larger.mass_kg is None else satellites * larger.mass_kg
    usd = None
    if economics is not None and larger.usd is not None:
        usd_kg = economics.spacecraft + economics.launch.price / economics.launch.capacity
        usd = satellites * larger.usd + (mass_kg or 0.0) * usd_kg
    return Input(
        larger.field, larger.unit, larger.before, larger.after, mass_kg, usd, gain / now.nameplate_flops_per_s, gain,
        gain / mass_kg if mass_kg else None, gain / usd if usd else None, larger.what, larger.shown,
    )  # fmt: skip


def _by_gain(row: Cause) -> tuple[bool, float, str]:
    return row.gain_fraction is None, -(row.gain_fraction or 0.0), row.cause


def _by_kg(row: Input) -> tuple[bool, float, str]:
    return row.per_kg is None, -(row.per_kg or 0.0), row.input
