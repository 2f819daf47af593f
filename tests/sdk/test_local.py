"""Images decoded here: the masks are those of the server and of the command line, without torch."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image as Pillow

from splitseem import (
    AsyncClient,
    BadAnswer,
    Box,
    Click,
    Client,
    Found,
    InputError,
    KnownMask,
    NotFound,
    NotInstalled,
    Paint,
    Polygon,
    Repair,
    Scribble,
    TextPrompt,
    TextVectors,
)
from splitseem.calls import Call
from splitseem.decoder_files import DecoderFile, FileCache, graph_file
from splitseem.local import Work, open_local
from splitseem_cli import segment
from splitseem_export.export import export_decoder
from splitseem_model.checkpoints.registry import load_model
from splitseem_model.predictor import Predictor
from splitseem_model.step.replay import replay
from splitseem_proto import PromptItem

SAMPLES = Path(__file__).parents[2] / "client" / "public" / "samples"
PHOTO = SAMPLES / "astronaut.jpg"
CLICKS = [Click(220.5, 120.5), Click(40.5, 300.5, label=0)]
OBJECTS: dict[str, list[PromptItem]] = {
    "clicks": [*CLICKS, Click(300.5, 400.5)],
    "a smaller mask than the first, and a click": [Click(220.5, 120.5, 1, "smaller"), CLICKS[1]],
    "box and click": [Box(100, 50, 300, 250), Click(400.5, 400.5, 0)],
    "scribble and click": [Scribble(((200, 100), (240, 130), (220, 200))), CLICKS[1]],
    "polygon": [Polygon(((150, 60), (300, 60), (300, 220), (150, 220)))],
    "paint after a click": [CLICKS[0], Paint(((30, 30), (80, 60)), 12, 1), Click(35.5, 35.5, 0)],
    "repair": [*CLICKS, Repair("fill-holes", 500)],
    "a known mask alone": [KnownMask((512, 512), (512 * 40, 9000, 512 * 472 - 9000))],
}
WITHOUT_TORCH = """
import json, sys
class NoTorch:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"torch", "onnx", "safetensors", "fastapi", "click"}:
            raise ImportError(f"{name} is not needed here")
sys.meta_path.insert(0, NoTorch())
import numpy as np
from splitseem import Click, Client
url, photo, cache, out = sys.argv[1:]
with Client(url, decoder_folder=cache) as client, client.image(photo) as image:
    first = image.click(220.5, 120.5)
    second = image.prompt(Click(40.5, 300.5, label=0))
    coarse = client.image(image.embedded, sharp=False).segment([Click(220.5, 120.5), Click(40.5, 300.5, 0)])
np.savez(out, first=first.mask, second=second.mask, coarse=coarse.mask)
print(json.dumps([second.label, second.score, "torch" in sys.modules]))
"""


@pytest.fixture(scope="module")
def tiny_server(
    serve: Callable[..., AbstractContextManager[str]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Of a small model, whose exported decoder has its weights in float32."""
    decoder = tmp_path_factory.mktemp("decoder") / "tiny"
    export_decoder(load_model("tiny"), decoder, {"wasm": "float32"})
    with serve("--model", "tiny", SPLITSEEM_DECODER_DIR=str(decoder)) as url:
        yield url


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("files")


@pytest.fixture(scope="module")
def tiny(tiny_server: str, cache: Path) -> Iterator[Client]:
    with Client(tiny_server, decoder_folder=cache) as client:
        yield client


@pytest.fixture(scope="module")
def nano(nano_server: str, cache: Path) -> Iterator[Client]:
    with Client(nano_server, decoder_folder=cache) as client:
        yield client


def of_predictor(items: Sequence[PromptItem]) -> np.ndarray:
    """What the model makes in torch."""
    predictor = Predictor.load("tiny")
    image = predictor.encode(np.asarray(Pillow.open(PHOTO)))
    *_, last = replay(predictor.step, image, [(item,) for item in items])
    return predictor.mask(image, last)


