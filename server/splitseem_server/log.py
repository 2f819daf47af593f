"""Log lines: for people on a console, or as JSON."""

from __future__ import annotations

import logging
import sys
from urllib.parse import quote

import structlog
from starlette.types import Scope

from splitseem_server.settings import Settings

# Tracebacks are plain: local variables may hold images and secrets.
_RENDERERS: dict[str, tuple[structlog.typing.Processor, ...]] = {
    "json": (structlog.processors.format_exc_info, structlog.processors.JSONRenderer()),
    "console": (
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ),
}
_SHARED: tuple[structlog.typing.Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso"),
)
_OF_LIBRARIES = "splitseem"
"""Name of the handler that writes what libraries log."""
_QUIET = ("python_multipart",)
"""Libraries that log what callers send, which is answered to them."""


def logged_path(scope: Scope) -> str:
    """The path of a request as it came, in which no line ends and no terminal is steered."""
    raw: bytes = scope.get("raw_path") or quote(scope["path"]).encode("ascii")
    return raw.decode("ascii", "backslashreplace")


def configure_log(settings: Settings) -> None:
    """Set up the log of this process, that of libraries included, and write down all settings with secrets
    masked."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    structlog.configure(
        processors=[*_SHARED, *_RENDERERS[settings.log_format]],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(),
    )
    _configure_libraries(settings.log_format, max(level, logging.WARNING))
    structlog.get_logger(__name__).info("settings", **settings.masked())


def _configure_libraries(log_format: str, level: int) -> None:
    """Write what libraries log in the same form."""
    handler = logging.StreamHandler(sys.stdout)
    handler.name = _OF_LIBRARIES
    handler.setLevel(level)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=(*_SHARED, structlog.stdlib.add_logger_name),
            processors=(
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_RENDERERS[log_format],
            ),
        )
    )
    root = logging.getLogger()
    for before in [one for one in root.handlers if one.name == _OF_LIBRARIES]:
        root.removeHandler(before)
    root.addHandler(handler)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.ERROR)
