"""From the section of a sensing workload to what its satellites do, in SI units and whole bytes."""

from __future__ import annotations

import math

from sim.config import schema
from sim.config.workload_params import Carrier
from sim.workload.data_transfer import Rules
from sim.workload.jobs import Plan
from sim.workload.sensing import Condition


def sensing_plan(job: schema.Sensing, carrier: Carrier | None, link_byte_s: float) -> Plan:
    """What the satellites of a sensing workload do.

    Parameters
    ----------
    job : schema.Sensing
        Validated section of the scenario.
    carrier : Carrier or None
        Satellite whose accelerators process; None without processing.
    link_byte_s : float
        Rate of an antenna to its satellite [B/s].

    Returns
    -------
    Plan
        Sizes, rates and policies.
    """
    sensor, work = job.sensor, job.processing
    condition = Condition(
        sin_sun=-2.0 if sensor.when == "always" else math.sin(sensor.sun_elevation), sin_latitude=math.sin(sensor.max_latitude)
    )
    rules = Rules(
        image_bytes=round(sensor.image), result_bytes=0 if work is None or work.result is None else max(1, round(work.result)),
        storage_bytes=math.floor(job.storage), images_per_s=sensor.rate, send_byte_s=link_byte_s,
        upload_byte_s=0.0 if job.upload is None else job.upload.rate / 8.0, upload_bytes=0.0 if job.upload is None else job.upload.size,
        setup_s=job.setup, antennas=int(job.antennas), processed=work is not None, keep=1.0 if work is None else work.kept,
        newest_first=job.order == "newest", drop_oldest=job.full == "drop_oldest", policy=job.assignment, repeat=job.cut == "repeat",
    )  # fmt: skip
    if work is None or carrier is None:
        return Plan(rules, condition)
    efficiency = carrier.accelerator.kernel_efficiency
    flops_per_s = carrier.accelerators * carrier.accelerator.peak[work.precision] * efficiency
    return Plan(rules, condition, work.mode, flops_per_s / work.flops, efficiency)
