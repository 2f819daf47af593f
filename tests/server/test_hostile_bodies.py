"""A service that gets nothing but bad bodies refuses them, keeps its memory, and lives."""

from __future__ import annotations

import asyncio
from collections import Counter

import httpx
import pytest
from tests.server.hostile import KINDS, run, serving

pytestmark = pytest.mark.slow

BODIES = 120


def test_bad_bodies_are_refused_and_cost_no_memory() -> None:
    with serving() as (pid, url):
        seen, (before, peak, after) = asyncio.run(run(pid, url, BODIES, seed=0))
        alive = httpx.get(f"{url}/healthz", timeout=60)
        answered = httpx.get(f"{url}/readyz", timeout=60)
    statuses = sum(seen.statuses.values(), Counter[int]())
    assert statuses.total() == BODIES
    assert len(seen.statuses) == len(KINDS)
    assert [(sent.path, sent.body[:200]) for sent in seen.failed] == []
    assert statuses[400] + statuses[413] + statuses[415] + statuses[422] > BODIES // 2
    assert alive.status_code == answered.status_code == 200
    assert after - before < 50e6
    assert peak < 1e9
