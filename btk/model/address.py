"""Addresses of notifications: what in them must not be written literally, and how one is shown."""

from __future__ import annotations

import re

# In the addresses of these a host, a program or a topic stands first; in those of all other services a token does.
_HOST_FIRST = re.compile(
    r"(json|xml|form|apprise|mailto|gotify|ntfy|matrix|mmost|rocket|ncloud|mqtt|hassio|signal)s?"
    r"|r?syslog|xmpp|dbus|gnome|macosx|windows",
    re.IGNORECASE,
)

_REFERENCE = re.compile(r"\$\{[^}]*\}")
_MARK = "\0"
_SECRET_NAME = re.compile(r"pass|secret|token|key|auth|credential|signature", re.IGNORECASE)
_LONGEST_WORD = 24
_SHORTEST_TOKEN = 12


def literal_secret(address: str) -> str | None:
    """What is written literally and must be a reference (`"a password"`, `"a token"`); None for nothing."""
    scheme, _, rest = _REFERENCE.sub(_MARK, address).partition("://")
    authority, path, query = _parts(rest)
    user, _, host = authority.rpartition("@")
    password = user.partition(":")[2]
    if password and _MARK not in password:
        return "a password"
    host_first = bool(_HOST_FIRST.fullmatch(scheme))
    if not host_first and _MARK not in scheme + authority:
        return "a token"
    pieces = [user, path, *(() if host_first else (host,))]
    if any(map(_like_a_token, pieces)) or any(map(_secret_pair, query.split("&"))):
        return "a token"
    return None


def shown_address(address: str) -> str:
    """An address as it may be shown: references stand for what they hide, without them only the host is left."""
    if _REFERENCE.search(address):
        return address
    scheme, separator, rest = address.partition("://")
    if not separator:
        return "***"
    if not _HOST_FIRST.fullmatch(scheme):
        return f"{scheme}://***"
    authority, path, query = _parts(rest)
    host = authority.rpartition("@")[2]
    return f"{scheme}://{host}{'/***' if path.strip('/') or query else ''}"


def _parts(rest: str) -> tuple[str, str, str]:
    before, _, query = rest.partition("?")
    authority, slash, path = before.partition("/")
    return authority, slash + path, query


def _secret_pair(pair: str) -> bool:
    name, _, value = pair.partition("=")
    if not value or _MARK in value:
        return False
    return bool(_SECRET_NAME.search(name)) or _like_a_token(value)


def _like_a_token(text: str) -> bool:
    return any(map(_is_random, re.split(rf"[^A-Za-z0-9{_MARK}]+", text)))


def _is_random(piece: str) -> bool:
    if _MARK in piece:
        return False
    mixed = re.search(r"\d", piece) and re.search(r"[A-Za-z]", piece)
    return len(piece) > _LONGEST_WORD or bool(mixed and len(piece) >= _SHORTEST_TOKEN)
