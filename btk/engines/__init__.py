"""The upper floor that drives time: one loop for every mode, its requests, and the sources of its ticks."""
