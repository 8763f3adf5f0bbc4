"""What a coupled run leaves over time: labelled as the table says, and in step with the summary."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import h5py
import numpy as np
import pytest

import sim
from sim.results.dataset import DATES, TABLE
from sim.results.store import Results
from sim.schema import ROLES, STATES

N = 13  # lattice points within two spacings: 1 + 4 + 4 + 4 (u2 + v2 = 0, 1, 2, 4)
LINKS = 16  # between points one spacing apart: rows of 1, 3, 5, 3, 1 have 8 along and as many across
SCENARIO = """\
name: small
epoch: 2026-03-20T00:00:00Z
duration: 2 h
step: 60 s
constellation: {kind: cluster, altitude: 650 km, local_time: "06:00", lattice: {spacing: 200 m, radius: 400 m}}
satellite: suncatcher
links: {topology: mesh, terminal: dwdm-10cm}
ground: {stations: default, min_elevation: 10 deg, station_pairs: [[Svalbard, Tromso]]}
fleet: {spares: 2}
workloads:
- {kind: training, model: llama-3-8b, method: synchronous, members: 4, mesh: {tensor: 8, pipeline: 8, data: 4}}
- {kind: inference, model: llama-3-8b, share: 0.2, demand: 1000 1/s}
events: ["2026-03-20T01:00:00Z lose satellite 6"]
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """Two jobs of four members, two spares, a service on two, and one that is over. Shared: do not change it."""
    path = tmp_path_factory.mktemp("small") / "small.yaml"
    stations = [row["name"] for row in _stations()]
    path.write_text(SCENARIO.replace("Svalbard, Tromso", f"{stations[0]}, {stations[1]}"), encoding="utf-8")
    return sim.run(sim.load(path), path.parent / "found", threads=1)


def _stations() -> list[dict[str, Any]]:
    from sim.config import yaml_tree
    from sim.config.scenario import items

    return list(yaml_tree.plain(yaml_tree.read(items("sites")["default"]))["stations"])


def test_every_array_is_there(found: Results) -> None:
    """Source of truth: sim.schema: dimensions, type, unit and meaning of each, after writing and reading."""
    assert found.folder is not None
    series = sim.open_results(found.folder).series
    assert set(series.variables) == {var.name for var in TABLE.values()} | set(DATES.values())
    for var in TABLE.values():
        assert series[var.name].dims == var.dims, var.name
        assert series[var.name].attrs["long_name"] == var.meaning, var.name
    sizes = {"job": 2, "service": 1, "pair": 1, "mode": 5, "sat": N}
    assert {name: series.sizes[name] for name in sizes} == sizes


