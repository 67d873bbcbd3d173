"""Alarms: what a person should know, told once when it begins and once when it is over."""

from __future__ import annotations

from collections.abc import Callable

from btk.library.run_memory import RunMemory
from btk.model.events import AlarmEvent


class Alarms:
    """`ringing` has the message by subject; `criers` hear of what no event can tell in time."""

    def __init__(self, memory: RunMemory) -> None:
        self.ringing: dict[str, str] = {}
        self.criers: list[Callable[[AlarmEvent], None]] = []
        self._memory = memory

    def ring(self, tick_ms: int, subject: str, message: str) -> None:
        """Something is wrong with a subject; as long as it is, nothing more is told of it."""
        known = subject in self.ringing
        self.ringing[subject] = message
        if not known:
            self._tell(tick_ms, subject, message, over=False)

    def cry(self, tick_ms: int, subject: str, message: str) -> None:
        """The same where nothing can be saved, so that its event waits for the end of the trouble that it is about."""
        if subject not in self.ringing:
            for crier in self.criers:
                crier(_alarm(tick_ms, subject, message, over=False))
        self.ring(tick_ms, subject, message)

    def over(self, tick_ms: int, subject: str) -> None:
        """Nothing is wrong with a subject any more."""
        message = self.ringing.pop(subject, None)
        if message is not None:
            self._tell(tick_ms, subject, message, over=True)

    def once(self, tick_ms: int, subject: str, message: str) -> None:
        """Something happened that is over already."""
        self._tell(tick_ms, subject, message, over=True)

    def _tell(self, tick_ms: int, subject: str, message: str, over: bool) -> None:
        self._memory.note_of_run(_alarm(tick_ms, subject, message, over))


def _alarm(tick_ms: int, subject: str, message: str, over: bool) -> AlarmEvent:
    when = {"at_ms": tick_ms, "tick_ms": tick_ms}
    return AlarmEvent(**when, symbol="", strategy="", subject=subject, message=message, over=over)
