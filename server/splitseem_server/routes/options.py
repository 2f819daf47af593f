"""What several routes ask for in the same way: an image, how it is encoded, pictures as answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Query, Request

from splitseem_model.config import MIN_CANVAS
from splitseem_model.tasks.segments import MODES
from splitseem_proto import CODECS
from splitseem_proto.limits import MAX_DIMENSION
from splitseem_server.embedding.encoder import RoiXywh
from splitseem_server.embedding.service import EmbedOptions
from splitseem_server.errors import InvalidParameter
from splitseem_server.http.parameters import whole_number
from splitseem_server.services import Services, tenant_of

PNG = "image/png"

Codec = Annotated[str | None, Query(description=f"of the embedding: {', '.join(CODECS)}")]
Canvas = Annotated[int | None, Query(ge=1, description="pixels to resize to; the model's own size if absent")]
Roi = Annotated[str | None, Query(description="x,y,w,h in image pixels; the whole image if absent")]
Original = Annotated[
    str | None,
    Query(description="w,h of the upright photo, where it, or the part, is sent as the model sees it"),
]
Maps = Annotated[str | None, Query(description="features, source or lateral: what masks are to be made of")]

EMBED_PARAMETERS = ("codec", "canvas", "roi", "original", "maps")
PANOPTIC_PARAMETERS = ("mode", "min_score", "codec", "canvas", "roi")


def image_body(*options: str) -> dict[str, Any]:
    """An image in each of the forms in which it may be sent, with these options beside it."""

    def fields(**image: Any) -> dict[str, Any]:
        """With one of these ways to name the image."""
        one_of = [{"required": [name]} for name in image]
        return {
            "schema": {
                "type": "object",
                "properties": {**image, **{name: {} for name in options}},
                **(one_of[0] if len(one_of) == 1 else {"oneOf": one_of}),
                "additionalProperties": False,
            }
        }

    binary = {"type": "string", "format": "binary"}
    content = {
        "multipart/form-data": fields(image=binary),
        "image/*": {"schema": binary},
        "application/json": fields(
            image_base64={"type": "string", "format": "byte", "minLength": 1},
            url={
                "type": "string",
                "format": "uri",
                "minLength": 1,
                "description": "Where the image is, http or https on a public host. 403 unless this server"
                " fetches images (SPLITSEEM_FETCH_URLS).",
            },
        ),
    }
    return {"requestBody": {"required": True, "content": content}}


def parameter_schemas(services: Services) -> dict[str, dict[str, Any]]:
    """What the parameters of this server may be, by name, for the OpenAPI document."""
    encoder = services.encoder
    return {
        "codec": {"type": "string", "enum": list(encoder.codecs)},
        "canvas": {"type": "integer", "minimum": MIN_CANVAS, "maximum": services.settings.max_canvas},
        "roi": {"type": "string", "pattern": r"^[0-9]+,[0-9]+,[0-9]+,[0-9]+$"},
        "original": {"type": "string", "pattern": r"^[0-9]+,[0-9]+$"},
        "maps": {"type": "string", "enum": list(encoder.maps)},
        "min_score": {"type": "number", "minimum": 0, "maximum": 1, "default": 0},
        "mode": {"type": "string", "enum": list(MODES), "default": MODES[0]},
        "key": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    }


def parse_embed_options(request: Request, services: Services, given: Mapping[str, str]) -> EmbedOptions:
    """How an image is to be encoded.

    Args:
        given: `codec`, `canvas`, `roi`, `original` and `maps`, as far as they are given.
    Raises:
        InvalidParameter: a value without meaning for this model.
    """
    codec, roi, maps = given.get("codec"), given.get("roi"), given.get("maps")
    canvas = whole_number("canvas", given["canvas"]) if "canvas" in given else None
    if codec is not None and codec not in services.encoder.codecs:
        raise InvalidParameter(f"codec {codec!r}; known are {', '.join(services.encoder.codecs)}")
    if canvas is not None and canvas > services.settings.max_canvas:
        raise InvalidParameter(f"canvas {canvas}; at most {services.settings.max_canvas} pixels here")
    if maps is not None and maps not in services.encoder.maps:
        raise InvalidParameter(f"maps {maps!r}; this model gives {', '.join(services.encoder.maps)}")
    region = None if roi is None else _parse_roi(roi)
    original = None if "original" not in given else _parse_original(given["original"])
    return EmbedOptions(codec, canvas, region, maps, tenant_of(request), original)


def _parse_roi(text: str) -> RoiXywh:
    try:
        x, y, width, height = (int(part) for part in text.split(","))
    except ValueError as error:
        raise InvalidParameter(f"roi {text!r}; expected four integers x,y,w,h") from error
    return x, y, width, height


def _parse_original(text: str) -> tuple[int, int]:
    """Height and width of `w,h`."""
    try:
        width, height = (int(part) for part in text.split(","))
    except ValueError as error:
        raise InvalidParameter(f"original {text!r}; expected two integers w,h") from error
    if not (1 <= width <= MAX_DIMENSION and 1 <= height <= MAX_DIMENSION):
        raise InvalidParameter(f"original {text!r}; sides must be 1 to {MAX_DIMENSION} pixels")
    return height, width
