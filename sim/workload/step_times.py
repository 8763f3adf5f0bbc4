"""Durations of a training step from its constants: scalar functions that jobs call for every member."""

from __future__ import annotations

import math
from typing import NamedTuple

from orbit.kernels.compile import Floats, exact_inlined, exact_kernel


class StepConstants(NamedTuple):
    """What one step takes at full clock, and how its parts depend on the rate and on messages."""

    arithmetic_s: float  # at full clock
    recompute: float  # share of arithmetic that is done twice
    bubble: float  # idle time over arithmetic, recomputation and tensor-group reductions
    straggler: float  # expected wait for the slowest member, share of arithmetic
    fabric_s: float  # tensor-group reductions
    fill_transfers: float  # stage transfers while the pipeline fills and drains
    virtual_stages: float  # micro-batches times interleaving; 0 where a replica is on one satellite
    virtual_stage: float  # arithmetic of one of them, share of the step's
    inner_reduction_s: float  # of gradients inside one satellite
    hidden: float  # share of arithmetic and stalls that hides the all-reduce


@exact_inlined
def exposed_at(rate: float, stage_transfer_s: float, reduction_s: float, c: StepConstants) -> float:
    """Communication of a step that no arithmetic hides, of one member or job; see `training_step.exposed_s`.

    Parameters
    ----------
    rate : float
        Clock rate of the slowest member, 0 to 1.
    stage_transfer_s : float
        Transfer of one micro-batch over the slowest stage boundary between satellites [s].
    reduction_s : float
        Gradient all-reduce between satellites [s].
    c : StepConstants
        Constants of the job.

    Returns
    -------
    float
        Exposed time [s]; 0 at rate 0.
    """
    if rate <= 0.0:
        return 0.0
    running_s = c.arithmetic_s / rate
    stalls_s = fills_s = 0.0
    if c.virtual_stages > 0.0:
        stalls_s = c.virtual_stages * max(0.0, stage_transfer_s - running_s * c.virtual_stage)
        fills_s = c.fill_transfers * stage_transfer_s
    # an endless stall hides nothing: the step does not end
    hidden_s = c.hidden * (running_s + (stalls_s if math.isfinite(stalls_s) else 0.0))
    late_s = max(0.0, reduction_s + c.inner_reduction_s - hidden_s)
    return c.fabric_s + stalls_s + fills_s + late_s


@exact_inlined
def step_at(
    rate: float, stage_transfer_s: float, reduction_s: float, c: StepConstants
) -> tuple[float, float, float, float, float, float]:
    """Parts of one step in the order of `training_step.StepTime`; see `training_step.decompose`.

    Parameters
    ----------
    rate : float
        Clock rate of the slowest member, 0 to 1.
    stage_transfer_s : float
        Transfer of one micro-batch over the slowest stage boundary between satellites [s].
    reduction_s : float
        Gradient all-reduce between satellites [s].
    c : StepConstants
        Constants of the job.

    Returns
    -------
    tuple of float
        Parts and total [s]; at rate 0 compute and total are inf and all other parts 0.
    """
    if rate <= 0.0:
        return math.inf, 0.0, 0.0, 0.0, 0.0, math.inf
    compute_s = c.arithmetic_s / rate
    recompute_s = compute_s * c.recompute
    bubble_s = c.bubble * (compute_s + recompute_s + c.fabric_s)
    communication_s = exposed_at(rate, stage_transfer_s, reduction_s, c)
    straggler_s = c.straggler * compute_s
    total_s = compute_s + recompute_s + bubble_s + communication_s + straggler_s
    return compute_s, recompute_s, bubble_s, communication_s, straggler_s, total_s


@exact_kernel
def exposed_times(rate: Floats, stage_transfer_s: Floats, reduction_s: Floats, c: StepConstants, out: Floats) -> None:
    """`exposed_at` of several members or jobs.

    Parameters
    ----------
    rate, stage_transfer_s, reduction_s : ndarray, shape (n,)
        Clock rates and times of messages [s].
    c : StepConstants
        Constants of the job.
    out : ndarray, shape (n,)
        Exposed times [s]; written.
    """
    for i in range(out.size):
        out[i] = exposed_at(rate[i], stage_transfer_s[i], reduction_s[i], c)


@exact_kernel
def step_times(rate: Floats, stage_transfer_s: Floats, reduction_s: Floats, c: StepConstants, out: Floats) -> None:
    """`step_at` of several jobs.

    Parameters
    ----------
    rate, stage_transfer_s, reduction_s : ndarray, shape (n,)
        Clock rates and times of messages [s].
    c : StepConstants
        Constants of the job.
    out : ndarray, shape (6, n)
        Parts in the order of `training_step.StepTime` [s]; written.
    """
    for i in range(out.shape[1]):
        out[0, i], out[1, i], out[2, i], out[3, i], out[4, i], out[5, i] = step_at(
            rate[i], stage_transfer_s[i], reduction_s[i], c
        )
