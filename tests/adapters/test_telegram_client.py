"""The real Telethon, as far as it goes without Telegram."""

import asyncio
import socket

import pytest

from btk.adapters.telegram_client import Server, TelethonLogin
from btk.library.telegram_session import log_in
from btk.model.errors import Transient
from btk.model.secret import Secret

pytest.importorskip("telethon")


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
