"""The energy diagram carries the energies of the summary, and what flows into a place flows out of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise

import pytest
import synthetic

from viz import energy, flow_diagram

MWH_J = 3.6e9
BALANCE = {name: MWH_J * mwh for name, mwh in synthetic.BALANCE_MWH.items()}
INSIDE = ("Electricity offered", "Lost to ageing of cells", "Shunted", "Conditioning", "Bus", "Heat of arrays", "Heat of bodies", *energy.LOADS)


def passed(flows: list[tuple[str, str, float]], name: str) -> tuple[float, float]:
    """What flows into a place and out of it."""
    return sum(j for _, b, j in flows if b == name), sum(j for a, _, j in flows if a == name)


def test_flows_by_hand() -> None:
    """By hand from the energies: heat of arrays straight from light is 100 - 26 - 3 = 71 MWh, the bus gets 26 - 4 - 2 = 20 MWh."""
    found = {(a, b): j / MWH_J for a, b, j in energy.flows(BALANCE)}
    assert found == pytest.approx(
        {
            ("Light and infrared on arrays", "Electricity offered"): 26.0,
            ("Light and infrared on arrays", "Lost to ageing of cells"): 3.0,
            ("Light and infrared on arrays", "Heat of arrays"): 71.0,
            ("Lost to ageing of cells", "Heat of arrays"): 3.0,
            ("Electricity offered", "Shunted"): 4.0,
            ("Electricity offered", "Conditioning"): 2.0,
            ("Electricity offered", "Bus"): 20.0,
            ("Shunted", "Heat of arrays"): 4.0,
            ("Conditioning", "Heat of bodies"): 2.0,
            **{("Bus", name): mwh for name, mwh in LOADS_MWH.items()},
            ("Bus", "Battery charge (net)"): 2.0,
            **{(name, "Heat of bodies"): mwh for name, mwh in LOADS_MWH.items()},
            ("Light and infrared on radiators", "Heat of bodies"): 4.0,
            ("Light and infrared on bodies", "Heat of bodies"): 1.0,
            ("Heat of arrays", "Radiated by arrays"): 77.0,
            ("Heat of arrays", "Warming of arrays"): 1.0,
            ("Heat of bodies", "Radiated by radiators"): 22.0,
            ("Heat of bodies", "Radiated by bodies"): 2.0,
            ("Heat of bodies", "Warming of bodies"): 1.0,
        },
        rel=1e-12,
    )


LOADS_MWH = {
    "Accelerators, dynamic": 8.5, "Accelerators, idle": 1.5, "Accelerators, leakage": 1.0, "Hosts": 2.25, "Conversion": 1.0, "Pumps": 0.25,
    "Avionics": 1.5, "Terminals": 0.5, "Heaters": 0.5, "Battery losses": 1.0,
}  # fmt: skip


@pytest.mark.parametrize("name", INSIDE)
@pytest.mark.parametrize("turned", [False, True])
def test_every_place_passes_on_what_it_gets(name: str, turned: bool) -> None:
    """Energies that close by hand: stores that fill, and the same with stores that give back twice as much."""
    e = dict(BALANCE)
    if turned:
        e |= {"stored_j": -2.0 * MWH_J, "array_warmed_j": -1.0 * MWH_J, "body_warmed_j": -1.0 * MWH_J, "array_radiated_j": 79.0 * MWH_J}
        e |= {"shunted_j": 8.0 * MWH_J, "offered_j": 26.0 * MWH_J, "radiator_radiated_j": 24.0 * MWH_J}
        e |= {"array_radiated_j": (71.0 + 3.0 + 8.0 + 1.0) * MWH_J}
    into, out = passed(energy.flows(e), name)
    assert into == pytest.approx(out, rel=1e-12)
    assert into > 0.0


def test_diagram_and_table_carry_the_energies(make: Callable[..., synthetic.Results]) -> None:
    """Source of truth: the flows, one band each, as tall as its share of the diagram's scale; the summary, one cell each."""
    html = energy.view(synthetic.dissect(make("walker")))
    drawn = {
        (a.replace("&#x27;", "'"), b): float(value)
        for a, b, value in re.findall(r'data-from="([^"]*)" data-to="([^"]*)" data-value="([^"]*)"', html)
    }
    assert drawn == {(a, b): j for a, b, j in energy.flows(BALANCE)}
    for name, value in BALANCE.items():
        assert f'data-field="/energy_balance/{name}" data-value="{value!r}"' in html
    assert "New cells would offer 11.5\u00a0% more." in html  # 3 of 26
    assert "Age has taken 10.0\u00a0% of the capacity of the batteries." in html  # 45 of 50


