"""The fuse box: what settings choose."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from btk import open_project, wiring
from btk.adapters.candle_reader import StoredCandles
from btk.adapters.candle_series import SeriesKey
from btk.adapters.demo_exchange import DemoExchange
from btk.model.errors import DataError, SettingsError, StrategyError
from btk.model.settings import RiskProfile, Settings
from tests.cli.strategy_project import make_project

BOUND = """
from btk import Signal, Strategy


class Bound(Strategy):
    interval = "15m"
    warmup = 8
    risk = ("careful", "careful")

    def get_signal(self, market):
        return None
"""

RULES = "def never(signal, book):\n    return 'no'\n"

CAREFUL = {"max_positions": 1, "rules": ["strategies/rules.py:never"]}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_project(tmp_path, bound=BOUND, rules=RULES)


def chosen(root: Path, **changes: Any) -> Settings:
    return open_project(root, {name.replace("__", "."): value for name, value in changes.items()}).settings


def bound(root: Path, **changes: Any) -> Settings:
    return chosen(root, strategy__entry=["strategies/bound.py"], risk__careful=CAREFUL, **changes)


def test_the_demo_exchange_is_computed_and_any_other_is_read_from_the_cache(root: Path) -> None:
    assert isinstance(wiring.candle_source(chosen(root), root), DemoExchange)
    stored = wiring.candle_source(chosen(root, exchange__name="kraken"), root)
    assert isinstance(stored, StoredCandles)
    assert stored.exchange == "kraken"


def test_every_strategy_sits_on_every_symbol(root: Path) -> None:
    both = ["strategies/every_hour.py", "strategies/bound.py"]
    job = wiring.backtest_job(chosen(root, strategy__entry=both, risk__careful=CAREFUL), root)
    assert [str(seat.key) for seat in job.seats] == [
        "BTCUSDT_every_hour_demo",
        "ETHUSDT_every_hour_demo",
        "BTCUSDT_bound_demo",
        "ETHUSDT_bound_demo",
    ]
    assert len({id(seat.strategy) for seat in job.seats}) == 4


def test_a_strategy_is_bound_by_its_own_profiles_unless_the_settings_say_otherwise(root: Path) -> None:
    def profiles(**changes: Any) -> set[tuple[str, ...]]:
        job = wiring.backtest_job(bound(root, risk__loose={"max_positions": 9}, **changes), root)
        return {seat.profiles for seat in job.seats}

    assert profiles() == {("careful",)}
    assert profiles(strategy__risk=["loose"]) == {("loose",)}
    assert profiles(strategy__risk=[]) == {()}
    assert profiles(strategy__risk={"bound": ["loose", "careful"]}) == {("loose", "careful")}


def test_a_profile_brings_its_limits_and_its_rules(root: Path) -> None:
    ((profile, rules),) = wiring.backtest_job(bound(root), root).profiles.values()
    assert profile.max_positions == 1
    assert [(name, rule(None, None)) for name, rule in rules] == [("never", "no")]


def test_a_profile_that_is_not_there_is_refused_by_name(root: Path) -> None:
    settings = chosen(root, strategy__entry=["strategies/bound.py"])
    with pytest.raises(SettingsError, match="strategy bound names the profile 'careful'"):
        wiring.backtest_job(settings, root)


def test_a_rule_that_is_not_there_is_refused_by_name(root: Path) -> None:
    missing = {"rules": ["strategies/rules.py:always"]}
    settings = chosen(root, strategy__entry=["strategies/bound.py"], risk__careful=missing)
    with pytest.raises(StrategyError, match="there is no function always"):
        wiring.backtest_job(settings, root)


def test_two_strategies_of_one_name_are_refused(root: Path) -> None:
    twice = ["strategies/every_hour.py", "strategies/every_hour.py:EveryHour"]
    with pytest.raises(SettingsError, match="two strategies are named every_hour"):
        wiring.backtest_job(chosen(root, strategy__entry=twice), root)


@pytest.mark.parametrize(
    ("written", "currency", "traded"),
    [
        ("BTCUSDT", "USDT", "BTCUSDT.USDT"),
        ("BTC/USDT:USDT", "USDT", "BTCUSDT.USDT"),
        ("BTCUSD", "USDT", "BTCUSD"),
    ],
)
def test_on_a_swap_market_a_symbol_means_its_perpetual(
    root: Path, written: str, currency: str, traded: str
) -> None:
    settings = chosen(root, symbols=[written], exchange__market="swap", wallet__currency=currency)
    assert wiring.symbols(settings) == [traded]


def test_one_symbol_in_two_spellings_is_refused(root: Path) -> None:
    settings = msgspec.structs.replace(chosen(root), symbols=("BTC/USDT", "BTCUSDT"))
    with pytest.raises(SettingsError, match="BTCUSDT is named twice"):
        wiring.symbols(settings)


def test_shorts_are_for_markets_that_can(root: Path) -> None:
    def takes_shorts(**changes: Any) -> bool:
        return wiring.backtest_job(chosen(root, **changes), root).rules.short

    assert not takes_shorts()
    assert takes_shorts(exchange__market="swap")
    assert takes_shorts(signal__short=True)
    assert not takes_shorts(exchange__market="swap", signal__short=False)


def test_a_frame_that_is_not_over_is_refused(root: Path) -> None:
    with pytest.raises(DataError, match="candles of the future"):
        wiring.backtest_job(chosen(root, frame__to="2999-01-01"), root)


def test_candles_are_needed_from_the_longest_warm_up_on(root: Path) -> None:
    spans = wiring.needed_spans(bound(root), root)
    minutes = {symbol: SeriesKey("demo", symbol) for symbol in ("BTCUSDT", "ETHUSDT")}
    assert set(spans) == set(minutes.values())
    start = chosen(root).frame.from_ms
    assert spans[minutes["BTCUSDT"]].from_ms <= start - 8 * 15 * 60_000
    assert spans[minutes["BTCUSDT"]].to_ms == chosen(root).frame.to_ms


def test_the_demo_exchange_cannot_be_warmed(root: Path) -> None:
    settings = chosen(root)
    with pytest.raises(SettingsError, match="the demo exchange is computed"):
        wiring.warming_plan(settings, root, wiring.needed_spans(settings, root), False)


def test_digests_do_not_depend_on_the_order_of_symbols(root: Path) -> None:
    def digests(*symbols: str) -> tuple[str, str, str]:
        settings = chosen(root, symbols=list(symbols))
        return wiring.digests(wiring.backtest_job(settings, root), settings, root)

    assert digests("BTCUSDT", "ETHUSDT") == digests("ETHUSDT", "BTCUSDT")
    assert digests("BTCUSDT", "ETHUSDT") != digests("BTCUSDT", "SOLUSDT")


def test_two_strategies_may_not_share_one_contract_with_real_money(root: Path) -> None:
    settings = open_project(root).settings
    entries = msgspec.structs.replace(
        settings.strategy, entry=("strategies/bound.py:Bound", "strategies/other.py")
    )
    (root / "strategies" / "other.py").write_text(BOUND.replace("Bound", "Other"))
    careful = {"careful": msgspec.convert({"max_positions": 1}, RiskProfile)}
    both = msgspec.structs.replace(settings, strategy=entries, symbols=("BTCUSDT",), risk=careful)
    job = wiring.trading_job(both, root, wiring.candle_source(both, root))
    assert wiring.brokered(job, "spot").model == "brokered"
    with pytest.raises(SettingsError, match="BTCUSDT is traded by several strategies"):
        wiring.brokered(job, "swap")


def test_a_model_that_no_exchange_fills_by_is_refused_with_real_money(root: Path) -> None:
    settings = open_project(root).settings
    average = msgspec.structs.replace(settings.execution, model="vwap")
    chosen = msgspec.structs.replace(
        settings,
        execution=average,
        strategy=msgspec.structs.replace(settings.strategy, risk=()),
    )
    job = wiring.trading_job(chosen, root, wiring.candle_source(chosen, root))
    with pytest.raises(SettingsError, match=r"execution\.model: vwap"):
        wiring.brokered(job, "spot")
