"""State read from scripts, in the project and the mode they name, and the classes that may keep it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

import btk
from btk.adapters.state_factory import state_factory
from btk.adapters.state_file import FileBackend
from btk.adapters.state_memory import MemoryBackend
from btk.library.state_backends import StateBackends
from btk.library.state_store import StateStore
from btk.model.errors import DamagedState, SettingsError
from tests.library.state_samples import BTC, PROFILE, ROSTER, change, file_store, owner


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project on the exchange "test" that has not run yet."""
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "btk.yaml").write_text("exchange: {name: test}\n")
    return tmp_path


def _run(project: Path, ticks: int) -> None:
    async def whole() -> None:
        store = file_store(project / "dump")
        await store.load()
        await store.commit(change(ticks))
        await store.spread()

    asyncio.run(whole())


def test_before_any_run_there_is_nothing(project: Path) -> None:
    assert btk.read_signal_data("BTCUSDT", "probe", root=project) is None
    assert btk.read_schedule_data("BTCUSDT", "probe", root=project) is None
    assert btk.read_partial_data("BTCUSDT", "probe", root=project) == {}
    assert btk.read_strategy_data("BTCUSDT", "probe", root=project) is None
    assert btk.read_position_data(PROFILE, root=project) == []
    assert btk.read_book_data(PROFILE, root=project) is None


def test_an_open_position_is_read_with_its_levels_its_place_and_its_record(project: Path) -> None:
    _run(project, 3)
    signal = btk.read_signal_data("BTCUSDT", "probe", root=project)
    assert signal is not None
    assert (signal.position, signal.price_stop_loss, signal.lifetime_minutes) == ("long", 98.0, float("inf"))
    assert btk.read_signal_data("BTC/USDT", "probe", "test", root=project) == signal
    assert btk.read_schedule_data("BTCUSDT", "probe", root=project) is None
    assert btk.read_partial_data("BTCUSDT", "probe", root=project)["probe-1"].profit_levels == (10, 20, 30)
    record = btk.read_strategy_data("BTCUSDT", "probe", root=project)
    assert record is not None
    assert record.key == BTC
    assert [key for key, _ in btk.read_position_data(PROFILE, root=project)] == [
        "BTCUSDT_probe_test",
        "ETHUSDT_probe_test",
    ]
    book = btk.read_book_data(PROFILE, root=project)
    assert book is not None
    assert book.book.losing_streak == 3


def test_another_mode_or_exchange_is_another_state(project: Path) -> None:
    _run(project, 3)
    assert btk.read_signal_data("BTCUSDT", "probe", mode="paper", root=project) is None
    assert btk.read_signal_data("BTCUSDT", "probe", "other", root=project) is None


def test_a_script_with_an_event_loop_may_read_too(project: Path) -> None:
    _run(project, 1)

    async def script() -> object:
        return btk.read_schedule_data("BTCUSDT", "probe", root=project)

    assert asyncio.run(script()) is not None


def test_damage_is_told_and_left_where_it_is(project: Path) -> None:
    _run(project, 3)
    path = project / "dump" / "data" / "signal" / "BTCUSDT_probe_test" / "BTCUSDT.json"
    path.write_bytes(b"rubbish")
    with pytest.raises(DamagedState):
        btk.read_signal_data("BTCUSDT", "probe", root=project)
    assert path.read_bytes() == b"rubbish"


@pytest.mark.parametrize(
    "names", [("../../etc", "probe"), ("BTCUSDT", "../x"), ("BTC\0", "probe"), ("", "probe")]
)
def test_names_that_would_leave_the_dump_are_refused(project: Path, names: tuple[str, str]) -> None:
    with pytest.raises(SettingsError):
        btk.read_signal_data(*names, root=project)


KEPT: dict[tuple[str, str], MemoryBackend] = {}


def in_memory(entity_name: str, base_dir: str) -> MemoryBackend:
    """A user's maker of backends: one for each entity."""
    return KEPT.setdefault((entity_name, base_dir), MemoryBackend(entity_name, base_dir))


@pytest.fixture
def chosen() -> Iterator[None]:
    KEPT.clear()
    btk.use_persist_signal_adapter(in_memory)
    yield
    btk.use_persist_signal_adapter(None)


@pytest.mark.usefixtures("chosen")
def test_a_class_chosen_for_one_kind_keeps_that_kind_and_is_read_by_scripts(project: Path) -> None:
    _run(project, 3)
    assert set(KEPT) == {(f"{symbol}_probe_test", "data/signal") for symbol in ("BTCUSDT", "ETHUSDT")}
    assert btk.read_signal_data("BTCUSDT", "probe", root=project) is not None
    assert not (project / "dump" / "data" / "signal").exists()
    assert (project / "dump" / "data" / "strategy").exists()


def test_a_class_that_is_no_backend_is_refused_with_what_it_lacks() -> None:
    with pytest.raises(SettingsError, match="str is no state backend, it has no wait_for_init, read_value"):
        btk.use_persist_risk_adapter(str)  # type: ignore[arg-type]


USERS = """
from btk.adapters.state_memory import MemoryBackend

class Mine(MemoryBackend):
    pass
"""


def test_the_settings_may_name_a_class_of_the_project(project: Path) -> None:
    (project / "my_state_of_tests.py").write_text(USERS)
    made = state_factory("my_state_of_tests:Mine", project / "dump", project)("slot", "data/signal")
    assert type(made).__name__ == "Mine"
    for wrong, words in (
        ("my_state_of_tests:Other", "there is no Other"),
        ("no_such_module:X", "cannot be imported"),
    ):
        with pytest.raises(SettingsError, match=words):
            state_factory(wrong, project / "dump", project)


def test_the_backend_of_an_entity_is_made_once(tmp_path: Path) -> None:
    async def twice() -> bool:
        backends = StateBackends("live", lambda entity, base: FileBackend(entity, tmp_path / base))
        return await backends.of("signal", "slot") is await backends.of("signal", "slot")

    assert asyncio.run(twice())


def test_a_run_may_be_kept_in_memory_alone() -> None:
    async def whole() -> int:
        backends = StateBackends("replay", in_memory)
        store = StateStore(backends, ROSTER, owner())
        await store.load()
        await store.commit(change(2))
        await store.spread()
        restored = await StateStore(backends, ROSTER, owner()).load()
        return len(restored.slots)

    KEPT.clear()
    assert asyncio.run(whole()) == 2
