"""Logging in to Telegram: codes are renewed, passwords asked for, and nothing is saved before it is done."""

import asyncio
import itertools
from pathlib import Path

import pytest

from btk.adapters.telegram_login import Scan
from btk.library.telegram_session import (
    MOST_CODES,
    keep_session,
    log_in,
    session_file,
    telegram_credentials,
)
from btk.model.errors import BtkError, DumpError, Fatal, SettingsError, Transient, UsageError
from btk.model.secret import Secret
from tests.fakes.telegram import SESSION, FakeTelegram


class Person:
    """Types these passwords, one after the other."""

    def __init__(self, *passwords: str) -> None:
        self.shown: list[str] = []
        self.asked: list[int] = []
        self._passwords = iter(passwords)

    def show_code(self, address: str) -> None:
        self.shown.append(address)

    async def ask_password(self, tries_left: int) -> Secret:
        self.asked.append(tries_left)
        return Secret(next(self._passwords))


def test_a_scanned_code_is_a_session() -> None:
    telegram, person = FakeTelegram([Scan.DONE]), Person()
    assert asyncio.run(log_in(telegram, person)).reveal() == SESSION
    assert person.shown == ["tg://login?token=1"]
    assert telegram.closed


def test_an_expired_code_is_renewed() -> None:
    person = Person()
    asyncio.run(log_in(FakeTelegram([Scan.EXPIRED, Scan.EXPIRED, Scan.DONE]), person))
    assert person.shown == ["tg://login?token=1", "tg://login?token=2", "tg://login?token=3"]


def test_codes_are_not_renewed_for_ever() -> None:
    telegram = FakeTelegram(itertools.repeat(Scan.EXPIRED))
    with pytest.raises(Transient, match="nobody scanned"):
        asyncio.run(log_in(telegram, Person()))
    assert (telegram.codes, telegram.closed) == (MOST_CODES, True)


def test_a_locked_account_asks_for_its_password_until_it_is_right() -> None:
    person = Person("wrong", "right")
    session = asyncio.run(log_in(FakeTelegram([Scan.LOCKED], password="right"), person))
    assert session.reveal() == SESSION
    assert person.asked == [3, 2]


def test_three_wrong_passwords_are_the_end() -> None:
    telegram = FakeTelegram([Scan.LOCKED], password="right")
    with pytest.raises(Fatal, match="wrong 3 times; nothing was saved"):
        asyncio.run(log_in(telegram, Person("a", "b", "c")))
    assert telegram.closed


def test_without_network_nothing_is_shown() -> None:
    telegram, person = FakeTelegram([], reachable=False), Person()
    with pytest.raises(Transient):
        asyncio.run(log_in(telegram, person))
    assert (person.shown, telegram.closed) == ([], True)


@pytest.mark.parametrize(
    ("environ", "error", "words"),
    [
        ({}, Fatal, "CC_TELEGRAM_API_ID and CC_TELEGRAM_API_HASH are not set"),
        ({"CC_TELEGRAM_API_ID": "1"}, Fatal, "CC_TELEGRAM_API_HASH is not set"),
        ({"CC_TELEGRAM_API_ID": "fakesecret", "CC_TELEGRAM_API_HASH": "x"}, SettingsError, "is no number"),
        ({"CC_TELEGRAM_API_ID": "0", "CC_TELEGRAM_API_HASH": "x"}, SettingsError, "is no number"),
        ({"CC_TELEGRAM_API_ID": "9" * 99, "CC_TELEGRAM_API_HASH": "x"}, SettingsError, "is no number"),
    ],
)
def test_credentials_that_cannot_be_used_are_named(
    environ: dict[str, str], error: type[BtkError], words: str
) -> None:
    with pytest.raises(error, match=words) as refused:
        telegram_credentials(environ)
    assert "fakesecret" not in str(refused.value)


def test_credentials_are_read_without_spaces_around_them() -> None:
    api_id, api_hash = telegram_credentials({"CC_TELEGRAM_API_ID": " 12 ", "CC_TELEGRAM_API_HASH": "ab\n"})
    assert (api_id, api_hash.reveal(), repr(api_hash)) == (12, "ab", "***")


def test_a_session_is_its_owners_alone(tmp_path: Path) -> None:
    path = session_file(tmp_path, overwrite=False)
    keep_session(path, Secret(SESSION), overwrite=False)
    assert path.read_text() == f"{SESSION}\n"
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_session_is_replaced_only_when_that_is_wanted(tmp_path: Path) -> None:
    path = tmp_path / "session.txt"
    path.write_text("old")
    with pytest.raises(UsageError, match="--force"):
        session_file(tmp_path, overwrite=False)
    with pytest.raises(UsageError, match="appeared meanwhile"):
        keep_session(path, Secret(SESSION), overwrite=False)
    assert path.read_text() == "old"
    keep_session(session_file(tmp_path, overwrite=True), Secret(SESSION), overwrite=True)
    assert path.read_text() == f"{SESSION}\n"
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_link_is_never_followed(tmp_path: Path) -> None:
    (tmp_path / "session.txt").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match="is there already"):
        session_file(tmp_path, overwrite=False)
    keep_session(session_file(tmp_path, overwrite=True), Secret(SESSION), overwrite=True)
    assert not (tmp_path / "elsewhere").exists()


def test_a_folder_that_is_gone_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(DumpError, match="cannot be written"):
        keep_session(tmp_path / "gone" / "session.txt", Secret(SESSION), overwrite=False)
