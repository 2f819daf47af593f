"""The encoder's stages: batches, a device that the host keeps busy, and what never reaches it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pytest
from tests.server.gates import Gate

from splitseem_model.checkpoints.registry import load_model
from splitseem_model.encode.encoder import ImageEncoder
from splitseem_model.encode.preprocess import geometry_of
from splitseem_model.encode.resize import crop_and_resize
from splitseem_model.errors import DeviceMemoryError
from splitseem_proto import ImageGeometry, decode_tensor
from splitseem_server.app import create_app
from splitseem_server.cache.in_process import InProcessCache
from splitseem_server.embedding.device import Batching, Device
from splitseem_server.embedding.pipeline import WARM_UP_RUNS, EncodePipeline, Wanted
from splitseem_server.errors import OutOfDeviceMemory
from splitseem_server.images.pool import View
from splitseem_server.services import Parts
from splitseem_server.settings import Settings

pytestmark = pytest.mark.anyio


class FakeDevice:
    """Doubles numbers; its runs can be held, and only some images fit at once."""

    def __init__(self, fits: int = 1000) -> None:
        self.fits = fits
        self.runs: list[tuple[list[int], str]] = []
        self.gate = Gate()

    def __call__(self, images: Sequence[int], group: str) -> list[int]:
        self.runs.append((list(images), group))
        self.gate.wait()
        if len(images) > self.fits:
            raise DeviceMemoryError("full")
        return [2 * image for image in images]

    async def until(self, runs: int) -> None:
        while len(self.runs) < runs:
            await asyncio.sleep(0.002)


def nothing() -> None:
    """Of those whom the begin of a run does not concern."""


async def ask(device: Device[str], *images: int, group: str = "a") -> list[asyncio.Task[Any]]:
    """Requests that have reached the device."""
    tasks = [asyncio.ensure_future(device.run(image, group, nothing)) for image in images]
    await asyncio.sleep(0)
    return tasks


async def test_what_waits_while_the_device_works_runs_together_in_order() -> None:
    fake = FakeDevice()
    device = Device(fake, Batching(most=4))
    fake.gate.clear()
    tasks = await ask(device, 0, 1, 2, 3, 4, 5)
    await fake.until(1)
    fake.gate.set()
    assert await asyncio.gather(*tasks) == [0, 2, 4, 6, 8, 10]
    assert fake.runs == [([0], "a"), ([1, 2, 3, 4], "a"), ([5], "a")]


async def test_only_images_of_one_group_run_together_and_none_is_passed_over() -> None:
    fake = FakeDevice()
    device = Device(fake, Batching(most=3))
    fake.gate.clear()
    tasks = await ask(device, 0)
    for image, group in [(1, "a"), (2, "b"), (3, "a"), (4, "b"), (5, "c")]:
        tasks += await ask(device, image, group=group)
    await fake.until(1)
    fake.gate.set()
    assert await asyncio.gather(*tasks) == [0, 2, 4, 6, 8, 10]
    assert fake.runs[1:] == [([1, 3], "a"), ([2, 4], "b"), ([5], "c")]


async def test_one_image_a_run_is_the_default() -> None:
    fake = FakeDevice()
    device = Device(fake, Batching())
    assert await asyncio.gather(*await ask(device, 1, 2, 3)) == [2, 4, 6]
    assert [len(images) for images, _ in fake.runs] == [1, 1, 1]


async def test_an_idle_device_waits_for_a_batch_only_as_long_as_it_may() -> None:
    fake = FakeDevice()
    device = Device(fake, Batching(most=3, wait_s=30))
    tasks = await ask(device, 1, 2)
    await asyncio.sleep(0.05)
    assert fake.runs == []
    tasks += await ask(device, 3)
    assert await asyncio.gather(*tasks) == [2, 4, 6]
    assert len(fake.runs) == 1
    short = Device(fake, Batching(most=3, wait_s=0.02))
    assert await short.run(7, "a", nothing) == 14


async def test_what_is_cancelled_before_it_begins_never_runs() -> None:
    fake = FakeDevice()
    device = Device(fake, Batching(most=4))
    fake.gate.clear()
    first, second, third = await ask(device, 0, 1, 2)
    await fake.until(1)
    second.cancel()
    await asyncio.sleep(0)
    fake.gate.set()
    assert [await first, await third] == [0, 4]
    assert fake.runs == [([0], "a"), ([2], "a")]


async def test_a_caller_that_leaves_during_a_run_harms_no_other_of_the_batch() -> None:
    fake = FakeDevice()
    device = Device(fake, Batching(most=2, wait_s=30))
    fake.gate.clear()
    first, second = await ask(device, 1, 2)
    await fake.until(1)
    first.cancel()
    await asyncio.sleep(0.01)
    fake.gate.set()
    assert await second == 4


async def test_a_batch_that_does_not_fit_runs_in_halves_and_the_process_goes_on() -> None:
    fake = FakeDevice(fits=2)
    device = Device(fake, Batching(most=8, wait_s=30))
    assert await asyncio.gather(*await ask(device, *range(8))) == [2 * image for image in range(8)]
    sizes = [len(images) for images, _ in fake.runs]
    assert sizes == [8, 4, 2, 2, 2, 2]
    # From then on no more than what fitted.
    before = len(fake.runs)
    await asyncio.gather(*await ask(device, *range(6)))
    assert {len(images) for images, _ in fake.runs[before:]} == {2}


async def test_more_images_are_tried_again_after_a_while() -> None:
    fake = FakeDevice(fits=1)
    device = Device(fake, Batching(most=4, wait_s=0.0))
    fake.gate.clear()
    tasks = await ask(device, *range(5))
    fake.gate.set()
    await asyncio.gather(*tasks)
    fake.fits = 4
    for _ in range(120):
        await asyncio.gather(*await ask(device, 1, 2, 3, 4))
    assert max(len(images) for images, _ in fake.runs[-6:]) > 1


async def test_one_image_that_does_not_fit_is_refused_and_the_next_is_answered() -> None:
    fake = FakeDevice(fits=0)
    device = Device(fake, Batching(most=2))
    with pytest.raises(OutOfDeviceMemory) as refused:
        await device.run(1, "a", nothing)
    assert "Retry-After" in refused.value.headers
    fake.fits = 2
    assert await device.run(2, "a", nothing) == 4


async def test_without_device_memory_the_answer_is_503_and_the_service_lives(
    make_app: Any, run_in_process: Any, encoder: Any, image_bytes: Any
) -> None:
    async with run_in_process(make_app()) as client:
        encoder.error = DeviceMemoryError("full")
        refused = await client.post("/embed", content=image_bytes())
        encoder.error = None
        answered = await client.post("/embed", content=image_bytes())
    assert refused.status_code == 503
    assert refused.json()["type"] == "urn:splitseem:problem:out-of-device-memory"
    assert answered.status_code == 200


async def test_every_device_works_on_its_own_image(
    encoder: Any, run_in_process: Any, image_bytes: Any
) -> None:
    others = [type(encoder)() for _ in range(2)]
    app = create_app(
        Parts(settings=Settings(), encoder=encoder, cache=InProcessCache(2**24), more_encoders=others)
    )
    devices = [encoder, *others]
    async with run_in_process(app) as client:
        assert [len(device.images) for device in devices] == [WARM_UP_RUNS] * 3
        for device in devices:
            device.gate.clear()
        images = [image_bytes(colour=(10 * number, 0, 0)) for number in range(5)]
        asked = [asyncio.ensure_future(client.post("/embed", content=image)) for image in images]
        while any(len(device.images) == WARM_UP_RUNS for device in devices):
            await asyncio.sleep(0.005)
        devices[1].gate.set()
        while len(devices[1].images) < WARM_UP_RUNS + 3:
            await asyncio.sleep(0.005)
        for device in devices:
            device.gate.set()
        answers = [await task for task in asked]
    assert [answer.status_code for answer in answers] == [200] * 5
    assert len({answer.content for answer in answers}) == 5
    assert [len(device.images) - WARM_UP_RUNS for device in devices] == [1, 3, 1]


async def test_what_waits_too_long_is_503_with_retry_after_and_never_encoded(
    make_app: Any, run_in_process: Any, encoder: Any, image_bytes: Any
) -> None:
    async with run_in_process(make_app(queue_s=5)) as client:
        # So that the process that decodes has started.
        await client.post("/embed", content=image_bytes(colour="green"))
        encoder.gate.clear()
        running = asyncio.ensure_future(client.post("/embed", content=image_bytes(colour="red")))
        while len(encoder.images) < 4:
            await asyncio.sleep(0.005)
        late = await client.post("/embed", content=image_bytes(colour="blue"))
        encoder.gate.set()
        assert (await running).status_code == 200  # a run that has begun is not stopped
        assert len(encoder.images) == 4
        again = await client.post("/embed", content=image_bytes(colour="blue"))
    assert late.status_code == 503
    assert late.json()["type"] == "urn:splitseem:problem:waited-too-long"
    assert int(late.headers["retry-after"]) >= 1
    assert again.status_code == 200


async def test_requests_at_once_share_runs_of_the_encoder(
    make_app: Any, run_in_process: Any, encoder: Any, image_bytes: Any
) -> None:
    app = make_app(max_batch=4, queue_size=64, max_wait_ms=200)
    async with run_in_process(app) as client:
        encoder.gate.clear()
        images = [image_bytes(colour=(10 * number, 0, 0)) for number in range(9)]
        asked = [asyncio.ensure_future(client.post("/embed", content=image)) for image in images]
        while len(encoder.images) < 3:
            await asyncio.sleep(0.005)
        while app.state.services.queue.waiting < 5:
            await asyncio.sleep(0.005)
        encoder.gate.set()
        answers = [await task for task in asked]
    assert [answer.status_code for answer in answers] == [200] * 9
    assert len({answer.content for answer in answers}) == 9
    assert max(encoder.batches) > 1


class SlowHost:
    """Stands for images and encoder: every stage takes its time, and that of the device is written down."""

    name, fingerprint, canvas, codecs, maps = "slow", "f" * 16, 32, ("float32",), ("features",)

    def __init__(self, host_s: float, device_s: Callable[[int], float]) -> None:
        self._host_s = host_s
        self._device_s = device_s
        self.busy_s = 0.0
        self.sizes: list[int] = []

    async def pixels(self, _image: bytes, view: View, *, needs_bytes: int) -> Any:
        await asyncio.sleep(self._host_s)
        return np.zeros((*view.size_hw, 3), np.uint8)

    def prepare(self, pixels: Any, _geometry: ImageGeometry) -> Any:
        return pixels

    def run(self, images: Sequence[Any], _maps: str) -> Sequence[Any]:
        seconds = self._device_s(len(images))
        time.sleep(seconds)
        self.busy_s += seconds
        self.sizes.append(len(images))
        return images

    def finish(self, _image: Any, _maps: Any, _codec: str) -> Any:
        time.sleep(self._host_s)
        return _Packed()


class _Packed:
    def __init__(self) -> None:
        self.data = b""


async def images_a_second(host: SlowHost, batching: Batching, count: int) -> float:
    pipeline = EncodePipeline(host, host, batching, capacity=count, queue_s=600)  # type: ignore[arg-type]  # as above
    pipeline._finish = lambda prepared, maps, wanted: host.finish(prepared, maps, "")  # type: ignore[method-assign]
    geometry = geometry_of((32, 32), canvas=32, canvas_side="longest")
    view = View(geometry.roi_xywh, geometry.input_hw)
    begin = time.perf_counter()
    make = partial(pipeline.make, b"", Wanted("0" * 64, geometry, "float32", "features", 0, view), nothing)
    await asyncio.gather(*(make() for _ in range(count)))
    return count / (time.perf_counter() - begin)


async def test_the_device_does_not_wait_for_the_host() -> None:
    """One after the other, the device would be busy for a third of the time."""
    host = SlowHost(0.05, lambda images: 0.05)
    count = 20
    rate = await images_a_second(host, Batching(), count)
    assert host.busy_s / (count / rate) > 0.6


async def test_batches_pay_on_a_device_whose_runs_cost_little_more_for_more_images() -> None:
    """As on a GPU: 40 ms a run and 2 ms an image; eight at once are 5.9 times as fast."""

    def curve(images: int) -> float:
        return 0.04 + 0.002 * images

    alone = await images_a_second(SlowHost(0.001, curve), Batching(most=1), 16)
    batched = SlowHost(0.001, curve)
    together = await images_a_second(batched, Batching(most=8), 64)
    assert max(batched.sizes) == 8
    assert together > 2.5 * alone


@pytest.mark.parametrize("model", ["tiny", "nano"])
async def test_a_batch_gives_what_single_images_give(model: str) -> None:
    encoder = ImageEncoder(load_model(model))
    drawn = np.random.default_rng(0)
    photos = [drawn.integers(0, 256, (60, 80, 3), dtype=np.uint8) for _ in range(3)]
    geometry = encoder.geometry_for((60, 80))
    inputs = [
        encoder.prepare(crop_and_resize(photo, geometry.roi_xywh, geometry.input_hw), geometry)
        for photo in photos
    ]
    for photo, image, maps in zip(photos, inputs, encoder.run(inputs, None), strict=True):
        single = encoder.encode(photo, codec="float32")
        together = encoder.finish(image, maps, "float32")
        assert [tensor.name for tensor in together.tensors] == [tensor.name for tensor in single.tensors]
        for one, other in zip(single.tensors, together.tensors, strict=True):
            # A batch may choose another order of adding.
            np.testing.assert_allclose(decode_tensor(one), decode_tensor(other), rtol=1e-3, atol=1e-3)
