"""Forms of topologies: degrees, numbers of links, diameters and bisections by closed form; links follow positions, not numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import shortest_path

from orbit.constants import EARTH_RADIUS_M
from orbit.shell_geometry import Shell, cross_plane_slots
from orbit.shells import walker
from sim.network.cuts import network_bisection_bit_s
from sim.network.link_state import LinkRules, Network
from sim.network.network_figures import NetworkFigures
from sim.network.routing import Graph
from sim.network.topologies import registry, shapes
from sim.network.topologies.base import Grid, Lattice, Limits
from sim.network.topologies.fixed import ClosTopology, FixedPairs, GridTopology, RingTopology, TorusTopology
from sim.network.topologies.moving import JoinedShells, NearestTopology, Relay
from sim.network.topologies.unlinked import reasons

LIMITS = Limits(4, 5000e3, 80e3)


def _diameter(pairs: tuple[np.ndarray, np.ndarray], count: int) -> float:
    """Longest of the shortest routes in hops, by scipy."""
    graph = coo_array((np.ones(pairs[0].size), pairs), shape=(count, count)).tocsr()
    return float(shortest_path(graph, directed=False, unweighted=True).max())


def _degree(pairs: tuple[np.ndarray, np.ndarray], count: int) -> np.ndarray:
    return np.bincount(np.concatenate(pairs), minlength=count)


def _shell_m(altitude_km: float, inclination_deg: float, planes: int, slots: int, phasing: float = 0.0, star: bool = False) -> np.ndarray:
    elements = walker(altitude_km * 1e3, math.radians(inclination_deg), planes, slots, phasing, math.pi if star else 2.0 * math.pi)
    a, u, i, n = elements.semi_major_axis_m, elements.latitude_argument_rad, elements.inclination_rad, elements.node_rad
    x, y = a * np.cos(u), a * np.sin(u)
    return np.array([x * np.cos(n) - y * np.cos(i) * np.sin(n), x * np.sin(n) + y * np.cos(i) * np.cos(n), y * np.sin(i)])


@pytest.mark.parametrize("shape", [(4,), (7,), (4, 4), (5, 4), (8, 6), (4, 4, 4), (3, 5, 4), (6, 6, 6)])
def test_torus(shape: tuple[int, ...]) -> None:
    """Closed form of the k-ary n-cube [dally2004:ch. 5]: 2 n links each, diameter the sum of the halves of its dimensions, and twice the
    satellites across the longest dimension in its bisection where that is even."""
    count, topology = math.prod(shape), TorusTopology(shape)
    assert set(_degree(topology.pairs, count)) == {2 * len(shape)}
    assert topology.pairs[0].size == count * len(shape)
    assert _diameter(topology.pairs, count) == sum(size // 2 for size in shape)
    if max(shape) % 2 == 0:
        cut = network_bisection_bit_s(*topology.pairs, np.full(topology.pairs[0].size, 3.0), np.arange(count), topology.orders)
        assert cut == 3.0 * shapes.torus_bisection_links(shape) == 6.0 * count / max(shape)


@pytest.mark.parametrize(
    ("shape", "links"), [((1,), 0), ((2,), 1), ((1, 4), 4), ((4, 1), 4), ((2, 2), 4), ((1, 2), 1), ((2, 2, 2), 12), ((1, 1), 0), ((2, 3), 9)]
)
def test_small_tori(shape: tuple[int, ...], links: int) -> None:
    """By hand: a dimension of two has one link, one of one none: no link twice, none to itself."""
    a, b = TorusTopology(shape).pairs
    assert a.size == links
    assert np.all(a < b)


@pytest.mark.parametrize(("planes", "slots", "wraps", "links"), [
    (1, 1, False, 0), (1, 2, False, 1), (2, 1, False, 1), (2, 1, True, 1), (2, 2, False, 4), (2, 2, True, 4), (1, 5, False, 5), (5, 1, True, 5),
    (5, 1, False, 4), (3, 2, True, 9), (2, 3, True, 9), (3, 3, True, 18),
])  # fmt: skip
def test_small_grids(planes: int, slots: int, wraps: bool, links: int) -> None:
    """By hand: shells under 3 x 3 are small graphs whose links are there once."""
    across = (0,) * (planes if wraps and planes > 1 else planes - 1)
    a, b = GridTopology([Grid(0, planes, slots, across)]).pairs
    assert a.size == links
    assert np.all(a < b)
    assert np.unique(a * planes * slots + b).size == links


@pytest.mark.parametrize(("count", "reach", "diameter"), [(8, 1, 4), (9, 1, 4), (12, 2, 3), (13, 3, 2)])
def test_ring(count: int, reach: int, diameter: int) -> None:
    """Closed form: 2 reach links each, and ceil(floor(n / 2) / reach) hops to the far side."""
    topology = RingTopology(count, reach)
    assert set(_degree(topology.pairs, count)) == {2 * reach}
    assert _diameter(topology.pairs, count) == diameter == math.ceil(count // 2 / reach)


@pytest.mark.parametrize("layers", [2, 3, 4])
@pytest.mark.parametrize("ports", [4, 6, 10, 12])
def test_clos_with_all_ports_in_use(ports: int, layers: int) -> None:
    """Published: k / (k + 4 L - 6) compute (arXiv 2605.15335); with 3 layers k^2 / 4 leaves, k switches below and k / 2 on top [greenberg2009].
    Closed form: it is rearrangeable, so half of the leaves send at full rate to the other half."""
    half = ports // 2
    count = shapes.most_in_clos(ports, layers)
    topology = ClosTopology(count, ports, layers)
    leaves = np.setdiff1d(np.arange(count), topology.switches)
    assert leaves.size / count == pytest.approx(ports / (ports + 4 * layers - 6), abs=1e-12)
    if layers == 3:
        assert (leaves.size, topology.switches.size) == (half * half, 3 * half)
    degree = _degree(topology.pairs, count)
    assert set(degree[leaves]) == {2}
    assert set(degree[topology.switches]) == {ports}
    assert _diameter(topology.pairs, count) == 2 * (layers - 1) or layers == 2  # two spines meet over a leaf
    if leaves.size <= 64:
        cut = network_bisection_bit_s(*topology.pairs, np.ones(topology.pairs[0].size), leaves[: leaves.size // 2 * 2])
        assert cut == pytest.approx(2.0 * (leaves.size // 2), rel=1e-6)


@pytest.mark.parametrize("count", [9, 10, 21, 40, 53, 54])
def test_clos_with_free_ports(count: int) -> None:
    """By hand: any number of satellites up to the full network is joined, no switch has more links than ports, each leaf has two."""
    topology = ClosTopology(count, 12, 3, "last")
    degree = _degree(topology.pairs, count)
    leaves = count - topology.switches.size
    assert topology.switches.tolist() == list(range(leaves, count))
    assert set(degree[:leaves]) == {2}
    assert degree[leaves:].max() <= 12
    assert _diameter(topology.pairs, count) <= 4


@pytest.mark.parametrize("count", [3, 8, 55, 1000])
def test_clos_of_the_wrong_size(count: int) -> None:
    with pytest.raises(ValueError, match="no Clos network of 12 ports and 3 layers"):
        ClosTopology(count, 12, 3)


def test_chosen_switches() -> None:
    """By hand: the satellites that are named switch, the others compute."""
    topology = ClosTopology(8, 6, 2, [5, 2])
    assert topology.switches.tolist() == [2, 5]
    assert {frozenset(pair) for pair in zip(*(end.tolist() for end in topology.pairs), strict=True)} == {
        frozenset((leaf, switch)) for leaf in (0, 1, 3, 4, 6, 7) for switch in (2, 5)
    }


@pytest.mark.parametrize("phasing", [0, 1, 17, 35])
def test_mirror_images_have_equal_links(phasing: int) -> None:
    """Symmetry: seen in a mirror through the Earth's axis, phasing f at inclination i is phasing planes - f at 180 deg - i. All links of a shell
    have the same lengths there, and so have those between two shells that are joined."""
    planes, slots = 36, 12
    found = []
    for f, tilt_deg in ((phasing, 53.0), ((planes - phasing) % planes, 127.0)):
        low = Shell(EARTH_RADIUS_M + 550e3, math.radians(tilt_deg), planes, slots, float(f))
        grids = [Grid(first, planes, slots, cross_plane_slots(low, True)) for first in (0, planes * slots)]
        high_m = _shell_m(750, tilt_deg, planes, slots, f)
        turned = np.array([[math.cos(0.02), -math.sin(0.02), 0.0], [math.sin(0.02), math.cos(0.02), 0.0], [0.0, 0.0, 1.0]])
        high_m = (turned if tilt_deg < 90.0 else turned.T) @ high_m  # no two links between the shells are equal by symmetry
        r_m = np.concatenate((_shell_m(550, tilt_deg, planes, slots, f), high_m), axis=1)
        a, b = JoinedShells(grids, np.repeat([0, 1], planes * slots), Limits(5, 4000e3, 80e3)).candidates(r_m, np.ones(2 * planes * slots, bool))
        length_m = np.linalg.norm(r_m[:, a] - r_m[:, b], axis=0)
        found.append(np.sort(length_m))
    assert found[0].size == found[1].size == planes * slots * 5
    assert np.allclose(found[0], found[1], atol=1e-3)


def _moving(name: str, part: np.ndarray) -> Any:
    built: dict[str, Callable[[], Any]] = {
        "nearest": lambda: NearestTopology(LIMITS),
        "two nearest": lambda: NearestTopology(LIMITS, 2),
        "shells": lambda: JoinedShells([], part, LIMITS),
        "relay": lambda: Relay([], part, LIMITS, 1, 2, 3),
    }
    return built[name]()


@pytest.mark.parametrize("name", ["nearest", "two nearest", "shells", "relay"])
def test_links_follow_positions_not_numbers(name: str) -> None:
    """Property: renumbering the satellites renumbers the links."""
    rng = np.random.default_rng(5)
    v = rng.normal(size=(3, 90))
    r_m = (EARTH_RADIUS_M + rng.uniform(4e5, 1.2e6, 90)) * v / np.linalg.norm(v, axis=0)
    part, allowed = np.arange(90) % 3, rng.uniform(size=90) < 0.9
    a, b = _moving(name, part).candidates(r_m, allowed)
    new = rng.permutation(90)  # satellite i is new[i] now
    old = np.argsort(new)
    c, d = _moving(name, part[old]).candidates(r_m[:, old], allowed[old])
    renumbered = {(min(i, j), max(i, j)) for i, j in zip(new[a].tolist(), new[b].tolist(), strict=True)}
    assert renumbered == set(zip(c.tolist(), d.tolist(), strict=True))
    assert a.size > 60
    assert np.all(a < b)


def test_joined_shells_take_the_nearest_gateways() -> None:
    """A loop over all pairs: of gateways of two shells, the shortest link first, one each."""
    r_m = np.concatenate((_shell_m(550, 53, 4, 6, 1), _shell_m(800, 70, 3, 5, 1)), axis=1)
    blocks, part = [Grid(0, 4, 6, (0,) * 4), Grid(24, 3, 5, (0,) * 3)], np.repeat([0, 1], (24, 15))
    topology = JoinedShells(blocks, part, Limits(4, np.inf, 80e3), gateways_per_plane=2)
    assert np.flatnonzero(topology.gateway).tolist() == [0, 3, 6, 9, 12, 15, 18, 21, 24, 26, 29, 31, 34, 36]
    a, b = topology.candidates(r_m, np.ones(39, bool))
    between = {(i, j) for i, j in zip(a.tolist(), b.tolist(), strict=True) if i < 24 <= j}
    expected, taken = set(), set[int]()
    pairs = [(float(np.linalg.norm(r_m[:, i] - r_m[:, j])), i, j) for i in range(24) for j in range(24, 39) if topology.gateway[[i, j]].all()]
    for _, i, j in sorted(pairs):
        line = r_m[:, [i]] + np.linspace(0, 1, 501) * (r_m[:, [j]] - r_m[:, [i]])
        if not {i, j} & taken and np.linalg.norm(line, axis=0).min() >= EARTH_RADIUS_M + 80e3:
            expected.add((i, j))
            taken |= {i, j}
    assert between == expected
    assert len(between) == 5


def test_relay_joins_a_formation_to_a_shell() -> None:
    """By hand: a formation has two links up to two relays, whatever the number of its satellites; further satellites two each."""
    shell = _shell_m(550, 53, 10, 10, 1)
    centre = 1.02 * shell[:, [42]]
    formation = centre + np.array([[0.0, 0.0, 0.0], [0.0, 100.0, 200.0], [0.0, 0.0, 0.0]])
    r_m = np.concatenate((formation, shell), axis=1)
    blocks = [Lattice(0, formation - centre, 150.0), Grid(3, 10, 10, (0,) * 10)]
    topology = Relay(blocks, np.repeat([0, 1], (3, 100)), LIMITS, through=1)
    a, b = topology.candidates(r_m, np.ones(103, bool))
    up = [(i, j) for i, j in zip(a.tolist(), b.tolist(), strict=True) if i < 3 <= j]
    assert len(up) == 2
    assert len({i for i, _ in up}) == len({j for _, j in up}) == 2
    assert 45 in {j for _, j in up}
    assert topology.switches.tolist() == list(range(3, 103))
    allowed = np.ones(103, bool)
    allowed[45] = False
    a, b = topology.candidates(r_m, allowed)
    assert 45 not in b[a < 3].tolist()
    assert np.count_nonzero((a < 3) & (b >= 3)) == 2


def test_relays_out_of_reach_have_no_links() -> None:
    """By hand: within 100 km there is no relay."""
    r_m = np.concatenate((_shell_m(550, 53, 4, 6), _shell_m(1200, 53, 4, 6)), axis=1)
    part = np.repeat([0, 1], 24)
    a, b = Relay([Grid(0, 4, 6, (0,) * 4), Grid(24, 4, 6, (0,) * 4)], part, LIMITS, 1, max_range_m=100e3).candidates(r_m, np.ones(48, bool))
    assert a.size == 96
    assert not np.any((a < 24) & (b >= 24))


def test_closed_seam_of_a_star_pattern() -> None:
    """By a loop: at the seam the nearest slot in the mean square over a revolution; the rest of the shell is as without the seam."""
    planes, slots = 6, 8
    shell = Shell(EARTH_RADIUS_M + 1200e3, math.radians(87.9), planes, slots, 2.0, node_span_rad=math.pi)
    ahead = cross_plane_slots(shell, True)
    assert ahead[:-1] == cross_plane_slots(shell, False)
    moments = np.linspace(0.0, 2.0 * math.pi, 400, endpoint=False)
    mean_square = []
    for n in range(slots):
        apart = []
        for turn in moments:
            ends = []
            for plane, slot in ((planes - 1, 0), (0, n)):
                u = 2.0 * math.pi * (slot + 2.0 * plane / planes) / slots + turn
                node = math.pi * plane / planes
                x, y = math.cos(u), math.sin(u) * math.cos(shell.inclination_rad)
                ends.append((x * math.cos(node) - y * math.sin(node), x * math.sin(node) + y * math.cos(node), math.sin(u) * math.sin(shell.inclination_rad)))
            apart.append(math.dist(*ends) ** 2)
        mean_square.append(sum(apart) / len(apart))
    assert ahead[-1] == int(np.argmin(mean_square))


def test_custom_pairs_are_normalised() -> None:
    topology = FixedPairs("custom", (np.array([3, 0, 1, 2]), np.array([1, 1, 3, 2])))
    assert [end.tolist() for end in topology.pairs] == [[0, 1], [1, 3]]


class _Point:
    """An entry point that makes a ring, or what `made` says."""

    name = "mine"

    def __init__(self, made: Any = None) -> None:
        self.made = made

    def load(self) -> Callable[..., Any]:
        return lambda fleet, reach=1: self.made or RingTopology(fleet.satellites, reach)


def test_entry_points(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for an installed package."""
    fleet = registry.without_parts([], 6, LIMITS)
    monkeypatch.setattr(registry.metadata, "entry_points", lambda group: [_Point()])
    assert registry.build("plugin", fleet, {"name": "mine", "settings": {"reach": 2}}).candidates(np.zeros((3, 6)), np.ones(6, bool))[0].size == 12
    with pytest.raises(ValueError, match="no installed package has an entry point other"):
        registry.plugin("other", fleet, {})
    monkeypatch.setattr(registry.metadata, "entry_points", lambda group: [_Point(made="ring")])
    with pytest.raises(ValueError, match="an object without name"):
        registry.plugin("mine", fleet, {})


