"""Data born in orbit: images of an Earth observation fleet that reach the ground, and an upload through the contacts of a CubeSat."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

from sim.verify.case import Case, Failed

IMAGES_PER_DAY, SATELLITES = 363_563, 207
ARRIVED = {"300 MB": 42_384, "100 MB": 111_737}  # within a day, of the images captured in it [orbitalbrain2026]
RELATIVE = 0.05

UPLOAD_BYTES, UPLOAD_BIT_S = 0.96e9, 200e3  # [xu2024]
# 4 to 6 contacts of 10 min a day are published: 38,400 s of contact take 16.0 to 10.7 days
CONTACTS_PER_DAY, SPREAD = 5.0, 1.0
SLOWEST_D, FASTEST_D = (8.0 * UPLOAD_BYTES / UPLOAD_BIT_S / (600.0 * n) for n in (4.0, 6.0))
GROUND = (
    "{min_elevation: 0 deg, link_rate: 1 Mbit/s, stations: [{name: Beijing, latitude: 39.96 deg, longitude: 116.36 deg}]}"  # the university's town
)
UPLOAD = (
    "[{kind: sensing, sensor: {image: 5 MB, rate: 10 1/d, when: daylight}, storage: 64 GB, upload: {size: 0.96 GB, rate: 200 kbit/s}}]"
)


def cases() -> list[Case | Failed]:
    """Cases of data born in orbit.

    Returns
    -------
    list of Case or Failed
        The cases.
    """
    published = (
        "[orbitalbrain2026]; satellites and stations [cosmicbeats], mean rate [devaraj2017]: nothing is fitted; antennas and their assignment are "
        "assumptions"
    )
    of_images: list[Case | Failed] = [
        Case(f"207 satellites, 12 stations: images of {size} that reach the ground within a day", partial(_share, size),
             100.0 * n / IMAGES_PER_DAY, RELATIVE * 100.0 * n / IMAGES_PER_DAY, "%", published)
        for size, n in ARRIVED.items()
    ]  # fmt: skip
    flown = "4 to 6 contacts of 10 min a day [xu2024]; one station at the university with a free horizon is assumed"
    return [
        Case("207 satellites: images captured in a day", _captured, IMAGES_PER_DAY, SATELLITES, "1", "[orbitalbrain2026]; one image a satellite"),
        *of_images,
        Case("BUPT-1: contacts a day", _contacts_per_day, CONTACTS_PER_DAY, SPREAD, "1/d", flown),
        Case("BUPT-1: 0.96 GB of weights at 200 kbit/s are aboard", _upload_d, 0.5 * (SLOWEST_D + FASTEST_D), 0.5 * (SLOWEST_D - FASTEST_D), "d",
             flown),
        Case("BUPT-1: contact until then", _contact_h, 8.0 * UPLOAD_BYTES / UPLOAD_BIT_S / 3600.0, 1.0 / 3600.0, "h", "size over rate, to a second"),
    ]  # fmt: skip


@cache
def _fleet(size: str) -> dict[str, Any]:
    """The sensing workload of the shipped scenario with images of a size."""
    from sim import api

    found = api.run(api.load("earth_observation", set=[f'workloads.0.sensor.image="{size}"', "recorder.satellites=0"]))
    return dict(found.summary["workloads"][0])


def _share(size: str) -> float:
    return 100.0 * float(_fleet(size)["share_to_ground"])


def _captured() -> float:
    return float(_fleet("300 MB")["images_per_day"])


@cache
def _cubesat(duration: str = "20 d") -> dict[str, Any]:
    """The sensing workload of BUPT-1 with an upload; contacts are exact, whatever the step."""
    from sim import api

    sets = [f"duration={duration}", "step=5 min", "recorder.satellites=0", f"ground={GROUND}", f"workloads={UPLOAD}"]
    return dict(api.run(api.load("bupt_1", set=sets)).summary["workloads"][0])


def _contacts_per_day() -> float:
    return float(_cubesat()["stations"]["Beijing"]["contacts"]) / 20.0


def _upload_d() -> float:
    return float(_cubesat()["upload"]["p50_s"]) / 86400.0


def _contact_h() -> float:
    """Sum of the access windows until the upload ends."""
    from sim import api
    from sim.engine.access import find_passes

    done_s = float(_cubesat()["upload"]["p50_s"])
    windows = find_passes(api.load("bupt_1", set=["duration=20 d", "step=5 min", f"ground={GROUND}"])).windows
    return float(sum(max(0.0, min(b, done_s) - a) for a, b in zip(windows.rise_s.tolist(), windows.set_s.tolist(), strict=True))) / 3600.0
