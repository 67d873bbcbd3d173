"""Redaction: the one door that text from outside passes before anybody reads it; no secret comes through."""

from __future__ import annotations

import re
from urllib.parse import quote, quote_plus, unquote

from btk.model.notice import shortened
from btk.model.secret import Secret

LONGEST_LINE = 200
_SHORTEST_SECRET = 4
_STARS = "***"

# What stands before a secret is the group, and stays.
_SHAPES = (
    re.compile(r"(://)[^/\s@]+(?=@)"),  # user and password in an address
    re.compile(r"()\d{6,}:[\w-]{30,}"),  # a Telegram bot
    re.compile(r"(\bbearer\s+)[^\s\"',]+", re.IGNORECASE),
    re.compile(
        r"((?:signature|api[-_]?key|token|secret|passw(?:or)?d|OK-ACCESS-\w+|X-BAPI-\w+|API-Sign)"
        r"[\"']?\s*[=:]\s*[\"']?)[^\s&\"',}]+",
        re.IGNORECASE,
    ),
)


class Redaction:
    """Hides the secrets it was told of, and what has the shape of one, in lines of printable text."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def hide(self, secret: Secret, written: str = "") -> None:
        """Never let this through, nor its parts; `written` is the text with references that it came from.

        What stands in `written` is no secret: hosts and chat numbers stay readable.
        """
        open_parts = set(_parts(written))
        whole = secret.reveal()
        for text in (whole, *_parts(whole)):
            if len(text) >= _SHORTEST_SECRET and text not in open_parts:
                self._known |= {text, quote(text, safe=""), quote_plus(text), unquote(text)}

    def __call__(self, text: object, longest: int = LONGEST_LINE) -> str:
        """One line of it, without secrets, at most `longest` characters."""
        return shortened(self.hidden(str(text)), longest)

    def hidden(self, text: str) -> str:
        """All of it, as it is, but without secrets."""
        # The longest first: a part that is replaced would hide the whole from the search.
        for known in sorted(self._known, key=len, reverse=True):
            text = text.replace(known, _STARS)
        for shape in _SHAPES:
            text = shape.sub(rf"\1{_STARS}", text)
        return text


def _parts(text: str) -> list[str]:
    return re.split(r"[/:@?&=#,+]+", text)
