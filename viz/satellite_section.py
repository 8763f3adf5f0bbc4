"""The section of one satellite: which, and at which moment; cut open, over time, and the radiation on its orbit."""

from __future__ import annotations

from typing import Any

from viz.cutaway import cutaways
from viz.figures import Chart
from viz.html_parts import chart_html, collapsed, text
from viz.node_temperatures import part_table
from viz.radiation import dose_words, doses
from viz.satellites import Satellites, note


def switch(name: str, label: str, choices: dict[str, str]) -> str:
    """Radio buttons by value and text; the first one is chosen."""
    buttons = "".join(
        f'<label><input type="radio" autocomplete="off" name="{name}" value="{value}"{" checked" if n == 0 else ""}> {text(said)}</label>'
        for n, (value, said) in enumerate(choices.items())
    )
    return f'<div class="switch" role="radiogroup" aria-label="{text(label)}">{buttons}</div>'


def satellite_controls(shown: Satellites) -> str:
    """Which satellite, and which moment."""
    options = "".join(f'<option value="{k}">{text(label)}</option>' for k, label in enumerate(shown.label))
    last = len(shown.temperature_c) - 1
    moment = ""
    if last:
        bounds = f'min="0" max="{last}" value="{shown.moment}" step="1"'
        moment = f'<input type="range" autocomplete="off" id="moment" {bounds} aria-label="Moment">'
    return (
        f'<div class="controls chosen"><label for="satellite">Satellite</label><select id="satellite" autocomplete="off">{options}</select>'
        f'{moment}<output id="moment-time"></output></div>'
    )


def satellites_view(results: Any, shown: Satellites | None, drawn: dict[str, Chart | None]) -> str:
    """The satellite cut open, its temperatures over time, and the radiation on its orbit."""
    quantity = switch("quantity", "Quantity of the map", {"dose": "dose rate behind the shielding", "flux": "protons above 30 MeV"})
    dose = doses(results, shown) if shown is not None else []
    said = f'<p class="note" id="satellite-dose">{text(dose_words(dose[0]))}</p>' if dose else ""
    around = chart_html("radiation", "Radiation on the orbit", drawn["radiation"], said, f'<div class="controls">{quantity}</div>' if shown else "")
    if shown is None:
        return around
    ways = switch("way", "Temperatures of the drawing", {"now": "at the moment", "hottest": "hottest", "mean": "mean", "coldest": "coldest"})
    drawing = (
        f'<div class="panel"><h3>Cut open, by temperature</h3><div class="controls">{ways}</div>'
        f'<div class="wide">{cutaways(shown)}</div>{collapsed("Table", part_table(shown))}'
        f'<p class="note">{text(note(shown))}</p></div>'
    )
    return satellite_controls(shown) + drawing + chart_html("nodes", "Temperatures over time", drawn["nodes"]) + around
