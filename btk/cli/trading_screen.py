"""What a paper or live run says while it goes on: its first line, then a live screen, or one line for every event."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from btk.cli.progress import progress
from btk.library.stop_control import StopControl
from btk.library.trading_run import Started
from btk.library.trading_session import Session
from btk.model.bars import Span
from btk.model.dates import format_date
from btk.model.plain_words import one_line


def say(line: str) -> None:
    """One line on stderr, if anybody is there to read it."""
    with suppress(OSError, ValueError):  # a pipe or a terminal that has gone is no reason not to trade
        _print(line)


def _print(line: str) -> None:
    print(one_line(line), file=sys.stderr, flush=True)


def say_started(started: Started, words: Sequence[str]) -> None:
    """The first line, what it goes on with, and what was damaged."""
    say(", ".join(words))
    if started.goes_on:
        say(f"goes on with run {started.run_id}, left at {format_date(started.reached_ms)}")
    else:
        say(f"run {started.run_id}")
    for note in started.notes:
        say(f"btk: {note}")


@contextmanager
def shown(started: Started, control: StopControl) -> Iterator[None]:
    """While the block runs: a replay's progress, a screen on a terminal, elsewhere its events as lines."""
    attendants = started.attendants
    if attendants is None:
        with progress(_Replay(started.session)):
            yield
    elif sys.stderr.isatty():
        from btk.cli.live_screen import live_screen

        with live_screen(attendants, control):
            yield
    else:
        attendants.listeners.append(_print)
        yield


class _Replay:
    """A replay as its progress line sees it."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.frame = Span(session.memory.mark.from_ms, session.trading.end_tick_ms)
        self.slots = len(session.trading.slots)

    @property
    def reached_ms(self) -> int:
        return self._session.tick_ms
