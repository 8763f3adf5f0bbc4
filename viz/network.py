"""Links between satellites and ways from the ground as plain buffers, by the frames in which they stood. No toolkit.

Satellites are named by their place among those that are shown; frames are those of the scene.
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
    """Links between satellites that are shown."""

    ends: Ints  # (2, L) the two satellites
    span: Ints  # (2, L) first frame, first frame without it
    drawn: int  # different links among them
    found: int  # different links between satellites that are shown, before some were left out


@dataclass(frozen=True, slots=True)
class Ways:
    """Ways from a station over satellites, to the serving satellite or to a second station."""

    station: Ints  # (2, W) first, last or -1
    span: Ints  # (2, W) first frame, first frame without it
    begin: Ints  # (W + 1,) where its satellites begin
    satellite: Ints  # (H,)
    unseen: int  # ways left out: over a satellite that is not shown


def spans(series: Any, kind: str, frames: Ints) -> Ints:
    """First frame and first frame without it (2, n) of links or ways, among the frames that are shown."""
    recorded = np.stack([series[f"{kind}_from"].values, series[f"{kind}_until"].values])
    return np.searchsorted(frames, recorded).astype(np.int64)


def places(number: Ints, shown: Ints) -> Ints:
    """Place of satellites, given by number, among those shown (ascending); -1 for one that is not shown."""
    at = np.searchsorted(shown, number).clip(0, shown.size - 1)
    return np.where(shown[at] == number, at, -1)


def find_links(series: Any, frames: Ints, shown: Ints) -> Links | None:
    """Links between the satellites shown, in the frames shown, at most 4,000 of them; none if there are none."""
    if "link_a" not in series or series.sizes["link"] == 0:
        return None
    ends = np.stack([places(series[k].values, shown) for k in ("link_a", "link_b")])
    span = spans(series, "link", frames)
    seen = (ends >= 0).all(axis=0) & (span[0] < span[1])
    ends, span = ends[:, seen], span[:, seen]
    if ends.size == 0:
        return None
    _, which = np.unique(ends[0] * shown.size + ends[1], return_inverse=True)
    found = int(which.max()) + 1
    drawn = min(found, MAX_LINKS)
    keep = np.zeros(found, dtype=np.bool_)
    keep[np.linspace(0, found - 1, drawn).round().astype(np.int64)] = True
    return Links(ends[:, keep[which]], span[:, keep[which]], drawn, found)


def pair_ends(series: Any) -> list[tuple[int, int]]:
    """The two stations of each pair, from its name."""
    names = [str(s) for s in series["station"].values]
    named = {f"{a} - {b}": (i, j) for i, a in enumerate(names) for j, b in enumerate(names)}
    return [named[str(p)] for p in series["pair"].values] if series.sizes.get("pair", 0) else []


def find_ways(series: Any, frames: Ints, shown: Ints) -> Ways | None:
    """Ways over satellites that are all shown, in the frames shown; none if there are none."""
    if "route_end" not in series or series.sizes["route"] == 0:
        return None
    begin = np.append(series["route_begin"].values, series.sizes["hop"])
    satellite = places(series["route_satellite"].values, shown)
    span = spans(series, "route", frames)
    whole = np.minimum.reduceat(satellite, begin[:-1]) >= 0
    wanted = span[0] < span[1]
    keep = np.flatnonzero(whole & wanted)
    end = series["route_end"].values[keep]
    stations = series.sizes["station"]
    ends = np.array([*((s, -1) for s in range(stations)), *pair_ends(series)], dtype=np.int64).T
    lengths = np.diff(begin)[keep]
    hops = [satellite[begin[w] : begin[w + 1]] for w in keep]
    return Ways(
        station=ends[:, end],
        span=span[:, keep],
        begin=np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        satellite=np.concatenate([np.zeros(0, dtype=np.int64), *hops]),
        unseen=int((wanted & ~whole).sum()),
    )


def network_note(links: Links | None, ways: Ways | None, satellites: int, total: int) -> str:
    """What is drawn of the network, of how much."""
    said = []
    if links is not None:
        part = "" if satellites == total else " between the satellites shown"
        if links.drawn < links.found:
            said.append(f"{links.drawn:,} of {links.found:,} links{part} are drawn.")
        elif part:
            said.append(f"Links are drawn{part}, {links.found:,} in all.")
    if ways is not None and ways.unseen:
        said.append(f"Ways over satellites that are not shown are left out ({ways.unseen:,}).")
    return " ".join(said)
