"""Laser links against diffraction, counted photons and published receivers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import ncx2

from sim.network.optical import (
    Terminal,
    active_beams,
    aligned_power_w,
    outage_at_margin,
    outage_probability,
    photon_energy_j,
    rate_bit_s,
    received_power_w,
    set_rate_bit_s,
    spatial_limits_m,
)

PLANCK, LIGHT = 6.62607015e-34, 299792458.0
IDEAL = Terminal(1.0, 0.08, 1.55e-6, 1.0, 1.0, 0.0, 55.0, 1, 1e15)
BOTH = Terminal(1.0, 0.1, 1.55e-6, 1.0, 1.0, 2e-6, 55.0, 1, 1e15, truncation=1.12, receive_jitter_rad=2e-6, margin_db=3.0)
GAUSSIAN = 3.0  # truncation at which the edge cuts off 1.5e-8 of a Gaussian beam


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


@pytest.mark.parametrize(("sent_m", "received_m"), [(0.1, 0.03), (0.03, 0.1)])
def test_unequal_apertures_in_the_far_field(sent_m: float, received_m: float) -> None:
    """Source of truth: Friis' equation with the gain of each aperture; the same in both directions. 1e-5."""
    ours = float(received_power_w(1e7, IDEAL._replace(aperture_m=sent_m, receive_aperture_m=received_m)))
    friis = (math.pi * sent_m / 1.55e-6) ** 2 * (math.pi * received_m / 1.55e-6) ** 2 * (1.55e-6 / (4.0 * math.pi * 1e7)) ** 2
    assert ours == pytest.approx(friis, rel=1e-5)


def test_published_budget() -> None:
    """Source of truth: 1 W, 80 mm, 1550 nm, 5,000 km: -33.76 dBm; each 104.20 dBi, path 272.16 dB. 0.01 dB."""
    dbm = 30.0 + 10.0 * math.log10(float(received_power_w(5e6, IDEAL)))
    assert dbm == pytest.approx(30.0 + 2 * 104.20 - 272.16, abs=0.01)
    assert dbm == pytest.approx(-33.76, abs=0.01)


def test_gain_of_a_truncated_beam() -> None:
    """Source of truth: Klein and Degnan: on a distant axis 2 / T^2 (1 - exp(-T^2))^2 of the gain of uniform light, whose largest value is
    0.8145 at 1.12. 1e-5."""
    for truncation in (0.8, 1.12, 1.6):
        share = float(aligned_power_w(1e7, IDEAL._replace(truncation=truncation)) / aligned_power_w(1e7, IDEAL))
        assert share == pytest.approx(2.0 / truncation**2 * (1.0 - math.exp(-(truncation**2))) ** 2, rel=1e-5)
    assert float(aligned_power_w(1e7, IDEAL._replace(truncation=1.12)) / aligned_power_w(1e7, IDEAL)) == pytest.approx(0.8145, abs=1e-4)


def test_never_more_than_was_sent() -> None:
    """Source of truth: energy. 10 cm at 1 km, where Friis promises 26 times the power; falling with range beyond the ripples of the near field."""
    assert _friis_w(1e3, 0.1, 1.55e-6) == pytest.approx(26.0, abs=0.5)
    range_m = np.concatenate(([0.0], np.logspace(-1, 9, 2000)))
    for truncation, receive_m in ((0.0, 0.1), (1.12, 0.1), (1.12, 0.5), (0.0, 0.05)):
        wide = IDEAL._replace(
            aperture_m=0.1, transmit_efficiency=0.9, receive_efficiency=0.5, truncation=truncation, receive_aperture_m=receive_m
        )
        got = received_power_w(range_m, wide)
        assert got.max() <= 0.45
        assert np.all(np.diff(got[range_m > 5e3]) < 0.0)
    assert float(received_power_w(0.0, IDEAL)) == 1.0


