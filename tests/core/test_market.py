"""What a strategy sees of the world: closed candles, cut at now, whatever lies ready behind them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
import pytest

from btk.core.desk import Desk
from btk.core.holding import Holding
from btk.core.market import Indicators, Market
from btk.core.model import Minutes
from btk.core.resample import resample
from btk.core.states import IDLE
from btk.model.bars import Bars
from btk.model.errors import InsufficientData, InvalidInput, LookAhead, NotRecorded
from btk.model.intervals import MINUTE_MS, interval_ms

TEN_MS = 1_704_189_600_000  # 2024-01-02T10:00Z
HISTORY_MS = TEN_MS - 600 * MINUTE_MS


def at(hour: int, minute: int) -> int:
    return TEN_MS + ((hour - 10) * 60 + minute) * MINUTE_MS


def minutes(count: int = 1_200) -> Bars:
    """Each candle's close is the minute of the history in which it opened."""
    row = np.arange(count, dtype=np.float64)
    return Bars(HISTORY_MS, MINUTE_MS, (row, row + 0.5, row - 0.5, row, np.ones(count)))


class ReadyHistory:
    """Windows that reach far past now, as the one of a replay does."""

    def __init__(self) -> None:
        self.asked = 0

    def window(self, interval: str, from_ms: int, now_ms: int) -> Bars:
        self.asked += 1
        if from_ms < HISTORY_MS:
            raise InsufficientData("no such history")
        return resample(minutes(), interval_ms(interval))


class NoBench:
    """Nobody takes commands."""

    state = IDLE

    def open_desk(self, tick_ms: int) -> Desk:
        raise AssertionError("no command was given")

    def holding_at(self, tick_ms: int) -> Holding | None:
        return None


def market_at(now_ms: int, history: ReadyHistory | None = None) -> Market:
    market = Market("BTC", history or ReadyHistory(), NoBench())
    market.now_ms = now_ms
    return market


