"""Laser links against diffraction, counted photons and published receivers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import j1

from sim.network.optical import Terminal, photon_energy_j, rate_bit_s, received_power_w

PLANCK, LIGHT = 6.62607015e-34, 299792458.0
IDEAL = Terminal(1.0, 0.08, 1.55e-6, 1.0, 1.0, 0.0, 55.0, 1, 1e15)


def _friis_w(range_m: float, aperture_m: float, wavelength_m: float) -> float:
    gain = (math.pi * aperture_m / wavelength_m) ** 2
    return gain * gain * (wavelength_m / (4.0 * math.pi * range_m)) ** 2


@pytest.mark.parametrize("aperture_m", [0.05, 0.08, 0.1, 0.3])
@pytest.mark.parametrize("wavelength_m", [1.064e-6, 1.55e-6])
@pytest.mark.parametrize("distances", [300.0, 3e3])
def test_far_field_is_friis(aperture_m: float, wavelength_m: float, distances: float) -> None:
    """Source of truth: Friis' equation with gains (pi D / lambda)^2. The next term of the expansion in D^2 / lambda L is
    of order its square: at 300 times D^2 / lambda below 1e-5."""
    range_m = distances * aperture_m**2 / wavelength_m
    ours = float(received_power_w(range_m, IDEAL._replace(aperture_m=aperture_m, wavelength_m=wavelength_m)))
    assert ours == pytest.approx(_friis_w(range_m, aperture_m, wavelength_m), rel=1e-5)


def test_published_budget() -> None:
    """Source of truth: 1 W, 80 mm, 1550 nm, 5,000 km: -33.76 dBm; each 104.20 dBi, path 272.16 dB. 0.01 dB."""
    dbm = 30.0 + 10.0 * math.log10(float(received_power_w(5e6, IDEAL)))
    assert dbm == pytest.approx(30.0 + 2 * 104.20 - 272.16, abs=0.01)
    assert dbm == pytest.approx(-33.76, abs=0.01)


def test_never_more_than_was_sent() -> None:
    """Source of truth: energy. 10 cm at 1 km, where Friis promises 26 times the power; and decreasing with range."""
    wide = IDEAL._replace(aperture_m=0.1, transmit_efficiency=0.9, receive_efficiency=0.5)
    assert _friis_w(1e3, 0.1, 1.55e-6) == pytest.approx(26.0, abs=0.5)
    got = received_power_w(np.concatenate(([0.0], np.logspace(-1, 9, 2000))), wide)
    assert got.max() <= 0.45
    assert np.all(np.diff(got) <= 0.0)
    assert np.all(np.diff(got[1000:]) < 0.0)
    assert got[0] == pytest.approx(0.45 * (1.0 - math.exp(-4.0)), rel=1e-12)
    assert float(received_power_w(1e3, wide)) > 0.4  # a formation's neighbour gets nearly all


@pytest.mark.parametrize("range_m", [10.0, 2e3, 5e3, 4e4, 1e6])
def test_share_in_the_disc(range_m: float) -> None:
    """Source of truth: the intensity of a Gaussian beam, 2 / (pi w^2) exp(-2 r^2 / w^2), integrated over the receiver by
    quadrature (1e-9), with w from the complex beam parameter q = L + i pi w0^2 / lambda, w0 = D / sqrt 8."""
    waist, wave = 0.08 / math.sqrt(8.0), 1.55e-6
    q = complex(range_m, math.pi * waist**2 / wave)
    w = math.sqrt(-wave / (math.pi * (1.0 / q).imag))
    share = quad(lambda r: 4.0 * r / w**2 * math.exp(-2.0 * r * r / w**2), 0.0, 0.04, epsabs=0.0, epsrel=1e-11)[0]
    assert float(received_power_w(range_m, IDEAL)) == pytest.approx(share, rel=1e-9)


@pytest.mark.parametrize("jitter_rad", [1e-6, 5e-6, 2e-5])
def test_jitter(jitter_rad: float) -> None:
    """Source of truth: the loss exp(-2 theta^2 / theta_w^2) averaged over Rayleigh's density by quadrature; far field,
    where theta_w = lambda / (pi w0) is exact to 1e-6 at 1e7 m."""
    width = 1.55e-6 / (math.pi * 0.08 / math.sqrt(8.0))
    density = lambda t: t / jitter_rad**2 * math.exp(-(t**2) / (2.0 * jitter_rad**2))  # noqa: E731
    mean = quad(lambda t: density(t) * math.exp(-2.0 * t * t / width**2), 0.0, 12.0 * jitter_rad, epsrel=1e-10)[0]
    steady = float(received_power_w(1e7, IDEAL))
    assert float(received_power_w(1e7, IDEAL._replace(pointing_jitter_rad=jitter_rad))) / steady == pytest.approx(
        mean, rel=1e-5
    )
    near = IDEAL._replace(pointing_jitter_rad=jitter_rad)
    assert float(received_power_w(10.0, near)) == pytest.approx(float(received_power_w(10.0, IDEAL)), rel=1e-3)


@pytest.mark.parametrize("angle_rad", [1e-6, 2e-6, 4e-6])
def test_waist_has_the_main_lobe_of_the_aperture(angle_rad: float) -> None:
    """Source of truth: Airy's pattern (2 J1(x) / x)^2, x = pi D sin(theta) / lambda; equal to second order, and the
    fourth-order terms (5/192 - 1/32) x^4 differ by x^4 / 192."""
    x = math.pi * 0.08 * math.sin(angle_rad) / 1.55e-6
    airy = (2.0 * j1(x) / x) ** 2
    width = 1.55e-6 / (math.pi * 0.08 / math.sqrt(8.0))
    assert math.exp(-2.0 * angle_rad**2 / width**2) == pytest.approx(airy, abs=1.1 * x**4 / 192.0)


def test_published_receivers() -> None:
    """Source of truth: photon energy at 1550 nm 1.2816e-19 J; a coherent receiver of 55 photons per bit takes 22.4 Gbit/s
    at -38 dBm (to its two digits); 1 W over 5,000 km with 2.91 dB of losses leaves 16.8 photons for a bit of 100 Gbit/s."""
    assert photon_energy_j(1.55e-6) == pytest.approx(1.2816e-19, rel=1e-4)
    assert photon_energy_j(1.55e-6) == pytest.approx(PLANCK * LIGHT / 1.55e-6, rel=1e-15)
    weak = 10 ** (-3.8) * 1e-3 / float(received_power_w(5e6, IDEAL))
    assert float(rate_bit_s(5e6, IDEAL._replace(transmit_power_w=weak))) / 1e9 == pytest.approx(22.4, abs=0.2)
    lossy = IDEAL._replace(transmit_efficiency=0.8**2, receive_efficiency=0.8, photons_per_bit=16.8)
    assert float(rate_bit_s(5e6, lossy)) == pytest.approx(100e9, rel=1e-3)


def test_rate_is_capped_by_the_modem_and_counts_channels() -> None:
    """Source of truth: arithmetic: near, the cap times the channels; far, power / (photons h nu) for each channel."""
    many = IDEAL._replace(channels=24, channel_rate_bit_s=400e9)
    rate = rate_bit_s(np.array([200.0, 5e7]), many)
    assert rate[0] == 24 * 400e9
    power = _friis_w(5e7, 0.08, 1.55e-6)
    assert rate[1] == pytest.approx(24 * power * 1.55e-6 / (55.0 * PLANCK * LIGHT), rel=1e-5)
    assert rate_bit_s(np.full((2, 3), 1e6), many).shape == (2, 3)
