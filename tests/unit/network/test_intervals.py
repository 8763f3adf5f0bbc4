"""IntervalRecorder and RouteRecorder against samples written out by hand."""

import numpy as np

from sim.network.intervals import IntervalRecorder, RouteRecorder


def test_intervals_of_samples_by_hand() -> None:
    """Source of truth: the samples themselves, expanded again from the intervals."""
    samples = [{3, 1}, {1, 3}, {1}, set(), {1, 7}, {7, 3}]
    recorder = IntervalRecorder()
    for keys in samples:
        recorder.record(np.array(sorted(keys, reverse=True), dtype=np.int64))
    rows = recorder.rows()
    assert rows.T.tolist() == [[1, 0, 3], [3, 0, 2], [1, 4, 5], [7, 4, 6], [3, 5, 6]]
    again = [{int(key) for key, begin, until in rows.T if begin <= m < until} for m in range(len(samples))]
    assert again == samples


def test_intervals_of_random_sets_expand_to_the_sets() -> None:
    """Source of truth: the random sets that were recorded."""
    chance = np.random.default_rng(7)
    samples = [set(np.flatnonzero(chance.random(20) < 0.7).tolist()) for _ in range(50)]
    recorder = IntervalRecorder()
    for keys in samples:
        recorder.record(np.array(list(keys), dtype=np.int64))
    rows = recorder.rows().T
    for m, keys in enumerate(samples):
        present = [int(key) for key, begin, until in rows if begin <= m < until]
        assert len(present) == len(set(present))
        assert set(present) == keys


def test_routes_keep_the_order_of_their_satellites_and_leave_out_gaps() -> None:
    """Source of truth: intervals written out by hand."""
    recorder = RouteRecorder(2)
    for routes in ([[4, 2], []], [[4, 2], [9]], [[], [9]], [[2, 4], [9]]):
        recorder.record(routes)
    intervals, starts, satellites = recorder.rows()
    rows = [
        (int(number), int(begin), int(until), satellites[b : b + n].tolist())
        for (number, begin, until), b, n in zip(intervals.T, starts, np.diff([*starts, satellites.size]), strict=True)
    ]
    assert rows == [(0, 0, 2, [4, 2]), (1, 1, 4, [9]), (0, 3, 4, [2, 4])]


def test_nothing_recorded_gives_no_interval() -> None:
    assert IntervalRecorder().rows().shape == (3, 0)
    intervals, starts, satellites = RouteRecorder(3).rows()
    assert (intervals.shape, starts.size, satellites.size) == ((3, 0), 0, 0)
