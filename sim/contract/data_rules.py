"""What rules for data cost: capacity and stations that may not be used, and latency with and without them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sim.config import schema
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
        That of weights; that of prompts with inference; that of checkpoints with training.
    """
    rules, kinds = scenario.data_rules, {w.kind for w in scenario.workloads}
    if rules is None:
        return []
    listed = [rules.weights, rules.prompts if "inference" in kinds else None, rules.checkpoints if "training" in kinds else None]
    return [rule for rule in listed if rule is not None]


def rules_for_uplink(scenario: schema.Scenario) -> list[schema.Rule]:
    """Rules that a station must satisfy to send weights and checkpoints to a fleet.

    Parameters
    ----------
    scenario : Scenario
        The scenario.

    Returns
    -------
    list of Rule
        That of weights; that of checkpoints with training.
    """
    rules = scenario.data_rules
    if rules is None:
        return []
    training = any(isinstance(w, schema.Training) for w in scenario.workloads)
    return [rule for rule in (rules.weights, rules.checkpoints if training else None) if rule is not None]


def allowed(rules: Sequence[schema.Rule], place: schema.Site | schema.Satellite | schema.Station) -> bool:
    """Whether a place satisfies rules.

    Parameters
    ----------
    rules : sequence of Rule
        The rules.
    place : Site, Satellite or Station
        A place with its operator and jurisdiction.

    Returns
    -------
    bool
        True where it satisfies all of them.
    """
    return all(rule.allows(place.operator, place.jurisdiction) for rule in rules)


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
    return sum(number * kind.accelerators for number, kind in types if allowed(rules, kind))


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
        `accelerators` of the fleet and those `allowed`; `stations_excluded` by name; `user_rtt_ms` and `coverage_fraction` with
        and without the rules. None without rules.
    """
    scenario = loaded.scenario
    if scenario.data_rules is None:
        return None
    prompts = [] if scenario.data_rules.prompts is None else [scenario.data_rules.prompts]
    stations = [] if scenario.ground is None else scenario.ground.stations
    ground = results.summary["ground"]
    free = ground["without_data_rules"] or ground  # the same where the rules leave every place
    return {
        "accelerators": loaded.accelerators,
        "accelerators_allowed": allowed_accelerators(rules_for_accelerators(scenario), loaded),
        "stations_excluded": [s.name for s in stations if not allowed(prompts, s)],
        **{name: {"without": free[name], "with": ground[name]} for name in ("user_rtt_ms", "coverage_fraction")},
    }
