"""The browser client, the exported decoder, isolation headers, health and docs."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.responses import FileResponse

from splitseem_server.app import create_app
from splitseem_server.cache.in_process import InProcessCache
from splitseem_server.errors import ClientFilesError, DecoderFilesError
from splitseem_server.files.coded import CodedFiles
from splitseem_server.services import Parts
from splitseem_server.settings import Settings

pytestmark = pytest.mark.anyio

IMMUTABLE = "public, max-age=31536000, immutable"


@pytest.mark.parametrize(
    ("path", "media_type", "caching"),
    [
        ("/", "text/html", "no-cache"),
        ("/index.html", "text/html", "no-cache"),
        ("/assets/index-0123abcd.js", "text/javascript", IMMUTABLE),
        ("/assets/runtime-0123abcd.mjs", "text/javascript", IMMUTABLE),
        ("/assets/runtime-0123abcd.wasm", "application/wasm", IMMUTABLE),
    ],
)
async def test_client_files_have_type_and_caching(
    client: httpx.AsyncClient, path: str, media_type: str, caching: str
) -> None:
    response = await client.get(path)
    assert response.status_code == 200
    assert response.headers["content-type"].partition(";")[0] == media_type
    assert response.headers["cache-control"] == caching
    again = await client.get(path, headers={"If-None-Match": response.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    "path", ["/", "/nothing", "/embed", "/healthz", "/v1/model", "/docs", "/assets/index-0123abcd.js"]
)
async def test_every_response_isolates_the_page(client: httpx.AsyncClient, path: str) -> None:
    headers = (await client.get(path)).headers
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-embedder-policy"] == "require-corp"
    assert headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize("path", ["/../secret", "/..%2fsecret", "/assets/..%2f..%2fsecret", "//etc/passwd"])
async def test_files_outside_the_client_are_not_served(
    client: httpx.AsyncClient, client_dir: Path, path: str
) -> None:
    (client_dir.parent / "secret").write_text("secret")
    assert (await client.get(path)).status_code == 404


async def test_manifest_is_served_as_it_was_exported(client: httpx.AsyncClient, decoder_dir: Path) -> None:
    response = await client.get("/v1/model")
    assert response.content == (decoder_dir / "manifest.json").read_bytes()
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "no-cache"
    again = await client.get("/v1/model", headers={"If-None-Match": response.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_model_says_which_canvases_may_be_asked_for(
    client: httpx.AsyncClient, image_bytes: Any
) -> None:
    said = (await client.head("/v1/model")).headers["x-splitseem-canvas"]
    usual, largest = (int(number) for number in said.split("; max="))
    png = {"Content-Type": "image/png"}
    asked = [
        await client.post(f"/embed?canvas={canvas}", content=image_bytes(), headers=png)
        for canvas in (largest, largest + 1)
    ]
    assert (usual, [response.status_code for response in asked]) == (64, [200, 422])


PLAIN = {"Accept-Encoding": "identity"}


async def test_files_of_the_manifest_are_served_and_immutable(client: httpx.AsyncClient) -> None:
    manifest = (await client.get("/v1/model")).json()
    entries = [*manifest["graphs"].values(), manifest["vocabulary"]]
    for entry in entries:
        response = await client.get(f"/v1/model/{entry['file']}", headers=PLAIN)
        assert hashlib.sha256(response.content).hexdigest() == entry["sha256"]
        assert response.headers["etag"] == f'"{entry["sha256"]}"'
        assert response.headers["cache-control"] == IMMUTABLE
        head = await client.head(f"/v1/model/{entry['file']}", headers=PLAIN)
        assert head.headers["content-length"] == str(entry["bytes"])
        known = {"If-None-Match": response.headers["etag"]}
        assert (await client.get(f"/v1/model/{entry['file']}", headers=known)).status_code == 304


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [("gzip, deflate, br, zstd", "zstd"), ("gzip, deflate", "gzip"), ("zstd;q=0, gzip", "gzip")],
)
async def test_large_files_that_never_change_are_coded_for_who_can_read_it(
    client: httpx.AsyncClient, decoder_dir: Path, accepted: str, coding: str
) -> None:
    step = next(decoder_dir.glob("step.*.onnx"))
    for path in (f"/v1/model/{step.name}", "/assets/runtime-0123abcd.wasm"):
        plain = await client.get(path, headers=PLAIN)
        headers = {"Accept-Encoding": accepted}
        coded = await client.get(path, headers=headers)
        assert coded.content == plain.content
        assert coded.headers["content-encoding"] == coding
        assert int(coded.headers["content-length"]) < len(plain.content) // 10
        assert coded.headers["content-type"] == plain.headers["content-type"]
        assert coded.headers["cache-control"] == IMMUTABLE
        assert coded.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
        assert coded.headers["etag"] == plain.headers["etag"][:-1] + f'.{coding}"'
        for known in (coded, plain):
            again = await client.get(path, headers={**headers, "If-None-Match": known.headers["etag"]})
            assert (again.status_code, again.headers["etag"]) == (304, known.headers["etag"])


async def test_small_files_and_those_that_change_are_sent_as_they_are(
    client: httpx.AsyncClient, decoder_dir: Path
) -> None:
    vocabulary = next(decoder_dir.glob("vocabulary.*.msgpack"))
    for path in ("/", "/assets/index-0123abcd.js", f"/v1/model/{vocabulary.name}"):
        response = await client.get(path, headers={"Accept-Encoding": "zstd"})
        assert "content-encoding" not in response.headers


@pytest.fixture
def coded_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[Path]]:
    """What lies in the folder for temporary files of this test."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return lambda: list(folder.iterdir())


