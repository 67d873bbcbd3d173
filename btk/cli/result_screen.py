"""The result screen: a result document on a terminal (or in a pipe), to be read in ten seconds."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from btk.cli.console import plain_console
from btk.cli.screen_facts import print_facts
from btk.cli.screen_numbers import percent, plain, share, signed
from btk.cli.screen_table import Heading, Line, screen_table
from btk.model.dates import format_date
from btk.report.result_view import Figures, Group, Number, ResultView, result_view
from btk.report.sparkline import ASCII_BLOCKS, BLOCKS, sparkline

MOST_ROWS = 25
WIDE = 100


def show_result(
    document: Mapping[str, object],
    folder: str | None = None,
    out: TextIO | None = None,
    width: int | None = None,
) -> None:
    """Print `document` to `out` (stdout); `folder` holds its files, `width` overrides the terminal's."""
    console = plain_console(out, width)
    result = result_view(document)
    _print_warnings(console, result)
    _print_headline(console, result)
    console.print(_symbol_table(result, console.width))
    if result.portfolio.statistics.by_close_reason:
        console.print()
        console.print(_reason_table(result, console.width))
    console.print()
    print_facts(console, _facts(result, folder))


def _print_warnings(console: Console, result: ResultView) -> None:
    for warning in result.warnings:
        console.print(f"Warning: {warning}", style="bold yellow")


def _print_headline(console: Console, result: ResultView) -> None:
    figures, money = result.portfolio.statistics, _Money(result)
    names = result.strategy if isinstance(result.strategy, str) else ", ".join(result.strategy)
    frame = f"{format_date(result.frame.from_ms)} to {format_date(result.frame.to_ms)}"
    console.print(f"{names} on {result.exchange}, {frame}, {result.mode}, {result.model} model", style="bold")
    console.print(
        Text.assemble(
            (percent(figures.return_pct), f"bold {_colour(figures.return_pct)}"),
            f"   {money.plain(figures.start_equity)} -> {money.plain(figures.final_equity)} {money.currency}",
            f"   max drawdown {share(figures.max_drawdown_pct)}",
        )
    )
    blocks = BLOCKS if console.encoding.startswith("utf") else ASCII_BLOCKS
    equity = result.portfolio.equity
    if equity.value:
        console.print(sparkline(equity.at_ms, equity.value, console.width, blocks))
    console.print()


class _Money:
    """Amounts in the wallet's currency, with as many decimals as its size asks for."""

    def __init__(self, result: ResultView) -> None:
        self.currency = result.portfolio.currency
        start = result.portfolio.statistics.start_equity or 0.0
        self._decimals = min(8, max(2, 5 - math.floor(math.log10(start)))) if start > 0 else 2

    def plain(self, amount: Number) -> str:
        return plain(amount, self._decimals)

    def signed(self, amount: Number) -> str:
        return signed(amount, self._decimals)


def _colour(number: Number) -> str:
    if number is None or number == 0:
        return "default"
    return "green" if number > 0 else "red"


def _coloured(text: str, number: Number) -> Text:
    return Text(text, style=_colour(number))


def _symbol_table(result: ResultView, width: int) -> Table:
    money = _Money(result)
    symbols = list(result.symbols.items())
    lines = [Line([name, *_symbol_cells(symbol.statistics, money)]) for name, symbol in symbols[:MOST_ROWS]]
    if len(symbols) > MOST_ROWS:
        lines.append(Line([f"and {len(symbols) - MOST_ROWS} more"]))
    total = Line(["Total", *_symbol_cells(result.portfolio.statistics, money)], style="bold", apart=True)
    return screen_table(_symbol_headings(money, width >= WIDE), [*lines, total], width)


def _symbol_headings(money: _Money, wide: bool) -> list[Heading]:
    extra = (Heading("Sharpe\ndaily", 9), Heading("Holding\n%", 10), Heading("Avg\nminutes", 11))
    return [
        Heading("Symbol", folds=True, left=True),
        Heading("Trades", 1),
        Heading("Win %", 2),
        Heading("Avg %", 5),
        Heading(f"PnL\n{money.currency}"),
        Heading("Profit\nfactor", 4),
        Heading("Max\nDD %", 3),
        Heading("In\nmarket %", 6),
        *(extra if wide else ()),
    ]


def _symbol_cells(figures: Figures, money: _Money) -> list[str | Text]:
    return [
        f"{figures.total_trades:,}",
        plain(figures.win_rate_pct, 1),
        signed(figures.avg_pnl_pct, 3),
        _coloured(money.signed(figures.total_pnl_cost), figures.total_pnl_cost),
        plain(figures.profit_factor_cost),
        plain(figures.max_drawdown_pct),
        plain(figures.exposure_pct, 1),
        plain(figures.sharpe_daily),
        signed(figures.buy_and_hold_pct),
        plain(figures.avg_duration_minutes, 0),
    ]


