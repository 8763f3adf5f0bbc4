"""Round trips of Starlink users by country against the medians that the operator publishes.

Users at the largest cities of a country reach a point of presence (PoP) that the operator assigns to it, over the shipped lists of
gateways and PoPs and a fleet of Walker shells with the sizes of the operator's filings, on the route of least delay, which is kept
for 15 s. The overhead of access, scheduling and queues, the same everywhere, is fitted on three countries; the others are
predicted. Nothing else is fitted. Errors by country and their causes: docs/latency.md.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from orbit.catalog import elements, read_tle
from orbit.constants import EARTH_RADIUS_M, SPEED_OF_LIGHT_M_S
from orbit.elements import CircularElements
from orbit.frames import teme_to_itrs
from orbit.ground import Station, position_m, zenith
from orbit.kernels.visibility import access_m
from orbit.propagation import CircularJ2
from orbit.sgp4 import Sgp4
from orbit.shells import walker
from orbit.timegrid import TimeGrid
from sim.config import yaml_tree
from sim.config.errors import Origin
from sim.config.item_files import find_item
from sim.config.schema import Station as Listed
from sim.network.gso_arc import clear_of_arc
from sim.network.internet_paths import HANDOVER_S, Links, held_paths
from sim.network.routing import Graph
from sim.network.row_relaxation import block_starts
from sim.network.terrestrial import gateway_delays_s, great_circle_m
from sim.network.topology import grazing_altitude_m, grid_pairs, lengths_m
from sim.verify.case import Case, Failed
from sim.verify.starlink_countries import FURTHER_MS, FURTHER_PLACES, FURTHER_POPS, MEDIAN_MS, PLACES, POPS

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

SOURCE = "medians of residential users by country, as the operator publishes them, September 2026 [starlink-geoip]"
FITTED = ("BGR", "DEU", "CHL")
EVERY_MS, EVERY_POP, EVERY_PLACE = MEDIAN_MS | FURTHER_MS, POPS | FURTHER_POPS, PLACES | FURTHER_PLACES
EPOCH_JD = 2461298.5  # 2026-09-15 00:00 UTC
SLOTS, SLOT_TICKS = 20, 293  # intervals between handovers over a day, 73 min 15 s apart: far from a multiple of an orbit
USER_DEG = 25.0  # least elevation of user terminals [fcc-gen1]
GATEWAY_DEG = 40.0  # of gateways, once the constellation is deployed [fcc-gateways]
ARC_DEG = 18.0  # of user terminals from the geostationary arc: an assumption; 0 to 25 deg change no near country by more than 1.1 ms
GRAZING_M, HOP_S = 80e3, 20e-6
CATALOGUE, CATALOGUE_JD, CATALOGUE_M = "starlink-2023-09-01.tle", 2460189.5, (510e3, 590e3)  # 2023-09-02 00:00 UTC, working heights
NEAR_KM = 1000.0  # of the median user from most of the PoPs, by address blocks
LASER_MS, LIMIT_MS = 40.0, 3.0


class Shell(NamedTuple):
    """A Walker shell: altitude [m], inclination [deg], planes, satellites in each, phasing."""

    altitude_m: float
    inclination_deg: float
    planes: int
    slots: int
    phasing: int


# First generation as filed [fcc-gen1], its satellites near 550 km lowered to about 480 km over 2026 [starlink-lowering]. Of the second
# generation 3,360 satellites at 43 deg, one shell of its licence [fcc-gen2], and 2,464 at 53 deg: an assumption that makes 10,232 in all.
SHELLS = (
    Shell(480e3, 53.0, 72, 22, 39), Shell(485e3, 53.2, 72, 22, 39), Shell(570e3, 70.0, 36, 20, 11), Shell(560e3, 97.6, 10, 52, 5),
    Shell(525e3, 53.0, 28, 88, 13), Shell(530e3, 43.0, 28, 120, 13),
)  # fmt: skip


class Country(NamedTuple):
    """Prediction for a country before the overhead is added.

    Attributes
    ----------
    space_ms : float
        Weighted median of the round trip over satellites, gateway and fibre [ms].
    laser_share : float
        Share of users and time served over links between satellites.
    near : bool
        Most address blocks are at PoPs within `NEAR_KM` of the median user.
    reached : float
        Share of users and time with a route.
    """

    space_ms: float
    laser_share: float
    near: bool
    reached: float


class Model(NamedTuple):
    """What may be varied: the fleet, least elevations and separation [deg], rule of fibre routes, number of intervals."""

    shells: tuple[Shell, ...] = SHELLS
    gateway_deg: float = GATEWAY_DEG
    arc_deg: float = ARC_DEG
    route_factor: float | None = None
    slots: int = SLOTS


class Ground(NamedTuple):
    """Users, gateways, delays of gateways to PoPs (G, P) [s], PoPs of each user (U, P) and codes and weights of users (U,)."""

    users: list[Station]
    gateways: list[Station]
    terrestrial_s: Array
    allowed: Mask
    codes: NDArray[np.str_]
    weights: Array
    near: dict[str, bool]


def cases(data: Path | None) -> list[Case | Failed]:
    """Cases of Starlink's latency by country.

    Parameters
    ----------
    data : Path or None
        Folder of published data: where it has the catalogue of September 2023, the fit is repeated over its satellites.

    Returns
    -------
    list of Case or Failed
        The cases.
    """
    slow = [code for code, ms in MEDIAN_MS.items() if ms > LASER_MS]
    catalogue = None if data is None else data / CATALOGUE
    real: list[Case | Failed] = []
    if catalogue is not None and catalogue.is_file():
        real.append(Case("Starlink, overhead over the satellites of September 2023 in place of shells", partial(catalogue_overhead_ms, catalogue),
                         overhead_ms, 1.0, "ms", "catalogue of CelesTrak by SGP4 against Walker shells; " + SOURCE))  # fmt: skip
    return [
        *real,
        Case("Starlink, overhead of access, scheduling and queues, fitted on three countries", overhead_ms, 13.4, 4.0, "ms",
             "22.1 ms where a point of presence is near, less a bent pipe of 8.7 ms; " + SOURCE),
        Case("Starlink, largest error of the three countries of the fit", partial(_largest_ms, FITTED), 0.0, 2.5, "ms", SOURCE),
        Case("Starlink, share of countries near a point of presence predicted within 3 ms", partial(share_within, tuple(MEDIAN_MS)), 1.0, 0.2,
             "1", SOURCE),
        Case("Starlink, median error of all 18 predicted countries", partial(_median_error_ms, tuple(MEDIAN_MS)), 0.0, LIMIT_MS, "ms", SOURCE),
        Case("Starlink, median error of 32 further countries", partial(_median_error_ms, tuple(FURTHER_MS)), 0.0, LIMIT_MS, "ms", SOURCE),
        Case("Starlink, countries over 40 ms that are served by laser links", partial(_laser_served, slow), float(len(slow)), 0.0, "1", SOURCE),
        Case("Starlink, share of near countries' users and time on bent pipes", _bent_pipe_share, 1.0, 0.15, "1",
             "users near a gateway need no link between satellites [mohan2024]"),
    ]  # fmt: skip


def overhead_ms(model: Model = Model()) -> float:  # noqa: B008 - a named tuple does not change
    """Access, scheduling and queues of a round trip: the mean difference of the three countries of the fit.

    Parameters
    ----------
    model : Model
        Fleet and rules.

    Returns
    -------
    float
        Overhead [ms].
    """
    found = predicted(model)
    return float(np.mean([MEDIAN_MS[code] - found[code].space_ms for code in FITTED]))


def errors_ms(model: Model = Model()) -> dict[str, float]:  # noqa: B008
    """Predicted less published median of every country.

    Parameters
    ----------
    model : Model
        Fleet and rules.

    Returns
    -------
    dict of str to float
        Errors [ms], also of the countries of the fit.
    """
    overhead = overhead_ms(model)
    return {code: country.space_ms + overhead - EVERY_MS[code] for code, country in predicted(model).items()}


def share_within(codes: tuple[str, ...], model: Model = Model()) -> float:  # noqa: B008
    """Share of the predicted countries near a PoP whose error is at most 3 ms.

    Parameters
    ----------
    codes : tuple of str
        Countries, by ISO code; those of the fit and those that are not near a PoP are left out.
    model : Model
        Fleet and rules.

    Returns
    -------
    float
        Share, 0 to 1.
    """
    errors = errors_ms(model)
    found = predicted(model)
    near = [code for code in codes if found[code].near and code not in FITTED]
    return sum(abs(errors[code]) <= LIMIT_MS for code in near) / len(near)


@cache
def predicted(model: Model = Model()) -> dict[str, Country]:  # noqa: B008
    """Round trips of all countries without the overhead.

    Parameters
    ----------
    model : Model
        Fleet and rules.

    Returns
    -------
    dict of str to Country
        By ISO code; cached.
    """
    ground = _ground(model)
    rtt_ms, laser = [], []
    for user_m, gateway_m, links in _moments(model, ground):
        paths, delay_s = held_paths(user_m, gateway_m, ground.terrestrial_s, ground.allowed, links)
        rtt_ms.append(2e3 * delay_s.mean(axis=0))
        laser.append(paths.hops > 0)
    every_ms, over_links = np.array(rtt_ms), np.array(laser)
    found = {}
    for code in EVERY_PLACE:
        mine = ground.codes == code
        samples, weights = every_ms[:, mine].ravel(), np.tile(ground.weights[mine], len(rtt_ms))
        routed = np.isfinite(samples)
        found[code] = Country(
            _weighted_median(samples[routed], weights[routed]),
            float(over_links[:, mine].ravel() @ weights / weights.sum()),
            ground.near[code],
            float(weights[routed].sum() / weights.sum()),
        )
    return found


def _ground(model: Model) -> Ground:
    gateways, pops = _listed("starlink-gateways"), _listed("starlink-pops")
    names = [pop.name for pop in pops]
    at, to = (np.array([(s.latitude, s.longitude) for s in places]).T for places in (gateways, pops))
    serves = np.array([names.index(str(gateway.pop)) for gateway in gateways])
    codes = [code for code, places in EVERY_PLACE.items() for _ in places]
    rows = np.array([row for places in EVERY_PLACE.values() for row in places])
    lat, lon = np.radians(rows[:, 0]), np.radians(rows[:, 1])
    blocks = np.array([[EVERY_POP[code].get(name.removesuffix(" PoP"), 0) for name in names] for code in codes])
    distance_m = great_circle_m(lat[:, np.newaxis], lon[:, np.newaxis], to[0], to[1])
    near = {}
    for code in EVERY_PLACE:
        mine = np.array(codes) == code
        median_m = np.array([_weighted_median(column, rows[mine, 2]) for column in distance_m[mine].T])
        share = blocks[mine][0] / blocks[mine][0].sum()
        near[code] = bool(share[median_m <= 1e3 * NEAR_KM].sum() > 0.5)
    lowest = math.radians(USER_DEG)
    return Ground(
        [Station(code, float(a), float(b), 0.0, lowest) for code, a, b in zip(codes, lat, lon, strict=True)],
        [Station(s.name, s.latitude, s.longitude, s.height, math.radians(model.gateway_deg)) for s in gateways],
        gateway_delays_s(at[0], at[1], serves, to[0], to[1], model.route_factor), blocks > 0, np.array(codes), rows[:, 2], near,
    )  # fmt: skip


def _listed(name: str) -> list[Listed]:
    stations = find_item("sites", name, Origin(name), "", "sites").value["stations"]
    return [Listed.model_validate(yaml_tree.plain(node)) for node in stations.value]


def _fleet(shells: tuple[Shell, ...]) -> tuple[CircularElements, tuple[Ints, Ints], Graph]:
    """Satellites of all shells, and +Grid links inside each."""
    parts, ends, planes, first = [], [], [], 0
    for shell in shells:
        parts.append(walker(shell.altitude_m, math.radians(shell.inclination_deg), shell.planes, shell.slots, shell.phasing))
        ends.append(grid_pairs(shell.planes, shell.slots, (0,) * (shell.planes - 1) + (shell.phasing % shell.slots,), first))
        planes.append((first, shell.planes, shell.slots))
        first += shell.planes * shell.slots
    shells_elements = CircularElements(
        np.concatenate([part.semi_major_axis_m for part in parts]), np.concatenate([part.inclination_rad for part in parts]),
        np.concatenate([part.node_rad for part in parts]), np.concatenate([part.latitude_argument_rad for part in parts]),
    )  # fmt: skip
    a, b = (np.concatenate([pair[k] for pair in ends]) for k in range(2))
    return shells_elements, (a, b), Graph(first, a, b, block_starts(first, planes))


def _moments(model: Model, ground: Ground) -> Iterator[tuple[Array, Array, Links]]:
    """Slant ranges of users and gateways, and links, at the first and the last moment between handovers over a day."""
    shells, ends, graph = _fleet(model.shells)
    fleet, users = CircularJ2(shells, TimeGrid(EPOCH_JD, 0.0, HANDOVER_S, model.slots * SLOT_TICKS)), len(ground.users)
    for r_m, slant_m in _skies(fleet, ground, model.slots, model.arc_deg):
        delays = []
        for k in range(2):
            clear = grazing_altitude_m(r_m[k][:, ends[0]], r_m[k][:, ends[1]]) >= GRAZING_M
            delays.append(np.where(clear, lengths_m(r_m[k], *ends) / SPEED_OF_LIGHT_M_S + HOP_S, np.inf))
        yield slant_m[:, :users], slant_m[:, users:], Links(graph, ends, np.array(delays), HOP_S)


def _skies(fleet: CircularJ2 | Sgp4, ground: Ground, slots: int, arc_deg: float) -> Iterator[tuple[Array, Array]]:
    """Positions (2, 3, N) and slant ranges of users, then gateways (2, S, N), at both moments of each interval."""
    sites, users = [*ground.users, *ground.gateways], len(ground.users)
    at, up = np.array([position_m(s) for s in sites]), np.array([zenith(s) for s in sites])
    lowest, reach_m = np.sin([s.min_elevation_rad for s in sites]), np.full(len(sites), np.inf)
    r_m = np.empty((2, 3, fleet.count))
    for slot in range(slots):
        fleet.fill(0, fleet.count, slot * SLOT_TICKS, r_m)
        turned, slant_m = teme_to_itrs(*fleet.grid.jd_fr(slot * SLOT_TICKS, 2)), np.empty((2, len(sites), fleet.count))
        for k in range(2):
            fixed = np.nan_to_num(turned[k] @ r_m[k], nan=0.0)  # without a position: below every horizon
            access_m(fixed, at, up, lowest, reach_m, slant_m[k])
            slant_m[k, :users] = clear_of_arc(slant_m[k, :users], at[:users], fixed, math.radians(arc_deg))
        yield r_m, slant_m


def catalogue_overhead_ms(path: Path) -> float:
    """Overhead fitted over the satellites of a catalogue at their working heights, by SGP4, with bent pipes only.

    Parameters
    ----------
    path : Path
        Two-line elements of early September 2023.

    Returns
    -------
    float
        Overhead [ms].
    """
    sets, _ = read_tle(path)
    grid = TimeGrid(CATALOGUE_JD, 0.0, HANDOVER_S, SLOTS * SLOT_TICKS)
    ground, fleet = _ground(Model(gateway_deg=USER_DEG)), Sgp4(elements(sets), grid)
    users, rtt_ms = len(ground.users), []
    for r_m, slant_m in _skies(fleet, ground, SLOTS, ARC_DEG):
        radius_m = np.linalg.norm(r_m[0], axis=0) - EARTH_RADIUS_M
        slant_m[:, :, ~((radius_m > CATALOGUE_M[0]) & (radius_m < CATALOGUE_M[1]))] = np.inf
        rtt_ms.append(2e3 * held_paths(slant_m[:, :users], slant_m[:, users:], ground.terrestrial_s, ground.allowed)[1].mean(axis=0))
    every_ms, differences = np.array(rtt_ms), []
    for code in FITTED:
        mine = ground.codes == code
        samples, weights = every_ms[:, mine].ravel(), np.tile(ground.weights[mine], SLOTS)
        routed = np.isfinite(samples)
        differences.append(MEDIAN_MS[code] - _weighted_median(samples[routed], weights[routed]))
    return float(np.mean(differences))


def _weighted_median(values: Array, weights: Array) -> float:
    return float(np.quantile(values, 0.5, weights=weights, method="inverted_cdf"))


def _largest_ms(codes: tuple[str, ...]) -> float:
    errors = errors_ms()
    return max(abs(errors[code]) for code in codes)


def _median_error_ms(codes: tuple[str, ...]) -> float:
    errors = errors_ms()
    return float(np.median([abs(errors[code]) for code in codes if code not in FITTED]))


def _laser_served(codes: list[str]) -> float:
    found = predicted()
    return float(sum(found[code].laser_share > 0.5 for code in codes))


def _bent_pipe_share() -> float:
    return float(np.mean([1.0 - country.laser_share for country in predicted().values() if country.near]))
