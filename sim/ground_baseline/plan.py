"""The work of a scenario, turned into work for nodes on the ground."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from sim.config import schema, workload_params, yaml_tree
from sim.config.errors import bad_input
from sim.config.scenario import Loaded
from sim.config.yaml_tree import Node
from sim.workload import memory_fit, parallelism


class Plan(NamedTuple):
    """Workloads, time grid and users of a ground site."""

    epoch: datetime
    duration_s: float
    step_s: float
    seed: int
    precision: str  # of the nameplate
    workloads: list[schema.Workload]  # members are nodes of the first kind
    stations: list[schema.Station] | None
    notes: list[str]
    failures: bool  # whether nodes fail at random, which they do not where satellites do not
    on_kinds: Sequence[Sequence[schema.Workload] | None] = ()  # of each workload, what it is on nodes of each kind; None: it spans kinds

    @property
    def steps(self) -> int:
        """Number of steps of the run."""
        return round(self.duration_s / self.step_s)


# A site alone runs the day that shipped scenarios run.
STANDALONE = Plan(
    epoch=datetime(2026, 12, 21, tzinfo=UTC), duration_s=86400.0, step_s=60.0, seed=1, precision="bf16", workloads=[],
    stations=None, notes=[], failures=True,
)


def plan_of(site: schema.Site, like: Loaded | None, root: Node) -> Plan:
    """Work of a ground site: that of a scenario in nodes, or its own.

    The site runs its own workloads where there is no scenario.

    Parameters
    ----------
    site : Site
        The ground site.
    like : Loaded or None
        Scenario whose work the site does.
    root : Node
        Tree of the site's file, for the locations of problems.

    Returns
    -------
    Plan
        Workloads, time grid and notes.

    Raises
    ------
    InputError
        If the accelerators of the site lack a precision.
    """
    if like is None:
        own_work = list(site.workloads)
        return _checked(site, STANDALONE._replace(workloads=own_work, on_kinds=_on_kinds(site, own_work)), root)
    s = like.scenario
    notes = []
    spares = 0 if s.fleet is None else int(s.fleet.spares)
    counts = workload_params.counts(s.workloads, spares, like.satellites)
    each = max(1, like.accelerators // like.satellites)
    larger = sum(kind.nodes * kind.accelerators_per_node for kind in site.kinds) / (like.satellites * each)
    workloads = [_in_nodes(w, n * each, each, larger, site.kinds[0]) for w, n in zip(s.workloads, counts, strict=True)]
    if any(isinstance(w, schema.Inference) and w.demand is not None for w in s.workloads):
        notes.append(f"{site.name} is asked for {larger:.4g} times the tokens, as it has so many more accelerators")
    free = site.nodes - int(site.fleet.spares)
    if any(isinstance(w, schema.Training) and (w.members or 0) > free for w in workloads):
        notes.append(f"a job of {s.name} needs more than the {free:,} nodes of {site.name}: it runs on fewer")
    own, fails = site.fleet.failures, s.fleet is not None and s.fleet.failures is not None
    if own is not None and not fails:
        days = own.mean_time / own.units(site.accelerators_per_node) / 86400.0
        notes.append(f"{s.name} draws no failures, so {site.name} draws none, which has one in {days:.4g} d a node")
    if s.events:
        notes.append(f"events of {s.name} do not reach {site.name}")
    stations = None if s.ground is None else list(s.ground.stations)
    plan = Plan(
        epoch=s.epoch, duration_s=s.duration, step_s=s.step, seed=s.seed, precision=s.reference_precision,
        workloads=workloads, stations=stations, notes=notes, failures=fails, on_kinds=_on_kinds(site, workloads),
    )
    return _checked(site, plan, root)


def _in_nodes(
    work: schema.Workload, accelerators: int, per_satellite: int, larger: float, kind: schema.Nodes
) -> schema.Workload:
    """The workload in nodes: a job that has so many accelerators in orbit has as many here, in whole nodes; there are more
    of them on a site that is so many times larger, and users ask for so many times more."""
    each = kind.accelerators_per_node
    match work:
        case schema.Training():
            wanted = accelerators if work.members is None else work.members * per_satellite
            members = max(1, wanted // each)
            return work.model_copy(update={"members": members, "mesh": _fitting(work, members, kind)})
        case schema.Inference():
            kept = work.tensor if work.tensor is not None and each % work.tensor == 0 else None
            demand = None if work.demand is None else larger * work.demand
            return work.model_copy(update={"tensor": kept, "pipeline": "auto", "demand": demand})
        case _:
            return work


def _on_kinds(site: schema.Site, workloads: list[schema.Workload]) -> list[list[schema.Workload] | None]:
    """Workloads on each kind of nodes: as many tokens in all. A synchronous job that no kind can hold spans them all."""
    if len(site.kinds) == 1:
        return [None] * len(workloads)
    return [_on_each_kind(site, work) for work in workloads]


def _on_each_kind(site: schema.Site, work: schema.Workload) -> list[schema.Workload] | None:
    each = site.accelerators_per_node
    match work:
        case schema.Training():
            wanted = each * (work.members or site.nodes)
            if work.method != "diloco" and all(kind.nodes * kind.accelerators_per_node < wanted for kind in site.kinds):
                return None
            forms: list[schema.Workload] = []
            for kind in site.kinds:
                members = max(1, min(wanted // kind.accelerators_per_node, kind.nodes))
                forms.append(work.model_copy(update={"members": members, "mesh": _fitting(work, members, kind)}))
            return forms
        case schema.Inference():
            peaks = [kind.accelerators * kind.accelerator.peak.get(work.precision, 0.0) for kind in site.kinds]
            return [
                _in_nodes(work, 0, each, peak / sum(peaks) if sum(peaks) else 0.0, kind)
                for peak, kind in zip(peaks, site.kinds, strict=True)
            ]
        case _:
            return [work] * len(site.kinds)


def _fitting(work: schema.Training, members: int, kind: schema.Nodes) -> schema.Mesh | None:
    """The given mesh where nodes can hold it; else none, and the best is chosen."""
    if work.mesh is None:
        return None
    mesh = workload_params.mesh(work.mesh)
    satellites = min(members, kind.nodes)
    job = workload_params.fit(work, kind.accelerators_per_node, satellites, kind.accelerator.memory)
    fits = parallelism.mesh_problem(mesh, kind.accelerators_per_node, satellites) is None and memory_fit.fits(job, mesh)
    return work.mesh if fits else None


def _checked(site: schema.Site, plan: Plan, root: Node) -> Plan:
    """Refuse sensors, and precisions that the site's accelerators do not have."""
    if any(isinstance(w, schema.Sensing) for w in plan.workloads):
        raise bad_input(
            yaml_tree.find(root, ("workloads",)).origin, "workloads",
            f"{site.name} stands on the ground and has no sensors in orbit; write a baseline or comparison without sensing",
        )  # fmt: skip
    wanted = {plan.precision, *(w.precision for w in plan.workloads if not isinstance(w, schema.Independent | schema.Sensing))}
    for i, kind in enumerate(site.kinds):
        missing = sorted(wanted - set(kind.accelerator.peak))
        path = ("accelerator", "peak") if i == 0 else ("other_nodes", str(i - 1), "accelerator", "peak")
        if missing:
            raise bad_input(
                yaml_tree.find(root, path).origin, ".".join(path),
                f"{site.name} has no peak at {', '.join(missing)}; write one of {', '.join(kind.accelerator.peak)}",
            )  # fmt: skip
    return plan
