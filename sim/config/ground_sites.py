"""Shipped ground sites: names resolved, missing keys replaced by defaults, numbers in SI."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from sim.config import economics_params, resolve, yaml_tree
from sim.config.error_text import field_problems
from sim.config.errors import InputError, Origin, Problem
from sim.config.schema import Section, Site
from sim.config.yaml_tree import Node


class _Baseline(Section):
    """A site where a scenario has it, so that messages name the same fields."""

    baseline: Site


def site_tree(site: str) -> Node:
    """Resolved tree of a site, with the records of its numbers.

    Parameters
    ----------
    site : str
        Name of a shipped baseline, or absolute path of a file.

    Returns
    -------
    Node
        The tree.

    Raises
    ------
    InputError
        If there is no such site, or if it is invalid.
    """
    problems: list[Problem] = []
    root = resolve.site_tree(Node(site, Origin(f"baseline {site}")), problems)
    if problems:
        raise InputError(problems)
    return root


def site_of(root: Node) -> Site:
    """Validated site of a resolved tree.

    Parameters
    ----------
    root : Node
        Tree from `site_tree`.

    Returns
    -------
    Site
        The site in SI.

    Raises
    ------
    InputError
        With all problems of its fields.
    """
    try:
        return _Baseline.model_validate({"baseline": yaml_tree.plain(root)}).baseline
    except ValidationError as error:
        raise InputError(field_problems(error, Node({"baseline": root}, root.origin), wrapped=False)) from None


def records(root: Node) -> dict[str, Node]:
    """Numbers with provenance by dotted name.

    Parameters
    ----------
    root : Node
        Tree from `site_tree`.

    Returns
    -------
    dict of str to Node
        Records in the order of the tree.
    """
    return {".".join(path): node for path, node in yaml_tree.walk(root) if node.is_record}


def assumptions(root: Node) -> list[str]:
    """Fields whose record is an assumption.

    Parameters
    ----------
    root : Node
        Tree from `site_tree`.

    Returns
    -------
    list of str
        Dotted names.
    """
    kinds = {name: node.get("kind") for name, node in records(root).items()}
    return [name for name, kind in kinds.items() if kind is not None and kind.value == "assumption"]


def baseline_site(baseline: str | Site) -> Site:
    """Ground site of a scenario.

    Parameters
    ----------
    baseline : str or Site
        Name of a shipped baseline, or a site.

    Returns
    -------
    Site
        The site.

    Raises
    ------
    InputError
        If there is no such site.
    """
    return baseline if isinstance(baseline, Site) else site_of(site_tree(baseline))


def read_baseline(baseline: str | Site | None, precision: str) -> dict[str, Any] | None:
    """Key figures of the ground baseline of a scenario.

    Parameters
    ----------
    baseline : str, Site or None
        Name of a shipped baseline, or a site; None where the scenario has none.
    precision : str
        Precision of the nameplate, such as bf16.

    Returns
    -------
    dict or None
        name, accelerators, power_w, capex_usd and nameplate_flops_per_s; the cost is None where a price is not known, the
        nameplate where an accelerator has no peak at the precision. None without a baseline.

    Raises
    ------
    InputError
        If there is no such site.

    Examples
    --------
    >>> read_baseline(None, "bf16") is None
    True
    >>> read_baseline("colossus-1", "bf16")["name"]
    'colossus-1'
    """
    if baseline is None:
        return None
    site = baseline_site(baseline)
    return {
        "name": site.name,
        "accelerators": site.all_accelerators,
        "power_w": site.power,
        "capex_usd": economics_params.site_cost(site).capex_usd,
        "nameplate_flops_per_s": site.nameplate(precision),
    }
