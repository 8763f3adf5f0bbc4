"""`verify`: it calls what a run calls, all of it holds, and a constant or sign spoilt by hand is found."""

from __future__ import annotations

import gc
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import orbit.kernels.visibility
import sim.config.ephemeris_files
import sim.engine.access
import sim.engine.context
import sim.engine.coupling
import sim.engine.driver
import sim.engine.job_assignment
import sim.engine.propagators
import sim.network.ground_routing
import sim.network.link_state
import sim.results.ground_summary
import sim.spacecraft.earth_flux
import sim.spacecraft.illumination
import sim.spacecraft.radiator
import sim.spacecraft.thermal
import sim.verify
import sim.workload.job_communication
from sim.verify import (
    access,
    catalogues,
    fleet,
    frames,
    hypatia,
    network,
    orbits,
    sgp4,
    spacecraft,
    view_factors,
    workload,
)
from sim.verify.case import Case, Failed, row

REPO = Path(__file__).resolve().parents[2]
ROW = {"name", "ours", "theirs", "error", "limit", "unit", "source", "ok"}

SAME = [
    (orbits, "shadow_edge", sim.spacecraft.illumination), (orbits, "sun_position_m", sim.engine.context), (orbits, "solar_flux_w_m2", sim.engine.context),
    (orbits, "CircularJ2", sim.engine.propagators), (sgp4, "Sgp4", sim.engine.propagators), (frames, "in_teme", sim.engine.context),
    (orbits, "walker", sim.engine.propagators), (orbits, "TimeGrid", sim.engine.propagators), (sgp4, "read_tle", sim.config.ephemeris_files),
    (catalogues, "read_omm", sim.config.ephemeris_files), (catalogues, "read_oem", sim.config.ephemeris_files), (catalogues, "Ephemeris", sim.engine.propagators),
    (network, "nearest_in_sight", orbit.kernels.visibility), (network, "position_m", sim.engine.context), (network, "zenith", sim.engine.context),
    (network, "round_trip_ms", sim.results.ground_summary), (spacecraft, "plate_view_factor", sim.spacecraft.earth_flux), (spacecraft, "plate_absorbed_w_m2", sim.spacecraft.radiator),
    (spacecraft, "panel_emission_w_m2_k4", sim.spacecraft.thermal), (hypatia, "Network", sim.engine.coupling), (hypatia, "access_m", sim.network.ground_routing),
    (hypatia, "walker_sgp4", sim.engine.propagators), (network, "rate_bit_s", sim.network.link_state.optical), (workload, "decompose", sim.workload.job_communication.training_step),
    (workload, "advance_phase", sim.workload.job_communication.message_times), (fleet, "JobLifecycle", sim.engine.job_assignment), (access, "windows", sim.engine.access),
    (view_factors, "plate_view_factor", sim.spacecraft.earth_flux), (view_factors, "lit_cosine", sim.spacecraft.earth_flux),
]  # fmt: skip


@pytest.mark.parametrize(("ours", "name", "runs"), SAME, ids=[name for _, name, _ in SAME])
def test_verify_calls_what_a_run_calls(ours: Any, name: str, runs: Any) -> None:
    assert getattr(ours, name) is getattr(runs, name)


def test_sight_is_the_engines() -> None:
    assert sim.engine.driver.visibility is orbit.kernels.visibility


def test_verify(dawndusk: Any) -> None:
    """Every case within its limit: exit 0, one JSON object."""
    called = dawndusk("verify", "--json")
    assert called.code == 0
    assert all(re.fullmatch(r"verify: \d+ %", line) for line in called.err.splitlines())  # progress, after two seconds
    rows = json.loads(called.out)["rows"]
    assert len(rows) >= 150
    for case in rows:
        assert set(case) == ROW
        assert case["ok"] is True, case
        assert case["error"] == abs(case["ours"] - case["theirs"])
        assert case["error"] <= case["limit"]
        assert case["source"]
    assert len({case["name"] for case in rows}) == len(rows)
    gc.collect()  # a file left open is reported here, not in some later test


def test_verify_as_a_table(dawndusk: Any) -> None:
    called = dawndusk("verify", "spacecraft")
    assert called.code == 0
    assert re.search(r"(\d+) of \1 cases within their limits", called.out)


@pytest.mark.parametrize("group", ["studies", "views"])
def test_empty_group_fails(dawndusk: Any, group: str) -> None:
    """Nothing compared is nothing shown: exit 1."""
    called = dawndusk("verify", group, "--json")
    assert called.code == 1
    assert json.loads(called.out) == {"rows": []}


def test_groups_make_the_whole() -> None:
    """Each case once, also where two groups have it."""
    whole = [r["name"] for r in sim.verify.run_cases(None)]
    groups = ("orbits", "spacecraft", "network", "workload", "fleet")
    assert whole == list(dict.fromkeys(r["name"] for group in groups for r in sim.verify.run_cases(group)))


def test_case_that_cannot_run_is_not_ok() -> None:
    def broken() -> float:
        raise OSError("no such file")

    for case in (Case("x", broken, 1.0, 0.1, "m", "s"), Failed("x", "data are missing")):
        found = row(case)
        assert set(found) == ROW
        assert found["ok"] is False
        assert found["ours"] is None
        assert found["source"]


@pytest.mark.parametrize(
    ("ours", "ok"), [(1.0, True), (1.1, True), (1.11, False), (float("nan"), False), (float("inf"), False)]
)
def test_limit(ours: float, ok: bool) -> None:
    assert row(Case("x", lambda: ours, 1.0, 0.1000001, "m", "s"))["ok"] is ok


