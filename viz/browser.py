"""An installed Chromium or Chrome that opens a page without a window and without any network.

It is driven by its own protocol over two pipes (`--remote-debugging-pipe`), so that no further package is needed. All
that is asked of it has to be answered within a bounded time.
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import signal
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC: Final = ("/Applications/Chromium.app/Contents/MacOS/Chromium", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
START_S: Final = 60.0  # a first start on a busy machine
POLL_S: Final = 0.05
CHUNK_BYTES: Final = 1 << 16
OPTIONS: Final = (
    "--headless", "--remote-debugging-pipe", "--no-first-run", "--no-default-browser-check", "--hide-scrollbars", "--mute-audio",
    "--disable-extensions", "--disable-sync", "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
    # drawn by the processor: the same picture on every machine, with or without a graphics card
    "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
    # no network: every request, also to this computer, goes to a proxy that is not there
    "--proxy-server=127.0.0.1:9", "--proxy-bypass-list=<-loopback>", "--disable-quic",
)  # fmt: skip


class NoBrowser(Exception):
    """No browser is installed, or it does not start; the message says what to do."""


class BrowserFailed(Exception):
    """The browser gave no answer in time, or a wrong one; the message says which."""


def find_browser() -> str:
    """The browser that is used.

    Returns
    -------
    str
        Path of its program.

    Raises
    ------
    NoBrowser
        If there is none.
    """
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None and sys.platform == "darwin":
        found = next((path for path in MAC if os.access(path, os.X_OK)), None)
    if found is None:
        raise NoBrowser("no Chromium or Chrome is on the PATH; install one, such as by 'apt install chromium'")
    return found


class Browser:
    """A page of a browser, from its start to its end as a context manager.

    Parameters
    ----------
    width_px, height_px : int
        Size of the window.
    scale : float
        Pixels of a picture for a pixel of the page.
    limit_s : float
        Time after which everything is given up.
    """

    def __init__(self, width_px: int, height_px: int, scale: float = 1.0, limit_s: float = 120.0) -> None:
        self.size = {"width": width_px, "height": height_px, "deviceScaleFactor": scale, "mobile": False}
        self.limit_s = limit_s
        self._allowed_s, self._end_s = 0.0, 0.0
        self._pid, self._ended = 0, False
        self._read, self._write = -1, -1
        self._buffer = bytearray()
        self._number = 0
        self._session: dict[str, str] = {}
        self._profile: tempfile.TemporaryDirectory[str] | None = None
        self._said, self._last_words = Path(), ""

    def __enter__(self) -> Browser:
        program = find_browser()
        _need_pipes()
        caged = os.geteuid() != 0  # Chromium refuses to start as root with its sandbox
        try:
            self._begin(program, caged)
        except NoBrowser as error:
            # many containers allow no sandbox; the page is one of ours, and reaches nothing
            if not caged or "sandbox" not in self._last_words.lower():
                raise
            print(f"{program} does not start with its sandbox ({self._words() or error}): started without it, without a network", file=sys.stderr)
            self._begin(program, False)
        self._allow(self.limit_s)
        return self

    def _begin(self, program: str, caged: bool) -> None:
        self._last_words = ""
        self._profile = tempfile.TemporaryDirectory(prefix="dawndusk-browser-", ignore_cleanup_errors=True)
        self._allow(min(START_S, self.limit_s))
        try:
            self._start(program, Path(self._profile.name), caged)
            self._attach()
        except (BrowserFailed, OSError) as error:
            self.close()
            raise NoBrowser(f"{program} does not start ({self._words() or error})") from None
        except BaseException:
            self.close()
            raise

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _start(self, program: str, profile: Path, caged: bool) -> None:
        """Start the process: it reads commands from descriptor 3 and writes answers to 4."""
        theirs_in, self._write = _pipe()
        self._read, theirs_out = _pipe()
        words = [program, *OPTIONS, f"--user-data-dir={profile / 'profile'}", "about:blank"]
        if not caged:
            words.insert(1, "--no-sandbox")
        self._said, self._ended = profile / "said.txt", False
        self._buffer.clear()
        self._session = {}
        actions = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0), (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
            (os.POSIX_SPAWN_OPEN, 2, str(self._said), os.O_WRONLY | os.O_CREAT, 0o600),
            (os.POSIX_SPAWN_DUP2, theirs_in, 3), (os.POSIX_SPAWN_DUP2, theirs_out, 4),
        ]  # fmt: skip
        try:
            self._pid = os.posix_spawn(program, words, os.environ, file_actions=actions, setpgroup=0)
        finally:
            os.close(theirs_in)
            os.close(theirs_out)

    def _attach(self) -> None:
        targets = self.call("Target.getTargets")["targetInfos"]
        page = next((t["targetId"] for t in targets if t["type"] == "page"), None)
        if page is None:
            page = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = {"sessionId": self.call("Target.attachToTarget", targetId=page, flatten=True)["sessionId"]}
        self.call("Page.enable")
        self.call("Network.enable")
        self.call("Network.setBlockedURLs", urls=["http://*", "https://*", "ws://*", "wss://*", "ftp://*"])
        self.call("Emulation.setDeviceMetricsOverride", **self.size)

    def call(self, method: str, **parameters: Any) -> Any:
        """A command of the protocol.

        Parameters
        ----------
        method : str
            Its name, such as "Page.navigate".
        **parameters
            What it takes.

        Returns
        -------
        dict
            Its answer.

        Raises
        ------
        BrowserFailed
            If it is refused, or not answered in time.
        """
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters, **self._session}
        self._send(json.dumps(message).encode() + b"\0")
        while True:
            answer = json.loads(self._message())
            if answer.get("id") == self._number:
                break
        if "error" in answer:
            raise BrowserFailed(f"the browser refused {method}: {answer['error'].get('message')}")
        return answer["result"]

    def _send(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            _, ready, _ = select.select([], [self._write], [], self._left_s())
            if not ready:
                continue
            try:
                view = view[os.write(self._write, view[:CHUNK_BYTES]) :]
            except BlockingIOError:
                continue
            except BrokenPipeError:
                raise BrowserFailed("the browser has ended") from None

    def _message(self) -> bytes:
        """The next message: text that ends with a zero byte."""
        searched = 0
        while (end := self._buffer.find(b"\0", searched)) < 0:
            searched = len(self._buffer)
            ready, _, _ = select.select([self._read], [], [], self._left_s())
            if not ready:
                continue
            chunk = os.read(self._read, CHUNK_BYTES)
            if not chunk:
                raise BrowserFailed("the browser has ended")
            self._buffer += chunk
        message = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return message

    def _allow(self, time_s: float) -> None:
        self._allowed_s, self._end_s = time_s, time.monotonic() + time_s

    def _left_s(self) -> float:
        left_s = self._end_s - time.monotonic()
        if left_s <= 0.0:
            raise BrowserFailed(f"the browser gave no answer within {self._allowed_s:g} s")
        return left_s

    def open(self, page: Path) -> None:
        """Open a file.

        Parameters
        ----------
        page : Path
            The file.

        Raises
        ------
        BrowserFailed
            If it cannot be opened.
        """
        failed = self.call("Page.navigate", url=page.resolve().as_uri()).get("errorText")
        if failed:
            raise BrowserFailed(f"the browser cannot open {page} ({failed})")

    def ask(self, expression: str) -> Any:
        """The value of an expression in the page; of a promise, once it is kept.

        Parameters
        ----------
        expression : str
            JavaScript.

        Returns
        -------
        Any
            Its value.

        Raises
        ------
        BrowserFailed
            If it throws, or takes too long.
        """
        answer = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            words = (details.get("exception") or {}).get("description") or details.get("text") or "an error"
            raise BrowserFailed(f"the page says: {words.splitlines()[0]}")
        return answer["result"].get("value")

    def until(self, condition: str) -> None:
        """Wait until an expression holds.

        Parameters
        ----------
        condition : str
            JavaScript.
        """
        while not self.ask(condition):
            time.sleep(min(POLL_S, self._left_s()))

    def picture(self, x_px: int, y_px: int, width_px: int, height_px: int) -> bytes:
        """A part of the page as PNG, also below the window.

        Parameters
        ----------
        x_px, y_px : int
            Its corner.
        width_px, height_px : int
            Its size.

        Returns
        -------
        bytes
            The picture.
        """
        clip = {"x": x_px, "y": y_px, "width": width_px, "height": height_px, "scale": 1}
        found = self.call("Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True)
        return base64.b64decode(found["data"])

    def close(self) -> None:
        """End the browser and remove its files."""
        for handle in (self._write, self._read):
            if handle >= 0:
                os.close(handle)
        self._write = self._read = -1
        if self._pid and not self._ended:
            self._end()
        if self._profile is not None:
            with suppress(OSError):
                self._last_words = self._said.read_text(encoding="utf-8", errors="replace")
            self._profile.cleanup()
            self._profile = None

    def _end(self) -> None:
        """It ends by itself when its pipes are closed; where it does not, it is killed, with its helpers."""
        end_s = time.monotonic() + 2.0
        while time.monotonic() < end_s and os.waitpid(self._pid, os.WNOHANG)[0] == 0:
            time.sleep(POLL_S)
        self._ended = True
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(self._pid, 0)

    def _words(self) -> str:
        """Why the browser ended: its last fatal line, which a stack may follow, else the last that it said."""
        lines = [line.strip() for line in self._last_words.splitlines() if line.strip()]
        fatal = [line for line in lines if "FATAL" in line]
        return (fatal or lines or [""])[-1]


def _need_pipes() -> None:
    """Refuse where a browser cannot be given pipes."""
    try:
        import fcntl  # noqa: F401
    except ImportError:
        raise NoBrowser("a browser is driven over pipes that this system does not have; use Linux or macOS") from None


def _pipe() -> tuple[int, int]:
    """A pipe whose ends are above the descriptors that the browser uses; ours do not block on writing."""
    import fcntl  # where it is missing, `_need_pipes` has refused

    ends = os.pipe()
    high = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends]
    for end in ends:
        os.close(end)
    return high[0], high[1]
