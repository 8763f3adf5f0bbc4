"""Inference services in the run: prefill and decode on whole satellites that have a route to the ground."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.spacecraft.loop import LIMIT_RATE
from sim.workload import inference_step
from sim.workload.inference_step import Rates
from sim.workload.jobs.ledger import JobInputs, Ledger, median
from sim.workload.service import Service

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

TOKEN_BYTES = 4.0  # the number of a token; headers of protocols are not counted


class InferenceService:
    """An inference service on its satellites; each works at its own limit, demand is spread evenly over their capacity.

    Parameters
    ----------
    service : Service
        Model, batch and hardware.
    demand_per_s : float or None
        Output tokens per second that users request; None: as many as can be served.
    who : ndarray of int64
        Satellites of the service.
    steps : int
        Steps of the run.
    hbm_share : float
        Share of the accelerators' power that memory draws, 0 to 1.
    """

    def __init__(self, service: Service, demand_per_s: float | None, who: Ints, steps: int, hbm_share: float):
        self.service, self.demand_per_s, self.who = service, demand_per_s, who
        self.hbm_share = hbm_share
        self.reached = np.ones(who.size, dtype=np.bool_)
        self.tokens_per_s = np.zeros(steps)
        self.step_time_s = np.full(steps, np.nan)
        self.median_rate = np.full(steps, np.nan)  # of the satellites that run

    def begin_step(self, reached: Flags, up: Array) -> None:
        """Set the availability of the service's satellites in a step.

        Parameters
        ----------
        reached : ndarray of bool, shape (N,)
            Satellites with a route to the ground.
        up : ndarray, shape (N,)
            Share of the step in which each satellite works, 0 to 1.
        """
        self.reached, self.up = reached[self.who], up[self.who]

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
        constants = inference_step.cycle_constants(self.service)
        inference_step.points_and_duty(self.who, limits[LIMIT_RATE], constants, self.hbm_share, rows, duty)
        self.rate, self.point = limits[LIMIT_RATE, self.who], Rates(*rows)

    def fill_inputs(self, inputs: JobInputs) -> None:
        """Set delivered tokens and utilisation, and fill the step inputs of the service's satellites.

        Parameters
        ----------
        inputs : JobInputs
            Inputs of all satellites, changed in place.
        """
        able = self.up * self.point.output_tokens_per_s
        reached, unreached = float(np.sum(able[self.reached])), float(np.sum(able[~self.reached]))
        asked = reached + unreached if self.demand_per_s is None else min(self.demand_per_s, reached + unreached)
        self.delivered_per_s = min(asked, reached)
        self.utilisation = self.delivered_per_s / reached if reached > 0.0 else 0.0
        # of the capacity of satellites without a route: the share that is requested and that others cannot replace
        whole = asked == reached + unreached or unreached == 0.0
        self.missed_share = 1.0 if whole else min(1.0, (asked - self.delivered_per_s) / unreached)
        f, who = self.point, self.who
        # at its own limit
        inputs.job_rate[who] = 1.0
        inputs.running[who] = np.where(self.reached, self.utilisation, 0.0)
        inputs.productive[who] = inputs.running[who] * (f.useful + f.kernel)

    def record_losses(self, k: int, limits: Array, ledger: Ledger, step_s: float) -> None:
        """Enter the losses of the service beyond those of power and heat.

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
        unreached = ~self.reached
        if unreached.any():
            ledger.own("outage", k, self.who[unreached], left_s[unreached] * self.missed_share)
            ledger.own("demand", k, self.who[unreached], left_s[unreached] * (1.0 - self.missed_share))
        who, present_s, f = self.who[self.reached], left_s[self.reached], self.point
        if self.utilisation < 1.0:
            ledger.own("demand", k, who, present_s * (1.0 - self.utilisation))
        ledger.own("memory", k, who, present_s * self.utilisation * f.memory[self.reached])
        ledger.own("communication", k, who, present_s * self.utilisation * f.communication[self.reached])
        self.tokens_per_s[k] = self.delivered_per_s
        running = self.rate > 0.0
        if running.any():
            self.median_rate[k] = float(np.median(self.rate[running]))
            self.step_time_s[k] = float(np.median(f.decode_step_s[running]))

    @property
    def ttft_s(self) -> Array:
        """Time to first token of a satellite at the median rate [s], (steps,); NaN where none runs."""
        return inference_step.unloaded_ttft_s(self.service, self.median_rate)

    def summary(self, user_rtt_ms: float | None) -> dict[str, Any]:
        """Entry of the service in `workloads` of summary.json.

        Parameters
        ----------
        user_rtt_ms : float or None
            Median round trip to a user [ms]; None where no station is reached.

        Returns
        -------
        dict
            Fields by name.
        """
        ttft_s = median(self.ttft_s)
        each_s = median(self.step_time_s)
        return {
            "mfu": None,
            "step_s": each_s,
            "tokens_per_s": float(self.tokens_per_s.mean()),
            "ettr": None,
            "time_to_train_d": None,
            "ttft_ms": None if ttft_s is None or user_rtt_ms is None else 1e3 * ttft_s + user_rtt_ms,
            "tpot_ms": None if each_s is None else 1e3 * each_s,
            "satellites": int(self.who.size),
            "tensor": self.service.tensor,
            "batch": self.service.batch,
        }
