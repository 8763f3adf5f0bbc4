"""Events as people write them: short forms as mappings, times after the epoch as dates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from orbit.units import shortened
from sim.config import yaml_tree
from sim.config.errors import InputError, Problem, bad_input
from sim.config.schema import ACTIONS, CONTRACT_ACTIONS, FIRST_DAY, LAST_DAY, SPELLINGS, relative_time, short_form
from sim.config.yaml_tree import Node

MOST_OFFSET_S = 4e9
"""Largest time of an event after the epoch, beyond any run: dates end in the year 9999."""


def short_events(nodes: list[Node], problems: list[Problem]) -> list[Node]:
    """Events with those in short form as mappings.

    Parameters
    ----------
    nodes : list of Node
        Events as they are written.
    problems : list of Problem
        Receives the problems of texts that are no events.

    Returns
    -------
    list of Node
        Events in the same order.
    """
    parsed = []
    for i, node in enumerate(nodes):
        try:
            parsed.append(_event(node, f"events.{i}"))
        except InputError as error:
            problems.extend(error.problems)
            parsed.append(node)
    return parsed


def _event(node: Node, path: str) -> Node:
    """An event in short form ("2026-12-21T06:00Z lose satellite 17") as a mapping."""
    if not isinstance(node.value, str):
        return node
    fields = short_form(node.value)
    words = node.value.split()
    if fields is None and words and words[0].lower() in (*ACTIONS, *SPELLINGS):
        raise bad_input(
            node.origin, path,
            f"'{shortened(node.value)}' has no time before '{words[0]}'; an event begins with its time: {_example(words[0])}",
        )  # fmt: skip
    if fields is None:
        raise bad_input(
            node.origin, path,
            f"'{shortened(node.value)}' is not an event; write '2026-12-21T06:00Z lose satellite 17', '+6 h lose plane 3 for 90 min' or "
            "'... derate all to 0.5'",
        )  # fmt: skip
    return Node({k: Node(v, node.origin) for k, v in fields.items()}, node.origin)


def _example(action: str) -> str:
    return "'2027-03-01 withdraw 50% of colossus-1'" if action in CONTRACT_ACTIONS else "'+2 h lose plane 3 for 90 min'"


def event_times(root: Node, problems: list[Problem]) -> Node:
    """Replace times of events after the epoch by dates, once the epoch is known.

    Parameters
    ----------
    root : Node
        Resolved tree of the scenario.
    problems : list of Problem
        Receives the problems of wrong times.

    Returns
    -------
    Node
        The new tree.
    """
    events, begin = root.get("events"), root.get("epoch")
    listed = events.value if events is not None and isinstance(events.value, list) else []
    for i, node in enumerate(listed):
        at = node.get("at")
        try:
            offset_s = None if at is None else relative_time(at.value)
        except ValueError as error:
            assert at is not None
            problems.append(Problem(at.origin, f"events.{i}.at", str(error)))
            offset_s = 0.0
        if at is not None and offset_s is not None:
            moment = _epoch(begin) + timedelta(seconds=min(offset_s, MOST_OFFSET_S))
            root = yaml_tree.put(root, ["events", str(i), "at"], Node(moment.isoformat(), at.origin))
    return root


def _epoch(node: Node | None) -> datetime:
    """The epoch; any moment where it is invalid, which is reported by itself."""
    try:
        moment = datetime.fromisoformat(str(None if node is None else node.value).strip())
    except ValueError:
        moment = datetime(2000, 1, 1, tzinfo=UTC)
    valid = FIRST_DAY <= moment.date() < LAST_DAY
    return moment.replace(tzinfo=moment.tzinfo or UTC) if valid else datetime(2000, 1, 1, tzinfo=UTC)
