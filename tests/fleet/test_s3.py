"""Images of a bucket get embeddings in a bucket: a server that speaks S3 is asked over loopback."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow.parquet
import pytest
from click.testing import CliRunner
from tests.fleet.conftest import photo

from splitseem_cli.main import main
from splitseem_proto import Embedding, unpack

s3fs = pytest.importorskip("s3fs", reason="s3fs, of splitseem[ray], is not installed")
server = pytest.importorskip(
    "moto.server", reason="moto, a server that speaks S3, is not installed: make ray"
)

pytestmark = [pytest.mark.slow]


@pytest.fixture(scope="module")
def store() -> Iterator[str]:
    """The address of the server; it and keys stand where every program for S3 looks for them."""
    running = server.ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        patch.setenv("AWS_ACCESS_KEY_ID", "tests")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "tests")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        yield f"http://{host}:{port}"
    running.stop()


@pytest.fixture
def bucket(store: str, ray_session: None) -> Bucket:
    """A bucket of its own, without objects."""
    return Bucket(f"bucket-{secrets.token_hex(4)}")


class Bucket:
    """What a test puts into a bucket, and finds in it, past what fsspec remembers."""

    def __init__(self, name: str) -> None:
        self.address = f"s3://{name}"
        self._files = s3fs.S3FileSystem(skip_instance_cache=True, use_listings_cache=False)
        self._files.mkdir(name)
        self._name = name

    def put(self, name: str, data: bytes) -> str:
        self._files.pipe_file(f"{self._name}/{name}", data)
        return f"{self.address}/{name}"

    def get(self, name: str) -> bytes:
        return bytes(self._files.cat_file(f"{self._name}/{name}"))

    def names(self, below: str) -> list[str]:
        found = self._files.find(f"{self._name}/{below}")
        return [name.removeprefix(f"{self._name}/") for name in found]

    def rows(self) -> list[dict[str, object]]:
        """Of the index."""
        parts = [f"{self._name}/{name}" for name in self.names("out/index")]
        tables = [pyarrow.parquet.read_table(part, filesystem=self._files) for part in parts]
        return [row for table in tables for row in table.to_pylist()]


@pytest.fixture
def embed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str]]:
    """Runs the command as a process of its own would: nothing is remembered of earlier listings."""
    monkeypatch.setattr("splitseem_ray.command.join", lambda address: None)

    def run(source: str, output: str) -> tuple[int, str]:
        s3fs.S3FileSystem.clear_instance_cache()
        given = ["embed-dataset", source, "-o", output, "--canvas", "64", "--workers", "1", "--batch", "2"]
        done = CliRunner().invoke(main, given)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, done.output

    return run


def test_images_of_a_bucket_get_embeddings_in_a_bucket(
    bucket: Bucket, embed: Callable[..., tuple[int, str]]
) -> None:
    images = [bucket.put(f"photos/{number % 2}/{number}.png", photo(number)) for number in range(5)]
    bucket.put("photos/readme.txt", b"no image")
    status, output = embed(f"{bucket.address}/photos", f"{bucket.address}/out")
    assert status == 0, output
    assert "5 embeddings" in output
    rows = bucket.rows()
    assert sorted(str(row["image"]) for row in rows) == sorted(images)
    assert sorted(f"out/{row['file']}" for row in rows) == bucket.names("out/embeddings")
    for row in rows:
        embedding = unpack(bucket.get(f"out/{row['file']}"))
        assert isinstance(embedding, Embedding)
        assert embedding.key == row["key"]


def test_what_is_there_is_not_made_again_and_what_failed_is_listed_and_tried_again(
    bucket: Bucket, embed: Callable[..., tuple[int, str]]
) -> None:
    good = [bucket.put(f"{number}.png", photo(number)) for number in range(3)]
    gone, broken = f"{bucket.address}/gone.png", bucket.put("broken.png", b"no image")
    listed = bucket.put("list.txt", "\n".join((*good, gone, broken)).encode())
    status, output = embed(listed, f"{bucket.address}/out")
    assert status == 2
    assert "3 embeddings" in output
    assert {str(row["image"]) for row in bucket.rows() if row["error"]} == {gone, broken}
    for image in (gone, broken):
        assert f"left out: {image}: " in output
    made = bucket.names("out/embeddings")
    bucket.put("broken.png", photo(8))
    bucket.put("gone.png", photo(9))
    status, output = embed(listed, f"{bucket.address}/out")
    assert status == 0, output
    assert "5 images, 3 are there" in output
    assert "2 embeddings" in output
    assert set(made) < set(bucket.names("out/embeddings"))
    assert len(bucket.names("out/embeddings")) == 5


def test_a_folder_and_a_bucket_go_together(
    bucket: Bucket, embed: Callable[..., tuple[int, str]], photos: Callable[[int], Path], tmp_path: Path
) -> None:
    status, output = embed(str(photos(2)), f"{bucket.address}/out")
    assert status == 0, output
    assert len(bucket.names("out/embeddings")) == 2
    image = bucket.put("one.png", photo(0))
    (tmp_path / "list.txt").write_text(image)
    status, output = embed(str(tmp_path / "list.txt"), str(tmp_path / "out"))
    assert status == 0, output
    # The key is that of the content, wherever it lies.
    (made,) = (tmp_path / "out").glob("embeddings/*/*.splitseem")
    assert made.relative_to(tmp_path).as_posix() in bucket.names("out/embeddings")


@pytest.mark.parametrize(("source", "output"), [("nowhere", "bucket"), ("bucket", "nowhere")])
def test_a_bucket_that_is_not_there_is_named_in_one_line(
    bucket: Bucket, embed: Callable[..., tuple[int, str]], source: str, output: str
) -> None:
    bucket.put("1.png", photo(1))
    buckets = {"nowhere": "s3://nowhere-at-all", "bucket": bucket.address}
    status, said = embed(buckets[source], f"{buckets[output]}/out")
    assert status == 2
    assert "Traceback" not in said
    assert "nowhere-at-all" in said
