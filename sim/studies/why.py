"""Why not all FLOPs are useful: each cause of loss removed by itself, each main input increased by 10 % by itself.

Removing a cause gives the most that can be gained there, and the cause that becomes the next bottleneck. A fleet that
nothing couples runs over its whole duration, on an even sample of its satellites; a coupled one runs whole over the first
steps.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final, NamedTuple

from sim import api
from sim.config import economics_params
from sim.config.errors import InputError
from sim.config.scenario import Loaded, Overrides
from sim.config.schema import Inference, Scenario, Sensing, Training, Workload
from sim.economics import cost
from sim.engine.coupling import SETTLED
from sim.engine.driver import Run
from sim.engine.outcome import Outcome
from sim.results import summary
from sim.schema import CAUSES
from sim.studies import sensitivity
from sim.studies.ablation import NOT_REMOVABLE, AblatedRun, Ablation, remove_cause, remove_temperature_limits
from sim.studies.ablation_data import mean_rates_bit_s
from sim.studies.parts import STEPS, Part, Step, limits, parts
from sim.studies.sensitivity import IncreasedInput
from sim.workload.training_step import Task

Progress = Callable[[int, int], None]
SAMPLE: Final = 128  # satellites simulated of an uncoupled fleet
# Steps of a coupled fleet. A short window favours batteries over arrays, because it starts with charged batteries.
COUPLED_STEPS: Final = 100  # at least: about an orbit at 60 s a step
SATELLITE_STEPS: Final = 40_000  # at most about so many satellite-steps, which take about a second
ROUNDING: Final = 1e-9  # relative error of an uncoupled run


@dataclass(frozen=True)
class Base:
    """The design as it is; rates are averages over the window, of the whole fleet."""

    satellites: int
    satellites_run: int
    window_s: float
    step_s: float
    nameplate_flops_per_s: float
    useful_flops_per_s: float
    useful_fraction: float
    accuracy: float  # gains below this share of useful are reported as 0


@dataclass(frozen=True)
class Cause:
    """A cause of loss: FLOPs lost over the window, and the gain without it; fractions are of nameplate."""

    cause: str
    flops: float
    own_flops: float
    induced_flops: float
    fraction: float
    relaxed: str | None  # how the cause was removed
    gain_fraction: float | None
    gain_flops_per_s: float | None
    then: str | None  # next bottleneck: the cause that grows most without this one
    then_fraction: float | None  # its growth
    reason: str | None  # why it was not removed


@dataclass(frozen=True)
class Input:
    """One input increased on all satellites, in SI; mass and cost are those of the fleet, None where an input adds none or a price is not known."""

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
    label: str
    display_unit: tuple[str, float]

    def as_dict(self) -> dict[str, Any]:
        """Fields for JSON.

        Returns
        -------
        dict
            Fields by name.
        """
        fields = asdict(self)
        del fields["label"], fields["display_unit"]
        return {{"before": "from", "after": "to"}.get(key, key): value for key, value in fields.items()}


@dataclass(frozen=True, repr=False)
class Answer:
    """Result of `dawndusk why`."""

    scenario: str
    base: Base
    causes: tuple[Cause, ...]
    inputs: tuple[Input, ...]
    notes: tuple[str, ...]
    parts: tuple[Part, ...] = ()

    def __repr__(self) -> str:
        share = f"useful {100.0 * self.base.useful_fraction:.2f} % of nameplate"
        return f"<Answer why {self.scenario}: {share}, {len(self.causes)} causes, {len(self.inputs)} inputs>"

    def as_dict(self) -> dict[str, Any]:
        """Fields for JSON.

        Returns
        -------
        dict
            Fields by name, as `dawndusk why --json` prints them.
        """
        return {
            "scenario": self.scenario,
            "base": asdict(self.base),
            "causes": [asdict(row) for row in self.causes],
            "inputs": [row.as_dict() for row in self.inputs],
            "parts": [asdict(row) for row in self.parts],
            "limits": limits(self.parts),
            "notes": list(self.notes),
        }


class _Shares(NamedTuple):
    """Ledger of a run as shares of nameplate, and the nameplate rate of the whole fleet [FLOP/s]."""

    own: dict[str, float]
    induced: dict[str, float]
    nameplate_flops_per_s: float

    def share(self, cause: str) -> float:
        return self.own.get(cause, 0.0) + self.induced.get(cause, 0.0)

    @property
    def useful_flops_per_s(self) -> float:
        return self.share("useful") * self.nameplate_flops_per_s


class _Experiment:
    """A scenario reduced to what is simulated for each question.

    Whether it is coupled is decided once, so that all variants are simulated the same way.
    """

    def __init__(self, loaded: Loaded) -> None:
        self.whole, self.coupled = loaded, loaded.scenario.coupled
        self.sample = None if self.coupled or loaded.satellites <= SAMPLE else SAMPLE
        self.scenario, self.notes = self._reduced(loaded.scenario)

    def _reduced(self, scenario: Scenario) -> tuple[Scenario, list[str]]:
        notes = []
        recorder = scenario.recorder.model_copy(update={"satellites": 0.0})
        changes: dict[str, Any] = {"recorder": recorder}
        if not any(_needs_ground(job) for job in scenario.workloads):
            changes["ground"] = None  # no result here depends on it
        if self.coupled:
            window_s = scenario.step * min(scenario.steps, max(COUPLED_STEPS, SATELLITE_STEPS // self.whole.satellites))
            changes["duration"] = window_s
            changes["events"] = [e for e in scenario.events if (e.at - scenario.epoch).total_seconds() <= window_s]
            if window_s < scenario.duration:
                notes.append(
                    f"the whole fleet over the first {window_s / 60.0:g} min of {scenario.duration / 60.0:g}: satellites are "
                    "coupled; losses and gains refer to this window"
                )
            fleet, chips = scenario.fleet, [satellite.accelerator for satellite in scenario.types]
            if fleet is not None and fleet.failures is not None:
                notes.append("random failures: only those within the window are included")
            if fleet is not None and fleet.soft_errors and window_s < scenario.duration and any(chip.radiation is not None for chip in chips):
                notes.append("errors by radiation: only those within the window are included; they come in passages of the South Atlantic Anomaly")
        elif self.sample is not None:
            notes.append(f"{SAMPLE} of {self.whole.satellites:,} satellites, evenly spread, over the whole run")
            if scenario.events:
                notes.append("events are not applied to the sample")
        return scenario.model_copy(update=changes), notes

    def outcome(self, ablation: Ablation) -> Outcome:
        loaded = replace(self.whole, scenario=ablation.scenario)
        if self.coupled:
            run: Run = AblatedRun(loaded, ablation) if ablation.in_run else Run(loaded)
        else:
            run = Run(loaded, sample=self.sample)
        if ablation.no_thermal_limit:
            remove_temperature_limits(run)
        return run.finish()

    def shares(self, outcome: Outcome) -> _Shares:
        scenario = outcome.loaded.scenario
        total_s = float(outcome.weight.sum()) * outcome.grid.duration_s
        own, induced = ({c: s / total_s for c, s in part.items()} for part in summary.ledger_s(outcome))
        peaks = [t.accelerators * t.accelerator.peak[scenario.reference_precision] for t in scenario.types]
        return _Shares(own, induced, sum(n * p for n, p in zip(self.whole.satellites_by_type, peaks, strict=True)))

    @property
    def accuracy(self) -> float:
        return SETTLED if self.coupled else ROUNDING


def why(
    scenario: Loaded | str | Path, progress: Progress | None = None, *, set: Overrides = (), events: Sequence[str] = ()
) -> Answer:
    """Gain from removing each cause of loss, and from increasing each main input.

    Parameters
    ----------
    scenario : Loaded, str or Path
        A loaded scenario, the name of a shipped one, or the path of a scenario file.
    progress : callable, optional
        Called with the number of runs done and their total.
    set, events : optional
        Overrides and events as in `sim.load`; only with a name or a path.

    Returns
    -------
    Answer
        Causes by gain, inputs by gain per kilogram, parts by gain per USD, and notes.

    Raises
    ------
    InputError
        If the scenario is invalid, or if a job fits no mesh.
    """
    loaded = api.as_loaded(scenario, set, tuple(events))
    experiment = _Experiment(loaded)
    outcome = experiment.outcome(_unchanged(experiment.scenario))
    now = experiment.shares(outcome)
    tasks = [] if outcome.scheduler is None else [training.first_plan.task for training in outcome.scheduler.trainings]
    rates_bit_s = mean_rates_bit_s(outcome.volumes)
    lost = [cause for cause in CAUSES if cause != "useful" and now.share(cause) > 0.0]
    increased, notes = sensitivity.all_inputs(experiment.scenario, [task.mesh for task in tasks], loaded.satellites)
    of_parts = sensitivity.inputs_of_parts(experiment.scenario)
    total, done = 1 + len(lost) + len(increased) + len(of_parts), 1

    def tick() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, total)

    causes = []
    for cause in lost:
        causes.append(_cause(cause, experiment, now, tasks, rates_bit_s))
        tick()
    inputs = []
    for each in increased:
        try:
            inputs.append(_input(each, experiment, now))
        except InputError as error:  # such as a model that fewer satellites do not hold
            notes.append(f"{each.field}: not increased, {error.problems[0].message.partition('; write')[0]}")
        tick()
    grown = list(inputs)
    for each in of_parts:
        grown.append(_input(each, experiment, now))
        tick()
    return Answer(
        loaded.scenario.name, _base(experiment, now), tuple(sorted(causes, key=_by_gain)), tuple(sorted(inputs, key=_by_gain_per_kg)),
        (*experiment.notes, *notes), tuple(_parts(experiment, now, grown)),
    )  # fmt: skip


def _parts(experiment: _Experiment, now: _Shares, grown: Sequence[Input]) -> list[Part]:
    """Every part of the fleet by mass and money, with the runs in which it was increased."""
    economics = experiment.whole.scenario.economics
    prices, vehicle = (None, None) if economics is None else (economics_params.prices(economics), economics_params.vehicle(economics))
    steps = {STEPS[row.input]: Step(row.label, row.mass_kg, row.usd, row.gain_flops_per_s) for row in grown if row.input in STEPS}
    builds = economics_params.builds(experiment.scenario, experiment.whole.catalogues)
    return parts(builds, prices, vehicle, steps, now.useful_flops_per_s)


def binding(loaded: Loaded) -> tuple[Base, list[Input]]:
    """Gain from array, battery and radiator: the binding constraints that `dawndusk run` prints.

    Parameters
    ----------
    loaded : Loaded
        The scenario.

    Returns
    -------
    base : Base
        The design as it is.
    inputs : list of Input
        Inputs, the largest gain per kilogram first.
    """
    experiment = _Experiment(loaded)
    now = experiment.shares(experiment.outcome(_unchanged(experiment.scenario)))
    inputs = [_input(each, experiment, now) for each in sensitivity.inputs_with_mass(experiment.scenario)]
    return _base(experiment, now), sorted(inputs, key=_by_gain_per_kg)


def _needs_ground(job: Workload) -> bool:
    """Whether what a job computes depends on the ground, or its data pass it."""
    if isinstance(job, Training):
        return job.ingest is not None or job.deliver is not None
    return isinstance(job, Inference | Sensing)


def _unchanged(scenario: Scenario) -> Ablation:
    return Ablation("", scenario)


def _base(experiment: _Experiment, now: _Shares) -> Base:
    satellites = experiment.whole.satellites
    return Base(
        satellites=satellites, satellites_run=experiment.sample or satellites, window_s=experiment.scenario.duration,
        step_s=experiment.scenario.step, nameplate_flops_per_s=now.nameplate_flops_per_s,
        useful_flops_per_s=now.useful_flops_per_s, useful_fraction=now.share("useful"), accuracy=experiment.accuracy,
    )  # fmt: skip


def _gain(experiment: _Experiment, now: _Shares, then: _Shares) -> float:
    """Useful rate gained [FLOP/s]; 0 below the accuracy of the runs."""
    gained = then.useful_flops_per_s - now.useful_flops_per_s
    return gained if abs(gained) > experiment.accuracy * now.useful_flops_per_s else 0.0


def _cause(
    cause: str, experiment: _Experiment, now: _Shares, tasks: list[Task], rates_bit_s: tuple[float | None, ...]
) -> Cause:
    flops = now.nameplate_flops_per_s * experiment.scenario.duration
    own, induced = now.own.get(cause, 0.0), now.induced.get(cause, 0.0)
    size = (cause, (own + induced) * flops, own * flops, induced * flops, own + induced)
    ablation = remove_cause(cause, experiment.scenario, tasks)
    if ablation is None:
        return Cause(*size, None, None, None, None, None, NOT_REMOVABLE[cause])
    then = experiment.shares(experiment.outcome(ablation._replace(mean_rates_bit_s=rates_bit_s)))
    gain = _gain(experiment, now, then)
    grown = {c: then.share(c) - now.share(c) for c in CAUSES if c not in ("useful", cause)}
    most = max(grown, key=lambda c: grown[c])
    significant = grown[most] > experiment.accuracy
    return Cause(
        *size, ablation.description, gain / now.nameplate_flops_per_s, gain, most if significant else None, grown[most] if significant else None, None
    )  # fmt: skip


def _input(increased: IncreasedInput, experiment: _Experiment, now: _Shares) -> Input:
    gain = _gain(experiment, now, experiment.shares(experiment.outcome(_unchanged(increased.scenario))))
    mass_kg, usd = _added(increased, experiment)
    return Input(
        input=increased.field, unit=increased.unit, before=increased.before, after=increased.after, mass_kg=mass_kg,
        usd=usd, gain_fraction=gain / now.nameplate_flops_per_s, gain_flops_per_s=gain,
        per_kg=gain / mass_kg if mass_kg else None, per_usd=gain / usd if usd else None, label=increased.label,
        display_unit=increased.display_unit,
    )  # fmt: skip


def _added(increased: IncreasedInput, experiment: _Experiment) -> tuple[float | None, float | None]:
    """Mass and cost that an input adds to the fleet; None where a part has no mass, or a price is not known.

    Launches count by mass, as if every vehicle were full: a step of whole launches is not a marginal cost.
    """
    now, then = (
        economics_params.builds(scenario, experiment.whole.catalogues) for scenario in (experiment.scenario, increased.scenario)
    )
    if increased.satellites:
        then = [now[0]._replace(lot=now[0].lot._replace(satellites=increased.satellites))]
        now = []
    mass_kg = _fleet_kg(then) - _fleet_kg(now)
    economics = experiment.whole.scenario.economics
    if economics is None:
        return mass_kg or None, None
    prices, vehicle = economics_params.prices(economics), economics_params.vehicle(economics)
    usd = [cost.full_launch_usd(fleet, prices, vehicle) for fleet in (now, then)]
    if usd[0] is None or usd[1] is None:
        return mass_kg or None, None
    return mass_kg or None, (usd[1] - usd[0]) or None


def _fleet_kg(fleet: list[cost.Build]) -> float:
    return math.fsum(b.lot.satellites * b.lot.mass_kg for b in fleet)


def _by_gain(row: Cause) -> tuple[bool, float, str]:
    return row.gain_fraction is None, -(row.gain_fraction or 0.0), row.cause


def _by_gain_per_kg(row: Input) -> tuple[bool, float, str]:
    return row.per_kg is None, -(row.per_kg or 0.0), row.input
