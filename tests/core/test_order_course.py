"""The course of one order: total, never twice, never backwards, never forgotten."""

from __future__ import annotations

from typing import get_args

import msgspec
import pytest

from btk.core.order_course import (
    SURE_MS,
    WATCH_MS,
    Answered,
    Ask,
    Await,
    Cancel,
    CancelAnswered,
    CancelWanted,
    LookedUp,
    OrderEvent,
    OrderStep,
    ReadFills,
    Rest,
    Restarted,
    Send,
    Sending,
    Settled,
    Traded,
    follow,
    must_watch,
    step_of,
)
from btk.model.intents import Intent
from btk.model.orders import Absent, Accepted, Found, RefusedOrder, UnknownOutcome
from tests.core.order_samples import NOW_MS, STATUSES, every_event, fill, filled, intent, shown

LATER_MS = NOW_MS + 100
SENT = follow(intent(), Sending(NOW_MS)).intent
UNKNOWN = follow(SENT, Answered(UnknownOutcome("timeout"), LATER_MS)).intent


def after(one: Intent, *events: OrderEvent) -> Intent:
    for event in events:
        one = follow(one, event).intent
    return one


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("cancel", ["", "wanted", "asked"])
def test_every_event_is_defined_for_every_intent_and_telling_it_twice_sends_nothing(
    status: str, cancel: str
) -> None:
    one = intent(status=status, cancel=cancel, sure_at_ms=NOW_MS + SURE_MS)
    for event in every_event(one):
        course = follow(one, event)
        assert isinstance(course.step, get_args(OrderStep))
        again = follow(course.intent, event)
        assert not (isinstance(again.step, Send) and not isinstance(course.step, Send))
        assert msgspec.json.decode(msgspec.json.encode(course.intent), type=Intent) == course.intent


@pytest.mark.parametrize("status", sorted(set(STATUSES) - {"prepared", "sent"}))
def test_nothing_is_sent_again_that_may_exist_or_is_settled(status: str) -> None:
    one = intent(status=status, sure_at_ms=NOW_MS)
    for event in every_event(one):
        assert not isinstance(follow(one, event).step, Send)


def test_an_order_is_sent_once_and_then_its_answer_is_awaited() -> None:
    assert step_of(intent()) == Send(0)
    assert (SENT.status, SENT.attempts, step_of(SENT)) == ("sent", 1, Await())
    assert follow(SENT, Sending(LATER_MS)).intent == SENT


def test_without_proof_it_is_asked_about_and_an_early_absence_is_not_believed() -> None:
    assert step_of(UNKNOWN) == Ask(LATER_MS)
    early = follow(UNKNOWN, LookedUp(Absent(), LATER_MS + SURE_MS - 1))
    assert (early.intent.status, early.step) == ("unknown", Ask(LATER_MS + SURE_MS))
    late = follow(early.intent, LookedUp(Absent(), LATER_MS + SURE_MS))
    assert late.step == Settled(LATER_MS + SURE_MS + WATCH_MS)
    assert must_watch(late.intent, LATER_MS + WATCH_MS)
    assert not must_watch(late.intent, LATER_MS + SURE_MS + WATCH_MS)


def test_what_turns_up_after_it_was_believed_absent_is_taken_in_and_marked() -> None:
    absent = after(UNKNOWN, LookedUp(Absent(), LATER_MS + SURE_MS))
    back = after(absent, LookedUp(Found(filled(absent)), LATER_MS + SURE_MS + 1))
    assert (back.turned_up, back.status, back.filled_quantity) == (True, "done", 1.0)


def test_an_order_the_exchange_did_not_know_is_doubtful_until_one_can_be_sure() -> None:
    assert not UNKNOWN.doubtful
    doubted = after(UNKNOWN, LookedUp(Absent(), LATER_MS))
    assert doubted.doubtful
    assert doubted.in_flight
    assert not after(doubted, LookedUp(Found(shown(doubted)), LATER_MS)).doubtful


def test_asking_in_vain_waits_longer_each_time_up_to_eight_seconds() -> None:
    one, waits = UNKNOWN, []
    for _ in range(6):
        one, step = follow(one, LookedUp(UnknownOutcome("503"), LATER_MS))
        assert isinstance(step, Ask)
        waits.append(step.at_ms - LATER_MS)
    assert waits == [1_000, 2_000, 4_000, 8_000, 8_000, 8_000]


def test_after_a_wrong_clock_the_same_id_is_sent_once_more_and_only_once() -> None:
    clock = RefusedOrder(code="-1021", words="ahead", cause="clock", resync_clock=True)
    first = follow(SENT, Answered(clock, LATER_MS))
    assert first.step == Send(LATER_MS, resync=True)
    second = follow(after(first.intent, Sending(LATER_MS)), Answered(clock, LATER_MS))
    assert second.intent.status == "refused"


def test_a_busy_exchange_is_tried_again_with_the_same_id_until_it_is_given_up() -> None:
    busy = RefusedOrder(code="-1015", words="too many orders", cause="too_many", transient=True)
    again = follow(SENT, Answered(busy, LATER_MS))
    assert again.step == Send(LATER_MS + 1_000)
    assert again.intent.client_order_id == SENT.client_order_id
    dropped = follow(again.intent, CancelWanted(LATER_MS))
    assert (dropped.intent.status, dropped.intent.ending, dropped.step) == ("refused", "dropped", Settled())


