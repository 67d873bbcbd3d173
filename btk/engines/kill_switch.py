"""The kill switch at work: it counts orders, watches the day's loss, and marks every slot when a limit is reached.

The mark is part of the slots' records: it outlives the process, and `btk resume` takes it away.
"""

from __future__ import annotations

from collections import deque

from btk.core.kill_switch import MARK, SwitchLimits, too_many, too_much_lost
from btk.core.states import Scheduled
from btk.engines.trading import Trading
from btk.model.commands import CancelScheduled
from btk.model.intervals import MINUTE_MS
from btk.model.names import SlotKey


class KillSwitch:
    """`words` says why it is thrown, "" while it is not."""

    def __init__(self, trading: Trading, limits: SwitchLimits) -> None:
        self._trading = trading
        self._limits = limits
        self._sent_ms: deque[int] = deque()
        self._marked = self._marks()

    @property
    def words(self) -> str:
        """The reason, of slots that nobody has resumed."""
        return next(iter(self._marks().values()), "")

    def sent(self, now_ms: int) -> None:
        """An order leaves."""
        self._sent_ms.append(now_ms)

    def unsent(self) -> None:
        """One of them has not left after all."""
        if self._sent_ms:
            self._sent_ms.pop()

    def stops(self, key: SlotKey, now_ms: int) -> str:
        """Why a slot may not open anything now, or ""; one order too many throws the switch."""
        while self._sent_ms and self._sent_ms[0] <= now_ms - MINUTE_MS:
            self._sent_ms.popleft()
        words = too_many(self._sent_ms, self._limits)
        if words:
            self._throw(words)
        return self._marks().get(key, "")

    def look(self) -> None:
        """After a tick: throw it where the day has cost too much. Who resumes begins the day's loss anew."""
        marked = self._marks()
        if self._marked.keys() - marked.keys():
            self._trading.begin_day_anew()
        words = too_much_lost(self._trading.standing(), self._limits)
        if words and len(marked) < len(self._trading.slots):
            self._throw(words)
        self._marked = self._marks()

    def _throw(self, words: str) -> None:
        slots = self._trading.slots.values()
        for slot in slots:
            if not slot.needs_attention.startswith(MARK):
                # Also where something else is the matter: that alone stops no addition to a position.
                slot.needs_attention = "; ".join(filter(None, (words, slot.needs_attention)))
        waiting = [slot.key for slot in slots if isinstance(slot.state, Scheduled)]
        self._trading.order(waiting, CancelScheduled(words), self._trading.reached.drawn_ms)
        self._marked = self._marks()

    def _marks(self) -> dict[SlotKey, str]:
        return {
            key: slot.needs_attention
            for key, slot in self._trading.slots.items()
            if slot.needs_attention.startswith(MARK)
        }
