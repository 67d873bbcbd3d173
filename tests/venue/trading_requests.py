"""A request to a venue that trades: as it came, its parameters, and what became of it."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from urllib.parse import parse_qsl, urlsplit

from tests.venue.trading_nouns import Refusal

JSON = {"Content-Type": "application/json;charset=UTF-8"}
CLIENT_IDS = ("newClientOrderId", "clientAlgoId", "listClientOrderId", "origClientOrderId")


class Params:
    """What was sent; spot refuses what nobody read."""

    def __init__(self, sent: Mapping[str, str]) -> None:
        self._sent = dict(sent)
        self._read = {"timestamp", "recvWindow", "signature"}

    def text(self, name: str, default: str = "") -> str:
        self._read.add(name)
        return self._sent.get(name, default)

    def need(self, name: str) -> str:
        """-1102 without it."""
        if not self.text(name):
            raise Refusal(-1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")
        return self.text(name)

    def number(self, name: str) -> Decimal:
        """Nothing when it was not sent."""
        try:
            return Decimal(self.text(name) or 0)
        except InvalidOperation as error:
            raise Refusal(-1100, f"Illegal characters found in parameter '{name}'.") from error

    def integer(self, name: str) -> int | None:
        text = self.text(name)
        if text and not text.isdigit():
            raise Refusal(-1100, f"Illegal characters found in parameter '{name}'.")
        return int(text) if text else None

    def flag(self, name: str) -> bool:
        return self.text(name).lower() == "true"

    def all_read(self) -> None:
        """-1104 when something was sent that means nothing here."""
        if unread := set(self._sent) - self._read:
            sent = len(self._sent) - ("signature" in self._sent)
            read = sent - len(unread)
            raise Refusal(
                -1104,
                f"Not all sent parameters were read; read '{read}' parameter(s) but was sent '{sent}'.",
            )


@dataclass(frozen=True, slots=True)
class Request:
    """As it came in."""

    method: str
    host: str
    path: str
    query: str
    headers: Mapping[str, str]

    @property
    def sent(self) -> dict[str, str]:
        return dict(parse_qsl(self.query, keep_blank_values=True))

    @property
    def is_order(self) -> bool:
        """It asks for a new order, or for several."""
        return self.method == "POST" and self.path.rsplit("/", 1)[1] in (
            "order",
            "algoOrder",
            "oco",
            "otoco",
            "cancelReplace",
        )

    @property
    def is_cancel(self) -> bool:
        return self.method == "DELETE"

    def has_signature_of(self, secret: str) -> bool:
        signed, _, signature = self.query.rpartition("&signature=")
        ours = hmac.new(secret.encode(), signed.encode(), hashlib.sha256).hexdigest()
        return hmac.compare_digest(ours, signature)


def request_of(method: str, url: str, headers: Mapping[str, str], body: str) -> Request:
    """Query and body are one: the venue signs them as one."""
    parts = urlsplit(url)
    query = "&".join(part for part in (parts.query, body) if part)
    return Request(method.upper(), parts.hostname or "", parts.path, query, headers)


@dataclass(slots=True)
class Heard:
    """A request and what became of it; `executed` is what the venue knows, `lost` what the client could not read.

    `pause_age_ms`: for how long the client had been asked to be quiet, -1 when it had not.
    """

    at_ms: int
    request: Request
    pause_age_ms: int = -1
    fault: str = ""
    status: int = 0
    code: int | None = None
    executed: bool = False
    lost: bool = False
    sent: dict[str, str] = field(default_factory=dict)

    @property
    def client_id(self) -> str:
        """The id it speaks of, or empty."""
        return next((self.sent[name] for name in CLIENT_IDS if name in self.sent), "")
