"""The template of a new scenario: valid as it is, and with any of its commented blocks uncommented.

A block is a run of lines that begin with `#`, between empty lines.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from sim.config.errors import Origin, bad_input
from sim.config.library import config_root, items
from sim.config.paths import is_below
from sim.config.scenario import load
from sim.config.scenario_files import scenario_file
from sim.config.sized_template import sized_text
from sim.config.sizing import Wish, sized

_HEAD = """\
# yaml-language-server: $schema={schema}

name: {name}
"""

_COMPLETE = """\
description: ""                      # one line for the report
epoch: 2026-12-21T00:00:00Z          # UTC
duration: 1 d
step: 60 s
# initial: full                      # a charged battery and the temperatures of full load, not those that the orbit brings back
seed: 1                              # of all random processes

constellation:                       # kind: cluster, ring, walker, shorthand, tle, omm or oem; or a list of them
  kind: walker
  altitude: 550 km
  inclination: 53 deg
  planes: 12
  satellites_per_plane: 8
  phasing: 1

satellite:
  extends: starlink-edge             # a shipped one (dawndusk list satellites), or the path of a file

  jurisdiction: US                   # state that has registered it, for data_rules

  # accelerator: tpu-v6e             # dawndusk list accelerators

  # power: {{array: {{area: 20 m2}}, battery: {{capacity: 1.5 kWh}}}}

  # thermal: {{radiator: {{area: 2 m2}}}}

# links:                             # without it satellites do not exchange messages
#   topology: grid                   # grid, mesh or nearest
#   terminal: oct-100g               # dawndusk list terminals

# workloads:                         # without it every accelerator works independently
# - kind: inference                  # training, inference or independent
#   model: llama-3-8b                # dawndusk list models
#   share: 0.5                       # of the satellites
# - kind: independent

# fleet:
#   spares: 2                        # satellites in hot reserve
#   failures: leo-default            # dawndusk list failures; without it none at random
#   repair: relaunch-90d             # dawndusk list repairs
#   maintenance: avoidance-starlink  # dawndusk list maintenance; manoeuvres of healthy satellites

# ground:
#   min_elevation: 25 deg
#   stations:                        # names of stations or lists (dawndusk list sites), and stations of your own
#   - Dublin
#   - {{name: my site, latitude: 46.5 deg, longitude: 7.4 deg}}

# economics:
#   launch: falcon-heavy-list        # dawndusk list launchers
#   bus: 2000 USD/kg                 # what has no price of its own; null where a price is not known

# events:                            # satellites and planes are numbered from 0
# - 2026-12-21T06:00Z lose satellite 17
# - +6 h lose plane 3 for 90 min
# - +9 h derate satellites 3-9 to 0.5

# mission:                           # years of the fleet; without it only the run
#   duration: 5 yr
#   processes: [accelerator-llama3]  # dawndusk list processes; the failures of section fleet happen too
#   replacement: {{batch: 10, reorder_at: 2}}

# contract:                          # capacity rented on the ground for years, and hedges against losing it
#   site: colossus-1                 # dawndusk list baselines
#   demand: {{accelerators: 200000}}
#   withdrawals:
#   - {{at: 2027-06-01, share: 50 %}}
#   hedges:
#   - {{kind: second_provider, site: cloud-region, accelerators: 50000, lead_time: 14 d}}

# data_rules: {{weights: {{jurisdictions: [US]}}}}  # where weights, prompts, checkpoints and data may be

# baseline: colossus-1               # ground site to compare with (dawndusk list baselines)

# recorder: {{satellites: 20}}         # recorded one by one

# motion: {{model: sgp4}}              # j2, sgp4 or numerical
"""

_EXTENDS = """\
extends: {source}                    # all other fields come from there

# duration: 12 h                     # override any field; dawndusk provenance {name}.yaml lists all values

# satellite:
{extends}#   power: {{array: {{area: {array:g} m2}}}}
#   thermal: {{radiator: {{area: {radiator:g} m2}}}}
"""


def scenario_template(name: str, source: str | None, wish: Wish | None = None) -> str:
    """The text of a new scenario file.

    Parameters
    ----------
    name : str
        Name of the scenario: letters, digits, '_', '.' and '-'.
    source : str or None
        Shipped scenario, path of a scenario file, or results folder to extend, in the current folder or below; None for a
        complete scenario.
    wish : Wish or None, optional
        Size of a satellite to make a scenario of, in place of `source`.

    Returns
    -------
    str
        YAML text that `sim.load` accepts.

    Raises
    ------
    InputError
        If the name is not valid, or `source` is not a valid scenario or is in another folder.

    Examples
    --------
    >>> scenario_template("my_fleet", None).splitlines()[2]
    'name: my_fleet'
    """
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,199}", name) is None:
        raise bad_input(Origin(name), "", "is not a valid name; write up to 200 letters, digits, '_', '.' and '-'")
    head = _HEAD.format(schema=config_root() / "schema.json", name=name)
    if wish is not None:
        return head + sized_text(name, sized(wish))
    if source is None:
        return head + _COMPLETE.format()
    file = scenario_file(source)
    if not is_below(file, (Path(), config_root())):
        message = "is outside this folder, and a scenario extends only files in its own folder or below; copy it here, or work in its folder"
        raise bad_input(Origin(f"--from {source}"), "", message)
    satellite = load(source).scenario.satellite
    base = source if source in items("scenarios") else os.path.relpath(file.resolve())
    shipped = satellite.name in items("hardware")
    extends = f"#   extends: {satellite.name}\n" if shipped else ""
    return head + _EXTENDS.format(
        source=base,
        name=name,
        extends=extends,
        array=satellite.power.array.area,
        radiator=satellite.thermal.radiator.area,
    )
