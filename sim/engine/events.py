"""What the scenario lists and chance draws: which satellites and links are available when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.config.schema import (
    Scenario,
    parse_link,
    parse_target,
)
from sim.fleet.failures import Change, normalise
from sim.spacecraft.inputs import CONTROLS

Array1 = NDArray[np.float64]
Array2 = NDArray[np.float64]
Ints = NDArray[np.int64]
_AVAILABLE, _RATE_CAP = CONTROLS.index("available"), CONTROLS.index("rate_cap")


@dataclass(frozen=True)
class Order:
    """One event on a range of satellites [first, last], at a time counted in steps from the epoch."""

    at_steps: float
    action: str
    first: int
    last: int
    to: float


def orders(scenario: Scenario, satellites: int) -> list[Order]:
    """The scenario's events in time order; of two at once the later written wins."""
    found = []
    for event in scenario.events:
        target = parse_target(event.target)
        if target is None:
            continue  # a link's
        first, last = target
        at = (event.at - scenario.epoch).total_seconds() / scenario.step
        to = 1.0 if event.to is None else event.to
        found.append(Order(at, event.action, first, satellites - 1 if last == -1 else last, to))
    return sorted(found, key=lambda o: o.at_steps)


class Schedule:
    """What satellites lo to hi - 1 are told by orders, step after step."""

    def __init__(self, orders_: list[Order], lo: int, hi: int) -> None:
        self.orders = [o for o in orders_ if o.first < hi and o.last >= lo]
        self.next, self.lo, self.hi = 0, lo, hi
        self.up, self.cap = np.ones(hi - lo), np.ones(hi - lo)

    def step(self, k: int) -> tuple[Array1, Array1, Array1]:
        """Of step k: share of it each satellite works, the rate it may reach then, whether it works at its end.

        Steps are asked for in order, none left out.
        """
        if self.next == len(self.orders) or self.orders[self.next].at_steps > k + 1.0:
            return self.up, self.cap, self.up
        works, rate = self.up.copy(), self.up * self.cap
        while self.next < len(self.orders) and self.orders[self.next].at_steps <= k + 1.0:
            left = min(1.0, k + 1.0 - self.orders[self.next].at_steps)
            up, cap = self.up, self.cap
            self._apply()
            works += left * (self.up - up)
            rate += left * (self.up * self.cap - up * cap)
        works = np.where(np.abs(works) < 1e-12, 0.0, works)  # shares of a step that cancel leave rounding
        return works, np.divide(rate, works, out=self.cap.copy(), where=works > 0.0), self.up

    def skip_to(self, k: int) -> None:
        """Go to step k without telling about those before."""
        while self.next < len(self.orders) and self.orders[self.next].at_steps <= k:
            self._apply()

    def _apply(self) -> None:
        order = self.orders[self.next]
        self.next += 1
        mine = slice(max(order.first, self.lo) - self.lo, min(order.last + 1, self.hi) - self.lo)
        self.up, self.cap = self.up.copy(), self.cap.copy()
        match order.action:
            case "lose":
                self.up[mine] = 0.0
            case "restore":
                self.up[mine], self.cap[mine] = 1.0, 1.0
            case "return":
                self.up[mine] = 1.0
            case "derate":
                self.cap[mine] = order.to


def told(orders_: list[Order], lo: int, hi: int, width: int, first_step: int, steps: int) -> tuple[Array2, Array2]:
    """told[row, steps or 1, lane] of satellites that no job couples, and serving[steps or 1, lane].

    One row where nothing is ordered for any of them; lanes beyond hi repeat the last satellite.
    """
    plan = Schedule(orders_, lo, hi)
    if not plan.orders:
        return np.ones((len(CONTROLS), 1, width)), np.ones((1, width))
    found, serving = np.ones((len(CONTROLS), steps, width)), np.ones((steps, width))
    lanes = np.minimum(np.arange(width), hi - lo - 1)
    plan.skip_to(first_step)
    for k in range(steps):
        works, rate, at_end = plan.step(first_step + k)
        found[_AVAILABLE, k], found[_RATE_CAP, k], serving[k] = works[lanes], rate[lanes], at_end[lanes]
    return found, serving


@dataclass(frozen=True)
class LinkEvent:
    """What happens to one link: the share of its rate that is left, 0 cuts it."""

    at_steps: float
    action: str
    pair: tuple[int, int]
    factor: float


def link_events(scenario: Scenario) -> list[LinkEvent]:
    """Events on links in time order; of two at once the later written wins."""
    found = []
    for event in scenario.events:
        pair = parse_link(event.target)
        if pair is None:
            continue
        at = (event.at - scenario.epoch).total_seconds() / scenario.step
        left = {"lose": 0.0, "restore": 1.0, "derate": 1.0 if event.to is None else event.to}[event.action]
        found.append(LinkEvent(at, event.action, pair, left))
    return sorted(found, key=lambda o: o.at_steps)


def merge_events(listed: list[Order], changes: list[Change], step_s: float) -> list[Order]:
    """Orders for a fleet that also fails at random: who goes down and comes up is told by changes alone.

    Of the listed ones derating stays, and restoring in so far as it lifts that.
    """
    kept = [o for o in listed if o.action == "derate"]
    kept += [Order(o.at_steps, "derate", o.first, o.last, 1.0) for o in listed if o.action == "restore"]
    kept += [
        Order(c.time_s / step_s, "return" if c.up else "lose", c.satellite, c.satellite, 1.0)
        for c in normalise(changes)
    ]
    return sorted(kept, key=lambda o: o.at_steps)
