"""Temperatures of all parts of one satellite over time, with their limits and its eclipses."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go

from viz.figures import Chart, time_axis
from viz.formatting import MINUS, NBSP
from viz.html_parts import table, text
from viz.palette import MUTED, axis, layout
from viz.satellites import PARTS, ZERO_CELSIUS_K, Satellites

COMPUTERS: Final = ("junction", "hbm", "plate", "loop", "radiator_1", "radiator_2", "radiator_3")
REST: Final = ("array", "battery", "structure")
SHADE: Final = "rgba(16,35,61,0.10)"
NEAR_K: Final = 25.0  # limits farther from every temperature are named below the chart, not drawn


def celsius(value_c: float) -> str:
    """A temperature in degrees Celsius."""
    return f"{value_c:.1f}{NBSP}°C".replace("-", MINUS)


def limits(one: dict[str, Any]) -> dict[str, list[tuple[str, float]]]:
    """Limits of a satellite [deg C] in words, by the part that they bind."""
    junction, memory = one["junction_limit_k"] - ZERO_CELSIUS_K, one["hbm_limit_k"] - ZERO_CELSIUS_K
    coldest, hottest = (k - ZERO_CELSIUS_K for k in one["battery_charge_k"])
    found = {
        "junction": [("limit of the junction", junction)],
        "hbm": [("limit of the memory", memory)],
        "battery": [("battery cannot be charged below", coldest), ("battery cannot be charged above", hottest)],
    }
    if junction == memory:
        found |= {"junction": [("limit of junction and memory", junction)], "hbm": []}
    if one["coolant_freezing_k"] is not None:
        found["loop"] = [("coolant freezes at", one["coolant_freezing_k"] - ZERO_CELSIUS_K)]
    return found


def drawn_limits(shown: Satellites, one: dict[str, Any], parts: tuple[str, ...]) -> tuple[list[tuple[str, float]], list[tuple[str, float]]]:
    """Limits of parts that are near the temperatures of some satellite, and those that are far from all."""
    which = [list(PARTS).index(part) for part in parts]
    low, high = float(np.nanmin(shown.over_run_c["coldest"][which])), float(np.nanmax(shown.over_run_c["hottest"][which]))
    found = [limit for part in parts for limit in limits(one).get(part, [])]
    near = [limit for limit in found if low - NEAR_K <= limit[1] <= high + NEAR_K]
    return near, [limit for limit in found if limit not in near]


def first_utc(shown: Satellites) -> str:
    """The first moment as Plotly's text of a date, which keeps its axis one of dates when the page exchanges the values."""
    return f"{datetime.fromtimestamp(shown.first_ms / 1e3, UTC):%Y-%m-%d %H:%M:%S.%f}"


def line(shown: Satellites, part: str, yaxis: str) -> go.Scatter:
    """The temperature of a part of the first satellite; the page exchanges the values for those of another."""
    drawn, n = PARTS[part], list(PARTS).index(part)
    return go.Scatter(
        x0=first_utc(shown), dx=max(shown.spacing_ms, 1), y=shown.temperature_c[:, n, 0].round(2).astype(np.float32), name=part, mode="lines",
        line={"color": drawn.colour, "width": 1.6, "dash": drawn.dash}, yaxis=yaxis,
        hovertemplate=f"{drawn.title}: %{{y:.1f}} °C<extra></extra>",
    )  # fmt: skip


def shade(shown: Satellites, yaxis: str) -> go.Scatter:
    """Eclipse of the first satellite as a shaded background: steps in which more than half of the sunlight is missing."""
    return go.Scatter(
        x0=first_utc(shown), dx=max(shown.spacing_ms, 1), y=(shown.lit[:, 0] < 0.5).astype(np.uint8), name="eclipse", mode="lines",
        line={"width": 0, "shape": "vh"}, fill="tozeroy", fillcolor=SHADE, yaxis=yaxis, hoverinfo="skip",
    )  # fmt: skip


