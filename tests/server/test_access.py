"""API keys: who may ask for what, and that tenants do not find each other's embeddings."""

from __future__ import annotations

import base64
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from splitseem_cli import keys, serve
from splitseem_server.app import create_app
from splitseem_server.cache.in_process import InProcessCache
from splitseem_server.embedding import service
from splitseem_server.http.access import SCOPE_OF, Access, ApiKey, make_key, read_keys
from splitseem_server.images.read import read_header
from splitseem_server.services import Parts
from splitseem_server.settings import Settings, SettingsError

pytestmark = pytest.mark.anyio

OPEN = {"/healthz", "/readyz", "/v1/model", "/v1/model/{file}"}
KEYS = {
    "ann": ("ann", ("embed", "decode")),
    "ann's other": ("ann", ("embed", "decode")),
    "ben": ("ben", ("embed", "decode")),
    "reader": ("ann", ("embed",)),
    "admin": ("admin", ("admin",)),
}
MADE = {label: make_key(name, scopes) for label, (name, scopes) in KEYS.items()}


def auth(label: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {MADE[label][0]}"}


@pytest.fixture
def guarded(encoder: Any, decoder_dir: Path, client_dir: Path) -> Any:
    access = Access(tuple(key for _, key in MADE.values()))
    return create_app(
        Parts(
            settings=Settings(),
            encoder=encoder,
            cache=InProcessCache(2**24),
            decoder_dir=decoder_dir,
            client_dir=client_dir,
            access=access,
        )
    )


@pytest.fixture
async def client(guarded: Any, run_in_process: Any) -> AsyncIterator[httpx.AsyncClient]:
    async with run_in_process(guarded) as running:
        yield running


def test_every_route_is_either_guarded_or_open(guarded: Any) -> None:
    assert set(guarded.openapi()["paths"]) == set(SCOPE_OF) | OPEN
    assert not set(SCOPE_OF) & OPEN


@pytest.mark.parametrize("path", sorted(SCOPE_OF))
async def test_without_a_key_a_guarded_route_is_401(client: httpx.AsyncClient, path: str) -> None:
    method = "GET" if path in ("/metrics", "/v1/embeddings/{key}") else "POST"
    response = await client.request(method, path.replace("{key}", "0" * 64))
    assert response.status_code == 401
    assert response.json()["type"] == "urn:splitseem:problem:unauthorized"
    assert response.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/v1/model", "/openapi.json", "/docs", "/"])
async def test_what_the_page_and_probes_need_is_open(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": f"Bearer {MADE['ann'][0]}"},
        {"Authorization": f"bearer  {MADE['ann'][0]}"},
        {"X-API-Key": MADE["ann"][0]},
        {"X-API-Key": MADE["ann"][0], "Authorization": "Basic of-a-proxy"},
        {"Authorization": "Basic " + base64.b64encode(b"any:" + MADE["ann"][0].encode()).decode()},
    ],
)
async def test_a_key_is_read_from_either_header(
    client: httpx.AsyncClient, image_bytes: Callable[..., bytes], headers: dict[str, str]
) -> None:
    assert (await client.post("/embed", content=image_bytes(), headers=headers)).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": MADE["ann"][0]},
        {"Authorization": "Bearer"},
        {"Authorization": f"Basic {MADE['ann'][0]}"},
        {"X-API-Key": MADE["ann"][0][:-1]},
        {"X-API-Key": MADE["ann"][0] + "x"},
        {"X-API-Key": MADE["ann"][1].digest.hex()},
        {"X-API-Key": MADE["ann"][1].line},
        {"X-API-Key": ""},
        {"Authorization": f"Basic {base64.b64encode(MADE['ann'][0].encode()).decode()}"},
        {"Authorization": "Basic /w=="},
        {"X-API-Key": "\u00e4"},
    ],
)
async def test_what_is_no_key_is_401(
    client: httpx.AsyncClient, image_bytes: Callable[..., bytes], headers: dict[str, str]
) -> None:
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    response = await client.post("/embed", content=image_bytes(), headers=raw)
    assert response.status_code == 401
    assert MADE["ann"][0] not in response.text


@pytest.mark.parametrize(
    ("label", "method", "path"),
    [("reader", "POST", "/v1/text"), ("ann", "GET", "/metrics"), ("admin", "POST", "/embed")],
)
async def test_a_key_without_the_scope_is_403(
    client: httpx.AsyncClient, label: str, method: str, path: str
) -> None:
    response = await client.request(method, path, headers=auth(label))
    assert response.status_code == 403
    assert response.json()["type"] == "urn:splitseem:problem:forbidden"
    assert KEYS[label][1][0] in response.json()["detail"]


async def test_an_admin_reads_the_figures(client: httpx.AsyncClient) -> None:
    assert (await client.get("/metrics", headers=auth("admin"))).status_code == 200


async def test_an_embedding_is_found_by_its_tenant_and_nobody_else(
    client: httpx.AsyncClient, image_bytes: Callable[..., bytes], encoder: Any
) -> None:
    image = image_bytes()
    made = await client.post("/embed", content=image, headers=auth("ann"))
    path = made.headers["location"]
    found = {label: await client.get(path, headers=auth(label)) for label in KEYS if label != "admin"}
    tagged = await client.get(path, headers=auth("ben") | {"If-None-Match": made.headers["etag"]})
    runs = len(encoder.images)
    again = {
        label: await client.post("/embed", content=image, headers=auth(label)) for label in ("ann", "ben")
    }
    assert {label: response.status_code for label, response in found.items()} == {
        "ann": 200,
        "ann's other": 200,
        "reader": 200,
        "ben": 404,
    }
    assert tagged.status_code == 404
    assert [response.headers["x-splitseem-cache"] for response in again.values()] == ["hit", "miss"]
    assert len(encoder.images) == runs + 1
    assert again["ben"].content == made.content
    assert (await client.get(path, headers=auth("ben"))).status_code == 200


