"""Replicas of a fleet over years against closed forms of reliability, queues, inventory and checkpointing."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import numpy as np
import pytest
from scipy import stats

from sim.fleet.lifetimes import scale_from_mean_s, share_of_worst, survival
from sim.fleet.reliability import all_slots_availability, elastic_capacity, k_of_n, repaired_availability, wall_per_work
from sim.fleet.replicas.fleet import (
    Change,
    CommonCause,
    Fleet,
    Island,
    Kind,
    Plane,
    Process,
    Remedy,
    Supply,
    arrays,
    replicas,
    room_for,
)
from sim.fleet.replicas.replica import simulate
from sim.fleet.replicas.run import Outcome, Room, new_state, run, with_keys
from sim.fleet.replicas.tables import COLUMNS, Column, JobColumn, Scope, Unit

DAY_S = 86400.0
YEAR_S = 365.25 * DAY_S
LOSS = Process("loss", Unit.SATELLITE, YEAR_S / 0.09)
AT_ONCE = (Remedy(1.0, 0.0),)  # a reboot: only the job notices


def years(duration: float, bins: int = 1) -> list[float]:
    return np.linspace(0.0, duration * YEAR_S, bins + 1).tolist()


def means(fleet: Fleet, number: int, measure: Callable[[Outcome], float]) -> tuple[float, float]:
    """Mean over replicas and its standard error."""
    found = np.array([measure(one) for one in replicas(fleet, 1, range(number))])
    return float(found.mean()), float(found.std(ddof=1) / math.sqrt(number))


def assert_near(fleet: Fleet, number: int, measure: Callable[[Outcome], float], expected: float) -> None:
    mean, error = means(fleet, number, measure)
    assert abs(mean - expected) <= 3.0 * error, f"{mean} against {expected}, standard error {error}"
    assert error < 0.1 * max(abs(expected), 1e-9), "too few replicas to tell"


def column(which: Column, over: float = 1.0) -> Callable[[Outcome], float]:
    return lambda one: float(one.bins[:, which].sum()) / over


def useful(over: float) -> Callable[[Outcome], float]:
    return lambda one: float(one.jobs[:, :, JobColumn.USEFUL].sum()) / over


TIMES = slice(JobColumn.USEFUL, JobColumn.INTERRUPTIONS)  # of members


@pytest.mark.parametrize(("satellites", "parallel", "rate"), [(10, 1, 0.1), (10, 2, 0.1), (100, 10, 0.09)])
def test_limited_repairs(satellites: int, parallel: int, rate: float) -> None:
    """Source of truth: the queue M/M/c//N. The fleet begins whole, so that the first 20 years are left out."""
    fleet = Fleet(
        [0.0, 20 * YEAR_S, 1020 * YEAR_S], [Plane(satellites)], processes=[Process("loss", Unit.SATELLITE, YEAR_S / rate)],
        supply=Supply(parallel=parallel, replace_s=YEAR_S, random_replace=True),
    )  # fmt: skip
    assert_near(fleet, 60, lambda one: one.bins[1, Column.SHARE] / (satellites * 1000 * YEAR_S), repaired_availability(satellites, parallel, rate, 1.0))


@pytest.mark.parametrize(("needed", "alive"), [(64, 0.99), (66, 0.99), (60, 0.95)])
def test_k_of_n(needed: int, alive: float) -> None:
    """Source of truth: the binomial distribution: whether enough satellites are left after a year."""
    rate = -math.log(alive)
    fleet = Fleet(years(1.0), [Plane(66)], processes=[Process("loss", Unit.SATELLITE, YEAR_S / rate)], thresholds=[needed / 66.0])
    assert_near(fleet, 2000, lambda one: float(math.isinf(one.fallen_s[0])), k_of_n(needed, 66, alive))


@pytest.mark.parametrize(("spares", "rate"), [(0, 0.09), (6, 0.09), (6, 0.05)])
def test_hot_spares(spares: int, rate: float) -> None:
    """Source of truth: order statistics in closed form. Mean survival plus the share of spares would be 1 with six of them, which is wrong."""
    process = [Process("loss", Unit.SATELLITE, YEAR_S / rate)]
    island = Island(128, 0, 128 + spares, [0.0] * 128 + [1.0], 60.0)
    whole = Fleet(years(1.0), [Plane(128 + spares)], processes=process, islands=[island])
    assert_near(whole, 800, useful(128 * YEAR_S), all_slots_availability(128, spares, rate, 1.0))
    elastic = whole._replace(islands=[island._replace(pace=[k / 128 for k in range(129)])])
    assert_near(elastic, 400, useful(128 * YEAR_S), elastic_capacity(128, spares, rate, 1.0))
    mean, error = means(elastic, 400, useful(128 * YEAR_S))
    added = min(1.0, (1.0 - math.exp(-rate)) / rate + spares / 128)
    assert spares == 0 or abs(mean - added) > 5.0 * error


SETTINGS = [(1200.0, 60.0, 300.0, 3600.0), (1116.282, 60.0, 300.0, 11134.8), (660.0, 20.0, 300.0, 11134.8), (1058.0, 180.0, 600.0, 3600.0), (60.0, 600.0, 60.0, 900.0)]


@pytest.mark.parametrize(("interval_s", "save_s", "recovery_s", "mean_s"), SETTINGS)
def test_checkpoints(interval_s: float, save_s: float, recovery_s: float, mean_s: float) -> None:
    """Source of truth: the expected wall time of a job in closed form [daly2006]; and all time has one cause."""
    fleet = Fleet(
        years(1.0, 12), [Plane(8)], processes=[Process("interruption", Unit.SATELLITE, 8 * mean_s, remedies=AT_ONCE)],
        islands=[Island(8, 0, 8, [0.0] * 8 + [1.0], interval_s, save_s, recovery_s)],
    )  # fmt: skip
    assert_near(fleet, 300, useful(8 * YEAR_S), 1.0 / wall_per_work(interval_s, save_s, recovery_s, mean_s))
    for one in replicas(fleet, 2, range(3)):
        assert one.bins.min() >= -1e-6
        assert one.jobs[:, 0, TIMES].sum(axis=1) == pytest.approx(8 * np.diff(fleet.edges_s), rel=1e-12)


