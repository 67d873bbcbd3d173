"""The session of a Telegram user: logged in once by a QR code, kept in `session.txt`, used by later runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, Protocol

from btk.adapters.disk import Disk, save, unwritable
from btk.adapters.telegram_login import Scan, TelegramLogin
from btk.model.errors import Fatal, SettingsError, Transient, UsageError
from btk.model.secret import Secret

SESSION_FILE = "session.txt"
API_ID = "CC_TELEGRAM_API_ID"
API_HASH = "CC_TELEGRAM_API_HASH"
# A code lives for half a minute: ten minutes in all.
MOST_CODES = 20
PASSWORD_TRIES = 3


class Credentials(NamedTuple):
    """What Telegram gives to those who write programs, see https://my.telegram.org."""

    api_id: int
    api_hash: Secret


class Screen(Protocol):
    """The person who logs in."""

    def show_code(self, address: str) -> None:
        """Show an address as a QR code; the one before is worthless now."""

    async def ask_password(self, tries_left: int) -> Secret:
        """The two-factor password."""


def telegram_credentials(environ: Mapping[str, str]) -> Credentials:
    """The credentials in the environment; `Fatal` without them, `SettingsError` for an id that is no number."""
    missing = [name for name in (API_ID, API_HASH) if not environ.get(name, "").strip()]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        raise Fatal(f"{' and '.join(missing)} {verb} not set; https://my.telegram.org gives them to you")
    api_id = environ[API_ID].strip()
    if not (api_id.isascii() and api_id.isdecimal() and 0 < int(api_id) < 2**31):
        raise SettingsError(f"{API_ID} is no number; https://my.telegram.org shows it as App api_id")
    return Credentials(int(api_id), Secret(environ[API_HASH].strip()))


def session_file(root: Path, overwrite: bool) -> Path:
    """Where the session is kept; `UsageError` when one is there, unless `overwrite`."""
    path = root / SESSION_FILE
    if path.is_symlink() or path.exists():
        if not overwrite:
            raise UsageError(f"{path} is there already; --force logs in anew and replaces it")
        if path.is_dir():
            raise UsageError(f"{path} is a folder; move it away")
    return path


async def log_in(telegram: TelegramLogin, screen: Screen) -> Secret:
    """The session of whoever scans the code. `Transient` or `Fatal` when it does not come to that."""
    try:
        await telegram.connect()
        if await _scanned(telegram, screen) is Scan.LOCKED:
            await _unlock(telegram, screen)
        return telegram.session()
    finally:
        await telegram.close()


def keep_session(path: Path, session: Secret, overwrite: bool) -> None:
    """Write it for its owner's eyes alone; `UsageError` if a file has appeared there, `DumpError` if the disk refuses."""
    disk, content = Disk(), [session.reveal().encode() + b"\n"]
    if overwrite:
        save(disk, path, content)
        return
    try:
        disk.write(path, content)
        disk.sync_folder(path.parent)
    except FileExistsError:
        raise UsageError(f"{path} has appeared meanwhile and is left as it is; --force replaces it") from None
    except OSError as error:
        raise unwritable(path, error) from error


async def _scanned(telegram: TelegramLogin, screen: Screen) -> Scan:
    for _ in range(MOST_CODES):
        screen.show_code(await telegram.new_code())
        scan = await telegram.scanned()
        if scan is not Scan.EXPIRED:
            return scan
    raise Transient(f"nobody scanned any of {MOST_CODES} codes; run this again when your phone is at hand")


async def _unlock(telegram: TelegramLogin, screen: Screen) -> None:
    for tries_left in range(PASSWORD_TRIES, 0, -1):
        if await telegram.unlock(await screen.ask_password(tries_left)):
            return
    raise Fatal(f"the two-factor password was wrong {PASSWORD_TRIES} times; nothing was saved")
