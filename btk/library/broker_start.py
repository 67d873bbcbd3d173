"""Before the first order: the account is reached, it is the one of last time, and what it shows is what we remember."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from btk.core.reconcile import Row
from btk.core.states import Idle
from btk.library.broker_work import BrokerWork, Keeping
from btk.library.holdings import in_words
from btk.library.patience import patiently
from btk.library.settling import HALT, Settling, Wish
from btk.library.state_store import Restored, StateStore
from btk.library.trading_session import Session
from btk.library.trading_start import Unmatched
from btk.model.accounts import AccountFacts
from btk.model.secret import Secret
from btk.model.settings import Broker as BrokerRules
from btk.ports import Broker

ACCOUNT, KIND = "account", "broker"
RECONCILIATION = "reconciliation"
"""What alarms about it are about."""


def nothing_asked(account: AccountFacts) -> None:
    """Whoever starts the run has no questions."""


class Brokerage(NamedTuple):
    """An account to trade with. `allow` is asked once it is connected, and raises to end the run before any order.

    `secrets` appear in no line that is told; `on_mismatch` is what to do where it is not as remembered.
    """

    broker: Broker
    allow: Callable[[AccountFacts], None] = nothing_asked
    secrets: tuple[Secret, ...] = ()
    on_mismatch: Wish = HALT


def check_account(found: Restored, kind: str, account_id: str) -> None:
    """`Unmatched` where something is held that another account, or another kind of broker, was told of."""
    if found.commit is None or all(isinstance(record.state, Idle) for record in found.slots.values()):
        return
    before = found.commit.identity
    if before.get(KIND, "none") != kind:
        raise Unmatched(
            f"the state holds positions of broker.kind: {before.get(KIND, 'none')}, the settings say {kind};"
            " close them with the settings they were opened with, or `btk state forget` them"
        )
    if before.get(ACCOUNT) not in (None, "", account_id):
        raise Unmatched(
            f"the state holds positions of account {before[ACCOUNT]}, the key is of account {account_id};"
            " use the key of that account, or `btk state forget` them"
        )


async def tend_orders(
    session: Session, broker: Broker, store: StateStore, rules: BrokerRules, on_mismatch: Wish = HALT
) -> None:
    """Give a session its orders, reconciled: everything in flight asked about, protection put back first.

    `Unmatched`, with a table, where the account shows what nobody here remembers, and that is not settled either.
    """
    keeping = Keeping(session.keep_now, store.confirm)
    orders = BrokerWork(broker, session.trading, session.alarms, keeping, rules)
    orders.tick_ms = session.tick_ms
    mismatches, cannot = await patiently(orders.start), tuple[str, ...]()
    if mismatches and on_mismatch.how != "halt":
        settling = Settling(on_mismatch, orders, session.trading, broker)
        done, cannot = await settling.settle(sorted({row.symbol for row in mismatches}))
        for words in done:
            session.alarms.once(session.tick_ms, RECONCILIATION, words)
        # What was taken in is protected at once.
        mismatches = await patiently(orders.start)
    if mismatches or cannot:
        await session.keep_now()
        raise Unmatched("\n".join((*_table(mismatches), *cannot)))
    session.orders = orders


def _table(rows: Sequence[Row]) -> list[str]:
    lines = [f"{in_words(row)}; {row.remedy}" for row in rows]
    return ["the account and the state do not match, so nothing was started:", *lines]