def test_lifetimes_of_satellites() -> None:
    """Source of truth: the Weibull distribution of 1584 satellites [castet2009]: 0.970 after a year, 0.945 after five."""
    fleet = Fleet(years(5.0, 5), [Plane(4000)], processes=[Process("loss", Unit.SATELLITE, 8316 * YEAR_S, 0.3875)])
    (one,) = replicas(fleet, 1, [0])
    lost = np.cumsum(one.bins[:, Column.LOST])
    expected = 4000 * (1.0 - survival(np.arange(1, 6) * YEAR_S, 8316 * YEAR_S, 0.3875))
    assert np.abs(lost - expected).max() <= 3.5 * math.sqrt(4000 * 0.055)
    assert expected[[0, 4]] / 4000 == pytest.approx([1 - 0.970, 1 - 0.945], abs=5e-4)
    assert scale_from_mean_s(2.0, 2.0) == pytest.approx(2.0 / (math.sqrt(math.pi) / 2.0))


def test_wear_out_and_infant_mortality_are_renewed() -> None:
    """Source of truth: the renewal theorem: over a long time a slot fails once in each mean lifetime, whatever its distribution."""
    for shape in (0.7, 1.0, 4.0):
        process = Process("loss", Unit.SATELLITE, scale_from_mean_s(YEAR_S, shape), shape)
        fleet = Fleet([0.0, 50 * YEAR_S, 300 * YEAR_S], [Plane(20)], processes=[process], supply=Supply(parallel=20, replace_s=0.0))
        assert_near(fleet, 20, lambda one: one.bins[1, Column.LOST] / (20 * 250), 1.0)


def test_frailty() -> None:
    """Source of truth: failures of units whose rates have a gamma distribution are negative binomial; the worst units have most of them."""
    shape, rate = 0.5, 2.0
    process = Process("node", Unit.HOST, YEAR_S / rate, frailty=shape, remedies=AT_ONCE)
    fleet = Fleet(years(1.0), [Plane(1)], kinds=[Kind({Unit.HOST: 1})], processes=[process])
    counts = np.array([one.failures[0] for one in replicas(fleet, 1, range(4000))])
    expected = stats.nbinom(shape, shape / (shape + rate))
    assert counts.mean() == pytest.approx(expected.mean(), abs=3.0 * expected.std() / math.sqrt(4000))
    observed = np.bincount(np.minimum(counts, 8), minlength=9)
    probable = np.append(expected.pmf(range(8)), expected.sf(7))
    assert stats.chisquare(observed, 4000 * probable).pvalue > 1e-3
    # Monte Carlo of the Lorenz curve: 3 of 63 nodes
    drawn = np.sort(np.random.default_rng(3).gamma(0.1, size=(4000, 2100)), axis=1)
    assert share_of_worst(100 / 2100, 0.1) == pytest.approx((drawn[:, -100:].sum(axis=1) / drawn.sum(axis=1)).mean(), abs=0.003)


def test_rates_that_change() -> None:
    """Source of truth: the survival of a piecewise hazard: eight times the rate in the second quarter, none in the third, half in the last."""
    for shape in (1.0, 2.5):
        process = Process("loss", Unit.SATELLITE, YEAR_S, shape, changes=((0.25 * YEAR_S, 8.0), (0.5 * YEAR_S, 0.0), (0.75 * YEAR_S, 0.5)))
        fleet = Fleet(years(1.0, 4), [Plane(20_000)], processes=[process])
        (one,) = replicas(fleet, 1, [0])
        lost = one.bins[:, Column.LOST]
        added = np.diff(np.array([0.0, 0.25, 0.5, 0.75, 1.0]) ** shape) * [1.0, 8.0, 0.0, 0.5]
        expected = np.diff(20_000 * (1.0 - np.exp(-np.cumsum(added))), prepend=0.0)
        assert np.all(np.abs(lost - expected) <= 3.5 * np.sqrt(expected + 1e-12))
        assert lost[2] == 0


def test_remedies() -> None:
    """Source of truth: the probability of each remedy: a third after 11 min, else half after a further hour, else for good."""
    process = Process("host", Unit.HOST, YEAR_S / 40.0, remedies=(Remedy(1 / 3, 660.0), Remedy(0.5, 3600.0)))
    fleet = Fleet(years(1.0), [Plane(300)], kinds=[Kind({Unit.HOST: 1})], processes=[process])
    (one,) = replicas(fleet, 1, [0])
    failed, repaired = one.bins[0, Column.UNITS_FAILED], one.bins[0, Column.UNITS_REPAIRED]
    assert 300 - (failed - repaired) <= 3.0, "after a year nearly every host has failed for good"
    # failures of a host until the last: a geometric number, the last one with probability 1/3
    assert failed / 300 == pytest.approx(3.0, abs=3.0 * math.sqrt(6.0 / 300))
    short = fleet._replace(processes=[process._replace(remedies=(Remedy(1.0, 3600.0),))])
    assert_near(short, 20, column(Column.SHARE, 300 * YEAR_S), 1.0 / (1.0 + 40.0 * 3600.0 / YEAR_S))


