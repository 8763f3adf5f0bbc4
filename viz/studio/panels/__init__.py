"""Panels of the studio: a file each, added to `PANELS`."""

from __future__ import annotations

from viz.studio.panels import events, figures, series, waterfall
from viz.studio.panels.panel import Panel

PANELS: tuple[Panel, ...] = (figures.PANEL, waterfall.PANEL, series.PANEL, events.PANEL)