@pytest.mark.parametrize("range_m", [10.0, 2e3, 5e3, 4e4, 1e6])
def test_share_of_a_gaussian_beam_in_the_disc(range_m: float) -> None:
    """Source of truth: the intensity of a Gaussian beam, 2 / (pi w^2) exp(-2 r^2 / w^2), integrated over the receiver, with w from the complex
    beam parameter q = L + i pi w0^2 / lambda; the edge cuts off 1.5e-8. 0.01 dB."""
    waist, wave = 0.04 / GAUSSIAN, 1.55e-6
    q = complex(range_m, math.pi * waist**2 / wave)
    w = math.sqrt(-wave / (math.pi * (1.0 / q).imag))
    share = quad(lambda r: 4.0 * r / w**2 * math.exp(-2.0 * r * r / w**2), 0.0, 0.04, epsabs=0.0, epsrel=1e-11)[0]
    assert float(received_power_w(range_m, IDEAL._replace(truncation=GAUSSIAN))) == pytest.approx(share, rel=2e-3)


@pytest.mark.parametrize("jitter_rad", [1e-6, 5e-6, 2e-5])
@pytest.mark.parametrize("end", ["pointing_jitter_rad", "receive_jitter_rad"])
def test_mean_loss_by_jitter(jitter_rad: float, end: str) -> None:
    """Source of truth: the loss exp(-2 theta^2 / theta_w^2) of a Gaussian beam averaged over Rayleigh's density by quadrature; theta_w =
    lambda / (pi w0) in the far field. A fibre receives in the pattern in which it transmits. Half-power widths are read within 0.2 %, twice that
    of the loss."""
    width = 1.55e-6 / (math.pi * 0.04 / GAUSSIAN)
    density = lambda t: t / jitter_rad**2 * math.exp(-(t**2) / (2.0 * jitter_rad**2))  # noqa: E731
    mean = quad(lambda t: density(t) * math.exp(-2.0 * t * t / width**2), 0.0, 12.0 * jitter_rad, epsrel=1e-10)[0]
    steady = IDEAL._replace(truncation=GAUSSIAN)
    shaky = steady._replace(**{end: jitter_rad})
    ours = float(received_power_w(1e7, shaky) / received_power_w(1e7, steady))
    assert 1.0 - ours == pytest.approx(1.0 - mean, rel=5e-3)
    near = float(received_power_w(10.0, shaky) / received_power_w(10.0, steady))
    assert near == pytest.approx(1.0 if end == "pointing_jitter_rad" else mean, rel=2e-3)


@pytest.mark.parametrize(("margin_db", "sigma_rad"), [(1.0, 2e-6), (3.0, 2e-6), (3.0, 4e-6), (5.0, 2e-6), (7.95, 2e-6)])
def test_outage_of_lobes(margin_db: float, sigma_rad: float) -> None:
    """Source of truth: the losses of both ends by the diffraction integral of their lobes, summed over the Rayleigh densities of both errors by
    quadrature. Documented: 5 %."""
    s, w = np.polynomial.legendre.leggauss(64)
    s, w = 0.5 * (s + 1.0), 0.5 * w
    theta = np.linspace(0.0, 2.4e-5, 12001)
    from scipy.special import j0

    amplitude = np.exp(-((1.12 * s) ** 2)) * s * w
    lobe = ((j0(math.pi * 0.1 / 1.55e-6 * np.outer(theta, s)) @ amplitude) / amplitude.sum()) ** 2
    loss, margin = -np.log(lobe), 0.1 * margin_db * math.log(10.0)
    until = int(np.argmax(loss > margin))
    density = theta[:until] / sigma_rad**2 * np.exp(-0.5 * (theta[:until] / sigma_rad) ** 2)
    other = np.interp(margin - loss[:until], loss[: until + 1], theta[: until + 1])
    exact = np.trapezoid(density * np.exp(-0.5 * (other / sigma_rad) ** 2), theta[:until])
    exact += math.exp(-0.5 * (theta[until] / sigma_rad) ** 2)
    shaky = BOTH._replace(pointing_jitter_rad=sigma_rad, receive_jitter_rad=sigma_rad)
    assert float(outage_at_margin(margin, 1e6, shaky)) == pytest.approx(exact, rel=0.055)


