"""Work: what a model asks of accelerators, memory and links, and how fast a job goes."""
