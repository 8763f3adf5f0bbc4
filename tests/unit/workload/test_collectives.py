"""Collectives: closed forms, and the same as messages on links."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.workload.collective_schedule import ALGORITHMS, PARTS, Floats, Ints, Phase, all_reduce, square_rows
from sim.workload.collectives import halving_doubling_s, hierarchical_s, ring_half_s, ring_s, tree_s
from sim.workload.message_times import advance_phase, advance_rings, route_times

MESSAGE, DELAY, RATE = 1e9, 6.58e-3, 12.5e9  # bytes, s, byte/s


CASES = [(algorithm, parts) for algorithm in ALGORITHMS for parts in PARTS[algorithm]]


def _on_links(algorithm: str, ranks: int, rows: int | None = None, parts: int = 1) -> float:
    """Every ordered pair has a link of its own."""
    longest = 0.0
    for phases in all_reduce(algorithm, np.arange(ranks).reshape(1, -1), MESSAGE, rows, parts):
        ready = np.zeros(ranks)
        for p in phases:
            advance_phase(p, np.full(p.src.size, DELAY), p.size_bytes / RATE, ready)
        longest = max(longest, ready.max())
    return longest


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


@pytest.mark.parametrize("ranks", [2, 3, 9, 16, 81])
def test_parts_at_the_same_time(ranks: int) -> None:
    """Source of truth: the closed forms of half or a quarter of the bytes, when no two parts share a link."""
    assert _on_links("ring", ranks, parts=2) == pytest.approx(ring_s(ranks, MESSAGE / 2, DELAY, RATE), rel=1e-12)
    link, rows = (DELAY, RATE), square_rows(ranks)
    for parts in (2, 4):
        either = [hierarchical_s(n, ranks // n, MESSAGE / parts, link, link) for n in (rows, ranks // rows)]
        assert _on_links("torus", ranks, parts=parts) == pytest.approx(max(either), rel=1e-12)


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


@pytest.mark.parametrize(("algorithm", "parts"), CASES)
@pytest.mark.parametrize("ranks", [2, 3, 6, 7, 8, 16, 20])
def test_everybody_hears_of_everybody(algorithm: str, parts: int, ranks: int) -> None:
    """Source of truth: what an all-reduce is. Messages pass on what is known: in the end every rank has heard of all."""
    found = all_reduce(algorithm, np.arange(ranks).reshape(1, -1), MESSAGE, parts=parts)
    assert len(found) == parts
    for phases in found:
        assert _reduce(phases, ranks, ranks).tolist() == [1.0] * ranks


@pytest.mark.parametrize(("algorithm", "parts"), CASES)
@pytest.mark.parametrize("ranks", [2, 4, 8, 16])
def test_bytes_sent(algorithm: str, parts: int, ranks: int) -> None:
    """Source of truth: the least that an all-reduce can send, 2 (n - 1)/n S a rank, half of it to scatter; all three reach it."""
    sent, scattered = np.zeros(ranks), np.zeros(ranks)
    for phases in all_reduce(algorithm, np.arange(ranks).reshape(1, -1), MESSAGE, parts=parts):
        for k, phase in enumerate(phases):
            np.add.at(sent, phase.src, phase.repeat * phase.size_bytes)
            np.add.at(scattered, phase.src, phase.repeat * phase.size_bytes * (2 * k < len(phases)))
    assert sent == pytest.approx(np.full(ranks, 2 * (ranks - 1) / ranks * MESSAGE))
    assert scattered == pytest.approx(sent / 2)


def test_no_messages_of_one_rank() -> None:
    for algorithm, parts in CASES:
        assert all_reduce(algorithm, np.zeros((1, 1), dtype=np.int64), MESSAGE, parts=parts) == []


def test_opposite_directions() -> None:
    """By hand, four ranks: one half goes up, the other down. Two rows of three: parts of a torus leave by all four ports."""
    up, down = all_reduce("ring", np.arange(4).reshape(1, -1), 8.0, parts=2)
    assert (up[0].dst.tolist(), down[0].src.tolist(), down[0].dst.tolist()) == ([1, 2, 3, 0], [3, 2, 1, 0], [2, 1, 0, 3])
    first = [parts[0] for parts in all_reduce("torus", np.arange(6).reshape(1, -1), 6.0, 2, 4)]
    sent_by_4 = [int(p.dst[p.src == 4][0]) for p in first]
    assert sent_by_4 == [5, 1, 3, 1]
    assert [float(p.size_bytes[0]) for p in first] == [0.5, 0.75, 0.5, 0.75]


def test_large_pieces_travel_short_ways() -> None:
    """By hand, 8 ranks: S/2 at distance 1, S/4 at 2, S/8 at 4, and back."""
    (phases,) = all_reduce("halving-doubling", np.arange(8).reshape(1, -1), 8.0)
    steps = [(p.repeat, float(p.size_bytes[0]), set(np.abs(p.src - p.dst).tolist())) for p in phases]
    there = [(1, 4.0, {1}), (1, 2.0, {2}), (1, 1.0, {4})]
    assert steps == there + there[::-1]


def test_groups_side_by_side() -> None:
    """Two groups are two all-reduces at once: the messages of each stay inside it."""
    groups = np.array([[0, 2, 4, 6], [1, 3, 5, 7]])
    for algorithm, parts in CASES:
        for phases in all_reduce(algorithm, groups, MESSAGE, parts=parts):
            for phase in phases:
                assert np.array_equal(phase.src % 2, phase.dst % 2)
                assert phase.src.size == 8


def test_bad_requests() -> None:
    with pytest.raises(ValueError, match="algorithm 'tree' is unknown; write one of ring, halving-doubling, torus"):
        all_reduce("tree", np.arange(4).reshape(1, -1), 1.0)
    with pytest.raises(ValueError, match="3 rows do not divide"):
        all_reduce("torus", np.arange(8).reshape(1, -1), 1.0, rows=3)
    with pytest.raises(ValueError, match="ring of 4 parts is unknown; write one of 1, 2"):
        all_reduce("ring", np.arange(8).reshape(1, -1), 1.0, parts=4)


# --- messages on links that differ ------------------------------------------------------------------------------------


def _flows(paths: list[list[int]]) -> tuple[Ints, Ints]:
    start = np.concatenate([[0], np.cumsum([len(p) for p in paths])]).astype(np.int64)
    return start, np.array(list(itertools.chain(*paths)), dtype=np.int64)


def flow_times_s(start: Ints, links: Ints, size_bytes: Floats, link_delay_s: Floats, link_rate_bit_s: Floats) -> Floats:
    """Delay and link time of messages that are transferred at the same time."""
    delay, drain = np.empty(size_bytes.size), np.empty(size_bytes.size)
    bits = 8.0 * np.bincount(links, np.repeat(size_bytes, np.diff(start)), minlength=link_delay_s.size)[links]
    route_times(start, links, bits, link_rate_bit_s[links], link_delay_s, delay, drain)
    return delay + drain


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
    """Empty paths anywhere in the list: inf without a route; the others are not disturbed."""
    start, links = _flows([[], [0], [], [1, 0], []])
    size = np.full(5, 1e9)
    delay, rate = np.array([0.1, 0.2]), np.array([8e9, np.inf])
    expected = [math.inf, 0.1 + 2.0, math.inf, 0.3 + 2.0, math.inf]
    assert flow_times_s(start, links, size, delay, rate).tolist() == pytest.approx(expected)
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


def _longest_path_s(steps: int, delay: Floats, drain: Floats) -> float:
    """The closed form of a ring: over runs of w consecutive ranks, sum (x + d) + (S - w) max x."""
    ranks, best = delay.size, 0.0
    for first in range(ranks):
        run = (first + np.arange(steps)) % ranks
        sums = np.cumsum(drain[run] + delay[run])
        best = max(best, float((sums + (steps - 1 - np.arange(steps)) * np.maximum.accumulate(drain[run])).max()))
    return best


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 9), st.integers(1, 20), st.integers(0, 99))
def test_ring_is_the_longest_path(ranks: int, steps: int, seed: int) -> None:
    """Source of truth: the longest path in closed form, on rings of unequal delays and link times."""
    chance = np.random.default_rng(seed)
    delay, drain = chance.exponential(1.0, ranks), chance.exponential(1.0, ranks)
    ready = np.zeros(ranks)
    advance_rings(steps, ranks, np.arange(ranks), delay, drain, ready)
    assert ready.max() == pytest.approx(_longest_path_s(steps, delay, drain), rel=1e-12)


def test_one_long_hop() -> None:
    """By hand: 10 ranks, 18 steps of 1 s; a hop of 100 s is passed twice and not 18 times. A slow link of 9 s delays every
    step, since a rank's messages leave one after the other: 18 times."""
    delay, drain, ready = np.zeros(10), np.ones(10), np.zeros(10)
    delay[3] = 100.0
    advance_rings(18, 10, np.arange(10), delay, drain, ready)
    assert ready.max() == 218.0
    drain[3], delay[3] = 9.0, 0.0
    ready[:] = 0.0
    advance_rings(18, 10, np.arange(10), delay, drain, ready)
    assert ready.max() == 18 * 9.0
