"""The widget of the globe: what Python and the page of a notebook share. Needs anywidget."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from viz.studio.scene_data import scene_data

OWN = Path(__file__).parent / "assets"
ARRAY_COLOURING = {"charge": "battery", "useful": "useful share", "junction_dk": "junction"}  # names in web/src/colours.js by array


def _picture(name: str) -> bytes:
    """A picture of the Earth, or its borders, as the studio has them."""
    return resources.files("viz.studio").joinpath("assets", name).read_bytes()


def _header(data: bytes) -> Any:
    """What the data of a run says of itself."""
    return json.loads(data[4 : 4 + int.from_bytes(data[:4], "little")])


class GlobeWidget(anywidget.AnyWidget):
    """The globe of a run. Nothing of it is fetched from anywhere: script, pictures and data go over the notebook's own connection.

    Parameters
    ----------
    results : Results
        Results of a run.
    **traits
        Values of its traits.

    Attributes
    ----------
    time_ms : float
        Time that is shown, in milliseconds since 1970-01-01 UTC.
    selection : list of int
        Numbers of the satellites that are chosen.
    colouring : str
        By what satellites are coloured, one of `colourings`.
    height_px : int
        Height of the globe.
    """

    _esm = OWN / "globe_widget.js"
    _css = OWN / "globe_widget.css"
    _scene = traitlets.Bytes().tag(sync=True)
    _day = traitlets.Bytes().tag(sync=True)
    _night = traitlets.Bytes().tag(sync=True)
    _borders = traitlets.Bytes().tag(sync=True)
    time_ms = traitlets.CFloat().tag(sync=True)
    selection = traitlets.List(traitlets.CInt()).tag(sync=True)
    colouring = traitlets.Unicode("state").tag(sync=True)
    height_px = traitlets.CInt(520, min=120, max=4000).tag(sync=True)

    def __init__(self, results: Any, **traits: Any) -> None:
        data = scene_data(results)
        if data is None:
            raise ValueError("the run recorded no positions; set recorder.satellites above 0 and run it again")
        header = _header(data)
        self.first_ms, self.last_ms = header["unix_ms"][0], header["unix_ms"][-1]
        self.satellites = tuple(header["number"])
        arrays = [name for array, name in ARRAY_COLOURING.items() if array in header["arrays"]]
        self.colourings = (*(one["name"] for one in header["colourings"]), *arrays)
        pictures = {"_day": "earth-day.jpg", "_night": "earth-night.jpg", "_borders": "borders.json"}
        files = {name: _picture(file) for name, file in pictures.items()}
        super().__init__(_scene=data, **files, **{"time_ms": self.first_ms} | traits)

    @traitlets.validate("time_ms")
    def _within_the_run(self, proposal: Any) -> float:
        return min(max(proposal["value"], self.first_ms), self.last_ms)

    @traitlets.validate("selection")
    def _of_the_run(self, proposal: Any) -> list[int]:
        unknown = set(proposal["value"]) - set(self.satellites)
        if unknown:
            raise traitlets.TraitError(f"selection: satellite {min(unknown)} is not among the {len(self.satellites):,} shown; see .satellites")
        return list(proposal["value"])

    @traitlets.validate("colouring")
    def _known(self, proposal: Any) -> str:
        if proposal["value"] not in self.colourings:
            raise traitlets.TraitError(f"colouring: {proposal['value']!r} is none of {', '.join(self.colourings)}")
        return str(proposal["value"])
