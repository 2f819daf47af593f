"""CVAT's interactors: the requests that it makes to the dashboard of nuclio, answered with one function.

So CVAT needs no nuclio. Where there is one, `sdk/splitseem_cvat/nuclio` is a function that asks here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any

import numpy as np
from anyio import to_thread
from fastapi import APIRouter, Depends, Request
from numpy.typing import NDArray
from starlette.responses import JSONResponse, Response

from splitseem_proto import decode_rle
from splitseem_server.adapters.adapter import Adapter, Foreign, Plain, box, click, read_json, segment
from splitseem_server.decoding.service import Decoded
from splitseem_server.errors import ImageTooLarge, NotFound
from splitseem_server.http.uploads import image_of_base64
from splitseem_server.services import Services, services_of

_INVOKE = "/api/function_invocations"
router = APIRouter()
ADAPTER = Adapter(router, {_INVOKE: "decode"}, error_field="error")

NAME = "splitseem"
FUNCTION: Mapping[str, Any] = MappingProxyType(
    {
        "metadata": {
            "name": NAME,
            "namespace": "nuclio",
            "annotations": {
                "name": "splitseem",
                "type": "interactor",
                "version": "2",
                "spec": "",
                "framework": "splitseem",
                "min_pos_points": "1",
                "min_neg_points": "0",
                "startswith_box_optional": "true",
                "help_message": "Click on the object, or draw a box around it first; right-click beside it.",
            },
        },
        "spec": {"description": "Clicks and boxes to masks"},
        "status": {"state": "ready", "httpPort": 0},
    }
)
"""As nuclio describes a function, with what CVAT asks of an interactor."""
MOST_PIXELS = 16_000_000
"""Of an image, whose mask takes four bytes a pixel as JSON."""
_ROW = np.array([b"  0,", b"255,"])
"""Of equal length, so that a mask becomes text without a loop; spaces mean nothing there."""


class InvokeBody(Foreign):
    """What CVAT tells an interactor: the frame as base64, and points and corners in its pixels."""

    image: Any
    pos_points: tuple[tuple[float, float], ...] = ()
    neg_points: tuple[tuple[float, float], ...] = ()
    obj_bbox: (
        tuple[tuple[float, float], tuple[float, float]] | tuple[float, float, float, float] | tuple[()] | None
    ) = None


@router.get("/api/functions")
async def functions() -> Response:
    """Those that there are."""
    return JSONResponse({NAME: dict(FUNCTION)})


@router.get("/api/functions/{name}")
async def function(name: str) -> Response:
    """One of them."""
    _check(name)
    return JSONResponse(dict(FUNCTION))


@router.post(_INVOKE)
async def invoke(request: Request, services: Annotated[Services, Depends(services_of)]) -> Response:
    """The mask of an object, `[H, W]` of 0 and 255."""
    services.check_ready(request)
    _check(request.headers.get("x-nuclio-function-name", NAME))
    body = await read_json(request, InvokeBody, "image")
    prompts = _prompts(body)
    image = await image_of_base64(body.image, "image")
    decoded = await segment(request, services, image, [prompts])
    content = await to_thread.run_sync(_answer, decoded)
    headers = services.report(decoded.source, decoded.timings_ms)
    return Response(content, headers=headers, media_type="application/json")


def _check(name: str) -> None:
    if name != NAME:
        raise NotFound(f"no function {re.sub(r'[^ -~]', '?', name)[:64]!r}; this is {NAME!r}")


def _prompts(body: InvokeBody) -> list[Plain]:
    """The box, then the points of the object, then those beside it."""
    corners = np.ravel(body.obj_bbox or ()).tolist()
    boxes = [box(*corners)] if corners else []
    return [
        *boxes,
        *(click(x, y) for x, y in body.pos_points),
        *(click(x, y, 0) for x, y in body.neg_points),
    ]


def _answer(decoded: Decoded) -> bytes:
    (item,) = decoded.objects
    height, width = item.mask.size
    if height * width > MOST_PIXELS:
        raise ImageTooLarge(f"{width} x {height} pixels; masks of at most {MOST_PIXELS} are written as JSON")
    return b'{"mask":[' + _rows(decode_rle(item.mask)) + b"]}"


def _rows(mask: NDArray[np.bool_]) -> bytes:
    """`[0,255,…],[…]`"""
    height, width = mask.shape
    text = np.empty((height, 4 * width + 2), np.uint8)
    text[:, 0], text[:, -1] = ord("["), ord(",")
    text[:, 1:-1] = _ROW[mask.astype(np.intp)].view(np.uint8).reshape(height, 4 * width)
    text[:, -2] = ord("]")
    return text.tobytes()[:-1]
