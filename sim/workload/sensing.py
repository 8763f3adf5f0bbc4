"""Formulas of data born in orbit: when a sensor captures, how long data take, and what saturates first."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.workload.image_queues import BINS_PER_E

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
PERCENTILES = {"p10": 0.1, "p50": 0.5, "p90": 0.9}


class Condition(NamedTuple):
    """Where a sensor captures, by sines: of the elevation of the Sun at the sub-satellite point, and of its latitude."""

    sin_sun: float = -2.0  # -2: anywhere
    sin_latitude: float = 1.0


def capture_shares(condition: Condition, r_m: Array, sun_m: Array) -> tuple[Array, Array]:
    """Part of each step in which satellites capture, with sines that change linearly over the step.

    Parameters
    ----------
    condition : Condition
        Where the sensor captures.
    r_m : ndarray, shape (steps + 1, 3, n)
        Positions at the ends of consecutive steps, in the inertial frame [m].
    sun_m : ndarray, shape (steps + 1, 3)
        Positions of the Sun [m].

    Returns
    -------
    begin, end : ndarray, shape (steps, n)
        Beginning and end of that part, 0 to 1 of the step; equal where there is none. Latitude and elevation are geocentric. A step is short against
        the orbit: where a satellite stops and starts again within a step, all of it counts as captured or nothing.

    Examples
    --------
    From 30 deg in darkness to 30 deg in daylight, half of the step is lit:

    >>> sun = np.array([[1.5e11, 0.0, 0.0]] * 2)
    >>> dark_to_lit = np.array([[[x], [0.0], [0.75**0.5]] for x in (-0.5, 0.5)])
    >>> [part.tolist() for part in capture_shares(Condition(sin_sun=0.0), dark_to_lit, sun)]
    [[[0.5]], [[1.0]]]
    """
    steps, _, n = r_m.shape
    begin, end = np.zeros((steps - 1, n)), np.ones((steps - 1, n))
    radius_m = np.sqrt(np.einsum("kin,kin->kn", r_m, r_m))
    limits = []
    if condition.sin_sun > -1.0:
        towards = sun_m / np.linalg.norm(sun_m, axis=1, keepdims=True)
        limits.append(np.einsum("ki,kin->kn", towards, r_m) / radius_m - condition.sin_sun)
    if condition.sin_latitude < 1.0:
        limits += [condition.sin_latitude - sign * r_m[:, 2] / radius_m for sign in (1.0, -1.0)]
    for limit in limits:  # above 0 where it captures
        before, after = limit[:-1], limit[1:]
        change = np.where(after == before, 1.0, after - before)
        crossing = np.clip(-before / change, 0.0, 1.0)
        begin = np.maximum(begin, np.where(before >= 0.0, 0.0, np.where(after >= 0.0, crossing, 1.0)))
        end = np.minimum(end, np.where(after >= 0.0, 1.0, np.where(before >= 0.0, crossing, 0.0)))
    return begin, np.maximum(begin, end)


def percentiles_s(bins: Ints) -> dict[str, float | None]:
    """Percentiles of delays that are counted in bins of equal ratios, see `image_queues.delay_bin`.

    Parameters
    ----------
    bins : ndarray of int64
        Counts.

    Returns
    -------
    dict of str to float or None
        `p10`, `p50` and `p90` [s], to a thousandth; None without any.

    Examples
    --------
    >>> from sim.workload.image_queues import DELAY_BINS, delay_bin
    >>> bins = np.zeros(DELAY_BINS, dtype=np.int64)
    >>> for delay_s in (60.0, 600.0, 6000.0):
    ...     bins[delay_bin(delay_s)] += 1
    >>> round(percentiles_s(bins)["p50"], -1)
    600.0
    """
    total = int(bins.sum())
    if total == 0:
        return dict.fromkeys(PERCENTILES)
    reached = np.cumsum(bins)
    places = [int(np.searchsorted(reached, share * total)) for share in PERCENTILES.values()]
    return {name: math.exp((place + 0.5) / BINS_PER_E) for name, place in zip(PERCENTILES, places, strict=True)}


class Capacity(NamedTuple):
    """What the stations and the accelerators could do in a day."""

    downlink_bytes_per_day: float  # through all contacts, with data always there
    images_per_day: float | None  # processed on board; None without processing


def crossover(capacity: Capacity, image_bytes: float, sent_bytes: float) -> dict[str, float | None]:
    """Volumes captured in a day at which the downlink, on-board processing, and the downlink after processing are saturated.

    Below the first, all images can be brought down; between it and the smaller of the others only on-board processing handles all.

    Parameters
    ----------
    capacity : Capacity
        What can be sent and processed in a day.
    image_bytes : float
        Size of an image [B].
    sent_bytes : float
        What is sent of each image after processing, mean [B].

    Returns
    -------
    dict of str to float or None
        `raw_bytes_per_day`, `processing_bytes_per_day`, `processed_bytes_per_day`; None where there is no processing, or where nothing
        is sent after it.

    Examples
    --------
    Images of 300 MB of which 30 MB are sent, over 12 TB a day, with 50,000 processed in a day:

    >>> crossover(Capacity(12e12, 50e3), 300e6, 30e6)
    {'raw_bytes_per_day': 12000000000000.0, 'processing_bytes_per_day': 15000000000000.0, 'processed_bytes_per_day': 120000000000000.0}
    """
    processing = None if capacity.images_per_day is None else capacity.images_per_day * image_bytes
    after = None if processing is None or sent_bytes <= 0.0 else capacity.downlink_bytes_per_day * image_bytes / sent_bytes
    return {
        "raw_bytes_per_day": capacity.downlink_bytes_per_day,
        "processing_bytes_per_day": processing,
        "processed_bytes_per_day": after,
    }


def share(part: float, whole: float) -> float | None:
    """Part over whole; None where there is no whole.

    Parameters
    ----------
    part, whole : float
        In the same unit.

    Returns
    -------
    float or None
        Their ratio.

    Examples
    --------
    >>> share(1.0, 4.0), share(1.0, 0.0)
    (0.25, None)
    """
    return part / whole if whole > 0.0 else None


def station_rows(
    names: Sequence[str], times_s: Array, counts: Ints, size_bytes: tuple[float, float], duration_s: float
) -> dict[str, dict[str, float]]:
    """What the antennas of each station did.

    Parameters
    ----------
    names : sequence of str
        Stations.
    times_s : ndarray, shape (stations, antennas, 2)
        Time with data and in setup [s].
    counts : ndarray of int64, shape (stations, antennas, 3)
        Contacts, images and results.
    size_bytes : tuple of two float
        Size of an image and of a result [B].
    duration_s : float
        Length of the run [s].

    Returns
    -------
    dict of str to dict
        By station: share of the antennas' time in a contact, contacts, and volume of whole images and results a day [B].

    Examples
    --------
    >>> station_rows(["A"], np.array([[[3600.0, 0.0]]]), np.array([[[6, 10, 500]]]), (1e6, 1e3), 86400.0)
    {'A': {'utilisation': 0.041666666666666664, 'contacts': 6, 'bytes_per_day': 10500000.0}}
    """
    return {
        name: {
            "utilisation": float(times_s[n].sum()) / (times_s.shape[1] * duration_s),
            "contacts": int(counts[n, :, 0].sum()),
            "bytes_per_day": float(counts[n, :, 1:].sum(axis=0) @ np.array(size_bytes)) / (duration_s / 86400.0),
        }
        for n, name in enumerate(names)
    }
