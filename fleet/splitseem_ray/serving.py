"""The service on a Ray cluster: the same app, whose encoder is a deployment of its own, a replica a device.

    SPLITSEEM_CACHE=redis://cache:6379 serve run splitseem_ray.serving:build gpus=1 replicas=4

The app decodes images, keeps the cache and answers; what the network does is sent to the replicas, which take
what waits together.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Any, cast

import pydantic
from fastapi import FastAPI
from ray import serve
from ray.serve.exceptions import BackPressureError
from ray.serve.handle import DeploymentHandle

from splitseem_model.encode.encoder import ImageEncoder, Maps, ModelInput
from splitseem_ray.worker import Wish, load_encoder
from splitseem_server.embedding.encoder import Encoder
from splitseem_server.errors import QueueFull
from splitseem_server.services import Parts
from splitseem_server.settings import Settings, load_settings

ENCODER, SERVER = "Encoder", "Server"
RETRY_S = 2
MOST_AT_ONCE = 64
"""Images of one server that the replicas have in hand."""


class ServeOptions(pydantic.BaseModel):
    """What `serve run` takes after the name, `name=value`; all else is a setting of the service.

    Args:
        servers: replicas of the app.
        replicas: most replicas of the encoder; there is one at least, and more as more waits.
        cpus, gpus: of a node, for each replica of the encoder; a fraction of a GPU lets several share it.
        batch: images that a replica takes at once.
        wait_ms: milliseconds that it waits for them.
        waiting: images that may wait for the replicas, for each server; more are refused with 429.
    """

    model_config = pydantic.ConfigDict(extra="forbid")

    servers: int = pydantic.Field(default=1, ge=1)
    replicas: int = pydantic.Field(default=1, ge=1)
    cpus: float = pydantic.Field(default=1, ge=0)
    gpus: float = pydantic.Field(default=0, ge=0)
    batch: int = pydantic.Field(default=8, ge=1)
    wait_ms: float = pydantic.Field(default=0, ge=0)
    waiting: int = pydantic.Field(default=MOST_AT_ONCE, ge=1)


class EncoderReplica:
    """The network on one device, for all servers."""

    def __init__(self, wish: Wish, most: int, wait_s: float) -> None:
        self._encoder = load_encoder(wish)
        self._sizes: Counter[int] = Counter()
        self.run.set_max_batch_size(most)
        self.run.set_batch_wait_timeout_s(wait_s)

    @serve.batch  # type: ignore[untyped-decorator]
    async def run(self, images: list[tuple[ModelInput, str | None]]) -> list[Maps]:
        """What the network gives for each image; those of equal padded size and maps run together."""
        groups: dict[tuple[object, ...], list[int]] = {}
        for place, (image, maps) in enumerate(images):
            groups.setdefault((*image.geometry.padded_hw, maps), []).append(place)
        found: dict[int, Maps] = {}
        for places in groups.values():
            together = [images[place][0] for place in places]
            self._sizes[len(together)] += 1
            run = partial(self._encoder.run, together, images[places[0]][1])
            found.update(zip(places, await asyncio.to_thread(run), strict=True))
        return [found[place] for place in range(len(images))]

    def sizes(self) -> Counter[int]:
        """How many runs had how many images, so far."""
        return self._sizes


class RemoteEncoder:
    """`ImageEncoder` but for the network, which replicas run."""

    def __init__(self, host: ImageEncoder, replicas: DeploymentHandle) -> None:
        self._host = host
        self._replicas = replicas

    def __getattr__(self, name: str) -> Any:
        return getattr(self._host, name)

    def run(self, images: Sequence[ModelInput], maps: str | None) -> list[Maps]:
        """As `ImageEncoder.run`.

        Raises:
            DeviceMemoryError: as there. QueueFull: too much waits for the replicas.
        """
        answers = [self._replicas.run.remote((image, maps)) for image in images]
        try:
            return [answer.result() for answer in answers]
        except BackPressureError as error:
            raise QueueFull(
                f"too many images wait for the encoders; try again in {RETRY_S} s",
                headers={"Retry-After": str(RETRY_S)},
            ) from error


def build(options: ServeOptions) -> serve.Application:
    """The application that `serve run` deploys; settings are those of the environment.

    Raises:
        SettingsError: a setting is wrong.
    """
    settings = load_settings(encode_workers=min(options.waiting, MOST_AT_ONCE), encode_threads=1)
    wish = Wish(settings.model, settings.preset, "cuda" if options.gpus else "cpu")
    encoder = serve.deployment(
        name=ENCODER,
        ray_actor_options={"num_cpus": options.cpus, "num_gpus": options.gpus},
        max_ongoing_requests=2 * options.batch,
        max_queued_requests=options.waiting,
        autoscaling_config={
            "min_replicas": 1,
            "max_replicas": options.replicas,
            "target_ongoing_requests": options.batch,
        },
    )(EncoderReplica)

    def app() -> FastAPI:
        return build_app(settings)

    server = serve.deployment(
        name="Server",
        num_replicas=options.servers,
        max_ongoing_requests=1000,
        ray_actor_options={"num_cpus": 1},
    )(serve.ingress(app)())
    # The encoder is an argument only so that it is deployed too: the server asks for it by its name.
    return server.bind(encoder.bind(wish, options.batch, options.wait_ms / 1000))


def build_app(settings: Settings) -> FastAPI:
    """On a server: the app of `splitseem serve`, with the encoder of this application."""
    from splitseem_cli import serve as command

    replicas = serve.get_deployment_handle(ENCODER, serve.get_replica_context().app_name)

    def with_replicas(parts: Parts) -> Parts:
        encoder = RemoteEncoder(cast(ImageEncoder, parts.encoder), replicas)
        return dataclasses.replace(parts, encoder=cast(Encoder, encoder))

    return command.build_app(settings, with_replicas)
