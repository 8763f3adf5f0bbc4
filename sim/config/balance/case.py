"""One satellite type on its orbits over a run: the loads and temperatures that its checks and its sizes start from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

from sim.config.balance import heat, power
from sim.config.balance.orbits import Orbit
from sim.config.balance.sunlight import Revolution, darkest, typical, warmest
from sim.config.schema import Environment, Satellite


@dataclass(frozen=True)
class Case:
    """A satellite type, its surroundings and its orbits, at least one."""

    satellite: Satellite
    environment: Environment
    orbits: tuple[Orbit, ...]

    @cached_property
    def dark(self) -> Revolution:
        """The revolution in which the array gives least."""
        return darkest(self.satellite, self.environment, self.orbits)

    @cached_property
    def planes(self) -> tuple[Revolution, ...]:
        """Revolutions of the orbit on which the array gives least on average over its planes."""
        return typical(self.satellite, self.environment, self.orbits)

    @property
    def mean_array_w_m2(self) -> float:
        """Power of the array over its area, mean of `planes`."""
        return math.fsum(light.mean_array_w_m2 for light in self.planes) / len(self.planes)

    @cached_property
    def warm(self) -> Revolution:
        """The revolution in which the radiator absorbs most."""
        return warmest(self.satellite, self.environment, self.orbits)

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
        battery, chip, light = self.satellite.power.battery, self.satellite.accelerator, self.warm
        charge_w = battery_w = 0.0
        if light.dark_s > 0.0:
            full_w = power.load_w(self.satellite, self.satellite.accelerators * (chip.max_power + chip.host.power))
            dark_w = max(self.satellite.bus.served_power, min(full_w, power.dark_w(self.satellite, light.dark_s)))
            charge_w, battery_w = power.recharge_w(battery, dark_w, light.dark_s, light.period_s)
        return heat.Around(light.sunny_w_m2, light.wall_w_m2, charge_w, battery_w)

    @cached_property
    def around_idle_battery(self) -> heat.Around:
        """What reaches them in the revolution in which the array gives least, with the battery at idle load, on average over it."""
        light = self.dark
        charge_w, battery_w = power.recharge_w(self.satellite.power.battery, self.idle_w, light.dark_s, light.period_s)
        return heat.Around(light.absorbed_w_m2, light.wall_w_m2, charge_w * light.sunlit_share, battery_w)

    @cached_property
    def idle(self) -> heat.Steady:
        """Temperatures and power of machines that do nothing, on average over a revolution."""
        return heat.steady(self.satellite, 0.0, self.around)

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
        """Power from the bus while nothing is computed: that of the bus alone where the policy switches accelerators off."""
        return self.satellite.bus.served_power if self.switches_off else power.load_w(self.satellite, self.idle.machines_w)

    @property
    def held_w(self) -> float:
        """Power from the bus at the clock rate that the radiator can hold."""
        return power.load_w(self.satellite, self.held.machines_w)
