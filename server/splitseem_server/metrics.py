"""What an operator watches, for Prometheus: requests, where embeddings came from, stages, the queue."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.metadata import version

from prometheus_client import (
    CONTENT_TYPE_PLAIN_0_0_4,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from starlette.types import Scope

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4

_PREFIX = "splitseem_"

# From a cached answer on the same machine to a large image on a slow processor.
_SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

# Images that the device takes at once.
_IMAGES = (1, 2, 4, 8, 16, 32, 64, 128, 256)

STATE: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "ready": ("1 once the model is warm.", ()),
    "waiting_images": ("Images that wait for the encoder.", ()),
    "queue_depth": ("Pieces of work that wait, by what they are.", ("queue",)),
    "requests_in_progress": ("Requests for work that are at work.", ()),
    "cache_reachable": ("1 when the cache answers.", ()),
    "cache_faults": (
        "Operations of the cache that failed since the start; each was treated as a miss.",
        (),
    ),
    "cache_held_bytes": ("Bytes of embeddings that this process keeps, by tier.", ("tier",)),
    "device_memory_allocated_bytes": ("Memory of the device in tensors of this process.", ("device",)),
    "device_memory_reserved_bytes": (
        "Memory of the device that this process has taken, for tensors now and later.",
        ("device",),
    ),
    "device_memory_peak_bytes": ("The most that tensors of this process ever had.", ("device",)),
    "device_memory_total_bytes": ("Memory that the device has, for all processes.", ("device",)),
}
"""What is read when it is asked for, by name, with its labels."""

Reading = tuple[str, tuple[str, ...], float]
"""A value of `STATE`: name, values of its labels, number."""

# Requests that no route took: the page's own files, and what does not exist.
_NO_ROUTE = "other"

# Whatever else a client may send as a method is one series.
_METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})

TOLD = "splitseem.told"
"""Of the scope of a request: what inner layers tell those around them, by name."""

# As web servers log a request whose client did not wait.
_CLIENT_GONE = 499


def tell_problem(scope: Scope, name: str) -> None:
    """Note in a request the type of the problem that it is answered with."""
    scope.get(TOLD, {})["problem"] = name


def problem_of(scope: Scope) -> str | None:
    """The type of the problem that a request was answered with."""
    told: Mapping[str, str] = scope.get(TOLD, {})
    return told.get("problem")


_COUNTERS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "http_requests": ("Requests answered.", ("method", "route", "status")),
    "answers": ("Answers about an image, by where its embedding came from: hit, miss, joined.", ("cache",)),
    "refusals": ("Requests that were refused, by the type of the problem.", ("reason",)),
    "cache_reads": (
        "Looks into a cache, by tier (local, memory, redis) and result (hit, miss, damaged).",
        ("tier", "result"),
    ),
    "embedding_made_bytes": ("Bytes of embeddings that were made, by codec.", ("codec",)),
}
_HISTOGRAMS: Mapping[str, tuple[str, tuple[str, ...], Sequence[float]]] = {
    "http_request_seconds": (
        "From the first byte of a request to the last of its answer.",
        ("method", "route"),
        _SECONDS,
    ),
    "stage_seconds": (
        "Stages of an answer about an image, named as in Server-Timing.",
        ("stage",),
        _SECONDS,
    ),
    "queue_wait_seconds": (
        "What pieces of work waited before they began, by what they are.",
        ("queue",),
        _SECONDS,
    ),
    "encoder_run_images": ("Images of a run of the encoder's device.", (), _IMAGES),
    "encoder_run_seconds": (
        "Runs of the encoder's device; the rate of their sum is how busy it is.",
        (),
        _SECONDS,
    ),
}
_BUILD = ("version", "model", "fingerprint", "device")


class Metrics:
    """The figures of one app, in a registry of their own."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._counters = {
            name: Counter(_PREFIX + name, text, labels, registry=registry)
            for name, (text, labels) in _COUNTERS.items()
        }
        self._histograms = {
            name: Histogram(_PREFIX + name, text, labels, buckets=buckets, registry=registry)
            for name, (text, labels, buckets) in _HISTOGRAMS.items()
        }
        # Finding the series of some labels takes longer than counting in it.
        self._counter = cache(lambda name, *labels: self._counters[name].labels(*labels))
        self._histogram = cache(lambda name, *labels: self._histograms[name].labels(*labels))
        self._build = Gauge(_PREFIX + "build_info", "1; what runs here.", _BUILD, registry=registry)
        # Made when first there is a value: what a service does not have, it does not name.
        self._state = cache(lambda name: Gauge(_PREFIX + name, *STATE[name], registry=registry))

    def requested(self, scope: Scope, status: int | None, seconds: float) -> None:
        """Count a request under the pattern of its route, so that keys make no series; see `Watch`."""
        method = scope["method"] if scope["method"] in _METHODS else "other"
        route = getattr(scope.get("route"), "path", _NO_ROUTE)
        self._counter("http_requests", method, route, str(status or _CLIENT_GONE)).inc()
        self._histogram("http_request_seconds", method, route).observe(seconds)
        problem = problem_of(scope)
        if problem is not None:
            self._counter("refusals", problem).inc()

    def answered(self, source: str, timings_ms: Mapping[str, float]) -> None:
        """Count an answer about an image, see `Services.report`."""
        self._counter("answers", source).inc()
        for stage, milliseconds in timings_ms.items():
            self._histogram("stage_seconds", stage).observe(milliseconds / 1000)

    def cache_read(self, tier: str, result: str) -> None:
        """Count a look into a cache, see `CheckedCache`."""
        self._counter("cache_reads", tier, result).inc()

    def made(self, codec: str, data: bytes) -> None:
        """Count an embedding that was made."""
        self._counters["embedding_made_bytes"].labels(codec).inc(len(data))

    def ran(self, images: int, seconds: float) -> None:
        """Count a run of the encoder's device, see `Device`."""
        self._histograms["encoder_run_images"].observe(images)
        self._histograms["encoder_run_seconds"].observe(seconds)

    def waited(self, queue: str, seconds: float) -> None:
        """Count a wait for a worker, see `EncodeQueue`."""
        self._histogram("queue_wait_seconds", queue).observe(seconds)

    def build(self, *, model: str, fingerprint: str, device: str) -> None:
        """Say what runs here."""
        self._build.labels(version("splitseem"), model, fingerprint, device).set(1)

    def text(self, state: Iterable[Reading]) -> bytes:
        """All figures in the text format of Prometheus; `state` has the values of `STATE` now."""
        for name, labels, value in state:
            gauge = self._state(name)
            (gauge.labels(*labels) if labels else gauge).set(value)
        return generate_latest(self._registry)
