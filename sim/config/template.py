"""The text of a new scenario: commented, valid, ready to be changed."""

from __future__ import annotations

import os
import re
from pathlib import Path

from sim.config.errors import Origin, bad_input
from sim.config.library import config_root, items
from sim.config.scenario import load

_HEAD = """\
# yaml-language-server: $schema={schema}
name: {name}
"""

_WHOLE = """\
description: ""                      # a line for the report
epoch: 2026-12-21T00:00:00Z          # UTC
duration: 1 d
step: 60 s
seed: 1                              # root of all random streams

constellation:                       # kind: cluster, ring, walker, shorthand, tle, omm or oem; or a list of them
  kind: walker
  altitude: 550 km
  inclination: 53 deg
  planes: 12
  satellites_per_plane: 8
  phasing: 1

satellite: starlink-edge             # a shipped one by name, or one with changes:
# satellite:
#   extends: starlink-edge
#   power: {{array: {{area: 120 m2}}}}

ground: {{stations: default, min_elevation: 25 deg}}
baseline: colossus-1                 # a site on the ground to stand beside

# events:                            # things that happen to satellites, numbered from 0
#   - 2026-12-21T06:00Z lose satellite 17
#   - 2026-12-21T09:00Z derate satellites 3-9 to 0.5
"""

_LAID_ON = """\
extends: {source}                    # everything not written here comes from there

# duration: 12 h                     # change what you like; dawndusk provenance {name}.yaml lists all values
# satellite:
{extends}#   power: {{array: {{area: {array:g} m2}}}}
#   thermal: {{radiator: {{area: {radiator:g} m2}}}}
"""


def starter(name: str, source: str | None) -> str:
    """A scenario of that name, whole or laid on another one. Raises InputError."""
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", name) is None:
        raise bad_input(Origin(name), "", "is no name; write letters, digits, '_', '.' and '-'")
    head = _HEAD.format(schema=config_root() / "schema.json", name=name)
    if source is None:
        return head + _WHOLE.format()
    satellite = load(source).scenario.satellite
    laid_on = source if source in items("scenarios") else os.path.relpath(Path(source).resolve())
    shipped = satellite.name in items("hardware")
    extends = f"#   extends: {satellite.name}\n" if shipped else ""
    return head + _LAID_ON.format(
        source=laid_on,
        name=name,
        extends=extends,
        array=satellite.power.array.area,
        radiator=satellite.thermal.radiator.area,
    )
