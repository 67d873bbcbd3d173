"""Every venue gets our ids in the form it takes, and they come back as ours."""

from __future__ import annotations

import re

import pytest

from btk.adapters.ccxt_order_ids import ID_FORMS, asking, creating, decoded, encoded
from btk.core.order_ids import order_id
from tests.core.order_samples import KEY

ID = order_id(KEY, "s1", "stop")
TAKEN = {
    "binance": r"[a-zA-Z0-9-_]{1,36}",
    "binanceusdm": r"[\.A-Z\:/a-z0-9_-]{1,36}",
    "bybit": r"[a-zA-Z0-9-_]{1,36}",
    "okx": r"[a-zA-Z0-9]{1,32}",
    "kraken": r"[0-9a-f]{32}",
    "gate": r"t-[a-zA-Z0-9-_.]{1,28}",
    "hyperliquid": r"0x[0-9a-f]{32}",
}


@pytest.mark.parametrize("venue", ID_FORMS)
def test_an_id_has_the_form_its_venue_takes_and_comes_back_as_ours(venue: str) -> None:
    assert re.fullmatch(TAKEN[venue], encoded(venue, ID))
    assert decoded(venue, encoded(venue, ID)) == ID


@pytest.mark.parametrize("venue", ID_FORMS)
@pytest.mark.parametrize("told", ["web_12345", "t-abc", "0xabc", "", None])
def test_somebody_elses_id_stays_as_it_is(venue: str, told: str | None) -> None:
    assert decoded(venue, told) == (told or "")


@pytest.mark.parametrize(
    ("venue", "name"),
    [
        ("binance", "origClientOrderId"),
        ("bybit", "orderLinkId"),
        ("kraken", "cl_ord_id"),
        ("okx", "clientOrderId"),
    ],
)
def test_an_order_is_asked_about_by_the_parameter_that_finds_it(venue: str, name: str) -> None:
    assert asking(venue, ID, trigger=False) == {name: ID}


def test_a_conditional_order_is_asked_about_in_its_own_drawer() -> None:
    assert asking("binance", ID, trigger=True) == {"clientOrderId": ID, "trigger": True}
    assert creating("okx", ID, trigger=True) == {"algoClOrdId": ID}
