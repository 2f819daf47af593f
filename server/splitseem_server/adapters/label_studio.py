"""Label Studio's ML backend: points and rectangles of its smart tools in, brush strokes out."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import unquote

from anyio import to_thread
from fastapi import APIRouter, Depends, Request
from starlette.responses import JSONResponse, Response

from splitseem_proto import decode_rle
from splitseem_server.adapters.adapter import (
    Adapter,
    Foreign,
    Pixel,
    Plain,
    box,
    click,
    confidence,
    read_as,
    read_json,
    segment,
)
from splitseem_server.adapters.brush import brush_of
from splitseem_server.adapters.label_config import BrushTarget, brush_target
from splitseem_server.decoding.service import Decoded
from splitseem_server.errors import InvalidParameter, UrlNotEnabled
from splitseem_server.http.uploads import decode_base64
from splitseem_server.images.fetching import ImageFetcher
from splitseem_server.services import Services, services_of

router = APIRouter(prefix="/label-studio")
ADAPTER = Adapter(
    router,
    dict.fromkeys(("/label-studio/setup", "/label-studio/predict"), "decode"),
    error_field="error",
)

_FILES = "/data/"
"""Below it Label Studio serves the files of tasks, and nothing else."""


class Region(Foreign):
    """Something drawn by a smart tool: place and size in percent of the picture."""

    type: str
    value: Mapping[str, Any]
    original_width: Pixel
    original_height: Pixel
    is_positive: bool = True


class Context(Foreign):
    """What was drawn since the last accepted answer."""

    result: tuple[Region, ...] = ()


class Params(Foreign):
    """Beside the tasks."""

    context: Context | None = None


class Task(Foreign):
    """What is labelled."""

    data: Mapping[str, Any]


class PredictBody(Foreign):
    """`/predict`."""

    tasks: tuple[Task, ...]
    label_config: str = ""
    params: Params = Params()


class Place(Foreign):
    """Of a region, percent; a point has a width too, that of its dot."""

    x: float
    y: float
    width: float = 0
    height: float = 0
    rotation: float = 0


@router.get("/health")
@router.get("/")
async def health() -> Response:
    """200 as long as the process answers."""
    return JSONResponse({"status": "UP", "model_class": "splitseem"})


@router.post("/setup")
async def setup(services: Annotated[Services, Depends(services_of)]) -> Response:
    """Nothing is kept of a project."""
    return JSONResponse({"model_version": services.model_header})


@router.get("/versions")
async def versions(services: Annotated[Services, Depends(services_of)]) -> Response:
    """There is one."""
    return JSONResponse({"versions": [services.model_header]})


@router.post("/webhook")
async def webhook() -> Response:
    """Nothing is learnt from what is annotated; Label Studio tells it without a key."""
    return JSONResponse({"status": "ok"})


@router.post("/predict")
async def predict(request: Request, services: Annotated[Services, Depends(services_of)]) -> Response:
    """A brush stroke for what is drawn on the one task; without a drawing nothing for each task."""
    services.check_ready(request)
    body = await read_json(request, PredictBody, "tasks")
    drawn = () if body.params.context is None else body.params.context.result
    if not drawn:
        nothing = {"model_version": services.model_header, "score": 0.0, "result": []}
        return JSONResponse({"results": [nothing] * len(body.tasks)})
    if len(body.tasks) != 1:
        raise InvalidParameter(f"{len(body.tasks)} tasks; something drawn is on one")
    target = brush_target(body.label_config)
    prompts = [_prompt(region) for region in drawn]
    image = await _image(services, body.tasks[0], target)
    decoded = await segment(request, services, image, [prompts])
    stroke = await to_thread.run_sync(_stroke, decoded, target, _label(drawn[-1]))
    answer = {"model_version": services.model_header, "score": stroke["score"], "result": [stroke]}
    return JSONResponse({"results": [answer]}, headers=services.report(decoded.source, decoded.timings_ms))


def _prompt(region: Region) -> Plain:
    kind = region.type.removesuffix("labels")
    place = read_as(Place, dict(region.value)) if kind in ("keypoint", "rectangle") else None
    if place is None:
        raise InvalidParameter(f"a region of type {region.type[:64]!r}; key points and rectangles are read")
    x, y = place.x * region.original_width / 100, place.y * region.original_height / 100
    if kind == "keypoint":
        return click(x, y, int(region.is_positive))
    if place.rotation:
        raise InvalidParameter("a rotated rectangle; rectangles are read upright")
    right, bottom = (
        x + place.width * region.original_width / 100,
        y + place.height * region.original_height / 100,
    )
    return {**box(x, y, right, bottom), "label": int(region.is_positive)}


def _label(region: Region) -> list[str]:
    """The label that was chosen, as a list of one."""
    chosen = region.value.get(region.type)
    return [str(chosen[0])[:1000]] if isinstance(chosen, list) and chosen else []


def _stroke(decoded: Decoded, target: BrushTarget, label: list[str]) -> Plain:
    (item,) = decoded.objects
    height, width = item.mask.size
    return {
        "id": uuid.uuid4().hex[:10],
        "from_name": target.from_name,
        "to_name": target.to_name,
        "type": "brushlabels",
        "original_width": width,
        "original_height": height,
        "image_rotation": 0,
        "value": {"format": "rle", "rle": brush_of(decode_rle(item.mask)), "brushlabels": label},
        "score": confidence(item.score),
        "readonly": False,
    }


async def _image(services: Services, task: Task, target: BrushTarget) -> bytes:
    """The picture of a task.

    Raises:
        InvalidParameter: there is none. UrlNotEnabled: it is where nothing is fetched from.
    """
    named = task.data.get(target.field)
    if not isinstance(named, str) or not named:
        raise InvalidParameter(f"the task's data have no address of a picture in {target.field[:64]!r}")
    if named[:5].lower() == "data:":
        return await to_thread.run_sync(decode_base64, named, "the picture")
    own = services.settings.label_studio_url
    path = named.removeprefix(own) if own else named
    if path.startswith("/"):
        return await _own_fetcher(services)(own + _file_path(path, own))
    if re.match(r"https?://", named) is None:
        raise InvalidParameter(f"the picture is at {named[:64]!r}; read are http, https and data addresses")
    if services.fetch is None:
        raise UrlNotEnabled("this server fetches pictures of Label Studio only (SPLITSEEM_FETCH_URLS)")
    return await services.fetch(named)


def _file_path(path: str, own: str) -> str:
    """A path of Label Studio, if it is one of a file.

    Raises:
        UrlNotEnabled: another one, or this server knows no Label Studio.
    """
    if not own:
        raise UrlNotEnabled("the picture is a file of Label Studio: set SPLITSEEM_LABEL_STUDIO_URL")
    plain = unquote(path.partition("?")[0])
    if not plain.startswith(_FILES) or ".." in plain.split("/") or "\\" in plain:
        raise UrlNotEnabled(f"of Label Studio only what is below {_FILES} is fetched")
    return path


def _own_fetcher(services: Services) -> ImageFetcher:
    settings, token = services.settings, services.settings.label_studio_token
    # It serves pictures as what its API calls JSON, and knows no other kind.
    headers = {"Accept": "*/*", **({"Authorization": f"Token {token}"} if token else {})}
    return ImageFetcher(
        settings.max_image_bytes,
        settings.url_s,
        ports=None,
        may_reach=lambda address: True,
        redirects=0,
        headers=headers,
    )
