"""Closed forms of failing, saving and sparing."""

from __future__ import annotations

import math
from decimal import Decimal, localcontext

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats
from scipy.optimize import minimize_scalar

from sim.fleet.reliability import (
    all_slots_availability,
    cold_spares_availability,
    daly_interval_s,
    effective_time_ratio,
    elastic_capacity,
    k_of_n,
    mean_time_to_interruption_s,
    optimum_interval_s,
    repaired_availability,
    wall_per_work,
    young_interval_s,
)

YEAR_S = 365.25 * 86400.0


def test_interruption() -> None:
    """Source of truth: 2,048 nodes at 6.5 per 1000 node-days fail 13.312 times a day."""
    assert mean_time_to_interruption_s(2048, 6.5e-3 / 86400.0) == pytest.approx(86400.0 / 13.312, rel=1e-12)
    assert mean_time_to_interruption_s(2048, 0.0) == math.inf


@pytest.mark.parametrize(
    ("save_s", "mean_s"), [(60.0, 3600.0), (60.0, 11135.0), (300.0, 86400.0), (20.0, 8604.0), (5.0, 600.0), (200.0, 100.0)]
)
def test_interval_against_a_search(save_s: float, mean_s: float) -> None:
    """Source of truth: the minimum of (e^((t + d) / M) - 1) / t, searched: it is flat to rounding within 1e-6 of M. Young's is off by d / 2
    and more."""
    found = minimize_scalar(
        lambda t: math.expm1((t + save_s) / mean_s) / t, bounds=(1.0, 10.0 * mean_s), method="bounded",
        options={"xatol": 1e-6},
    )  # fmt: skip
    assert optimum_interval_s(save_s, mean_s) == pytest.approx(found.x, abs=1e-6 * mean_s)
    assert young_interval_s(save_s, mean_s) - found.x > 0.5 * save_s


def _exact_s(save_s: float, mean_s: float) -> Decimal:
    """Root of -u - log(1 - u) = d / M in u = t / M, where the derivative of the wall time is zero, bisected with 60 digits."""
    with localcontext() as context:
        context.prec = 60
        low, high = Decimal(0), Decimal(1) - Decimal(10) ** -50
        for _ in range(190):
            middle = (low + high) / 2
            if -middle - (1 - middle).ln() < Decimal(save_s) / Decimal(mean_s):
                low = middle
            else:
                high = middle
        return low * Decimal(mean_s)


@pytest.mark.parametrize("ratio", [1e-18, 1e-12, 1e-9, 1e-6, 1e-4, 2.99e-3, 3.01e-3, 0.03, 0.3, 1.0, 5.0, 40.0])
def test_interval_to_its_last_digits(ratio: float) -> None:
    """Source of truth: arithmetic with 60 digits, on both sides of where the series ends; 2e-14, as 1 + W loses that much at most there. From the
    W function alone a ratio of 1e-9 would be off by 4e-8."""
    mean_s = 12345.6
    exact = _exact_s(ratio * mean_s, mean_s)
    assert abs(float(Decimal(optimum_interval_s(ratio * mean_s, mean_s)) / exact - 1)) < 2e-14


@given(st.floats(1e-3, 1e5), st.floats(1.0, 1e8), st.floats(0.0, 1e4))
def test_interval_is_the_best(save_s: float, mean_s: float, restart_s: float) -> None:
    """By definition: the slope of the wall time has the sign of (t/M - 1) e^((t + d)/M) + 1 and changes it there, and intervals 1 % shorter or longer
    take no less wall time, but for rounding, whatever the restart."""
    best_s = optimum_interval_s(save_s, mean_s)
    shorter_s, longer_s = 0.99 * best_s, 1.01 * best_s
    shorter, longer = (math.log1p(-t / mean_s) + (t + save_s) / mean_s if t < mean_s else -math.inf for t in (shorter_s, longer_s))
    if save_s / mean_s > 1e-9:  # below it, the slope is lost in rounding
        assert longer < 0.0 < shorter
    least = wall_per_work(best_s, save_s, restart_s, mean_s)
    assert all(wall_per_work(t, save_s, restart_s, mean_s) >= least * (1.0 - 1e-13) for t in (shorter_s, longer_s))


