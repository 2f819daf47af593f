"""A service that gets nothing but bad bodies refuses them, keeps its memory, and lives; none costs much."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator

import httpx
import pytest
from tests.server.costs import BODIES, cost_of, warm
from tests.server.hostile import KINDS, run, serving

pytestmark = pytest.mark.slow

COUNT = 120
MOST_BYTES = 1e9
"""Resident, of the service and the processes that decode files for it."""
TRIES = 5
BEARABLE_S = 0.05
SLACK = 2.0
"""Processor time on a machine whose caches others share."""


@pytest.fixture(scope="module")
def service() -> Iterator[tuple[int, str]]:
    with serving() as (pid, url):
        asyncio.run(warm(url))
        yield pid, url


def test_bad_bodies_are_refused_and_cost_no_memory(service: tuple[int, str]) -> None:
    pid, url = service
    seen, before, peak, after = asyncio.run(run(pid, url, COUNT, seed=0))
    alive = httpx.get(f"{url}/healthz", timeout=60)
    answered = httpx.get(f"{url}/readyz", timeout=60)
    statuses = sum(seen.statuses.values(), Counter[int]())
    assert statuses.total() == COUNT
    assert len(seen.statuses) == len(KINDS)
    assert [(sent.path, sent.body[:200]) for sent in seen.failed] == []
    assert statuses[400] + statuses[413] + statuses[415] + statuses[422] > COUNT // 2
    assert alive.status_code == answered.status_code == 200
    assert after.resident - before.resident < 50e6
    assert peak < MOST_BYTES


def test_objects_that_come_and_go_do_not_hold_the_service(service: tuple[int, str]) -> None:
    """Python's collector goes through what is new, not through all that is loaded."""
    pid, url = service
    outline = BODIES["outline of 16,384 corners"]
    waits = sorted(asyncio.run(cost_of(pid, url, outline())).alive_s for _ in range(TRIES))
    assert waits[-2] < SLACK * BEARABLE_S


@pytest.mark.parametrize("name", BODIES)
def test_no_body_costs_more_than_it_may(service: tuple[int, str], name: str) -> None:
    pid, url = service
    cost = asyncio.run(cost_of(pid, url, BODIES[name]()))
    assert cost.status in (200, 400, 413, 415, 422)
    assert cost.cpu_s < SLACK * cost.most_cpu_s
    assert cost.memory_mb < cost.most_memory_mb
