"""Inference service at a clock rate: throughput of a satellite and what its time is spent on, in a table over clock rates.

The table is computed once from the steps of a group under load (`sim.workload.serving_load`); the loop over time
interpolates in it. Useful is arithmetic at peak, kernel is arithmetic below it, memory the time in which memory limits
a kernel, communication the messages of the group, waiting for links between stages, and the scheduling that no kernel hides;
bubble the time in which a stage waits for others. Satellites of a pipeline have the mean of its stages.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from orbit.kernels.compile import Floats, Ints, exact_inlined, exact_kernel
from sim.workload import serving_load
from sim.workload.service import Hops, Service, groups
from sim.workload.serving_load import Load

Value = NDArray[np.float64]  # of any shape, also ()
INTERVALS = 64  # of clock rate; durations times rate are linear between the rates at which a kernel changes its limit
_LEAST_RATE = 1e-6  # stands for 0: there durations are infinite and shares are those of arithmetic alone


class Rates(NamedTuple):
    """Throughput of a satellite at a clock rate; the shares of its accelerators' time at that rate add up to 1."""

    output_tokens_per_s: Value
    batch: Value  # sequences that a group decodes at a time
    useful: Value
    kernel: Value
    memory: Value
    communication: Value
    bubble: Value


def _rates(service: Service, load: Load | None, rate: float) -> tuple[float, ...]:
    """Fields of `Rates`; without a load that keeps the targets, no tokens and the shares of the smallest load."""
    state = serving_load.at_batch(service, 1e-3, rate) if load is None else load
    step, bubble, links = serving_load.mean_step(service, state), 0.0, 0.0
    whole = step.times_rate(rate)
    if service.pipeline > 1:
        busy, instant = whole, serving_load.at_batch(service._replace(hops=Hops()), state.batch, rate)
        whole, unlinked = (service.pipeline * each.step_s / each.in_flight * rate for each in (state, instant))
        bubble, links = max(0.0, unlinked - busy), max(0.0, whole - max(unlinked, busy))
    arithmetic = sum(k.computed_s for k in step.kernels)
    memory = sum(max(0.0, k.moved_s * rate - k.computed_s) for k in step.kernels)
    useful = min(step.useful_s, arithmetic)
    tokens = 0.0 if load is None else groups(service) * service.output_tokens * load.requests_per_s(service)
    return (
        tokens, 0.0 if load is None else load.batch, useful / whole, (arithmetic - useful) / whole, memory / whole,
        ((step.fabric_s + step.host_s) * rate + links) / whole, bubble / whole,
    )  # fmt: skip


@lru_cache(maxsize=256)
def rate_table(service: Service) -> Value:
    """Capacity of a satellite over the clock rate.

    Parameters
    ----------
    service : Service
        The service.

    Returns
    -------
    ndarray, shape (7, INTERVALS + 1)
        Fields in the order of `Rates`, at equally spaced rates from 0 to 1; not writeable.
    """
    table = np.empty((len(Rates._fields), INTERVALS + 1))
    for i in range(INTERVALS + 1):
        rate = max(i / INTERVALS, _LEAST_RATE)
        table[:, i] = _rates(service, serving_load.capacity(service, rate), rate)
    table[0, 0] = 0.0
    table.setflags(write=False)
    return table


@exact_inlined
def point_at(r: float, table: Floats) -> tuple[float, float, float, float, float, float, float]:
    """Throughput of a satellite in the order of `Rates`; see `operating_point`.

    Parameters
    ----------
    r : float
        Clock rate, 0 to 1.
    table : ndarray, shape (7, n)
        See `rate_table`.

    Returns
    -------
    tuple of float
        The fields.
    """
    last = table.shape[1] - 2
    x = r * (last + 1)
    i = min(int(x), last)
    b = x - i
    a = 1.0 - b
    return (
        a * table[0, i] + b * table[0, i + 1], a * table[1, i] + b * table[1, i + 1], a * table[2, i] + b * table[2, i + 1],
        a * table[3, i] + b * table[3, i + 1], a * table[4, i] + b * table[4, i + 1], a * table[5, i] + b * table[5, i + 1],
        a * table[6, i] + b * table[6, i + 1],
    )  # fmt: skip


@exact_kernel
def operating_points(rate: Floats, table: Floats, out: Floats) -> None:
    """Throughput of several satellites.

    Parameters
    ----------
    rate : ndarray, shape (n,)
        Clock rates, 0 to 1.
    table : ndarray, shape (7, m)
        See `rate_table`.
    out : ndarray, shape (7, n)
        Fields in the order of `Rates`; written.
    """
    for i in range(rate.size):
        out[0, i], out[1, i], out[2, i], out[3, i], out[4, i], out[5, i], out[6, i] = point_at(rate[i], table)


@exact_kernel
def points_and_duty(who: Ints, rate: Floats, table: Floats, hbm_share: float, out: Floats, duty: Floats) -> None:
    """Throughput of the satellites of a service, and the share of their time in which they draw full power.

    Memory that streams weights and caches draws its own share of the chip's power.

    Parameters
    ----------
    who : ndarray of int64, shape (n,)
        Satellites of the service.
    rate : ndarray, shape (N,)
        Clock rate of each satellite of the fleet, 0 to 1.
    table : ndarray, shape (7, m)
        See `rate_table`.
    hbm_share : float
        Share of the accelerators' power that memory draws, 0 to 1.
    out : ndarray, shape (7, n)
        Fields in the order of `Rates`; written.
    duty : ndarray, shape (N,)
        Duty of the fleet; written at `who`.
    """
    for i in range(who.size):
        out[0, i], out[1, i], out[2, i], out[3, i], out[4, i], out[5, i], out[6, i] = point_at(rate[who[i]], table)
        duty[who[i]] = out[2, i] + out[3, i] + hbm_share * out[4, i]


