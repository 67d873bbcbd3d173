"""The README is true: its blocks run and its tables are those of the code."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
import typer

from btk.adapters.settings_document import settings_document
from btk.cli.app import app
from btk.library.topics import TOPICS
from btk.model import errors
from btk.model.events import Event
from btk.model.settings import Settings
from btk.model.told import Told
from btk.model.trade import Cancelled, Rejected, Trade
from btk.report.statistics import statistic_names

REPOSITORY = Path(__file__).parents[1]
README = (REPOSITORY / "README.md").read_text()

# What no test may wait for or reach.
LEFT_OUT = ("network", "minutes")
CHANGING = ("Files", "Speed")


class Block(NamedTuple):
    """A fenced block: its language, the word after it, its text."""

    language: str
    word: str
    text: str

    @property
    def name(self) -> str:
        return re.sub(r"\W+", " ", self.text)[:40].strip()


def blocks(*languages: str) -> list[Block]:
    found = re.findall(r"^```(\w+) ?(\S*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    return [block for block in map(Block._make, found) if block.language in languages]


def runnable(language: str) -> list[Block]:
    return [block for block in blocks(language) if block.word not in LEFT_OUT and "/" not in block.word]


def section(heading: str) -> str:
    return README.partition(f"\n{heading}\n")[2].partition("\n#")[0]


def codes(text: str) -> list[str]:
    """Everything between backticks, whatever lies in it split into words."""
    return [word for code in re.findall(r"`([^`]+)`", text) for word in code.split()]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("readme")
    for folder in ("config", "strategies"):
        shutil.copytree(REPOSITORY / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for block in blocks("python"):
        if "/" in block.word:
            (root / block.word).write_text(block.text)
    start_ms = 1704067200000 - 1440 * 60_000
    rows = [f"{start_ms + minute * 60_000},100,101,99,100,1" for minute in range(2880)]
    (root / "minutes.csv").write_text("\n".join(["time,open,high,low,close,volume", *rows]))
    (root / "bin").mkdir()
    (root / "bin" / "btk").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m btk "$@"\n')
    (root / "bin" / "btk").chmod(0o755)
    return root


def ran(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("BTK_", "CC_"))}
    env |= {"PATH": f"{project / 'bin'}:{env['PATH']}", "PYTHONPATH": str(REPOSITORY), "COLUMNS": "80"}
    env |= {"PYTHONUTF8": "1"}
    return subprocess.run(
        words, cwd=project, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("block", runnable("sh"), ids=lambda block: block.name)
def test_the_commands_shown_work(project: Path, block: Block) -> None:
    done = ran(project, "sh", "-e", "-c", block.text)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("block", runnable("python"), ids=lambda block: block.name)
def test_the_scripts_shown_work(project: Path, block: Block) -> None:
    done = ran(project, sys.executable, "-W", "error", "-c", block.text)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_profile_shown_can_be_used(project: Path) -> None:
    (yaml,) = blocks("yaml")
    (project / "shown.yaml").write_text(yaml.text)
    done = ran(
        project, "btk", "config", "check", "--config", "shown.yaml", "--set", "strategy.risk=[careful]"
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_screen_shown_is_the_screen_of_the_demo(project: Path) -> None:
    (shown,) = (block for block in blocks("text") if block.word == "result")
    assert _lasting(ran(project, "btk", "backtest").stdout) == _lasting(shown.text)


def _lasting(screen: str) -> list[str]:
    return [line.rstrip() for line in screen.rstrip().splitlines() if not line.startswith(CHANGING)]


def test_every_command_named_is_one() -> None:
    known = typer.main.get_command(app)
    with known.make_context("btk", ["--help"], resilient_parsing=True) as context:
        for first, second in re.findall(r"`btk ([a-z]+)(?: ([a-z]+)(?=[ `]))?", README):
            _, command, _ = known.resolve_command(context, [first])  # type: ignore[attr-defined]
            if second and hasattr(command, "commands"):
                assert second in command.commands, f"btk {first} {second}"


def test_every_setting_named_is_one() -> None:
    document = settings_document(Settings())
    known = {
        f"{section}.{key}" for section, keys in document.items() if isinstance(keys, dict) for key in keys
    }
    named = re.findall(rf"`((?:{'|'.join(document)})\.[a-z_]+)[:`]", README)
    assert set(named) <= known
    assert len(set(named)) > 30


def test_every_statistic_named_is_one() -> None:
    _, text = section("## The result document").split("Statistics on trades:")
    groups = {"by_close_reason", "by_side", "by_month", "by_weekday"}
    assert set(codes(text)) - groups <= set(statistic_names())


def test_every_field_of_a_trade_is_told() -> None:
    text = section("## The result document")
    for kind in (Trade, Cancelled, Rejected):
        assert set(kind.__struct_fields__) <= set(codes(text))


def test_every_event_is_told_with_its_fields() -> None:
    rows = re.findall(r"^\| ((?:`\w+` ?)+)\| (.*) \|$", section("### Events"), re.MULTILINE)
    told = {name: set(codes(fields)) for names, fields in rows for name in codes(names)}
    own = {
        kind.__struct_config__.tag: set(kind.__struct_fields__) - set(Event.__struct_fields__)
        for kind in Event.__subclasses__()
    }
    assert told == own


def test_every_listener_is_told_with_the_fields_of_what_it_hears() -> None:
    text = re.sub(r"^```.*?^```$", "", section("### Listening"), flags=re.MULTILINE | re.DOTALL)
    rows = re.findall(r"^\| ((?:`\w+` ?)+)\| [^|]* \| (.*) \|$", text, re.MULTILINE)
    told = {name: set(codes(fields)) for names, fields in rows for name in codes(names)}
    told["signal_event"] = told["signal"]
    assert told == {
        name: set(topic.payload.__struct_fields__) - set(Told.__struct_fields__)
        for name, topic in TOPICS.items()
    }
    shared = {name for name in codes(text) if name in Told.__struct_fields__}
    assert shared == set(Told.__struct_fields__)


def test_every_exit_code_of_an_error_is_told() -> None:
    told = set(map(int, re.findall(r"\b\d+\b", "".join(re.findall(r"^\|([\d, ]+)\|", README, re.MULTILINE)))))
    raised = {kind.exit_code for kind in vars(errors).values() if _is_error(kind)}
    assert raised | {0, 130, 141, 143} <= told


def _is_error(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, errors.BtkError)


def test_the_unit_and_the_image_run_commands_that_there_are() -> None:
    known = typer.main.get_command(app)
    text = "\n".join(block.text for block in blocks("ini", "dockerfile"))
    commands = re.findall(r"(?:bin/btk|CMD btk) (\w+)((?: --[a-z-]+)*)", text)
    assert len(commands) == 2
    with known.make_context("btk", ["--help"], resilient_parsing=True) as context:
        for name, flags in commands:
            _, command, _ = known.resolve_command(context, [name])  # type: ignore[attr-defined]
            there = {option for parameter in command.params for option in parameter.opts}
            assert set(flags.split()) <= there


def test_the_unit_does_not_start_again_what_will_fail_again() -> None:
    (unit,) = (block.text for block in blocks("ini"))
    (prevented,) = re.findall(r"^RestartPreventExitStatus=(.*)$", unit, re.MULTILINE)
    kinds = (errors.UsageError, errors.SettingsError, errors.DamagedState, errors.AlreadyRunning)
    assert {int(code) for code in prevented.split()} == {kind.exit_code for kind in kinds}


def test_every_link_inside_the_page_leads_somewhere() -> None:
    headings = re.findall(r"^#+ (.*)$", README, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}
    linked = set(re.findall(r"\]\(#([^)]+)\)", README))
    assert linked <= anchors
