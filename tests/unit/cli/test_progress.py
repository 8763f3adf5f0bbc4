"""The progress bar: silent at first, a line for every tenth where stderr is no terminal."""

from __future__ import annotations

import pytest

from sim.cli import progress


def test_silent_for_two_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.Bar("run") as bar:
        bar(1, 10)
        bar(10, 10)
    assert capsys.readouterr() == ("", "")


def test_a_line_for_every_tenth(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "DELAY_S", -1.0)
    with progress.Bar("run") as bar:
        for done in range(101):
            bar(done, 100)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines() == [f"run: {10 * tenth} %" for tenth in range(1, 10)]


def test_bar_on_a_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "DELAY_S", -1.0)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    with progress.Bar("run") as bar:
        bar(5, 10)
        assert bar.bar is not None
    assert capsys.readouterr().out == ""
