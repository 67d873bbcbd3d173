"""Loading settings: which layer wins, where each value comes from, and every complaint in its place."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from btk.adapters.settings import BadSettings, Loaded, load_settings
from btk.adapters.settings_inline import Override
from btk.model.settings import Settings

REPOSITORY = Path(__file__).parents[2]


class Project:
    """A project folder whose settings are written by the test."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "config").mkdir()

    def write(self, text: str, name: str = "config/btk.yaml") -> None:
        (self.root / name).write_text(text, encoding="utf-8")

    def load(
        self, *assignments: str, environ: Mapping[str, str] | None = None, config: tuple[str, ...] = ()
    ) -> Loaded:
        overrides = [Override(*text.partition("=")[::2], "--set") for text in assignments]
        return load_settings(self.root, [Path(name) for name in config], environ or {}, overrides)

    def complaints(self, *assignments: str, environ: Mapping[str, str] | None = None) -> list[str]:
        with pytest.raises(BadSettings) as refused:
            self.load(*assignments, environ=environ)
        return str(refused.value).splitlines()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path)
    made.write("")
    return made


def test_an_empty_file_means_the_defaults(project: Project) -> None:
    loaded = project.load()
    assert loaded.settings == Settings()
    assert loaded.origin("execution.fee_pct") == "default"


def test_the_settings_of_the_repository_are_the_defaults_written_out() -> None:
    loaded = load_settings(REPOSITORY, [], {}, [])
    assert loaded.settings == Settings()


def test_the_binance_settings_change_the_exchange_and_nothing_else() -> None:
    loaded = load_settings(REPOSITORY, [Path("config/binance.yaml")], {}, [])
    assert loaded.settings.exchange.name == "binance"
    assert loaded.origin("exchange.name") == "config/binance.yaml:5"
    assert loaded.origin("exchange.market").startswith("config/btk.yaml:")


def test_each_layer_wins_over_the_one_before(project: Project) -> None:
    project.write("execution: {fee_pct: 0.01, slippage_pct: 0.01}\nwallet: {start: 1}\nsymbols: [AUSDT]\n")
    project.write("execution: {fee_pct: 0.02}\nwallet: {start: 2}\nsymbols: [BUSDT]\n", "config/more.yaml")
    environ = {
        "CC_SYMBOL_LIST": "CUSDT, DUSDT,",
        "BTK__EXECUTION__FEE_PCT": "0.03",
        "BTK__WALLET__START": "3",
    }
    loaded = project.load("execution.fee_pct=0.04", environ=environ, config=("config/more.yaml",))
    assert loaded.settings.execution.fee_pct == 0.04
    assert loaded.settings.execution.slippage_pct == 0.01
    assert loaded.settings.wallet.start == 3
    assert loaded.settings.symbols == ("CUSDT", "DUSDT")
    origins = [
        loaded.origin(key)
        for key in (
            "execution.fee_pct",
            "execution.slippage_pct",
            "wallet.start",
            "symbols",
            "wallet.currency",
        )
    ]
    assert origins == ["--set", "config/btk.yaml:1", "BTK__WALLET__START", "CC_SYMBOL_LIST", "default"]


def test_a_variable_for_the_symbols_wins_over_the_symbol_list(project: Project) -> None:
    environ = {"CC_SYMBOL_LIST": "AUSDT", "BTK__SYMBOLS": "BUSDT,CUSDT"}
    assert project.load(environ=environ).settings.symbols == ("BUSDT", "CUSDT")


def test_empty_variables_say_nothing(project: Project) -> None:
    environ = {"CC_SYMBOL_LIST": " , ", "BTK__WALLET__START": ""}
    assert project.load(environ=environ).settings == Settings()


def test_variables_find_names_that_are_not_all_small_letters(project: Project) -> None:
    project.write("strategy: {params: {stopPct: 1}}\n")
    loaded = project.load(environ={"BTK__STRATEGY__PARAMS__STOPPCT": "2"})
    assert loaded.settings.strategy.params == {"stopPct": 2}


def test_maps_merge_deeply_and_lists_replace(project: Project) -> None:
    project.write("strategy: {params: {fast: 10, slow: 30}}\nnotify: {events: [opened, closed]}\n")
    loaded = project.load("strategy.params.fast=5", "notify.events=[error]")
    assert loaded.settings.strategy.params == {"fast": 5, "slow": 30}
    assert loaded.settings.notify.events == ("error",)


def test_a_section_whose_keys_are_all_commented_out_says_nothing(project: Project) -> None:
    project.write("execution:\n  # fee_pct: 1\nrisk:\nexchange: {options: }\n")
    assert project.load().settings == Settings()


