"""Who runs what at which pace, and what becomes of the time that power and heat leave."""

from sim.jobs.crew import Crew
from sim.jobs.ledger import ROW, Ledger, Told
from sim.jobs.serving import Serving
from sim.jobs.training import MODES, Clock, Training

__all__ = ["MODES", "ROW", "Clock", "Crew", "Ledger", "Serving", "Told", "Training"]
