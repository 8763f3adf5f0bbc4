"""Invariants of networks over random shells, stations and losses."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from orbit.constants import EARTH_RADIUS_M
from orbit.ground import Station, in_teme, position_m, zenith
from orbit.kernels.visibility import access_m
from orbit.propagation import CircularJ2
from orbit.shells import walker
from orbit.timegrid import TimeGrid
from sim.network.ground_paths import GroundPaths
from sim.network.link_restriction import LinkRestriction
from sim.network.link_state import Grid, LinkRules, LinkState, Network
from sim.network.route_block import BlockRouter, RouteBlock

POLAR_M, C_M_S, GRAZING_M = 6356752.3, 299792458.0, 80e3
SITES = 6


class _Case:
    """A +Grid shell at one moment over some stations, with a share of its satellites lost; links are those of the whole shell."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        planes, slots = int(rng.integers(3, 16)), int(rng.integers(3, 16))
        altitude_m, inclination = float(rng.uniform(500e3, 2000e3)), math.radians(float(rng.uniform(30.0, 100.0)))
        grid = TimeGrid(2461395.5, float(rng.random()), 60.0, 1)
        self.count, self.rng = planes * slots, rng
        r_m = np.empty((1, 3, self.count))
        CircularJ2(walker(altitude_m, inclination, planes, slots, float(rng.integers(planes))), grid).fill(0, self.count, 1, r_m)
        self.r_m = r_m[0]
        rules = LinkRules(topology="grid", terminals=4, terminal=None, grazing_altitude_m=GRAZING_M, max_range_m=8e6, hop_latency_s=0.0)
        self.network = Network([Grid(0, planes, slots, (0,) * planes)], self.count, rules)
        places = [
            Station(f"{n}", math.asin(rng.uniform(-0.95, 0.95)), float(rng.uniform(-3.1, 3.1)), 0.0, math.radians(float(rng.uniform(5.0, 30.0))))
            for n in range(SITES)
        ]
        self.at_m = np.array([position_m(p) for p in places])
        jd, fr = grid.jd_fr(1, 1)
        at, up = (np.ascontiguousarray(in_teme(fixed, jd, fr)[0]) for fixed in (self.at_m, np.array([zenith(p) for p in places])))
        self.slant_m = np.empty((SITES, self.count))
        access_m(self.r_m, at, up, np.sin([p.min_elevation_rad for p in places]), np.full(SITES, np.inf), self.slant_m)
        self.whole = self.network.state(self.r_m, np.ones(self.count, dtype=np.bool_), {})

    def block(self, state: LinkState) -> RouteBlock:
        return BlockRouter(self.network).block([state])

    def lost(self) -> np.ndarray:
        return self.rng.random(self.count) < self.rng.uniform(0.0, 0.6)

    def without(self, lost: np.ndarray) -> tuple[LinkState, np.ndarray]:
        """The same links without those of lost satellites, which are out of sight too."""
        slant_m = np.where(lost, np.inf, self.slant_m)
        return LinkRestriction(~lost).state(self.whole), slant_m


PAIRS = [(a, b) for a in range(SITES) for b in range(a + 1, SITES)]
CASES = st.integers(0, 2**32 - 1)


@given(CASES)
@settings(max_examples=60, deadline=None)
def test_links_clear_the_earth(seed: int) -> None:
    """Source of truth: sampled points of every link: none is lower than the grazing altitude over a sphere of the equatorial radius (0.1 m)."""
    case = _Case(seed)
    one, other = case.r_m[:, case.whole.a], case.r_m[:, case.whole.b]
    for share in np.linspace(0.0, 1.0, 41):
        height_m = np.linalg.norm(one + share * (other - one), axis=0) - EARTH_RADIUS_M
        assert height_m.min(initial=np.inf) >= GRAZING_M - 0.1


@given(CASES)
@settings(max_examples=60, deadline=None)
def test_no_signal_is_faster_than_light_along_the_ground(seed: int) -> None:
    """Source of truth: no way around the Earth is shorter than the arc at the polar radius: 2 R theta / c, theta the geocentric angle."""
    case = _Case(seed)
    delay_s, _ = case.block(case.whole).between(case.slant_m[np.newaxis], PAIRS)
    toward = case.at_m / np.linalg.norm(case.at_m, axis=1, keepdims=True)
    theta = np.arccos(np.clip([toward[a] @ toward[b] for a, b in PAIRS], -1.0, 1.0))
    assert (2.0 * delay_s[0] >= 2.0 * POLAR_M * theta / C_M_S).all()


@given(CASES)
@settings(max_examples=60, deadline=None)
def test_losing_satellites_never_shortens_a_way(seed: int) -> None:
    """Source of truth: a path of what is left is a path of the whole, on a fixed set of links without load: no round trip falls, to a server, between
    stations, or to the internet; what had no route has none."""
    case = _Case(seed)
    state, slant_m = case.without(case.lost())
    before, after = case.block(case.whole), case.block(state)
    serves = case.rng.random(case.count) < 0.3
    near, far = (b.serve(s[np.newaxis], serves[np.newaxis])[0].delay_s for b, s in ((before, case.slant_m), (after, slant_m)))
    assert (far >= near).all()
    pairs = [b.between(s[np.newaxis], PAIRS)[0][0] for b, s in ((before, case.slant_m), (after, slant_m))]
    assert (pairs[1] >= pairs[0]).all()
    paths = GroundPaths(np.arange(4), np.arange(4, SITES), False, np.zeros((4, 2)), np.array([[1e-3], [4e-3]]), np.zeros(4, dtype=np.int64))
    internet = [paths.internet_s(s[np.newaxis], b)[0][0] for b, s in ((before, case.slant_m), (after, slant_m))]
    assert (internet[1] >= internet[0]).all()


@given(CASES)
@settings(max_examples=40, deadline=None)
def test_bent_pipes_are_a_subset_of_routes(seed: int) -> None:
    """Source of truth: a satellite that sees both ends is a route by itself: where there is one, the internet is reached, no later than over it."""
    case = _Case(seed)
    fibre_s = case.rng.uniform(0.0, 5e-3, 2)
    paths = GroundPaths(np.arange(4), np.arange(4, SITES), False, np.zeros((4, 2)), fibre_s[:, np.newaxis], np.zeros(4, dtype=np.int64))
    delay_s, bent = paths.internet_s(case.slant_m[np.newaxis], case.block(case.whole))
    piped_s = np.min(case.slant_m[4:] / C_M_S + fibre_s[:, np.newaxis], axis=0)
    alone_s = np.min(case.slant_m[:4] / C_M_S + piped_s, axis=1)
    assert (np.isfinite(alone_s) == bent[0]).all()
    assert (delay_s[0] <= alone_s * (1.0 + 1e-12)).all()
    assert (paths.internet_s(case.slant_m[np.newaxis], None)[0][0] == alone_s).all()