def test_outage_with_bias() -> None:
    """Source of truth: equal ends with a fixed error: the sum of both squares is a non-central chi-square of four degrees of freedom. The table
    over the range adds at most 1 %."""
    width = 60e-6
    biased = BOTH._replace(acceptance_rad=width, truncation=GAUSSIAN, pointing_jitter_rad=9e-6, receive_jitter_rad=9e-6, pointing_bias_rad=6e-6)
    far = biased._replace(aperture_m=2.0 * GAUSSIAN * 1.55e-6 / (math.pi * width))  # its beam is as wide as the acceptance
    margin = 0.3 * math.log(10.0)
    exact = float(ncx2.sf(margin * width**2 / (2.0 * 81e-12), 4, 2.0 * (6.0 / 9.0) ** 2))
    assert 1e-5 < exact < 0.1
    assert float(outage_probability(3e7, far)) == pytest.approx(exact, rel=0.02)


def test_rate_with_a_margin() -> None:
    """Source of truth: by hand: a margin of 3 dB halves the rate in the far field; the mean is less by the outage. Where the modem limits the
    rate the margin grows with the power and the outage vanishes."""
    steady = BOTH._replace(pointing_jitter_rad=0.0, receive_jitter_rad=0.0)
    ratio = float(set_rate_bit_s(1e7, steady) / set_rate_bit_s(1e7, steady._replace(margin_db=0.0)))
    assert ratio == pytest.approx(10.0**-0.3, rel=1e-12)
    lost = float(outage_probability(1e7, BOTH))
    assert 3e-4 < lost < 5e-4
    assert float(rate_bit_s(1e7, BOTH)) == pytest.approx(float(set_rate_bit_s(1e7, steady)) * (1.0 - lost), rel=1e-12)
    limited = BOTH._replace(channel_rate_bit_s=1e9)
    assert float(outage_probability(1e5, limited)) < 1e-30
    assert float(outage_probability(1e7, BOTH._replace(margin_db=0.0))) == 1.0


def test_photon_energy() -> None:
    """Source of truth: h c / lambda with the exact constants of the SI: 1.2816e-19 J at 1550 nm."""
    assert photon_energy_j(1.55e-6) == pytest.approx(PLANCK * LIGHT / 1.55e-6, rel=1e-15)


def test_rate_of_a_published_receiver() -> None:
    """Source of truth: a coherent receiver's 22.4 Gbit/s at -38 dBm, 55 photons per bit: rate = power / (55 h nu). 2 %."""
    power_w = 1e-3 * 10.0**-3.8
    range_m = math.sqrt(_friis_w(1.0, 0.08, 1.55e-6) / power_w)
    assert float(rate_bit_s(range_m, IDEAL)) == pytest.approx(22.4e9, rel=0.02)


def test_rate_has_the_limit_of_the_modem() -> None:
    """Source of truth: by hand: channels x modem limit near by, falling with the power beyond."""
    dense = IDEAL._replace(channels=24, channel_rate_bit_s=400e9, photons_per_bit=195.0)
    assert float(rate_bit_s(1e3, dense)) == 9.6e12
    far = rate_bit_s(np.array([2e6, 4e6]), dense)
    assert float(far[0] / far[1]) == pytest.approx(4.0, rel=1e-3)


@pytest.mark.parametrize(("beams", "published_m"), [(4, 1250.0), (16, 320.0)])
def test_spatial_multiplexing(beams: int, published_m: float) -> None:
    """Source of truth: about 1.25 and 0.32 km are published for 2 x 2 and 4 x 4 beams through 10 cm: 15 %. Beyond, fewer beams are used."""
    many = BOTH._replace(spatial_channels=beams)
    limit_m = spatial_limits_m(many)[0][1]
    assert limit_m == pytest.approx(published_m, rel=0.15)
    assert active_beams([0.99 * limit_m, 1.3 * limit_m], many).tolist() == [float(beams), 1.0]
    alone = set_rate_bit_s(0.9 * limit_m, many)
    assert float(rate_bit_s(0.9 * limit_m, many)) == pytest.approx(beams * float(alone), rel=1e-3)


def test_receivers_without_cancelling_need_shorter_links() -> None:
    """Source of truth: by hand: what a beam needs over its neighbours grows with the format, so the range shrinks."""
    four = BOTH._replace(spatial_channels=4)
    ranges = [spatial_limits_m(four._replace(signal_to_crosstalk_db=x))[0][1] for x in (10.0, 15.0, 20.0)]
    assert ranges[0] > ranges[1] > ranges[2] > 300.0
    assert spatial_limits_m(four._replace(signal_to_crosstalk_db=60.0))[0][1] == 0.0