def test_a_pause_that_is_told_is_waited_for_and_not_tried_against() -> None:
    held = RefusedOrder(code="", words="nothing was sent", transient=True, wait_ms=117_000)
    assert follow(SENT, Answered(held, LATER_MS)).step == Send(LATER_MS + 117_000)


def test_a_final_refusal_settles_it() -> None:
    refused = follow(SENT, Answered(RefusedOrder(code="-1013", words="NOTIONAL", cause="filter"), LATER_MS))
    assert (refused.intent.status, refused.intent.cause, refused.step) == ("refused", "filter", Settled())
    assert refused.intent.detail == "-1013 NOTIONAL"


@pytest.mark.parametrize(("leg", "cause"), [("entry", "duplicate"), ("pair", "balance")])
def test_a_refusal_that_means_it_may_be_there_already_is_asked_about(leg: str, cause: str) -> None:
    sent = msgspec.structs.replace(SENT, leg=leg)
    assert (
        after(sent, Answered(RefusedOrder(code="-2010", words="", cause=cause), LATER_MS)).status == "unknown"
    )


@pytest.mark.parametrize("one", [intent(), SENT])
def test_after_a_restart_whatever_may_have_left_is_asked_about_first(one: Intent) -> None:
    course = follow(one, Restarted(LATER_MS))
    assert (course.intent.status, course.step) == ("unknown", Ask(LATER_MS))
    assert course.intent.sure_at_ms == LATER_MS + SURE_MS


def test_an_older_view_of_an_order_takes_nothing_back() -> None:
    done = after(SENT, Answered(Accepted(filled(SENT)), LATER_MS))
    assert done.status == "done"
    stale = after(done, LookedUp(Found(shown(SENT)), LATER_MS), LookedUp(Found(filled(SENT, 0.4)), LATER_MS))
    assert (stale.status, stale.filled_quantity, stale.ending) == ("done", 1.0, "filled")


def test_a_trade_told_twice_counts_once() -> None:
    part = after(SENT, Answered(Accepted(filled(SENT, 0.4)), LATER_MS))
    twice = after(part, Traded((fill("t1", 0.4),), LATER_MS), Traded((fill("t1", 0.4),), LATER_MS))
    assert (twice.filled_quantity, len(twice.fills)) == (0.4, 1)
    more = after(twice, Traded((fill("t1", 0.4), fill("t2", 0.6)), LATER_MS))
    assert more.filled_quantity == pytest.approx(1.0)


def test_what_is_filled_without_its_trades_is_not_done_before_they_are_told() -> None:
    order = shown(SENT, status="filled", filled=1.0, cost=100.0)
    ended = follow(SENT, Answered(Accepted(order), LATER_MS))
    assert ended.step == ReadFills(LATER_MS)
    assert after(ended.intent, Traded((fill(),), LATER_MS)).status == "done"


def test_trades_that_are_never_told_do_not_hold_it_up_for_ever() -> None:
    order = shown(SENT, status="filled", filled=1.0, cost=100.0)
    one = after(SENT, Answered(Accepted(order), LATER_MS), *[Traded((), LATER_MS)] * 5)
    assert (one.status, one.detail) == ("done", "the exchange never told all of its trades")


def test_cancelling_is_believed_only_when_the_order_shows_it() -> None:
    open_ = after(SENT, Answered(Accepted(shown(SENT)), LATER_MS))
    wanted = follow(open_, CancelWanted(LATER_MS))
    assert wanted.step == Cancel(LATER_MS)
    asked = follow(wanted.intent, CancelAnswered(UnknownOutcome("-2011"), LATER_MS))
    assert asked.step == Ask(LATER_MS)
    assert follow(asked.intent, LookedUp(Found(shown(SENT)), LATER_MS)).step == Cancel(LATER_MS + 1_000)
    gone = follow(asked.intent, LookedUp(Found(shown(SENT, status="cancelled", filled=0.0)), LATER_MS)).intent
    assert (gone.status, gone.ending) == ("done", "cancelled")


def test_what_was_filled_while_it_was_cancelled_counts() -> None:
    open_ = after(SENT, Answered(Accepted(shown(SENT)), LATER_MS), CancelWanted(LATER_MS))
    gone = after(
        open_,
        CancelAnswered(Found(shown(SENT, status="cancelled", filled=0.3, cost=30.0)), LATER_MS),
        Traded((fill("t1", 0.3),), LATER_MS),
    )
    assert (gone.status, gone.ending, gone.filled_quantity) == ("done", "cancelled", 0.3)


def test_a_market_order_that_expired_keeps_its_part() -> None:
    order = shown(SENT, status="expired", filled=0.3, cost=30.0, fills=(fill("t1", 0.3),))
    one = after(SENT, Answered(Accepted(order), LATER_MS))
    assert (one.status, one.ending, one.filled_quantity) == ("done", "expired", 0.3)


def test_an_order_that_stood_and_is_unknown_five_times_is_lost_and_found_again() -> None:
    one = after(SENT, Answered(Accepted(shown(SENT)), LATER_MS))
    assert step_of(one) == Rest()
    one = after(one, *[LookedUp(Absent(), LATER_MS)] * 5)
    assert (one.status, one.ending) == ("done", "lost")
    back = after(one, LookedUp(Found(filled(one)), LATER_MS))
    assert (back.turned_up, back.filled_quantity) == (True, 1.0)
