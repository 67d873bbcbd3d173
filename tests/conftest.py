"""Hypothesis judges results, never the speed of a busy machine, and prints how to repeat what it found."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("house", settings(), deadline=None, print_blob=True)
settings.load_profile("house")
