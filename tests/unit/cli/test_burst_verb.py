"""`dawndusk burst`: tables that fit into the terminal, JSON, bad input."""

from __future__ import annotations

import json
from typing import Any

import pytest


def test_help_has_an_example(dawndusk: Any) -> None:
    called = dawndusk("burst", "--help")
    assert (called.code, called.err) == (0, "")
    assert "Example: dawndusk burst suncatcher_prototype" in called.out


@pytest.mark.parametrize("width", [80, 120])
def test_tables_fit_into_the_terminal(dawndusk: Any, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    """Source of truth: the width of the terminal; nothing is cut off, and the setting is one line that can be copied."""
    monkeypatch.setenv("COLUMNS", str(width))
    called = dawndusk("burst", "suncatcher_prototype")
    assert (called.code, called.err) == (0, "")
    assert "…" not in called.out
    lines = called.out.splitlines()
    (setting,) = [line for line in lines if line.startswith("--set")]
    assert setting.startswith("--set 'satellite.policy={mode: burst, rate: 0.")
    assert setting.endswith("start_in_sunlight: true}'")
    assert all(len(line) <= width for line in lines if line != setting)
    for word in ("for ever", "20 min from cold", "ride_through", "throttle", "pause", "even", "as given", "best burst", "sunlight"):
        assert any(line.startswith(word) for line in lines), word


def test_json_is_what_the_table_shows(dawndusk: Any) -> None:
    """Source of truth: the definition: watts for ever, for twenty minutes, the best duty cycle; a strip as long as its period."""
    called = dawndusk("burst", "bupt_1", "--json")
    found = json.loads(called.out)
    assert (found["scenario"], found["satellite"], found["accelerators"]) == ("bupt_1", "bupt-1", 1)
    assert 0.0 < found["for_ever"]["payload_w"] < found["for_ever"]["load_w"]
    assert [row["seconds"] for row in found["curve"]] == sorted(row["seconds"] for row in found["curve"])
    assert [row["policy"] for row in found["policies"]] == ["ride_through", "throttle", "pause", "even"]
    assert found["best"]["useful"] == pytest.approx((1.0 + found["gain"]) * found["policies"][1]["useful"])
    sunlit = sum(lit for lit, _ in found["course"]) * found["step_s"]
    periods = len(found["course"]) * found["step_s"] / found["revolution_s"]
    assert sunlit == pytest.approx(round(periods) * found["sunlit_s"], abs=1.0)
    work = [useful for _, useful in found["course"]]
    assert sum(max(0.0, useful) for useful in work) / len(work) == pytest.approx(found["best"]["useful"], rel=0.02)


def test_without_a_burst_that_is_better(dawndusk: Any) -> None:
    """Source of truth: by hand: 1 m2 of array gives 150 W on average, as much as the bus takes: nothing is computed."""
    called = dawndusk("burst", "suncatcher_prototype", "--set", "satellite.power.array.area=1 m2")
    assert called.code == 0
    assert "nothing is computed under any policy" in called.out


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("suncatcher", "--type", "x"), "suncatcher: --type: no satellite of type 'x'; write one of: suncatcher"),
        (("suncatcher_prototype", "--set", "satellite.policy.on=1 min"), "is not longer than restart, 120 s: nothing is computed; write a longer one"),
        (("nowhere",), "nowhere: no scenario of that name; write one of: bupt_1, "),
    ],
)
def test_bad_input_is_one_line(dawndusk: Any, arguments: tuple[str, ...], line: str) -> None:
    called = dawndusk("burst", *arguments)
    assert (called.code, called.out) == (2, "")
    assert called.err.count("\n") == 1
    assert line in called.err
