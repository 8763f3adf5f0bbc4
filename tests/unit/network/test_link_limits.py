"""What keeps links down: acquisition, turns too fast to follow, terminals that are taken; by hand and by geometry alone."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from orbit.propagation import CircularJ2
from orbit.shells import CircularElements
from orbit.timegrid import TimeGrid
from sim.network import link_limits
from sim.network.link_state import Grid, Lattice, LinkRules, Network
from sim.network.optical import Terminal

MODEM = Terminal(1.0, 0.08, 1.55e-6, 1.0, 1.0, 0.0, 1.0, 1, 1e9)
EVERYONE = np.ones(3, bool)
NEAR, FAR = 1e6, 4e6  # of the third satellite: within reach of the second, or of none


def _row(third_m: float, second_m: float = 3e5) -> np.ndarray:
    r_m = np.full((3, 3), 0.0)
    r_m[0], r_m[1] = 7e6, (0.0, second_m, second_m + third_m)
    return r_m


def _factors(rules: LinkRules, series: list[np.ndarray]) -> list[dict[tuple[int, int], float]]:
    """Links of each time, with what is left of their rates."""
    network, found = Network([Grid(0, 1, 3)], 3, rules), []
    for r_m in series:
        state = network.state(r_m, EVERYONE, {})
        found.append(dict(zip(zip(state.a.tolist(), state.b.tolist(), strict=True), state.rate_factor.tolist(), strict=True)))
    return found


def test_acquisition_within_a_step() -> None:
    """Source of truth: by hand: links of the first time exist; one that appears carries 1 - 20 / 60 of the first step, all of the next; one that
    was gone is acquired again."""
    rules = LinkRules("grid", 4, MODEM, 0.0, 1.2e6, 0.0, step_s=60.0, acquisition_s=20.0)
    first, second, third, gone, again = _factors(rules, [_row(FAR), _row(NEAR), _row(NEAR), _row(FAR), _row(NEAR)])
    assert first == gone == {(0, 1): 1.0}
    assert second == {(0, 1): 1.0, (1, 2): pytest.approx(2.0 / 3.0)} == again
    assert third == {(0, 1): 1.0, (1, 2): 1.0}


def test_acquisition_longer_than_a_step() -> None:
    """Source of truth: by hand: 150 s in steps of 60 s: two whole steps down, half of the third."""
    rules = LinkRules("grid", 4, MODEM, 0.0, 1.2e6, 0.0, step_s=60.0, acquisition_s=150.0)
    found = [links.get((1, 2), 0.0) for links in _factors(rules, [_row(FAR)] + [_row(NEAR)] * 5)]
    assert found == [0.0, 0.0, 0.0, pytest.approx(0.5), 1.0, 1.0]


def test_without_acquisition_links_are_as_before() -> None:
    """Source of truth: by hand; and the arrays stay the same objects while links stay."""
    rules = LinkRules("grid", 4, MODEM, 0.0, 1.2e6, 0.0, step_s=60.0)
    assert _factors(rules, [_row(FAR), _row(NEAR)])[1] == {(0, 1): 1.0, (1, 2): 1.0}
    network = Network([Grid(0, 1, 3)], 3, LinkRules("grid", 4, MODEM, 0.0, 1.2e6, 0.0, step_s=60.0, acquisition_s=20.0))
    states = [network.state(_row(x), EVERYONE, {}) for x in (NEAR, NEAR - 1e3, NEAR - 2e3)]
    assert states[0].a is states[1].a is states[2].a


def test_slew_limit() -> None:
    """Source of truth: two satellites pass each other at 10 km/s, 100 km apart: 2 atan(300 / 100) = 143 deg in a minute, 2.39 deg/s, less what the
    frames turn, at most 0.07 deg/s; and 30 min later it hardly turns."""
    def pair(along_m: float) -> np.ndarray:
        r_m = np.zeros((3, 2))
        r_m[0] = 7e6, 7.1e6
        r_m[1] = -0.5 * along_m, 0.5 * along_m
        return r_m

    ends = np.array([0]), np.array([1])
    rate = math.degrees(link_limits.slew_rate_rad_s(pair(-3e5), pair(3e5), *ends, 60.0)[0])
    assert rate == pytest.approx(2.0 * math.degrees(math.atan(3.0)) / 60.0, abs=0.07)
    for limit_deg_s, links in ((2.0, 0), (3.0, 1)):
        rules = LinkRules("nearest", 4, MODEM, 0.0, 5e7, 0.0, step_s=60.0, slew_limit_rad_s=math.radians(limit_deg_s))
        network = Network([], 2, rules)
        assert network.state(pair(-3e5), np.ones(2, bool), {}).a.size == 1  # the first time knows no rate
        assert network.state(pair(3e5), np.ones(2, bool), {}).a.size == links
        assert network.state(pair(9e5), np.ones(2, bool), {}).a.size == 1


def test_slew_rate_of_crossing_orbits() -> None:
    """Source of truth: finite differences of directions in exact local frames, each second of an orbit; the mean over 10 s agrees within 1e-4 rad/s."""
    shell = CircularElements(np.full(2, 7e6), np.full(2, 1.4), np.array([0.0, 0.3]), np.array([0.0, 0.05]))
    r_m = np.empty((600, 3, 2))
    CircularJ2(shell, TimeGrid(2461000.5, 0.0, 1.0, 600)).fill(0, 2, 0, r_m)
    ends = np.array([0]), np.array([1])

    def direction(k: int) -> np.ndarray:
        r, v = r_m[k, :, 0], r_m[k + 1, :, 0] - r_m[k - 1, :, 0]
        normal = np.cross(r, v) / np.linalg.norm(np.cross(r, v))
        radial = r / np.linalg.norm(r)
        way = r_m[k, :, 1] - r
        return np.array([radial @ way, np.cross(normal, radial) @ way, normal @ way]) / np.linalg.norm(way)

    for k in (100, 400):
        angle = math.acos(min(1.0, direction(k) @ direction(k + 10)))
        ours = float(link_limits.slew_rate_rad_s(r_m[k], r_m[k + 10], *ends, 10.0)[0])
        assert ours == pytest.approx(angle / 10.0, rel=0.05, abs=1e-6)
        assert ours > 1e-4


def test_terminals_limit_a_mesh() -> None:
    """Source of truth: by hand: a hexagon of six about one: with three terminals the middle keeps its three shortest links."""
    turn = np.radians(60.0 * np.arange(6))
    reach = np.array([100.0, 101.0, 102.0, 103.0, 104.0, 105.0])
    offsets = np.zeros((3, 7))
    offsets[1, 1:], offsets[2, 1:] = reach * np.cos(turn), reach * np.sin(turn)
    rules = LinkRules("mesh", 3, None, 0.0, 1e4, 0.0)
    network = Network([Lattice(0, offsets, 106.0)], 7, rules)
    state = network.state(np.array([[7e6], [0.0], [0.0]]) + offsets, np.ones(7, bool), {})
    degree = np.bincount(np.concatenate((state.a, state.b)), minlength=7)
    assert degree.max() == 3
    # the middle's links to the first three are the shortest; of the rim 100 to 101 is 100.5 m and shorter than 101 m
    assert {(a, b) for a, b in zip(state.a.tolist(), state.b.tolist(), strict=True) if a == 0} == {(0, 1), (0, 2), (0, 3)}


@pytest.mark.parametrize("topology", ["mesh", "nearest"])
def test_numbering_decides_nothing(topology: str) -> None:
    """Source of truth: symmetry: the same satellites in another order have the same links; a regular lattice, all ties."""
    rng = np.random.default_rng(7)
    x, y = np.meshgrid(np.arange(6) * 100.0, np.arange(5) * 100.0)
    offsets = np.stack((np.zeros(30), x.ravel(), y.ravel()))
    order = rng.permutation(30)
    found = []
    for shuffle in (np.arange(30), order):
        moved = offsets[:, shuffle]
        rules = LinkRules(topology, 3, None, 0.0, 1e4, 0.0)  # type: ignore[arg-type]
        network = Network([Lattice(0, moved, 100.0)], 30, rules)
        state = network.state(np.array([[7e6], [0.0], [0.0]]) + moved, np.ones(30, bool), {})
        found.append({frozenset((int(shuffle[a]), int(shuffle[b]))) for a, b in zip(state.a, state.b, strict=True)})
    assert found[0] == found[1]


def _line(left_m: float) -> np.ndarray:
    """Three satellites in a row, 200 km long: the middle one is so far from the left one."""
    r_m = np.zeros((3, 3))
    r_m[0], r_m[1] = 7e6, (-left_m, 0.0, 2e5 - left_m)
    return r_m


def test_hysteresis_keeps_pairs() -> None:
    """Source of truth: by hand: one terminal each; the middle satellite swings between two others by 10 %. Without hysteresis its partner changes
    each time, with a factor of 1.2 never, beyond a factor of 1.5 it does."""
    series = [_line(x) for x in (0.95e5, 1.05e5, 0.95e5, 1.05e5)]
    partners = {}
    for factor in (1.0, 1.2):
        rules = LinkRules("nearest", 1, None, 0.0, 1e7, 0.0, hysteresis=factor)
        network = Network([], 3, rules)
        partners[factor] = [tuple(network.state(r_m, EVERYONE, {})[:2]) for r_m in series]
    flips = {factor: sum(not np.array_equal(one, other) for one, other in pairwise(found)) for factor, found in partners.items()}
    assert flips == {1.0: 3, 1.2: 0}
    assert [int(x[0]) for x in network.state(_line(1.2e5), EVERYONE, {})[:2]] == [1, 2]


def test_a_forgotten_pair_is_kept_no_longer() -> None:
    """By hand: the partner that a factor of 1.2 has kept is 11 % farther than the other one, and is chosen anew."""
    network = Network([], 3, LinkRules("nearest", 1, None, 0.0, 1e7, 0.0, hysteresis=1.2))
    network.state(_line(0.95e5), EVERYONE, {})
    assert [int(x[0]) for x in network.state(_line(1.05e5), EVERYONE, {})[:2]] == [0, 1]
    network.forget()
    assert [int(x[0]) for x in network.state(_line(1.05e5), EVERYONE, {})[:2]] == [1, 2]


def test_times_in_turn_decide_and_not_how_many_at_once() -> None:
    """Source of truth: by definition: states computed one by one and taken at once are the same as those taken in between."""
    series = [_row(x) for x in (FAR, NEAR, NEAR, FAR, NEAR)]
    rules = LinkRules("grid", 4, MODEM, 0.0, 1.2e6, 0.0, step_s=60.0, acquisition_s=20.0)
    at_once = Network([Grid(0, 1, 3)], 3, rules)
    states = at_once.with_rates([at_once.state(r_m, EVERYONE, {}) for r_m in series])
    one_by_one = Network([Grid(0, 1, 3)], 3, rules)
    for r_m, state in zip(series, states, strict=True):
        one_by_one.update(r_m, EVERYONE, {})
        assert np.array_equal(one_by_one.rate_bit_s, state.rate_bit_s)


@pytest.mark.parametrize(("phase", "mean_m"), [(1, 513e3), (39, 638e3), (71, 471e3)])
def test_links_of_a_shell_lead_to_the_nearest_slot(phase: int, mean_m: float) -> None:
    """Source of truth: distances of one satellite to all of the next plane, by spherical trigonometry over a revolution: the nearest slot on
    average is linked. All links are within 2,100 km, whatever the numbering; the satellite of equal number is 2,328 km away with F = 71."""
    from sim import api
    from sim.engine.links import constellation_blocks

    loaded = api.load("kuiper_630", [
        f"constellation={{kind: shorthand, code: 'D:550:53:1584/72/{phase}'}}", "links.cross_plane=nearest_slot", "duration=10 min", "step=60 s",
        "ground.station_pairs=[]",
    ])  # fmt: skip
    radius, tilt, node = 6378137.0 + 550e3, math.radians(53.0), 2.0 * math.pi / 72
    u = np.linspace(0.0, 2.0 * math.pi, 721)[:-1]
    ahead = u + 2.0 * math.pi * (np.arange(22)[:, None] / 22 + phase / 1584)
    one = np.array([np.cos(u), np.sin(u) * math.cos(tilt), np.sin(u) * math.sin(tilt)])
    flat = np.array([np.cos(ahead), np.sin(ahead) * math.cos(tilt), np.sin(ahead) * math.sin(tilt)])
    other = np.array([
        flat[0] * math.cos(node) - flat[1] * math.sin(node), flat[0] * math.sin(node) + flat[1] * math.cos(node), flat[2],
    ])  # fmt: skip
    nearest_m = float((radius * np.linalg.norm(other - one[:, None], axis=0)).mean(axis=1).min())
    assert nearest_m == pytest.approx(mean_m, abs=1e3)
    network = Network(constellation_blocks(loaded), 1584, LinkRules("grid", 4, None, 80e3, 2.1e6, 0.0))
    plane, slot = np.divmod(np.arange(1584), 22)
    phased = 2.0 * math.pi * (slot / 22 + phase * plane / 1584)
    shell = CircularElements(np.full(1584, radius), np.full(1584, tilt), node * plane, phased)
    r_m = np.empty((96, 3, 1584))
    CircularJ2(shell, TimeGrid(2461000.5, 0.0, 60.0, 96)).fill(0, 1584, 0, r_m)
    lengths = []
    for k in range(0, 96, 4):
        state = network.state(r_m[k], np.ones(1584, bool), {})
        assert state.a.size == 3168
        lengths.append(state.length_m[(state.a // 22 != state.b // 22) & (state.b // 22 - state.a // 22 == 1)])
    assert np.concatenate(lengths).mean() == pytest.approx(nearest_m, rel=0.005)
