"""What the page of a run is made of."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest

from btk.model.bars import Bars
from btk.report.page import Drawn, monthly_returns, page
from btk.report.run_record import DailyPart, FramePart, PortfolioPart, ResultRecord, SymbolPart
from tests.report.trade_samples import DAY, HOUR, MIDNIGHT, trades_of


def result_of(daily: tuple[float, ...] = (), start: float = 100.0, **changes: Any) -> ResultRecord:
    portfolio = PortfolioPart(
        statistics={"start_equity": start, "return_pct": 1.0},
        currency="USDT",
        daily_equity=DailyPart(MIDNIGHT, daily),
    )
    fields: dict[str, Any] = {
        "run_id": "r1",
        "mode": "backtest",
        "status": "complete",
        "strategy": "sma",
        "exchange": "demo",
        "model": "candle",
        "frame": FramePart(MIDNIGHT, MIDNIGHT + 60 * DAY),
        "portfolio": portfolio,
    }
    return ResultRecord(**{**fields, **changes})


def test_parameters_of_several_strategies_stand_beside_their_names() -> None:
    params = {"one": {"fast": 5, "slow": 30}, "two": {}}
    document = page(result_of(strategy=("one", "two"), params=params), {})
    assert str(document["subtitle"]).endswith("candle model, one fast=5 slow=30")


def test_a_month_is_the_change_from_the_end_of_the_one_before() -> None:
    # 31 days of January end at 110, 29 of February at 99.
    daily = (*np.linspace(100, 110, 31).tolist(), *np.linspace(110, 99, 29).tolist())
    [year] = monthly_returns(result_of(daily))
    assert year["year"] == 2024
    assert year["months"][:3] == [pytest.approx(10), pytest.approx(-10), None]  # type: ignore[index]
    assert year["total"] == pytest.approx(-1)


def test_each_year_begins_where_the_one_before_ended() -> None:
    first, second = monthly_returns(result_of((*[110.0] * 366, *[121.0] * 31)))
    assert (first["total"], second["total"]) == (pytest.approx(10), pytest.approx(10))


def test_a_wallet_that_is_gone_has_no_return() -> None:
    [year] = monthly_returns(result_of((*[0.0] * 31, 5.0)))
    assert year["months"][:2] == [pytest.approx(-100), None]  # type: ignore[index]


def test_the_page_has_every_trade_and_candles_with_their_holes() -> None:
    trades = trades_of(1.0, -0.5, 2.0)
    bars = Bars(MIDNIGHT, HOUR, [np.array([1.0, np.nan, 3.0])] * 5)
    result = result_of(
        symbols={"BTCUSDT": SymbolPart(trades=trades)}, warnings=("careful",), status="partial"
    )
    document: Any = msgspec.to_builtins(page(result, {"BTCUSDT": Drawn("1h", bars)}))
    names = document["trades"]["columns"]
    rows = [dict(zip(names, row, strict=True)) for row in document["trades"]["rows"]]
    assert [row["pnl"] for row in rows] == [1.0, -0.5, 2.0]
    assert rows[0]["closed"] - rows[0]["opened"] == HOUR
    assert document["symbols"][0]["bars"]["close"] == [1.0, None, 3.0]
    assert document["warnings"] == [
        "this run has not come to its end: the figures cover only what ran until then",
        "careful",
    ]


def test_a_symbol_without_candles_says_why() -> None:
    result = result_of(symbols={"BTCUSDT": SymbolPart()})
    document: Any = page(result, {}, "no candles of BTCUSDT are stored")
    assert document["symbols"] == [{"name": "BTCUSDT", "bars": None}]
    assert document["candles_missing"] == "no candles of BTCUSDT are stored"


def test_what_trades_of_several_symbols_cannot_have_is_no_figure_of_a_page() -> None:
    statistics = {"start_equity": 100.0, "trend": None, "pressure_imbalance": None, "calmar_ratio": None}
    portfolio = PortfolioPart(statistics=statistics, currency="USDT", daily_equity=DailyPart(MIDNIGHT, ()))
    figures = page(result_of(portfolio=portfolio), {})["figures"]
    assert isinstance(figures, list)
    labels = [figure["label"] for figure in figures]
    assert "Calmar ratio" in labels
    assert not {"Trend", "Pressure imbalance"} & set(labels)