def test_reasons_of_satellites_without_links() -> None:
    """By hand: one alone in the topology, one too far away, one behind the Earth, one whose partner is down."""
    r = EARTH_RADIUS_M + 550e3
    r_m = np.array([[r, r, -r, 0.0, 0.0, 0.0, r], [0.0, 1e5, 0.0, r, r, r + 6e6, -1e5], [0.0, 0.0, 0.0, 0.0, 1e5, 0.0, 0.0]])
    topology = FixedPairs("custom", (np.array([0, 0, 3, 4]), np.array([1, 2, 5, 6])))
    far = Limits(4, 2e7, 80e3)
    healthy = np.array([True, True, True, True, True, True, False])
    assert {k: v for k, v in reasons(topology, far, r_m, healthy, np.array([2, 4])).items() if v} == {"earth": [2], "down": [4]}
    near = Limits(4, 1e6, 80e3)
    lone = FixedPairs("custom", (np.array([0]), np.array([5])))
    assert {k: v for k, v in reasons(lone, near, r_m, healthy, np.array([0, 3, 5])).items() if v} == {"range": [0, 5], "unpaired": [3]}


def test_next_hops_against_routes() -> None:
    """Dijkstra of scipy, hop by hop: the tables lead to every destination along a fastest route."""
    a, b = TorusTopology((5, 6)).pairs
    delay_s = np.random.default_rng(2).uniform(1e-3, 2e-3, a.size)
    graph = Graph(30, a, b)
    table = graph.next_hops(delay_s, np.arange(30))
    matrix = coo_array((delay_s, (a, b)), shape=(30, 30)).tocsr()
    least_s, between = shortest_path(matrix, directed=False), {frozenset(p): d for *p, d in zip(a.tolist(), b.tolist(), delay_s, strict=True)}
    for goal in range(30):
        for start in range(30):
            at, passed = start, 0.0
            while at != goal:
                after = int(table[goal, at])
                passed += between[frozenset((at, after))]
                at = after
            assert passed == pytest.approx(least_s[start, goal], rel=1e-12)
    assert table.diagonal().tolist() == [-1] * 30