def scaled(**mwh: float) -> dict[str, float]:
    """The energies with some of them changed; the diagram need not close to be laid out."""
    return BALANCE | {name: MWH_J * value for name, value in mwh.items()}


CASES = {
    "as it is": BALANCE,
    "batteries give": scaled(stored_j=-6.0, offered_j=20.0),
    "nothing is lost on the way": scaled(shunted_j=0.0, aged_cells_j=0.0, array_warmed_j=0.0, body_warmed_j=0.0, stored_j=0.0),
    "arrays cool": scaled(array_warmed_j=-2.0, body_warmed_j=-3.0),
    "most of the light is electricity": scaled(array_absorbed_j=40.0, array_radiated_j=17.0),
    "most is shunted": scaled(offered_j=60.0, shunted_j=38.0),
    "no load": scaled(**{key: 0.0 for keys in energy.LOADS.values() for key in keys}, stored_j=0.0, shunted_j=24.0, radiator_radiated_j=5.0, body_warmed_j=0.0),
}


@pytest.mark.parametrize("e", CASES.values(), ids=CASES)
def test_bars_fit_and_do_not_overlap(e: dict[str, float]) -> None:
    """Bars of a column lie one below the other inside the drawing; heights are in the ratio of the energies."""
    sizes = energy.sizes_j(energy.flows(e))
    px = energy.fitted_px(sizes)
    places = energy.places(sizes, px, dict.fromkeys(sizes, ""))
    assert set(places) == set(sizes)
    for name, place in places.items():
        assert place.height == pytest.approx(px * sizes[name], rel=1e-12)
        assert place.y >= 0.0, name
        assert place.y + place.height <= energy.HEIGHT + 1e-6, name
    for column in energy.COLUMNS:
        inside = sorted((p for p in places.values() if p.x == column), key=lambda p: p.y)
        for above, below in pairwise(inside):
            assert above.y + above.height <= below.y + 1e-6, (above.name, below.name)


def test_bands_lie_side_by_side() -> None:
    """By hand: 3 units go up and 1 down from a bar at 10 px; at 2 px a unit the lower band begins 6 px below the upper one."""
    places = {
        "from": flow_diagram.Place(0.0, 10.0, 8.0, "#000000", "from", ""),
        "up": flow_diagram.Place(100.0, 0.0, 6.0, "#000000", "up", ""),
        "down": flow_diagram.Place(100.0, 50.0, 2.0, "#000000", "down", ""),
    }
    found = dict(flow_diagram.bands(places, [("from", "down", 1.0), ("from", "up", 3.0)], 2.0))
    assert found["from", "up", 3.0].startswith("M12.0 10.00C56.0 10.00 56.0 0.00 100.0 0.00V6.00")
    assert found["from", "down", 1.0].startswith("M12.0 16.00C56.0 16.00 56.0 50.00 100.0 50.00V52.00")


def test_no_energies_no_diagram(make: Callable[..., synthetic.Results]) -> None:
    run = make("walker")
    assert energy.view(run) == ""
    run.summary["energy_balance"] = dict.fromkeys(BALANCE)
    assert energy.view(run) == ""
