"""Redaction: no secret comes through, in whatever form it is written."""

import pytest

from btk.adapters.redaction import Redaction
from btk.model.secret import Secret


def test_a_known_secret_is_hidden_also_in_parts_and_percent_forms() -> None:
    redacted = Redaction()
    redacted.hide(Secret("tgram://1234567:fake/secret+x@y/77001"), "tgram://${TOKEN}/77001")
    told = redacted(
        "GET /bot1234567:fake/secret%2Bx%40y to 77001, secret+x, tgram://1234567:fake/secret+x@y/77001"
    )
    assert "secret" not in told
    assert "1234567" not in told
    assert "77001" in told


def test_a_host_that_is_written_out_stays_readable() -> None:
    redacted = Redaction()
    redacted.hide(Secret("json://localhost:8080/fakesecret"), "json://localhost:8080/${TOKEN}")
    assert redacted("cannot reach localhost:8080/fakesecret") == "cannot reach localhost:8080/***"


@pytest.mark.parametrize(
    "text",
    [
        "redis://user:fakesecret@localhost/0",
        "https://api.telegram.org/bot123456789:fakesecretfakesecretfakesecretfakes/sendMessage",
        "Authorization: Bearer fakesecret",
        "GET /order?symbol=X&signature=fakesecret&x=1",
        "{'X-MBX-APIKEY': 'fakesecret'}",
        '{"OK-ACCESS-SIGN": "fakesecret"}',
        "apiKey=fakesecret",
        "password: fakesecret",
        "https://x/?access_token=fakesecret",
    ],
)
def test_what_has_the_shape_of_a_secret_is_hidden(text: str) -> None:
    assert "fakesecret" not in Redaction()(text)


def test_plain_words_come_through_in_one_line() -> None:
    assert Redaction()("Failed:\n error=500.\x1b[2J") == "Failed: error=500. [2J"
