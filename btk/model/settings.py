"""Settings: what a run is told, with the names, the order and the defaults of `config/btk.yaml`."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from btk.model.dates import DateMs, format_date
from btk.model.errors import SettingsError
from btk.model.intervals import MINUTE_MS
from btk.model.names import check_exchange_name, check_strategy_name
from btk.model.notify import Notify
from btk.model.plain_words import HIDDEN, INFINITE
from btk.model.section import Problem, Section

AtLeastZero = Annotated[float, Meta(ge=0, description="a number of at least 0")]
AboveZero = Annotated[float, Meta(gt=0, le=1e15, description="a number above 0, up to 1e15")]
Percent = Annotated[float, Meta(gt=0, le=100, description="a percentage above 0, up to 100")]
CostPercent = Annotated[float, Meta(ge=0, lt=100, description="a percentage from 0 to below 100")]
Share = Annotated[float, Meta(gt=0, lt=1, description="a number between 0 and 1")]
Count = Annotated[int, Meta(ge=0, description="a whole number of at least 0")]
Positive = Annotated[int, Meta(ge=1, description="a whole number of at least 1")]
Text = Annotated[str, Meta(min_length=1)]
Lifetime = Annotated[
    int | float,
    Meta(
        description="a whole number of minutes of at least 1, or inf",
        extra=INFINITE,
    ),
]

Interval = Literal["1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d"]
Symbol = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9](\.?[A-Za-z0-9-])*(/[A-Za-z0-9]+)?(:[A-Za-z0-9-]+)?$",
        max_length=60,
        description="a symbol such as BTCUSDT or BTC/USDT",
    ),
]
RuleName = Annotated[
    str,
    Meta(pattern=r"^[^:]+:[A-Za-z_]\w*$", description="a rule such as strategies/rules.py:reward_ratio"),
]
SECRET_WORDS = "a reference such as ${BTK_API_KEY} or ${file:/path} (never the key itself)"
SecretReference = Annotated[
    str,
    Meta(
        pattern=r"^\$\{(file:[^}]+|[A-Za-z_]\w*)\}$",
        description=SECRET_WORDS,
        extra=HIDDEN,
    ),
]

ParamScalar = bool | int | float | str | None
ParamValue = Annotated[
    ParamScalar | tuple[ParamScalar, ...],
    Meta(description="a number, text, true, false, null or a list of those"),
]
OptionValue = ParamValue | dict[str, ParamValue]


class Exchange(Section, frozen=True, kw_only=True):
    """Where candles and fills come from. Keys are references to secrets, so that settings never hold one."""

    name: Text = "demo"
    market: Literal["spot", "swap"] = "spot"
    sandbox: bool = False
    api_key: SecretReference | None = "${BTK_API_KEY}"
    secret: SecretReference | None = "${BTK_SECRET}"
    options: dict[str, OptionValue] = msgspec.field(default_factory=dict)

    def contradictions(self) -> Iterator[Problem]:
        """The name becomes part of file names."""
        try:
            check_exchange_name(self.name)
        except SettingsError as error:
            yield Problem(("name",), str(error))


class StrategyChoice(Section, frozen=True, kw_only=True):
    """Which strategies run, with which parameters; `risk` overrides the profiles their classes name.

    `risk` is a list for all strategies, or a map from strategy name to list.
    """

    entry: Annotated[tuple[Text, ...], Meta(min_length=1)] = ("strategies/sma_cross.py",)
    params: dict[str, ParamValue] = msgspec.field(default_factory=dict)
    risk: tuple[str, ...] | dict[str, tuple[str, ...]] | None = None


class Frame(Section, frozen=True, kw_only=True):
    """The window of a backtest: `from` included, `to` excluded, UTC milliseconds on whole minutes."""

    from_ms: DateMs = msgspec.field(name="from")
    to_ms: DateMs = msgspec.field(name="to")
    interval: Interval = "1m"

    def contradictions(self) -> Iterator[Problem]:
        """Forwards, and between whole minutes."""
        if self.from_ms >= self.to_ms:
            dates = f"from {format_date(self.from_ms)} is not before to {format_date(self.to_ms)}"
            yield Problem(("from", "to"), f"{dates}; to is exclusive")
        for key, at_ms in (("from", self.from_ms), ("to", self.to_ms)):
            if at_ms % MINUTE_MS:
                yield Problem((key,), f"{format_date(at_ms)} is not a whole minute")


class Execution(Section, frozen=True, kw_only=True):
    """How fills are priced, and what they cost per side."""

    model: Literal["candle", "vwap"] = "candle"
    slippage_pct: CostPercent = 0.1
    fee_pct: CostPercent = 0.1
    average_price_candles: Positive = 5
    origin_quirks: bool = False

    def contradictions(self) -> Iterator[Problem]:
        """The quirks are those of the vwap model."""
        if self.origin_quirks and self.model != "vwap":
            yield Problem(("origin_quirks", "model"), "only with execution.model: vwap")


class SignalRules(Section, frozen=True, kw_only=True):
    """What the core accepts from a strategy; a distance of 0 is off, `short` None is where the market can."""

    schedule_await_minutes: Positive = 120
    max_lifetime_minutes: Lifetime = 1440
    max_generation_seconds: Positive = 180
    min_take_profit_pct: AtLeastZero = 0.5
    min_stop_loss_pct: AtLeastZero = 0.5
    max_stop_loss_pct: AtLeastZero = 20.0
    breakeven_threshold_pct: AtLeastZero = 0.2
    position_cost: AboveZero = 100.0
    long: bool = True
    short: bool | None = None
    dca_everywhere: bool = False
    partials_everywhere: bool = False
    trailing_everywhere: bool = False

    def contradictions(self) -> Iterator[Problem]:
        """A signal must be able to pass."""
        lifetime = self.max_lifetime_minutes
        if lifetime < 1 or (lifetime != math.inf and lifetime != int(lifetime)):
            yield Problem(
                ("max_lifetime_minutes",), f"expected a whole number of at least 1 or inf, got {lifetime}"
            )
        low, high = self.min_stop_loss_pct, self.max_stop_loss_pct
        if high and low >= high:
            yield Problem(
                ("min_stop_loss_pct", "max_stop_loss_pct"),
                f"{low:g} is not below max_stop_loss_pct {high:g}, so no stop would pass",
            )
        if not self.long and self.short is False:
            yield Problem(("short", "long"), "long and short are both off, so nothing could ever open")


class Wallet(Section, frozen=True, kw_only=True):
    """The cash of a run, in one quote currency."""

    currency: Annotated[str, Meta(pattern=r"^[A-Za-z0-9]+$", description="a currency such as USDT")] = "USDT"
    start: AboveZero = 10_000.0


class Sizing(Section, frozen=True, kw_only=True):
    """How the cost of an entry is found when the strategy does not say; a cap of None is off."""

    method: Literal["fixed_cost", "fixed_percentage", "kelly", "atr"] = "fixed_cost"
    risk_pct: Percent | None = None
    win_rate: Share | None = None
    reward_ratio: AboveZero | None = None
    fraction: Annotated[float, Meta(gt=0, le=1, description="a number above 0, up to 1")] = 0.25
    atr_multiple: AboveZero = 2.0
    atr_bars: Positive = 14
    min_cost: AtLeastZero | None = None
    max_cost: AboveZero | None = None
    max_position_pct: Percent | None = None

    def contradictions(self) -> Iterator[Problem]:
        """Each method needs its own numbers."""
        needed = {
            "fixed_percentage": ("risk_pct",),
            "kelly": ("win_rate", "reward_ratio"),
            "atr": ("risk_pct",),
        }
        for key in needed.get(self.method, ()):
            if getattr(self, key) is None:
                yield Problem((key, "method"), f"needed by sizing.method: {self.method}")
        if self.min_cost is not None and self.max_cost is not None and self.min_cost > self.max_cost:
            yield Problem(("min_cost", "max_cost"), f"{self.min_cost:g} is above max_cost {self.max_cost:g}")


class RiskProfile(Section, frozen=True, kw_only=True):
    """Limits shared by every slot that names the profile; None is off. Rules are `FILE:FUNCTION`."""

    max_positions: Positive | None = None
    max_per_symbol: Positive | None = None
    max_long: Count | None = None
    max_short: Count | None = None
    max_exposure: AboveZero | None = None
    max_daily_loss_pct: Percent | None = None
    max_drawdown_pct: Percent | None = None
    cooldown_minutes: Count | None = None
    max_losing_streak: Positive | None = None
    min_reward_risk: AboveZero | None = None
    rules: tuple[RuleName, ...] = ()


CONSERVATIVE = RiskProfile(
    max_positions=3,
    max_per_symbol=1,
    max_long=3,
    max_short=3,
    max_exposure=5000,
    max_daily_loss_pct=5,
    max_drawdown_pct=20,
    cooldown_minutes=30,
    max_losing_streak=5,
    min_reward_risk=1.0,
)


class Broker(Section, frozen=True, kw_only=True):
    """Who executes live orders, how often a failed one is tried again, and when nothing new is opened any more.

    `max_daily_loss` is in the wallet's currency, since the start of the UTC day; None is off.
    """

    kind: Literal["none", "ccxt"] = "none"
    max_orders_per_minute: Positive = 60
    max_daily_loss: AboveZero | None = None
    order_open_attempts: Count = 5
    order_close_attempts: Count = 5
    order_check_attempts: Count = 5


class State(Section, frozen=True, kw_only=True):
    """Where state is kept: `file`, `redis` or `module:Class`."""

    backend: Annotated[
        str,
        Meta(pattern=r"^(file|redis|[\w.]+:[A-Za-z_]\w*)$", description="file, redis or module:Class"),
    ] = "file"
    path: Text = "./dump"


class Cache(Section, frozen=True, kw_only=True):
    """The candle cache and how it is filled; `schedule` is a cron expression."""

    path: Text = "./dump/data/candle"
    retries: Count = 3
    retry_delay_seconds: AtLeastZero = 5.0
    candles_per_request: Positive = 1000
    schedule: Annotated[
        str,
        Meta(
            pattern=r"^\s*(@[a-z]+|\S+(\s+\S+){4})\s*$",
            description="a cron expression of five fields such as 7 * * * *",
        ),
    ] = "7 * * * *"


class Settings(Section, frozen=True, kw_only=True):
    """Everything under the root of `config/btk.yaml`; `Settings()` is the demo."""

    exchange: Exchange = Exchange()
    symbols: Annotated[tuple[Symbol, ...], Meta(min_length=1)] = ("BTCUSDT", "ETHUSDT")
    strategy: StrategyChoice = StrategyChoice()
    frame: Frame = Frame(from_ms=1_704_067_200_000, to_ms=1_709_251_200_000)
    frames: dict[str, Frame] = msgspec.field(default_factory=dict)
    execution: Execution = Execution()
    signal: SignalRules = SignalRules()
    wallet: Wallet = Wallet()
    sizing: Sizing = Sizing()
    risk: dict[str, RiskProfile] = msgspec.field(default_factory=lambda: {"conservative": CONSERVATIVE})
    broker: Broker = Broker()
    state: State = State()
    cache: Cache = Cache()
    notify: Notify = Notify()

    def contradictions(self) -> Iterator[Problem]:
        """What no section can see alone."""
        yield from self._target_problems()
        yield from self._symbol_problems()
        yield from self._risk_problems()

    def _target_problems(self) -> Iterator[Problem]:
        costs = 2 * (self.execution.slippage_pct + self.execution.fee_pct)
        target = self.signal.min_take_profit_pct
        if target and target < costs * (1 - 1e-9):
            yield Problem(
                ("signal.min_take_profit_pct", "execution.slippage_pct", "execution.fee_pct"),
                f"{target:g} is below the costs of a trade, 2 x (slippage + fee) = {costs:g}; "
                "raise it, or set it to 0 to switch the check off",
            )

    def _symbol_problems(self) -> Iterator[Problem]:
        for index, symbol in enumerate(self.symbols):
            if symbol in self.symbols[:index]:
                yield Problem((f"symbols[{index}]",), f"{symbol} is listed twice")

    def _risk_problems(self) -> Iterator[Problem]:
        for name in self.risk:
            try:
                check_strategy_name(name)
            except SettingsError as error:
                yield Problem((f"risk.{name}",), str(error))
        chosen = self.strategy.risk or ()
        lists = chosen.values() if isinstance(chosen, dict) else [chosen]
        for name in sorted({name for names in lists for name in names} - set(self.risk)):
            known = ", ".join(self.risk) or "none"
            yield Problem(("strategy.risk",), f"no profile {name!r} under risk: (there: {known})")
