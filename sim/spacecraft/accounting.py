"""The satellite's own rows of the ledger: each cause takes what it removes from what those before it left."""

from __future__ import annotations

from typing import Any, NamedTuple

from orbit.kernels.compile import inlined
from sim.schema import STATES, FleetSeries, SatelliteSeries, Total, Variable
from sim.spacecraft.submodel import Setup, Submodel

S_FAILED, S_THERMAL, S_POWER, S_ECLIPSE, S_SUNLIT = (float(i) for i in range(5))  # indices into sim.schema.STATES
ROUNDING = 1e-12  # a loss below this share is none


class Accounting(NamedTuple):
    """Arithmetic rate within a step over dense peak."""

    kernel_efficiency: float


class Shares(NamedTuple):
    """Results of `advance`: shares of the step, and the state shown by the views."""

    failed: float
    maintenance: float
    power: float
    thermal: float
    kernel: float
    useful: float
    throttled: float
    condition: float


def parameters(setup: Setup) -> Accounting:
    """Kernel efficiency of the satellite's accelerator.

    Parameters
    ----------
    setup : Setup
        Sections of the scenario, and the length of a step.

    Returns
    -------
    Accounting
        Parameters.
    """
    return Accounting(setup.satellite.accelerator.kernel_efficiency)


@inlined
def advance(inputs: Any, illumination: Any, limit: Any, run: Any, p: Accounting) -> Shares:
    """Shares of the step by cause, each accumulated on its own.

    Parameters
    ----------
    inputs : Inputs
        Inputs of the step.
    illumination : Illumination
        Sunlight and directions in the step.
    limit : Limit
        Limits on clock rate and powered share.
    run : Run
        Clock rate and shares that are run.
    p : Accounting
        Parameters of the submodel.

    Returns
    -------
    Shares
        Shares, 0 to 1, and the state over the step.
    """
    up, cap = inputs.available, inputs.rate_cap
    lost = 1.0 - up * cap
    maintenance = min(1.0 - inputs.operational, lost)
    failed = lost - maintenance
    requested, done_new = up * inputs.requested, up * run.rate * inputs.productive
    power = requested * (cap - limit.rate_power)
    thermal = requested * (limit.rate_power - limit.rate_limit)
    kernel = done_new * (1.0 - p.kernel_efficiency)
    useful = done_new * p.kernel_efficiency
    shade = S_ECLIPSE if illumination.lit_fraction < 0.5 else S_SUNLIT
    short = S_POWER if power > ROUNDING else shade
    warm = S_THERMAL if thermal > ROUNDING else short
    return Shares(
        failed=failed, maintenance=maintenance, power=power, thermal=thermal, kernel=kernel, useful=useful,
        throttled=up if thermal > ROUNDING else 0.0, condition=S_FAILED if up < 0.5 else warm,
    )  # fmt: skip


def _row(cause: str, meaning: str) -> Variable:
    """A row of the ledger: share of the step, seconds of the whole satellite over the run."""
    recorded = (
        (SatelliteSeries("sat_useful_fraction", "useful share of nameplate, mean over the step, before any rollback"),)
        if cause == "useful"
        else ()
    )
    return Variable(
        cause, "1", meaning, "flux", 0.0, 1.0, totals=(Total(f"{cause}_s", "s", meaning, "integral"),),
        fleet=(FleetSeries("", "sum", meaning),), recorded=recorded, cause=cause,
    )  # fmt: skip


MODEL = Submodel(
    name="accounting",
    section="satellite.accelerator",
    parameters=parameters,
    advance=advance,
    reads=(
        "inputs.available", "inputs.rate_cap", "inputs.operational", "inputs.requested", "inputs.productive", "illumination.lit_fraction",
        "limit.rate_power", "limit.rate_limit", "run.rate",
    ),
    writes=(
        _row("failed", "share of nameplate lost to failures and deratings"),
        _row("maintenance", "share of nameplate that healthy satellites lose to manoeuvres, commissioning and safe mode"),
        _row("power", "share of nameplate lost to the power that array and battery can give"),
        _row("thermal", "share of nameplate lost to the limits of junction and memory"),
        _row("kernel", "share of nameplate lost to arithmetic below peak"),
        _row("useful", "share of nameplate that is useful at once"),
        Variable(
            "throttled", "1", "share of the step in which heat lowers the rate", "flux", 0.0, 1.0,
            totals=(
                Total(
                    "throttled_s", "s", "time in which heat lowered the rate", "integral",
                    "thermal.throttled_fraction", "available time",
                ),
            ),
        ),
        Variable(
            "condition", "1", "state over the step, an index into: " + ", ".join(STATES), "flux", 0.0, 4.0,
            recorded=(SatelliteSeries("state", "state over the step, an index into: " + ", ".join(STATES), "uint8"),),
        ),
    ),
    references=("fortescue2011:ch. 11",),
)  # fmt: skip