def limit_marks(near: list[tuple[str, float]], yref: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Dashed lines at limits, and their names above them."""
    shapes: list[dict[str, Any]] = [
        {
            "type": "line", "xref": "paper", "x0": 0, "x1": 1, "yref": yref, "y0": at_c, "y1": at_c,
            "line": {"color": MUTED, "width": 1, "dash": "dot"},
        }
        for _, at_c in near
    ]  # fmt: skip
    names: list[dict[str, Any]] = [
        {
            "text": f"{name} {celsius(at_c)}", "bgcolor": "rgba(255,255,255,0.65)", "borderpad": 1, "xref": "paper", "x": 1, "xanchor": "right",
            "yref": yref, "y": at_c,
            "yanchor": "top" if "below" in name or "freezes" in name else "bottom",
            "showarrow": False, "font": {"size": 11, "color": MUTED},
        }
        for name, at_c in near
    ]  # fmt: skip
    return shapes, names


def chart(shown: Satellites) -> Chart:
    """Computers and cooling above, array, battery and structure below; the limits are those of the first satellite's type."""
    one = shown.types[int(shown.kind[0])]["one"]
    split = ((0.44, 1.0), (0.0, 0.38))
    figure = go.Figure([
        shade(shown, "y3"), shade(shown, "y4"), *(line(shown, part, "y") for part in COMPUTERS), *(line(shown, part, "y2") for part in REST),
    ])  # fmt: skip
    near, far = drawn_limits(shown, one, COMPUTERS)
    near_2, far_2 = drawn_limits(shown, one, REST)
    (shapes, names), (shapes_2, names_2) = limit_marks(near, "y"), limit_marks(near_2, "y2")
    hidden = {"visible": False, "range": [0, 1], "fixedrange": True}
    figure.update_layout(
        layout(
            560,
            hovermode="x unified",
            hoversubplots="axis",
            xaxis=time_axis(anchor="y2"),
            yaxis=axis("temperature, °C", domain=split[0]),
            yaxis2=axis("temperature, °C", domain=split[1], nticks=6),
            yaxis3=hidden | {"domain": split[0], "overlaying": "y"},
            yaxis4=hidden | {"domain": split[1], "overlaying": "y2"},
            shapes=[*shapes, *shapes_2],
            annotations=[*names, *names_2],
            meta={"limits": [shapes_of_type(shown, row["one"]) for row in shown.types]},
        )
    )
    key = tuple((PARTS[part].title, PARTS[part].colour) for part in PARTS)
    away = [f"{name} {celsius(at_c)}" for name, at_c in (*far, *far_2)]
    said = f"Not drawn, as no temperature comes near: {', '.join(away)}." if away else ""
    return Chart(figure, (*key, ("eclipse", "#d9dee6")), said)


def shapes_of_type(shown: Satellites, one: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Lines and names of the limits of a type of satellite, for a page that changes to it."""
    upper, lower = (limit_marks(drawn_limits(shown, one, parts)[0], yref) for parts, yref in ((COMPUTERS, "y"), (REST, "y2")))
    return {"shapes": [*upper[0], *lower[0]], "annotations": [*upper[1], *lower[1]]}


def limit_words(one: dict[str, Any]) -> dict[str, str]:
    """Limits of a satellite for a table, by part."""
    coldest, hottest = (celsius(k - ZERO_CELSIUS_K) for k in one["battery_charge_k"])
    freezing = one["coolant_freezing_k"]
    return {
        "junction": f"{celsius(one['junction_limit_k'] - ZERO_CELSIUS_K)} at most",
        "hbm": f"{celsius(one['hbm_limit_k'] - ZERO_CELSIUS_K)} at most",
        "loop": "" if freezing is None else f"freezes at {celsius(freezing - ZERO_CELSIUS_K)}",
        "battery": f"charged between {coldest} and {hottest}",
    }


def part_table(shown: Satellites) -> str:
    """Hottest, mean and coldest temperature of each part over the run, one table for each satellite, the first one open."""
    found = []
    for k, label in enumerate(shown.label):
        one = shown.types[int(shown.kind[k])]["one"]
        bound = limit_words(one)
        cells = []
        for n, (part, drawn) in enumerate(PARTS.items()):
            numbers = "".join(
                f'<td data-part-temperature="{part}" data-over="{name}" data-value="{float(values[n, k])!r}">{celsius(float(values[n, k]))}</td>'
                for name, values in shown.over_run_c.items()
            )
            cells.append(f"<td>{text(drawn.title)}</td>{numbers}<td>{text(bound.get(part, ''))}</td>")
        hidden = "" if k == 0 else " hidden"
        body = table((label, "hottest", "mean", "coldest", "limit"), cells, "numbers")
        found.append(f'<div data-satellite="{k}"{hidden}>{body}</div>')
    return "".join(found)
