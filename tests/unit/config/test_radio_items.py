"""Radios and telescopes that ship: found by name, of the right kind, and as good as what is known of such links."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from orbit.ground import slant_range_m
from sim.config import yaml_tree
from sim.config.errors import InputError, Origin
from sim.config.item_files import find_item
from sim.config.library import named_items
from sim.config.radio_params import radio_link, telescope_link
from sim.config.schema import Radio, Telescope
from sim.config.yaml_tree import Node
from sim.network import optical_ground, radio

HERE = Origin("s.yaml", 3, 10)


def _texts(node: Node) -> Any:
    """Values of a tree as a scenario would write them: numbers with their units."""
    if node.is_record:
        return f"{node.value['value'].value} {node.value['unit'].value}" if node.value["unit"].value != "1" else node.value["value"].value
    if node.is_map:
        return {key: _texts(child) for key, child in node.value.items()}
    return node.value


def _item(name: str, kind: str) -> Any:
    model = {"radio": Radio, "telescope": Telescope}[kind]
    return TypeAdapter(model).validate_python(_texts(find_item("hardware", name, HERE, kind, kind)))


def test_names() -> None:
    """By the list of files."""
    assert named_items("hardware", "radio") == ["e-band-gateway", "ka-gateway", "ku-user"]
    assert named_items("hardware", "telescope") == ["optical-ground"]


def test_values_are_si() -> None:
    """Source of truth: the item: 18.5 GHz, 480 MHz, 12.6 W, 1 dB."""
    item = _item("ka-gateway", "radio")
    assert (item.down.frequency, item.down.bandwidth, item.ground.power, item.losses) == (18.5e9, 480e6, 12.6, 1.0)


def test_filed_eirp() -> None:
    """Source of truth: the filing: 60.5 dBW a carrier at 28.7 GHz of the gateway, within 0.6 dB (one efficiency for both bands); 39.2 dBW of
    the user's terminal."""
    for name, eirp_dbw, within in (("ka-gateway", 60.5, 0.6), ("ku-user", 39.2, 0.1)):
        link = radio_link(_item(name, "radio"))
        gain_db = radio.gain_db(link.ground.diameter_m, link.ground.efficiency, link.up.frequency_hz)
        assert 10.0 * math.log10(link.ground.power_w) + gain_db == pytest.approx(eirp_dbw, abs=within)


@pytest.mark.parametrize(("name", "low_gbit_s", "high_gbit_s"), [("ka-gateway", 5.0, 12.0), ("e-band-gateway", 15.0, 60.0), ("ku-user", 0.3, 1.3)])
def test_rates_in_clear_sky(name: str, low_gbit_s: float, high_gbit_s: float) -> None:
    """Source of truth: orders of magnitude: a gateway's link of some 10 Gbit/s in Ka band, tens in E band (5 GHz of two polarisations), a user's
    of some 0.5 to 1 Gbit/s in one channel of 240 MHz; at 550 km and 40 deg, 1 dB of clear air (3 dB in E band)."""
    link, distance = radio_link(_item(name, "radio")), slant_range_m(550e3, math.radians(40.0))
    got = float(radio.rate_bit_s(distance, 3.0 if name == "e-band-gateway" else 1.0, link)) / 1e9
    assert low_gbit_s < got < high_gbit_s
    assert float(radio.rate_bit_s(distance, 1.0, link, up=True)) > 0.0


def test_telescope_is_the_flown_one() -> None:
    """Source of truth: TBIRD: 200 Gbit/s at most, 4.8 TB in one pass of some 5 minutes from 500 km; here above 20 deg over a sphere."""
    link = telescope_link(_item("optical-ground", "telescope"))
    angle = math.sqrt(398600.4418 / 6878.137**3) * np.arange(-600, 601)
    distance = np.sqrt(6378.137**2 + 6878.137**2 - 2.0 * 6378.137 * 6878.137 * np.cos(angle))
    elevation = np.arcsin(np.clip((6878.137 * np.cos(angle) - 6378.137) / distance, -1.0, 1.0))
    seen = elevation > math.radians(20.0)
    rate = optical_ground.rate_bit_s(1e3 * distance[seen], elevation[seen], False, link)
    assert rate.max() == 200e9
    assert 4.5 < seen.sum() / 60.0 < 6.0
    assert 4.8 < rate.sum() / 8e12 < 200e9 * seen.sum() / 8e12


def test_another_kind_is_refused() -> None:
    """By the rule of items."""
    with pytest.raises(InputError, match="no radio named 'oct-100g'"):
        find_item("hardware", "oct-100g", HERE, "radio", "radio")
    with pytest.raises(InputError, match="did you mean 'ka-gateway'"):
        find_item("hardware", "ka-gatway", HERE, "radio", "radio")


def test_item_of_ones_own(tmp_path: Path) -> None:
    """By the rule of items: a file extends a shipped item."""
    (tmp_path / "mine.yaml").write_text("kind: radio\nextends: ka-gateway\nname: mine\nantennas: 3\n", "utf-8")
    node = find_item("hardware", str(tmp_path / "mine.yaml"), HERE, "radio", "radio")
    assert yaml_tree.plain(node.value["antennas"]) == 3
    assert yaml_tree.find(node, ("ground", "diameter")).value["value"].value == 1.5


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [("margin", "-1 dB", "at least 0 dB"), ("polarisations", 3, "at most 2"), ("roll_off", 1.5, "at most"), ("antennas", 0, "at least 1")],
)
def test_limits(field: str, value: Any, message: str) -> None:
    """By the schema."""
    texts = _texts(find_item("hardware", "ka-gateway", HERE, "radio", "radio"))
    with pytest.raises(ValidationError, match=message):
        TypeAdapter(Radio).validate_python({**texts, field: value})
