"""Workloads on data that are born in orbit: sensors, on-board processing, contacts with ground stations."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from sim.config.quantity import Count, Quantity
from sim.config.schema.base import FieldError, Fraction, Section, Span

Bytes = Annotated[float, Quantity("B", above=0.0, most=1e18, example="300 MB")]


class Sensor(Section):
    """A sensor that looks down: image after image at its rate, where and when it may."""

    image: Annotated[float, Quantity("B", least=1.0, most=1e18, example="300 MB")] = Field(description="Size of an image")
    rate: Annotated[float, Quantity("1/s", above=0.0, most=1e4, example="1756 1/d")] = Field(
        description="Images a second while it captures"
    )
    when: Literal["always", "daylight"] = Field(
        description="When it captures: always, or where the Sun at the sub-satellite point is above `sun_elevation`"
    )
    sun_elevation: Annotated[float, Quantity("rad", least=-1.5707963267948966, most=1.5707963267948966, example="10 deg")] = Field(
        default=0.0, description="Lowest elevation of the Sun at the sub-satellite point, with `when: daylight`"
    )
    max_latitude: Annotated[float, Quantity("rad", above=0.0, most=1.5707963267948966, example="70 deg")] = Field(
        default=1.5707963267948966, description="Largest geocentric latitude, north or south, of the sub-satellite point"
    )


class Processing(Section):
    """What accelerators do with images, one after the other, before anything is sent."""

    mode: Literal["filter", "inference", "training"] = Field(
        description="What is done with an image: filter, those without value are deleted; inference, a result is sent; training, a model learns "
        "from it where it is"
    )
    flops: Annotated[float, Quantity("1", above=0.0, example="2e12")] = Field(description="Arithmetic for one image [FLOP], of all passes over it")
    precision: str = Field(description="Arithmetic precision, a key of the accelerator's peak")
    keep: Fraction | None = Field(
        default=None, description="Share of the images that are sent down afterwards; without it, all with training, none with inference"
    )
    result: Bytes | None = Field(default=None, description="Size of the result of one image, which is sent before images; without it, there is none")

    @model_validator(mode="after")
    def _says_what_is_sent(self) -> Processing:
        if self.mode == "filter" and self.keep is None:
            raise FieldError("keep", "is missing, and mode filter deletes a share of the images; write keep: 0.4, the share that is sent")
        if self.mode == "inference" and self.result is None:
            raise FieldError("result", "is missing, and mode inference sends a result of each image; write result: 10 kB")
        return self

    @property
    def kept(self) -> float:
        """Share of the images that are sent down, 0 to 1."""
        return (1.0 if self.mode == "training" else 0.0) if self.keep is None else self.keep


class Upload(Section):
    """Weights that each satellite gets through its own contacts; processing waits for them."""

    size: Bytes = Field(description="Size of the weights")
    rate: Annotated[float, Quantity("bit/s", above=0.0, example="200 kbit/s")] = Field(description="Data rate up to a satellite during a contact")


class Sensing(Section):
    """Images are captured, stored, processed and sent down, contact by contact, on whole satellites."""

    kind: Literal["sensing"] = Field(description="Data born in orbit: images are captured, stored, processed and sent to ground stations")
    share: Fraction | None = Field(
        default=None, description="Share of the satellites, rounded down to whole ones; without it, all that other workloads leave"
    )
    sensor: Sensor = Field(description="The sensor of each satellite")
    storage: Bytes = Field(description="Storage of each satellite for images and results")
    full: Literal["drop_oldest", "drop_newest"] = Field(description="What is lost when the storage is full: the oldest image, or the newest one")
    processing: Processing | None = Field(default=None, description="On-board processing; without it, all images are sent as they are")
    upload: Upload | None = Field(default=None, description="Weights that are sent up first; without it, they are on board")
    antennas: Annotated[int, Count(most=1000)] = Field(
        description="Antennas of each ground station for this workload; each serves one satellite at a time, at ground.link_rate"
    )
    setup: Span = Field(description="Time of a contact until data flow: pointing, acquisition, lock")
    assignment: Literal["backlog", "first", "longest"] = Field(
        description="Whom a free antenna serves, of the satellites in view that have something to send: the one with the most bytes, the one that "
        "rose first, or the one that sets last; it holds the contact"
    )
    order: Literal["oldest", "newest"] = Field(description="Image that a satellite sends first; results always come before images")
    cut: Literal["resume", "repeat"] = Field(
        description="An image that the end of a contact cuts off: resume sends the rest in the next contact, repeat all of it"
    )

    @model_validator(mode="after")
    def _an_image_fits(self) -> Sensing:
        if self.storage < self.sensor.image:
            raise FieldError("storage", f"{self.storage:g} B hold no image of {self.sensor.image:g} B; write {self.sensor.image:g} B or more")
        return self
