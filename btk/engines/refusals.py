"""Refusals and errors that repeat: one event with a count instead of one a minute."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from btk.core.risk import Refusal
from btk.core.rules import Terms
from btk.core.slot_record import CountedError, CountedRefusal
from btk.model.events import ErrorEvent, RejectedEvent
from btk.model.signal import Signal

SIDES = ("long", "short")
BEYOND_ANY_PRICE = 1e300


class Wish(NamedTuple):
    """A signal, and what the market showed when it came."""

    signal: Signal
    price: float


class _Run(msgspec.Struct):
    event: RejectedEvent
    same: tuple[str, str, int]
    over_ms: int


class Refusals:
    """Equal refusals (same rule) within one interval slot are counted, and told once when the row of them is over."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._run: _Run | None = None

    def add(self, wish: Wish, refusal: Refusal, now_ms: int, interval_ms: int) -> list[RejectedEvent]:
        """Count a refusal; the events to tell: the row that it ended."""
        run, slot_ms = self._run, now_ms - now_ms % interval_ms
        same = (refusal.kind, refusal.rule, slot_ms)
        if run is not None and run.same == same:
            run.event = msgspec.structs.replace(run.event, count=run.event.count + 1)
            return []
        ended = self.end(now_ms)
        words = (refusal.kind, refusal.words)
        self._run = _Run(rejected(words, now_ms, self._terms, wish), same, slot_ms + interval_ms)
        return ended

    def is_first(self) -> bool:
        """Whether the refusal counted last began a row."""
        return self._run is not None and self._run.event.count == 1

    def end(self, now_ms: int) -> list[RejectedEvent]:
        """The events to tell: the row is over at `now_ms`, or was with its interval slot."""
        run, self._run = self._run, None
        return [] if run is None else [msgspec.structs.replace(run.event, tick_ms=min(now_ms, run.over_ms))]

    def record(self) -> CountedRefusal | None:
        """What is being counted, for a restart."""
        run = self._run
        return None if run is None else CountedRefusal(event=run.event, rule=run.same[1], slot_ms=run.same[2])

    def restore(self, record: CountedRefusal | None, interval_ms: int) -> None:
        """Go on counting where it was broken off."""
        if record is not None:
            same = (record.event.reason, record.rule, record.slot_ms)
            self._run = _Run(record.event, same, record.slot_ms + interval_ms)

    def end_if_over(self, now_ms: int) -> list[RejectedEvent]:
        """The events to tell: a row whose interval slot is over."""
        return self.end(now_ms) if self._run is not None and self._run.over_ms <= now_ms else []


def rejected(words: tuple[str, str], now_ms: int, terms: Terms, wish: Wish | None = None) -> RejectedEvent:
    """A signal was refused once; without a wish, a command was."""
    return RejectedEvent(
        at_ms=now_ms,
        tick_ms=now_ms,
        symbol=terms.symbol,
        strategy=terms.strategy,
        reason=words[0],
        detail=words[1],
        count=1,
        **({"id": ""} if wish is None else _wished(wish)),
    )


def _wished(wish: Wish) -> dict[str, Any]:
    # A strategy may put anything into its signal, and that may be why it is refused.
    signal = wish.signal
    return {
        "id": signal.id if isinstance(signal.id, str) else "",
        "position": signal.position
        if isinstance(signal.position, str) and signal.position in SIDES
        else None,
        "price": _number(wish.price),
        "price_open": _number(signal.price_open),
        "price_take_profit": _number(signal.price_take_profit),
        "price_stop_loss": _number(signal.price_stop_loss),
        "note": signal.note if isinstance(signal.note, str) else "",
    }


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and abs(value) < BEYOND_ANY_PRICE else None


class Errors:
    """An error is told at once; the same words again are counted, and told when they are over."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._last: ErrorEvent | None = None
        self._repeats = 0

    def record(self) -> CountedError | None:
        """What is being counted, for a restart."""
        return None if self._last is None else CountedError(event=self._last, repeats=self._repeats)

    def restore(self, record: CountedError | None) -> None:
        """Go on counting where it was broken off."""
        if record is not None:
            self._last, self._repeats = record.event, record.repeats

    def add(self, where: str, message: str, now_ms: int) -> list[ErrorEvent]:
        """Count an error; the events to tell."""
        last = self._last
        if last is not None and (last.where, last.message) == (where, message):
            self._repeats += 1
            return []
        told = self.end(now_ms)
        self._last = ErrorEvent(
            at_ms=now_ms,
            tick_ms=now_ms,
            symbol=self._terms.symbol,
            strategy=self._terms.strategy,
            where=where,
            message=message,
            count=1,
        )
        return [*told, self._last]

    def end(self, now_ms: int) -> list[ErrorEvent]:
        """The repeats that are over at `now_ms`."""
        last, repeats = self._last, self._repeats
        self._last, self._repeats = None, 0
        if last is None or not repeats:
            return []
        return [msgspec.structs.replace(last, tick_ms=now_ms, at_ms=now_ms, count=repeats)]
