"""Who runs what at which pace, and what becomes of the time that power and heat leave."""

from sim.workload.jobs.inference_service import Serving
from sim.workload.jobs.ledger import ROW, Ledger, Told
from sim.workload.jobs.scheduler import Crew
from sim.workload.jobs.training_job import MODES, Clock, Training

__all__ = ["MODES", "ROW", "Clock", "Crew", "Ledger", "Serving", "Told", "Training"]
