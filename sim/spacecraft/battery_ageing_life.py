"""Life of lithium-ion cells: capacity lost to time and to cycles, and growth of the resistance, by chemistry.

Formulas and coefficients are those of BLAST-Lite [blast-lite], for the cells that its authors had test data of:

- NCA: Panasonic NCR18650B; storage by Keil et al. (2016), cycles by Preger et al. (2020).
- LFP: a prismatic cell of 250 Ah; Gasper et al. (2023).
- NMC: Kokam 75 Ah; Smith et al. (2017), with loss of active material and resistance.

Loss by time is k t^p, with k by temperature and charge; loss by use is k n^p over n full equivalent cycles, with k by depth,
rate and temperature. Under changing conditions the loss goes on from where it is at the present k. The text of this file is
our own; the licence of the program is in BLAST-LITE.txt beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
DAY_S, YEAR_D = 86400.0, 365.25


class Wear(NamedTuple):
    """Loss of active material, which ends the life at once, and growth of the resistance."""

    cycles: float  # scale of the cycles after which it sets in
    cycles_per_k: float  # its change with temperature, depth and charge
    power: float
    margin: float  # material beyond that which the capacity needs
    storage: float  # growth of resistance over loss by time, and powers of both
    storage_power: float
    cycling: float
    cycling_power: float
    offset: float  # resistance by active material m: offset + share / m
    share: float


class Life(NamedTuple):
    """Coefficients of a life model; temperatures in K, time in days, use in full equivalent cycles.

    Rate by time: storage exp((storage_k + storage_soc s + storage_anode Ua(s)) / T), with the potential Ua of the anode.
    Rate by use: (base + by_rate c + by_depth d) exp(steep exp(d^2)) exp(cycle_k / T) at depth d and C-rate c.
    """

    storage: float
    storage_k: float
    storage_soc: float
    storage_anode: float
    storage_power: float
    base: float
    by_rate: float
    by_depth: float
    steep: float
    cycle_k: float
    cycle_power: float
    wear: Wear | None = None


_REFERENCE_K, _ANODE_V = 308.15, 0.123  # scales of the formulas of the Kokam cell

LIVES = {
    # its factor exp(3e-11 / T) + exp(-3e-9 / T) is 2
    "nca-panasonic-18650": Life(
        75.4, -3340.0, 353.0, 0.0, 0.512, 2.0 * 1.86e-6, 2.0 * 4.74e-11, 2.0 * 0.000177, 0.0, 0.0, 0.699
    ),
    # its second factor exp(-155000 / T) is 0 below 1000 K
    "lfp-prismatic-250ah": Life(
        8.37e4, -5210.0, 0.0, -3560.0, 0.526, 4.38e-8, 1.68e-7, 1.55e-8, 0.0, 2190.0, 0.828
    ),
    "nmc-kokam-75ah": Life(
        2.66e7, -17.8 * _REFERENCE_K, 0.0, -5.21 * _REFERENCE_K / _ANODE_V, 0.357, 3.80e3, 0.0, 0.0, 1.04, -18.4 * _REFERENCE_K, 0.778,
        Wear(1e4, 153.0, 10.0, 1.01, 0.0570, 1.25, 4.87, 0.712, -0.08, 1.09),
    ),
}  # fmt: skip


class Stress(NamedTuple):
    """What a battery went through in an interval: scalars, or one value a battery.

    Rates by time and by temperature are means over the interval.
    """

    days: Any
    cycles: Any  # full equivalent cycles, over the capacity of a new battery
    storage_rate: Any  # `storage_rate`
    cycle_factor: Any  # `cycle_factor`
    temperature_k: Any
    charge: Any  # state of charge
    depth: Any
    c_rate: Any  # mean over time, resting included [1/h]


class Fade(NamedTuple):
    """Losses of capacity and growth of resistance so far, as shares of the new values."""

    storage: Any = 0.0
    cycling: Any = 0.0
    material: Any = 1e-8
    storage_resistance: Any = 0.0
    cycling_resistance: Any = 0.0


def anode_potential_v(charge: Any) -> Any:
    """Potential of a graphite anode against lithium.

    Parameters
    ----------
    charge : array_like
        State of charge of the cell, 0 to 1.

    Returns
    -------
    ndarray or float
        Potential [V].

    References
    ----------
    Safari and Delacourt (2011), as BLAST-Lite has it [blast-lite].
    """
    x = 8.5e-3 + np.asarray(charge) * (0.78 - 8.5e-3)
    return (
        0.6379 + 0.5416 * np.exp(-305.5309 * x) - 0.044 * np.tanh((x - 0.1958) / 0.1088) - 0.1978 * np.tanh((x - 1.0571) / 0.0854)
        - 0.6875 * np.tanh((x + 0.0117) / 0.0529) - 0.0175 * np.tanh((x - 0.5692) / 0.0875)
    )  # fmt: skip


def storage_exponent_k(life: Life, charge: Any) -> Any:
    """What stands over the temperature in the rate by time.

    Parameters
    ----------
    life : Life
        Coefficients.
    charge : array_like
        State of charge.

    Returns
    -------
    ndarray
        Exponent times temperature [K].
    """
    anode = life.storage_anode * anode_potential_v(charge) if life.storage_anode else 0.0
    return life.storage_k + life.storage_soc * np.asarray(charge) + anode


def storage_rate(life: Life, temperature_k: Any, charge: Any) -> Any:
    """Coefficient of the loss by time.

    Parameters
    ----------
    life : Life
        Coefficients.
    temperature_k, charge : array_like
        Temperature [K] and state of charge.

    Returns
    -------
    ndarray
        Loss after one day.
    """
    return life.storage * np.exp(storage_exponent_k(life, charge) / temperature_k)


def cycle_factor(life: Life, temperature_k: Any) -> Any:
    """Factor of the temperature on the loss by use.

    Parameters
    ----------
    life : Life
        Coefficients.
    temperature_k : array_like
        Temperature [K].

    Returns
    -------
    ndarray
        The factor.
    """
    return np.exp(life.cycle_k / np.asarray(temperature_k))


def cycle_rate(life: Life, stress: Stress) -> Any:
    """Coefficient of the loss by use.

    Parameters
    ----------
    life : Life
        Coefficients.
    stress : Stress
        Depth, rate and factor of the temperature.

    Returns
    -------
    ndarray
        Loss after one full equivalent cycle.
    """
    depth = np.asarray(stress.depth)
    return (life.base + life.by_rate * stress.c_rate + life.by_depth * depth) * np.exp(life.steep * np.exp(depth**2)) * stress.cycle_factor


def material_cycles(life: Life, stress: Stress) -> Any:
    """Scale of the cycles after which active material is lost.

    Parameters
    ----------
    life : Life
        Coefficients, with `wear`.
    stress : Stress
        Mean temperature and charge, depth.

    Returns
    -------
    ndarray
        Full equivalent cycles.
    """
    wear = life.wear
    assert wear is not None
    return wear.cycles + wear.cycles_per_k * (stress.temperature_k - 273.15 - 55.0) * stress.depth * (stress.charge / 0.6)


def _more(loss: Any, dx: Any, k: Any, p: float) -> Any:
    """Increment of k x^p over dx, from a loss that need not be on that curve: an Euler step on its slope there."""
    loss, k = np.asarray(loss, dtype=float), np.asarray(k, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        on = k * p * (loss / k) ** ((p - 1.0) / p) * dx
    return np.where(np.asarray(dx) > 0.0, np.where(loss > 0.0, on, k * np.asarray(dx, dtype=float) ** p), 0.0)


def _more_material(loss: Any, dx: Any, cycles: Any, p: float) -> Any:
    """Increment of 2 (1/2 - 1 / (1 + exp((x / cycles)^p))) over dx: an Euler step."""
    x = cycles * np.log(-2.0 / (np.asarray(loss) - 1.0) - 1.0) ** (1.0 / p)
    z = (x / cycles) ** p
    return 2.0 * p * np.exp(z) * z / (x * (np.exp(z) + 1.0) ** 2) * dx


def after(life: Life, fade: Fade, stress: Stress) -> Fade:
    """State of a battery after an interval.

    Parameters
    ----------
    life : Life
        Coefficients.
    fade : Fade
        State before it.
    stress : Stress
        The interval.

    Returns
    -------
    Fade
        State after it.
    """
    k = cycle_rate(life, stress)
    wear = life.wear
    found = fade._replace(
        storage=fade.storage + _more(fade.storage, stress.days, stress.storage_rate, life.storage_power),
        cycling=fade.cycling + _more(fade.cycling, stress.cycles, k, life.cycle_power),
    )
    if wear is None:
        return found
    return found._replace(
        material=fade.material + _more_material(fade.material, stress.cycles, material_cycles(life, stress), wear.power),
        storage_resistance=fade.storage_resistance
        + _more(fade.storage_resistance, stress.days, wear.storage * stress.storage_rate, wear.storage_power),
        cycling_resistance=fade.cycling_resistance + _more(fade.cycling_resistance, stress.cycles, wear.cycling * k, wear.cycling_power),
    )


def capacity(life: Life, fade: Fade) -> Any:
    """Capacity over that of a new battery: lithium or active material, whichever is less.

    Parameters
    ----------
    life : Life
        Coefficients.
    fade : Fade
        State.

    Returns
    -------
    ndarray or float
        Share of the new capacity.
    """
    lithium = 1.0 - fade.storage - fade.cycling
    return lithium if life.wear is None else np.minimum(lithium, life.wear.margin - fade.material)


def resistance(life: Life, fade: Fade) -> Any:
    """Resistance over that of a new battery; 1 for a model without it.

    Parameters
    ----------
    life : Life
        Coefficients.
    fade : Fade
        State.

    Returns
    -------
    ndarray or float
        Factor on the new resistance.
    """
    if life.wear is None:
        return 1.0
    film = 1.0 + fade.storage_resistance + fade.cycling_resistance
    return np.maximum(film, life.wear.offset + life.wear.share / (life.wear.margin - fade.material))


def under(life: Life, stress: Stress, days: Any) -> Fade:
    """State of a new battery after days of one and the same use: the curves themselves.

    Parameters
    ----------
    life : Life
        Coefficients.
    stress : Stress
        Use of `stress.days` days; it goes on as it is.
    days : array_like
        Time [d].

    Returns
    -------
    Fade
        State.
    """
    days = np.asarray(days, dtype=float)
    found, wear = _losses(life, stress)(days), life.wear
    if wear is None:
        return found
    cycles = days * (stress.cycles / stress.days)
    return found._replace(
        storage_resistance=wear.storage * stress.storage_rate * days**wear.storage_power,
        cycling_resistance=wear.cycling * cycle_rate(life, stress) * cycles**wear.cycling_power,
    )


def _losses(life: Life, stress: Stress) -> Callable[[Any], Fade]:
    """Losses of capacity of a new battery after days of one and the same use; what does not depend on the days is computed once."""
    k, cycles_per_day, wear = cycle_rate(life, stress), stress.cycles / stress.days, life.wear
    scale = None if wear is None else material_cycles(life, stress)

    def after_days(days: Any) -> Fade:
        cycles = days * cycles_per_day
        found = Fade(stress.storage_rate * days**life.storage_power, k * cycles**life.cycle_power, np.zeros_like(cycles))
        if wear is None:
            return found
        # exp(700) is the largest that a float holds; the loss is 1 long before
        grown = np.minimum((cycles / scale) ** wear.power, 700.0)
        return found._replace(material=2.0 * (0.5 - 1.0 / (1.0 + np.exp(grown))))

    return after_days


DESIGN_K = 293.15  # of cells over the years before the epoch


def design_use(b: Any) -> Stress:
    """Use for which a battery is designed, over a year: cycles to the largest depth, back to full after each.

    Parameters
    ----------
    b : Battery
        Section `satellite.power.battery` of the scenario.

    Returns
    -------
    Stress
        A year of it.
    """
    life, charge = LIVES[b.chemistry.ageing], 1.0 - 0.5 * b.max_depth * (b.cycles_per_year > 0.0)
    return Stress(
        days=YEAR_D, cycles=b.cycles_per_year * b.max_depth, storage_rate=storage_rate(life, DESIGN_K, charge),
        cycle_factor=cycle_factor(life, DESIGN_K), temperature_k=DESIGN_K, charge=charge, depth=b.max_depth,
        c_rate=2.0 * b.cycles_per_year * b.max_depth / (YEAR_D * 24.0),
    )  # fmt: skip


def at_age(b: Any, age_s: float) -> tuple[float, float]:
    """Capacity and resistance of a battery after years of the use for which it is designed.

    Parameters
    ----------
    b : Battery
        Section `satellite.power.battery` of the scenario.
    age_s : float
        Age [s].

    Returns
    -------
    capacity : float
        Share of that of a new battery, at least 0.01.
    resistance : float
        Factor on that of a new battery.
    """
    life = LIVES[b.chemistry.ageing]
    if age_s <= 0.0:
        return 1.0, 1.0
    fade = under(life, design_use(b), age_s / DAY_S)
    return max(0.01, float(capacity(life, fade))), float(resistance(life, fade))


MOST_YEARS = 100.0  # lives beyond it count as this


def life_years(life: Life, stress: Stress, end: Any) -> Any:
    """Time until the capacity has fallen to that of the end of life, under the same use.

    Parameters
    ----------
    life : Life
        Coefficients.
    stress : Stress
        Use of `stress.days` days.
    end : array_like
        Capacity at the end of life, as a share of that of a new battery.

    Returns
    -------
    ndarray
        Years, `MOST_YEARS` at most.
    """
    shape, losses = np.broadcast_shapes(*(np.shape(x) for x in (*stress, end))), _losses(life, stress)
    low, high = np.zeros(shape), np.full(shape, MOST_YEARS)
    for _ in range(40):
        middle = 0.5 * (low + high)
        left = capacity(life, losses(middle * YEAR_D)) > end
        low, high = np.where(left, middle, low), np.where(left, high, middle)
    return high


def over_series(time_s: Array, charge: Array, temperature_k: Array, life: Life, health: float = 1.0) -> Stress:
    """Stress of an interval, from a series of states.

    Parameters
    ----------
    time_s, charge, temperature_k : ndarray, shape (n,)
        Times [s], states of charge and temperatures [K].
    life : Life
        Coefficients.
    health : float
        Capacity over that of a new battery, to which the states of charge refer.

    Returns
    -------
    Stress
        As BLAST-Lite extracts it: depth from the lowest to the highest charge, rates below 0.01 an hour left out.
    """
    lasting_s, hours = time_s[-1] - time_s[0], np.diff(time_s) / 3600.0
    rates = np.abs(np.diff(charge)) / hours
    rates[rates < 1e-2] = 0.0
    return Stress(
        days=lasting_s / DAY_S,
        cycles=0.5 * health * float(np.sum(np.abs(np.diff(charge)))),
        storage_rate=np.trapezoid(storage_rate(life, temperature_k, charge), time_s) / lasting_s,
        cycle_factor=np.trapezoid(cycle_factor(life, temperature_k), time_s) / lasting_s,
        temperature_k=np.trapezoid(temperature_k, time_s) / lasting_s,
        charge=float(np.mean(charge)),
        depth=float(np.max(charge) - np.min(charge)),
        c_rate=health * float(np.trapezoid(rates, time_s[1:])) / lasting_s,
    )
