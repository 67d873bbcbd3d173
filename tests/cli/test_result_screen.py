"""The result screen: what a person reads, at the widths and in the pipes it is read in."""

from __future__ import annotations

import copy
import io

import pytest

from btk.cli.result_screen import MOST_ROWS, show_result

FIGURES = {
    "total_trades": 12,
    "win_rate_pct": 41.666,
    "avg_pnl_pct": 0.1234,
    "avg_duration_minutes": 321.4,
    "total_pnl_cost": 1234567.891,
    "gross_pnl_cost": 1234600.0,
    "fee_cost": 20.0,
    "slippage_cost": 12.109,
    "profit_factor_cost": 1.5,
    "expectancy_pct": 0.1234,
    "sharpe_ratio": 0.0567,
    "start_equity": 10000.0,
    "final_equity": 1244567.891,
    "return_pct": 12345.678,
    "buy_and_hold_pct": -3.5,
    "max_drawdown_pct": 4.321,
    "max_drawdown_cost": 432.1,
    "drawdown_peak_ms": 1704067200000,
    "drawdown_trough_ms": 1704153600000,
    "drawdown_recovered_ms": None,
    "sharpe_daily": 1.25,
    "sortino_daily": 2.5,
    "exposure_pct": 34.56,
    "ambiguous_exits": 3,
    "exact_touches": 1,
    "gap_minutes": 0,
    "by_close_reason": {
        "take_profit": {"trades": 5, "win_rate_pct": 100.0, "avg_pnl_pct": 1.5, "total_pnl_cost": 7.5},
        "stop_loss": {"trades": 7, "win_rate_pct": 0.0, "avg_pnl_pct": -0.9, "total_pnl_cost": -6.3},
    },
}
MISSING = {
    name: 0 if name in ("total_trades", "ambiguous_exits", "exact_touches", "gap_minutes") else None
    for name in FIGURES
} | {"by_close_reason": {}}
DOCUMENT = {
    "schema": "btk.backtest/1",
    "run_id": "r1",
    "mode": "backtest",
    "status": "complete",
    "strategy": "sma_cross",
    "params": {"fast": 10},
    "exchange": "demo",
    "model": "candle",
    "frame": {"from_ms": 1704067200000, "to_ms": 1709251200000},
    "digests": {},
    "symbols": {
        "BTCUSDT": {
            "candles": 86400,
            "gaps": 0,
            "trades": [],
            "cancelled": [{"id": "a", "reason": "timeout"}, {"id": "b", "reason": "timeout"}],
            "rejected": [{"at_ms": 1, "reason": "cash", "detail": "d", "count": 1400}],
            "statistics": FIGURES,
        }
    },
    "portfolio": {
        "statistics": FIGURES,
        "currency": "USDT",
        "equity": {"at_ms": [1, 2, 3, 4], "value": [1.0, 2.0, 3.0, 4.0]},
    },
    "warnings": [],
    "timing": {"seconds": 0.0312, "candles_per_second": 2769230.7},
}


def changed(**changes):
    return {**copy.deepcopy(DOCUMENT), **changes}


def with_figures(**figures):
    document = copy.deepcopy(DOCUMENT)
    document["portfolio"]["statistics"].update(figures)
    return document


def screen(document=DOCUMENT, width=80, folder="dump/runs/r1", encoding="utf-8"):
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding=encoding, newline="\n")
    show_result(document, folder, out, width)
    out.flush()
    return raw.getvalue().decode(encoding)


def line_with(text, word):
    return next(line for line in text.splitlines() if line.startswith(word))


def words_of(text):
    return " ".join(text.split())


def test_the_headline_says_who_where_when_and_how_it_ended():
    lines = screen().splitlines()
    assert lines[0] == "sma_cross on demo, 2024-01-01 to 2024-03-01, backtest, candle model"
    assert lines[1] == "+12,345.68 %   10,000.00 -> 1,244,567.89 USDT   max drawdown 4.32 %"


@pytest.mark.parametrize("width", [80, 100, 120])
def test_no_line_is_wider_than_the_terminal_and_no_figure_is_cut(width):
    text = screen(width=width)
    assert max(len(line) for line in text.splitlines()) <= width
    assert "…" not in text
    assert "+1,234,567.89" in line_with(text, "BTCUSDT")


