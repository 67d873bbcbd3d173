"""The course of one order: what an intent becomes by each event, and what is to be done next; defined for every pair.

The driver persists the intent that comes back and then does the step. Times are the exchange's, carried on by a clock
that never steps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from btk.core import order_merge
from btk.model.intents import Intent, IntentStatus
from btk.model.orders import (
    RECV_WINDOW_MS,
    Absent,
    Accepted,
    Answer,
    Fill,
    Found,
    LookUp,
    RefusedOrder,
    UnknownOutcome,
)

SURE_MS = RECV_WINDOW_MS + 10_000
"""How long a lost request can still arrive: until its window closes, and the engine's own wait after that."""
WATCH_MS = 24 * 3_600_000
"""How long an order that was believed absent is still asked about."""
LOST_AFTER_TRIES = 5


class Sending(msgspec.Struct, frozen=True):
    """It leaves now (said before it does)."""

    at_ms: int


class Answered(msgspec.Struct, frozen=True):
    """What the exchange said to it."""

    answer: Answer
    at_ms: int


class LookedUp(msgspec.Struct, frozen=True):
    """What the exchange said when it was asked about it by id."""

    found: LookUp
    at_ms: int


class Traded(msgspec.Struct, frozen=True):
    """Trades of it that the exchange told; those that were told before change nothing."""

    fills: tuple[Fill, ...]
    at_ms: int


class CancelWanted(msgspec.Struct, frozen=True):
    """It is not wanted any longer."""

    at_ms: int


class CancelAnswered(msgspec.Struct, frozen=True):
    """What the exchange said to the cancelling."""

    found: LookUp
    at_ms: int


class Restarted(msgspec.Struct, frozen=True):
    """A new process reads it: whatever may have left has left until now."""

    at_ms: int


OrderEvent = Sending | Answered | LookedUp | Traded | CancelWanted | CancelAnswered | Restarted


class Send(NamedTuple):
    """Send it (the same id), not before `at_ms`; measure the exchange's clock first if `resync`."""

    at_ms: int
    resync: bool = False


class Await(NamedTuple):
    """The answer to what was sent is on its way."""


class Ask(NamedTuple):
    """Look it up by its id, not before `at_ms`."""

    at_ms: int


class Cancel(NamedTuple):
    """Cancel it, not before `at_ms`."""

    at_ms: int


class ReadFills(NamedTuple):
    """It is at its end, but the trades it is made of are not all told: read them, not before `at_ms`."""

    at_ms: int


class Rest(NamedTuple):
    """It stands at the exchange."""


class Settled(NamedTuple):
    """Nothing can come of it any more; until `watch_until_ms` it is still asked about now and then."""

    watch_until_ms: int | None = None


OrderStep = Send | Await | Ask | Cancel | ReadFills | Rest | Settled


class Course(NamedTuple):
    """The intent after an event, and the step it asks for."""

    intent: Intent
    step: OrderStep


def follow(intent: Intent, event: OrderEvent) -> Course:
    """What the intent becomes by the event; defined for every intent and every event."""
    after = _REACTIONS[type(event)](intent, event)
    return Course(after, step_of(after))


def step_of(intent: Intent) -> OrderStep:
    """What is to be done for an intent as it stands."""
    return _STEPS[intent.status](intent)


def must_watch(intent: Intent, now_ms: int) -> bool:
    """Whether an order that was believed absent has to be asked about at this reconciliation too."""
    step = step_of(intent)
    return isinstance(step, Settled) and step.watch_until_ms is not None and now_ms < step.watch_until_ms


def pause_ms(tries: int) -> int:
    """How long to wait after so many tries in vain: 1, 2, 4, 8 seconds, then as long again each time."""
    return 1000 << min(max(tries - 1, 0), 3)


def _sending(intent: Intent, event: Sending) -> Intent:
    if intent.status != "prepared":
        return intent
    return _with(intent, status="sent", sent_at_ms=event.at_ms, attempts=intent.attempts + 1)


def _answered(intent: Intent, event: Answered) -> Intent:
    match event.answer:
        case Accepted(order):
            return order_merge.merged(intent, order, event.at_ms)
        case RefusedOrder() as refusal if intent.status == "sent":
            return _refused(intent, refusal, event.at_ms)
        case UnknownOutcome(words) if intent.status == "sent":
            return _lost_sight(intent, words, event.at_ms)
    # An answer that is told twice, or to something that is known better by now.
    return intent


def _refused(intent: Intent, refusal: RefusedOrder, at_ms: int) -> Intent:
    words = f"{refusal.code} {refusal.words}".strip()
    if refusal.cause == "duplicate" or (refusal.cause == "balance" and intent.leg == "pair"):
        # The id is taken, or the balance is locked: probably by this very order.
        return _with(_lost_sight(intent, words, at_ms), cause=refusal.cause)
    if intent.cancel:
        return _settled(intent, at_ms, status="refused", ending="dropped", detail=words)
    if refusal.resync_clock and not intent.resynced:
        return _with(intent, status="prepared", resynced=True, next_at_ms=at_ms, cause="clock", detail=words)
    if refusal.transient:
        later_ms = at_ms + (refusal.wait_ms or pause_ms(intent.attempts))
        return _with(intent, status="prepared", next_at_ms=later_ms, detail=words, cause=refusal.cause)
    return _settled(intent, at_ms, status="refused", cause=refusal.cause, detail=words)


