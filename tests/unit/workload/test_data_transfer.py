"""Images over contacts: closed forms of one satellite, and invariants of many.

Source of truth: a queue written out image by image in this file (`_arrivals_s`), arithmetic beside each case, and conservation in whole images.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from orbit.access import Windows
from sim.network.contacts import Contacts, contacts_of
from sim.workload import image_queues as q
from sim.workload.data_transfer import A_CONTACTS, A_IMAGES, A_LINKED_S, A_RESULTS, A_SETUP_S, DataTransfer, Rules
from sim.workload.sensing import percentiles_s

MB = 1_000_000
PLAIN = Rules(
    image_bytes=10 * MB, result_bytes=0, storage_bytes=10_000 * MB, images_per_s=0.1, send_byte_s=1.0 * MB, upload_byte_s=0.0, upload_bytes=0.0,
    setup_s=0.0, antennas=1, processed=False, keep=1.0, newest_first=False, drop_oldest=True, policy="backlog", repeat=False,
)  # fmt: skip


def _contacts(rows: list[tuple[int, int, float, float]], satellites: int, stations: int) -> Contacts:
    """Contacts from rows of station, satellite, rise and set."""
    station, satellite = (np.array([row[n] for row in rows], dtype=np.int32) for n in (0, 1))
    rise_s, set_s = (np.array([row[n] for row in rows], dtype=np.float64) for n in (2, 3))
    cut = np.zeros(len(rows), dtype=np.bool_)
    windows = Windows(station, satellite, rise_s, set_s, 0.5 * (rise_s + set_s), np.ones(len(rows)), cut, cut)
    return contacts_of(windows, np.arange(satellites), stations)


def _run(rules: Rules, rows: list[tuple[int, int, float, float]], duration_s: float, satellites: int = 1, stations: int = 1,
         step_s: float = 60.0, images_per_s: float = 0.0, until_s: float = math.inf) -> DataTransfer:  # fmt: skip
    """All satellites work throughout, and capture until a moment."""
    found = DataTransfer(rules, _contacts(rows, satellites, stations), satellites, stations, duration_s)
    one = np.ones(satellites)
    for k in range(round(duration_s / step_s)):
        begin_s, end_s = k * step_s, (k + 1) * step_s
        captures = min(begin_s, until_s) * one, min(end_s, until_s) * one
        found.advance(begin_s, end_s, one, images_per_s * one, captures, np.ones(stations, dtype=np.bool_))
    return found


def _arrivals_s(captured_s: list[float], passes: list[tuple[float, float]], image_s: float) -> list[float]:
    """Ends of the transfer of images, one after the other in order of capture, which takes image_s of contact each and goes on after a gap."""
    free_s, arrived = 0.0, []
    for at_s in captured_s:
        free_s, left_s = max(free_s, at_s), image_s
        for rise_s, set_s in passes:
            begin_s = max(free_s, rise_s)
            if begin_s >= set_s:
                continue
            taken_s = min(left_s, set_s - begin_s)
            left_s -= taken_s
            free_s = begin_s + taken_s
            if left_s <= 1e-9:
                arrived.append(free_s)
                break
        else:
            return arrived
    return arrived


def _bins(delays_s: list[float]) -> np.ndarray:
    """Delays in bins of a thousandth, from one second on."""
    return np.bincount([int(1000.0 * math.log(max(d, 1.0))) for d in delays_s], minlength=q.DELAY_BINS)


def test_one_pass_brings_rate_times_duration() -> None:
    """100 images of 10 MB wait at 1,000 s; a pass of 605.5 s at 1 MB/s brings 60 of them and 5.5 MB of the next."""
    found = _run(PLAIN, [(0, 0, 1030.25, 1635.75)], 3600.0, until_s=1000.0)
    count = found.count[0]
    assert (count[q.C_CAPTURED], count[q.C_ARRIVED]) == (100, 60)
    assert found.value[0, q.F_SENT] == pytest.approx(5.5 * MB, rel=1e-9)
    assert found.did_s[0, 0, A_LINKED_S] == pytest.approx(605.5, abs=1e-9)
    assert (found.did[0, 0, A_CONTACTS], found.did[0, 0, A_IMAGES]) == (1, 60)


def test_setup_takes_its_time_of_each_contact() -> None:
    """30.5 s of 605.5 s: 57 whole images, 5 MB of the next; a contact shorter than the setup brings nothing."""
    found = _run(PLAIN._replace(setup_s=30.5), [(0, 0, 1030.25, 1635.75), (0, 0, 2000.0, 2020.0)], 3600.0, until_s=1000.0)
    assert found.count[0, q.C_ARRIVED] == 57
    assert found.did_s[0, 0, A_LINKED_S] == pytest.approx(575.0, abs=1e-9)
    assert found.did_s[0, 0, A_SETUP_S] == pytest.approx(30.5 + 20.0, abs=1e-9)


@pytest.mark.parametrize("step_s", [10.0, 60.0, 600.0])
def test_a_queue_of_one_satellite(step_s: float) -> None:
    """Every delay is that of a queue in order of capture, to a bin of a thousandth; steps do not matter."""
    passes = [(95.5, 400.0), (1000.25, 1300.5), (2222.0, 2900.0)]
    found = _run(PLAIN._replace(images_per_s=0.07), [(0, 0, *each) for each in passes], 3600.0, step_s=step_s)
    captured_s = [(n + 1) / 0.07 for n in range(int(3600 * 0.07))]
    arrived_s = _arrivals_s(captured_s, passes, 10.0)
    assert found.count[0, q.C_CAPTURED] == len(captured_s)
    assert found.count[0, q.C_ARRIVED] == len(arrived_s)
    expected, ours = np.cumsum(_bins([b - a for a, b in zip(captured_s, arrived_s, strict=False)])), np.cumsum(found.delays[0])
    assert np.all(ours[1:] >= expected[:-1])
    assert np.all(expected[1:] >= ours[:-1])


def test_newest_first_is_sooner_for_the_last_images() -> None:
    """20 images at 10, ..., 200 s, one pass for 5 of them from 200 s on: the last five, each 10 s after the one before."""
    found = _run(PLAIN._replace(newest_first=True), [(0, 0, 200.5, 250.5)], 600.0, until_s=200.5)
    delays_s = [10.5 + 20.0 * n for n in range(5)]
    assert found.count[0, q.C_ARRIVED] == 5
    assert np.array_equal(found.delays[0], _bins(delays_s))


def test_what_a_contact_cuts_off() -> None:
    """Passes of 15 s at 10 s an image: 3 images in two passes where the rest is sent, 2 where images are sent again."""
    rows = [(0, 0, 1000.0, 1015.0), (0, 0, 2000.0, 2015.0)]
    resumed, repeated = (_run(PLAIN._replace(repeat=each), rows, 3000.0, until_s=900.0).count[0] for each in (False, True))
    assert (resumed[q.C_ARRIVED], resumed[q.C_REPEATED]) == (3, 0)
    assert (repeated[q.C_ARRIVED], repeated[q.C_REPEATED]) == (2, 10 * MB)  # 5 MB in each pass


@pytest.mark.parametrize(("drop_oldest", "delay_s"), [(True, 905.0), (False, 995.0)])
def test_full_storage(drop_oldest: bool, delay_s: float) -> None:
    """Room for 2 of 20 images: 18 are lost; what arrives first was captured at 190 s or at 10 s."""
    rules = PLAIN._replace(storage_bytes=29 * MB, drop_oldest=drop_oldest)
    count = _run(rules, [(0, 0, 1000.0, 1005.0)], 3000.0, until_s=201.0).count[0]
    assert (count[q.C_CAPTURED], count[q.C_LOST], count[q.C_RAW] + (count[q.C_ITEM] == q.RAW)) == (20, 18, 2)
    later = _run(rules, [(0, 0, 1085.0 if drop_oldest else 995.0, 1100.0)], 3000.0, until_s=201.0)
    first = min(np.flatnonzero(later.delays[0]))
    assert math.exp(first / 1000.0) == pytest.approx(delay_s, rel=2e-3)


def test_whom_a_free_antenna_serves() -> None:
    """Satellite 1 has more images, 0 rose first, 2 sets last."""
    rows = [(0, 0, 50.0, 400.0), (0, 1, 60.0, 300.0), (0, 2, 70.0, 500.0), (0, 3, 10.0, 100.0)]
    served = {}
    for policy in ("backlog", "first", "longest"):
        found = DataTransfer(PLAIN._replace(policy=policy, images_per_s=1.0), _contacts(rows, 4, 1), 4, 1, 600.0)
        last_s = np.array([20.0, 40.0, 30.0, 1000.0])  # how long each captures
        for k in range(11):
            begin_s, end_s = 10.0 * k, 10.0 * k + 10.0
            found.advance(begin_s, end_s, np.ones(4), np.zeros(4), (np.minimum(begin_s, last_s), np.minimum(end_s, last_s)), np.ones(1, dtype=bool))
        served[policy] = int(found.contacts.satellite[found.link[0, 0]])  # satellite 3 had the antenna until 100 s
    assert served == {"backlog": 1, "first": 0, "longest": 2}


def test_a_satellite_without_data_gives_way() -> None:
    """Satellite 0 holds the antenna from 10 s on and has one image; 1 rises at 100 s with many and gets it at once."""
    found = DataTransfer(PLAIN, _contacts([(0, 0, 10.0, 500.0), (0, 1, 100.0, 500.0)], 2, 1), 2, 1, 600.0)
    last_s = np.array([10.0, 100.0])
    for k in range(10):
        begin_s, end_s = 60.0 * k, 60.0 * k + 60.0
        found.advance(begin_s, end_s, np.ones(2), np.zeros(2), (np.minimum(begin_s, last_s), np.minimum(end_s, last_s)), np.ones(1, dtype=bool))
    assert found.count[:, q.C_ARRIVED].tolist() == [1, 10]
    assert found.did[0, 0, A_CONTACTS] == 2  # 1 keeps the antenna afterwards: no other one waits for it
    assert found.delays[0].sum() == 11


def test_processing_before_sending() -> None:
    """20 images at 10, ..., 200 s, each 4 s of work: results of 1 MB go first, half of the images after them."""
    rules = PLAIN._replace(processed=True, keep=0.5, result_bytes=MB)
    found = _run(rules, [(0, 0, 300.0, 345.0)], 600.0, images_per_s=0.25, until_s=201.0)
    count = found.count[0]
    assert (count[q.C_PROCESSED], count[q.C_DISCARDED]) == (20, 10)
    assert (count[q.C_RESULTS], count[q.C_ARRIVED]) == (20, 2)  # 20 s for the results, 25 s for 2.5 images
    assert np.array_equal(found.delays[1], _bins([301.0 + n - 10.0 * (n + 1) for n in range(20)]))


def test_processing_that_falls_behind_is_busy_all_the_time() -> None:
    """0.1 images/s against 0.05: after 600 s 60 captured, 29 processed (the first waits 10 s), 31 wait."""
    rules = PLAIN._replace(processed=True)
    found = DataTransfer(rules, _contacts([], 1, 1), 1, 1, 600.0)
    busy_s = [float(found.advance(60.0 * k, 60.0 * k + 60.0, np.ones(1), np.full(1, 0.05), (np.full(1, 60.0 * k), np.full(1, 60.0 * k + 60.0)),
                                  np.ones(1, dtype=np.bool_))[0]) for k in range(10)]  # fmt: skip
    assert found.count[0, [q.C_CAPTURED, q.C_PROCESSED, q.C_WAIT]].tolist() == [60, 29, 31]
    assert busy_s == pytest.approx([50.0] + [60.0] * 9, abs=1e-9)


def test_an_upload_through_contacts_comes_before_processing() -> None:
    """40 MB at 0.1 MB/s take 400 s of contact: passes of 300 s from 1,000 and 2,000 s on end it at 2,100 s."""
    rules = PLAIN._replace(processed=True, upload_bytes=40.0 * MB, upload_byte_s=0.1 * MB)
    found = _run(rules, [(0, 0, 1000.0, 1300.0), (0, 0, 2000.0, 2300.0)], 2400.0, images_per_s=1.0, until_s=500.0)
    assert found.value[0, q.F_UPLOADED] == pytest.approx(2100.0, abs=1e-6)
    assert (found.count[0, q.C_PROCESSED], found.count[0, q.C_ARRIVED]) == (50, 19)  # sent from 2,101 s on


def test_a_station_that_is_lost_ends_its_contact() -> None:
    """Lost in the steps from 120 to 180 s of a pass from 0 to 300 s: 24 of 30 images."""
    found = DataTransfer(PLAIN._replace(images_per_s=1.0), _contacts([(0, 0, 0.0, 300.0)], 1, 1), 1, 1, 600.0)
    for k in range(10):
        up = np.array([k != 2])
        found.advance(60.0 * k, 60.0 * k + 60.0, np.ones(1), np.zeros(1), (np.full(1, 60.0 * k), np.full(1, 60.0 * k + 60.0)), up)
    # of 240 s of contact 1 s without an image; after the gap the image that was cut off goes on
    assert found.count[0, q.C_ARRIVED] == 23
    assert found.value[0, q.F_SENT] == pytest.approx(9.0 * MB, rel=1e-9)


# --- many satellites -----------------------------------------------------------------------------------------------------------


def _random(seed: int, satellites: int = 12, stations: int = 3) -> tuple[Rules, list[tuple[int, int, float, float]]]:
    rng = np.random.default_rng(seed)
    rows = []
    for station in range(stations):
        for satellite in range(satellites):
            at_s = rng.uniform(0.0, 2000.0)
            while at_s < 20_000.0:
                length_s = rng.uniform(5.0, 600.0)
                rows.append((station, satellite, at_s, at_s + length_s))
                at_s += length_s + rng.uniform(300.0, 6000.0)
    rules = PLAIN._replace(
        image_bytes=int(rng.integers(MB, 40 * MB)), storage_bytes=int(rng.integers(100 * MB, 2000 * MB)), setup_s=float(rng.choice([0.0, 12.5])),
        antennas=int(rng.integers(1, 3)), processed=bool(rng.integers(2)), keep=float(rng.uniform(0.2, 1.0)),
        result_bytes=int(rng.choice([0, 10_000, MB])), newest_first=bool(rng.integers(2)), drop_oldest=bool(rng.integers(2)),
        repeat=bool(rng.integers(2)), policy=str(rng.choice(["backlog", "first", "longest"])),
    )  # fmt: skip
    return rules, rows


@pytest.mark.parametrize("seed", range(12))
def test_invariants(seed: int) -> None:
    """Source of truth: conservation in whole images; an antenna has one satellite, in view; nothing arrives before it is captured."""
    rules, rows = _random(seed)
    contacts = _contacts(rows, 12, 3)
    found = DataTransfer(rules, contacts, 12, 3, 20_000.0)
    one, linked_s = np.ones(12), 0.0
    for k in range(1000):
        begin_s, end_s = 20.0 * k, 20.0 * k + 20.0
        found.advance(begin_s, end_s, one, 0.08 * one, (begin_s * one, (begin_s + 15.0) * one), np.ones(3, dtype=np.bool_))
        held = found.link[found.link >= 0]
        who = contacts.satellite[held]
        assert np.unique(who).size == who.size  # a satellite has one link
        assert np.all(contacts.rise_s[held] <= end_s)
        assert np.all(contacts.set_s[held] >= end_s)
        assert np.array_equal(contacts.station[held], np.nonzero(found.link >= 0)[0])
    c = found.count
    stored = c[:, q.C_WAIT] + c[:, q.C_RAW] + (c[:, q.C_ITEM] == q.RAW)
    assert np.array_equal(c[:, q.C_CAPTURED], c[:, q.C_ARRIVED] + stored + c[:, q.C_LOST] + c[:, q.C_DISCARDED])
    assert c[:, q.C_CAPTURED].tolist() == [1500] * 12
    results = c[:, q.C_RESULT] + (c[:, q.C_ITEM] == q.RESULT)
    assert np.all(stored * rules.image_bytes + results * rules.result_bytes <= rules.storage_bytes)
    times_s, counts = found.contact_time_s(), found.sent_counts()
    assert counts[..., A_IMAGES].sum() == c[:, q.C_ARRIVED].sum() == found.delays[0].sum()
    assert counts[..., A_RESULTS].sum() == found.delays[1].sum() == c[:, q.C_RESULTS].sum()
    sent = c[:, q.C_ARRIVED].sum() * rules.image_bytes + c[:, q.C_RESULTS].sum() * rules.result_bytes
    linked_s = times_s[..., A_LINKED_S].sum()
    assert 0 < sent <= linked_s * rules.send_byte_s * (1.0 + 1e-12)
    assert np.all(times_s.sum(axis=2) <= 20_000.0 + 1e-6)


@pytest.mark.parametrize(
    ("drop_oldest", "result_mb", "held"),
    [
        # nine images and nine results take 990 MB; from the tenth on an image takes the place of the oldest, and where ten results are to be added, one more goes
        (True, 10, (7, 15, 8, 16)),
        (False, 10, (9, 9, 7, 16)),
        (False, 70, (5, 6, 11, 16)),  # the sixth result fits, its image does not any more
        (True, 100, (0, 10, 16, 16)),  # results as large as images push all of them out
    ],
)
def test_results_take_room(drop_oldest: bool, result_mb: int, held: tuple[int, ...]) -> None:
    """Storage of ten images, an image a minute, a second of work for each, no contact; after 16 minutes, the last just captured, step by step by hand."""
    rules = PLAIN._replace(
        image_bytes=100 * MB, storage_bytes=1000 * MB, images_per_s=1.0 / 60.0, processed=True, keep=1.0, result_bytes=result_mb * MB, drop_oldest=drop_oldest
    )
    found = _run(rules, [], 960.0, images_per_s=1.0)
    c = found.count[0]
    assert (c[q.C_RAW], c[q.C_RESULT], c[q.C_LOST], c[q.C_CAPTURED]) == held


@pytest.mark.parametrize("seed", range(6))
def test_twice_the_rate_never_brings_less(seed: int) -> None:
    """Source of truth: one satellite in order of capture without losses: each image is through sooner, by induction."""
    rules, rows = _random(seed, 1)
    rules = rules._replace(storage_bytes=10**13, newest_first=False, processed=False, setup_s=0.0, images_per_s=0.05)
    brought = [_run(rules._replace(send_byte_s=rate * MB), rows, 20_000.0, stations=3).count[0, q.C_ARRIVED] for rate in (0.25, 0.5, 1.0, 2.0)]
    assert brought == sorted(brought)
    assert brought[0] < brought[-1]


def test_queues_grow_without_losing_their_order() -> None:
    """1,000 images, far beyond the first room; then a pass brings the oldest hundred, in order."""
    rules = PLAIN._replace(images_per_s=0.5, storage_bytes=10**12, send_byte_s=10.0 * MB)
    found = _run(rules, [(0, 0, 2100.0, 2200.0)], 2400.0, until_s=2000.0)
    assert found.rings.shape[2] > 1000
    assert np.array_equal(found.delays[0], _bins([2101.0 + n - 2.0 * (n + 1) for n in range(100)]))


def test_percentiles_of_known_delays() -> None:
    """Of 1, 2, ... 1000 s the hundredth, the five hundredth and the nine hundredth, to a thousandth."""
    found = percentiles_s(_bins([float(n) for n in range(1, 1001)]))
    assert found == {"p10": pytest.approx(100.0, rel=1e-3), "p50": pytest.approx(500.0, rel=1e-3), "p90": pytest.approx(900.0, rel=1e-3)}


def test_of_contacts_at_the_same_moment_ends_come_first() -> None:
    """Source of truth: the rule: an antenna that one satellite leaves at 100 s is free for another that rises then."""
    found = _contacts([(0, 0, 0.0, 100.0), (0, 1, 100.0, 200.0)], 2, 1)
    assert found.event.tolist() == [0, 1, 2, 3]
    assert found.visible_most == 1
