"""Notices say what happened in one printable line, by templates that were checked before."""

from typing import get_args

import pytest

from btk.model.events import ClosedEvent, ErrorEvent, Event, OpenedEvent
from btk.model.notice import LONGEST_NOTICE, TEMPLATES, kind_of, notice, template_of, template_problem
from btk.model.notify import EventType
from btk.model.trade import Trade

OPENED = OpenedEvent(
    at_ms=1_704_067_200_000,
    tick_ms=1_704_067_200_000,
    symbol="BTCUSDT",
    strategy="sma_cross",
    id="1",
    position="long",
    price_open=42_000.5,
    price_take_profit=43_000.0,
    price_stop_loss=41_000.0,
    lifetime_minutes=60,
    cost=100.0,
    scheduled_at_ms=1_704_067_200_000,
    note="",
)


def failed(message: str) -> ErrorEvent:
    return ErrorEvent(
        at_ms=0, tick_ms=0, symbol="BTCUSDT", strategy="s", where="get_signal", message=message, count=1
    )


def test_every_kind_of_event_has_words_that_it_can_fill() -> None:
    kinds = {str(cls.__struct_config__.tag) for cls in Event.__subclasses__()}
    assert set(TEMPLATES) <= set(get_args(EventType))
    assert [template_problem(kind, template_of(kind)) for kind in sorted(kinds)] == [None] * len(kinds)


def test_an_opened_position_is_told_with_its_levels() -> None:
    told = notice(OPENED, "demo", template_of("opened"))
    assert told == "BTCUSDT sma_cross: long opened at 42000.5, target 43000, stop 41000, cost 100"


def test_a_template_of_a_closed_event_may_name_what_its_trade_has() -> None:
    assert "trade" in ClosedEvent.__struct_fields__
    assert template_problem("closed", "{position} {fee_cost:.2f} {pnl_pct:+.1f} {type} {exchange}") is None
    assert "fee_cost" in Trade.__struct_fields__


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("{symbl}", "did you mean symbol?"),
        ("{price", "is no template"),
        ("{}", "there are type, exchange"),
        ("{symbol.__class__}", "is nothing opened events have"),
        ("{symbol[0]}", "is nothing opened events have"),
        ("{symbol!r}", "is nothing opened events have"),
        ("{price_open:d}", "cannot be written"),
        ("{symbol:.2f}", "cannot be written"),
        ("{cost:>999999999}", "a width of at most 99"),
        ("{cost:{symbol}}", "a width of at most 99"),
    ],
)
def test_a_template_that_cannot_be_filled_is_named(template: str, words: str) -> None:
    assert words in (template_problem("opened", template) or "")


def test_text_from_outside_adds_no_line_and_steers_no_terminal() -> None:
    told = notice(failed("a\nb\x1b[31m\u202ec\x00"), "demo", "{message}")
    assert told == "a b [31m c"


def test_a_notice_is_cut_short() -> None:
    assert len(notice(failed("x" * 9000), "demo", "{message}" * 9)) == LONGEST_NOTICE


def test_a_value_of_another_type_than_declared_is_told_plainly() -> None:
    broken = OpenedEvent(
        **{**{name: getattr(OPENED, name) for name in OPENED.__struct_fields__}, "cost": None}
    )
    assert notice(broken, "demo", "{cost:.2f}") == "opened on BTCUSDT, sma_cross"
    assert kind_of(broken) == "opened"
