"""Secret: a text that no log, report or exception shows."""

from __future__ import annotations

from typing import NoReturn


class Secret:
    """A key or password: every way of printing it gives `***`, and it can be neither pickled nor encoded."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself: for the one call that needs it, never for a variable that outlives it."""
        return self._text

    def __repr__(self) -> str:
        return "***"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is never written anywhere")
