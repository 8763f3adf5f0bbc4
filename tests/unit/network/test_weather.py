"""Weather at sites against the distributions, correlations and joint statistics that it is made for."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from orbit.ground import Station
from sim.network.atmosphere import components
from sim.network.climate import climate
from sim.network.weather import (
    Weather,
    cloud_correlation,
    distances_m,
    pass_shares,
    rain_correlation,
    site_diversity,
)

DAY, YEAR = 1440, 525_600  # steps of 60 s
KA = 20e9


def _site(name: str, latitude_deg: float, longitude_deg: float, height_m: float = 30.0) -> Station:
    return Station(name, math.radians(latitude_deg), math.radians(longitude_deg), height_m, math.radians(10.0))


def _pair(distance_km: float) -> list[Station]:
    """Two sites near London, one north of the other."""
    return [_site("south", 51.5, -0.14), _site("north", 51.5 + math.degrees(distance_km / 6371.0), -0.14)]


def _upper(a: float, b: float, r: float) -> float:
    """P(X > a, Y > b) of normal variates with correlation r, by quadrature over X."""
    if r > 0.999999:
        return float(norm.sf(max(a, b)))
    return float(quad(lambda x: norm.pdf(x) * norm.sf((b - r * x) / math.sqrt(1.0 - r * r)), a, 10.0, epsabs=1e-12, epsrel=1e-8, limit=200)[0])


LONDON = _site("London", 51.5, -0.14)
CLIMATE = climate(LONDON.latitude_rad, LONDON.longitude_rad, LONDON.height_m)


@pytest.fixture(scope="module")
def year() -> Weather:
    return Weather([LONDON], YEAR, 60.0, seed=1)


@pytest.fixture(scope="module")
def starts() -> tuple[np.ndarray, np.ndarray]:
    """First moments of 4,000 independent replicas: exceedances and clouds, by replica."""
    many = [Weather([LONDON], 1, 60.0, seed=3, replica=r, climates=[CLIMATE]) for r in range(4000)]
    return np.array([w.exceedance()[0, 0] for w in many]), np.array([w.cloudy[0, 0] for w in many])


def test_exceedances_are_uniform(starts: tuple[np.ndarray, np.ndarray]) -> None:
    """Source of truth: a variate put through its own distribution is uniform. Bound of Dvoretzky, Kiefer, Wolfowitz and Massart for 4,000
    independent draws: the empirical distribution is off by more than sqrt(ln(2e6) / 8000) = 0.0426 once in 1e6."""
    share = np.sort(starts[0])
    n = share.size
    steps = np.arange(n)
    off = max(np.max(share - steps / n), np.max((steps + 1) / n - share))
    assert off < math.sqrt(math.log(2e6) / (2 * n))


def test_attenuation_has_the_long_term_distribution(year: Weather) -> None:
    """Source of truth: P.618's attenuation exceeded for p. Of a year with a correlation time of 1/beta = 5,000 s there are 365 d /
    (2 x 5,000 s) = 3,154 independent samples: the share above it is p within 5 sqrt(p (1 - p) / 3154), and 1 % for the table."""
    got = year.attenuation_db(0, KA, math.radians(30.0), np.arange(YEAR))
    for p in (0.3, 0.1, 0.03, 0.01, 0.003):
        limit = float(components(CLIMATE, KA, math.radians(30.0), p).total_db)
        assert np.mean(got > limit) == pytest.approx(p, abs=5.0 * math.sqrt(p * (1.0 - p) / 3154) + 0.01 * p), p


@pytest.mark.parametrize("ghz", [12.0, 20.0, 30.0, 73.0])
@pytest.mark.parametrize("deg", [5.0, 12.3, 24.9, 31.0, 60.0, 90.0])
def test_each_moment_is_the_curve(year: Weather, ghz: float, deg: float) -> None:
    """Source of truth: P.618 at the exceedance of the moment, without the table: 1 % or 0.02 dB. Where P.618 leaves its range (rain
    above 5 %) the table keeps it falling."""
    moments = np.arange(0, YEAR, 997)
    share = year.exceedance()[moments, 0]
    theirs = components(CLIMATE, 1e9 * ghz, math.radians(deg), share).total_db
    assert np.allclose(year.attenuation_db(0, 1e9 * ghz, math.radians(deg), moments), theirs, rtol=0.01, atol=0.02)


def test_one_weather_for_all_bands(year: Weather) -> None:
    """By construction: what is worse at 20 GHz is not better at 30 GHz; interpolation rounds at 1e-15."""
    moments = np.arange(0, YEAR, 61)
    order = np.argsort(year.rain[moments, 0])
    for hz in (12e9, 20e9, 30e9, 83e9):
        assert np.all(np.diff(year.attenuation_db(0, hz, 0.5, moments)[order]) >= -1e-12)


def test_correlation_in_time(year: Weather) -> None:
    """Source of truth: exp(-beta t) with beta = 2e-4 1/s of P.1853. Standard error with 3,154 samples 0.018: 0.08."""
    x = year.rain[:, 0].astype(np.float64)
    for minutes in (10, 83, 250):
        got = np.mean(x[:-minutes] * x[minutes:]) / np.mean(x * x)
        assert got == pytest.approx(math.exp(-2e-4 * 60.0 * minutes), abs=0.08)


def test_clouds_have_their_share(starts: tuple[np.ndarray, np.ndarray]) -> None:
    """Source of truth: the share of the climate; 5 standard errors of 4,000 independent draws."""
    p = CLIMATE.cloud_fraction
    assert np.mean(starts[1]) == pytest.approx(p, abs=5.0 * math.sqrt(p * (1.0 - p) / 4000))


def test_clouds_stay() -> None:
    """Source of truth: P.1853: normal variate 0.349 X1 + 0.830 X2 of filters with 7.17e-4 and 2.01e-5 1/s fed by the same noise, with
    correlation 2 sqrt(b1 b2) / (b1 + b2) between X1 and X2; cloudy twice, six hours apart, by quadrature. 5 standard errors."""
    g1, g2, b1, b2 = 0.349, 0.830, 7.17e-4, 2.01e-5
    between = 2.0 * math.sqrt(b1 * b2) / (b1 + b2)
    for hours in (1.0, 6.0):
        fall1, fall2 = math.exp(-b1 * 3600.0 * hours), math.exp(-b2 * 3600.0 * hours)
        r = g1 * g1 * fall1 + g2 * g2 * fall2 + g1 * g2 * between * (fall1 + fall2)
        r /= g1 * g1 + g2 * g2 + 2.0 * g1 * g2 * between
        level = norm.isf(CLIMATE.cloud_fraction)
        steps = int(60 * hours) + 1
        many = [Weather([LONDON], steps, 60.0, seed=5, replica=k, climates=[CLIMATE]).cloudy[:, 0] for k in range(1500)]
        both = np.mean([w[0] and w[-1] for w in many])
        expected = _upper(level, level, r)
        assert both == pytest.approx(expected, abs=5.0 * math.sqrt(expected * (1.0 - expected) / 1500))


@pytest.fixture
def cloud_variate(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, float, int], np.ndarray]:
    """Cloud variate of London, for a number of steps, their length [s] and a seed."""
    made: list[np.ndarray] = []
    at_steps = Weather._at_steps

    def keep(self: Weather, *given: Any) -> Any:
        made.append(at_steps(self, *given))
        return made[-1]

    monkeypatch.setattr(Weather, "_at_steps", keep)

    def draw(steps: int, step_s: float, seed: int) -> np.ndarray:
        Weather([LONDON], steps, step_s, seed=seed, climates=[CLIMATE])
        return made[-1][:, 0].astype(np.float64)  # rain comes before

    return draw


def _cloud_correlation_in_time(lag_s: float) -> float:
    """As P.1853 has it: two filters fed by the same noise, as in `test_clouds_stay`."""
    g1, g2, b1, b2 = 0.349, 0.830, 7.17e-4, 2.01e-5
    between = 2.0 * math.sqrt(b1 * b2) / (b1 + b2)
    fall1, fall2 = math.exp(-b1 * lag_s), math.exp(-b2 * lag_s)
    return (g1 * g1 * fall1 + g2 * g2 * fall2 + g1 * g2 * between * (fall1 + fall2)) / (g1 * g1 + g2 * g2 + 2.0 * g1 * g2 * between)


@pytest.mark.parametrize("seed", [11, 12])
def test_slow_clouds(seed: int, cloud_variate: Callable[[int, float, int], np.ndarray]) -> None:
    """Source of truth: P.1853: the correlation of the variate with itself hours later, written out. Twelve years have 3.8e8 s times 2.01e-5 1/s = 7,600
    times of the slow process: standard error of a correlation at most sqrt(2 / 7600) = 0.016, five of them."""
    x = cloud_variate(12 * 8766, 3600.0, seed)
    for hours in (1, 3, 6, 12, 24, 48):
        assert np.mean(x[:-hours] * x[hours:]) == pytest.approx(_cloud_correlation_in_time(3600.0 * hours), abs=0.08), hours
    assert np.mean(x * x) == pytest.approx(1.0, abs=0.08)


def test_fast_clouds(cloud_variate: Callable[[int, float, int], np.ndarray]) -> None:
    """Source of truth: the same within minutes, from the mean square of differences, 2 (1 - r): a year has 17,500 differences over 30 min, nearly
    independent: five standard errors are 5 sqrt(2 / 17500) = 5.3 %."""
    x = cloud_variate(YEAR, 60.0, 13)
    for minutes in (5, 10, 20, 30):
        found = np.mean((x[minutes:] - x[:-minutes]) ** 2)
        assert found == pytest.approx(2.0 * (1.0 - _cloud_correlation_in_time(60.0 * minutes)), rel=0.055), minutes


def test_it_is_cloudy_where_it_rains(year: Weather) -> None:
    """Source of truth: same noise for rain and clouds: correlation 0.349 c(b, b1) + 0.830 c(b, b2) = 0.766 with c as above and b = 2e-4.
    P(cloudy | heavy attenuation, exceeded for 1 %) by quadrature. 31 independent samples: 5 sqrt(0.02 / 31)."""
    heavy = year.exceedance()[:, 0] < 0.01
    expected = _upper(norm.isf(0.01), norm.isf(CLIMATE.cloud_fraction), 0.766) / 0.01
    assert expected > 0.97
    assert np.mean(year.cloudy[heavy, 0]) == pytest.approx(expected, abs=0.12)


@pytest.mark.parametrize("km", [0.0, 10.0, 100.0, 1000.0])
def test_joint_exceedance_of_two_sites(km: float) -> None:
    """Source of truth: the bivariate normal integral with the stated correlation, at the attenuation exceeded for 5 %. A year has 3,154
    independent moments: 5 standard errors."""
    pair = _pair(km)
    share = Weather(pair, YEAR, 60.0, seed=7, climates=[CLIMATE, CLIMATE]).exceedance()
    got = np.mean((share < 0.05).all(axis=1))
    expected = _upper(norm.isf(0.05), norm.isf(0.05), float(rain_correlation(1e3 * km)))
    assert got == pytest.approx(expected, abs=5.0 * math.sqrt(expected * (1.0 - expected) / 3154))
    if km == 0.0:
        assert np.array_equal(share[:, 0], share[:, 1])


@pytest.mark.parametrize("km", [2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0])
def test_correlation_against_p618(km: float) -> None:
    """Source of truth: P.618, section 2.2.4.1: P(both attenuated) = P(both in rain) P(both above | rain), with correlations
    0.7 exp(-d/60) + 0.3 exp(-(d/700)^2) and 0.94 exp(-d/30) + 0.06 exp(-(d/500)^2). For rain during 5 % of the year and attenuation exceeded
    for 0.1 to 0.5 % one correlation stands for both within 16 % of the joint probability."""
    occurs = 0.7 * math.exp(-km / 60.0) + 0.3 * math.exp(-((km / 700.0) ** 2))
    strong = 0.94 * math.exp(-km / 30.0) + 0.06 * math.exp(-((km / 500.0) ** 2))
    for p in (1e-3, 2e-3, 5e-3):
        level, rain = norm.isf(p / 0.05), norm.isf(0.05)
        theirs = _upper(rain, rain, occurs) * _upper(level, level, strong)
        ours = _upper(norm.isf(p), norm.isf(p), float(rain_correlation(1e3 * km)))
        assert ours == pytest.approx(theirs, rel=0.16)


def test_diversity_gain() -> None:
    """Source of truth: the gain of P.618, section 2.2.4.2, a regression over measurements: G_d G_f G_e G_b for two sites 20 km apart at 20 GHz,
    30 deg, baseline at right angles. Joint statistics and the regression differ by a third at most; no gain without distance."""
    share = 1e-3
    single = float(components(CLIMATE, KA, math.radians(30.0), share).total_db)

    def together_db(km: float) -> float:
        """Attenuation that both sites exceed for the share."""
        r = float(rain_correlation(1e3 * km))
        low, high = share, 0.2
        for _ in range(60):
            middle = math.sqrt(low * high)
            low, high = (middle, high) if _upper(norm.isf(middle), norm.isf(middle), r) < share else (low, middle)
        return float(components(CLIMATE, KA, math.radians(30.0), low).total_db)

    a, b = 0.78 * single - 1.94 * (1.0 - math.exp(-0.11 * single)), 0.59 * (1.0 - math.exp(-0.1 * single))
    hodge = a * (1.0 - math.exp(-b * 20.0)) * math.exp(-0.025 * 20.0) * (1.0 + 0.006 * 30.0) * (1.0 + 0.002 * 90.0)
    assert single - together_db(20.0) == pytest.approx(hodge, rel=0.34)
    assert single - together_db(0.0) == pytest.approx(0.0, abs=1e-6)
    gains = [single - together_db(km) for km in (1.0, 5.0, 20.0, 100.0)]
    assert np.all(np.diff(gains) > 0.0)


@pytest.mark.parametrize("km", [10.0, 100.0, 1000.0])
def test_clouds_of_two_sites(km: float) -> None:
    """Source of truth: the bivariate normal integral with the stated correlation; 1,500 independent replicas, 5 standard errors."""
    pair, level = _pair(km), norm.isf(CLIMATE.cloud_fraction)
    both = np.mean([Weather(pair, 1, 60.0, seed=9, replica=k, climates=[CLIMATE, CLIMATE]).cloudy[0].all() for k in range(1500)])
    expected = _upper(level, level, float(cloud_correlation(1e3 * km)))
    assert both == pytest.approx(expected, abs=5.0 * math.sqrt(expected * (1.0 - expected) / 1500))


# --- the same weather, however it is asked for --------------------------------------------------------------------------

PLACES = [LONDON, _site("Oxford", 51.75, -1.26), _site("Paris", 48.85, 2.35), _site("Singapore", 1.35, 103.82), _site("Sydney", -33.87, 151.2)]


def test_longer_run_begins_alike() -> None:
    """By construction: the first day of a week is the same day, to the bit."""
    day, week = (Weather(PLACES, n * DAY, 60.0, seed=2) for n in (1, 7))
    assert np.array_equal(day.rain, week.rain[:DAY])
    assert np.array_equal(day.cloudy, week.cloudy[:DAY])


def test_step_changes_nothing() -> None:
    """By construction: steps of 15 s and of 60 s see the same weather at the same times, to the bit; between, the variance stays 1."""
    fine, coarse = Weather(PLACES, 4 * DAY, 15.0, seed=2), Weather(PLACES, DAY, 60.0, seed=2)
    assert np.array_equal(fine.rain[::4], coarse.rain)
    assert np.array_equal(fine.cloudy[::4], coarse.cloudy)
    long = Weather([LONDON], 4 * YEAR, 15.0, seed=2).rain[:, 0].astype(np.float64)
    assert np.var(long[2::4]) / np.var(long[::4]) == pytest.approx(1.0, abs=1e-3)  # without the scale 0.994


def test_order_and_far_sites_change_nothing() -> None:
    """By construction: a stream belongs to its name; sites on other continents are independent."""
    everything, turned = Weather(PLACES, DAY, 60.0, seed=2), Weather(PLACES[::-1], DAY, 60.0, seed=2)
    assert np.allclose(everything.rain, turned.rain[:, ::-1], atol=1e-6)
    assert np.array_equal(Weather(PLACES[:3], DAY, 60.0, seed=2).rain, everything.rain[:, :3])
    assert np.array_equal(Weather(PLACES[4:], DAY, 60.0, seed=2).rain, everything.rain[:, 4:])


def test_seed_and_replica_change_it() -> None:
    """By construction."""
    base = Weather([LONDON], DAY, 60.0, seed=2).rain
    assert not np.array_equal(base, Weather([LONDON], DAY, 60.0, seed=3).rain)
    assert not np.array_equal(base, Weather([LONDON], DAY, 60.0, seed=2, replica=1).rain)
    assert np.array_equal(base, Weather([LONDON], DAY, 60.0, seed=2).rain)


def test_arguments_broadcast() -> None:
    """By the docstring: times by sites in one call."""
    weather = Weather(PLACES, 100, 60.0, seed=2)
    elevation = np.full((100, 5), 0.7)
    got = weather.attenuation_db(np.arange(5), KA, elevation, np.arange(100)[:, None])
    assert got.shape == (100, 5)
    assert float(got[7, 3]) == float(weather.attenuation_db(3, KA, 0.7, 7))
    low = weather.attenuation_db(0, KA, [0.0, 0.05, math.radians(5.0)], 0)
    assert np.all(low == low[0])


def test_bad_input() -> None:
    """By the docstring."""
    with pytest.raises(ValueError, match="share the name 'London'"):
        Weather([LONDON, LONDON], 10, 60.0, seed=1)
    with pytest.raises(ValueError, match="at least one step"):
        Weather([LONDON], 0, 60.0, seed=1)


# --- correlations and sets of sites -------------------------------------------------------------------------------------


def test_correlations_are_positive_definite() -> None:
    """Source of truth: exponentials and Gaussians of a distance in space are covariances: 200 sites over the globe and 100 within
    100 km have no eigenvalue below rounding; at one place the correlation is 1."""
    rng = np.random.default_rng(1)
    wide = [_site(f"w{k}", math.degrees(math.asin(rng.uniform(-1, 1))), rng.uniform(-180, 180)) for k in range(200)]
    near = [_site(f"n{k}", 48.0 + rng.uniform(0, 1), 11.0 + rng.uniform(0, 1)) for k in range(100)]
    distance = distances_m([*wide, *near])
    for law in (rain_correlation, cloud_correlation):
        matrix = law(distance)
        assert np.allclose(np.diag(matrix), 1.0)
        assert np.linalg.eigvalsh(matrix).min() > -1e-9


def test_distances() -> None:
    """Source of truth: London to Paris is 344 km by great circle; to the antipode the chord is the diameter."""
    got = distances_m([LONDON, PLACES[2], _site("opposite", -51.5, 179.86)])
    assert got[0, 1] == pytest.approx(344e3, rel=0.01)
    assert got[0, 2] == pytest.approx(2.0 * 6371008.8, rel=1e-6)


def test_mean_availability_in_australasia() -> None:
    """Source of truth: 69 % mean clear time of eight sites in Australia and New Zealand, from five satellites [birch2023]. Its sites are
    stated by region; ours are towns there. Liquid water alone, on cells of 1.1 deg: 10 points."""
    towns = ((-31.95, 115.86), (-23.7, 133.9), (-35.3, 149.0), (-34.9, 138.6), (-33.87, 151.2), (-36.85, 174.76), (-43.53, 172.6), (-45.25, 169.4))
    clear = [1.0 - climate(math.radians(lat), math.radians(lon), 100.0).cloud_fraction for lat, lon in towns]
    assert np.mean(clear) == pytest.approx(0.69, abs=0.10)


def test_availability_of_a_set() -> None:
    """Source of truth: P(all cloudy) of three sites far apart is the product of theirs, of two near ones it is more: 1,500 replicas."""
    far = [PLACES[0], PLACES[3], PLACES[4]]
    theirs = [climate(s.latitude_rad, s.longitude_rad, s.height_m) for s in far]
    states = np.concatenate([Weather(far, 1, 60.0, seed=4, replica=k, climates=theirs).cloudy for k in range(1500)])
    found = site_diversity(~states)
    expected = 1.0 - math.prod(c.cloud_fraction for c in theirs)
    assert found.joint == pytest.approx(expected, abs=5.0 * math.sqrt(expected * (1.0 - expected) / 1500))
    assert found.joint > found.single.max()
    near = _pair(10.0)
    states = np.concatenate([Weather(near, 1, 60.0, seed=4, replica=k, climates=[CLIMATE, CLIMATE]).cloudy for k in range(1500)])
    independent = 1.0 - CLIMATE.cloud_fraction**2
    assert site_diversity(~states).joint < independent - 0.08


def test_per_pass_and_not_per_globe() -> None:
    """By hand: a satellite over one site at a time gets its weather, however many sites there are elsewhere."""
    usable = np.array([[False, True], [False, True], [True, False], [True, True]])
    view = np.array([[True, False], [True, False], [False, False], [False, True]])
    found = site_diversity(usable, view)
    assert found.single.tolist() == [0.0, 1.0]
    assert found.joint == pytest.approx(1.0 / 3.0)
    assert pass_shares(found).tolist() == [0.0, 1.0]
    nothing = site_diversity(usable, np.zeros_like(view))
    assert math.isnan(nothing.joint)
    assert pass_shares(nothing).size == 0
