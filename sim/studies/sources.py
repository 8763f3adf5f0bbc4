"""Identity of the program that runs the points of a study."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path


@cache
def sources_hash() -> str:
    """Hash of every source file of `orbit` and `sim`, names included.

    A study is resumed, and its points are run by workers, only with the same sources throughout.

    Returns
    -------
    str
        16 hexadecimal digits.
    """
    root = Path(__file__).resolve().parents[2]
    digest = hashlib.sha256()
    for package in ("orbit", "sim"):
        for path in sorted((root / package).rglob("*.py")):
            digest.update(str(path.relative_to(root)).encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
