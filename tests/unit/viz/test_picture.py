"""Pictures of pages: strips become one picture, and a browser that is missing, broken or hung ends in one line."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest
from png import read_png, write_png

from viz import browser, picture


@pytest.mark.parametrize("channels", [3, 4])
def test_strips_become_one_picture(channels: int) -> None:
    """Source of truth: the pixels; every filter is first in a strip, where it has nothing above it."""
    rng = np.random.default_rng(5)
    strips = [rng.integers(0, 256, (4, 7, channels), dtype=np.uint8) for _ in range(5)]
    kinds = [[first, 4, 3, 2] for first in range(5)]
    pictures = [write_png(pixels, kind) for pixels, kind in zip(strips, kinds, strict=True)]
    assert all((read_png(one) == pixels).all() for one, pixels in zip(pictures, strips, strict=True))
    assert (read_png(picture.stacked(pictures)) == np.concatenate(strips)).all()


def test_strips_that_do_not_fit() -> None:
    narrow, wide, grey = (write_png(np.zeros(shape, np.uint8), [0]) for shape in ((1, 2, 3), (1, 3, 3), (1, 2, 1)))
    for wrong, message in (([narrow, wide], "differ"), ([grey], "another kind"), ([], "no picture"), ([b"GIF89a"], "not a PNG")):
        with pytest.raises(ValueError, match=message):
            picture.stacked(wrong)


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program in place of the browser, the only one on the PATH; it is a text that the test writes."""
    path = tmp_path / "bin/chromium"
    path.parent.mkdir()
    monkeypatch.setenv("PATH", str(path.parent))
    monkeypatch.setattr(browser, "MAC", ())
    return path


def write_program(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)


def test_no_browser(program: Path) -> None:
    with pytest.raises(browser.NoBrowser, match="install one"):
        picture.write_picture(program, program)


def test_a_browser_that_ends_says_its_last_words(program: Path, tmp_path: Path) -> None:
    write_program(program, "echo first >&2; echo 'libnss3.so: cannot open' >&2; exit 127")
    with pytest.raises(browser.NoBrowser, match=r"does not start \(libnss3.so: cannot open\)"):
        picture.write_picture(tmp_path / "page.html", tmp_path / "page.png")
    assert not (tmp_path / "page.png").exists()


@pytest.mark.parametrize(("user", "starts"), [(1000, ["caged", "free"]), (0, ["free"])])
def test_where_no_sandbox_is_allowed(user: int, starts: list[str], program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Source of truth: what the program was started with; it says what Chromium says in such a container."""
    write_program(program, f"case $* in *--no-sandbox*) echo free;; *) echo caged; echo 'No usable sandbox! Update' >&2;; esac >> {tmp_path}/starts")
    monkeypatch.setattr(browser.os, "geteuid", lambda: user)
    with pytest.raises(browser.NoBrowser, match=r"does not start \(the browser has ended\)"):
        picture.write_picture(tmp_path / "page.html", tmp_path / "page.png")
    assert (tmp_path / "starts").read_text().split() == starts


STACK = (
    "[9:9:1129/1:ERROR:dbus] no bus",
    "[9:9:1129/1:FATAL:zygote_host_impl_linux.cc(126)] No usable sandbox! Update your kernel",
    "#0 0x55d1 base::debug::CollectStackTrace()", "Received signal 6",
)  # fmt: skip


@pytest.mark.parametrize("free_ends", [True, False])
def test_the_reason_stands_before_a_stack(
    free_ends: bool, program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Source of truth: what Chromium prints without a sandbox: a fatal line, and its stack after it."""
    said = tmp_path / "said"
    said.write_text("\n".join(STACK) + "\n", encoding="utf-8")
    says = f"while read -r line; do echo \"$line\" >&2; done < {said}"
    write_program(program, says if free_ends else f"case $* in *--no-sandbox*) ;; *) {says};; esac")
    monkeypatch.setattr(browser.os, "geteuid", lambda: 1000)
    reason = r"FATAL:zygote_host_impl_linux.cc\(126\)\] No usable sandbox! Update your kernel\)$" if free_ends else "the browser has ended"
    with pytest.raises(browser.NoBrowser, match=reason):
        picture.write_picture(tmp_path / "page.html", tmp_path / "page.png")
    assert capsys.readouterr().err.splitlines() == [
        f"{program} does not start with its sandbox ({STACK[1]}): started without it, without a network"
    ]


def test_a_system_without_such_pipes(program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Source of truth: Windows, which has no module fcntl: the views load, and what opens a page says so."""
    import importlib
    import sys

    write_program(program, "exit 0")
    monkeypatch.setitem(sys.modules, "fcntl", None)
    spec = importlib.util.find_spec("viz.browser")
    fresh = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fresh)
    with pytest.raises(fresh.NoBrowser, match="this system does not have"), fresh.Browser(10, 10):
        pass


def test_a_hung_browser_is_ended_with_its_helpers(program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It ignores the end of its pipes and has a helper of its own; both are gone within seconds."""
    pids = tmp_path / "pids"
    write_program(program, f"/bin/sleep 600 & echo $$ $! > {pids}; wait")
    monkeypatch.setattr(browser, "START_S", 1.0)
    begin_s = time.monotonic()
    with pytest.raises(browser.NoBrowser, match="no answer within 1 s"):
        picture.write_picture(tmp_path / "page.html", tmp_path / "page.png")
    assert time.monotonic() - begin_s < 20.0
    for pid in map(int, pids.read_text().split()):
        end_s = time.monotonic() + 10.0
        while _alive(pid):
            assert time.monotonic() < end_s, "a process of the browser is left"
            time.sleep(0.05)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().split(")")[1].split()[0] != "Z"  # a zombie waits for its new parent


def test_a_browser_that_refuses(program: Path, tmp_path: Path) -> None:
    """It answers the first command with an error: no page, and a line that names the command."""
    write_program(program, r"""printf '{"id":1,"error":{"message":"not allowed"}}\0' >&4; /bin/sleep 5""")
    with pytest.raises(browser.NoBrowser, match=r"refused Target.getTargets: not allowed"):
        picture.write_picture(tmp_path / "page.html", tmp_path / "page.png")
