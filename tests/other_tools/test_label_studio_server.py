"""A real Label Studio connects, fetches its own picture, keeps what comes; `make label-studio` runs it."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
from label_studio_sdk.converter.brush import decode_rle
from numpy.typing import NDArray
from tests.other_tools.conftest import HEIGHT, WIDTH, serving
from tests.other_tools.test_label_studio_backend import CONFIG, drawn

PROGRAM = os.environ.get("LABEL_STUDIO", "")
pytestmark = [
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.skipif(not PROGRAM, reason="LABEL_STUDIO names no program"),
]
Mask = NDArray[np.bool_]
TOKEN = "0123456789abcdef0123456789abcdef01234567"
STARTS_WITHIN_S = 240
SETTINGS = {
    "ML_BLOCK_LOCAL_IP": "false",
    "USE_DEFAULT_BANNED_SUBNETS": "false",
    "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
    "COLLECT_ANALYTICS": "false",
}


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a new Label Studio."""
    folder = tmp_path_factory.mktemp("label-studio")
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    user = ["--username", "a@example.org", "--password", "no-secret-here", "--user-token", TOKEN]
    environment = {**os.environ, **SETTINGS, "LABEL_STUDIO_BASE_DATA_DIR": str(folder)}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [PROGRAM, "start", "--no-browser", "-p", str(port), *user],
            env=environment,
            stdout=log,
            stderr=log,
        )
    address, until = f"http://127.0.0.1:{port}", time.monotonic() + STARTS_WITHIN_S
    try:
        while not answers(address):
            assert process.poll() is None, (folder / "log").read_text()[-2000:]
            assert time.monotonic() < until
            time.sleep(0.5)
        yield address
    finally:
        process.terminate()
        process.wait(60)


def answers(address: str) -> bool:
    try:
        return requests.get(f"{address}/health", timeout=5).status_code == 200
    except requests.ConnectionError:
        return False


def test_a_project_gets_the_masks_of_segment_for_its_own_picture(
    studio: str, key: tuple[str, Path], photo: Path, segmented: Callable[..., Mask]
) -> None:
    session = requests.Session()
    session.headers["Authorization"] = f"Token {TOKEN}"

    def post(path: str, **given: Any) -> Any:
        answer = session.post(f"{studio}{path}", timeout=120, **given)
        assert answer.ok, answer.text[:500]
        return answer.json()

    project = post("/api/projects", json={"title": "trial", "label_config": CONFIG})["id"]
    with photo.open("rb") as file:
        post(f"/api/projects/{project}/import", files={"file": ("photo.png", file, "image/png")})
    (task,) = session.get(f"{studio}/api/tasks", params={"project": project}).json()["tasks"]
    with serving(
        SPLITSEEM_API_KEYS_FILE=str(key[1]),
        SPLITSEEM_LABEL_STUDIO_URL=studio,
        SPLITSEEM_LABEL_STUDIO_TOKEN=TOKEN,
    ) as url:
        backend = {"url": f"{url}/label-studio", "project": project, "title": "ours", "is_interactive": True}
        stranger = session.post(f"{studio}/api/ml", json=backend)
        known = {"auth_method": "BASIC_AUTH", "basic_auth_user": "any", "basic_auth_pass": key[0]}
        connected = post("/api/ml", json={**backend, **known})
        regions = [drawn("keypointlabels", 110.5, 90.5), drawn("keypointlabels", 200, 150, is_positive=False)]
        asked = {"task": task["id"], "context": {"result": regions}}
        answer = post(f"/api/ml/{connected['id']}/interactive-annotating", json=asked)
    assert stranger.status_code == 400
    assert "401" in stranger.text
    assert connected["readable_state"] == "Connected"
    (stroke,) = answer["data"]["result"]
    post(f"/api/tasks/{task['id']}/annotations", json={"result": [stroke]})
    (kept,) = session.get(f"{studio}/api/projects/{project}/export?exportType=JSON").json()
    rle = kept["annotations"][0]["result"][0]["value"]["rle"]
    pixels = np.asarray(decode_rle(rle)).reshape(HEIGHT, WIDTH, 4)
    wanted = segmented("--point", "110.5,90.5", "--negative", "200,150")
    np.testing.assert_array_equal(pixels[..., 3] > 0, wanted)
