"""The courier of one address: a thread that sends what waits in its mailbox, and keeps it on disk until it is taken."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple, Protocol

from btk.adapters.notify_mailbox import Kept, Mailbox, Outage, Tally
from btk.adapters.notify_repeats import Note
from btk.adapters.notify_spill import Spill
from btk.model.dates import format_date
from btk.model.errors import DumpError
from btk.model.intervals import MINUTE_MS

# Also the longest time in which a wall clock that was moved goes unnoticed.
LONGEST_SLEEP_SECONDS = 60.0
LATE_MS = 2 * MINUTE_MS


class Sender(Protocol):
    """Brings messages to one address."""

    def send(self, title: str, body: str) -> str | None:
        """None when it was taken; else why not, in one line without secrets. May take seconds; never raises."""


class Office(NamedTuple):
    """What all couriers share: the title over every message, who is told of outages, the wall clock.

    `tell` is called from the couriers' threads.
    """

    title: str
    tell: Callable[[str], None]
    now_ms: Callable[[], int]


class Courier:
    """`put` returns at once; `close` is the end. `step` is what the thread does, for tests that have none."""

    def __init__(self, shown: str, sender: Sender, spill: Spill, mailbox: Mailbox, office: Office) -> None:
        self.shown = shown
        self._sender = sender
        self._spill = spill
        self._mailbox = mailbox
        self._office = office
        self._changed = threading.Condition()
        self._on_disk = Kept()
        self._disk_problem: str | None = None
        self._closing = False
        # A daemon: a send that hangs must not hold up the end of the process.
        self._thread = threading.Thread(target=self._work, name=f"notify {shown}", daemon=True)
        self._take_over()

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def put(self, note: Note) -> None:
        """Take a note in."""
        with self._changed:
            self._mailbox.put(note)
            self._changed.notify()

    def close(self, deadline: float) -> None:
        """Send what can be sent until then (`time.monotonic`); the rest stays on disk for the next start."""
        with self._changed:
            self._mailbox.end_repeats(self._office.now_ms())
            self._closing = True
            self._changed.notify()
        if self._thread.ident is not None:
            self._thread.join(max(0.0, deadline - time.monotonic()))
        self._keep()

    def step(self) -> float | None:
        """Do what is due; seconds until something may be due again, None: when a note is put."""
        now_ms = self._office.now_ms()
        with self._changed:
            notes = self._mailbox.bundle(now_ms)
        # Before sending: whoever is killed meanwhile tells it once more rather than never.
        self._keep()
        if notes:
            self._deliver(notes, now_ms)
            self._keep()
        with self._changed:
            return self._seconds_left()

    @property
    def outage(self) -> Outage | None:
        """Why messages are not taken at present."""
        return self._mailbox.outage

    @property
    def disk_problem(self) -> str | None:
        """Why what waits cannot be kept on disk at present."""
        return self._disk_problem

    @property
    def waiting(self) -> int:
        """How many notes wait."""
        with self._changed:
            return self._mailbox.waiting

    @property
    def tally(self) -> Tally:
        """What became of all notes so far."""
        return self._mailbox.tally

    def _take_over(self) -> None:
        kept, problem = self._spill.load()
        self._mailbox.restore(kept)
        self._on_disk = kept
        if problem:
            self._say(problem)

    def _work(self) -> None:
        while True:
            self.step()
            with self._changed:
                # Asked again under the lock: a note put since the step has woken nobody.
                seconds = self._seconds_left()
                if self._closing and seconds != 0:
                    return
                self._changed.wait(
                    LONGEST_SLEEP_SECONDS if seconds is None else min(seconds, LONGEST_SLEEP_SECONDS)
                )

    def _seconds_left(self) -> float | None:
        now_ms = self._office.now_ms()
        next_ms = self._mailbox.next_ms(now_ms)
        return None if next_ms is None else max(0.0, (next_ms - now_ms) / 1000)

    def _deliver(self, notes: tuple[Note, ...], now_ms: int) -> None:
        body = letter(notes, self._mailbox.drops_in_flight, now_ms)
        refusal = self._sender.send(self._office.title, body)
        with self._changed:
            if refusal is None:
                ended, begun = self._mailbox.delivered(), None
            else:
                ended, begun = None, self._mailbox.failed(refusal, self._office.now_ms())
        if begun is not None:
            self._say(f"notifications to {self.shown} fail: {begun.reason}; they are kept and tried again")
        if ended is not None:
            self._say(
                f"notifications to {self.shown} work again, after failing since {_minute(ended.since_ms)}"
            )

    def _keep(self) -> None:
        with self._changed:
            kept = self._mailbox.kept
        if kept == self._on_disk:
            return
        try:
            self._spill.store(kept)
        except DumpError as error:
            # They are only messages: they wait in memory, and trading goes on.
            if self._disk_problem is None:
                self._say(f"notifications that wait are in memory only: {error}")
            self._disk_problem = str(error)
        else:
            self._on_disk, self._disk_problem = kept, None

    def _say(self, line: str) -> None:
        with suppress(OSError):  # nobody listens any more
            self._office.tell(line)


def letter(notes: tuple[Note, ...], dropped: int, now_ms: int) -> str:
    """The text of a bundle: a line for each note, with its time when it is late."""
    lines = [
        note.text if now_ms - note.at_ms < LATE_MS else f"{_minute(note.at_ms)} {note.text}" for note in notes
    ]
    if dropped:
        lines.insert(0, f"({dropped} older {'message was' if dropped == 1 else 'messages were'} dropped)")
    return "\n".join(lines)


def _minute(at_ms: int) -> str:
    return f"{format_date(at_ms - at_ms % MINUTE_MS)} UTC"
