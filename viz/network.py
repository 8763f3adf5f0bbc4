"""Links between satellites and routes from ground stations, as arrays indexed by the frames in which they existed.

Satellites are named by their index among those shown; frames are those of the scene. No plotting library is used here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

MAX_LINKS: Final = 5_000

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Links:
    """Links between satellites that are shown; L intervals of existence."""

    ends: Ints  # (2, L) indices of the two satellites
    frames: Ints  # (2, L) first frame, first frame without the link
    used: NDArray[np.float64]  # (L,) mean utilisation of the busier direction; not a number where none is known
    drawn: int  # number of distinct links kept
    total: int  # number of distinct links between shown satellites before thinning


@dataclass(frozen=True, slots=True)
class Routes:
    """Routes from a station over satellites, to the serving satellite or to a second station; W routes, H hops."""

    station: Ints  # (2, W) first station, second station or -1
    frames: Ints  # (2, W) first frame, first frame without the route
    first_hop: Ints  # (W + 1,) index of its first satellite in `satellite`
    satellite: Ints  # (H,)
    omitted: int  # routes left out because a satellite on them is not shown


def frame_intervals(series: Any, kind: str, frames: Ints) -> Ints:
    """First frame and first frame without it (2, n) of links or routes, as indices into the frames shown."""
    recorded = np.stack([series[f"{kind}_from"].values, series[f"{kind}_until"].values])
    return np.searchsorted(frames, recorded).astype(np.int64)


def shown_indices(number: Ints, shown: Ints) -> Ints:
    """Index of satellites, given by number, among those shown (ascending); -1 for one that is not shown."""
    index = np.searchsorted(shown, number).clip(0, shown.size - 1)
    return np.where(shown[index] == number, index, -1)


def find_links(series: Any, frames: Ints, shown: Ints) -> Links | None:
    """Links between the shown satellites in the shown frames, at most MAX_LINKS of them; None without any."""
    if "link_a" not in series or series.sizes["link"] == 0:
        return None
    ends = np.stack([shown_indices(series[k].values, shown) for k in ("link_a", "link_b")])
    interval = frame_intervals(series, "link", frames)
    visible = (ends >= 0).all(axis=0) & (interval[0] < interval[1])
    used = np.asarray(series["link_utilisation"].values, dtype=np.float64) if "link_utilisation" in series else np.full(visible.size, np.nan)
    ends, interval, used = ends[:, visible], interval[:, visible], used[visible]
    if ends.size == 0:
        return None
    _, which = np.unique(ends[0] * shown.size + ends[1], return_inverse=True)
    total = int(which.max()) + 1
    drawn = min(total, MAX_LINKS)
    keep = np.zeros(total, dtype=np.bool_)
    keep[np.linspace(0, total - 1, drawn).round().astype(np.int64)] = True
    return Links(ends[:, keep[which]], interval[:, keep[which]], used[keep[which]], drawn, total)


def pair_ends(series: Any) -> list[tuple[int, int]]:
    """The two stations of each pair, from its name."""
    names = [str(s) for s in series["station"].values]
    named = {f"{a} - {b}": (i, j) for i, a in enumerate(names) for j, b in enumerate(names)}
    return [named[str(p)] for p in series["pair"].values] if series.sizes.get("pair", 0) else []


def find_routes(series: Any, frames: Ints, shown: Ints) -> Routes | None:
    """Routes in the shown frames all of whose satellites are shown; None if the run recorded no routes."""
    if "route_end" not in series or series.sizes["route"] == 0:
        return None
    first_hop = np.append(series["route_begin"].values, series.sizes["hop"])
    satellite = shown_indices(series["route_satellite"].values, shown)
    interval = frame_intervals(series, "route", frames)
    complete = np.minimum.reduceat(satellite, first_hop[:-1]) >= 0
    exists = interval[0] < interval[1]
    keep = np.flatnonzero(complete & exists)
    end = series["route_end"].values[keep]
    stations = series.sizes["station"]
    ends = np.array([*((s, -1) for s in range(stations)), *pair_ends(series)], dtype=np.int64).T
    lengths = np.diff(first_hop)[keep]
    hops = [satellite[first_hop[w] : first_hop[w + 1]] for w in keep]
    return Routes(
        station=ends[:, end],
        frames=interval[:, keep],
        first_hop=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        satellite=np.concatenate([np.zeros(0, dtype=np.int64), *hops]),
        omitted=int((exists & ~complete).sum()),
    )


def network_note(links: Links | None, routes: Routes | None, satellites: int, total: int) -> str:
    """What part of the network is drawn."""
    notes = []
    if links is not None:
        part = "" if satellites == total else " between the satellites shown"
        if links.drawn < links.total:
            notes.append(f"{links.drawn:,} of {links.total:,} links{part} are drawn.")
        elif part:
            notes.append(f"Links are drawn{part}, {links.total:,} in all.")
    if routes is not None and routes.omitted:
        notes.append(f"Routes over satellites that are not shown are left out ({routes.omitted:,}).")
    return " ".join(notes)
