"""A backend as a user would write one: one file, five methods, over a store btk knows nothing of."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from btk.adapters.state_blocking import BlockingBackend
from btk.adapters.state_values import check_generation, sealed_value, stored_value
from btk.ports import Stored

KIND = "sqlite"


class SqliteBackend(BlockingBackend):
    """Rows of one table in `base_dir/state.sqlite`."""

    def __init__(self, entity_name: str, base_dir: str) -> None:
        super().__init__()
        self._entity = entity_name
        self._path = Path(base_dir) / "state.sqlite"

    def prepare(self) -> None:
        with self._open() as database:
            database.execute(
                "create table if not exists state (entity, id, sealed, primary key (entity, id))"
            )

    def read(self, entity_id: str) -> Stored | None:
        with self._open() as database:
            return self._look(database, entity_id)

    def write(self, entity_id: str, value: Any, expected_generation: int | None) -> int:
        with self._open() as database:
            database.execute("begin immediate")
            stored = self._look(database, entity_id)
            generation = stored.generation if stored else 0
            check_generation(entity_id, generation, expected_generation)
            sealed = sealed_value(KIND, entity_id, value, generation + 1)
            database.execute(
                "insert or replace into state values (?, ?, ?)", (self._entity, entity_id, sealed)
            )
        return generation + 1

    def remove(self, entity_id: str) -> None:
        with self._open() as database:
            database.execute("delete from state where entity = ? and id = ?", (self._entity, entity_id))

    def ids(self) -> list[str]:
        with self._open() as database:
            return [
                row[0] for row in database.execute("select id from state where entity = ?", (self._entity,))
            ]

    def _look(self, database: sqlite3.Connection, entity_id: str) -> Stored | None:
        found = database.execute(
            "select sealed from state where entity = ? and id = ?", (self._entity, entity_id)
        ).fetchone()
        return None if found is None else stored_value(KIND, entity_id, entity_id, found[0])

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=30)
