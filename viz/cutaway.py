"""A satellite cut open as an SVG drawing: each part coloured and labelled by its temperature; array, radiator and body to one scale.

The page exchanges colours and numbers (viz/assets/satellites.js): of elements with `data-part` the colour, of those with
`data-number` the number, both named by the keys of `viz.satellites.PARTS`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from viz.formatting import MINUS, NBSP, TIMES, area, counted, number, quantity
from viz.html_parts import text
from viz.node_temperatures import celsius
from viz.palette import INK
from viz.satellites import PARTS, ZERO_CELSIUS_K, Satellites

WIDTH, HEIGHT = 1060, 474
# The outside: array, body and radiator side by side with one height, so that widths are in the ratio of the areas.
TOP, TALL = 56.0, 306.0
WIDEST: Final = 330.0  # of array and radiator together
LEFT: Final = 14.0
GAP: Final = 74.0  # between array and radiator, for the body
# The body, opened, enlarged.
BODY: Final = (566.0, 40.0, 480.0, 360.0)  # x, y, width, height
WALL: Final = 16.0
CHIPS: Final = 6  # of a row, drawn at most
PLATES: Final = (120.0, 198.0)  # y of the cold plates
PLATE_X, PLATE_END = 636.0, 884.0
PIPE_X, LABEL_X = 610.0, 930.0
WIDE: Final = 90.0  # px of a part on which its temperature fits
# Blue over pale yellow to red: different with any colour vision; both ends are dark in print, pale is between.
RAMP: Final = ("#313695", "#4575b4", "#74add1", "#abd9e9", "#e0f3f8", "#ffffbf", "#fee090", "#fdae61", "#f46d43", "#d73027", "#a50026")


def colour_scale(shown: Satellites) -> list[tuple[float, str]]:
    """Temperatures [deg C] and colours between them, over the range of all satellites in steps of 10 K.

    The array, which is far colder in eclipse than all other parts, does not count: it would leave them one colour.
    """
    others = [n for n, part in enumerate(PARTS) if part != "array"]
    low = 10.0 * math.floor(float(np.nanmin(shown.over_run_c["coldest"][others])) / 10.0)
    high = 10.0 * math.ceil(float(np.nanmax(shown.over_run_c["hottest"][others])) / 10.0)
    high = max(high, low + 10.0)
    return [(low + (high - low) * n / (len(RAMP) - 1), colour) for n, colour in enumerate(RAMP)]


def rgb(colour: str) -> tuple[int, int, int]:
    """Red, green and blue of a colour."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def colour_of(temp_c: float, scale: Sequence[tuple[float, str]]) -> str:
    """Colour of a temperature, between the two nearest of the scale."""
    at = [a for a, _ in scale]
    n = min(max(int(np.searchsorted(at, temp_c, side="right")) - 1, 0), len(at) - 2)
    share = min(max((temp_c - at[n]) / (at[n + 1] - at[n]), 0.0), 1.0)
    mixed = (math.floor(a + share * (b - a) + 0.5) for a, b in zip(rgb(scale[n][1]), rgb(scale[n + 1][1]), strict=True))
    return "#" + "".join(f"{value:02x}" for value in mixed)


def ink_on(colour: str) -> str:
    """White or dark text, whichever is legible on a colour."""
    red, green, blue = rgb(colour)
    return "#ffffff" if 0.299 * red + 0.587 * green + 0.114 * blue < 140.0 else INK


class Drawing:
    """Elements of an SVG, with colours and numbers of one satellite at one moment."""

    def __init__(self, temps_c: dict[str, float], scale: Sequence[tuple[float, str]]) -> None:
        self.temps_c, self.scale = temps_c, scale
        self.parts: list[str] = []

    def fill(self, part: str) -> str:
        """Attributes of an element that is coloured by a part."""
        return f'data-part="{part}" fill="{colour_of(self.temps_c[part], self.scale)}"'

    def rect(self, part: str, x: float, y: float, width: float, height: float, radius: float = 2.0, more: str = "") -> None:
        """A rectangle coloured by a part."""
        self.parts.append(
            f'<rect {self.fill(part)} class="part" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="{radius:g}"{more}/>'
        )

    def words(self, x: float, y: float, said: str, kind: str = "", anchor: str = "start") -> None:
        """Plain text."""
        of = f' class="{kind}"' if kind else ""
        self.parts.append(f'<text{of} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{text(said)}</text>')

    def number(self, part: str, x: float, y: float, anchor: str = "start", on: bool = False) -> None:
        """The temperature of a part; `on` it, in a colour that is legible there."""
        colour = ink_on(colour_of(self.temps_c[part], self.scale)) if on else INK
        on_it = ' data-on=""' if on else ""
        self.parts.append(
            f'<text class="number" data-number="{part}"{on_it} x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">'
            f"{celsius(self.temps_c[part])}</text>"
        )

    def line(self, points: str, kind: str = "leader") -> None:
        """A polyline."""
        self.parts.append(f'<polyline class="{kind}" points="{points}"/>')

    def pipe(self, part: str, path: str) -> None:
        """A pipe coloured by a part."""
        colour = colour_of(self.temps_c[part], self.scale)
        self.parts.append(f'<path class="pipe-edge" d="{path}"/><path data-part="{part}" data-stroke="" class="pipe" stroke="{colour}" d="{path}"/>')


