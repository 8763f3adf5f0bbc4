"""Starlink's latency by country: the tables, the median, and that the predictions come from the fleet and the fit alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import sim
from sim.config.schema import Station
from sim.verify import starlink_latency
from sim.verify.starlink_countries import MEDIAN_MS, PLACES, POPS
from sim.verify.starlink_latency import FITTED, SHELLS, Model, errors_ms, overhead_ms, predicted


def test_tables_have_the_same_countries() -> None:
    """21 countries as published; every PoP is a listed one."""
    assert len(MEDIAN_MS) == 21
    assert set(PLACES) == set(POPS) == set(MEDIAN_MS)
    names = {pop.name for pop in starlink_latency._listed("starlink-pops")}
    assert {f"{pop} PoP" for pops in POPS.values() for pop in pops} <= names
    assert isinstance(starlink_latency._listed("starlink-gateways")[0], Station)


def test_fleet_is_of_the_published_size() -> None:
    """72 x 22 twice, 36 x 20, 6 x 58 and 4 x 43 as 10 x 52, and 28 planes of the second generation twice: 10,232."""
    elements, (a, b), graph = starlink_latency._fleet(SHELLS)
    assert elements.count == graph.count == 2 * 1584 + 720 + 520 + 28 * (88 + 120) == 10_232
    assert a.size == 2 * elements.count  # +Grid: two links a satellite
    assert np.all(a < b)
    assert np.all(np.diff(a * np.int64(elements.count) + b) > 0)  # sorted, as `Links` wants them


@pytest.mark.parametrize(
    ("values", "weights", "median"),
    [((3.0, 1.0, 2.0), (1.0, 1.0, 1.0), 2.0), ((1.0, 5.0), (1.0, 3.0), 5.0), ((4.0, 1.0, 9.0), (6.0, 1.0, 1.0), 4.0)],
)
def test_weighted_median(values: tuple[float, ...], weights: tuple[float, ...], median: float) -> None:
    assert starlink_latency._weighted_median(np.array(values), np.array(weights)) == median


def test_overhead_balances_the_three_countries_of_the_fit() -> None:
    """Least squares of one constant: the errors of the fitted countries add up to zero."""
    model = Model(slots=3)
    errors = errors_ms(model)
    assert sum(errors[code] for code in FITTED) == pytest.approx(0.0, abs=1e-9)
    assert errors["POL"] == pytest.approx(predicted(model)["POL"].space_ms + overhead_ms(model) - 22.2)


def test_bounds_of_geometry() -> None:
    """Straight up and down is 2 x 2 x 480 km / c = 6.4 ms; Samoa to Sydney, 4,340 km of great circle, is 29 ms of light and more."""
    found = predicted(Model(slots=3))
    assert min(country.space_ms for country in found.values()) > 6.4
    assert found["WSM"].space_ms > 29.0
    assert all(country.reached == 1.0 for country in found.values())
    assert found["POL"].near
    assert not found["WSM"].near
    assert found["DEU"].laser_share < 0.05
    assert found["WSM"].laser_share == 1.0


def test_higher_shells_are_slower() -> None:
    """All shells 300 km higher: a bent pipe takes 4 x 300 km / c = 4 ms more, less a little for more satellites in view."""
    raised = tuple(shell._replace(altitude_m=shell.altitude_m + 300e3) for shell in SHELLS)
    low, high = (predicted(Model(shells=shells, slots=3))["DEU"].space_ms for shells in (SHELLS, raised))
    assert 2.5 < high - low < 4.5


def test_real_catalogue_asks_for_the_same_overhead(shared_data: Path) -> None:
    """4,672 satellites of September 2023 by SGP4 against the shells: 1 ms, the difference of heights of 550 and 480 km, 4 x 70 km / c."""
    path = shared_data / starlink_latency.CATALOGUE
    assert starlink_latency.catalogue_overhead_ms(path) == pytest.approx(overhead_ms(), abs=1.0)


def test_the_default_overhead_is_the_fit() -> None:
    """Source of truth: the fit on three countries; the default is rounded to 0.1 ms."""
    ground = sim.load("starlink_edge").scenario.ground
    assert ground is not None
    assert 1e3 * ground.access_overhead == pytest.approx(overhead_ms(), abs=0.05)
