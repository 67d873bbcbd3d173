"""The stored values around a run: the slots' records, what is computed from them, and the run's last commit."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Mapping
from typing import Any

from btk.core.commit import Commit
from btk.core.documents import to_document
from btk.core.projections import levels, risk_positions, schedule_row, signal_row
from btk.core.slot_record import SlotRecord
from btk.library.state_backends import Kind, StateBackends
from btk.library.state_document import StateDocument
from btk.model.names import SlotKey
from btk.model.records import BookRecord, BookRow

STRATEGY_ID = "strategy"
LEVELS_ID = "levels"
POSITIONS_ID = "positions"
BOOK_ID = "book"
TICK_ID = "tick"
COPY_ID = "copy"


class StateFiles:
    """Every document of a run by its place, read when it is first asked for."""

    def __init__(self, backends: StateBackends, exchange: str) -> None:
        self._backends = backends
        self._exchange = exchange
        self._read: dict[tuple[Kind, str, str], StateDocument] = {}

    async def tick(self) -> StateDocument:
        """The last commit of the run: the truth."""
        return await self._document("run", self._exchange, TICK_ID)

    async def copy(self) -> StateDocument:
        """The commit that all files have been brought up to, in case the truth is damaged."""
        return await self._document("run", self._exchange, COPY_ID)

    async def record(self, key: SlotKey) -> StateDocument:
        """The record of a slot."""
        return await self._document("strategy", str(key), STRATEGY_ID)

    async def write_slot(self, record: SlotRecord) -> None:
        """The slot's record, then what is computed from it."""
        for document, value in await self._of_slot(record):
            await document.write(value)

    async def is_written(self, record: SlotRecord) -> bool:
        """Whether the files of the slot say what its record says."""
        documents = await self._of_slot(record)
        return all(
            document.exists and document.damage is None and document.value == value
            for document, value in documents
        )

    async def _of_slot(self, record: SlotRecord) -> list[tuple[StateDocument, Any]]:
        slot, symbol = str(record.key), record.symbol
        return [
            (await self.record(record.key), to_document(record)),
            (await self._document("signal", slot, symbol), to_document(signal_row(record))),
            (await self._document("schedule", slot, symbol), to_document(schedule_row(record))),
            (await self._document("partial", slot, LEVELS_ID), to_document(levels(record))),
        ]

    async def write_profile(self, name: str, records: Iterable[SlotRecord], commit: Commit) -> None:
        """The places of a profile's slots, and what the profile remembers."""
        entity = f"{name}_{self._exchange}"
        positions = to_document(risk_positions(records))
        await (await self._document("risk", entity, POSITIONS_ID)).write(positions)
        book = next((book for book in commit.change.books if book.profile == name), BookRecord(profile=name))
        wallet = commit.change.wallet
        row = BookRow(exchange=self._exchange, book=book, equity=wallet.equity if wallet else None)
        await (await self._document("risk", entity, BOOK_ID)).write(to_document(row))

    async def _document(self, kind: Kind, entity: str, entity_id: str) -> StateDocument:
        place = (kind, entity, entity_id)
        if place not in self._read:
            document = StateDocument(await self._backends.of(kind, entity), entity_id)
            await document.read()
            self._read[place] = document
        return self._read[place]


async def together(work: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Do all of it side by side to its end, then raise the first error there was."""
    outcomes = await asyncio.gather(*work, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome


def of_slots(records: Mapping[SlotKey, SlotRecord], keys: Iterable[SlotKey]) -> list[SlotRecord]:
    """The records of those of the keys that have one."""
    return [records[key] for key in keys if key in records]