def round_length(length_m: float) -> float:
    """The largest of 1, 2 and 5 times a power of ten that is not longer."""
    power = 10.0 ** math.floor(math.log10(length_m))
    return max(step * power for step in (1.0, 2.0, 5.0) if step * power <= length_m * (1.0 + 1e-9))


def widths(one: dict[str, Any]) -> tuple[float, float, float, float]:
    """Widths of array and radiator, side of the body [px], and pixels of a metre, all to one scale: the largest that fits."""
    areas_m2, side_m = one["array_m2"] + one["radiator_m2"], math.sqrt(one["body_m2"] / 6.0)
    low, high = 0.0, min(math.sqrt(WIDEST * TALL / areas_m2), TALL / side_m)
    for _ in range(60):
        per_m = 0.5 * (low + high)
        low, high = (per_m, high) if areas_m2 * per_m**2 / TALL + between_px(side_m * per_m) <= WIDEST + GAP else (low, per_m)
    return one["array_m2"] * low**2 / TALL, one["radiator_m2"] * low**2 / TALL, side_m * low, low


def between_px(side_px: float) -> float:
    """Distance of array and radiator around a body."""
    return max(GAP, side_px + 34.0)


def square_metres(area_m2: float) -> str:
    """An area, with decimals where it is small."""
    return area(area_m2) if area_m2 >= 10.0 else f"{number(area_m2, 2)}{NBSP}m²"


def draw_outside(d: Drawing, one: dict[str, Any], light: str) -> float:
    """Array, body and radiator to one scale; x of the radiator's right edge."""
    array_px, radiator_px, side_px, per_m = widths(one)
    middle = TOP + 0.5 * TALL
    between = between_px(side_px)
    body_x = LEFT + array_px + 0.5 * (between - side_px)
    radiator_x = LEFT + array_px + between
    d.parts.append(f'<rect class="boom" x="{LEFT + array_px:.1f}" y="{middle - 2:.1f}" width="{between:.1f}" height="4"/>')
    d.rect("array", LEFT, TOP, array_px, TALL)
    columns, rows = max(1, round(array_px / 30.0)), round(TALL / 30.0)
    grid = "".join(f"M{LEFT + array_px * n / columns:.1f} {TOP}v{TALL}" for n in range(1, columns))
    grid += "".join(f"M{LEFT:.1f} {TOP + TALL * n / rows:.1f}h{array_px:.1f}" for n in range(1, rows))
    d.parts.append(f'<path class="cells" d="{grid}"/>')
    d.rect("structure", body_x, middle - 0.5 * side_px, side_px, side_px, min(3.0, 0.1 * side_px))
    d.words(LEFT, TOP - 30.0, f"Array {square_metres(one['array_m2'])}", "title")
    d.parts.append(f'<text class="muted" data-light="" x="{LEFT}" y="{TOP - 12.0}">{text(light)}</text>')
    if array_px > WIDE:
        d.rect("array", LEFT + 0.5 * array_px - 42.0, middle - 15.0, 84.0, 28.0, 4.0)
        d.number("array", LEFT + 0.5 * array_px, middle + 4.0, "middle", on=True)
    else:
        d.number("array", LEFT, TOP + TALL + 20.0)
    d.words(body_x + 0.5 * side_px, middle + 0.5 * side_px + 18.0, "body", "muted", "middle")
    draw_radiator(d, one, radiator_x, radiator_px)
    draw_scale_bar(d, per_m)
    return radiator_x + radiator_px


