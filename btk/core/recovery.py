"""Recovery: which of the records that are left of a slot is the one to go on with, and how far it can be trusted."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from btk.core.commit import Commit
from btk.core.slot_record import SlotRecord
from btk.model.errors import DamagedState
from btk.model.names import SlotKey


class Remains(msgspec.Struct, frozen=True, kw_only=True):
    """What is left of a slot: its own record, or the one before it where that is damaged, and the words of the damage."""

    record: SlotRecord | None = None
    damage: str = ""


class Recovered(msgspec.Struct, frozen=True, kw_only=True):
    """The record to go on with; None is a slot that has never been. `behind`: a newer one existed and is lost."""

    record: SlotRecord | None = None
    behind: bool = False
    note: str = ""


def recover(key: SlotKey, commit: Commit | None, remains: Remains) -> Recovered:
    """The newest record of the last commit and the slot's own; `DamagedState` where there was one and none is left."""
    head = commit.heads.get(str(key), 0) if commit else 0
    committed = [record for record in commit.change.slots if record.key == key] if commit else []
    own = [remains.record] if remains.record is not None else []
    newest = max((*committed, *own), key=lambda record: record.commit, default=None)
    if newest is None:
        if remains.damage or head:
            words = remains.damage or f"the record of {key} is gone"
            raise DamagedState(f"{words}; see to the position, then `btk state forget` {_flags(key)}")
        return Recovered()
    behind = newest.commit < head or (bool(remains.damage) and not committed and newest.commit != head)
    return Recovered(record=newest, behind=behind, note=_note(key, remains.damage, behind))


def newest_commit(commits: Iterable[Commit | None]) -> Commit | None:
    """The one with the highest number, of those that are left."""
    whole = [commit for commit in commits if commit is not None]
    return max(whole, key=lambda commit: (commit.number, commit.epoch), default=None)


def _flags(key: SlotKey) -> str:
    return f"--symbols {key.symbol} --strategy {key.strategy}"


def _note(key: SlotKey, damage: str, behind: bool) -> str:
    if not damage and not behind:
        return ""
    outcome = "an older record is used" if behind else "the last commit has the same, nothing is lost"
    return f"{damage or f'the newest record of {key} is gone'}; {outcome}"
