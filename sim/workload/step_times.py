"""Durations of a training step from its constants: scalar functions that jobs call for every member."""

from __future__ import annotations

import math
from typing import NamedTuple

from orbit.kernels.compile import Floats, exact_inlined, exact_kernel

# rows of `step_times`, in the order of `training_step.StepTime`
COMPUTE, RECOMPUTE, BUBBLE, MEMORY, COMMUNICATION, STRAGGLER, TOTAL = range(7)
TIME_ROWS = 7
# rows of `step_shares` after the shares
DURATION_S, DUTY = 7, 8
SHARE_ROWS = 9


class StepConstants(NamedTuple):
    """What one step takes at full clock, and how its parts depend on the rate and on messages; durations of an average accelerator."""

    peak_s: float  # model FLOPs at the dense peak
    arithmetic_s: float  # of kernels, at full clock
    recompute_s: float  # arithmetic that is done again, at full clock
    memory_s: float  # streams through memory, which do not slow with the clock
    fabric_s: float  # messages inside the satellite
    optimiser_s: float  # update of the weights, a stream through memory
    bubble_arithmetic_s: float  # idle time of the pipeline while others do arithmetic, at full clock
    bubble_fixed_s: float  # while they do what does not slow with the clock
    straggler: float  # expected wait for the slowest accelerator, share of arithmetic
    fill_transfers: float  # stage transfers while the pipeline fills and drains
    slots: float  # micro-batches times virtual stages; 0 where a replica is on one satellite
    slot_arithmetic_s: float  # of one micro-batch in one virtual stage, both passes, at full clock
    slot_fixed_s: float  # of the same, what does not slow with the clock
    in_flight: float  # micro-batches on their way over each stage boundary
    scatters: float  # reduce-scatters of gradients, in backward passes
    backward_gathers: float  # all-gathers of weights in backward passes
    forward_gathers: float  # all-gathers of weights in forward passes
    inner_scatter_s: float  # inside one satellite, each
    inner_gather_s: float
    backward_hidden: float  # slots that hide what is exchanged in backward passes
    forward_hidden: float
    outer_period: float  # steps between exchanges with other islands; 0 without islands
    outer_hidden: float  # steps that hide an exchange
    outer_gradients: float  # 1 where gradients are exchanged with other replicas in every step, as they become complete; else 0


@exact_inlined
def exposed_at(
    rate: float, stage_delay_s: float, stage_drain_s: float, reduction_s: float, outer_s: float, c: StepConstants
) -> float:
    """Communication of a step that no arithmetic hides, of one member or job; see `training_step.exposed_s`.

    Parameters
    ----------
    rate : float
        Clock rate of the slowest member, 0 to 1.
    stage_delay_s, stage_drain_s : float
        Delay of one micro-batch over the slowest stage boundary between satellites, and the time that its bytes occupy a link [s].
    reduction_s : float
        Gradient all-reduce between satellites [s].
    outer_s : float
        Exchange with other replicas or islands [s]; counted here where it is one of gradients.
    c : StepConstants
        Constants of the job.

    Returns
    -------
    float
        Exposed time [s]; 0 at rate 0.
    """
    if rate <= 0.0:
        return 0.0
    slot_s = c.slot_arithmetic_s / rate + c.slot_fixed_s
    stalls_s = fills_s = stall_s = 0.0
    if c.slots > 0.0:
        transfer_s = stage_delay_s + stage_drain_s
        stall_s = max(0.0, max(stage_drain_s, transfer_s / c.in_flight) - slot_s)
        stalls_s = c.slots * stall_s
        fills_s = c.fill_transfers * transfer_s
    # an endless stall hides nothing: the step does not end
    hiding_s = slot_s + (stall_s if math.isfinite(stall_s) else 0.0)
    scatter_s, gather_s = 0.5 * reduction_s + c.inner_scatter_s, 0.5 * reduction_s + c.inner_gather_s
    backward_s = c.scatters * scatter_s + c.backward_gathers * gather_s + c.outer_gradients * outer_s
    late_s = max(0.0, backward_s - c.backward_hidden * hiding_s)
    late_s += max(0.0, c.forward_gathers * gather_s - c.forward_hidden * hiding_s)
    return c.fabric_s + stalls_s + fills_s + late_s


