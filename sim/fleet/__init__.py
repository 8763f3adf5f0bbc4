"""Satellites as a population: who fails and comes back, what that means for jobs that need all their members, closed forms."""
