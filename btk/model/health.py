"""What an examination of a project has found."""

from __future__ import annotations

from typing import Literal

import msgspec

SCHEMA = "btk.doctor/1"

Level = Literal["ok", "warning", "failed", "skipped"]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was looked at: `level`, what there is, and what to do about it, "" for nothing."""

    check: str
    level: Level
    words: str
    remedy: str = ""


class HealthReport(msgspec.Struct, frozen=True, kw_only=True):
    """`healthy`: nothing failed. `repairs` could be made, or were (`repaired`)."""

    schema: str = SCHEMA
    healthy: bool
    findings: tuple[Finding, ...]
    repairs: tuple[str, ...] = ()
    repaired: bool = False
