"""Durations of kernels from measurements on a chip; a chip without a table has assumed efficiencies."""

from __future__ import annotations

from collections.abc import Mapping

from sim.workload.kernels import AssumedKernels, Kernels


def kernels_for(
    table: str | None,
    peak_flops: Mapping[str, float],
    efficiency: float,
    memory_byte_s: float,
    memory_efficiency: float,
    fabric_byte_s: float,
    fabric_latency_s: float,
) -> Kernels:
    """Kernels of an accelerator.

    Parameters
    ----------
    table : str or None
        Name of a measured table; None for assumed efficiencies.
    peak_flops : mapping of str to float
        Printed dense peak of each precision [FLOP/s].
    efficiency : float
        Share of the peak that kernels reach; not used with a table.
    memory_byte_s : float
        Printed memory bandwidth [byte/s].
    memory_efficiency : float
        Share of it that streaming kernels reach; not used with a table.
    fabric_byte_s, fabric_latency_s : float
        Rate of one accelerator in one direction [byte/s], and time of a step between neighbours [s].

    Returns
    -------
    Kernels
        Durations.

    Raises
    ------
    KeyError
        If there is no such table.

    Examples
    --------
    >>> chip = kernels_for(None, {"bf16": 1e15}, 0.5, 1e12, 0.8, 1e11, 1e-6)
    >>> chip.matmul_s(1e4, 1e4, 1e4, "bf16")
    0.004
    """
    assumed = AssumedKernels(
        tuple(sorted(peak_flops.items())), efficiency, memory_byte_s, memory_efficiency, fabric_byte_s, fabric_latency_s
    )
    if table is not None:
        raise KeyError(table)
    return assumed
