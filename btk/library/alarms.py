"""Alarms: what a person should know, told once when it begins and once when it is over."""

from __future__ import annotations

from btk.library.run_memory import RunMemory
from btk.model.events import AlarmEvent


class Alarms:
    """`ringing` has the message by subject."""

    def __init__(self, memory: RunMemory) -> None:
        self.ringing: dict[str, str] = {}
        self._memory = memory

    def ring(self, tick_ms: int, subject: str, message: str) -> None:
        """Something is wrong with a subject; as long as it is, nothing more is told of it."""
        known = subject in self.ringing
        self.ringing[subject] = message
        if not known:
            self._tell(tick_ms, subject, message, over=False)

    def over(self, tick_ms: int, subject: str) -> None:
        """Nothing is wrong with a subject any more."""
        message = self.ringing.pop(subject, None)
        if message is not None:
            self._tell(tick_ms, subject, message, over=True)

    def once(self, tick_ms: int, subject: str, message: str) -> None:
        """Something happened that is over already."""
        self._tell(tick_ms, subject, message, over=True)

    def _tell(self, tick_ms: int, subject: str, message: str, over: bool) -> None:
        self._memory.note_of_run(
            AlarmEvent(
                at_ms=tick_ms,
                tick_ms=tick_ms,
                symbol="",
                strategy="",
                subject=subject,
                message=message,
                over=over,
            )
        )
