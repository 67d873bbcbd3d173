"""The notifier: hears of every event, and tells people of those that the settings choose."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from btk.adapters.notify_apprise import AppriseSender
from btk.adapters.notify_courier import Courier, Office, Sender
from btk.adapters.notify_mailbox import Mailbox, MailboxRules
from btk.adapters.notify_repeats import Note
from btk.adapters.notify_spill import FOLDER, Spill, sweep
from btk.adapters.redaction import Redaction
from btk.adapters.settings_secrets import reveal, unset_names
from btk.adapters.venue_pause import wall_ms
from btk.model.address import shown_address
from btk.model.errors import SettingsError
from btk.model.events import Event
from btk.model.names import SlotKey
from btk.model.notice import LONGEST_NOTICE, kind_of, notice, template_of
from btk.model.notify import Notify


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """How it stands with one address; every note taken is sent, coalesced, dropped or waits."""

    address: str
    degraded: str | None
    since_ms: int | None
    waiting: int
    taken: int
    sent: int
    coalesced: int
    dropped: int


class Destination(NamedTuple):
    """An address: as it is written in the settings, as it may be shown, and what brings messages there."""

    written: str
    shown: str
    sender: Sender


class Notifier:
    """`observe` returns at once and raises nothing; threads send. Without addresses it does nothing at all.

    `redaction` is what texts pass before they are sent: hide in it what strategies and exchanges might let slip.
    """

    def __init__(
        self,
        notify: Notify,
        couriers: Sequence[Courier],
        redaction: Redaction | None = None,
        now_ms: Callable[[], int] = wall_ms,
    ) -> None:
        self.redaction = redaction or Redaction()
        self._couriers = couriers
        self._urgent = frozenset(notify.urgent)
        self._now_ms = now_ms
        self._templates: Mapping[str, str] = (
            {kind: notify.templates.get(kind, template_of(kind)) for kind in notify.events}
            if couriers
            else {}
        )

    def start(self) -> None:
        """Begin to send, first what an earlier process left."""
        for courier in self._couriers:
            courier.start()

    def observe(self, key: SlotKey, event: Event) -> None:
        """Take an event in, if people want to hear of it."""
        kind = kind_of(event)
        template = self._templates.get(kind)
        if template is None:
            return
        text = self.redaction(notice(event, key.exchange, template), LONGEST_NOTICE)
        note = Note(at_ms=self._now_ms(), text=text, urgent=kind in self._urgent)
        for courier in self._couriers:
            courier.put(note)

    @property
    def degraded(self) -> str | None:
        """Why some people may not hear of things at present, in one line; None: all is well."""
        troubles = [f"{told.address}: {told.degraded}" for told in self.conditions() if told.degraded]
        return "; ".join(troubles) or None

    def conditions(self) -> list[Condition]:
        """How it stands with every address."""
        return [_condition(courier) for courier in self._couriers]

    def close(self, timeout_seconds: float) -> None:
        """Send what can be sent within that time; what is left waits on disk. Nothing may be observed afterwards."""
        deadline = time.monotonic() + timeout_seconds
        for courier in self._couriers:
            courier.close(deadline)


def open_notifier(notify: Notify, root: Path, data: Path, mode: str, tell: Callable[[str], None]) -> Notifier:
    """A notifier that is not started yet. Messages wait in `data/notify`, `mode` is in their title.

    Only for the process that holds the lock of `data`. `tell` is given one line when an outage begins and when it ends,
    from another thread. `SettingsError`: Apprise is missing, a secret is not set, or an address means nothing to it.
    """
    office = Office(f"btk {mode}", tell, wall_ms)
    rules = MailboxRules.of(notify)
    folder = data / FOLDER
    redaction = Redaction()
    found = destinations(notify, os.environ, root, redaction)
    spills = [Spill(folder, written, shown) for written, shown, _ in found]
    _sweep(folder, spills, tell)
    couriers = [
        Courier(shown, sender, spill, Mailbox(rules), office)
        for (_, shown, sender), spill in zip(found, spills, strict=True)
    ]
    return Notifier(notify, couriers, redaction)


def destinations(
    notify: Notify, environ: Mapping[str, str], root: Path, redaction: Redaction
) -> list[Destination]:
    """The addresses of the settings with their secrets in place; `SettingsError` as of `open_notifier`."""
    return [destination(notify, index, environ, root, redaction) for index in range(len(notify.urls))]


def destination(
    notify: Notify, index: int, environ: Mapping[str, str], root: Path, redaction: Redaction
) -> Destination:
    """The address at `index`, with its secrets in place and hidden; `SettingsError` as of `open_notifier`."""
    written = notify.urls[index]
    shown = shown_address(written)
    address = reveal(written, environ, root)
    if address is None:
        names = ", ".join(unset_names(written, environ))
        raise SettingsError(f"notify.urls[{index}]: not set in the environment: {names}")
    redaction.hide(address, written)
    return Destination(written, shown, AppriseSender(address, shown, redaction))


def _sweep(folder: Path, spills: Sequence[Spill], tell: Callable[[str], None]) -> None:
    try:
        lines = sweep(folder, [spill.path for spill in spills])
    except OSError as error:
        lines = [f"{folder} cannot be tidied up: {error.strerror or error}"]
    for line in lines:
        tell(line)


def _condition(courier: Courier) -> Condition:
    outage, tally = courier.outage, courier.tally
    return Condition(
        address=courier.shown,
        degraded=outage.reason if outage else courier.disk_problem,
        since_ms=outage.since_ms if outage else None,
        waiting=courier.waiting,
        taken=tally.taken,
        sent=tally.sent,
        coalesced=tally.coalesced,
        dropped=tally.dropped,
    )
