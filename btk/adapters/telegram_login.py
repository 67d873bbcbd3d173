"""The door to Telegram for the one thing that is done there: logging in a user by QR code."""

from __future__ import annotations

from enum import Enum
from typing import Protocol

from btk.model.secret import Secret


class Scan(Enum):
    """What became of a QR code."""

    DONE = "done"
    LOCKED = "locked"  # scanned, and the account has a two-factor password
    EXPIRED = "expired"


class TelegramLogin(Protocol):
    """One login. Every call may raise `Transient` (try again later) or `Fatal` (it will not work)."""

    async def connect(self) -> None:
        """Reach Telegram, with five retries."""

    async def new_code(self) -> str:
        """The address to show as a QR code; the one before is worthless now."""

    async def scanned(self) -> Scan:
        """Wait until the code was scanned, or has expired."""

    async def unlock(self, password: Secret) -> bool:
        """Give the two-factor password; False when it is wrong."""

    def session(self) -> Secret:
        """What logs in without asking from now on."""

    async def close(self) -> None:
        """Hang up; also when nothing was reached."""