async def test_coded_files_are_gone_when_the_service_stops(
    make_app: Callable[..., FastAPI], run_in_process: Any, coded_folders: Callable[[], list[Path]]
) -> None:
    headers = {"Accept-Encoding": "zstd"}
    async with run_in_process(make_app()) as client:
        response = await client.get("/assets/runtime-0123abcd.wasm", headers=headers)
        assert response.headers["content-encoding"] == "zstd"
        assert len(coded_folders()) == 1
    assert coded_folders() == []


@pytest.mark.parametrize("by", ["close", "somebody else"])
async def test_coded_files_that_were_removed_are_coded_again(
    tmp_path: Path, coded_folders: Callable[[], list[Path]], by: str
) -> None:
    (tmp_path / "large").write_bytes(b"0" * 20_000)
    files, asked = CodedFiles(), Headers({"accept-encoding": "gzip"})
    for _ in range(2):
        response = await files.response(tmp_path / "large", {"ETag": '"x"'}, asked)
        assert isinstance(response, FileResponse)
        assert Path(response.path).is_file()
        if by == "close":
            files.close()
        else:
            shutil.rmtree(coded_folders()[0])
        assert coded_folders() == []


async def test_without_a_place_for_coded_files_they_are_sent_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "large").write_bytes(b"0" * 20_000)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    response = await CodedFiles().response(
        tmp_path / "large", {"ETag": '"x"'}, Headers({"accept-encoding": "gzip"})
    )
    assert "content-encoding" not in response.headers


async def test_what_would_not_get_shorter_is_sent_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "noise").write_bytes(random.Random(0).randbytes(20_000))
    asked = Headers({"accept-encoding": "gzip, zstd"})
    response = await CodedFiles().response(tmp_path / "noise", {"ETag": '"x"'}, asked)
    assert "content-encoding" not in response.headers


@pytest.mark.parametrize("name", ["manifest.json", "notes.txt", "step.onnx", "..%2fmanifest.json"])
async def test_files_that_the_manifest_does_not_name_are_404(client: httpx.AsyncClient, name: str) -> None:
    assert (await client.get(f"/v1/model/{name}")).status_code == 404


async def test_without_decoder_and_client_the_rest_still_works(encoder: Any, run_in_process: Any) -> None:
    async with run_in_process(
        create_app(Parts(settings=Settings(), encoder=encoder, cache=InProcessCache(0)))
    ) as client:
        assert (await client.get("/v1/model")).status_code == 404
        assert (await client.get("/")).status_code == 404
        assert (await client.get("/healthz")).status_code == 200