def draw_radiator(d: Drawing, one: dict[str, Any], x: float, width_px: float) -> None:
    """The three segments along the flow, with their temperatures on them or beside them."""
    d.words(x, TOP - 30.0, "Radiator", "title")
    d.words(x, TOP - 12.0, square_metres(one["radiator_m2"]), "muted")
    for n in range(3):
        y = TOP + (n + 0.5) * TALL / 3.0 + 4.0
        d.rect(f"radiator_{n + 1}", x, TOP + n * TALL / 3.0, width_px, TALL / 3.0 - 2.0)
        if width_px > WIDE:
            d.number(f"radiator_{n + 1}", x + 0.5 * width_px, y, "middle", on=True)
        else:
            d.number(f"radiator_{n + 1}", x + width_px + 8.0, y)


def draw_scale_bar(d: Drawing, per_m: float) -> None:
    """A bar of a round length, and what is to scale."""
    length_m = round_length(90.0 / per_m)
    y, end = TOP + TALL + 40.0, LEFT + length_m * per_m
    said = f"{length_m:,.0f}{NBSP}m" if length_m >= 1.0 else f"{100.0 * length_m:.0f}{NBSP}cm"
    d.line(f"{LEFT:.1f},{y - 5:.1f} {LEFT:.1f},{y:.1f} {end:.1f},{y:.1f} {end:.1f},{y - 5:.1f}", "ruler")
    d.words(end + 8.0, y + 1.0, said, "muted")
    d.words(LEFT, y + 22.0, "Areas of array, radiator and body are to one scale, shapes are schematic.", "muted")


def draw_pipes(d: Drawing, radiator_x: float) -> None:
    """Coolant from the cold plates to the first third of the radiator, and back from the last; arrows show the flow."""
    supply_y, return_y, (first, second) = TOP + 14.0, TOP + TALL - 16.0, PLATES
    d.pipe(
        "loop",
        f"M{radiator_x:.1f} {return_y}H{PIPE_X}V{second + 25}H{PLATE_END + 22}V{first + 25}H{PIPE_X}V{supply_y}H{radiator_x:.1f}",
    )
    middle = 0.5 * (max(radiator_x, BODY[0] - 80.0) + BODY[0])
    for x, y, ahead in ((middle + 6.0, supply_y, -12), (middle - 6.0, return_y, 12)):
        d.parts.append(f'<path class="arrow" d="M{x:.1f} {y - 5}l{ahead} 5l{-ahead} 5z"/>')


