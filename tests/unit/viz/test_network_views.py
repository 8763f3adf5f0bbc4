"""Links, routes, roles and jobs to buffers: which frames, which satellites, what is left out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import synthetic
from numpy.testing import assert_array_equal

from sim.schema import ROLES
from viz import jobs, network
from viz.animation import animation
from viz.buffers import Buffers
from viz.scene import build_scene


def links_at(found: network.Links, frame: int) -> set[tuple[int, int]]:
    """Links that exist at a frame."""
    active = (found.frames[0] <= frame) & (frame < found.frames[1])
    return {(int(a), int(b)) for a, b in found.ends[:, active].T}


def test_links_exist_in_their_frames(make: Callable[..., synthetic.Results]) -> None:
    """Rows of ten satellites: nine links each, of 20 rows; the first link ends before the third frame."""
    scene = build_scene(synthetic.couple(make("walker")))
    assert scene is not None
    assert scene.links is not None
    every = {(i, i + 1) for i in range(199) if i % 10 != 9}
    assert links_at(scene.links, 0) == every
    assert links_at(scene.links, 1) == every
    assert links_at(scene.links, 2) == every - {(0, 1)}
    assert scene.note.startswith("All 200 satellites")
    assert "links" not in scene.note


def test_frames_and_satellites_that_are_not_shown_are_left_out(make: Callable[..., synthetic.Results]) -> None:
    """Every second satellite has no neighbour left; of frames 0 and 3 only the second lies after the end of link 0-1."""
    run = synthetic.couple(make("walker"))
    shown = np.arange(0, 200)
    found = network.find_links(run.series, np.array([0, 3]), shown)
    assert found is not None
    assert ((0, 1) in links_at(found, 0), (0, 1) in links_at(found, 1)) == (True, False)
    assert network.find_links(run.series, np.array([0, 3]), shown[::2]) is None
    assert network.find_links(run.series, np.array([3]), np.array([0, 1])) is None


def test_too_many_links_are_thinned_and_say_so(
    make: Callable[..., synthetic.Results], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network, "MAX_LINKS", 60)
    scene = build_scene(synthetic.couple(make("walker")))
    assert scene is not None
    assert scene.links is not None
    assert (scene.links.drawn, scene.links.total) == (60, 180)
    assert len(links_at(scene.links, 0)) == 60
    assert "60 of 180 links are drawn." in scene.note


def test_routes_go_from_station_over_satellites(make: Callable[..., synthetic.Results]) -> None:
    """Station 0 over satellites 5 and 6 in frame 0, then over 6 alone; the pair joins stations 1 and 2."""
    run = synthetic.couple(make("walker"))
    found = network.find_routes(run.series, np.arange(5), np.arange(200))
    assert found is not None
    routes = [
        (tuple(found.station[:, w].tolist()), found.satellite[found.first_hop[w] : found.first_hop[w + 1]].tolist())
        for w in range(found.station.shape[1])
    ]
    assert routes == [((0, -1), [5, 6]), ((1, -1), [20]), ((2, -1), [30]), ((1, 2), [21, 22, 23]), ((0, -1), [6])]
    assert_array_equal(found.frames[:, 0], [0, 1])
    assert_array_equal(found.frames[:, 4], [1, 5])
    assert found.omitted == 0


def test_routes_over_hidden_satellites_are_counted_not_drawn(make: Callable[..., synthetic.Results]) -> None:
    run = synthetic.couple(make("walker"))
    shown = np.array([n for n in range(200) if n != 22])
    found = network.find_routes(run.series, np.arange(5), shown)
    assert found is not None
    assert found.omitted == 1
    assert found.satellite.tolist() == [5, 6, 20, 29, 6]  # 30 has moved up by one
    assert "Routes over satellites that are not shown are left out (1)." in network.network_note(None, found, 199, 200)


def test_animation_colours_by_state_role_and_job(make: Callable[..., synthetic.Results]) -> None:
    scene = build_scene(synthetic.couple(make("walker"), jobs=2))
    assert scene is not None
    buffers = Buffers()
    data = animation(scene, buffers)
    content = buffers.content
    state, role, job = data["colourings"]
    assert (state["name"], role["name"], job["name"]) == ("state", "role", "job")
    assert role["names"] == list(ROLES)
    begin, size = job["code"]["begin"], job["code"]["size"]
    codes = np.frombuffer(content[begin : begin + size], dtype="<u2")
    assert job["names"] == ["no job", "llama-3-8b 0", "llama-3-8b 1"]
    assert codes[:4].tolist() == [1, 2, 1, 2]
    assert codes[-8:].tolist() == [0] * 8
    assert all(len(c["names"]) == len(c["colours"]) for c in data["colourings"])


def test_uncoupled_run_has_no_network(walker: synthetic.Results) -> None:
    scene = build_scene(walker)
    assert scene is not None
    assert (scene.links, scene.routes, scene.role, scene.job) == (None, None, None, None)
    assert len(animation(scene, Buffers())["colourings"]) == 1


def test_few_jobs_have_strips(make: Callable[..., synthetic.Results]) -> None:
    """Three hours of 60 s: shares of each step add up; the last ten steps of a hundred are stalled."""
    run = synthetic.couple(make("walker"), jobs=2)
    chart = jobs.timeline(run)
    assert chart is not None
    strips = [t for t in chart.figure.data if t.stackgroup == "job 1"]
    assert [t.name.partition(", ")[2] for t in strips] == ["running", "checkpoint", "outage", jobs.STALLED]
    total = sum(np.asarray(t.y, dtype=float) for t in strips)
    np.testing.assert_allclose(total, 1.0, atol=1e-6)
    # 0.95 of 180 steps less 30 in outage and 10 at a clock rate of zero
    assert "running 73.9\u00a0%" in chart.note
    assert not any(t.type == "heatmap" for t in chart.figure.data)


def test_many_jobs_become_a_heat_map(make: Callable[..., synthetic.Results]) -> None:
    chart = jobs.timeline(synthetic.couple(make("walker"), jobs=26))
    assert chart is not None
    heat = [t for t in chart.figure.data if t.type == "heatmap"]
    assert len(heat) == 1
    z = np.asarray(heat[0].z)
    assert z.shape == (26, 180)
    assert z[:, 0].tolist() == pytest.approx([95.0] * 26)
    assert z[:, 40].tolist() == pytest.approx([0.0] * 26)
    assert len(chart.figure.data) < 15
    assert chart.figure.layout.height < 1_200


def test_no_jobs_no_timeline(walker: synthetic.Results) -> None:
    assert jobs.timeline(walker) is None
