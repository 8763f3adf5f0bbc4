"""Fit the thermal network of BUPT-1 on the one flight run with a single board on; write `sim/verify/data/bupt1.json`.

Nothing else is fitted: the four runs of three hours, which `dawndusk verify spacecraft` predicts, are not read here. The data
set [xu2024] has no licence, so that only these readings of it are kept: the moments at which the surface sensor of the
board, which shows whole degrees, goes from one value to the next, and four values in between.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path

import numpy as np
from scipy.optimize import least_squares

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from sim.verify.bupt1 import FIT, HOUSING, Fitted, temperatures_c  # noqa: E402

BOARD_W = 7.65
# minutes after switching on, and the temperature [degC] halfway between the values shown before and after
CHANGES = (
    (1.27, 1.5), (2.2, 2.5), (3.13, 3.5), (4.33, 4.5), (5.67, 5.5), (7.0, 6.5), (8.53, 7.5), (10.53, 8.5), (13.2, 9.5), (16.47, 10.5),
    (21.0, 11.5), (26.8, 12.5), (33.27, 13.5), (40.2, 14.5), (48.0, 15.5), (57.4, 16.5), (96.13, 16.5), (123.53, 16.5), (129.55, 17.5),
    (192.75, 18.5), (207.95, 17.5), (219.0, 17.5), (234.55, 18.5), (245.0, 19.5), (434.15, 26.5), (442.55, 27.5), (457.28, 27.5),
)  # fmt: skip
VALUES = ((160.0, 21.0), (260.0, 20.0), (400.0, 24.0), (531.0, 30.0))
SPREAD_K = 0.6  # of a reading about the model: the residual that the fit leaves
# expected before the run, the factor by which each may be off (one standard deviation), and unit
PRIOR = {
    "housing_j_k": (500.0, math.exp(0.6), "J/K", "0.5 to 0.6 kg of aluminium and board"),
    "housing_to_deck_w_k": (1.0, math.exp(0.7), "W/K", "four to eight small screws [gilmore2002:ch. 8]"),
    "deck_j_k": (4000.0, math.exp(0.5), "J/K", "4.4 kg of a satellite of about 20 kg, at 900 J/(kg K)"),
    "deck_to_skin_w_k": (1.0, math.exp(1.0), "W/K", "screws of a frame"),
    "skin_j_k": (3000.0, math.exp(0.6), "J/K", "3.3 kg of panels"),
    "skin_m2": (0.7, math.exp(0.4), "m2", "body of 12 units 0.41 m2 and deployed panels, emissivity 0.85"),
    "skin_w": (60.0, math.exp(0.7), "W", "230 W/m2 and albedo at view factors of 0.25 to 0.3"),
    "sun_w": (200.0, math.exp(0.5), "W", "0.2 m2 towards the Sun, less the array's power"),
    "bus_j_k": (9000.0, math.exp(0.5), "J/K", "10 kg"),
    "deck_to_bus_w_k": (3.0, math.exp(1.0), "W/K", "frame"),
    "bus_to_skin_w_k": (1.0, math.exp(1.0), "W/K", "frame and insulation"),
}
DRIFT_W_H = 3.0  # standard deviation of the drift about 0: the platform took 4.3 W more before one run than before another


def residuals_k(p: Fitted) -> np.ndarray:
    """Model less reading at all readings, in order of time."""
    readings = np.array(sorted(CHANGES + VALUES))
    return temperatures_c(p, BOARD_W, 60.0 * readings[:, 0])[1:, HOUSING] - readings[:, 1]


def main() -> None:
    expected = np.log([value for value, *_ in PRIOR.values()])
    spread = np.log([factor for _, factor, *_ in PRIOR.values()])

    def off(x: np.ndarray) -> np.ndarray:
        p = Fitted(*np.exp(x[:-1]), x[-1])
        return np.r_[residuals_k(p) / SPREAD_K, (x[:-1] - expected) / spread, x[-1] / DRIFT_W_H]

    found = least_squares(off, np.r_[expected, 1.0], diff_step=1e-3, xtol=1e-5, ftol=1e-5)
    deviation = np.sqrt(np.diag(np.linalg.inv(found.jac.T @ found.jac)))
    parameters = {}
    for n, (name, (value, factor, unit, why)) in enumerate(PRIOR.items()):
        parameters[name] = {
            "value": float(f"{math.exp(found.x[n]):.4g}"), "unit": unit, "kind": "estimated", "source": "xu2024",
            "low": float(f"{math.exp(found.x[n] - deviation[n]):.3g}"), "high": float(f"{math.exp(found.x[n] + deviation[n]):.3g}"),
            "note": f"expected {value:g}, within a factor of {factor:.1f}: {why}",
        }  # fmt: skip
    parameters["drift_w_h"] = {
        "value": float(f"{found.x[-1]:.4g}"), "unit": "W/h", "kind": "estimated", "source": "xu2024",
        "low": float(f"{found.x[-1] - deviation[-1]:.3g}"), "high": float(f"{found.x[-1] + deviation[-1]:.3g}"),
        "note": f"expected 0, give or take {DRIFT_W_H:g}: the power of the platform in this run is not published",
    }  # fmt: skip
    left = residuals_k(Fitted(**{name: record["value"] for name, record in parameters.items()}))
    item = {
        "built_by": "tools/fit_bupt1.py",
        "run": "BUPT-1, one board on at 7.6 to 7.8 W, from 1 degC, 531 min, surface sensor of the board",
        "source": "xu2024",
        "readings": int(left.size),
        "residual_k_rms": float(f"{np.sqrt(np.mean(left**2)):.3g}"),
        "residual_k_max": float(f"{np.abs(left).max():.3g}"),
        "parameters": parameters,
    }
    FIT.write_text(json.dumps(item, indent=1) + "\n", "utf-8")
    print(json.dumps({name: record["value"] for name, record in parameters.items()}), item["residual_k_rms"], item["residual_k_max"])


if __name__ == "__main__":
    main()
