"""What the studio does with scenarios: a form of their fields, runs in a warm process, and what leaves it again."""
