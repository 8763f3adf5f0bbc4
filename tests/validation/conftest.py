"""Makes the independent geometry and book-keeping of the unit tests importable here."""

from __future__ import annotations

import sys
from pathlib import Path

for part in ("orbit", "spacecraft"):
    sys.path.append(str(Path(__file__).parents[1] / "unit" / part))
