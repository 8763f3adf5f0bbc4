"""Build viz/data/coastlines.json from a world-atlas TopoJSON file (Natural Earth land, 1:110m).

    python tools/build_coastlines.py path/to/world-atlas/land-110m.json

Takes a local file and downloads nothing. Writes coastlines as longitude/latitude polylines rounded to 0.1 deg (11 km:
below one pixel of a globe 800 pixels wide) and a land mask on a grid of 1 deg.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

OUTPUT = Path(__file__).resolve().parent.parent / "viz" / "data" / "coastlines.json"
DECIMALS = 1
MASK_STEP_DEG = 1.0


def decode_arcs(topology: dict[str, Any]) -> list[np.ndarray]:
    """Arcs of a quantised topology as (points, 2) longitude, latitude [deg]: running sums, scaled and shifted."""
    scale = np.array(topology["transform"]["scale"])
    shift = np.array(topology["transform"]["translate"])
    return [np.cumsum(np.array(arc), axis=0) * scale + shift for arc in topology["arcs"]]


def ring_points(indices: list[int], arcs: list[np.ndarray]) -> np.ndarray:
    """One closed ring (points, 2) [deg] joined from its arcs; index ~i is arc i backwards, shared ends occur once."""
    parts = [arcs[i] if i >= 0 else arcs[~i][::-1] for i in indices]
    return np.concatenate([parts[0], *(part[1:] for part in parts[1:])])


def land_rings(topology: dict[str, Any]) -> list[np.ndarray]:
    """All rings of the object `land`, outer and inner, as closed (points, 2) arrays [deg]."""
    arcs = decode_arcs(topology)
    rings = []
    for geometry in topology["objects"]["land"]["geometries"]:
        polygons = [geometry["arcs"]] if geometry["type"] == "Polygon" else geometry["arcs"]
        rings += [ring_points(ring, arcs) for polygon in polygons for ring in polygon]
    return rings


def coast_polyline(ring: np.ndarray) -> list[list[float]]:
    """The ring, rounded, repeated points dropped; a segment may cross the date line, where longitude jumps by 360."""
    rounded = np.round(ring, DECIMALS) + 0.0  # no negative zero
    keep = np.concatenate([[True], np.any(np.diff(rounded, axis=0) != 0.0, axis=1)])
    return rounded[keep].tolist()


def unrolled(ring: np.ndarray) -> np.ndarray:
    """The ring with continuous longitudes; one that runs once around the south pole is closed along it."""
    lon_deg = np.unwrap(ring[:, 0], period=360.0)
    points = np.column_stack([lon_deg, ring[:, 1]])
    if abs(lon_deg[-1] - lon_deg[0]) < 180.0:
        return points
    return np.vstack([points, [lon_deg[-1], -90.0], [lon_deg[0], -90.0], points[:1]])


def land_mask(rings: list[np.ndarray]) -> list[str]:
    """Rows from 89.5 N to 89.5 S of cells from 179.5 W to 179.5 E, one bit a cell (1 = land), as hexadecimal text.

    Even-odd rule: a cell is land if a ray from its centre to the west crosses an odd number of ring segments; each ring
    stands three times, 360 deg apart, so that it does not matter where it crosses the date line.
    """
    copies = [unrolled(ring) + np.array([turn, 0.0]) for ring in rings for turn in (-360.0, 0.0, 360.0)]
    start = np.concatenate([ring[:-1] for ring in copies])
    end = np.concatenate([ring[1:] for ring in copies])
    lon_deg = np.arange(-180.0 + MASK_STEP_DEG / 2, 180.0, MASK_STEP_DEG)
    rows = []
    for lat_deg in np.arange(90.0 - MASK_STEP_DEG / 2, -90.0, -MASK_STEP_DEG):
        crosses = (start[:, 1] > lat_deg) != (end[:, 1] > lat_deg)
        a, b = start[crosses], end[crosses]
        at_deg = a[:, 0] + (lat_deg - a[:, 1]) / (b[:, 1] - a[:, 1]) * (b[:, 0] - a[:, 0])
        inside = np.searchsorted(np.sort(at_deg), lon_deg) % 2 == 1
        rows.append(np.packbits(inside).tobytes().hex())
    return rows


def build(topology: dict[str, Any]) -> dict[str, Any]:
    """The content of coastlines.json."""
    rings = land_rings(topology)
    return {
        "source": "Natural Earth, land 1:110m, as packaged by world-atlas (file land-110m.json)",
        "version": "world-atlas 2.0.2",
        "licence": "Natural Earth: public domain; packaging: ISC",
        "generator": "tools/build_coastlines.py",
        "units": "degrees: longitude east, latitude north; lines are closed, [longitude, latitude], and may cross 180",
        "mask": "1 deg cells, rows from north, cells from 180 W, one bit a cell, 1 = land, hexadecimal",
        "lines": [coast_polyline(ring) for ring in rings],
        "land_rows": land_mask(rings),
    }


def main() -> None:
    """Read the TopoJSON named on the command line, write the table, say what was written."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("topojson", type=Path, help="land-110m.json of the npm package world-atlas 2.0.2")
    parser.add_argument("--out", type=Path, default=OUTPUT)
    arguments = parser.parse_args()
    content = build(json.loads(arguments.topojson.read_text(encoding="utf-8")))
    text = json.dumps(content, separators=(",", ":"))
    arguments.out.write_text(text + "\n", encoding="utf-8")
    points = sum(len(line) for line in content["lines"])
    print(f"{arguments.out}: {len(content['lines'])} lines, {points} points, {len(text) / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
