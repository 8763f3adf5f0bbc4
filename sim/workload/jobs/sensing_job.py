"""Sensing in the run: satellites capture, store, process and send images, step by step, contact by contact."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.network.contacts import Contacts
from sim.spacecraft.loop import LIMIT_RATE
from sim.workload import data_transfer as transfer
from sim.workload import image_queues as queues
from sim.workload.data_transfer import DataTransfer, Rules
from sim.workload.jobs.ledger import JobInputs, Ledger
from sim.workload.sensing import Capacity, Condition, capture_shares, crossover, percentiles_s, share, station_rows

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


class Sight(NamedTuple):
    """What satellites and stations see in a step, whatever jobs do."""

    r_m: Array  # positions at the ends of the steps of a block, inertial (steps + 1, 3, N); the same array in all its steps
    sun_m: Array  # (steps + 1, 3)
    at: int  # number of the step within the block
    powered: Flags  # satellites whose bus works, (N,)
    stations: Flags  # that work, (stations,)


class Plan(NamedTuple):
    """What a sensing workload does, besides the rules of its transfer."""

    rules: Rules
    condition: Condition
    mode: str | None = None  # of processing; None without any
    images_per_s: float = 0.0  # that a satellite processes at full clock rate
    efficiency: float = 1.0  # useful share of the time of its accelerators


class Sensing:
    """A sensing workload on its satellites.

    Parameters
    ----------
    plan : Plan
        What it does.
    contacts : Contacts
        Contacts of its satellites over the run.
    who : ndarray of int64
        Satellites, in the order of the contacts.
    stations : sequence of str
        Names of the stations.
    steps : int
        Steps of the run.
    step_s : float
        Length of a step [s].
    """

    def __init__(self, plan: Plan, contacts: Contacts, who: Ints, stations: list[str], steps: int, step_s: float) -> None:
        self.plan, self.who, self.stations, self.steps, self.step_s = plan, who, stations, steps, step_s
        self.contacts = contacts
        self.transfer = DataTransfer(plan.rules, contacts, who.size, len(stations), steps * step_s)
        self.up = np.ones(who.size)  # shares of the last step
        self.useful_share, self.busy_share, self.waiting_share, self.loading_share = (np.zeros(who.size) for _ in range(4))
        self.uploads = plan.mode is not None and plan.rules.upload_bytes > 0.0
        self.ready_share = np.ones(who.size)  # in which weights are aboard
        self.captured, self.stored, self.arrived = (np.zeros(steps) for _ in range(3))  # images, at the ends of steps; stored in bytes
        self.able_s = 0.0  # time at full clock rate in which satellites could process
        self.k = 0
        self._block_m: Array | None = None  # the block whose capture is known

    def begin_step(self, k: int, up: Array, sight: Sight) -> None:
        """Set what a step brings, whatever the limits are.

        Parameters
        ----------
        k : int
            Number of the step.
        up : ndarray, shape (N,)
            Share of the step in which the accelerators of each satellite work, 0 to 1.
        sight : Sight
            Positions, Sun and stations.
        """
        self.k, self.up = k, up[self.who]
        if self._block_m is not sight.r_m:
            self._block_m = sight.r_m
            self._shares = capture_shares(self.plan.condition, sight.r_m[:, :, self.who], sight.sun_m)
        first, last = (shares[sight.at] for shares in self._shares)
        begin_s = k * self.step_s
        self.captures_s = begin_s + first * self.step_s, begin_s + last * self.step_s
        self.powered, self.station_up = sight.powered[self.who].astype(np.float64), sight.stations

    def set_rates(self, limits: Array) -> None:
        """Take over the limits of the step.

        Parameters
        ----------
        limits : ndarray, shape (LIMIT_ROWS, N)
            Limits of the step.
        """
        self.rate = limits[LIMIT_RATE, self.who]

    def fill_inputs(self, inputs: JobInputs) -> None:
        """Capture, process and send images over the step, and fill the inputs of the satellites.

        Parameters
        ----------
        inputs : JobInputs
            Inputs of all satellites, changed in place.
        """
        begin_s, end_s = self.k * self.step_s, (self.k + 1) * self.step_s
        able = self.up * self.rate
        busy_s = self.advance(begin_s, end_s, able)
        state = self.transfer.value
        if self.uploads:
            self.ready_share = np.clip((end_s - state[:, queues.F_UPLOADED]) / self.step_s, 0.0, 1.0)
        self.able_s += float((able * self.ready_share).sum()) * self.step_s
        self.waiting_share, self.loading_share = (np.minimum(1.0, state[:, row] / self.step_s) for row in (queues.F_WAITS, queues.F_LOADS))
        self.busy_share = self.busy(np.minimum(1.0, busy_s / self.step_s))
        self._fill(inputs, self.busy_share)
        self._keep()

    def advance(self, begin_s: float, end_s: float, able: Array) -> Array:
        """Capture, process and send images for a time.

        Parameters
        ----------
        begin_s, end_s : float
            The time, within a step [s]; it begins where the last one ended.
        able : ndarray, shape (satellites,)
            Rate of processing over that at full clock rate, 0 to 1.

        Returns
        -------
        ndarray, shape (satellites,)
            Time in which each satellite processed images [s].
        """
        return self.transfer.advance(begin_s, end_s, self.powered, able * self.plan.images_per_s, self.captures_s, self.station_up)

    def busy(self, share: Array) -> Array:
        """Share of the step in which accelerators work, from the share in which there are images to process: the same.

        Parameters
        ----------
        share : ndarray, shape (satellites,)
            Share, 0 to 1.

        Returns
        -------
        ndarray, shape (satellites,)
            The same; a study may give another.
        """
        return share

    def fill_typical(self, inputs: JobInputs) -> None:
        """Fill the inputs of satellites that process as many images as they capture over a day, at full clock rate.

        Parameters
        ----------
        inputs : JobInputs
            Inputs of all satellites, changed in place.
        """
        lit = 0.5 if self.plan.condition.sin_sun > -1.0 else 1.0
        wanted = lit * self.plan.rules.images_per_s / self.plan.images_per_s if self.plan.images_per_s > 0.0 else 0.0
        self._fill(inputs, np.full(self.who.size, min(1.0, wanted)))

    def _fill(self, inputs: JobInputs, busy: Array) -> None:
        inputs.job_rate[self.who] = 1.0 if self.plan.rules.processed else 0.0
        inputs.running[self.who] = busy
        inputs.productive[self.who] = 0.0  # arithmetic is entered here

    def _keep(self) -> None:
        count, rules = self.transfer.count, self.plan.rules
        self.captured[self.k] = count[:, queues.C_CAPTURED].sum()
        self.arrived[self.k] = count[:, queues.C_ARRIVED].sum()
        images = count[:, queues.C_WAIT].sum() + count[:, queues.C_RAW].sum() + (count[:, queues.C_ITEM] == queues.RAW).sum()
        results = count[:, queues.C_RESULT].sum() + (count[:, queues.C_ITEM] == queues.RESULT).sum()
        self.stored[self.k] = float(images * rules.image_bytes + results * rules.result_bytes)

    def record_losses(self, k: int, limits: Array, ledger: Ledger, step_s: float) -> None:
        """Enter what accelerators did with their time.

        Parameters
        ----------
        k : int
            Number of the step.
        limits : ndarray, shape (LIMIT_ROWS, N)
            Limits of the step.
        ledger : Ledger
            The ledger.
        step_s : float
            Length of a step [s].
        """
        left_s = step_s * self.up * limits[LIMIT_RATE, self.who]
        busy, efficiency = self.busy_share, self.plan.efficiency
        ledger.own("demand", k, self.who, left_s * np.maximum(0.0, 1.0 - busy - self.waiting_share))
        if self.waiting_share.any():  # weights come, or no station does
            ledger.own("communication", k, self.who, left_s * self.loading_share)
            ledger.own("outage", k, self.who, left_s * (self.waiting_share - self.loading_share))
        if busy.any():
            ledger.own("useful", k, self.who, left_s * busy * efficiency)
            ledger.own("kernel", k, self.who, left_s * busy * (1.0 - efficiency))
        self.useful_share = self.up * self.rate * busy * efficiency

    def saturated_byte_s(self) -> float:
        """Rate of the downlink if every satellite always had data: the same contacts, antennas and policy.

        Returns
        -------
        float
            Bytes a second, mean over the run.
        """
        duration_s = self.steps * self.step_s
        rules = self.plan.rules._replace(images_per_s=0.0, upload_bytes=1.0, upload_byte_s=0.0, processed=False)  # an upload that never ends
        endless = DataTransfer(rules, self.contacts, self.who.size, len(self.stations), duration_s)
        nothing = np.zeros(self.who.size)
        endless.advance(0.0, duration_s, np.ones(self.who.size), nothing, (nothing, nothing), np.ones(len(self.stations), dtype=np.bool_))
        return float(endless.contact_time_s()[..., transfer.A_LINKED_S].sum()) * rules.send_byte_s / duration_s

    def summary(self) -> dict[str, Any]:
        """Entry of the workload in `workloads` of summary.json.

        Returns
        -------
        dict
            Fields by name.
        """
        rules, plan, moved = self.plan.rules, self.plan, self.transfer
        duration_s = self.steps * self.step_s
        days, total = duration_s / queues.DAY_S, moved.count.sum(axis=0).tolist()
        captured, arrived = total[queues.C_CAPTURED], total[queues.C_ARRIVED]
        capacity = Capacity(
            self.saturated_byte_s() * queues.DAY_S, self.able_s * plan.images_per_s / days if plan.mode is not None else None
        )
        images, results = percentiles_s(moved.delays[0]), percentiles_s(moved.delays[1])
        sent = arrived * rules.image_bytes + total[queues.C_RESULTS] * rules.result_bytes
        nothing = dict.fromkeys(("mfu", "step_s", "tokens_per_s", "ettr", "time_to_train_d", "ttft_ms", "tpot_ms"))
        return {
            **nothing,
            "satellites": int(self.who.size),
            "processing": plan.mode,
            "images_captured": captured,
            "images_per_day": captured / days,
            "images_arrived": arrived,
            "images_lost": total[queues.C_LOST],
            "images_deleted": total[queues.C_DISCARDED],
            "images_processed": total[queues.C_PROCESSED] if plan.mode is not None else None,
            "images_stored": captured - arrived - total[queues.C_LOST] - total[queues.C_DISCARDED],
            "images_waiting": total[queues.C_WAIT] if plan.mode is not None else None,
            "results_arrived": total[queues.C_RESULTS] if rules.result_bytes else None,
            "share_with_insight": share(total[queues.C_RESULTS] if rules.result_bytes else arrived, captured),
            "share_to_ground": share(arrived, captured),
            "share_within_24h": share(total[queues.C_WITHIN], total[queues.C_EARLY]),
            "insight_s": results if rules.result_bytes else images,
            "raw_s": images,
            "sent_bytes_per_day": sent / days,
            "sent_bytes_per_satellite_day": sent / days / self.who.size,
            "repeated_bytes": total[queues.C_REPEATED],
            "crossover": {
                "captured_bytes_per_day": captured * rules.image_bytes / days,
                **crossover(capacity, rules.image_bytes, rules.keep * rules.image_bytes + rules.result_bytes),
            },
            "upload": self._upload(),
            "stations": station_rows(self.stations, moved.contact_time_s(), moved.sent_counts(), (rules.image_bytes, rules.result_bytes), duration_s),
        }  # fmt: skip

    def _upload(self) -> dict[str, float | None] | None:
        """When the weights were aboard; None without an upload."""
        if self.plan.rules.upload_bytes <= 0.0:
            return None
        done_s = self.transfer.value[:, queues.F_UPLOADED]
        done_s = done_s[done_s < queues.NEVER_S]
        found: list[float | None] = np.percentile(done_s, (10.0, 50.0, 90.0)).tolist() if done_s.size else [None] * 3
        return {"share_done": done_s.size / self.who.size, **dict(zip(("p10_s", "p50_s", "p90_s"), found, strict=True))}
