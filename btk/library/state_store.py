"""The state of a run: loaded once before the first question, then committed tick by tick, all slots at once or none.

The commit is the one write that makes a change true, and the one that notices another process. The slots' records
and what is computed from them are brought up to it afterwards, and again at the next start.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

import msgspec

from btk.core.commit import Change, Commit, commit_of
from btk.core.documents import to_document
from btk.core.recovery import Recovered, Remains, newest_commit, recover
from btk.core.slot_record import SlotRecord, slot_record
from btk.core.states import Idle
from btk.library.state_backends import StateBackends
from btk.library.state_document import StateDocument
from btk.library.state_files import StateFiles, of_slots, together
from btk.model.errors import DamagedState, InvalidInput
from btk.model.names import SlotKey
from btk.model.records import Owner


class Roster(msgspec.Struct, frozen=True, kw_only=True):
    """Who takes part in a run: its slots, which of them each risk profile binds, and what must not change unseen."""

    exchange: str
    slots: tuple[SlotKey, ...]
    profiles: Mapping[str, tuple[SlotKey, ...]] = msgspec.field(default_factory=dict)
    identity: dict[str, str] = msgspec.field(default_factory=dict)


class Restored(msgspec.Struct, frozen=True, kw_only=True):
    """What a run finds: the records of the slots that have one, and the last commit, None when this run is the first.

    `behind` are slots whose newest record is or may be lost: their `needs_attention` says why, also at the next start,
    until a commit clears it. `orphans` are slots that hold something and take no part any more. `notes` are sentences
    about what was damaged.
    """

    slots: Mapping[SlotKey, SlotRecord]
    commit: Commit | None
    behind: frozenset[SlotKey]
    orphans: tuple[SlotKey, ...]
    notes: tuple[str, ...]


class StateStore:
    """One process's hold on the state of a run: `load` once, then for every change `commit`, act, `spread`.

    Errors: `Overtaken`, another process has written, end without acting; `DamagedState`, refuse to start;
    `DumpError`, `Transient`, `Unknown` from `commit`: nobody may rely on it, so do not act on it; the next commit is
    as if it had never been, so put into it what still holds; from `spread`: the change stands, `spread` again later.
    """

    def __init__(self, backends: StateBackends, roster: Roster, owner: Owner) -> None:
        self._roster = roster
        self._owner = owner
        self._files = StateFiles(backends, roster.exchange)
        self._records: dict[SlotKey, SlotRecord] = {}
        self._unspread: set[SlotKey] = set()
        self._committing = asyncio.Lock()
        self._spreading = asyncio.Lock()
        self._commit: Commit

    @property
    def epoch(self) -> int:
        """How many runs there have been, this one included."""
        return self._commit.epoch

    def identify(self, identity: dict[str, str]) -> None:
        """What became known of the run's identity since it was loaded; true with the next commit."""
        self._commit = msgspec.structs.replace(self._commit, identity=identity)

    async def load(self) -> Restored:
        """Read everything, claim it for this process, and bring every file up to the last commit."""
        last, notes = await self._last_commit()
        recovered = await self._recover_all(last)
        if last is None and any(found.record and found.record.commit for found in recovered.values()):
            notes.append("the last commit of the run is gone; the slots' own records are used")
        doubts = {
            key: notes[0] if notes else found.note
            for key, found in recovered.items()
            if notes or found.behind
        }
        self._records = {
            key: _doubted(found.record, doubts.get(key, ""))
            for key, found in recovered.items()
            if found.record is not None
        }
        await self._claim(last)
        self._unspread = set(self._records)
        await self.spread()
        slots = {key: self._records[key] for key in self._roster.slots if key in self._records}
        return Restored(
            slots=slots,
            commit=last,
            behind=frozenset(key for key in slots if key in doubts),
            orphans=self._orphans(),
            notes=(*notes, *(found.note for found in recovered.values() if found.note)),
        )

    async def commit(self, change: Change) -> None:
        """Make a change true: durable, and for all its slots together, when this returns."""
        async with self._committing:
            number = self._commit.number + 1
            changed = [
                msgspec.structs.replace(record, epoch=self.epoch, commit=number) for record in change.slots
            ]
            slots = {record.key: record for record in (*self._still_to_write(), *changed)}
            await self._write_commit(
                msgspec.structs.replace(
                    self._commit,
                    number=number,
                    heads={**self._commit.heads, **{str(key): slots[key].commit for key in slots}},
                    change=msgspec.structs.replace(change, slots=tuple(slots.values())),
                )
            )
            self._records.update(slots)
            self._unspread |= set(slots)

    async def spread(self) -> None:
        """Bring the slots' records, and what is computed from them, up to the last commit."""
        async with self._spreading:
            commit = self._commit
            await together(self._spread_slot(key) for key in sorted(self._unspread))
            await together(
                self._files.write_profile(name, of_slots(self._records, keys), commit)
                for name, keys in self._roster.profiles.items()
            )
            await (await self._files.copy()).write(to_document(commit))

    async def look(self, also: Iterable[SlotKey] = ()) -> tuple[Commit | None, tuple[SlotRecord, ...]]:
        """The last commit and the record of every slot in it and of those in `also`; nothing is claimed or written."""
        last, _ = await self._last_commit()
        damage = (await self._files.tick()).damage
        if last is None and damage is not None:
            raise DamagedState(
                f"{damage}; only a start that names every symbol and strategy can go on from the rest"
            )
        found = await self._recover_all(last, also)
        records = [one.record for one in found.values() if one.record is not None]
        return last, tuple(sorted(records, key=lambda record: record.key.order))

    async def apart(self) -> tuple[SlotKey, ...]:
        """The slots whose files are behind the last commit, for those who only look; while nobody is at work there."""
        _, records = await self.look()
        return tuple([record.key for record in records if not await self._files.is_written(record)])

    async def mend(self) -> None:
        """Bring the files of all slots up to the last commit, which stays as it is."""
        for record in (await self.look())[1]:
            await self._files.write_slot(record)

    async def confirm(self) -> None:
        """Ask whether the state is still this process's: `Overtaken` when it is not. For the moment before sending."""
        await (await self._files.tick()).confirm()

    async def forget(self, key: SlotKey) -> None:
        """Let a slot begin anew, whatever is stored of it; before `load`. What is damaged is set aside."""
        last, _ = await self._last_commit()
        fresh = SlotRecord(symbol=key.symbol, strategy=key.strategy, exchange=key.exchange)
        if last is not None:
            slots = tuple(record for record in last.change.slots if record.key != key)
            heads = {slot: number for slot, number in last.heads.items() if slot != str(key)}
            change = msgspec.structs.replace(last.change, slots=slots)
            await self._write_commit(msgspec.structs.replace(last, heads=heads, change=change))
        await self._files.write_slot(fresh)

    async def _last_commit(self) -> tuple[Commit | None, list[str]]:
        tick, copy = await self._files.tick(), await self._files.copy()
        if tick.exists or (tick.damage is None and not copy.exists):
            return _commit(tick), []
        words = tick.damage or "the last commit is gone"
        commit = newest_commit([_commit(tick), _commit(copy)])
        return commit, [f"{words}; the one before it is used, the last orders may be missing from it"]

    async def _recover_all(
        self, last: Commit | None, also: Iterable[SlotKey] = ()
    ) -> dict[SlotKey, Recovered]:
        known = [SlotKey.of(slot) for slot in last.heads] if last else []
        return {
            key: recover(key, last, _remains(key, await self._files.record(key)))
            for key in dict.fromkeys((*self._roster.slots, *known, *also))
        }

    def _orphans(self) -> tuple[SlotKey, ...]:
        strangers = [record for key, record in self._records.items() if key not in self._roster.slots]
        return tuple(record.key for record in strangers if not isinstance(record.state, Idle))

    async def _claim(self, last: Commit | None) -> None:
        records = self._records.values()
        change = last.change if last else Change(tick_ms=-1)
        heads = {**(last.heads if last else {}), **{str(record.key): record.commit for record in records}}
        await self._write_commit(
            Commit(
                exchange=self._roster.exchange,
                epoch=max((last.epoch if last else 0, *(record.epoch for record in records))) + 1,
                number=max((last.number if last else 0, *(record.commit for record in records))),
                owner=self._owner,
                # Until the run has been let in, the state is that of whoever ran it last.
                identity=last.identity if last else self._roster.identity,
                heads=heads,
                change=msgspec.structs.replace(change, slots=tuple(records)),
            )
        )

    async def _write_commit(self, commit: Commit) -> None:
        await (await self._files.tick()).write(to_document(commit))
        self._commit = commit

    def _still_to_write(self) -> list[SlotRecord]:
        # The commit replaces the last one: what only that one has must be in this one too.
        return of_slots(self._records, self._unspread)

    async def _spread_slot(self, key: SlotKey) -> None:
        record = self._records[key]
        await self._files.write_slot(record)
        if self._records[key] is record:
            self._unspread.discard(key)


def _doubted(record: SlotRecord, doubt: str) -> SlotRecord:
    return msgspec.structs.replace(record, needs_attention=record.needs_attention or doubt)


def _commit(document: StateDocument) -> Commit | None:
    if document.value is None:
        return None
    try:
        return commit_of(document.value)
    except InvalidInput as error:
        raise DamagedState(f"the last commit cannot be read: {error}") from error


def _remains(key: SlotKey, document: StateDocument) -> Remains:
    damage = str(document.damage or "")
    if document.value is None:
        return Remains(damage=damage)
    try:
        record = slot_record(document.value)
    except InvalidInput as error:
        raise DamagedState(f"the record of {key} cannot be read: {error}") from error
    if record.key != key:
        raise DamagedState(f"the record of {key} is that of {record.key}")
    return Remains(record=record, damage=damage)
