"""Resolve a scenario's tree: replace names by the items they stand for, and merge defaults."""

from __future__ import annotations

from pathlib import Path

from orbit.units import shortened
from sim.config import yaml_tree
from sim.config.errors import InputError, Origin, Problem, bad_input, did_you_mean
from sim.config.event_forms import short_events
from sim.config.files import read_file
from sim.config.item_files import extended, find_item
from sim.config.library import defaults, items, named_items, shipped_stations
from sim.config.pair_files import with_pairs
from sim.config.paths import is_path
from sim.config.yaml_tree import Node

MOST_POINTS = 50_000  # of a file; a resolved scenario writes them out
# Where a name may stand for an item: path (* is any position of a list), folder of configs/, kind in the file.
NAMED = (
    (("satellite",), "hardware", "satellite"),
    (("satellite", "accelerator"), "hardware", "accelerator"),
    (("satellite", "power", "battery", "chemistry"), "hardware", "cell"),
    (("satellites", "*"), "hardware", "satellite"),
    (("satellites", "*", "power", "battery", "chemistry"), "hardware", "cell"),
    (("satellites", "*", "accelerator"), "hardware", "accelerator"),
    (("environment",), "hardware", "environment"),
    (("motion", "solar_activity"), "solar", "activity"),
    (("links", "terminal"), "hardware", "terminal"),
    (("ground", "radio"), "hardware", "radio"),
    (("ground", "telescope"), "hardware", "telescope"),
    (("links", "terminal", "format"), "hardware", "modulation"),
    (("workloads", "*", "model"), "models", "model"),
    (("fleet", "failures"), "fleet", "failures"),
    (("fleet", "repair"), "fleet", "repair"),
    (("fleet", "maintenance"), "fleet", "maintenance"),
    (("mission", "processes", "*"), "fleet", "process"),
    (("mission", "common_causes", "*"), "fleet", "cause"),
    (("mission", "generations", "*", "satellite"), "hardware", "satellite"),
    (("mission", "generations", "*", "satellite", "power", "battery", "chemistry"), "hardware", "cell"),
    (("mission", "generations", "*", "satellite", "accelerator"), "hardware", "accelerator"),
    (("economics", "launch"), "economics", "launch"),
)
# Items whose missing keys come from a section of defaults.yaml: path, and name of the section.
COMPLETED = (
    (("satellite",), "satellite"),
    (("satellites", "*"), "satellite"),
    (("mission", "generations", "*", "satellite"), "satellite"),
    (("links", "terminal"), "terminal"),
    (("economics", "launch"), "launcher"),
)


def word(node: Node) -> str:
    """Name as it was written, valid or not.

    Parameters
    ----------
    node : Node
        A node of the tree.

    Returns
    -------
    str
        The value as text.
    """
    return str(yaml_tree.plain(node))


def exists(root: Node, keys: list[str]) -> bool:
    """Whether the tree has a node at exactly this path.

    Parameters
    ----------
    root : Node
        Tree of the scenario.
    keys : list of str
        Path of the node; positions of lists as text.

    Returns
    -------
    bool
        True where the node exists.
    """
    node: Node | None = root
    for key in keys:
        if node is not None and isinstance(node.value, list):
            node = node.value[int(key)] if key.isdigit() and int(key) < len(node.value) else None
        else:
            node = node.get(key) if node is not None else None
    return node is not None


def with_named_defaults(root: Node) -> Node:
    """Add items that a scenario may leave out, by name, so that overrides find them.

    Parameters
    ----------
    root : Node
        Tree of the scenario.

    Returns
    -------
    Node
        The new tree.
    """
    default, own = Node("earth-mean", Origin("default")), root.get("environment")
    if own is None:
        return yaml_tree.put(root, ["environment"], default)
    if own.is_map and not own.is_record and not {"extends", "name"} & set(own.value):
        return yaml_tree.put(root, ["environment"], Node({"extends": default, **own.value}, own.origin))
    return root


