"""The run: a scenario through time, satellite by satellite."""
