"""When to ask again, and after how long."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from splitseem.errors import NoAnswer, Refused, SplitseemError

PASSING = frozenset({429, 502, 503, 504})
"""Statuses that may be others soon."""


@dataclass(frozen=True)
class Retries:
    """How patient a client is. Every request may be repeated: equal ones have equal answers.

    Args:
        most: repetitions of a request that the server refused because it is busy or starts.
        most_away: repetitions of a request that no server answered.
        first_s: seconds of the first pause at most; each later one may be twice as long.
        longest_s: seconds of any pause that the server did not ask for.
        patience_s: seconds that the server may ask to wait; where it asks for more, its refusal is raised.
        draw: a number from 0 to 1, drawn for every pause, so that clients who were refused together do not
            come back together.
    """

    most: int = 5
    most_away: int = 2
    first_s: float = 0.25
    longest_s: float = 8.0
    patience_s: float = 60.0
    draw: Callable[[], float] = random.random

    def pause_s(self, repetitions: int, error: SplitseemError) -> float | None:
        """Seconds until the next repetition; None: the error is final.

        Where the server names a time, it is kept, and a drawn part of the usual pause comes on top of it.
        """
        if repetitions >= self._most_after(error):
            return None
        asked_s = error.retry_after_s if isinstance(error, Refused) else None
        if asked_s is not None and asked_s > self.patience_s:
            return None
        drawn_s = self.draw() * min(self.longest_s, self.first_s * 2.0**repetitions)
        return drawn_s + (asked_s or 0.0)

    def _most_after(self, error: SplitseemError) -> int:
        if isinstance(error, NoAnswer):
            return self.most_away
        return self.most if isinstance(error, Refused) and error.status in PASSING else 0
