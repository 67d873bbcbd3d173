"""Mutants: each takes one safeguard away, and a test that stands for it turns red."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest

from btk.adapters import ccxt_orders, disk, file_lock
from btk.adapters.request_gate import RequestGate
from btk.core import order_course
from btk.library.trading_session import Session
from btk.model.intents import Intent
from btk.model.orders import VenueOrder
from tests.crash.test_state_crashes import (
    test_some_power_cuts_leave_the_last_commit_or_the_next as power_cuts,
)
from tests.crash.test_state_processes import (
    test_the_lock_is_free_when_its_holder_has_ended_and_says_who_held_it as one_writer,
)
from tests.venue.campaign import Case, judged
from tests.venue.test_broker import test_a_pause_is_obeyed_by_every_request_that_follows as pauses
from tests.venue.test_broker import (
    test_whatever_goes_wrong_an_answer_never_says_more_than_is_proven as answers,
)

# What pytest.raises catches of a test that turned red.
RED = (AssertionError, pytest.fail.Exception)


def is_clean(case: Case) -> None:
    assert judged(case).problems == []


def turns_red(mutant: Callable[[pytest.MonkeyPatch], None], test: Callable[[], None]) -> None:
    """Green as it is, red with the mutant."""
    test()
    with pytest.MonkeyPatch.context() as patch:
        mutant(patch)
        with pytest.raises(RED):
            test()


def test_a_folder_that_is_not_synced_is_noticed(tmp_path: Path) -> None:
    def some(campaign: str, cases: Sequence[Any], limit: int) -> Sequence[Any]:
        return random.Random(1).sample(cases, 20)

    def unsynced(patch: pytest.MonkeyPatch) -> None:
        source = (
            Path(disk.__file__)
            .read_text()
            .replace("        disk.sync_folder(path.parent)\n    except", "    except", 1)
        )
        made: dict[str, Any] = {}
        exec(compile(source, disk.__file__, "exec"), made)
        assert isinstance(disk.save, FunctionType)
        patch.setattr(disk.save, "__code__", made["save"].__code__)

    turns_red(unsynced, lambda: power_cuts(tmp_path, some))


def test_an_order_sent_before_its_intent_is_saved_is_noticed() -> None:
    async def later(session: Session) -> bool:
        return True

    case = Case("swap", "long", "market", 1, kill="after")
    turns_red(lambda patch: patch.setattr(Session, "keep_now", later), lambda: is_clean(case))


def test_an_order_sent_again_because_nobody_answered_is_noticed() -> None:
    def again(intent: Intent, words: str, at_ms: int) -> Intent:
        return order_course._with(intent, status="prepared", next_at_ms=at_ms, detail=words)

    case = Case("spot", "long", "market", 1, "no answer, executed")
    turns_red(lambda patch: patch.setattr(order_course, "_lost_sight", again), lambda: is_clean(case))


def test_an_answer_without_an_id_that_is_taken_for_a_success_is_noticed() -> None:
    proven = ccxt_orders.place

    async def believing(client: Any, market: Any, request: Any) -> VenueOrder:
        return await proven(client, market, request) or VenueOrder(
            client_order_id=request.client_order_id,
            order_id="None",
            symbol=request.symbol,
            side=request.side,
            kind=request.kind,
            status="open",
            quantity=request.quantity,
        )

    turns_red(
        lambda patch: patch.setattr(ccxt_orders, "place", believing),
        lambda: answers("swap", "200 {}, not executed"),
    )


def test_a_pause_that_is_not_obeyed_is_noticed() -> None:
    def deaf(gate: RequestGate, status: int, headers: Any) -> None:
        return None

    turns_red(lambda patch: patch.setattr(RequestGate, "heard", deaf), lambda: pauses("418"))


def test_a_lock_that_is_not_taken_is_noticed(tmp_path: Path) -> None:
    turns_red(
        lambda patch: patch.setattr(file_lock, "_take", lambda *given: None), lambda: one_writer(tmp_path)
    )
