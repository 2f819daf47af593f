"""Many images are embedded once each, whatever else is among them, and a run goes on where one stopped."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pyarrow.dataset
import pytest
from click.testing import CliRunner
from tests.fleet.conftest import photo

from splitseem_cli.main import main
from splitseem_proto import Embedding, unpack
from splitseem_ray.dataset import Workers, embed_images
from splitseem_ray.index import Index, Making
from splitseem_ray.sources import NoSource, addresses
from splitseem_ray.worker import Wish

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("ray_session"),
]

WISH = Wish("nano", canvas=64)
ONE = Workers(count=1, batch=4)


@pytest.fixture
def embed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str]]:
    """Runs the command on the cluster that is there: exit status and output."""
    monkeypatch.setattr("splitseem_ray.command.join", lambda address: None)

    def run(source: object, output: object, *options: str) -> tuple[int, str]:
        given = [
            "embed-dataset",
            str(source),
            "-o",
            str(output),
            "--canvas",
            "64",
            "--workers",
            "1",
            *options,
        ]
        done = CliRunner().invoke(main, given)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, done.output

    return run


def rows(destination: Path) -> list[dict[str, object]]:
    """Of the index."""
    found: list[dict[str, object]] = (
        pyarrow.dataset.dataset(str(destination / "index")).to_table().to_pylist()
    )
    return found


def test_every_image_of_a_folder_gets_the_embedding_that_a_server_makes(
    embed: Callable[..., tuple[int, str]],
    photos: Callable[[int], Path],
    tmp_path: Path,
    serve: Callable[..., AbstractContextManager[str]],
) -> None:
    status, output = embed(photos(7), tmp_path / "out", "--batch", "1")
    assert status == 0, output
    assert "7 embeddings" in output
    with serve("--cache", "memory") as url, httpx.Client(base_url=url, timeout=60) as client:
        for row in rows(tmp_path / "out"):
            image = Path(str(row["image"]))
            made = (tmp_path / "out" / str(row["file"])).read_bytes()
            assert made == client.post("/embed?canvas=64", content=image.read_bytes()).content
            assert row["bytes"] == len(made)
            embedding = unpack(made)
            assert isinstance(embedding, Embedding)
            assert row["key"] == embedding.key
            assert (row["height"], row["width"]) == embedding.geometry.original_hw


def test_a_second_run_makes_what_is_missing_and_tries_again_what_could_not_be_read(
    embed: Callable[..., tuple[int, str]], photos: Callable[[int], Path], tmp_path: Path
) -> None:
    folder = photos(5)
    broken = folder / "broken.jpg"
    broken.write_bytes(b"no image")
    status, output = embed(folder, tmp_path / "out")
    assert status == 2
    assert "5 embeddings" in output
    assert f"left out: {broken}" in output
    broken.write_bytes(photo(99))
    status, output = embed(folder, tmp_path / "out")
    assert status == 0, output
    assert "6 images, 5 are there" in output
    status, output = embed(folder, tmp_path / "out")
    assert "6 images, 6 are there" in output
    assert "0 embeddings" in output
    assert len(list((tmp_path / "out").glob("embeddings/*/*.splitseem"))) == 6


def test_other_settings_are_other_embeddings(
    embed: Callable[..., tuple[int, str]], photos: Callable[[int], Path], tmp_path: Path
) -> None:
    folder = photos(2)
    embed(folder, tmp_path / "out")
    _, output = embed(folder, tmp_path / "out", "--codec", "float16")
    assert "2 images, 0 are there" in output
    assert len(list((tmp_path / "out").glob("embeddings/*/*.splitseem"))) == 4


def test_a_list_names_images_of_the_web_and_says_which_are_gone(
    embed: Callable[..., tuple[int, str]], photos: Callable[[int], Path], tmp_path: Path
) -> None:
    handler = partial(SimpleHTTPRequestHandler, directory=str(photos(3)))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    web = f"http://127.0.0.1:{server.server_port}"
    listed = tmp_path / "list.txt"
    listed.write_text(f"# photos\n{web}/0/0000.png\n{web}/1/0001.png\n\n{web}/gone.png\n")
    status, output = embed(listed, tmp_path / "out")
    server.shutdown()
    assert status == 2
    assert "2 embeddings" in output
    assert f"left out: {web}/gone.png" in output


def test_tables_name_images_in_a_column(photos: Callable[[int], Path], tmp_path: Path) -> None:
    folder = photos(2)
    table = pyarrow.table({"image": [f"{folder}/0/0000.png", f"{folder}/1/0001.png"], "n": [1, 2]})
    pyarrow.parquet.write_table(table, tmp_path / "list.parquet")
    assert addresses(str(tmp_path / "list.parquet")) == table.column("image").to_pylist()
    (tmp_path / "list.csv").write_text("name\na.png\n")
    with pytest.raises(NoSource, match="no column 'image'; there are name"):
        addresses(str(tmp_path / "list.csv"))


@pytest.mark.parametrize("source", ["nowhere", "empty", "list.txt"])
def test_a_source_without_images_is_refused_in_one_line(
    embed: Callable[..., tuple[int, str]], tmp_path: Path, source: str
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "list.txt").write_text("\n# nothing\n")
    status, output = embed(tmp_path / source, tmp_path / "out")
    assert status == 2
    assert "Traceback" not in output
    assert source in output


def test_a_destination_where_nothing_can_be_written_is_refused_in_one_line(
    embed: Callable[..., tuple[int, str]], photos: Callable[[int], Path], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    for output in (tmp_path / "file", "nowhere://bucket"):
        status, said = embed(photos(1), output)
        assert status == 2
        assert "Traceback" not in said
        assert str(output) in said


def test_an_unfinished_part_of_the_index_is_not_read(tmp_path: Path) -> None:
    index, making = Index(str(tmp_path)), Making("f", "int8", "features", 64)
    index.add([{"image": "a", "made": str(making), "error": None}])
    (tmp_path / "index" / "b.unfinished").write_bytes(b"PAR1")
    assert index.done(making) == {"a"}
    assert index.done(Making("g", "int8", "features", 64)) == set()


def test_rows_reach_the_index_when_a_run_is_stopped(photos: Callable[[int], Path], tmp_path: Path) -> None:
    images = addresses(str(photos(12)))

    def stop(made: int, failed: int) -> None:
        if made >= 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        embed_images(images, str(tmp_path / "out"), WISH, ONE, told=stop)
    assert 4 <= len(rows(tmp_path / "out")) < 12
    outcome = embed_images(images, str(tmp_path / "out"), WISH, ONE)
    assert outcome.failed == []
