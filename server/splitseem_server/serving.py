"""The app on a socket, until a signal asks to stop."""

from __future__ import annotations

import asyncio
import gc
import resource
import signal
import socket
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Any, cast

import structlog
import uvicorn
from fastapi import FastAPI

from splitseem_server.allocator import give_back_freed_memory, keep_freed_memory
from splitseem_server.http.access import read_keys
from splitseem_server.http.connections import Connections, LimitedConnection
from splitseem_server.http.draining import Draining
from splitseem_server.services import Services
from splitseem_server.settings import SettingsError

OTHER_FILES = 128
"""Open files beside connections: processes, Redis, files that are sent."""

LAST_S = 5
"""Seconds for downloads that still run when all work is done."""

_log = structlog.get_logger(__name__)


def run(app: FastAPI, listener: socket.socket, *, started: Callable[[], None]) -> None:
    """Serve until a signal asks to stop.

    SIGTERM: no more work is taken, what was accepted is answered within `drain_s`, then this returns. A
    second one, or SIGINT, does not wait for work. SIGHUP: the file of API keys, if there is one, is read
    again.

    Args:
        started: called when requests are answered.
    """
    keep_freed_memory()
    give_back_freed_memory()
    # What is loaded stays: Python's collector would go through all of it now and then, for 100 ms.
    gc.freeze()
    services: Services = app.state.services
    settings = services.settings
    shared = Connections(
        most=_connections_within(settings.max_connections),
        head_s=settings.head_s,
        idle_s=settings.idle_s,
        stall_s=settings.body_stall_s,
        taken_s=settings.body_s,
    )
    config = uvicorn.Config(
        app,
        http=cast(Any, partial(LimitedConnection, shared=shared)),  # called like a class
        log_config=None,
        access_log=False,
        # Whose headers are believed is said by `proxies` alone.
        proxy_headers=False,
        ws="none",
        timeout_graceful_shutdown=LAST_S,
    )
    reload_keys = None if services.access is None else partial(_reload_keys, services)
    DrainingServer(config, services.draining, settings.drain_s, started, reload_keys).run([listener])


def _reload_keys(services: Services) -> None:
    """Take the keys that the file has now; a file that cannot be read changes nothing."""
    file = services.settings.api_keys_file
    assert file is not None, "keys come from a file"
    try:
        services.access = read_keys(file)
    except SettingsError as error:
        _log.error("keys_not_read", reason=str(error))
    else:
        _log.info("keys_read", keys=len(services.access.keys))


def _connections_within(most: int) -> int:
    """As many connections as the process may have open, after it has asked for more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = most + OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    fitting = most if soft == resource.RLIM_INFINITY else min(most, max(8, soft - OTHER_FILES))
    if fitting < most:
        _log.warning("few_connections", wanted=most, possible=fitting, open_files=soft)
    return fitting


class DrainingServer(uvicorn.Server):
    """Finishes accepted work before it stops on SIGTERM."""

    def __init__(
        self,
        config: uvicorn.Config,
        draining: Draining,
        drain_s: float,
        started: Callable[[], None],
        reload_keys: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(config)
        self._draining = draining
        self._drain_s = drain_s
        self._started = started
        self._reload_keys = reload_keys

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen, and say so."""
        await super().startup(sockets)
        if self._reload_keys is not None:
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._reload_keys)
        self._started()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal came; the loop is told, because anything may be half done here."""
        if sig != signal.SIGTERM:
            super().handle_exit(sig, frame)
        else:
            begin = self._draining.give_up if self._draining.begun else self._begin_to_stop
            self._draining.begun = True
            asyncio.get_running_loop().call_soon_threadsafe(begin)

    def _begin_to_stop(self) -> None:
        self._stopping = asyncio.ensure_future(self._stop())

    async def _stop(self) -> None:
        _log.info("stopping", requests=self._draining.running, seconds=self._drain_s)
        if not await self._draining.finished(self._drain_s):
            _log.warning("out_of_time", requests=self._draining.running)
            self._draining.give_up()
        self.should_exit = True
