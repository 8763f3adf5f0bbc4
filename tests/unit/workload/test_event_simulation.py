"""Durations of collectives against a simulation of packets on links (`event_simulation`), which shares no code with them."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from event_simulation import Simulation, Stage, ring_stage

from sim.workload.job_communication import Collective, JobCommunication
from sim.workload.parallelism import Batch, Mesh
from sim.workload.training_step import Task
from sim.workload.transformer import Model

LIGHT_M_S, EARTH_M, ALTITUDE_M = 299792458.0, 6378137.0, 550e3
GRADIENTS_BYTES = 2e9


class Grid:
    """Satellites in rows and columns, joined to four neighbours; routes go along the row, then along the column.

    The transport of the code under test, and the links of the simulation. Positions are (n, 3), metres.
    """

    version = 0

    def __init__(self, rows: int, columns: int, position_m: np.ndarray, rate_bit_s: float, closed: bool) -> None:
        self.rows, self.columns, self.closed = rows, columns, closed
        self.link: dict[tuple[int, int], int] = {}
        for r, c in itertools.product(range(rows), range(columns)):
            for dr, dc in ((0, 1), (1, 0), (0, -1), (-1, 0)):
                to_row, to_column = r + dr, c + dc
                if closed or (0 <= to_row < rows and 0 <= to_column < columns):
                    pair = (r * columns + c, to_row % rows * columns + to_column % columns)
                    self.link.setdefault(pair, len(self.link))
        pairs = np.array(list(self.link))
        length_m = np.linalg.norm(position_m[pairs[:, 0]] - position_m[pairs[:, 1]], axis=1)
        self.directed_src = pairs[:, 0]
        self.directed_delay_s = length_m / LIGHT_M_S
        # the received power falls with the square of the distance
        self.directed_rate_bit_s = rate_bit_s * np.minimum(1.0, (1.2 * np.median(length_m) / length_m) ** 2)

    def _step(self, here: int, there: int, size: int) -> int:
        ahead = (there - here) % size
        if not self.closed:
            return 1 if there > here else -1
        return 1 if ahead <= size - ahead else -1

    def route(self, a: int, b: int) -> list[int]:
        (row, column), (to_row, to_column) = divmod(a, self.columns), divmod(b, self.columns)
        found, here = [], a
        while (row, column) != (to_row, to_column):
            if column != to_column:
                column = (column + self._step(column, to_column, self.columns)) % self.columns
            else:
                row = (row + self._step(row, to_row, self.rows)) % self.rows
            found.append(self.link[here, row * self.columns + column])
            here = row * self.columns + column
        return found

    def routes(self, src: np.ndarray, dst: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        found = [self.route(a, b) for a, b in zip(src.tolist(), dst.tolist(), strict=True)]
        return np.cumsum([0, *map(len, found)]), np.array(list(itertools.chain(*found)), dtype=np.int64)

    def components(self) -> np.ndarray:
        return np.zeros(self.rows * self.columns, dtype=np.int64)

    def simulated_s(self, jobs: list[list[list[Stage]]], packets: int = 12) -> list[float]:
        rate = (self.directed_rate_bit_s / 8.0).tolist()
        return Simulation(self.directed_delay_s.tolist(), rate, self.route, packets).durations(jobs)


def walker(planes: int, slots: int, time_s: float, inclination: float = math.radians(53.0)) -> Grid:
    """Circular orbits of a Walker delta shell at 550 km; 100 Gbit/s up to 1.2 times the median distance."""
    radius = EARTH_M + ALTITUDE_M
    motion = math.sqrt(3.986004418e14 / radius**3)
    plane, slot = np.divmod(np.arange(planes * slots), slots)
    node, angle = 2 * np.pi * plane / planes, 2 * np.pi * (slot / slots + plane / planes / slots) + motion * time_s
    x, y = np.cos(angle), np.sin(angle) * math.cos(inclination)
    position = np.stack(
        (x * np.cos(node) - y * np.sin(node), x * np.sin(node) + y * np.cos(node), np.sin(angle) * math.sin(inclination)), 1
    )
    return Grid(planes, slots, radius * position, 100e9, closed=True)


def formation(rows: int, columns: int) -> Grid:
    """Squares of 200 m within 1 km, links of 1.6 Tbit/s."""
    r, c = np.divmod(np.arange(rows * columns), columns)
    return Grid(rows, columns, 200.0 * np.stack((r, c, 0 * r), 1).astype(float), 1.6e12, closed=False)


def _task(satellites: int, size_bytes: float) -> Task:
    model = Model(size_bytes / 2.0, 8, 1024, 16, 16, 64, 4096, 32000)
    return Task(model, Mesh(1, 1, satellites), Batch(1024, 1, 4096, "none"), 1, 1e15, 0.5, 0.0, 0.0, float("inf"), 0.0)


def _ours_s(grid: Grid, how: Collective, jobs: list[list[int]], size_bytes: float) -> np.ndarray:
    task = _task(len(jobs[0]), size_bytes)
    return JobCommunication(task, how, grid.rows * grid.columns).costs([np.array(j) for j in jobs], grid).gradients_s


def _programs(how: Collective, ranks: list[int], size_bytes: float) -> list[list[Stage]]:
    """Stages of each part, written anew."""
    part_bytes = size_bytes / how.parts
    if how.algorithm == "ring":
        return [[ring_stage([order], part_bytes, 2)] for order in (ranks, ranks[::-1])[: how.parts]]
    assert how.rows is not None
    columns = len(ranks) // how.rows
    rows = [ranks[r * columns : (r + 1) * columns] for r in range(how.rows)]
    lines = [rows, [list(column) for column in zip(*rows, strict=True)]]
    programs = []
    for part in range(how.parts):
        first, second = lines if part % 2 == 0 else lines[::-1]
        if part > 1:
            first, second = [line[::-1] for line in first], [line[::-1] for line in second]
        outer = ring_stage(first, part_bytes, 1)
        programs.append([outer, ring_stage(second, part_bytes / len(first[0]), 2), outer])
    return programs


WAYS = [Collective("ring"), Collective("ring", None, 2), *(Collective("torus", 4, parts) for parts in (1, 2, 4))]


@pytest.mark.parametrize("size_bytes", [2e6, 2e9], ids=["latency", "bandwidth"])
@pytest.mark.parametrize("how", WAYS, ids=str)
@pytest.mark.parametrize("time_s", [0.0, 1400.0])
def test_all_reduce_on_a_moving_shell(how: Collective, time_s: float, size_bytes: float) -> None:
    """Source of truth: packets as events; 4 planes of 6. On each hop beyond the first a packet, a twelfth of a message, is
    received before it is sent on; few messages take several hops."""
    grid, ranks = walker(4, 6, time_s), list(range(24))
    theirs = grid.simulated_s([_programs(how, ranks, size_bytes)])[0]
    assert _ours_s(grid, how, [ranks], size_bytes)[0] == pytest.approx(theirs, rel=0.02)


@pytest.mark.parametrize("how", WAYS, ids=str)
def test_all_reduce_in_a_formation(how: Collective) -> None:
    """Source of truth: packets as events; 4 rows of 4 in a formation, rings in rows close over three hops, each
    of which receives a packet, 1/48 of a message, before it sends it on: the error falls as 1 / packets."""
    grid = formation(4, 4)
    ranks = list(range(16)) if how.algorithm == "torus" else [0, 1, 2, 3, 7, 6, 5, 9, 10, 11, 15, 14, 13, 12, 8, 4]
    theirs = grid.simulated_s([_programs(how, ranks, GRADIENTS_BYTES)], 48)[0]
    assert _ours_s(grid, how, [ranks], GRADIENTS_BYTES)[0] == pytest.approx(theirs, rel=0.02)


@pytest.mark.parametrize("size_bytes", [2e10, 2e9], ids=["bandwidth", "latency"])
def test_two_jobs_that_share_links(size_bytes: float) -> None:
    """Source of truth: packets of both jobs in turn. Two rings of three take every fourth satellite of one plane; their messages
    share all links of the plane. Where light time leaves links idle for half of a step, messages of two jobs avoid each other
    in the simulation; fluid rates cannot."""
    grid = walker(3, 12, 0.0)
    jobs = [[0, 4, 8], [2, 6, 10]]
    programs = [_programs(Collective("ring"), ranks, size_bytes) for ranks in jobs]
    ours = _ours_s(grid, Collective("ring"), jobs, size_bytes)
    alone = _ours_s(grid, Collective("ring"), jobs[:1], size_bytes)[0]
    assert ours == pytest.approx(grid.simulated_s(programs, 24), rel=0.05)
    assert ours[0] > 1.25 * alone
