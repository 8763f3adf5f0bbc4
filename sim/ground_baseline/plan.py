"""The work of a scenario, turned into work for nodes on the ground."""

from __future__ import annotations

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
    workloads: list[schema.Workload]  # members are nodes
    stations: list[schema.Station] | None
    notes: list[str]
    failures: bool  # whether nodes fail at random, which they do not where satellites do not

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
        return _checked(site, STANDALONE._replace(workloads=list(site.workloads)), root)
    s = like.scenario
    notes = []
    spares = 0 if s.fleet is None else int(s.fleet.spares)
    counts = workload_params.counts(s.workloads, spares, like.satellites)
    each = max(1, like.accelerators // like.satellites)
    larger = site.nodes * site.accelerators_per_node / (like.satellites * each)
    workloads = [_in_nodes(w, n * each, each, larger, site) for w, n in zip(s.workloads, counts, strict=True)]
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
        workloads=workloads, stations=stations, notes=notes, failures=fails,
    )
    return _checked(site, plan, root)


def _in_nodes(
    work: schema.Workload, accelerators: int, per_satellite: int, larger: float, site: schema.Site
) -> schema.Workload:
    """The workload in nodes: a job that has so many accelerators in orbit has as many here, in whole nodes; there are more
    of them on a site that is so many times larger, and users ask for so many times more."""
    each = site.accelerators_per_node
    match work:
        case schema.Training():
            wanted = accelerators if work.members is None else work.members * per_satellite
            members = max(1, wanted // each)
            return work.model_copy(update={"members": members, "mesh": _fitting(work, members, site)})
        case schema.Inference():
            kept = work.tensor if work.tensor is not None and each % work.tensor == 0 else None
            demand = None if work.demand is None else larger * work.demand
            return work.model_copy(update={"tensor": kept, "demand": demand})
        case _:
            return work


def _fitting(work: schema.Training, members: int, site: schema.Site) -> schema.Mesh | None:
    """The given mesh where nodes can hold it; else none, and the best is chosen."""
    if work.mesh is None:
        return None
    mesh = workload_params.mesh(work.mesh)
    satellites = min(members, site.nodes)
    job = workload_params.fit(work, site.accelerators_per_node, satellites, site.accelerator.memory)
    fits = parallelism.mesh_problem(mesh, site.accelerators_per_node, satellites) is None and memory_fit.fits(job, mesh)
    return work.mesh if fits else None


def _checked(site: schema.Site, plan: Plan, root: Node) -> Plan:
    """Refuse precisions that the site's accelerators do not have."""
    wanted = {plan.precision, *(w.precision for w in plan.workloads if not isinstance(w, schema.Independent))}
    missing = sorted(wanted - set(site.accelerator.peak))
    if missing:
        raise bad_input(
            yaml_tree.find(root, ("accelerator", "peak")).origin, "accelerator.peak",
            f"{site.name} has no peak at {', '.join(missing)}; write one of {', '.join(site.accelerator.peak)}",
        )  # fmt: skip
    return plan
