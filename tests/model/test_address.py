"""Addresses of notifications hold no secret in the open, and show none."""

import pytest

from btk.model.address import literal_secret, shown_address


@pytest.mark.parametrize(
    "address",
    [
        "tgram://fakesecret/7",
        "tgram://123456789:AAFnotarealtokenbutlongenough0123456/7",
        "tgram://123456789:AAFnotarealtokenbutlongenough0123456/${CHAT}",
        "tgram://fakesecret/${CHAT}",
        "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js",
        "slack://T1JJ3T3L2/A1BRTD4JD/${TOKEN}",
        "gotify://push.example.org/A4hfT2ksLq01xyz",
        "jsons://hooks.example.org/services/T00000000/${A}/XXXXXXXXXXXXXXXXXXXXXXXXXXXXXX",
        "json://localhost/hook?token=abc",
        "json://localhost/hook?+X-Api-Key=abc",
        "pover://user@fakesecret",
    ],
)
def test_a_token_written_out_is_found(address: str) -> None:
    assert literal_secret(address) == "a token"


@pytest.mark.parametrize("address", ["json://me:fakesecret@localhost/", "mailto://me:pw@example.org"])
def test_a_password_written_out_is_found(address: str) -> None:
    assert literal_secret(address) == "a password"


@pytest.mark.parametrize(
    "address",
    [
        "${NOTIFY_URL}",
        "${file:/run/secrets/notify}",
        "tgram://${TELEGRAM_TOKEN}/7",
        "tgram://${TELEGRAM_TOKEN}/-1001234567890",
        "discord://btk@${DISCORD_ID}/${DISCORD_TOKEN}",
        "mailto://me:${MAIL_PASSWORD}@example.org?smtp=smtp.example.org",
        "json://localhost:8080/hooks/trading-2024",
        "json://127.0.0.1:8080/",
        "jsons://a1b2c3d4e5f6.example.org/hook?rto=2.5",
        "gotify://push.example.org/${GOTIFY_TOKEN}",
        "ntfy://ntfy.example.org/trades",
    ],
)
def test_what_is_no_secret_may_be_written(address: str) -> None:
    assert literal_secret(address) is None


def test_an_address_is_shown_with_its_references_or_without_its_path() -> None:
    assert shown_address("tgram://${TOKEN}/7") == "tgram://${TOKEN}/7"
    assert shown_address("tgram://fakesecret/7") == "tgram://***"
    assert (
        shown_address("json://me:fakesecret@localhost:80/fakesecret?a=fakesecret")
        == "json://localhost:80/***"
    )
    assert shown_address("json://localhost:80") == "json://localhost:80"
    assert shown_address("fakesecret") == "***"
