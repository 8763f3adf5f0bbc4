"""IntervalRecorder against moments written out by hand."""

import numpy as np

from sim.network.intervals import IntervalRecorder, Ways


def test_spans_are_the_moments_put_together() -> None:
    moments = [{3, 1}, {1, 3}, {1}, set(), {1, 7}, {7, 3}]
    spans = IntervalRecorder()
    for keys in moments:
        spans.record(np.array(sorted(keys, reverse=True), dtype=np.int64))
    rows = spans.rows()
    assert rows.T.tolist() == [[1, 0, 3], [3, 0, 2], [1, 4, 5], [7, 4, 6], [3, 5, 6]]
    again = [{int(key) for key, begin, until in rows.T if begin <= m < until} for m in range(len(moments))]
    assert again == moments


def test_spans_of_random_sets_give_the_sets_back() -> None:
    chance = np.random.default_rng(7)
    moments = [set(np.flatnonzero(chance.random(20) < 0.7).tolist()) for _ in range(50)]
    spans = IntervalRecorder()
    for keys in moments:
        spans.record(np.array(list(keys), dtype=np.int64))
    rows = spans.rows().T
    for m, keys in enumerate(moments):
        standing = [int(key) for key, begin, until in rows if begin <= m < until]
        assert len(standing) == len(set(standing))
        assert set(standing) == keys


def test_ways_keep_their_order_and_leave_out_gaps() -> None:
    ways = Ways(2)
    for pair in ([[4, 2], []], [[4, 2], [9]], [[], [9]], [[2, 4], [9]]):
        ways.record(pair)
    spans, begins, satellites = ways.rows()
    told = [
        (int(end), int(begin), int(until), satellites[b : b + n].tolist())
        for (end, begin, until), b, n in zip(spans.T, begins, np.diff([*begins, satellites.size]), strict=True)
    ]
    assert told == [(0, 0, 2, [4, 2]), (1, 1, 4, [9]), (0, 3, 4, [2, 4])]


def test_nothing_seen_is_no_span() -> None:
    assert IntervalRecorder().rows().shape == (3, 0)
    spans, begins, satellites = Ways(3).rows()
    assert (spans.shape, begins.size, satellites.size) == ((3, 0), 0, 0)
