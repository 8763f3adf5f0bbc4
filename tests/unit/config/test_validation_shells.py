"""Notes on shells whose satellites come too close, and the distances in the summary."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

import sim
from sim.config.scenario import items, load
from sim.engine import links
from sim.network.link_state import Grid
from sim.network.topology import grid_pairs

HOUR = ("duration=1 h", "ground=null")
SHELL = "{{kind: shorthand, code: 'D:550:53:1584/72/{}'}}"


def _notes(*constellation: str) -> list[str]:
    given = constellation[0] if len(constellation) == 1 else f"[{', '.join(constellation)}]"
    return [n for n in load("million", sets=(*HOUR, f"constellation={given}")).notes if "of each other" in n]


@pytest.mark.parametrize("phasing", [0, 36, 38, 40])
def test_a_shell_that_collides_is_noted(phasing: int) -> None:
    """Source of truth: sampled positions: 0.00 km at these phasings; phasing 65 has the largest smallest distance, 71.5 km."""
    assert _notes(SHELL.format(phasing)) == [
        "constellation: satellites of the shell at 550 km come within 0 m of each other; write phasing: 65 (71.5 km)"
    ]


@pytest.mark.parametrize("phasing", [1, 17, 39])
def test_a_shell_that_keeps_apart_is_not(phasing: int) -> None:
    """Source of truth: sampled positions: 3.4 km and more."""
    assert _notes(SHELL.format(phasing)) == []


def test_a_shell_without_a_better_phasing() -> None:
    """Source of truth: 2 pi a / n: 50,000 satellites in one plane are 873 m apart, whatever the phasing."""
    plane = "{kind: walker, altitude: 570 km, inclination: 53 deg, planes: 2, satellites_per_plane: 50000, phasing: 1}"
    (note,) = _notes(plane)
    assert note.endswith("write fewer satellites, or another number of planes")


def test_shells_of_one_altitude_are_noted() -> None:
    """Source of truth: orbits of one size and different inclination intersect, and their phases drift."""
    shells = [SHELL.format(17), SHELL.format(17).replace(":53:", ":70:")]
    assert _notes(*shells)[-1] == (
        "constellation: satellites of the shell at 550 km and the shell at 550 km come within 0 m of each other; "
        "write altitudes 1 km or more apart"
    )
    assert _notes(shells[0], shells[1].replace("550", "552")) == []


@pytest.mark.parametrize("name", sorted(items("scenarios")))
def test_shipped_scenarios_have_no_note(name: str) -> None:
    assert [n for n in load(name).notes if "of each other" in n] == []


def test_validate_and_summary_say_the_same(dawndusk: Any) -> None:
    """Source of truth: 61.83 km, arXiv:2109.13994, to half a unit of the last digit; 552 km is 2 km above 550 km."""
    constellation = "[{kind: shorthand, code: 'D:550:53:1584/22/17+D:552:70:6/3/0'}]"
    sets = (*HOUR, f"constellation={constellation}", "duration=2 min")
    summary = sim.run(sim.load("million", set=list(sets))).summary
    first, second = summary["design"]["shells"]
    assert first["min_separation_m"] == pytest.approx(61_830.0, abs=5.0)
    assert (first["satellites"], second["satellites"], first["entry"], second["entry"]) == (1584, 6, 0, 0)
    assert first["other_shell_m"] == second["other_shell_m"] == pytest.approx(2000.0, abs=1e-6)
    arguments = [word for pair in (("--set", s) for s in sets) for word in pair]
    called = dawndusk("validate", "million", *arguments, "--set", f"constellation={SHELL.format(38)}")
    assert called.code == 0
    assert "come within 0 m of each other; write phasing: 65" in called.err


@pytest.mark.parametrize("phasing", [1, 71])
def test_a_shell_and_the_one_numbered_the_other_way_keep_all_links(phasing: int) -> None:
    """Source of truth: lengths of links to the nearest satellite of the next plane, sampled over a revolution: 2,100 km are never
    exceeded, at the seam neither. Joined by equal numbers, half of the links with phasing 71 would be longer."""
    sets = [*HOUR[1:], f"constellation={SHELL.format(phasing)}", "duration=100 min", "satellite=starlink-edge",
            "links={topology: grid, terminal: oct-100g, max_range: 2100 km}"]  # fmt: skip
    assert sim.run(sim.load("million", set=sets)).summary["network"]["link_availability"] == 1.0
    sets[-1] = sets[-1].replace("grid", "grid, cross_plane: same_slot")
    if phasing == 71:
        availability = sim.run(sim.load("million", set=sets)).summary["network"]["link_availability"]
        assert availability == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("rule", ["nearest_slot", "same_slot"])
def test_consecutive_ranks_are_linked(rule: str) -> None:
    """Source of truth: the links of the grid: every rank is linked to the next one, within planes and between them; with equal
    numbers every second plane is simply reversed."""
    sets = (*HOUR, f"constellation={SHELL.format(71)}", f"links={{topology: grid, terminal: oct-100g, cross_plane: {rule}}}")
    loaded = load("million", sets=sets)
    order = links.rank_order(loaded)
    (grid,) = links.constellation_blocks(loaded)
    assert isinstance(grid, Grid)
    joined = set(zip(*(x.tolist() for x in grid_pairs(grid.planes, grid.slots, grid.cross_slots)), strict=True))
    assert sorted(order.tolist()) == list(range(1584))
    assert all(tuple(sorted(pair)) in joined for pair in pairwise(order.tolist()))
    if rule == "same_slot":
        assert order[:66].tolist() == [*range(22), *range(43, 21, -1), *range(44, 66)]
