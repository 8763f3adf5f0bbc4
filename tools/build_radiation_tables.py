"""Make orbit/data/radiation.npz: particle fluxes and dose rates of low orbits, from AP-8, AE-8 and SHIELDOSE-2.

    python -m venv VENV && VENV/bin/pip install aep8 spacepy h5py matplotlib
    PYTHONPATH=. VENV/bin/python tools/build_radiation_tables.py [--work FOLDER]

The trapped particles are those of AP-8 and AE-8 with the field models of their own epochs (Jensen and Cain for 1960, GSFC 12/66
for 1970 with AP-8 MAX): later fields give twice the flux in low orbits. Positions are in units of 6,371.2 km, which is the radius
of these field models; aep8 divides by 6,378.1 km, 7 km too low. IRBEM has no protons above about 300 MeV: from there the flux falls
to 400 MeV as it did from 200 to 300 MeV.

SHIELDOSE-2 is linear in the spectrum, so it is asked once for each interval of energy, on a fine grid of depths. It
prints half the dose at the centre of spheres; the whole one is 2 (D - z dD/dz), with D the dose in a semi-infinite medium
at depth z. Its arrays of trapped and untrapped protons have to have equal lengths and ranges: else the dose is 0 or coarse.

The table has means over cells of equal area, at radii from the Earth's centre, as logarithms in 8 bits.
"""

from __future__ import annotations

import argparse
import io
import json
import zipfile
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path

import aep8
import numpy as np
from astropy import units as u
from astropy.coordinates import EarthLocation
from astropy.time import Time
from numpy.typing import NDArray

Array = NDArray[np.float64]
TARGET = Path(__file__).parents[1] / "orbit" / "data" / "radiation.npz"
EQUATOR_KM, FIELD_KM, AEP8_KM = 6378.137, 6371.2, 6378.1
LATITUDES, LONGITUDES, SUB = 96, 128, 2  # cells of equal area, and points of each along either side
ALTITUDES_KM = (*range(200, 801, 50), *range(900, 2001, 100))  # radius less that of the equator
DEPTHS_MM = (0.5, 1.0, 2.54, 5.0, 7.5, 10.0, 20.0, 40.0)
FLUX_MEV = (10.0, 30.0, 100.0)
PROTON_MEV = np.array(
    [2.5, 3, 3.5, 4, 5, 6, 7, 8, 10, 12, 14, 17, 20, 25, 30, 35, 40, 50, 60, 70, 85, 100, 125, 150, 175, 200, 250, 300, 350, 400]
)
ELECTRON_MEV = np.array(
    [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1, 1.25, 1.5, 1.75, 2, 2.25, 2.5, 2.75, 3, 3.25, 3.5, 3.75, 4, 4.25, 4.5, 4.75, 5, 5.5, 6, 6.5, 7]
)
AP8_LAST_MEV = 300.0
SPECIES = {("p", "min"): "AP-8 MIN", ("p", "max"): "AP-8 MAX", ("e", "min"): "AE-8 MIN", ("e", "max"): "AE-8 MAX"}
STEPS_PER_OCTAVE = 12  # of the 8-bit logarithm: values within 3 %
# Nonionizing energy loss in GaAs [MeV cm2/g] as SCREAM has it, threshold 10 eV: energies [MeV], values. [solarpy-aerospace]
PROTON_NIEL = (
    (0.1, 0.2, 0.3, 0.5, 0.7, 1, 2, 3, 5, 7, 10, 20, 30, 50, 70, 100, 200, 300, 500),
    (0.35, 0.205, 0.148, 0.0969, 0.0726, 0.0533, 0.0289, 0.02, 0.0127, 0.00967,
     0.00742, 0.00527, 0.00461, 0.00411, 0.00381, 0.0036, 0.00325, 0.00308, 0.00323),
)  # fmt: skip
ELECTRON_NIEL = (
    (0.251, 0.282, 0.316, 0.398, 0.501, 0.631, 0.794, 1, 1.26, 1.58, 2, 2.51, 3.16, 3.98, 5.01, 6.31, 7.94),
    (1e-10, 1.26e-6, 3.29e-6, 7.46e-6, 1.18e-5, 1.65e-5, 2.14e-5, 2.66e-5, 3.22e-5, 3.81e-5, 4.44e-5, 5.08e-5, 5.75e-5,
     6.43e-5, 7.12e-5, 7.83e-5, 8.54e-5),
)  # fmt: skip
ELECTRONS_PER_PROTON = 1000.0  # 1 MeV electrons with the damage of one proton of 10 MeV: assumption, 500 to 1500
GLASS_G_CM2 = 0.0255  # cover glass of 0.1 mm
RANGE_G_CM2, RANGE_POWER = 0.00289, 1.77  # range of protons in aluminium from energy in MeV; 0.170 at 10 MeV, 10 at 100 MeV
ELECTRON_LOSS = 1.55  # MeV cm2/g in glass
# ESP-PSYCHIC fluences of solar protons at 95 % [1/cm2] as SPENVIS lists them for two and three active years, with their
# attenuation by the field on two orbits, by which they are divided. [loveless2025]
SOLAR_MEV = (2.5, 3.2, 5.0, 10.0, 20.0, 32.0, 50.0, 80.0, 100.0, 140.0, 200.0, 320.0, 500.0)
SOLAR_TWO_YEARS = (
    (2.0825e11, 1.7601e11, 1.2308e11, 6.2487e10, 2.6530e10, 1.3129e10, 6.0758e9, 2.3721e9, 1.4497e9, 6.7423e8, 2.8137e8, 8.0076e7, 2.2622e7),
    (0.9030, 0.9030, 0.9030, 0.9030, 0.9030, 0.9030, 0.9030, 0.9030, 0.9030, 0.9057, 0.9133, 0.9279, 0.9412),
)
SOLAR_THREE_YEARS = (
    (6.7250e10, 5.7101e10, 4.0590e10, 2.1271e10, 9.3163e9, 4.6947e9, 2.2058e9, 8.7555e8, 5.4039e8, 2.5644e8, 1.1170e8, 3.3638e7, 9.8049e6),
    (0.2138, 0.2138, 0.2138, 0.2138, 0.2138, 0.2138, 0.2138, 0.2138, 0.2138, 0.2138, 0.2225, 0.2422, 0.2634),
)
SOLAR_QUANTILE = 1.6449  # of the normal distribution at 95 %