def test_a_profile_that_is_written_out_starts_with_every_limit_off(project: Project) -> None:
    project.write("risk: {conservative: {max_positions: 7}}\n")
    profile = project.load().settings.risk["conservative"]
    assert (profile.max_positions, profile.max_daily_loss_pct) == (7, None)


def test_every_problem_is_named_with_file_line_and_key_in_the_order_of_the_lines(project: Project) -> None:
    project.write(
        """exchange: {nam: demo}
symbols: [BTCUSDT, "../x"]
signl: {}
execution:
  fee_pct: abc
  model: vwp
fee_pct: 5
cache: 5
risk:
  mine: {max_positions: 0}
frames:
  crash: {from: 2024-08-01}
signal:
  min_stop_loss_pct: 30
"""
    )
    assert project.complaints("wallet.start=-1", environ={"BTK__STATE__BACKEND": "mongo"}) == [
        "config/btk.yaml:1: exchange.nam: unknown key; did you mean name?",
        "config/btk.yaml:2: symbols[1]: expected a symbol such as BTCUSDT or BTC/USDT, got '../x'",
        "config/btk.yaml:3: signl: unknown key; did you mean signal?",
        "config/btk.yaml:5: execution.fee_pct: expected a percentage from 0 to below 100, got 'abc'",
        "config/btk.yaml:6: execution.model: expected candle or vwap, got 'vwp'; did you mean vwap?",
        "config/btk.yaml:7: fee_pct: unknown key; did you mean execution.fee_pct?",
        "config/btk.yaml:8: cache: expected a map (key: value), got 5",
        "config/btk.yaml:10: risk.mine.max_positions: expected a whole number of at least 1 or null, got 0",
        "config/btk.yaml:12: frames.crash: missing: to",
        "config/btk.yaml:14: signal.min_stop_loss_pct: 30 is not below max_stop_loss_pct 20, so no stop would pass",
        "BTK__STATE__BACKEND: state.backend: expected file, redis or module:Class, got 'mongo'",
        "--set: wallet.start: expected a number above 0, up to 1e15, got -1",
    ]


def test_a_contradiction_is_blamed_on_the_value_that_was_said_last(project: Project) -> None:
    project.write("signal: {min_take_profit_pct: 0.5}\n")
    (complaint,) = project.complaints("execution.fee_pct=2")
    assert complaint.startswith("--set: signal.min_take_profit_pct: 0.5 is below the costs of a trade")


def test_a_bad_value_is_not_blamed_twice(project: Project) -> None:
    (complaint,) = project.complaints("signal.max_stop_loss_pct=x", "signal.min_stop_loss_pct=30")
    assert "max_stop_loss_pct: expected" in complaint


def test_files_that_cannot_be_read_are_all_named(project: Project) -> None:
    project.write("execution: {fee_pct: 1\nwallet: {}\n")
    (project.root / "latin.yaml").write_bytes(b"wallet: {currency: \xff}")
    with pytest.raises(BadSettings) as refused:
        project.load("symbols=[A", config=("absent.yaml", "latin.yaml", "config"))
    lines = str(refused.value).splitlines()
    assert [line.split(": ")[0] for line in lines] == [
        "config/btk.yaml:2",
        "absent.yaml",
        "latin.yaml",
        "config",
        "--set",
    ]
    assert "not YAML" in lines[0]
    assert "no such file" in lines[1]


def test_a_file_that_is_no_map_is_refused(project: Project) -> None:
    project.write("- exchange\n")
    assert project.complaints() == ["config/btk.yaml:1: expected a map (key: value), got a list"]


# Values as people write them


@pytest.mark.parametrize(
    ("written", "key", "value"),
    [
        ("execution: {fee_pct: 1e-3}", "execution.fee_pct", 0.001),
        ("wallet: {start: 10_000}", "wallet.start", 10_000.0),
        ("exchange: {sandbox: yes}", "exchange.sandbox", True),
        ("signal: {trailing_everywhere: Off}", "signal.trailing_everywhere", False),
        ("signal: {max_lifetime_minutes: inf}", "signal.max_lifetime_minutes", float("inf")),
        ("signal: {max_lifetime_minutes: .inf}", "signal.max_lifetime_minutes", float("inf")),
        ("frame: {from: 2024-01-01T10:00}", "frame.from_ms", 1_704_103_200_000),
        ("frame: {from: 1704103200000}", "frame.from_ms", 1_704_103_200_000),
        ("symbols: [NO, ON]", "symbols", ("NO", "ON")),
        ("cache: {schedule: '@daily'}", "cache.schedule", "@daily"),
        ("strategy: {params: {at: 12:30, day: 2024-01-01, on: yes}}", "strategy.params",
         {"at": "12:30", "day": "2024-01-01", "on": "yes"}),
        ("exchange: {options: {defaultType: swap, fetchMarkets: {types: [spot]}}}", "exchange.options",
         {"defaultType": "swap", "fetchMarkets": {"types": ("spot",)}}),
    ],
)  # fmt: skip
def test_values_mean_what_they_look_like(project: Project, written: str, key: str, value: object) -> None:
    project.write(written)
    found: object = project.load().settings
    for name in key.split("."):
        found = getattr(found, name)
    assert found == value


