"""Stages, tensor span, batch and chunk of a service where a scenario leaves them open: the most tokens at the targets."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

from sim.workload import serving_load
from sim.workload.service import Service, degrees, fewest_stages, max_batch, service_problem

CHUNK_HALVINGS = 4  # with targets, chunks down to this many halvings are tried: shorter steps, more of them
CLOSE = 1e-9  # relative; the smaller span of two that are so close
PIPELINE_HALVINGS = 6  # of chunks of a pipeline: its stages wait for the longest micro-batch
IN_FLIGHT = (1.0, 1.5, 2.0, 4.0)  # micro-batches for each stage that are tried: more of them hide the delay of links


@lru_cache(maxsize=256)
def chosen(service: Service, span: int | None, batch: int | None, pipeline: int | None = 1) -> Service:
    """Complete a service.

    Parameters
    ----------
    service : Service
        Model, hardware and links; its pipeline, span and batch are not used, its chunk is the largest.
    span : int or None
        Accelerators of a group; None for the span with the most tokens per satellite at the targets.
    batch : int or None
        Sequences decoded together; None for as many as memory holds.
    pipeline : int or None
        Stages of a copy, each on a satellite; None for the fewest that fit.

    Returns
    -------
    Service
        The service. Where no span fits, the largest one, for `service_problem`; where no span keeps the targets, the
        one with the shortest latency of single requests.
    """
    if pipeline is None:
        fitting_spans = degrees(service.model, service.accelerators) if span is None else [span]
        pipeline = fewest_stages(service._replace(batch=batch or 1), fitting_spans) or 1
    service = service._replace(pipeline=pipeline)
    spans = degrees(service.model, service.accelerators) if span is None else [span]
    candidates = [_sized(service._replace(tensor=tensor), batch) for tensor in spans]
    fitting = [s for s in candidates if service_problem(s) is None]
    if not fitting:
        return candidates[-1]
    if pipeline > 1:
        fitting = [s._replace(micro_batches=count) for s in fitting for count in _micro_batches(s)]
    tried = [s._replace(chunk=chunk) for s in fitting for chunk in _chunks(s)]
    rates = [serving_load.tokens_per_s(s) for s in tried]
    most = max(rates)
    if most > 0.0:
        return next(s for s, rate in zip(tried, rates, strict=True) if rate >= most * (1.0 - CLOSE))
    return min(tried, key=_excess)


def _sized(service: Service, batch: int | None) -> Service:
    return service._replace(batch=batch if batch is not None else max(1, max_batch(service)))


def _micro_batches(service: Service) -> list[int]:
    counts = {min(service.batch, math.ceil(factor * service.pipeline)) for factor in IN_FLIGHT}
    return sorted(counts)


def _chunks(service: Service) -> Sequence[int]:
    """Chunks that are tried. Stages of a pipeline wait for the longest micro-batch: the best chunk is one that most of them take."""
    if service.pipeline > 1:
        requests = max(1, math.ceil(service.batch / service.micro_batches))  # of a micro-batch
        even = math.ceil(service.input_tokens / max(1, service.output_tokens // requests))
        halved = (max(1, service.chunk >> n) for n in range(PIPELINE_HALVINGS + 1))
        return sorted({*halved, min(service.chunk, even)}, reverse=True)
    if service.targets is None:
        return (service.chunk,)
    return sorted({max(1, service.chunk >> n) for n in range(CHUNK_HALVINGS + 1)}, reverse=True)


def _excess(service: Service) -> float:
    """Latency of single requests over the targets, the larger of both."""
    targets = service.targets
    if targets is None:
        return 0.0
    ttft_s, tpot_s = single_latency(service)
    return max(ttft_s / targets.ttft_s, tpot_s / targets.tpot_s)


def single_latency(service: Service) -> tuple[float, float]:
    """Latencies of a request that is alone in its group, at full clock rate.

    Parameters
    ----------
    service : Service
        The service, with targets.

    Returns
    -------
    ttft_s, tpot_s : float
        Time to first token with the assumed round trip, and per further token [s].
    """
    load = serving_load.at_batch(service, 1e-3)
    percentile, round_trip_s = (0.5, 0.0) if service.targets is None else (service.targets.percentile, service.targets.round_trip_s)
    each = serving_load.latency(service, load, percentile)
    return each.ttft_s + round_trip_s, each.tpot_s


def target_problem(service: Service) -> str | None:
    """Check that single requests keep the targets.

    Parameters
    ----------
    service : Service
        The service, which fits its satellite.

    Returns
    -------
    str or None
        What is wrong and what to write; None where they do.
    """
    targets = service.targets
    if targets is None or serving_load.capacity(service) is not None:
        return None
    ttft_s, tpot_s = single_latency(service)
    advice = [
        f"{name}: {1.05 * reached * factor:.3g} {unit}"
        for name, reached, goal, factor, unit in (
            ("ttft", ttft_s, targets.ttft_s, 1.0, "s"), ("tpot", tpot_s, targets.tpot_s, 1e3, "ms"),
        )
        if reached > goal
    ]  # fmt: skip
    across = f" of each of {service.pipeline} satellites" if service.pipeline > 1 else ""
    return (
        f"a single request on {service.tensor} accelerators{across} takes {ttft_s:.3g} s to its first token and {1e3 * tpot_s:.3g} ms "
        f"for each further one; write {' and '.join(advice) or 'longer ones'} or more, or a smaller model"
    )
