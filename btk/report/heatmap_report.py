"""The heatmap: one row of figures a symbol, the best Sharpe first, and the whole portfolio below."""

from __future__ import annotations

import math

from btk.model.names import SlotKey
from btk.report.report import Report
from btk.report.run_record import RunRecord
from btk.report.tables import Cell, Column, Fact, Row, Table, statistic_column

LABELS = {
    "total_pnl_pct": "Total PNL",
    "sharpe_ratio": "Sharpe",
    "annualized_sharpe_ratio": "Ann Sharpe",
    "certainty_ratio": "Certainty",
    "expected_yearly_returns_pct": "Exp Yearly",
    "trades_per_year": "Trades/Yr",
    "profit_factor": "PF",
    "profit_factor_cost": "PF (money)",
    "expectancy_pct": "Expect",
    "win_rate_pct": "WR",
    "avg_win_pct": "Avg Win",
    "avg_loss_pct": "Avg Loss",
    "compounded_drawdown_pct": "Max DD",
    "max_win_streak": "W Streak",
    "max_loss_streak": "L Streak",
    "total_trades": "Trades",
    "avg_mfe_pct": "Avg Peak PNL",
    "avg_mae_pct": "Avg DD PNL",
    "best_mfe_pct": "Peak Profit PNL",
    "worst_mae_pct": "Max DD PNL",
    "median_pnl_pct": "Median PNL",
    "avg_duration_minutes": "Avg Dur (min)",
    "avg_win_duration_minutes": "Avg Win Dur",
    "avg_loss_duration_minutes": "Avg Loss Dur",
    "avg_win_streak_pct": "Avg Win Streak PNL",
    "avg_loss_streak_pct": "Avg Loss Streak PNL",
    "trend": "Trend",
    "trend_strength_pct": "Trend %/d",
    "trend_confidence": "Trend R²",
    "buyer_pressure_pct": "Buyer Pres",
    "seller_pressure_pct": "Seller Pres",
    "buyer_strength_pct": "Buyer Str",
    "seller_strength_pct": "Seller Str",
    "pressure_imbalance": "Pres Imb",
    "median_step_pct": "Median Step",
    "sortino_ratio": "Sortino",
    "calmar_ratio": "Calmar",
    "recovery_factor": "Recovery",
    "return_pct": "Wallet Return",
    "max_drawdown_pct": "Wallet Max DD",
}
COLUMNS = (
    Column("symbol", "Symbol"),
    *(statistic_column(name)._replace(label=label) for name, label in LABELS.items()),
)
LEGEND = (
    "Pooled figures treat the trades of all symbols as one series in the order they closed; correlations are not"
    " looked at. Max DD compounds every trade with all of the capital, Wallet Max DD is what the wallet lived through."
)


def heatmap_report(run: RunRecord, slot: SlotKey | None) -> Report:
    """Figures by symbol and of the portfolio; a run has one heatmap, so `slot` is not looked at."""
    rows = [_row(symbol, part.statistics) for symbol, part in run.result.symbols.items()]
    rows.sort(key=_by_sharpe)
    portfolio = run.result.portfolio.statistics
    facts = [Fact(Column("total_symbols", "Total symbols", "whole"), len(rows))]
    facts += [
        Fact(statistic_column(name), _cell(value)) for name, value in portfolio.items() if _is_cell(value)
    ]
    return Report(
        tables=(Table("symbols", COLUMNS, rows),),
        facts=tuple(facts),
        notes=run.result.warnings,
        legend=LEGEND,
    )


def _row(symbol: str, figures: object) -> Row:
    assert isinstance(figures, dict)
    return {"symbol": symbol, **{name: figures.get(name) for name in LABELS}}


def _by_sharpe(row: Row) -> tuple[float, str]:
    sharpe = row["sharpe_ratio"]
    return (-sharpe if isinstance(sharpe, float) else math.inf, str(row["symbol"]))


def _is_cell(value: object) -> bool:
    return not isinstance(value, dict)


def _cell(value: object) -> Cell:
    assert value is None or isinstance(value, str | int | float)
    return value