def test_partial_loss() -> None:
    """Source of truth: exponential survival of accelerators and of the host that takes four of them with it."""
    kind = Kind({Unit.ACCELERATOR: 8, Unit.HOST: 2}, accelerators_per_host=4)
    processes = [Process("chip", Unit.ACCELERATOR, YEAR_S / 0.8), Process("host", Unit.HOST, YEAR_S / 0.7)]
    fleet = Fleet(years(1.0), [Plane(400)], kinds=[kind], processes=processes)
    assert_near(fleet, 40, column(Column.SHARE, 400 * YEAR_S), (1.0 - math.exp(-1.5)) / 1.5)
    # a chip that fails while its host reboots is counted once
    reboots = [processes[0], processes[1]._replace(scale_s=YEAR_S / 40, remedies=(Remedy(1.0, YEAR_S / 40),))]
    assert_near(fleet._replace(processes=reboots, edges_s=[0.0, 0.5 * YEAR_S, YEAR_S]), 40, lambda one: one.bins[1, Column.SHARE] / (200 * YEAR_S),
         0.5 * (math.exp(-0.4) - math.exp(-0.8)) / 0.4)  # fmt: skip
    # given up below three quarters of its rate, and replaced at once: states of 0, 1 and 2 failed chips, by renewal
    given_up = fleet._replace(kinds=[kind._replace(replace_below=0.75)], supply=Supply(parallel=400), edges_s=[0.0, 2 * YEAR_S, 12 * YEAR_S])
    rates = [0.8 * (8 - k) for k in range(3)]
    there = np.cumprod([1.0, *(r / (r + 1.4) for r in rates[:2])]) / (np.array(rates) + 1.4)
    assert_near(given_up, 20, lambda one: one.bins[1, Column.SHARE] / (4000 * YEAR_S), float(there @ [1.0, 0.875, 0.75] / there.sum()))
    # batteries whose first failed string costs nothing
    kind = Kind({Unit.BATTERY: 2}, left={Unit.BATTERY: [1.0, 1.0, 0.0]})
    fleet = Fleet(years(1.0), [Plane(400)], kinds=[kind], processes=[Process("cell", Unit.BATTERY, YEAR_S / 0.5)])
    t = np.linspace(0.0, 1.0, 1001)
    assert_near(fleet, 10, column(Column.SHARE, 400 * YEAR_S), float(np.trapezoid(1.0 - (1.0 - np.exp(-0.5 * t)) ** 2, t)))


def test_stock_ordered_one_for_one() -> None:
    """Source of truth: Palm's theorem: with a lead time of any distribution, orders under way are Poisson with mean demand x lead time."""
    rate, satellites, stock = 0.1, 2000, 60
    supply = Supply(stock=stock, reorder_at=stock - 1, batch=1, lead_s=0.2 * YEAR_S, lead_random_s=0.05 * YEAR_S, spares_age=False)
    fleet = Fleet([0.0, 2 * YEAR_S, 22 * YEAR_S], [Plane(satellites)], processes=[Process("loss", Unit.SATELLITE, YEAR_S / rate)], supply=supply)
    under_way = stats.poisson(satellites * rate * 0.25)
    k = np.arange(stock)
    assert_near(fleet, 30, lambda one: one.bins[1, Column.ORDERED] / (20 * YEAR_S), float(under_way.mean()))
    assert_near(fleet, 30, lambda one: one.bins[1, Column.STOCK] / (20 * YEAR_S), float(((stock - k) * under_way.pmf(k)).sum()))


def test_batches_and_launches() -> None:
    """Source of truth: balance of satellites; a launch that fails with probability 1/5; no launch in a stand-down."""
    supply = Supply(reorder_at=5, batch=10, stock=5, lead_s=0.1 * YEAR_S, success=0.8, raising_s=0.05 * YEAR_S, launch_usd=1e6)
    fleet = Fleet(years(20.0, 20), [Plane(300)], processes=[LOSS], supply=supply, standdowns=[(5 * YEAR_S, 7 * YEAR_S)])
    launches = failures = 0.0
    for one in replicas(fleet, 1, range(40)):
        total = one.bins.sum(axis=0)
        launches, failures = launches + total[Column.LAUNCHES], failures + total[Column.LAUNCH_FAILURES]
        assert total[Column.LAUNCHED] <= 10 * (total[Column.LAUNCHES] - total[Column.LAUNCH_FAILURES])
        assert one.bins[5:7, Column.LAUNCHES].sum() == 0
        assert one.bins[7, Column.LAUNCHES] > one.bins[4, Column.LAUNCHES], "those that were due come at once"
        assert total[Column.SPENT] % 1e6 == 0
    assert failures / launches == pytest.approx(0.2, abs=3.0 * math.sqrt(0.16 / launches))


def test_a_budget_is_kept() -> None:
    """Source of truth: the budget: nothing is spent before it is there, and all of it is, as more is needed."""
    supply = Supply(reorder_at=5, batch=10, lead_s=0.1 * YEAR_S, launch_usd=10e6, budget_usd=5e6, budget_usd_s=15e6 / YEAR_S)
    fleet = Fleet(years(20.0, 20), [Plane(300)], processes=[LOSS], supply=supply)
    for one in replicas(fleet, 1, range(5)):
        spent = np.cumsum(one.bins[:, Column.SPENT])
        available = 5e6 + 15e6 * np.arange(1, 21)
        assert np.all(spent <= available + 1.0)
        assert spent[-1] > available[-1] - 20e6


def test_replacements_wait_for_money() -> None:
    """Source of truth: by hand: two losses, money for one replacement at once and for the other after a year; each is ready half a year later."""
    supply = Supply(parallel=2, replace_s=0.5 * YEAR_S, launch_usd=1e6, budget_usd=1e6, budget_usd_s=1e6 / YEAR_S)
    fleet = Fleet(years(3.0), [Plane(2)], supply=supply, changes=[Change(0.0, 0, 1)])
    (one,) = replicas(fleet, 1, [0])
    assert one.bins[0, Column.EMPTY] == pytest.approx(2.0 * YEAR_S, abs=2.0)  # money is looked for a second after it is due
    assert one.bins[0, Column.SPENT] == 2e6
    (poor,) = replicas(fleet._replace(supply=supply._replace(budget_usd_s=0.0)), 1, [0])
    assert poor.bins[0, Column.EMPTY] == pytest.approx(3.5 * YEAR_S)


