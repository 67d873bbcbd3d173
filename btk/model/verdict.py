"""The answer to a command: accepted, or refused with the reason."""

from __future__ import annotations

import msgspec


class Accepted(msgspec.Struct, frozen=True):
    """The command was taken; truthy."""

    def __bool__(self) -> bool:
        return True


class Refused(msgspec.Struct, frozen=True):
    """The command was not taken, and why; falsy."""

    reason: str

    def __bool__(self) -> bool:
        return False


Verdict = Accepted | Refused
ACCEPTED = Accepted()
