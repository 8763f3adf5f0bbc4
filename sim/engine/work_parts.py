"""Workloads of a scenario with the satellites, or nodes, that run them, and those that they may use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from orbit.access import Windows
from sim.config import schema, workload_params
from sim.config.workload_params import Carrier, slowest
from sim.engine.checkpoint_copies import Places
from sim.engine.recovery_policy import NO_ERRORS, ErrorRates
from sim.engine.roles import Roles, roles

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


class Part(NamedTuple):
    """A workload on the satellites of one kind, or of all (None)."""

    kind: int | None
    job: schema.Workload
    who: Ints
    stages: int  # satellites that hold one copy of a service's model; 1 for other workloads
    allowed: Flags | None = None  # satellites that it may use; None: all

    @property
    def has_members(self) -> bool:
        """Whether its jobs, or copies, lose members and get others."""
        return isinstance(self.job, schema.Training) or self.stages > 1


def _stages(job: schema.Workload, types: Sequence[Carrier]) -> int:
    """Satellites that hold one copy of a service's model; 1 for other workloads."""
    return workload_params.stages(job, slowest(types, job.precision)) if isinstance(job, schema.Inference) else 1


class Work(NamedTuple):
    """Workloads, the satellites (or nodes) that run them, and the time grid."""

    types: Sequence[Carrier]
    type_index: Ints  # of each satellite
    workloads: list[schema.Workload]
    fleet: schema.Fleet | None
    steps: int
    step_s: float
    epoch: datetime
    stations: Sequence[schema.Station]  # with users
    on_types: Sequence[Sequence[schema.Workload] | None] = ()  # of each workload, what it is on satellites of each type;
    # None: it spans types and the slowest one paces
    row: Ints | None = None  # plane, or row of a formation, of each satellite
    windows: Callable[[], Windows] | None = None  # access windows of the fleet, which sensing needs
    link_byte_s: float = 0.0  # of an antenna to its satellite
    allowed: Sequence[Flags | None] = ()  # of each workload, the satellites that rules for data leave to it; None: all
    landing: Sequence[Flags | None] = ()  # of each workload, the stations with antennas that may have its contacts; None: all
    places: Places | None = None  # for copies of checkpoints; None: jobs have storage that survives every failure
    errors_per_s: Floats | None = None  # of each satellite, the mean rates of `ErrorRates`, (2, satellites); None: no errors by radiation

    def error_rates(self, who: Ints) -> ErrorRates:
        """Errors by radiation of a satellite.

        Parameters
        ----------
        who : ndarray of int64
            Satellites.

        Returns
        -------
        ErrorRates
            Means over them.
        """
        if self.errors_per_s is None or not who.size:
            return NO_ERRORS
        return ErrorRates(*self.errors_per_s[:, who].mean(axis=1).tolist())

    def types_for(self, allowed: Flags | None) -> Sequence[Carrier]:
        """Types of satellites that a workload may use.

        Parameters
        ----------
        allowed : ndarray of bool, shape (satellites,), or None
            Satellites that it may use; None: all.

        Returns
        -------
        sequence of Carrier
            All types where it may use none.
        """
        if allowed is None or not allowed.any():
            return self.types
        return [self.types[kind] for kind in np.unique(self.type_index[allowed]).tolist()]

    def roles(self, order: Ints) -> Roles:
        """Which satellites run what.

        Parameters
        ----------
        order : ndarray of int64, shape (satellites,)
            Satellites in mapping order.

        Returns
        -------
        Roles
            Satellites by role.
        """
        allowed = self.allowed or [None] * len(self.workloads)
        stages = [_stages(job, self.types_for(flags)) for job, flags in zip(self.workloads, allowed, strict=True)] if not self.on_types else []
        return roles(self.workloads, 0 if self.fleet is None else int(self.fleet.spares), order, stages, allowed)

    def parts(self, job: schema.Workload, who: Ints) -> list[Part]:
        """A workload with its satellites, type by type where it has a form on each.

        Parameters
        ----------
        job : Workload
            The workload.
        who : ndarray of int64
            Its satellites.

        Returns
        -------
        list of Part
            Parts that together have all these satellites.
        """
        forms = next((f for w, f in zip(self.workloads, self.on_types, strict=False) if w is job), None)
        allowed = next((flags for w, flags in zip(self.workloads, self.allowed, strict=False) if w is job), None)
        if allowed is not None and not who.size:
            return []
        if forms is None:
            return [Part(None, job, who, _stages(job, self.types_for(allowed)), allowed)]
        of = self.type_index[who]
        return [
            Part(kind, form, who[of == kind], _stages(form, self.types[kind : kind + 1]))
            for kind, form in enumerate(forms) if (of == kind).any()
        ]  # fmt: skip