def with_defaults(root: Node) -> Node:
    """Merge the sections of a scenario over the defaults.

    Parameters
    ----------
    root : Node
        Tree of the scenario.

    Returns
    -------
    Node
        The new tree.
    """
    shipped = defaults()
    workloads = root.get("workloads")
    listed = workloads.value if workloads is not None and isinstance(workloads.value, list) else []
    joined = any(word(w.get("kind") or w) in ("training", "inference", "sensing") for w in listed)
    if joined and root.get("constellation") is not None and root.get("fleet") is None:
        root = yaml_tree.put(root, ["fleet"], Node({}, Origin("default")))  # radiation happens to jobs, and they must know how they recover
    if root.get("motion") is None and root.get("constellation") is not None:
        root = yaml_tree.put(root, ["motion"], Node({}, Origin("default")))  # drag is always there
    for name in ("motion", "links", "ground", "fleet", "economics", "mission"):
        own = root.get(name)
        base = shipped.get(name)
        if own is not None and own.is_map and base is not None:
            if name == "mission" and yaml_tree.plain(yaml_tree.find(root, ("fleet", "failures"))) is not None and exists(root, ["fleet", "failures"]):
                base = yaml_tree.put(base, ["processes"], Node([], base.origin))  # what fails is said already
            root = yaml_tree.put(root, [name], yaml_tree.merge(base, _extending(base, own)))
    if workloads is not None and isinstance(workloads.value, list):
        merged = []
        for node in workloads.value:
            kind = node.get("kind")
            base = shipped.get(word(kind)) if kind is not None else None
            for method, section in (("diloco", "islands"), ("elastic", "elastic")):
                known = shipped.get(method)
                own = node.get(section)
                wanted = word(node.get("method") or node) == method or (own is not None and own.is_map)  # of another method: refused as a whole
                if base is not None and known is not None and wanted:
                    base = yaml_tree.put(base, [section], known)
            merged.append(yaml_tree.merge(base, node) if base is not None else node)
        root = yaml_tree.put(root, ["workloads"], Node(merged, workloads.origin))
    return _formations(root, shipped.get("cluster"))


def _formations(root: Node, base: Node | None) -> Node:
    """Merge clusters over the defaults of a cluster; those of a lattice only where it has one."""
    listed = root.get("constellation")
    if base is None or listed is None or not isinstance(listed.value, list):
        return root
    merged = []
    for node in listed.value:
        own = node.get("lattice")
        known = {k: v for k, v in base.value.items() if k != "lattice" or (own is not None and own.is_map)}
        is_cluster = word(node.get("kind") or node) == "cluster"
        merged.append(yaml_tree.merge(Node(known, base.origin), node) if is_cluster else node)
    return yaml_tree.put(root, ["constellation"], Node(merged, listed.origin))


def _extending(base: Node, own: Node) -> Node:
    """Extend an item that the defaults name by values that the scenario gives; one with its own name is complete."""
    merged = dict(own.value)
    for name, child in own.value.items():
        default = base.get(name)
        named = default is not None and isinstance(default.value, str)
        if named and child.is_map and not child.is_record and not {"extends", "name"} & set(child.value):
            merged[name] = Node({"extends": default, **child.value}, child.origin)
    return Node(merged, own.origin)


def resolve(root: Node, problems: list[Problem], allowed: tuple[Path, ...] = ()) -> Node:
    """Replace names by the items they stand for.

    Parameters
    ----------
    root : Node
        Tree of the scenario, merged over the defaults.
    problems : list of Problem
        Receives the problems, such as unknown names.
    allowed : tuple of Path, optional
        Folders beside its own in which, or below which, a file of an item may name others.

    Returns
    -------
    Node
        The new tree.
    """
    root = _entry_types(root, problems)
    for pattern, folder, kind in NAMED:
        for keys in _matching_paths(root, pattern):
            try:
                root = yaml_tree.put(root, keys, _item(yaml_tree.find(root, tuple(keys)), folder, ".".join(keys), kind, allowed))
            except InputError as error:
                problems.extend(error.problems)
    shipped = defaults()
    for pattern, section in COMPLETED:
        for keys in _matching_paths(root, pattern):
            own, base = yaml_tree.find(root, tuple(keys)), shipped.get(section)
            if own.is_map and not own.is_record and base is not None:
                root = yaml_tree.put(root, keys, yaml_tree.merge(base, own))
    root = listed_stations(root, problems)
    root = with_pairs(_points(root, problems), problems)
    root = _contract(root, problems, allowed)
    events = root.get("events")
    if events is not None and isinstance(events.value, list):
        root = yaml_tree.put(root, ["events"], Node(short_events(events.value, problems), events.origin))
        root = _causes_of_events(root, problems, allowed)
    return _baseline(root, problems, allowed)