async def test_a_file_that_another_tenant_has_sent_is_read_as_if_it_were_new(
    client: httpx.AsyncClient, image_bytes: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []

    def reading(image: bytes, *given: Any) -> Any:
        read.append(len(image))
        return read_header(image, *given)

    monkeypatch.setattr(service, "read_header", reading)
    for label, times in (("ann", 1), ("ann", 1), ("ann's other", 1), ("ben", 2), ("ben", 2)):
        await client.post("/embed", content=image_bytes(), headers=auth(label))
        assert len(read) == times, label


async def test_without_keys_in_the_file_nothing_changes(
    make_app: Callable[..., Any], run_in_process: Any, image_bytes: Callable[..., bytes]
) -> None:
    async with run_in_process(make_app()) as client:
        response = await client.post("/embed", content=image_bytes(), headers=auth("ann"))
    assert response.status_code == 200


def test_keys_are_replaced_without_a_restart(fake_service: Any, tmp_path: Path, wait_until: Any) -> None:
    file = tmp_path / "keys"
    (old, old_line), (new, new_line) = (make_key("acme", ["embed"]) for _ in range(2))

    def write(*lines: str) -> None:
        file.write_text("".join(f"{line}\n" for line in lines))

    write(old_line.line)
    with (
        fake_service(SPLITSEEM_API_KEYS_FILE=str(file)) as service,
        httpx.Client(base_url=service.url, timeout=60) as client,
    ):

        def is_known(secret: str) -> bool:
            # 404: the key may ask for an embedding that is not there.
            answer = client.get(f"/v1/embeddings/{'0' * 64}", headers={"X-API-Key": secret})
            return answer.status_code == 404

        assert (is_known(old), is_known(new)) == (True, False)
        write(old_line.line, new_line.line)
        service.process.send_signal(signal.SIGHUP)
        wait_until(lambda: is_known(new))
        assert is_known(old)
        write(new_line.line)
        service.process.send_signal(signal.SIGHUP)
        wait_until(lambda: not is_known(old))
        write("rubbish")
        service.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "keys_not_read" in service.output.read_text())
        assert (is_known(old), is_known(new)) == (False, True)
        assert "rubbish" not in service.output.read_text()
        service.process.terminate()
        assert service.process.wait(60) == 0


def test_a_key_that_is_made_is_read_again(tmp_path: Path) -> None:
    result = CliRunner().invoke(keys.command, ["new", "--name", "acme", "--scope", "embed, admin"])
    secret, line = result.output.splitlines()
    file = tmp_path / "keys"
    file.write_text(f"# of acme\n\n{line}\n")
    access = read_keys(file)
    assert access.tenant(secret, "embed") == access.tenant(secret, "admin") == "acme"
    assert secret not in line
    assert access.keys == (ApiKey("acme", ("embed", "admin"), access.keys[0].digest),)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--scope", "fly"], "known are embed, decode, admin"),
        (["--scope", ""], "known are embed, decode, admin"),
        (["--name", "a b"], "letters, digits"),
        (["--name", ""], "letters, digits"),
    ],
)
def test_a_key_that_cannot_be_is_refused(arguments: list[str], words: str) -> None:
    result = CliRunner().invoke(keys.command, ["new", *arguments])
    assert result.exit_code == 2
    assert words in result.output


@pytest.mark.parametrize(
    "content",
    [
        "",
        "# nothing\n",
        "acme\n",
        "acme embed secret\n",
        f"acme embed {'0' * 64}\n",
        f"acme fly sha256:{'0' * 64}\n",
        f"a/b embed sha256:{'0' * 64}\n",
        f"acme embed sha256:{'0' * 63}\n",
    ],
)
def test_a_file_that_holds_something_else_is_refused_at_the_start(tmp_path: Path, content: str) -> None:
    file = tmp_path / "keys"
    file.write_text(content)
    with pytest.raises(SettingsError, match="SPLITSEEM_API_KEYS_FILE") as caught:
        read_keys(file)
    assert "secret" not in str(caught.value)


def test_a_file_that_is_not_there_is_refused_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot read"):
        read_keys(tmp_path / "none")


@pytest.mark.parametrize(
    ("host", "warned"),
    [
        ("127.0.0.1", False),
        ("127.8.8.8", False),
        ("::1", False),
        ("localhost", False),
        ("0.0.0.0", True),
        ("::", True),
        ("192.168.1.4", True),
        ("example.org", True),
    ],
)
@pytest.mark.parametrize("with_keys", [False, True])
def test_a_service_that_is_open_to_everybody_says_so(
    host: str, warned: bool, with_keys: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "keys"
    file.write_text(MADE["ann"][1].line)
    access = serve.read_access(Settings(host=host, api_keys_file=file if with_keys else None))
    assert (access is not None) is with_keys
    assert ("open_to_everybody" in capsys.readouterr().out) is (warned and not with_keys)