@exact_inlined
def step_at(
    rate: float, stage_delay_s: float, stage_drain_s: float, reduction_s: float, outer_s: float, c: StepConstants
) -> tuple[float, float, float, float, float, float, float]:
    """Parts of one step in the order of `training_step.StepTime`; see `training_step.decompose`.

    Parameters
    ----------
    rate : float
        Clock rate of the slowest member, 0 to 1.
    stage_delay_s, stage_drain_s : float
        Delay of one micro-batch over the slowest stage boundary between satellites, and the time that its bytes occupy a link [s].
    reduction_s : float
        Gradient all-reduce between satellites [s].
    outer_s : float
        Exchange with other islands [s].
    c : StepConstants
        Constants of the job.

    Returns
    -------
    tuple of float
        Parts and total [s]; at rate 0 compute and total are inf and all other parts 0.
    """
    if rate <= 0.0:
        return math.inf, 0.0, 0.0, 0.0, 0.0, 0.0, math.inf
    compute_s = c.arithmetic_s / rate
    recompute_s = c.recompute_s / rate
    bubble_s = max(0.0, c.bubble_arithmetic_s / rate + c.bubble_fixed_s)
    memory_s = c.memory_s + c.optimiser_s
    communication_s = exposed_at(rate, stage_delay_s, stage_drain_s, reduction_s, outer_s, c)
    straggler_s = c.straggler * (compute_s + recompute_s)
    total_s = compute_s + recompute_s + bubble_s + memory_s + communication_s + straggler_s
    if c.outer_period > 0.0 and c.outer_gradients == 0.0:
        outer_exposed_s = max(0.0, outer_s - c.outer_hidden * total_s) / c.outer_period
        communication_s += outer_exposed_s
        total_s += outer_exposed_s
    return compute_s, recompute_s, bubble_s, memory_s, communication_s, straggler_s, total_s


@exact_kernel
def exposed_times(
    rate: Floats, stage_delay_s: Floats, stage_drain_s: Floats, reduction_s: Floats, c: StepConstants, out: Floats
) -> None:
    """`exposed_at` of several members or jobs, exchanges with others apart.

    Parameters
    ----------
    rate, stage_delay_s, stage_drain_s, reduction_s : ndarray, shape (n,)
        Clock rates and times of messages [s].
    c : StepConstants
        Constants of the job.
    out : ndarray, shape (n,)
        Exposed times [s]; written.
    """
    for i in range(out.size):
        out[i] = exposed_at(rate[i], stage_delay_s[i], stage_drain_s[i], reduction_s[i], 0.0, c)


@exact_kernel
def step_times(
    rate: Floats, stage_delay_s: Floats, stage_drain_s: Floats, reduction_s: Floats, outer_s: Floats, c: StepConstants, out: Floats
) -> None:
    """`step_at` of several jobs.

    Parameters
    ----------
    rate, stage_delay_s, stage_drain_s, reduction_s, outer_s : ndarray, shape (n,)
        Clock rates and times of messages [s].
    c : StepConstants
        Constants of the job.
    out : ndarray, shape (7, n)
        Parts in the order of `training_step.StepTime` [s]; written.
    """
    for i in range(out.shape[1]):
        out[0, i], out[1, i], out[2, i], out[3, i], out[4, i], out[5, i], out[6, i] = step_at(
            rate[i], stage_delay_s[i], stage_drain_s[i], reduction_s[i], outer_s[i], c
        )


@exact_kernel
def step_shares(
    rate: Floats, stage_delay_s: Floats, stage_drain_s: Floats, reduction_s: Floats, outer_s: Floats, c: StepConstants, hbm_share: float,
    out: Floats,
) -> None:  # fmt: skip
    """Parts of a step of several jobs as shares of it, its duration, and its time at full power.

    Parameters
    ----------
    rate, stage_delay_s, stage_drain_s, reduction_s, outer_s : ndarray, shape (n,)
        Clock rates and times of messages [s].
    c : StepConstants
        Constants of the job.
    hbm_share : float
        Share of the accelerators' power that memory draws while it streams, 0 to 1.
    out : ndarray, shape (9, n)
        Written, row by row: shares, 0 for a job that is stopped; duration [s], then NaN; share of the step at full power, then 1.
    """
    for i in range(out.shape[1]):
        if rate[i] > 0.0:
            parts_s = step_at(rate[i], stage_delay_s[i], stage_drain_s[i], reduction_s[i], outer_s[i], c)
            total_s = parts_s[TOTAL]
            for n in range(TIME_ROWS):
                out[n, i] = parts_s[n] / total_s
            out[DURATION_S, i] = total_s
            out[DUTY, i] = out[COMPUTE, i] + out[RECOMPUTE, i] + hbm_share * out[MEMORY, i]
        else:
            out[:TIME_ROWS, i] = 0.0
            out[DURATION_S, i], out[DUTY, i] = math.nan, 1.0
