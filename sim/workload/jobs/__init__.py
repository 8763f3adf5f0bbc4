"""Who runs what at which rate, and what becomes of the time that power and heat leave."""

from sim.workload.jobs.inference_service import InferenceService
from sim.workload.jobs.ledger import ROW, JobInputs, Ledger
from sim.workload.jobs.scheduler import JobScheduler
from sim.workload.jobs.training_job import MODES, Clock, Training

__all__ = ["MODES", "ROW", "Clock", "InferenceService", "JobInputs", "JobScheduler", "Ledger", "Training"]
