"""The address of an embedding: a digest of everything that it depends on."""

from __future__ import annotations

import hashlib
import json
import re

from splitseem_proto import PROTOCOL_VERSION, ImageGeometry

_KEY = re.compile(r"[0-9a-f]{64}")


def embedding_key(
    image_digest: str,
    geometry: ImageGeometry,
    fingerprint: str,
    codec: str,
    maps: str,
    numerics: str = "",
) -> str:
    """The key, 64 hexadecimal digits.

    Args:
        image_digest: SHA-256 of the bytes of the image file, hexadecimal.
        geometry: how the image is brought to the model input.
        fingerprint: of the model.
        codec: of the tensors.
        maps: which of them the masks are made of.
        numerics: how the encoder computes, see `Encoder`.
    """
    parts: dict[str, object] = {
        "protocol_version": PROTOCOL_VERSION,
        "image": image_digest,
        "original_hw": geometry.original_hw,
        "roi_xywh": geometry.roi_xywh,
        "input_hw": geometry.input_hw,
        "padded_hw": geometry.padded_hw,
        "fingerprint": fingerprint,
        "codec": codec,
        "maps": maps,
    }
    # Of the key and not of the fingerprint: the decoder is the same, whose files name the fingerprint, but a
    # key stands for bytes. The usual way leaves the key as it was. What differs without a setting, such as
    # the last bits of a CPU and a GPU, is not told apart, so that both can share a cache.
    if numerics:
        parts["numerics"] = numerics
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def is_key(text: str) -> bool:
    """Whether the text has the form of a key."""
    return _KEY.fullmatch(text) is not None
