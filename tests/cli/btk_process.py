"""`btk` as a process of its own, for what only a process can show: signals, pipes, imports."""

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

COMMAND = [sys.executable, "-m", "btk"]


def start_btk(*arguments: str, **options: Any) -> subprocess.Popen[bytes]:
    """A running `btk`; stderr is a pipe, stdout too unless `options` say otherwise."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    return subprocess.Popen([*COMMAND, *arguments], **pipes)


def opened_by_both(pipe: Path, process: subprocess.Popen[bytes]) -> int:
    """The writing end of a named pipe, once the process waits at its reading end."""
    while process.poll() is None:
        try:
            return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:  # nobody reads yet
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=0.01)
    raise AssertionError("btk ended before it read the pipe")
