"""The map of radiation: values of the results, the anomaly's outline, errors where they happened."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import synthetic
from numpy.testing import assert_allclose

from viz import radiation, radiation_map, satellites

Make = Callable[..., synthetic.Results]


def traces(chart: Any) -> dict[str, Any]:
    """Traces of a chart by name."""
    return {trace.name: trace for trace in chart.figure.data}


def test_map_has_the_values_of_the_results(make: Make) -> None:
    """Source of truth: the series: 1 Gy/s is 3.6e9 micrograys an hour, 1e4 /(m2 s) is 1 /(cm2 s); rows of equal height in the sine."""
    run = synthetic.dissect(make("walker"))
    shown = satellites.find_satellites(run)
    chart = radiation_map.chart(run, shown)
    assert chart is not None
    found = traces(chart)
    dose, flux = run.series["map_dose_rate_gy_s"].values[0], run.series["map_proton_flux_m2_s"].values[0]
    assert_allclose(np.asarray(found["dose-0"].customdata), 3.6e9 * dose, rtol=1e-6)
    assert_allclose(10.0 ** np.asarray(found["dose-0"].z, dtype=float), 3.6e9 * dose, rtol=2e-3)
    assert_allclose(np.asarray(found["flux-0"].customdata), 1e-4 * flux, rtol=1e-6)
    assert (found["dose-0"].visible, found["flux-0"].visible) == (True, False)
    edges = np.asarray(found["dose-0"].y)
    assert len(edges) == 97
    assert_allclose(np.diff(np.sin(np.radians(edges))), 2.0 / 96.0, atol=2e-5)
    assert (found["dose-0"].x[0], found["dose-0"].x[-1], len(found["dose-0"].x)) == (-180.0, 180.0, 129)


def maps_of(flux_cm2_s: np.ndarray) -> radiation.Maps:
    """Maps of one type with this flux."""
    rows, columns = flux_cm2_s.shape
    return radiation.Maps(
        dose_ugy_h=flux_cm2_s[None],
        flux_cm2_s=flux_cm2_s[None],
        altitude_km=np.array([500.0]),
        latitude_deg=np.degrees(np.arcsin((np.arange(rows) + 0.5) * 2.0 / rows - 1.0)),
        longitude_deg=(np.arange(columns) + 0.5) * 360.0 / columns - 180.0,
        anomaly_cm2_s=10.0,
    )


def test_anomaly_by_hand() -> None:
    """By hand on 10 x 8 cells: the region of the largest flux, over the edge at 180 deg; neither another region nor the polar caps."""
    flux = np.ones((10, 8))
    flux[3, [0, 7]] = 20.0, 30.0  # one region, on both sides of 180 deg
    flux[4, 7] = 11.0
    flux[4, 3] = 15.0  # apart from it
    flux[9, :] = 99.0  # a polar cap
    flux[5, 7] = 10.0  # the limit itself is outside
    expected = np.zeros((10, 8), dtype=bool)
    expected[3, [0, 7]] = expected[4, 7] = True
    assert (radiation.anomaly(maps_of(flux), 0) == expected).all()
    assert not radiation.anomaly(maps_of(np.ones((10, 8))), 0).any()


def test_outline_holds_the_anomaly(make: Make) -> None:
    """Source of truth: the flux of the results: the outlined window has values above the limit in the cells of the anomaly alone."""
    run = synthetic.dissect(make("walker"))
    maps = radiation.find_maps(run.series)
    assert maps is not None
    trace = radiation_map.anomaly_trace(maps, 0, True)
    assert trace is not None
    assert trace.contours.start == pytest.approx(np.log10(10.0))
    above = int((np.asarray(trace.z, dtype=float) > 1.0).sum())
    flux = run.series["map_proton_flux_m2_s"].values[0]
    assert above == int((flux > 1e5).sum()) > 50
    chart = radiation_map.chart(run, None)
    assert chart is not None
    share = (flux > 1e5).mean()
    assert f"of the sphere it covers {100 * share:.1f}\u00a0%." in chart.note


EVENT = {"time_utc": "2026-12-21T00:31:00Z", "target": "satellite 5", "satellite": 5, "last_satellite": 5, "remaining_fraction": 0.0}


@pytest.mark.parametrize(
    ("cause", "action", "kind"),
    [
        ("radiation", "corrupt", "silent error"),
        ("radiation", "derate", "interruption of accelerators"),
        ("radiation", "lose", "interruption of a satellite"),
        ("radiation", "restore", None),
        ("soft error: memory", "derate", "memory"),
        ("soft error", "lose", "soft error"),
        ("soft error: memory", "restore", None),
        ("scenario", "lose", None),
        (None, "lose", None),
    ],
)
def test_kinds_of_errors(cause: str | None, action: str, kind: str | None) -> None:
    assert radiation.error_kind(EVENT | {"cause": cause, "action": action}) == kind


def test_errors_are_where_their_satellite_was(make: Make) -> None:
    """By hand: half-way in time along a circle in the plane of the equator from 10 E to 20 E, while the Earth turns by 2 deg: 14 E."""
    run = synthetic.dissect(make("walker", frames=5))
    frame_s = run.series["frame"].values / 1e3
    turn = np.linspace(0.3, 0.3 + np.radians(2.0) * 4, 5)
    run.series["gmst_rad"].values[:] = turn
    for frame, longitude in ((1, 10.0), (2, 20.0)):
        angle = np.radians(longitude) + turn[1]
        run.series["position_m"].values[frame, :, 5] = 7e6 * np.array([np.cos(angle), np.sin(angle), 0.0])
    event = EVENT | {"cause": "radiation", "action": "corrupt", "time_s": float(frame_s[1:3].mean())}
    run.events = [event, event | {"satellite": 99_999, "last_satellite": 99_999}, event | {"cause": "scenario"}]
    errors = radiation.find_errors(run)
    assert errors is not None
    assert_allclose(errors.place_deg[:, 0], [0.0, 14.0], atol=1e-4)
    assert errors.kind == ("silent error",)
    assert errors.all == 2
    chart = radiation_map.chart(run, None)
    assert chart is not None
    assert list(traces(chart)["error: silent error"].x) == [pytest.approx(14.0, abs=0.01)]
    assert "1 of 2 errors by radiation are drawn" in chart.note


def test_no_errors_no_marks(make: Make) -> None:
    run = synthetic.dissect(make("walker"))
    assert radiation.find_errors(run) is None
    chart = radiation_map.chart(run, satellites.find_satellites(run))
    assert chart is not None
    assert not any(name.startswith("error") for name in traces(chart))
    assert [name for name, _ in chart.key] == ["ground track", "South Atlantic Anomaly"]


def test_dose_and_time_in_the_anomaly(make: Make) -> None:
    """By hand: of four moments one inside, where the dose rate is 9 times that outside: 9 / 12 of the dose, mean 3 times."""
    run = synthetic.dissect(make("walker", frames=4))
    shown = satellites.find_satellites(run)
    assert shown is not None
    k = int(shown.at[0])
    run.series["gmst_rad"].values[:] = 0.0
    for frame, (lat, lon) in enumerate([(-25.0, -50.0), (60.0, 10.0), (50.0, 100.0), (0.0, 150.0)]):
        a, o = np.radians([lat, lon])
        run.series["position_m"].values[frame, :, k] = 7e6 * np.array([np.cos(a) * np.cos(o), np.cos(a) * np.sin(o), np.sin(a)])
    run.series["dose_rate_gy_s"].values[:, k] = np.array([9.0, 1.0, 1.0, 1.0]) * 1e-8
    found = radiation.doses(run, shown)[0]
    assert found == {"gy_s": pytest.approx(3e-8, rel=1e-6), "time": 0.25, "dose": pytest.approx(0.75, rel=1e-6)}
    assert radiation.dose_words(found).startswith("The chosen satellite gets 0.947\u00a0Gy a year")  # 3e-8 x 3.156e7 s


def test_no_maps_no_chart(make: Make) -> None:
    run = make("walker")
    assert radiation_map.chart(run, None) is None
    synthetic.dissect(run)
    run.series["map_dose_rate_gy_s"].values[:] = np.nan
    assert radiation_map.chart(run, satellites.find_satellites(run)) is None


def test_coastlines_do_not_cross_the_map() -> None:
    """Lines end at 180 degrees: no piece is longer than half the map."""
    trace = radiation_map.coast_trace()
    steps = np.abs(np.diff(np.asarray(trace.x, dtype=float)))
    assert np.nanmax(steps) < 180.0
