"""Laser links to telescopes against Friis, Beer and Lambert, and the record of a flown terminal."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.network.optical_ground import Telescope, air_mass, rate_bit_s, received_power_w, transmittance

# A terminal of the size of TBIRD: 1 W in two wavelengths of 100 Gbit/s, a beam wide enough for a satellite without a gimbal, a telescope of 1 m
TBIRD = Telescope(
    transmit_power_w=0.5, transmit_aperture_m=0.012, wavelength_m=1.55e-6, transmit_efficiency=0.8, pointing_jitter_rad=20e-6,
    receive_aperture_m=1.0, receive_efficiency=0.2, zenith_transmittance=0.9, photons_per_bit=200.0, channels=2, channel_rate_bit_s=100e9, telescopes=1,
)  # fmt: skip


def _overhead_pass(altitude_km: float, lowest_deg: float) -> tuple[np.ndarray, np.ndarray, float]:
    """Ranges [m] and elevations [rad] each second of a pass through the zenith, over a sphere that does not turn."""
    radius, orbit = 6378.137, 6378.137 + altitude_km
    speed = math.sqrt(398600.4418 / orbit**3)
    angle = speed * np.arange(-900, 901)
    distance = np.sqrt(radius**2 + orbit**2 - 2.0 * radius * orbit * np.cos(angle))
    elevation = np.arcsin(np.clip((orbit * np.cos(angle) - radius) / distance, -1.0, 1.0))
    seen = elevation > math.radians(lowest_deg)
    return 1e3 * distance[seen], elevation[seen], float(seen.sum())


def test_far_field_is_friis() -> None:
    """Source of truth: Friis' equation with gains (pi D / lambda)^2, the air of the zenith, and the mean loss of jitter 1 / (1 + (2 s / t)^2) with the
    divergence t = lambda / (pi w0), w0 = D / sqrt 8. The telescope is small against the beam: 1e-4."""
    d, elevation = 1e6, 0.5 * math.pi
    gains = (math.pi * 0.012 / 1.55e-6) ** 2 * (math.pi * 1.0 / 1.55e-6) ** 2
    divergence = 1.55e-6 / (math.pi * 0.012 / math.sqrt(8.0))
    expected = 0.5 * 0.8 * 0.2 * gains * (1.55e-6 / (4.0 * math.pi * d)) ** 2
    expected *= 0.9 / (1.0 + (2.0 * 20e-6 / divergence) ** 2)
    assert float(received_power_w(d, elevation, TBIRD)) == pytest.approx(expected, rel=1e-4)


def test_air() -> None:
    """Source of truth: Beer and Lambert in flat layers: twice the air at 30 deg squares the transmittance, but for the Earth's curvature, 0.4 %
    of the air there."""
    assert float(transmittance(0.5 * math.pi, 0.8)) == pytest.approx(0.8, rel=1e-12)
    assert float(transmittance(math.radians(30.0), 0.8)) == pytest.approx(0.64, rel=0.005 * 2.0 * math.log(1.0 / 0.8))


@pytest.mark.parametrize("elevation_deg", [90.0, 40.0, 20.0, 10.0, 5.0, 2.0, 1.0, 0.0, -0.5, -1.0, -3.0, -5.0])
def test_air_mass(elevation_deg: float) -> None:
    """Source of truth: the integral of the density of an exponential atmosphere of 8.43 km, of the pressure 1013.25 hPa over the weight of 1.225 kg/m3,
    along a straight path over a sphere, 1 % of the length of the atmosphere at a time."""
    radius_m, scale_m, sine = 6371e3, 101325.0 / (1.225 * 9.80665), math.sin(math.radians(elevation_deg))
    along_m = np.linspace(0.0, 2.5e6, 250_001)
    height_m = np.sqrt(radius_m**2 + 2.0 * radius_m * along_m * sine + along_m**2) - radius_m
    expected = np.trapezoid(np.exp(-height_m / scale_m), along_m) / scale_m
    assert float(air_mass(math.radians(elevation_deg))) == pytest.approx(expected, rel=1e-3 if elevation_deg >= 0.0 else 0.03)


@pytest.mark.parametrize(("true_deg", "allowed"), [(60.0, 0.003), (20.0, 0.003), (5.0, 0.004), (2.0, 0.03), (0.0, 0.09)])
def test_air_mass_of_the_sky(true_deg: float, allowed: float) -> None:
    """Source of truth: the published fit of air masses by true elevation in the standard atmosphere, with refraction. [young1994]"""
    c = math.sin(math.radians(true_deg))
    published = (1.002432 * c**2 + 0.148386 * c + 0.0096467) / (c**3 + 0.149864 * c**2 + 0.0102963 * c + 0.000303978)
    assert float(air_mass(math.radians(true_deg))) == pytest.approx(published, rel=allowed)


def test_air_never_amplifies() -> None:
    """Source of truth: Beer and Lambert: less light arrives the lower the satellite, down to the lowest mask, -5 deg, and nothing is infinite."""
    elevation = np.radians(np.linspace(-5.0, 90.0, 1901))
    share = transmittance(elevation, 0.9)
    assert np.isfinite(air_mass(elevation)).all()
    assert (np.diff(share) > 0.0).all()
    assert share.max() == pytest.approx(0.9, rel=1e-12)
    rate = rate_bit_s(2.5e6, elevation, False, TBIRD)
    assert (np.diff(rate) >= 0.0).all()
    assert rate[0] == 0.0
    assert 0.0 < rate[80] < rate[120] < 10e9  # at -1 deg and +1 deg


def test_record_of_tbird() -> None:
    """Source of truth: TBIRD: 200 Gbit/s at most, passes of about 5 minutes from some 500 km, 4.8 TB in one of them. A clear overhead pass
    above 20 deg takes 5 to 6 min and holds at most 200 Gbit/s x 6 min = 9 TB; the record is 4.8 TB, as frames that fade are sent again."""
    distance, elevation, duration_s = _overhead_pass(500.0, 20.0)
    rate = rate_bit_s(distance, elevation, False, TBIRD)
    assert 4.7 < duration_s / 60.0 < 6.0
    assert rate.max() == 200e9
    volume_tb = rate.sum() / 8.0 / 1e12
    assert 4.8 <= volume_tb <= 200e9 * duration_s / 8.0 / 1e12
    assert rate_bit_s(distance, elevation, True, TBIRD).sum() == 0.0


def test_low_and_far_is_slower() -> None:
    """By physics; a beam ten times as wide gives a rate that falls with the range."""
    wide = TBIRD._replace(transmit_aperture_m=0.0012)
    distance, elevation, _ = _overhead_pass(500.0, 10.0)
    rising = rate_bit_s(distance, elevation, False, wide)[: distance.size // 2]
    assert np.all(np.diff(rising) > 0.0)
    assert 0.0 < rising[0] < rising[-1] < 200e9


def test_energy() -> None:
    """Source of truth: energy: at zero range no more than was sent arrives, and shapes broadcast."""
    assert float(received_power_w(1.0, 0.5 * math.pi, TBIRD)) <= 0.5 * 0.8 * 0.2 * 0.9
    assert rate_bit_s(np.full((3, 1), 6e5), 1.0, np.array([True, False]), TBIRD).shape == (3, 2)
