"""Inference services in the run: prefill and decode on whole satellites that have a route to the ground."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.fleet.availability import SatelliteChange
from sim.spacecraft.loop import LIMIT_RATE
from sim.workload import inference_step, serving_load
from sim.workload.inference_step import Rates
from sim.workload.jobs.checks import Checks
from sim.workload.jobs.ledger import JobInputs, Ledger, median
from sim.workload.service import Hops, Service, groups, sequence_bytes
from sim.workload.serving_pipeline import TOKEN_BYTES

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

PERCENTILES = (0.5, 0.99)
_STATES = 64  # values of clock rate and of load for which latencies are computed


class Asked(NamedTuple):
    """What users ask of a service."""

    tokens_per_s: Array | None = None  # output tokens in each step, (steps,); None: as many as can be served
    all_admitted: bool = False  # requests beyond the capacity at the targets are served too, late
    turns: int = 1  # requests of a session that wait for each other


class InferenceService:
    """An inference service on its satellites; each works at its own limit, demand is spread evenly over their capacity.

    Parameters
    ----------
    service : Service
        Model, batch and hardware.
    asked : Asked
        Demand of the users.
    who : ndarray of int64
        Satellites of the service.
    steps : int
        Steps of the run.
    hbm_share : float
        Share of the accelerators' power that memory draws, 0 to 1.
    checks : Checks, optional
        Checks of its copies of the model; by default silent errors change nothing.
    copies : int, optional
        Times that every token is computed.
    """

    def __init__(
        self, service: Service, asked: Asked, who: Ints, steps: int, hbm_share: float, checks: Checks | None = None, copies: int = 1
    ):
        self.service, self.asked, self.who = service, asked, who
        self.hbm_share, self.checks, self.copies = hbm_share, checks, copies
        self.wrong = np.zeros(who.size)  # share of the results of a satellite, or copy over several, that are wrong in the step
        self.link_states: list[Hops] = [service.hops]  # for which latencies are computed
        self.link_state = np.zeros(steps, dtype=np.int64)  # of each step, its place in that list
        if service.pipeline == 1:
            self.within = inference_step.rate_table(service)
            self.beyond = inference_step.rate_table(self.beyond_targets) if self.beyond_targets is not None else None
        self.reached = np.ones(who.size, dtype=np.bool_)
        self.tokens_per_s = np.zeros(steps)
        self.late_per_s = np.zeros(steps)  # of those, from requests beyond their targets
        self.rejected_per_s = np.zeros(steps)
        self.capacity_per_s = np.zeros(steps)  # at the targets, of satellites with a route
        self.load = np.zeros(steps)  # delivered over capacity
        self.median_rate = np.full(steps, np.nan)  # of the satellites that run
        self.useful_share = np.zeros(who.size)  # of the last step
        self.waits_share, self.waits_for = 0.0, "communication"  # part of the step without weights, and the cause of that

    def wait_for_weights(self, share: float, flows: bool) -> None:
        """Set how long the service waits for weights in the step that begins; it holds until the next call.

        Parameters
        ----------
        share : float
            Share of the step, from its beginning, 0 to 1.
        flows : bool
            Whether any arrive in the step.
        """
        self.waits_share, self.waits_for = share, "communication" if flows else "outage"

    @property
    def beyond_targets(self) -> Service | None:
        """The service without its targets, where requests beyond its capacity are served too."""
        forced = self.asked.all_admitted and self.service.targets is not None
        return self.service._replace(targets=None) if forced else None

    def begin_step(self, reached: Flags, up: Array, k: int = 0) -> None:
        """Set the availability of the service's satellites in a step.

        Parameters
        ----------
        reached : ndarray of bool, shape (N,)
            Satellites with a route to the ground.
        up : ndarray, shape (N,)
            Share of the step in which each satellite works, 0 to 1.
        k : int
            Number of the step.
        """
        self.reached, self.up = reached[self.who], up[self.who]
        if self.waits_share > 0.0:
            self.waiting_up = self.waits_share * self.up
            self.up = self.up - self.waiting_up
        self._ask(k)

    def take_errors(self, changes: Sequence[SatelliteChange], begin_s: float, end_s: float) -> None:
        """Take over the silent errors of a step.

        Parameters
        ----------
        changes : sequence of SatelliteChange
            Changes of satellites in the step, in order of time.
        begin_s, end_s : float
            The step [s].
        """
        if self.checks is None:
            return
        each, groups_ = self.service.tensor, groups(self.service)
        struck = [c for c in changes if c.silent is not None and c.silent.fate < self.checks.harmful]
        places = self._places() if struck else {}
        found = [
            (c.time_s, places[c.satellite], c.silent.accelerator // each)
            for c in struck if c.silent is not None and c.satellite in places and c.silent.accelerator // each < groups_
        ]  # fmt: skip
        self.wrong[:] = 0.0
        for place, share in self.checks.wrong(found, begin_s, end_s).items():
            self.wrong[place] = share

    def _places(self) -> dict[int, int]:
        """Place of each satellite among those, or among the copies, whose results are looked at."""
        return {satellite: place for place, satellite in enumerate(self.who.tolist())}

    @property
    def right(self) -> Array:
        """Share of the arithmetic whose results count, of each satellite or copy; the rest is wrong, or done to compare it."""
        return np.asarray((1.0 - self.wrong) / self.copies)

    def _ask(self, k: int) -> None:
        self.wanted_per_s = None if self.asked.tokens_per_s is None else float(self.asked.tokens_per_s[k])

    def traffic_byte_s(self, k: int) -> tuple[float, float]:
        """What users sent and received in the last step: prompts and answers, each token as its number.

        Parameters
        ----------
        k : int
            Number of the step.

        Returns
        -------
        prompts, answers : float
            Rates [B/s]; 0 in the first step.
        """
        tokens_per_s = float(self.tokens_per_s[k - 1]) if k > 0 else 0.0
        each = self.service.input_tokens / self.service.output_tokens
        return TOKEN_BYTES * each * tokens_per_s, TOKEN_BYTES * tokens_per_s

    def set_rates(self, limits: Array, duty: Array) -> None:
        """Set rates and throughput under given limits, and fill the duty of the service's satellites.

        Parameters
        ----------
        limits : ndarray, shape (LIMIT_ROWS, N)
            Limits of the step.
        duty : ndarray, shape (N,)
            Duty of all satellites, changed in place.
        """
        rows = np.empty((len(Rates._fields), self.who.size))
        inference_step.points_and_duty(self.who, limits[LIMIT_RATE], self.within, self.hbm_share, rows, duty)
        self.at_targets_per_s = float(np.sum((self.up * rows[0])[self.reached])) / self.copies
        self.late = False
        if self.beyond is not None and (self.wanted_per_s is None or self.wanted_per_s > self.at_targets_per_s):
            self.late = True
            inference_step.points_and_duty(self.who, limits[LIMIT_RATE], self.beyond, self.hbm_share, rows, duty)
        self.rate, self.point = limits[LIMIT_RATE, self.who], Rates(*rows)

    def fill_inputs(self, inputs: JobInputs) -> None:
        """Set delivered tokens and utilisation, and fill the step inputs of the service's satellites.

        Parameters
        ----------
        inputs : JobInputs
            Inputs of all satellites, changed in place.
        """
        self._deliver()
        inputs.job_rate[self.who] = 1.0  # at its own limit
        inputs.running[self.who] = self.share * (1.0 - self.waits_share)
        inputs.productive[self.who] = 0.0  # arithmetic is entered here, as useful or late

    def _deliver(self) -> None:
        """Delivered tokens, and the share of its capacity that each satellite, or copy of the model, delivers."""
        able = self.up * self.point.output_tokens_per_s / self.copies
        reached, unreached = float(np.sum(able[self.reached])), float(np.sum(able[~self.reached]))
        asked = reached + unreached if self.wanted_per_s is None else min(self.wanted_per_s, reached + unreached)
        self.delivered_per_s = min(asked, reached)
        self.reached_per_s = reached
        self.utilisation = self.delivered_per_s / reached if reached > 0.0 else 0.0
        # of the capacity of satellites without a route: the share that is requested and that others cannot replace
        whole = asked == reached + unreached or unreached == 0.0
        self.missed_share = 1.0 if whole else min(1.0, (asked - self.delivered_per_s) / unreached)
        # one that is too slow for the targets takes no requests
        self.share = np.where(self.reached & (self.point.output_tokens_per_s > 0.0), self.utilisation, 0.0)
        self.right_per_s = self.delivered_per_s
        if self.wrong.any():
            self.right_per_s -= float(np.sum((able * self.share * self.wrong)[self.reached]))

    def record_losses(self, k: int, limits: Array, ledger: Ledger, step_s: float) -> None:
        """Enter what the service did with its time, and the losses beyond those of power and heat.

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
        if self.waits_share > 0.0:
            ledger.own(self.waits_for, k, self.who, step_s * self.waiting_up * limits[LIMIT_RATE, self.who])
        unreached = ~self.reached
        if unreached.any():
            ledger.own("outage", k, self.who[unreached], left_s[unreached] * self.missed_share)
            ledger.own("demand", k, self.who[unreached], left_s[unreached] * (1.0 - self.missed_share))
        here = self.reached
        who, present_s, share = self.who[here], left_s[here], self.share[here]
        if (share < 1.0).any():
            ledger.own("demand", k, who, present_s * (1.0 - share))
        right = self.right
        for n, (cause, part) in enumerate(zip(self.causes, self.point[2:], strict=True)):
            time_s = present_s * share * part[here]
            ledger.own(cause, k, who, time_s * right[here] if n == 0 else time_s)
            if n == 0 and (right < 1.0).any():
                ledger.own("corruption", k, who, time_s * (1.0 - right[here]))
        self.useful_share = np.where(self.late, 0.0, self.up * self.rate * self.share * self.point.useful * right)
        self._keep(k)

    @property
    def causes(self) -> tuple[str, ...]:
        """Causes of the shares of time in `Rates`."""
        return ("algorithm" if self.late else "useful", *Rates._fields[3:])

    def _keep(self, k: int) -> None:
        self.tokens_per_s[k] = self.right_per_s
        self.late_per_s[k] = self.right_per_s if self.late else 0.0
        self.capacity_per_s[k], self.load[k] = self.at_targets_per_s, self.utilisation
        if self.wanted_per_s is not None:
            self.rejected_per_s[k] = max(0.0, self.wanted_per_s - self.delivered_per_s)
        running = self.rate > 0.0
        if running.any():
            self.median_rate[k] = float(np.median(self.rate[running]))

    def latencies_s(self) -> tuple[Array, Array]:
        """Latencies of requests in each step, at the median clock rate and the load of the step.

        Returns
        -------
        ttft_s, tpot_s : ndarray, shape (steps, 2)
            Not exceeded by half of the requests and by 99 of 100, without the round trip [s]; NaN where none is served. Where
            requests have no limit, or exceed the capacity, a waiting request takes the place of one that ends: without the queue.
        """
        ttft_s, tpot_s = (np.full((self.load.size, len(PERCENTILES)), np.nan) for _ in range(2))
        states: dict[tuple[int, int, bool, int], tuple[tuple[float, ...], ...]] = {}
        for k in np.flatnonzero((self.load > 0.0) & np.isfinite(self.median_rate)):
            late = self.late_per_s[k] > 0.0
            links = int(self.link_state[k])
            state = (max(1, round(_STATES * self.median_rate[k])), max(1, round(_STATES * self.load[k])), late, links)
            if state not in states:
                states[state] = self._latencies(state[0] / _STATES, state[1] / _STATES, late, self.link_states[links])
            ttft_s[k], tpot_s[k] = states[state]
        return ttft_s, tpot_s

    def _latencies(self, rate: float, load: float, late: bool, hops: Hops) -> tuple[tuple[float, ...], ...]:
        """Times to first token and per further one by `PERCENTILES`; NaN where the rate is too low for the targets."""
        service = self.service._replace(targets=None if late else self.service.targets, hops=hops)
        most = serving_load.capacity(service, rate)
        if most is None:
            return (np.nan, np.nan), (np.nan, np.nan)
        if service.targets is None and load >= 1.0 - 1.0 / _STATES:  # requests always wait
            first_s = most.prompt_s + most.rest_s
            return (first_s, first_s), (most.step_s, most.step_s)
        state = serving_load.at_share(service, most, load, rate)
        found = [serving_load.latency(service, state, percentile, rate) for percentile in PERCENTILES]
        return tuple(each.ttft_s for each in found), tuple(each.tpot_s for each in found)

    def summary(self, user_rtt_ms: dict[str, float | None], energy_j: float | None, step_s: float) -> dict[str, Any]:
        """Entry of the service in `workloads` of summary.json.

        Parameters
        ----------
        user_rtt_ms : dict
            Round trip to a user [ms]: `median` and `p99`, None where no station is reached.
        energy_j : float or None
            Electrical energy of the service's satellites over the run [J].
        step_s : float
            Length of a step [s].

        Returns
        -------
        dict
            Fields by name.
        """
        s, o = self.service, self.service.output_tokens
        ttft_s, tpot_s = self.latencies_s()
        first_ms = [self._with_trip(median(ttft_s[:, i]), user_rtt_ms[key]) for i, key in enumerate(("median", "p99"))]
        next_ms = [None if (each := median(tpot_s[:, i])) is None else 1e3 * each for i in range(len(PERCENTILES))]
        tokens, mean = float(self.tokens_per_s.sum()) * step_s, float(self.tokens_per_s.mean())
        answer_s = None
        if first_ms[0] is not None and next_ms[0] is not None:
            answer_s = 1e-3 * self.asked.turns * (first_ms[0] + (o - 1) * next_ms[0])
        return {
            "mfu": None,
            "step_s": None if next_ms[0] is None else 1e-3 * next_ms[0],
            "tokens_per_s": mean,
            "ettr": None,
            "time_to_train_d": None,
            "ttft_ms": first_ms[0],
            "tpot_ms": next_ms[0],
            "ttft_p99_ms": first_ms[1],
            "tpot_p99_ms": next_ms[1],
            "answer_s": answer_s,
            "satellites": int(self.who.size),
            "tensor": s.tensor,
            "pipeline": s.pipeline,
            "micro_batches": s.micro_batches,
            "batch": s.batch,
            "chunk": s.chunk,
            "requests_per_s": mean / o,
            "capacity_requests_per_s": float(self.capacity_per_s.mean()) / o,
            "rejected_fraction": self._share(self.rejected_per_s, self.tokens_per_s + self.rejected_per_s),
            "late_fraction": self._share(self.late_per_s, self.tokens_per_s),
            "kv_cache_bytes": self.who.size // s.pipeline * groups(s) * s.tensor * s.batch * sequence_bytes(s),
            "joules_per_token": energy_j / tokens if energy_j is not None and tokens > 0.0 else None,
            "tokens_per_joule": tokens / energy_j if energy_j else None,
        }

    @staticmethod
    def _with_trip(seconds: float | None, rtt_ms: float | None) -> float | None:
        return None if seconds is None or rtt_ms is None else 1e3 * seconds + rtt_ms

    @staticmethod
    def _share(part: Array, whole: Array) -> float | None:
        total = float(whole.sum())
        return float(part.sum()) / total if total > 0.0 else None
