"""The doctor's look at the machine: versions, the dump folder and its disk, locks, keys. Needs no network."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator

from btk import wiring
from btk.adapters.file_lock import holder
from btk.adapters.machine_facts import NEEDED, OPTIONAL, FolderFacts, folder_facts, versions
from btk.library.diagnosis import MODES, Diagnosis, Patient, found
from btk.model.errors import DumpError, SettingsError
from btk.model.health import Level

LEAST_BYTES = 100 << 20
FEW_BYTES = 1 << 30
LEAST_FILES = 1_000
NETWORKED = frozenset({"nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs"})
LOCK = ".lock"


def see_versions(patient: Patient) -> Iterator[Diagnosis]:
    """What runs here; packages that are missing."""
    known = versions()
    needed = ", ".join(f"{name} {known[name]}" for name in ("btk", "python", "ccxt", "numpy", "msgspec"))
    missing = [name for name in NEEDED if known[name] is None]
    if missing:
        yield found(
            "versions",
            "failed",
            f"{needed}; missing: {', '.join(missing)}",
            "install btk again, from its lock file",
        )
    else:
        yield found("versions", "ok", f"{needed} on {known['system']}")
    there = [f"{name} {known[name]}" for name in OPTIONAL if known[name]]
    yield found("versions", "ok", f"optional packages: {', '.join(there) or 'none'}")


def see_dump(patient: Patient) -> Iterator[Diagnosis]:
    """Whether the dump folder can be written, is nobody else's, has room, and locks."""
    try:
        facts = folder_facts(patient.dump)
    except OSError as error:
        yield found("dump", "failed", f"{patient.dump}: {error.strerror}", "look at its owner and mode")
        return
    where = str(patient.dump) if facts.folder == patient.dump else f"{patient.dump} (not there yet)"
    if not facts.is_writable:
        yield found("dump", "failed", f"{where} cannot be written", f"chown or chmod {facts.folder}")
    elif facts.is_everybodys:
        yield found("dump", "failed", f"{where} can be written by everybody", f"chmod o-w {facts.folder}")
    elif not facts.is_mine:
        yield found("dump", "failed", f"{where} belongs to another user", "run btk as that user")
    else:
        yield found("dump", "ok", f"{where}, mode {facts.mode:04o}, writable")
    yield from _see_disk(facts)


def see_locks(patient: Patient) -> Iterator[Diagnosis]:
    """Who is at work on which state."""
    for mode in MODES:
        path = patient.view(mode).data / LOCK
        try:
            process = holder(path)
        except DumpError as error:
            yield found("locks", "failed", str(error))
            continue
        if process is not None:
            yield found("locks", "ok", f"{mode}: {process}")
        elif path.exists():
            yield found("locks", "ok", f"{mode}: nobody")


def see_keys(patient: Patient) -> Iterator[Diagnosis]:
    """Whether the keys of the account are there and nobody else's to read; they are never shown."""
    settings = patient.settings
    if settings.broker.kind == "none":
        yield found("keys", "skipped", "broker.kind: none needs no keys")
        return
    try:
        keys = wiring.account_keys(settings, patient.root)
    except SettingsError as error:
        yield found("keys", "failed", str(error))
        return
    names = ("exchange.api_key", settings.exchange.api_key), ("exchange.secret", settings.exchange.secret)
    for (name, reference), key in zip(names, keys, strict=True):
        if key is None:
            yield found("keys", "failed", f"{name} is not set", f"set {reference or name}")
        else:
            yield found("keys", "ok", f"{name} is set, from {reference}")


def see_settings_files(patient: Patient) -> Iterator[Diagnosis]:
    """Whether somebody else could change what a run is told."""
    path = patient.root / "config" / "btk.yaml"
    mode = path.stat().st_mode if path.exists() else 0
    level: Level = "warning" if mode & stat.S_IWOTH else "ok"
    remedy = f"chmod o-w {path}" if level == "warning" else ""
    who = "everybody on this machine" if level == "warning" else f"user {os.geteuid()}"
    if path.exists():
        yield found("settings", level, f"{path} can be changed by {who}", remedy)


def _see_disk(facts: FolderFacts) -> Iterator[Diagnosis]:
    free = f"{facts.free_bytes / (1 << 30):.1f} GiB free, file system {facts.file_system}"
    if facts.free_bytes < LEAST_BYTES or 0 < facts.free_files < LEAST_FILES:
        yield found(
            "disk", "failed", free, "make room: nothing new is opened where the state cannot be saved"
        )
    elif facts.free_bytes < FEW_BYTES:
        yield found("disk", "warning", free, "make room soon")
    else:
        yield found("disk", "ok", free)
    if facts.locks:
        yield found("disk", "failed", f"locks do not work there: {facts.locks}", "choose another state.path")
    elif facts.file_system in NETWORKED:
        words = f"{facts.file_system} is a network file system; its locks may not hold between machines"
        yield found("disk", "warning", words, "choose a local state.path")
