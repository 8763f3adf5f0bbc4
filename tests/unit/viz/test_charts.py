"""Charts carry the numbers of the results."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import synthetic
from numpy.testing import assert_allclose

from sim.schema import CAUSES
from viz import charts, figures, formatting, latency, waterfall
from viz.palette import CAUSE


def bar_sum(chart: figures.Chart, title: str) -> float:
    """Total length of the bars with this name."""
    return sum(float(trace.x[0]) for trace in chart.figure.data if trace.name == title)


def test_waterfall_bars_add_up_to_nameplate(walker: synthetic.Results) -> None:
    chart = waterfall.waterfall(walker.summary)
    assert chart is not None
    compute, unit = walker.summary["compute"], walker.summary["duration_s"] * 1e15
    for row in compute["waterfall"]:
        assert bar_sum(chart, CAUSE[row["cause"]].title) == pytest.approx(row["flops"] / unit, rel=1e-12), row["cause"]
    total = sum(float(trace.x[0]) for trace in chart.figure.data if trace.name != "Nameplate")
    assert total == pytest.approx(compute["nameplate_flops"] / unit, rel=1e-12)
    assert bar_sum(chart, "Nameplate") == pytest.approx(compute["nameplate_flops"] / unit, rel=1e-12)


def test_waterfall_bars_meet(walker: synthetic.Results) -> None:
    """Each loss ends where the one before it began; the last one ends at useful."""
    chart = waterfall.waterfall(walker.summary)
    assert chart is not None
    level = float(chart.figure.data[0].x[0])
    for bar in chart.figure.data[1:-1]:
        assert float(bar.base[0] + bar.x[0]) == pytest.approx(level, rel=1e-12)
        level = float(bar.base[0])
    assert level == pytest.approx(float(chart.figure.data[-1].x[0]), rel=1e-9)


def test_waterfall_names_the_causes_without_loss(walker: synthetic.Results) -> None:
    chart = waterfall.waterfall(walker.summary)
    assert chart is not None
    titles = {trace.name for trace in chart.figure.data}
    for row in walker.summary["compute"]["waterfall"][:-1]:
        title = CAUSE[row["cause"]].title
        assert (title in titles) == (row["flops"] > 0.0)
        assert (title.lower() in chart.note) == (row["flops"] == 0.0)


def test_throughput_is_stacked_from_useful_up(make: Callable[..., synthetic.Results]) -> None:
    walker = make("walker")  # three hours, a point for each step
    chart = charts.throughput(walker)
    assert chart is not None
    rate = walker.series["rate_flops_per_s"].values / 1e15
    live = [c for c in reversed(CAUSES) if rate[CAUSES.index(c)].max() > 0.0]
    assert [trace.name for trace in chart.figure.data] == [CAUSE[c].title for c in live]
    assert_allclose(sum(np.asarray(t.y, dtype=float) for t in chart.figure.data), rate.sum(axis=0), rtol=1e-6)
    first_ms = chart.figure.data[0].x[0]
    assert np.datetime64(int(first_ms), "ms") == np.datetime64("2026-12-21T00:01:00")


def test_power_and_temperature_have_units(walker: synthetic.Results) -> None:
    power, heat = charts.power(walker), charts.temperature(walker)
    assert power is not None
    assert heat is not None
    assert power.figure.layout.yaxis.title.text == "power, MW"
    assert_allclose(power.figure.data[0].y, walker.series["generated_w"].values / 1e6, rtol=1e-6)
    assert_allclose(power.figure.data[-1].y, walker.series["stored_j"].values / 3.6e9, rtol=1e-6)
    assert_allclose(heat.figure.data[0].y, walker.series["junction_k_max"].values - 273.15, rtol=1e-6)


def test_long_runs_are_thinned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seven steps in blocks of three: means, largest, last; the last block is shorter."""
    monkeypatch.setattr(figures, "MAX_POINTS", 3)
    values = np.array([1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 5.0])
    assert figures.thin(values).tolist() == [2.0, 6.0, 5.0]
    assert figures.thin(values, "max").tolist() == [3.0, 8.0, 5.0]
    assert figures.thin(values, "last").tolist() == [3.0, 8.0, 5.0]


def test_waterfall_splits_local_and_peer_stall(walker: synthetic.Results) -> None:
    """Solid bars add up to the local stall, hatched ones to the peer stall; 0.3 of power and thermal is induced."""
    chart = waterfall.waterfall(walker.summary)
    assert chart is not None
    unit = walker.summary["duration_s"] * 1e15
    rows = {CAUSE[r["cause"]].title: r for r in walker.summary["compute"]["waterfall"]}
    parts = {True: 0.0, False: 0.0}
    for bar in chart.figure.data[1:-1]:
        hatched = bar.marker.pattern.shape is not None
        parts[hatched] += float(bar.x[0])
        key = "induced_flops" if hatched else "own_flops"
        assert float(bar.x[0]) == pytest.approx(rows[bar.name][key] / unit, rel=1e-12)
        for number in (rows[bar.name]["own_flops"], rows[bar.name]["induced_flops"]):
            assert f"{formatting.number(number / unit)} PFLOP/s" in bar.hovertext[0]
    taken = sum(r["flops"] for c, r in rows.items() if c in ("Power", "Thermal"))
    assert parts[True] == pytest.approx(0.3 * taken / unit, rel=1e-12)
    assert [colour[0] for _, colour in chart.key] == ["#", "/"]


