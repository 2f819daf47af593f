"""`POST /v1/text`: words to the vectors that a decoder takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import msgpack
import numpy as np
from fastapi import APIRouter, Depends, Request
from numpy.typing import NDArray
from starlette.responses import JSONResponse, Response

from splitseem_server.errors import (
    InvalidParameter,
    MalformedRequest,
    NoTextEncoder,
    UnsupportedContentType,
)
from splitseem_server.http.bodies import whole_body
from splitseem_server.http.json_text import check_fields, json_object
from splitseem_server.http.negotiation import JSON, MSGPACK, choose_media_type
from splitseem_server.http.openapi import answers
from splitseem_server.http.uploads import content_type_of
from splitseem_server.routes.json_answers import TEXTS
from splitseem_server.services import Services, services_of

router = APIRouter(tags=["text"])

MAX_CHARACTERS = 1000
"""Of one text or class name; encoders read about 75 words."""

MAX_BYTES = 2**20
"""Of a body with texts and class names."""

_FIELDS = ("texts", "vocabulary")
_WORDS = {
    "type": "array",
    "minItems": 1,
    "items": {"type": "string", "minLength": 1, "maxLength": MAX_CHARACTERS, "pattern": r"\S"},
}
_SCHEMA = {
    "type": "object",
    "properties": dict.fromkeys(_FIELDS, _WORDS),
    "additionalProperties": False,
    "minProperties": 1,
}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {JSON: {"schema": _SCHEMA}},
    }
}


@dataclass(frozen=True)
class TextRequest:
    """What is to be encoded: texts as prompts, a vocabulary as classes; None where not asked for."""

    texts: tuple[str, ...] | None
    vocabulary: tuple[str, ...] | None


async def text_request(request: Request, services: Annotated[Services, Depends(services_of)]) -> TextRequest:
    """The body of `POST /v1/text`.

    Raises:
        UnsupportedContentType: not JSON. MalformedRequest: no object with lists of strings.
        InvalidParameter: an unknown field, nothing asked for, too many or blank or too long words.
    """
    content_type = content_type_of(request)
    if content_type != JSON:
        raise UnsupportedContentType(f"content type {content_type or '(none)'!r}; send {JSON}")
    body = json_object(await whole_body(request), "`texts`, `vocabulary` or both", most_bytes=MAX_BYTES)
    check_fields(body, _FIELDS, "request")
    words = {name: _words(name, body[name], services.settings.max_texts) for name in _FIELDS if name in body}
    if not words:
        raise InvalidParameter("nothing to encode: give `texts`, `vocabulary` or both")
    return TextRequest(words.get("texts"), words.get("vocabulary"))


@router.post("/v1/text", openapi_extra=_BODY, **answers(MSGPACK, JSON, schema=TEXTS))
async def encode_text(
    request: Request,
    services: Annotated[Services, Depends(services_of)],
    asked: Annotated[TextRequest, Depends(text_request)],
) -> Response:
    """Encode texts as prompts, and class names as a class matrix.

    The answer is msgpack with tensors as `{dtype, shape, data}`, or with `Accept: application/json` the same
    with nested lists of numbers.
    """
    media_type = choose_media_type(request.headers.get("accept"), (MSGPACK, JSON))
    if services.texts is None:
        raise NoTextEncoder(f"no text encoder is loaded for model {services.encoder.name}")
    answer: dict[str, Any] = {"model": services.encoder.name, "fingerprint": services.encoder.fingerprint}
    tensor = _nested if media_type == JSON else _packed
    if asked.texts is not None:
        encoded = await services.texts.encode(asked.texts)
        answer["texts"] = [
            {"text": text, "tokens": tensor(tokens), "sentence": tensor(sentence)}
            for text, (tokens, sentence) in zip(asked.texts, encoded, strict=True)
        ]
    if asked.vocabulary is not None:
        matrix = await services.texts.class_matrix(asked.vocabulary)
        answer["vocabulary"] = {"names": asked.vocabulary, "class_matrix": tensor(matrix)}
    headers = {"Vary": "Accept", "X-Splitseem-Model": services.model_header}
    if media_type == JSON:
        return JSONResponse(answer, headers=headers)
    return Response(msgpack.packb(answer), headers=headers, media_type=MSGPACK)


def _words(name: str, value: Any, most: int) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise MalformedRequest(f"JSON body: expected a list of strings in `{name}`")
    if not 0 < len(value) <= most:
        raise InvalidParameter(f"`{name}` has {len(value)} entries; 1 to {most} are allowed here")
    for word in value:
        if not word.strip():
            raise InvalidParameter(f"an entry of `{name}` is blank")
        if len(word) > MAX_CHARACTERS:
            raise InvalidParameter(
                f"an entry of `{name}` has {len(word)} characters; at most {MAX_CHARACTERS}"
            )
        if any("\ud800" <= character <= "\udfff" for character in word):
            raise InvalidParameter(f"an entry of `{name}` has half of a surrogate pair")
    return tuple(value)


def _packed(array: NDArray[np.float32]) -> dict[str, Any]:
    return {"dtype": "float32", "shape": list(array.shape), "data": array.astype("<f4").tobytes()}


def _nested(array: NDArray[np.float32]) -> Any:
    return array.tolist()