def _reason_table(result: ResultView, width: int) -> Table:
    money = _Money(result)
    headings = [
        Heading("Closed by", folds=True, left=True),
        Heading("Trades", 1),
        Heading("Win %", 3),
        Heading("Avg %", 2),
        Heading(f"PnL\n{money.currency}"),
    ]
    groups = result.portfolio.statistics.by_close_reason.items()
    lines = [Line([reason.replace("_", " "), *_group_cells(group, money)]) for reason, group in groups]
    return screen_table(headings, lines, width)


def _group_cells(group: Group, money: _Money) -> list[str | Text]:
    return [
        f"{group.trades:,}",
        plain(group.win_rate_pct, 1),
        signed(group.avg_pnl_pct, 3),
        _coloured(money.signed(group.total_pnl_cost), group.total_pnl_cost),
    ]


def _facts(result: ResultView, folder: str | None) -> dict[str, str]:
    figures = result.portfolio.statistics
    facts = {
        "Costs": _costs(figures, _Money(result)),
        "Drawdown": _drawdown(figures, _Money(result)),
        "Ratios": _ratios(figures),
        "Holding": f"{percent(figures.buy_and_hold_pct)} for buying at the start and doing nothing",
        "Exits": _exits(figures),
        "Data": _data(result),
        "Signals": _signals(result),
    }
    if folder:
        facts["Files"] = folder
    return facts if result.timing.seconds is None else {**facts, "Speed": _speed(result)}


def _costs(figures: Figures, money: _Money) -> str:
    parts = {
        "gross": figures.gross_pnl_cost,
        "fees": _negative(figures.fee_cost),
        "slippage": _negative(figures.slippage_cost),
        "net": figures.total_pnl_cost,
    }
    return ", ".join(f"{name} {money.signed(cost)}" for name, cost in parts.items()) + f" {money.currency}"


def _negative(cost: Number) -> Number:
    return None if cost is None else -cost


def _drawdown(figures: Figures, money: _Money) -> str:
    peak_ms, trough_ms = figures.drawdown_peak_ms, figures.drawdown_trough_ms
    if peak_ms is None or trough_ms is None:
        return "N/A" if figures.max_drawdown_pct is None else "none"
    recovered_ms = figures.drawdown_recovered_ms
    end = "not recovered" if recovered_ms is None else f"recovered {format_date(recovered_ms)}"
    return (
        f"{plain(figures.max_drawdown_pct)} %, {format_date(peak_ms)} to {format_date(trough_ms)}, {end}; "
        f"at most {money.plain(figures.max_drawdown_cost)} {money.currency}"
    )


def _ratios(figures: Figures) -> str:
    text = (
        f"Sharpe {plain(figures.sharpe_daily)}, Sortino {plain(figures.sortino_daily)} "
        f"(daily equity, annualised); "
        f"per trade Sharpe {plain(figures.sharpe_ratio, 3)}, "
        f"expectancy {percent(figures.expectancy_pct, 3)}"
    )
    if "N/A" in text:
        text += ". N/A: under 14 days or 10 trades, no spread, or no loss"
    return f"{text}. {_unequal(figures)}" if _unequal(figures) else text


def _unequal(figures: Figures) -> str:
    average, money = figures.avg_pnl_pct or 0, figures.total_pnl_cost or 0
    if average * money >= 0:
        return ""
    side, end = ("above", "lost") if average > 0 else ("below", "won")
    return f"The mean trade is {side} 0 and yet money was {end}: in means every trade counts alike, whatever it cost"


def _exits(figures: Figures) -> str:
    return (
        f"{figures.ambiguous_exits:,} ambiguous (one candle touched stop and target: counted as the stop), "
        f"{figures.exact_touches:,} exact touches of the target"
    )


def _data(result: ResultView) -> str:
    gaps = result.portfolio.statistics.gap_minutes
    if gaps is None:
        return "N/A"
    text = f"{gaps:,} minutes that nobody knows, filled flat" if gaps else "no gaps"
    empty = sum(symbol.empty or 0 for symbol in result.symbols.values())
    return f"{text}; {empty:,} flat minutes in which {result.exchange} had no trade" if empty else text


def _signals(result: ResultView) -> str:
    cancelled: Counter[str] = Counter()
    rejected: Counter[str] = Counter()
    for symbol in result.symbols.values():
        cancelled.update(one.reason for one in symbol.cancelled)
        for one in symbol.rejected:
            rejected[one.reason] += one.count
    return f"{_counted('cancelled', cancelled)}, {_counted('rejected', rejected)}"


def _counted(what: str, reasons: Counter[str]) -> str:
    parts = ", ".join(f"{reason} {count:,}" for reason, count in reasons.most_common())
    return f"{reasons.total():,} {what} ({parts})" if parts else f"0 {what}"


def _speed(result: ResultView) -> str:
    candles = sum(symbol.candles for symbol in result.symbols.values())
    timing = result.timing
    return f"{candles:,} candles in {plain(timing.seconds)} s, {plain(timing.candles_per_second, 0)} a second"
