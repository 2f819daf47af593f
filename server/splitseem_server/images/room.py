"""Memory that several works share: each takes what it needs, in the order in which they ask."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio


class Room:
    """A number of bytes.

    Args:
        total: of them; what needs more gets all, and so runs alone.
    """

    def __init__(self, total: int) -> None:
        self._total = self._free = total
        self._turn = anyio.Lock()
        self._freed = anyio.Event()

    @asynccontextmanager
    async def of(self, amount: int) -> AsyncIterator[None]:
        """Wait until that many bytes are free, and hold them. Who waits holds up all who ask later."""
        amount = min(amount, self._total)
        async with self._turn:
            while self._free < amount:
                self._freed = anyio.Event()
                await self._freed.wait()
            self._free -= amount
        try:
            yield
        finally:
            self._free += amount
            self._freed.set()
