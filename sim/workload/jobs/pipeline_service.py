"""Services whose model is split over satellites: copies are pipelines that lose members, wait for spares and go on."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.fleet import job_phases
from sim.fleet.job_phases import Segment
from sim.spacecraft.accounting import ROUNDING
from sim.spacecraft.loop import LIMIT_RATE, LIMIT_ROWS
from sim.workload.inference_step import LinkTable
from sim.workload.job_communication import Transport
from sim.workload.jobs.checks import Checks
from sim.workload.jobs.inference_service import Asked, InferenceService
from sim.workload.jobs.ledger import JobInputs, Ledger, binding, missing
from sim.workload.jobs.run_losses import running_members, slowest_members
from sim.workload.pipeline_links import LinkCosts, PipelineLinks
from sim.workload.service import Hops, Service
from sim.workload.serving_step import ACTIVATION_BYTES

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

_STATES_OF_DELAY = 8.0  # per doubling, for which latencies are computed


class _Interval(NamedTuple):
    """A segment of one copy within a step: its share of the step, and the members that were up."""

    copy: int
    mode: int
    share: float
    present: Ints
    lost: Ints


class PipelineService(InferenceService):
    """An inference service whose copies span several satellites; `sim.workload.jobs.training_fleet` gives them their members.

    A copy works at the rate of its slowest member. It serves users while messages pass between its members and one of them has a
    route to the ground: what that member forwards to the first stage, and gets from the last, takes the way that the last stage
    takes to the first.

    Parameters
    ----------
    service : Service
        Model, batch, hardware and links of the epoch.
    asked : Asked
        Demand of the users.
    ranks : list of ndarray of int64
        Satellites of each copy in the order of its stages, at the epoch.
    leftover : ndarray of int64
        Satellites of the service that fill no copy.
    satellites : int
        Number of satellites of the fleet.
    steps : int
        Steps of the run.
    step_s : float
        Length of a step [s].
    hbm_share : float
        Share of the accelerators' power that memory draws, 0 to 1.
    checks : Checks, optional
        Checks of its copies of the model; by default silent errors change nothing.
    copies : int, optional
        Times that every token is computed.
    """

    def __init__(
        self, service: Service, asked: Asked, ranks: list[Ints], leftover: Ints, satellites: int, steps: int, step_s: float,
        hbm_share: float, checks: Checks | None = None, copies: int = 1,
    ) -> None:  # fmt: skip
        super().__init__(service, asked, np.concatenate([np.zeros(0, dtype=np.int64), *ranks]), steps, hbm_share, checks, copies)
        self.wrong = np.zeros(len(ranks))
        self.initial_ranks, self.leftover, self.jobs = ranks, leftover, len(ranks)
        self.data_flow = np.zeros(self.jobs, dtype=np.bool_)  # of copies that wait for weights: whether any arrive in the step
        self.members = ranks  # of each copy at the end of the last step
        self.satellites, self.step_s = satellites, step_s
        self.links = PipelineLinks(satellites)
        self.within_links = LinkTable(service)
        self.beyond_links = LinkTable(self.beyond_targets) if self.beyond_targets is not None else None
        self.delivered = np.zeros(self.jobs)  # output tokens per second of each copy, of the last step
        self.useful_share = np.zeros(satellites)
        self._known: dict[Hops, int] = {service.hops: 0}

    # --- a step, as one of the workloads that share satellites

    def communicate(
        self, ranks: list[Ints], transport: Transport, background_bit_s: Array | None = None, able: Flags | None = None
    ) -> LinkCosts:
        """Look up the links between the members.

        Parameters
        ----------
        ranks : list of ndarray of int64
            Satellites of each copy in the order of its stages.
        transport : Transport
            Network of the jobs.
        background_bit_s : ndarray, shape (2 L,), optional
            What others ask for on each directed link [bit/s].
        able : ndarray of bool, shape (jobs,), optional
            Not used: copies exchange no messages with each other.

        Returns
        -------
        LinkCosts
            Delays and rates; they hold until the next call.
        """
        self.costs: LinkCosts = self.links.costs(ranks, transport, background_bit_s)
        return self.costs

    def link_demand_bit_s(self, running: Flags, links: int) -> Array:
        """Mean rate that activations ask of each directed link, at the tokens of the last step.

        Parameters
        ----------
        running : ndarray of bool, shape (jobs,)
            Copies that exchange messages.
        links : int
            Number of directed links.

        Returns
        -------
        ndarray, shape (links,)
            Rates [bit/s].
        """
        s = self.service
        each = 8.0 * ACTIVATION_BYTES * s.model.hidden * (1.0 + s.input_tokens / s.output_tokens)
        return self.links.link_demand_bit_s(np.where(running, each * self.delivered, 0.0), links)

    def take_step(self, segments: list[list[Segment]]) -> None:
        """Take over the segments of a step.

        Parameters
        ----------
        segments : list of list of Segment
            Segments of each copy that tile the step.
        """
        self.segments = [
            _Interval(g, s.mode, (s.end_s - s.begin_s) / self.step_s, np.setdiff1d(s.members, s.lost) if s.lost.size else s.members, s.lost)
            for g, of_copy in enumerate(segments) for s in of_copy
        ]  # fmt: skip
        self.members = [of_copy[-1].members for of_copy in segments]
        self._find_runs()

    def modes_of(self, job: int) -> list[tuple[int, float]]:
        """What a copy does in the step.

        Parameters
        ----------
        job : int
            Number of the copy.

        Returns
        -------
        list of (int, float)
            Modes in order of time, as numbers of `sim.fleet.job_phases`, and the share of the step that each takes.
        """
        return [(interval.mode, interval.share) for interval in self.segments if interval.copy == job]

    def _find_runs(self) -> None:
        self.run_share, self.up = np.zeros(self.satellites), np.zeros(self.jobs)
        runs_in = np.full(self.satellites, -1, dtype=np.int64)
        for interval in self.segments:
            if interval.mode == job_phases.RUN:
                self.up[interval.copy] += interval.share
                self.run_share[interval.present] += interval.share
                runs_in[interval.present] = interval.copy
        members = np.flatnonzero(runs_in >= 0)
        self.runs = members, runs_in[members]  # satellites that run, and their last copies
        running = [interval for interval in self.segments if interval.mode == job_phases.RUN]
        self.paces = running_members([interval.present for interval in running], [interval.copy for interval in running])

    def begin_step(self, reached: Flags, up: Array, k: int = 0) -> None:
        """Set which copies users reach in a step whose segments are known.

        Parameters
        ----------
        reached : ndarray of bool, shape (N,)
            Satellites with a route to the ground.
        up : ndarray, shape (N,)
            Share of the step in which each satellite works, 0 to 1.
        k : int
            Number of the step.
        """
        self.reached = np.array([bool(reached[members].any()) for members in self.members], dtype=np.bool_)
        self._ask(k)

    def _places(self) -> dict[int, int]:
        return {satellite: g for g, members in enumerate(self.members) for satellite in members.tolist()}

    def set_rates(self, limits: Array, duty: Array) -> None:
        """Set rates and throughput under given limits, and fill the duty of the members that run.

        Parameters
        ----------
        limits : ndarray, shape (LIMIT_ROWS, N)
            Limits of the step.
        duty : ndarray, shape (N,)
            Duty of all satellites, changed in place.
        """
        self._find_slowest(limits)
        self.point = self.within_links.points(self.rate, self.costs.delay_s, self.costs.byte_s)
        self.at_targets_per_s = float(np.sum((self.up * self.point.output_tokens_per_s)[self.reached])) / self.copies
        self.late = self.beyond_links is not None and (self.wanted_per_s is None or self.wanted_per_s > self.at_targets_per_s)
        if self.late and self.beyond_links is not None:
            self.point = self.beyond_links.points(self.rate, self.costs.delay_s, self.costs.byte_s)
        runs, copy = self.runs
        duty[runs] = (self.point.useful + self.point.kernel + self.hbm_share * self.point.memory)[copy]

    def _find_slowest(self, limits: Array) -> None:
        self.rate, self.slowest = np.empty(self.jobs), np.empty(self.jobs, dtype=np.int64)
        slowest_members(*self.paces, limits[LIMIT_RATE], self.rate, self.slowest)

    def fill_typical(self, inputs: JobInputs) -> None:
        """Fill the step inputs of copies that work at full clock rate with their members of the epoch, by the links last looked up.

        Parameters
        ----------
        inputs : JobInputs
            Inputs of all satellites, changed in place.
        """
        self.segments = [
            _Interval(g, job_phases.RUN, float(not self.costs.jobs_disconnected[g]), members, members[:0])
            for g, members in enumerate(self.initial_ranks)
        ]
        self.members = self.initial_ranks
        self._find_runs()
        self.begin_step(np.ones(self.satellites, dtype=np.bool_), np.ones(self.satellites))
        self.set_rates(np.ones((LIMIT_ROWS, self.satellites)), inputs.duty)
        self.fill_inputs(inputs, np.ones(self.satellites))

    def fill_inputs(self, inputs: JobInputs, up: Array | None = None) -> None:
        """Set delivered tokens, and add members that run to the step inputs.

        Parameters
        ----------
        inputs : JobInputs
            Inputs of all satellites, changed in place: `running` is 0 where nothing has run yet in the step.
        up : ndarray, shape (N,)
            Share of the step in which each satellite works, 0 to 1.
        """
        assert up is not None
        self._deliver()
        runs, copy = self.runs
        share = self.run_share[runs] / np.maximum(up[runs], ROUNDING) * self.share[copy]
        before = inputs.running[runs]
        mean_rate = (before * inputs.job_rate[runs] + share * self.rate[copy]) / np.maximum(before + share, ROUNDING)
        inputs.job_rate[runs] = np.where(before > 0.0, mean_rate, self.rate[copy])
        inputs.running[runs] = np.minimum(before + share, 1.0)

    # --- the ledger

    def record_losses(self, k: int, limits: Array, ledger: Ledger, step_s: float = math.nan) -> None:
        """Enter what copies did with their time, and the losses of members beyond those of power and heat.

        Parameters
        ----------
        k : int
            Number of the step.
        limits : ndarray, shape (LIMIT_ROWS, N)
            Limits of the step.
        ledger : Ledger
            The ledger.
        step_s : float, optional
            Not used: the length of a step is known.
        """
        self.useful_share[:] = 0.0
        self._find_slowest(limits)  # limits have settled since rates were set
        for intervals in self._run_batches():
            self._run(k, intervals, limits, ledger)
        for interval in self.segments:
            who = interval.present
            left_s = self.step_s * interval.share * limits[LIMIT_RATE, who]
            match interval.mode:
                case job_phases.RUN:
                    pass
                case job_phases.WAITING:
                    ledger.induced(missing(interval.lost, ledger.maintained), k, who, left_s)
                case job_phases.OUTAGE:
                    mine = self.costs.satellites_disconnected[who]
                    ledger.own("outage", k, who[mine], left_s[mine])
                    ledger.induced("outage", k, who[~mine], left_s[~mine])
                case job_phases.INGEST:
                    ledger.own("communication" if self.data_flow[interval.copy] else "outage", k, who, left_s)
                case _:
                    ledger.own("recovery", k, who, left_s)
        self.delivered = np.where(self.reached, self.up * self.point.output_tokens_per_s * self.share, 0.0)  # all copies of each token
        able = self.up > 0.0
        if able.any():
            delay_s, byte_s = (float(np.median(x[able])) for x in (self.costs.delay_s, self.costs.byte_s))
            self.link_state[k] = self._state_of(delay_s, byte_s)
        self._keep(k)

    def _run_batches(self) -> list[list[_Interval]]:
        """Intervals in which copies run: all at once where no satellite is in two of them."""
        runs = [interval for interval in self.segments if interval.mode == job_phases.RUN]
        if sum(interval.present.size for interval in runs) > self.runs[0].size:
            return [[interval] for interval in runs]
        return [runs] if runs else []

    def _run(self, k: int, intervals: list[_Interval], limits: Array, ledger: Ledger) -> None:
        """Enter what members of copies that run did; no satellite is in two of the intervals."""
        who = np.concatenate([interval.present for interval in intervals])
        sizes = [interval.present.size for interval in intervals]
        copy = np.repeat([interval.copy for interval in intervals], sizes)
        seconds = self.step_s * np.repeat([interval.share for interval in intervals], sizes)
        left_s, here = seconds * limits[LIMIT_RATE, who], self.reached[copy]
        if not here.all():
            ledger.own("outage", k, who[~here], left_s[~here] * self.missed_share)
            ledger.own("demand", k, who[~here], left_s[~here] * (1.0 - self.missed_share))
            who, copy, seconds, left_s = who[here], copy[here], seconds[here], left_s[here]
        share = self.share[copy]
        worked_s = seconds * self.rate[copy]
        # of what members could do without the slowest: the share that is asked for
        wanted = np.where(self.point.output_tokens_per_s[copy] > 0.0, share, self.utilisation if self.reached_per_s > 0.0 else 1.0)
        waits_s = left_s - worked_s
        ledger.own("demand", k, who, (1.0 - wanted) * waits_s + worked_s * (1.0 - share))
        waiting = np.flatnonzero(waits_s > 0.0)
        causes = {g: binding(limits, int(self.slowest[g]), ledger.maintained) for g in np.unique(copy[waiting]).tolist()}
        for cause in sorted(set(causes.values())):
            mine = waiting[[causes[g] == cause for g in copy[waiting].tolist()]]
            ledger.induced(cause, k, who[mine], wanted[mine] * waits_s[mine])
        right = self.right[copy]
        for n, (name, part) in enumerate(zip(self.causes, self.point[2:], strict=True)):
            time_s = worked_s * share * part[copy]
            ledger.own(name, k, who, time_s * right if n == 0 else time_s)
            if n == 0 and (right < 1.0).any():
                ledger.own("corruption", k, who, time_s * (1.0 - right))
        if not self.late:
            self.useful_share[who] += worked_s / self.step_s * share * self.point.useful[copy] * right

    def _state_of(self, delay_s: float, byte_s: float) -> int:
        """Number of the link state next to these values, by which latencies are computed."""
        hops = self.service.hops
        near = Hops(*(_near(value, reference) for value, reference in zip((delay_s, byte_s), hops, strict=True)))
        if near not in self._known:
            self._known[near] = len(self.link_states)
            self.link_states.append(near)
        return self._known[near]


def _near(seconds: float, reference_s: float) -> float:
    """Value on a grid of ratios through the reference."""
    if seconds <= 0.0 or reference_s <= 0.0:
        return seconds
    return float(reference_s * 2.0 ** (round(_STATES_OF_DELAY * math.log2(seconds / reference_s)) / _STATES_OF_DELAY))
