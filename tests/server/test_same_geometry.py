"""The same file has the same geometry and the same pixels, whichever way it comes in."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import httpx
import numpy as np
import pytest
from click.testing import CliRunner
from fastapi import FastAPI
from PIL import Image
from tests.contract.marked_photos import MarkedPhoto, photos

from splitseem_cli.embed import command as embed
from splitseem_cli.segment import command as segment
from splitseem_cli.serve import load_parts
from splitseem_eval.data import read_rgb as read_for_training
from splitseem_proto import Embedding, ImageGeometry, unpack
from splitseem_server.app import create_app
from splitseem_server.cache.in_process import InProcessCache
from splitseem_server.images.read import ImageLimits, read_image
from splitseem_server.services import Parts
from splitseem_server.settings import Settings

LIMITS = ImageLimits(max_bytes=2**24, max_pixels=2**20)
# Both sides of the rule: turned and not, each container, each place of a mark.
NAMES = (
    "plain.jpeg",
    "exif-short-big-6.jpeg",
    "exif-type4-big-3.png",
    "exif-short-little-8.webp",
    "late-3.jpeg",
    "two-exif-6-3.jpeg",
    "xmp-6.jpeg",
    "after-pixels-6.png",
    "boxes-5.avif",
    "exif-6.avif",
    "tag-7.tiff",
)
CASES = [photo for photo in photos() if photo.name in NAMES]


def test_all_cases_exist() -> None:
    assert {photo.name for photo in CASES} == set(NAMES)


@pytest.fixture(scope="module")
def server(serve: Callable[[FastAPI], AbstractContextManager[str]]) -> Iterator[str]:
    """A model that the command line has, too, behind a real port."""
    encoder = load_parts(Settings(model="tiny")).encoder
    with serve(create_app(Parts(settings=Settings(), encoder=encoder, cache=InProcessCache(2**20)))) as url:
        yield url


@pytest.mark.parametrize("photo", CASES, ids=lambda photo: photo.name)
def test_geometry_is_the_same_everywhere(photo: MarkedPhoto, server: str, tmp_path: Path) -> None:
    path = tmp_path / photo.name
    path.write_bytes(photo.data)
    pixels = read_image(photo.data, LIMITS)
    size_hw = pixels.shape[:2]
    assert size_hw == (photo.colours.shape[0] * 16, photo.colours.shape[1] * 16)

    here = _embedded(path, tmp_path / "here", "--model", "tiny")
    there = _embedded(path, tmp_path / "there", "--server", server)
    told = httpx.post(
        f"{server}/embed", content=photo.data, headers={"Accept": "application/json"}, timeout=120
    ).json()["geometry"]
    assert here.original_hw == size_hw
    assert there == here
    assert tuple(told["original_hw"]) == size_hw
    assert tuple(told["roi_xywh"]) == here.roi_xywh

    seen = Image.open(io.BytesIO(httpx.post(f"{server}/v1/upright", content=photo.data, timeout=120).content))
    np.testing.assert_array_equal(np.asarray(seen), pixels)

    out = tmp_path / "mask.json"
    _run(segment, path, "--point", "5,5", "--model", "tiny", "-o", out)
    assert json.loads(out.read_text())["size"] == list(size_hw)


@pytest.mark.parametrize(
    "photo", [photo for photo in CASES if not photo.name.startswith("xmp")], ids=lambda photo: photo.name
)
def test_training_and_evaluation_see_the_same_pixels(photo: MarkedPhoto, tmp_path: Path) -> None:
    (tmp_path / photo.name).write_bytes(photo.data)
    np.testing.assert_array_equal(read_for_training(tmp_path / photo.name), read_image(photo.data, LIMITS))


def _embedded(photo: Path, folder: Path, *options: str) -> ImageGeometry:
    _run(embed, photo, "-o", folder, *options)
    (file,) = folder.iterdir()
    embedding = unpack(file.read_bytes())
    assert isinstance(embedding, Embedding)
    return embedding.geometry


def _run(command: object, *arguments: object) -> None:
    result = CliRunner().invoke(command, [str(argument) for argument in arguments])  # type: ignore[arg-type]
    assert result.exit_code == 0, result.output
