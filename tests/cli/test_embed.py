"""`splitseem embed`: wire files from here and from a server."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from splitseem_cli.embed import command
from splitseem_cli.options.model import ModelOptions
from splitseem_proto import Embedding, Prompt, TextPrompt, pack, unpack

pytestmark = pytest.mark.unit


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / "a.png", tmp_path / "b.jpg"]
    for path in paths:
        Image.new("RGB", (50, 30), "teal").save(path)
    return paths


def run(*arguments: object) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def test_one_wire_file_per_image(photos: list[Path], tmp_path: Path) -> None:
    result = run(*photos, "-o", tmp_path / "new" / "folder")
    assert result.exit_code == 0, result.output
    for stem in ("a", "b"):
        embedding = unpack((tmp_path / "new" / "folder" / f"{stem}.splitseem").read_bytes())
        assert isinstance(embedding, Embedding)
        assert embedding.geometry.original_hw == (30, 50)


def test_model_is_loaded_once_with_its_options(
    photos: list[Path], tmp_path: Path, loaded: list[ModelOptions]
) -> None:
    run(*photos, "-o", tmp_path, "--codec", "int8", "--canvas", "128")
    assert loaded == [ModelOptions("nano", None, "torch", "int8", 128)]


def test_maps_are_asked_of_the_encoder(photos: list[Path], tmp_path: Path) -> None:
    result = run(photos[0], "-o", tmp_path, "--maps", "lateral")
    assert result.exit_code == 0, result.output
    embedding = unpack((tmp_path / "a.splitseem").read_bytes())
    assert isinstance(embedding, Embedding)
    assert embedding.tensor("lateral").array.shape[1] == 2


def test_images_of_one_name_are_told_apart(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("x/1.png", "y/1.png", "z/1.png", "x/1-2.png", "x/A.png", "y/a.png")]
    for width, path in enumerate(paths, start=10):
        path.parent.mkdir(exist_ok=True)
        Image.new("RGB", (width, 30), "teal").save(path)
    result = run(*paths, paths[0], "-o", tmp_path / "out")
    assert result.exit_code == 0, result.output
    widths = {}
    for file in (tmp_path / "out").iterdir():
        embedding = unpack(file.read_bytes())
        assert isinstance(embedding, Embedding)
        widths[file.stem] = embedding.geometry.original_hw[1]
    assert widths == {"1": 10, "1-3": 11, "1-4": 12, "1-2": 13, "A": 14, "a-2": 15}
    assert f"1-3.splitseem is for {paths[1]}: another image has the same name" in result.stderr


BROKEN: dict[str, Callable[[Path], object]] = {
    "missing": lambda path: None,
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("no image"),
    "folder": lambda path: path.mkdir(),
    "truncated": lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_an_image_that_cannot_be_read_stops_no_other(photos: list[Path], tmp_path: Path, kind: str) -> None:
    bad = tmp_path / "bad.jpg"
    BROKEN[kind](bad)
    result = run(photos[0], bad, photos[1], "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.splitseem", "b.splitseem"]
    named, last = result.stderr.splitlines()
    assert named.startswith("left out: ")
    assert str(bad) in named
    assert last == "Error: 1 of 3 images were left out; the others are done"
    assert "3/3" in result.stdout


def test_unreadable_image_is_refused(tmp_path: Path) -> None:
    (tmp_path / "c.png").write_bytes(b"nothing")
    result = run(tmp_path / "c.png", "-o", tmp_path)
    assert result.exit_code == 2
    assert "c.png" in result.stderr


class Recorder(BaseHTTPRequestHandler):
    """Answers every request with what the test set, and keeps what was asked."""

    answer: tuple[int, str, bytes]
    asked: list[dict[str, Any]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.asked.append({"path": self.path, "type": self.headers["Content-Type"], "body": body})
        status, content_type, data = self.answer
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *arguments: object) -> None:
        """Keep quiet."""


@pytest.fixture
def server() -> Iterator[str]:
    Recorder.asked = []
    httpd = HTTPServer(("127.0.0.1", 0), Recorder)
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{httpd.server_port}"
    httpd.shutdown()
    thread.join()
    httpd.server_close()


def test_server_makes_the_embedding(
    photos: list[Path], tmp_path: Path, server: str, loaded: list[ModelOptions]
) -> None:
    run(photos[0], "-o", tmp_path / "here")
    data = (tmp_path / "here" / "a.splitseem").read_bytes()
    loaded.clear()
    Recorder.answer = (200, "application/msgpack", data)
    result = run(*photos, "-o", tmp_path / "there", "--server", server + "/", "--maps", "source")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "there" / "b.splitseem").read_bytes() == data
    assert loaded == []  # no model is needed here
    assert [(asked["path"], asked["type"]) for asked in Recorder.asked] == [
        ("/v1/embed?maps=source", "image/png"),
        ("/v1/embed?maps=source", "image/jpeg"),
    ]
    assert Recorder.asked[0]["body"] == photos[0].read_bytes()


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (
            (415, "application/problem+json", json.dumps({"title": "T", "detail": "not an image"}).encode()),
            "415: not an image",
        ),
        ((503, "application/problem+json", b'{"title": "not ready"}'), "503: not ready"),
        ((500, "text/plain", b"oh"), "500: Internal Server Error"),
        ((200, "application/msgpack", b"\xc1"), "msgpack"),
        (
            (200, "application/msgpack", pack(Prompt((TextPrompt("cat"),)))),
            "did not answer with an embedding",
        ),
    ],
    ids=["problem", "title-only", "no-problem", "not-msgpack", "other-message"],
)
def test_bad_answer_is_refused_and_nothing_written(
    photos: list[Path], tmp_path: Path, server: str, answer: tuple[int, str, bytes], message: str
) -> None:
    Recorder.answer = answer
    result = run(photos[0], "-o", tmp_path / "there", "--server", server)
    assert result.exit_code == 2
    assert message in result.stderr
    assert not (tmp_path / "there" / "a.splitseem").exists()


def test_absent_server_and_bad_address_are_named(photos: list[Path], tmp_path: Path) -> None:
    refused = run(photos[0], "-o", tmp_path, "--server", "http://127.0.0.1:9")
    assert refused.exit_code == 2
    assert "no answer from http://127.0.0.1:9" in refused.stderr
    assert "http or https" in run(photos[0], "-o", tmp_path, "--server", "ftp://x").stderr
