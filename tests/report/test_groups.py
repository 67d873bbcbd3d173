"""Groups of trades: the right trades in each, and figures that add up to the whole."""

from __future__ import annotations

import pytest

from btk.report.groups import group_figures
from btk.report.trade_columns import TradeColumns
from tests.report.trade_samples import DAY, MIDNIGHT, trade

WAYS = ("by_close_reason", "by_side", "by_month", "by_weekday")

MIXED = (
    trade(0, 2.0),
    trade(1, -1.0, position="short"),
    trade(7, -3.0, close_reason="time_expired"),
    trade(31, 0.0, close_reason="time_expired", position="short"),
    trade(60, 4.0, close_reason="time_expired"),
)


def groups_of(*trades):
    return group_figures(TradeColumns.of(trades))


def test_no_trades_make_no_groups():
    assert groups_of() == {way: {} for way in WAYS}


def test_each_group_has_its_own_trades_in_the_order_of_the_calendar_and_of_the_interface():
    groups = groups_of(*reversed(MIXED))
    counts = {way: {name: group["trades"] for name, group in groups[way].items()} for way in WAYS}
    assert counts == {
        "by_close_reason": {"take_profit": 1, "stop_loss": 1, "time_expired": 3},
        "by_side": {"long": 3, "short": 2},
        "by_month": {"2024-01": 3, "2024-02": 1, "2024-03": 1},
        "by_weekday": {"monday": 2, "tuesday": 1, "thursday": 1, "friday": 1},
    }
    assert list(groups["by_close_reason"]) == ["take_profit", "stop_loss", "time_expired"]
    assert list(groups["by_weekday"]) == ["monday", "tuesday", "thursday", "friday"]


def test_the_figures_of_a_group_are_those_of_its_trades():
    assert groups_of(*MIXED)["by_close_reason"]["time_expired"] == pytest.approx(
        {
            "trades": 3,
            "win_rate_pct": 50.0,
            "avg_pnl_pct": 1 / 3,
            "total_pnl_pct": 1.0,
            "total_pnl_cost": 1.0,
            "profit_factor": 4 / 3,
            "profit_factor_cost": 4 / 3,
        }
    )


def test_a_group_without_wins_or_without_losses_has_no_profit_factor():
    reasons = groups_of(*MIXED)["by_close_reason"]
    for name in ("profit_factor", "profit_factor_cost"):
        assert (reasons["take_profit"][name], reasons["stop_loss"][name]) == (None, None)
    assert groups_of(trade(0, 0.0))["by_side"]["long"]["win_rate_pct"] is None


@pytest.mark.parametrize("way", WAYS)
def test_groups_add_up_to_the_whole(way):
    groups = groups_of(*MIXED)[way].values()
    assert sum(group["total_pnl_cost"] for group in groups) == pytest.approx(2.0)
    assert sum(group["trades"] for group in groups) == len(MIXED)


def test_a_trade_belongs_to_the_day_and_month_in_which_it_closed():
    over_midnight = trade(30, 1.0, closed_at_ms=MIDNIGHT + 31 * DAY)
    groups = groups_of(over_midnight)
    assert (list(groups["by_month"]), list(groups["by_weekday"])) == (["2024-02"], ["thursday"])
