"""The real Telethon, as far as it goes without Telegram."""

import asyncio
import socket

import pytest

from btk.adapters.telegram_client import Server, TelethonLogin
from btk.adapters.telegram_login import Scan
from btk.library.telegram_session import log_in
from btk.model.errors import BtkError, Fatal, Transient
from btk.model.secret import Secret

errors = pytest.importorskip("telethon").errors


class Nobody:
    """Is shown nothing and asked nothing."""

    def show_code(self, address: str) -> None:
        raise AssertionError(address)

    async def ask_password(self, tries_left: int) -> Secret:
        raise AssertionError(tries_left)


def test_a_port_that_refuses_is_tried_five_times_and_told_in_one_line(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        server = Server("127.0.0.1", unused.getsockname()[1], retry_delay_seconds=0)
        with pytest.raises(Transient) as refused:
            asyncio.run(log_in(TelethonLogin(12345, Secret("fakesecret"), server), Nobody()))
    assert str(refused.value) == (
        "Telegram cannot be reached (Connection to Telegram failed 5 time(s)); check the network and run this again"
    )
    assert "fakesecret" not in caplog.text
    assert capfd.readouterr() == ("", "")


class Answers:
    """A client whose next answer is this error, or that it worked."""

    def __init__(self, error: Exception | None) -> None:
        self._error = error

    async def sign_in(self, password: str) -> None:
        if self._error is not None:
            raise self._error

    async def wait(self) -> None:
        if self._error is not None:
            raise self._error


def login(error: Exception | None) -> TelethonLogin:
    """A login at a client that answers so; the client itself cannot be had without Telegram."""
    made = TelethonLogin(12345, Secret("fakesecret"))
    made._client = made._qr = Answers(error)
    return made


@pytest.mark.parametrize(
    ("error", "scan"),
    [
        (None, Scan.DONE),
        (TimeoutError(), Scan.EXPIRED),
        (errors.SessionPasswordNeededError(None), Scan.LOCKED),
    ],
)
def test_a_code_is_used_expired_or_asks_for_a_password(error: Exception | None, scan: Scan) -> None:
    assert asyncio.run(login(error).scanned()) is scan


def test_a_wrong_password_may_be_given_again() -> None:
    assert not asyncio.run(login(errors.PasswordHashInvalidError(None)).unlock(Secret("wrong")))
    assert asyncio.run(login(None).unlock(Secret("right")))


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (errors.ApiIdInvalidError(None), Fatal, "does not know this pair"),
        (errors.FloodWaitError(None, capture=77), Transient, "left alone for 77 s"),
        (errors.AuthKeyUnregisteredError(None), Fatal, "Telegram refuses"),
        (ConnectionResetError("by fakesecret"), Transient, "cannot be reached"),
    ],
)
def test_what_telegram_answers_is_told_in_our_words(
    error: Exception, kind: type[BtkError], words: str
) -> None:
    with pytest.raises(kind, match=words) as told:
        asyncio.run(login(error).scanned())
    assert "fakesecret" not in str(told.value)
