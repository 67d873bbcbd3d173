"""A commit: all that one tick changed, in one value, so that it becomes true for all slots together or for none."""

from __future__ import annotations

from typing import Any

import msgspec

from btk.core.documents import from_document
from btk.core.slot_record import VERSION, SlotRecord, migrated
from btk.model.errors import InvalidInput
from btk.model.records import BookRecord, Owner, RunMark, WalletRecord


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What a tick (or a step within it) changed: whole records of the slots it touched, and the books as they are now.

    `next_seq` is the number the next event of `run` will get.
    """

    tick_ms: int
    slots: tuple[SlotRecord, ...] = ()
    wallet: WalletRecord | None = None
    books: tuple[BookRecord, ...] = ()
    next_seq: int = 1
    run: RunMark | None = None


class Commit(msgspec.Struct, frozen=True, kw_only=True):
    """The last change of a run.

    `epoch` counts the starts of the run, `number` its commits; `heads` has the last commit of each slot by slot key.
    `identity` is what must be the same when it is started again, such as the account and the kind of broker.
    """

    version: int = VERSION
    exchange: str
    epoch: int
    number: int
    owner: Owner
    identity: dict[str, str]
    heads: dict[str, int]
    change: Change


def commit_of(document: Any) -> Commit:
    """The commit of a document; `InvalidInput` when it is none."""
    if not isinstance(document, dict) or not isinstance(document.get("change"), dict):
        raise InvalidInput("it has no change")
    change = document["change"]
    slots = [migrated(slot) for slot in change.get("slots", ())]
    return from_document({**document, "change": {**change, "slots": slots}}, Commit)