def draw_chips(d: Drawing, one: dict[str, Any]) -> None:
    """Accelerators with their memory on cold plates: some of them, as all have one temperature."""
    count = min(int(one["accelerators"]), 2 * CHIPS)
    rows = [count] if count <= CHIPS else [(count + 1) // 2, count // 2]
    for plate_y, chips in zip(PLATES, rows, strict=False):
        d.rect("plate", PLATE_X, plate_y, PLATE_END - PLATE_X, 15.0, 3.0)
        each = (PLATE_END - PLATE_X) / chips
        for n in range(chips):
            x = PLATE_X + (n + 0.5) * each
            d.rect("junction", x - 11.0, plate_y - 26.0, 22.0, 26.0)
            for side in (-19.0, 13.0):
                d.rect("hbm", x + side, plate_y - 18.0, 6.0, 18.0, 1.0)
    drawn = "" if count == int(one["accelerators"]) else f", {count} drawn"
    d.words(PLATE_X, PLATES[1] + 52.0, f"{one['accelerators']:,} {TIMES} {one['accelerator']}{drawn}", "muted")
    first = 0.5 * (PLATE_END - PLATE_X) / rows[0]
    draw_label(d, "junction", 78.0, f"limit {celsius(one['junction_limit_k'] - ZERO_CELSIUS_K)}", (PLATE_END - first + 11.0, PLATES[0] - 21.0))
    draw_label(d, "hbm", 138.0, f"limit {celsius(one['hbm_limit_k'] - ZERO_CELSIUS_K)}", (PLATE_END - first + 19.0, PLATES[0] - 8.0))
    draw_label(d, "plate", PLATES[1] if len(rows) > 1 else 198.0, "", (PLATE_END, PLATES[len(rows) - 1] + 8.0))
    draw_label(d, "loop", 244.0, "after the plates", (PLATE_END + 25.0, PLATES[1] + 24.0))


def draw_label(d: Drawing, part: str, y: float, more: str, at: tuple[float, float]) -> None:
    """Title, temperature and a remark of a part in the column at the right, and a line to the part."""
    d.line(f"{at[0]:.1f},{at[1]:.1f} {LABEL_X - 12:.1f},{y + 8:.1f} {LABEL_X - 4:.1f},{y + 8:.1f}")
    d.words(LABEL_X, y, PARTS[part].title, "muted")
    d.number(part, LABEL_X, y + 17.0)
    if more:
        d.words(LABEL_X, y + 32.0, more, "small")


def draw_body(d: Drawing, one: dict[str, Any], radiator_x: float) -> None:
    """The body without its front: walls, terminals, accelerators, coolant, battery, avionics."""
    x, y, width, height = BODY
    d.rect("structure", x, y, width, height, 10.0)
    d.parts.append(f'<rect class="inside" x="{x + WALL}" y="{y + WALL}" width="{width - 2 * WALL}" height="{height - 2 * WALL}" rx="4"/>')
    d.words(x, y - 14.0, "Body, opened and enlarged", "title")
    terminals = min(int(one["terminals"]), 8)
    for n in range(terminals):
        at = x + 226.0 + 26.0 * n
        d.parts.append(f'<path {d.fill("structure")} class="part" d="M{at:.1f} {y}v-4a9 9 0 0 1 18 0v4z"/>')
    if terminals:
        d.words(x + 232.0 + 26.0 * terminals, y - 8.0, counted(int(one["terminals"]), "optical terminal"), "muted")
    draw_pipes(d, radiator_x)
    draw_chips(d, one)
    low = y + height - WALL - 78.0
    d.rect("battery", PLATE_X, low, 84.0, 60.0, 4.0)
    d.parts.append(f'<path class="cells" d="{"".join(f"M{PLATE_X + 21 * n} {low}v60" for n in range(1, 4))}"/>')
    d.words(PLATE_X + 93.0, low + 13.0, "Battery", "muted")
    d.number("battery", PLATE_X + 93.0, low + 31.0)
    d.words(PLATE_X + 93.0, low + 46.0, f"{quantity(one['battery_j'] / 3600.0, 'Wh')} {one['cells']}", "small")
    d.rect("structure", PLATE_END - 56.0, low, 56.0, 60.0, 4.0)
    d.parts.append(f'<path class="cells" d="M{PLATE_END - 56} {low + 20}h56m-56 20h56"/>')
    d.words(PLATE_END + 10.0, low + 13.0, "Structure", "muted")
    d.number("structure", PLATE_END + 10.0, low + 31.0)
    d.words(PLATE_END + 10.0, low + 46.0, "walls and avionics", "small")


def draw_key(d: Drawing, name: str) -> None:
    """The colours of temperatures, with numbers every 10 K or more."""
    x, y, width, _ = BODY
    y += BODY[3] + 26.0
    low, high = d.scale[0][0], d.scale[-1][0]
    stops = "".join(f'<stop offset="{(at - low) / (high - low):.4f}" stop-color="{colour}"/>' for at, colour in d.scale)
    d.parts.append(f'<defs><linearGradient id="{name}">{stops}</linearGradient></defs>')
    d.parts.append(f'<rect x="{x}" y="{y}" width="{width}" height="9" fill="url(#{name})" rx="2"/>')
    step = next(s for s in (10.0, 20.0, 50.0, 100.0, 200.0) if (high - low) / s <= 9.0)
    first = step * math.ceil(low / step)
    for at in np.arange(first, high + 0.5, step).tolist():
        d.words(x + width * (at - low) / (high - low), y + 25.0, f"{at:.0f}".replace("-", MINUS), "muted", "middle")
    d.words(x - 12.0, y + 9.0, "°C", "muted", "end")


def cutaway(shown: Satellites, kind: int) -> str:
    """The drawing of a type, with the temperatures of its first satellite on the page at the moment that the page begins with."""
    k = int(np.flatnonzero(shown.kind == kind)[0])
    row = shown.types[kind]
    temps_c = dict(zip(PARTS, shown.temperature_c[shown.moment, :, k].tolist(), strict=True))
    d = Drawing(temps_c, colour_scale(shown))
    radiator_x = draw_outside(d, row["one"], light_words(float(shown.lit[shown.moment, k])))
    draw_body(d, row["one"], radiator_x)
    draw_key(d, f"temperatures-{kind}")
    label = f"Satellite {row['satellite']} cut open, parts coloured by temperature; the table below has the numbers"
    return f'<svg class="cutaway" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{text(label)}">{"".join(d.parts)}</svg>'


def light_words(lit: float) -> str:
    """Whether a satellite is in sunlight."""
    return "in sunlight" if lit >= 0.995 else "in eclipse" if lit <= 0.005 else "in penumbra"


def cutaways(shown: Satellites) -> str:
    """The drawings of all types that can be chosen; that of the first satellite is visible."""
    found = ""
    for kind in np.unique(shown.kind).tolist():
        hidden = "" if kind == shown.kind[0] else " hidden"
        found += f'<div class="drawing" data-kind="{kind}"{hidden}>{cutaway(shown, kind)}</div>'
    return found
