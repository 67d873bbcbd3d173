"""Commands from outside a strategy: from the library, or from `btk` on another terminal."""

from __future__ import annotations

from typing import Literal

import msgspec

from btk.model.signal import Signal


class ClosePosition(msgspec.Struct, frozen=True, tag="close"):
    """Close what is open."""

    note: str = ""


class PartialClose(msgspec.Struct, frozen=True, tag="partial"):
    """Close a share: percent of what is left, or quote currency."""

    kind: Literal["profit", "loss"]
    pct: float | None = None
    cost: float | None = None


class TrailStop(msgspec.Struct, frozen=True, tag="trail_stop"):
    """Move the stop by a shift, or to a price."""

    shift_pct: float | None = None
    price: float | None = None


class TrailTake(msgspec.Struct, frozen=True, tag="trail_take"):
    """Move the target by a shift, or to a price."""

    shift_pct: float | None = None
    price: float | None = None


class MoveToBreakeven(msgspec.Struct, frozen=True, tag="breakeven"):
    """Move the stop to the effective entry."""


class AverageBuy(msgspec.Struct, frozen=True, tag="average_buy"):
    """Buy in again."""

    cost: float | None = None


class ConfirmFill(msgspec.Struct, frozen=True, tag="fill"):
    """The broker filled a protective order: the position is over, at its target or its stop."""

    kind: Literal["take_profit", "stop_loss"]


class CancelScheduled(msgspec.Struct, frozen=True, tag="cancel"):
    """Give up a scheduled signal."""

    note: str = ""


class ActivateScheduled(msgspec.Struct, frozen=True, tag="activate"):
    """Open a scheduled signal now."""

    note: str = ""


class SubmitSignal(msgspec.Struct, frozen=True, tag="signal"):
    """A signal from outside; it needs no due interval but uses it up."""

    signal: Signal


class Flatten(msgspec.Struct, frozen=True, tag="flatten"):
    """Hold nothing: close what is open, give up what waits, close what is still being opened once it is open."""


class Pause(msgspec.Struct, frozen=True, tag="pause"):
    """Ask for no signals until resumed."""


class Resume(msgspec.Struct, frozen=True, tag="resume"):
    """Ask for signals again."""


class Stop(msgspec.Struct, frozen=True, tag="stop"):
    """Open nothing new; end when nothing is open."""


Command = (
    ClosePosition
    | PartialClose
    | TrailStop
    | TrailTake
    | MoveToBreakeven
    | AverageBuy
    | ConfirmFill
    | CancelScheduled
    | ActivateScheduled
    | SubmitSignal
    | Flatten
    | Pause
    | Resume
    | Stop
)
