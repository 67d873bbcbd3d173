"""Measurements: they print and write figures, and never assert a time."""
