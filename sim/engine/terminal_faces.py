"""Faces of satellites on which terminals are mounted, as the attitude law turns them: for the field of regard of links in each step."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from sim.config.schema import Attitude
from sim.config.validation.terminals import AXES, WAYS

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Faces = Callable[[Array], Array]


def normals(attitude: Attitude, sun: Array) -> Array:
    """Outward normals of the faces with terminals.

    Parameters
    ----------
    attitude : Attitude
        Attitude law, and names of the faces.
    sun : ndarray, shape (3, N)
        Unit vectors to the Sun along radial, along-track and orbit normal.

    Returns
    -------
    ndarray, shape (faces, 3, N)
        Unit vectors in the same frame; the laws are those of `sim.spacecraft.attitude`.

    Examples
    --------
    >>> nadir = Attitude(law="nadir", pointing_error="1 deg", terminals=["top", "bottom"])
    >>> normals(nadir, np.array([[0.0], [0.0], [1.0]]))[:, :, 0].tolist()
    [[0.0, -1.0, 0.0], [0.0, 1.0, 0.0]]
    """
    count = sun.shape[1]

    def fixed(way: tuple[float, float, float]) -> Array:
        return np.repeat(np.array(way)[:, None], count, axis=1)

    if attitude.law == "slewing" and attitude.point is not None and attitude.array_drive is not None:
        front, left = fixed(WAYS[attitude.point]), fixed(AXES[attitude.array_drive])
    elif attitude.law == "orbit-normal":
        front, left = fixed((0.0, 0.0, 1.0)) * np.where(sun[2] >= 0.0, 1.0, -1.0), fixed(AXES["along-track"])
    elif attitude.law == "nadir":
        front, left = fixed(AXES["radial"]), fixed(AXES["orbit-normal"])
    else:
        flat = np.maximum(np.hypot(sun[1], sun[2]), 1e-12)
        front, left = sun, np.stack((np.zeros(count), -sun[2] / flat, sun[1] / flat))
    top = np.cross(front, left, axis=0)
    of = {"front": front, "back": -front, "left": left, "right": -left, "top": top, "bottom": -top}
    return np.stack([of[name] + 0.0 for name in attitude.terminals])


def faces_of_fleet(attitudes: Sequence[Attitude], type_index: Ints) -> Faces | None:
    """Normals of the faces with terminals of all satellites.

    Parameters
    ----------
    attitudes : sequence of Attitude
        Of each type of satellite.
    type_index : ndarray of int64, shape (N,)
        Type of each satellite.

    Returns
    -------
    callable or None
        Gives normals (faces, 3, N) for unit vectors to the Sun (3, N); zero vectors for satellites whose terminals look anywhere.
        None where those of all do.
    """
    most = max((len(attitude.terminals) for attitude in attitudes), default=0)
    if most == 0:
        return None
    members = [np.flatnonzero(type_index == n) for n in range(len(attitudes))]

    def faces(sun: Array) -> Array:
        found = np.zeros((most, 3, type_index.size))
        for attitude, satellites in zip(attitudes, members, strict=True):
            if attitude.terminals:
                own = normals(attitude, sun[:, satellites])
                for n in range(most):  # a type with fewer faces repeats its last
                    found[n][:, satellites] = own[min(n, own.shape[0] - 1)]
        return found

    return faces