def _lost_sight(intent: Intent, words: str, at_ms: int) -> Intent:
    return _with(
        intent,
        status="unknown",
        sure_at_ms=at_ms + SURE_MS,
        next_at_ms=at_ms,
        tries=0,
        misses=0,
        detail=words,
    )


def _looked_up(intent: Intent, event: LookedUp) -> Intent:
    match event.found:
        case Found(order):
            return order_merge.merged(intent, order, event.at_ms)
        case Absent():
            return _ABSENCES.get(intent.status, _unchanged)(intent, event.at_ms)
        case UnknownOutcome(words):
            return _asked_in_vain(intent, event.at_ms, words) if intent.in_flight else intent


def _absent_unknown(intent: Intent, at_ms: int) -> Intent:
    sure_at_ms = intent.sure_at_ms or at_ms
    if at_ms >= sure_at_ms:
        return _settled(intent, at_ms, status="absent", detail=intent.detail)
    asked = _asked_in_vain(intent, at_ms, intent.detail)
    return _with(asked, misses=intent.misses + 1, next_at_ms=min(asked.next_at_ms, sure_at_ms))


def _absent_standing(intent: Intent, at_ms: int) -> Intent:
    if intent.tries + 1 < LOST_AFTER_TRIES:
        return _asked_in_vain(intent, at_ms, "the exchange does not know it any more")
    return _settled(
        intent, at_ms, status="done", ending="lost", detail="the exchange does not know it any more"
    )


def _asked_in_vain(intent: Intent, at_ms: int, words: str) -> Intent:
    tries = intent.tries + 1
    return _with(intent, tries=tries, next_at_ms=at_ms + pause_ms(tries), detail=words)


def _traded(intent: Intent, event: Traded) -> Intent:
    return order_merge.with_fills(intent, event.fills, event.at_ms)


def _cancel_wanted(intent: Intent, event: CancelWanted) -> Intent:
    if intent.status == "prepared":
        return _settled(intent, event.at_ms, status="refused", ending="dropped")
    if not intent.in_flight or intent.status == "ended" or intent.cancel:
        return intent
    return _with(intent, cancel="wanted", next_at_ms=event.at_ms, tries=0)


def _cancel_answered(intent: Intent, event: CancelAnswered) -> Intent:
    if intent.cancel != "wanted" or not intent.standing:
        return _looked_up(intent, LookedUp(event.found, event.at_ms))
    if isinstance(event.found, Found):
        return order_merge.merged(_asked(intent, event.at_ms), event.found.order, event.at_ms)
    # Filled, cancelled or never heard: only the order itself knows.
    return _asked(intent, event.at_ms)


def _asked(intent: Intent, at_ms: int) -> Intent:
    return _with(intent, cancel="asked", next_at_ms=at_ms)


def _restarted(intent: Intent, event: Restarted) -> Intent:
    match intent.status:
        case "prepared" | "sent":
            return _lost_sight(intent, "the process ended before its outcome was known", event.at_ms)
        case "unknown" | "accepted" | "partial" | "ended":
            return _with(intent, next_at_ms=event.at_ms, tries=0)
    return intent


def _settled(intent: Intent, at_ms: int, **changes: Any) -> Intent:
    return _with(intent, settled_at_ms=at_ms, **changes)


def _unchanged(intent: Intent, at_ms: int) -> Intent:
    return intent


def _with(intent: Intent, **changes: Any) -> Intent:
    return msgspec.structs.replace(intent, **changes)


def _standing_step(intent: Intent) -> OrderStep:
    match intent.cancel:
        case "wanted":
            return Cancel(intent.next_at_ms)
        case "asked":
            return Ask(intent.next_at_ms)
    if not order_merge.all_told(intent):
        return ReadFills(intent.next_at_ms)
    return Ask(intent.next_at_ms) if intent.tries else Rest()


def _settled_step(intent: Intent) -> OrderStep:
    if intent.status != "absent" or intent.settled_at_ms is None:
        return Settled()
    return Settled(intent.settled_at_ms + WATCH_MS)


_REACTIONS: Mapping[type, Callable[[Intent, Any], Intent]] = {
    Sending: _sending,
    Answered: _answered,
    LookedUp: _looked_up,
    Traded: _traded,
    CancelWanted: _cancel_wanted,
    CancelAnswered: _cancel_answered,
    Restarted: _restarted,
}
_ABSENCES: Mapping[IntentStatus, Callable[[Intent, int], Intent]] = {
    "unknown": _absent_unknown,
    "accepted": _absent_standing,
    "partial": _absent_standing,
}
_STEPS: Mapping[IntentStatus, Callable[[Intent], OrderStep]] = {
    "prepared": lambda intent: Send(intent.next_at_ms, resync=intent.cause == "clock"),
    "sent": lambda intent: Await(),
    "unknown": lambda intent: Ask(intent.next_at_ms),
    "accepted": _standing_step,
    "partial": _standing_step,
    "ended": lambda intent: ReadFills(intent.next_at_ms),
    "done": _settled_step,
    "refused": _settled_step,
    "absent": _settled_step,
}
