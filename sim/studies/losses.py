"""Two waterfalls side by side: the change of each cause, and the few that make most of the difference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sim.results.formatting import cause_label

EXPLAINED = 0.9  # share of all differences that the named causes explain, at most three of them
Accounts = tuple[Sequence[dict[str, Any]], float, float]
"""Rows of a waterfall, nameplate [FLOP], and length of what it counts [s]."""


@dataclass(frozen=True)
class Loss:
    """One row of the waterfall on both sides: share of nameplate, and PFLOP/s; local and peer stalls (own, induced) separately."""

    cause: str
    a_fraction: float
    b_fraction: float
    points: float  # b - a, percentage points of nameplate
    a_pflops: float
    b_pflops: float
    pflops: float  # b - a
    own_points: float
    induced_points: float


def waterfall_losses(a: Accounts, b: Accounts, factor: float = 1.0) -> tuple[Loss, ...]:
    """Rows of two waterfalls.

    Parameters
    ----------
    a, b : tuple
        The accounts of both sides.
    factor : float, optional
        A's rates are multiplied by it, its shares are not.

    Returns
    -------
    tuple of Loss
        A row for each cause, in their order; the points add up to zero.
    """
    losses = []
    one, two = ({row["cause"]: row for row in rows} for rows, _, _ in (a, b))
    for cause in one:
        left, right = one[cause], two[cause]
        own, induced = (_share(right[part], b[1]) - _share(left[part], a[1]) for part in ("own_flops", "induced_flops"))
        pflops = left["flops"] / a[2] / 1e15 * factor, right["flops"] / b[2] / 1e15
        losses.append(
            Loss(cause, left["fraction"], right["fraction"], 100.0 * (right["fraction"] - left["fraction"]), *pflops,
                 pflops[1] - pflops[0], 100.0 * own, 100.0 * induced)
        )  # fmt: skip
    return tuple(losses)


def _share(flops: float, nameplate_flops: float) -> float:
    return float(flops / nameplate_flops) if nameplate_flops else 0.0


def reasons(losses: Sequence[Loss]) -> tuple[str, ...]:
    """The difference in useful share, then the few causes that make most of it.

    Parameters
    ----------
    losses : sequence of Loss
        Rows of both waterfalls.

    Returns
    -------
    tuple of str
        One clause each.
    """
    useful = next(row for row in losses if row.cause == "useful")
    found = [f"useful {useful.points:+.2f} points of nameplate"]
    others = sorted((row for row in losses if row.cause != "useful"), key=lambda r: -abs(r.points))
    total, explained = sum(abs(row.points) for row in others), 0.0
    for row in others[:3]:
        if explained >= EXPLAINED * total or abs(row.points) < 5e-4:
            break
        explained += abs(row.points)
        part = (
            f", of which peer stall {row.induced_points:+.2f}" if abs(row.induced_points) >= 0.05 * abs(row.points) else ""
        )
        found.append(f"{cause_label(row.cause)} {'costs' if row.points > 0.0 else 'saves'} {abs(row.points):.2f} points{part}")
    return tuple(found)
