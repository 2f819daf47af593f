"""A canvas for Jupyter: mark objects in a photo by clicks, and have their masks as arrays.

Needs the extra `jupyter`. Prompts are answered in the kernel, so the browser need not reach the server.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from splitseem.client import Client
from splitseem.errors import InputError, NotInstalled, SplitseemError
from splitseem.images import Image
from splitseem.inputs import ImageLike, image_file
from splitseem.pixels import pixels_of
from splitseem.results import EmbeddedImage, Found
from splitseem_proto import PROTOCOL_VERSION, CodecError, Prompt, PromptItem, encode_rle, from_plain

try:
    import anywidget
    import traitlets
except ImportError as error:
    raise NotInstalled("the canvas needs anywidget", extra="jupyter") from error

_SCRIPT = Path(__file__).with_name("canvas.js")
_MOST_PIXELS = 3_000_000
"""Of the picture that is shown; masks have those of the photo."""
_QUALITY = 90


class Canvas(anywidget.AnyWidget):  # type: ignore[misc]
    """A photo on which objects are marked; show it as the last line of a cell.

    Args:
        photo: as for `Client.embed`; pixels are taken as they look.
        client: a `Client`, or the address of a server.
    Raises:
        As `Client.image`.
    """

    _esm = _SCRIPT
    _picture = traitlets.Bytes().tag(sync=True)
    _size_hw = traitlets.List().tag(sync=True)
    _objects = traitlets.List().tag(sync=True)

    def __init__(self, photo: ImageLike, client: Client | str) -> None:
        if not _SCRIPT.exists():
            raise NotInstalled(
                "the canvas needs its script, which `make setup` builds in a checkout", extra="jupyter"
            )
        self._client = Client(client) if isinstance(client, str) else client
        file = image_file(photo)
        embedded = self._client.embed(file)
        self._image = _opened(self._client, embedded)
        self._found: dict[str, Found] = {}
        size_hw = list(embedded.size_hw)
        super().__init__(_picture=_picture_of(file.content, pixels_of(file)), _size_hw=size_hw)
        self.on_msg(self._answer)

    @property
    def objects(self) -> tuple[Found, ...]:
        """What was marked, in the order in which the objects were begun."""
        return tuple(self._found_of(prompts) for prompts in self._objects)

    @property
    def masks(self) -> NDArray[np.bool_]:
        """bool `[N, H, W]`, a mask an object."""
        height, width = self._size_hw
        return np.array([found.mask for found in self.objects], dtype=bool).reshape(-1, height, width)

    @property
    def prompts(self) -> tuple[tuple[PromptItem, ...], ...]:
        """Those of each object, in order; `splitseem segment` gives the same masks for them."""
        return tuple(_read(prompts) for prompts in self._objects)

    def _answer(self, _: object, content: Mapping[str, Any], __: object) -> None:
        """A question of the browser: the mask of all prompts of an object."""
        try:
            found = self._found_of(content["prompts"])
        except SplitseemError as error:
            self.send({"id": content["id"], "error": str(error)})
            return
        height, width = found.mask.shape
        mask = {"size": [height, width], "counts": list(encode_rle(found.mask).counts)}
        names = {"label": found.label, "label_score": found.label_score}
        self.send({"id": content["id"], "mask": mask, "score": found.score, **names})

    def _found_of(self, prompts: Sequence[Any]) -> Found:
        key = json.dumps(prompts, sort_keys=True)
        if key not in self._found:
            items = _read(prompts)
            image = self._image
            self._found[key] = (
                image.segment(items) if isinstance(image, Image) else self._client.segment(image, items)
            )
        return self._found[key]


def _opened(client: Client, embedded: EmbeddedImage) -> Image | EmbeddedImage:
    """Decoded here where ONNX Runtime is there, else on the server."""
    try:
        return client.image(embedded)
    except NotInstalled:
        return embedded


def _read(prompts: Sequence[Any]) -> tuple[PromptItem, ...]:
    plain = {"type": Prompt.type, "protocol_version": PROTOCOL_VERSION, "items": prompts}
    try:
        prompt = from_plain(plain)
    except CodecError as error:
        raise InputError(str(error)) from error
    assert isinstance(prompt, Prompt)
    return prompt.items


def _picture_of(content: bytes, pixels: NDArray[np.uint8] | None) -> bytes:
    """What the browser shows: upright, of few pixels; the file itself where only the server reads it."""
    from PIL import Image as Pillow

    if pixels is None:
        return content
    picture = Pillow.fromarray(pixels)
    side = max(1.0, (picture.width * picture.height / _MOST_PIXELS) ** 0.5)
    stream = io.BytesIO()
    picture.resize((round(picture.width / side), round(picture.height / side))).save(
        stream, "JPEG", quality=_QUALITY
    )
    return stream.getvalue()
