"""A tensor group under load: continuous batching, in which steps take prompts in chunks beside the sequences that are decoded.

A group decodes B sequences at a time on average, and finishes B/o of them in a step, for answers of o tokens. As many
prompts of i tokens pass, so that a share B i / (o q) of the steps holds a chunk of q tokens. Prompts wait for each other in
order of arrival. Arrivals are random (Poisson), prompts and answers have one length: waiting for the prompt is an M/D/1
queue, and the sequences that are decoded at a time vary as in a queue whose rate depends on their number. [tijms2003]

A copy over several satellites decodes its sequences in micro-batches (`sim.workload.serving_pipeline`), each of which is such a
group; chunks are taken by micro-batches that follow each other.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from sim.workload.service import Service, groups
from sim.workload.serving_pipeline import long_share
from sim.workload.serving_queue import mean_wait_s, poisson_quantile, wait_quantile_s
from sim.workload.serving_step import Step
from sim.workload.serving_steps import paces, steps

_HALVINGS = 40
_LEAST_RETURN = 0.05  # of 1 - e, near the load at which the count grows without limit


class Load(NamedTuple):
    """A group in the steady state of a load."""

    batch: float  # sequences that are decoded at a time, mean
    mixed_share: float  # of the steps, those with a chunk of a prompt
    mean: Step | None  # of all steps; None over a pipeline, see `mean_step`
    prompt_s: float  # for which a prompt occupies the first stage
    step_s: float  # from one token of a sequence to the next
    in_flight: float = 1.0  # micro-batches on their way
    rest_s: float = 0.0  # from the end of a prompt at the first stage to its first token

    def requests_per_s(self, s: Service) -> float:
        """Requests that end each second.

        Parameters
        ----------
        s : Service
            The service.

        Returns
        -------
        float
            Rate of one group [1/s].
        """
        return self.batch / (s.output_tokens * self.step_s)

    def busy(self, s: Service) -> float:
        """Share of the time in which prompts pass: steps with a chunk last longer than others.

        Parameters
        ----------
        s : Service
            The service.

        Returns
        -------
        float
            Requests a second times the duration of a prompt.
        """
        return self.requests_per_s(s) * self.prompt_s


def at_batch(s: Service, batch: float, rate: float = 1.0) -> Load:
    """Steady state in which a group decodes a number of sequences on average.

    Parameters
    ----------
    s : Service
        The service.
    batch : float
        Sequences, above 0.
    rate : float
        Clock rate, above 0 to 1.

    Returns
    -------
    Load
        The state; its mixed share is above 1 where prompts cannot keep up, and durations are then those of 1.
    """
    if s.pipeline > 1:
        return _over_pipeline(s, batch, rate)
    table = steps(s)
    plain, mixed = (each.steps[0] for each in table.at(batch))
    share = batch * s.input_tokens / (s.output_tokens * table.chunk)
    mean = plain.alternating(mixed, min(1.0, share))
    return Load(batch, share, mean, table.chunks * mixed.duration_s(rate), mean.duration_s(rate))


def _over_pipeline(s: Service, batch: float, rate: float) -> Load:
    table, in_flight = steps(s), _in_flight(s, batch)
    each = batch / in_flight
    plain, mixed = paces(s, each, rate)
    share = each * s.input_tokens / (s.output_tokens * table.chunk)
    long = long_share(share, table.chunks, min(float(s.pipeline), in_flight))
    period_s = (1.0 - long) * plain.period_s(s.hops, in_flight) + long * mixed.period_s(s.hops, in_flight)
    chunk_s = mixed.period_s(s.hops, float(s.micro_batches))
    rest_s = max(0.0, mixed.round_s(s.hops) - chunk_s)
    return Load(batch, share, None, table.chunks * chunk_s, in_flight * period_s, in_flight, rest_s)


def mean_step(s: Service, load: Load) -> Step:
    """Mean step of a load, of all stages together.

    Parameters
    ----------
    s : Service
        The service.
    load : Load
        Steady state.

    Returns
    -------
    Step
        Of a micro-batch where there are several.
    """
    if load.mean is not None:
        return load.mean
    plain, mixed = steps(s).at(load.batch / load.in_flight)
    return plain.whole().alternating(mixed.whole(), min(1.0, load.mixed_share))


def _in_flight(s: Service, batch: float) -> float:
    """Micro-batches on their way: as many as there are sequences, up to those of the service."""
    return min(float(s.micro_batches), max(1.0, batch))


def largest_batch(s: Service) -> float:
    """Largest batch whose prompts keep up with it.

    Parameters
    ----------
    s : Service
        The service.

    Returns
    -------
    float
        The batch of the service, or less.
    """
    return min(float(max(1, s.batch)), s.micro_batches * (s.output_tokens * steps(s).chunk / s.input_tokens))


def crowd(s: Service, load: Load, percentile: float, rate: float = 1.0) -> float:
    """Sequences that a request finds decoded beside it, and itself, not exceeded by a share of the requests.

    Parameters
    ----------
    s : Service
        The service.
    load : Load
        Steady state of a group.
    percentile : float
        Share of the requests.
    rate : float
        Clock rate, above 0 to 1.

    Returns
    -------
    float
        Sequences. Were steps as long for any number of sequences, the count would be Poisson distributed. Longer steps keep
        sequences longer: the deviation grows by 1 over the root of 1 - e, for a duration that grows with the e-th power of the count
        (balance of arrivals and ends at a rate that depends on the count).
    """
    others = poisson_quantile(load.batch, percentile)
    count = others
    for _ in range(2):
        near = max(count, 1.05 * load.batch, load.batch + 0.01)
        longer = math.log(at_batch(s, near, rate).step_s / load.step_s) / math.log(near / load.batch)
        count = load.batch + (others - load.batch) / math.sqrt(max(_LEAST_RETURN, 1.0 - longer))
    return 1.0 + max(0.0, count)


class Latency(NamedTuple):
    """Latencies that a share of the requests does not exceed [s]."""

    ttft_s: float  # without the round trip to the user
    tpot_s: float


def latency(s: Service, load: Load, percentile: float, rate: float = 1.0) -> Latency:
    """Latencies of requests that arrive at random.

    Parameters
    ----------
    s : Service
        The service.
    load : Load
        Steady state of a group.
    percentile : float
        Share of the requests.
    rate : float
        Clock rate, above 0 to 1.

    Returns
    -------
    Latency
        Time to first token: the step in progress, prompts that came before, and the own prompt, whose last step gives the
        token; over a pipeline it gives it at the last stage, which sends it back to the first. Time per further token: at the number of
        sequences that is not exceeded at that share of the time. Infinite where the queue grows without limit.
    """
    waited_s = wait_quantile_s(load.busy(s), load.prompt_s, percentile)
    if s.pipeline > 1:
        plain_s = paces(s, load.batch / load.in_flight, rate)[0].period_s(s.hops, load.in_flight)
    else:
        plain_s = steps(s).at(load.batch)[0].steps[0].duration_s(rate)
    in_progress_s = percentile * (1.0 - min(1.0, load.busy(s))) * plain_s
    crowded = at_batch(s, min(largest_batch(s), crowd(s, load, percentile, rate)), rate)
    return Latency(waited_s + in_progress_s + load.prompt_s + load.rest_s, crowded.step_s)


def meets(s: Service, batch: float, rate: float) -> bool:
    """Whether requests keep the targets of a service.

    Parameters
    ----------
    s : Service
        The service, with targets.
    batch : float
        Sequences that are decoded at a time, mean.
    rate : float
        Clock rate, above 0 to 1.

    Returns
    -------
    bool
        True also without targets, as long as prompts keep up.
    """
    load, goal = at_batch(s, batch, rate), s.targets
    if goal is None:
        return load.mixed_share <= 1.0
    if load.mixed_share >= 1.0 or crowd(s, load, goal.percentile, rate) > max(1.0, largest_batch(s)):
        return False  # requests would wait for a place
    each = latency(s, load, goal.percentile, rate)
    return each.ttft_s + goal.round_trip_s <= goal.ttft_s and each.tpot_s <= goal.tpot_s


def capacity(s: Service, rate: float = 1.0) -> Load | None:
    """Largest load of a group that keeps its targets; without targets, that of its largest batch.

    Parameters
    ----------
    s : Service
        The service.
    rate : float
        Clock rate, above 0 to 1.

    Returns
    -------
    Load or None
        The state at that load; None where not even single requests keep the targets.
    """
    most = largest_batch(s)
    if s.targets is None:
        return at_batch(s, most, rate)
    low, high = 1e-3, most
    if not meets(s, low, rate):
        return None
    if meets(s, high, rate):
        return at_batch(s, high, rate)
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if meets(s, middle, rate) else (low, middle)
    return at_batch(s, low, rate)


def at_share(s: Service, most: Load, share: float, rate: float = 1.0) -> Load:
    """Steady state at a share of a load.

    Parameters
    ----------
    s : Service
        The service.
    most : Load
        The whole load.
    share : float
        Share of its requests, above 0 to 1.
    rate : float
        Clock rate, above 0 to 1.

    Returns
    -------
    Load
        The state: fewer sequences, shorter steps.
    """
    wanted, low, high = share * most.requests_per_s(s), 0.0, most.batch
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if at_batch(s, middle, rate).requests_per_s(s) < wanted else (low, middle)
    return at_batch(s, high, rate)


def tokens_per_s(s: Service, rate: float = 1.0) -> float:
    """Output tokens of a satellite, or of the satellites of a pipeline, at the capacity of its groups.

    Parameters
    ----------
    s : Service
        The service.
    rate : float
        Clock rate, above 0 to 1.

    Returns
    -------
    float
        Output tokens [1/s].
    """
    load = capacity(s, rate)
    return 0.0 if load is None else groups(s) * s.output_tokens * load.requests_per_s(s)


def in_flight(s: Service, requests: float) -> Load:
    """Steady state in which a group always has as many requests: a client sends the next when one ends.

    Parameters
    ----------
    s : Service
        The service; its batch is at least the number of requests.
    requests : float
        Requests in flight, at least 1.

    Returns
    -------
    Load
        The state; requests that are not decoded are in their prompts or wait for them.
    """
    low, high = 0.0, min(requests, largest_batch(s))
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        load = at_batch(s, middle)
        waited_s = min(mean_wait_s(load.busy(s), load.prompt_s), requests * load.prompt_s)
        occupied = middle + load.requests_per_s(s) * (waited_s + load.prompt_s + load.rest_s)
        low, high = (middle, high) if occupied < requests else (low, middle)
    return at_batch(s, high)
