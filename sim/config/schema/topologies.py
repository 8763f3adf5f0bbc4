"""Topologies of the links between satellites: one section for each form."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, field_validator

from orbit.units import shortened
from sim.config.quantity import Count, Quantity
from sim.config.schema.base import Name, Section, Switch

MOST_DIMENSIONS = 3
CrossPlane = Literal["nearest_slot", "same_slot"]
_Range = Annotated[float, Quantity("m", least=1.0, example="5000 km")]


class GridForm(Section):
    """+Grid: each satellite to the next slots of its plane, and to one satellite of each plane beside it."""

    kind: Literal["grid"] = Field(description="Neighbours in the plane and in the planes beside it; for shells and rings")
    cross_plane: CrossPlane | None = Field(
        default=None, description="Satellite of the next plane that is linked: the nearest one, or the one of the same number; "
        "without it, as links.cross_plane says"
    )
    wrap: Literal["pattern", "always", "never"] = Field(
        default="pattern", description="Whether the last plane is linked to the first: pattern links it in a delta shell and leaves "
        "the seam of a star shell, where satellites move against each other, open"
    )
    offset: Annotated[int, Count(least=-100_000, most=100_000)] = Field(
        default=0, description="Slots by which the satellite of the next plane lies ahead of the one that cross_plane selects"
    )


class NearestForm(Section):
    """Shortest links first, as long as both ends have a free terminal."""

    kind: Literal["nearest"] = Field(description="The nearest satellites, shortest links first; for any constellation")
    neighbours: Annotated[int, Count(most=64)] | None = Field(
        default=None, description="Most links of a satellite; without it, one for each terminal"
    )


class MeshForm(Section):
    """Neighbours in the lattice of a formation."""

    kind: Literal["mesh"] = Field(description="Neighbours in the lattice of a formation; for clusters")


class RingForm(Section):
    """All satellites in one ring, in the order of their numbers."""

    kind: Literal["ring"] = Field(description="All satellites in one ring, in the order of their numbers; for any constellation")
    reach: Annotated[int, Count(most=1000)] = Field(
        default=1, description="Satellites ahead on the ring to which each one is linked: 2 links the next and the one after it"
    )


class TorusForm(Section):
    """A torus over all satellites in the order of their numbers."""

    kind: Literal["torus"] = Field(description="A torus of one to three dimensions over all satellites, the last dimension counted first")
    shape: list[int] = Field(description="Satellites along each dimension; their product is the number of satellites")

    @field_validator("shape", mode="before")
    @classmethod
    def _sizes(cls, shape: Any) -> Any:
        listed = shape if isinstance(shape, list) else []
        if not 1 <= len(listed) <= MOST_DIMENSIONS or not all(isinstance(n, int) and not isinstance(n, bool) and n >= 1 for n in listed):
            raise ValueError(f"{shortened(repr(shape))} is no shape of a torus; write one to three whole numbers above zero, such as [8, 8]")
        return shape

    @property
    def count(self) -> int:
        """Number of satellites."""
        return math.prod(self.shape)


class ClosForm(Section):
    """A folded Clos network: some satellites are switches and do not compute, each other one has two links up."""

    kind: Literal["clos"] = Field(description="A folded Clos network over all satellites; its switches do not compute")
    ports: Annotated[int, Count(least=2, most=1024)] = Field(description="Links of a switch, an even number")
    layers: Annotated[int, Count(least=2, most=4)] = Field(
        default=3, description="Layers of satellites, the computing ones included: 2 has one layer of switches, 3 has two, 4 has three"
    )
    switches: Literal["first", "last", "spread"] | list[int] = Field(
        default="spread", description="Satellites that are switches: the first or last by number, evenly spread over the numbers, or their numbers"
    )

    @field_validator("ports")
    @classmethod
    def _even(cls, ports: int) -> int:
        if ports % 2:
            raise ValueError(f"{ports} is odd, and half of the links of a switch lead up; write {ports - 1 if ports > 2 else 2} or {ports + 1}")
        return ports

    @field_validator("switches", mode="before")
    @classmethod
    def _chosen(cls, chosen: Any) -> Any:
        words = ("first", "last", "spread")
        numbers = isinstance(chosen, list) and chosen and all(isinstance(n, int) and not isinstance(n, bool) and n >= 0 for n in chosen)
        if chosen not in words and not numbers:
            raise ValueError(f"{shortened(repr(chosen))} names no switches; write first, last, spread, or a list of satellite numbers")
        twice = [n for n in chosen if chosen.count(n) > 1] if isinstance(chosen, list) and len(chosen) <= 10_000 else []
        if twice:
            raise ValueError(f"satellite {twice[0]} is named twice; write each switch once")
        return chosen


class ShellsForm(Section):
    """Several entries of the constellation joined: links within each, and from gateways to the nearest satellites of the others."""

    kind: Literal["shells"] = Field(
        description="Links within each shell, ring or formation, and between gateways of different ones; for two entries or more"
    )
    gateways_per_plane: Annotated[int, Count(most=100_000)] | None = Field(
        default=None, description="Satellites of each plane with one link to another shell, evenly spaced; without it, all"
    )
    max_range: _Range | None = Field(
        default=None, description="Largest length of a link between shells; without it, that of all links"
    )


class RelayForm(Section):
    """Entries linked to the nearest satellites of one entry, such as the shell of another operator."""

    kind: Literal["relay"] = Field(description="Links within each entry, and from every other entry to the nearest satellites of one of them")
    through: Annotated[int, Count(least=0, most=10_000)] = Field(description="Position of the relaying entry in constellation, from 0")
    links: Annotated[int, Count(most=1000)] = Field(
        default=2, description="Links of each formation to relay satellites, or of each satellite of a shell, ring or catalogue"
    )
    relay_terminals: Annotated[int, Count(most=64)] = Field(
        default=1, description="Most such links of a relay satellite"
    )
    max_range: _Range | None = Field(
        default=None, description="Largest length of a link to a relay satellite; without it, that of all links"
    )
    compute: Switch = Field(default=False, description="Whether the relaying satellites also compute; otherwise they only pass messages on")


class CustomForm(Section):
    """Pairs of satellites from a file."""

    kind: Literal["custom"] = Field(description="Pairs of satellites, listed here or in a file; for any constellation")
    pairs: list[Any] = Field(
        description="Pairs of satellites, by number, or by name or catalogue number of a catalogue: a list of pairs, or the path of a "
        "CSV or YAML file of them, relative to the scenario file"
    )

    @field_validator("pairs", mode="before")
    @classmethod
    def _two_each(cls, pairs: Any) -> Any:
        """Check pairs of two satellites; report a wrong list once, not row by row."""
        if not isinstance(pairs, list) or not pairs:
            raise ValueError(f"{shortened(repr(pairs))} is no list of pairs; write one, such as [[0, 1], [1, 2]], or the path of a file")
        for i, row in enumerate(pairs):
            ends = row if isinstance(row, list | tuple) else []
            if len(ends) != 2 or not all(isinstance(end, int | str) and not isinstance(end, bool) for end in ends):
                raise ValueError(f"pair {i} is {shortened(repr(row))}; write two satellites, such as [0, 1]")
        return [(row[0], row[1]) for row in pairs]


class PluginForm(Section):
    """A topology of an installed Python package."""

    kind: Literal["plugin"] = Field(description="A topology of an installed package, by an entry point of the group dawndusk.topologies")
    name: Name = Field(description="Name of the entry point")
    settings: dict[str, Any] = Field(default_factory=dict, description="Arguments by name that the entry point receives")


FORMS: dict[str, type[Section]] = {
    "grid": GridForm, "nearest": NearestForm, "mesh": MeshForm, "ring": RingForm, "torus": TorusForm, "clos": ClosForm,
    "shells": ShellsForm, "relay": RelayForm, "custom": CustomForm, "plugin": PluginForm,
}  # fmt: skip
FormSection = GridForm | NearestForm | MeshForm | RingForm | TorusForm | ClosForm | ShellsForm | RelayForm | CustomForm | PluginForm
MOVING = ("nearest", "shells", "relay", "plugin")  # whose links follow the positions, or may
WORD = "word"  # tag of a form that is written as one word


def _tag(value: Any) -> str | None:
    """Alternative of `Topology` that a value is written as."""
    if isinstance(value, str):
        return WORD
    kind = value.get("kind") if isinstance(value, dict) else getattr(value, "kind", None)
    return kind if isinstance(kind, str) else None


Topology = Annotated[
    Annotated[Literal["grid", "nearest", "mesh", "ring", "shells"], Tag(WORD)]
    | Annotated[GridForm, Tag("grid")]
    | Annotated[NearestForm, Tag("nearest")]
    | Annotated[MeshForm, Tag("mesh")]
    | Annotated[RingForm, Tag("ring")]
    | Annotated[TorusForm, Tag("torus")]
    | Annotated[ClosForm, Tag("clos")]
    | Annotated[ShellsForm, Tag("shells")]
    | Annotated[RelayForm, Tag("relay")]
    | Annotated[CustomForm, Tag("custom")]
    | Annotated[PluginForm, Tag("plugin")],
    Discriminator(_tag),
]


def section_of(topology: str | FormSection) -> FormSection:
    """Section of a topology that is written as one word or as a section.

    Parameters
    ----------
    topology : str or section
        As in a scenario.

    Returns
    -------
    section
        With its defaults where it is one word.

    Examples
    --------
    >>> section_of("ring").reach
    1
    """
    if not isinstance(topology, str):
        return topology
    found: Any = FORMS[topology].model_validate({"kind": topology})
    return found  # type: ignore[no-any-return]
