"""Spans of OpenTelemetry: what an answer took, below the span that FastAPI makes of its request.

They cost next to nothing while nobody collects them, and are nothing where OpenTelemetry is not installed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

try:
    from opentelemetry import trace
except ImportError:  # an older FastAPI comes without
    trace = None  # type: ignore[assignment]

_tracer = None if trace is None else trace.get_tracer("splitseem")


def span(name: str) -> AbstractContextManager[Any]:
    """Around a stage, named as in `Server-Timing`."""
    return contextlib.nullcontext() if _tracer is None else _tracer.start_as_current_span(name)


def moment(name: str) -> Callable[[], None]:
    """Notes a moment of the span that is current now, when it is called."""
    if trace is None:
        return lambda: None
    current = trace.get_current_span()
    return lambda: current.add_event(name)


def name_route(method: str, path: str) -> None:
    """Name the span of a request, where FastAPI does not route it."""
    if trace is not None:
        current = trace.get_current_span()
        current.update_name(f"{method} {path}")
        current.set_attribute("http.route", path)
