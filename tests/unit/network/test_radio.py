"""Radio links against the equation of Friis, published gains and the noise of rain."""

from __future__ import annotations

import math

import numpy as np
import pytest

from orbit.ground import slant_range_m
from sim.network.radio import (
    Carriers,
    End,
    Radio,
    carrier_to_noise_dbhz,
    free_space_loss_db,
    gain_db,
    rate_bit_s,
    symbol_rate_hz,
    system_noise_k,
)

GATEWAY = End(diameter_m=1.5, efficiency=0.5, power_w=12.6, noise_k=150.0)
SATELLITE = End(diameter_m=0.3, efficiency=0.6, power_w=2.0, noise_k=600.0)
LINK = Radio(GATEWAY, SATELLITE, Carriers(19e9, 480e6, 2), Carriers(28e9, 480e6, 4), 2, 0.1, 2.0, 1.0, 8)


@pytest.mark.parametrize(("ghz", "km", "loss_db"), [(20.0, 1500.0, 181.99), (75.0, 1200.0, 191.53)])
def test_free_space_loss(ghz: float, km: float, loss_db: float) -> None:
    """Source of truth: 20 log10(4 pi d f / c), evaluated independently: 0.005 dB of rounding."""
    assert float(free_space_loss_db(1e3 * km, 1e9 * ghz)) == pytest.approx(loss_db, abs=0.005)


@pytest.mark.parametrize(("h_km", "deg", "km"), [(550.0, 25.0, 1123.4), (650.0, 10.0, 2045.3), (650.0, 20.0, 1489.1)])
def test_slant_range(h_km: float, deg: float, km: float) -> None:
    """Source of truth: the law of cosines over a sphere, evaluated independently: 0.1 km."""
    assert slant_range_m(1e3 * h_km, math.radians(deg)) / 1e3 == pytest.approx(km, abs=0.1)


def test_overhead_pass() -> None:
    """Source of truth: a pass through the zenith over a sphere that does not turn is 9.0 min long above 10 deg at 650 km: 0.05 min."""
    r, speed = 6378.137 + 650.0, math.sqrt(398600.4418 / (6378.137 + 650.0) ** 3)
    distance = slant_range_m(650e3, math.radians(10.0)) / 1e3
    central = math.acos((r**2 + 6378.137**2 - distance**2) / (2.0 * r * 6378.137))
    assert 2.0 * central / speed / 60.0 == pytest.approx(9.0, abs=0.05)


def test_published_gains() -> None:
    """Source of truth: antennas of a gateway in a filing, 1.5 m: 49.5 dBi at 28 GHz, 46.9 dBi at 19 GHz: efficiencies of 0.46 and 0.55.
    An efficiency of 0.5 for both is within 0.5 dB."""
    assert gain_db(1.5, 0.5, 28e9) == pytest.approx(49.5, abs=0.5)
    assert gain_db(1.5, 0.5, 19e9) == pytest.approx(46.9, abs=0.5)


def test_gain_is_friis() -> None:
    """Source of truth: Friis' equation in areas, P_r = P_t A_t A_r / (lambda d)^2, with C/N0 = P_r / (k T)."""
    area = {end: 0.25 * math.pi * end.diameter_m**2 * end.efficiency for end in (GATEWAY, SATELLITE)}
    wave, d = 299792458.0 / 19e9, 1.1e6
    received_w = 2.0 * area[SATELLITE] * area[GATEWAY] / (wave * d) ** 2 / 10**0.1
    expected = 10.0 * math.log10(received_w / (1.380649e-23 * 150.0))
    assert float(carrier_to_noise_dbhz(d, 0.0, LINK)) == pytest.approx(expected, abs=1e-9)


def test_noise_of_rain() -> None:
    """Source of truth: T + 275 K (1 - 1/L): L = 2 adds 137.5 K, an opaque sky all 275 K. At Ka band 10 dB of rain then cost 14.2 dB on a
    receiver of 150 K: forgetting it is 4 dB optimistic. The satellite looks at warm ground: its noise does not change."""
    assert system_noise_k(150.0, [0.0, 10.0 * math.log10(2.0), 400.0]) == pytest.approx([150.0, 287.5, 425.0], abs=1e-9)
    down = carrier_to_noise_dbhz(1e6, [0.0, 10.0], LINK)
    assert float(down[0] - down[1]) == pytest.approx(10.0 + 10.0 * math.log10((150.0 + 0.9 * 275.0) / 150.0), abs=1e-9)
    up = carrier_to_noise_dbhz(1e6, [0.0, 10.0], LINK, up=True)
    assert float(up[0] - up[1]) == pytest.approx(10.0, abs=1e-9)


