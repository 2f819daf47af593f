"""The client against the real service: every route, every kind of image, with and without `await`."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from splitseem import AsyncClient, Box, Click, Client, EmbeddedImage, InputError, NotFound, Refused
from splitseem_model.mask.photo.snapping import SNAP
from splitseem_model.predictor import Predictor
from splitseem_model.step.options import StepOptions
from splitseem_proto import Embedding, unpack

PHOTO = Path(__file__).parents[2] / "client" / "public" / "samples" / "astronaut.jpg"
CLICKS = [Click(220.5, 120.5), Click(40.5, 300.5, label=0)]


@pytest.fixture(scope="module")
def client(nano_server: str) -> Iterator[Client]:
    with Client(nano_server) as made:
        yield made


@pytest.fixture(scope="module")
def embedded(client: Client) -> EmbeddedImage:
    return client.embed(PHOTO)


@pytest.fixture(scope="module")
def pixels() -> Any:
    return np.asarray(Image.open(PHOTO).convert("RGB"))


def test_an_embedding_is_the_one_that_the_predictor_makes(embedded: EmbeddedImage, pixels: Any) -> None:
    expected = Predictor.load("nano").encode(pixels).embedding
    assert embedded.embedding.fingerprint == expected.fingerprint
    assert embedded.size_hw == (512, 512)
    for tensor in expected.tensors:
        assert embedded.tensors[tensor.name].dtype == np.float32
    np.testing.assert_array_equal(embedded.embedding.tensors[0].array, expected.tensors[0].array, strict=True)


def test_clicks_give_the_mask_of_the_predictor(client: Client, embedded: EmbeddedImage, pixels: Any) -> None:
    # The server keeps the embedding without the photo itself.
    predictor = Predictor.load("nano").with_options(StepOptions(without=frozenset({SNAP})))
    image = predictor.encode(pixels)
    first = predictor.step(image, CLICKS[:1])
    second = predictor.step(image, CLICKS, first.memory)
    found = client.segment(embedded, CLICKS[:1])
    assert found.mask.dtype == np.bool_
    np.testing.assert_array_equal(found.mask, predictor.mask(image, first))
    assert found.label == first.label
    assert found.score == pytest.approx(first.score, abs=1e-4)
    assert found.memory is not None
    assert found.memory.prompts == 1
    better = client.segment(embedded, CLICKS, memory=found.memory)
    np.testing.assert_array_equal(better.mask, predictor.mask(image, second))


def test_several_objects_are_answered_at_once(client: Client, embedded: EmbeddedImage) -> None:
    one, other = client.segment_each(embedded, [CLICKS[:1], [Box(60, 300, 200, 500)]])
    np.testing.assert_array_equal(one.mask, client.segment(embedded, CLICKS[:1]).mask)
    assert (one.mask != other.mask).any()


def test_the_answers_to_a_click_are_those_that_its_extents_give(client: Client) -> None:
    cup = client.embed(PHOTO.with_name("coffee.jpg"))
    answers = client.alternatives(cup, [Click(258.5, 116.5)])
    assert [one.extent for one in answers] == [None, "smaller", "larger"]
    for one in answers:
        same = client.segment(cup, [Click(258.5, 116.5, 1, one.extent)])
        np.testing.assert_array_equal(same.mask, one.mask)
    with pytest.raises(InputError, match="prompt"):
        client.alternatives(cup, [])


def test_an_embedding_is_found_by_its_key(client: Client, embedded: EmbeddedImage, tmp_path: Path) -> None:
    stored = client.stored(embedded.key)
    assert stored.data == embedded.data
    stored.save(tmp_path / "a.splitseem")
    message = unpack((tmp_path / "a.splitseem").read_bytes())
    assert isinstance(message, Embedding)
    assert message.key == embedded.key
    with pytest.raises(NotFound, match="send the image again"):
        client.stored("0" * 64)


FORMS: dict[str, Callable[[Any], Any]] = {
    "path": lambda pixels: PHOTO,
    "text": lambda pixels: str(PHOTO),
    "bytes": lambda pixels: PHOTO.read_bytes(),
    "memoryview": lambda pixels: memoryview(PHOTO.read_bytes()),
    "open file": lambda pixels: io.BytesIO(PHOTO.read_bytes()),
    "array": lambda pixels: pixels,
    "strided array": lambda pixels: np.repeat(pixels, 2, axis=1)[:, ::2],
    "pillow": lambda pixels: Image.fromarray(pixels),
    "pillow, cmyk": lambda pixels: Image.fromarray(pixels).convert("CMYK"),
    "alpha": lambda pixels: np.dstack([pixels, np.full(pixels.shape[:2], 255, np.uint8)]),
}


@pytest.mark.parametrize("form", FORMS)
def test_images_may_be_given_in_every_form(client: Client, pixels: Any, form: str) -> None:
    found = client.segment(FORMS[form](pixels), CLICKS[:1])
    assert found.mask.shape == (512, 512)
    assert found.mask[120, 220]


def test_grey_and_black_and_white_arrays_arrive_as_they_are(client: Client) -> None:
    grey = np.zeros((40, 60), np.uint8)
    grey[10:30, 20:40] = 200
    as_pillow = client.embed(Image.fromarray(grey))
    np.testing.assert_array_equal(client.embed(grey).tensors["level0"], as_pillow.tensors["level0"])
    assert client.embed(grey).size_hw == (40, 60)
    assert client.embed(grey > 0).size_hw == (40, 60)


@pytest.mark.parametrize(
    "image",
    [np.zeros((4, 4, 3)), np.zeros((4, 4, 2), np.uint8), np.zeros((0, 4), np.uint8), 7, io.StringIO("x")],
    ids=["float", "two channels", "empty", "number", "text file"],
)
def test_what_is_no_image_is_refused_before_it_is_sent(client: Client, image: Any) -> None:
    with pytest.raises(InputError, match="expected"):
        client.embed(image)


def test_a_turned_file_is_turned_and_a_turned_pillow_image_is_what_the_caller_sees(client: Client) -> None:
    stream = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (60, 40), (9, 9, 200)).save(stream, "JPEG", exif=exif)
    assert client.embed(stream.getvalue()).size_hw == (60, 40)
    opened = Image.open(io.BytesIO(stream.getvalue()))
    assert client.embed(opened).size_hw == (40, 60)


def test_options_reach_the_encoder(client: Client) -> None:
    image = client.embed(PHOTO, codec="float16", canvas=128, roi_xywh=(0, 0, 256, 512))
    geometry = image.embedding.geometry
    assert image.embedding.codec == "float16"
    assert geometry.roi_xywh == (0, 0, 256, 512)
    assert max(geometry.input_hw) == 128


def test_refusals_say_what_the_server_says(client: Client, embedded: EmbeddedImage) -> None:
    with pytest.raises(Refused) as refused:
        client.embed(b"no image")
    assert (refused.value.status, refused.value.type) == (415, "unsupported-image")
    with pytest.raises(Refused, match="outside"):
        client.segment(embedded, [Click(900, 900)])
    with pytest.raises(InputError, match="prompt"):
        client.segment(embedded, [])


def test_manifest_and_readiness(client: Client) -> None:
    assert client.manifest()["model"] == "nano"
    assert client.readiness()["status"] == "ready"


def test_a_word_finds_its_objects_best_first(client: Client) -> None:
    photo = PHOTO.with_name("chelsea.jpg")
    found = client.find(client.embed(photo), "cat")
    assert found
    assert found[0].mask.shape == np.asarray(Image.open(photo)).shape[:2]
    assert found[0].mask.mean() > 0.05
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


def test_everything_in_a_photo_comes_as_segments(client: Client, embedded: EmbeddedImage) -> None:
    for image in (PHOTO, embedded):
        all_of_it = client.everything(image, mode="instance")
        assert all_of_it.size_hw == (512, 512)
        assert all_of_it.segments
        for segment in all_of_it.segments:
            assert segment.mask.shape == (512, 512)
            assert segment.mask.any()
            assert segment.label
    with pytest.raises(InputError, match="give the image"):
        client.everything(client.stored(embedded.key))


def test_texts_come_as_vectors(client: Client) -> None:
    vectors = client.texts(["cat", "dog"], vocabulary=["cat", "house", "tree"])
    assert vectors.sentences.shape[0] == len(vectors.tokens) == 2
    assert vectors.class_matrix.shape[0] == 3
    np.testing.assert_allclose(np.linalg.norm(vectors.class_matrix, axis=1), 1, atol=1e-4)
    assert client.texts(["cat"]).class_matrix.size == 0


@pytest.mark.anyio
async def test_the_asynchronous_client_answers_the_same(nano_server: str, embedded: EmbeddedImage) -> None:
    async with AsyncClient(nano_server) as client:
        image = await client.embed(PHOTO)
        assert image.data == embedded.data
        found = await client.segment(image, CLICKS[:1])
        assert found.mask[120, 220]
        one, other = await client.segment_each(image, [CLICKS[:1], CLICKS[:1]])
        np.testing.assert_array_equal(one.mask, other.mask)
        assert (await client.stored(image.key)).key == image.key
        assert (await client.readiness())["model"] == "nano"
        assert (await client.manifest())["model"] == "nano"
        assert (await client.find(image, "person"))[0].mask.any()
        assert (await client.everything(image)).segments
        assert (await client.texts(["cat"])).sentences.shape[0] == 1


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