def operating_point(service: Service, rate: ArrayLike) -> Rates:
    """Capacity of a satellite that prefills and decodes continuously.

    Parameters
    ----------
    service : Service
        The service.
    rate : array_like
        Clock rate, 0 to 1, any shape.

    Returns
    -------
    Rates
        Tokens per second and shares of time, the shape of `rate`.

    Notes
    -----
    Useful are the forward FLOPs of prompt and output tokens. At rate 0 the throughput is 0, and the shares are their limits,
    those of arithmetic alone.

    References
    ----------
    [scaling-book:inference]

    Examples
    --------
    The shares add up to one:

    >>> from sim.workload.fabric import Fabric
    >>> from sim.workload.kernels import AssumedKernels
    >>> from sim.workload.transformer import Model, parameter_count
    >>> shape = Model(0.0, 8, 1024, 16, 16, 64, 4096, 32000)
    >>> model = shape._replace(parameters=parameter_count(shape))
    >>> chip = AssumedKernels((("bf16", 1e15),), 0.5, 1e12, 0.8, 1e11, 0.0)
    >>> service = Service(model, chip, Fabric(1), "bf16", 1, 1, 8, 1000, 100, 1e15, 80e9, 0.9, "bf16", "bf16")
    >>> rates = operating_point(service, 1.0)
    >>> round(float(rates.useful + rates.kernel + rates.memory + rates.communication + rates.bubble), 12)
    1.0
    """
    rate = np.asarray(rate, dtype=float)
    out = np.empty((len(Rates._fields), rate.size))
    operating_points(np.ascontiguousarray(rate).ravel(), rate_table(service), out)
    return Rates(*(row.reshape(rate.shape) for row in out))


_LINK_RATIO = 2.0**0.25  # between link states for which capacities are computed
_LINK_STATES = 32  # on either side of the reference
_LINK_RATES = 16  # intervals of clock rate


class LinkTable:
    """Capacity of a copy over several satellites by clock rate, delay and byte time of its links; computed where it is asked for.

    Parameters
    ----------
    service : Service
        The service; its links are those of the reference, at which no value is interpolated.
    """

    def __init__(self, service: Service) -> None:
        self.service = service
        side = 2 * _LINK_STATES + 1
        self._values = np.full((_LINK_RATES + 1, side, side, len(Rates._fields)), np.nan)

    def points(self, rate: Value, delay_s: Value, byte_s: Value) -> Rates:
        """Capacity of several copies.

        Parameters
        ----------
        rate : ndarray, shape (n,)
            Clock rates, 0 to 1.
        delay_s, byte_s : ndarray, shape (n,)
            Links of each copy, see `Hops` [s]; finite.

        Returns
        -------
        Rates
            Fields, each (n,); linear between computed values.
        """
        at, share = zip(
            _place(rate * _LINK_RATES, _LINK_RATES), _link_place(delay_s, self.service.hops.delay_s),
            _link_place(byte_s, self.service.hops.byte_s), strict=True,
        )  # fmt: skip
        found = np.zeros((rate.size, len(Rates._fields)))
        for corner in np.ndindex(2, 2, 2):
            weight = np.prod([s if c else 1.0 - s for s, c in zip(share, corner, strict=True)], axis=0)
            used = np.flatnonzero(weight > 0.0)
            place = tuple(i[used] + c for i, c in zip(at, corner, strict=True))
            for node in np.unique(np.stack(place)[:, np.isnan(self._values[place][:, 0])], axis=1).T.tolist():
                self._values[tuple(node)] = self._computed(*node)
            found[used] += weight[used, np.newaxis] * self._values[place]
        return Rates(*np.ascontiguousarray(found.T))

    def _computed(self, rate_at: int, delay_at: int, byte_at: int) -> tuple[float, ...]:
        links = self.service.hops
        hops = Hops(links.delay_s * _LINK_RATIO ** (delay_at - _LINK_STATES), links.byte_s * _LINK_RATIO ** (byte_at - _LINK_STATES))
        service, rate = self.service._replace(hops=hops), max(rate_at / _LINK_RATES, _LEAST_RATE)
        values = _rates(service, serving_load.capacity(service, rate), rate)
        return (0.0, *values[1:]) if rate_at == 0 else values


def _place(x: Value, last: int) -> tuple[NDArray[np.int64], Value]:
    """Interval and share of it."""
    at = np.minimum(x.astype(np.int64), last - 1)
    return at, np.asarray(x - at)


def _link_place(seconds: Value, reference_s: float) -> tuple[NDArray[np.int64], Value]:
    """Interval between link states, and share of it in seconds; the reference itself is a state."""
    if reference_s <= 0.0:
        return np.full(seconds.size, _LINK_STATES), np.zeros(seconds.size)
    least, most = _LINK_RATIO**-_LINK_STATES, _LINK_RATIO**_LINK_STATES
    relative = np.clip(seconds / reference_s, least, most)
    at = np.clip(np.floor(np.log(relative) / np.log(_LINK_RATIO) + 1e-9).astype(np.int64), -_LINK_STATES, _LINK_STATES - 1)
    low = _LINK_RATIO ** at.astype(np.float64)
    share = np.clip((relative / low - 1.0) / (_LINK_RATIO - 1.0), 0.0, 1.0)
    return at + _LINK_STATES, np.where(np.abs(relative / low - 1.0) < 1e-9, 0.0, share)
