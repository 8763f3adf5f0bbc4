"""The globe of the studio and a Plotly scatter in one page of a browser, for `dawndusk bench views`.

Both move the same satellites to the same times. The globe is the very code of the studio and of notebooks, from the
script that notebooks load.
"""

from __future__ import annotations

import base64
import json
import tempfile
from importlib import resources
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import numpy as np

from sim.schema import STATES
from viz.browser import Browser
from viz.html_parts import asset
from viz.palette import STATE_COLOUR
from viz.studio.scene_data import Blob

SIDE_PX: Final = 720  # of each of the two views
LIMIT_S: Final = 600.0
FRAMES_BEFORE_COUNT: Final = 30  # drawn before memory is counted

PAGE: Final = """<!doctype html><html><head><meta charset="utf-8"><link rel="icon" href="data:,">
<style>body {{ margin: 0; display: flex; background: #000; }} div {{ width: {side}px; height: {side}px; flex: none; }}</style></head>
<body><div id="ours"></div><div id="theirs"></div>
{data}
<script type="module">{script}</script></body></html>"""


def moving_scene(position_m: Any, unix_ms: Any, sun: Any, sidereal_rad: Any) -> bytes:
    """Satellites that only move, as data of the globe.

    Parameters
    ----------
    position_m : array_like, shape (frames, 3, satellites)
        Inertial positions [m].
    unix_ms : array_like of int, shape (frames,)
        Times, in milliseconds since 1970-01-01 UTC.
    sun : array_like, shape (frames, 3)
        Unit vectors to the Sun.
    sidereal_rad : array_like, shape (frames,)
        Angle from inertial to Earth-fixed axes [rad].

    Returns
    -------
    bytes
        The data, as `viz.studio.scene_data` gives that of a run.
    """
    frames, _, satellites = np.shape(position_m)
    blob = Blob()
    blob.add("position_km", np.asarray(position_m).transpose(0, 2, 1) / 1e3, "float32")
    blob.add("state", np.full((frames, satellites), STATES.index("in sunlight")), "uint8")
    blob.add("sun", sun, "float32")
    blob.add("sidereal_rad", sidereal_rad, "float64")
    blob.add("station_deg", np.empty((0, 2)), "float32")
    times = [int(ms) for ms in unix_ms]
    colouring = {"name": "state", "names": list(STATES), "colours": list(STATE_COLOUR.values()), "codes": None}
    return blob.content({
        "unix_ms": times, "epoch_ms": times[0], "label": [f"Satellite {i}" for i in range(satellites)], "number": list(range(satellites)),
        "station": [], "colourings": [colouring], "formation": None, "extent_m": None, "events": [], "note": "", "models": [],
    })  # fmt: skip


class GlobePage:
    """A page with the globe, and where wanted a Plotly scatter beside it. A context manager.

    Parameters
    ----------
    scene : bytes
        Satellites, as `moving_scene` gives them.
    plotly : bool
        Whether Plotly is there too.
    """

    def __init__(self, scene: bytes, plotly: bool = True) -> None:
        self._scene, self._plotly = scene, plotly
        self._browser = Browser(2 * SIDE_PX, SIDE_PX, 1.0, LIMIT_S)

    def __enter__(self) -> GlobePage:
        with tempfile.TemporaryDirectory(prefix="dawndusk-globe-") as folder:
            page = Path(folder) / "page.html"
            page.write_text(self._text(), encoding="utf-8")
            self._browser.__enter__()
            try:
                self._browser.call("Runtime.enable")
                self._browser.open(page)
                self._browser.until("Boolean(window.bench)")
            except BaseException:
                self.close()
                raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _text(self) -> str:
        studio, notebook = resources.files("viz.studio") / "assets", resources.files("viz.notebook") / "assets"
        parts = {
            "script": (notebook / "globe_widget.js").read_bytes(), "scene": self._scene, "day": (studio / "earth-day.jpg").read_bytes(),
            "night": (studio / "earth-night.jpg").read_bytes(), "borders": (studio / "borders.json").read_bytes(),
        }  # fmt: skip
        if self._plotly:
            from plotly.offline import get_plotlyjs

            parts["plotly"] = get_plotlyjs().encode()
        data = "\n".join(f'<script type="text/plain" id="{name}">{base64.b64encode(raw).decode()}</script>' for name, raw in parts.items())
        return PAGE.format(side=SIDE_PX, data=data, script=asset("globe_bench.js"))

    def move(self, side: str, count: bool = False) -> int:
        """Move all satellites to another time and wait until they are drawn.

        Parameters
        ----------
        side : str
            "ours" or "theirs".
        count : bool
            Whether pixels of satellites are counted.

        Returns
        -------
        int
            Their number, or without `count` that of the time.
        """
        return int(self._browser.ask(f"bench.{side}({json.dumps(count)})"))

    def memory_bytes(self) -> int:
        """JavaScript memory in use after some pictures: the heap, and arrays outside of it.

        Returns
        -------
        int
            Bytes.
        """
        for _ in range(FRAMES_BEFORE_COUNT):
            self.move("ours")
        self._browser.call("HeapProfiler.collectGarbage")
        used = self._browser.call("Runtime.getHeapUsage")
        return int(used["usedSize"] + used.get("backingStorageSize", 0))

    def picture(self) -> bytes:
        """Both views.

        Returns
        -------
        bytes
            PNG.
        """
        return self._browser.picture(0, 0, 2 * SIDE_PX, SIDE_PX)

    def close(self) -> None:
        """End the browser."""
        self._browser.close()
