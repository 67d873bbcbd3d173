"""What a check of a broker has found: step by step, and what is left of it at the exchange."""

from __future__ import annotations

from typing import Literal

import msgspec

SCHEMA = "btk.broker-check/1"


class CheckStep(msgspec.Struct, frozen=True, kw_only=True):
    """One step: what it was about to do, and what came of it."""

    name: str
    words: str
    outcome: Literal["done", "failed"]
    detail: str = ""


class BrokerReport(msgspec.Struct, frozen=True, kw_only=True):
    """`left` says what is still at the exchange that the check has put there; empty: nothing."""

    schema: str = SCHEMA
    exchange: str
    market: str
    symbol: str
    account: str = ""
    sandbox: bool
    passed: bool
    steps: tuple[CheckStep, ...]
    left: tuple[str, ...] = ()
