"""A client of the service: photos in, embeddings and masks out, as NumPy arrays.

Needs numpy, msgpack and httpx. What can be given as a prompt, and what an embedding is, comes from
`splitseem_proto`.
"""

from splitseem.client import AsyncClient, Client
from splitseem.errors import (
    BadAnswer,
    Busy,
    InputError,
    NoAnswer,
    NotAllowed,
    NotFound,
    NotInstalled,
    Refused,
    SplitseemError,
)
from splitseem.images import AsyncImage, Image
from splitseem.results import EmbeddedImage, Found, Memory, Segment, Segmentation, TextVectors
from splitseem.retries import Retries
from splitseem_proto import Box, Click, KnownMask, Paint, Polygon, Repair, Scribble, TextPrompt

__all__ = [
    "AsyncClient",
    "AsyncImage",
    "BadAnswer",
    "Box",
    "Busy",
    "Click",
    "Client",
    "EmbeddedImage",
    "Found",
    "Image",
    "InputError",
    "KnownMask",
    "Memory",
    "NoAnswer",
    "NotAllowed",
    "NotFound",
    "NotInstalled",
    "Paint",
    "Polygon",
    "Refused",
    "Repair",
    "Retries",
    "Scribble",
    "Segment",
    "Segmentation",
    "SplitseemError",
    "TextPrompt",
    "TextVectors",
]
