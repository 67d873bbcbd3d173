"""`status.json`: the status of a running run, replaced after each tick; read by anybody, kept for nobody."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import msgspec

from btk.adapters.disk import unwritable
from btk.model.run_status import RunStatus

NAME = "status.json"
DRAFT = ".status.json.tmp"
PROBE = ".status.probe.tmp"


def write_status(data: Path, status: RunStatus) -> None:
    """Put the status into the folder `data`, whole; a power cut may lose it. `DumpError` when the disk refuses."""
    draft = data / DRAFT
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
        with open(os.open(draft, flags, 0o600), "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(status), indent=2) + b"\n")
        draft.replace(data / NAME)
    except OSError as error:
        raise unwritable(data / NAME, error) from error


def read_status(data: Path) -> RunStatus | None:
    """The last status that was written there; None where there is none, or none that can be read."""
    try:
        return msgspec.json.decode((data / NAME).read_bytes(), type=RunStatus)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        # It is only a view of the state, which is elsewhere.
        return None


def why_not_renewed(data: Path) -> str:
    """Why no status can be put into `data` now, in the words of the disk; "" where one can."""
    probe = data / PROBE
    try:
        with open(os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "wb") as file:
            file.write(bytes(max(1, (data / NAME).stat().st_size)))
    except PermissionError:  # whoever asks may not; that says nothing of the run
        return ""
    except OSError as error:
        return error.strerror or str(error)
    finally:
        with suppress(OSError):  # it was not made, or is swept with other drafts
            probe.unlink()
    return ""