def test_the_end_of_lives_is_known() -> None:
    """Source of truth: by hand: with orders ahead of the end of each life no slot is ever empty; without, for lead time and raising."""
    supply = Supply(reorder_at=-1, batch=10, lead_s=0.5 * YEAR_S, raising_s=0.1 * YEAR_S, ahead_s=0.7 * YEAR_S)
    fleet = Fleet(years(9.0), [Plane(20)], kinds=[Kind(life_s=4 * YEAR_S)], supply=supply)
    (one,) = replicas(fleet, 1, [0])
    assert one.bins[0, Column.SHARE] == pytest.approx(20 * 9 * YEAR_S)
    assert one.bins[0, Column.RETIRED] == 40
    # lives end at 4 and at 8.6 yr, the second time with 0.4 yr to go
    (late,) = replicas(fleet._replace(supply=supply._replace(ahead_s=0.0)), 1, [0])
    assert late.bins[0, Column.EMPTY] == pytest.approx(20 * (0.6 + 0.4) * YEAR_S, rel=1e-9)


def test_servicing_visits() -> None:
    """Source of truth: survival between visits: a unit is exchanged every half year, so that the mean share is (1 - e^-x) / x."""
    process = Process("chip", Unit.ACCELERATOR, YEAR_S / 0.4)
    supply = Supply(visit_s=0.5 * YEAR_S, visit_units=10**9, visit_usd=2e6)
    fleet = Fleet(years(10.0), [Plane(50)], kinds=[Kind({Unit.ACCELERATOR: 8})], processes=[process], supply=supply)
    assert_near(fleet, 30, column(Column.SHARE, 50 * 10 * YEAR_S), -math.expm1(-0.2) / 0.2)
    (one,) = replicas(fleet, 1, [0])
    assert one.bins[0, Column.VISITS] == 19  # the twentieth comes at the end
    assert one.bins[0, Column.SPENT] == 19 * 2e6
    (few,) = replicas(fleet._replace(supply=supply._replace(visit_units=7)), 1, [0])
    assert few.bins[0, Column.UNITS_REPAIRED] == 19 * 7, "more than that have failed at each visit"
    half = fleet._replace(supply=supply._replace(visit_success=0.5))
    assert means(half, 10, column(Column.SHARE))[0] < means(fleet, 10, column(Column.SHARE))[0]


@pytest.mark.parametrize(("scope", "groups"), [(Scope.FLEET, 1), (Scope.PLANE, 4)])
def test_common_causes(scope: Scope, groups: int) -> None:
    """Source of truth: a Poisson process of each group, and a binomial number of satellites at each event."""
    cause = CommonCause("release", scope, Unit.SATELLITE, 0.25, rate_s=2.0 / YEAR_S, return_s=DAY_S)
    fleet = Fleet(years(50.0, 50), [Plane(40)] * 4, causes=[cause])
    counts = np.concatenate([one.bins[:, Column.UNITS_FAILED] for one in replicas(fleet, 1, range(20))])
    events, each = 2.0 * groups, 160.0 / groups
    assert counts.mean() == pytest.approx(events * each * 0.25, rel=3.0 * math.sqrt((1 + 3 / each) / (events * counts.size)))
    variance = events * (each * 0.25 * 0.75 + (each * 0.25) ** 2)  # of a compound Poisson number
    assert counts.var(ddof=1) == pytest.approx(variance, rel=0.25)
    assert events * each * 0.25 < 0.3 * variance, "far more than independent losses"


def test_a_listed_storm_and_batches() -> None:
    """Source of truth: by hand: a storm at a known time, and a defect of a launch that hits its batch alone."""
    storm = CommonCause("storm", Scope.FLEET, Unit.SATELLITE, 1.0, at_s=0.25 * YEAR_S)
    fleet = Fleet(years(1.0), [Plane(10)], causes=[storm])
    (one,) = replicas(fleet, 1, [0])
    assert one.bins[0, Column.SHARE] == pytest.approx(10 * 0.25 * YEAR_S)
    assert one.died_s == 0.25 * YEAR_S
    assert one.failures.tolist() == [10]
    defect = CommonCause("defect", Scope.BATCH, Unit.SATELLITE, 1.0, rate_s=1.0 / YEAR_S)
    fleet = Fleet(years(1.0), [Plane(2)], causes=[defect], filled=False, launches=[(0.0, 1), (0.0, 1)])
    dead = np.array([one.bins[0, Column.LOST] for one in replicas(fleet, 1, range(2000))])
    p = -math.expm1(-1.0)
    assert np.mean(dead == 1) == pytest.approx(2 * p * (1 - p), abs=3.0 * math.sqrt(0.25 / 2000)), "two batches are hit apart"
    again = Fleet(years(1.0), [Plane(1)], causes=[defect], changes=[Change(0.0, 0, 0), Change(0.0, 0, 0, lost=False)])
    dead = np.array([one.bins[0, Column.LOST] for one in replicas(again, 1, range(500))]) - 1.0
    assert dead.mean() == pytest.approx(p, abs=3.0 * math.sqrt(0.25 / 500)), "what fills a slot again is a batch too"


