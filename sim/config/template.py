"""The template of a new scenario: commented and valid as it is."""

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

_COMPLETE = """\
description: ""                      # one line for the report
epoch: 2026-12-21T00:00:00Z          # UTC
duration: 1 d
step: 60 s
seed: 1                              # of all random streams

constellation:                       # kind: cluster, ring, walker, shorthand, tle, omm or oem; or a list of them
  kind: walker
  altitude: 550 km
  inclination: 53 deg
  planes: 12
  satellites_per_plane: 8
  phasing: 1

satellite: starlink-edge             # a shipped one by name, or one with overrides:
# satellite:
#   extends: starlink-edge
#   power: {{array: {{area: 25 m2}}}}

ground: {{stations: default, min_elevation: 25 deg}}
baseline: colossus-1                 # ground site to compare with

# events:                            # satellites are numbered from 0
#   - 2026-12-21T06:00Z lose satellite 17
#   - 2026-12-21T09:00Z derate satellites 3-9 to 0.5
"""

_EXTENDS = """\
extends: {source}                    # all other fields come from there

# duration: 12 h                     # override any field; dawndusk provenance {name}.yaml lists all values
# satellite:
{extends}#   power: {{array: {{area: {array:g} m2}}}}
#   thermal: {{radiator: {{area: {radiator:g} m2}}}}
"""


def scenario_template(name: str, source: str | None) -> str:
    """The text of a new scenario file.

    Parameters
    ----------
    name : str
        Name of the scenario: letters, digits, '_', '.' and '-'.
    source : str or None
        Shipped scenario or path of a scenario file to extend; None for a complete scenario.

    Returns
    -------
    str
        YAML text that `sim.load` accepts.

    Raises
    ------
    InputError
        If the name is not valid, or `source` is not a valid scenario.

    Examples
    --------
    >>> scenario_template("my_fleet", None).splitlines()[1]
    'name: my_fleet'
    """
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", name) is None:
        raise bad_input(Origin(name), "", "is not a valid name; write letters, digits, '_', '.' and '-'")
    head = _HEAD.format(schema=config_root() / "schema.json", name=name)
    if source is None:
        return head + _COMPLETE.format()
    satellite = load(source).scenario.satellite
    base = source if source in items("scenarios") else os.path.relpath(Path(source).resolve())
    shipped = satellite.name in items("hardware")
    extends = f"#   extends: {satellite.name}\n" if shipped else ""
    return head + _EXTENDS.format(
        source=base,
        name=name,
        extends=extends,
        array=satellite.power.array.area,
        radiator=satellite.thermal.radiator.area,
    )
