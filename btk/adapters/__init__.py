"""Plumbing: files, YAML, exchanges, clocks and whatever else lies outside, behind the doors of `btk.ports`."""
