"""The archive of runs: every folder under `dump/runs`, whatever mode it was, found by name and read back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import orjson

from btk.model.errors import InvalidInput, UsageError
from btk.model.plain_words import did_you_mean
from btk.report.run_record import EventRecord, ResultRecord, RunRecord

RESULT = "result.json"
EVENTS = "events.jsonl"
T = TypeVar("T")


class RunFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One run in a list; what it has not come to yet is None."""

    run_id: str
    mode: str
    status: str
    strategy: str | tuple[str, ...] = ()
    exchange: str | None = None
    symbols: tuple[str, ...] = ()
    from_ms: int | None = None
    to_ms: int | None = None
    total_trades: int | None = None
    return_pct: float | None = None


class _Figures(msgspec.Struct, frozen=True):
    total_trades: int | None = None
    return_pct: float | None = None


class _Portfolio(msgspec.Struct, frozen=True):
    statistics: _Figures = _Figures()


class _Best(msgspec.Struct, frozen=True):
    statistics: _Figures = _Figures()


class _Frame(msgspec.Struct, frozen=True):
    from_ms: int
    to_ms: int


class _Summary(msgspec.Struct, frozen=True):
    """What a list needs of a result of any mode; msgspec skips the trades, however many."""

    mode: str
    status: str
    strategy: str | tuple[str, ...]
    exchange: str
    frame: _Frame
    symbols: dict[str, msgspec.Raw] | tuple[str, ...]
    portfolio: _Portfolio = _Portfolio()
    best: _Best | None = None


class _Description(msgspec.Struct, frozen=True):
    mode: str = "unknown"
    settings: dict[str, Any] = msgspec.field(default_factory=dict)


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
            finished = next((run_id for run_id in known if (self.runs / run_id / RESULT).is_file()), None)
            if finished is None:
                raise UsageError(f"{self.runs}: no run has a result yet; btk backtest makes one")
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

    def facts(self, run_id: str) -> RunFacts:
        """A run in a list; one without a result is `unfinished`."""
        if not (self.runs / run_id / RESULT).is_file():
            asked = self.runs / run_id / "run.json"
            mode = self._decoded(asked, _Description).mode if asked.is_file() else "unknown"
            return RunFacts(run_id=run_id, mode=mode, status="unfinished")
        summary = self._decoded(self.runs / run_id / RESULT, _Summary)
        figures = summary.best.statistics if summary.best else summary.portfolio.statistics
        return RunFacts(
            run_id=run_id,
            mode=summary.mode,
            status=summary.status,
            strategy=summary.strategy,
            exchange=summary.exchange,
            symbols=tuple(summary.symbols),
            from_ms=summary.frame.from_ms,
            to_ms=summary.frame.to_ms,
            total_trades=figures.total_trades,
            return_pct=figures.return_pct,
        )

    def document(self, run_id: str) -> dict[str, Any]:
        """The result document as it was written."""
        path = self._result(run_id)
        try:
            document: dict[str, Any] = orjson.loads(path.read_bytes())
        except orjson.JSONDecodeError as error:
            raise _unreadable(path, error) from None
        return document

    def asked(self, run_id: str) -> dict[str, Any]:
        """The settings of a run, as `run.json` has them; empty where there are none."""
        path = self.runs / run_id / "run.json"
        return self._decoded(path, _Description).settings if path.is_file() else {}

    def record(self, run_id: str, with_events: bool = True) -> RunRecord:
        """A run of any mode but the walker's, with its events."""
        result = self._decoded(self._result(run_id), ResultRecord)
        return RunRecord(result, list(self._events(run_id)) if with_events else ())

    def _result(self, run_id: str) -> Path:
        path = self.runs / run_id / RESULT
        if not path.is_file():
            raise UsageError(f"run {run_id} has no result: it is still running, or was killed before its end")
        return path

    def _events(self, run_id: str) -> Iterator[EventRecord]:
        path = self.runs / run_id / EVENTS
        if not path.is_file():
            return
        decoder = msgspec.json.Decoder(EventRecord)
        with path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if not line.endswith(b"\n"):
                    # The last line of a run that was killed while it was written.
                    return
                try:
                    yield decoder.decode(line)
                except msgspec.DecodeError as error:
                    raise _unreadable(Path(f"{path}:{number}"), error) from None

    def _decoded(self, path: Path, kind: type[T]) -> T:
        try:
            return msgspec.json.decode(path.read_bytes(), type=kind)
        except msgspec.DecodeError as error:
            raise _unreadable(path, error) from None


def _unreadable(path: Path, error: Exception) -> InvalidInput:
    return InvalidInput(f"{path} is no file of a run: {error}; move it away, or restore it")
