"""Energy balance of a run: sources and sinks, summed from the series; the balance closes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go

from viz.figures import Chart, recorded
from viz.formatting import NBSP, number, percent, prefixed
from viz.html_parts import table, text
from viz.palette import FONT, INK, layout

NODES: Final = {  # name: colour
    "Arrays": "#e3a008",
    "Battery discharge (net)": "#0e93a8",
    "Absorbed by radiators": "#d98a3d",
    "Heat released by thermal mass": "#d97ab0",
    "Shunted": "#b9c2cd",
    "Load": "#10233d",
    "Battery losses": "#4b5563",
    "Battery charge (net)": "#0e93a8",
    "Heat": "#c2410c",
    "Radiated": "#2369ad",
    "Heat stored in thermal mass": "#d97ab0",
}


@dataclass(frozen=True, slots=True)
class Energies:
    """Sums over the fleet [J] from the end of the first step on, as stored energy is known at the ends of steps only."""

    generated_j: float
    shunted_j: float
    load_j: float
    stored_j: float  # change of stored energy
    environment_j: float
    radiated_j: float

    @property
    def lost_j(self) -> float:
        """Battery charge and discharge losses: the remainder of the electrical balance."""
        return self.generated_j - self.shunted_j - self.load_j - self.stored_j

    @property
    def warmed_j(self) -> float:
        """Change of the heat stored in the thermal mass: the remainder of the thermal balance."""
        return self.load_j + self.lost_j + self.environment_j - self.radiated_j


def energies(results: Any) -> Energies | None:
    """The sums of a run; None if it did not record them or has only one step."""
    names = ("generated_w", "shunted_w", "load_w", "environment_w", "radiated_w", "stored_j")
    variables = [recorded(results.series, n) for n in names]
    if any(v is None or not np.isfinite(v).all() for v in variables) or results.series.sizes["time"] < 2:
        return None
    step_s = np.diff(results.series["time"].values) / 1e3
    *powers, stored_j = (v for v in variables if v is not None)
    generated, shunted, load, environment, radiated = (float((p[1:] * step_s).sum()) for p in powers)
    return Energies(
        generated_j=generated, shunted_j=shunted, load_j=load, stored_j=float(stored_j[-1] - stored_j[0]),
        environment_j=environment, radiated_j=radiated,
    )


def flows(e: Energies) -> list[tuple[str, str, float]]:
    """Source, target and size [J] of each positive flow; inflow equals outflow at every inner node."""
    drawn, filled = max(0.0, -e.stored_j), max(0.0, e.stored_j)
    candidates = [
        ("Arrays", "Shunted", e.shunted_j),
        ("Arrays", "Load", e.load_j - drawn),
        ("Arrays", "Battery losses", e.lost_j),
        ("Arrays", "Battery charge (net)", filled),
        ("Battery discharge (net)", "Load", drawn),
        ("Load", "Heat", e.load_j),
        ("Battery losses", "Heat", e.lost_j),
        ("Absorbed by radiators", "Heat", e.environment_j),
        ("Heat released by thermal mass", "Heat", max(0.0, -e.warmed_j)),
        ("Heat", "Radiated", e.radiated_j),
        ("Heat", "Heat stored in thermal mass", max(0.0, e.warmed_j)),
    ]
    return [f for f in candidates if f[2] > 0.0]


def node_sizes(links: list[tuple[str, str, float]]) -> dict[str, float]:
    """Throughput of each node that has a flow [J], in the order of NODES."""
    into = {n: sum(j for _, b, j in links if b == n) for n in NODES}
    out = {n: sum(j for a, _, j in links if a == n) for n in NODES}
    return {n: max(into[n], out[n]) for n in NODES if into[n] or out[n]}


def translucent(colour: str) -> str:
    """A colour at 35 % opacity."""
    r, g, b = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({r},{g},{b},0.35)"


def sankey(results: Any) -> Chart | None:
    """Energy flows from arrays and environment to radiated heat; None without the series."""
    e = energies(results)
    if e is None or e.generated_j <= 0.0:
        return None
    links = flows(e)
    sizes = node_sizes(links)
    index = {n: i for i, n in enumerate(sizes)}
    scale, unit = prefixed(max(sizes.values()) / 3600.0, "Wh")

    def shown(energy_j: float) -> str:
        return f"{number(energy_j / 3600.0 / scale)} {unit}"

    figure = go.Figure(
        go.Sankey(
            arrangement="snap",
            node={
                "label": [f"<b>{n}</b><br>{shown(j)}" for n, j in sizes.items()],
                "color": [NODES[n] for n in sizes],
                "line": {"width": 0},
                "pad": 36,
                "thickness": 14,
                "hovertemplate": "%{label}<extra></extra>",
            },
            link={
                "source": [index[a] for a, _, _ in links],
                "target": [index[b] for _, b, _ in links],
                "value": [j / 3600.0 / scale for _, _, j in links],
                "color": [translucent(NODES[a]) for a, _, _ in links],
                "customdata": [f"{a} → {b}: {shown(j)}" for a, b, j in links],
                "hovertemplate": "%{customdata}<extra></extra>",
            },
            textfont={"family": FONT, "size": 13, "color": INK, "shadow": "none"},
        )
    )
    figure.update_layout(layout(430, margin={"l": 8, "r": 8, "t": 16, "b": 20}))
    note = (
        "Sums over the fleet from the end of the first step on. Battery losses are the remainder of the electrical balance: "
        "arrays minus shunted, load and change of stored energy. Thermal mass is the remainder of the thermal balance: load, "
        "battery losses and absorbed heat minus radiated heat "
        f"({percent(abs(e.warmed_j) / e.radiated_j) if e.radiated_j else 'all'} of the latter)."
    )
    return Chart(figure, note=note)


def energy_table(results: Any) -> str:
    """The sums behind the chart, with their exact values as data attributes [J]."""
    e = energies(results)
    if e is None:
        return ""
    rows = [
        ("Available from arrays", "generated_j", e.generated_j),
        ("Shunted", "shunted_j", e.shunted_j),
        ("Load served", "load_j", e.load_j),
        ("Change of stored energy", "stored_j", e.stored_j),
        ("Battery losses (remainder)", "lost_j", e.lost_j),
        ("Absorbed by radiators", "environment_j", e.environment_j),
        ("Radiated", "radiated_j", e.radiated_j),
        ("Change of heat in thermal mass (remainder)", "warmed_j", e.warmed_j),
    ]
    scale, unit = prefixed(max(abs(j) for _, _, j in rows) / 3600.0, "Wh")
    cells = [
        f'<td>{text(name)}</td><td data-energy="{key}" data-value="{j!r}">{number(j / 3600.0 / scale)}{NBSP}{unit}</td>'
        for name, key, j in rows
    ]
    return table(("energy over the run", "fleet"), cells, "numbers")
