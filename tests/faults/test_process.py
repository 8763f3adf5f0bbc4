"""The command as a process: ill-timed signals, closed and full streams, output in any encoding. Never a traceback.

Source of truth: exit codes of the contract and of the shell: 128 + number of the signal; encodings of Python itself.
"""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sim.cli import signals
from sim.cli.app import exit_code
from sim.cli.terminal import has_characters, in_stream_characters, print_json

RUN = ["run", "suncatcher", "--set", "duration=10 min", "--out", "found"]

# A signal at the moment in which a module is first looked for: exact, without waiting.
AT_IMPORT = """
import os, sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            sys.meta_path.remove(self)
            os.kill(os.getpid(), {number})
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from sim.cli import main
sys.meta_path.insert(0, Finder())
main({arguments!r})
"""


def run(code: str, folder: Path, environment: dict[str, str], **options: Any) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=environment, timeout=120, check=False,
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options},
    )  # fmt: skip


@pytest.mark.parametrize("module", ["typer", "sim.cli.app", "sim.cli.access", "ruamel.yaml", "pydantic"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_while_the_command_is_loaded(tmp_path: Path, subprocess_environment: dict[str, str], module: str, number: int) -> None:
    done = run(AT_IMPORT.format(module=module, number=int(number), arguments=RUN), tmp_path, subprocess_environment)
    name = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}[signal.Signals(number)]
    assert done.stderr.decode().splitlines() == [f"{name}; nothing was written"]
    assert (done.returncode, done.stdout) == (128 + number, b"")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("module", ["numba", "xarray", "plotly", "sim.engine.driver", "pyarrow.parquet"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_while_the_simulator_is_loaded(tmp_path: Path, subprocess_environment: dict[str, str], module: str, number: int) -> None:
    """The last module is loaded while results are written: the unfinished folder is removed."""
    done = run(AT_IMPORT.format(module=module, number=int(number), arguments=RUN), tmp_path, subprocess_environment)
    assert done.returncode == 128 + number, done.stderr
    assert b"Traceback" not in done.stderr
    assert done.stderr.decode().splitlines()[-1].endswith("; nothing was written")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("error", [None, ImportError, SystemError, RuntimeError, OSError])
def test_signal_that_comes_out_as_another_error(
    dawndusk: Any, folder: Path, monkeypatch: pytest.MonkeyPatch, number: int, error: type[Exception] | None
) -> None:
    """C code that is interrupted may raise something else; the command is interrupted all the same."""
    from sim.engine import driver

    def interrupted(*_: Any, **__: Any) -> None:
        try:
            signal.raise_signal(number)
        except KeyboardInterrupt:
            raise (error or KeyboardInterrupt)("interrupted in C") from None

    monkeypatch.setattr(driver.Run, "_propagate", interrupted)
    handlers = [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)]
    called = dawndusk(*RUN)
    assert called.code == 128 + number
    assert called.errors[-1].endswith("; nothing was written")
    assert list(folder.iterdir()) == []
    assert [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)] == handlers


def test_interrupt_after_the_results_are_written(dawndusk: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sim.studies import why

    monkeypatch.setattr(why, "binding", lambda _: signal.raise_signal(signal.SIGINT))
    called = dawndusk(*RUN, "--binding")
    assert called.code == 130
    assert called.errors[-1] == "interrupted; the results are in found"
    assert (folder / "found/summary.json").is_file()


def test_interrupt_in_a_destructor_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python drops exceptions of destructors; the hook ends the process instead. Errors of others are shown as ever."""
    ended: list[int] = []
    monkeypatch.setattr(signals, "leave", lambda number, frame: ended.append(number))

    class Falls:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGTERM)

    with signals.interruptible():
        Falls()
        assert ended == [signal.SIGTERM]
        assert signals.interrupt_code() == 143


# --- streams ------------------------------------------------------------------------------------------------------------

SHELL = "{python} -m sim.cli {arguments}"
COMMANDS = ["schema", "--help", "provenance suncatcher", "validate suncatcher", "provenance suncatcher --json"]


def shell(line: str, arguments: str, folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = SHELL.format(python=sys.executable, arguments=arguments)
    return subprocess.run(
        ["bash", "-c", line.format(command)], capture_output=True, text=True, cwd=folder, env=environment, timeout=120, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("arguments", COMMANDS)
def test_full_disk_behind_stdout(tmp_path: Path, subprocess_environment: dict[str, str], arguments: str) -> None:
    done = shell("{} > /dev/full", arguments, tmp_path, subprocess_environment)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("output: ")


@pytest.mark.parametrize("arguments", COMMANDS)
def test_closed_streams(tmp_path: Path, subprocess_environment: dict[str, str], arguments: str) -> None:
    """Nothing can be shown, and nothing is wrong."""
    done = shell("{} >&- ; echo $?; {} <&- >&- 2>&- ; echo $?".replace("{}", "{0}"), arguments, tmp_path, subprocess_environment)
    assert (done.stdout.split(), done.stderr) == (["0", "0"], "")


@pytest.mark.parametrize("arguments", COMMANDS)
def test_reader_that_goes(tmp_path: Path, subprocess_environment: dict[str, str], arguments: str) -> None:
    """`true` reads nothing: quiet, and the code that the shell gives to programs which a closed pipe ends."""
    done = shell("set -o pipefail; {} | true", arguments, tmp_path, subprocess_environment)
    assert (done.returncode, done.stdout, done.stderr) == (141, "", "")


def test_full_stderr_changes_nothing(tmp_path: Path, subprocess_environment: dict[str, str]) -> None:
    for arguments, code in (("validate nowhere", 2), ("validate suncatcher", 0)):
        done = shell("{} 2> /dev/full", arguments, tmp_path, subprocess_environment)
        assert done.returncode == code


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "ascii", "cp437", "shift_jis", "utf-16"])
def test_output_in_any_encoding(
    folder: Path, monkeypatch: pytest.MonkeyPatch, encoding: str, scenario_text: str
) -> None:
    """Blocks where the encoding has them (cp437 has), else # and -; JSON says the same in every encoding."""
    (folder / "s.yaml").write_text(scenario_text.replace("2 h", "10 min"), encoding="utf-8")
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding, errors="replace"))
    assert exit_code(["run", "s.yaml", "--out", "found"]) == 0
    sys.stdout.flush()
    text = raw.getvalue().decode(encoding)
    assert ("█" in text) == (encoding in ("cp437", "utf-16"))
    assert ("##########" in text) == (encoding not in ("cp437", "utf-16"))
    assert "?" not in text
    raw.seek(0)
    raw.truncate()
    value = {"name": "Tromsø 💥", "plain": "x", "lone": "\udcff"}
    print_json(value)
    sys.stdout.flush()
    assert json.loads(raw.getvalue().decode(encoding)) == value


def test_characters_of_a_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    """By hand."""
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    assert has_characters("plain")
    assert not has_characters("█")
    assert in_stream_characters("  ██░ ") == "  ##- "


def test_redirected_output_of_another_encoding(tmp_path: Path, subprocess_environment: dict[str, str]) -> None:
    """The whole command, with a name that the encoding does not have."""
    environment = {**subprocess_environment, "PYTHONIOENCODING": "ascii"}
    (tmp_path / "ü.yaml").write_text("name: x\n", encoding="utf-8")
    done = shell("{} > out.txt", "validate ü.yaml", tmp_path, environment)
    assert done.returncode == 2
    assert done.stderr.startswith("\\xfc.yaml:")


def test_path_that_is_not_utf8(folder: Path) -> None:
    """The command line of such a path is in the manifest, in valid UTF-8."""
    import sim

    name = os.fsdecode(b"found-\xff")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["dawndusk", "run", "suncatcher", "--out", name])
        assert exit_code([*RUN[:-1], name]) == 0
    assert json.loads((folder / name / "manifest.json").read_bytes())["command"][-1] == name
    assert sim.open_results(name).summary["satellites"] == 81
