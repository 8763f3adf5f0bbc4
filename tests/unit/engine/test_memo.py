"""Results kept between runs of a process: found by content, bounded in memory, bit-equal to those of a first run."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from sim import api
from sim.engine import planning
from sim.memo import ENTRY_BYTES, LIST_BYTES, Memo, digest, size_bytes
from sim.results.store import Results
from sim.workload import execution_plan

SETS = ("duration=3 h", "recorder.satellites=5")
RADIATOR = "satellite.thermal.radiator.area"


@pytest.fixture(autouse=True)
def empty() -> Iterator[None]:
    """Nothing is known before a test."""
    planning.PLANS.clear()
    yield
    planning.PLANS.clear()


def run(name: str, *sets: str) -> Results:
    return api.run(api.load(name, (*SETS, *sets)), threads=1)


def test_digest_depends_on_every_part_and_its_length() -> None:
    """Source of truth: the parts differ by one bit, by order, or by where one ends and the next begins."""
    a = np.arange(4.0)
    others = [[a, b"x"], [a + np.array([0.0, 0.0, 0.0, 2.0**-51]), b"x"], [b"x", a], [a, b"x", b""], [a[:2], a[2:], b"x"]]
    assert len({digest(parts) for parts in others}) == len(others)
    assert digest([a.copy(), b"x"]) == digest([a, b"x"])


def test_memory_by_hand() -> None:
    """Source of truth: a tuple of two references, one to 24 bytes of array, one to a list of three numbers."""
    assert size_bytes((np.zeros(3), [1, 2, 3])) == (LIST_BYTES + 16) + (24 + LIST_BYTES) + (LIST_BYTES + 24)


def test_the_least_recently_used_is_dropped() -> None:
    """Source of truth: by hand; room for two values of 100 numbers, of which the first is used again."""
    each = ENTRY_BYTES + LIST_BYTES + 800
    memo: Memo[np.ndarray] = Memo(2 * each)
    calls: list[int] = []

    def value(n: int) -> np.ndarray:
        def compute() -> np.ndarray:
            calls.append(n)
            return np.full(100, float(n))

        return memo.remember([bytes([n])], compute)

    for n in (1, 2, 1, 3, 1, 2):
        assert value(n)[0] == n
    assert calls == [1, 2, 3, 2]
    assert memo.bytes == 2 * each
    assert Memo(each - 1).remember([b""], lambda: np.zeros(100)).size == 100


@pytest.mark.parametrize(
    ("name", "sets"),
    [
        ("suncatcher", ()),
        ("suncatcher", ("events=[2026-12-21T01:00Z lose satellite 17]",)),
        ("starlink_edge", ("duration=20 min", "ground.station_pairs=[[Svalbard, Johannesburg]]")),
    ],
)
def test_warm_equals_cold(name: str, sets: tuple[str, ...]) -> None:
    """Source of truth: the same scenario in a process that knows nothing; every number is the same, bit by bit."""
    changed = f"{RADIATOR}=3.5 m2" if name == "starlink_edge" else f"{RADIATOR}=25 m2"
    cold = run(name, *sets, changed)
    planning.PLANS.clear()
    first = run(name, *sets)
    warm = run(name, *sets, changed)
    assert warm.summary == cold.summary
    assert warm.events == cold.events
    assert warm.series.identical(cold.series)
    assert first.summary["thermal"] != warm.summary["thermal"]


def test_only_what_depends_on_the_field_is_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Source of truth: counts of the searches. A radiator does not change the plan; another terminal does."""
    plans, search = [0], execution_plan.ranked_plans

    def counted(*args, **kwargs):  # type: ignore[no-untyped-def]
        plans[0] += 1
        return search(*args, **kwargs)

    monkeypatch.setattr(execution_plan, "ranked_plans", counted)
    found = []
    for sets in ((), (f"{RADIATOR}=25 m2",), ("links.hop_latency=1 ms",)):
        run("suncatcher", "duration=10 min", *sets)
        found.append(plans[0])
    assert found == [1, 1, 2]
