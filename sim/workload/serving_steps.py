"""Steps of a group, or of a micro-batch of a pipeline, at several numbers of sequences: the table from which loads are found."""

from __future__ import annotations

import math
from bisect import bisect_left
from functools import lru_cache
from typing import NamedTuple

from sim.workload.service import Hops, Service
from sim.workload.serving_pipeline import Pace, Round, round_of
from sim.workload.serving_step import Tokens

_GRID = 2.0 ** (1.0 / 3.0)  # ratio of batches for which steps are computed


class Steps(NamedTuple):
    """Steps of a micro-batch at several sizes; between them durations are linear in the size."""

    batches: tuple[float, ...]  # rising, the first 0
    plain: tuple[Round, ...]  # one token of each sequence
    mixed: tuple[Round, ...]  # with a chunk of a prompt
    chunk: float  # tokens of prompts in a mixed step
    chunks: float  # steps of a prompt

    def at(self, batch: float) -> tuple[Round, Round]:
        """Steps at a batch.

        Parameters
        ----------
        batch : float
            Sequences, at least 0.

        Returns
        -------
        plain, mixed : Round
            Without and with a chunk.
        """
        n, share = self.interval(batch)
        plain = self.plain[n + 1] if n == 0 else self.plain[n].between(self.plain[n + 1], share)  # no step without a sequence
        return plain, self.mixed[n].between(self.mixed[n + 1], share)

    def interval(self, batch: float) -> tuple[int, float]:
        """Place of a batch between those of the table.

        Parameters
        ----------
        batch : float
            Sequences, at least 0.

        Returns
        -------
        n : int
            Number of the batch below.
        share : float
            Share of the way to the next, 0 to 1.
        """
        last = len(self.batches) - 2
        n = min(last, max(0, bisect_left(self.batches, batch) - 1))
        low, high = self.batches[n], self.batches[n + 1]
        return n, min(1.0, (batch - low) / (high - low))


def steps(s: Service) -> Steps:
    """Steps of a group at batches up to the largest.

    Parameters
    ----------
    s : Service
        The service.

    Returns
    -------
    Steps
        The steps.
    """
    return _steps(s if s.pipeline == 1 else s._replace(hops=Hops()))


@lru_cache(maxsize=1024)
def _steps(s: Service) -> Steps:
    i, most = float(s.input_tokens), max(1.0, s.batch / s.micro_batches)
    chunks = math.ceil(i / s.chunk)
    # in a group whose batch needs more prompts a step than one, several share a chunk
    chunk = i / chunks if chunks > 1 else min(float(s.chunk), max(i, most * i / s.output_tokens))
    batches, batch = [0.0, 1.0], 1.0
    while batch < most:
        batch = min(most, max(batch + 1.0, float(round(batch * _GRID))))
        batches.append(batch)
    if len(batches) == 2:
        batches.append(2.0)
    context = i + s.output_tokens / 2.0
    plain = [round_of(s, Tokens(0.0, 1.0, max(1.0, b), context)) for b in batches]
    mixed = [round_of(s, Tokens(chunk, float(chunks), b, context)) for b in batches]
    return Steps(tuple(batches), tuple(plain), tuple(mixed), chunk, float(chunks))


@lru_cache(maxsize=1024)
def _table_paces(s: Service, rate: float) -> tuple[tuple[Pace, Pace], ...]:
    table = steps(s)
    return tuple((plain.pace(rate), mixed.pace(rate)) for plain, mixed in zip(table.plain, table.mixed, strict=True))


def paces(s: Service, batch: float, rate: float) -> tuple[Pace, Pace]:
    """Paces of a micro-batch of a pipeline, linear between those of the table.

    Parameters
    ----------
    s : Service
        The service.
    batch : float
        Sequences of the micro-batch, at least 0.
    rate : float
        Clock rate, above 0 to 1.

    Returns
    -------
    plain, mixed : Pace
        Without and with a chunk.
    """
    n, share = steps(s).interval(batch)
    found = _table_paces(s._replace(hops=Hops()), rate)
    (plain, mixed), (next_plain, next_mixed) = found[n : n + 2]
    return (next_plain if n == 0 else plain.between(next_plain, share)), mixed.between(next_mixed, share)
