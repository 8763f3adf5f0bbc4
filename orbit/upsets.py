"""Errors of a device by radiation, as rates: from the dose rate behind its shielding, or from the flux of protons.

A proton beam gives either the dose per event or the cross-section, events per proton and area. Heavy ions, which upset devices
that protons leave alone, count by their dose only. Plain arithmetic: floats and arrays alike.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple


class Sensitivity(NamedTuple):
    """Sensitivity of one accelerator and its host.

    Attributes
    ----------
    dose_per_silent_error_gy, dose_per_memory_error_gy, dose_per_interrupt_gy : float
        Dose in silicon [Gy] for each silent error, uncorrectable memory error and functional interrupt of an accelerator;
        inf where the dose does not count.
    dose_per_host_interrupt_gy : float
        Dose [Gy] for each functional interrupt of a host, by processor or memory; inf where the dose does not count.
    silent_error_m2, memory_error_m2, interrupt_m2, latchup_m2 : float
        Cross-sections of an accelerator to protons above 30 MeV [m2]; 0 where the flux does not count.
    corrected_per_memory_error : float
        Memory errors that a code corrects for each uncorrectable one.
    """

    dose_per_silent_error_gy: float = math.inf
    dose_per_memory_error_gy: float = math.inf
    dose_per_interrupt_gy: float = math.inf
    dose_per_host_interrupt_gy: float = math.inf
    silent_error_m2: float = 0.0
    memory_error_m2: float = 0.0
    interrupt_m2: float = 0.0
    latchup_m2: float = 0.0
    corrected_per_memory_error: float = 0.0


class EventRates(NamedTuple):
    """Rates [1/s]: of one accelerator, and interrupts of one host."""

    silent_error: Any
    memory_error: Any
    interrupt: Any
    latchup: Any
    host_interrupt: Any
    corrected: Any


def event_rates(dose_rate_gy_s: Any, flux_m2_s: Any, device: Sensitivity) -> EventRates:
    """Rates of events at a dose rate and a flux.

    Parameters
    ----------
    dose_rate_gy_s : float or ndarray
        Dose rate in silicon behind the shielding [Gy/s].
    flux_m2_s : float or ndarray
        Protons above 30 MeV [1/(m2 s)].
    device : Sensitivity
        The device.

    Returns
    -------
    EventRates
        Rates [1/s].

    Examples
    --------
    A TPU v6e at 1.5 Gy a year: one silent error in 0.17 Gy, 8.8 a year.

    >>> rates = event_rates(1.5 / 31557600.0, 0.0, Sensitivity(dose_per_silent_error_gy=0.17))
    >>> round(rates.silent_error * 31557600.0, 2)
    8.82
    """
    memory_error = dose_rate_gy_s / device.dose_per_memory_error_gy + flux_m2_s * device.memory_error_m2
    return EventRates(
        dose_rate_gy_s / device.dose_per_silent_error_gy + flux_m2_s * device.silent_error_m2,
        memory_error,
        dose_rate_gy_s / device.dose_per_interrupt_gy + flux_m2_s * device.interrupt_m2,
        flux_m2_s * device.latchup_m2,
        dose_rate_gy_s / device.dose_per_host_interrupt_gy,
        memory_error * device.corrected_per_memory_error,
    )
