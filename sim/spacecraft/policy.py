"""Policy of the accelerators: how hard they work within what power and heat allow, when they are off, and what a restart costs.

| mode         | accelerators |
| ride_through | draw the battery down to the reserve of the bus |
| throttle     | compute with the power of the array; the battery carries bus and idle power |
| pause        | are off while the array does not carry them at the chosen clock rate |
| even         | hold the rate that the battery can hold over a revolution |
| burst        | are on and off in turn |

Accelerators that are off draw nothing and lose the content of their memory: they compute again some time after they are on.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from orbit.kernels.compile import inlined
from sim.schema import Variable
from sim.spacecraft.battery_ageing_life import at_age
from sim.spacecraft.battery_chemistry import stored_for_j
from sim.spacecraft.submodel import Setup, Submodel

MODES = ("ride_through", "throttle", "pause", "even", "burst")
ANY_W, ANY_K = 1e12, 1e6  # more than any satellite has
LIT_SHARE, SUN_W_M2 = 0.6, 1361.0  # of a low orbit, for the first rate of `even`
MARGIN = 0.02  # of the charge above the reserve, which `even` leaves
UNKNOWN_J = -1e12  # lowest charge of a revolution that has not begun with a passage into the day
FULL = 0.999  # of the capacity: such a battery takes no more


class Policy(NamedTuple):
    """At most one of the four flags is 1.0; none for `ride_through`."""

    throttle: float
    pause: float
    even: float
    burst: float
    most: float  # dynamic power at the chosen clock rate over that at full rate
    voltage_floor: float
    full_load_w: float  # of the satellite at the chosen clock rate with all channels of terminals on, at the bus
    channels_w: float  # of it these channels
    per_share_w: float  # of the bus, for dynamic power at full rate
    restart_s: float
    on_s: float
    off_s: float
    start_charge_j: float
    start_power_w: float  # that the array must give before a burst
    start_k: float  # above which no burst starts
    hold_j: float  # charge that `throttle` returns to, for bus and idle power in eclipse
    refill_s: float  # time constant of that return
    lowest_j: float  # lowest charge that `even` aims at
    full_j: float  # charge of a battery that takes no more
    first_share: float  # of dynamic power, before `even` has flown a revolution
    step_s: float


class Allowed(NamedTuple):
    """What the policy allows in the step ahead."""

    dynamic: float  # dynamic power over that at full rate
    powered: float  # 1.0 where accelerators may be on
    battery_w: float  # what the battery may give to arithmetic, beside idle power; negative: what it takes first


class PolicyFlows(NamedTuple):
    """Results of `advance`."""

    policy_clock_s: float
    restart_left_s: float
    even_share: float
    even_gain_j: float
    even_lowest_j: float


def parameters(setup: Setup) -> Policy:
    """Parameters of the satellite's policy.

    Parameters
    ----------
    setup : Setup
        Sections of the scenario, and the length of a step.

    Returns
    -------
    Policy
        Parameters.
    """
    satellite = setup.satellite
    given, chip, n, power = satellite.policy, satellite.accelerator, satellite.accelerators, satellite.power
    battery, array = power.battery, power.array
    at_bus = (1.0 + satellite.thermal.loop.pump_fraction) / power.conversion_efficiency
    volt = chip.voltage_floor + (1.0 - chip.voltage_floor) * given.rate
    most, per_share_w = given.rate * volt * volt, at_bus * n * (chip.max_power - chip.idle_power)
    idle_w = at_bus * n * (chip.idle_power + chip.host.power)
    bus_w, cell, capacity_j = satellite.bus.served_power, battery.chemistry, battery.capacity * at_age(battery, satellite.age)[0]
    reserve_j = capacity_j * (1.0 - battery.max_depth) + stored_for_j(cell, capacity_j, bus_w, battery.bus_reserve)
    idle_j = stored_for_j(cell, capacity_j, bus_w + idle_w, battery.bus_reserve)
    sunlit_w = SUN_W_M2 * array.area * array.packing * array.cell_efficiency * array.retained * array.conditioning_efficiency
    return Policy(
        throttle=float(given.mode == "throttle"), pause=float(given.mode == "pause"), even=float(given.mode == "even"),
        burst=float(given.mode == "burst"), most=most, voltage_floor=chip.voltage_floor,
        full_load_w=bus_w + idle_w + most * per_share_w, channels_w=satellite.bus.channels_power, per_share_w=per_share_w, restart_s=given.restart,
        on_s=given.on or 0.0, off_s=given.off or 0.0, start_charge_j=given.start_charge * capacity_j,
        start_power_w=bus_w if given.start_in_sunlight else -1.0,
        start_k=ANY_K if given.start_temperature is None else given.start_temperature,
        hold_j=min(capacity_j, reserve_j + idle_j), refill_s=max(0.5 * battery.bus_reserve, setup.step_s),
        lowest_j=reserve_j + MARGIN * (capacity_j - reserve_j), full_j=FULL * capacity_j,
        first_share=min(1.0, max(0.0, (LIT_SHARE * sunlit_w - bus_w - idle_w) / per_share_w)), step_s=setup.step_s,
    )  # fmt: skip


@inlined
def _may_start(state: Any, power: Any, p: Policy) -> bool:
    """Whether charge and array allow a burst to start, and the last one is long enough ago."""
    charged = state.charge_j >= p.start_charge_j and power.generated_w >= p.start_power_w
    return bool(state.policy_clock_s < 0.5 * p.step_s and charged)


@inlined
def limits(state: Any, inputs: Any, power: Any, accelerators_w: float, p: Policy) -> Allowed:
    """What the policy allows in the step ahead, in terms of power.

    Parameters
    ----------
    state : State
        What the satellite carries from the step before.
    inputs : Inputs
        Inputs of the step.
    power : ArrayPower
        Power of the array.
    accelerators_w : float
        Power that the battery gives to the accelerators; negative while it refills its reserve [W].
    p : Policy
        Parameters of the submodel.

    Returns
    -------
    Allowed
        Dynamic power, whether accelerators may be on, and what the battery gives to arithmetic.
    """
    carried = power.generated_w + min(0.0, accelerators_w) >= (p.full_load_w - p.channels_w * inputs.unlinked) * inputs.available
    # a burst ends with the step whose middle is nearest to its end
    bursting = state.policy_clock_s - 0.5 * p.step_s > p.off_s or _may_start(state, power, p)
    off = (p.pause > 0.0 and not carried) or (p.burst > 0.0 and not bursting)
    on = 0.0 if off else 1.0
    held = state.even_share if p.even > 0.0 else 1.0
    refill_w = max(0.0, p.hold_j - state.charge_j) / p.refill_s
    return Allowed(on * min(p.most, held), on, -refill_w if p.throttle > 0.0 else ANY_W)


@inlined
def factors(state: Any, p: Policy) -> tuple[float, float]:
    """Factors on the clock rate in the step ahead.

    Parameters
    ----------
    state : State
        What the satellite carries from the step before.
    p : Policy
        Parameters of the submodel.

    Returns
    -------
    ready : float
        Share of the step after the restart.
    cool : float
        0.0 where a burst waits for the accelerators to cool down, else 1.0.
    """
    ready = 1.0 - min(state.restart_left_s, p.step_s) / p.step_s
    hot = p.burst > 0.0 and state.policy_clock_s < 0.5 * p.step_s and state.junction_k > p.start_k
    return ready, 0.0 if hot else 1.0


@inlined
def advance(
    state: Any, inputs: Any, illumination: Any, power: Any, limit: Any, run: Any, loads: Any, battery: Any, p: Policy
) -> PolicyFlows:
    """Time since switching, restart, and the rate of `even` after the step.

    `even` sums up by how much the charge would have changed at its rate, from one passage into the day to the next, with what
    a full battery could not take and without what was not served. Once a revolution the rate changes by that energy over the
    revolution, and by less where the lowest charge is too low.

    Parameters
    ----------
    state : State
        What the satellite carries from the step before.
    inputs : Inputs
        Inputs of the step.
    illumination : Illumination
        Sunlight and directions in the step.
    power : ArrayPower
        Power of the array.
    limit : Limit
        Limits on clock rate and powered share.
    run : Run
        Clock rate and shares that are run.
    loads : Loads
        Electrical load and heats.
    battery : BatteryFlows
        Flows of the battery.
    p : Policy
        Parameters of the submodel.

    Returns
    -------
    PolicyFlows
        Times [s], dynamic power over that at full rate, and energies [J].
    """
    # power that comes back within the step has been there for the powered share of it
    begun_s = p.restart_s if run.powered < 1.0 - 1e-9 else state.restart_left_s
    restart_s = max(0.0, begun_s - run.powered * p.step_s)
    starts = _may_start(state, power, p) and state.junction_k <= p.start_k
    cycle_s = max(0.0, (p.on_s + p.off_s if starts else state.policy_clock_s) - p.step_s)
    # passage from night to day: the height of the satellite above the plane between them
    before = state.x_m * inputs.sun_x_m + state.y_m * inputs.sun_y_m + state.z_m * inputs.sun_z_m
    after = inputs.end_x_m * inputs.sun_x_m + inputs.end_y_m * inputs.sun_y_m + inputs.end_z_m * inputs.sun_z_m
    passes = before < 0.0 and after >= 0.0
    until = -before / max(after - before, 1.0) if passes else 1.0
    beyond = 1.0 - until
    volt = p.voltage_floor + (1.0 - p.voltage_floor) * limit.rate_power
    missing = max(0.0, min(p.most, state.even_share) - limit.rate_power * volt * volt)
    unserved_w = inputs.available * missing * p.per_share_w if limit.rate_power < inputs.rate_cap else 0.0
    spare_w = battery.shunted_w if battery.charge_j > p.full_j else 0.0
    unserved_j = unserved_w * p.step_s
    change_j = battery.charge_j - state.charge_j + spare_w * p.step_s - unserved_j
    gain_j, revolution_s = state.even_gain_j + until * change_j, state.policy_clock_s + until * p.step_s
    # the charge is lowest as the night ends, within a step
    sunrise_j = state.charge_j - loads.load_w * (1.0 - illumination.lit_fraction) * p.step_s
    lowest_j = min(state.even_lowest_j, battery.charge_j, sunrise_j) - unserved_j
    more_j = min(gain_j, lowest_j - p.lowest_j + min(0.0, gain_j))
    next_share = min(1.0, max(0.0, state.even_share + more_j / (revolution_s * p.per_share_w)))
    # the first passage ends a part of a revolution, after which nothing is known
    whole = p.even > 0.0 and passes and state.even_lowest_j > 0.5 * UNKNOWN_J
    even_s = beyond * p.step_s if passes else revolution_s
    return PolicyFlows(
        policy_clock_s=cycle_s if p.burst > 0.0 else even_s,
        restart_left_s=restart_s,
        even_share=next_share if whole else state.even_share,
        even_gain_j=beyond * change_j if passes else gain_j,
        even_lowest_j=battery.charge_j if passes else lowest_j,
    )


MODEL = Submodel(
    name="policy",
    section="satellite.policy",
    parameters=parameters,
    advance=advance,
    limits=limits,
    consequence=True,
    reads=(
        "state.charge_j", "state.policy_clock_s", "state.restart_left_s", "state.even_share", "state.even_gain_j",
        "state.even_lowest_j", "state.junction_k", "state.x_m", "state.y_m", "state.z_m", "inputs.available", "inputs.rate_cap", "inputs.unlinked",
        "inputs.end_x_m", "inputs.end_y_m", "inputs.end_z_m", "inputs.sun_x_m", "inputs.sun_y_m", "inputs.sun_z_m",
        "illumination.lit_fraction", "power.generated_w", "limit.rate_power", "run.powered", "loads.load_w", "battery.charge_j",
        "battery.shunted_w",
    ),
    writes=(
        Variable("policy_clock_s", "s", "time left of a burst and the pause after it; of even, since the passage into the day", "state", 0.0, 1e7),
        Variable("restart_left_s", "s", "time until accelerators that have been off compute again", "state", 0.0, 1e5),
        Variable("even_share", "1", "dynamic power that even holds, over that at full rate", "state", 0.0, 1.0),
        Variable("even_gain_j", "J", "energy that even had to spare since the passage into the day", "state", -1e12, 1e12),
        Variable("even_lowest_j", "J", "lowest charge since then, less what was not served; -1e12 before the first passage", "state", -1e12, 1e12),
    ),
    references=("chandrakasan1992",),
)  # fmt: skip
