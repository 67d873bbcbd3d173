"""Settings refuse impossible values at birth."""

import math
from collections.abc import Callable
from typing import get_args

import msgspec
import pytest

from btk.model.intervals import INTERVAL_MS
from btk.model.section import ImpossibleSettings, Section
from btk.model.settings import (
    Exchange,
    Execution,
    Frame,
    Interval,
    Notify,
    RiskProfile,
    Settings,
    SignalRules,
    Sizing,
    StrategyChoice,
    Wallet,
)

DAY_MS = 86_400_000
NEW_YEAR_MS = 1_704_067_200_000


def test_settings_without_a_word_are_the_demo() -> None:
    settings = Settings()
    assert (settings.exchange.name, settings.exchange.market) == ("demo", "spot")
    assert settings.symbols == ("BTCUSDT", "ETHUSDT")
    assert settings.execution == Execution(model="candle", slippage_pct=0.1, fee_pct=0.1)
    assert settings.frame.to_ms - settings.frame.from_ms == 60 * DAY_MS
    assert settings.risk["conservative"].max_positions == 3


IMPOSSIBLE: list[tuple[str, Callable[[], Section]]] = [
    ("fee_pct", lambda: Execution(fee_pct=-0.1)),
    ("fee_pct", lambda: Execution(fee_pct=math.nan)),
    ("slippage_pct", lambda: Execution(slippage_pct=100)),
    ("average_price_candles", lambda: Execution(average_price_candles=0)),
    ("model", lambda: Execution(model="close")),  # type: ignore[arg-type]
    ("origin_quirks", lambda: Execution(origin_quirks=True)),
    ("schedule_await_minutes", lambda: SignalRules(schedule_await_minutes=0)),
    ("max_lifetime_minutes", lambda: SignalRules(max_lifetime_minutes=0)),
    ("max_lifetime_minutes", lambda: SignalRules(max_lifetime_minutes=90.5)),
    ("max_lifetime_minutes", lambda: SignalRules(max_lifetime_minutes=-math.inf)),
    ("min_stop_loss_pct", lambda: SignalRules(min_stop_loss_pct=20)),
    ("position_cost", lambda: SignalRules(position_cost=0)),
    ("position_cost", lambda: SignalRules(position_cost=math.inf)),
    ("short", lambda: SignalRules(long=False, short=False)),
    ("from", lambda: Frame(from_ms=NEW_YEAR_MS, to_ms=NEW_YEAR_MS)),
    ("to", lambda: Frame(from_ms=NEW_YEAR_MS, to_ms=NEW_YEAR_MS + DAY_MS + 1)),
    ("from", lambda: Frame(from_ms=2024, to_ms=NEW_YEAR_MS)),
    ("interval", lambda: Frame(from_ms=NEW_YEAR_MS, to_ms=NEW_YEAR_MS + DAY_MS, interval="7m")),  # type: ignore[arg-type]
    ("name", lambda: Exchange(name="my_exchange")),
    ("name", lambda: Exchange(name="../demo")),
    ("api_key", lambda: Exchange(api_key="abc123")),
    ("start", lambda: Wallet(start=0)),
    ("risk_pct", lambda: Sizing(method="fixed_percentage")),
    ("reward_ratio", lambda: Sizing(method="kelly", win_rate=0.5)),
    ("win_rate", lambda: Sizing(method="kelly", win_rate=1, reward_ratio=2)),
    ("min_cost", lambda: Sizing(min_cost=10, max_cost=5)),
    ("max_positions", lambda: RiskProfile(max_positions=0)),
    ("max_daily_loss_pct", lambda: RiskProfile(max_daily_loss_pct=101)),
    ("rules[0]", lambda: RiskProfile(rules=("strategies/rules.py",))),
    ("entry", lambda: StrategyChoice(entry=())),
    ("events[1]", lambda: Notify(events=("opened", "open"))),  # type: ignore[arg-type]
    ("symbols", lambda: Settings(symbols=())),
    ("symbols[0]", lambda: Settings(symbols=("../../etc",))),
    ("symbols[1]", lambda: Settings(symbols=("BTCUSDT", "BTCUSDT"))),
    ("strategy.risk", lambda: Settings(strategy=StrategyChoice(risk=("reckless",)))),
    ("risk.../x", lambda: Settings(risk={"../x": RiskProfile()})),
    ("signal.min_take_profit_pct", lambda: Settings(execution=Execution(fee_pct=0.2))),
]


@pytest.mark.parametrize(
    ("key", "build"), IMPOSSIBLE, ids=[f"{at}-{key}" for at, (key, _) in enumerate(IMPOSSIBLE)]
)
def test_an_impossible_value_is_refused_and_its_key_named(key: str, build: Callable[[], Section]) -> None:
    with pytest.raises(ImpossibleSettings) as refused:
        build()
    assert [problem.keys[0] for problem in refused.value.problems] == [key]


def test_every_ill_typed_value_is_named_not_only_the_first() -> None:
    with pytest.raises(ImpossibleSettings) as refused:
        Execution(fee_pct=-1, slippage_pct=-1)
    assert [problem.keys[0] for problem in refused.value.problems] == ["slippage_pct", "fee_pct"]


def test_a_target_that_just_pays_its_costs_passes() -> None:
    costs = Execution(slippage_pct=0.1, fee_pct=0.15)
    assert Settings(execution=costs).signal.min_take_profit_pct == 0.5


def test_limits_of_zero_are_off() -> None:
    off = SignalRules(min_take_profit_pct=0, min_stop_loss_pct=25, max_stop_loss_pct=0)
    assert Settings(signal=off, execution=Execution(fee_pct=50)).signal is off


def test_no_limit_on_the_lifetime_is_infinity() -> None:
    assert SignalRules(max_lifetime_minutes=math.inf).max_lifetime_minutes == math.inf


@pytest.mark.parametrize(
    "symbol", ["BTCUSDT", "BTC/USDT", "BTC/USDT:USDT", "BTCUSDT.USDT", "BTC-USDT", "1000PEPEUSDT"]
)
def test_symbols_are_understood_in_every_form(symbol: str) -> None:
    assert Settings(symbols=(symbol,)).symbols == (symbol,)


def test_values_from_python_take_the_type_of_their_key() -> None:
    settings = Settings(symbols=["BTCUSDT"], execution=Execution(fee_pct=0))  # type: ignore[arg-type]
    assert settings.symbols == ("BTCUSDT",)
    assert isinstance(settings.execution.fee_pct, float)


def test_every_interval_can_be_the_interval_of_a_frame() -> None:
    assert get_args(Interval) == tuple(INTERVAL_MS)


def test_settings_can_be_encoded_and_hold_no_secret() -> None:
    assert b"${BTK_API_KEY}" in msgspec.json.encode(Settings())