def test_collisions_with_derelicts() -> None:
    """Source of truth: by the mean field: losses at a constant rate pile up and decay; each derelict meets each satellite at a given rate."""
    rate, meets, decay, years_ = 0.05, 4e-5, 10.0, 20.0
    supply = Supply(parallel=10**6, deorbited=0.0, collisions_s=meets / YEAR_S, decay_s=decay * YEAR_S)
    fleet = Fleet(years(years_, 20), [Plane(4000)], processes=[Process("loss", Unit.SATELLITE, YEAR_S / rate)], supply=supply)
    t = np.linspace(0.0, years_, 4001)
    # D' = N rate - D / decay - N meets D
    gone = 1.0 / decay + 4000 * meets
    derelicts = 4000 * rate / gone * -np.expm1(-gone * t)
    assert_near(fleet, 30, column(Column.DERELICT, YEAR_S), float(np.trapezoid(derelicts, t)))
    assert_near(fleet, 30, column(Column.COLLISIONS), float(np.trapezoid(4000 * meets * derelicts, t)))
    assert sum(one.bins[:, Column.COLLISIONS].sum() for one in replicas(fleet._replace(supply=supply._replace(deorbited=1.0)), 1, range(3))) == 0
    # with fragments that reach a quarter of the other satellites of the plane
    broken = fleet._replace(planes=[Plane(40)] * 100, supply=supply._replace(breakup=0.25, collisions_s=0.25 * meets / YEAR_S))
    lost = np.array([one.bins[:, [Column.COLLISIONS, Column.LOST]].sum(axis=0) for one in replicas(broken, 1, range(30))])
    each = (lost[:, 1].sum() - 30 * 4000 * rate * years_) / lost[:, 0].sum()
    assert each == pytest.approx(1.0 + 39 * 0.25, rel=0.1)


def test_many_are_hit_at_once_and_a_fleet_without_thrusters() -> None:
    """Source of truth: by hand: a storm takes every accelerator of a fleet whose events are far more than its satellites; who cannot steer stays in orbit."""
    storm = CommonCause("storm", Scope.FLEET, Unit.ACCELERATOR, 1.0, at_s=0.5 * YEAR_S)
    fleet = Fleet(years(1.0), [Plane(30)], [Kind({Unit.ACCELERATOR: 500, Unit.PROPULSION: 1}, life_s=0.75 * YEAR_S)], causes=[storm])
    (one,) = replicas(fleet, 1, [0])
    assert one.failures.tolist() == [30 * 500]
    assert one.bins[0, Column.SHARE] == pytest.approx(30 * 0.5 * YEAR_S)
    assert one.bins[0, Column.DERELICT] == 0.0, "retired satellites leave their orbit"
    stuck = CommonCause("stuck", Scope.FLEET, Unit.PROPULSION, 1.0, at_s=0.25 * YEAR_S)
    (one,) = replicas(fleet._replace(causes=[stuck]), 1, [0])
    assert one.bins[0, Column.DERELICT] == pytest.approx(30 * 0.25 * YEAR_S), "without thrusters they do not"


def test_a_fleet_that_never_worked() -> None:
    """A fleet that is not built has not died out; one that loses its only satellite has, though it never reached a tenth of its capacity."""
    empty = Fleet(years(1.0), [Plane(20)], filled=False)
    assert [one.died_s for one in replicas(empty, 1, [0])] == [math.inf]
    single = empty._replace(launches=[(0.0, 1)], changes=[Change(0.5 * YEAR_S, 0, 19)])
    (one,) = replicas(single, 1, [0])
    assert one.died_s == 0.5 * YEAR_S
    assert math.isinf(one.reached_s[0])


def test_a_fleet_that_is_built() -> None:
    """Source of truth: by hand: launches of ten every quarter, ready a month later: the times of 10, 50 and 100 % of the capacity."""
    launches = [(q * 0.25 * YEAR_S, 10) for q in range(5)]
    fleet = Fleet(years(2.0, 8), [Plane(40)], filled=False, launches=launches, supply=Supply(raising_s=30 * DAY_S))
    (one,) = replicas(fleet, 1, [0], batches=5)
    assert one.reached_s / YEAR_S == pytest.approx(np.array([0.0, 0.25, 0.75]) + 30 / 365.25)
    assert one.bins[:, Column.STOCK].sum() == pytest.approx(10 * (YEAR_S - 30 * DAY_S), rel=1e-9), "the last launch is not needed"
    share = one.bins[:, Column.SHARE].sum() / YEAR_S
    assert share == pytest.approx(sum(10 * (2.0 - q * 0.25 - 30 / 365.25) for q in range(4)))
    assert one.batches_s[:, 0].sum() == pytest.approx(0.0), "the first batch is that of the beginning"
    assert one.batches_s[:, 1].sum() == pytest.approx(10 * (2 * YEAR_S - 30 * DAY_S))


def test_drift_of_the_parking_orbit() -> None:
    """Source of truth: by hand: the node of a plane a quarter of a turn ahead, gained at a turn in 400 days, and ten days of ascent."""
    supply = Supply(stock=2, turns_s=-1.0 / (400 * DAY_S), transfer_s=10 * DAY_S, spares_age=False)
    fleet = Fleet([0.0, 500 * DAY_S], [Plane(2, phase=0.25)], supply=supply, changes=[Change(50 * DAY_S, 0, 0)])
    (one,) = replicas(fleet, 1, [0])
    assert one.bins[0, Column.EMPTY] == pytest.approx((50 + 10) * DAY_S)
    ahead = fleet._replace(supply=supply._replace(turns_s=1.0 / (400 * DAY_S)))
    (one,) = replicas(ahead, 1, [0])
    assert one.bins[0, Column.EMPTY] == pytest.approx((400 - 100 - 50 + 10) * DAY_S), "the plane gains three quarters of a turn on it"
    near_plane = fleet._replace(planes=[Plane(2, spares=1, phase=0.25)], supply=supply._replace(drift_s=5 * DAY_S))
    (one,) = replicas(near_plane, 1, [0])
    assert one.bins[0, Column.EMPTY] == pytest.approx(5 * DAY_S)
    assert one.bins[0, Column.SWAPS] == 1
    # the plane gets another spare from the stock as soon as the node allows
    assert one.bins[0, Column.SPARES] == pytest.approx((50 + 500 - 110) * DAY_S)
    # two losses, the second while no spare is there: the one that is on its way takes the slot
    twice = near_plane._replace(changes=[Change(50 * DAY_S, 0, 0), Change(60 * DAY_S, 1, 1)], supply=near_plane.supply._replace(stock=1))
    (one,) = replicas(twice, 1, [0])
    assert one.bins[0, Column.EMPTY] == pytest.approx((5 + 50 + 5) * DAY_S)


