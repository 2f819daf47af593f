"""KServe's Open Inference Protocol (V2) over REST, with binary tensors, as `tritonclient` speaks it: an image
and prompts of several objects in, masks and scores out."""

from __future__ import annotations

import importlib.metadata
import io
from collections.abc import Callable, Mapping
from typing import Annotated

import numpy as np
from anyio import to_thread
from fastapi import APIRouter, Depends, Request
from PIL import Image
from starlette.responses import JSONResponse, Response

from splitseem_proto import decode_rle
from splitseem_server.adapters.adapter import Adapter, Plain, box, click, segment
from splitseem_server.adapters.kserve_tensors import InferRequest, Tensor, read_request, write_answer
from splitseem_server.decoding.service import Decoded
from splitseem_server.errors import InvalidParameter, NotFound, NotReady, UnsupportedContentType
from splitseem_server.http.bodies import whole_body
from splitseem_server.services import Services, services_of

_INFER = ("/v2/models/{name}/infer", "/v2/models/{name}/versions/{version}/infer")
router = APIRouter()
ADAPTER = Adapter(router, dict.fromkeys(_INFER, "decode"), error_field="error")

INPUTS: Mapping[str, tuple[str, tuple[int, ...]]] = {
    "image": ("UINT8", (-1, -1, 3)),
    "image_file": ("BYTES", (1,)),
    "points": ("FP32", (-1, -1, 2)),
    "labels": ("INT32", (-1, -1)),
    "boxes": ("FP32", (-1, 4)),
}
"""Upright pixels `[H, W, 3]` or the file of the image; of N objects points `[N, P, 2]`, (x, y), with labels
`[N, P]`, 1, 0, or -1 for no point, and boxes `[N, 4]`, x0, y0, x1, y1, NaN for none."""
OUTPUTS: Mapping[str, tuple[str, tuple[int, ...]]] = {
    "masks": ("BOOL", (-1, -1, -1)),
    "scores": ("FP32", (-1,)),
    "names": ("BYTES", (-1,)),
}
"""Of N objects masks `[N, H, W]`, scores without bounds, and the best name of each."""
_AS_WELL = {"INT64": "INT32", "FP64": "FP32"}
"""Datatypes that are taken for others."""
MOST_MASK_PIXELS = 2**26
"""Of all masks of an answer, which are a byte each."""
HEADER_LENGTH = "Inference-Header-Content-Length"


async def named_model(request: Request, services: Annotated[Services, Depends(services_of)]) -> None:
    """Whether the path names the model of this server.

    Raises:
        NotFound: it does not.
    """
    named = request.path_params["name"], request.path_params.get("version", services.encoder.fingerprint)
    if named != (services.encoder.name, services.encoder.fingerprint):
        raise NotFound(
            f"no model {named[0][:64]!r} of version {named[1][:64]!r}; this is {services.encoder.name!r} of"
            f" {services.encoder.fingerprint!r}"
        )


@router.get("/v2")
async def server_metadata() -> Response:
    """What server this is."""
    version = importlib.metadata.version("splitseem")
    return JSONResponse({"name": "splitseem", "version": version, "extensions": ["binary_tensor_data"]})


@router.get("/v2/health/live")
async def live() -> Response:
    """200 as long as the process answers."""
    return JSONResponse({"live": True})


@router.get("/v2/health/ready")
@router.get("/v2/models/{name}/ready", dependencies=[Depends(named_model)])
@router.get("/v2/models/{name}/versions/{version}/ready", dependencies=[Depends(named_model)])
async def ready(services: Annotated[Services, Depends(services_of)]) -> Response:
    """200 once the model is warm."""
    if services.draining.begun or services.readiness.state != "ready":
        raise NotReady("the model is not ready, or the server is stopping", headers={"Retry-After": "1"})
    return JSONResponse({"name": services.encoder.name, "ready": True})


@router.get("/v2/models/{name}", dependencies=[Depends(named_model)])
@router.get("/v2/models/{name}/versions/{version}", dependencies=[Depends(named_model)])
async def model_metadata(services: Annotated[Services, Depends(services_of)]) -> Response:
    """What goes in and comes out."""
    return JSONResponse(
        {
            "name": services.encoder.name,
            "versions": [services.encoder.fingerprint],
            "platform": "splitseem",
            "inputs": _described(INPUTS),
            "outputs": _described(OUTPUTS),
        }
    )


