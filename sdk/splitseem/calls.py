"""The routes of the service: what is sent for a question, and what its answer says."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import msgpack
import numpy as np

from splitseem.errors import BadAnswer, InputError, NotFound
from splitseem.inputs import ImageFile, ImageLike, image_file
from splitseem.results import (
    EmbeddedImage,
    Floats,
    Found,
    Memory,
    Segment,
    Segmentation,
    TextVectors,
    mask_of,
)
from splitseem_proto import Prompt, PromptItem, to_plain

T = TypeVar("T")
MSGPACK, JSON = "application/msgpack", "application/json"
Prompts = Sequence[PromptItem]


@dataclass(frozen=True)
class Answer:
    """Headers, by lower-case name, and body of an answer."""

    headers: Mapping[str, str]
    content: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.content)


@dataclass(frozen=True)
class Call(Generic[T]):
    """A request, and how its answer is read.

    Args:
        read: the answer -> the result. May raise ValueError, KeyError or TypeError of an answer of another
            form.
        files, form: parts of a multipart body. json: a body instead of them. body: as it is.
        instead: asked when the answer is 404; what is not there by name may be sent.
    """

    method: str
    path: str
    read: Callable[[Answer], T]
    query: Mapping[str, str] = field(default_factory=dict)
    accept: str = JSON
    body: ImageFile | None = None
    json: Any = None
    files: Mapping[str, ImageFile] | None = None
    form: Mapping[str, str] | None = None
    instead: Callable[[], Call[T]] | None = None

    def after(self, error: Exception) -> Call[T] | None:
        """What to ask instead."""
        return self.instead() if isinstance(error, NotFound) and self.instead is not None else None

    def result(self, answer: Answer) -> T:
        """What an answer says.

        Raises:
            BadAnswer: it has another form.
        """
        try:
            return self.read(answer)
        except (ValueError, KeyError, TypeError, AttributeError, msgpack.UnpackException) as error:
            what = str(error) or type(error).__name__
            raise BadAnswer(f"{self.path} did not answer as a splitseem server does: {what}") from error


def embed(
    image: ImageLike,
    *,
    codec: str | None,
    canvas: int | None,
    roi_xywh: Sequence[int] | None,
    maps: str | None,
) -> Call[EmbeddedImage]:
    """`POST /v1/embed`."""
    file = image_file(image)
    options = _options(codec=codec, canvas=canvas, roi_xywh=roi_xywh)
    query = options if maps is None else {**options, "maps": maps}
    return Call(
        "POST",
        "/v1/embed",
        lambda answer: _embedded(answer, file, options),
        query,
        accept=MSGPACK,
        body=file,
    )


def stored(key: str) -> Call[EmbeddedImage]:
    """`GET /v1/embeddings/{key}`."""
    return Call("GET", f"/v1/embeddings/{key}", lambda answer: _embedded(answer, None, {}), accept=MSGPACK)


def segment(
    image: EmbeddedImage | ImageLike,
    objects: Sequence[Prompts],
    memories: Sequence[Memory | None],
) -> Call[tuple[Found, ...]]:
    """`POST /v1/decode`, of an embedding by its key, or of an image.

    Raises:
        InputError: no object, or one without prompts.
    """
    asked: dict[str, Any] = {"objects": [_object(*pair) for pair in zip(objects, memories, strict=True)]}
    if len(objects) == 1:
        asked = asked["objects"][0]
    if not objects or not all(objects):
        raise InputError("expected at least one prompt for every object")
    return _decode(image, asked, _found)


def alternatives(
    image: EmbeddedImage | ImageLike, prompts: Prompts, memory: Memory | None
) -> Call[tuple[Found, ...]]:
    """`POST /v1/decode`, for all answers to the last click of an object.

    Raises:
        InputError: no prompt.
    """
    if not prompts:
        raise InputError("expected at least one prompt, and a click as the last")
    return _decode(image, {**_object(prompts, memory), "alternatives": True}, _alternatives)


def _decode(
    image: EmbeddedImage | ImageLike, asked: dict[str, Any], read: Callable[[Answer], tuple[Found, ...]]
) -> Call[tuple[Found, ...]]:
    if not isinstance(image, EmbeddedImage):
        return _decode_file(image_file(image), asked, {}, read)
    file = image.file
    return Call(
        "POST",
        "/v1/decode",
        read,
        json={"key": image.key, **asked},
        instead=None if file is None else lambda: _decode_file(file, asked, image.options, read),
    )


def everything(image: ImageLike, *, mode: str, min_score: float) -> Call[Segmentation]:
    """`POST /v1/panoptic`."""
    query = {"mode": mode, "min_score": str(min_score)}
    return Call("POST", "/v1/panoptic", _segmentation, query, files={"image": _file_of(image)})


def texts(words: Sequence[str], names: Sequence[str]) -> Call[TextVectors]:
    """`POST /v1/text`."""
    body = {name: list(given) for name, given in (("texts", words), ("vocabulary", names)) if given}
    return Call("POST", "/v1/text", _text_vectors, accept=MSGPACK, json=body)


def manifest() -> Call[dict[str, Any]]:
    """`GET /v1/model`."""
    return Call("GET", "/v1/model", lambda answer: dict(answer.json()))


def model_file(name: str) -> Call[bytes]:
    """`GET /v1/model/{file}`."""
    return Call("GET", f"/v1/model/{name}", lambda answer: answer.content, accept="*/*")


def upright(file: ImageFile) -> Call[bytes]:
    """`POST /v1/upright`: a PNG of what the server sees."""
    return Call("POST", "/v1/upright", lambda answer: answer.content, accept="image/png", body=file)


def readiness() -> Call[dict[str, Any]]:
    """`GET /readyz`."""
    return Call("GET", "/readyz", lambda answer: dict(answer.json()))


def _file_of(image: EmbeddedImage | ImageLike) -> ImageFile:
    if not isinstance(image, EmbeddedImage):
        return image_file(image)
    if image.file is None:
        raise InputError("this embedding was asked for by its key, and the image is needed: give the image")
    return image.file


def _decode_file(
    file: ImageFile, asked: Any, query: Mapping[str, str], read: Callable[[Answer], tuple[Found, ...]]
) -> Call[tuple[Found, ...]]:
    form = {"request": json.dumps(asked)}
    return Call("POST", "/v1/decode", read, query, files={"image": file}, form=form)


def _object(prompts: Prompts, memory: Memory | None) -> dict[str, Any]:
    items = to_plain(Prompt(tuple(prompts)))["items"] if prompts else []
    return {"prompts": items} if memory is None else {"prompts": items, "memory": memory.to_json()}


def _options(*, codec: str | None, canvas: int | None, roi_xywh: Sequence[int] | None) -> dict[str, str]:
    roi = None if roi_xywh is None else ",".join(str(number) for number in roi_xywh)
    given = {"codec": codec, "canvas": canvas, "roi": roi}
    return {name: str(value) for name, value in given.items() if value is not None}


def _embedded(answer: Answer, file: ImageFile | None, options: Mapping[str, str]) -> EmbeddedImage:
    image = EmbeddedImage(answer.content, file, options, answer.headers.get("x-splitseem-cache", ""))
    named = answer.headers.get("etag", image.key).strip('"').partition(".")[0]
    if named != image.key:
        raise BadAnswer(f"the server answered with the embedding {image.key!r}, named {named!r}")
    return image


def _found(answer: Answer) -> tuple[Found, ...]:
    said = answer.json()
    return tuple(_found_of(item, said["key"]) for item in said["objects"])


def _alternatives(answer: Answer) -> tuple[Found, ...]:
    said = answer.json()
    return tuple(_found_of(item, said["key"]) for item in said["objects"][0]["alternatives"])


def _found_of(item: Mapping[str, Any], key: str) -> Found:
    return Found(
        mask_of(item["mask"]),
        item["score"],
        item["label"],
        item["label_score"],
        None if item["class_embed"] is None else np.array(item["class_embed"], dtype=np.float32),
        None if item.get("memory") is None else Memory.of_json(item["memory"]),
        key,
        item.get("extent"),
    )


def _segmentation(answer: Answer) -> Segmentation:
    said = answer.json()
    segments = tuple(
        Segment(
            item["id"],
            item["category"],
            item["label"],
            item["thing"],
            item["score"],
            mask_of(item["mask"]),
        )
        for item in said["segments"]
    )
    height, width = said["size"]
    return Segmentation(said["mode"], said["key"], (height, width), segments)


def _text_vectors(answer: Answer) -> TextVectors:
    said = msgpack.unpackb(answer.content)
    of_texts = said.get("texts", ())
    sentences = [_tensor(text["sentence"]) for text in of_texts]
    empty = np.zeros((0, 0), dtype=np.float32)
    return TextVectors(
        tuple(_tensor(text["tokens"]) for text in of_texts),
        np.stack(sentences) if sentences else empty,
        _tensor(said["vocabulary"]["class_matrix"]) if "vocabulary" in said else empty,
        said["fingerprint"],
    )


def _tensor(plain: Mapping[str, Any]) -> Floats:
    return np.frombuffer(plain["data"], dtype="<f4").reshape(plain["shape"]).astype(np.float32)