def test_waterfall_table_has_every_row_that_took_any(walker: synthetic.Results) -> None:
    html = waterfall.waterfall_table(walker.summary)
    for i, row in enumerate(walker.summary["compute"]["waterfall"]):
        for key in ("flops", "own_flops", "induced_flops", "fraction"):
            cell = f'data-field="/compute/waterfall/{i}/{key}" data-value="{row[key]!r}"'
            assert (cell in html) == (row["flops"] > 0.0), (row["cause"], key)


def test_round_trip_times_are_distributed_as_recorded(make: Callable[..., synthetic.Results]) -> None:
    """Half of all recorded round trips lie below the mark at 50 %, 99 of 100 below the other."""
    run = synthetic.couple(make("walker", hours=6.0))
    chart = latency.distribution(run)
    assert chart is not None
    assert [name for name, _ in chart.key] == ["propagation", "end-to-end", "Redmond - Singapore, propagation"]
    for name, marks in zip(("propagation_rtt_ms", "user_rtt_ms"), chart.figure.data[1:4:2], strict=True):
        seen = run.series[name].values.ravel()
        seen = seen[np.isfinite(seen)]
        assert np.mean(seen <= marks.x[0]) == pytest.approx(0.50, abs=1.0 / seen.size)
        assert np.mean(seen <= marks.x[1]) == pytest.approx(0.99, abs=1.0 / seen.size)
        assert list(marks.y) == [50.0, 99.0]


def test_coverage_counts_stations_with_a_route(walker: synthetic.Results) -> None:
    chart = latency.coverage(walker)
    assert chart is not None
    there = np.isfinite(walker.series["propagation_rtt_ms"].values)
    assert_allclose(chart.figure.data[0].y, 25.0 * there.sum(axis=0), rtol=1e-6)  # four stations
    names = list(chart.figure.data[1].y)
    assert names[-1] == "Svalbard"
    assert "Never covered: Svalbard." in chart.note  # 53 deg of inclination, a station at 78 deg
    strip = np.asarray(chart.figure.data[1].z)[names.index("Singapore")]
    expected = walker.series["propagation_rtt_ms"].sel(station="Singapore").values
    assert_allclose(strip, expected, atol=0.0051)  # rounded to 0.01 ms


@pytest.mark.parametrize("name", ["throughput", "power", "temperature"])
def test_what_was_not_recorded_is_not_drawn(make: Callable[..., synthetic.Results], name: str) -> None:
    run = make("walker")
    run.series = run.series[["time", "state"]]
    run.summary["compute"] = None
    assert getattr(charts, name)(run) is None
    assert waterfall.waterfall(run.summary) is None
    assert waterfall.waterfall_table(run.summary) == ""
    assert latency.distribution(run) is None
    assert latency.coverage(run) is None


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (formatting.number(0.0), "0"),
        (formatting.number(12345.6), "12,346"),
        (formatting.number(0.01234), "0.0123"),
        (formatting.number(-2.5), "\u22122.50"),
        (formatting.number(218_000.4), "218,000"),
        (formatting.percent(0.51671), "51.7 %"),
        (formatting.percent(1e-6), "< 0.01 %"),
        (formatting.percent(0.0), "0 %"),
        (formatting.percent(0.0021), "0.21 %"),
        (formatting.quantity(9.81e6, "W"), "9.81 MW"),
        (formatting.quantity(0.5, "W"), "0.500 W"),
        (formatting.duration(86_400.0), "1 d"),
        (formatting.duration(5_640.0), "1 h 34 min"),
        (formatting.duration(0.4), "0.400 s"),
        (formatting.scientific(2.1e-13), "2.1 \u00d7 10⁻¹³"),
        (formatting.celsius(263.15), "\u221210.0 °C"),
        (formatting.counted(1, "satellite"), "1 satellite"),
        (formatting.tokens_per_s(3_583_572.8), "3.58 million/s"),
        (formatting.tokens_per_s(166_477.7), "166,478/s"),
        (formatting.milliseconds(9.464), "9.46 ms"),
        (formatting.seconds(0.004884), "4.88 ms"),
        (formatting.seconds(39.35), "39.4 s"),
        (formatting.money(1.25e9), "$1.25 billion"),
        (formatting.money(0.4213), "$0.42"),
    ],
)
def test_numbers_read_well(said: str, expected: str) -> None:
    assert said.replace(formatting.NBSP, " ") == expected


def test_labels_of_percentiles_do_not_cover_each_other() -> None:
    """Source of truth: by hand: places 1 apart are closer than a label of 2, each is a line lower than the one after it."""
    assert latency._apart([20.7, 41.4, 43.2], 5.0) == [0, 1, 0]
    assert latency._apart([3.0, 1.0, 2.0], 2.0) == [0, 2, 1]
    assert latency._apart([1.0, 9.0], 2.0) == [0, 0]


def test_gateways_have_their_radio_in_the_table() -> None:
    """Source of truth: by hand: 2.5e9 bit/s are 2.50 Gbit/s; without links to the ground there are no such columns."""
    site = {"available_fraction": 0.995, "down_bit_s": 2.5e9, "up_bit_s": 1e9, "attenuation_p99_db": 7.25}
    ground = {"gateways": {"Lund": {"coverage_fraction": 1.0}}, "link": {"sites": {"Lund": site}}}
    shown = latency.gateways_table({"ground": ground})
    for words in ("99.5\u00a0%", "2.50\u00a0Gbit/s", "1.00\u00a0Gbit/s", "7.2\u00a0dB", "attenuation, p99"):
        assert words in shown, words
    assert "attenuation" not in latency.gateways_table({"ground": {**ground, "link": None}})
