"""The energy chart closes on what the series say; sums by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import synthetic
import xarray as xr

from viz import energy

# Four steps of 60 s. The first step only says what is stored at its end, 100 J.
SERIES = {
    "generated_w": [999.0, 10.0, 20.0, 30.0],  # 60 s x 60 W = 3600 J
    "shunted_w": [999.0, 0.0, 5.0, 5.0],  # 600 J
    "load_w": [999.0, 12.0, 12.0, 12.0],  # 2160 J
    "environment_w": [999.0, 4.0, 4.0, 2.0],  # 600 J
    "radiated_w": [999.0, 14.0, 16.0, 15.0],  # 2700 J
}


def run_of(make: Callable[..., synthetic.Results], stored_j: list[float]) -> synthetic.Results:
    """A run with the series above."""
    run = make("walker")
    values = {k: ("time", np.array(v)) for k, v in (SERIES | {"stored_j": stored_j}).items()}
    run.series = xr.Dataset(values, coords={"time": np.arange(1, 5) * 60_000}, attrs=run.series.attrs)
    return run


def test_charging_run_by_hand(make: Callable[..., synthetic.Results]) -> None:
    """Stored rises by 700 J: lost 3600 - 600 - 2160 - 700 = 140 J; warmed 2160 + 140 + 600 - 2700 = 200 J."""
    e = energy.energies(run_of(make, [100.0, 300.0, 500.0, 800.0]))
    assert e == energy.Energies(3600.0, 600.0, 2160.0, 700.0, 600.0, 2700.0)
    assert e.lost_j == 140.0
    assert e.warmed_j == 200.0
    assert energy.flows(e) == [
        ("Arrays", "Shunted", 600.0),
        ("Arrays", "Load", 2160.0),
        ("Arrays", "Battery losses", 140.0),
        ("Arrays", "Battery charge (net)", 700.0),
        ("Load", "Heat", 2160.0),
        ("Battery losses", "Heat", 140.0),
        ("Absorbed by radiators", "Heat", 600.0),
        ("Heat", "Radiated", 2700.0),
        ("Heat", "Heat stored in thermal mass", 200.0),
    ]


def test_discharging_run_by_hand(make: Callable[..., synthetic.Results]) -> None:
    """Stored falls by 90 J: lost 930 J, warmed 990 J; the load takes 90 J from batteries and 2070 J from arrays."""
    e = energy.energies(run_of(make, [100.0, 80.0, 50.0, 10.0]))
    assert e is not None
    found = {(a, b): j for a, b, j in energy.flows(e)}
    assert found["Arrays", "Load"] == 2070.0
    assert found["Battery discharge (net)", "Load"] == 90.0
    assert found["Arrays", "Battery losses"] == 930.0
    assert found["Heat", "Heat stored in thermal mass"] == 990.0
    assert ("Arrays", "Battery charge (net)") not in found


@pytest.mark.parametrize("stored_j", [[100.0, 300.0, 500.0, 800.0], [100.0, 80.0, 50.0, 10.0]])
def test_every_node_passes_on_what_it_gets(make: Callable[..., synthetic.Results], stored_j: list[float]) -> None:
    e = energy.energies(run_of(make, stored_j))
    assert e is not None
    found = energy.flows(e)
    for node in ("Load", "Battery losses", "Heat"):
        into = sum(j for _, b, j in found if b == node)
        assert into == pytest.approx(sum(j for a, _, j in found if a == node), rel=1e-12), node
    assert sum(j for a, _, j in found if a == "Arrays") == pytest.approx(3600.0, rel=1e-12)
    assert sum(j for _, b, j in found if b == "Radiated") == pytest.approx(2700.0, rel=1e-12)


def test_chart_and_table_carry_the_sums(make: Callable[..., synthetic.Results]) -> None:
    run = run_of(make, [100.0, 300.0, 500.0, 800.0])
    chart = energy.sankey(run)
    assert chart is not None
    link = chart.figure.data[0].link
    assert sum(link.value) == pytest.approx(
        (600 + 2160 + 140 + 700 + 2160 + 140 + 600 + 2700 + 200) / 3600.0, rel=1e-12
    )
    html = energy.energy_table(run)
    assert 'data-energy="lost_j" data-value="140.0">0.0389\u00a0Wh<' in html
    assert 'data-energy="warmed_j" data-value="200.0"' in html


def test_no_energy_no_chart(make: Callable[..., synthetic.Results]) -> None:
    run = make("walker")
    run.series["radiated_w"][:] = np.nan
    assert energy.sankey(run) is None
    assert energy.energy_table(run) == ""
