"""Volumes on their way: conservation, order, delays, whatever the rates and the steps.

Source of truth: closed forms beside each case; a volume integrated over the same rates by numpy.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from sim.results.workload_text import volumes as clauses
from sim.workload.data_volumes import Incoming, Outgoing, Volume, incoming_summary, outgoing_summary, pass_data

Array = np.ndarray


def _alone(rate_bit_s: float) -> Any:
    return lambda volumes: (np.full(len(volumes), rate_bit_s), np.full(len(volumes), rate_bit_s > 0.0))


def test_rates_that_change_from_step_to_step() -> None:
    """Source of truth: the time at which the integral of the rate reaches the volume, by interpolation."""
    rates = np.random.default_rng(3).uniform(0.0, 2e9, 40) * (np.arange(40) % 5 > 0)
    data = Incoming(60e9)
    for k, rate in enumerate(rates.tolist()):
        pass_data([data], 60.0 * k, 60.0 * (k + 1), _alone(rate))
    passed_bit = np.concatenate(([0.0], np.cumsum(60.0 * rates)))
    assert data.start_s == pytest.approx(np.interp(480e9, passed_bit, 60.0 * np.arange(41)), abs=1e-6)
    steps = int(data.start_s // 60.0)
    assert data.stalled_s == 60.0 * np.count_nonzero(rates[:steps] == 0.0)
    assert data.flowing_s + data.stalled_s == pytest.approx(data.start_s, abs=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_what_is_made_is_delivered_or_waits(seed: int) -> None:
    """Delays against a queue of fluid: item n has arrived when all bits up to it have been sent."""
    draw = np.random.default_rng(seed)
    rates = draw.uniform(0.0, 1e8, 60) * draw.integers(0, 2, 60)
    volume = Outgoing(1e8, 95.0)
    for k, rate in enumerate(rates.tolist()):
        volume.run(60.0 * k, 60.0 * (k + 1))
        pass_data([volume], 60.0 * k, 60.0 * (k + 1), _alone(rate))
    assert volume.made == 37  # 3600 s over 95 s
    assert volume.made_bit == 37 * 8e8
    assert volume.made_bit == pytest.approx(volume.passed_bit + volume.queued_bit, rel=1e-12)
    # in steps of 1 s, which divide neither rates nor items
    waits_bit, sent_bit, arrived_s = 0.0, 0.0, []
    for t in range(3600):
        sent = min(waits_bit, rates[t // 60])
        waits_bit, sent_bit = waits_bit - sent, sent_bit + sent
        while sent_bit >= (len(arrived_s) + 1) * 8e8 - 1.0:
            arrived_s.append(t + 1.0)
        waits_bit += 8e8 * ((t + 1) % 95 == 0)
    assert len(volume.delays_s) == pytest.approx(len(arrived_s), abs=1)
    both = min(len(volume.delays_s), len(arrived_s))
    made_s = 95.0 * np.arange(1, both + 1)
    assert np.abs(np.array(volume.delays_s[:both]) - (np.array(arrived_s[:both]) - made_s)).max() <= 1.0 + 1e-6


@pytest.mark.parametrize("seed", range(20))
def test_what_ends_with_a_step_has_ended(seed: int) -> None:
    """By hand: sizes that are what the rates of whole steps pass, up to rounding: aboard, or delivered, then and with the next bits at the latest."""
    draw = np.random.default_rng(seed)
    rates = draw.uniform(1e6, 1e9, 3) if seed else np.full(3, 1e9 / 3.0)
    size_byte = 2.5e9 if seed == 0 else float(np.sum(60.0 * rates)) / 8.0
    up, down = Incoming(size_byte), Outgoing(size_byte, None)
    down.make(0.0)
    for k, rate in enumerate([*rates.tolist(), 1e9]):
        pass_data([up], 60.0 * k, 60.0 * (k + 1), _alone(rate))
        pass_data([down], 60.0 * k, 60.0 * (k + 1), _alone(rate))
    expected_s = 60.0 if seed == 0 else 180.0
    assert up.start_s == pytest.approx(expected_s, abs=1e-6)
    assert down.delays_s == pytest.approx([expected_s], abs=1e-6)
    assert (up.left_bit, down.left_bit, down.waits) == (0.0, 0.0, False)
    assert up.passed_bit == 8.0 * size_byte
    assert down.passed_bit == pytest.approx(8.0 * size_byte, rel=1e-12)


def test_steps_do_not_matter() -> None:
    found = []
    for step_s in (10.0, 60.0, 600.0):
        volume = Outgoing(2e9, 250.0)
        for k in range(round(3000.0 / step_s)):
            volume.run(k * step_s, (k + 1) * step_s)
            pass_data([volume], k * step_s, (k + 1) * step_s, _alone(6.25e7))
        found.append((*volume.delays_s, volume.passed_bit, volume.backlog_bit))
    assert found[0] == pytest.approx(found[1], abs=1e-3)
    assert found[1] == pytest.approx(found[2], abs=1e-3)
    assert found[0][0] == pytest.approx(256.0)  # 16 Gbit at 62.5 Mbit/s, and each next one waits 6 s longer
    assert found[0][1] == pytest.approx(262.0)


def test_shares_grow_where_another_ends() -> None:
    """Two volumes at 0.5 and 1.5 of a rate that they share; a third that is made within the step takes its share from then on."""
    first, second, third = Incoming(1e6), Incoming(3e6), Outgoing(1e6, None)
    third.make(30.0)

    def rates(waiting: Sequence[Volume]) -> tuple[Array, Array]:
        return np.full(len(waiting), 8e5 / len(waiting)), np.ones(len(waiting), dtype=bool)

    full_s = pass_data([first, second, third], 0.0, 60.0, rates)
    # 20 s at half: 1 MB each. Then 10 s alone: 1 MB. Then two at half: 20 s for 1 MB each.
    assert (first.start_s, second.start_s, third.delays_s) == (20.0, 50.0, [20.0])
    assert full_s == 50.0


def test_summaries_and_text() -> None:
    started, waits = Incoming(1e9), Incoming(1e9)
    pass_data([started], 0.0, 60.0, _alone(2e8))
    pass_data([waits], 0.0, 60.0, _alone(0.0))
    up = incoming_summary([started, waits])
    assert (up["jobs"], up["started"], up["start_delay_s"], up["stalled_s"], up["mean_rate_bit_s"]) == (2, 1, 40.0, 30.0, 2e8)
    assert up["saturated_fraction"] == 40.0 / 100.0
    down = outgoing_summary([Outgoing(1e9, 60.0)])
    assert (down["made_byte"], down["delay_s"]["p50"], down["saturated_fraction"]) == (0.0, None, None)
    assert clauses({"ingest": up, "deliver": down}) == "; 1 GB aboard after 40 s (1 of 2 jobs); nothing to deliver yet"
    late = incoming_summary([waits])
    assert clauses({"ingest": late, "deliver": None}) == "; 0 MB of 1 GB aboard at the end, not started"
    assert clauses({}) == ""
