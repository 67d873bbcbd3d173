"""Numbers on screens: thousands apart, N/A for what is missing, and nothing lost never shown as minus nothing."""

from __future__ import annotations

MISSING = "N/A"


def plain(number: float | None, decimals: int = 2) -> str:
    """With so many decimals."""
    return MISSING if number is None else f"{number:,.{decimals}f}"


def signed(number: float | None, decimals: int = 2) -> str:
    """With its sign, but for what rounds to nothing."""
    if number is None:
        return MISSING
    return f"{number:+,.{decimals}f}" if round(number, decimals) else plain(0.0, decimals)


def share(number: float | None) -> str:
    """A percentage without a sign."""
    return MISSING if number is None else f"{plain(number)} %"


def percent(number: float | None, decimals: int = 2) -> str:
    """A percentage with its sign."""
    return MISSING if number is None else f"{signed(number, decimals)} %"
