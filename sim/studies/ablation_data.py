"""Data of jobs and sensors without a cause of loss: volumes that pass at once or always, images without end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sim.config.schema import Scenario
from sim.engine.data_volumes import DataVolumes
from sim.network.link_state import Network
from sim.network.site_links import SiteAccess
from sim.workload import image_queues as queues
from sim.workload.data_volumes import Rates, Volume
from sim.workload.jobs import JobScheduler, Sensing

Array = NDArray[np.float64]

INSTANT_BIT_S: Final = 1e30  # finite, so that times stay numbers; the largest volume takes 8 ns


def _volumes(data: DataVolumes) -> list[Volume]:
    """Volumes of all jobs in order, upwards before downwards."""
    return [volume for job in data.jobs for volume in (job.incoming, job.outgoing) if volume is not None]


def mean_rates_bit_s(data: DataVolumes | None) -> tuple[float | None, ...]:
    """Mean rates of the data of jobs while they flowed in a run.

    Parameters
    ----------
    data : DataVolumes or None
        Data of jobs after the run; None: no job has any.

    Returns
    -------
    tuple of (float or None)
        Rate of each volume [bit/s], in the order of the jobs; None where none has flowed.
    """
    return () if data is None else tuple(volume.mean_rate_bit_s for volume in _volumes(data))


class UnlimitedVolumes(DataVolumes):
    """Volumes that pass in no time as soon as they have a route, or that always have one.

    Without a route they pass at their mean rate in the run as it is, or at the rate of an antenna where none has flowed there: what
    is removed is the time without a route, not the time that data take.

    Parameters
    ----------
    run : tuple
        Scenario, scheduler, access of sites and network of the run, as `DataVolumes` takes them.
    instant : bool
        Whether data with a route take no time.
    without_route_bit_s : sequence of (float or None), optional
        Rate without a route of each volume, from `mean_rates_bit_s`; None: without a route data wait.
    """

    def __init__(
        self, run: tuple[Scenario, JobScheduler, SiteAccess, Network | None], instant: bool, without_route_bit_s: Sequence[float | None] | None
    ) -> None:
        super().__init__(*run)
        self.instant, self._without_route_bit_s = instant, dict.fromkeys(map(id, _volumes(self)), 0.0)
        if without_route_bit_s is not None:
            antenna_bit_s = self.access.link_bit_s or INSTANT_BIT_S
            rates = zip(_volumes(self), without_route_bit_s, strict=True)
            self._without_route_bit_s = {id(volume): antenna_bit_s if rate is None else rate for volume, rate in rates}

    def rates_of(self, rates: Rates) -> Rates:
        """Rates at which volumes pass.

        Parameters
        ----------
        rates : callable
            Rates that antennas and links give.

        Returns
        -------
        callable
            Rates without the limit, or without the gaps.
        """

        def unlimited(waiting: Sequence[Any]) -> tuple[Array, NDArray[np.bool_]]:
            rate_bit_s, saturated = rates(waiting)
            routed = rate_bit_s > 0.0
            otherwise = np.array([self._without_route_bit_s[id(volume)] for volume in waiting])
            return np.where(routed, INSTANT_BIT_S if self.instant else rate_bit_s, otherwise), saturated & routed

        return unlimited


class UnlimitedSensing(Sensing):
    """A sensing workload whose accelerators always have an image to process, or whose weights come up without a break.

    Parameters
    ----------
    sensing : Sensing
        The workload of the run.
    endless_images : bool
        Whether accelerators work whenever they can: an image always waits.
    always_linked : bool
        Whether weights come up from the epoch on at their rate, not in contacts alone.
    """

    def __init__(self, sensing: Sensing, endless_images: bool, always_linked: bool) -> None:
        super().__init__(sensing.plan, sensing.contacts, sensing.who, sensing.stations, sensing.steps, sensing.step_s)
        self.endless_images = endless_images
        rules = sensing.plan.rules
        self.uploaded_s = rules.upload_bytes / rules.upload_byte_s if always_linked and self.uploads else np.inf

    def advance(self, begin_s: float, end_s: float, able: Array) -> Array:
        """As in `Sensing`; weights are aboard at their moment.

        Parameters
        ----------
        begin_s, end_s : float
            The time [s].
        able : ndarray, shape (satellites,)
            Rate of processing over that at full clock rate, 0 to 1.

        Returns
        -------
        ndarray, shape (satellites,)
            Time in which each satellite processed images [s].
        """
        if not begin_s <= self.uploaded_s < end_s:
            return super().advance(begin_s, end_s, able)
        value, waiting = self.transfer.value, (queues.F_WAITS, queues.F_LOADS)
        before_s = super().advance(begin_s, self.uploaded_s, able) if self.uploaded_s > begin_s else np.zeros(self.who.size)
        waited_s = value[:, waiting] if self.uploaded_s > begin_s else 0.0
        late = value[:, queues.F_UPLOAD] > 0.0
        value[late, queues.F_UPLOAD], value[late, queues.F_UPLOADED] = 0.0, self.uploaded_s
        busy_s = np.asarray(before_s + super().advance(self.uploaded_s, end_s, able))
        value[:, waiting] += waited_s
        return busy_s

    def fill_inputs(self, inputs: Any) -> None:
        """As in `Sensing`; weights that come up without a break flow all the time.

        Parameters
        ----------
        inputs : JobInputs
            Inputs of all satellites, changed in place.
        """
        super().fill_inputs(inputs)
        if self.endless_images and self.plan.mode is not None:
            self.waiting_share = 1.0 - self.ready_share
        self.loading_share = np.minimum(self.loading_share, self.waiting_share) if self.uploaded_s == np.inf else self.waiting_share

    def busy(self, share: Array) -> Array:
        """Share of the step in which accelerators work.

        Parameters
        ----------
        share : ndarray, shape (satellites,)
            Share in which there are images to process, 0 to 1.

        Returns
        -------
        ndarray, shape (satellites,)
            All of the step in which weights are aboard, where images have no end and there is something to do with them.
        """
        return self.ready_share if self.endless_images and self.plan.mode is not None else share
