"""Trying out notifications: one message to each address, and what became of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from btk.adapters.notifier import destination
from btk.adapters.notify_apprise import load_apprise
from btk.adapters.redaction import Redaction
from btk.model.address import shown_address
from btk.model.errors import SettingsError
from btk.model.notify import Notify

TITLE = "btk notify test"
BODY = "This is how btk would tell you of its events."


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the message to one address (its secrets not shown); no reason when it was taken."""

    address: str
    ok: bool
    reason: str | None = None


def try_addresses(notify: Notify, root: Path, only: str = "") -> Iterator[Trial]:
    """Send to each address in whose written form `only` is found; `SettingsError` without one, or without Apprise."""
    chosen = [index for index, written in enumerate(notify.urls) if only in written]
    if not notify.urls:
        raise SettingsError(
            "notify.urls is empty: there is nobody to tell; add an address such as tgram://${TELEGRAM_TOKEN}/7"
        )
    if not chosen:
        shown = ", ".join(map(shown_address, notify.urls))
        raise SettingsError(f"notify.urls: no address has {only!r} in it (there: {shown})")
    load_apprise()
    return (_tried(notify, index, root) for index in chosen)


def _tried(notify: Notify, index: int, root: Path) -> Trial:
    shown = shown_address(notify.urls[index])
    try:
        reason = destination(notify, index, os.environ, root, Redaction()).sender.send(TITLE, BODY)
    except SettingsError as error:
        reason = str(error)
    return Trial(address=shown, ok=reason is None, reason=reason)
