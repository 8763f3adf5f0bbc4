"""The fewest gateways of a list with which users reach a fleet, or the internet through it, below a latency for a share of the time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from sim.config import yaml_tree
from sim.config.errors import Origin, bad_input
from sim.config.scenario import Loaded
from sim.engine import ground_stations, propagators
from sim.engine.site_delays import site_delays
from sim.network.ground_paths import GroundPaths

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Target = Literal["fleet", "internet"]

SOLVER_TOLERANCE: Final = 1e-6  # of constraints, of a share of 1
SHARE_ROUNDING: Final = 1e-9  # of the share: sums of weights round
MOMENTS: Final = 96  # a quarter of an hour of a day
TIME_LIMIT_S: Final = 60.0  # of the search for the fewest; what it has then is reported with a bound


@dataclass(frozen=True)
class Chosen:
    """A site of the answer: the share of user time below the limit with it and those before it."""

    name: str
    latitude_deg: float
    longitude_deg: float
    share: float


@dataclass(frozen=True, repr=False)
class Placement:
    """Sites that reach a target.

    Attributes
    ----------
    scenario : str
        Name of the scenario.
    to : str
        fleet or internet.
    limit_ms, share : float
        What was asked for.
    candidates, users, moments : int
        How many sites, users and moments were looked at.
    sites : tuple of Chosen
        The sites, those that add most first.
    fewest : int
        No number below it reaches the target; equal to the number of sites where they are proven to be the fewest.
    reached : float
        Share of user time below the limit with the sites.
    best : float
        Share with all candidates.
    median_ms, p99_ms : float or None
        Round trips of users with the sites over the time in which they have a route; None without any.
    covered : float
        Share of user time with a route.
    worst : tuple of (str, float)
        The three users with the lowest share below the limit.
    """

    scenario: str
    to: str
    limit_ms: float
    share: float
    candidates: int
    users: int
    moments: int
    sites: tuple[Chosen, ...]
    fewest: int
    reached: float
    best: float
    median_ms: float | None
    p99_ms: float | None
    covered: float
    worst: tuple[tuple[str, float], ...]

    def __repr__(self) -> str:
        return f"<Placement of {len(self.sites)} of {self.candidates} sites for {self.scenario}>"

    def as_dict(self) -> dict[str, Any]:
        """Fields for JSON.

        Returns
        -------
        dict
            Fields by name.
        """
        return asdict(self)


def fewest_gateways(
    loaded: Loaded, candidates: Loaded, limit_s: float, share: float, to: Target = "fleet", moments: int = MOMENTS,
    progress: Callable[[int, int], None] | None = None,
) -> Placement:  # fmt: skip
    """Choose the fewest gateways.

    Parameters
    ----------
    loaded : Loaded
        The scenario; its stations for users are looked at, weighted by their number of `users`.
    candidates : Loaded
        The scenario with the candidate sites as its stations: its gateways, or all stations for users where none is one. Points of
        presence among them are no candidates; traffic goes through the one that a gateway names, or through the nearest to the
        internet. May be `loaded` itself.
    limit_s : float
        Round trip that users shall have at most [s], above 0.
    share : float
        Share of user time in which they shall have it, above 0 to 1.
    to : {"fleet", "internet"}
        fleet: users reach the fleet over fibre to a gateway; internet: users have a terminal and reach a gateway through satellites.
    moments : int
        Moments of the run that are looked at.
    progress : callable, optional
        Called with the moments done and their number.

    Returns
    -------
    Placement
        The sites.

    Raises
    ------
    InputError
        If a list has no station, if no station for users has any, or if all candidates together do not reach the share.

    Notes
    -----
    A set cover with a share: integer programming finds the fewest sites or, within the time limit, a bound.
    """
    ground = loaded.scenario.ground
    all_sites, all_users = propagators.stations(candidates.scenario), propagators.stations(loaded.scenario)
    offered, looked_at = _candidates(candidates), ground_stations.by_role(loaded.scenario, "user")
    sites, users = [all_sites[n] for n in offered.tolist()], [all_users[n] for n in looked_at.tolist()]
    if not users:
        raise bad_input(Origin(loaded.scenario.name), "ground.stations", "has no station for users; write the name of a list, such as cities")
    if not sites:
        raise bad_input(
            Origin(loaded.scenario.name), "--sites", "has no station that could be a gateway; write the name of a list, such as cities"
        )
    assert ground is not None
    weight = np.array([ground.stations[n].users for n in looked_at.tolist()])
    if not weight.any():
        message = "all stations for users have users: 0, and a share of their time has no meaning; write users: 1 for one of them, or more"
        raise bad_input(yaml_tree.find(loaded.tree, ("ground", "stations")).origin, "ground.stations", message)
    ways = _ways(loaded, looked_at, candidates, offered)
    found = site_delays(loaded, sites, users if to == "internet" else (), moments, progress)
    if to == "fleet":
        one_way_s = found.to_fleet_s[:, np.newaxis, :] + ways.fibre_s[np.newaxis]
    else:
        one_way_s = found.through_space_s + ways.to_pop_s[:, ways.pop].T[np.newaxis]
    rtt_s = 2.0 * one_way_s + (ground.gateway_overhead if to == "fleet" else ground.access_overhead)
    weight = np.repeat((weight / weight.sum())[np.newaxis] / rtt_s.shape[0], rtt_s.shape[0], axis=0).ravel()
    flat_s = rtt_s.reshape(-1, len(sites))
    below = flat_s <= limit_s
    best = float(weight[below.any(axis=1)].sum())
    if best < share * (1.0 - SHARE_ROUNDING):
        raise bad_input(
            Origin(f"--share {share:g}"), "",
            f"all {len(sites)} sites together reach {100.0 * best:.1f} % below {1e3 * limit_s:g} ms; "
            "write a lower share, a longer latency, or more sites",
        )  # fmt: skip
    chosen, fewest = cover(below, weight, share)
    return _placement(loaded, sites, users, (flat_s, weight, below), chosen, fewest, (to, limit_s, share, best))


def _candidates(listed: Loaded) -> Ints:
    """Numbers of the stations that could be gateways: those that are, or all for users where none is."""
    gateways = ground_stations.by_role(listed.scenario, "gateway")
    return gateways if gateways.size else ground_stations.by_role(listed.scenario, "user")


def _ways(loaded: Loaded, users: Ints, candidates: Loaded, offered: Ints) -> GroundPaths:
    """Fibre from users to candidates, and from candidates to points of presence, by the rules of a run with all of them."""
    ground, other = loaded.scenario.ground, candidates.scenario.ground
    assert ground is not None
    assert other is not None
    pops = [station for station in other.stations if station.role == "pop"]
    named = {station.name for station in pops}
    stations = [ground.stations[n] for n in users.tolist()]
    stations = [s if s.pop is None or s.pop in named else s.model_copy(update={"pop": None}) for s in stations]
    stations += [other.stations[n].model_copy(update={"role": "gateway"}) for n in offered.tolist()] + pops
    together = ground.model_copy(update={"stations": stations})
    ways = ground_stations.paths(loaded.scenario.model_copy(update={"ground": together}))
    assert ways is not None
    return ways


def cover(below: Flags, weight: Array, share: float) -> tuple[list[int], int]:
    """The fewest columns that together cover a share of the weight of the rows.

    Parameters
    ----------
    below : ndarray of bool, shape (rows, columns)
        Rows that each column covers.
    weight : ndarray, shape (rows,)
        Weights of the rows, not negative.
    share : float
        Weight to be covered; all columns together reach it.

    Returns
    -------
    chosen : list of int
        Columns, each in turn the one that adds most; of equal ones the first.
    fewest : int
        Lower bound on their number; equal to it where they are proven to be the fewest.

    Examples
    --------
    The column that covers most is not among the fewest:

    >>> below = np.array([[1, 1, 0], [1, 1, 0], [0, 1, 1], [0, 1, 1], [1, 0, 0], [0, 0, 1]], dtype=bool)
    >>> cover(below, np.full(6, 1 / 6), 1.0)
    ([0, 2], 2)
    """
    patterns, number = np.unique(below, axis=0, return_inverse=True)
    some = patterns.any(axis=1)
    sums: Array = np.bincount(number.reshape(-1), weights=weight, minlength=patterns.shape[0])[some].astype(np.float64)
    patterns = patterns[some]
    picked, fewest = _integer_program(patterns, sums, share)
    return _most_first(patterns, sums, picked), fewest


def _integer_program(patterns: Flags, sums: Array, share: float) -> tuple[list[int], int]:
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_array, eye_array, hstack

    rows, columns = patterns.shape
    need = share * (1.0 - SHARE_ROUNDING)
    # y[row] <= sum of x over the columns that cover it; the weights of y reach the share. In units of the share, for the solver has an
    # absolute tolerance; a row that has all of it needs no more
    parts = np.minimum(1.0, sums / need)
    ties = hstack([csr_array(-patterns.astype(np.float64)), eye_array(rows)])
    limits = [LinearConstraint(ties, -np.inf, 0.0), LinearConstraint(np.concatenate((np.zeros(columns), parts))[np.newaxis], 1.0, np.inf)]
    answer = milp(
        np.concatenate((np.ones(columns), np.zeros(rows))), integrality=np.concatenate((np.ones(columns), np.zeros(rows))),
        bounds=Bounds(0.0, 1.0), constraints=limits, options={"time_limit": TIME_LIMIT_S},
    )  # fmt: skip
    greedy = _greedy(patterns, sums, need)
    bound = 1 if answer.mip_dual_bound is None or not np.isfinite(answer.mip_dual_bound) else max(1, int(np.ceil(answer.mip_dual_bound - 1e-6)))
    if answer.x is None:
        return greedy, bound
    picked = np.flatnonzero(answer.x[:columns] > 0.5).tolist()
    enough = sums[patterns[:, picked].any(axis=1)].sum() >= need * (1.0 - SOLVER_TOLERANCE)
    return (picked, bound) if enough and len(picked) <= len(greedy) else (greedy, bound)


def _greedy(patterns: Flags, sums: Array, need: float) -> list[int]:
    picked: list[int] = []
    open_ = np.ones(patterns.shape[0], dtype=np.bool_)
    while sums[~open_].sum() < need:
        picked.append(int(np.argmax((sums * open_) @ patterns)))
        open_ &= ~patterns[:, picked[-1]]
    return picked


def _most_first(patterns: Flags, sums: Array, picked: list[int]) -> list[int]:
    ordered: list[int] = []
    left, open_ = sorted(picked), np.ones(patterns.shape[0], dtype=np.bool_)
    while left:
        gains = (sums * open_) @ patterns[:, left]
        ordered.append(left.pop(int(np.argmax(gains))))
        open_ &= ~patterns[:, ordered[-1]]
    return ordered


def _placement(
    loaded: Loaded, sites: Sequence[Any], users: Sequence[Any], table: tuple[Array, Array, Flags], chosen: list[int], fewest: int,
    asked: tuple[str, float, float, float],
) -> Placement:  # fmt: skip
    (flat_s, weight, below), (to, limit_s, share, best) = table, asked
    rtt_ms = 1e3 * flat_s[:, chosen].min(axis=1)
    met, routed = below[:, chosen].any(axis=1), np.isfinite(rtt_ms)
    shares = [float(weight[below[:, chosen[: n + 1]].any(axis=1)].sum()) for n in range(len(chosen))]
    of_user = (weight * met).reshape(-1, len(users)).sum(axis=0) / np.maximum(weight.reshape(-1, len(users)).sum(axis=0), 1e-300)
    worst = sorted(zip((u.name for u in users), of_user.tolist(), strict=True), key=lambda item: (item[1], item[0]))[:3]
    return Placement(
        scenario=loaded.scenario.name, to=to, limit_ms=1e3 * limit_s, share=share, candidates=len(sites), users=len(users),
        moments=flat_s.shape[0] // len(users),
        sites=tuple(
            Chosen(sites[c].name, float(np.degrees(sites[c].latitude_rad)), float(np.degrees(sites[c].longitude_rad)), s)
            for c, s in zip(chosen, shares, strict=True)
        ),
        fewest=fewest, reached=shares[-1] if shares else 0.0, best=best, median_ms=_quantile(rtt_ms[routed], weight[routed], 0.5),
        p99_ms=_quantile(rtt_ms[routed], weight[routed], 0.99), covered=float(weight[routed].sum()), worst=tuple(worst),
    )  # fmt: skip


def _quantile(values: Array, weight: Array, share: float) -> float | None:
    """The smallest value with at least the share of the weight at or below it; None where there is none."""
    return float(np.quantile(values, share, weights=weight, method="inverted_cdf")) if values.size else None
