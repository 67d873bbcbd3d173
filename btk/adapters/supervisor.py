"""The supervisor of this process, if it is systemd: told when the run is ready, that it goes on, and that it ends."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from contextlib import suppress

VARIABLE = "NOTIFY_SOCKET"


class Supervisor:
    """Speaks the protocol of sd_notify(3); without its socket it says nothing."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        name = environ.get(VARIABLE, "")
        self._address = f"\0{name[1:]}" if name.startswith("@") else name

    def ready(self, words: str) -> None:
        """The run has begun."""
        self._tell(f"READY=1\nSTATUS={words}")

    def progress(self, words: str) -> None:
        """A tick has been gone through: only this keeps the watchdog quiet."""
        self._tell(f"WATCHDOG=1\nSTATUS={words}")

    def stopping(self) -> None:
        """The process is about to end."""
        self._tell("STOPPING=1")

    def _tell(self, message: str) -> None:
        if not self._address:
            return
        # A supervisor that does not listen is no reason to stop trading.
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as messenger:
            messenger.setblocking(False)
            messenger.sendto(message.encode(), self._address)


def supervisor() -> Supervisor:
    """That of this process."""
    return Supervisor(os.environ)
