"""Links of regular forms in plain numbers, without numpy: `validate` uses them too.

Pairs are tuples (i, j) of numbers with i < j, each once, ascending.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

Pair = tuple[int, int]


def ordered(pairs: Iterable[Pair]) -> list[Pair]:
    """Each pair once with the smaller number first, ascending; links of a satellite to itself are dropped.

    Parameters
    ----------
    pairs : iterable of (int, int)
        Pairs in any order.

    Returns
    -------
    list of (int, int)
        The pairs.

    Examples
    --------
    >>> ordered([(2, 0), (0, 2), (1, 1), (0, 1)])
    [(0, 1), (0, 2)]
    """
    return sorted({(min(i, j), max(i, j)) for i, j in pairs if i != j})


def ring_pairs(count: int, reach: int = 1) -> list[Pair]:
    """Links of a ring.

    Parameters
    ----------
    count : int
        Number of satellites, at least 1.
    reach : int
        Satellites ahead to which each is linked.

    Returns
    -------
    list of (int, int)
        `count * reach` pairs where `count` exceeds `2 * reach`.

    Examples
    --------
    >>> ring_pairs(4), ring_pairs(2), ring_pairs(1)
    ([(0, 1), (0, 3), (1, 2), (2, 3)], [(0, 1)], [])
    """
    return ordered((i, (i + step) % count) for i in range(count) for step in range(1, min(reach, count - 1) + 1))


def torus_pairs(shape: Sequence[int]) -> list[Pair]:
    """Links of a torus: each satellite to the next one along each dimension, closed. [dally2004:ch. 5]

    Parameters
    ----------
    shape : sequence of int
        Satellites along each dimension, at least 1; the last dimension is counted first.

    Returns
    -------
    list of (int, int)
        One link for each satellite and dimension of more than 2; a dimension of 2 has half as many, one of 1 none.

    Examples
    --------
    >>> torus_pairs([2, 3])
    [(0, 1), (0, 2), (0, 3), (1, 2), (1, 4), (2, 5), (3, 4), (3, 5), (4, 5)]
    """
    pairs: list[Pair] = []
    stride, count = 1, math.prod(shape)
    for size in reversed(shape):
        for i in range(count):
            at = i // stride % size
            pairs.append((i, i + ((at + 1) % size - at) * stride))
        stride *= size
    return ordered(pairs)


def torus_bisection_links(shape: Sequence[int]) -> int:
    """Links between two halves of a torus whose longest dimension is even. [dally2004:ch. 5]

    Parameters
    ----------
    shape : sequence of int
        Satellites along each dimension.

    Returns
    -------
    int
        Links of the scarcest cut into halves: twice the satellites across the longest dimension, or once where that has two.

    Examples
    --------
    >>> torus_bisection_links([20, 20, 20]), torus_bisection_links([8, 8]), torus_bisection_links([2])
    (800, 16, 1)
    """
    longest = max(shape)
    return math.prod(shape) // longest * (2 if longest > 2 else longest - 1)


class Clos(NamedTuple):
    """A folded Clos network. Nodes 0 to computing - 1 compute, the others are switches."""

    computing: int
    switches: int
    pairs: list[Pair]

    @property
    def compute_share(self) -> float:
        """Share of the satellites that compute."""
        return self.computing / (self.computing + self.switches)


def clos_switches(ports: int, layers: int, groups: int) -> int:
    """Switches of a folded Clos network.

    Parameters
    ----------
    ports : int
        Links of a switch, even.
    layers : int
        Layers of satellites, the computing ones included, at least 2.
    groups : int
        Groups of up to `ports / 2` computing satellites that share a pair of switches; `ports` satellites and one group with 2 layers.

    Returns
    -------
    int
        Number of switches: pairs below, and above them only those that lead to a used one.
    """
    half = ports // 2
    if layers == 2:
        return 2
    edge, total = 2 * groups, 2 * groups
    for layer in range(1, layers - 2):  # layers inside a pod: as many switches as the pods below have copies
        pods = -(-edge // half**layer)
        total += pods * half**layer
    return int(total + half ** (layers - 2))


def most_groups(ports: int, layers: int) -> int:
    """Largest number of groups of computing satellites of a folded Clos network.

    Parameters
    ----------
    ports, layers : int
        As in `clos_switches`.

    Returns
    -------
    int
        Groups.
    """
    return 1 if layers == 2 else int((ports // 2) ** (layers - 2))


def most_in_clos(ports: int, layers: int) -> int:
    """Largest number of satellites of a folded Clos network, its switches included.

    Parameters
    ----------
    ports, layers : int
        As in `clos_switches`.

    Returns
    -------
    int
        Satellites.

    Examples
    --------
    >>> most_in_clos(12, 3)  # 36 that compute, 12 + 6 switches
    54
    """
    groups = most_groups(ports, layers)
    return clos_switches(ports, layers, groups) + groups * _in_group(ports, layers)


def _in_group(ports: int, layers: int) -> int:
    return ports if layers == 2 else ports // 2


def clos_groups(satellites: int, ports: int, layers: int) -> int | None:
    """Groups of a folded Clos network that takes exactly so many satellites.

    Parameters
    ----------
    satellites : int
        Satellites, switches included.
    ports, layers : int
        As in `clos_switches`.

    Returns
    -------
    int or None
        The smallest number of groups; None where there are too few satellites or too many.
    """
    for groups in range(1, most_groups(ports, layers) + 1):
        computing = satellites - clos_switches(ports, layers, groups)
        if computing < 1:
            return None
        if computing <= groups * _in_group(ports, layers):
            return groups
    return None


def clos(satellites: int, ports: int, layers: int) -> Clos:
    """A folded Clos network of satellites: each computing one has two links up, to different switches.

    With 3 layers and all ports in use it is the network of [greenberg2009]: k / 2 switches on top, k below them, and k^2 / 4 computing
    satellites. With any number of layers L the share that computes is then k / (k + 4 L - 6).

    Parameters
    ----------
    satellites : int
        Satellites, switches included.
    ports : int
        Links of a switch k, even.
    layers : int
        Layers of satellites L, the computing ones included, at least 2.

    Returns
    -------
    Clos
        The network.

    Raises
    ------
    ValueError
        The satellites are too few or too many.

    References
    ----------
    [greenberg2009], [penot2026]

    Examples
    --------
    >>> net = clos(54, 12, 3)
    >>> net.computing, net.switches, net.compute_share == 12 / (12 + 4 * 3 - 6)
    (36, 18, True)
    """
    groups = clos_groups(satellites, ports, layers)
    if groups is None:
        raise ValueError(f"{satellites} satellites are no Clos network of {ports} ports and {layers} layers")
    switches = clos_switches(ports, layers, groups)
    computing, half = satellites - switches, ports // 2
    pairs: list[Pair] = []
    sizes = [computing // groups + (g < computing % groups) for g in range(groups)]
    first = 0
    for g, size in enumerate(sizes):
        pairs += [(i, computing + 2 * g + side) for i in range(first, first + size) for side in (0, 1)]
        first += size
    if layers > 2:
        below, at = list(range(computing, computing + 2 * groups)), computing + 2 * groups
        # `uplinks` of each pod of the layers so far: the switch at its top that has the n-th free port up
        pods = [[switch] * half for switch in below]
        for layer in range(1, layers - 2):
            width = half**layer
            joined = [pods[n : n + half] for n in range(0, len(pods), half)]
            pods = []
            for members in joined:
                pairs += [(pod[n], at + n) for pod in members for n in range(width)]
                pods.append([at + n for n in range(width) for _ in range(half)])
                at += width
        pairs += [(pod[n], at + n) for pod in pods for n in range(half ** (layers - 2))]
    return Clos(computing, switches, ordered(pairs))


def switch_numbers(chosen: str | Sequence[int], switches: int, satellites: int) -> list[int]:
    """Numbers of the satellites that are switches.

    Parameters
    ----------
    chosen : {"first", "last", "spread"} or sequence of int
        The first or last satellites, evenly spread ones, or their numbers.
    switches : int
        How many there are.
    satellites : int
        Satellites of the constellation.

    Returns
    -------
    list of int
        Numbers, ascending.

    Examples
    --------
    >>> switch_numbers("last", 2, 10), switch_numbers("spread", 2, 10)
    ([8, 9], [2, 7])
    """
    if not isinstance(chosen, str):
        return sorted(chosen)
    at = {
        "first": range(switches),
        "last": range(satellites - switches, satellites),
        "spread": ((2 * n + 1) * satellites // (2 * switches) for n in range(switches)),
    }
    return list(at[chosen])


def clos_pairs(satellites: int, ports: int, layers: int, chosen: str | Sequence[int]) -> tuple[list[Pair], list[int]]:
    """Links of a folded Clos network over the numbers of a constellation, and its switches.

    Parameters
    ----------
    satellites, ports, layers : int
        As in `clos`.
    chosen : {"first", "last", "spread"} or sequence of int
        As in `switch_numbers`.

    Returns
    -------
    pairs : list of (int, int)
        The links.
    switches : list of int
        Numbers of the satellites that do not compute.
    """
    net = clos(satellites, ports, layers)
    switches = switch_numbers(chosen, net.switches, satellites)
    taken = set(switches)
    number = [n for n in range(satellites) if n not in taken] + switches
    return ordered((number[i], number[j]) for i, j in net.pairs), switches
