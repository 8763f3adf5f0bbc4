"""Checks of workloads: shares and spares, precision, mesh, memory, links between members."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from orbit.units import shortened
from sim.config import workload_params
from sim.config.data_rule_params import allowed_types
from sim.config.errors import Origin, Problem
from sim.config.schema import Inference, Satellite, Scenario, Sensing, Training, Workload
from sim.config.validation import forms
from sim.config.validation.location import origin
from sim.config.yaml_tree import Node
from sim.workload import memory_fit, parallelism, transformer
from sim.workload.kernels import ELEMENT_BYTES
from sim.workload.parallelism import Mesh
from sim.workload.service import Service, degrees, max_batch, service_problem
from sim.workload.serving_choice import target_problem

REFUSED_SHARE = 0.05  # difference between given parameters and those of the shape; names of models round by up to 4 %
NOTED_SHARE = 0.01

FieldMessage = tuple[str, str]  # field of the workload ("" itself) and what is wrong with it


class _Site(NamedTuple):
    """Satellites of a workload."""

    scenario: Scenario
    satellites: int  # of the workload
    types: Sequence[Satellite]  # that it may use
    excluded: int = 0  # satellites that it asks for and that rules for data exclude

    @property
    def accelerators(self) -> int:
        return min(int(t.accelerators) for t in self.types)

    @property
    def memory_bytes(self) -> float:
        return min(t.accelerator.memory for t in self.types)

    @property
    def ruled(self) -> str:
        """Why there are no more, for messages."""
        return f" that rules for data leave of {self.satellites + self.excluded}" if self.excluded else ""


def check_workloads(
    scenario: Scenario, root: Node, satellites: int, placed: Sequence[tuple[int, int]] | None = None
) -> list[Problem]:
    """Check workloads and spares: shares, precision, mesh, memory, links between members.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    root : Node
        Resolved tree of the scenario, for the locations of problems.
    satellites : int
        Satellites of the fleet, at least 1.
    placed : sequence of (int, int), optional
        Satellites that each workload asks for, and the most that rules for data leave to it; by default all.

    Returns
    -------
    list of Problem
        All problems found.
    """
    shared = _check_shares(scenario, root, satellites)
    if shared:
        return shared
    spares = 0 if scenario.fleet is None else int(scenario.fleet.spares)
    problems = []
    known = placed or [(n, n) for n in workload_params.counts(scenario.workloads, spares, satellites)]
    for i, (job, (asked, count)) in enumerate(zip(scenario.workloads, known, strict=True)):
        allowed = allowed_types(scenario, job) if placed else [True] * len(scenario.types)
        if asked and not count:  # where none may run it, the rules are checked apart
            message = "is left without a satellite that rules for data allow; write smaller shares, fewer spares, or rules that allow more"
            problems += [Problem(origin(root, "workloads", str(i)), f"workloads.{i}", message)] if any(allowed) else []
            continue
        types = [kind for kind, may in zip(scenario.types, allowed, strict=True) if may]
        for field, message in _workload_problems(job, _Site(scenario, count, types or scenario.types, max(0, asked - count))):
            path = ("workloads", str(i), *(field.split(".") if field else []))
            problems.append(Problem(_origin(root, path), ".".join(path), message))
    return problems


def _origin(root: Node, path: tuple[str, ...]) -> Origin:
    """Location of a field of a workload; the workload itself where the value is a default."""
    field, workload = origin(root, *path), origin(root, *path[:2])
    return field if field.file == workload.file or field.file.startswith("--") else workload


# --- satellites of each workload ------------------------------------------------------------------------------------------------


def _check_shares(scenario: Scenario, root: Node, satellites: int) -> list[Problem]:
    problems = _check_kinds(scenario, root)
    spares = 0 if scenario.fleet is None else int(scenario.fleet.spares)
    if spares >= satellites:
        message = f"{spares} leave none of {satellites} satellites at work; write fewer"
        return [*problems, Problem(origin(root, "fleet", "spares"), "fleet.spares", message)]
    given = [(i, share) for i, w in enumerate(scenario.workloads) if (share := _share(w)) is not None]
    counts = workload_params.counts(scenario.workloads, spares, satellites)
    total, taken = sum(share for _, share in given), sum(counts[i] for i, _ in given)
    if given and (total > 1.0 + 1e-9 or taken + spares > satellites):
        last = given[-1][0]
        message = (
            f"shares add up to {total:g}; write shares of 1 or less together"
            if total > 1.0 + 1e-9
            else f"shares take {taken} of {satellites} satellites and spares {spares}; write smaller shares or fewer spares"
        )
        return [*problems, Problem(origin(root, "workloads", str(last), "share"), f"workloads.{last}.share", message)]
    for i, (job, count) in enumerate(zip(scenario.workloads, counts, strict=True)):
        if count == 0 and _share(job) is not None:
            least = math.ceil(1e6 / satellites) / 1e6
            message = f"{_share(job):g} of {satellites} satellites is less than one; write {least:g} or more"
            problems.append(Problem(origin(root, "workloads", str(i), "share"), f"workloads.{i}.share", message))
        elif count == 0:
            message = f"is left without one of the {satellites} satellites; write smaller shares, fewer spares or fewer workloads"
            problems.append(Problem(origin(root, "workloads", str(i)), f"workloads.{i}", message))
    return problems


def _share(job: Workload) -> float | None:
    return job.share if isinstance(job, Training | Inference | Sensing) else None


def _check_kinds(scenario: Scenario, root: Node) -> list[Problem]:
    """One stream is enough: it takes all satellites that are left. Jobs of several workloads exchange members and spares."""
    problems = []
    streams = [i for i, w in enumerate(scenario.workloads) if w.kind == "independent"]
    message = "is a second independent workload, and one is simulated; write one: it serves all satellites that it gets"
    problems += [Problem(origin(root, "workloads", str(i)), f"workloads.{i}", message) for i in streams[1:]]
    jobs = [(i, w) for i, w in enumerate(scenario.workloads) if isinstance(w, Training)]
    spares = 0 if scenario.fleet is None else int(scenario.fleet.spares)
    reserves = sum(job.reserve for _, job in jobs)
    if reserves > spares:
        last = max(i for i, job in jobs if job.reserve)
        message = f"reserves take {reserves:,} of {spares:,} spares; write fleet.spares: {reserves} or more, or smaller reserves"
        problems.append(Problem(_origin(root, ("workloads", str(last), "reserve")), f"workloads.{last}.reserve", message))
    spanning = [(i, w) for i, w in enumerate(scenario.workloads) if isinstance(w, Training) or (isinstance(w, Inference) and w.pipeline != 1)]
    if len(scenario.types) > 1:
        first = spanning[0][1].precision if spanning else ""
        problems += [
            Problem(_origin(root, ("workloads", str(i), "precision")), f"workloads.{i}.precision",
                    f"jobs of several precisions cannot exchange satellites of several types; write {first}, as the first job")
            for i, job in spanning if job.precision != first
        ]  # fmt: skip
    return problems


# --- one workload -----------------------------------------------------------------------------------------------------


def _workload_problems(job: Workload, site: _Site) -> list[FieldMessage]:
    if not isinstance(job, Training | Inference):
        return []
    disagreement = _parameter_problem(workload_params.model(job.model))
    if disagreement is not None:
        return [("model.parameters", disagreement)]
    for chip in (t.accelerator for t in site.types):
        known = [name for name in sorted(chip.peak) if name in ELEMENT_BYTES]
        if job.precision not in known:
            return [("precision", f"{chip.name} has no peak for '{shortened(job.precision)}'; write one of: {', '.join(known)}")]
    if isinstance(job, Training):
        return _training_problems(job, site)
    return _inference_problems(job, site)


def _inference_problems(job: Inference, site: _Site) -> list[FieldMessage]:
    stored = job.weight_precision
    if stored is not None and ELEMENT_BYTES[stored] > ELEMENT_BYTES[job.precision]:
        return [("weight_precision", f"'{stored}' is wider than the precision of arithmetic; write {job.precision} or a narrower one")]
    if job.daily is not None:
        if not any(job.daily.profile):
            return [("daily.profile", "all 24 rates are 0; write at least one above 0")]
        if job.demand is None:
            return [("daily", "needs the mean over the day; write demand: in output tokens per second")]
        ground = site.scenario.ground
        if ground is None:
            return [("daily", "follows the local time of ground stations, and the scenario has none; write ground: {stations: default}")]
        if not any(station.users for station in ground.stations):
            return [("daily", "needs users at a ground station, and none has any; write users: 1 at one of them")]
    service = workload_params.service(job, workload_params.slowest(site.types, job.precision))
    message = service_problem(service, site.satellites)
    if message is not None:
        return [("pipeline" if "has more stages" in message else _sized_by(job), message)]
    if service.pipeline > site.satellites:
        return [_too_long(job, service, site)]
    message = target_problem(service)
    if message is not None:
        return [("targets", message)]
    return _link_problems(service.pipeline, site, "pipeline")


def _sized_by(job: Inference) -> str:
    """Field that decides how much memory a copy of the model has or needs."""
    given = {"tensor": job.tensor is not None, "pipeline": job.pipeline not in (1, "auto"), "batch": job.batch is not None}
    return next((field for field, is_given in given.items() if is_given), "model")


def _too_long(job: Inference, service: Service, site: _Site) -> FieldMessage:
    """A pipeline with more stages than the workload has satellites."""
    has = f"{service.pipeline} stages need {service.pipeline} satellites, and the workload has {site.satellites}{site.ruled}"
    shorter = service._replace(pipeline=site.satellites)
    batch = max(max_batch(shorter._replace(tensor=tensor)) for tensor in degrees(service.model, service.accelerators))
    if batch >= (job.batch or 1):
        return "pipeline", f"{has}; write pipeline: {site.satellites} or less, or a larger share"
    advice = f"batch: {batch} with pipeline: {site.satellites}, a" if batch else "a"
    return "pipeline", f"{has}; write {advice} larger share, a narrower weight_precision, or a smaller model"


def _parameter_problem(model: transformer.Model) -> str | None:
    """Parameters that are not those of the shape: arithmetic follows from the one, memory from the other."""
    counted = transformer.parameter_count(model)
    if abs(counted - model.parameters) <= REFUSED_SHARE * counted:
        return None
    form = _other_form(model)
    if form is not None:
        advice = form
    elif model.parameters > counted and not model.experts:
        advice = "the experts of a mixture as experts: {count: ..., active: ..., ffn: ...}"
    else:
        advice = "the shape of the model"
    return (
        f"{model.parameters:.4g} are not those of the shape, {counted:.4g} by layers, hidden, heads, kv_heads, head_size, ffn, "
        f"vocabulary{' and experts' if model.experts else ''}; write parameters: {counted:.4g}, or {advice}"
    )


def _other_form(model: transformer.Model) -> str | None:
    """Values of `gated` and `tied` with which the shape has the given parameters; None where there are none."""
    forms = []
    for keys in (("tied",), ("gated",), ("gated", "tied")):
        other = model._replace(**{key: not getattr(model, key) for key in keys})
        text = " and ".join(f"{key}: {str(getattr(other, key)).lower()}" for key in keys)
        forms.append((abs(transformer.parameter_count(other) - model.parameters), text))
    off, text = min(forms)
    return text if off <= NOTED_SHARE * model.parameters else None


def notes(scenario: Scenario, satellites: int) -> list[str]:
    """Notes on models whose parameters are nearly those of their shape, and on pipelines of services that do not divide what they split.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    satellites : int
        Satellites of the fleet.

    Returns
    -------
    list of str
        Lines on each such workload.
    """
    lines = []
    counts = workload_params.counts(scenario.workloads, 0 if scenario.fleet is None else int(scenario.fleet.spares), satellites)
    for i, (job, count) in enumerate(zip(scenario.workloads, counts, strict=True)):
        if isinstance(job, Inference) and job.pipeline != 1:
            stages = workload_params.stages(job, workload_params.slowest(scenario.types, job.precision))
            lines += [f"workloads.{i}.pipeline: {text}" for text in _uneven(stages, job.model.layers, count)]
        if isinstance(job, Training | Inference):
            model = workload_params.model(job.model)
            shape = transformer.parameter_count(model)
            if abs(shape - model.parameters) > NOTED_SHARE * shape:
                lines.append(f"workloads.{i}.model: {model.parameters:.4g} parameters are given, the shape has {shape:.4g}")
    return lines


def _uneven(stages: int, layers: int, satellites: int) -> list[str]:
    """What a number of stages does not divide, and which would."""
    lines = []
    if layers % stages:
        even = [n for n in range(1, layers + 1) if layers % n == 0]
        below, above = max(n for n in even if n < stages), min(n for n in even if n > stages)
        lines.append(
            f"{stages} does not divide {layers} layers, and stages of {-(-layers // stages)} pace those of {layers // stages}; "
            f"write {below} or {above} for even stages"
        )
    if satellites % stages:
        lines.append(
            f"{stages} does not divide {satellites} satellites, and {satellites % stages} without a copy only replace members; "
            f"write a share or fleet.spares that leaves {satellites - satellites % stages}"
        )
    return lines


def _training_problems(job: Training, site: _Site) -> list[FieldMessage]:
    if job.members is not None and job.members > site.satellites:
        return [("members", f"{job.members} is more than the {site.satellites} satellites of the workload{site.ruled}; "
                            f"write {site.satellites} or less")]  # fmt: skip
    if job.global_batch < job.sequence_length:
        return [("global_batch", f"{job.global_batch:g} tokens are less than one sequence of {job.sequence_length}; "
                                 f"write {job.sequence_length} or more")]  # fmt: skip
    if job.interleave != "auto" and job.interleave > job.model.layers:
        return [("interleave", f"{job.interleave} virtual stages are more than the {job.model.layers} layers of the model; "
                               f"write {job.model.layers} or less, or auto")]  # fmt: skip
    for name, count in (("islands.count", job.islands and job.islands.count), ("elastic.replicas", job.elastic and job.elastic.replicas)):
        each = job.members or 1 if job.mesh is None else parallelism.members(workload_params.mesh(job.mesh), site.accelerators)
        most = site.satellites // max(1, each)  # a mesh of no satellite is another problem
        if isinstance(count, int) and count > most:
            return [(name, f"{count} need {count * each} satellites of {site.satellites}{site.ruled}; write {most} or less, or auto")]
    islands = min(workload_params.island_counts(job, site.accelerators, site.satellites))
    least = islands * job.micro_batch * job.sequence_length
    if islands > 1 and job.global_batch < least:
        return [("global_batch", f"{job.global_batch:g} tokens are too few for {islands} {_parts(job)}; write {least:g} or more")]
    group = min(job.members or site.satellites, site.satellites // islands)
    fit = workload_params.fit(job, site.accelerators, group, site.memory_bytes, islands)
    if job.mesh is None:
        message = _no_mesh_problem(fit, islands)
        if message is not None:
            return [("model" if "nothing fits" in message else "global_batch", message)]
        return _exchange_problems(job, group * islands, site) or _link_problems(group, site, "members")
    mesh = workload_params.mesh(job.mesh)
    sequences = fit.batch.global_batch // fit.batch.micro_batch
    if mesh.data > sequences >= 1:
        tokens = islands * mesh.data * fit.batch.micro_batch * fit.batch.sequence
        whole = parallelism.replicas_per_satellite(mesh, site.accelerators)
        fewer = f", or mesh: {{data: {sequences // whole * whole}}}" if sequences >= whole else ""
        return [("global_batch", f"{fit.batch.global_batch} sequences{_of_each(islands)} are too few for {mesh.data:,} replicas; "
                                 f"write global_batch: {tokens}{fewer}")]  # fmt: skip
    message = (
        parallelism.mesh_problem(mesh, site.accelerators, group)
        or _model_shape_problem(fit.model, mesh)
        or memory_fit.fit_problem(fit, mesh)
    )
    if message is not None:
        return [("mesh", message)]
    used = parallelism.members(mesh, site.accelerators)
    return _exchange_problems(job, used * islands, site) or _link_problems(used, site, "mesh")


def _parts(job: Training) -> str:
    return "replicas" if job.method == "elastic" else "islands"


def _of_each(islands: int) -> str:
    return " of each island or replica" if islands > 1 else ""


def _exchange_problems(job: Training, used: int, site: _Site) -> list[FieldMessage]:
    """Islands, and elastic replicas, need links that join all of them."""
    if job.method == "synchronous" or used == 1:
        return []
    scenario = site.scenario
    if scenario.links is None:
        return [("method", f"{_parts(job)} on {used:,} satellites exchange messages, and the scenario has no links; "
                           f"write links: {{topology: {forms.suited_topology(scenario.constellation)}}}, or method: synchronous")]  # fmt: skip
    joined = forms.largest_network(scenario)
    if joined is None or used <= joined or forms.unjoined_entries(scenario.links.form, scenario.constellation):
        return []
    return [("method", f"{_parts(job)} on {used:,} satellites exchange messages, and {scenario.links.form} joins {joined:,} to each other; "
                       f"write topology: nearest, or method: synchronous")]  # fmt: skip


def _model_shape_problem(model: transformer.Model, mesh: Mesh) -> str | None:
    """Conflict of a mesh with layers or heads of the model."""
    if mesh.pipeline > model.layers:
        return f"pipeline {mesh.pipeline} has more stages than the model has layers; write pipeline: {model.layers} or less"
    if model.heads % mesh.tensor:
        return f"tensor {mesh.tensor} does not divide the {model.heads} heads of the model; write tensor: {math.gcd(model.heads, mesh.tensor)}"
    if max(model.experts, 1) % mesh.expert:
        common = math.gcd(max(model.experts, 1), mesh.expert)
        return f"expert {mesh.expert} does not divide the {model.experts} experts of the model; write expert: {common}"
    return None


@lru_cache(maxsize=64)  # a study asks again and again
def _no_mesh_problem(job: memory_fit.Job, islands: int) -> str | None:
    """Why no mesh can be chosen: memory, or a batch with fewer sequences than a satellite has replicas; of each of so many islands."""
    able = [mesh for mesh in parallelism.meshes(job.model, job.accelerators, job.satellites) if memory_fit.fits(job, mesh)]
    if not able:
        message = memory_fit.no_fit_message(job)
        return message if "write" in message else f"{message}; write a smaller model or more satellites"
    replicas = min(parallelism.replicas_per_satellite(mesh, job.accelerators) for mesh in able)
    if replicas * job.batch.micro_batch <= job.batch.global_batch:
        return None
    tokens = islands * replicas * job.batch.micro_batch * job.batch.sequence
    return (
        f"{job.batch.global_batch} sequences{_of_each(islands)} are too few for the {replicas:,} replicas of a satellite; "
        f"write global_batch: {tokens}"
    )


def _link_problems(used: int, site: _Site, field: str) -> list[FieldMessage]:
    """A job, or a copy of a model, on several satellites needs links that join all of them."""
    if used == 1:
        return []
    scenario, spread = site.scenario, "pipeline" if field == "pipeline" else "members"
    noun = "a copy of the model" if field == "pipeline" else "a job"
    if scenario.links is None:
        return [("", f"{noun} of {used:,} satellites needs links, and the scenario has none; "
                     f"write links: {{topology: {forms.suited_topology(scenario.constellation)}}}, or {spread}: 1")]  # fmt: skip
    joined = forms.largest_network(scenario)
    if joined is None or used <= joined or forms.unjoined_entries(scenario.links.form, scenario.constellation):
        return []
    return [(field, f"{noun} of {used:,} satellites is larger than the {joined:,} that {scenario.links.form} joins to each other; "
                    f"write {spread}: {joined}, or topology: nearest")]  # fmt: skip
