"""The mailbox of one address: what waits to be told, in which bundles, and when it is tried again. No I/O, no clock."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterator

import msgspec

from btk.adapters.notify_repeats import Note, Repeats
from btk.model.intervals import MINUTE_MS
from btk.model.notify import Notify

MOST_NOTES = 10
MOST_CHARACTERS = 1500
FIRST_DELAY_MS = 5_000
LONGEST_DELAY_MS = 300_000
TRIES_BEFORE_OUTAGE = 3
_DAY_MINUTES = 1440


class MailboxRules(msgspec.Struct, frozen=True, kw_only=True):
    """How much waits at most, how long repeats are counted, and in which minutes of the UTC day only urgent notes go."""

    room: int = 1000
    repeat_ms: int = 600_000
    quiet_minutes: tuple[int, int] | None = None

    @classmethod
    def of(cls, notify: Notify) -> MailboxRules:
        """The rules that the settings ask for."""
        return cls(
            room=notify.max_waiting,
            repeat_ms=round(notify.repeat_minutes * MINUTE_MS),
            quiet_minutes=notify.quiet_minutes,
        )


class Outage(msgspec.Struct, frozen=True, kw_only=True):
    """An address does not take messages: since when, and what it said last."""

    since_ms: int
    reason: str


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """All that must survive a restart: `dropped` older notes are to be told of."""

    notes: tuple[Note, ...] = ()
    dropped: int = 0
    outage: Outage | None = None


class Tally(msgspec.Struct):
    """Every note taken in is sent, counted with an equal one, dropped, or waits."""

    taken: int = 0
    sent: int = 0
    coalesced: int = 0
    dropped: int = 0


class Mailbox:
    """Notes go in by `put`; `bundle` hands out some, and `delivered` or `failed` says what became of them."""

    def __init__(self, rules: MailboxRules, chance: Callable[[], float] = random.random) -> None:
        self.tally = Tally()
        self.outage: Outage | None = None
        self._rules = rules
        self._chance = chance
        self._repeats = Repeats(rules.repeat_ms, rules.room)
        self._waiting: deque[Note] = deque()
        self._in_flight: tuple[Note, ...] = ()
        self._untold_drops = 0
        self._drops_in_flight = 0
        self._failures = 0
        self._failing_since_ms = 0
        self._retry_ms = 0

    def restore(self, kept: Kept) -> None:
        """Begin with what another process left."""
        self._untold_drops = kept.dropped
        self.outage = kept.outage
        if kept.outage is not None:
            self._failures, self._failing_since_ms = TRIES_BEFORE_OUTAGE, kept.outage.since_ms
        for note in kept.notes:
            self.tally.taken += note.counts
            self._append(note)

    def put(self, note: Note) -> None:
        """Take a note in; `at_ms` is now."""
        self.tally.taken += note.counts
        self._settle(note.at_ms)
        if self._repeats.heard(note):
            self.tally.coalesced += note.counts
        else:
            self._append(note)

    def end_repeats(self, now_ms: int) -> None:
        """Tell what was counted so far: nothing more is going to come."""
        self._append(*self._repeats.all(now_ms))

    def bundle(self, now_ms: int) -> tuple[Note, ...]:
        """The next notes to send, the oldest first; none while there are none or nothing may be tried."""
        self._settle(now_ms)
        if self._retries_later(now_ms):
            return ()
        self._in_flight = tuple(self._first(now_ms))
        taken = set(map(id, self._in_flight))
        self._waiting = deque(note for note in self._waiting if id(note) not in taken)
        self._drops_in_flight = self._untold_drops
        return self._in_flight

    def delivered(self) -> Outage | None:
        """The bundle was taken; the outage that this ends."""
        self.tally.sent += sum(note.counts for note in self._in_flight)
        self._untold_drops -= self._drops_in_flight
        self._in_flight = ()
        self._failures = 0
        self._retry_ms = 0
        ended, self.outage = self.outage, None
        return ended

    def failed(self, reason: str, now_ms: int) -> Outage | None:
        """The bundle was not taken and waits again; the outage that this begins."""
        self._waiting.extendleft(reversed(self._in_flight))
        self._in_flight = ()
        self._make_room(0)
        if not self._failures:
            self._failing_since_ms = now_ms
        self._failures += 1
        self._retry_ms = now_ms + self._delay_ms()
        if self._failures < TRIES_BEFORE_OUTAGE:
            return None
        begins = self.outage is None
        self.outage = Outage(since_ms=self._failing_since_ms, reason=reason)
        return self.outage if begins else None

    @property
    def kept(self) -> Kept:
        """What must survive a restart, as it is now."""
        return Kept(notes=(*self._in_flight, *self._waiting), dropped=self._untold_drops, outage=self.outage)

    @property
    def drops_in_flight(self) -> int:
        """How many dropped notes the bundle is to mention."""
        return self._drops_in_flight

    @property
    def waiting(self) -> int:
        """How many of the notes taken in still wait."""
        return sum(note.counts for note in (*self._in_flight, *self._waiting))

    def next_ms(self, now_ms: int) -> int | None:
        """When there may be something to do again; None: not before a note is put."""
        times = [self._repeats.next_ms]
        if self._waiting and next(self._sendable(now_ms), None) is None:
            times.append(self._quiet_end_ms(now_ms))
        elif self._waiting:
            times.append(self._retry_ms if self._retries_later(now_ms) else now_ms)
        return min((time for time in times if time is not None), default=None)

    def _append(self, *notes: Note) -> None:
        for note in notes:
            self._make_room(1)
            self._waiting.append(note)

    def _make_room(self, coming: int) -> None:
        while self._waiting and len(self._waiting) + len(self._in_flight) + coming > self._rules.room:
            self.tally.dropped += self._waiting.popleft().counts
            self._untold_drops += 1

    def _settle(self, now_ms: int) -> None:
        self._append(*self._repeats.over(now_ms))

    def _first(self, now_ms: int) -> Iterator[Note]:
        characters = 0
        for count, note in enumerate(self._sendable(now_ms)):
            characters += len(note.text)
            if count and (count == MOST_NOTES or characters > MOST_CHARACTERS):
                return
            yield note

    def _sendable(self, now_ms: int) -> Iterator[Note]:
        quiet = self._is_quiet(now_ms)
        return (note for note in self._waiting if note.urgent or not quiet)

    def _retries_later(self, now_ms: int) -> bool:
        # A clock that was put back must not make the pause longer.
        return now_ms < self._retry_ms <= now_ms + LONGEST_DELAY_MS

    def _delay_ms(self) -> int:
        longest = min(LONGEST_DELAY_MS, FIRST_DELAY_MS << min(self._failures - 1, 10))
        return round(longest * (0.5 + 0.5 * self._chance()))

    def _is_quiet(self, now_ms: int) -> bool:
        if self._rules.quiet_minutes is None:
            return False
        (begin, end), minute = self._rules.quiet_minutes, now_ms // MINUTE_MS % _DAY_MINUTES
        return begin <= minute < end if begin < end else minute >= begin or minute < end

    def _quiet_end_ms(self, now_ms: int) -> int:
        assert self._rules.quiet_minutes is not None
        minutes = now_ms // MINUTE_MS
        return (minutes + (self._rules.quiet_minutes[1] - minutes) % _DAY_MINUTES) * MINUTE_MS
