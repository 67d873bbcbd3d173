"""What tests of notifications share: a clock that stands, events, and couriers that are put together by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from btk.adapters.disk import Chunk, Disk
from btk.adapters.notifier import Destination, Notifier, destinations
from btk.adapters.notify_courier import Courier, Office, Sender
from btk.adapters.notify_mailbox import Mailbox, MailboxRules
from btk.adapters.notify_spill import Spill
from btk.adapters.redaction import Redaction
from btk.model.events import ErrorEvent, OpenedEvent
from btk.model.names import SlotKey
from btk.model.notify import Notify

MINUTE_MS = 60_000
MIDNIGHT_MS = 1_704_067_200_000
KEY = SlotKey("BTCUSDT", "sma_cross", "demo")


class StandingClock:
    """A wall clock that a test moves."""

    def __init__(self) -> None:
        self.now_ms = MIDNIGHT_MS

    def __call__(self) -> int:
        return self.now_ms


class HastyDisk(Disk):
    """Does not wait for the device: for simulations with thousands of writes."""

    def write(self, path: Path, chunks: Iterable[Chunk]) -> None:
        path.write_bytes(b"".join(bytes(chunk) for chunk in chunks))

    def sync_folder(self, folder: Path) -> None:
        pass


class Answering:
    """A sender that answers what it is told to, and keeps what it was given."""

    def __init__(self, answer: Callable[[], str | None] = lambda: None) -> None:
        self.answer = answer
        self.bodies: list[str] = []

    def send(self, title: str, body: str) -> str | None:
        self.bodies.append(body)
        return self.answer()


def opened(price_open: float = 42_000.0) -> OpenedEvent:
    return OpenedEvent(
        at_ms=MIDNIGHT_MS,
        tick_ms=MIDNIGHT_MS,
        symbol=KEY.symbol,
        strategy=KEY.strategy,
        id="1",
        position="long",
        price_open=price_open,
        price_take_profit=43_000.0,
        price_stop_loss=41_000.0,
        lifetime_minutes=60,
        cost=100.0,
        scheduled_at_ms=MIDNIGHT_MS,
        note="",
    )


def failed(message: str) -> ErrorEvent:
    return ErrorEvent(
        at_ms=MIDNIGHT_MS,
        tick_ms=MIDNIGHT_MS,
        symbol=KEY.symbol,
        strategy=KEY.strategy,
        where="get_signal",
        message=message,
        count=1,
    )


def courier_of(
    sender: Sender,
    folder: Path,
    clock: Callable[[], int],
    rules: MailboxRules | None = None,
    told: list[str] | None = None,
    *,
    disk: Disk | None = None,
) -> Courier:
    """A courier that spills to `folder` and tells of outages in `told`."""
    office = Office("btk paper", [].append if told is None else told.append, clock)
    mailbox = Mailbox(rules or MailboxRules(repeat_ms=0), lambda: 1.0)
    return Courier("json://***", sender, Spill(folder, "json://x", "json://***", disk), mailbox, office)


def notifier_of(courier: Courier, clock: Callable[[], int], notify: Notify | None = None) -> Notifier:
    """A notifier of one courier."""
    return Notifier(notify or Notify(events=("opened", "error")), [courier], now_ms=clock)


def real_destination(address: str, environ: Mapping[str, str], root: Path) -> Destination:
    """The way to an address through Apprise."""
    (found,) = destinations(Notify(urls=(address,)), environ, root, Redaction())
    return found
