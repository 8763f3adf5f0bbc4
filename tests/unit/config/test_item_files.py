"""Items by path: hardware, models, sites and station lists of one's own, and what a wrong file says.

Source of truth: the texts below; the same values written into the scenario itself, or given as overrides, must load to the
same digest of what is simulated.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from sim.config.errors import InputError
from sim.config.ground_sites import read_baseline
from sim.config.scenario import Loaded, load
from sim.config.schema import Site
from sim.results.store import resolved_yaml
from sim.studies import definition

BASE = """\
name: mine
epoch: 2026-12-21T00:00:00Z
duration: 30 min
constellation: {kind: ring, altitude: 600 km, local_time: "06:00", satellites: 12}
"""
CHIP = "kind: accelerator\nextends: h100-sxm\nname: h100-sxm\nmax_power: 500 W\n"
MODEL = """\
parameters: 1.498e9
layers: 16
hidden: 2048
heads: 16
kv_heads: 4
head_size: 128
ffn: 8192
vocabulary: 128256
"""
SITE = "extends: colossus-1-h100\nname: my-site\naccelerator: ../chips/chip.yaml\npower: 200 MW\n"
STATIONS = "stations:\n- {name: Hut, latitude: 10 deg, longitude: 20 deg}\n- {name: Shed, latitude: 12 deg, longitude: 20 deg}\n"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with one file of each kind; paths inside them refer to their own folders."""
    for name, text in {
        "chips/chip.yaml": CHIP,
        "craft/sat.yaml": "extends: suncatcher\nname: suncatcher\naccelerator: ../chips/chip.yaml\naccelerators: 32\n",
        "model.yml": MODEL,
        "ground/site.yaml": SITE,
        "stations.yaml": STATIONS,
        "failures.yaml": "mean_time: 300 d\n",
        "launcher.yaml": "kind: launch\nprice: 50e6 USD\ncapacity: 20 t\n",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def loaded(folder: Path, text: str, *sets: str) -> Loaded:
    path = folder / "scenario.yaml"
    path.write_text(BASE + text, encoding="utf-8")
    return load(path, sets)


def errors_of(folder: Path, text: str, *sets: str) -> list[str]:
    with pytest.raises(InputError) as caught:
        loaded(folder, text, *sets)
    return [str(problem).removeprefix(f"{folder}/") for problem in caught.value.problems]


def test_satellite_and_accelerator_of_ones_own(files: Path) -> None:
    """Source of truth: the shipped satellite with the same values as overrides."""
    own = loaded(files, "satellite: ./craft/sat.yaml\n")
    plain = loaded(
        files, "satellite: suncatcher\n", "satellite.accelerator=h100-sxm", "satellite.accelerator.max_power=500 W",
        "satellite.accelerators=32",
    )  # fmt: skip
    assert own.sha256 == plain.sha256
    assert own.scenario.satellite.accelerator.max_power == 500.0
    chip = loaded(files, "satellite: {extends: suncatcher, accelerator: chips/chip.yaml}\n", "satellite.accelerators=32")
    assert chip.sha256 == plain.sha256
    over = loaded(files, "satellite: {extends: craft/sat.yaml, mass: 2 t}\n")
    assert (over.scenario.satellite.mass, over.scenario.satellite.accelerators) == (2000.0, 32)


def test_missing_fields_of_a_file_are_told_in_that_file(files: Path) -> None:
    """Source of truth: the file that lacks them; the advice that is given once makes the scenario valid."""
    chip = "name: mine\npeak: {bf16: 1 PFLOP/s}\nmax_power: 500 W\nmemory: 128 GB\n"
    (files / "chips/chip.yaml").write_text("# a chip\n" + chip, encoding="utf-8")
    lines = errors_of(files, "satellite: craft/sat.yaml\n")
    assert len(lines) > 5
    assert all(line.startswith("chips/chip.yaml:2:1: satellite.accelerator.") for line in lines)
    advice = [re.findall(r"or `(extends: \S+)` for everything that is missing$", line) for line in lines]
    assert [len(found) for found in advice] == [1] + [0] * (len(lines) - 1)
    (files / "chips/chip.yaml").write_text(f"{advice[0][0]}\n{chip}", encoding="utf-8")
    assert loaded(files, "satellite: craft/sat.yaml\n").scenario.satellite.accelerator.max_power == 500.0


def test_type_of_an_entry_by_path(files: Path) -> None:
    """By hand: four satellites of the scenario's type, three of the file's, whose name is that of the file."""
    text = "satellite: starlink-edge\n"
    entries = "constellation=[{kind: ring, altitude: 600 km, local_time: '06:00', satellites: 4}, "
    entries += "{kind: ring, altitude: 650 km, local_time: '06:00', satellites: 3, satellite: craft/sat.yaml}]"
    path = files / "scenario.yaml"
    path.write_text(BASE.replace("constellation:", "x:").partition("x:")[0] + text, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(files)  # an override refers to the current folder
        found = load(path, (entries,))
    assert found.satellites_by_type == [4, 3]
    assert list(found.scenario.satellites) == ["sat"]
    assert found.scenario.satellites["sat"].accelerators == 32


def test_other_items_by_path(files: Path) -> None:
    """By hand: the values of the files."""
    found = loaded(
        files,
        "satellite: suncatcher\nlinks: {topology: nearest}\nworkloads: [{kind: inference, model: ./model.yml}]\n"
        "fleet: {failures: failures.yaml}\neconomics: {launch: launcher.yaml}\n",
    ).scenario
    assert found.fleet is not None
    assert found.fleet.failures is not None
    assert found.economics is not None
    assert found.workloads[0].kind == "inference"
    assert (found.workloads[0].model.name, found.workloads[0].model.layers) == ("model", 16)
    assert (found.fleet.failures.name, found.fleet.failures.mean_time) == ("failures", 300 * 86400.0)
    assert (found.economics.launch.name, found.economics.launch.price) == ("launcher", 50e6)


def test_ground_site_by_path(files: Path) -> None:
    """By hand: 30,000 + 9,000 + 2,000 USD an accelerator and 11.7 USD for each watt of 200 MW / 1.2; peak and number of the shipped site."""
    found = loaded(files, "satellite: suncatcher\nbaseline: ./ground/site.yaml\n")
    site = found.scenario.baseline
    assert isinstance(site, Site)
    assert site.accelerator.max_power == 500.0
    figures = read_baseline(site, "bf16")
    shipped = read_baseline("colossus-1-h100", "bf16")
    assert figures is not None
    assert shipped is not None
    assert figures["name"] == "my-site"
    assert figures["power_w"] == 200e6
    assert figures["capex_usd"] == pytest.approx(220_000 * 41_000.0 + 11.7 * 200e6 / 1.2, rel=1e-12)
    assert figures["nameplate_flops_per_s"] == shipped["nameplate_flops_per_s"]


def test_resolved_scenario_needs_no_other_file(files: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """By definition: the resolved text, alone in another folder, loads to the same digest after the files are gone."""
    text = (
        "satellite: craft/sat.yaml\nbaseline: ground/site.yaml\nlinks: {topology: nearest}\n"
        "workloads: [{kind: inference, model: model.yml}]\nfleet: {failures: failures.yaml}\n"
        "economics: {launch: launcher.yaml}\nground: {stations: [Nairobi, stations.yaml]}\n"
    )
    found = loaded(files, text)
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "again.yaml"
    elsewhere.write_text(resolved_yaml(found), encoding="utf-8")
    for file in files.rglob("*.y*ml"):
        file.unlink()
    again = load(elsewhere)
    assert again.sha256 == found.sha256
    assert again.scenario == found.scenario


def test_stations_mixed(files: Path) -> None:
    """By hand: a shipped station, those of a file, a shipped list, and one of its own, in this order."""
    found = loaded(
        files,
        "satellite: suncatcher\nground: {stations: [Nairobi, stations.yaml, default, {name: Mine, latitude: 1 deg, longitude: 2 deg}]}\n",
    ).scenario.ground
    assert found is not None
    names = [station.name for station in found.stations]
    assert names[:4] == ["Nairobi", "Hut", "Shed", "Svalbard"]
    assert names[-1] == "Mine"
    assert len(names) == 1 + 2 + 14 + 1
    assert found.stations[0].latitude == pytest.approx(-0.02234, abs=1e-5)  # -1.28 deg
    alone = loaded(files, "satellite: suncatcher\nground: {stations: Nairobi}\n").scenario.ground
    assert alone is not None
    assert [station.name for station in alone.stations] == ["Nairobi"]


def test_wrong_stations(files: Path) -> None:
    """By hand: every wrong station at once, with what to write; lat and lon are abbreviations."""
    found = errors_of(
        files, "satellite: suncatcher\nground: {stations: [Nairoby, Dublin, {name: A, lat: 1 deg, lon: 2 deg}]}\n"
    )
    assert found == [
        "scenario.yaml:6:21: ground.stations.0: no station or list of stations named 'Nairoby'; did you mean 'Nairobi'?",
        "scenario.yaml:6:38: ground.stations.2.latitude: is missing; write `latitude: ...` here (such as `latitude: 51.5 deg`)",
        "scenario.yaml:6:38: ground.stations.2.longitude: is missing; write `longitude: ...` here (such as `longitude: -0.14 deg`)",
        "scenario.yaml:6:48: ground.stations.2.lat: unknown key; did you mean 'latitude'?",
        "scenario.yaml:6:60: ground.stations.2.lon: unknown key; did you mean 'longitude'?",
    ]


@pytest.mark.parametrize(
    ("field", "path", "what", "wanted"),
    [
        ("satellite.accelerator", "model.yml", "is a language model, not", "an accelerator"),
        ("satellite.accelerator", "craft/sat.yaml", "is a satellite, not", "an accelerator"),
        ("satellite.accelerator", "scenario.yaml", "is a scenario, not", "an accelerator"),
        ("satellite", "chips/chip.yaml", "is an accelerator, not", "a satellite"),
        ("baseline", "craft/sat.yaml", "is a satellite, not", "a ground site"),
        ("ground.stations", "launcher.yaml", "is a launcher, not", "a list of stations"),
        ("satellite.accelerator", "empty.yaml", "is not", "an accelerator"),
    ],
)
def test_file_of_another_kind(files: Path, field: str, path: str, what: str, wanted: str) -> None:
    """By hand: one line, which says what the file is and what belongs there."""
    (files / "empty.yaml").write_text("", encoding="utf-8")
    (line,) = errors_of(files, "satellite: suncatcher\n", f"{field}={files / path}")
    assert line.startswith(f"--set {field}: {field}: {files / path} {what} {wanted}; write the path of a file that holds {wanted}")


def test_missing_file_and_a_circle(files: Path) -> None:
    """By hand: one line each."""
    (line,) = errors_of(files, "satellite: {extends: suncatcher, accelerator: chips/none.yaml}\n")
    assert line.startswith(f"scenario.yaml:5:34: satellite.accelerator: {files}/chips/none.yaml is not a file; write the path")
    (files / "a.yaml").write_text("extends: b.yaml\n", encoding="utf-8")
    (files / "b.yaml").write_text("extends: a.yaml\n", encoding="utf-8")
    (line,) = errors_of(files, "satellite: a.yaml\n")
    assert line == "b.yaml:1:1: satellite: a.yaml extends itself; write another item"


def test_error_inside_a_file_has_its_line(files: Path) -> None:
    """By hand: the position in the item's file, not that in the scenario."""
    (files / "chips" / "chip.yaml").write_text("extends: h100-sxm\nmax_powr: 500 W\n", encoding="utf-8")
    (line,) = errors_of(files, "satellite: craft/sat.yaml\n")
    assert line == "chips/chip.yaml:2:1: satellite.accelerator.max_powr: unknown key; did you mean 'max_power'?"


def test_paths_of_a_sweep_refer_to_its_folder(files: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: Any) -> None:
    """By hand: a shipped accelerator against the one beside the sweep, from another current folder."""
    text = 'name: chips\nscenario: suncatcher\ngrid: {satellite.accelerator: [h100-sxm, chips/chip.yaml]}\n'
    (files / "sweep.yaml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path_factory.mktemp("other"))
    study = definition.resolve(files / "sweep.yaml")
    assert len({point.sha256 for point in study.points}) == 2
