"""A replica with every process that there is; part of twin_cases.py."""

from __future__ import annotations

from collections.abc import Iterator

from sim.fleet.replicas.fleet import Change, CommonCause, Fleet, Island, Kind, Plane, Process, Remedy, Supply, replicas
from sim.fleet.replicas.tables import Scope, Unit

DAY_S = 86400.0
YEAR_S = 365.25 * DAY_S


def fleet() -> Fleet:
    """A small fleet for six years."""
    kind = Kind({Unit.ACCELERATOR: 4, Unit.HOST: 2, Unit.PROPULSION: 1}, 2, {}, 0.3, 4 * YEAR_S, 1e6)
    processes = [
        Process("infant", Unit.SATELLITE, 40 * YEAR_S, 0.5), Process("chip", Unit.ACCELERATOR, 4 * YEAR_S, frailty=0.8, remedies=(Remedy(0.5, 600.0),)),
        Process("host", Unit.HOST, 8 * YEAR_S, 2.5, changes=((2 * YEAR_S, 3.0),)), Process("thruster", Unit.PROPULSION, 9 * YEAR_S, frailty=3.0),
        Process("reboot", Unit.SATELLITE, YEAR_S, remedies=(Remedy(1.0, 0.0),)),
    ]  # fmt: skip
    causes = [
        CommonCause("release", Scope.TYPE, Unit.SATELLITE, 0.3, 0.5 / YEAR_S, return_s=DAY_S),
        CommonCause("defect", Scope.BATCH, Unit.ACCELERATOR, 0.2, 0.2 / YEAR_S), CommonCause("debris", Scope.PLANE, Unit.SATELLITE, 0.3, 0.1 / YEAR_S),
        CommonCause("storm", Scope.FLEET, Unit.HOST, 0.3, at_s=3.3 * YEAR_S),
    ]  # fmt: skip
    supply = Supply(
        drift_s=5 * DAY_S, spares_age=False, stock=2, turns_s=1.0 / YEAR_S, transfer_s=9 * DAY_S, reorder_at=2, batch=4, lead_s=0.3 * YEAR_S,
        lead_random_s=0.1 * YEAR_S, success=0.8, raising_s=40 * DAY_S, launch_usd=1e6, budget_usd=2e7, budget_usd_s=0.3, deorbited=0.4, visit_s=YEAR_S,
        visit_success=0.7, visit_usd=1e5, visit_units=9, ahead_s=0.5 * YEAR_S, collisions_s=0.01 / YEAR_S, decay_s=3 * YEAR_S, breakup=0.3,
    )  # fmt: skip
    islands = [Island(6, 0, 7, [0.0] * 3 + [0.5, 0.5, 0.8, 1.0], 3600.0, 60.0, 600.0, patience_s=3 * DAY_S)]
    islands += [Island(4, 7 + 4 * i, 11 + 4 * i, [0.0] * 4 + [1.0], 1800.0, 30.0, 300.0, job=1, quorum=2) for i in range(2)]
    return Fleet(
        [0.5 * YEAR_S * n for n in range(13)], [Plane(7, 1, phase=0.1), Plane(8, 1, 0, phase=0.7)], [kind, kind._replace(from_s=3 * YEAR_S, usd=2e6)],
        processes, causes, supply, islands, launches=[(YEAR_S, 3)], standdowns=[(4 * YEAR_S, 4.5 * YEAR_S)],
        changes=[Change(2.5 * YEAR_S, 10, 14), Change(2.6 * YEAR_S, 10, 12, lost=False)],
    )  # fmt: skip


def calls() -> Iterator[tuple[str, object]]:
    """Name and result of the replica, and of one whose satellites are replaced one by one."""
    (one,) = replicas(fleet(), 5, [2], batches=3)
    alone = fleet()._replace(supply=Supply(parallel=2, replace_s=0.4 * YEAR_S, random_replace=True), islands=(), filled=False)
    (other,) = replicas(alone, 5, [3], batches=3)
    for name, found in (("simulate", one), ("simulate alone", other)):
        assert found.bins.sum() > 0.0
        yield name, found.bins
        yield f"{name}: failures", found.failures.astype(float)
        yield f"{name}: batches", found.batches_s
        yield f"{name}: jobs", found.jobs
