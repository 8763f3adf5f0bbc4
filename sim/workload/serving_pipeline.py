"""A copy of a model whose layers are split over satellites: micro-batches pass its stages one after the other.

A micro-batch takes the steps of all stages, and over every border the delay of the link and the time of its activations; the
sampled tokens go back to the first stage. While it is on its way the stages work on others. So the time per token is that of the
whole round, and micro-batches follow each other as fast as the slowest stage, the slowest link or the rounds of all
micro-batches allow. Plain Python, so that a scenario can be checked without numpy.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from sim.workload.service import Hops, Service, Stage, groups, stages
from sim.workload.serving_step import ACTIVATION_BYTES, Step, Tokens, step

TOKEN_BYTES = 4.0  # the number of a token; headers of protocols are not counted


class Round(NamedTuple):
    """A micro-batch on its way through all stages of a copy and back to the first."""

    steps: tuple[Step, ...]  # of stages that differ
    counts: tuple[int, ...]  # stages that are alike
    border_bytes: float  # over each border between stages, of all tensor groups of a satellite
    return_bytes: float  # from the last stage to the first

    def between(self, other: Round, share: float) -> Round:
        """Round between two that differ in size.

        Parameters
        ----------
        other : Round
            The other round.
        share : float
            Share of the way to the other, 0 to 1.

        Returns
        -------
        Round
            Linear in size.
        """
        steps = tuple(a.between(b, share) for a, b in zip(self.steps, other.steps, strict=True))
        sizes = ((1.0 - share) * a + share * b for a, b in zip(self[2:], other[2:], strict=True))
        return Round(steps, self.counts, *sizes)

    def whole(self) -> Step:
        """Steps of all stages together.

        Returns
        -------
        Step
            Their sum; kernels are those of all stages that differ.
        """
        parts = [each.times(float(count)) for each, count in zip(self.steps, self.counts, strict=True)]
        return Step(
            sum(p.useful_s for p in parts), tuple(k for p in parts for k in p.kernels), sum(p.fabric_s for p in parts),
            sum(p.host_s for p in parts),
        )  # fmt: skip

    def pace(self, rate: float) -> Pace:
        """Durations at a clock rate.

        Parameters
        ----------
        rate : float
            Clock rate, above 0 to 1.

        Returns
        -------
        Pace
            The durations.
        """
        each_s = [each.duration_s(rate) for each in self.steps]
        borders = float(sum(self.counts) - 1)
        stages_s = sum(n * s for n, s in zip(self.counts, each_s, strict=True))
        return Pace(max(each_s), stages_s, self.border_bytes, borders * self.border_bytes + self.return_bytes)


class Pace(NamedTuple):
    """Durations of a round at a clock rate, and what it sends."""

    slowest_s: float  # stage
    stages_s: float  # all stages together
    border_bytes: float
    all_bytes: float  # over all borders and back

    def between(self, other: Pace, share: float) -> Pace:
        """Pace between two rounds that differ in size.

        Parameters
        ----------
        other : Pace
            The other one.
        share : float
            Share of the way to the other, 0 to 1.

        Returns
        -------
        Pace
            Linear in size.
        """
        return Pace(*((1.0 - share) * a + share * b for a, b in zip(self, other, strict=True)))

    def round_s(self, hops: Hops) -> float:
        """Duration of the round of a micro-batch that waits for no other.

        Parameters
        ----------
        hops : Hops
            Links between stages.

        Returns
        -------
        float
            Duration [s].
        """
        return self.stages_s + hops.delay_s + self.all_bytes * hops.byte_s

    def period_s(self, hops: Hops, in_flight: float) -> float:
        """Time from one micro-batch to the next, all of this size.

        Parameters
        ----------
        hops : Hops
            Links between stages.
        in_flight : float
            Micro-batches on their way, at least 1.

        Returns
        -------
        float
            The longest of the slowest stage, the messages over a border, and the share of a micro-batch in the round [s].
        """
        return max(self.slowest_s, self.border_bytes * hops.byte_s, self.round_s(hops) / in_flight)


@lru_cache(maxsize=1024)
def _kinds(s: Service) -> tuple[tuple[Stage, int], ...]:
    """Stages that differ in their work, and how many of each there are."""
    found: dict[Stage, int] = {}
    for stage in stages(s):
        alike = stage._replace(first=False)  # the embedding is a table that is looked up
        found[alike] = found.get(alike, 0) + 1
    return tuple(found.items())


def round_of(s: Service, tokens: Tokens) -> Round:
    """Round of a micro-batch.

    Parameters
    ----------
    s : Service
        The service; its batch and links are not used.
    tokens : Tokens
        Tokens of the micro-batch, at least one.

    Returns
    -------
    Round
        Steps of the stages, and bytes between them.
    """
    if s.pipeline == 1:
        return Round((step(s, tokens),), (1,), 0.0, 0.0)
    alone = s._replace(batch=1, pipeline=1, micro_batches=1, hops=Hops(), chunk=1, targets=None)  # what a step does not depend on
    kinds = _kinds(s)
    steps = tuple(step(alone._replace(model=stage.model), tokens, stage.last) for stage, _ in kinds)
    messages = float(groups(s))
    return Round(
        steps, tuple(count for _, count in kinds), messages * ACTIVATION_BYTES * (tokens.prompt + tokens.sequences) * s.model.hidden,
        messages * TOKEN_BYTES * (tokens.sequences + tokens.prompt / s.input_tokens),
    )  # fmt: skip


def long_share(share: float, run: float, stages_: float) -> float:
    """Share of the periods that last as long as a micro-batch with a chunk, where such micro-batches are mixed with shorter ones.

    Parameters
    ----------
    share : float
        Share of the micro-batches with a chunk, 0 to 1.
    run : float
        Micro-batches in a row that take the chunks of a prompt, at least 1.
    stages_ : float
        Stages that work at the same time, at least 1.

    Returns
    -------
    float
        Share, from `share` for one stage to 1.

    Notes
    -----
    All stages move on together, a period lasts as long as the longest micro-batch in them, and prompts begin at random. Free
    places between micro-batches would absorb a part of the waiting: durations are upper bounds, and exact where all have a chunk.

    References
    ----------
    [sarathi2024]

    Examples
    --------
    A quarter of the micro-batches at random: of two neighbours, one has a chunk in 1 - 0.75^2 of all cases.

    >>> long_share(0.25, 1.0, 2.0)
    0.4375
    """
    if share >= 1.0:
        return 1.0
    goes_on = run * (1.0 - share) / (run * (1.0 - share) + share)  # after a micro-batch without a chunk comes another
    return 1.0 - (1.0 - share) * float(goes_on ** (stages_ - 1.0))