def test_not_a_number_is_still_json(dawndusk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A case that gives no number fails; the table of all cases is printed nevertheless."""
    monkeypatch.setattr(spacecraft, "cases", lambda _: [Case("x", lambda: float("nan"), 1.0, 0.1, "m", "s")])
    called = dawndusk("verify", "spacecraft", "--json")
    assert called.code == 1
    assert json.loads(called.out)["rows"][0]["ok"] is False


def test_published_catalogue(dawndusk: Any, shared_data: Path) -> None:
    called = dawndusk("verify", "orbits", "--data", str(shared_data), "--json")
    assert called.code == 0
    assert any("Starlink" in case["name"] for case in json.loads(called.out)["rows"])


def test_missing_catalogue_is_a_failed_case(dawndusk: Any, folder: Path) -> None:
    called = dawndusk("verify", "orbits", "--data", str(folder), "--json")
    assert called.code == 1
    wrong = [case for case in json.loads(called.out)["rows"] if not case["ok"]]
    assert len(wrong) == 1
    assert "missing" in wrong[0]["source"]


# --- spoilt by hand ------------------------------------------------------------------------------------------------------

# file, what stands there, what is put there, and the cases that must notice
SPOILS = [
    ("orbit/constants.py", r"(EARTH_RADIUS_M: Final = )6378137\.0", r"\g<1>6388137.0", "network._sight"),
    ("orbit/constants.py", r"(STEFAN_BOLTZMANN_W_M2_K4: Final = )5\.67", r"\g<1>5.70", "spacecraft._published_plate"),
    ("orbit/constants.py", r"(SPEED_OF_LIGHT_M_S: Final = )299", r"\g<1>301", "network._sight"),
    ("orbit/constants.py", r"(J2: Final = )1\.082", r"\g<1>1.092", "orbits._drift"),
    ("orbit/constants.py", r"(SUN_RADIUS_M: Final = )695", r"\g<1>895", "orbits._shadow"),
    ("orbit/constants.py", r"(SOLAR_CONSTANT_W_M2: Final = )1361", r"\g<1>1366", "orbits.sun_cases"),
    ("orbit/constants.py", r"(WGS72_J3: Final = -0\.0000025)38", r"\g<1>39", "sgp4._against_reference"),
    ("orbit/constants.py", r"(EARTH_FLATTENING: Final = 1\.0 / )298\.257", r"\g<1>297.257", "frames.cases"),
    ("orbit/kernels/frames.py", r"\(-sx \* cy, sy, cx \* cy\)", "(sx * cy, sy, cx * cy)", "frames.cases"),
    ("orbit/kernels/window_refinement.py", r"60\.0 \* b - 40\.0 \* c", "60.0 * b - 41.0 * c", "access._pole"),
    ("orbit/kernels/sgp4_passes.py", r"-0\.25 \* c\[el\.X7THM1", "-0.251 * c[el.X7THM1", "sgp4._against_reference"),
    ("sim/spacecraft/fin.py", r"(math\.sqrt\()2\.0", r"\g<1>1.0", "spacecraft._closed_forms"),
    ("sim/network/atmosphere.py", r"0\.655 \+ 0\.033", "0.655 - 0.033", "radio._attenuation"),
    ("sim/network/climate.py", r"(RAIN_ABOVE_ZERO_KM = 0\.3)6", r"\g<1>0", "radio._attenuation"),
    ("sim/network/modcod.py", r"5\.900855, 19\.57", "5.900855, 19.67", "radio._budget"),
    ("sim/network/radio.py", r"(MEDIUM_K = )275", r"\g<1>290", "radio._budget"),
    ("orbit/kernels/j2.py", r"(def node_rate_rad_s.*?return )-", r"\g<1>", "orbits._drift"),
]  # fmt: skip

SOME_CASES = """
import importlib, json, sys
from sim.verify.case import row
module, name = sys.argv[1].split(".")
function = getattr(importlib.import_module("sim.verify." + module), name)
print(json.dumps([row(case) for case in (function(None) if name == "cases" else function())]))
"""


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program beside the checkout. Shared: put back what is changed."""
    target = tmp_path_factory.mktemp("copied")
    for name in ("orbit", "sim", "viz", "configs"):
        shutil.copytree(REPO / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
    return target


def _rows(folder: Path, environment: dict[str, str], cases: str) -> list[dict[str, Any]]:
    """Cases of verify in that folder, without the compiler: nothing has to be compiled for a spoil."""
    done = subprocess.run(
        [sys.executable, "-c", SOME_CASES, cases], capture_output=True, text=True, cwd=folder, timeout=400, check=True,
        env={**environment, "PYTHONPATH": str(folder), "NUMBA_DISABLE_JIT": "1", "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    return list(json.loads(done.stdout))


def test_copy_as_it_is(copied: Path, subprocess_environment: dict[str, str]) -> None:
    """Without a spoil, and without the compiler, everything holds: the spoils below are what is found."""
    for cases in sorted({cases for *_, cases in SPOILS}):
        assert all(case["ok"] for case in _rows(copied, subprocess_environment, cases)), cases


@pytest.mark.parametrize(
    ("file", "old", "new", "cases"), SPOILS, ids=[re.sub(r"\W+", " ", old)[:24] for _, old, _, _ in SPOILS]
)
def test_spoil_is_found(
    copied: Path, subprocess_environment: dict[str, str], file: str, old: str, new: str, cases: str
) -> None:
    path = copied / file
    sound = path.read_text("utf-8")
    spoilt, count = re.subn(old, new, sound, count=1, flags=re.S)
    assert count == 1
    assert spoilt != sound
    path.write_text(spoilt, encoding="utf-8")
    try:
        rows = _rows(copied, subprocess_environment, cases)
    finally:
        path.write_text(sound, encoding="utf-8")
    assert any(not case["ok"] and case["ours"] is not None for case in rows)