def _causes_of_events(root: Node, problems: list[Problem], allowed: tuple[Path, ...]) -> Node:
    """Common causes of events: those that the mission lists, or shipped ones."""
    listed = yaml_tree.find(root, ("mission", "common_causes")).value
    own = {word(name): cause for cause in (listed if isinstance(listed, list) else []) if (name := cause.get("name")) is not None}
    for keys in _matching_paths(root, ("events", "*", "cause")):
        node, field = yaml_tree.find(root, tuple(keys)), ".".join(keys)
        if not isinstance(node.value, str | dict):
            continue
        if isinstance(node.value, str) and node.value in own:
            root = yaml_tree.put(root, keys, Node(own[node.value].value, node.origin))
            continue
        known = named_items("fleet", "cause")
        if isinstance(node.value, str) and node.value not in known and not is_path(node.value):
            advice = did_you_mean(node.value, [*own, *known])
            problems.append(Problem(node.origin, field, f"no common cause named '{shortened(node.value)}'; {advice}"))
            continue
        try:
            root = yaml_tree.put(root, keys, _item(node, "fleet", field, "cause", allowed))
        except InputError as error:
            problems.extend(error.problems)
    return root


def _baseline(root: Node, problems: list[Problem], allowed: tuple[Path, ...]) -> Node:
    """Replace a ground site that is given by path by its content; a shipped one keeps its name."""
    baseline = root.get("baseline")
    if baseline is None or not isinstance(baseline.value, str | dict):
        return root
    try:
        if baseline.is_map or is_path(baseline.value):
            return yaml_tree.put(root, ["baseline"], site_tree(baseline, problems, allowed))
        if baseline.value not in items("baselines"):
            advice = did_you_mean(word(baseline), items("baselines"))
            problems.append(Problem(baseline.origin, "baseline", f"no baseline named '{shortened(word(baseline))}'; {advice}"))
    except InputError as error:
        problems.extend(error.problems)
    return root


def _contract(root: Node, problems: list[Problem], allowed: tuple[Path, ...]) -> Node:
    """Resolve the sites of a contract, and merge it over the terms of its site and the defaults."""
    own = root.get("contract")
    if own is None or not own.is_map or own.is_record or not root.get("constellation"):
        return root  # the terms of a site stay as they are
    site, base = own.get("site") or root.get("baseline"), defaults().value["contract"]
    own = yaml_tree.put(own, ["site"], site) if site is not None else own
    sites = [["site"], *_matching_paths(own, ("hedges", "*", "site"))]
    for keys in sites:
        named, field = yaml_tree.find(own, tuple(keys)), ".".join(["contract", *keys])
        if not exists(own, keys) or not isinstance(named.value, str | dict):
            continue
        try:
            own = yaml_tree.put(own, keys, site_tree(named, problems, allowed, field))
        except InputError as error:
            problems.extend(error.problems)
    terms = yaml_tree.find(own, ("site", "contract"))
    stated = exists(own, ["site", "contract"]) and terms.is_map
    merged = yaml_tree.merge(yaml_tree.merge(base, terms) if stated else base, own)
    return yaml_tree.put(root, ["contract"], merged)