@pytest.mark.parametrize(
    ("save_s", "mean_s", "interval_s"), [(60.0, 3600.0, 617.8906), (60.0, 11134.8, 1116.2817), (300.0, 86400.0, 7001.4044), (300.0, 21600.0, 3402.8401)]
)
def test_interval_by_number(save_s: float, mean_s: float, interval_s: float) -> None:
    """Source of truth: the closed form, worked out elsewhere, to its last digit; the published series is up to 0.07 s below it."""
    assert optimum_interval_s(save_s, mean_s) == pytest.approx(interval_s, abs=6e-5)
    assert 0.004 < interval_s - daly_interval_s(save_s, mean_s) < 0.07


@pytest.mark.parametrize(("mean_h", "minutes", "rounding"), [(24.0, 117.0, 0.5), (6.0, 57.0, 0.5), (0.25, 9.1, 0.05)])
def test_series_as_published(mean_h: float, minutes: float, rounding: float) -> None:
    """Source of truth: captions of figures 3 to 5 of the paper, a save of five minutes."""
    assert daly_interval_s(300.0, mean_h * 3600.0) / 60.0 == pytest.approx(minutes, abs=rounding)


def test_interval_at_the_edges() -> None:
    """Free saves all the time; no failures, no saves. Saves of many mean times: the mean time; the series takes it from two mean times on."""
    assert optimum_interval_s(0.0, 3600.0) == optimum_interval_s(0.0, math.inf) == young_interval_s(0.0, math.inf) == 0.0
    assert optimum_interval_s(60.0, math.inf) == daly_interval_s(60.0, math.inf) == young_interval_s(60.0, math.inf) == math.inf
    assert optimum_interval_s(1e5, 100.0) == optimum_interval_s(1e300, 100.0) == daly_interval_s(200.0, 100.0) == 100.0
    assert 0.94 < optimum_interval_s(200.0, 100.0) / 100.0 < 1.0


def _simulated(interval_s: float, save_s: float, restart_s: float, mean_s: float, cycles: int) -> np.ndarray:
    """Times of cycles played one failure after the other."""
    rng = np.random.default_rng(4)
    times = np.zeros(cycles)
    for k in range(cycles):
        needed = interval_s + save_s
        while True:
            life = rng.exponential(mean_s)
            times[k] += min(life, needed)
            if life >= needed:
                break
            needed = restart_s + interval_s + save_s
    return times


@pytest.mark.parametrize(("interval_s", "save_s", "restart_s", "mean_s"), [(1200, 60, 300, 3600), (300, 100, 500, 600)])
def test_wall_time_against_play(interval_s: float, save_s: float, restart_s: float, mean_s: float) -> None:
    """Source of truth: 20,000 cycles played in the test; three standard errors."""
    times = _simulated(interval_s, save_s, restart_s, mean_s, 20_000) / interval_s
    error = times.std(ddof=1) / math.sqrt(times.size)
    assert wall_per_work(interval_s, save_s, restart_s, mean_s) == pytest.approx(times.mean(), abs=3.0 * error)


def test_wall_time_far_out() -> None:
    """Source of truth: limits: no failures, saves alone; rare ones, the first order; very many, beyond a float."""
    assert wall_per_work(1000.0, 10.0, 300.0, math.inf) == 1.01
    rare = wall_per_work(1000.0, 10.0, 300.0, 1e15)
    assert rare - 1.01 == pytest.approx(1.01 * (300.0 + 505.0) / 1e15, abs=1e-15)
    assert wall_per_work(1000.0, 10.0, 300.0, 1e-3) == math.inf
    assert wall_per_work(1000.0, 10.0, 300.0, 2.0) == pytest.approx(2e-3 * math.exp(655.0), rel=1e-9)
    assert wall_per_work(math.inf, 10.0, 300.0, 100.0) == math.inf


def test_first_order_ratio() -> None:
    """Source of truth: 1 / wall time, 3e-5 where failures are rare; below zero, by hand, where they are not."""
    rate = 1e-7
    assert effective_time_ratio(rate, 300.0, 1200.0, 0.0) == pytest.approx(
        1.0 / wall_per_work(1200.0, 0.0, 300.0, 1e7), abs=1e-7
    )
    assert effective_time_ratio(1e-2, 300.0, 1200.0, 300.0) == pytest.approx(-8.0 / 1.25, rel=1e-12)


