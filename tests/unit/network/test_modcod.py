"""Choice of modulation and coding against the tables of the standard and the limit of Shannon."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.network.modcod import DVB_S2, DVB_S2X, MODCODS, bits_per_symbol, front

# Thresholds [dB] and bits per symbol of EN 302 307-2 that no other of its codes beats, from an independent transcription
BEST_OF_S2X = (
    (-2.85, 0.4348), (-2.03, 0.5678), (0.22, 0.8891), (1.45, 1.0886), (4.73, 1.6472), (5.13, 1.7136), (5.97, 1.9723), (6.55, 2.1049),
    (6.84, 2.1932), (7.41, 2.3700), (8.10, 2.4584), (8.38, 2.5247), (8.43, 2.6352), (9.27, 2.7457), (9.71, 2.8562), (10.65, 3.0772),
    (11.10, 3.2895), (11.75, 3.5102), (12.17, 3.6205), (13.05, 3.8412), (13.98, 4.2064), (14.81, 4.3387), (15.47, 4.6031), (15.87, 4.7354),
    (16.55, 4.9337), (16.98, 5.0657), (17.24, 5.2415), (18.10, 5.4173), (18.59, 5.5932), (18.84, 5.7690), (19.57, 5.9009),
)  # fmt: skip


def test_front_of_s2x() -> None:
    """Source of truth: the list above, to its four digits."""
    got = front(DVB_S2X)
    assert len(got) == len(BEST_OF_S2X)
    assert np.allclose([(code.threshold_db, code.bits_per_symbol) for code in got], BEST_OF_S2X, atol=6e-5)


@pytest.mark.parametrize(("threshold_db", "bits"), BEST_OF_S2X)
def test_thresholds(threshold_db: float, bits: float) -> None:
    """Source of truth: the list above; the codes of DVB-S2 beat none of these at its own threshold. A hair below, it is not used."""
    assert float(bits_per_symbol(threshold_db)) == pytest.approx(bits, abs=6e-5)
    assert float(bits_per_symbol(threshold_db - 1e-9)) < bits - 1e-3


def test_table_is_not_monotone() -> None:
    """Source of truth: EN 302 307-2: 16APSK 77/90 needs 11.99 dB for 3.387 bits, 32APSK 32/45 11.75 dB for 3.510: never the former."""
    by_name = {code.name: code for code in DVB_S2X}
    assert by_name["16APSK 77/90"].threshold_db > by_name["32APSK 32/45"].threshold_db
    assert "16APSK 77/90" not in {code.name for code in front()}
    assert float(bits_per_symbol(12.0)) == 3.510192


def test_sizes_of_the_tables() -> None:
    """Source of truth: 28 codes of normal frames in EN 302 307-1, table 13; 39 more in EN 302 307-2; names are unique."""
    assert (len(DVB_S2), len(DVB_S2X)) == (28, 39)
    assert len({code.name for code in MODCODS}) == 67


def test_below_shannon() -> None:
    """Source of truth: the capacity of the Gaussian channel, log2(1 + Es/N0); these codes stay 0.6 to 3.7 dB away from it."""
    for code in MODCODS:
        gap_db = code.threshold_db - 10.0 * math.log10(2.0**code.bits_per_symbol - 1.0)
        assert 0.5 < gap_db < 3.7, code


def test_efficiency_follows_from_the_code() -> None:
    """Source of truth: normal frames of DVB-S2: 64,800 bits in slots of 90 symbols with a header of 90; a fraction r of them less 80 of
    the baseband header and 160 or 192 (128 for 9/10, 8/9) of BCH parity: (64800 r - BCH - 80) / (64800 / m + 90). Six digits."""
    bits = {"QPSK": 2, "8PSK": 3, "16APSK": 4, "32APSK": 5}
    parity = {"5/6": 160, "2/3": 160, "8/9": 128, "9/10": 128}
    for code in DVB_S2:
        kind, rate = code.name.split()
        top, bottom = map(int, rate.split("/"))
        information = 64800 * top / bottom - parity.get(rate, 192) - 80
        assert code.bits_per_symbol == pytest.approx(information / (64800 / bits[kind] + 90), abs=1e-6), code.name


def test_outage() -> None:
    """By definition: below the lowest threshold there is no data, and more energy never carries less."""
    assert bits_per_symbol([-math.inf, -2.86]).tolist() == [0.0, 0.0]
    assert np.all(np.diff(bits_per_symbol(np.linspace(-10.0, 30.0, 4001))) >= 0.0)
    assert bits_per_symbol(np.zeros((2, 3))).shape == (2, 3)


def test_no_number() -> None:
    """By definition: what is not a number reaches no threshold; infinite energy reaches all."""
    assert float(bits_per_symbol(math.inf)) == 5.900855
    with pytest.raises(ValueError, match="not a number"):
        bits_per_symbol([3.0, math.nan])
