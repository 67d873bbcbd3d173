"""The demo exchange: the same candle for every reading, and a market lively enough to trade on."""

from hashlib import blake2b

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from btk.adapters.demo_exchange import DEMO_FROM_MS, DemoExchange
from btk.model.bars import Bars, Span
from btk.model.errors import SettingsError
from btk.model.intervals import DAY_MS, MINUTE_MS

UNTIL_MS = DEMO_FROM_MS + 2500 * DAY_MS
ERA_MS = 1024 * DAY_MS
DEMO = DemoExchange(UNTIL_MS)


@pytest.fixture(scope="module")
def two_years() -> Bars:
    return DEMO.read("BTCUSDT", Span(DEMO_FROM_MS + 1000 * DAY_MS, DEMO_FROM_MS + 1730 * DAY_MS))


def _same(left: Bars, right: Bars) -> bool:
    return all(a.tobytes() == b.tobytes() for a, b in zip(left.columns, right.columns, strict=True))


@settings(max_examples=40, deadline=None)
@given(
    anchor=st.sampled_from([0, 45 * DAY_MS, ERA_MS, 2 * ERA_MS, 2400 * DAY_MS]),
    before=st.integers(0, 3000),
    length=st.integers(1, 3000),
    wider=st.integers(0, 50_000),
)
def test_a_minute_has_the_same_candle_whatever_span_it_is_read_in(
    anchor: int, before: int, length: int, wider: int
) -> None:
    from_ms = max(DEMO_FROM_MS, DEMO_FROM_MS + anchor - before * MINUTE_MS)
    span = Span(from_ms, from_ms + length * MINUTE_MS)
    around = Span(max(DEMO_FROM_MS, from_ms - wider * MINUTE_MS), span.to_ms + wider * MINUTE_MS)
    assert _same(DEMO.read("ETHUSDT", span), DEMO.read("ETHUSDT", around).between(*span))


def test_the_market_is_the_same_on_every_machine() -> None:
    columns = DEMO.read("BTCUSDT", Span(DEMO_FROM_MS, DEMO_FROM_MS + 40 * DAY_MS)).columns
    digest = blake2b(b"".join(column.astype("<f8").tobytes() for column in columns), digest_size=8)
    assert digest.hexdigest() == "6f4312ca292c2cc7"


def test_every_candle_is_possible_and_begins_where_the_last_one_ended(two_years: Bars) -> None:
    opened, high, low, close, volume = two_years.columns
    assert np.array_equal(opened[1:], close[:-1])
    assert (high >= np.maximum(opened, close)).all()
    assert (low <= np.minimum(opened, close)).all()
    assert (low > 0).all()
    assert (volume >= 0).all()


def test_prices_lie_on_the_tick_of_the_symbol(two_years: Bars) -> None:
    for column in two_years.columns[:4]:
        assert np.array_equal(np.round(column, 2), column)


def test_a_quiet_minute_is_flat_and_a_live_one_has_volume(two_years: Bars) -> None:
    quiet = two_years.volume == 0
    assert 0.005 < quiet.mean() < 0.05
    assert (two_years.high == two_years.low)[quiet].all()
    assert two_years.volume[~quiet].min() > 0


@pytest.mark.parametrize("symbol", ["BTCUSDT", "ETHUSDT", "SOLUSDT", "DOGE-EUR", "x"])
def test_volatility_is_that_of_a_crypto_market(symbol: str) -> None:
    close = DEMO.read(symbol, Span(DEMO_FROM_MS + 500 * DAY_MS, DEMO_FROM_MS + 1230 * DAY_MS)).close
    yearly = np.diff(np.log(close[::60])).std() * np.sqrt(24 * 365)
    assert 0.35 < yearly < 1.1


