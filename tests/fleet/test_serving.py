"""The service on a Ray cluster answers as it does by itself, and its encoders take what waits together."""

from __future__ import annotations

import asyncio
import io
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import httpx
import numpy as np
import pytest
import ray
from PIL import Image
from ray import serve as ray_serve
from tests.fleet.conftest import photo

from splitseem_ray.serving import ENCODER, ServeOptions, build

pytestmark = [pytest.mark.slow, pytest.mark.anyio]

URL = "http://127.0.0.1:8923"
BATCH = 4
WARM_WITHIN_S = 60


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    ray.init(num_cpus=4, log_to_driver=False, include_dashboard=False)
    ray_serve.start(http_options={"host": "127.0.0.1", "port": 8923})
    yield
    ray_serve.shutdown()
    ray.shutdown()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def deployed(**options: object) -> None:
    """The service with these options, warm."""
    ray_serve.run(build(ServeOptions.model_validate(options)), name="splitseem", route_prefix="/")
    deadline = time.monotonic() + WARM_WITHIN_S
    while httpx.get(f"{URL}/readyz", timeout=60).status_code != 200:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def large(seed: int) -> bytes:
    random = np.random.default_rng(seed)
    stream = io.BytesIO()
    Image.fromarray(random.integers(0, 256, (256, 384, 3), dtype=np.uint8)).save(stream, "PNG")
    return stream.getvalue()


async def test_answers_are_those_of_the_service_by_itself(
    cluster: None, serve: Callable[..., AbstractContextManager[str]]
) -> None:
    deployed(batch=BATCH)
    with serve("--cache", "memory") as url, httpx.Client(timeout=120) as client:
        for seed in range(3):
            there, here = (client.post(f"{at}/embed", content=photo(seed)) for at in (URL, url))
            assert there.status_code == here.status_code == 200
            assert there.content == here.content
        assert client.get(f"{URL}/readyz").json()["status"] == "ready"
        assert client.post(f"{URL}/embed", content=b"nothing").status_code == 415
        assert "<title>splitseem</title>" in client.get(f"{URL}/").text


async def test_what_the_encoders_cannot_take_is_refused_with_429(cluster: None) -> None:
    deployed(batch=1, waiting=2)
    async with httpx.AsyncClient(base_url=URL, timeout=120) as client:
        answers = await asyncio.gather(*(client.post("/embed", content=large(seed)) for seed in range(40)))
    came = Counter(answer.status_code for answer in answers)
    assert came.keys() <= {200, 429}
    assert came[200] >= 3
    assert came[429] > 0
    assert all(int(answer.headers["Retry-After"]) >= 1 for answer in answers if answer.status_code == 429)


async def test_requests_that_wait_share_runs_of_the_encoder(cluster: None) -> None:
    deployed(batch=BATCH, wait_ms=200)
    replica = ray_serve.get_deployment_handle(ENCODER, "splitseem")
    before = await replica.sizes.remote()
    async with httpx.AsyncClient(base_url=URL, timeout=120) as client:
        sent = [client.post("/embed", content=large(100 + seed)) for seed in range(8)]
        answers = await asyncio.gather(*sent)
    assert {answer.status_code for answer in answers} == {200}
    sizes = await replica.sizes.remote() - before
    assert sum(size * runs for size, runs in sizes.items()) == 8
    assert max(sizes) > 1
