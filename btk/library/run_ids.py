"""Run ids: sortable by the moment of the start, and never the same twice."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime


def new_run_id() -> str:
    """Such as `20240131T103000123-1f2e3d`: to the millisecond, UTC."""
    now = datetime.now(UTC)
    return f"{now:%Y%m%dT%H%M%S}{now.microsecond // 1000:03d}-{secrets.token_hex(3)}"