def test_budget_by_hand() -> None:
    """Source of truth: the sum by hand for 1,123.4 km: EIRP 3.01 + 33.31 dBW, loss 179.03 + 1 dB, G/T 46.49 - 21.76 dB/K, k -228.60:
    109.62 dB Hz; 436.4 Mbaud are 86.40 dB: Es/N0 23.2 dB, less 2 dB: 256APSK 3/4, 5.900855 bits, in 2 channels of 2 polarisations."""
    assert float(carrier_to_noise_dbhz(1.1234e6, 0.0, LINK)) == pytest.approx(109.62, abs=0.02)
    assert symbol_rate_hz(LINK) == pytest.approx(436.36e6, rel=1e-4)
    assert float(rate_bit_s(1.1234e6, 0.0, LINK)) == pytest.approx(5.900855 * 480e6 / 1.1 * 4, rel=1e-9)
    assert float(rate_bit_s(1.1234e6, 0.0, LINK, up=True)) == pytest.approx(5.900855 * 480e6 / 1.1 * 8, rel=1e-9)


@pytest.mark.parametrize("up", [False, True])
def test_rain_and_distance_never_help(up: bool) -> None:
    """By physics; and the end is an outage: from the lowest rate to nothing."""
    fade = rate_bit_s(1e6, np.linspace(0.0, 60.0, 3001), LINK, up=up)
    assert np.all(np.diff(fade) <= 0.0)
    assert fade[-1] == 0.0
    lowest = fade[fade > 0.0].min()
    assert lowest == pytest.approx(0.434841 * symbol_rate_hz(LINK, up=up) * 2 * (4 if up else 2), rel=1e-9)
    assert np.all(np.diff(rate_bit_s(np.linspace(5e5, 1e8, 3001), 0.0, LINK, up=up)) <= 0.0)
    assert rate_bit_s(np.full((4, 1), 1e6), np.zeros(3), LINK, up=up).shape == (4, 3)


def _fade_to_db(energy_db: float, link: Radio) -> float:
    """Attenuation on the way up that leaves so much energy per symbol, at 1,000 km; the noise of the satellite does not change."""
    clear_db = float(carrier_to_noise_dbhz(1e6, 0.0, link, up=True)) - 10.0 * math.log10(symbol_rate_hz(link, up=True))
    return clear_db - energy_db


@pytest.mark.parametrize(("margin_db", "bits"), [(0.0, 2.370043), (2.0, 1.972253), (5.0, 1.188304), (8.0, 0.789412), (11.0, 0.0)])
def test_margin(margin_db: float, bits: float) -> None:
    """Source of truth: the ideal Es/N0 of DVB-S2X: of 8 dB less the margin is left 8, 6, 3, 0 and -3 dB. 16APSK 3/5-L needs 7.41 dB,
    16APSK 1/2-L 5.97, QPSK 3/5 2.23, QPSK 2/5 -0.30, and no code less than -2.85; the next ones 8.10, 6.55, 3.10 and 0.22 dB. [etsi-302307-1], [etsi-302307-2]"""
    link = LINK._replace(margin_db=margin_db)
    rate = float(rate_bit_s(1e6, _fade_to_db(8.0, LINK), link, up=True))
    assert rate == pytest.approx(bits * symbol_rate_hz(link, up=True) * link.up.channels * link.polarisations, rel=1e-9)


def test_margin_is_a_fade() -> None:
    """By definition: a margin of x dB more is x dB of fade at constant noise, at every code; it costs rate wherever there is any to lose."""
    harder, fade_db = LINK._replace(margin_db=5.0), np.array([_fade_to_db(e, LINK) for e in np.linspace(0.3, 14.3, 15)])
    with_margin = rate_bit_s(1e6, fade_db, harder, up=True)
    assert with_margin.tolist() == rate_bit_s(1e6, fade_db + 3.0, LINK, up=True).tolist()
    assert (with_margin < rate_bit_s(1e6, fade_db, LINK, up=True)).all()


def test_roll_off() -> None:
    """By definition: a wider roll-off leaves fewer symbols in the channel."""
    wide = LINK._replace(roll_off=0.2)
    assert symbol_rate_hz(wide) / symbol_rate_hz(LINK) == pytest.approx(1.1 / 1.2, rel=1e-12)


def test_wet_climates_close_e_band() -> None:
    """Source of truth: 60 dB at 75 GHz in Boston for 0.1 % of the year: no design with antennas of metres and watts carries that."""
    end = End(2.0, 0.6, 5.0, 400.0)
    e_band = Radio(end, End(0.4, 0.6, 2.0, 800.0), Carriers(73.5e9, 1.25e9, 4), Carriers(83.5e9, 1.25e9, 4), 2, 0.1, 3.0, 2.0, 4)
    assert float(rate_bit_s(1.1e6, 4.0, e_band)) > 10e9
    assert float(rate_bit_s(1.1e6, 59.5, e_band)) == 0.0
