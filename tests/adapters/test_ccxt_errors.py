"""Every error of ccxt is one of ours, in one line."""

from __future__ import annotations

import ccxt
import pytest
from ccxt.base import errors

from btk.adapters.ccxt_errors import in_our_words, is_rate_limit, vendor_errors
from btk.model.errors import BtkError, Fatal, SettingsError, Transient, Unknown


@pytest.mark.parametrize(
    ("error", "ours"),
    [
        (ccxt.RequestTimeout("x"), Transient),
        (ccxt.ExchangeNotAvailable("x"), Transient),
        (ccxt.OnMaintenance("x"), Transient),
        (ccxt.DDoSProtection("x"), Transient),
        (ccxt.RateLimitExceeded("x"), Transient),
        (ccxt.NullResponse("x"), Transient),
        (ccxt.OperationFailed("x"), Transient),
        (ccxt.BadSymbol("x"), SettingsError),
        (ccxt.BadRequest("x"), SettingsError),
        (ccxt.NotSupported("x"), SettingsError),
        (ccxt.AuthenticationError("x"), Fatal),
        (ccxt.PermissionDenied("x"), Fatal),
        (ccxt.ExchangeError("x"), Unknown),
        (KeyError("x"), Transient),
        (TypeError("x"), Transient),
        (ConnectionResetError("x"), Transient),
    ],
)
def test_an_error_is_named_by_what_is_done_next(error: Exception, ours: type[BtkError]) -> None:
    assert type(in_our_words("binance", error)) is ours


def test_every_class_of_ccxt_has_its_row() -> None:
    kinds = [
        kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, ccxt.BaseError)
    ]
    assert len(kinds) > 30
    for kind in kinds:
        assert isinstance(kind("x"), vendor_errors())
        assert isinstance(in_our_words("binance", kind("x")), BtkError)


def test_a_page_of_html_becomes_one_short_line() -> None:
    told = str(in_our_words("binance", ccxt.ExchangeNotAvailable("binance 502\n<html>\n" + "x" * 5000)))
    assert told.startswith("binance: ExchangeNotAvailable: 502 <html> x")
    assert "\n" not in told
    assert len(told) < 300


def test_rate_limits_are_told_apart() -> None:
    assert is_rate_limit(ccxt.RateLimitExceeded("x"))
    assert not is_rate_limit(ccxt.RequestTimeout("x"))