def site_tree(named: Node, problems: list[Problem], allowed: tuple[Path, ...] = (), field: str = "baseline") -> Node:
    """Resolved tree of a ground site, with the records of its numbers.

    Parameters
    ----------
    named : Node
        Name of a shipped baseline, path of a file, or the keys of a site.
    problems : list of Problem
        Receives the problems of the site.
    allowed : tuple of Path, optional
        As in `resolve`.
    field : str, optional
        Dotted name of the field that holds the site, for messages.

    Returns
    -------
    Node
        The tree.

    Raises
    ------
    InputError
        If there is no such site.
    """
    own: list[Problem] = []
    site = _item(named, "baselines", field, "baseline", allowed)
    chip = site.get("accelerator")
    if chip is not None:
        try:
            site = yaml_tree.put(site, ["accelerator"], _item(chip, "hardware", "accelerator", "accelerator", allowed))
        except InputError as error:
            own.extend(error.problems)
    others = site.get("other_nodes")
    for i, other in enumerate(others.value if others is not None and isinstance(others.value, list) else []):
        chip = other.get("accelerator") if other.is_map else None
        if chip is None:
            continue
        path = ["other_nodes", str(i), "accelerator"]
        try:
            site = yaml_tree.put(site, path, _item(chip, "hardware", ".".join(path), "accelerator", allowed))
        except InputError as error:
            own.extend(error.problems)
    base = defaults().get("site")
    site = resolve(with_defaults(site if base is None else yaml_tree.merge(base, site)), own, allowed)
    problems.extend(Problem(p.origin, f"{field}.{p.field}", p.message) for p in own)
    return site


def _entry_types(root: Node, problems: list[Problem]) -> Node:
    """Satellite types that entries of the constellation name: those of `satellites`, or shipped satellites."""
    listed, types = yaml_tree.find(root, ("constellation",)).value, root.get("satellites")
    known = set(types.value) if types is not None and types.is_map else set()
    given: dict[str, str] = {}  # types by path
    for i, entry in enumerate(listed if isinstance(listed, list) else []):
        named = entry.get("satellite")
        if named is None or not isinstance(named.value, str) or named.value in known:
            continue
        if is_path(named.value):
            name = Path(named.value).stem
            if given.setdefault(name, named.value) != named.value or (name in known and name not in given):
                message = f"a satellite type named '{name}' exists already; rename the file {Path(named.value).name}"
                problems.append(Problem(named.origin, f"constellation.{i}.satellite", message))
            known.add(name)
            root = yaml_tree.put(root, ["satellites", name], Node(named.value, named.origin))
            root = yaml_tree.put(root, ["constellation", str(i), "satellite"], Node(name, named.origin))
            continue
        shipped = named_items("hardware", "satellite")
        if named.value in shipped:
            known.add(named.value)
            root = yaml_tree.put(root, ["satellites", named.value], Node(named.value, named.origin))
        else:
            advice = did_you_mean(named.value, [*known, *shipped])
            message = f"no satellite type named '{shortened(named.value)}'; {advice}"
            problems.append(Problem(named.origin, f"constellation.{i}.satellite", message))
            root = yaml_tree.put(root, ["constellation", str(i)], Node(
                {k: v for k, v in entry.value.items() if k != "satellite"}, entry.origin))  # fmt: skip
    return root


def _points(root: Node, problems: list[Problem]) -> Node:
    """Replace files of a formation's points by the points: three numbers [m] a line, # begins a comment."""
    listed = yaml_tree.find(root, ("constellation",)).value
    for i in range(len(listed) if isinstance(listed, list) else 0):
        keys = ["constellation", str(i), "lattice", "points"]
        node = yaml_tree.find(root, tuple(keys))
        if not exists(root, keys) or not isinstance(node.value, str):
            continue
        try:
            root = yaml_tree.put(root, keys, _points_of(Path(node.value), node.origin))
        except InputError as error:
            problems.extend(error.problems)
    return root


