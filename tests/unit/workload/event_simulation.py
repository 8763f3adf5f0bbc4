"""Chunks on links as events (SimPy): ranks, links with a rate and a propagation delay, messages cut into packets.

Nothing here is of the simulator under test. A link sends one packet at a time, in the order of arrival. A rank sends its next
message when it has received the message of the step before and its own last one has left its first link. Programs that run
together start their next stage in a rank when all have finished the last one there.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, NamedTuple

import simpy

Route = list[int]


class Stage(NamedTuple):
    """Messages of `size_bytes` from each sender to its receiver, `steps` times."""

    receiver: dict[int, int]
    steps: int
    size_bytes: float


def ring_stage(rings: list[list[int]], size_bytes: float, passes: int) -> Stage:
    """Reduce-scatter (one pass) or all-reduce (two) of `size_bytes` in each ring."""
    n = len(rings[0])
    return Stage({ring[i]: ring[(i + 1) % n] for ring in rings for i in range(n)}, passes * (n - 1), size_bytes / n)


class Simulation:
    """Programs of stages on shared links; `route(a, b)` lists the links from a to b."""

    def __init__(self, delay_s: list[float], rate_byte_s: list[float], route: Callable[[int, int], Route], packets: int) -> None:
        self.env = simpy.Environment()
        self.delay_s, self.rate_byte_s, self.route, self.packets = delay_s, rate_byte_s, route, packets
        self.links = [simpy.Resource(self.env) for _ in delay_s]

    def durations(self, jobs: list[list[list[Stage]]]) -> list[float]:
        """Time at which each job ends, all begun at 0; the programs of a job run together [s]."""
        ends = [0.0] * len(jobs)
        for number, programs in enumerate(jobs):
            passed: dict[tuple[int, int], list[simpy.Event]] = {}
            for program in programs:
                arrived: dict[tuple[int, int], simpy.Event] = {}
                for rank in program[0].receiver:
                    marks = [self.env.event() for _ in program]
                    for k, mark in enumerate(marks):
                        passed.setdefault((rank, k), []).append(mark)
                    self.env.process(self._rank(rank, program, arrived, marks, passed, ends, number))
        self.env.run()
        return ends

    def _arrival(self, arrived: dict[tuple[int, int], simpy.Event], rank: int, message: int) -> simpy.Event:
        return arrived.setdefault((rank, message), self.env.event())

    def _rank(
        self, rank: int, program: list[Stage], arrived: Any, marks: Any, passed: Any, ends: list[float], number: int
    ) -> Generator[Any, Any, None]:
        message = 0
        for k, stage in enumerate(program):
            to = stage.receiver[rank]
            for _ in range(stage.steps):
                if message:
                    yield self._arrival(arrived, rank, message - 1)
                left = [self.env.event() for _ in range(self.packets)]
                here = [self.env.event() for _ in range(self.packets)]
                for p in range(self.packets):
                    self.env.process(self._packet(self.route(rank, to), stage.size_bytes / self.packets, left[p], here[p]))
                done = self._arrival(arrived, to, message)
                self.env.process(self._complete(here, done))
                yield self.env.all_of(left)
                message += 1
            yield self._arrival(arrived, rank, message - 1)
            marks[k].succeed()
            yield self.env.all_of(passed[rank, k])
        ends[number] = max(ends[number], self.env.now)

    def _complete(self, here: list[simpy.Event], done: simpy.Event) -> Generator[Any, Any, None]:
        yield self.env.all_of(here)
        done.succeed()

    def _packet(self, route: Route, size_bytes: float, left: simpy.Event, here: simpy.Event) -> Generator[Any, Any, None]:
        for hop, link in enumerate(route):
            with self.links[link].request() as turn:
                yield turn
                yield self.env.timeout(size_bytes / self.rate_byte_s[link])
            if hop == 0:
                left.succeed()
            yield self.env.timeout(self.delay_s[link])
        here.succeed()
