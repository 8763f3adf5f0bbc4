"""Outage of links whose ends have a fixed pointing error beside their jitter, equal, unequal and swapped ends."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import ncx2

from sim.network.optical import Terminal
from sim.network.optical import outage_probability as outage_of_terminal
from sim.network.pointing import PointingLoss, outage_probability

SAMPLES = 400_000
ENDS = [
    ((0.0, 0.05), (0.2, 0.05)),
    ((1e-9, 1e-9), (0.2, 0.05)),
    ((1e-4, 0.05), (0.2, 0.05)),
    ((0.001, 0.4), (0.05, 0.0)),
    ((0.02, 0.3), (0.1, 0.1)),
    ((0.15, 0.0), (0.1, 0.2)),
    ((0.0, 0.3), (0.002, 0.28)),
    ((0.2, 0.05), (0.2, 0.05)),
    ((0.5, 0.4), (0.02, 0.01)),
]


def _sampled(margin_np: float, ends: tuple[tuple[float, float], tuple[float, float]]) -> float:
    """Share of errors drawn about two axes at each end whose losses exceed the margin."""
    rng = np.random.default_rng(20)
    total = np.zeros(SAMPLES)
    for jitter, bias in ends:  # mean loss of a normal error about two axes is twice its variance, in units of the loss
        about = rng.standard_normal((2, SAMPLES)) * math.sqrt(0.5 * jitter)
        total += (about[0] + math.sqrt(bias)) ** 2 + about[1] ** 2
    return float((total > margin_np).mean())


@pytest.mark.parametrize("ends", ENDS)
@pytest.mark.parametrize("margin_np", [0.3, 0.6, 1.2])
def test_unequal_ends(margin_np: float, ends: tuple[tuple[float, float], tuple[float, float]]) -> None:
    """Source of truth: Monte Carlo of both errors about two axes, 400,000 draws, to five standard deviations; either end may be the first."""
    expected = _sampled(margin_np, ends)
    allowed = 5.0 * math.sqrt(max(expected * (1.0 - expected), 10.0 / SAMPLES) / SAMPLES)
    one, other = (PointingLoss(*end) for end in ends)
    found, swapped = float(outage_probability(margin_np, one, other)), float(outage_probability(margin_np, other, one))
    assert found == pytest.approx(expected, abs=allowed)
    assert swapped == pytest.approx(found, rel=1e-9, abs=1e-300)


@pytest.mark.parametrize("jitter", [1e-7, 1e-3, 0.02, 0.1, 1.0])
@pytest.mark.parametrize("bias", [1e-6, 0.03, 0.2])
@pytest.mark.parametrize("margin_np", [0.1, 0.41, 0.7, 2.0])
def test_equal_ends(margin_np: float, bias: float, jitter: float) -> None:
    """Source of truth: the sum of both losses is a non-central chi-square of four degrees of freedom; far tails too."""
    expected = float(ncx2.sf(2.0 * margin_np / jitter, 4, 4.0 * bias / jitter))
    end = PointingLoss(jitter, bias)
    found = float(outage_probability(margin_np, end, end))
    assert found == pytest.approx(expected, rel=1e-6, abs=1e-12 if jitter < 1e-3 else 1e-200)


@pytest.mark.parametrize(("jitter", "bias"), [(0.2, 0.05), (0.02, 0.3), (1e-3, 0.2), (1e-6, 0.449)])
def test_one_end_without_jitter(jitter: float, bias: float) -> None:
    """Source of truth: an end that errs by a constant shifts the margin: the other's loss is a non-central chi-square of two degrees of freedom."""
    for fixed in (0.0, 0.05, 0.15):
        expected = float(ncx2.sf(2.0 * (0.6 - fixed) / jitter, 2, 2.0 * bias / jitter))
        ends = PointingLoss(0.0, fixed), PointingLoss(jitter, bias)
        for pair in (ends, ends[::-1]):
            assert float(outage_probability(0.6, *pair)) == pytest.approx(expected, rel=1e-4, abs=1e-9)


def test_arrays_of_ends() -> None:
    """Source of truth: the same pairs one by one: which end is the narrower differs from element to element."""
    one = PointingLoss(np.array([e[0][0] for e in ENDS]), np.array([e[0][1] for e in ENDS]))
    other = PointingLoss(np.array([e[1][0] for e in ENDS]), np.array([e[1][1] for e in ENDS]))
    single = [float(outage_probability(0.6, PointingLoss(*a), PointingLoss(*b))) for a, b in ENDS]
    assert outage_probability(0.6, one, other).tolist() == pytest.approx(single, rel=1e-12)
    assert outage_probability(np.full((3, 1), 0.6), one, other).shape == (3, len(ENDS))


def test_no_collapse_near_by() -> None:
    """Source of truth: geometry: near by, the receiver's acceptance, the same angle at any range, takes nearly all of the loss and the
    transmitter's pointing next to none, so that the outage is that at the longer ranges; a bias can only add to it."""
    ends = Terminal(
        transmit_power_w=1e-9, aperture_m=0.1, wavelength_m=1.55e-6, transmit_efficiency=1.0, receive_efficiency=1.0, pointing_jitter_rad=2e-6,
        photons_per_bit=55.0, channels=1, channel_rate_bit_s=1e15, receive_jitter_rad=4e-6, margin_db=3.0,
    )  # fmt: skip
    range_m = np.array([5.0, 20.0, 50.0, 100.0])
    without = outage_of_terminal(range_m, ends)
    with_bias = outage_of_terminal(range_m, ends._replace(pointing_bias_rad=2e-6))
    assert (with_bias > without).all()
    assert np.ptp(with_bias) < 0.02 * with_bias[0]
