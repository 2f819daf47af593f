"""A small model behind a real port that answers the protocols of other programs, and what it should say."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import httpx
import numpy as np
import pytest
import torch
from fastapi import FastAPI
from numpy.typing import NDArray
from PIL import Image

from splitseem_model.config import TINY
from splitseem_model.network import SegmentationModel
from splitseem_model.predictor import Predictor
from splitseem_model.step.replay import replay
from splitseem_model.tasks.segments import Segment, Segmentation
from splitseem_model.torch_decoder import decoder_of
from splitseem_proto import Embedding, PromptItem, encode_rle
from splitseem_server.app import create_app
from splitseem_server.cache.in_process import InProcessCache
from splitseem_server.http.access import Access, make_key
from splitseem_server.services import Parts
from splitseem_server.settings import ADAPTERS, Settings

WIDTH, HEIGHT = 90, 60
Mask = NDArray[np.bool_]


class FramesAndNothing:
    """Finds two frames, one in two parts, and something without a pixel."""

    def segment(self, embedding: Embedding, mode: str, min_score: float) -> Segmentation:
        first, second, nothing = np.zeros((3, HEIGHT, WIDTH), np.bool_)
        first[5:40, 10:40], first[15:30, 20:30], first[18:20, 22:24] = True, False, True
        second[50:55, 60:80], second[52, 62:70] = True, False
        found = [
            Segment(number, number, f"frame {number}", True, 0.5, encode_rle(mask))
            for number, mask in enumerate((first, second, nothing), start=1)
        ]
        return Segmentation((first + 2 * second).astype(np.int32), tuple(found))


@pytest.fixture(scope="package")
def model() -> SegmentationModel:
    torch.manual_seed(0)
    return SegmentationModel(TINY).eval()


@pytest.fixture(scope="package")
def predictor(model: SegmentationModel) -> Predictor:
    """What `splitseem segment` uses."""
    return Predictor(model)


@pytest.fixture(scope="package")
def pixels() -> NDArray[np.uint8]:
    """A photo of blots, so that there are edges."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    shades = np.random.default_rng(0).integers(0, 40, (HEIGHT, WIDTH, 3))
    shades[(rows - 22) ** 2 + (columns - 33) ** 2 < 200] += 150
    return shades.astype(np.uint8)


@pytest.fixture(scope="package")
def photo(pixels: NDArray[np.uint8]) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture(scope="package")
def expected(predictor: Predictor, pixels: NDArray[np.uint8]) -> Callable[..., Mask]:
    """The mask of `splitseem segment` after the last of some prompts."""
    image = predictor.encode(pixels)

    def mask(*items: PromptItem) -> Mask:
        *_, last = replay(predictor.step, image, [(item,) for item in items])
        return predictor.mask(image, last)

    return mask


@pytest.fixture(scope="package")
def make_app(predictor: Predictor, model: SegmentationModel) -> Callable[..., FastAPI]:
    """The app with all adapters, unless a setting says otherwise."""

    def make(keys: Sequence[Any] = (), **settings: Any) -> FastAPI:
        return create_app(
            Parts(
                settings=Settings(**{"adapters": ",".join(ADAPTERS), **settings}),
                encoder=predictor.encoder,
                cache=InProcessCache(2**24),
                prompt_decoder=decoder_of(model, predictor.fingerprint),
                segmenter=FramesAndNothing(),
                access=Access(tuple(keys)) if keys else None,
            )
        )

    return make


@pytest.fixture(scope="package")
def url(make_app: Callable[..., FastAPI], serve: Any) -> Iterator[str]:
    """The address of the app on a real port."""
    with serve(make_app()) as address:
        yield address


@pytest.fixture(scope="package")
def client(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, timeout=60) as running:
        yield running


@pytest.fixture(scope="package")
def keys() -> dict[str, tuple[str, Any]]:
    """Keys by their scopes: the secret, and what is kept of it."""
    return {scope: make_key(scope, [scope]) for scope in ("embed", "decode")}


@pytest.fixture(scope="package")
def guarded(
    make_app: Callable[..., FastAPI], keys: dict[str, tuple[str, Any]], serve: Any
) -> Iterator[httpx.Client]:
    """The app where callers need a key."""
    with (
        serve(make_app([kept for _, kept in keys.values()], max_image_bytes=2**16)) as address,
        httpx.Client(base_url=address, timeout=60) as running,
    ):
        yield running
