"""Write tools/sites/heights.txt: heights of the ground at gateways and points of presence, from the topographic map of [itu-p1511].

    VENV/bin/pip install itur
    python tools/build_site_heights.py
    python tools/build_sites.py

itur packages the map of version 2 of the recommendation, on a grid of 1/12 deg, bicubic in between. Against the heights of the 100
cities and the polar stations, typed from [geonames], half of the values are within 8 m and nine in ten within 52 m; on steep coasts and
summits it errs by hundreds of metres.
"""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path

from itur.models.itu1511 import topographic_altitude

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))

from build_sites import TABLES, _rows  # noqa: E402


def main() -> None:
    """Write the table, one row for each place, rounded to 10 m."""
    places = sorted({(row[2], row[3]) for name in ("gateways", "points_of_presence") for row in _rows(name)})
    lines = [f"# latitude deg|longitude deg|height m; Recommendation ITU-R P.1511-2 by itur {version('itur')}"]
    for latitude, longitude in places:
        height_m = 1e3 * float(topographic_altitude(float(latitude), float(longitude)).value)
        lines.append(f"{latitude}|{longitude}|{round(height_m, -1) + 0.0:.0f}")
    (TABLES / "heights.txt").write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    main()
