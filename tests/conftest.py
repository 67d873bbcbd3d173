"""What holds for all tests.

Hypothesis judges results, never the speed of a busy machine, and prints how to repeat what it found. Who starts the
tests in the background may have switched off signals that btk's processes are sent here, and would inherit that.
"""

from __future__ import annotations

import signal

from hypothesis import settings

settings.register_profile("house", settings(), deadline=None, print_blob=True)
settings.load_profile("house")

signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
