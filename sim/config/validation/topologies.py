"""Checks of the settings of a topology against the constellation, and its pairs without arrays."""

from __future__ import annotations

from collections.abc import Sequence

from orbit.units import shortened
from sim.config.ephemeris_files import Catalogues
from sim.config.errors import Problem, did_you_mean
from sim.config.schema import FILES, Cluster, Scenario, parts
from sim.config.schema.links import Links
from sim.config.schema.topologies import (
    ClosForm,
    CustomForm,
    FormSection,
    NearestForm,
    PluginForm,
    RelayForm,
    RingForm,
    ShellsForm,
    TorusForm,
)
from sim.config.validation.location import origin
from sim.config.yaml_tree import Node
from sim.network.topologies import shapes
from sim.network.topologies.entry_points import GROUP, plugin_names
from sim.network.topologies.shapes import Pair

FIELD = "links.topology"
MOST_REPORTED = 20  # problems of one list of pairs
Fault = tuple[str, str]  # field below the topology, message


def check_settings(scenario: Scenario, root: Node, catalogues: Catalogues) -> list[Problem]:
    """Check that a topology fits the number of satellites, the terminals and the entries of the constellation.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    root : Node
        Resolved tree of the scenario, for the locations of problems.
    catalogues : Catalogues
        Content of the files of the constellation.

    Returns
    -------
    list of Problem
        All problems found.
    """
    links = scenario.links
    if links is None:
        return []
    satellites = catalogues.satellites(scenario.constellation)
    faults = _faults(links, scenario, satellites, catalogues)
    return [
        Problem(origin(root, "links", "topology", *(field.split(".") if field else ())), ".".join([FIELD, *([field] if field else [])]), message)
        for field, message in faults
    ]  # fmt: skip


def _faults(links: Links, scenario: Scenario, satellites: int, catalogues: Catalogues) -> list[Fault]:
    form = links.section
    match form:
        case NearestForm():
            return _terminals("neighbours", form.neighbours or 1, links)
        case RingForm():
            return _terminals("reach", min(2 * form.reach, satellites - 1), links)
        case TorusForm():
            return _torus(form, links, satellites)
        case ClosForm():
            return _clos(form, links, satellites)
        case ShellsForm():
            several = _several(scenario, "shells joins several shells, and the constellation has one; write topology: grid, or another entry")
            return several or _both_ways(links, "shells", satellites > len(parts(scenario.constellation)))
        case RelayForm():
            return _relay(form, links, scenario)
        case CustomForm():
            return _custom(form, links, scenario, catalogues)
        case PluginForm():
            known = plugin_names()
            if form.name in known:
                return []
            advice = did_you_mean(form.name, known) if known else "install the package that has it, or write a topology of another kind"
            return [("name", f"no installed package has a topology '{shortened(form.name)}' (entry points of {GROUP}); {advice}")]
        case _:
            return []


def _terminals(field: str, needed: int, links: Links) -> list[Fault]:
    """More links of a satellite than terminals."""
    if needed <= links.terminals:
        return []
    return [(field, f"gives a satellite {needed} links, and it has {links.terminals} terminals; write links.terminals: {needed}, or fewer links")]


def _torus(form: TorusForm, links: Links, satellites: int) -> list[Fault]:
    if form.count != satellites:
        shape = " x ".join(map(str, form.shape))
        return [("shape", f"{shape} is {form.count:,} satellites, and the constellation has {satellites:,}; "
                          f"write shape: {_balanced(satellites, len(form.shape))}, or {form.count:,} satellites")]  # fmt: skip
    return _terminals("shape", sum(min(size - 1, 2) for size in form.shape), links)


