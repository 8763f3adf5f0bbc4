"""Workloads at run time: which satellites run what at which rate, and the losses of jobs."""

from sim.workload.jobs.checks import Checks
from sim.workload.jobs.inference_service import Asked, InferenceService
from sim.workload.jobs.ledger import ROW, JobInputs, Ledger
from sim.workload.jobs.pipeline_service import PipelineService
from sim.workload.jobs.scheduler import JobScheduler, Streams
from sim.workload.jobs.sensing_job import Plan, Sensing, Sight
from sim.workload.jobs.training_fleet import Lifecycle, TrainingFleet
from sim.workload.jobs.training_job import MODES, Training

__all__ = [
    "MODES", "ROW", "Asked", "Checks", "InferenceService", "JobInputs", "JobScheduler", "Ledger", "Lifecycle", "PipelineService",
    "Plan", "Sensing", "Sight", "Streams", "Training", "TrainingFleet",
]  # fmt: skip
