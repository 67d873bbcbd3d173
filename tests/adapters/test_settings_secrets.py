"""References to secrets and what they stand for."""

import os
from pathlib import Path

import pytest

from btk.adapters.settings_secrets import is_secret_key, reveal, unset_names
from btk.model.errors import SettingsError


def test_a_reference_is_replaced_by_its_variable(tmp_path: Path) -> None:
    environ = {"TOKEN": "abc", "CHAT": "7"}
    secret = reveal("tgram://${TOKEN}/${CHAT}", environ, tmp_path)
    assert secret is not None
    assert secret.reveal() == "tgram://abc/7"


@pytest.mark.parametrize("environ", [{}, {"BTK_API_KEY": ""}])
def test_an_unset_variable_is_an_absent_secret(tmp_path: Path, environ: dict[str, str]) -> None:
    assert reveal("${BTK_API_KEY}", environ, tmp_path) is None
    assert unset_names("${BTK_API_KEY}", environ) == ("BTK_API_KEY",)


def test_a_file_gives_its_text_without_the_line_end(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("abc\n")
    (tmp_path / "key").chmod(0o600)
    secret = reveal("${file:key}", {}, tmp_path)
    assert secret is not None
    assert secret.reveal() == "abc"


def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("fakesecret")
    (tmp_path / "key").chmod(0o640)
    with pytest.raises(SettingsError, match="chmod 600") as refused:
        reveal("${file:key}", {}, tmp_path)
    assert "fakesecret" not in str(refused.value)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("k3y")
    path.chmod(0o600)
    os.chown(path, 12345, -1)
    with pytest.raises(SettingsError, match="belongs to another user") as refused:
        reveal(f"${{file:{path}}}", {}, tmp_path)
    assert "k3y" not in str(refused.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="absent"):
        reveal("${file:absent}", {}, tmp_path)


@pytest.mark.parametrize(
    ("key", "secret"),
    [
        ("exchange.api_key", True),
        ("exchange.options.password", True),
        ("exchange.options.apiKey", True),
        ("exchange.options.headers.X-API-KEY", True),
        ("exchange.options.defaultType", False),
        ("exchange.name", False),
        ("strategy.params.secret", False),
    ],
)
def test_keys_that_hold_secrets_are_known(key: str, secret: bool) -> None:
    assert is_secret_key(key) is secret
