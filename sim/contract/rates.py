"""Useful rate of one accelerator of a site or a fleet, from a run of it; and what a fleet costs and reaches."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, NamedTuple

from sim import ground_baseline
from sim.config import schema
from sim.config.scenario import Loaded
from sim.config.yaml_tree import Node, plain
from sim.engine.driver import Run
from sim.results import store
from sim.results.store import Results


class Yields(NamedTuple):
    """What one accelerator yields in each unit of a demand."""

    tokens: float
    flops: float
    accelerators: float


def yields_of(summary: dict[str, Any]) -> Yields:
    """Yields of a run.

    Parameters
    ----------
    summary : dict
        Summary of a run of a site or a fleet whose services are asked for all that they can do.

    Returns
    -------
    Yields
        Output tokens per second, useful FLOP/s, and share of the time in service, of one accelerator. Those that rules for data exclude do no work
        and are not counted; with none left all rates but the last are 0.

    Examples
    --------
    >>> yields_of({"accelerators": 10, "workloads": [{"kind": "inference", "tokens_per_s": 500.0}],
    ...            "compute": {"mean_useful_flops_per_s": 4e15}, "fleet": {"availability": 0.9}})
    Yields(tokens=50.0, flops=400000000000000.0, accelerators=0.9)
    """
    number = summary["accelerators"] - (summary.get("data_rules") or {}).get("accelerators_excluded", 0)
    if not number:
        return Yields(0.0, 0.0, summary["fleet"]["availability"])
    tokens_per_s = sum(w["tokens_per_s"] or 0.0 for w in summary["workloads"] if w["kind"] == "inference")
    return Yields(tokens_per_s / number, summary["compute"]["mean_useful_flops_per_s"] / number, summary["fleet"]["availability"])


class Runs:
    """Runs of the sites and fleets of a contract, each once.

    Parameters
    ----------
    loaded : Loaded
        The scenario with the contract.
    own : Results
        Its results.
    threads : int or None
        Threads of further runs.
    """

    def __init__(self, loaded: Loaded, own: Results, threads: int | None) -> None:
        self._loaded, self._own, self._threads = loaded, own, threads
        self._work = replace(loaded, scenario=_unlimited(loaded.scenario))
        self._known: dict[str, Results] = {}

    def site(self, tree: Node) -> Results:
        """Results of a ground site that does the work of the scenario.

        Parameters
        ----------
        tree : Node
            Resolved tree of the site.

        Returns
        -------
        Results
            Its results.
        """
        key = json.dumps(plain(tree), sort_keys=True, default=str)
        if key not in self._known:
            self._known[key] = ground_baseline.run_tree(tree, self._work)
        return self._known[key]

    def fleet(self, name: str | None) -> tuple[Loaded, Results]:
        """A fleet in orbit and its results.

        Parameters
        ----------
        name : str or None
            Scenario as a hedge names it; None: that of the contract.

        Returns
        -------
        loaded : Loaded
            The scenario.
        results : Results
            Its results, without limits of demand.
        """
        if name is None and self._work.scenario == self._loaded.scenario:
            return self._loaded, self._own
        loaded = self._work if name is None else self._loaded.fleets[name]
        key = f"fleet {loaded.sha256}"
        if key not in self._known:
            run = replace(loaded, scenario=_unlimited(loaded.scenario))
            self._known[key] = store.from_outcome(Run(run, threads=self._threads).finish())
        return loaded, self._known[key]


def _unlimited(scenario: schema.Scenario) -> schema.Scenario:
    """The scenario with services that are asked for all that they can do."""
    limited = [isinstance(w, schema.Inference) and w.demand is not None for w in scenario.workloads]
    if not any(limited):
        return scenario
    free = [w.model_copy(update={"demand": None}) if cut else w for w, cut in zip(scenario.workloads, limited, strict=True)]
    return scenario.model_copy(update={"workloads": free})