def test_a_job_by_hand() -> None:
    """Source of truth: by hand: four members and a spare, checkpoints of 10 s after every 90 s, recovery of 30 s; losses at 250 s and 600 s."""
    island = Island(4, 0, 5, [0.0] * 4 + [1.0], 90.0, 10.0, 30.0)
    fleet = Fleet([0.0, 500.0, 1000.0], [Plane(5)], islands=[island], changes=[Change(250.0, 1, 1), Change(600.0, 2, 2), Change(800.0, 2, 2, lost=False)])
    (one,) = replicas(fleet, 1, [0])
    # two intervals kept; 50 s and 30 s of recovery; runs from 280: 320 s are three intervals and 20 s; waits 200 s; recovers; 170 s: 90 + 10 + 70
    kept, saving, recovery, slowed, waiting = one.jobs[:, 0, TIMES].sum(axis=0) / 4.0
    assert [kept, saving, recovery, slowed, waiting] == pytest.approx([180 + 270 + 160, 20 + 30 + 10, 50 + 30 + 20 + 30, 0, 200])
    assert one.jobs[:, :, JobColumn.INTERRUPTIONS].sum() == 2
    # without the spare the job waits from 250 s on
    (alone,) = replicas(fleet._replace(planes=[Plane(4)], islands=[island._replace(last_slot=4)], changes=[Change(250.0, 1, 1)]), 1, [0])
    assert alone.jobs[:, 0, [JobColumn.USEFUL, JobColumn.WAITING]].sum(axis=0) / 4.0 == pytest.approx([180, 750])
    # elastic: three members at three quarters, after a recovery, and back to four by a planned stop: a save and a recovery
    elastic = fleet._replace(
        planes=[Plane(4)], islands=[Island(4, 0, 4, [0.0, 0.25, 0.5, 0.75, 1.0], 90.0, 10.0, 30.0)],
        changes=[Change(250.0, 1, 1), Change(500.0, 1, 1, lost=False)],
    )  # fmt: skip
    (one,) = replicas(elastic, 1, [0])
    kept, saving, recovery, slowed, waiting = one.jobs[:, 0, TIMES].sum(axis=0) / 4.0
    first, second = 180 + 20 * 0, 0.75 * (90 + 90 + 20)  # 280 to 500 s: 220 s are two cycles and 20 s
    third = 4 * 90 + 60  # 540 to 1000 s: 460 s
    assert [kept, recovery, waiting] == pytest.approx([first + second + third, 50 + 30 + 40, 0])
    assert slowed == pytest.approx(0.25 * 200)
    assert saving == pytest.approx(20 + 20 + 40)


def test_a_job_that_waits_before_it_goes_on_with_fewer() -> None:
    """Source of truth: by hand: as above, but 40 s of waiting for a replacement; in the second case it comes after 20 s."""
    island = Island(4, 0, 4, [0.0, 0.25, 0.5, 0.75, 1.0], 90.0, 10.0, 30.0, patience_s=40.0)
    fleet = Fleet([0.0, 260.0, 1000.0], [Plane(4)], islands=[island], changes=[Change(250.0, 1, 1)])
    (one,) = replicas(fleet, 1, [0])
    kept, saving, recovery, slowed, waiting = one.jobs[:, 0, TIMES].sum(axis=0) / 4.0
    # two intervals kept; 50 s done again; waits to 290; recovers to 320; 680 s at three quarters: six cycles and 80 s
    assert [recovery, waiting] == pytest.approx([50 + 30, 40])
    assert [kept, slowed] == pytest.approx([180 + 0.75 * 620, 0.25 * 620])
    assert saving == pytest.approx(20 + 60)
    assert one.jobs[:, 0, JobColumn.WAITING] / 4.0 == pytest.approx([10, 30])  # from 250 to 260, and on
    (one,) = replicas(fleet._replace(changes=[Change(250.0, 1, 1), Change(270.0, 1, 1, lost=False)]), 1, [0])
    kept, saving, recovery, slowed, waiting = one.jobs[:, 0, TIMES].sum(axis=0) / 4.0
    assert [recovery, waiting, slowed] == pytest.approx([50 + 30, 20, 0])
    assert kept == pytest.approx(180 + 7 * 90)


@pytest.mark.parametrize(("left", "speed"), [(0.9, 0.9), (0.5, 0.75), (0.75, 0.75)])
def test_a_slow_member_is_left_out(left: float, speed: float) -> None:
    """Source of truth: by hand: four members, one of which keeps a part of its rate: all at its rate, or three at theirs, whichever is more."""
    kind = Kind({Unit.BATTERY: 1}, left={Unit.BATTERY: [1.0, left]})
    island = Island(4, 0, 4, [0.0, 0.25, 0.5, 0.75, 1.0], 1.0)
    fleet = Fleet([0.0, 1000.0], [Plane(4)], kinds=[kind], islands=[island],
                  causes=[CommonCause("hit", Scope.SLOTS, Unit.BATTERY, 1.0, at_s=400.0, first=2, last=2)])  # fmt: skip
    (one,) = replicas(fleet, 1, [0])
    assert one.jobs[0, 0, JobColumn.USEFUL] / 4.0 == pytest.approx(400.0 + speed * 600.0)
    assert one.jobs[0, 0, JobColumn.SLOWED] / 4.0 == pytest.approx((1.0 - speed) * 600.0)
    # a job that needs all its members runs at the rate of the slowest
    (one,) = replicas(fleet._replace(islands=[island._replace(pace=[0.0] * 4 + [1.0])]), 1, [0])
    assert one.jobs[0, 0, JobColumn.USEFUL] / 4.0 == pytest.approx(400.0 + left * 600.0)


