"""Data of jobs in a run: start delays, shared sites, links that are slower, outages, deliveries, ledger, determinism.

Source of truth: volume over rate. Satellites above the equator at 35,786 km stand still over the stations, so that rates are constant.
Routes of a step are those at its end: a station that is lost in a step stalls all of it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim import api
from sim.config.errors import InputError
from sim.engine.driver import Run
from sim.results.store import Results

SCENARIO = """name: still
epoch: 2026-12-21T00:00:00Z
duration: 40 min
step: 60 s
constellation: {{kind: walker, altitude: 35786 km, inclination: 0 deg, planes: 1, satellites_per_plane: {satellites}}}
satellite: suncatcher
{links}
ground: {{stations: [{{name: A, latitude: 0 deg, longitude: -90 deg}}], min_elevation: 60 deg, link_rate: 1 Gbit/s}}
workloads:
{workloads}
"""
RING = "links: {topology: ring, terminal: ideal-link, max_range: 60000 km}"
JOB = "- {{kind: training, model: llama-3-8b, method: synchronous, members: 1, checkpoint: {{interval: 10 min}}{more}}}\n"
SERVICE = "- {{kind: inference, model: llama-3-8b{more}}}\n"
INGEST = ", ingest: {size: 75 GB}"  # 600 s at 1 Gbit/s


def _loaded(folder: Path, *more: str, satellites: int = 1, links: str = "", sets: tuple[str, ...] = (), events: tuple[str, ...] = (), kind: str = JOB) -> Any:
    path = folder / "still.yaml"
    workloads = "".join(kind.format(more=each) for each in more)
    path.write_text(SCENARIO.format(satellites=satellites, links=links, workloads=workloads), encoding="utf-8")
    return api.load(str(path), set=list(sets), events=events)


def _run(folder: Path, *more: str, **named: Any) -> Results:
    found: Results = api.run(_loaded(folder, *more, **named))
    return found


def _seconds(results: Results, satellites: int = 1) -> dict[str, float]:
    """Time of the accelerators of all satellites together by cause [s]."""
    return {row["cause"]: row["fraction"] * 2400.0 * satellites for row in results.waterfall}


def test_a_job_starts_when_its_data_are_aboard(tmp_path: Path) -> None:
    """75 GB at 1 Gbit/s: 600 s; 79 GB: 632 s, within a step, and the time after it is that of a job that started then."""
    for size, delay_s in ((75, 600.0), (79, 632.0)):
        results = _run(tmp_path, f", ingest: {{size: {size} GB}}")
        found = results.summary["workloads"][0]["ingest"]
        assert found["start_delay_s"] == pytest.approx(delay_s, abs=1e-6)
        assert found["mean_rate_bit_s"] == pytest.approx(1e9, rel=1e-12)
        assert (found["stalled_s"], found["started"], found["received_byte"]) == (0.0, 1, size * 1e9)
        ground = results.summary["ground"]
        assert ground["uplink_saturated_fraction"] == pytest.approx(delay_s / 2400.0, rel=1e-12)
        assert ground["downlink_saturated_fraction"] == 0.0
        running = results.series["job_mode_fraction"].sel(mode="ingest").values.sum() * 60.0
        assert running == pytest.approx(delay_s, abs=1e-6)


def test_a_service_that_waits_draws_idle_power(tmp_path: Path) -> None:
    """153.75 GB at 1 Gbit/s: 1,230 s of 2,400 s, half a step the last of them; power above idle in the others."""
    plain, half = (_run(tmp_path, more, kind=SERVICE).summary["energy_balance"]["dynamic_j"] for more in ("", ", ingest: {size: 153.75 GB}"))
    assert half == pytest.approx(1170.0 / 2400.0 * plain, rel=1e-3)
    assert plain > 0.0


def test_half_the_rate_takes_twice_as_long(tmp_path: Path) -> None:
    half = _run(tmp_path, INGEST, sets=("ground.link_rate=0.5 Gbit/s",)).summary["workloads"][0]["ingest"]
    assert half["start_delay_s"] == pytest.approx(1200.0, abs=1e-6)


def test_each_antenna_serves_a_satellite(tmp_path: Path) -> None:
    """Two antennas and one satellite in view: one of them has nothing to serve. With several in view, both have, and the job gets twice the rate."""
    sets = ("ground.stations.0.role=gateway", "ground.stations.0.antennas=2")
    assert _run(tmp_path, INGEST, sets=sets).summary["workloads"][0]["ingest"]["start_delay_s"] == pytest.approx(600.0, abs=1e-6)
    both = (*sets, "ground.min_elevation=5 deg", "workloads.0.members=8")
    found = _run(tmp_path, INGEST, satellites=8, links=RING, sets=both)
    assert found.summary["workloads"][0]["ingest"]["start_delay_s"] == pytest.approx(300.0, abs=1e-6)


def test_an_outage_stalls(tmp_path: Path) -> None:
    """The only station is lost for 7 minutes: the start comes 7 minutes later, and that time is an outage."""
    results = _run(tmp_path, INGEST, events=("+3 min lose station A for 7 min",))
    found = results.summary["workloads"][0]["ingest"]
    assert found["start_delay_s"] == pytest.approx(600.0 + 420.0, abs=1e-6)
    assert found["stalled_s"] == pytest.approx(420.0, abs=1e-6)
    assert found["mean_rate_bit_s"] == pytest.approx(1e9, rel=1e-12)
    assert _seconds(results)["outage"] == pytest.approx(420.0, abs=1e-6)


def test_waiting_is_communication_or_outage_and_nothing_else(tmp_path: Path) -> None:
    """A volume that does not come aboard in the run: all of the time left by power and heat is one of both, even where a member fails."""
    results = _run(tmp_path, ", ingest: {size: 1000 TB}", events=("+20.5 min lose station A",))
    rows = _seconds(results)
    assert sum(rows.values()) == pytest.approx(2400.0, abs=1e-6)
    assert rows["communication"] == pytest.approx(1200.0, abs=1e-6)
    assert rows["outage"] == pytest.approx(1200.0, abs=1e-6)
    found = results.summary["workloads"][0]
    assert (found["ingest"]["started"], found["ingest"]["start_delay_s"], found["step_s"]) == (0, None, None)
    lost = _seconds(_run(tmp_path, ", ingest: {size: 1000 TB}", events=("+5 min lose satellite 0 for 10 min",)))
    assert lost["failed"] == pytest.approx(600.0, abs=1e-6)
    assert lost["communication"] + lost["outage"] == pytest.approx(1800.0, abs=1e-6)  # it is in no site's view while it is lost
    assert sum(lost.values()) == pytest.approx(2400.0, abs=1e-6)


def test_what_is_aboard_survives_a_member(tmp_path: Path) -> None:
    """A satellite that is lost for 5 min has what it had: the start comes 5 min later, without a recovery."""
    results = _run(tmp_path, INGEST, events=("+4 min lose satellite 0 for 5 min",))
    assert results.summary["workloads"][0]["ingest"]["start_delay_s"] == pytest.approx(900.0, abs=1e-6)
    assert _seconds(results)["recovery"] == 0.0


def test_two_jobs_share_a_site(tmp_path: Path) -> None:
    """Each gets half of 1 Gbit/s. With 30 and 60 GB: 480 s for both at half, then 240 s for the rest of the second alone."""
    share = ", share: 0.25"
    even = _run(tmp_path, INGEST + share, INGEST + share, satellites=4, links=RING)
    assert [w["ingest"]["start_delay_s"] for w in even.summary["workloads"]] == pytest.approx([1200.0, 1200.0], abs=1e-6)
    uneven = _run(tmp_path, ", ingest: {size: 30 GB}" + share, ", ingest: {size: 60 GB}" + share, satellites=4, links=RING)
    assert [w["ingest"]["start_delay_s"] for w in uneven.summary["workloads"]] == pytest.approx([480.0, 720.0], abs=1e-6)
    several = _run(tmp_path, INGEST + ", share: 0.5", satellites=4, links=RING)  # two equal jobs of one workload
    found = several.summary["workloads"][0]["ingest"]
    assert (found["jobs"], found["start_delay_s"]) == (2, pytest.approx(1200.0, abs=1e-6))


def test_a_slower_link_between_satellites_decides(tmp_path: Path) -> None:
    """The second job is one link of 0.3 Gbit/s away from the only satellite in view, and the first gets the other 0.7 of the site."""
    share = ", share: 0.25"
    results = _run(tmp_path, INGEST + share, INGEST + share, satellites=4, links=RING, sets=("links.terminal.channel_rate=0.3 Gbit/s",))
    first, second = (w["ingest"] for w in results.summary["workloads"])
    assert first["start_delay_s"] == pytest.approx(600e9 / 0.7e9, abs=1e-6)
    assert second["start_delay_s"] == pytest.approx(2000.0, abs=1e-6)
    assert (first["saturated_fraction"], second["saturated_fraction"]) == (1.0, 0.0)
    assert results.summary["ground"]["uplink_saturated_fraction"] == 0.0


def test_deliveries(tmp_path: Path) -> None:
    """40 GB at 1 Gbit/s take 320 s, and are made every 300 s of running time: each waits 20 s longer than the one before."""
    results = _run(tmp_path, ", deliver: {size: 40 GB, interval: 300 s}")
    found = results.summary["workloads"][0]["deliver"]
    running_s = results.series["job_mode_fraction"].sel(mode="running").values.sum() * 60.0
    made = int(running_s // 300.0)
    assert made == 7
    assert found["made_byte"] == made * 40e9
    assert found["made_byte"] == pytest.approx(found["delivered_byte"] + found["queued_byte"], rel=1e-12)
    assert 0.0 < found["queued_byte"] < 120e9
    saves_s = (2400.0 - running_s) / 3  # three checkpoints stop the job, at 10, 20 and 30 min of running time
    made_s = np.array([300.0 * n + saves_s * ((n - 1) // 2) for n in range(1, made + 1)])  # the third of them after the first checkpoint
    arrived_s = 300.0 + 320.0 * np.arange(1, made + 1)
    delays_s = (arrived_s - made_s)[arrived_s <= 2400.0]
    assert list(found["delay_s"].values()) == pytest.approx(np.percentile(delays_s, (10, 50, 90)), abs=1e-3)
    assert found["delivered_byte"] == pytest.approx((2400.0 - 300.0) * 1e9 / 8.0, rel=1e-9)  # never idle after the first
    assert results.summary["ground"]["downlink_saturated_fraction"] == pytest.approx(2100.0 / 2400.0, rel=1e-9)
    without = _run(tmp_path, "")
    assert results.waterfall == without.waterfall  # nothing waits for deliveries


def test_an_outage_delays_deliveries(tmp_path: Path) -> None:
    """Made after 1195 s of running time and the first checkpoint, sent from 25 min on, for 8 s."""
    results = _run(tmp_path, ", deliver: {size: 1 GB, interval: 1195 s}", events=("+10.5 min lose station A for 15 min",))
    found = results.summary["workloads"][0]["deliver"]
    running_s = results.series["job_mode_fraction"].sel(mode="running").values.sum() * 60.0
    made_s = 1195.0 + (2400.0 - running_s) / 3
    assert found["stalled_s"] == pytest.approx(1500.0 - made_s, abs=1e-3)
    assert found["delay_s"]["p50"] == pytest.approx(1508.0 - made_s, abs=1e-3)
    assert (found["made_byte"], found["delivered_byte"], found["queued_byte"]) == (1e9, 1e9, 0.0)


def test_delivered_once_when_all_tokens_are_taken(tmp_path: Path) -> None:
    never = _run(tmp_path, ", deliver: {size: 1 GB}").summary["workloads"][0]["deliver"]
    assert (never["made_byte"], never["delivered_byte"], never["delay_s"]["p50"]) == (0.0, 0.0, None)
    once = _run(tmp_path, ", deliver: {size: 1 GB}, tokens: 1e6").summary["workloads"][0]["deliver"]
    assert (once["made_byte"], once["delivered_byte"]) == (1e9, 1e9)
    assert once["delay_s"]["p50"] == pytest.approx(8.0, abs=1e-6)


def test_a_service_waits_for_weights(tmp_path: Path) -> None:
    """16 GB at 0.2 Gbit/s: 640 s; the tokens are those of the rest of the run."""
    weights = ", ingest: {size: 16 GB}"
    waits = _run(tmp_path, weights, kind=SERVICE, sets=("ground.link_rate=0.2 Gbit/s",))
    ready = _run(tmp_path, "", kind=SERVICE)
    assert waits.summary["workloads"][0]["ingest"]["start_delay_s"] == pytest.approx(640.0, abs=1e-6)
    rows, before = _seconds(waits), _seconds(ready)
    assert rows["communication"] - before["communication"] * 1760.0 / 2400.0 == pytest.approx(640.0, rel=1e-3)
    assert sum(rows.values()) == pytest.approx(2400.0, abs=1e-6)
    tokens = [r.summary["workloads"][0]["tokens_per_s"] for r in (waits, ready)]
    assert tokens[0] / tokens[1] == pytest.approx(1760.0 / 2400.0, rel=1e-3)
    assert waits.summary["workloads"][0]["deliver"] is None


def test_copies_over_several_satellites_wait_together(tmp_path: Path) -> None:
    sets = ("workloads.0.pipeline=2",)
    results = _run(tmp_path, ", ingest: {size: 75 GB}", kind=SERVICE, satellites=4, links=RING, sets=sets)
    assert results.summary["workloads"][0]["ingest"]["start_delay_s"] == pytest.approx(600.0, abs=1e-6)
    rows = _seconds(results, 4)
    assert sum(rows.values()) == pytest.approx(9600.0, abs=1e-5)
    assert rows["communication"] >= 2400.0 - 1e-6
    assert rows["recovery"] == 0.0


@pytest.mark.parametrize("method", ["method: elastic, elastic: {replicas: 2}", "method: diloco, islands: {count: 2}"])
def test_islands_and_replicas_share_their_data(method: str, tmp_path: Path) -> None:
    """One volume for both, and both start at once."""
    kind = JOB.replace("method: synchronous", method.replace("{", "{{").replace("}", "}}"))
    results = _run(tmp_path, INGEST, kind=kind, satellites=2, links="links: {topology: nearest, terminal: ideal-link, max_range: 90000 km, grazing_altitude: 0 km}",
                   sets=("constellation.0.satellites_per_plane=4", "workloads.0.share=0.5"))  # fmt: skip
    found = results.summary["workloads"][0]["ingest"]
    assert (found["jobs"], found["start_delay_s"]) == (1, pytest.approx(600.0, abs=1e-6))
    shares = results.series["job_mode_fraction"].sel(mode="ingest").values
    assert shares.shape[0] == 2
    assert shares.sum(axis=1) * 60.0 == pytest.approx([600.0, 600.0], abs=1e-6)
    assert results.summary["workloads"][0]["tokens_per_s"] > 0.0


def test_same_bytes_whatever_blocks_and_threads(tmp_path: Path) -> None:
    """Source of truth: bytes of volumes and of the ledger."""
    def one(tile: int, block: int, threads: int) -> bytes:
        loaded = _loaded(tmp_path, INGEST + ", deliver: {size: 7 GB, interval: 5 min}, share: 0.5", satellites=4, links=RING,
                         events=("+3 min lose station A for 5 min",))  # fmt: skip
        outcome = Run(loaded, tile=tile, block=block, threads=threads).finish()
        assert outcome.volumes is not None
        assert outcome.scheduler is not None
        values = [v for job in outcome.volumes.jobs for v in (job.incoming, job.outgoing)]
        numbers = [x for v in values if v is not None for x in (v.passed_bit, v.flowing_s, v.stalled_s, v.saturated_s)]
        numbers += [d for job in outcome.volumes.jobs if job.outgoing is not None for d in job.outgoing.delays_s]
        return np.array(numbers).tobytes() + np.ascontiguousarray(outcome.scheduler.ledger.own_s).tobytes()

    assert one(2, 7, 2) == one(256, 60, 1)


def test_without_volumes_nothing_is_said(tmp_path: Path) -> None:
    results = _run(tmp_path, "")
    assert (results.summary["workloads"][0]["ingest"], results.summary["workloads"][0]["deliver"]) == (None, None)
    assert results.summary["ground"]["uplink_saturated_fraction"] is None
    assert "ingest" not in results.series["mode"].values.tolist()


@pytest.mark.parametrize(("kind", "more", "sets", "line"), [
    (JOB, INGEST, ("ground=null",), "workloads.0.ingest: needs ground stations, and the scenario has none; write ground: {stations: default, link_rate: 20 Gbit/s}"),
    (JOB, ", deliver: {size: 1 GB}", ("ground.link_rate=null",), "ground.link_rate: is missing, and workloads.0.deliver passes at that rate; write "
     "link_rate: 20 Gbit/s below ground, or a radio or telescope"),
    (SERVICE, ", deliver: {size: 1 GB}", (), "workloads.0.deliver.interval: is null, and a service has no end at which to send its results; write interval: 1 h"),
    (JOB, ", ingest: {size: 0 B}", (), "workloads.0.ingest.size: '0 B' must be above 0"),
    (JOB, ", deliver: {size: 1 GB, interval: 0 s}", (), "workloads.0.deliver.interval: '0 s' must be at least 1 s"),
])  # fmt: skip
def test_refused(kind: str, more: str, sets: tuple[str, ...], line: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as found:
        _loaded(tmp_path, more, kind=kind, sets=sets)
    assert len(found.value.problems) == 1, found.value
    assert line in str(found.value)


def test_rates_are_those_of_the_budgets(tmp_path: Path) -> None:
    """Under every antenna there are members: what came aboard is the integral of what the sites of the budget carry up, weather included."""
    sets = ["duration=40 min", "ground.radio=e-band-gateway", "workloads.0.ingest={size: 12 TB}"]
    outcome = Run(api.load("suncatcher", set=sets), threads=2).finish()
    assert outcome.volumes is not None
    assert outcome.ground_routing is not None
    assert outcome.ground_routing.budget is not None
    up_bit = np.concatenate(([0.0], np.cumsum(outcome.ground_routing.budget.up_bit_s.sum(axis=1) * 60.0)))
    volume = outcome.volumes.jobs[0].incoming
    assert volume is not None
    assert volume.start_s is not None
    assert volume.start_s < 2400.0
    assert volume.start_s == pytest.approx(np.interp(12e12 * 8.0, up_bit, 60.0 * np.arange(up_bit.size)), abs=1e-3)


def test_directions_of_a_link_are_apart(tmp_path: Path) -> None:
    """Jobs on satellites 0, 1 and 3 of a ring of four, of which the site sees 0. Data come up to the second over the link from 0 to 1 at 0.3 Gbit/s,
    all the time; the third sends its results over the link from 3 to 0. Both links carry one direction each, so that a result takes 8 Gbit / 0.3 Gbit/s."""
    share, deliver = ", share: 0.25", ", deliver: {size: 1 GB, interval: 5 min}"
    sets = ("links.terminal.channel_rate=0.3 Gbit/s", "workloads.0.deliver=null")
    big = ", ingest: {size: 1000 TB}"
    results = _run(tmp_path, deliver + share, big + share, big + share, deliver + share, satellites=4, links=RING, sets=sets)
    _, second, _, last = (w for w in results.summary["workloads"])
    assert second["ingest"]["started"] == 0
    assert last["deliver"]["delay_s"]["p50"] == pytest.approx(8e9 / 0.3e9, abs=1e-6)


def test_what_goes_down_yields_to_what_comes_up(tmp_path: Path) -> None:
    """Sites A and B see satellites 0 and 1. The second job gets 1 Gbit/s from B and 0.3 over the link from 0 to 1; so the first sends through A
    alone, and not over that link to B, as it does where nothing comes up."""
    share, deliver = ", share: 0.25", ", deliver: {size: 1 GB, interval: 5 min}"
    sites = "ground.stations=[{name: A, latitude: 0 deg, longitude: -90 deg}, {name: B, latitude: 0 deg, longitude: 0 deg}]"
    sets = ("links.terminal.channel_rate=0.3 Gbit/s", sites)
    loads, alone = (_run(tmp_path, deliver + share, more + share, satellites=4, links=RING, sets=sets) for more in (", ingest: {size: 1000 TB}", ""))
    assert loads.summary["workloads"][1]["ingest"]["mean_rate_bit_s"] == pytest.approx(1.3e9, rel=1e-9)
    assert loads.summary["workloads"][0]["deliver"]["delay_s"]["p50"] == pytest.approx(8.0, abs=1e-6)
    assert alone.summary["workloads"][0]["deliver"]["delay_s"]["p50"] == pytest.approx(8.0 / 1.3, abs=1e-6)
