"""The terminal: a line that is typed unseen, waited for so that Ctrl-C and everything else goes on."""

from __future__ import annotations

import asyncio
import os
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager

LONGEST_LINE = 4096


def is_terminal() -> bool:
    """Whether somebody can be asked: standard input and standard error are a terminal."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))


async def hidden_line(prompt: str) -> str | None:
    """What is typed after `prompt`, not shown; None at the end of the input (Ctrl-D)."""
    descriptor = sys.stdin.fileno()
    with _unseen(descriptor):
        print(prompt, end="", flush=True, file=sys.stderr)
        try:
            line = await _line(descriptor)
        finally:
            print(file=sys.stderr)
    return line.decode(errors="replace").rstrip("\r\n") if line else None


async def _line(descriptor: int) -> bytes:
    # Not in a thread: a read that waits could not be ended by Ctrl-C.
    loop = asyncio.get_running_loop()
    typed: asyncio.Future[bytes] = loop.create_future()

    def read() -> None:
        if not typed.done():
            typed.set_result(os.read(descriptor, LONGEST_LINE))

    loop.add_reader(descriptor, read)
    try:
        return await typed
    finally:
        loop.remove_reader(descriptor)


@contextmanager
def _unseen(descriptor: int) -> Iterator[None]:
    before = termios.tcgetattr(descriptor)
    silent = termios.tcgetattr(descriptor)
    silent[3] &= ~termios.ECHO
    termios.tcsetattr(descriptor, termios.TCSAFLUSH, silent)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSAFLUSH, before)
