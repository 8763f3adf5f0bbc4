"""Dates for which the turn of the Earth is known: the door, the notes, the manifest."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from orbit.data import earth_orientation_span
from sim.config.scenario import load
from sim.config.validation import earth

RING = 'constellation={kind: ring, altitude: 650 km, local_time: "06:00", satellites: 2}'
SPAN = earth_orientation_span()
HELD = "environment.earth_orientation=extrapolated"


def _notes(*sets: str) -> tuple[str, ...]:
    return load("million", sets=("duration=1 h", RING, *sets)).notes


def _called(dawndusk: Any, *sets: str) -> Any:
    given = [x for one in ("duration=1 h", RING, *sets) for x in ("--set", one)]
    return dawndusk("validate", "million", *given)


@pytest.mark.parametrize(
    ("epoch", "said"),
    [
        (f"{SPAN.first - timedelta(days=1)}T12:00:00Z", "epoch: 1973-01-01 is outside the table of Earth orientation"),
        (
            f"{SPAN.table_end}T00:00:01Z",
            f"outside the table of Earth orientation, {SPAN.first} to {SPAN.table_end}; write",
        ),
        (f"{SPAN.table_end - timedelta(days=1)}T23:00:01Z", "duration: the run ends on "),
        (
            "1899-07-28T23:59:59Z",
            "epoch: 1899-07-28 is outside 1899-07-29 to 2053-10-08, over which the Sun is checked",
        ),
        (
            "2053-10-09T00:00:00Z",
            "epoch: 2053-10-09 is outside 1899-07-29 to 2053-10-08, over which the Sun is checked",
        ),
    ],
)
def test_outside_is_refused(dawndusk: Any, epoch: str, said: str) -> None:
    """Source of truth: the dates that the table gives of itself; the span of DE421 by its own summary."""
    called = _called(dawndusk, f"epoch={epoch}")
    assert called.code == 2
    assert len(called.errors) == 1
    assert said in called.err
    assert "write" in called.err


def test_the_very_ends_are_allowed() -> None:
    assert _notes(f"epoch={SPAN.first}T00:00:00Z") == ()
    assert _notes(f"epoch={SPAN.table_end - timedelta(days=1)}T23:00:00Z", "ground=null") == ()


@pytest.mark.parametrize("epoch", ["1899-07-29", "1960-01-01", "2031-05-05", "2053-10-08"])
def test_extrapolated_is_allowed_and_said(epoch: str) -> None:
    notes = _notes(f"epoch={epoch}", HELD)
    assert len(notes) == 1
    assert str(SPAN.table_end) in notes[0]
    assert "held" in notes[0]
    assert _notes("epoch=2020-01-01", HELD) == ()


def test_the_sun_ends_it_all_the_same(dawndusk: Any) -> None:
    called = _called(dawndusk, "epoch=2053-10-08T23:30:00Z", HELD)
    assert called.code == 2
    assert (
        "duration: the run ends on 2053-10-09, but the Sun is checked to the start of 2053-10-09; write" in called.err
    )


def test_unknown_word(dawndusk: Any) -> None:
    called = _called(dawndusk, "environment.earth_orientation=guessed")
    assert called.code == 2
    assert "environment.earth_orientation: 'guessed' is unknown" in called.err


def test_field_alone_leaves_the_rest_of_the_environment(tmp_path: Path, scenario_text: str) -> None:
    """Source of truth: the shipped environment: its own numbers stand beside the field."""
    path = tmp_path / "s.yaml"
    path.write_text(scenario_text + "environment: {earth_orientation: extrapolated}\n", encoding="utf-8")
    there, shipped = load(path).scenario.environment, load("suncatcher").scenario.environment
    assert there.earth_orientation == "extrapolated"
    assert (there.albedo, there.earth_infrared, there.name) == (shipped.albedo, shipped.earth_infrared, "earth-mean")


def test_prediction_is_told_where_stations_feel_it() -> None:
    """Source of truth: 0.25 ms times days to the power of 3/4, the Bulletin's estimate, at 465 m/s: 7 m after 150 days and 1 m of
    the pole's; a month ahead it is below 5 m, and without stations it moves nothing."""
    stations = "ground={stations: default}"
    late, soon = SPAN.measured_until + timedelta(days=199), SPAN.measured_until + timedelta(days=20)
    reported = _notes(f"epoch={late}", stations)
    assert len(reported) == 1
    assert reported[0].startswith(f"Earth orientation is predicted from {SPAN.measured_until + timedelta(days=1)} on: ")
    assert reported[0].endswith(f"about {1.0 + 465.1 * 0.25e-3 * 199.04**0.75:.0f} m")
    assert _notes(f"epoch={late}", "ground=null") == ()
    assert _notes(f"epoch={soon}", stations) == ()
    assert _notes("epoch=2020-01-01", stations) == ()


@pytest.mark.parametrize(
    ("epoch", "expected", "sets"),
    [
        (SPAN.measured_until - timedelta(days=1), "measured", ()),
        (SPAN.measured_until, "predicted", ()),
        (SPAN.table_end, "beyond", (HELD,)),
        (date(1970, 1, 1), "beyond", (HELD,)),
    ],
)
def test_status(epoch: date, expected: str, sets: tuple[str, ...]) -> None:
    """Source of truth: a run of an hour ends within the last measured day, after it, or after the last day of all."""
    assert earth.orientation_status(load("million", sets=("duration=1 h", f"epoch={epoch}", *sets)).scenario) == expected


def test_manifest_says_by_what_the_earth_was_turned(dawndusk: Any, folder: Path) -> None:
    sets = [x for one in ("duration=1 h", RING, "epoch=2026-12-21") for x in ("--set", one)]
    assert dawndusk("run", "million", "--out", "r", *sets).code == 0
    reported = json.loads((folder / "r" / "manifest.json").read_text("utf-8"))["earth_orientation"]
    assert reported == {"table_end": str(SPAN.table_end), "measured_until": str(SPAN.measured_until), "status": "predicted"}
