"""Made-up results for the tests of the views."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import synthetic


@pytest.fixture(scope="session")
def formation(tmp_path_factory: pytest.TempPathFactory) -> synthetic.Results:
    """81 satellites within about 2 km, 6 hours. Shared: do not change it."""
    return synthetic.dissect(synthetic.results("formation", tmp_path_factory.mktemp("formation"), hours=6.0, frames=13))


@pytest.fixture(scope="session")
def walker(tmp_path_factory: pytest.TempPathFactory) -> synthetic.Results:
    """A shell of 200 satellites with eclipses, 6 hours. Shared: do not change it."""
    return synthetic.dissect(synthetic.results("walker", tmp_path_factory.mktemp("walker"), hours=6.0, frames=13))


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., synthetic.Results]:
    """Fresh results that a test may change; arguments as of synthetic.results."""
    return lambda kind, **options: synthetic.results(kind, tmp_path, **({"hours": 3.0, "frames": 5} | options))
