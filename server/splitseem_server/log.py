"""Log lines: for people on a console, or as JSON."""

from __future__ import annotations

import logging

import structlog

from splitseem_server.settings import Settings

# Tracebacks are plain: local variables may hold images and secrets.
_RENDERERS: dict[str, tuple[structlog.typing.Processor, ...]] = {
    "json": (structlog.processors.format_exc_info, structlog.processors.JSONRenderer()),
    "console": (
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ),
}


def configure_log(settings: Settings) -> None:
    """Set up structlog for this process, and write down all settings with secrets masked."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            *_RENDERERS[settings.log_format],
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[settings.log_level.upper()]
        ),
        logger_factory=structlog.PrintLoggerFactory(),
    )
    structlog.get_logger(__name__).info("settings", **settings.masked())
