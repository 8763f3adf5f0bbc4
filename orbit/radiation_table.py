"""The table of radiation that ships, and its planes: quantities in cells of latitude and longitude at an altitude.

tools/build_radiation_tables.py makes it from AP-8, AE-8 and SHIELDOSE-2 [sawyer1976; vette1991; seltzer1994].
"""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orbit.data import RADIATION

Array = NDArray[np.float64]
ALUMINIUM_KG_M3 = 2700.0  # as SHIELDOSE-2 has it [seltzer1994]


@dataclass(frozen=True)
class Table:
    """The table as it is stored: levels of an octave in cells, with the value of the highest level, and tables of protons."""

    facts: dict[str, Any]
    levels: NDArray[np.uint8]  # phase, quantity, altitude, latitude, longitude
    tops: Array  # phase, quantity: value of level 255
    shells: NDArray[np.uint8]  # altitude, latitude, longitude: 16 (L - 0.9)
    solar_mev: Array
    solar_fluence_m2: Array
    proton_mev: Array
    proton_dose_gy_m2: Array  # interval of energy, depth
    proton_damage: Array  # 1 MeV electrons for a proton of each interval of energy

    @property
    def altitudes_m(self) -> Array:
        """Altitudes of the planes [m]."""
        return 1e3 * np.array(self.facts["altitudes_km"], dtype=np.float64)

    @property
    def depths_mm(self) -> Array:
        """Thicknesses of aluminium behind which the dose is known [mm]."""
        return np.array(self.facts["depths_mm"], dtype=np.float64)


@cache
def table() -> Table:
    """Read the table that ships with the package; later calls return the same object.

    Returns
    -------
    Table
        The table.
    """
    members = {}
    with RADIATION.open("rb") as stream, zipfile.ZipFile(stream) as archive:
        facts = json.loads(archive.read("provenance.json"))
        for name in archive.namelist():
            if name.endswith(".npy"):
                members[name[:-4]] = np.load(io.BytesIO(archive.read(name)))
    return Table(
        facts,
        np.cumsum(members["levels"], axis=-1, dtype=np.uint8),  # modulo 256, as they were written
        members["tops"],
        np.cumsum(members["shells"], axis=-1, dtype=np.uint8),
        members["solar_mev"],
        1e4 * members["solar_fluence"],
        members["proton_mev"],
        1e-4 * members["proton_dose"],
        members["proton_damage"],
    )


def provenance() -> dict[str, Any]:
    """Where the table comes from: source, program, versions, date, epochs of the fields, altitudes, depths, quantities.

    Returns
    -------
    dict
        Facts.

    Examples
    --------
    >>> provenance()["field_epochs"]["minimum"]
    1960.0
    """
    return dict(table().facts)


def depth_mm(areal_mass_kg_m2: float) -> float:
    """Thickness of aluminium with an areal density; less than 0.5 mm counts as 0.5 mm, more than 40 mm as 40 mm.

    Parameters
    ----------
    areal_mass_kg_m2 : float
        Areal density [kg/m2].

    Returns
    -------
    float
        Thickness [mm], from 0.5 to 40.

    Examples
    --------
    >>> depth_mm(27.0), depth_mm(0.0)
    (10.0, 0.5)
    """
    depths = table().depths_mm
    return float(min(max(1e3 * areal_mass_kg_m2 / ALUMINIUM_KG_M3, depths[0]), depths[-1]))


def shells(altitude_m: float) -> Array:
    """McIlwain's L of all cells, in the field of 1960; 15 stands for more.

    Parameters
    ----------
    altitude_m : float
        Distance from the Earth's centre less the radius of the equator [m], at most 2,000 km.

    Returns
    -------
    ndarray, shape (96, 128)
        L.
    """
    k, w = between_planes(altitude_m)
    lower, upper = table().shells[k : k + 2].astype(np.float64) / 16.0 + 0.9
    return np.asarray((1.0 - w) * lower + w * upper)


def between_planes(altitude_m: float) -> tuple[int, float]:
    """Lower plane of an altitude, and the weight of the upper one.

    Parameters
    ----------
    altitude_m : float
        Altitude [m]; below the lowest plane it counts as that plane.

    Returns
    -------
    lower : int
        Index of the lower plane.
    weight : float
        Weight of the upper plane, 0 to 1.

    Raises
    ------
    ValueError
        For an altitude above the table.
    """
    altitudes = table().altitudes_m
    if altitude_m > altitudes[-1]:
        raise ValueError(
            f"altitude {altitude_m / 1e3:g} km is above the table of radiation; write {altitudes[-1] / 1e3:g} km or less"
        )
    h = max(altitude_m, altitudes[0])
    k = min(int(np.searchsorted(altitudes, h, side="right")) - 1, altitudes.size - 2)
    return k, float((h - altitudes[k]) / (altitudes[k + 1] - altitudes[k]))


def phase_plane(phase: int, name: str, altitude_m: float) -> Array:
    """One quantity in all cells at an altitude, interpolated in its logarithm; where one side has none, in itself.

    Parameters
    ----------
    phase : int
        Solar minimum (0) or maximum (1).
    name : str
        Quantity, one of `facts["names"]`.
    altitude_m : float
        Altitude [m].

    Returns
    -------
    (latitude, longitude) float64 array
        Values in the unit of the quantity.
    """
    found = table()
    q = found.facts["names"].index(name)
    k, w = between_planes(altitude_m)
    top, steps = found.tops[phase, q], found.facts["steps_per_octave"]
    level = found.levels[phase, q, k : k + 2].astype(np.float64)
    value = np.where(level > 0.0, top * np.exp2((level - 255.0) / steps), 0.0)
    both = np.all(level > 0.0, axis=0)
    mixed = top * np.exp2(((1.0 - w) * level[0] + w * level[1] - 255.0) / steps)
    return np.asarray(np.where(both, mixed, (1.0 - w) * value[0] + w * value[1]))
