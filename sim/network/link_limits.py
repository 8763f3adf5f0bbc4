"""What keeps links down although their ends see each other: terminals that are taken, turns too fast to follow, acquisition.

`LinkHistory` carries what these limits need from one time to the next: positions, links that exist, and how long new ones still
take. Times follow each other in steps of one length; nothing here depends on how many of them are computed at once.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sim.network import TIE

Array = NDArray[np.float64]
Indices = NDArray[np.int64]
Mask = NDArray[np.bool_]

LEAST_SHARE = 1e-9  # of a step; less is none


class LinkHistory:
    """Links of the times before, for limits in time.

    Parameters
    ----------
    count : int
        Number of satellites.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self.r_m: Array | None = None  # of the time before
        self.held: Indices = np.empty(0, np.int64)  # keys of the links that terminals were given to, ascending
        self._keys: Indices | None = None  # of the links that were possible; None before the first time
        self._wait_s: Array = np.empty(0)  # until each of them carries data

    def keys(self, a: Indices, b: Indices) -> Indices:
        """Numbers of pairs of satellites.

        Parameters
        ----------
        a, b : ndarray of int64, shape (L,)
            Ends of the links.

        Returns
        -------
        ndarray of int64, shape (L,)
            a * satellites + b.
        """
        return a * np.int64(self.count) + b

    def remember(self, r_m: Array | None, a: Indices, b: Indices) -> None:
        """Keep what the next time needs.

        Parameters
        ----------
        r_m : ndarray, shape (3, N), or None
            Positions [m]; None where no link turns too fast.
        a, b : ndarray of int64, shape (L,)
            Ends of the links that have terminals.
        """
        self.r_m, self.held = None if r_m is None else r_m.copy(), self.keys(a, b)

    def is_held(self, a: Indices, b: Indices) -> Mask:
        """Which links had terminals at the time before.

        Parameters
        ----------
        a, b : ndarray of int64, shape (L,)
            Ends of the links.

        Returns
        -------
        ndarray of bool, shape (L,)
            True for those.
        """
        return member_of(self.keys(a, b), self.held)[0]

    def acquire(self, a: Indices, b: Indices, acquisition_s: float, step_s: float) -> Array:
        """Share of the step in which each link carries data, for the links of one time after the other.

        Parameters
        ----------
        a, b : ndarray of int64, shape (L,)
            Ends of the links that are possible, sorted by a, then b.
        acquisition_s : float
            Time that a new link takes [s].
        step_s : float
            Length of a step [s], positive.

        Returns
        -------
        ndarray, shape (L,)
            1 for links that exist; 1 - acquisition_s / step_s in the first step of a new one, and 0 in whole steps before. All
            links of the first time exist.

        Examples
        --------
        A link that takes 90 s appears in the second of three steps of 60 s:

        >>> history, one, other = LinkHistory(3), np.array([0]), np.array([1])
        >>> none = np.empty(0, np.int64)
        >>> [history.acquire(a, b, 90.0, 60.0).tolist() for a, b in ((none, none), (one, other), (one, other), (one, other))]
        [[], [0.0], [0.5], [1.0]]
        """
        keys = self.keys(a, b)
        if self._keys is None:
            wait_s = np.zeros(keys.size)
        else:
            known, at = member_of(keys, self._keys)
            wait_s = np.full(keys.size, acquisition_s)
            wait_s[known] = self._wait_s[at[known]]
        share = np.clip(1.0 - wait_s / step_s, 0.0, 1.0)
        self._keys, self._wait_s = keys, np.maximum(wait_s - step_s, 0.0)
        return np.where(share > LEAST_SHARE, share, 0.0)


