"""A radiator panel marched along the flow against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from sim.spacecraft.panel_radiator import Panel, fin_efficiency, flow_for_w_k, march, net_flux_w_m2, temperature_k

SIGMA = 5.670374419e-8
PANEL = Panel(80.0, 0.85, 116.0, 0.075, 0.5e-3, 180.0)


def test_coolant_cools_like_a_plate() -> None:
    """Source of truth: 1/T^3 = 1/T0^3 + 6 eps sigma A / (m cp) where nothing is absorbed and fins have no length; second order."""
    bare = PANEL._replace(absorbed_w_m2=0.0, fin_length_m=0.0)
    exact = (320.0**-3 + 6.0 * 0.85 * SIGMA * 80.0 / 900.0) ** (-1.0 / 3.0)
    errors = [abs(march(bare, 320.0, 900.0, n).outlet_k - exact) for n in (12, 24)]
    assert errors[0] < 0.2
    assert 3.5 < errors[0] / errors[1] < 4.5


def test_much_flow_makes_it_isothermal() -> None:
    """Source of truth: a panel at one temperature rejects its net flux over its area."""
    found = march(PANEL, 290.0, 1e7)
    assert found.mean_k == pytest.approx(290.0, abs=0.01)
    assert found.rejected_w == pytest.approx(80.0 * net_flux_w_m2(PANEL, 290.0), rel=1e-3)


def test_net_flux_by_hand() -> None:
    """Source of truth: eta (2 eps sigma T^4 - absorbed), by hand at 300 K with an efficiency computed from a finite-difference fin."""
    nodes, root = 400, 300.0
    dx = PANEL.fin_length_m / nodes
    conductance = PANEL.fin_conductivity_w_m_k * PANEL.fin_thickness_m / dx**2
    per_k = 8.0 * 0.85 * SIGMA * root**3  # both faces, linear about the root
    matrix = np.zeros((nodes, nodes))
    for n in range(nodes):
        matrix[n, n] = -per_k - conductance * (2.0 if n == 0 else 1.0 if n == nodes - 1 else 2.0)
        if n:
            matrix[n, n - 1] = conductance
        if n < nodes - 1:
            matrix[n, n + 1] = conductance
    excess = np.linalg.solve(matrix, -conductance * np.eye(nodes)[0])  # of 1 at the root
    assert fin_efficiency(PANEL, root) == pytest.approx(excess.mean(), abs=2e-3)
    assert net_flux_w_m2(PANEL, root) == pytest.approx(excess.mean() * (2.0 * 0.85 * SIGMA * root**4 - 116.0), rel=3e-3)


def test_temperature_is_the_inverse() -> None:
    """Source of truth: the flux at the temperature that is found; nothing rejected where emission is what is absorbed."""
    assert net_flux_w_m2(PANEL, temperature_k(PANEL, 200.0)) == pytest.approx(200.0)
    assert temperature_k(PANEL, 0.0) == pytest.approx((116.0 / (1.7 * SIGMA)) ** 0.25)


def test_the_valve_finds_the_flow() -> None:
    """Source of truth: the heat that is asked for; the energy that the coolant loses; an error where no flow suffices."""
    flow = flow_for_w_k(PANEL, 283.0, 10e3, 5e3)
    found = march(PANEL, 283.0, flow)
    assert found.rejected_w == pytest.approx(10e3, rel=1e-6)
    assert flow * (283.0 - found.outlet_k) == pytest.approx(10e3, rel=1e-6)
    assert np.all(np.diff(found.root_k) < 0.0)
    with pytest.raises(ValueError, match="cannot reject"):
        flow_for_w_k(PANEL, 283.0, 100e3, 5e3)
