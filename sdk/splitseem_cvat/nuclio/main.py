"""A function of nuclio that asks a splitseem server whose adapter `cvat` is on, and adds the API key.

`SPLITSEEM_SERVER` is its address; `SPLITSEEM_API_KEY` a key with the scope `decode`, where it asks for one.
"""

from __future__ import annotations

import json
import os
from typing import Any

import httpx

TIMEOUT_S = 25.0
"""CVAT waits for 30."""


def init_context(context: Any) -> None:
    """Called once a worker."""
    key = os.environ.get("SPLITSEEM_API_KEY", "")
    context.user_data.client = httpx.Client(
        base_url=os.environ.get("SPLITSEEM_SERVER", "http://127.0.0.1:8000"),
        headers={"Authorization": f"Bearer {key}"} if key else {},
        timeout=TIMEOUT_S,
    )


def handler(context: Any, event: Any) -> Any:
    """`image`, `pos_points`, `neg_points` and `obj_bbox` in, `mask` out; what is wrong is in `error`."""
    body = event.body if isinstance(event.body, bytes | str) else json.dumps(event.body)
    headers = {"Content-Type": "application/json"}
    try:
        answer = context.user_data.client.post("/api/function_invocations", content=body, headers=headers)
        content, status = answer.content, answer.status_code
    except httpx.TransportError as error:
        content = json.dumps({"error": f"no answer from the splitseem server: {type(error).__name__}"})
        status = 502
    return context.Response(body=content, headers={}, content_type="application/json", status_code=status)
