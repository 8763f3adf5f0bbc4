"""Terminals that cannot be built, and the formats that fill them."""

from __future__ import annotations

import pytest

from sim.config.errors import InputError
from sim.config.scenario import load
from sim.engine.links import link_rules


@pytest.mark.parametrize(
    ("override", "field", "says"),
    [
        ("links.terminal=dwdm-10", "links.terminal", "dwdm-10cm"),
        ("links.terminal={extends: dwdm-10cm, format: pm-16qan}", "links.terminal.format", "pm-16qam"),
        ("links.terminal.margin=-1 dB", "links.terminal.margin", "-1"),
        ("links.terminal.margin=0 dB", "links.terminal.margin", "write 3 dB"),
        ("links.terminal.margin=3", "links.terminal.margin", "dB"),
        ("links.terminal.spatial_channels=9", "links.terminal.spatial_channels", "16"),
        ("links.terminal={extends: dwdm-10cm, spatial_channels: 16, aperture: 1.5 cm}", "links.terminal.spatial_channels", "write 4, or an aperture of 2 cm"),
        ("links.terminal={extends: dwdm-10cm, spatial_channels: 4, receive_aperture: 20 cm}", "links.terminal.receive_aperture", "write spatial_channels: 1"),
        ("links.terminal.photons_per_bit=null", "links.terminal.photons_per_bit", "format: pm-16qam"),
        ("links.terminal.slew_limit=0 deg/s", "links.terminal.slew_limit", "deg/s"),
        ("links.terminal.acquisition=-5 s", "links.terminal.acquisition", "-5"),
        ("links.hysteresis=0.5", "links.hysteresis", "0.5"),
    ],
)
def test_what_cannot_be_built(override: str, field: str, says: str) -> None:
    """Source of truth: the list of bad inputs: one problem, at the field to change, that says what to write."""
    with pytest.raises(InputError) as caught:
        load("suncatcher", [override])
    problems = caught.value.problems
    assert [p.field for p in problems] == [field]
    assert says in problems[0].message


def test_formats() -> None:
    """Source of truth: 71 and 196 photons per bit, and 100 and 400 Gbit/s a channel; what the terminal states itself comes first."""
    for name, photons, rate in (("ook", 71.0, 100e9), ("pm-16qam", 196.0, 400e9)):
        rules = link_rules(load("suncatcher", [f"links.terminal={{extends: dwdm-10cm, format: {name}, photons_per_bit: null}}"]).scenario)
        assert rules is not None
        assert rules.terminal is not None
        assert (rules.terminal.photons_per_bit, rules.terminal.channel_rate_bit_s) == (photons, rate)
    own = load("suncatcher", ["links.terminal={extends: dwdm-10cm, format: ook, photons_per_bit: 90}"]).scenario
    assert own.links is not None
    assert own.links.terminal.needed_photons == 90.0


def test_power_of_several_beams() -> None:
    """Source of truth: by hand: four terminals of 20 W, and 15 W for each of 24 channels of four beams: 5,840 W."""
    loaded = load("suncatcher", ["links.terminal=dwdm-10cm-2x2"], allow_infeasible=True)
    assert loaded.scenario.satellite.bus.terminals == pytest.approx(4.0 * (20.0 + 4.0 * 24.0 * 15.0))


def test_values_reach_the_links() -> None:
    """Source of truth: by hand: SI values of the fields; the receiver jitters as the transmitter where nothing is said."""
    rules = link_rules(load("suncatcher", ["links.terminal.slew_limit=2 deg/s", "links.hysteresis=1.5"]).scenario)
    assert rules is not None
    assert rules.terminal is not None
    assert (rules.step_s, rules.acquisition_s, rules.hysteresis) == (60.0, 10.0, 1.5)
    assert rules.slew_limit_rad_s == pytest.approx(0.0349066, rel=1e-5)
    assert (rules.terminal.receive_jitter_rad, rules.terminal.margin_db, rules.terminal.truncation) == (2e-6, 3.0, 1.12)