def test_dates_beside_milliseconds(found: Results) -> None:
    """By hand: two hours from midnight in steps of a minute; the file itself holds the declared arrays only."""
    assert found.folder is not None
    for series in (found.series, sim.open_results(found.folder).series):
        dates = series["time_utc"].values
        assert str(dates.dtype) == "datetime64[ns]"
        assert [str(dates[0]), str(dates[-1])] == ["2026-03-20T00:01:00.000000000", "2026-03-20T02:00:00.000000000"]
        assert series["time"].values[-1] == 7_200_000
        assert (series["frame_utc"].values.astype("int64") // 10**6 - series["frame"].values == 1_773_964_800_000).all()
    with h5py.File(found.folder / "series.nc") as file:
        assert not set(DATES.values()) & set(file)


def test_rates_are_the_summary_over_time(found: Results) -> None:
    """Source of truth: definition: rows add up to the nameplate rate in every step, own and induced to the waterfall."""
    series, compute = found.series, found.summary["compute"]
    nameplate = compute["nameplate_flops"] / 7200.0
    assert series["rate_flops_per_s"].sum("cause").values == pytest.approx(np.full(120, nameplate), rel=1e-12)
    for name, key in (("rate_flops_per_s", "flops"), ("induced_flops_per_s", "induced_flops")):
        total = 60.0 * series[name].sum("time").values
        assert total == pytest.approx([row[key] for row in compute["waterfall"]], rel=1e-9, abs=1e-9 * nameplate)


def test_links_are_the_lattice(found: Results) -> None:
    """Source of truth: the lattice on paper; a lost satellite takes its links with it."""
    series = found.series
    ends = np.stack([series["link_a"].values, series["link_b"].values])
    begin, until = series["link_from"].values, series["link_until"].values
    assert ends.shape == (2, LINKS)
    assert (begin == 0).all()
    gone = (ends == 6).any(axis=0)
    assert 2 <= gone.sum() <= 4
    # lost at an hour, so that the frames from the 60th step on, number 59, are without
    assert set(until[gone]) <= {59, 60}
    assert (until[~gone] == 120).all()
    assert series["links"].values[[0, -1]].tolist() == [LINKS, LINKS - gone.sum()]


def test_ways_run_over_links(found: Results) -> None:
    """Source of truth: definition: from one satellite to the next there is a link; the last one serves."""
    series = found.series
    links = set(zip(series["link_a"].values.tolist(), series["link_b"].values.tolist(), strict=True))
    begins = [*series["route_begin"].values.tolist(), series.sizes["hop"]]
    assert series.sizes["route"] > 0
    serving = set(np.flatnonzero(series["sat_role"].values == ROLES.index("inference")).tolist())
    spans: dict[int, list[tuple[int, int]]] = {}
    for w in range(series.sizes["route"]):
        way = series["route_satellite"].values[begins[w] : begins[w + 1]].tolist()
        end = int(series["route_end"].values[w])
        assert all((min(a, b), max(a, b)) in links for a, b in pairwise(way))
        assert end == 14 or way[-1] in serving
        spans.setdefault(end, []).append((int(series["route_from"].values[w]), int(series["route_until"].values[w])))
    for end, of_end in spans.items():
        if end == 14:
            continue
        there = np.zeros(120, dtype=bool)
        for begin, until in of_end:
            assert not there[begin:until].any()  # one at a time
            there[begin:until] = True
        assert (there == np.isfinite(series["user_rtt_ms"].values[end])).all()


def test_user_sees_more_than_light(found: Results) -> None:
    """Source of truth: 17 ms of access, 20 us a hop and way (configs/defaults.yaml), at most eight links across 13."""
    light, user = found.series["propagation_rtt_ms"].values, found.series["user_rtt_ms"].values
    more = (user - light)[np.isfinite(light)]
    assert more.size
    assert more.min() >= 17.0 - 1e-9
    assert more.max() <= 17.0 + 8 * 0.04 + 1e-9


def test_jobs_over_time(found: Results) -> None:
    """Source of truth: definition: modes fill the time; tokens of the steps are those of the summary."""
    series = found.series
    assert series["job"].values.tolist() == ["llama-3-8b 0", "llama-3-8b 1"]
    assert series["job_mode_fraction"].sum("mode").values == pytest.approx(np.ones((2, 120)), abs=1e-12)
    training, service = found.summary["workloads"]
    assert series["job_tokens_per_s"].sum("job").values.mean() == pytest.approx(training["tokens_per_s"], rel=1e-12)
    assert series["service_tokens_per_s"].values[0].mean() == pytest.approx(service["tokens_per_s"], rel=1e-12)
    # all that is asked for, where the ground reaches it
    reached = np.isfinite(series["user_rtt_ms"].values).any(axis=0)
    assert 0 < reached.sum() < 120
    assert series["service_tokens_per_s"].values[0] == pytest.approx(np.where(reached, 1000.0, 0.0))


def test_roles(found: Results) -> None:
    """Source of truth: the scenario: 2 of 13 serve (0.2, rounded down), 2 stand by, two jobs of 4, one is left over."""
    role, job = found.series["sat_role"].values, found.series["sat_job"].values
    counted = {name: int((role == i).sum()) for i, name in enumerate(ROLES)}
    assert counted == {"independent": 0, "training": 8, "inference": 2, "spare": 2, "unplaced": 1, "idle": 0, "sensing": 0}
    assert [int((job == g).sum()) for g in (-1, 0, 1)] == [5, 4, 4]
    assert ((job >= 0) == (role == ROLES.index("training"))).all()


def test_useful_work_of_single_satellites(found: Results) -> None:
    """Source of truth: definition: without rollback the shares of satellites make up the fleet's; single precision."""
    assert found.folder is not None
    calm = sim.run(sim.load(found.folder / "scenario.yaml", set=["duration=30 min", "events=[]"]))
    share = calm.series["sat_useful_fraction"].values
    useful = calm.summary["compute"]["useful_fraction"]
    assert 0.0 < useful < 1.0
    assert share.mean() == pytest.approx(useful, rel=1e-6)
    working = np.isin(calm.series["sat_role"].values, [ROLES.index("training"), ROLES.index("inference")])
    assert (share[:, ~working] == 0.0).all()
    assert (share[:, calm.series["sat_role"].values == ROLES.index("training")] > 0.0).all()


def test_links_and_random_failures_are_among_the_events(found: Results) -> None:
    """Source of truth: the list of the scenario: every satellite of a range once, though failures are drawn as well."""
    assert found.folder is not None
    sets = ["duration=1 h", "fleet.failures.mean_time=1e6 yr", "recorder={satellites: 0}"]
    events = ["2026-03-20T00:30:01Z lose satellites 3-5", "2026-03-20T00:40Z derate link 0-2 to 0.5"]
    made = sim.run(sim.load(found.folder / "scenario.yaml", set=[*sets, "events=[]"], events=events))
    reported = [(e["action"], e["target"], e["satellite"], e["last_satellite"], e["cause"]) for e in made.events]
    assert reported == [("lose", "satellites 3-5", 3, 5, "scenario"), ("derate", "link 0-2", None, None, "scenario")]


def test_assumptions_tell_what_is_assumed(found: Results) -> None:
    from sim.results.reader import assumptions

    reported = {row["field"]: row for row in assumptions(found)}
    assert list(reported) == found.summary["assumptions"]
    tanks = reported["satellite.propulsion.tank_fraction"]
    assert (tanks["value"], tanks["unit"], tanks["kind"]) == (0.5, "1", "assumption")


def test_temperatures_of_all_parts(found: Results) -> None:
    """Source of truth: the thermal network: coolant cools along the radiator, so that segments do, and chips are warmer than their plates."""
    series, at_work = found.series, found.series["sat_role"].values == ROLES.index("training")
    at_work &= series["state"].values[-30:].min(axis=0) > STATES.index("failed")
    chain = ["sat_junction_k", "sat_plate_k", "sat_loop_k", "sat_radiator_1_k", "sat_radiator_2_k", "sat_radiator_3_k"]
    for hot, cold in pairwise(chain):
        assert (series[hot].values[-30:, at_work] > series[cold].values[-30:, at_work]).all(), (hot, cold)
    thirds = sum(series[name].values.astype(float) for name in chain[3:]) / 3.0
    np.testing.assert_allclose(series["sat_radiator_k"].values, thirds, atol=1e-4)
    hottest = max(float(series["sat_hbm_k"].values[:, k].max()) for k in np.flatnonzero(series["state"].values.any(axis=0)))
    assert found.summary["thermal"]["hbm_k_max"] == pytest.approx(hottest, abs=1e-4)
    assert found.summary["thermal"]["coolant_k_min"] == pytest.approx(float(series["sat_loop_k"].values.min()), abs=0.5)


def test_map_of_the_radiation(found: Results) -> None:
    """Source of truth: the tables of particles at the height of the map, behind the shielding of the satellite; single precision."""
    from orbit.radiation import ANOMALY_FLUX_M2_S, dose_rates, proton_flux
    from sim.config.ageing import conditions

    series, scenario = found.series, sim.load(found.folder / "scenario.yaml").scenario
    where = conditions(scenario.environment, scenario.epoch)
    altitude_m = float(series["map_altitude_m"].values[0])
    assert altitude_m == pytest.approx(650e3, abs=5e3)
    dose = sum(dose_rates(altitude_m, scenario.satellite.shielding.areal_mass, where).values())
    np.testing.assert_allclose(series["map_dose_rate_gy_s"].values[0], dose, rtol=0.02)
    np.testing.assert_allclose(series["map_proton_flux_m2_s"].values[0], proton_flux(altitude_m, where), rtol=0.02)
    assert series.attrs["anomaly_flux_m2_s"] == ANOMALY_FLUX_M2_S
    assert series["satellite_type"].values.tolist() == [scenario.satellite.name]
    assert (series["sat_type"].values == 0).all()


def test_dose_of_satellites_is_that_of_the_map(found: Results) -> None:
    """Source of truth: the map at the place of the satellite; between the heights of the run's planes the dose differs by a few per cent."""
    series = found.series
    x, y, z = (series["position_m"].values[:, axis].astype(float) for axis in range(3))
    r_m = np.sqrt(x * x + y * y + z * z)
    longitude = (np.arctan2(y, x) - series["gmst_rad"].values[:, None] + np.pi) % (2.0 * np.pi)
    row, column = (0.5 * (z / r_m + 1.0) * 96).astype(int), (longitude / (2.0 * np.pi) * 128).astype(int)
    expected = series["map_dose_rate_gy_s"].values[0][row, column]
    ratio = series["dose_rate_gy_s"].values / expected
    assert np.median(ratio) == pytest.approx(1.0, abs=0.05)
    assert (np.abs(ratio - 1.0) < 0.3).mean() > 0.97  # the others are at the edge of a cell


def test_parts_of_a_satellite(found: Results) -> None:
    """Source of truth: the scenario."""
    (row,) = found.summary["design"]["types"]
    satellite = sim.load(found.folder / "scenario.yaml").scenario.satellite
    one, chip = row["one"], satellite.accelerator
    assert one["attitude"] == {"law": "sun-pointing", "cant_rad": 0.0}
    assert (one["array_m2"], one["radiator_m2"], one["body_m2"]) == (
        satellite.power.array.area, satellite.thermal.radiator.area, satellite.thermal.structure.area
    )  # fmt: skip
    assert (one["accelerators"], one["terminals"], one["battery_j"]) == (64, 4, satellite.power.battery.capacity)
    assert (one["junction_limit_k"], one["hbm_limit_k"]) == (chip.junction_limit, chip.hbm_limit)
    assert one["coolant_freezing_k"] == satellite.thermal.heater.freezing_point
    assert (one["age_s"], one["battery_left"], one["array_left"]) == (0.0, 1.0, satellite.power.array.retention)
