"""An order is refused only by proof; everything else is unknown."""

from __future__ import annotations

import json

import pytest
from ccxt.base import errors

from btk.adapters.ccxt_proofs import Exchanged, in_few_words, is_absence, refusal

ERROR = errors.ExchangeError("binance GET https://api.binance.com/api/v3/order?signature=abc")


def told(code: int, words: str, status: int = 400) -> Exchanged:
    return Exchanged(sent=True, status=status, body=json.dumps({"code": code, "msg": words}))


@pytest.mark.parametrize(
    ("code", "words", "cause"),
    [
        (-1013, "Filter failure: NOTIONAL", "filter"),
        (-1013, "Market is closed.", "halted"),
        (-1013, "Filter failure: MAX_NUM_ALGO_ORDERS", "too_many"),
        (-1111, "Precision is over the maximum defined for this asset.", "filter"),
        (-2010, "Account has insufficient balance for requested action.", "balance"),
        (-2010, "Duplicate order sent.", "duplicate"),
        (-2010, "Stop price would trigger immediately.", "would_trigger"),
        (-2015, "Invalid API-key, IP, or permissions for action.", "key"),
    ],
)
def test_a_code_of_the_list_is_a_proof_and_its_words_say_why(code: int, words: str, cause: str) -> None:
    proof = refusal("binance", "spot", told(code, words), ERROR)
    assert proof is not None
    assert (proof.code, proof.words, proof.cause, proof.transient) == (str(code), words, cause, False)


@pytest.mark.parametrize(
    "exchanged",
    [
        Exchanged(sent=True),
        Exchanged(sent=True, status=200, body=""),
        Exchanged(sent=True, status=502, body="<html>"),
        Exchanged(sent=True, status=403, body="<html>"),
        Exchanged(sent=True, status=400, body='{"code": "-1013"}'),
        told(-1000, "An unknown error occurred", 503),
        told(-1006, "unexpected response", 400),
        told(-1007, "Timeout waiting for response", 400),
        told(-9999, "something new", 400),
        told(-1013, "Filter failure: NOTIONAL", 200),
        told(-1003, "too many", 400),
    ],
)
def test_everything_else_proves_nothing(exchanged: Exchanged) -> None:
    assert refusal("binance", "spot", exchanged, ERROR) is None


@pytest.mark.parametrize("code", [-4003, -4005, -4014, -4016, -4024, -4131, -4164])
def test_a_rule_of_futures_is_a_rule(code: int) -> None:
    proof = refusal("binance", "swap", told(code, "beyond it", 400), ERROR)
    assert proof is not None
    assert proof.cause == "filter"


def test_what_proves_a_refusal_of_futures_proves_nothing_on_spot_where_it_is_half_a_replacement() -> None:
    trigger = told(-2021, "Order would immediately trigger.")
    assert refusal("binance", "spot", trigger, ERROR) is None
    proof = refusal("binance", "swap", trigger, ERROR)
    assert proof is not None
    assert proof.cause == "would_trigger"


def test_no_code_of_a_venue_that_is_not_proven_proves_anything() -> None:
    assert refusal("okx", "swap", told(-1013, "Filter failure"), ERROR) is None


def test_a_venue_that_is_busy_may_be_asked_again_and_a_wrong_clock_is_measured() -> None:
    busy = refusal("binance", "spot", told(-1003, "banned", 418), ERROR)
    orders = refusal("binance", "spot", told(-1015, "Too many new orders", 429), ERROR)
    clock = refusal("binance", "spot", told(-1021, "outside of the recvWindow"), ERROR)
    assert busy is not None
    assert orders is not None
    assert clock is not None
    assert (busy.transient, orders.transient, clock.transient) == (True, True, False)
    assert clock.resync_clock


def test_what_never_left_is_refused_for_good_by_ccxt_and_for_now_by_the_network() -> None:
    local = refusal("binance", "spot", Exchanged(), errors.InvalidOrder("amount below the minimum"))
    assert local is not None
    assert not local.transient
    refused = errors.ExchangeNotAvailable("binance POST")
    refused.__cause__ = ConnectionRefusedError()
    unreached = refusal("binance", "spot", Exchanged(sent=True), refused)
    assert unreached is not None
    assert unreached.transient


@pytest.mark.parametrize("cause", [ConnectionResetError(), TimeoutError(), None])
def test_a_connection_that_broke_proves_nothing(cause: Exception | None) -> None:
    broken = errors.ExchangeNotAvailable("binance POST")
    broken.__cause__ = cause
    assert refusal("binance", "spot", Exchanged(sent=True), broken) is None


def test_only_the_venues_own_word_is_an_absence() -> None:
    assert is_absence("binance", told(-2013, "Order does not exist."))
    assert not is_absence("binance", told(-2011, "Unknown order sent."))
    assert not is_absence("binance", Exchanged(sent=True, status=404, body="<html>"))
    assert not is_absence("okx", told(-2013, "Order does not exist."))


def test_words_hold_no_address_and_no_signature() -> None:
    assert "signature" not in in_few_words(Exchanged(sent=True), ERROR)
    assert in_few_words(Exchanged(sent=True, status=502, body="<html>"), ERROR) == "status 502, ExchangeError"
