"""What an operator watches, for Prometheus: requests, where embeddings came from, stages, the queue."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import (
    CONTENT_TYPE_PLAIN_0_0_4,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from starlette.types import Scope

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4

# From a cached answer on the same machine to a large image on a slow processor.
_SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

STATE = {
    "ready": "1 once the model is warm.",
    "waiting_images": "Images that wait for the encoder.",
    "cache_reachable": "1 when the cache answers.",
    "cache_faults": "Operations of the cache that failed since the start; each was treated as a miss.",
}
"""What is read when it is asked for, by name."""

# Requests that no route took: the page's own files, and what does not exist.
_NO_ROUTE = "other"

# Whatever else a client may send as a method is one series.
_METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})

# As web servers log a request whose client did not wait.
_CLIENT_GONE = 499


class Metrics:
    """The figures of one app, in a registry of their own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "splitseem_http_requests",
            "Requests answered.",
            ["method", "route", "status"],
            registry=self._registry,
        )
        self._request_seconds = Histogram(
            "splitseem_http_request_seconds",
            "From the first byte of a request to the last of its answer.",
            ["method", "route"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._answers = Counter(
            "splitseem_answers",
            "Answers about an image, by where its embedding came from: hit, miss, joined.",
            ["cache"],
            registry=self._registry,
        )
        self._stage_seconds = Histogram(
            "splitseem_stage_seconds",
            "Stages of an answer about an image, named as in Server-Timing.",
            ["stage"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._state = {
            name: Gauge(f"splitseem_{name}", text, registry=self._registry) for name, text in STATE.items()
        }

    def requested(self, scope: Scope, status: int | None, seconds: float) -> None:
        """Count a request under the pattern of its route, so that keys make no series; see `Watch`."""
        method = scope["method"] if scope["method"] in _METHODS else "other"
        route = getattr(scope.get("route"), "path", _NO_ROUTE)
        self._requests.labels(method, route, str(status or _CLIENT_GONE)).inc()
        self._request_seconds.labels(method, route).observe(seconds)

    def answered(self, source: str, timings_ms: Mapping[str, float]) -> None:
        """Count an answer about an image, see `Services.report`."""
        self._answers.labels(source).inc()
        for stage, milliseconds in timings_ms.items():
            self._stage_seconds.labels(stage).observe(milliseconds / 1000)

    def text(self, state: Mapping[str, float]) -> bytes:
        """All figures in the text format of Prometheus; `state` has the values of `STATE` now."""
        for name, value in state.items():
            self._state[name].set(value)
        return generate_latest(self._registry)