def points() -> tuple[Array, Array, Array]:
    """Directions of the points of all cells, rows of equal area from south to north, longitudes from -180 deg."""
    sine = -1.0 + 2.0 * (np.arange(LATITUDES * SUB) + 0.5) / (LATITUDES * SUB)
    longitude = -np.pi + 2.0 * np.pi * (np.arange(LONGITUDES * SUB) + 0.5) / (LONGITUDES * SUB)
    s, lon = np.meshgrid(sine, longitude, indexing="ij")
    c = np.sqrt(1.0 - s * s)
    return c * np.cos(lon), c * np.sin(lon), s


def field(model: str, altitude_km: float) -> tuple[Array, Array]:
    """McIlwain's L and B over B at the equator at all points, in the field of AP-8 MAX ("max") or of the other models ("min")."""
    x, y, z = points()
    r_km = (EQUATOR_KM + altitude_km) * AEP8_KM / FIELD_KM
    where = EarthLocation.from_geocentric(r_km * x, r_km * y, r_km * z, unit=u.km)
    shell, ratio = aep8.model("p", model).geomagnetic_coordinates(where, Time("1970-01-01"))  # type: ignore[arg-type]
    return np.asarray(shell), np.asarray(ratio)


def fluxes(particle: str, phase: str, shell: Array, ratio: Array, energies: Array) -> Array:
    """Integral flux [1/(cm2 s)] above each energy; first axis energies."""
    model = aep8.model(particle, phase)  # type: ignore[arg-type]
    inside = (shell > 0.9) & np.isfinite(ratio) & (ratio > 0.0)
    out = np.zeros((len(energies), *shell.shape))
    for k, e in enumerate(energies):
        if particle == "p" and e > AP8_LAST_MEV:
            continue
        out[k][inside] = model.integral_flux_for_geomagnetic_coordinates(shell[inside], ratio[inside], e * u.MeV).value
    out = np.where(np.isfinite(out) & (out > 0.0), out, 0.0)
    if particle == "p":
        at = {float(e): k for k, e in enumerate(energies)}
        if 200.0 in at and AP8_LAST_MEV in at:
            last, before = out[at[AP8_LAST_MEV]], out[at[200.0]]
            fall = np.divide(last, before, out=np.zeros_like(last), where=before > 0.0)
            for e, k in at.items():
                if e > AP8_LAST_MEV:
                    out[k] = last * fall ** ((e - AP8_LAST_MEV) / 100.0)
    return np.minimum.accumulate(out, axis=0)


def cell_means(values: Array) -> Array:
    """Means of the points of each cell; the last two axes are latitudes and longitudes."""
    shape = (*values.shape[:-2], LATITUDES, SUB, LONGITUDES, SUB)
    return np.asarray(values.reshape(shape).mean(axis=(-3, -1)))


