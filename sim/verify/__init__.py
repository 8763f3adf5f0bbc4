"""Verification against published numbers and other programs, with the very functions that runs call."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sim.config.errors import Origin, bad_input, did_you_mean

GROUPS = ("orbits", "spacecraft", "network", "workload", "fleet", "studies", "views")


def run_cases(
    group: str | None, data: Path | None = None, progress: Callable[[int, int], None] | None = None
) -> list[dict[str, Any]]:
    """Run verification cases.

    Parameters
    ----------
    group : str or None
        One of `GROUPS`; None for all.
    data : Path, optional
        Folder of the published data.
    progress : callable, optional
        Called with the number of cases done and their total.

    Returns
    -------
    list of dict
        Rows as `dawndusk verify --json` prints them; empty for a group without cases.

    Raises
    ------
    InputError
        If there is no such group or folder.

    Examples
    --------
    >>> rows = run_cases("spacecraft")
    >>> all(row["ok"] for row in rows)
    True
    """
    from sim.verify import (
        fleet,
        fleet_years,
        network,
        orbits,
        propulsion,
        radio,
        spacecraft,
        swarm,
        topologies,
        view_factors,
        workload,
    )
    from sim.verify.case import Case, Failed, Group, row

    known: dict[str, Group] = {
        "orbits": orbits.cases,
        "spacecraft": lambda folder: [*spacecraft.cases(folder), *view_factors.cases(folder), *swarm.cases(folder), *propulsion.cases(folder)],
        "network": lambda folder: [*network.cases(folder), *radio.cases(folder), *topologies.cases()],
        "workload": workload.cases,
        "fleet": lambda folder: [*fleet.cases(folder), *fleet_years.cases(folder)],
    }
    if group is not None and group not in GROUPS:
        raise bad_input(Origin(group), "", f"unknown group; {did_you_mean(group, GROUPS)}")
    if data is not None and not data.is_dir():
        raise bad_input(Origin(f"--data {data}"), "", "is not a folder; write the folder of the published data")
    chosen = known if group is None else {name: cases for name, cases in known.items() if name == group}
    of_name: dict[str, Case | Failed] = {}
    for cases in chosen.values():
        for case in cases(data):
            of_name.setdefault(case.name, case)  # two groups may have the same case
    all_cases = list(of_name.values())
    rows = []
    for case in all_cases:
        rows.append(row(case))
        if progress is not None:
            progress(len(rows), len(all_cases))
    return rows
