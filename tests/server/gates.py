"""A gate that holds fakes, and never for good."""

import threading

HELD_S = 60


class Gate(threading.Event):
    """Open until it is cleared. A test that fails while it is closed still ends: none waits for longer
    than `HELD_S`."""

    def __init__(self) -> None:
        super().__init__()
        self.set()

    def wait(self, timeout: float | None = HELD_S) -> bool:
        return super().wait(timeout)
