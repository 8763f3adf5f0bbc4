"""Answers of `why` and `plan` as cells of a table, for the terminal and for the studio."""

from __future__ import annotations

from typing import Any, Final

from sim.results.formatting import cause_label, points

CAUSE_HEADS: Final = ("cause", "lost %", "peer stall", "gain, points", "PFLOP/s", "next bottleneck", "run without it")
INPUT_HEADS: Final = ("+10 % sensitivity", "from", "to", "", "kg", "USD", "gain, points", "PFLOP/s", "GFLOP/s\nper kg", "GFLOP/s\nper USD")
PLAN_HEADS: Final = (
    "method", "tensor", "pipeline", "stages a\nsatellite", "data", "micro-\nbatches", "virtual\nstages", "ZeRO", "in\nflight", "recom-\nputed",
    "memory", "step", "placement; all-reduce",
)  # fmt: skip
STEP_SHARES: Final = ("useful", "kernel", "memory", "recompute", "bubble", "fabric", "links", "straggler")
STEP_HEADS: Final = ("method", "step", "tokens/s", "which\ncount", *STEP_SHARES, "MFU with\nall pairs")


def figure(value: float | None) -> str:
    """A number with about four digits.

    Parameters
    ----------
    value : float or None
        The number.

    Returns
    -------
    str
        The number; a dash for None.

    Examples
    --------
    >>> figure(12345.6), figure(0.123456), figure(None)
    ('12,346', '0.1235', '-')
    """
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1e4 else f"{value:,.4g}"


def why_headline(analysis: Any) -> str:
    """What the design gives as it is.

    Parameters
    ----------
    analysis : Answer
        Answer of `why`.

    Returns
    -------
    str
        One line.
    """
    base = analysis.base
    return f"{analysis.scenario}: useful {100 * base.useful_fraction:.2f} % of nameplate, {figure(base.useful_flops_per_s / 1e15)} PFLOP/s"


def cause_cells(row: Any, base: Any) -> tuple[str, ...]:
    """A cause of loss, what it takes and what removing it gives.

    Parameters
    ----------
    row : Cause
        The cause.
    base : Base
        The design as it is.

    Returns
    -------
    tuple of str
        Cells under `CAUSE_HEADS`.
    """
    total = base.nameplate_flops_per_s * base.window_s
    lost = (f"{100 * part / total:.2f}" for part in (row.flops, row.induced_flops))
    gain = ("-", "-") if row.gain_fraction is None else gain_cells(row)
    bottleneck = "" if row.then is None else f"{cause_label(row.then)} {100 * row.then_fraction:+.2f}"
    return (cause_label(row.cause), *lost, *gain, bottleneck, row.relaxed or f"not removed: {row.reason}")


def input_cells(row: Any) -> tuple[str, ...]:
    """An input that was increased, and what that gives.

    Parameters
    ----------
    row : Input
        The input.

    Returns
    -------
    tuple of str
        Cells under `INPUT_HEADS`.
    """
    unit, size = row.display_unit
    marginal = (None if value is None else value / 1e9 for value in (row.per_kg, row.per_usd))
    ends = (figure(row.before / size), figure(row.after / size), unit, figure(row.mass_kg), figure(row.usd))
    return (row.input, *ends, *gain_cells(row), *map(figure, marginal))


def gain_cells(row: Any) -> tuple[str, str]:
    """Useful FLOPs gained.

    Parameters
    ----------
    row : Cause or Input
        What was changed.

    Returns
    -------
    tuple of str
        Percentage points of nameplate, and PFLOP/s.
    """
    return points(row.gain_fraction), figure(row.gain_flops_per_s / 1e15)


def plan_headline(answer: Any) -> str:
    """Which job is planned on what.

    Parameters
    ----------
    answer : Answer
        Plans of one training workload.

    Returns
    -------
    str
        One line.
    """
    return f"{answer.scenario}: {answer.model} on {answer.satellites:,} satellites, {answer.accelerators:,} accelerators"


def plan_cells(row: Any) -> tuple[str, ...]:
    """How a plan divides a job.

    Parameters
    ----------
    row : PlanRow
        The plan.

    Returns
    -------
    tuple of str
        Cells under `PLAN_HEADS`.
    """
    extra = "".join(f" x {n} {name}" for n, name in ((row.context, "context"), (row.expert, "expert")) if n > 1)
    return (
        plan_method(row), f"{row.tensor}{extra}", f"{row.pipeline}", f"{row.stages_per_satellite}", f"{row.data}", f"{row.micro_batches}",
        f"{row.virtual_stages}", f"{row.zero}", f"{row.in_flight}", f"{100 * row.recomputed:.0f} %", f"{row.memory_bytes / 1e9:.1f} GB",
        f"{row.step_s:.4g} s", f"{row.placement}; {row.all_reduce}",
    )  # fmt: skip


def step_cells(row: Any) -> tuple[str, ...]:
    """What a step of a plan is spent on.

    Parameters
    ----------
    row : PlanRow
        The plan.

    Returns
    -------
    tuple of str
        Cells under `STEP_HEADS`.
    """
    shares = (f"{100 * row.shares[name]:.1f} %" for name in STEP_SHARES)
    return (
        plan_method(row), f"{row.step_s:.4g} s", f"{row.tokens_per_s:,.0f}", f"{100 * row.efficiency:.0f} %", *shares,
        f"{100 * row.mfu_unmasked:.1f} %",
    )  # fmt: skip


def plan_method(row: Any) -> str:
    """Method of a plan, with the number of equal jobs, islands or replicas.

    Parameters
    ----------
    row : PlanRow
        The plan.

    Returns
    -------
    str
        Such as "diloco, 4 islands".
    """
    called = "replicas" if row.method == "elastic" else "islands"
    parts = (f"{row.jobs} jobs" if row.jobs > 1 else "", f"{row.islands} {called}" if row.islands > 1 else "")
    return ", ".join((row.method, *filter(None, parts)))