CASES = [(128, 0, 0.09), (128, 6, 0.09), (128, 13, 0.09), (128, 6, 0.05), (1, 0, 1.0), (3, 5, 2.0), (5000, 500, 0.1)]


@pytest.mark.parametrize(("slots", "spares", "rate"), CASES)
def test_spares_against_quadrature(slots: int, spares: int, rate: float) -> None:
    """Source of truth: the binomial distribution summed and integrated over time by quadrature; 1e-7."""
    alive = np.arange(slots + spares + 1)

    def mean(f: object) -> float:
        return integrate.quad(
            f, 0.0, 1.0, epsabs=1e-9, limit=400, points=[min(0.99, math.log1p(spares / slots) / rate)]
        )[0]

    elastic = mean(
        lambda t: np.minimum(slots, alive) @ stats.binom.pmf(alive, slots + spares, math.exp(-rate * t)) / slots
    )
    all_filled = mean(lambda t: stats.binom.sf(slots - 1, slots + spares, math.exp(-rate * t)))
    cold = mean(lambda t: stats.poisson.cdf(spares, slots * rate * t))
    assert elastic_capacity(slots, spares, rate / YEAR_S, YEAR_S) == pytest.approx(elastic, abs=1e-7)
    assert all_slots_availability(slots, spares, rate / YEAR_S, YEAR_S) == pytest.approx(all_filled, abs=1e-7)
    assert cold_spares_availability(slots, spares, rate / YEAR_S, YEAR_S) == pytest.approx(cold, abs=1e-7)


def test_spares_without_spares() -> None:
    """Source of truth: (1 - e^-x) / x of one slot, and of a million slots; nothing fails, nothing is missing."""
    for x in (1e-12, 0.3, 5.0):
        assert elastic_capacity(10**5, 0, x, 1.0) == pytest.approx(-math.expm1(-x) / x, rel=1e-9)
        assert all_slots_availability(10**5, 0, x, 1.0) == pytest.approx(-math.expm1(-(1e5 * x)) / (1e5 * x), rel=1e-9)
    for form in (elastic_capacity, all_slots_availability, cold_spares_availability):
        assert form(7, 2, 0.0, 1.0) == 1.0


def test_k_of_n() -> None:
    """Source of truth: the sum of binomial terms, 1e-12."""
    for needed, n, p in ((64, 66, 0.99), (64, 64, 0.99), (1, 3, 0.5), (3, 3, 0.25), (900, 1000, 0.9)):
        terms = [math.comb(n, i) * p**i * (1.0 - p) ** (n - i) for i in range(needed, n + 1)]
        assert k_of_n(needed, n, p) == pytest.approx(math.fsum(terms), abs=1e-12)
    assert k_of_n(0, 5, 0.0) == 1.0
    assert k_of_n(6, 5, 1.0) == 0.0


@pytest.mark.parametrize(
    ("n", "parallel", "failures", "repairs"),
    [(10, 1, 0.1, 1.0), (10, 2, 0.1, 1.0), (100, 10, 0.09, 1.0), (7, 7, 2.0, 0.5)],
)
def test_parallel_repairs(n: int, parallel: int, failures: float, repairs: float) -> None:
    """Source of truth: the null vector of the chain's generator, 1e-10."""
    generator = np.zeros((n + 1, n + 1))
    for k in range(n + 1):
        if k < n:
            generator[k, k + 1] = (n - k) * failures
        if k > 0:
            generator[k, k - 1] = min(k, parallel) * repairs
        generator[k, k] = -generator[k].sum()
    equations = np.vstack([generator.T, np.ones(n + 1)])
    p = np.linalg.lstsq(equations, np.append(np.zeros(n + 1), 1.0), rcond=None)[0]
    expected = 1.0 - p @ np.arange(n + 1) / n
    assert repaired_availability(n, parallel, failures, repairs) == pytest.approx(expected, abs=1e-10)


def test_many_repaired() -> None:
    """Source of truth: with a scheduler each, mu / (lambda + mu), whatever the number; the chain of 100,000 does not overflow."""
    assert repaired_availability(10**5, 10**5, 3.0, 1.0) == pytest.approx(0.25, rel=1e-9)
    assert repaired_availability(10, 1, 0.0, 1.0) == 1.0