def _figures(delay_after: Sequence[float]) -> NetworkFigures:
    """A square of four satellites, of which the delays of four links are other ones a step later."""
    r_m = np.array([[7e6] * 4, [0.0, 1e5, 1e5, 0.0], [0.0, 0.0, 1e5, 1e5]])
    network = Network([Grid(0, 1, 4)], 4, LinkRules("grid", 4, None, 80e3, 5e6, 0.0))
    network.update(r_m, np.ones(4, bool), {})
    figures = NetworkFigures(network, np.arange(4), r_m, 2, 30.0)
    figures.observe(0, network.present._replace(delay_s=np.ones(4)))
    figures.observe(1, network.present._replace(delay_s=np.array(delay_after)))
    return figures


def test_figures_by_hand() -> None:
    """Links (0, 1), (0, 3), (1, 2), (2, 3) of equal delays: three entries each. Once (0, 1) takes 9 s, 0 and 1 reach each other, and 1 reaches 3
    and 3 reaches 1, and 0 reaches 2 and 2 reaches 0, over the other side."""
    figures = _figures([1.0, 1.0, 1.0, 1.0])
    assert (figures.entries, figures.changes_per_min, figures.compute_share) == (3.0, 0.0, 1.0)
    assert figures.bisection_bit_s is None  # links without a limit
    # lowest numbers first: 0 -> 2 over 1, 1 -> 3 over 0, 2 -> 0 over 1, 3 -> 1 over 0; all four and 0 <-> 1 change: 6 of 12 entries in 30 s
    assert _figures([9.0, 1.0, 1.0, 1.0]).changes_per_min == pytest.approx(3.0 * 6.0 / 12.0 * 2.0)


