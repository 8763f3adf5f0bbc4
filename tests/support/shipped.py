"""Shipped scenarios, shortened, each run once in a session. Shared: do not change the results."""

from __future__ import annotations

import functools

import sim
from sim.config.scenario import Loaded, load
from sim.results.store import Results

SHORT = {
    "bupt_1": "6 h", "suncatcher_prototype": "6 h",
    "colossus_in_orbit": "20 min", "colossus_in_orbit_clusters": "10 min", "colossus_in_orbit_platforms": "2 h",
    "contract_surge": "10 min", "earth_observation": "6 h",
    "filing_blue_origin": "2 min", "filing_orbital": "2 min", "filing_spacex": "2 min", "filing_starcloud": "2 min",
    "kuiper_630": "2 s", "million": "2 min", "starcloud_40mw": "2 h", "starlink_edge": "30 min", "suncatcher": "2 h",
    "suncatcher_spread": "2 h",
}  # fmt: skip


def fewer(name: str) -> list[str]:
    """Overrides that leave each shell of a filing two planes, and each ring 40 satellites; none for other scenarios."""
    if not name.startswith("filing"):
        return []
    entries = enumerate(load(name).scenario.constellation)
    return [f"constellation.{i}.planes=2" if e.kind == "walker" else f"constellation.{i}.satellites=40" for i, e in entries] + [
        f"constellation.{i}.phasing=1" for i, e in enumerate(load(name).scenario.constellation) if e.kind == "walker"
    ]


@functools.cache
def shortened(name: str) -> Loaded:
    """A shipped scenario of a short duration, and of few satellites where it is a filing."""
    return sim.load(name, set=[f"duration={SHORT[name]}", *fewer(name)])


@functools.cache
def shipped(name: str) -> Results:
    """Results of the shortened scenario."""
    found: Results = sim.run(shortened(name))
    return found
