"""Fetching known checkpoints: from a hub on this machine, from the cache, and not at all."""

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from splitseem_model.checkpoints import hub
from splitseem_model.checkpoints.hub import cached, fetch, known_sha256, recognise
from splitseem_model.checkpoints.known import HUB_REPOSITORY, KNOWN
from splitseem_model.errors import FetchError

FOCAL = KNOWN["seem_focalt_v1"]
CONTENT = b"tensors " * 3_000_000  # the library writes 10 MB at a time, and resumes after what is written
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@dataclass
class FakeLibrary:
    """Stands for `huggingface_hub`."""

    error: Exception | None = None
    stored: Path | None = None
    asked: list[tuple[str, str]] = field(default_factory=list)

    def hf_hub_download(self, repository: str, file: str) -> str:
        self.asked.append((repository, file))
        if self.error is not None:
            raise self.error
        return str(self.stored)

    def try_to_load_from_cache(self, repository: str, file: str) -> str | None:
        found = self.stored is not None and (repository, file) == (HUB_REPOSITORY, FOCAL.file)
        return str(self.stored) if found else None


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> FakeLibrary:
    fake = FakeLibrary()
    monkeypatch.setattr(hub, "_library", lambda: fake)
    return fake


def stored(tmp_path: Path, content: bytes = CONTENT) -> Path:
    """A file as the hub's cache keeps it: a link to a blob that is named by its digest."""
    blob = tmp_path / hashlib.sha256(content).hexdigest()
    blob.write_bytes(content)
    link = tmp_path / "seem_focalt_v1.pt"
    link.symlink_to(blob)
    return link


def test_known_checkpoint_is_asked_of_its_repository(library: FakeLibrary, tmp_path: Path) -> None:
    library.stored = stored(tmp_path)
    assert fetch(FOCAL) == library.stored
    assert library.asked == [("xdecoder/SEEM", "seem_focalt_v1.pt")]


def test_without_network_the_message_says_what_to_do(library: FakeLibrary) -> None:
    library.error = ConnectionError("no route to host")
    with pytest.raises(
        FetchError, match=r"no route to host.*download https://\S+/seem_focalt_v1\.pt by hand"
    ):
        fetch(FOCAL)


def test_without_the_library_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent() -> Any:
        raise ImportError("no module")

    monkeypatch.setattr(hub, "_library", absent)
    with pytest.raises(FetchError, match="pip install huggingface_hub"):
        fetch(FOCAL)
    assert cached(FOCAL) is None


def test_checkpoint_that_was_never_published_is_not_looked_for(library: FakeLibrary) -> None:
    with pytest.raises(FetchError, match=r"never published.*--preset davitd5-v1"):
        fetch(KNOWN["seem_davitd5_v1"])
    assert library.asked == []


def test_file_with_the_digest_of_a_fetched_one_is_recognised_by_any_name(
    library: FakeLibrary, tmp_path: Path
) -> None:
    library.stored = stored(tmp_path)
    (tmp_path / "mine.pt").write_bytes(CONTENT)
    (tmp_path / "other.pt").write_bytes(CONTENT[1:])
    assert known_sha256(FOCAL) == DIGEST
    assert recognise(library.stored) is FOCAL
    assert recognise(tmp_path / "mine.pt") is FOCAL
    assert recognise(tmp_path / "other.pt") is None


def test_nothing_is_recognised_while_no_digest_is_known(library: FakeLibrary, tmp_path: Path) -> None:
    assert recognise(tmp_path / "not even there.pt") is None


class HubHandler(BaseHTTPRequestHandler):
    """Serves one file as the hub does, in ranges too; closes the first connection half-way."""

    def do_HEAD(self) -> None:
        self._head(200, len(CONTENT))

    def do_GET(self) -> None:
        state: SimpleNamespace = self.server.state  # type: ignore[attr-defined]
        start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")[0])
        state.starts.append(start)
        self._head(206 if start else 200, len(CONTENT) - start)
        end = len(CONTENT) if start else len(CONTENT) // 2
        self.wfile.write(CONTENT[start:end])
        self.close_connection = True

    def _head(self, status: int, length: int) -> None:
        self.send_response(status)
        self.send_header("ETag", f'"{DIGEST}"')
        self.send_header("X-Repo-Commit", "0" * 40)
        self.send_header("Content-Length", str(length))
        self.send_header("Accept-Ranges", "bytes")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


@pytest.fixture
def hub_server() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), HubHandler)
    server.state = SimpleNamespace(starts=[])  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_broken_download_is_resumed_and_kept(
    hub_server: ThreadingHTTPServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = pytest.importorskip("huggingface_hub")
    where: dict[str, Any] = {
        "cache_dir": tmp_path,
        "endpoint": f"http://127.0.0.1:{hub_server.server_address[1]}",
    }
    library = SimpleNamespace(
        hf_hub_download=lambda repository, file: real.hf_hub_download(repository, file, **where),
        try_to_load_from_cache=lambda repository, file: real.try_to_load_from_cache(
            repository, file, cache_dir=tmp_path
        ),
    )
    monkeypatch.setattr(hub, "_library", lambda: library)
    assert fetch(FOCAL).read_bytes() == CONTENT
    first, second = hub_server.state.starts  # type: ignore[attr-defined]
    assert first == 0 < second < len(CONTENT) // 2 + 1
    assert cached(FOCAL) is not None
    assert known_sha256(FOCAL) == DIGEST
