"""`splitseem serve`: the real encoder behind real HTTP, and what it says when it cannot."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from splitseem_cli.serve import build_app, command, load_parts, take_threads
from splitseem_model.checkpoints.registry import load_model
from splitseem_model.encode.encoder import ImageEncoder
from splitseem_model.encode.resize import crop_and_resize
from splitseem_proto import Embedding, unpack
from splitseem_server.app import create_app
from splitseem_server.cache.in_process import InProcessCache
from splitseem_server.embedding.keys import embedding_key
from splitseem_server.files.client import ClientFiles
from splitseem_server.services import Parts
from splitseem_server.settings import Settings

RUN = [sys.executable, "-c", "from splitseem_cli.main import main; main()", "serve"]


@pytest.fixture(scope="module")
def tiny_decoder_dir(decoder_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A decoder folder that names the fingerprint of the preset `tiny`."""
    folder = tmp_path_factory.mktemp("tiny") / "decoder"
    shutil.copytree(decoder_dir, folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["fingerprint"] = load_parts(Settings(model="tiny")).encoder.fingerprint
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


@contextlib.contextmanager
def serving(*options: str, **environment: str) -> Iterator[tuple[str, list[str]]]:
    """The address that a server on a free port prints, and its output so far."""
    variables = {
        "PATH": os.environ["PATH"],
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
    }
    process = subprocess.Popen(
        [*RUN, "--port", "0", *options], env=variables | environment, stdout=subprocess.PIPE, text=True
    )
    output: list[str] = []
    try:
        for line in process.stdout or ():
            output.append(line)
            if line.startswith("splitseem serves on "):
                yield line.split()[-1], output
                break
        else:
            pytest.fail(f"the server did not start: {''.join(output)}")
    finally:
        process.terminate()
        rest, _ = process.communicate(timeout=30)
        output.append(rest)
        assert process.returncode == 0, output


def photo() -> bytes:
    pixels = np.random.default_rng(0).integers(0, 256, (61, 83, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def test_served_embedding_equals_that_of_the_encoder(tiny_decoder_dir: Path, client_dir: Path) -> None:
    folders = ("--decoder-dir", str(tiny_decoder_dir), "--client-dir", str(client_dir))
    secret = "redis://user:hunter2@127.0.0.1:1/0"
    with serving("--model", "tiny", *folders, SPLITSEEM_CACHE=secret) as (url, output):
        response = httpx.post(
            f"{url}/embed", content=photo(), headers={"Content-Type": "image/png"}, timeout=60
        )
        page = httpx.get(url)
        ready = httpx.get(f"{url}/readyz")
    assert response.status_code == 200, response.text
    embedding = unpack(response.content)
    assert isinstance(embedding, Embedding)
    encoder = ImageEncoder(load_model("tiny"))
    image = np.asarray(Image.open(io.BytesIO(photo())))
    expected = encoder.encode(image, roi_xywh=None, canvas=None, codec="float32", maps="features")
    assert embedding.geometry == expected.geometry
    assert embedding.fingerprint == expected.fingerprint
    assert "<title>splitseem</title>" in page.text
    assert ready.json()["status"] == "degraded"  # there is no Redis on port 1
    assert "hunter2" not in "".join(output)
    assert "settings" in output[0]
    assert any("request" in line and "/embed" in line for line in "".join(output).splitlines())


@pytest.mark.anyio
@pytest.mark.parametrize("model", ["tiny", "nano"])
async def test_service_and_encoder_agree_bit_for_bit(model: str, run_in_process: Any) -> None:
    encoder = ImageEncoder(load_model(model))
    async with run_in_process(
        create_app(Parts(settings=Settings(), encoder=encoder, cache=InProcessCache(2**26)))
    ) as client:
        response = await client.post("/embed?roi=10,5,60,50", files={"image": photo()})
    embedding = unpack(response.content)
    assert isinstance(embedding, Embedding)
    pixels = np.asarray(Image.open(io.BytesIO(photo())))
    codec = encoder.codec_for(None)
    expected = encoder.encode(pixels, roi_xywh=(10, 5, 60, 50), canvas=None, codec=codec, maps="features")
    assert embedding == dataclasses.replace(expected, key=embedding.key)


@pytest.mark.anyio
@pytest.mark.parametrize("roi", [None, (10, 5, 60, 50)])
async def test_a_resized_picture_gives_the_embedding_of_the_photo(
    roi: tuple[int, int, int, int] | None, run_in_process: Any
) -> None:
    encoder = ImageEncoder(load_model("nano"))
    image = Image.open(io.BytesIO(photo()))
    size_hw = (image.height, image.width)
    geometry = encoder.geometry_for(size_hw, roi)
    seen = crop_and_resize(np.asarray(image), geometry.roi_xywh, geometry.input_hw)
    stream = io.BytesIO()
    Image.fromarray(seen).save(stream, "PNG")
    query = {} if roi is None else {"roi": ",".join(map(str, roi))}
    async with run_in_process(
        create_app(Parts(settings=Settings(), encoder=encoder, cache=InProcessCache(2**26)))
    ) as client:
        whole = await client.post("/embed", params=query, files={"image": photo()})
        original = f"{image.width},{image.height}"
        resized = await client.post(
            "/embed", params={**query, "original": original}, files={"image": stream.getvalue()}
        )
    of_whole, of_resized = unpack(whole.content), unpack(resized.content)
    assert isinstance(of_whole, Embedding)
    assert isinstance(of_resized, Embedding)
    assert of_resized.geometry.original_hw == size_hw
    assert of_resized.key != of_whole.key
    assert of_resized == dataclasses.replace(of_whole, key=of_resized.key)


def test_without_the_client_only_the_api_is_served(tiny_decoder_dir: Path) -> None:
    app = build_app(Settings(model="tiny", decoder_dir=tiny_decoder_dir, serve_client=False))
    assert not isinstance(app.router.default, ClientFiles)
    assert app.state.services.decoder is not None


def test_key_does_not_depend_on_the_process() -> None:
    encoder = load_parts(Settings(model="tiny")).encoder
    geometry = encoder.geometry_for((61, 83), None, None)
    again = load_parts(Settings(model="tiny")).encoder
    keys = {
        embedding_key("ab", geometry, model.fingerprint, "int8", "features") for model in (encoder, again)
    }
    assert len(keys) == 1


def test_a_way_to_compute_has_the_fingerprint_of_the_model_and_keys_of_its_own() -> None:
    usual, other = (
        load_parts(Settings(model="tiny", encode_channels_last=is_set)).encoder for is_set in (False, True)
    )
    assert (usual.numerics, other.numerics) == ("", "channels_last")
    assert other.fingerprint == usual.fingerprint
    geometry = usual.geometry_for((61, 83), None, None)
    ways = (usual.numerics, other.numerics, "float16")
    keys = {embedding_key("ab", geometry, usual.fingerprint, "int8", "features", way) for way in ways}
    assert len(keys) == 3
    assert embedding_key("ab", geometry, usual.fingerprint, "int8", "features") in keys


def test_help_lists_every_setting() -> None:
    output = CliRunner().invoke(command, ["--help"], terminal_width=120).output
    for name in Settings.model_fields:
        assert f"SPLITSEEM_{name.upper()}" in output
    assert "SPLITSEEM_CACHE_FILE" in output
    assert "[default: memory]" in output


@pytest.mark.parametrize(
    ("options", "environment", "message"),
    [
        (["--cache", "disk"], {}, "SPLITSEEM_CACHE: "),
        (["--model", "unheard-of"], {}, "unheard-of"),
        (["--model", "tiny", "--decoder-dir", "/nonexistent"], {}, "make setup"),
        (["--model", "tiny", "--client-dir", "/nonexistent"], {}, "make setup"),
        (["--host", "203.0.113.1"], {}, "cannot listen on 203.0.113.1:0"),
        ([], {"SPLITSEEM_COLOUR": "red"}, "unknown setting SPLITSEEM_COLOUR"),
    ],
)
def test_what_cannot_be_served_is_said_in_one_message(
    options: list[str], environment: dict[str, str], message: str, tiny_decoder_dir: Path
) -> None:
    if "--decoder-dir" not in options:
        options = [*options, "--decoder-dir", str(tiny_decoder_dir)]
    result = CliRunner().invoke(command, ["--port", "0", *options], env=environment)
    assert result.exit_code == 2
    assert message in result.output
    assert "Traceback" not in result.output


def test_port_that_is_taken_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = CliRunner().invoke(command, ["--port", port])
    assert result.exit_code == 2
    assert "choose another --port" in result.output


@pytest.mark.parametrize(
    ("cores", "asked", "variables", "threads"),
    [
        (8, 0, {}, 7),
        (1, 0, {}, 1),
        (8, 3, {}, 3),
        (8, 3, {"OMP_NUM_THREADS": "2"}, 3),
        (8, 0, {"OMP_NUM_THREADS": "2"}, None),
    ],
    ids=["all but one", "the only one", "as asked", "as asked, not as the variable", "as the variable"],
)
def test_the_encoder_leaves_a_core_to_the_service(
    monkeypatch: pytest.MonkeyPatch, cores: int, asked: int, variables: dict[str, str], threads: int | None
) -> None:
    taken: list[int] = []
    monkeypatch.setattr("torch.set_num_threads", taken.append)
    monkeypatch.setattr("splitseem_cli.serve._cores", lambda: cores)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    take_threads(asked)
    assert taken == ([] if threads is None else [threads])


def test_device_that_is_not_there_is_said() -> None:
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    result = CliRunner().invoke(command, ["--port", "0", "--device", "cuda"])
    assert result.exit_code == 2
    assert "--device cpu needs none" in result.output


def test_more_devices_than_there_are_is_said() -> None:
    result = CliRunner().invoke(command, ["--port", "0"], env={"SPLITSEEM_DEVICES": "2"})
    assert result.exit_code == 2
    assert "SPLITSEEM_DEVICES is 2, and there is 1" in result.output


def test_a_precision_that_the_device_has_not_is_said() -> None:
    result = CliRunner().invoke(command, ["--port", "0"], env={"SPLITSEEM_ENCODE_PRECISION": "float16"})
    assert result.exit_code == 2
    assert "SPLITSEEM_ENCODE_PRECISION is float16, and a CPU has float32 only" in result.output


def test_small_answers_on_a_kept_connection_do_not_wait_for_an_acknowledgement(
    tiny_decoder_dir: Path,
) -> None:
    folder = ("--decoder-dir", str(tiny_decoder_dir))
    with (
        serving("--model", "tiny", *folder, SPLITSEEM_SERVE_CLIENT="false") as (url, _),
        httpx.Client(base_url=url, timeout=30) as client,
    ):
        for path in ("/healthz", "/v1/model"):
            seconds = []
            for _ in range(21):
                begin = time.perf_counter()
                assert client.get(path).status_code == 200
                seconds.append(time.perf_counter() - begin)
            quick = sorted(seconds)[len(seconds) // 4]
            assert quick < 0.03, f"{path} takes {quick:.3f} s; a delayed acknowledgement takes 0.04"