def test_without_torch_the_masks_are_those_of_server_and_command_line(
    tiny_server: str, tiny: Client, tmp_path: Path
) -> None:
    files = [str(path) for path in (PHOTO, tmp_path / "cache", tmp_path / "a.npz")]
    command = [sys.executable, "-c", WITHOUT_TORCH, tiny_server, *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    masks = np.load(tmp_path / "a.npz")
    np.testing.assert_array_equal(masks["first"], of_predictor(CLICKS[:1]))
    np.testing.assert_array_equal(masks["second"], of_predictor(CLICKS))
    typed = [str(PHOTO), "--model", "tiny", "--point", "220.5,120.5", "--negative", "40.5,300.5"]
    CliRunner().invoke(segment.command, [*typed, "-o", str(tmp_path / "mask.png")], catch_exceptions=False)
    np.testing.assert_array_equal(masks["second"], np.asarray(Pillow.open(tmp_path / "mask.png")) > 0)
    there = tiny.segment(tiny.embed(PHOTO), CLICKS)
    np.testing.assert_array_equal(masks["coarse"], there.mask)
    label, score, torch_was_there = json.loads(done.stdout)
    assert label == there.label
    assert score == pytest.approx(there.score, abs=1e-4)
    assert not torch_was_there


@pytest.mark.parametrize("name", OBJECTS)
def test_prompts_of_every_kind_are_answered_as_by_the_server(tiny: Client, name: str) -> None:
    items, embedded = OBJECTS[name], tiny.embed(PHOTO)
    here, there = tiny.image(embedded, sharp=False).segment(items), tiny.segment(embedded, items)
    np.testing.assert_array_equal(here.mask, there.mask)
    assert 0 < here.mask.mean() < 1
    assert here.key == there.key
    assert here.label == there.label
    assert (here.memory is None) == (there.memory is None)
    if here.memory is not None and there.memory is not None:
        np.testing.assert_allclose(here.memory.mask_logits, there.memory.mask_logits, atol=1e-3)
        assert here.memory.prompts == there.memory.prompts


def test_the_answers_to_a_click_are_what_clicks_with_their_extents_give(nano: Client) -> None:
    image = nano.image(SAMPLES / "coffee.jpg", sharp=False)
    answers = image.alternatives([Click(258.5, 116.5)])
    assert [one.extent for one in answers] == [None, "smaller", "larger"]
    for one in answers:
        np.testing.assert_array_equal(one.mask, image.segment([Click(258.5, 116.5, 1, one.extent)]).mask)
    with pytest.raises(InputError, match="only a click has several answers"):
        image.alternatives([Click(258.5, 116.5), Box(100, 50, 300, 250)])


def test_sharp_edges_are_those_of_the_predictor(tiny: Client) -> None:
    items: list[PromptItem] = [Box(100, 50, 300, 250), CLICKS[1]]
    for given in (PHOTO, np.asarray(Pillow.open(PHOTO)), tiny.embed(PHOTO)):
        np.testing.assert_array_equal(tiny.image(given).segment(items).mask, of_predictor(items))


def test_objects_are_marked_round_by_round(nano: Client) -> None:
    with nano.image(PHOTO) as image:
        first = image.click(220.5, 120.5)
        assert first.label == "person"
        assert first.mask[120, 220]
        both = image.prompt(CLICKS[1])
        np.testing.assert_array_equal(both.mask, image.segment(CLICKS).mask)
        with pytest.raises(InputError, match="outside the encoded part"):
            image.click(2000, 3)
        with pytest.raises(InputError, match="at least one prompt"):
            image.prompt()
        np.testing.assert_array_equal(
            image.prompt(Click(300.5, 400.5)).mask, image.segment([*CLICKS, Click(300.5, 400.5)]).mask
        )
        image.begin()
        np.testing.assert_array_equal(image.click(220.5, 120.5).mask, first.mask)
        assert both.memory is not None
        assert both.memory.prompts == 2


def iou(one: Found, other: Found) -> float:
    return float((one.mask & other.mask).sum() / (one.mask | other.mask).sum())


def test_words_and_names_are_asked_of_the_server_and_answered_here(nano: Client) -> None:
    photo = SAMPLES / "chelsea.jpg"
    with nano.image(photo, names=["dog", "cat"], sharp=False) as image:
        here, there = image.find("cat"), nano.find(image.embedded, "cat")
        assert len(here) >= 1
        assert iou(here[0], there[0]) > 0.95  # the server's decoder has other weights than its export
        assert [one.score for one in here] == sorted((one.score for one in here), reverse=True)
        assert here[0].label == "cat"
        assert iou(image.prompt(TextPrompt("cat"), Click(200.5, 150.5)), there[0]) > 0.7
        assert 1 <= len(image.everything(3)) <= 3


def test_words_of_another_model_are_refused(nano: Client) -> None:
    session = nano.image(SAMPLES / "chelsea.jpg", sharp=False)._session
    with pytest.raises(BadAnswer, match="reads words for model 0000, the decoder here is of"):
        granted(session.needs(["zebra"]), lambda call: of_another_model(nano._run(call)))


def of_another_model(answer: Any) -> Any:
    return replace(answer, fingerprint="0000") if isinstance(answer, TextVectors) else answer


def granted(asking: Any, grant: Callable[[Call[Any]], Any]) -> Any:
    """What comes of wishes that are granted so."""
    came: Any = None
    while True:
        try:
            wish = asking.send(came)
        except StopIteration as end:
            return end.value
        came = wish.do() if isinstance(wish, Work) else grant(wish)


@pytest.mark.anyio
async def test_the_asynchronous_client_decodes_here_too(tiny_server: str, tiny: Client, cache: Path) -> None:
    async with AsyncClient(tiny_server, decoder_folder=cache) as client:
        async with await client.image(PHOTO) as image:
            await image.click(220.5, 120.5)
            found = await image.prompt(CLICKS[1])
            assert image.size_hw == found.mask.shape
            np.testing.assert_array_equal(found.mask, tiny.image(PHOTO).segment(CLICKS).mask)
            np.testing.assert_array_equal(found.mask, (await image.segment(CLICKS)).mask)
            image.begin()
            assert (await image.click(220.5, 120.5)).mask.any()
            with pytest.raises(NotFound):
                await image.find("person")
            assert len(await image.everything(2)) <= 2


def test_what_the_server_cannot_is_said(tiny: Client) -> None:
    with tiny.image(PHOTO) as image, pytest.raises(NotFound):
        image.find("cat")
    with pytest.raises(NotFound):
        tiny.image(PHOTO, names=["cat"])


def test_turned_files_and_transparent_ones_have_the_pixels_that_the_server_sees(
    tiny: Client, tmp_path: Path
) -> None:
    exif = Pillow.Exif()
    exif[0x0112] = 6
    Pillow.open(PHOTO).crop((0, 0, 300, 200)).save(tmp_path / "turned.png", exif=exif)
    alpha = Pillow.open(PHOTO).crop((0, 0, 200, 300)).convert("RGBA")
    alpha.putalpha(128)
    alpha.save(tmp_path / "alpha.png")
    for name in ("turned.png", "alpha.png"):
        with tiny.image(tmp_path / name) as image:
            assert image.size_hw == (300, 200)
            assert image.click(100.5, 150.5).mask.shape == (300, 200)


def test_what_is_missing_is_named(tiny: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    embedded = tiny.embed(PHOTO)
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(NotInstalled, match=r"Pillow: pip install 'splitseem\[decode\]', or sharp=False"):
        tiny.image(embedded)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with Client("http://127.0.0.1:9") as other, pytest.raises(NotInstalled, match="needs onnxruntime"):
        other.image(embedded)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": 2}, "format 2, this client reads 1"),
        ({"graphs": {}, "vocabulary": {"file": "../a", "sha256": ""}}, "no plain file name"),
        ({"graphs": {}, "vocabulary": {}}, "cannot be read"),
        ({}, "another content than the server's manifest says"),
    ],
    ids=["format", "path", "form", "digest"],
)
def test_a_decoder_that_is_not_what_it_says_is_refused(
    tiny: Client, change: dict[str, Any], said: str
) -> None:
    answers = {"/v1/model": {**tiny.manifest(), **change}}
    with pytest.raises(BadAnswer, match=said):
        granted(
            open_local(FileCache(Path("/nowhere"))), lambda call: answers.get(call.path, b"something else")
        )


def test_files_are_kept_and_damaged_ones_are_fetched_again(tiny: Client, cache: Path) -> None:
    tiny.image(PHOTO, sharp=False)
    file = graph_file(tiny.manifest(), "step")
    (kept,) = cache.glob(f"{file.sha256}-*")
    files = FileCache(cache)
    assert files.read(file) == kept.read_bytes()
    whole = kept.read_bytes()
    kept.write_bytes(whole[:100])
    assert files.read(file) is None
    with Client(tiny._wire._url, decoder_folder=cache) as again:
        again.image(PHOTO, sharp=False).click(220.5, 120.5)
    assert kept.read_bytes() == whole


def test_the_most_exact_precision_is_taken() -> None:
    entry = {
        "precision": "int8",
        "file": "a",
        "sha256": "1",
        "variants": {"float16": {"file": "b", "sha256": "2"}},
    }
    assert graph_file({"graphs": {"step": entry}}, "step") == DecoderFile("b", "2")
    assert graph_file({"graphs": {"step": {**entry, "variants": {}}}}, "step") == DecoderFile("a", "1")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
