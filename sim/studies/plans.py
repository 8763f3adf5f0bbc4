"""The best ways to divide each training job over its satellites, by method, and why the others lose."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

SHOWN = 10


@dataclass(frozen=True)
class PlanRow:
    """One plan: how the job is divided, what a step takes at full clock rate [s], and the shares of the step."""

    method: str
    islands: int
    satellites: int
    tensor: int
    context: int
    expert: int
    pipeline: int
    stages_per_satellite: int
    data: int
    micro_batches: int
    virtual_stages: int
    zero: int
    recomputed: float
    in_flight: int
    placement: str
    all_reduce: str
    memory_bytes: float
    step_s: float
    tokens_per_s: float
    efficiency: float  # statistical
    mfu: float
    mfu_unmasked: float
    shares: dict[str, float]  # of the step: useful, kernel, memory, recompute, bubble, fabric, links, straggler


@dataclass(frozen=True, repr=False)
class Answer:
    """Plans of one training workload, the fastest first, and why others are not among them."""

    scenario: str
    model: str
    accelerators: int
    satellites: int
    rows: tuple[PlanRow, ...]
    others: tuple[str, ...]

    def __repr__(self) -> str:
        return f"<Plans of {self.model} on {self.satellites} satellites: {len(self.rows)} rows>"

    def as_dict(self) -> dict[str, Any]:
        """Fields for JSON.

        Returns
        -------
        dict
            Fields by name.
        """
        return asdict(self)