def test_a_quorum_of_islands() -> None:
    """Source of truth: by hand: three islands, two of which must run; the others wait while only one can."""
    islands = [Island(2, 2 * i, 2 * i + 2, [0.0, 0.0, 1.0], 1.0, 0.0, 0.0, job=0, quorum=2) for i in range(3)]
    changes = [Change(100.0, 0, 0), Change(300.0, 2, 2), Change(600.0, 0, 0, lost=False)]
    (one,) = replicas(Fleet([0.0, 1000.0], [Plane(6)], islands=islands, changes=changes), 1, [0])
    assert one.jobs[0, 0, JobColumn.USEFUL] / 2.0 == pytest.approx(100 + 300 + 300 + 400 + 400)
    assert one.jobs[0, 0, JobColumn.WAITING] / 2.0 == pytest.approx(200 + 300 + 700 + 300)


def outcome_bytes(outcomes: Iterable[Outcome]) -> list[bytes]:
    return [b"".join(np.asarray(part).tobytes() for part in one) for one in outcomes]


def everything() -> Fleet:
    """A small fleet with every process that there is."""
    kind = Kind({Unit.ACCELERATOR: 8, Unit.HOST: 2, Unit.PROPULSION: 1, Unit.TERMINAL: 4}, 4, {Unit.TERMINAL: [1, 1, 1, 0, 0]}, 0.3, 6 * YEAR_S, 1e6)
    processes = [
        Process("infant", Unit.SATELLITE, 60 * YEAR_S, 0.5), Process("chip", Unit.ACCELERATOR, YEAR_S / 0.2, frailty=0.8, remedies=(Remedy(0.5, 600.0),)),
        Process("host", Unit.HOST, YEAR_S / 0.2, changes=((2 * YEAR_S, 3.0),)), Process("thruster", Unit.PROPULSION, 20 * YEAR_S),
        Process("laser", Unit.TERMINAL, 15 * YEAR_S), Process("reboot", Unit.SATELLITE, YEAR_S / 3, remedies=AT_ONCE),
    ]  # fmt: skip
    causes = [
        CommonCause("release", Scope.TYPE, Unit.SATELLITE, 0.3, 0.5 / YEAR_S, return_s=DAY_S),
        CommonCause("defect", Scope.BATCH, Unit.ACCELERATOR, 0.1, 0.1 / YEAR_S), CommonCause("debris", Scope.PLANE, Unit.SATELLITE, 0.2, 0.05 / YEAR_S),
    ]  # fmt: skip
    supply = Supply(
        drift_s=5 * DAY_S, stock=2, turns_s=1.0 / YEAR_S, transfer_s=9 * DAY_S, reorder_at=2, batch=4, lead_s=0.3 * YEAR_S, lead_random_s=0.1 * YEAR_S,
        success=0.9, raising_s=40 * DAY_S, launch_usd=1e6, budget_usd=2e7, budget_usd_s=0.3, deorbited=0.5, visit_s=YEAR_S, visit_success=0.7,
        visit_usd=1e5, visit_units=9, ahead_s=0.5 * YEAR_S, collisions_s=0.002 / YEAR_S, decay_s=3 * YEAR_S, breakup=0.1,
    )  # fmt: skip
    islands = [Island(8, 0, 10, [0.0] * 5 + [0.5, 0.5, 0.8, 1.0], 3600.0, 60.0, 600.0, patience_s=5 * DAY_S), Island(9, 10, 20, [0.0] * 9 + [1.0], 1800.0, 30.0, 300.0, job=1)]
    return Fleet(
        years(8.0, 16), [Plane(10, 1, phase=0.1), Plane(10, 1, phase=0.7), Plane(10)],
        [kind, kind._replace(units={**kind.units, Unit.ACCELERATOR: 12, Unit.HOST: 3}, from_s=3 * YEAR_S, rate=2.0)], processes, causes, supply, islands,
        launches=[(YEAR_S, 3)], standdowns=[(4 * YEAR_S, 4.5 * YEAR_S)], changes=[Change(2.5 * YEAR_S, 10, 14), Change(2.6 * YEAR_S, 10, 12, lost=False)],
    )  # fmt: skip


def test_generations() -> None:
    """Satellites of 10 s of life that are replaced at once: from 25 s on by faster ones, so all are after 30 s, and a job of four is faster then."""
    kinds = [Kind(life_s=10.0), Kind(life_s=10.0, from_s=25.0, rate=3.0)]
    job = Island(4, 0, 4, [0.0] * 4 + [1.0], 1.0, recovery_s=1.0)
    fleet = Fleet([0.0, 20.0, 40.0], [Plane(6)], kinds, supply=Supply(parallel=6, replace_s=1.0), islands=[job])
    (one,) = replicas(fleet, 1, [0])
    both = one.by_type[:, 0]  # each life ends after 10 s: satellites at 11, 22 and 33 s, the last ones of the second type
    assert both[:, 0, JobColumn.WORKING] == pytest.approx([6 * (10 + 9), 6 * (1 + 10)])
    assert both[:, 1, JobColumn.WORKING] == pytest.approx([0.0, 6 * 7])
    assert both[:, 0, JobColumn.USEFUL] == pytest.approx([4 * (10 + 8), 4 * (1 + 9)])
    assert both[:, 1, JobColumn.USEFUL] == pytest.approx([0.0, 4 * 6])
    assert both[:, 0, JobColumn.PACED] == pytest.approx([4 * 19, 4 * 11])
    older = fleet._replace(edges_s=[0.0, 40.0], kinds=[Kind(), Kind(from_s=5.0, rate=3.0)], changes=[Change(10.0, 0, 0), Change(20.0, 0, 0, lost=False)])
    (one,) = replicas(older, 1, [0])  # one new member among three old ones: the job stays as slow as they are
    assert one.by_type[0, 0, 1, [JobColumn.ACTIVE, JobColumn.PACED, JobColumn.USEFUL]] == pytest.approx([20.0 + 9.0, 0.0, 0.0])