def test_bisection_of_irregular_networks() -> None:
    """By hand: two complete graphs of four joined by two links, one of them slow, whatever the numbers of the satellites."""
    rng = np.random.default_rng(1)
    pairs = [(i, j, 10.0) for block in (range(4), range(4, 8)) for i in block for j in block if i < j] + [(0, 4, 2.0), (3, 7, 0.5)]
    for _ in range(5):
        new = rng.permutation(8)
        a, b, rate = (np.array(x) for x in zip(*((new[i], new[j], r) for i, j, r in pairs), strict=True))
        assert network_bisection_bit_s(a.astype(np.int64), b.astype(np.int64), rate, np.arange(8)) == 2.5


@pytest.mark.parametrize("terminals", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("altitude_km", [700.0, 2500.0])
@pytest.mark.parametrize("form", ["shells", "relay"])
def test_no_more_links_than_terminals(form: str, altitude_km: float, terminals: int) -> None:
    """Source of truth: a loop over all links that the topology names: those between the parts first, then the rest, the shortest first while both ends
    have a free terminal. What is left over is idle."""
    count = 93
    r_m = np.concatenate((_shell_m(550, 53, 6, 8, 1), _shell_m(altitude_km, 53, 5, 9, 2)), axis=1)
    r_m += np.random.default_rng(3).uniform(-1e4, 1e4, r_m.shape)  # no two links are as long
    blocks, part = [Grid(0, 6, 8, (0,) * 6), Grid(48, 5, 9, (0,) * 5)], np.repeat([0, 1], (48, 45))
    settings = {"through": 1, "links": 1, "relay_terminals": 2} if form == "relay" else {}
    limits = Limits(terminals, 8e6, 80e3)
    topology = registry.build(form, registry.Fleet(blocks, count, limits, part, part), settings)
    network = Network(blocks, count, LinkRules(form, terminals, None, 80e3, 8e6, 0.0), topology)
    state = network.state(r_m, np.ones(count, dtype=np.bool_), {})
    a, b = topology.candidates(r_m, np.ones(count, dtype=np.bool_))
    length_m = np.linalg.norm(r_m[:, a] - r_m[:, b], axis=0)
    steps = np.linspace(0.0, 1.0, 401)[:, np.newaxis, np.newaxis]
    lowest_m = np.linalg.norm(r_m[:, a] + steps * (r_m[:, b] - r_m[:, a]), axis=1).min(axis=0) - EARTH_RADIUS_M
    free, expected = [terminals] * count, set()
    for n in np.lexsort((length_m, part[a] == part[b])).tolist():
        i, j = int(a[n]), int(b[n])
        if length_m[n] <= 8e6 and lowest_m[n] >= 80e3 and free[i] and free[j]:
            expected.add((i, j))
            free[i], free[j] = free[i] - 1, free[j] - 1
    found = set(zip(state.a.tolist(), state.b.tolist(), strict=True))
    assert found == expected
    assert min(free) == 0 or terminals > 4
    assert any(i < 48 <= j for i, j in found)
    assert network.unlinked(state).tolist() == pytest.approx([n / terminals for n in free])