def test_returns_have_fat_tails_and_volatility_comes_in_clusters(two_years: Bars) -> None:
    returns = np.diff(np.log(two_years.close))
    scaled = (returns - returns.mean()) / returns.std()
    assert (scaled**4).mean() > 8
    assert np.corrcoef(np.abs(returns[1:]), np.abs(returns[:-1]))[0, 1] > 0.1
    assert abs(np.corrcoef(returns[1:], returns[:-1])[0, 1]) < 0.05


@pytest.mark.parametrize(("symbol", "usual"), [("BTCUSDT", 30_000), ("ETHUSDT", 2_000), ("BTC-USDC", 30_000)])
def test_seven_years_stay_within_a_plausible_range_of_the_usual_price(symbol: str, usual: float) -> None:
    first = DEMO.read(symbol, Span(DEMO_FROM_MS, DEMO_FROM_MS + DAY_MS))
    assert first.open[0] == pytest.approx(usual, rel=0.01)
    days = [DEMO_FROM_MS + day * DAY_MS for day in range(0, 2500, 10)]
    closes = [DEMO.read(symbol, Span(at, at + MINUTE_MS)).close[0] for at in days]
    assert usual / 8 < min(closes) < max(closes) < usual * 8


def test_two_symbols_are_two_markets() -> None:
    span = Span(DEMO_FROM_MS, DEMO_FROM_MS + 100 * DAY_MS)
    one, other = (np.diff(np.log(DEMO.read(symbol, span).close[::60])) for symbol in ("BTCUSDT", "BTCUSDC"))
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.5


def test_nothing_is_held_before_2020_or_after_the_last_closed_minute() -> None:
    demo = DemoExchange(DEMO_FROM_MS + 10 * MINUTE_MS + 59_999)
    span = Span(DEMO_FROM_MS - 2 * MINUTE_MS, DEMO_FROM_MS + 12 * MINUTE_MS)
    last_ms = DEMO_FROM_MS + 10 * MINUTE_MS
    assert demo.missing("BTCUSDT", span) == (Span(span.from_ms, DEMO_FROM_MS), Span(last_ms, span.to_ms))
    assert demo.missing("BTCUSDT", Span(DEMO_FROM_MS, last_ms)) == ()
    bars = demo.read("BTCUSDT", span)
    assert len(bars) == 14
    assert list(np.flatnonzero(np.isnan(bars.close))) == [0, 1, 12, 13]


def test_a_span_wholly_outside_is_one_missing_stretch_of_empty_rows() -> None:
    span = Span(DEMO_FROM_MS - 5 * DAY_MS, DEMO_FROM_MS - 4 * DAY_MS)
    assert DEMO.missing("BTCUSDT", span) == (span,)
    assert np.isnan(DEMO.read("BTCUSDT", span).volume).all()


def test_the_digest_names_the_data_and_not_the_moment_it_was_asked() -> None:
    span = Span(DEMO_FROM_MS, DEMO_FROM_MS + DAY_MS)
    later = DemoExchange(UNTIL_MS + DAY_MS)
    assert DEMO.digest("BTCUSDT", span) == later.digest("BTCUSDT", span)
    assert DEMO.digest("BTCUSDT", span) != DEMO.digest("ETHUSDT", span)
    assert DEMO.digest("BTCUSDT", span) != DEMO.digest("BTCUSDT", Span(span.from_ms, span.to_ms - MINUTE_MS))


def test_the_remedy_is_a_frame_that_can_be_served() -> None:
    span = Span(DEMO_FROM_MS - DAY_MS, DEMO_FROM_MS + DAY_MS)
    line = DEMO.remedy("BTCUSDT", span)
    assert line == "btk backtest --symbols BTCUSDT --from 2020-01-01 --to 2020-01-02"


@pytest.mark.parametrize("symbol", ["../BTC", "BTC/USDT", "", "BTC\0"])
def test_a_name_that_could_leave_its_folder_is_refused(symbol: str) -> None:
    with pytest.raises(SettingsError, match="symbol"):
        DEMO.read(symbol, Span(DEMO_FROM_MS, DEMO_FROM_MS + MINUTE_MS))
