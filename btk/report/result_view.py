"""Result view: the parts of a result document that are shown to people, read back as typed values."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

Number = float | None


class Group(msgspec.Struct, frozen=True):
    """The figures of one group of trades."""

    trades: int
    win_rate_pct: Number
    avg_pnl_pct: Number
    total_pnl_cost: Number


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """The statistics that a screen has room for; what a document leaves out is N/A."""

    total_trades: int
    win_rate_pct: Number = None
    avg_pnl_pct: Number = None
    avg_duration_minutes: Number = None
    total_pnl_cost: Number = None
    gross_pnl_cost: Number = None
    fee_cost: Number = None
    slippage_cost: Number = None
    profit_factor_cost: Number = None
    expectancy_pct: Number = None
    sharpe_ratio: Number = None
    start_equity: Number = None
    final_equity: Number = None
    return_pct: Number = None
    buy_and_hold_pct: Number = None
    max_drawdown_pct: Number = None
    max_drawdown_cost: Number = None
    drawdown_peak_ms: int | None = None
    drawdown_trough_ms: int | None = None
    drawdown_recovered_ms: int | None = None
    sharpe_daily: Number = None
    sortino_daily: Number = None
    exposure_pct: Number = None
    ambiguous_exits: int = 0
    exact_touches: int = 0
    gap_minutes: int | None = None
    by_close_reason: dict[str, Group] = {}


class CancelledView(msgspec.Struct, frozen=True):
    """A cancelled signal, as far as it is shown."""

    reason: str


class RejectedView(msgspec.Struct, frozen=True):
    """A rejected signal, as far as it is shown."""

    reason: str
    count: int


class SymbolView(msgspec.Struct, frozen=True):
    """One symbol of a result."""

    candles: int
    cancelled: tuple[CancelledView, ...]
    rejected: tuple[RejectedView, ...]
    statistics: Figures
    empty: int | None = None


class EquityView(msgspec.Struct, frozen=True):
    """The outline of the equity curve."""

    at_ms: tuple[int, ...] = ()
    value: tuple[float, ...] = ()


class PortfolioView(msgspec.Struct, frozen=True):
    """The whole run."""

    statistics: Figures
    currency: str = ""
    equity: EquityView = EquityView()


class FrameView(msgspec.Struct, frozen=True):
    """The frame of a run, end exclusive."""

    from_ms: int
    to_ms: int


class TimingView(msgspec.Struct, frozen=True):
    """How long the engine took."""

    seconds: Number
    candles_per_second: Number


class ResultView(msgspec.Struct, frozen=True):
    """A result document."""

    mode: str
    status: str
    strategy: str | tuple[str, ...]
    exchange: str
    model: str
    frame: FrameView
    symbols: dict[str, SymbolView]
    portfolio: PortfolioView
    warnings: tuple[str, ...]
    timing: TimingView


def result_view(document: Mapping[str, object]) -> ResultView:
    """What is shown of `document`; `msgspec.ValidationError` when it is no result document."""
    return msgspec.convert(document, ResultView)
