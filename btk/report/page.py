"""The page of a run: everything an HTML report shows, as one document that JSON can hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import NamedTuple

import numpy as np

from btk.model.bars import Bars, Column
from btk.model.dates import format_date
from btk.model.intervals import DAY_MS
from btk.report.bootstrap import bootstrap_intervals
from btk.report.gates import EPSILON, Figure
from btk.report.price_profile import is_untold
from btk.report.run_record import ResultRecord
from btk.report.tables import cell_text, statistic_column

SIGNIFICANT = 8
TILES = {
    "return_pct": True,
    "cagr_pct": True,
    "buy_and_hold_pct": True,
    "max_drawdown_pct": False,
    "sharpe_daily": False,
    "sortino_daily": False,
    "total_trades": False,
    "win_rate_pct": False,
    "profit_factor_cost": False,
    "avg_pnl_pct": True,
    "exposure_pct": False,
    "total_pnl_cost": True,
}
TRADE_COLUMNS = (
    *("id", "symbol", "strategy", "side", "opened", "closed", "open", "close", "target", "stop"),
    *("pnl", "pnl_cost", "best", "worst", "reason", "note"),
)


class Drawn(NamedTuple):
    """The candles of one symbol as they are drawn: bars of `interval`."""

    interval: str
    bars: Bars


def page(result: ResultRecord, drawn: Mapping[str, Drawn], candles_missing: str = "") -> dict[str, object]:
    """The document of a page; symbols that `drawn` leaves out have no candles, `candles_missing` says why."""
    figures = result.portfolio.statistics
    names = ", ".join(result.strategies)
    params = _params(result)
    dates = f"{format_date(result.frame.from_ms)} to {format_date(result.frame.to_ms)}"
    return {
        "title": f"{names} on {result.exchange}",
        "subtitle": ", ".join(filter(None, (dates, result.mode, f"{result.model} model", params))),
        "footer": f"run {result.run_id}; times are UTC; the file holds everything and asks nothing of the network",
        "warnings": [*_partial(result), *result.warnings],
        "currency": result.portfolio.currency,
        "frame": {"from_ms": result.frame.from_ms, "to_ms": result.frame.to_ms},
        "tiles": [_tile(name, figures.get(name), toned) for name, toned in TILES.items()],
        "equity": {
            "at_ms": result.portfolio.equity.at_ms,
            "value": [_short(value) for value in result.portfolio.equity.value],
        },
        "start_equity": figures.get("start_equity"),
        "months": monthly_returns(result),
        "symbols": [_symbol(name, drawn.get(name)) for name in result.symbols],
        "candles_missing": candles_missing,
        "trades": {"columns": TRADE_COLUMNS, "rows": _trades(result)},
        "figures": _figures(result),
    }


def _params(result: ResultRecord) -> str:
    if len(result.strategies) == 1:
        return _words(result.params)
    return "; ".join(f"{name} {_words(params)}" for name, params in result.params.items() if params)


def _words(params: Mapping[str, object]) -> str:
    return " ".join(f"{name}={value}" for name, value in params.items())


def monthly_returns(result: ResultRecord) -> list[dict[str, object]]:
    """The change of equity in each month, in percent, a row a year; months outside the run are None."""
    daily = result.portfolio.daily_equity
    first_day = daily.from_ms // DAY_MS
    days = [
        (datetime.fromtimestamp((first_day + row) * DAY_MS / 1000, UTC), value)
        for row, value in enumerate(daily.value)
    ]
    before = result.portfolio.statistics.get("start_equity")
    rows: list[dict[str, object]] = []
    for year, in_year in groupby(days, lambda day: day[0].year):
        months: list[float | None] = [None] * 12
        opened = before
        for month, in_month in groupby(in_year, lambda day: day[0].month):
            *_, (_, last) = in_month
            months[month - 1] = _change_pct(before, last)
            before = last
        rows.append({"year": year, "months": months, "total": _change_pct(opened, before)})
    return rows


def _change_pct(before: object, after: object) -> float | None:
    if not isinstance(before, float) or not isinstance(after, float) or before <= EPSILON:
        return None
    return (after / before - 1) * 100


def _partial(result: ResultRecord) -> Sequence[str]:
    if result.status != "partial":
        return ()
    return ("this run has not come to its end: the figures cover only what ran until then",)


def _tile(name: str, value: object, toned: bool) -> dict[str, object]:
    column = statistic_column(name)
    assert value is None or isinstance(value, str | int | float)
    return {"label": column.label, "text": cell_text(value, column.style), "value": value, "toned": toned}


def _figures(result: ResultRecord) -> list[dict[str, str]]:
    bootstrap = bootstrap_intervals(result.trades())
    named: dict[str, Figure] = {
        name: value
        for name, value in result.portfolio.statistics.items()
        if not isinstance(value, dict) and not is_untold(name, value)
    }
    named |= {f"bootstrap_{name}": value for name, value in bootstrap.items()}
    columns = {name: statistic_column(name) for name in named}
    return [
        {"label": columns[name].label, "text": cell_text(value, columns[name].style)}
        for name, value in named.items()
    ]


def _trades(result: ResultRecord) -> list[tuple[object, ...]]:
    return [
        (
            *(trade.id, trade.symbol, trade.strategy, trade.position, trade.opened_at_ms, trade.closed_at_ms),
            *map(
                _short, (trade.price_open, trade.price_close, trade.price_take_profit, trade.price_stop_loss)
            ),
            *map(_short, (trade.pnl_pct, trade.pnl_cost, trade.peak_profit_pct, trade.max_drawdown_pct)),
            *(trade.close_reason.replace("_", " "), trade.note),
        )
        for trade in result.trades()
    ]


def _symbol(name: str, drawn: Drawn | None) -> dict[str, object]:
    if drawn is None:
        return {"name": name, "bars": None}
    bars = drawn.bars
    columns = {key: _shortened(getattr(bars, key)) for key in ("open", "high", "low", "close")}
    return {
        "name": name,
        "bars": {"interval": drawn.interval, "first_ms": bars.first_ms, "step_ms": bars.step_ms, **columns},
    }


def _shortened(column: Column) -> list[float | None]:
    return [None if np.isnan(value) else _short(value) for value in column.tolist()]


def _short(value: float) -> float:
    return float(f"{value:.{SIGNIFICANT}g}")
