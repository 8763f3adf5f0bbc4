"""Years of a fleet in seeded replicas: failures, repairs, spares, launches and jobs as events in continuous time."""