@router.post(_INFER[0], dependencies=[Depends(named_model)])
@router.post(_INFER[1], dependencies=[Depends(named_model)])
async def infer(request: Request, services: Annotated[Services, Depends(services_of)]) -> Response:
    """Masks of objects."""
    services.check_ready(request)
    coding = request.headers.get("content-encoding", "identity")
    if coding != "identity":
        raise UnsupportedContentType(f"content coding {coding[:64]!r}; send the body as it is")
    asked = read_request(await whole_body(request), request.headers.get(HEADER_LENGTH))
    _check(asked)
    image = await to_thread.run_sync(_image_file, asked.tensors)
    decoded = await segment(request, services, image, _objects(asked.tensors))
    head = {"model_name": services.encoder.name, "model_version": services.encoder.fingerprint}
    if asked.head.id is not None:
        head["id"] = asked.head.id
    body, header_length = await to_thread.run_sync(_answer, head, decoded, asked)
    headers = services.report(decoded.source, decoded.timings_ms)
    if header_length is None:
        return Response(body, headers=headers, media_type="application/json")
    headers[HEADER_LENGTH] = str(header_length)
    return Response(body, headers=headers, media_type="application/octet-stream")


def _described(tensors: Mapping[str, tuple[str, tuple[int, ...]]]) -> list[Plain]:
    return [
        {"name": name, "datatype": datatype, "shape": shape} for name, (datatype, shape) in tensors.items()
    ]


def _check(asked: InferRequest) -> None:
    """Names, datatypes and shapes of what is asked.

    Raises:
        InvalidParameter: others than the metadata says.
    """
    for given in asked.head.inputs:
        if given.name not in INPUTS:
            raise InvalidParameter(f"unknown input {given.name[:64]!r}; known are {', '.join(INPUTS)}")
        datatype, shape = INPUTS[given.name]
        fits = len(shape) == len(given.shape) and all(
            side in (-1, has) for side, has in zip(shape, given.shape, strict=True)
        )
        if _AS_WELL.get(given.datatype, given.datatype) != datatype or not fits:
            raise InvalidParameter(
                f"input {given.name}: {given.datatype[:64]} {list(given.shape)[:8]} where {datatype}"
                f" {list(shape)} is read; -1 stands for any number"
            )
    unknown = sorted({output.name for output in asked.head.outputs} - set(OUTPUTS))
    if unknown:
        raise InvalidParameter(f"unknown output {unknown[0][:64]!r}; known are {', '.join(OUTPUTS)}")


def _image_file(tensors: Mapping[str, Tensor]) -> bytes:
    if ("image" in tensors) == ("image_file" in tensors):
        raise InvalidParameter("give the input `image`, pixels, or `image_file`")
    if "image_file" in tensors:
        return bytes(tensors["image_file"][0])
    if tensors["image"].size == 0:
        raise InvalidParameter("input image: it has no pixel")
    stream = io.BytesIO()
    # Pixels as they are, and no work to write or read them.
    Image.fromarray(tensors["image"]).save(stream, "BMP")
    return stream.getvalue()


def _objects(tensors: Mapping[str, Tensor]) -> list[list[Plain]]:
    points, boxes = tensors.get("points"), tensors.get("boxes")
    given = [tensor for tensor in (points, boxes) if tensor is not None]
    if not given or len({len(tensor) for tensor in given}) > 1:
        raise InvalidParameter("give `points` [N, P, 2], `boxes` [N, 4], or both of the same N objects")
    objects: list[list[Plain]] = [[] for _ in given[0]]
    for prompts, corners in zip(objects, boxes if boxes is not None else (), strict=False):
        if not np.isnan(corners).all():
            prompts.append(box(*corners.tolist()))
    if points is not None:
        labels = tensors.get("labels", np.ones(points.shape[:2], np.int32))
        if labels.shape != points.shape[:2] or not np.isin(labels, (1, 0, -1)).all():
            raise InvalidParameter("`labels` [N, P]: expected 1, 0 or -1 for each of the points")
        for prompts, places, kinds in zip(objects, points.tolist(), labels.tolist(), strict=True):
            prompts += [click(x, y, label) for (x, y), label in zip(places, kinds, strict=True) if label >= 0]
    return objects


def _answer(head: Plain, decoded: Decoded, asked: InferRequest) -> tuple[bytes, int | None]:
    height, width = decoded.objects[0].mask.size
    wanted = dict.fromkeys(output.name for output in asked.head.outputs) or OUTPUTS
    if "masks" in wanted and height * width * len(decoded.objects) > MOST_MASK_PIXELS:
        raise InvalidParameter(
            f"{len(decoded.objects)} masks of {width} x {height} pixels; at most {MOST_MASK_PIXELS} in all"
        )
    outputs = [(name, OUTPUTS[name][0], _VALUES[name](decoded)) for name in wanted]
    return write_answer(head, outputs, asked)


def _masks(decoded: Decoded) -> Tensor:
    return np.stack([decode_rle(item.mask) for item in decoded.objects])


def _scores(decoded: Decoded) -> Tensor:
    return np.array([item.score for item in decoded.objects], np.float32)


def _names(decoded: Decoded) -> Tensor:
    return np.array([item.label or "" for item in decoded.objects], object)


_VALUES: Mapping[str, Callable[[Decoded], Tensor]] = {"masks": _masks, "scores": _scores, "names": _names}
