"""Volumes of data that jobs need from the ground before they start, and send to it while they run."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from sim.config.quantity import Quantity
from sim.config.schema.base import Section

Volume = Annotated[float, Quantity("B", above=0.0, most=1e21, example="15 TB")]


class Ingest(Section):
    """Data and weights that must be aboard before a job starts, or a service serves."""

    size: Volume = Field(description="Size of all that one job, or the service, needs; islands and replicas of a job share it")


class Deliver(Section):
    """Results or checkpoints that a job sends down while it goes on."""

    size: Volume = Field(description="Size of what is sent each time")
    interval: Annotated[float, Quantity("s", least=1.0, example="1 h")] | None = Field(
        default=None, description="Running time of the job from one time to the next; null: once, when training has taken all its tokens"
    )