def edited(edit: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        manifest = json.loads((folder / "manifest.json").read_text())
        edit(manifest)
        (folder / "manifest.json").write_text(json.dumps(manifest))

    return apply


def damage_step(folder: Path) -> None:
    next(folder.glob("step.*.onnx")).write_bytes(b"other")


def remove_step(folder: Path) -> None:
    next(folder.glob("step.*.onnx")).unlink()


BAD_DECODERS: dict[str, tuple[Callable[[Path], object], str]] = {
    "no_manifest": (lambda folder: (folder / "manifest.json").unlink(), "no exported decoder.*make setup"),
    "no_json": (lambda folder: (folder / "manifest.json").write_text("{"), "cannot be read"),
    "no_graphs": (edited(lambda manifest: manifest.pop("graphs")), "cannot be read"),
    "graphs_list": (edited(lambda manifest: manifest.update(graphs=[])), "cannot be read"),
    "file_outside": (edited(lambda m: m["graphs"]["step"].update(file="../x")), "no plain file name"),
    "file_missing": (remove_step, "missing.*make setup"),
    "file_damaged": (damage_step, "digest"),
    "other_model": (edited(lambda manifest: manifest.update(fingerprint="beef")), "exported from model beef"),
}


@pytest.mark.parametrize(("damage", "message"), BAD_DECODERS.values(), ids=BAD_DECODERS.keys())
def test_decoder_that_does_not_fit_is_refused_at_start(
    decoder_dir: Path, tmp_path: Path, encoder: Any, damage: Callable[[Path], object], message: str
) -> None:
    folder = tmp_path / "decoder"
    shutil.copytree(decoder_dir, folder)
    damage(folder)
    with pytest.raises(DecoderFilesError, match=message):
        create_app(Parts(settings=Settings(), encoder=encoder, cache=InProcessCache(0), decoder_dir=folder))


def test_missing_client_is_refused_at_start(tmp_path: Path, encoder: Any) -> None:
    with pytest.raises(ClientFilesError, match="make setup"):
        create_app(Parts(settings=Settings(), encoder=encoder, cache=InProcessCache(0), client_dir=tmp_path))


async def test_ready_names_model_cache_and_queue(client: httpx.AsyncClient) -> None:
    assert (await client.get("/readyz")).json() == {
        "status": "ready",
        "model": "fake",
        "fingerprint": "fa4e" * 8,
        "cache": {"kind": "memory", "reachable": True, "faults": 0, "refused": None},
        "waiting": 0,
    }


async def test_not_ready_while_warming_up_but_alive(
    make_app: Callable[..., FastAPI], encoder: Any, wait_until: Any
) -> None:
    encoder.gate.clear()
    app = make_app()
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://test") as client,
    ):
        assert (await client.get("/healthz")).status_code == 200
        response = await client.get("/readyz")
        encoder.gate.set()
    assert response.status_code == 503
    assert response.headers["retry-after"] == "1"
    assert response.json()["type"] == "urn:splitseem:problem:not-ready"


async def test_failed_warm_up_is_not_ready_and_embeds_nothing(
    make_app: Callable[..., FastAPI], encoder: Any, run_in_process: Any, image_bytes: Any
) -> None:
    encoder.error = RuntimeError("no such instruction")
    async with run_in_process(make_app()) as client:
        ready = await client.get("/readyz")
        embed = await client.post("/embed", content=image_bytes(), headers={"Content-Type": "image/png"})
    assert (ready.status_code, embed.status_code) == (503, 503)
    assert "no such instruction" not in ready.text + embed.text


async def test_docs_page_lists_routes_and_loads_nothing(client: httpx.AsyncClient) -> None:
    response = await client.get("/docs")
    assert response.headers["content-type"].startswith("text/html")
    paths = (await client.get("/openapi.json")).json()["paths"]
    assert "/v1/embeddings/{key}" in paths
    for path in paths:
        assert path in response.text
    assert "<script" not in response.text
    assert "http://" not in response.text.replace("http://test", "")
    assert "https://" not in response.text


def test_importing_the_app_loads_neither_torch_nor_redis() -> None:
    script = (
        "import sys, splitseem_server.app;"
        "print([name for name in ('torch', 'redis', 'uvicorn') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert run.stdout.strip() == "[]"


@pytest.mark.parametrize("prefix", ["", "/tool"])
@pytest.mark.parametrize("host", ["evil.example", "evil.example:1/x", "[", "a@evil.example"])
@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/help"), ("GET", "//help"), ("POST", "/embed/"), ("GET", "/v1/model/")]
)
async def test_redirects_stay_on_this_server_whatever_host_is_asked_for(
    client: httpx.AsyncClient, method: str, path: str, host: str, prefix: str
) -> None:
    url = httpx.URL("http://test").copy_with(raw_path=path.encode())
    headers = {"Host": host, "X-Forwarded-Prefix": prefix}
    response = await client.request(method, url, headers=headers)
    location = response.headers["location"]
    assert response.is_redirect
    assert location.startswith(f"{prefix}/")
    assert not location.startswith("//")
    assert "evil" not in location


@pytest.mark.parametrize(
    ("policy", "framed"), [("same-origin", True), ("same-site", False), ("cross-origin", False)]
)
async def test_page_and_docs_load_nothing_of_others_and_stand_in_no_frame_of_them_unless_they_may(
    make_app: Any, run_in_process: Any, policy: str, framed: bool
) -> None:
    async with run_in_process(make_app(resource_policy=policy)) as client:
        for path in ("/", "/docs", "/nothing", "/healthz"):
            headers = (await client.get(path)).headers
            rules = dict(rule.split(" ", 1) for rule in headers["content-security-policy"].split("; "))
            assert rules["default-src"] == "'none'"
            assert rules["script-src"] == "'self' 'wasm-unsafe-eval'"
            assert rules["object-src"] == "'none'"
            assert ("frame-ancestors" in rules) == framed
            assert headers["referrer-policy"] == "same-origin"
            assert "camera=()" in headers["permissions-policy"]
