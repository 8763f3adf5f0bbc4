"""Order of the passes of a pipeline stage. [narayanan2021:section 2.2]"""

from __future__ import annotations

from typing import NamedTuple


class Pass(NamedTuple):
    """A pass of one micro-batch through a virtual stage of a rank."""

    backward: bool
    chunk: int  # of the rank's virtual stages
    micro_batch: int


ONE_FORWARD, INTERLEAVED, FORWARD_FIRST = "one forward, one backward", "interleaved", "all forward first"


def schedule(stages: int, virtual: int, micro_batches: int) -> str:
    """Name of the schedule that `passes` follows.

    Parameters
    ----------
    stages : int
        Pipeline stages.
    virtual : int
        Virtual stages of each.
    micro_batches : int
        Micro-batches of the replica.

    Returns
    -------
    str
        "one forward, one backward", "interleaved", or "all forward first" where virtual stages go with a number of micro-batches
        that the pipeline does not divide.

    Examples
    --------
    >>> schedule(4, 2, 8), schedule(4, 2, 13)
    ('interleaved', 'all forward first')
    """
    if virtual == 1:
        return ONE_FORWARD
    return INTERLEAVED if micro_batches % stages == 0 else FORWARD_FIRST


def passes(stages: int, stage: int, virtual: int, micro_batches: int) -> list[Pass]:
    """Order of the passes of a stage.

    Parameters
    ----------
    stages : int
        Pipeline stages.
    stage : int
        The stage, from 0.
    virtual : int
        Virtual stages of each.
    micro_batches : int
        Micro-batches of the replica.

    Returns
    -------
    list of Pass
        Each forward and backward pass once. Where virtual stages go with a number of micro-batches that the pipeline does not
        divide, all forward passes come first.

    Examples
    --------
    The first of two stages, three micro-batches:

    >>> "".join("FB"[p.backward] + str(p.micro_batch) for p in passes(2, 0, 1, 3))
    'F0F1B0F2B1B2'
    """
    total = virtual * micro_batches

    def unit(k: int, backward: bool) -> Pass:
        group, within = divmod(k, stages * virtual)
        width = min(stages, micro_batches - group * stages)
        chunk, place = divmod(within, width)
        return Pass(backward, virtual - 1 - chunk if backward else chunk, group * stages + place)

    if virtual == 1:
        warm_up = min(stages - stage - 1, total)
        forward, backward = ([Pass(b, 0, k) for k in range(total)] for b in (False, True))
    else:
        forward, backward = ([unit(k, b) for k in range(total)] for b in (False, True))
        ahead = 2 * (stages - stage - 1) + (virtual - 1) * stages
        warm_up = total if schedule(stages, virtual, micro_batches) == FORWARD_FIRST else min(ahead, total)
    order = forward[:warm_up]
    for k in range(total - warm_up):
        order += [forward[warm_up + k], backward[k]]
    return order + backward[total - warm_up :]
