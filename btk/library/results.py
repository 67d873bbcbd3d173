"""Results for notebooks: `results.load(run_id)` has the document of a run, its trades, events and equity, as frames too."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec

from btk.adapters.run_archive import RunArchive
from btk.library.choosing import Where, project_of
from btk.model.errors import UsageError
from btk.report.document import Document

FRAMES = ("pandas", "polars")


class RunResult:
    """A finished run, or one that still runs, as far as it has told. Frames need pandas or polars."""

    def __init__(self, archive: RunArchive, run_id: str) -> None:
        self.run_id = run_id
        self.folder = archive.runs / run_id
        self.document: Document = archive.document(run_id)

    @property
    def statistics(self) -> dict[str, Any]:
        """The statistics of the whole portfolio; of a walk those of its winner."""
        whole: Any = self.document.get("portfolio") or self.document.get("best") or {}
        found: dict[str, Any] = whole.get("statistics", {})
        return found

    def trades(self, library: str | None = None) -> Any:
        """A frame with a row for each trade, in the order in which they closed; `library`: pandas or polars."""
        symbols: Any = self.document.get("symbols", {})
        parts = symbols.values() if isinstance(symbols, dict) else ()
        rows = [trade for part in parts for trade in part["trades"]]
        return _frame(sorted(rows, key=lambda trade: trade["closed_at_ms"]), library)

    def events(self, library: str | None = None) -> Any:
        """A frame with a row for each event; what belongs to other types of events is empty."""
        lines = (self.folder / "events.jsonl").read_bytes().splitlines(keepends=True)
        # The last line of a run that is being written may be torn.
        return _frame([msgspec.json.decode(line) for line in lines if line.endswith(b"\n")], library)

    def equity(self, library: str | None = None) -> Any:
        """A frame of `at_ms` and `equity`: an outline of the wallet, with every extreme in it."""
        portfolio: Any = self.document.get("portfolio") or {}
        points = portfolio.get("equity") or {"at_ms": [], "value": []}
        rows = [
            {"at_ms": at_ms, "equity": value}
            for at_ms, value in zip(points["at_ms"], points["value"], strict=True)
        ]
        return _frame(rows, library)

    def ranking(self, library: str | None = None) -> Any:
        """Of a walk: a frame with a row for each variant, the best first."""
        rows: Any = self.document.get("ranking")
        if rows is None:
            raise UsageError(f"run {self.run_id} is no walk: it has no ranking")
        # A parameter that is called as a figure is found under `params` only.
        return _frame(
            [{**row, **{k: v for k, v in row["params"].items() if k not in row}} for row in rows], library
        )


def load(run: str | None = None, where: Where = None) -> RunResult:
    """A run of the project: by its name, the beginning of it, or the newest that has a result. `UsageError` without one."""
    settings, root = project_of(where)
    archive = RunArchive(root / Path(settings.state.path) / "runs")
    return RunResult(archive, archive.find(run))


def _frame(rows: Sequence[dict[str, Any]], library: str | None) -> Any:
    name = library or next((name for name in FRAMES if find_spec(name)), None)
    if name not in FRAMES or find_spec(name) is None:
        raise UsageError(f"frames need pandas or polars: pip install pandas (asked for: {library or 'any'})")
    # The same columns whatever the first rows have: types of events differ.
    columns = list(dict.fromkeys(key for row in rows for key in row))
    table = {column: [row.get(column) for row in rows] for column in columns}
    module = import_module(name)
    return module.DataFrame(table) if name == "pandas" else module.DataFrame(table, strict=False)
