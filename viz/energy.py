"""Where energy came from and where it went over a run, as sums of the series that close."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go

from viz.figures import Chart, recorded
from viz.palette import FONT, INK, layout
from viz.parts import table, text
from viz.words import NBSP, number, percent, prefixed

NODES: Final = {  # name: colour
    "Arrays": "#e3a008",
    "From the batteries": "#0e93a8",
    "Absorbed by radiators": "#d98a3d",
    "From warm parts": "#d97ab0",
    "Shunted": "#b9c2cd",
    "Load": "#10233d",
    "Lost in batteries": "#4b5563",
    "Into the batteries": "#0e93a8",
    "Heat": "#c2410c",
    "Radiated": "#2369ad",
    "Into warm parts": "#d97ab0",
}


@dataclass(frozen=True, slots=True)
class Energies:
    """Sums over the fleet [J], from the end of the first step on: only ends of steps say what is stored."""

    generated_j: float
    shunted_j: float
    load_j: float
    stored_j: float  # change of store
    environment_j: float
    radiated_j: float

    @property
    def lost_j(self) -> float:
        """What is left of the electrical side: losses of charging and discharging."""
        return self.generated_j - self.shunted_j - self.load_j - self.stored_j

    @property
    def warmed_j(self) -> float:
        """What is left of the thermal side: change of the heat that the parts hold."""
        return self.load_j + self.lost_j + self.environment_j - self.radiated_j


def energies(results: Any) -> Energies | None:
    """The sums of a run; none if it did not record them, or has one step."""
    names = ("generated_w", "shunted_w", "load_w", "environment_w", "radiated_w", "stored_j")
    found = [recorded(results.series, n) for n in names]
    if any(v is None or not np.isfinite(v).all() for v in found) or results.series.sizes["time"] < 2:
        return None
    step_s = np.diff(results.series["time"].values) / 1e3
    *powers, stored_j = (v for v in found if v is not None)
    generated, shunted, load, environment, radiated = (float((p[1:] * step_s).sum()) for p in powers)
    return Energies(generated, shunted, load, float(stored_j[-1] - stored_j[0]), environment, radiated)


def flows(e: Energies) -> list[tuple[str, str, float]]:
    """Source, target and size [J] of each flow, all positive; what enters a node that passes it on also leaves it."""
    drawn, filled = max(0.0, -e.stored_j), max(0.0, e.stored_j)
    every = [
        ("Arrays", "Shunted", e.shunted_j),
        ("Arrays", "Load", e.load_j - drawn),
        ("Arrays", "Lost in batteries", e.lost_j),
        ("Arrays", "Into the batteries", filled),
        ("From the batteries", "Load", drawn),
        ("Load", "Heat", e.load_j),
        ("Lost in batteries", "Heat", e.lost_j),
        ("Absorbed by radiators", "Heat", e.environment_j),
        ("From warm parts", "Heat", max(0.0, -e.warmed_j)),
        ("Heat", "Radiated", e.radiated_j),
        ("Heat", "Into warm parts", max(0.0, e.warmed_j)),
    ]
    return [f for f in every if f[2] > 0.0]


def node_sizes(found: list[tuple[str, str, float]]) -> dict[str, float]:
    """What passes each node that has a flow [J], in the order of the table above."""
    into = {n: sum(j for _, b, j in found if b == n) for n in NODES}
    out = {n: sum(j for a, _, j in found if a == n) for n in NODES}
    return {n: max(into[n], out[n]) for n in NODES if into[n] or out[n]}


def faint(colour: str) -> str:
    """A colour one can see through."""
    r, g, b = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({r},{g},{b},0.35)"


def sankey(results: Any) -> Chart | None:
    """From arrays and surroundings to what radiators emit."""
    e = energies(results)
    if e is None or e.generated_j <= 0.0:
        return None
    found = flows(e)
    sizes = node_sizes(found)
    place = {n: i for i, n in enumerate(sizes)}
    scale, unit = prefixed(max(sizes.values()) / 3600.0, "Wh")

    def said(energy_j: float) -> str:
        return f"{number(energy_j / 3600.0 / scale)} {unit}"

    figure = go.Figure(
        go.Sankey(
            arrangement="snap",
            node={
                "label": [f"<b>{n}</b><br>{said(j)}" for n, j in sizes.items()],
                "color": [NODES[n] for n in sizes],
                "line": {"width": 0},
                "pad": 36,
                "thickness": 14,
                "hovertemplate": "%{label}<extra></extra>",
            },
            link={
                "source": [place[a] for a, _, _ in found],
                "target": [place[b] for _, b, _ in found],
                "value": [j / 3600.0 / scale for _, _, j in found],
                "color": [faint(NODES[a]) for a, _, _ in found],
                "customdata": [f"{a} → {b}: {said(j)}" for a, b, j in found],
                "hovertemplate": "%{customdata}<extra></extra>",
            },
            textfont={"family": FONT, "size": 13, "color": INK, "shadow": "none"},
        )
    )
    figure.update_layout(layout(430, margin={"l": 8, "r": 8, "t": 16, "b": 20}))
    note = (
        "Sums over the fleet from the end of the first step on. Lost in batteries is the rest of the electrical side: arrays "
        "less shunted, load and change of store. Warm parts is the rest of the thermal side: load, losses and what radiators "
        f"absorb, less what they emit ({percent(abs(e.warmed_j) / e.radiated_j) if e.radiated_j else 'all'} of it)."
    )
    return Chart(figure, note=note)


def energy_table(results: Any) -> str:
    """The sums behind the chart, exact for machines [J]."""
    e = energies(results)
    if e is None:
        return ""
    rows = [
        ("Offered by the arrays", "generated_j", e.generated_j),
        ("Shunted", "shunted_j", e.shunted_j),
        ("Load served", "load_j", e.load_j),
        ("Change of what batteries hold", "stored_j", e.stored_j),
        ("Lost in batteries (rest)", "lost_j", e.lost_j),
        ("Absorbed by radiators", "environment_j", e.environment_j),
        ("Radiated", "radiated_j", e.radiated_j),
        ("Change of the heat in warm parts (rest)", "warmed_j", e.warmed_j),
    ]
    scale, unit = prefixed(max(abs(j) for _, _, j in rows) / 3600.0, "Wh")
    cells = [
        f'<td>{text(name)}</td><td data-energy="{key}" data-value="{j!r}">{number(j / 3600.0 / scale)}{NBSP}{unit}</td>'
        for name, key, j in rows
    ]
    return table(("energy over the run", "fleet"), cells, "numbers")
