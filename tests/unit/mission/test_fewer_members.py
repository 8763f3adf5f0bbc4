"""Jobs that go on with fewer members: those that are cut off by lost ones do not work either."""

from __future__ import annotations

import numpy as np
import pytest
from test_mission_runs import SMALL, TRAINING, loaded

from sim.engine.driver import Run
from sim.engine.replanning import Planned, Replanner, _rate_without, paces
from sim.engine.transports import NetworkTransport, without


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Planned:
    outcome = Run(loaded(tmp_path_factory.mktemp("fewer"), SMALL + TRAINING)).finish()
    assert outcome.scheduler is not None
    replanning = outcome.scheduler.fleets[0].replanning
    assert isinstance(replanning, Replanner)
    return replanning.watches[0].planned


def test_lost_satellites_take_their_links(planned: Planned) -> None:
    """Source of truth: the links themselves: without all its neighbours a satellite is alone; afterwards all is as before."""
    transport = planned.fleet.transport
    assert isinstance(transport, NetworkTransport)
    a, b = transport.network.a.copy(), transport.network.b.copy()
    alone = 6  # in the middle of the formation
    neighbours = np.concatenate((b[a == alone], a[b == alone]))
    assert neighbours.size > 1
    assert np.unique(transport.components()).size == 1
    with without(transport, neighbours):
        component = transport.components()
        assert np.flatnonzero(component == component[alone]).tolist() == [alone]
        assert not np.isin(neighbours, transport.directed_src).any()
    assert np.array_equal(transport.network.a, a)
    assert np.array_equal(transport.network.b, b)
    assert transport.network.healthy.all()


def test_who_is_cut_off_does_not_work(planned: Planned) -> None:
    """Source of truth: without its neighbours a satellite has no link, so that the job is as fast as if it were lost with them."""
    transport, alone = planned.fleet.transport, 6
    assert isinstance(transport, NetworkTransport)
    network = transport.network
    neighbours = np.concatenate((network.b[network.a == alone], network.a[network.b == alone]))
    rate = _rate_without(planned, neighbours)
    assert rate == _rate_without(planned, np.append(neighbours, alone))
    others = np.setdiff1d(np.arange(13), np.append(neighbours, alone))[:neighbours.size]
    assert rate < _rate_without(planned, others)  # as many satellites lost, fewer cut off


def test_a_job_that_is_split(planned: Planned) -> None:
    """Source of truth: linear scaling: at most as fast as the members that are left in one piece, and less with each one that is lost."""
    pace = np.array(paces(planned))
    members = planned.training.members
    assert pace[-1] == 1.0
    assert pace[0] == 0.0
    assert np.all(np.diff(pace) >= 0.0)
    assert np.all(pace <= np.arange(members + 1) / members + 0.02)  # a smaller job has less communication, and a bubble of another length
    assert pace.tolist() == paces(planned)