def _balanced(count: int, dimensions: int) -> list[int]:
    """Shape of so many satellites whose dimensions are as near to each other as its factors allow."""
    if dimensions == 1:
        return [count]
    wanted = round(count ** (1.0 / dimensions))
    first = next((n for n in range(max(1, wanted), 0, -1) if count % n == 0), 1)
    return [first, *_balanced(count // first, dimensions - 1)]


def _clos(form: ClosForm, links: Links, satellites: int) -> list[Fault]:
    ports, layers = form.ports, form.layers
    groups = shapes.clos_groups(satellites, ports, layers)
    if groups is None:
        most = shapes.most_in_clos(ports, layers)
        if satellites > most:
            wanted = next(k for k in range(ports, 2 * satellites + 4, 2) if shapes.most_in_clos(k, layers) >= satellites)
            return [("ports", f"switches of {ports} links in {layers} layers join up to {most:,} satellites, and the constellation has "
                              f"{satellites:,}; write ports: {wanted}")]  # fmt: skip
        least = 1 + shapes.clos_switches(ports, layers, 1)
        return [("ports", f"{layers} layers of switches of {ports} links need at least {least:,} satellites, and the constellation has "
                          f"{satellites:,}; write fewer ports, or more satellites")]  # fmt: skip
    needed = shapes.clos_switches(ports, layers, groups)
    if not isinstance(form.switches, str):
        outside = [n for n in form.switches if n >= satellites]
        if outside:
            return [("switches", f"satellite {outside[0]} is not in the fleet; write numbers from 0 to {satellites - 1}")]
        if len(form.switches) != needed:
            return [("switches", f"{len(form.switches)} satellites are switches, and {satellites:,} satellites with {ports} ports in {layers} layers "
                                 f"need {needed}; write {needed} numbers, or switches: spread")]  # fmt: skip
    return _terminals("ports", ports, links)


def _several(scenario: Scenario, message: str) -> list[Fault]:
    return [("", message)] if len(parts(scenario.constellation)) < 2 else []


def _both_ways(links: Links, kind: str, inside: bool) -> list[Fault]:
    """One terminal, where a satellite needs links within its part and to another."""
    if links.terminals > 1 or not inside:
        return []
    return [("", f"{kind} needs terminals for links within a shell and to another, and a satellite has 1; write links.terminals: 2, or more")]


def _relay(form: RelayForm, links: Links, scenario: Scenario) -> list[Fault]:
    entries = len(scenario.constellation)
    if entries < 2:
        return [("through", "a relay needs another entry of the constellation; write a list of two entries, or topology: nearest")]
    if form.through >= entries:
        return [("through", f"the constellation has no entry {form.through}; write one from 0 to {entries - 1}")]
    others = [entry for i, entry in enumerate(scenario.constellation) if i != form.through]
    faults = [] if all(isinstance(entry, Cluster) for entry in others) else _terminals("links", form.links, links)
    return faults + _terminals("relay_terminals", form.relay_terminals, links)


def _custom(form: CustomForm, links: Links, scenario: Scenario, catalogues: Catalogues) -> list[Fault]:
    faults: list[Fault] = []
    seen: dict[Pair, int] = {}
    degree: dict[int, int] = {}
    for i, pair in enumerate(numbered(form, scenario, catalogues)):
        field = f"pairs.{i}"
        if isinstance(pair, str):
            faults.append((field, pair))
        elif pair[0] == pair[1]:
            faults.append((field, f"links satellite {pair[0]} to itself; write two different satellites, or remove it"))
        elif pair in seen:
            faults.append((field, f"is the same pair as pair {seen[pair]}: satellites {pair[0]} and {pair[1]}; remove it"))
        else:
            seen[pair] = i
            for end in pair:
                degree[end] = degree.get(end, 0) + 1
    if len(faults) > MOST_REPORTED:
        faults = [*faults[:MOST_REPORTED], ("pairs", f"{len(faults) - MOST_REPORTED:,} further pairs have such faults; correct them as well")]
    return faults or _terminals("pairs", max(degree.values(), default=0), links)


def numbered(form: CustomForm, scenario: Scenario, catalogues: Catalogues) -> list[Pair | str]:
    """Pairs of a custom topology by satellite numbers.

    Parameters
    ----------
    form : CustomForm
        The section.
    scenario : Scenario
        The scenario.
    catalogues : Catalogues
        Content of the files of the constellation.

    Returns
    -------
    list of (int, int) or str
        Each pair with the smaller number first, or what is wrong with it and what to write.
    """
    satellites = catalogues.satellites(scenario.constellation)
    named = bool(catalogues.sets or catalogues.tracks)
    identities, known = catalogues.identities(scenario.constellation), dict[str, int | str]()

    def number(end: int | str) -> int | str:
        text = str(end)
        if not named and isinstance(end, int) and 0 <= end < satellites:
            return end
        if text not in known:
            known[text] = identities.one(text)
        return known[text]

    found: list[Pair | str] = []
    for pair in form.pairs:
        ends = [number(end) for end in pair]
        wrong = [f"'{shortened(str(end))}' {message}" for end, message in zip(pair, ends, strict=True) if isinstance(message, str)]
        whole = [end for end in ends if isinstance(end, int)]
        found.append(wrong[0] if wrong else (min(whole), max(whole)))
    return found


def fixed_pairs(form: FormSection, scenario: Scenario, satellites: int, catalogues: Catalogues | None = None) -> list[Pair] | None:
    """Pairs of a topology over all satellites that does not depend on positions.

    Parameters
    ----------
    form : section
        The topology.
    scenario : Scenario
        The scenario.
    satellites : int
        Satellites of the constellation.
    catalogues : Catalogues, optional
        Content of the files of the constellation; without it, custom pairs must be numbers.

    Returns
    -------
    list of (int, int) or None
        The pairs; None for other topologies, and for settings that do not fit.
    """
    if isinstance(form, RingForm):
        return shapes.ring_pairs(satellites, form.reach)
    if isinstance(form, TorusForm):
        return shapes.torus_pairs(form.shape) if form.count == satellites else None
    if isinstance(form, ClosForm):
        if shapes.clos_groups(satellites, form.ports, form.layers) is None:
            return None
        return shapes.clos_pairs(satellites, form.ports, form.layers, form.switches)[0]
    if isinstance(form, CustomForm):
        return shapes.ordered(pair for pair in numbered(form, scenario, catalogues or Catalogues()) if not isinstance(pair, str))
    return None


def switch_count(scenario: Scenario, satellites: int) -> int:
    """Satellites that pass messages on and do not compute: switches of a Clos network, relays of another operator.

    Parameters
    ----------
    scenario : Scenario
        The scenario.
    satellites : int
        Satellites of the constellation.

    Returns
    -------
    int
        Switches; 0 for other topologies.
    """
    form = None if scenario.links is None else scenario.links.section
    if isinstance(form, RelayForm) and not form.compute and form.through < len(scenario.constellation):
        others = [entry for i, entry in enumerate(scenario.constellation) if i != form.through]
        through = scenario.constellation[form.through]
        if not isinstance(through, FILES):
            return through.count
        return satellites - sum(entry.count for entry in others if not isinstance(entry, FILES))
    if not isinstance(form, ClosForm):
        return 0
    groups = shapes.clos_groups(satellites, form.ports, form.layers)
    return 0 if groups is None else shapes.clos_switches(form.ports, form.layers, groups)


def largest_component(pairs: Sequence[Pair]) -> int:
    """Largest number of satellites that pairs join to one network.

    Parameters
    ----------
    pairs : sequence of (int, int)
        The pairs.

    Returns
    -------
    int
        Satellites; 0 without pairs.

    Examples
    --------
    >>> largest_component([(0, 1), (1, 2), (5, 6)])
    3
    """
    above: dict[int, int] = {}

    def top(i: int) -> int:
        while above.setdefault(i, i) != i:
            above[i] = above[above[i]]
            i = above[i]
        return i

    for i, j in pairs:
        above[top(i)] = top(j)
    size: dict[int, int] = {}
    for i in list(above):
        size[top(i)] = size.get(top(i), 0) + 1
    return max(size.values(), default=0)