def test_a_flag_or_variable_gives_text_where_the_key_takes_text(project: Project) -> None:
    loaded = project.load(
        "symbols=BTCUSDT, ETHUSDT", "strategy.entry=a.py:A", environ={"BTK__EXCHANGE__NAME": "1"}
    )
    assert loaded.settings.symbols == ("BTCUSDT", "ETHUSDT")
    assert loaded.settings.strategy.entry == ("a.py:A",)
    assert loaded.settings.exchange.name == "1"


def test_in_a_file_a_list_is_a_list(project: Project) -> None:
    project.write("symbols: BTCUSDT\n")
    (complaint,) = project.complaints()
    assert "symbols: expected a list" in complaint


def test_nothing_is_read_as_null_because_null_is_allowed(project: Project) -> None:
    project.write("risk: {mine: {max_positions: many}}\n")
    (complaint,) = project.complaints()
    assert "got 'many'" in complaint


# Frames by name

FRAMES = """frame: {from: 2024-01-01, to: 2024-03-01, interval: 5m}
frames:
  crash: {from: 2024-08-01, to: 2024-08-10}
"""


def test_a_named_frame_replaces_the_frame_and_later_flags_refine_it(project: Project) -> None:
    project.write(FRAMES)
    frame = project.load("frame=crash").settings.frame
    assert (frame.from_ms, frame.interval) == (1_722_470_400_000, "1m")
    loaded = project.load("frame=crash", "frame.to=2024-08-02")
    assert loaded.settings.frame.to_ms - loaded.settings.frame.from_ms == 86_400_000
    assert loaded.origin("frame.from") == "config/btk.yaml:3"
    assert loaded.origin("frame.to") == "--set"


def test_the_settings_may_name_the_frame_themselves(project: Project) -> None:
    project.write("frame: crash\nframes: {crash: {from: 2024-08-01, to: 2024-08-10}}\n")
    assert project.load().settings.frame == project.load().settings.frames["crash"]


def test_an_unknown_frame_is_refused_with_those_that_are_there(project: Project) -> None:
    project.write(FRAMES)
    assert project.complaints("frame=crsh") == [
        "--set: frame: no frame 'crsh' under frames: (there: crash); did you mean crash?"
    ]


# Secrets


@pytest.mark.parametrize(
    "written",
    [
        "exchange: {api_key: fakesecret}",
        "exchange: {secret: fakesecret}",
        "exchange: {options: {password: fakesecret}}",
        "exchange: {options: {passphrase: 'fakesecret ${X}'}}",
        "exchange: {apiKey: fakesecret}",
    ],
)
def test_a_literal_secret_in_a_file_is_refused_and_not_repeated(project: Project, written: str) -> None:
    project.write(written)
    (complaint,) = project.complaints()
    assert "fakesecret" not in complaint


def test_a_literal_secret_on_the_command_line_is_refused(project: Project) -> None:
    (complaint,) = project.complaints("exchange.api_key=fakesecret")
    assert "never the key itself" in complaint
    assert "fakesecret" not in complaint


def test_a_secret_in_a_variable_is_kept_as_a_reference_to_the_variable(project: Project) -> None:
    loaded = project.load(environ={"BTK__EXCHANGE__API_KEY": "fakesecret"})
    assert loaded.settings.exchange.api_key == "${BTK__EXCHANGE__API_KEY}"
    assert "fakesecret" not in repr(loaded)


def test_references_are_refused_where_the_value_would_be_shown(project: Project) -> None:
    project.write("state: {path: '${HOME}'}\n")
    (complaint,) = project.complaints()
    assert complaint == "config/btk.yaml:1: state.path: ${HOME} stands for a secret, and this key takes none"


def test_an_unset_reference_is_no_error_before_somebody_needs_it(project: Project) -> None:
    assert project.load(environ={}).settings.exchange.api_key == "${BTK_API_KEY}"


def test_a_file_that_is_no_text_or_no_file_is_told_with_the_remedy(project: Project) -> None:
    (project.root / "latin.yaml").write_bytes(b"wallet: {start: \xe9}")
    (project.root / "folder.yaml").mkdir()
    with pytest.raises(BadSettings) as refused:
        project.load(config=("latin.yaml", "folder.yaml"))
    assert str(refused.value).splitlines() == [
        "latin.yaml: byte 17 of it is not UTF-8; save it as UTF-8",
        "folder.yaml: cannot be read (Is a directory)",
    ]
