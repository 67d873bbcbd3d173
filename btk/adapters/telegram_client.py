"""Telethon: the login of a Telegram user through MTProto; imported when first needed."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from btk.adapters.redaction import Redaction
from btk.adapters.telegram_login import Scan
from btk.model.errors import BtkError, Fatal, Transient, UsageError
from btk.model.secret import Secret

CONNECTION_RETRIES = 5


class Server(NamedTuple):
    """Another server than Telegram's own, and how long to wait between tries."""

    host: str
    port: int
    retry_delay_seconds: float = 1.0


class TelethonLogin:
    """The `TelegramLogin` of the real Telegram; `UsageError` when Telethon is not installed."""

    def __init__(self, api_id: int, api_hash: Secret, server: Server | None = None) -> None:
        try:
            import telethon
            import telethon.sessions
        except ImportError:
            raise UsageError("btk session needs Telethon: pip install 'btk[telegram]'") from None
        self._telethon: Any = telethon
        self._api_id = api_id
        self._api_hash = api_hash
        self._server = server
        self._client: Any = None
        self._qr: Any = None
        self._redacted = Redaction()
        self._redacted.hide(api_hash)

    async def connect(self) -> None:
        """Reach Telegram, with five retries; `Transient` when it cannot be reached."""
        session = self._telethon.sessions.StringSession()
        if self._server is not None:
            session.set_dc(2, self._server.host, self._server.port)
        self._client = self._telethon.TelegramClient(
            session,
            self._api_id,
            self._api_hash.reveal(),
            connection_retries=CONNECTION_RETRIES,
            retry_delay=self._server.retry_delay_seconds if self._server else 1,
            device_model="btk",
            base_logger=_silent_logger(),
        )
        with self._in_our_words():
            await self._client.connect()

    async def new_code(self) -> str:
        """The address for the next QR code."""
        with self._in_our_words():
            if self._qr is None:
                self._qr = await self._client.qr_login()
            else:
                await self._qr.recreate()
        return str(self._qr.url)

    async def scanned(self) -> Scan:
        """Wait until the code was scanned, or has expired."""
        with self._in_our_words():
            try:
                await self._qr.wait()
            except TimeoutError:
                return Scan.EXPIRED
            except self._telethon.errors.SessionPasswordNeededError:
                return Scan.LOCKED
        return Scan.DONE

    async def unlock(self, password: Secret) -> bool:
        """Give the two-factor password; False when it is wrong."""
        self._redacted.hide(password)
        with self._in_our_words():
            try:
                await self._client.sign_in(password=password.reveal())
            except self._telethon.errors.PasswordHashInvalidError:
                return False
        return True

    def session(self) -> Secret:
        """What logs in without asking from now on."""
        return Secret(self._client.session.save())

    async def close(self) -> None:
        """Hang up."""
        if self._client is not None:
            await self._client.disconnect()

    @contextmanager
    def _in_our_words(self) -> Iterator[None]:
        errors = self._telethon.errors
        try:
            yield
        except errors.RPCError as error:
            raise self._told(error) from None
        except OSError as error:
            raise Transient(
                f"Telegram cannot be reached ({self._redacted(error)}); check the network and run this again"
            ) from None

    def _told(self, error: Exception) -> BtkError:
        errors = self._telethon.errors
        if isinstance(error, errors.ApiIdInvalidError | errors.ApiIdPublishedFloodError):
            return Fatal("Telegram does not know this pair of CC_TELEGRAM_API_ID and CC_TELEGRAM_API_HASH")
        if isinstance(error, errors.FloodWaitError):
            return Transient(f"Telegram wants to be left alone for {error.seconds} s; run this again then")
        return Fatal(f"Telegram refuses: {self._redacted(error)}")


def _silent_logger() -> logging.Logger:
    # What goes wrong is raised too; on stderr its lines would tear the QR code apart.
    log = logging.getLogger("btk.telegram")
    log.propagate = False
    log.setLevel(logging.WARNING)
    log.addHandler(logging.NullHandler())
    return log
