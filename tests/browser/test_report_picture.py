"""`dawndusk report --png` with a real browser: the whole page, at two pixels for one, and nothing asked of the network."""

from __future__ import annotations

import shutil
import socket
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import studies
import synthetic
from png import read_png

from sim.cli.app import exit_code
from viz import picture
from viz.browser import BrowserFailed
from viz.report import write_report
from viz.study import write_study

pytestmark = [
    pytest.mark.browser, pytest.mark.slow,
    pytest.mark.skipif(not any(map(shutil.which, ("chromium", "google-chrome"))), reason="no Chromium on the PATH"),
]  # fmt: skip


def checked(target: Path, height_px: float) -> Any:
    """The pixels of a picture: as wide and as high as the page, and drawn from top to bottom."""
    pixels = read_png(target.read_bytes())
    assert pixels.shape[1] == picture.SCALE * picture.WIDTH_PX
    assert pixels.shape[0] == pytest.approx(picture.SCALE * height_px, abs=60)  # without a row of controls
    bands = np.array_split(pixels[:, :, :3].mean(axis=2), 10)
    assert min(band.std() for band in bands) > 3.0, "a part of the picture is blank"
    assert len(np.unique(pixels[::7, ::7, :3].reshape(-1, 3), axis=0)) > 200, "colours of charts"
    return pixels


def page_height(browser: Any, path: Path) -> float:
    """Source of truth: the height of the page in another browser of the same width."""
    page = browser.new_page(viewport={"width": picture.WIDTH_PX, "height": 900})
    page.goto(path.as_uri())
    page.wait_for_selector("html[data-ready=yes]", timeout=60_000)
    height = float(page.evaluate("document.documentElement.getBoundingClientRect().height"))
    page.close()
    return height


def test_of_a_run(browser: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture that was there is replaced; nothing else is left in the folder."""
    write_report(synthetic.couple(synthetic.results("walker", tmp_path, hours=3.0, frames=4)), tmp_path / "report.html")
    monkeypatch.setattr("viz.report.write_report", lambda results, path: path.write_bytes((tmp_path / "report.html").read_bytes()))
    monkeypatch.setattr("sim.results.reader.read", lambda folder: None)
    (tmp_path / "report.png").write_text("older")
    before = sorted(p.name for p in tmp_path.iterdir())
    assert exit_code(["report", str(tmp_path), "--png"]) == 0
    checked(tmp_path / "report.png", page_height(browser, tmp_path / "report.html"))
    assert sorted(p.name for p in tmp_path.iterdir()) == before


def test_of_a_study(browser: Any, tmp_path: Path) -> None:
    write_study(studies.study(studies.AREA, studies.CAPACITY, share=lambda where: 0.1 * (1 + sum(where))), tmp_path / "report.html")
    picture.write_picture(tmp_path / "report.html", tmp_path / "report.png")
    checked(tmp_path / "report.png", page_height(browser, tmp_path / "report.html"))


def test_no_request_leaves(tmp_path: Path) -> None:
    """A page that asks a server on this very computer: the server sees no request."""
    seen: list[Any] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_accept, args=(server, seen), daemon=True)
        thread.start()
        address = f"127.0.0.1:{server.getsockname()[1]}"
        page = tmp_path / "page.html"
        page.write_text(
            f"<!doctype html><html data-ready=yes><body style='height: 400px'><img src='http://{address}/a.png'><script>"
            f"fetch('http://{address}/b'); new WebSocket('ws://{address}/c'); new Image().src = 'http://localhost:{address[10:]}/d';"
            "</script></body></html>", encoding="utf-8",
        )  # fmt: skip
        picture.write_picture(page, tmp_path / "page.png")
        assert seen == []
        socket.create_connection(server.getsockname()).close()  # the server would have seen them
        thread.join(10)
        assert len(seen) == 1


def _accept(server: socket.socket, seen: list[Any]) -> None:
    connection, address = server.accept()
    connection.close()
    seen.append(address)


def test_a_page_that_never_ends_or_says_what_is_wrong(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("<!doctype html><html><body><script>for (;;);</script></body></html>", encoding="utf-8")
    with pytest.raises(BrowserFailed, match="no answer within 3 s"):
        picture.write_picture(page, tmp_path / "page.png", limit_s=3.0)
    page.write_text("<!doctype html><html><body><p id='error-message'>charts need 2023</p></body></html>", encoding="utf-8")
    with pytest.raises(BrowserFailed, match="the page says: charts need 2023"):
        picture.write_picture(page, tmp_path / "page.png")
    assert not (tmp_path / "page.png").exists()
