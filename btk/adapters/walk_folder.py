"""A walk's folder under `dump/runs`: what was asked, every variant as it ends, and the result."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import msgspec
import orjson

from btk.adapters.disk import Disk, make_folder, save, unwritable
from btk.adapters.run_archive import DamagedRun
from btk.model.errors import UsageError

VARIANTS = "variants.jsonl"
T = TypeVar("T")


class WalkFolder:
    """Writes `run.json`, `variants.jsonl` and `result.json`; `DumpError` when the disk refuses."""

    def __init__(self, runs: Path, run_id: str) -> None:
        self.path = runs / run_id
        self._disk = Disk()
        make_folder(self._disk, self.path)
        try:
            self._variants = (self.path / VARIANTS).open("wb")
        except OSError as error:
            raise unwritable(self.path / VARIANTS, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._variants.close()

    def describe(self, facts: dict[str, Any]) -> None:
        """Write `run.json`: what was asked, before anything happens."""
        save(self._disk, self.path / "run.json", [orjson.dumps(facts, option=orjson.OPT_INDENT_2)])

    def add(self, variant: object) -> None:
        """One more variant has ended; at once in the hands of the operating system, so that a kill loses none."""
        try:
            self._variants.write(msgspec.json.encode(variant) + b"\n")
            self._variants.flush()
        except OSError as error:
            raise unwritable(self.path / VARIANTS, error) from error

    def finish(self, document: dict[str, Any]) -> None:
        """Write `result.json`."""
        save(self._disk, self.path / "result.json", [orjson.dumps(document)])


def read_variants(runs: Path, run_id: str, kind: type[T]) -> Iterator[T]:
    """The variants of an earlier walk, one after the other; a last line cut short by a kill is left out.

    `UsageError` when there is no such walk, `DamagedRun` for a line that is none of a walk.
    """
    path = runs / run_id / VARIANTS
    if not path.is_file():
        raise UsageError(
            f"--resume {run_id}: there is no walk of that name in {runs}; btk report list shows them"
        )
    decoder = msgspec.json.Decoder(kind)
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.endswith(b"\n"):
                return
            try:
                yield decoder.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise DamagedRun(
                    f"{path}:{number} is no variant of a walk: {error}; move it away, or restore it"
                ) from None
