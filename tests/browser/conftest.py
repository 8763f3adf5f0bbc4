"""A browser, and the made-up results of the unit tests of the views."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "unit" / "viz"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium of the machine, drawing in software; skips where there is none."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    found = "/usr/bin/chromium" if Path("/usr/bin/chromium").exists() else shutil.which("chromium")
    if found is None:
        pytest.skip("no Chromium at /usr/bin/chromium or on PATH")
    options = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
    with api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=options)
        yield chromium
        chromium.close()


@pytest.fixture(autouse=True)
def pages_of_a_test(request: pytest.FixtureRequest) -> Iterator[None]:
    """Close what a test has opened: each open page takes time of the others."""
    browser = request.getfixturevalue("browser") if "browser" in request.fixturenames else None
    before = [] if browser is None else list(browser.contexts)
    yield
    for context in [] if browser is None else browser.contexts:
        if context not in before:
            context.close()
