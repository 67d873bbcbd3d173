"""The archive of runs: every folder under `dump/runs`, whatever mode it was, found by name and read back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec
import orjson

from btk.adapters.candle_series import symbol_names
from btk.adapters.told_equity import told_equity
from btk.model.errors import InvalidInput, UsageError
from btk.model.plain_words import did_you_mean
from btk.report.document import SCHEMA, json_values
from btk.report.run_facts import UNFINISHED, RunFacts, Summary, told_facts
from btk.report.run_record import EventRecord, ResultRecord, RunRecord, TickRecord
from btk.report.unfinished import Asked, told_frame, told_so_far
from btk.report.walk_parts import WalkParts

DESCRIPTION = "run.json"
EVENTS = "events.jsonl"
EQUITY = "equity"
TIMINGS = "performance.jsonl"
RESULT = "result.json"
WALKER = "walker"
PARTIAL = "partial"
T = TypeVar("T")


class DamagedRun(InvalidInput):
    """A file of a run is gone, or is not what was written."""


class _Settings(msgspec.Struct, frozen=True):
    settings: dict[str, Any] = {}


class Listing(NamedTuple):
    """All runs that can be read, the newest first, and what is wrong with the others."""

    runs: list[RunFacts]
    damaged: list[InvalidInput]


class RunArchive:
    """The runs under one folder; `InvalidInput` names the file that cannot be read."""

    def __init__(self, runs: Path) -> None:
        self.runs = runs

    def run_ids(self) -> list[str]:
        """Every run, the newest first: ids begin with the time of the start."""
        if not self.runs.is_dir():
            return []
        folders = (path for path in self.runs.iterdir() if path.is_dir() and not path.name.startswith("."))
        return sorted((path.name for path in folders), reverse=True)

    def find(self, name: str | None) -> str:
        """The run with this name, or the only one whose name begins so; the newest finished one of None or `last`."""
        known = self.run_ids()
        if name in (None, "last"):
            finished = next((run_id for run_id in known if self._has_result(run_id)), None)
            if finished is None:
                remedy = f"; name an unfinished one, such as {known[0]}" if known else ""
                raise UsageError(f"{self.runs}: no run has a result yet; btk backtest makes one{remedy}")
            return finished
        found = [run_id for run_id in known if run_id == name] or [
            run_id for run_id in known if run_id.startswith(str(name))
        ]
        if len(found) == 1:
            return found[0]
        if found:
            raise UsageError(f"{len(found)} runs begin with {name!r}: {', '.join(found[:5])}")
        hint = did_you_mean(str(name), known) or "; btk report list shows them"
        raise UsageError(f"there is no run {name!r} in {self.runs}{hint}")

    def listing(self) -> Listing:
        """Every run; one that is damaged does not hide the rest."""
        listing = Listing([], [])
        for run_id in self.run_ids():
            try:
                listing.runs.append(self.facts(run_id))
            except InvalidInput as damage:
                listing.damaged.append(damage)
        return listing

    def facts(self, run_id: str) -> RunFacts:
        """A run in a list; one without a result is `unfinished`, with what its events tell."""
        if not self._has_result(run_id):
            return self._unfinished_facts(run_id)
        return _decoded(self.runs / run_id / RESULT, Summary).facts(run_id)

    def document(self, run_id: str) -> dict[str, Any]:
        """The result document as it was written; of a run that has none yet, what its events tell."""
        if not self._has_result(run_id):
            told = self.record(run_id, with_events=False).result
            return json_values({"schema": SCHEMA, **msgspec.structs.asdict(told)})
        path = self.runs / run_id / RESULT
        _decoded(path, WalkParts if _decoded(path, Summary).mode == WALKER else ResultRecord)
        document: dict[str, Any] = orjson.loads(path.read_bytes())
        return document

    def asked(self, run_id: str) -> dict[str, Any]:
        """The settings of a run, as `run.json` has them; empty where there are none."""
        path = self.runs / run_id / DESCRIPTION
        return _decoded(path, _Settings).settings if path.is_file() else {}

    def record(self, run_id: str, with_events: bool = True) -> RunRecord:
        """A run of any mode but the walker's, with its events and timed ticks; without a result, as events tell it."""
        folder = self.runs / run_id
        finished = self._has_result(run_id)
        result = _decoded(folder / RESULT, ResultRecord) if finished else self._told(run_id)
        if not with_events:
            return RunRecord(result)
        return RunRecord(
            result,
            list(_lines(folder / EVENTS, EventRecord)),
            list(_lines(folder / TIMINGS, TickRecord)),
            self._asked(run_id).started_at_ms,
        )

    def check_events(self, run_id: str) -> None:
        """`DamagedRun` when the events of a run are gone: every run has them, if only none."""
        path = self.runs / run_id / EVENTS
        if not path.is_file():
            raise DamagedRun(
                f"{path} is gone: what happened in the run cannot be told without it; restore it"
            )

    def _unfinished_facts(self, run_id: str) -> RunFacts:
        asked = self._asked(run_id)
        if not (self.runs / run_id / EVENTS).is_file():
            return RunFacts(run_id=run_id, mode=asked.mode, status=UNFINISHED)
        return told_facts(self._told(run_id))

    def _told(self, run_id: str) -> ResultRecord:
        path, asked = self.runs / run_id / EVENTS, self._asked(run_id)
        if asked.mode == WALKER:
            raise UsageError(f"walk {run_id} has no result: btk walker .. --resume {run_id} goes on with it")
        if not path.is_file():
            raise UsageError(
                f"run {run_id} has no result and has told nothing: it has just begun, or was killed"
            )
        try:
            events = list(_lines(path, EventRecord))
            equity = told_equity(self.runs / run_id / EQUITY, told_frame(asked, events))
            return told_so_far(asked, events, equity)
        except msgspec.ValidationError as error:
            raise _unreadable(path, error) from None

    def _asked(self, run_id: str) -> Asked:
        path = self.runs / run_id / DESCRIPTION
        asked = _decoded(path, Asked) if path.is_file() else Asked()
        forms = tuple(symbol_names(symbol).file_form for symbol in asked.settings.symbols)
        settings = msgspec.structs.replace(asked.settings, symbols=forms)
        return msgspec.structs.replace(asked, run_id=run_id, settings=settings)

    def _has_result(self, run_id: str) -> bool:
        folder = self.runs / run_id
        if not (folder / RESULT).is_file():
            return False
        written_ns = (folder / RESULT).stat().st_mtime_ns
        told = [path for path in (folder / EVENTS, *(folder / EQUITY).glob("*")) if path.is_file()]
        if all(path.stat().st_mtime_ns <= written_ns for path in told):
            return True
        # Stopped, and gone on with since: the result is of the time before.
        return _decoded(folder / RESULT, Summary).status != PARTIAL


def _lines(path: Path, kind: type[T]) -> Iterator[T]:
    if not path.is_file():
        return
    decoder = msgspec.json.Decoder(kind)
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.endswith(b"\n"):
                # The last line of a run that was killed, or looked at, while it was written.
                return
            try:
                yield decoder.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise _unreadable(Path(f"{path}:{number}"), error) from None


def _decoded(path: Path, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, OSError) as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: Exception) -> DamagedRun:
    return DamagedRun(f"{path} is no file of a run: {error}; move it away, or restore it")