def test_the_same_bytes() -> None:
    """A replica is a function of fleet, seed and its number: neither of the others, nor of the room it begins with."""
    fleet = everything()
    all_bytes = outcome_bytes(replicas(fleet, 7, range(6), batches=4))
    assert outcome_bytes(replicas(fleet, 7, [4, 1], batches=4)) == [all_bytes[4], all_bytes[1]]
    assert len(set(all_bytes)) == 6
    assert outcome_bytes(replicas(fleet, 8, [0], batches=4)) != all_bytes[:1]
    plan = with_keys(arrays(fleet), 7, 3, range(6), range(6, 9), 99)
    wide, tight = run(plan, Room(10_000, 10_000, 10_000, 5000, 4)), run(plan, Room(4, 4, 2, 2, 4))
    assert outcome_bytes([wide[0]]) == outcome_bytes([tight[0]])
    assert tight[1].events > 4


def test_a_process_more() -> None:
    """Draws of a process do not depend on which others there are: losses of the satellites stay when another process is added."""
    fleet = Fleet(years(5.0, 100), [Plane(60)], processes=[LOSS])
    kind = Kind({Unit.ACCELERATOR: 4})
    both = fleet._replace(kinds=[kind], processes=[Process("chip", Unit.ACCELERATOR, YEAR_S), LOSS])
    for alone, more in zip(replicas(fleet, 3, range(5)), replicas(both, 3, range(5)), strict=True):
        assert np.array_equal(alone.bins[:, Column.LOST], more.bins[:, Column.LOST])
        assert more.failures[0] > 0


@pytest.mark.parametrize("number", range(4))
def test_accounts(number: int) -> None:
    """Invariants: slots are filled or empty, satellites are somewhere, time of jobs has one cause, counts agree."""
    fleet = everything()
    (one,) = replicas(fleet, 11, [number], batches=40)
    widths = np.diff(fleet.edges_s)
    bins, total = one.bins, one.bins.sum(axis=0)
    assert bins.shape == (16, COLUMNS)
    assert np.all(bins[:, Column.WORKING] + bins[:, Column.EMPTY] <= 30 * widths * (1 + 1e-12))
    assert np.all(bins[:, Column.SHARE] <= bins[:, Column.WORKING] * (1 + 1e-12))
    assert one.by_type[..., JobColumn.BORN_S].sum(axis=(1, 2)) == pytest.approx(bins[:, Column.BORN_S], rel=1e-9, abs=1.0)
    assert np.all(one.by_type[..., JobColumn.ACTIVE] <= one.by_type[..., JobColumn.WORKING] * (1 + 1e-12) + 1e-6)
    assert one.batches_s.sum(axis=1) == pytest.approx(30 * widths - bins[:, Column.EMPTY], rel=1e-9)
    active_s, paced_s = one.by_type[..., JobColumn.ACTIVE], one.by_type[..., JobColumn.PACED]
    assert paced_s.sum(axis=2) == pytest.approx(active_s.sum(axis=2), rel=1e-9, abs=1.0)
    assert np.all(paced_s @ [1.0, 2.0] <= active_s @ [1.0, 2.0] + 1.0)  # no member is paced by a type newer than its own
    for job, members in enumerate((8, 9)):
        assert one.jobs[:, job, TIMES].sum(axis=1) == pytest.approx(members * widths, rel=1e-9)
        assert np.all(one.jobs[:, job, JobColumn.ACTIVE] <= members * widths * (1 + 1e-12))
        assert np.all(one.jobs[:, job, JobColumn.USEFUL] <= one.jobs[:, job, JobColumn.ACTIVE] * (1 + 1e-12))
        assert np.all(one.jobs[:, job, JobColumn.ACTIVE] <= one.jobs[:, job, JobColumn.WORKING] * (1 + 1e-12))
    for which, of_job in ((Column.SHARE, JobColumn.SHARE), (Column.WORKING, JobColumn.WORKING)):
        assert one.jobs[:, :, of_job].sum(axis=1) == pytest.approx(bins[:, which], rel=1e-9)
    age_s = 0.5 * (np.array(fleet.edges_s[:-1]) + fleet.edges_s[1:]) - bins[:, Column.BORN_S] / bins[:, Column.WORKING]
    assert np.all(age_s > -0.5 * widths)
    assert np.all(age_s < fleet.edges_s[1:])
    assert total[Column.UNITS_REPAIRED] <= total[Column.UNITS_FAILED]
    assert np.all(bins[:, Column.DERELICT] <= np.cumsum(bins[:, Column.LOST]) * widths)
    assert bins[:, Column.LOST :].min() >= 0.0
    assert total[Column.COLLISIONS] > 0 or number != 1
    state = new_state(arrays(fleet), room_for(fleet))
    simulate(with_keys(arrays(fleet), 11, number, range(6), range(6, 9), 99), state)
    present = np.count_nonzero(state.rows["place"])
    assert present == 30 + 2 + 2 + state.bins[:, Column.LAUNCHED].sum() - state.bins[:, [Column.LOST, Column.RETIRED]].sum()


def test_plans_that_make_no_sense() -> None:
    """Source of truth: what a plan needs."""
    fleet = Fleet(years(1.0), [Plane(2)], processes=[LOSS, LOSS])
    with pytest.raises(ValueError, match="one name twice"):
        arrays(fleet)
    with pytest.raises(ValueError, match="four remedies"):
        arrays(fleet._replace(processes=[LOSS._replace(remedies=AT_ONCE * 5)]))
    with pytest.raises(ValueError, match="pace"):
        arrays(fleet._replace(processes=[LOSS], islands=[Island(2, 0, 2, [1.0], 1.0)]))
    for field, supply in (("no launch", Supply(batch=1, success=0.0)), ("visits", Supply(visit_s=0.0))):
        with pytest.raises(ValueError, match=field):
            arrays(fleet._replace(processes=[LOSS], supply=supply))
    with pytest.raises(ValueError, match="scale"):
        arrays(fleet._replace(processes=[LOSS._replace(scale_s=0.0)]))
