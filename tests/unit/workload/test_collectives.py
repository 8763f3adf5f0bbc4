"""Collectives: closed forms, and the same as messages on links."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.workload.collective_times import halving_doubling_s, hierarchical_s, ring_half_s, ring_s, tree_s
from sim.workload.collectives import ALGORITHMS, Floats, Ints, Phase, all_reduce, flow_times_s, phases_s, square_rows

MESSAGE, DELAY, RATE = 1e9, 6.58e-3, 12.5e9  # bytes, s, byte/s


def _on_links(algorithm: str, ranks: int, rows: int | None = None) -> float:
    """Every ordered pair has a link of its own."""
    delay, rate = np.full(2 * ranks * ranks, DELAY), np.full(2 * ranks * ranks, 8 * RATE)
    phases = all_reduce(algorithm, np.arange(ranks).reshape(1, -1), MESSAGE, rows)
    times = [flow_times_s(np.arange(p.src.size + 1), p.src * ranks + p.dst, p.size_bytes, delay, rate) for p in phases]
    return phases_s(phases, times, ranks)[0]


def test_published_all_reduce_of_128() -> None:
    """Source of truth: workload, table of section 4: 1 GB, 100 Gbit/s, 6.58 ms: 1.830, 0.251, 1.212 s as printed."""
    assert ring_s(128, MESSAGE, DELAY, RATE) == pytest.approx(1.830, abs=5e-4)
    assert halving_doubling_s(128, MESSAGE, DELAY, RATE) == pytest.approx(0.251, abs=5e-4)
    assert tree_s(128, MESSAGE, DELAY, RATE) == pytest.approx(1.212, abs=5e-4)
    assert [f(128, 50.6e9, DELAY, RATE) for f in (ring_s, halving_doubling_s, tree_s)] == pytest.approx(
        [9.70, 8.12, 56.8], rel=2e-3
    )


def test_latency_is_paid_at_every_hop() -> None:
    """Closed form, no bytes: 2 (n - 1) and 2 log2 n latencies, not one."""
    assert ring_s(128, 0.0, DELAY, RATE) == pytest.approx(254 * DELAY)
    assert halving_doubling_s(128, 0.0, DELAY, RATE) == pytest.approx(14 * DELAY)
    assert tree_s(100, 0.0, DELAY, RATE) == pytest.approx(14 * DELAY)


@pytest.mark.parametrize("function", [ring_s, halving_doubling_s, tree_s, ring_half_s])
def test_alone_is_free(function: object) -> None:
    assert function(1, MESSAGE, DELAY, RATE) == 0.0  # type: ignore[operator]


def test_two_levels() -> None:
    """Closed form: scatter S over 4, reduce S/4 over 8, gather S over 4."""
    ours = hierarchical_s(4, 8, MESSAGE, (1e-6, 1e11), (DELAY, RATE))
    by_hand = 2 * 3 * (1e-6 + 0.25e9 / 1e11) + 2 * 7 * (DELAY + 0.25e9 / 8 / RATE)
    assert ours == pytest.approx(by_hand, rel=1e-12)


@pytest.mark.parametrize("ranks", [2, 3, 5, 8, 12, 81])
def test_links_equal_closed_forms(ranks: int) -> None:
    """Source of truth: the closed forms, when all links are alike and a hop long."""
    assert _on_links("ring", ranks) == pytest.approx(ring_s(ranks, MESSAGE, DELAY, RATE), rel=1e-12)
    assert _on_links("halving-doubling", ranks) == pytest.approx(
        halving_doubling_s(ranks, MESSAGE, DELAY, RATE), rel=1e-12
    )
    for rows in (r for r in range(1, ranks + 1) if ranks % r == 0):
        two = hierarchical_s(ranks // rows, rows, MESSAGE, (DELAY, RATE), (DELAY, RATE))
        assert _on_links("torus", ranks, rows) == pytest.approx(two, rel=1e-12)


def test_square_rows() -> None:
    assert [square_rows(n) for n in (1, 2, 12, 36, 81, 97, 128)] == [1, 1, 3, 6, 9, 1, 8]


def _reduce(phases: list[Phase], ranks: int, size: int) -> Floats:
    """Who knows whose contribution after the messages, when a message carries all that its sender knows."""
    known = np.eye(ranks, dtype=bool)
    for phase in phases:
        for _ in range(phase.repeat):
            sent = known[phase.src]
            for row, to in zip(sent, phase.dst, strict=True):
                known[to] |= row
    return known.sum(axis=1) / size


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("ranks", [1, 2, 3, 6, 7, 8, 16, 20])
def test_everybody_hears_of_everybody(algorithm: str, ranks: int) -> None:
    """Source of truth: what an all-reduce is. Messages pass on what is known: in the end every rank has heard of all."""
    phases = all_reduce(algorithm, np.arange(ranks).reshape(1, -1), MESSAGE)
    assert _reduce(phases, ranks, ranks).tolist() == [1.0] * ranks


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("ranks", [2, 4, 8, 16])
def test_bytes_sent(algorithm: str, ranks: int) -> None:
    """Source of truth: the least that an all-reduce can send, 2 (n - 1)/n S a rank, which all three reach."""
    sent = np.zeros(ranks)
    for phase in all_reduce(algorithm, np.arange(ranks).reshape(1, -1), MESSAGE):
        np.add.at(sent, phase.src, phase.repeat * phase.size_bytes)
    assert sent == pytest.approx(np.full(ranks, 2 * (ranks - 1) / ranks * MESSAGE))


def test_large_pieces_travel_short_ways() -> None:
    """By hand, 8 ranks: S/2 at distance 1, S/4 at 2, S/8 at 4."""
    phases = all_reduce("halving-doubling", np.arange(8).reshape(1, -1), 8.0)
    steps = [(p.repeat, float(p.size_bytes[0]), set(np.abs(p.src - p.dst).tolist())) for p in phases]
    assert steps == [(2, 4.0, {1}), (2, 2.0, {2}), (2, 1.0, {4})]


def test_groups_side_by_side() -> None:
    """Two groups are two all-reduces at once: the messages of each stay inside it."""
    groups = np.array([[0, 2, 4, 6], [1, 3, 5, 7]])
    for algorithm in ALGORITHMS:
        for phase in all_reduce(algorithm, groups, MESSAGE):
            assert np.array_equal(phase.src % 2, phase.dst % 2)
            assert phase.src.size == 8


def test_bad_requests() -> None:
    with pytest.raises(ValueError, match="algorithm 'tree' is unknown; write one of ring, halving-doubling, torus"):
        all_reduce("tree", np.arange(4).reshape(1, -1), 1.0)
    with pytest.raises(ValueError, match="3 rows do not divide"):
        all_reduce("torus", np.arange(8).reshape(1, -1), 1.0, rows=3)


# --- messages on links that differ ------------------------------------------------------------------------------------


def _flows(paths: list[list[int]]) -> tuple[Ints, Ints]:
    start = np.concatenate([[0], np.cumsum([len(p) for p in paths])]).astype(np.int64)
    return start, np.array(list(itertools.chain(*paths)), dtype=np.int64)


def test_point_to_point_over_hops() -> None:
    """Closed form: k latencies and S/W once, cut-through; 125 MB at 1 Gbit/s is one second, bits are not bytes."""
    start, links = _flows([[0, 1, 2]])
    time = flow_times_s(start, links, np.array([125e6]), np.full(6, 0.01), np.full(6, 1e9))
    assert time == pytest.approx([1.03])


def test_shared_link_is_shared() -> None:
    """By hand: two messages of 1 GB over the link in the middle at 8 Gbit/s: 2 s each; the third has its own: 1 s."""
    start, links = _flows([[0, 2], [1, 2], [3]])
    time = flow_times_s(start, links, np.full(3, 1e9), np.zeros(8), np.full(8, 8e9))
    assert time == pytest.approx([2.0, 2.0, 1.0])


def test_no_path() -> None:
    """Empty paths anywhere in the list: inf without a route, 0 to oneself; the others are not disturbed."""
    start, links = _flows([[], [0], [], [1, 0], []])
    size = np.full(5, 1e9)
    delay, rate = np.array([0.1, 0.2]), np.array([8e9, np.inf])
    expected = [math.inf, 0.1 + 2.0, math.inf, 0.3 + 2.0, math.inf]
    assert flow_times_s(start, links, size, delay, rate).tolist() == pytest.approx(expected)
    stays = np.array([True, False, False, True, False])
    assert flow_times_s(start, links, size, delay, rate, stays).tolist() == pytest.approx([0.0, *expected[1:]])
    no_routes = flow_times_s(np.zeros(3, np.int64), np.zeros(0, np.int64), np.ones(2), delay, rate)
    assert no_routes.tolist() == [math.inf, math.inf]


def test_dead_and_endless_links() -> None:
    """A link without a rate is never done, one without a limit takes its delay alone; nothing sent is nothing waited for."""
    start, links = _flows([[0], [1], [2]])
    time = flow_times_s(start, links, np.array([1.0, 1.0, 0.0]), np.full(3, 0.5), np.array([0.0, np.inf, 0.0]))
    assert time.tolist() == [math.inf, 0.5, 0.5]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.integers(0, 7), max_size=4, unique=True), min_size=1, max_size=8), st.integers(0, 99))
def test_against_a_plain_loop(paths: list[list[int]], seed: int) -> None:
    """Source of truth: the definition, written as loops."""
    chance = np.random.default_rng(seed)
    size, delay, rate = chance.uniform(1, 9, len(paths)), chance.uniform(0, 1, 8), chance.uniform(1, 9, 8)
    load = [sum(s for s, p in zip(size, paths, strict=True) if link in p) for link in range(8)]
    expected = [
        sum(delay[k] for k in p) + max(8 * load[k] / rate[k] for k in p) if p else math.inf for p in paths
    ]  # fmt: skip
    start, links = _flows(paths)
    assert flow_times_s(start, links, size, delay, rate).tolist() == pytest.approx(expected, rel=1e-12)


def test_own_time_and_the_slowest() -> None:
    """By hand: ring of 3, the link out of 1 takes 3 s, the others 1 s, four times: the job 12 s, its ends 4 s."""
    phases = all_reduce("ring", np.array([[0, 1, 2]]), 3e9)
    times = [np.array([1.0, 3.0, 1.0])]
    total, own = phases_s(phases, times, 5)
    assert total == 12.0
    assert own.tolist() == [4.0, 12.0, 4.0, 0.0, 0.0]
    assert phases_s([], [], 2)[0] == 0.0


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_own_times_never_exceed_the_whole(algorithm: str) -> None:
    """Property: with any link times, what a member needs for itself is at most what the collective takes."""
    chance = np.random.default_rng(7)
    phases = all_reduce(algorithm, np.arange(22).reshape(2, 11), MESSAGE)
    total, own = phases_s(phases, [chance.exponential(1.0, p.src.size) for p in phases], 22)
    assert (own <= total * (1 + 1e-12)).all()
    assert own.max() > 0.0
