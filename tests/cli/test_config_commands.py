"""`btk config` and `btk new`."""

import json
from pathlib import Path

import pytest

from btk.adapters.settings import load_settings
from btk.cli.app import run

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    assert run(["new", str(folder)]) == 0
    return folder


def write(root: Path, text: str) -> None:
    (root / "config" / "btk.yaml").write_text(text)


def test_show_prints_settings_that_read_back_with_the_origin_of_each(root: Path, capsys: Captured) -> None:
    text = "wallet: {currency: '1'}\nstrategy: {params: {a: 'NO: #', b: '', c: 'null', d: 'x:', e: '@x', f: [1, '2']}}\n"
    write(root, text)
    loaded = load_settings(root, [], {}, [])
    capsys.readouterr()
    assert run(["config", "show", "--root", str(root)]) == 0
    shown = capsys.readouterr().out
    assert "# config/btk.yaml:1\n" in shown
    assert "# default\n" in shown
    write(root, shown)
    assert load_settings(root, [], {}, []).settings == loaded.settings


def test_show_says_which_secrets_are_not_set(root: Path, capsys: Captured) -> None:
    write(root, "exchange: {api_key: '${NOBODY_SETS_THIS}'}\n")
    run(["config", "show", "--root", str(root)])
    assert "# config/btk.yaml:1 (not set)" in capsys.readouterr().out


@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_show_hides_tokens_in_addresses(root: Path, flags: list[str], capsys: Captured) -> None:
    write(root, "notify: {urls: ['json://localhost:8080/fakesecret']}\n")
    assert run(["config", "show", "--root", str(root), *flags]) == 0
    shown = capsys.readouterr().out
    assert "json://localhost:8080/***" in shown
    assert "fakesecret" not in shown


def test_a_token_written_out_is_refused_and_not_repeated(root: Path, capsys: Captured) -> None:
    write(root, "notify:\n  urls: ['tgram://fakesecret/7']\n")
    assert run(["config", "check", "--root", str(root)]) == 3
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("btk: config/btk.yaml:2: notify.urls[0]: a token is written out")
    assert "fakesecret" not in line


def test_show_as_json_is_one_document_with_settings_and_origins(root: Path, capsys: Captured) -> None:
    capsys.readouterr()
    assert (
        run(["config", "show", "--json", "--set", "signal.max_lifetime_minutes=inf", "--root", str(root)])
        == 0
    )
    document = json.loads(capsys.readouterr().out)
    assert document["settings"]["signal"]["max_lifetime_minutes"] == "inf"
    assert document["settings"]["frame"]["from"] == "2024-01-01"
    assert document["origins"]["signal.max_lifetime_minutes"] == "--set"


def test_flags_of_the_command_choose_files_and_values(root: Path, capsys: Captured) -> None:
    (root / "more.yaml").write_text("execution: {fee_pct: 0.05}\n")
    capsys.readouterr()
    arguments = ["config", "show", "--json", "--root", str(root), "--config", "more.yaml"]
    assert run([*arguments, "--set", "execution.slippage_pct=0.02"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["files"] == ["config/btk.yaml", "more.yaml"]
    assert document["origins"]["execution.fee_pct"] == "more.yaml:1"
    assert document["settings"]["execution"]["slippage_pct"] == 0.02


@pytest.mark.parametrize("text", ["execution.fee_pct", "=5"])
def test_an_assignment_needs_a_key_and_a_value(root: Path, text: str, capsys: Captured) -> None:
    assert run(["config", "show", "--root", str(root), "--set", text]) == 2
    assert "KEY=VALUE" in capsys.readouterr().err


def test_check_says_that_all_is_well(root: Path, capsys: Captured) -> None:
    assert run(["config", "check", "--root", str(root)]) == 0
    assert "config/btk.yaml: no problem found" in capsys.readouterr().out
    assert run(["config", "check", "--json", "--root", str(root)]) == 0
    assert json.loads(capsys.readouterr().out)["ok"] is True


def test_check_names_every_problem_and_exits_3(root: Path, capsys: Captured) -> None:
    write(root, "execution: {fee_pct: abc}\nwallt: {}\n")
    capsys.readouterr()
    assert run(["config", "check", "--root", str(root)]) == 3
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(": ")[:3] for line in lines] == [
        ["btk", "config/btk.yaml:1", "execution.fee_pct"],
        ["btk", "config/btk.yaml:2", "wallt"],
    ]
    assert run(["config", "check", "--json", "--root", str(root)]) == 3
    problems = json.loads(capsys.readouterr().out)["problems"]
    assert [(problem["place"], problem["key"]) for problem in problems] == [
        ("config/btk.yaml:1", "execution.fee_pct"),
        ("config/btk.yaml:2", "wallt"),
    ]


def test_schema_is_one_document_and_needs_no_project(capsys: Captured) -> None:
    assert run(["config", "schema"]) == 0
    assert "$defs" in json.loads(capsys.readouterr().out)


def test_init_writes_settings_once(tmp_path: Path, capsys: Captured) -> None:
    assert run(["config", "init", "--root", str(tmp_path)]) == 0
    assert run(["config", "check", "--root", str(tmp_path)]) == 0
    assert run(["config", "init", "--root", str(tmp_path)]) == 2
    assert "--force" in capsys.readouterr().err
    assert run(["config", "init", "--force", "--json", "--root", str(tmp_path)]) == 0
    assert json.loads(capsys.readouterr().out)["path"] == str(tmp_path / "config" / "btk.yaml")


def test_new_tells_what_it_made_and_refuses_a_full_folder(tmp_path: Path, capsys: Captured) -> None:
    assert run(["new", str(tmp_path / "a"), "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert all((Path(made["root"]) / name).is_file() for name in made["files"])
    assert run(["new", str(tmp_path / "a")]) == 2
    assert "not empty" in capsys.readouterr().err
