"""What a person should hear of the orders of a slot: what happened, what cannot be seen, what has no stop."""

from __future__ import annotations

from collections.abc import Iterator

from btk.engines.brokered_slots import Change
from btk.library.alarms import Alarms
from btk.model.names import SlotKey

NAKED_ALARM_MS = 5_000
"""A position that has had no stop for so long, or whose stop was not taken at once, is told of."""


class OrderAlarms:
    """Rings and is over through `alarms`; times are the exchange's."""

    def __init__(self, alarms: Alarms) -> None:
        self._alarms = alarms
        self._naked_since_ms: dict[SlotKey, int] = {}

    def tell(self, key: SlotKey, found: Change, tick_ms: int, now_ms: int) -> None:
        """What a look at a slot has brought; call `settled` too where it is idle."""
        subject = _subject(key)
        for words in found.alarms:
            self._alarms.ring(tick_ms, subject, words)
        for words in found.news:
            self._alarms.once(tick_ms, subject, words)
        self._tell_naked(key, found.naked, tick_ms, now_ms)
        self._tell_while(tick_ms, f"checks of {key.strategy} on {key.symbol}", found.unseen)

    def settled(self, key: SlotKey, tick_ms: int) -> None:
        """Nothing is wrong with the orders of a slot that holds nothing."""
        self._alarms.over(tick_ms, _subject(key))

    def times_ms(self, now_ms: int) -> Iterator[int]:
        """When what has no stop now has had none for too long."""
        since = (since_ms + NAKED_ALARM_MS for since_ms in self._naked_since_ms.values())
        return (at_ms for at_ms in since if at_ms > now_ms)

    def _tell_naked(self, key: SlotKey, words: str, tick_ms: int, now_ms: int) -> None:
        if not words:
            self._naked_since_ms.pop(key, None)
        elif now_ms < self._naked_since_ms.setdefault(key, now_ms) + NAKED_ALARM_MS:
            return
        self._tell_while(tick_ms, f"stop of {key.strategy} on {key.symbol}", words)

    def _tell_while(self, tick_ms: int, subject: str, words: str) -> None:
        if words:
            self._alarms.ring(tick_ms, subject, words)
        else:
            self._alarms.over(tick_ms, subject)


def _subject(key: SlotKey) -> str:
    return f"orders of {key.strategy} on {key.symbol}"
