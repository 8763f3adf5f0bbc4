"""Lower bounds of communication times from the rates of links alone: most parallelism plans are ruled out without routes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.workload import collective_schedule, parallelism, training_step
from sim.workload.job_communication import Collective, Transport
from sim.workload.training_step import Task

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


class CommunicationBounds:
    """Lower bounds of the times that `JobCommunication.costs` gives for one job on the first satellites of an order.

    A message takes at least the least delay of a link, and its bytes over the fastest link that leaves its satellite. The
    longest path of messages that wait for each other is at least as long as that which stays at the slowest satellite, and as
    the mean of those that move on with every message.

    Parameters
    ----------
    order : ndarray of int64
        Satellites in rank order.
    transport : Transport
        Links and routes.
    satellites : int
        Satellites of the constellation.

    Attributes
    ----------
    connected : int
        Satellites at the beginning of the order that routes join to the first, at least 1.
    """

    def __init__(self, order: Ints, transport: Transport, satellites: int) -> None:
        component = transport.components()[order]
        apart = np.flatnonzero((component != component[0]) | (component < 0))
        self.connected = max(1, int(apart[0])) if apart.size else int(order.size)
        delay_s = transport.directed_delay_s
        self._least_delay_s = float(delay_s.min()) if delay_s.size else 0.0
        fastest_bit_s = np.zeros(satellites)
        leaves = transport.directed_src >= 0
        np.maximum.at(fastest_bit_s, transport.directed_src[leaves], transport.directed_rate_bit_s[leaves])
        fastest_bit_s[fastest_bit_s == 0.0] = np.inf  # sends nothing
        self._slowest_bit_s: Array = np.minimum.accumulate(fastest_bit_s[order])
        self._mean_s_bit: Array = np.cumsum(1.0 / fastest_bit_s[order]) / np.arange(1, order.size + 1)
        self._fastest_bit_s = float(fastest_bit_s[order].max())

    def times_s(self, task: Task, collective: Collective) -> tuple[float, float, float, float]:
        """Bounds of the delay and the drain of a stage transfer, of the all-reduce, and of the exchange between islands.

        Parameters
        ----------
        task : Task
            The job.
        collective : Collective
            Its all-reduce.

        Returns
        -------
        stage_delay_s, stage_drain_s, gradients_s, outer_s : float
            Bounds [s]; 0 where there are no messages.

        References
        ----------
        [thakur2005:section 4.5]
        """
        ranks = parallelism.data_satellites(task.mesh, task.accelerators)
        last = parallelism.members(task.mesh, task.accelerators) - 1
        slowest_s_bit, mean_s_bit = 1.0 / float(self._slowest_bit_s[last]), float(self._mean_s_bit[last])
        delay_s = drain_s = gradients_s = outer_s = 0.0
        if parallelism.satellites_per_replica(task.mesh, task.accelerators) > 1:
            delay_s, drain_s = self._least_delay_s, 8.0 * training_step.boundary_bytes(task) * slowest_s_bit
        if task.islands is not None and task.islands.islands > 1:
            steps, parts = 2 * (task.islands.islands - 1), 2 if task.islands.islands > 2 else 1
            sent_bits = 8.0 * 2.0 * (1.0 - 1.0 / task.islands.islands) * training_step.exchanged_bytes(task) / parts
            outer_s = max(steps * self._least_delay_s, self._least_delay_s + sent_bits * slowest_s_bit)
        if ranks > 1:
            sending = ranks
            if collective.algorithm == "halving-doubling":
                sending = 1 << (ranks.bit_length() - 1)
                if sending < ranks:  # the others hand over their bytes and wait: they may have the slowest links
                    slowest_s_bit = mean_s_bit = 1.0 / self._fastest_bit_s
            sent_bits = 8.0 * 2.0 * (1.0 - 1.0 / sending) * training_step.reduced_bytes(task) / collective.parts
            gradients_s = max(
                _steps(collective, ranks) * self._least_delay_s + sent_bits * mean_s_bit,
                self._least_delay_s + sent_bits * slowest_s_bit,
            )
        return delay_s, drain_s, gradients_s, outer_s


def _steps(collective: Collective, ranks: int) -> int:
    """Messages that a rank sends in sequence."""
    if collective.algorithm == "halving-doubling":
        return 2 * (ranks.bit_length() - 1)
    if collective.algorithm == "torus":
        rows = collective.rows or collective_schedule.square_rows(ranks)
        return 2 * (ranks // rows - 1) + 2 * (rows - 1)
    return 2 * (ranks - 1)