@pytest.mark.parametrize(
    ("interval", "opens"),
    [
        ("1m", [(10, 19), (10, 20), (10, 21), (10, 22), (10, 23)]),
        ("15m", [(9, 0), (9, 15), (9, 30), (9, 45), (10, 0)]),
        ("1h", [(5, 0), (6, 0), (7, 0), (8, 0), (9, 0)]),
    ],
)
def test_candles_are_the_last_closed_ones_of_their_interval(interval, opens):
    candles = market_at(at(10, 24)).candles(interval, 5)
    assert candles.open_ms.tolist() == [at(*moment) for moment in opens]
    last_minute = (opens[-1][0] * 60 + opens[-1][1]) + interval_ms(interval) // MINUTE_MS - 1
    assert candles.close[-1] == last_minute - (HISTORY_MS // MINUTE_MS - TEN_MS // MINUTE_MS + 600)


def test_a_bar_belongs_to_the_past_at_the_moment_it_closes_not_before():
    assert market_at(at(10, 30)).candles("15m", 1).open_ms.tolist() == [at(10, 15)]
    assert market_at(at(10, 29)).candles("15m", 1).open_ms.tolist() == [at(10, 0)]


def test_candles_move_on_with_now_without_asking_the_history_again():
    history = ReadyHistory()
    market = market_at(at(10, 24), history)
    for minute in range(24, 40):
        market.now_ms = at(10, minute)
        assert market.candles("1m", 3).open_ms[-1] == at(10, minute - 1)
    assert history.asked == 1


def test_exactly_as_many_as_asked_or_an_error():
    market = market_at(at(10, 24))
    assert len(market.candles("1m", 624)) == 624
    with pytest.raises(InsufficientData):
        market.candles("1m", 625)


@pytest.mark.parametrize("limit", [0, -1, 2.0, "5", None, True])
def test_a_limit_is_a_whole_number_above_0(limit):
    market = market_at(at(10, 24))
    for _ in range(2):
        with pytest.raises(InvalidInput, match="the limit must be a whole number above 0"):
            market.candles("1m", limit)
        market.candles("1m", 5)


def test_a_limit_may_be_a_whole_number_of_numpy():
    assert len(market_at(at(10, 24)).candles("1m", np.int64(7))) == 7


def test_candles_between_are_those_that_open_there():
    market = market_at(at(10, 24))
    assert market.candles_between("1m", at(10, 0), at(10, 3)).open_ms.tolist() == [
        at(10, m) for m in (0, 1, 2)
    ]
    moments = (datetime(2024, 1, 2, 9, 50, tzinfo=UTC), datetime(2024, 1, 2, 10, 20, tzinfo=UTC))
    assert market.candles_between("15m", *moments).open_ms.tolist() == [at(10, 0)]


def test_candles_between_leave_out_the_bar_that_is_not_closed():
    market = market_at(at(10, 24))
    assert market.candles_between("15m", at(9, 30), at(10, 24)).open_ms.tolist() == [
        at(9, 30),
        at(9, 45),
        at(10, 0),
    ]
    assert len(market.candles_between("15m", at(10, 16), at(10, 20))) == 0


@pytest.mark.parametrize("end", [(10, 25), (11, 0)])
def test_an_end_after_now_is_a_look_ahead(end):
    with pytest.raises(LookAhead, match=r"were asked for at 2024-01-02T10:24Z: they are not closed yet"):
        market_at(at(10, 24)).candles_between("1m", at(10, 0), at(*end))


def test_an_end_of_now_is_none():
    assert market_at(at(10, 24)).candles_between("1m", at(10, 20), at(10, 24)).open_ms[-1] == at(10, 23)


def test_times_backwards_or_without_a_zone_are_refused():
    market = market_at(at(10, 24))
    with pytest.raises(InvalidInput, match="the start must lie before the end"):
        market.candles_between("1m", at(10, 5), at(10, 5))
    with pytest.raises(InvalidInput, match="has no time zone"):
        market.candles_between("1m", datetime(2024, 1, 2, 9, 0), at(10, 5))


def test_the_price_is_that_of_the_candle_that_closed_last():
    market = market_at(at(10, 24))
    price = np.arange(30.0)
    market._minutes = Minutes(at(10, 0), (price, price, price, price), price)
    assert market.price == 23.0


def columns_seen(now_ms: int, first_ms: int) -> Iterator[float]:
    market = market_at(now_ms)
    market.indicators = Indicators({"row": np.arange(8.0)}, first_ms, 15 * MINUTE_MS, market)
    return market.indicators["row"].tolist()


def test_indicators_are_cut_at_the_last_closed_bar():
    assert columns_seen(at(10, 44), at(10, 0)) == [0.0, 1.0]
    assert columns_seen(at(10, 45), at(10, 0)) == [0.0, 1.0, 2.0]


@pytest.mark.parametrize("now", [(10, 0), (10, 14), (9, 59), (9, 0), (0, 0)])
def test_before_the_first_bar_is_closed_indicators_show_nothing(now):
    assert columns_seen(at(*now), at(10, 0)) == []


def test_indicators_are_a_mapping_of_their_names():
    market = market_at(at(10, 24))
    market.indicators = Indicators({"fast": np.zeros(1), "slow": np.zeros(1)}, TEN_MS, MINUTE_MS, market)
    assert sorted(market.indicators) == ["fast", "slow"]
    assert len(market.indicators) == 2
    with pytest.raises(KeyError):
        market.indicators["medium"]


def test_what_a_backtest_has_no_record_of_is_refused():
    for ask in (market_at(TEN_MS).order_book, market_at(TEN_MS).trades):
        with pytest.raises(NotRecorded, match="recorded minutes have no"):
            ask().send(None)


def test_a_market_shows_where_and_when_it_is():
    assert repr(market_at(at(10, 24))) == "Market(BTC at 2024-01-02T10:24Z)"
    assert market_at(at(10, 24)).now == datetime(2024, 1, 2, 10, 24, tzinfo=UTC)
