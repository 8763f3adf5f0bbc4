"""The studio: a local web application that shows a run, changes its scenario and runs it again."""
