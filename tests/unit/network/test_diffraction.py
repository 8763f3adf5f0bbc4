"""Fresnel's integral against other ways to compute it, and tables against quadrature."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import j0, j1

from sim.network import beam_array, diffraction


def _field(fresnel: float, radius: float, truncation: float) -> complex:
    """Fresnel's integral by adaptive quadrature."""

    def part(which: str) -> float:
        def value(s: float) -> float:
            z = complex(-((truncation * s) ** 2), math.pi * fresnel * s * s)
            wave = complex(math.exp(z.real) * math.cos(z.imag), math.exp(z.real) * math.sin(z.imag))
            return float(getattr(wave, which) * j0(2.0 * math.pi * fresnel * radius * s) * s)

        return quad(value, 0.0, 1.0, epsabs=1e-12, limit=400)[0]

    return 2.0 * math.pi * fresnel * complex(part("real"), part("imag"))


@pytest.mark.parametrize("fresnel", [0.05, 0.8, 1.6, 3.2])
@pytest.mark.parametrize(("ratio", "truncation"), [(1.0, 0.0), (1.0, 1.12), (0.4, 0.0), (2.0, 1.5)])
def test_encircled_fraction(fresnel: float, ratio: float, truncation: float) -> None:
    """Source of truth: the field by adaptive quadrature, its square summed over the disc with 80 nodes: 1e-6."""
    x, w = np.polynomial.legendre.leggauss(80)
    radius, weight = 0.5 * ratio * (x + 1.0), 0.5 * ratio * w
    intensity = np.array([abs(_field(fresnel, r, truncation)) ** 2 for r in radius.tolist()])
    t = 2.0 * truncation**2
    sent = math.pi if t == 0.0 else math.pi * (1.0 - math.exp(-t)) / t
    assert diffraction.encircled_fraction(fresnel, ratio, truncation) == pytest.approx(
        float((intensity * 2.0 * math.pi * radius * weight).sum()) / sent, rel=1e-6
    )


def test_all_light_lands_somewhere() -> None:
    """Source of truth: energy: a disc 60 radii wide in the near field collects all but the light bent by the edge, 1 / (pi^2 N r) of it for
    uniform light (the tail of Airy's pattern is 2 / (pi u) at u = 2 pi N r)."""
    for fresnel in (0.5, 2.0):
        missing = 1.0 - diffraction.encircled_fraction(fresnel, 60.0, 0.0)
        assert missing == pytest.approx(1.0 / (math.pi**2 * fresnel * 60.0), rel=0.05)


def test_far_field_is_the_pattern_of_airy() -> None:
    """Source of truth: (2 J1(u) / u)^2, u = pi D theta / lambda; 1e-6."""
    for level in (0.9, 0.5, 0.1353352832366127):
        u = math.pi * diffraction.far_field_radius(0.0, level)
        assert (2.0 * j1(u) / u) ** 2 == pytest.approx(level, rel=1e-6)


@pytest.mark.parametrize(("ratio", "truncation"), [(1.0, 0.0), (1.0, 1.12), (2.0, 1.12), (0.5, 0.0)])
def test_tables(ratio: float, truncation: float) -> None:
    """Source of truth: the quadrature with 60 nodes more, between the knots: 0.01 dB; in the limit beyond the tables 0.03 dB."""
    numbers = np.concatenate((np.geomspace(1e-3, 1.0, 37) * 1.013, np.arange(1.04, 31.0, 0.73)))
    exact = np.array([diffraction.encircled_fraction(n, ratio, truncation, 60) for n in numbers.tolist()])
    error_db = 10.0 * np.log10(diffraction.coupled_fraction(numbers, ratio, truncation) / exact)
    assert np.abs(error_db).max() < 0.01
    for n in (40.0, 77.0):
        beyond = float(diffraction.coupled_fraction(n, ratio, truncation)) / diffraction.encircled_fraction(n, ratio, truncation)
        assert abs(10.0 * math.log10(beyond)) < 0.03


@pytest.mark.parametrize("fresnel", [0.01, 0.3, 1.0])
def test_a_gaussian_beam_beside_the_receiver(fresnel: float) -> None:
    """Source of truth: a Gaussian beam over a disc beside it, by quadrature over the disc in polar coordinates; w^2 = w0^2 (1 + (T^2 / pi N)^2) in
    radii with w0 = 1 / T; the edge cuts off 1.5e-8. 1e-3 of the share on the axis."""
    truncation = 3.0
    w2 = (1.0 + (truncation**2 / (math.pi * fresnel)) ** 2) / truncation**2
    x, weight = np.polynomial.legendre.leggauss(60)
    radius, wr = 0.5 * (x + 1.0), 0.5 * weight
    turn, wt = math.pi * (x + 1.0), math.pi * weight
    for offset in (0.0, 0.7, 2.0):
        square = radius[:, None] ** 2 + offset**2 + 2.0 * radius[:, None] * offset * np.cos(turn)
        share = float((2.0 / (math.pi * w2) * np.exp(-2.0 * square / w2) * radius[:, None] * wr[:, None] * wt).sum())
        axis = 1.0 - math.exp(-2.0 / w2)
        assert float(diffraction.offset_fraction(fresnel, 1.0, [offset], truncation)[0]) == pytest.approx(share, abs=1e-3 * axis)


@pytest.mark.parametrize("ratio", [1.0, 0.5])
def test_footprint_of_a_gaussian_beam(ratio: float) -> None:
    """Source of truth: the radius w of a Gaussian beam, wherever it is much wider than the receiver: 1 %."""
    fresnel = np.array([0.005, 0.02, 0.05])
    w = np.sqrt(1.0 + (9.0 / (math.pi * fresnel)) ** 2) / 3.0
    assert diffraction.footprint_radius(fresnel, ratio, 3.0) == pytest.approx(w, rel=0.01)


def test_coupling_of_gaussian_modes() -> None:
    """Source of truth: overlap of a Gaussian mode with one of the same waist at a distance z and beside it by d: kappa exp(-kappa d^2 / w0^2),
    kappa = 1 / (1 + (z / 2 z_R)^2), z_R = pi w0^2 / lambda (Joyce and DeLoach). Here z / z_R = T^2 / (pi N), w0 = a / T. 0.05 dB."""
    table = beam_array.separation(2, 2.0, 3.0)
    for n, ratio_db in zip(np.exp(table.log_fresnel)[2:60:7].tolist(), table.signal_to_crosstalk_db[2:60:7].tolist(), strict=True):
        kappa = 1.0 / (1.0 + (9.0 / (2.0 * math.pi * n)) ** 2)
        others = 2.0 * math.exp(-kappa * 4.0 * 9.0) + math.exp(-kappa * 8.0 * 9.0)
        if others > 1e-4:
            assert ratio_db == pytest.approx(-10.0 * math.log10(others), abs=0.05)


def test_cancelling_costs_nothing_without_crosstalk() -> None:
    """Source of truth: the inverse of a diagonal matrix: in the near field zero forcing costs the coupling kappa alone; 0.01 dB."""
    table = beam_array.separation(2, 2.0, 3.0)
    at = int(np.argmin(np.abs(table.log_fresnel - math.log(3.0))))
    kappa = 1.0 / (1.0 + (9.0 / (2.0 * math.pi * math.exp(table.log_fresnel[at]))) ** 2)
    assert 10.0 / math.log(10.0) * float(table.log_gain[at]) == pytest.approx(10.0 * math.log10(kappa), abs=0.01)
    assert np.all(table.log_gain <= 0.0)