@pytest.mark.parametrize("width", [30, 40, 60])
def test_a_narrow_terminal_keeps_the_symbol_and_its_profit_and_cuts_no_figure(width):
    text = screen(width=width)
    assert "…" not in text
    row = line_with(text, "BTCUSDT").split()
    assert len(line_with(text, "BTCUSDT")) <= width
    assert "+1,234,567.89" in row


def test_a_row_has_the_figures_of_its_symbol():
    assert line_with(screen(), "BTCUSDT").split() == [
        *("BTCUSDT", "12", "41.7", "+0.123", "+1,234,567.89", "1.50", "4.32", "34.6")
    ]
    wide = line_with(screen(width=120), "Total").split()
    assert wide[-3:] == ["1.25", "-3.50", "321"]


def test_close_reasons_costs_exits_signals_files_and_speed_are_told():
    text = words_of(screen())
    assert "stop loss 7 0.0 -0.900 -6.30" in text
    assert "gross +1,234,600.00, fees -20.00, slippage -12.11, net +1,234,567.89 USDT" in text
    assert "3 ambiguous" in text
    assert "1 exact touches" in text
    assert "2 cancelled (timeout 2), 1,400 rejected (cash 1,400)" in text
    assert "Files dump/runs/r1" in text
    assert "86,400 candles in 0.03 s, 2,769,231 a second" in text
    assert "2024-01-01 to 2024-01-02, not recovered; at most 432.10 USDT" in text
    assert "no gaps" in text


def test_warnings_come_first_and_are_shown_as_they_are():
    text = screen(changed(warnings=["funding [not modelled] :warning:"]))
    assert text.splitlines()[0] == "Warning: funding [not modelled] :warning:"


def test_gaps_in_the_data_are_counted():
    assert "1,440 minutes that nobody knows, filled flat" in screen(with_figures(gap_minutes=1440))


def test_minutes_without_a_trade_are_no_gaps_and_are_told():
    document = changed()
    document["symbols"]["BTCUSDT"]["empty"] = 1210
    assert "Data no gaps; 1,210 flat minutes in which demo had no trade" in words_of(screen(document))


def test_a_run_without_trades_shows_what_is_missing_as_such():
    document = changed(timing={"seconds": 0.0, "candles_per_second": None})
    document["symbols"]["BTCUSDT"]["statistics"] = MISSING
    document["portfolio"] = {"statistics": MISSING, "currency": "USDT"}
    text = screen(document)
    assert line_with(text, "Total").split() == ["Total", "0", *["N/A"] * 6]
    assert "Closed by" not in text
    assert "None" not in text
    assert "N/A: under 14 days or 10 trades" in words_of(text)


def test_a_small_wallet_gets_the_decimals_it_needs():
    figures = {"start_equity": 0.05, "final_equity": 0.0512345, "total_pnl_cost": 0.0012345}
    assert "0.0500000 -> 0.0512345" in screen(with_figures(**figures))


@pytest.mark.parametrize(("average", "words"), [(0.6, "above 0 and yet money was lost"), (-0.6, None)])
def test_a_mean_that_says_the_opposite_of_the_money_is_explained(average, words):
    shown = " ".join(screen(with_figures(avg_pnl_pct=average, total_pnl_cost=-23.7)).split())
    assert ("and yet money" in shown) is bool(words)
    assert not words or f"The mean trade is {words}: in means every trade counts alike" in shown


def test_nothing_lost_is_not_shown_as_minus_nothing():
    assert "fees 0.00, slippage 0.00" in screen(with_figures(fee_cost=0.0, slippage_cost=0.0))


def test_several_strategies_are_all_named():
    assert screen(changed(strategy=["one", "two"])).startswith("one, two on demo")


def test_many_symbols_do_not_push_the_total_out_of_sight():
    symbols = {f"COIN{place:03}USDT": DOCUMENT["symbols"]["BTCUSDT"] for place in range(60)}
    text = screen(changed(symbols=symbols))
    assert f"COIN{MOST_ROWS - 1:03}USDT" in text
    assert f"COIN{MOST_ROWS:03}USDT" not in text
    assert f"and {60 - MOST_ROWS} more" in text
    assert line_with(text, "Total")


def test_a_pipe_gets_no_colours_and_an_old_terminal_no_characters_it_lacks():
    text = screen(encoding="ascii")
    assert "\x1b" not in text
    sparkline = text.splitlines()[2]
    assert (sparkline[0], sparkline[-1]) == ("_", "@")


def test_a_long_folder_can_be_copied_whole():
    folder = "dump/runs/" + "x" * 120
    assert folder in screen(folder=folder)
