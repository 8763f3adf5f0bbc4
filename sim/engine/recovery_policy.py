"""How jobs save and recover, and how long it takes to move their state: durations from a scenario."""

from __future__ import annotations

import math
from typing import NamedTuple

from sim.config import schema, workload_params
from sim.fleet import reliability
from sim.fleet.job_phases import SHORTEST_INTERVAL_S, Policy
from sim.workload import training_step, transformer_memory
from sim.workload.execution_plan import ExecutionPlan
from sim.workload.job_communication import Transport
from sim.workload.service import Service


class ErrorRates(NamedTuple):
    """Mean rates at which radiation interrupts a satellite, and makes silent errors in it [1/s]."""

    interrupts_per_s: float = 0.0
    silent_per_s: float = 0.0


NO_ERRORS = ErrorRates()


def policy(
    job: schema.Training, fleet: schema.Fleet | None, members: int, accelerators: int, errors: ErrorRates = NO_ERRORS, save_s: float | None = None,
) -> Policy:  # fmt: skip
    """Checkpoint and recovery policy of a job.

    A checkpoint is spread over all accelerators of the job, and read back by all of them. The automatic interval
    is the optimum for the mean time between failures of all units of all members, and errors by radiation that interrupt them; where silent
    errors happen it is not longer than that between validations.

    Parameters
    ----------
    job : Training
        The workload.
    fleet : Fleet or None
        Section `fleet`, with failures and recovery; without it nothing fails.
    members : int
        Satellites of one job.
    accelerators : int
        Accelerators of a satellite.
    errors : ErrorRates, optional
        Errors by radiation of a satellite.
    save_s : float, optional
        How long a job waits for a checkpoint [s]; by default the time in which its accelerators write it.

    Returns
    -------
    Policy
        Interval and durations [s].
    """
    validation_s, harmful = validation(job)
    if save_s is None:
        save_s = snapshot_s(job, members, accelerators)
    interval = job.checkpoint.interval
    if interval == "auto":
        interval_s = reliability.optimum_interval_s(save_s, mean_failure_s(fleet, members, accelerators, errors.interrupts_per_s))
        if errors.silent_per_s > 0.0 and validation_s > 0.0:
            interval_s = min(interval_s, validation_s)
    else:
        interval_s = float(interval)
    detection_s, restart_s = recovery_s(fleet)
    return Policy(
        interval_s, save_s, detection_s, restart_s + save_s, validation_s=validation_s, harmful=harmful, copies=int(job.redundancy)
    )


def snapshot_s(job: schema.Training, members: int, accelerators: int) -> float:
    """Time in which the accelerators of a job write a checkpoint.

    Parameters
    ----------
    job : Training
        The workload.
    members : int
        Satellites of one job.
    accelerators : int
        Accelerators of a satellite.

    Returns
    -------
    float
        Time [s].
    """
    return transformer_memory.checkpoint_bytes(workload_params.model(job.model)) / (members * accelerators * job.checkpoint.rate)


def validation(job: schema.Training) -> tuple[float, float]:
    """How a job looks for silent errors.

    Parameters
    ----------
    job : Training
        The workload.

    Returns
    -------
    interval_s, harmful : float
        Time between validations [s] and share of the errors that they find; 0 and all of them where arithmetic is done several times,
        which finds them after every step; 0 and 0 without validation.
    """
    if job.redundancy > 1:
        return 0.0, 1.0
    return (0.0, 0.0) if job.validation is None else (job.validation.interval, job.validation.harmful)


def mean_failure_s(fleet: schema.Fleet | None, members: int, accelerators: int, interrupts_per_s: float = 0.0) -> float:
    """Mean time between failures of all units of all members, and errors by radiation that interrupt them.

    Parameters
    ----------
    fleet : Fleet or None
        Section `fleet`, with failures and those that are expected; without it nothing fails.
    members : int
        Satellites of one job.
    accelerators : int
        Accelerators of a satellite.
    interrupts_per_s : float, optional
        Mean rate at which radiation interrupts a satellite [1/s].

    Returns
    -------
    float
        Time [s]; inf where nothing fails at random.
    """
    failures = None if fleet is None else fleet.failures
    others_per_s = interrupts_per_s + (0.0 if fleet is None else fleet.expected_failures)
    if others_per_s == 0.0:
        return math.inf if failures is None else failures.mean_time / (members * failures.units(accelerators))
    own_per_s = 0.0 if failures is None else failures.units(accelerators) / failures.mean_time
    return 1.0 / (members * (own_per_s + others_per_s))


def recovery_s(fleet: schema.Fleet | None) -> tuple[float, float]:
    """Detection and restart after a failure.

    Parameters
    ----------
    fleet : Fleet or None
        Section `fleet`, with recovery.

    Returns
    -------
    detection_s, restart_s : float
        Times [s]; 0 where nothing fails.
    """
    return (0.0, 0.0) if fleet is None else (fleet.recovery.detection, fleet.recovery.restart)


def island_policy(job: schema.Training, plan: ExecutionPlan, fleet: schema.Fleet | None, transport: Transport) -> Policy:
    """Recovery policy of an island or replica: work counts once it is exchanged, and weights come back from another one.

    It is validated before every exchange, so that no silent error spreads to others.

    Parameters
    ----------
    job : Training
        The workload.
    plan : ExecutionPlan
        Plan of each island, or of each replica of an elastic job.
    fleet : Fleet or None
        Section `fleet`, with recovery; without it nothing fails.
    transport : Transport
        Network of the job.

    Returns
    -------
    Policy
        Interval and durations [s]; every satellite fetches its share of weights and optimiser state over its slowest link.
    """
    islands = plan.task.islands
    assert islands is not None
    detection_s, restart_s = recovery_s(fleet)
    least_s = SHORTEST_INTERVAL_S if islands.together else 1.0
    interval_s = max(least_s, islands.inner_steps * plan.step_s) if math.isfinite(plan.step_s) else math.inf
    return Policy(
        interval_s, 0.0, detection_s, restart_s + copy_s(plan, transport), continuous=islands.together, harmful=validation(job)[1],
        copies=int(job.redundancy),
    )


def copy_s(plan: ExecutionPlan, transport: Transport) -> float:
    """Time in which the satellites of an island or replica fetch their shares of weights and optimiser state.

    Parameters
    ----------
    plan : ExecutionPlan
        Plan of each island or replica.
    transport : Transport
        Network of the job.

    Returns
    -------
    float
        Time over the slowest link [s].
    """
    rates = transport.directed_rate_bit_s
    slowest_bit_s = float(rates[rates > 0.0].min()) if (rates > 0.0).any() else math.inf
    return 8.0 * transformer_memory.checkpoint_bytes(plan.task.model) / training_step.members(plan.task) / slowest_bit_s


def reload_policy(of: Service, fleet: schema.Fleet | None) -> Policy:
    """Recovery policy of a copy of a model: a satellite that replaces another loads the weights of its stage over a link.

    Parameters
    ----------
    of : Service
        The service.
    fleet : Fleet or None
        Section `fleet`, with recovery; without it nothing fails.

    Returns
    -------
    Policy
        Durations [s]; there are no checkpoints.
    """
    detection_s, restart_s = recovery_s(fleet)
    return Policy(math.inf, 0.0, detection_s, restart_s + of.weight_bytes * of.hops.byte_s)
