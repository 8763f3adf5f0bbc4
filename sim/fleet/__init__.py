"""Availability of a fleet: failures and repairs, the lifecycle of synchronous jobs, closed forms of reliability."""