def dose_kernels() -> tuple[Array, Array]:
    """Dose in silicon at the centre of aluminium spheres [Gy] by one particle/cm2 of each interval of energy: protons, electrons."""
    import spacepy.irbempy as irbem

    depths = np.geomspace(0.2, 60.0, 71)

    def interval(kind: str, low: float, high: float) -> Array:
        shield = irbem.Shieldose2()
        shield.set_shielding(depths=depths, units="mm")
        energies, flat, none = np.linspace(low, high, 101), np.full(101, 1.0 / (high - low)), np.full(101, 1e-30)
        other = energies if kind == "p_tr" else np.geomspace(1.0, 2.0, 101)
        for name in ("e", "p_tr", "p_un"):
            if name == kind:
                shield.set_flux(flat, energies, name)
            else:
                shield.set_flux(none, other if name != "e" else np.geomspace(1.0, 2.0, 101), name)
        shield.get_dose(detector=3, nucmeth=2)
        names = ("dose_electron", "dose_bremsstrahlung") if kind == "e" else ("dose_proton_trapped",)
        slab_rad = sum(np.asarray(shield.results[name])[:, 0] for name in names)
        whole = 2.0 * (slab_rad - np.gradient(slab_rad, np.log(depths)))
        return np.maximum(np.interp(np.log(DEPTHS_MM), np.log(depths), whole), 0.0) * 0.01

    protons = np.array([interval("p_tr", a, b) for a, b in pairwise(PROTON_MEV)])
    electrons = np.array([interval("e", a, b) for a, b in pairwise(ELECTRON_MEV)])
    return protons, electrons


def damage_kernels() -> tuple[Array, Array]:
    """1 MeV electrons/cm2 with the damage of one omnidirectional particle/cm2 of each interval, behind glass on the front, none from behind."""
    mu, weights = np.polynomial.legendre.leggauss(60)
    mu, weights = 0.5 * (mu + 1.0), 0.25 * weights  # half of all directions
    path = GLASS_G_CM2 / mu

    def loss(table: tuple[tuple[float, ...], tuple[float, ...]], energy: Array) -> Array:
        inside = energy >= table[0][0]
        value = np.exp(np.interp(np.log(np.maximum(energy, 1e-9)), np.log(table[0]), np.log(table[1])))
        return np.where(inside, value, 0.0)

    electron_mev = loss(ELECTRON_NIEL, np.array([1.0]))[0]
    per_proton = ELECTRONS_PER_PROTON / loss(PROTON_NIEL, np.array([10.0]))[0]

    def mean(low: float, high: float, proton: bool) -> float:
        e = np.linspace(low, high, 201)[:, None]
        if proton:
            left = RANGE_G_CM2 * e**RANGE_POWER - path
            slowed = np.where(left > 0.0, np.maximum(left, 0.0) / RANGE_G_CM2, 0.0) ** (1.0 / RANGE_POWER)
            damage = loss(PROTON_NIEL, slowed) * per_proton
        else:
            damage = loss(ELECTRON_NIEL, e - ELECTRON_LOSS * path) / electron_mev
        return float(np.mean(damage @ weights))

    protons = np.array([mean(a, b, True) for a, b in pairwise(PROTON_MEV)])
    electrons = np.array([mean(a, b, False) for a, b in pairwise(ELECTRON_MEV)])
    return protons, electrons


def solar_protons() -> Array:
    """Mean fluence of solar protons in an active year [1/cm2] above each energy: the log-normal of ESP through both listings. [xapsos1999]"""
    two, three = (np.array(f) / np.array(a) for f, a in (SOLAR_TWO_YEARS, SOLAR_THREE_YEARS))
    variance = np.geomspace(0.05, 300.0, 200_001)

    def over_mean(years: float) -> Array:
        spread = np.log1p(variance / years)
        return years * np.exp(SOLAR_QUANTILE * np.sqrt(spread) - 0.5 * spread)

    ratio = over_mean(3.0) / over_mean(2.0)
    rising = slice(int(np.argmin(ratio)), None)
    return np.array([f / np.interp(r, ratio[rising], over_mean(2.0)[rising]) for f, r in zip(two, three / two, strict=True)])


def at_altitude(altitude_km: float, work: Path | None) -> dict[str, Array]:
    """All quantities of one plane, in cells: see `NAMES`; L of the field of 1960."""
    fields = {}
    for phase, name in (("min", "3"), ("max", "4")):
        kept = work / f"geo{name}_{altitude_km:.0f}.npz" if work else None
        if kept is not None and kept.exists():
            with np.load(kept) as data:
                fields[phase] = data["L"], data["B"]
        else:
            fields[phase] = field(phase, altitude_km)
            if kept is not None:
                np.savez(kept, L=fields[phase][0], B=fields[phase][1])
    shell = fields["min"][0]
    plane = {"shell": cell_means(np.clip(np.where(shell > 0.9, shell, 15.0), 0.9, 15.0))}
    for (particle, phase), _ in SPECIES.items():
        of = fields["max" if (particle, phase) == ("p", "max") else "min"]
        energies = PROTON_MEV if particle == "p" else ELECTRON_MEV
        plane[particle + phase] = cell_means(fluxes(particle, phase, *of, energies))
    return plane


