"""Policies of a training job under failure, compared on the same failures: one row each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sim import api, mission, pool
from sim.config.errors import InputError, Origin, bad_input
from sim.config.scenario import Overrides, overrides
from sim.engine.threads import one_blas_thread
from sim.fleet.replicas.tables import JobColumn
from sim.mission.figures import quantiles

LONG = "10000 yr"  # between checkpoints: longer than any mission
CORRELATED = "{name: plane loss, scope: plane, rate: 0.1 1/yr, hits: 1.0}"


class Policy(NamedTuple):
    """One way to go on after a failure."""

    name: str
    what: str
    job: tuple[str, ...] = ()  # overrides of each training workload, "key=value"
    scenario: tuple[str, ...] = ()  # overrides of the scenario
    spares: bool = True  # whether other satellites take the ranks of members that are lost


class PolicyComparison(NamedTuple):
    """Policies of the training jobs of a scenario over its mission."""

    scenario: str
    sha256: str
    duration_s: float
    replicas: int
    rows: list[dict[str, Any]]

    def as_dict(self) -> dict[str, Any]:
        """The comparison as one object of plain values.

        Returns
        -------
        dict
            Its fields by name.
        """
        return self._asdict()


POLICIES = (
    Policy("no checkpoints", "all work is lost with the first member; then the job begins again", (f"checkpoint.interval={LONG}",), spares=False),
    Policy("rollback", "back to the last checkpoint, once the member is replaced", spares=False),
    Policy("hot spares", "satellites beside the job take the rank at once; back to the last checkpoint"),
    Policy("elastic", "replicas of the model; the others go on without the one that lost a member", ("method=elastic",)),
    Policy("DiLoCo", "islands that exchange weights seldom; the others go on", ("method=diloco",)),
    Policy("hot spares, plane loss", "as hot spares, and a plane or formation is lost as a whole once in ten years on average",
           scenario=(f"mission.common_causes=[{CORRELATED}]",)),
)  # fmt: skip


@one_blas_thread()
def compare(
    source: str | Path, given: Overrides = (), seed: int | None = None, threads: int | None = None,
    progress: Callable[[int, int], None] | None = None, scheduler: str | None = None, workers: int | None = None,
) -> PolicyComparison:  # fmt: skip
    """Compare the policies of the training jobs of a scenario over its mission.

    Parameters
    ----------
    source : str or Path
        Name or path of a scenario with training and, among its keys or the overrides, a mission.
    given : mapping or sequence of str, optional
        Overrides.
    seed : int or None, optional
        Seed of all random streams.
    threads : int or None, optional
        Threads; they do not change results.
    progress : callable, optional
        Called as progress(done, total) with the number of policies.
    scheduler : str or None, optional
        Address of a dask scheduler, over whose workers days and replicas are spread; it does not change results.
    workers : int or None, optional
        Worker processes of this machine over which they are spread, where no scheduler is given.

    Returns
    -------
    PolicyComparison
        With a row for each policy: `policy`, `what`, `members` and `parts` of the jobs, and over the replicas `useful_fraction` of nameplate,
        `working`, `recovery` and `waiting` shares of the members' time, `interruptions`, `tokens`; or `why_not`, where no plan exists.

    Raises
    ------
    InputError
        If the scenario is invalid or has no training or no mission.
    RunError
        If workers or scheduler cannot be used or are lost.
    """
    sets = overrides(given)
    loaded = api.load(source, sets, seed=seed)
    base = loaded.scenario
    trainings = [n for n, work in enumerate(base.workloads) if work.kind == "training"]
    if not trainings:
        raise bad_input(Origin(str(source)), "workloads", "has no training; write {kind: training, model: llama-3-70b}")
    if base.mission is None:
        raise bad_input(Origin(str(source)), "mission", "is missing; write mission: {duration: 5 yr}")
    rows: list[dict[str, Any]] = []
    with pool.spread(scheduler, workers) as each:
        for done, policy in enumerate(POLICIES):
            more = [f"workloads.{n}.{text}" for n in trainings for text in policy.job]
            try:
                study = mission.simulate(api.load(source, (*sets, *more, *policy.scenario), seed=seed), threads, spares=policy.spares, each=each)
            except InputError as error:
                rows.append({"policy": policy.name, "what": policy.what, "why_not": error.problems[0].message})
            else:
                rows.append({"policy": policy.name, "what": policy.what, "why_not": None, **_figures(study)})
            if progress is not None:
                progress(done + 1, len(POLICIES))
    return PolicyComparison(base.name, loaded.sha256, base.mission.duration, int(base.mission.replicas), rows)


def _figures(study: mission.Study) -> dict[str, Any]:
    jobs = [g for g, group in enumerate(study.groups) if group.parts]
    members = sum(int(study.groups[g].members.size) for g in jobs)
    done = study.one.jobs[:, :, jobs].sum(axis=(1, 2))  # (replicas, columns)
    whole_s = members * study.mission.duration
    return {
        "members": members,
        "parts": sum(len(study.groups[g].parts) for g in jobs),
        "useful_fraction": quantiles(study.useful_s.sum(axis=1) / study.nameplate_s),
        "working": quantiles(done[:, JobColumn.USEFUL] / whole_s),
        "recovery": quantiles(done[:, JobColumn.RECOVERY] / whole_s),
        "waiting": quantiles((done[:, JobColumn.WAITING] + done[:, JobColumn.SLOWED]) / whole_s),
        "interruptions": quantiles(done[:, JobColumn.INTERRUPTIONS]),
        "tokens": quantiles(np.array([each.tokens[:, jobs].sum() for each in study.ledgers])),
    }
