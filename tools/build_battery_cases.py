"""Write tests/unit/spacecraft/blast_cases.json: what BLAST-Lite says of the profiles in tests/support/battery_profiles.py.

    python -m venv somewhere; somewhere/bin/pip install blast-lite; somewhere/bin/python tools/build_battery_cases.py

BLAST-Lite 1.1.1 asks for numpy below 2, so that it is no dependency, not even of the tests. Each case has capacities and
resistance at the end of a profile.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from pathlib import Path

from blast import models

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "support"))
from battery_profiles import PROFILES, days  # noqa: E402

CELLS = {
    "nca-panasonic-18650": "Nca_Gr_Panasonic3Ah_Battery", "lfp-prismatic-250ah": "Lfp_Gr_250AhPrismatic",
    "nmc-kokam-75ah": "Nmc111_Gr_Kokam75Ah_Battery",
}  # fmt: skip


def case(cell: str, profile: str) -> dict[str, object]:
    """Capacities and resistance after the profile, day by day."""
    time_s, charge, celsius = PROFILES[profile]()
    battery = getattr(models, CELLS[cell])()
    for first, last in days(time_s):
        here = slice(first, last + 1)
        battery.update_battery_state(time_s[here], charge[here], celsius[here])
    return {"cell": cell, "profile": profile, "end": {key: float(values[-1]) for key, values in battery.outputs.items()}}


def main() -> None:
    """Write the file."""
    cases = [case(cell, profile) for cell in CELLS for profile in PROFILES]
    found = {"program": f"blast-lite {version('blast-lite')}", "cases": cases}
    path = ROOT / "tests" / "unit" / "spacecraft" / "blast_cases.json"
    path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