def quantities(plane: dict[str, Array], doses: tuple[Array, Array], damages: tuple[Array, Array], phase: str) -> Array:
    """Fluxes [1/(m2 s)], dose rates [Gy/s] by protons and by electrons at each depth, damage [1 MeV electrons/(m2 s)]."""
    rows = []
    for energy in FLUX_MEV:
        rows.append(1e4 * plane["p" + phase][list(PROTON_MEV).index(energy)])
    for particle, dose in zip("pe", doses, strict=True):
        spectrum = -np.diff(plane[particle + phase], axis=0)
        rows += list(np.tensordot(dose.T, spectrum, axes=1))
    rows.append(1e4 * sum(np.tensordot(d, -np.diff(plane[p + phase], axis=0), axes=1) for p, d in zip("pe", damages, strict=True)))
    return np.array(rows)


def names() -> list[str]:
    """Names of the quantities."""
    doses = [f"{kind}_dose_{depth:g}_mm" for kind in ("proton", "electron") for depth in DEPTHS_MM]
    return [*(f"proton_flux_{e:g}_mev" for e in FLUX_MEV), *doses, "array_damage"]


def coded(values: Array) -> tuple[NDArray[np.uint8], float]:
    """8-bit logarithms, 0 for what is below the range, and the value of level 255; differences along longitudes compress better."""
    top = float(values.max())
    level = 255.0 + STEPS_PER_OCTAVE * np.log2(np.maximum(values, 1e-300) / top)
    levels = np.where(level < 1.0, 0.0, np.round(level)).astype(np.uint8)
    return np.diff(levels, axis=-1, prepend=np.uint8(0)), top


def write(members: dict[str, bytes], path: Path) -> None:
    """A zip archive that numpy reads, the same bytes each time."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_LZMA)


def npy(array: NDArray[np.generic]) -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.ascontiguousarray(array))
    return stream.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description="Make orbit/data/radiation.npz.")
    parser.add_argument("--work", type=Path, help="folder that keeps field lines between runs")
    work = parser.parse_args().work
    doses, damages = dose_kernels(), damage_kernels()
    with ProcessPoolExecutor(2) as pool:
        planes = list(pool.map(at_altitude, ALTITUDES_KM, [work] * len(ALTITUDES_KM)))
    levels, tops = [], []
    for phase in ("min", "max"):
        table = np.array([quantities(p, doses, damages, phase) for p in planes]).swapaxes(0, 1)  # quantity, plane, cell
        for of_quantity in table:
            level, top = coded(of_quantity)
            levels.append(level)
            tops.append(top)
    shells = np.round(16.0 * (np.array([p["shell"] for p in planes]) - 0.9)).astype(np.uint8)
    facts = {
        "source": "AP-8 and AE-8 [sawyer1976, vette1991] with the fields of their epochs, dose by SHIELDOSE-2 [seltzer1994]",
        "made_by": f"tools/build_radiation_tables.py with aep8 {version('aep8')}, spacepy {version('spacepy')}, numpy {np.__version__}",
        "date": datetime.now(UTC).date().isoformat(),
        "field_epochs": {"minimum": 1960.0, "maximum": 1970.0, "electrons": 1960.0},
        "altitudes_km": list(ALTITUDES_KM),
        "depths_mm": list(DEPTHS_MM),
        "names": names(),
        "steps_per_octave": STEPS_PER_OCTAVE,
        "glass_mm": 0.1,
        "electrons_per_proton": ELECTRONS_PER_PROTON,
    }
    members = {
        "provenance.json": (json.dumps(facts, indent=2) + "\n").encode(),
        "levels.npy": npy(np.array(levels).reshape(2, len(names()), len(ALTITUDES_KM), LATITUDES, LONGITUDES)),
        "tops.npy": npy(np.array(tops).reshape(2, len(names()))),
        "shells.npy": npy(np.diff(shells, axis=-1, prepend=np.uint8(0))),
        "solar_mev.npy": npy(np.array(SOLAR_MEV)),
        "solar_fluence.npy": npy(solar_protons()),
        "proton_mev.npy": npy(PROTON_MEV),
        "proton_dose.npy": npy(doses[0]),
        "proton_damage.npy": npy(damages[0]),
    }
    write(members, TARGET)
    print(f"{TARGET}: {TARGET.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
