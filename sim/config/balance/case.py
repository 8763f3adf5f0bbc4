"""One satellite type on its orbits over a run: the loads and temperatures that its checks and its sizes start from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

from sim.config.balance import heat, power
from sim.config.balance.orbits import Orbit
from sim.config.balance.sunlight import Revolution, Revolutions
from sim.config.schema import Environment, Satellite


@dataclass(frozen=True)
class Case:
    """A satellite type, its surroundings and its orbits, at least one."""

    satellite: Satellite
    environment: Environment
    orbits: tuple[Orbit, ...]

    @cached_property
    def revolutions(self) -> Revolutions:
        """Revolutions over the run."""
        return Revolutions(self.satellite, self.environment, self.orbits)

    @cached_property
    def dark(self) -> Revolution:
        """The revolution in which the array gives least."""
        return self.revolutions.darkest

    @cached_property
    def planes(self) -> tuple[Revolution, ...]:
        """Revolutions of the orbit on which the array gives least on average over its planes."""
        return self.revolutions.typical

    @property
    def mean_array_w_m2(self) -> float:
        """Power of the array over its area, mean of `planes`."""
        return math.fsum(light.mean_array_w_m2 for light in self.planes) / len(self.planes)

    @cached_property
    def warm(self) -> Revolution:
        """The revolution in which the radiator absorbs most."""
        return self.revolutions.warmest

    @cached_property
    def eclipse_s(self) -> float:
        """Longest eclipse."""
        return max(orbit.longest_eclipse_s for orbit in self.orbits)

    @cached_property
    def around(self) -> heat.Around:
        """What reaches radiator and walls in the warmest revolution, on average over it."""
        return heat.Around(self.warm.absorbed_w_m2, self.warm.wall_w_m2)

    @cached_property
    def around_in_sunlight(self) -> heat.Around:
        """What reaches them while the Sun shines, with the battery that is charged again: the coolant is warmest then."""
        light, charge_w, battery_w = self.warm, 0.0, 0.0
        if light.dark_s > 0.0:
            charge_w, battery_w = power.recharge_w(self.satellite.power.battery, self.dark_w, light.dark_s, light.period_s)
        return heat.Around(light.sunny_w_m2, light.wall_w_m2, charge_w, battery_w)

    @property
    def dark_w(self) -> float:
        """Load that the battery carries through the shadow, at most that of full clock rate [W]."""
        chip = self.satellite.accelerator
        return self._carried_w(power.load_w(self.satellite, self.satellite.accelerators * (chip.max_power + chip.host.power)))

    @property
    def idle_dark_w(self) -> float:
        """Load that the battery carries through the shadow, at most that of idle machines [W]."""
        return self._carried_w(self.idle_w)

    def _carried_w(self, load_w: float) -> float:
        """A load, as far as the battery carries it above the reserve of the bus."""
        return load_w if self.eclipse_s == 0.0 else max(self.satellite.bus.served_power, min(load_w, power.dark_w(self.satellite, self.eclipse_s)))

    @cached_property
    def idle(self) -> heat.Steady:
        """Temperatures and power of machines that do nothing, on average over a revolution."""
        return heat.steady(self.satellite, 0.0, self.around)

    @cached_property
    def with_idle_cells(self) -> Satellite:
        """The satellite with the battery at its temperature at idle load."""
        around = self.battery_around(self.idle_dark_w)
        return power.with_cells_at(self.satellite, heat.battery_k(self.satellite, heat.steady(self.satellite, 0.0, around), around))

    @cached_property
    def full(self) -> heat.Steady:
        """Temperatures and power at full clock rate in sunlight, whatever the limits."""
        return heat.steady(self.satellite, 1.0, self.around_in_sunlight)

    @cached_property
    def dynamic(self) -> float:
        """Dynamic power that the radiator can hold in sunlight, over that at full clock rate."""
        return heat.held_dynamic(self.satellite, self.around_in_sunlight)

    @cached_property
    def held(self) -> heat.Steady:
        """Temperatures and power at the clock rate that the radiator can hold."""
        return heat.steady(self.satellite, self.dynamic, self.around_in_sunlight)

    @property
    def switches_off(self) -> bool:
        """Whether the policy of the accelerators keeps them off where power or heat do not hold them."""
        return self.satellite.policy.mode in ("pause", "burst")

    @property
    def idle_w(self) -> float:
        """Power from the bus while nothing is computed: that of the bus alone where the policy switches accelerators off.

        Machines that are too hot even so are taken without the leakage of that temperature.
        """
        if self.switches_off:
            return self.satellite.bus.served_power
        chip, hot = self.satellite.accelerator, self.idle.excess_k(self.satellite) > 0.0
        return power.load_w(self.satellite, self.satellite.accelerators * (chip.idle_power + chip.host.power) if hot else self.idle.machines_w)

    @property
    def held_w(self) -> float:
        """Power from the bus at the clock rate that the radiator can hold."""
        return power.load_w(self.satellite, self.held.machines_w)

    def battery_around(self, load_w: float) -> heat.Around:
        """What reaches radiator, walls and battery in the revolution in which the array gives least, on average over it.

        Parameters
        ----------
        load_w : float
            Power from the bus in the shadow [W].

        Returns
        -------
        Around
            Heats, with those of charging and discharging.
        """
        light = self.dark
        charge_w, heat_w = power.recharge_w(self.satellite.power.battery, load_w, light.dark_s, light.period_s)
        return heat.Around(light.absorbed_w_m2, light.wall_w_m2, charge_w * light.sunlit_share, heat_w)