def member_of(keys: Indices, known: Indices) -> tuple[Mask, Indices]:
    """Which numbers occur in an ascending list, and where.

    Parameters
    ----------
    keys : ndarray of int64, shape (n,)
        Numbers.
    known : ndarray of int64, shape (m,)
        Ascending numbers.

    Returns
    -------
    found : ndarray of bool, shape (n,)
        Whether each occurs.
    at : ndarray of int64, shape (n,)
        Its position; without meaning where it does not occur.

    Examples
    --------
    >>> found, at = member_of(np.array([4, 5]), np.array([1, 5, 9]))
    >>> found.tolist(), int(at[1])
    ([False, True], 1)
    """
    if known.size == 0:
        return np.zeros(keys.size, np.bool_), np.zeros(keys.size, np.int64)
    at = np.minimum(np.searchsorted(known, keys), known.size - 1)
    return known[at] == keys, at


def _cross(u: Array, v: Array) -> Array:
    """Cross products of vectors (3, n), without the general function's search for axes, which takes longer than the products."""
    return np.stack((u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]))


def local_directions(before_m: Array, now_m: Array) -> tuple[Array, Array]:
    """Local orbital frames of satellites at two times: radial, along-track and orbit normal.

    Parameters
    ----------
    before_m, now_m : ndarray, shape (3, N)
        Positions at both times [m], less than half a revolution apart.

    Returns
    -------
    tuple of ndarray, shape (3, 3, N)
        Unit vectors (axis, component, satellite) before and now.

    Notes
    -----
    The normal is that of the plane through both positions, which is the orbit's, up to its drift within a step.

    Examples
    --------
    >>> one, other = np.array([[7e6], [0.0], [0.0]]), np.array([[0.0], [7e6], [0.0]])
    >>> local_directions(one, other)[1][:, :, 0].tolist()
    [[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    normal = _cross(before_m, now_m)
    normal /= np.maximum(np.linalg.norm(normal, axis=0), 1e-300)
    frames = []
    for r_m in (before_m, now_m):
        radial = r_m / np.linalg.norm(r_m, axis=0)
        frames.append(np.stack((radial, _cross(normal, radial), normal)))
    return frames[0], frames[1]


def slew_rate_rad_s(before_m: Array, now_m: Array, a: Indices, b: Indices, step_s: float) -> Array:
    """Mean rate at which each link turns as its satellites see it.

    Parameters
    ----------
    before_m, now_m : ndarray, shape (3, N)
        Positions at the beginning and at the end of a step [m].
    a, b : ndarray of int64, shape (L,)
        Ends of the links.
    step_s : float
        Length of the step [s].

    Returns
    -------
    ndarray, shape (L,)
        Angle between the directions at both times in the local orbital frame, over the step [rad/s]; the larger one of both ends.

    Examples
    --------
    A satellite ahead in the same circular orbit stands still:

    >>> turn = lambda u: 7e6 * np.array([np.cos(u), np.sin(u), np.zeros(2)])
    >>> rate = slew_rate_rad_s(turn(np.array([0.0, 0.1])), turn(np.array([0.06, 0.16])), np.array([0]), np.array([1]), 60.0)
    >>> bool(rate[0] < 1e-12)
    True
    """
    ends = np.concatenate((a, b))
    seen = []
    for frame, r_m in zip(local_directions(before_m[:, ends], now_m[:, ends]), (before_m, now_m), strict=True):
        way = r_m[:, b] - r_m[:, a]
        seen.append((frame * np.concatenate((way, way), axis=1)).sum(axis=1))
    across = np.linalg.norm(_cross(seen[0], seen[1]), axis=0)
    turned = np.arctan2(across, (seen[0] * seen[1]).sum(axis=0))
    return np.asarray(np.maximum(turned[: a.size], turned[a.size :]) / step_s)


def followed(
    history: LinkHistory, r_m: Array, a: Indices, b: Indices, length_m: Array, limit_rad_s: float, step_s: float
) -> Mask:
    """Links that terminals can follow.

    Parameters
    ----------
    history : LinkHistory
        With the positions of the time before.
    r_m : ndarray, shape (3, N)
        Positions [m].
    a, b : ndarray of int64, shape (L,)
        Ends of the links.
    length_m : ndarray, shape (L,)
        Their lengths [m].
    limit_rad_s : float
        Fastest turn [rad/s]; inf: none.
    step_s : float
        Length of a step [s].

    Returns
    -------
    ndarray of bool, shape (L,)
        True where the link turns slower; all at the first time.

    Notes
    -----
    A link turns at most by the relative speed over its length, twice that of the fastest satellite, and by the turn of the frame, so that
    only short links need a closer look. A satellite without a position before is taken to be followed.
    """
    fine = np.ones(a.size, np.bool_)
    before = history.r_m
    if before is None or not math.isfinite(limit_rad_s) or a.size == 0 or step_s <= 0.0:
        return fine
    moved = np.linalg.norm(r_m - before, axis=0)
    fastest_m_s = float(np.max(moved, initial=0.0, where=np.isfinite(moved))) / step_s
    frame_rad_s = 2.0 * math.pi / 4800.0  # no orbit is faster
    reach_m = 2.0 * fastest_m_s * (1.0 / max(limit_rad_s - frame_rad_s, 1e-9) + step_s)
    close = np.flatnonzero(length_m < reach_m)
    if close.size:
        rate = slew_rate_rad_s(before, r_m, a[close], b[close], step_s)
        fine[close] = ~(rate > limit_rad_s)
    return fine


def in_regard(
    history: LinkHistory, r_m: Array, a: Indices, b: Indices, sun_m: Array | None, faces: Callable[[Array], Array] | None, widest_rad: float
) -> Mask:
    """Links that some terminal of both ends can look along.

    Parameters
    ----------
    history : LinkHistory
        With the positions of the time before, from which the local orbital frames follow.
    r_m : ndarray, shape (3, N)
        Positions [m].
    a, b : ndarray of int64, shape (L,)
        Ends of the links.
    sun_m : ndarray, shape (3,), or None
        Position of the Sun [m]; None: on the orbit normal of each satellite.
    faces : callable or None
        Normals of the faces with terminals, (faces, 3, N), for unit vectors to the Sun (3, N), both in local orbital frames; zero vectors
        where terminals look anywhere. None: all do.
    widest_rad : float
        Largest angle between a link and the normal of its face [rad].

    Returns
    -------
    ndarray of bool, shape (L,)
        True where both ends can; all at the first time, when no frame is known.

    Examples
    --------
    Satellites ahead of each other, terminals on the face ahead only: the one behind sees, the one ahead does not.

    >>> turn = lambda u: 7e6 * np.array([np.cos(u), np.sin(u), np.zeros(2)])
    >>> ends, history = (np.array([0]), np.array([1])), LinkHistory(2)
    >>> history.remember(turn(np.array([0.0, 0.1])), *ends)
    >>> ahead = lambda sun: np.array([[[0.0, 0.0], [1.0, 1.0], [0.0, 0.0]]])
    >>> both = lambda sun: np.array([[[0.0, 0.0], [1.0, -1.0], [0.0, 0.0]]])
    >>> [bool(in_regard(history, turn(np.array([0.06, 0.16])), *ends, None, f, 0.3)[0]) for f in (ahead, both)]
    [False, True]
    """
    before = history.r_m
    if faces is None or before is None or a.size == 0:
        return np.ones(a.size, np.bool_)
    frame = local_directions(before, r_m)[1]
    sun = np.zeros_like(r_m)
    sun[2] = 1.0
    if sun_m is not None:
        way = sun_m[:, None] - r_m
        sun = (frame * (way / np.linalg.norm(way, axis=0))).sum(axis=1)
    normals = faces(sun)
    fine = np.ones(a.size, np.bool_)
    limit = math.cos(widest_rad) - 1e-12
    way = r_m[:, b] - r_m[:, a]
    way /= np.maximum(np.linalg.norm(way, axis=0), 1e-300)
    for end, sign in ((a, 1.0), (b, -1.0)):
        seen = sign * (frame[:, :, end] * way).sum(axis=1)
        of_end = normals[:, :, end]
        anywhere = ~of_end.any(axis=(0, 1))
        fine &= anywhere | ((of_end * seen).sum(axis=1).max(axis=0) >= limit)
    return fine


def within_terminals(
    r_m: Array, a: Indices, b: Indices, length_m: Array, terminals: int, held: Mask, hysteresis: float, first: Mask | None = None
) -> Mask:
    """Links that find a free terminal at both ends: the shortest first.

    Parameters
    ----------
    r_m : ndarray, shape (3, N)
        Positions [m].
    a, b : ndarray of int64, shape (L,)
        Ends of the links.
    length_m : ndarray, shape (L,)
        Their lengths [m].
    terminals : int
        Terminals of each satellite.
    held : ndarray of bool, shape (L,)
        Links that exist; each counts as shorter by the factor `hysteresis`.
    hysteresis : float
        Factor, at least 1.
    first : ndarray of bool, shape (L,), optional
        Links that come before all others, however long.

    Returns
    -------
    ndarray of bool, shape (L,)
        Links that are kept; all where no satellite has more of them than terminals.

    Notes
    -----
    Links of equal length, to a relative difference of `TIE`, are taken by the coordinates of their middle, so that the numbering of
    the satellites decides nothing.

    Examples
    --------
    One terminal each, satellites at 0, 100 and 300 km: the shorter link stays, unless the other one exists and the difference is small.

    >>> r_m = np.array([[7e6] * 3, [0.0, 1e5, 3e5], [0.0] * 3])
    >>> ends, lengths = (np.array([0, 1]), np.array([1, 2])), np.array([1e5, 2e5])
    >>> within_terminals(r_m, *ends, lengths, 1, np.array([False, True]), 1.2).tolist()
    [True, False]
    >>> within_terminals(r_m, *ends, lengths, 1, np.array([False, True]), 2.5).tolist()
    [False, True]
    """
    degree = np.bincount(a, minlength=r_m.shape[1]) + np.bincount(b, minlength=r_m.shape[1])
    keep = np.ones(a.size, np.bool_)
    if a.size == 0 or int(degree.max()) <= terminals:
        return keep
    crowded = (degree[a] > terminals) | (degree[b] > terminals)
    some = np.flatnonzero(crowded)
    free = [terminals] * r_m.shape[1]
    for end in (a, b):
        for satellite in end[~crowded].tolist():
            free[satellite] -= 1
    order = some[by_length(r_m, a[some], b[some], np.where(held[some], length_m[some] / hysteresis, length_m[some]))]
    if first is not None:
        order = np.concatenate((order[first[order]], order[~first[order]]))
    for link in order.tolist():
        i, j = int(a[link]), int(b[link])
        keep[link] = free[i] > 0 and free[j] > 0
        if keep[link]:
            free[i] -= 1
            free[j] -= 1
    return keep


def by_length(r_m: Array, a: Indices, b: Indices, length_m: Array) -> Indices:
    """Order of links from the shortest on, equal ones by the coordinates of their middle.

    Parameters
    ----------
    r_m : ndarray, shape (3, N)
        Positions [m].
    a, b : ndarray of int64, shape (L,)
        Ends of the links.
    length_m : ndarray, shape (L,)
        Lengths that count [m].

    Returns
    -------
    ndarray of int64, shape (L,)
        Positions of the links in that order.

    Examples
    --------
    >>> r_m = np.array([[7e6] * 3, [0.0, 1e5, 3e5], [0.0] * 3])
    >>> by_length(r_m, np.array([1, 0]), np.array([2, 1]), np.array([2e5, 1e5])).tolist()
    [1, 0]
    """
    order = np.argsort(length_m, kind="stable")
    ascending = length_m[order]
    longer = np.concatenate(([False], np.diff(ascending) > np.maximum(TIE * ascending[1:], 1e-6)))
    rank = np.empty(order.size, np.int64)
    rank[order] = np.cumsum(longer)
    middle = np.round(0.5 * (r_m[:, a] + r_m[:, b]), 3)  # millimetres: positions are rounded to some nanometres
    return np.lexsort((middle[2], middle[1], middle[0], rank))