def _points_of(path: Path, origin: Origin) -> Node:
    try:
        lines = read_file(path).decode("utf-8").splitlines()
    except (OSError, ValueError) as error:  # ValueError: a path with a null character too
        text = "it is not text in UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
        why = error.strerror if isinstance(error, OSError) else text
        message = f"{path} cannot be read ({why}); write the path of a file of three numbers a line, or the points"
        raise bad_input(origin, "constellation.lattice.points", message) from None
    rows: list[Node] = []
    for number, line in enumerate(lines, 1):
        words = line.partition("#")[0].replace(",", " ").split()
        if not words:
            continue
        location = Origin(str(path), number, 1)
        if len(rows) == MOST_POINTS:
            raise bad_input(location, "constellation.lattice.points", f"{path} holds more than {MOST_POINTS:,} points; write fewer")
        try:
            if len(words) != 3:
                raise ValueError
            rows.append(Node([Node(f"{float(w)!r} m", location) for w in words], location))
        except ValueError:
            message = f"'{shortened(line.strip())}' is not three numbers; write radial, along-track and cross-track in metres"
            raise bad_input(location, "constellation.lattice.points", message) from None
    if not rows:
        message = f"{path} holds no points; write lines of radial, along-track and cross-track in metres"
        raise bad_input(origin, "constellation.lattice.points", message)
    return Node(rows, origin)


def _matching_paths(root: Node, pattern: tuple[str, ...]) -> list[list[str]]:
    """Paths of the tree that match a pattern of `NAMED`."""
    if "*" not in pattern:
        return [list(pattern)] if exists(root, list(pattern)) else []
    star = pattern.index("*")
    head, tail = list(pattern[:star]), list(pattern[star + 1 :])
    listed = yaml_tree.find(root, tuple(head))
    if not exists(root, head) or not isinstance(listed.value, list | dict):
        return []
    names = list(listed.value) if isinstance(listed.value, dict) else [str(i) for i in range(len(listed.value))]
    paths = [[*head, name, *tail] for name in names]
    return [keys for keys in paths if exists(root, keys)]


def _item(node: Node, folder: str, path: str, kind: str, allowed: tuple[Path, ...]) -> Node:
    """An item by name or path, or a mapping that may extend one."""
    if isinstance(node.value, str):
        found = find_item(folder, node.value, node.origin, path, kind, allowed)
        return found if is_path(node.value) else Node(found.value, node.origin)  # errors belong into the user's own file
    return extended(node, folder, path, kind, allowed)


def listed_stations(root: Node, problems: list[Problem]) -> Node:
    """A scenario whose ground stations are a list, where names stand for them.

    Parameters
    ----------
    root : Node
        Tree of a scenario.
    problems : list of Problem
        Receives the problems of unknown names.

    Returns
    -------
    Node
        The tree.
    """
    if not exists(root, ["ground", "stations"]):
        return root
    return yaml_tree.put(root, ["ground", "stations"], _stations(yaml_tree.find(root, ("ground", "stations")), problems))


def _stations(listed: Node, problems: list[Problem]) -> Node:
    """Stations by the name of a station or a list, by path, or as mappings; also mixed."""
    if isinstance(listed.value, str):
        return Node(_named_stations(listed, "ground.stations", problems), listed.origin)
    if not isinstance(listed.value, list):
        return listed
    stations: list[Node] = []
    for node in listed.value:
        named = isinstance(node.value, str)
        stations += _named_stations(node, f"ground.stations.{len(stations)}", problems) if named else [node]
    return Node(stations, listed.origin)


def _named_stations(node: Node, field: str, problems: list[Problem]) -> list[Node]:
    """Stations of a name or a path; a problem leaves any station, so that those after it keep their positions."""
    shipped = shipped_stations()
    if node.value in shipped:
        return [Node(shipped[node.value].value, node.origin)]
    try:
        if not is_path(node.value) and node.value not in items("sites"):
            advice = did_you_mean(node.value, [*shipped, *items("sites")])
            raise bad_input(node.origin, field, f"no station or list of stations named '{shortened(node.value)}'; {advice}")
        stations = find_item("sites", node.value, node.origin, field, "sites").value["stations"]
        if isinstance(stations.value, list):
            return stations.value
        raise bad_input(stations.origin, "stations", "is not a list of stations; write entries that start with '- '")
    except InputError as error:
        problems.extend(error.problems)
        return [yaml_tree.put(next(iter(shipped.values())), ["name"], node)]
