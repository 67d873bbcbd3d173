"""The closed list of proofs: which words of a venue prove that an order does not exist. Everything else is unknown.

Source: reliability.md 2.3 and the venues' lists of error codes. Nobody widens it without a page that says so.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from btk.model.orders import RefusalCause, RefusedOrder

# Reached by the process, never by the exchange: ccxt's own checks, and a connection that never came to be.
_LOCAL_ERRORS = frozenset({"BadSymbol", "ArgumentsRequired", "InvalidOrder", "NotSupported", "BadRequest"})
_NEVER_CONNECTED = frozenset({"ClientConnectorError", "ConnectionRefusedError", "gaierror"})
_LIMITED = (429, 418)
CLOCK_IS_OFF = -1021


class Exchanged(NamedTuple):
    """What really went over the wire for one order: whether anything was sent, and what came back."""

    sent: bool = False
    status: int | None = None
    body: str = ""


class Proof(NamedTuple):
    """What a code proves; `words` beside a cause tell apart what one code is used for."""

    cause: RefusalCause = "other"
    transient: bool = False
    words: Mapping[str, RefusalCause] = {}


_FILTER_WORDS: Mapping[str, RefusalCause] = {
    "market is closed": "halted",
    "max_num": "too_many",
    "filter failure": "filter",
}
_REJECTED_WORDS: Mapping[str, RefusalCause] = {
    "duplicate": "duplicate",
    "insufficient": "balance",
    "trigger": "would_trigger",
    "relationship of the prices": "would_trigger",
    "market is closed": "halted",
    "this action is disabled": "key",
}
_ANY_BINANCE: Mapping[int, Proof] = {
    -1013: Proof("filter", words=_FILTER_WORDS),
    -1015: Proof("too_many", transient=True),
    -1021: Proof("clock"),
    -1022: Proof("key"),
    **{code: Proof("filter") for code in range(-1130, -1099)},
    -2010: Proof("other", words=_REJECTED_WORDS),
    -2014: Proof("key"),
    -2015: Proof("key"),
}
_FUTURES_FILTERS = (
    -4001,
    -4002,
    -4003,
    -4004,
    -4005,
    -4013,
    -4014,
    -4016,
    -4023,
    -4024,
    -4131,
    -4164,
    -4183,
    -4184,
)
_BINANCE_FUTURES: Mapping[int, Proof] = {
    **_ANY_BINANCE,
    -2018: Proof("balance"),
    -2019: Proof("balance"),
    -2020: Proof("other"),
    -2021: Proof("would_trigger"),
    -2022: Proof("nothing_to_reduce"),
    **{code: Proof("filter") for code in _FUTURES_FILTERS},
    -4045: Proof("too_many"),
    -4061: Proof("other"),
    -4116: Proof("duplicate"),
    -4118: Proof("nothing_to_reduce"),
    -4140: Proof("halted"),
}
PROOFS: Mapping[tuple[str, str], Mapping[int, Proof]] = {
    ("binance", "spot"): _ANY_BINANCE,
    ("binance", "swap"): _BINANCE_FUTURES,
    ("binanceusdm", "swap"): _BINANCE_FUTURES,
}
ABSENT: Mapping[str, frozenset[int]] = {
    "binance": frozenset({-2013}),
    "binanceusdm": frozenset({-2013}),
}


def refusal(venue: str, kind: str, exchanged: Exchanged, error: BaseException) -> RefusedOrder | None:
    """The proof that an order does not exist, or None: then nobody knows."""
    if not exchanged.sent:
        return _unsent(error)
    if exchanged.status is None:
        connected = not any(
            kind.__name__ in _NEVER_CONNECTED for each in _causes(error) for kind in type(each).__mro__
        )
        return None if connected else RefusedOrder(code="", words="no connection came to be", transient=True)
    code, words = said(exchanged.body)
    if code == -1003 and exchanged.status in _LIMITED and venue.startswith("binance"):
        return RefusedOrder(code="-1003", words=words, cause="too_many", transient=True)
    proof = PROOFS.get((venue, kind), {}).get(code or 0)
    if proof is None or exchanged.status < 400:
        return None
    cause = next((meant for text, meant in proof.words.items() if text in words.lower()), proof.cause)
    return RefusedOrder(
        code=str(code), words=words, cause=cause, transient=proof.transient, resync_clock=cause == "clock"
    )


def is_absence(venue: str, exchanged: Exchanged) -> bool:
    """Whether the venue itself said that it has no such order."""
    code, _ = said(exchanged.body)
    refused = exchanged.status is not None and exchanged.status >= 400
    return refused and code in ABSENT.get(venue, frozenset())


def said(body: str) -> tuple[int | None, str]:
    """The code and the words of a venue's error document; None and nothing where it is no such document."""
    try:
        document: Any = json.loads(body)
    except ValueError:
        return None, ""
    if not isinstance(document, dict) or not isinstance(document.get("code"), int):
        return None, ""
    return document["code"], str(document.get("msg", ""))


def in_few_words(exchanged: Exchanged, error: BaseException) -> str:
    """What happened, without addresses and bodies: those hold signatures."""
    code, words = said(exchanged.body)
    if code is not None:
        return f"{code} {words}"
    told = f"status {exchanged.status}, " if exchanged.status is not None else ""
    return f"{told}{' from '.join(type(each).__name__ for each in _causes(error))}"


def _unsent(error: BaseException) -> RefusedOrder | None:
    kinds = {kind.__name__ for kind in type(error).__mro__}
    if not kinds & _LOCAL_ERRORS:
        return RefusedOrder(code="", words=f"nothing was sent: {type(error).__name__}", transient=True)
    words = " ".join(str(error).split())
    return RefusedOrder(code="", words=f"nothing was sent: {words[:200]}", cause="filter")


def _causes(error: BaseException) -> Iterable[BaseException]:
    each: BaseException | None = error
    while each is not None:
        yield each
        each = each.__cause__
