"""Notes in a run: once each hour, with the signal and no longer, and what a call that failed has written."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from btk import Market, Position, Signal, Strategy, Trade
from btk.core.rules import Rules
from btk.engines.backtest import Backtest, Job, Seat
from btk.engines.drivers import StopSwitch
from btk.model.events import ErrorEvent, Event
from btk.model.intervals import MINUTE_MS
from btk.model.names import SlotKey
from btk.model.settings import Frame
from tests.fakes.recorded_candles import RecordedCandles, minutes_of

FIRST_MS = 1_704_067_200_000  # a full hour
FLAT = (100.0, 100.5, 99.5, 100.0, 1.0)


def run(strategy: Strategy, minutes: int = 150) -> list[Event]:
    events: list[Event] = []
    job = Job(
        seats=[Seat(SlotKey("AAA", "noting", "test"), strategy)],
        source=RecordedCandles({"AAA": minutes_of(FIRST_MS, [FLAT] * (minutes + 2))}),
        frame=Frame(from_ms=FIRST_MS + 10 * MINUTE_MS, to_ms=FIRST_MS + minutes * MINUTE_MS),
        model="candle",
        rules=Rules(),
    )
    Backtest(job, lambda key, event: events.append(event), time.perf_counter).run(StopSwitch())
    return events


class Asked(Strategy):
    """Does `ask` at each question."""

    def __init__(self, ask: Callable[[Market], Any]) -> None:
        self.ask = ask

    def get_signal(self, market: Market) -> Any:
        return self.ask(market)


def minute(market: Market) -> int:
    return (market.now_ms - FIRST_MS) // MINUTE_MS


def test_something_is_done_once_each_hour_and_the_first_time_at_once() -> None:
    done: list[int | None] = []
    run(Asked(lambda market: done.append(market.every("1h", minute))))
    assert [at for at in done if at is not None] == [10, 60, 120]


def test_what_raises_is_called_again_until_it_does_not() -> None:
    tries: list[int] = []

    def shaky(market: Market) -> None:
        tries.append(minute(market))
        if len(tries) < 3:
            raise ConnectionError("not yet")

    run(Asked(lambda market: market.every("1h", shaky)), minutes=50)
    assert tries == [10, 11, 12]


def test_two_names_have_their_own_hours_and_a_lambda_needs_one() -> None:
    done: list[str] = []

    def ask(market: Market) -> None:
        market.every("1h", lambda market: done.append("a"), name="a")
        market.every("1h", lambda market: done.append("b"), name="b")

    run(Asked(ask), minutes=50)
    assert done == ["a", "b"]
    events = run(Asked(lambda market: market.every("1h", lambda market: None)), minutes=12)
    assert {event.message for event in events if isinstance(event, ErrorEvent)} == {
        "InvalidInput: every('1h'): it has no name to be remembered by; add name="
    }


class Remembering(Strategy):
    """Opens twice and writes down what it remembers of each signal."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, int | None, int | None]] = []

    def get_signal(self, market: Market) -> Signal | None:
        self._look("asked", market)
        opened = market.session.get("opened", int, 0)
        return Signal.bracket("long", market.price, 5, 5, lifetime_minutes=5) if opened < 2 else None

    def on_opened(self, market: Market, position: Position) -> None:
        market.session.set("opened", market.session.get("opened", int, 0) + 1)
        self._look("opened", market)
        market.state.set("minute", minute(market))

    def on_closed(self, market: Market, trade: Trade) -> None:
        self._look("closed", market)

    def _look(self, where: str, market: Market) -> None:
        self.seen.append((where, market.state.get("minute", int), market.session.get("opened", int)))


def test_a_state_is_there_until_its_signal_is_over_and_heard_of_and_a_session_stays() -> None:
    strategy = Remembering()
    run(strategy, minutes=40)
    assert strategy.seen[:7] == [
        ("asked", None, None),
        ("opened", None, 1),
        ("closed", 11, 1),
        ("asked", None, 1),
        ("opened", None, 2),
        ("closed", 17, 2),
        ("asked", None, 2),
    ]


class Brief(Remembering):
    """Its stop is hit in the very candle in which it is opened."""

    def get_signal(self, market: Market) -> Signal | None:
        self._look("asked", market)
        opened = market.session.get("opened", int, 0)
        return Signal.bracket("long", market.price, 5, 0.5, lifetime_minutes=5) if opened < 1 else None


def test_a_position_that_is_over_before_its_hook_is_told_has_its_state_until_all_are_told() -> None:
    strategy = Brief()
    events = run(strategy, minutes=14)
    assert not [event for event in events if isinstance(event, ErrorEvent)]
    assert strategy.seen == [
        ("asked", None, None),
        ("opened", None, 1),
        ("closed", 11, 1),
        ("asked", None, 1),
        ("asked", None, 1),
        ("asked", None, 1),
    ]
