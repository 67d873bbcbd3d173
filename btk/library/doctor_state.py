"""The doctor's look at what runs have left: state files, projections, commands, drafts, events and results."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from btk.adapters.async_run import run_apart
from btk.adapters.check_journal import NAME as CHECK_JOURNAL
from btk.adapters.command_files import CommandFiles
from btk.adapters.disk import Disk
from btk.adapters.event_lines import whole_events
from btk.adapters.state_survey import abandoned, survey
from btk.core.commit import Commit
from btk.library.diagnosis import MODES, Diagnosis, Patient, Repair, found
from btk.library.run_outcome import RUNS
from btk.library.run_view import RunView
from btk.library.state_store import StateStore
from btk.model.dates import format_date
from btk.model.errors import BtkError

NEWEST_RUNS = 50
COMMAND = "btk doctor"
COMMAND_OF = {"live": "btk live", "paper": "btk paper", "replay": "btk paper --replay"}


def _look_only(view: RunView) -> StateStore:
    return view.store(COMMAND, sweeps=False)


def see_state(patient: Patient) -> Iterator[Diagnosis]:
    """Every state file and what was left beside it, by mode."""
    for mode in MODES:
        view = patient.view(mode)
        if view.data.exists():
            yield from _see_files(view)
            yield from _see_run(view)
    journal = patient.view("live").data / CHECK_JOURNAL
    if journal.exists():
        words = f"a broker check was broken off, its orders may be at the exchange ({journal})"
        yield found("state", "warning", words, "btk broker check ends them first")


def see_runs(patient: Patient) -> Iterator[Diagnosis]:
    """Runs without a result, and events that cannot be read; of the newest runs."""
    runs = patient.dump / RUNS
    folders = sorted((path for path in runs.glob("*") if path.is_dir()), reverse=True)
    unfinished = [path.name for path in folders if not (path / "result.json").exists()]
    torn = [f"{path.name}: {words}" for path in folders[:NEWEST_RUNS] if (words := _torn(path))]
    drafts = abandoned(path for folder in folders for path in folder.glob(".*"))
    yield found("runs", "ok", f"{len(folders)} runs under {runs}")
    if unfinished:
        named = ", ".join(unfinished[:5]) + (", .." if len(unfinished) > 5 else "")
        words = f"{len(unfinished)} runs have no result: {named}"
        yield found(
            "runs",
            "warning",
            words,
            "they run, were killed, or are gone on with; btk report show NAME tells them",
        )
    for words in torn:
        yield found("runs", "warning", words, "btk live and btk paper mend it when they go on with that run")
    if drafts:
        yield found(
            "runs",
            "warning",
            f"{len(drafts)} drafts of dead writers",
            "--repair removes them",
            _removals(drafts, runs),
        )


def _see_files(view: RunView) -> Iterator[Diagnosis]:
    try:
        seen = survey(view.data)
    except OSError as error:
        yield found("state", "failed", f"{view.data}: {error.strerror}", "look at its owner and mode")
        return
    whole = len(seen.files) - len(seen.damaged)
    if seen.files:
        highest = max(file.generation for file in seen.files)
        words = f"{view.mode}: {whole} files are whole, the newest generation is {highest}, {seen.previous} older ones kept"
        yield found("state", "ok", words)
    for file in seen.damaged:
        yield found(
            "state",
            "failed",
            f"{file.path}: {file.damage}",
            f"{COMMAND_OF[view.mode]} uses the generation before, or says what to do",
        )
    for path in seen.set_aside:
        yield found(
            "state", "warning", f"{path} was set aside as damaged", "remove it when you have looked at it"
        )
    if seen.drafts:
        words = f"{view.mode}: {len(seen.drafts)} drafts of dead writers"
        yield found("state", "warning", words, "--repair removes them", _removals(seen.drafts, view.data))


def _see_run(view: RunView) -> Iterator[Diagnosis]:
    alive = view.process() is not None
    try:
        commit, records = run_apart(_look_only(view).look())
        apart = () if alive or commit is None else run_apart(_look_only(view).apart())
    except BtkError as error:
        yield found("state", "failed", f"{view.mode}: {error}")
        return
    if commit is not None:
        yield found("state", "ok", f"{view.mode}: {_said(commit, alive)}, {len(records)} slots")
    for record in records:
        if record.needs_attention:
            words = f"{record.key}: {record.needs_attention}"
            yield found("state", "warning", words, "look at it, then btk resume")
    if apart:
        yield _behind(view, ", ".join(map(str, apart)))
    if not alive:
        mark = commit.change.run if commit else None
        yield from _see_commands(view, goes_on=mark is not None and not mark.ended)


def _said(commit: Commit, alive: bool) -> str:
    mark = commit.change.run
    how = "runs" if alive else "has ended" if mark is None or mark.ended else "was left and is gone on with"
    name = f"run {mark.run_id}" if mark else "a run"
    seen = format_date(commit.change.tick_ms)
    return f"{name} {how}, commit {commit.number} of {seen}, version {commit.version}"


def _behind(view: RunView, names: str) -> Diagnosis:
    again = Repair(
        f"write what is computed from the records of {names} again",
        lambda: run_apart(view.store(COMMAND).mend()),
        view.data,
    )
    words = f"{view.mode}: what is computed from the records is behind: {names}"
    return found("state", "warning", words, "--repair writes it again", (again,))


def _see_commands(view: RunView, goes_on: bool) -> Iterator[Diagnosis]:
    folder = CommandFiles(view.data).folder
    waiting, bad = sorted(folder.glob("[0-9]*.json")), sorted(folder.glob("*.bad"))
    words = f"{view.mode}: {len(waiting)} commands that nobody has taken in"
    if waiting and goes_on:
        yield found("commands", "warning", words, "they take effect when the run is started again")
    elif waiting:
        dead = _removals(waiting, view.data)
        yield found("commands", "warning", f"{words}, and no run to take them", "--repair removes them", dead)
    if bad:
        words = f"{view.mode}: {len(bad)} commands that cannot be read"
        yield found("commands", "warning", words, "--repair removes them", _removals(bad, view.data))


def _removals(paths: Sequence[Path], lock: Path) -> tuple[Repair, ...]:
    return tuple(Repair(f"remove {path}", _removal(path), lock) for path in paths)


def _removal(path: Path) -> Callable[[], None]:
    return lambda: Disk().remove(path)


def _torn(run: Path) -> str:
    path = run / "events.jsonl"
    try:
        lines, whole = whole_events(path)
    except FileNotFoundError:
        return ""
    except OSError as error:
        return f"{path} cannot be read: {error.strerror}"
    return "" if lines == whole else f"{lines - whole} of {lines} events cannot be read"
