"""Results to buffers: sampling, frames of reference, the formation's own axes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import synthetic
from numpy.testing import assert_allclose, assert_array_equal

from viz.animation import animation
from viz.buffers import Buffers
from viz.globe import markers
from viz.scene import build_scene, epoch_utc, evenly, orbit_normals, shown_frames, turn_about_pole


def test_small_runs_are_shown_completely(walker: synthetic.Results) -> None:
    scene = build_scene(walker)
    assert scene is not None
    assert scene.position_km.shape == (13, 3, 200)
    assert scene.position_km.dtype == np.float32
    assert scene.formation is None
    assert scene.note == "All 200 satellites, 13 frames about 30 min apart."
    assert_array_equal(scene.position_km, scene.position_km.round())


def test_large_runs_are_sampled_with_a_note(
    make: Callable[..., synthetic.Results], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(synthetic.walker_positions, "__defaults__", (100, 30))
    run = make("walker", frames=120)
    run.summary["satellites"] = 50_000
    scene = build_scene(run)
    assert scene is not None
    assert scene.position_km.shape == (120, 3, 2_500)
    assert scene.satellite[0] == 0
    assert scene.satellite[-1] == 2_999
    assert scene.note.startswith("2,500 of 50,000 satellites, 120 frames about 2 min apart.")


@pytest.mark.parametrize(
    ("count", "spacing_s", "shown", "apart"),
    [
        (1440, 60.0, 1440, 1),  # a day in steps of a minute
        (8640, 10.0, 1440, 6),  # in steps of 10 s: a frame a minute, and the last
        (360, 10.0, 360, 1),  # an hour in steps of 10 s: fewer than 240 if a minute apart
        (1000, 10.0, 250, 4),
        (240, 360.0, 240, 1),
        (2, 60.0, 2, 1),
        (1, 0.0, 1, 1),
    ],
)
def test_frames_cover_the_whole_run(count: int, spacing_s: float, shown: int, apart: int) -> None:
    """Source of truth: frames a minute apart, or closer where it would be fewer than 240; the first and the last are shown."""
    frames = shown_frames((1e3 * spacing_s * np.arange(1, count + 1)).astype(np.int64))
    assert (frames[0], frames[-1]) == (0, count - 1)
    assert shown <= len(frames) <= shown + 1
    assert set(np.diff(frames)[:-1]) <= {apart}


def test_events_lead_to_their_frames(make: Callable[..., synthetic.Results]) -> None:
    """Frames are at 1, 46, 91, 135 and 180 min; an event after the last frame has none."""
    run = make("walker")
    minutes = (0.0, 1.0, 1.1, 91.0, 200.0)
    run.events = [run.events[0] | {"time_s": 60.0 * at} for at in minutes]
    scene = build_scene(run)
    assert scene is not None
    assert (run.series["frame"].values / 60e3).tolist() == [1.0, 46.0, 91.0, 135.0, 180.0]
    assert scene.events.tolist() == [0, 1, 2]


def test_evenly_keeps_both_ends() -> None:
    assert evenly(5, 10).tolist() == [0, 1, 2, 3, 4]
    assert evenly(100, 4).tolist() == [0, 33, 66, 99]
    assert evenly(1, 49).tolist() == [0]


def test_earth_fixed_and_inertial_differ_by_the_rotation_of_the_earth(walker: synthetic.Results) -> None:
    fixed, inertial = build_scene(walker), build_scene(walker, earth_fixed=False)
    assert fixed is not None
    assert inertial is not None
    assert (fixed.axes, inertial.axes) == ("Earth-fixed", "inertial")
    turned = turn_about_pole(inertial.position_km, inertial.earth_turn_rad)
    assert_allclose(
        turned, fixed.position_km, atol=1.8
    )  # each side is rounded to 1 km: at most (0.5 + 0.5) sqrt 2 apart in x, y
    assert not fixed.earth_turn_rad.any()


def test_a_quarter_turn() -> None:
    """Axes turned by 90 deg see the old x axis along their minus y."""
    assert_allclose(turn_about_pole(np.array([[1.0, 0.0, 5.0]]), np.array([np.pi / 2])), [[0.0, -1.0, 5.0]], atol=1e-15)


@pytest.mark.parametrize("minutes", [0.05, 1.0, 30.0, 70.0, 100.0])
def test_orbit_normal_has_the_right_sign_for_any_frame_spacing(minutes: float) -> None:
    """A polar circle flown from the x axis to the pole has its normal along minus y."""
    time_s = np.arange(6) * minutes * 60.0
    centre = synthetic.circular(7.028e6, np.pi / 2, np.zeros(1), np.zeros(1), time_s)[:, :, 0]
    normals = orbit_normals(centre, (time_s * 1e3).astype(np.int64), synthetic.GM)
    if minutes == 0.05:  # 0.2 deg apart: too close to one line to define a plane
        assert normals is None
        return
    assert normals is not None
    assert_allclose(normals, np.tile([0.0, -1.0, 0.0], (6, 1)), atol=1e-12)


def test_formation_is_seen_from_its_centre(formation: synthetic.Results) -> None:
    """Positions are stored in float32: half a metre at this distance from the Earth's centre."""
    scene = build_scene(formation)
    assert scene is not None
    assert scene.formation is not None
    offset_m = scene.formation.offset_m
    time_s = formation.series["frame"].values / 1e3
    place = 200.0 * (np.arange(9) - 4.0)
    a, b = (g.ravel() for g in np.meshgrid(place, place))
    turn = np.sqrt(synthetic.GM / 7.028137e6**3) * time_s[:, None]
    assert_allclose(offset_m[:, 0], 0.5 * (a * np.cos(turn) + b * np.sin(turn)), atol=1.5)
    assert_allclose(offset_m[:, 1], b * np.cos(turn) - a * np.sin(turn), atol=1.5)
    assert_allclose(offset_m[:, 2], 0.0, atol=1.5)


def test_formation_is_one_marker_in_its_commonest_state(formation: synthetic.Results) -> None:
    scene = build_scene(formation)
    assert scene is not None
    position_km, state = markers(scene)
    assert position_km.shape == (13, 3, 1)
    assert set(state.ravel()) == {4}
    assert animation(scene, Buffers())["label"] == f"81 satellites within {scene.formation.extent_m / 1e3:.1f} km"


def test_lost_positions_do_not_break_a_formation(make: Callable[..., synthetic.Results]) -> None:
    run = make("formation")
    run.series["position_m"].values[2:, :, 3] = np.nan
    scene = build_scene(run)
    assert scene is not None
    assert scene.formation is not None
    assert np.isnan(scene.formation.offset_m[2:, :, 3]).all()


def test_no_positions_no_scene(make: Callable[..., synthetic.Results]) -> None:
    run = make("walker")
    run.series = run.series.drop_vars("position_m")
    assert build_scene(run) is None


def test_epoch_is_needed(make: Callable[..., synthetic.Results]) -> None:
    run = make("walker")
    assert epoch_utc(run).isoformat() == "2026-12-21T00:00:00+00:00"
    run.series.attrs.clear()
    with pytest.raises(ValueError, match="epoch"):
        epoch_utc(run)
