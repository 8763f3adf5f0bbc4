"""From scenario files to frozen SI values, or to every input error at once."""
