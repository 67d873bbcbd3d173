"""Secrets stay secret."""

import pickle

import msgspec
import pytest

from btk.model.secret import Secret

SENTINEL = "fakesecret"


def test_no_way_of_printing_shows_the_text() -> None:
    secret = Secret(SENTINEL)
    for shown in (str(secret), repr(secret), f"{secret}", f"{secret!r:>20}", repr([secret])):
        assert SENTINEL not in shown
    assert secret.reveal() == SENTINEL


def test_no_encoder_takes_it() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(Secret(SENTINEL))
    with pytest.raises(TypeError):
        msgspec.json.encode({"key": Secret(SENTINEL)})
