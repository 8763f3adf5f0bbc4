"""The one loop over a tile of satellites: Sun to shadow to array to limits to rate to battery to temperatures.

Reads like a page of physics: every line calls the scalar function of one model. `tile_loop(width)` compiles it for a
fixed number of lanes, so that all offsets are constants and the loops vectorise. Lanes are independent: results do
not depend on the width, nor on how time is cut into blocks.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np

from orbit.constants import SUN_RADIUS_M
from orbit.kernels.compile import Floats, Ints, inlined, kernel
from orbit.kernels.shadow import mean_lit_fraction, shadow_edge
from sim.spacecraft.array import Array, array_power_w, cell_temperature_k
from sim.spacecraft.attitude import Attitude, array_nadir_cosine, sun_incidence
from sim.spacecraft.battery import Battery, accelerator_share_w, battery_step
from sim.spacecraft.compute import Compute, bus_factor, chip_power_w, operating_point, rate_for_share
from sim.spacecraft.earth_flux import Earth, albedo_flux_w_m2, plate_view_factor
from sim.spacecraft.thermal import Stepper, chip_limit_w, duty_limit, plate_absorbed_w_m2, thermal_step


class SatelliteParams(NamedTuple):
    """Everything constant about one type of satellite, as the loop reads it."""

    attitude: Attitude
    array: Array
    battery: Battery
    compute: Compute
    stepper: Stepper
    earth: Earth
    bus_w: float
    radiator_area_m2: float
    radiator_emissivity: float
    radiator_absorptance: float


# One array holds all that belongs to a tile: a compiler that sees one base and constant offsets needs no proof that
# rows do not overlap, and vectorises. Rows of carry[row, lane] and, with the rest, of work[row, lane].
(
    # state of a satellite, from step to step
    X_M, Y_M, Z_M, EDGE_BEFORE, EDGE_NOW, CHARGE_J, JUNCTION_K, HBM_K, PLATE_K, LOOP_K, RADIATOR_K, DARK_RUN_S,
    # running totals: the live rows of the ledger [s of the whole satellite], energies
    FAILED, POWER, THERMAL, KERNEL, USEFUL,
    GENERATED_J, SHUNTED_J, SERVED_J, BATTERY_LOSS_J, UNSERVED_J, HEAT_J, ENVIRONMENT_J, RADIATED_J,
    SHADE_S, THROTTLED_S, WORKING_S, RADIATOR_KS, LONGEST_DARK_S, LOWEST_CHARGE_J, HOTTEST_JUNCTION_K,
    CARRY_ROWS,
) = range(33)  # fmt: skip
LEDGER = {"failed": FAILED, "power": POWER, "thermal": THERMAL, "kernel": KERNEL, "useful": USEFUL}

# What the fleet is doing in a step: columns of fleet[step, column], integers so that their sum has no order.
(
    F_FAILED, F_POWER, F_THERMAL, F_KERNEL, F_USEFUL, F_GENERATED, F_SHUNTED, F_SERVED, F_STORED, F_LIT, F_ENVIRONMENT,
    F_RADIATED, F_JUNCTION, F_RADIATOR, F_WORKING, FLEET_ROWS,
) = range(16)  # fmt: skip
# Counts in a share, a watt, a joule and a kelvin: fine enough that rounding stays below 1e-12 of a share, 0.1 mW,
# 0.1 J and 1e-9 K a satellite, coarse enough that 2^63 counts hold a million satellites of a gigawatt each.
PER_SHARE, PER_W, PER_J, PER_K = 2.0**40, 2.0**13, 2.0**3, 2.0**30
FLEET_SCALE = np.array([PER_SHARE] * 5 + [PER_W] * 3 + [PER_J] + [PER_SHARE] + [PER_W] * 2 + [PER_K] * 2 + [PER_SHARE])

# The rest of work: what a satellite is doing in the step (the fleet's columns first), and the step's inputs.
NOW = CARRY_ROWS
(
    NOW_LIT, NOW_STATE, IN_X, IN_Y, IN_Z, IN_ALIVE, IN_CAP, IN_WANTED, IN_PACE, IN_BUSY, IN_RUNNING, IN_FRUITFUL,
    WORK_ROWS,
) = range(NOW + FLEET_ROWS, NOW + FLEET_ROWS + 13)  # fmt: skip

# What a satellite is told for a step: told[row, step or 1, lane].
(
    TOLD_ALIVE,  # share of the step it works
    TOLD_CAP,  # rate it may reach then
    TOLD_WANTED,  # share of its working time it is not held in reserve
    TOLD_PACE,  # rate its job asks for
    TOLD_BUSY,  # share of its job's running time in which arithmetic runs
    TOLD_RUNNING,  # share of its working time in which its job runs
    TOLD_FRUITFUL,  # share of its working time spent on arithmetic that is useful whatever comes; a job books its own
    TOLD_ROWS,
) = range(8)

# What `tile_limits` says of a satellite: limits[row, lane], rates.
LIMIT_ALLOWED, LIMIT_POWER, LIMIT_RATE, LIMIT_ROWS = range(4)

# The recorder's rows: kept[moment, row, slot]
(
    K_X, K_Y, K_Z, K_STATE, K_LIT, K_USEFUL, K_GENERATED, K_SERVED, K_CHARGE, K_JUNCTION, K_RADIATOR, KEPT_ROWS,
) = range(12)  # fmt: skip

# Indices into sim.schema.STATES
S_FAILED, S_THERMAL, S_POWER, S_ECLIPSE, S_SUNLIT = range(5)
ROUNDING = 1e-12  # a loss below this share is none


@kernel
def start(r_m: Floats, sun_m: Floats, charge_j: float, temperatures_k: Floats, carry: Floats) -> None:
    """First carry[row, lane] of a tile from its positions r_m[2, 3, lane] one tick before the epoch and at it."""
    for i in range(carry.shape[1]):
        for row in range(CARRY_ROWS):
            carry[row, i] = 0.0
        carry[X_M, i], carry[Y_M, i], carry[Z_M, i] = r_m[1, 0, i], r_m[1, 1, i], r_m[1, 2, i]
        carry[EDGE_BEFORE, i] = shadow_edge(
            r_m[0, 0, i], r_m[0, 1, i], r_m[0, 2, i], sun_m[0, 0], sun_m[0, 1], sun_m[0, 2], SUN_RADIUS_M
        )
        carry[EDGE_NOW, i] = shadow_edge(
            r_m[1, 0, i], r_m[1, 1, i], r_m[1, 2, i], sun_m[1, 0], sun_m[1, 1], sun_m[1, 2], SUN_RADIUS_M
        )
        carry[CHARGE_J, i] = charge_j
        carry[LOWEST_CHARGE_J, i] = charge_j
        for node in range(5):
            carry[JUNCTION_K + node, i] = temperatures_k[node]


@inlined
def limited(
    rate: float,
    duty: float,
    busy: float,
    up: float,
    bus_w: float,
    charge_j: float,
    generated_w: float,
    environment_w: float,
    t0: float,
    t1: float,
    t2: float,
    t3: float,
    t4: float,
    satellite: SatelliteParams,
) -> tuple[float, float]:
    """Rate and duty at which junction and memory end the step within their limits; a first guess goes in.

    The guess matters only through the battery's own heat and the curve of T^4: each call is a fixed-point step that
    gains two digits.
    """
    compute, stepper = satellite.compute, satellite.stepper
    chip, plate, loop, load = heats(rate, duty, busy, up, bus_w, compute)
    _, loss, _, _ = battery_step(charge_j, generated_w, load, stepper.dt_s, satellite.battery)
    limit = chip_limit_w(t0, t1, t2, t3, t4, chip, plate, loop + loss, environment_w, stepper)
    idle_chip, idle_plate, idle_loop, _ = heats(0.0, 1.0, busy, up, 0.0, compute)
    on = duty_limit(
        t0, t1, t2, t3, t4, chip, plate, loop + loss, bus_w + loss, idle_chip, idle_plate, idle_loop, environment_w, stepper
    )  # fmt: skip
    share = (limit / max(up, 1e-9) - compute.idle_w) / (max(busy, 1e-9) * compute.dynamic_w)
    return (rate_for_share(share, compute.voltage_floor) if on >= 1.0 else 0.0), min(1.0, max(0.0, on))


@inlined
def heats(
    rate: float, duty: float, busy: float, up: float, bus_w: float, compute: Compute
) -> tuple[float, float, float, float]:
    """Heat of accelerators, into plate and into loop, and the electrical load they come from [W].

    up is the share of the step in which the satellite works, busy that of arithmetic in it; bus_w is its bus's mean
    over the step.
    """
    chip = up * chip_power_w(rate, duty, busy, compute)
    host = up * duty * compute.host_w
    drawn = (chip + host) / compute.conversion_efficiency
    pump = drawn * compute.pump_fraction
    return chip, drawn - chip, pump + bus_w, drawn + pump + bus_w


@inlined
def offered(
    x0: float,
    y0: float,
    z0: float,
    x1: float,
    y1: float,
    z1: float,
    edge_before: float,
    edge_start: float,
    sun_x: float,
    sun_y: float,
    sun_z: float,
    flux: float,
    up: float,
    allowed: float,
    busy: float,
    charge: float,
    t0: float,
    t1: float,
    t2: float,
    t3: float,
    t4: float,
    satellite: SatelliteParams,
) -> tuple[float, float, float, float, float, float, float]:
    """What a satellite may do in a step: limits on its rate before any job has its say.

    Returns where the shadow's edge stands at the end, the lit fraction, power generated and heat from outside [W], the
    rate that power allows, the rate that power and heat allow, and the duty.
    """
    compute, battery, array, earth = satellite.compute, satellite.battery, satellite.array, satellite.earth
    dt_s = satellite.stepper.dt_s
    infrared, emissivity = earth.infrared_w_m2, satellite.radiator_emissivity
    area, absorptance = satellite.radiator_area_m2, satellite.radiator_absorptance
    sun_d = np.sqrt(sun_x * sun_x + sun_y * sun_y + sun_z * sun_z)
    ux, uy, uz = sun_x / sun_d, sun_y / sun_d, sun_z / sun_d
    # --- geometry: shadow over the step, directions at its middle
    edge_end = shadow_edge(x1, y1, z1, sun_x, sun_y, sun_z, SUN_RADIUS_M)
    lit = mean_lit_fraction(edge_before, edge_start, edge_end)
    mx, my, mz = x0 + x1, y0 + y1, z0 + z1
    wx, wy, wz = y0 * z1 - z0 * y1, z0 * x1 - x0 * z1, x0 * y1 - y0 * x1
    m = 1.0 / np.sqrt(mx * mx + my * my + mz * mz)
    w = 1.0 / np.sqrt(max(wx * wx + wy * wy + wz * wz, 1e-30))  # a place that stands still has no plane
    mx, my, mz = mx * m, my * m, mz * m
    radius = 0.5 * (np.sqrt(x0 * x0 + y0 * y0 + z0 * z0) + np.sqrt(x1 * x1 + y1 * y1 + z1 * z1))
    on_array, on_radiator = sun_incidence(mx, my, mz, wx * w, wy * w, wz * w, ux, uy, uz, satellite.attitude)
    facing = array_nadir_cosine(mx, my, mz, ux, uy, uz, satellite.attitude)
    albedo = albedo_flux_w_m2(flux, mx * ux + my * uy + mz * uz, earth)
    # --- power offered by the array
    sunlight = flux * lit * on_array
    front = plate_view_factor(facing, radius)
    back = plate_view_factor(-facing, radius)
    cell_k = cell_temperature_k(sunlight, albedo, infrared, front, back, array)
    generated = up * array_power_w(sunlight, cell_k, array)
    # --- heat the radiator takes from outside: its normal is horizontal, the Sun on one face
    side = plate_view_factor(0.0, radius)
    environment = area * (
        plate_absorbed_w_m2(flux * lit * on_radiator, albedo, infrared, side, absorptance, emissivity)
        + plate_absorbed_w_m2(0.0, albedo, infrared, side, absorptance, emissivity)
    )
    # --- limits: what the battery and the hottest node allow until the end of the step
    bus = satellite.bus_w * up
    from_battery = accelerator_share_w(charge, dt_s, battery)
    budget = (generated + from_battery - bus) / (bus_factor(compute) * max(up, 1e-9))
    rate_power, duty_power = operating_point(budget, busy, compute)
    after_power = min(allowed, rate_power)
    hot, on = limited(
        after_power, duty_power, busy, up, bus, charge, generated, environment, t0, t1, t2, t3, t4, satellite
    )
    hot, on = limited(
        min(after_power, hot), min(duty_power, on), busy, up, bus, charge, generated, environment,
        t0, t1, t2, t3, t4, satellite,
    )  # fmt: skip
    hot, on = limited(
        min(after_power, hot), min(duty_power, on), busy, up, bus, charge, generated, environment,
        t0, t1, t2, t3, t4, satellite,
    )  # fmt: skip
    return edge_end, lit, generated, environment, after_power, min(after_power, hot), min(duty_power, on)


@kernel
def record(work: Floats, moment: int, kept_lane: Ints, capacity_j: float, kept: Floats) -> None:
    """Copy the recorded lanes of a step to kept[moment, row, slot]."""
    for j in range(kept_lane.size):
        i = kept_lane[j]
        kept[moment, K_X, j], kept[moment, K_Y, j], kept[moment, K_Z, j] = work[IN_X, i], work[IN_Y, i], work[IN_Z, i]
        kept[moment, K_STATE, j] = work[NOW_STATE, i]
        kept[moment, K_LIT, j] = work[NOW_LIT, i]
        kept[moment, K_USEFUL, j] = work[NOW + F_USEFUL, i] / PER_SHARE
        kept[moment, K_GENERATED, j] = work[NOW + F_GENERATED, i] / PER_W
        kept[moment, K_SERVED, j] = work[NOW + F_SERVED, i] / PER_W
        kept[moment, K_CHARGE, j] = work[CHARGE_J, i] / capacity_j
        kept[moment, K_JUNCTION, j] = work[JUNCTION_K, i]
        kept[moment, K_RADIATOR, j] = work[RADIATOR_K, i]


Loop = Callable[..., None]


@cache
def tile_loop(width: int) -> Loop:
    """The loop compiled for tiles of `width` lanes; see `run_block` inside for its arguments."""

    @kernel
    def run_block(
        r_m: Floats,
        sun_m: Floats,
        flux_w_m2: Floats,
        told: Floats,
        satellite: SatelliteParams,
        carry: Floats,
        real: int,
        fleet: Ints,
        hottest_k: Floats,
        lowest_j: Floats,
        first_step: int,
        stride: int,
        kept_lane: Ints,
        kept: Floats,
    ) -> None:
        """Advance a tile by r_m.shape[0] steps.

        r_m[step, 3, lane] [m] at the end of each step; sun_m[step, 3] [m] and flux_w_m2[step] there too;
        told[row, step or 1, lane] what satellites are told (the rows of TOLD_ROWS); carry[row, lane] goes
        on; `real` lanes count, the rest pad. fleet[step, column] is added to, hottest_k[step] raised, lowest_j[step]
        lowered. Lane kept_lane[j] goes to kept[moment, :, j] after every stride-th step, counted from the epoch by
        first_step.
        """
        work = np.empty((WORK_ROWS, width))
        for item in range(CARRY_ROWS):
            for i in range(width):
                work[item, i] = carry[item, i]
        compute, battery, stepper = satellite.compute, satellite.battery, satellite.stepper
        dt_s = stepper.dt_s
        told_steps = told.shape[1]
        for k in range(r_m.shape[0]):
            row = k if told_steps > 1 else 0
            for i in range(width):
                work[IN_X, i], work[IN_Y, i], work[IN_Z, i] = r_m[k, 0, i], r_m[k, 1, i], r_m[k, 2, i]
            for item in range(TOLD_ROWS):
                for i in range(width):
                    work[IN_ALIVE + item, i] = told[item, row, i]
            sun_x, sun_y, sun_z, flux = sun_m[k, 0], sun_m[k, 1], sun_m[k, 2], flux_w_m2[k]
            for i in range(width):
                x1, y1, z1 = work[IN_X, i], work[IN_Y, i], work[IN_Z, i]
                up, allowed, busy = work[IN_ALIVE, i], work[IN_CAP, i], work[IN_BUSY, i]
                charge, edge_start = work[CHARGE_J, i], work[EDGE_NOW, i]
                t0, t1, t2 = work[JUNCTION_K, i], work[HBM_K, i], work[PLATE_K, i]
                t3, t4 = work[LOOP_K, i], work[RADIATOR_K, i]
                # --- limits: what shadow, battery and the hottest node allow until the end of the step
                edge_end, lit, generated, environment, after_power, limit, duty = offered(
                    work[X_M, i], work[Y_M, i], work[Z_M, i], x1, y1, z1, work[EDGE_BEFORE, i], edge_start,
                    sun_x, sun_y, sun_z, flux, up, allowed, busy, charge, t0, t1, t2, t3, t4, satellite,
                )  # fmt: skip
                # --- the job's pace can only lower the rate
                rate = min(limit, work[IN_PACE, i])
                # --- attribution: each cause takes from what those before it left
                failed = 1.0 - up * allowed
                wanted, done_new = up * work[IN_WANTED, i], up * rate * work[IN_FRUITFUL, i]
                lost_power = wanted * (allowed - after_power)
                lost_thermal = wanted * (after_power - limit)
                lost_kernel = done_new * (1.0 - compute.kernel_efficiency)
                useful = done_new * compute.kernel_efficiency
                # --- integrate battery and temperatures with the rate that was run
                chip, plate, loop, load = heats(
                    rate, duty, busy * work[IN_RUNNING, i], up, satellite.bus_w * up, compute
                )
                charge, loss, shunted, unserved = battery_step(charge, generated, load, dt_s, battery)
                loop = loop - unserved + loss
                t0, t1, t2, t3, t4, radiated = thermal_step(t0, t1, t2, t3, t4, chip, plate, loop, environment, stepper)
                dark_run = work[DARK_RUN_S, i] + (1.0 - lit) * dt_s if lit < 1.0 - 1e-9 else 0.0
                work[X_M, i], work[Y_M, i], work[Z_M, i] = x1, y1, z1
                work[EDGE_BEFORE, i], work[EDGE_NOW, i] = edge_start, edge_end
                work[CHARGE_J, i], work[DARK_RUN_S, i] = charge, dark_run
                work[JUNCTION_K, i], work[HBM_K, i], work[PLATE_K, i] = t0, t1, t2
                work[LOOP_K, i], work[RADIATOR_K, i] = t3, t4
                # --- ledger: every row on its own
                work[FAILED, i] += failed * dt_s
                work[POWER, i] += lost_power * dt_s
                work[THERMAL, i] += lost_thermal * dt_s
                work[KERNEL, i] += lost_kernel * dt_s
                work[USEFUL, i] += useful * dt_s
                # --- energy: every term on its own
                work[GENERATED_J, i] += generated * dt_s
                work[SHUNTED_J, i] += shunted * dt_s
                work[SERVED_J, i] += (load - unserved) * dt_s
                work[BATTERY_LOSS_J, i] += loss * dt_s
                work[UNSERVED_J, i] += unserved * dt_s
                work[HEAT_J, i] += (chip + plate + loop) * dt_s
                work[ENVIRONMENT_J, i] += environment * dt_s
                work[RADIATED_J, i] += radiated * dt_s
                # --- what planners ask for
                work[SHADE_S, i] += (1.0 - lit) * dt_s
                work[THROTTLED_S, i] += up * dt_s if lost_thermal > ROUNDING else 0.0
                work[WORKING_S, i] += up * dt_s
                work[RADIATOR_KS, i] += up * t4 * dt_s
                work[LONGEST_DARK_S, i] = max(work[LONGEST_DARK_S, i], dark_run)
                work[LOWEST_CHARGE_J, i] = min(work[LOWEST_CHARGE_J, i], charge if up > 0.0 else 1e300)
                work[HOTTEST_JUNCTION_K, i] = max(work[HOTTEST_JUNCTION_K, i], t0 if up > 0.0 else 0.0)
                # --- what the fleet's sums and the recorder read
                work[NOW + F_FAILED, i] = failed * PER_SHARE
                work[NOW + F_POWER, i] = lost_power * PER_SHARE
                work[NOW + F_THERMAL, i] = lost_thermal * PER_SHARE
                work[NOW + F_KERNEL, i] = lost_kernel * PER_SHARE
                work[NOW + F_USEFUL, i] = useful * PER_SHARE
                work[NOW + F_GENERATED, i] = generated * PER_W
                work[NOW + F_SHUNTED, i] = shunted * PER_W
                work[NOW + F_SERVED, i] = (load - unserved) * PER_W
                work[NOW + F_STORED, i] = charge * PER_J
                work[NOW + F_LIT, i] = lit * PER_SHARE
                work[NOW + F_ENVIRONMENT, i] = environment * PER_W
                work[NOW + F_RADIATED, i] = radiated * PER_W
                work[NOW + F_JUNCTION, i] = up * t0 * PER_K
                work[NOW + F_RADIATOR, i] = up * t4 * PER_K
                work[NOW + F_WORKING, i] = up * PER_SHARE
                work[NOW_LIT, i] = lit
                shade = S_ECLIPSE if lit < 0.5 else S_SUNLIT
                short = S_POWER if lost_power > ROUNDING else shade
                warm = S_THERMAL if lost_thermal > ROUNDING else short
                work[NOW_STATE, i] = S_FAILED if up < 0.5 else warm
            # --- the fleet's step, in integers
            for item in range(FLEET_ROWS):
                total = np.int64(0)
                for i in range(real):
                    total += np.int64(work[NOW + item, i] + 0.5)
                fleet[k, item] += total
            hottest, lowest = hottest_k[k], lowest_j[k]
            for i in range(real):
                works = work[IN_ALIVE, i] > 0.0
                hottest = max(hottest, work[JUNCTION_K, i] if works else 0.0)
                lowest = min(lowest, work[CHARGE_J, i] if works else 1e300)
            hottest_k[k], lowest_j[k] = hottest, lowest
            # --- the recorder's sample
            done = first_step + k + 1
            if done % stride == 0:
                record(work, done // stride - 1, kept_lane, battery.capacity_j, kept)
        for item in range(CARRY_ROWS):
            for i in range(width):
                carry[item, i] = work[item, i]

    return run_block


@cache
def tile_limits(width: int) -> Loop:
    """`offered` for a tile of `width` lanes: what satellites may do in the step ahead, without taking it."""

    @kernel
    def limits_ahead(
        r_m: Floats,
        sun_m: Floats,
        flux_w_m2: float,
        told: Floats,
        satellite: SatelliteParams,
        carry: Floats,
        limits: Floats,
    ) -> None:
        """r_m[3, lane] [m] and sun_m[3] [m] at the end of the step; told[row, lane]; limits[row, lane] is written."""
        work = np.empty((WORK_ROWS, width))
        for item in range(CARRY_ROWS):
            for i in range(width):
                work[item, i] = carry[item, i]
        for i in range(width):
            work[IN_X, i], work[IN_Y, i], work[IN_Z, i] = r_m[0, i], r_m[1, i], r_m[2, i]
        for item in range(TOLD_ROWS):
            for i in range(width):
                work[IN_ALIVE + item, i] = told[item, i]
        sun_x, sun_y, sun_z = sun_m[0], sun_m[1], sun_m[2]
        for i in range(width):
            _, _, _, _, after_power, rate, _ = offered(
                work[X_M, i], work[Y_M, i], work[Z_M, i], work[IN_X, i], work[IN_Y, i], work[IN_Z, i],
                work[EDGE_BEFORE, i], work[EDGE_NOW, i], sun_x, sun_y, sun_z, flux_w_m2,
                work[IN_ALIVE, i], work[IN_CAP, i], work[IN_BUSY, i], work[CHARGE_J, i], work[JUNCTION_K, i],
                work[HBM_K, i], work[PLATE_K, i], work[LOOP_K, i], work[RADIATOR_K, i], satellite,
            )  # fmt: skip
            work[NOW, i], work[NOW + 1, i] = after_power, rate
        for i in range(width):
            limits[LIMIT_ALLOWED, i] = work[IN_CAP, i]
            limits[LIMIT_POWER, i], limits[LIMIT_RATE, i] = work[NOW, i], work[NOW + 1, i]

    return limits_ahead
