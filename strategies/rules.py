"""Risk rules of one's own, named in a risk profile as `rules: ["strategies/rules.py:reward_ratio"]`.

A rule sees the candidate and the profile's book, and answers None (let it pass) or the reason of its refusal.
A rule that raises refuses.
"""

from btk import Book, Candidate


def reward_ratio(signal: Candidate, book: Book) -> str | None:
    """The target must be at least one and a half times as far away as the stop."""
    reward = abs(signal.price_take_profit - signal.price_open)
    risk = abs(signal.price_open - signal.price_stop_loss)
    if reward < 1.5 * risk:
        return f"reward is only {reward / risk:.2f} times the risk"
    return None


def no_averaging_across_symbols(signal: Candidate, book: Book) -> str | None:
    """After two losses in a row, only one position at a time."""
    if book.losing_streak >= 2 and book.positions:
        return f"{book.losing_streak} losses in a row: one position at a time"
    return None
