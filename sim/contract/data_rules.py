"""What rules for data cost: capacity and stations that may not be used, and latency with and without them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sim.config import schema
from sim.config.data_rule_params import KINDS, held_kinds, satisfies, stated
from sim.config.scenario import Loaded
from sim.results.store import Results


def rules_for_accelerators(scenario: schema.Scenario) -> list[schema.Rule]:
    """Rules that accelerators must satisfy to do the work of a scenario.

    Parameters
    ----------
    scenario : Scenario
        The scenario.

    Returns
    -------
    list of Rule
        That of weights; that of prompts with inference; that of checkpoints with training; that of data with sensing, or where a
        contract moves data.
    """
    held = {"weights", *(kind for work in scenario.workloads for kind in held_kinds(work)), *_moved(scenario)}
    return stated(scenario, [kind for kind in KINDS if kind in held])


def _moved(scenario: schema.Scenario) -> set[str]:
    return {"data"} if scenario.contract is not None and scenario.contract.data else set()


def rules_for_uplink(scenario: schema.Scenario) -> list[schema.Rule]:
    """Rules that a station must satisfy to send weights, checkpoints and data of a contract to a fleet.

    Parameters
    ----------
    scenario : Scenario
        The scenario.

    Returns
    -------
    list of Rule
        That of weights; that of checkpoints with training; that of data where a contract moves some.
    """
    training = any(isinstance(w, schema.Training) for w in scenario.workloads)
    return stated(scenario, ("weights", *(("checkpoints",) if training else ()), *_moved(scenario)))


def allowed_accelerators(rules: Sequence[schema.Rule], loaded: Loaded) -> int:
    """Accelerators of a fleet that satisfy rules.

    Parameters
    ----------
    rules : sequence of Rule
        The rules.
    loaded : Loaded
        Scenario of the fleet.

    Returns
    -------
    int
        Accelerators of the satellite types that satisfy them.
    """
    types = zip(loaded.satellites_by_type, loaded.scenario.types, strict=True)
    return sum(number * kind.accelerators for number, kind in types if satisfies(rules, kind))


def cost(loaded: Loaded, results: Results) -> dict[str, Any] | None:
    """Section `data_rules` of the summary.

    Parameters
    ----------
    loaded : Loaded
        The scenario.
    results : Results
        Results of its run.

    Returns
    -------
    dict or None
        `accelerators` of the fleet and those allowed; `satellites_excluded` and `flops_excluded`, which are unplaced in the run;
        `stations_excluded` by name; `user_rtt_ms` and `coverage_fraction` with and without the rules; `rules`, of each the
        accelerators allowed and the stations excluded. None without rules.
    """
    scenario = loaded.scenario
    if scenario.data_rules is None:
        return None
    stations = [] if scenario.ground is None else scenario.ground.stations
    ground = results.summary["ground"]
    free = ground["without_data_rules"] or ground  # the same where the rules leave every place
    return {
        "accelerators": loaded.accelerators,
        "accelerators_allowed": allowed_accelerators(rules_for_accelerators(scenario), loaded),
        **(results.summary["data_rules"] or {}),
        "stations_excluded": [s.name for s in stations if not satisfies(stated(scenario, ("prompts",)), s)],
        **{name: {"without": free[name], "with": ground[name]} for name in ("user_rtt_ms", "coverage_fraction")},
        "rules": {
            kind: {
                "accelerators_allowed": allowed_accelerators(rule, loaded),
                "stations_excluded": [s.name for s in stations if not satisfies(rule, s)],
            }
            for kind in KINDS if (rule := stated(scenario, (kind,)))
        },
    }
