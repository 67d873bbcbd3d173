"""Everybody around a run in real time: its log, its notifier, `status.json`, its timings, the supervisor, a screen.

None of them can stop it: what fails is remembered as degraded, and trading goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self, TypeVar

import msgspec

from btk.adapters.notifier import open_notifier
from btk.adapters.run_log import LONGEST_LINE, RunLog
from btk.adapters.status_file import write_status
from btk.adapters.supervisor import supervisor
from btk.adapters.tick_times import TimesFile
from btk.core.rules import Rules
from btk.core.slot_view import equity, slot_status
from btk.library.state_backends import Mode
from btk.library.stop_control import StopControl
from btk.library.trading_session import Session, TickTimes
from btk.model.dates import format_date
from btk.model.errors import DumpError
from btk.model.event_line import event_line
from btk.model.events import AlarmEvent, ErrorEvent, Event
from btk.model.intervals import MINUTE_MS
from btk.model.names import SlotKey
from btk.model.records import Owner
from btk.model.run_status import OLD, RunStatus
from btk.model.secret import Secret
from btk.model.settings import Settings
from btk.ports import Host

LAST_MESSAGES_SECONDS = 5.0
T = TypeVar("T")


class Scene(NamedTuple):
    """What is attended to: a mode with its data folder, the process that runs it, and what it was told."""

    mode: Mode
    data: Path
    owner: Owner
    settings: Settings
    root: Path


class Attendants:
    """Entered before the network is asked for anything; `attend` when the run is about to begin.

    `listeners` are told of every event in a line, `watchers` of the status after each tick; one that raises an
    `OSError` or a `ValueError` (a terminal that was closed) is not called again. `SettingsError`, `DumpError`.
    """

    def __init__(self, scene: Scene, host: Host) -> None:
        self.listeners: list[Callable[[str], None]] = []
        self.watchers: list[Callable[[RunStatus], None]] = []
        self._scene = scene
        self._host = host
        self._supervisor = supervisor()
        self._failed: dict[str, str] = {}
        self._rules = Rules.of(scene.settings, market_can_short=scene.settings.exchange.market == "swap")
        self._log = RunLog(scene.data)
        mode, notify = f"{scene.mode} {scene.settings.exchange.name}", scene.settings.notify
        self._notifier = open_notifier(notify, scene.root, scene.data, mode, self.say)
        self._log.redaction = self._notifier.redaction
        self._opened = ExitStack()
        self._session: Session
        self._control: StopControl
        self._run_id = ""
        self._times: TimesFile

    def __enter__(self) -> Self:
        self._opened.enter_context(self._log)
        self._opened.callback(self._notifier.close, LAST_MESSAGES_SECONDS)
        self._notifier.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._supervisor.stopping()
        if self._run_id:
            last = msgspec.structs.replace(self.status(), alive=False, next_tick_ms=None)
            self._try(OLD, lambda: write_status(self._scene.data, last))
        self._opened.__exit__(kind, error, trace)

    def attend(self, session: Session, control: StopControl, words: str) -> None:
        """Look after a run from its first tick on."""
        self._session, self._control = session, control
        self._run_id = session.memory.mark.run_id
        self._times = TimesFile(session.memory.folder.path)
        self._log.say(f"{words}, run {self._run_id}")
        session.memory.observers.append(self._heard)
        session.watchers.append(self._ticked)
        session.alarms.criers.append(self._cried)
        self._try(OLD, lambda: write_status(self._scene.data, self.status()))
        self._supervisor.ready(words)

    def hide(self, secrets: Iterable[Secret]) -> None:
        """These appear in no line of the log, nor in what anybody is told."""
        for secret in secrets:
            self._log.redaction.hide(secret)

    def say(self, line: str) -> None:
        """A line that is no event, such as that of an address that is told nothing; from any thread."""
        self._log.warn(line)
        self._call(self.listeners, line)

    def status(self) -> RunStatus:
        """How it stands now."""
        scene, session, wallet = self._scene, self._session, self._session.trading.wallet()
        records = session.trading.records(())
        slots = [
            slot_status(record, session.trading.last_price(record.symbol), self._rules) for record in records
        ]
        return RunStatus(
            mode=scene.mode,
            alive=True,
            goes_on=not session.memory.mark.ended,
            run_id=self._run_id,
            process=str(scene.owner),
            pid=scene.owner.pid,
            host=scene.owner.host,
            exchange=scene.settings.exchange.name,
            last_tick_ms=session.tick_ms,
            last_tick_age_seconds=(self._host.wall_ms() - session.tick_ms) / 1000,
            next_tick_ms=session.tick_ms + MINUTE_MS,
            stopping=self._control.stopping is not None,
            currency=scene.settings.wallet.currency,
            start_equity=wallet.start,
            equity=equity(wallet, records, slots),
            alarms=dict(session.alarms.ringing),
            degraded=self._degraded(),
            slots=tuple(slots),
        )

    def _degraded(self) -> dict[str, str]:
        found = {"log": self._log.trouble, "notifications": self._notifier.degraded}
        return {**self._failed, **{part: why for part, why in found.items() if why}}

    def _heard(self, seq: int, key: SlotKey, event: Event) -> None:
        line = self._log.redaction(event_line(seq, event), LONGEST_LINE)
        write = self._log.warn if isinstance(event, AlarmEvent | ErrorEvent) else self._log.say
        write(line)
        self._call(self.listeners, line)
        self._notifier.observe(key, event)

    def _cried(self, alarm: AlarmEvent) -> None:
        self.say(self._log.redaction(f"alarm {alarm.subject}: {alarm.message}", LONGEST_LINE))
        self._notifier.observe(next(iter(self._session.trading.slots)), alarm)

    def _ticked(self, times: TickTimes) -> None:
        session = self._session
        self._try("performance", lambda: self._times.add(session.tick_ms, times._asdict()))
        status = self.status()
        # Where it can be read, it could be written.
        written = msgspec.structs.replace(status, degraded=_without(status.degraded, OLD))
        self._try(OLD, lambda: write_status(self._scene.data, written))
        self._supervisor.progress(f"tick {format_date(session.tick_ms)} UTC, {len(status.alarms)} alarms")
        self._call(self.watchers, msgspec.structs.replace(status, degraded=self._degraded()))

    def _try(self, part: str, work: Callable[[], None]) -> None:
        try:
            work()
        except DumpError as error:
            if part not in self._failed:
                self._log.warn(str(error))
            self._failed[part] = str(error)
        else:
            self._failed.pop(part, None)

    def _call(self, heard_by: list[Callable[[T], None]], what: T) -> None:
        for one in list(heard_by):
            try:
                one(what)
            except (OSError, ValueError) as error:
                heard_by.remove(one)
                self._log.warn(f"nobody listens at the terminal any more: {error}")


def _without(parts: dict[str, str], left_out: str) -> dict[str, str]:
    return {part: why for part, why in parts.items() if part != left_out}
