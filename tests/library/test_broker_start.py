"""A position is gone on with by the account and the kind of broker that opened it, and by no other."""

from __future__ import annotations

import pytest

from btk.core.commit import Change, Commit
from btk.core.slot_record import SlotRecord
from btk.library.broker_start import check_account
from btk.library.state_store import Restored
from btk.library.trading_start import Unmatched
from tests.core.record_samples import KEY, idle, in_every_state
from tests.library.state_samples import BTC, change, owner


def found(record: SlotRecord, **identity: str) -> Restored:
    """What a start finds of a run with that identity."""
    last: Change = change(1, (BTC,))
    commit = Commit(
        exchange="test", epoch=1, number=1, owner=owner(), identity=identity, heads={}, change=last
    )
    return Restored(slots={KEY: record}, commit=commit, behind=frozenset(), orphans=(), notes=())


@pytest.mark.parametrize("record", in_every_state()[1:], ids=lambda record: type(record.state).__name__)
def test_what_is_held_belongs_to_its_account_and_its_kind_of_broker(record: SlotRecord) -> None:
    check_account(found(record, broker="ccxt", account="4711"), "ccxt", "4711")
    with pytest.raises(Unmatched, match=r"positions of account 4711, the key is of account 4712"):
        check_account(found(record, broker="ccxt", account="4711"), "ccxt", "4712")
    with pytest.raises(Unmatched, match=r"positions of broker.kind: none, the settings say ccxt"):
        check_account(found(record, broker="none"), "ccxt", "4711")


def test_where_nothing_is_held_any_account_may_begin() -> None:
    check_account(found(idle(), broker="ccxt", account="4711"), "ccxt", "4712")
    check_account(found(idle(), broker="none"), "ccxt", "4711")
