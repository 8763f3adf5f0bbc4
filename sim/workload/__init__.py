"""Workloads: demands of a model on accelerators, memory and links, and the rate of a job."""
