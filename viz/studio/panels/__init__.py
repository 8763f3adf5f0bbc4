"""Panels of the studio: a file each, added to `PANELS`."""

from __future__ import annotations

from viz.studio.panels import events, figures, latency, links, mission, plan, series, study, waterfall, why
from viz.studio.panels.panel import Panel

PANELS: tuple[Panel, ...] = (
    waterfall.PANEL, figures.PANEL, study.PANEL, series.PANEL, mission.PANEL, events.PANEL, latency.PANEL, links.PANEL, why.PANEL, plan.PANEL,
)  # fmt: skip
