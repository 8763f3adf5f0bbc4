"""The section `motion` of a scenario: which propagator moves what, and that they agree where they should."""

from __future__ import annotations

import numpy as np
import pytest

from orbit.numerical import Numerical
from orbit.propagation import CircularJ2, Formation
from orbit.sgp4 import Sgp4, of_circular, to_satrecs
from sim.config import scenario
from sim.engine import formations, propagators

SHORT = ("duration=6 h", "links=", "workloads=[{kind: independent}]", "economics=", "ground.stations=[]")


def _moved(name: str, motion: str, *more: str) -> tuple[object, np.ndarray]:
    """Propagator of the first entry, and positions of its first satellites at every step of six hours."""
    loaded = scenario.load(name, sets=(*SHORT, f"motion={motion}", *more))
    propagator = propagators.make_propagators(loaded, propagators.time_grid(loaded.scenario))[0]
    out = np.empty((361, 3, 8))
    propagator.fill(0, 8, 0, out)
    return propagator, out


SMALL = ("constellation.planes=6", "constellation.satellites_per_plane=4", "constellation.phasing=1")


def test_a_shell_by_altitude_moves_by_three_models() -> None:
    """Source of truth: each other, as independent theories. Under J2 alone secular rates leave out short-period terms, 10 km;
    SGP4 and all zonals also have those of J3, an eccentricity of 1e-3 that comes and goes: 14 km along the orbit."""
    bare = "drag: false, solar_pressure: false, sun: false, moon: false"
    motions = (
        "{model: j2}",
        "{model: sgp4}",
        f"{{model: numerical, zonals: 2, {bare}}}",
        f"{{model: numerical, {bare}}}",
    )
    found = [_moved("starlink_edge", motion, *SMALL) for motion in motions]
    assert [type(propagator) for propagator, _ in found] == [CircularJ2, Sgp4, Numerical, Numerical]
    secular, sgp4, j2, zonals = (r_m for _, r_m in found)
    assert 1e3 < np.linalg.norm(secular - j2, axis=1).max() < 10e3
    assert 1e3 < np.linalg.norm(secular - sgp4, axis=1).max() < 20e3
    assert np.linalg.norm(zonals - sgp4, axis=1).max() < 15e3


def test_mean_motion_that_gives_the_semi_major_axis() -> None:
    """Source of truth: the sgp4 package's own recovery of the axis, 1e-12 of it: a micrometre and the like."""
    loaded = scenario.load("starlink_edge", sets=(*SHORT, "motion={model: j2}", *SMALL))
    propagator = propagators.make_propagators(loaded, propagators.time_grid(loaded.scenario))[0]
    assert isinstance(propagator, CircularJ2)
    for record, a_m in zip(
        to_satrecs(of_circular(propagator.elements, 2461000.5, 0.25)),
        propagator.elements.semi_major_axis_m,
        strict=True,
    ):
        assert record.a * record.radiusearthkm * 1e3 == pytest.approx(a_m, rel=1e-12)


def test_a_formation_is_integrated_as_it_flies() -> None:
    """Source of truth: the formation's own theory, checked elsewhere against DOP853; under J2 alone ranges from the centre agree to
    half a metre after six hours, and to no better than a millimetre, or it would be the same thing."""
    bare = "{model: numerical, zonals: 2, drag: false, solar_pressure: false, sun: false, moon: false}"
    (theory, ours), (integrated, theirs) = (_moved("suncatcher", motion) for motion in ("{model: auto}", bare))
    assert isinstance(theory, Formation)
    assert isinstance(integrated, Numerical)
    ranges = [np.linalg.norm(x - x[:, :, :1], axis=1) for x in (ours, theirs)]
    apart = np.abs(ranges[0] - ranges[1]).max()
    assert 1e-3 < apart < 0.5


def test_formation_is_not_told_of_what_is_not_looked_at() -> None:
    """Source of truth: the summary's promise: ranges under J2, or nothing."""
    found = [
        formations.summary(loaded, propagators.time_grid(loaded.scenario))
        for motion in ("{model: auto}", "{model: numerical}")
        for loaded in [scenario.load("suncatcher", sets=(*SHORT, f"motion={motion}"))]
    ]
    assert found[0] is not None
    assert found[1] is None
