"""Queues of a service: quantiles of waiting time and of counts."""

from __future__ import annotations

import math
from decimal import Decimal, localcontext

import pytest

from sim.workload.serving_queue import mean_wait_s, poisson_quantile, wait_quantile_s


def _probability(load: float, t: float) -> float:
    """P(W <= t) of M/D/1 with a duration of 1: Erlang's alternating series, in digits enough for its cancellation."""
    with localcontext() as context:
        context.prec = 80
        rate, at = Decimal(load), Decimal(t)
        terms = (
            (-rate * (at - k)) ** k / math.factorial(k) * (rate * (at - k)).exp() if k or at else Decimal(1)
            for k in range(math.floor(t) + 1)
        )
        return float((1 - rate) * sum(terms))


@pytest.mark.parametrize("load", [0.1, 0.3, 0.5, 0.7, 0.9, 0.97])
@pytest.mark.parametrize("percentile", [0.5, 0.9, 0.99, 0.999])
def test_waiting_time(load: float, percentile: float) -> None:
    """Source of truth: Erlang's series for M/D/1. Beyond one duration the exponential tail is within 4 % of P(W > t), and
    within 16 % at low loads and where both forms meet."""
    waited = wait_quantile_s(load, 2.0, percentile) / 2.0
    assert waited >= 0.0
    if waited == 0.0:
        assert percentile <= 1.0 - load
    elif waited == 1.0:  # the two forms meet with a small step
        assert 1.0 - _probability(load, 1.0) == pytest.approx(1.0 - percentile, rel=0.16)
    else:
        assert 1.0 - _probability(load, waited) == pytest.approx(1.0 - percentile, rel=0.04 if load > 0.1 and waited > 1.2 else 0.16)


def test_limits_of_the_queue() -> None:
    """Closed form: the mean is half a duration times load over 1 - load; none waits without load, and without end at 1."""
    assert mean_wait_s(0.8, 3.0) == pytest.approx(0.8 * 3.0 / 0.4)
    assert mean_wait_s(0.0, 3.0) == 0.0
    assert wait_quantile_s(0.0, 3.0, 0.99) == 0.0
    assert math.isinf(mean_wait_s(1.0, 1.0))
    assert math.isinf(wait_quantile_s(1.0, 1.0, 0.5))


@pytest.mark.parametrize("mean", [0.0, 0.5, 7.3, 120.0, 399.0, 401.0, 900.0])
@pytest.mark.parametrize("percentile", [0.5, 0.9, 0.99])
def test_poisson_counts(mean: float, percentile: float) -> None:
    """Source of truth: the sum of the distribution by logarithms of factorials. Up to a mean of 400 exact, within 1 beyond."""
    def total(count: int) -> float:
        if mean == 0.0:
            return 1.0
        return math.fsum(math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) for k in range(count + 1))

    found = int(poisson_quantile(mean, percentile))
    off = 0 if mean <= 400.0 else 1
    assert total(found + off) >= percentile
    assert found - off <= 0 or total(found - off - 1) < percentile
