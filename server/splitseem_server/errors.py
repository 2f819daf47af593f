"""Errors of the service, and the one table of what they mean over HTTP.

ServerError                     everything a caller may meet; its text is shown to the caller
├── MalformedRequest            body or parameter cannot be read at all
├── UnreadableImage             begins like an image, but is damaged, cut short or empty
├── UrlNotEnabled               the image is named by a URL
├── Unauthorized                no API key, or an unknown one
├── Forbidden                   the API key does not allow this
├── NotFound                    no such route, embedding or file
├── NoTextEncoder               the model takes no texts, or its text encoder is not installed
├── MethodNotAllowed            the route exists, the method does not
├── NotAcceptable               no representation the caller accepts
├── WrongModel                  the embedding was made by another model
├── RequestTooSlow              head or body of the request came too slowly
├── BodyTooLarge                more bytes than allowed
├── ImageTooLarge               more pixels than allowed
├── UnsupportedContentType      the body is of another kind than those that are read
├── UnsupportedImage            not an image, or of a kind that is not read
├── InvalidParameter            readable, but without meaning here
├── QueueFull                   too many images or texts wait already
├── RateLimited                 too many requests of one key or one address
├── WaitedTooLong               the work did not begin in time
├── OutOfDeviceMemory           the device has not enough memory for one image
├── NotReady                    the model did not warm up
└── InternalError               our fault; details are in the log only

DecoderFilesError, ClientFilesError (RuntimeError): what is served is missing or does not fit; at start only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

TYPE_PREFIX = "urn:splitseem:problem:"


class ServerError(Exception):
    """Something a caller may meet.

    Args:
        detail: what was expected, what came, what to do; shown to the caller.
        headers: to send along, for instance `Retry-After`.
    """

    def __init__(self, detail: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.headers = dict(headers or {})


class MalformedRequest(ServerError):
    """Body or parameter cannot be read at all."""


class UnreadableImage(ServerError):
    """Begins like an image, but is damaged, cut short or empty."""


class UrlNotEnabled(ServerError):
    """The image is named by a URL."""


class Unauthorized(ServerError):
    """No API key, or an unknown one."""


class Forbidden(ServerError):
    """The API key does not allow this."""


class NotFound(ServerError):
    """No such route, embedding or file."""


class NoTextEncoder(ServerError):
    """The model takes no texts, or its text encoder is not installed."""


class MethodNotAllowed(ServerError):
    """The route exists, the method does not."""


class NotAcceptable(ServerError):
    """No representation the caller accepts."""


class WrongModel(ServerError):
    """The embedding was made by another model."""


class RequestTooSlow(ServerError):
    """Head or body of the request came too slowly."""


class BodyTooLarge(ServerError):
    """More bytes than allowed."""


class ImageTooLarge(ServerError):
    """More pixels than allowed."""


class UnsupportedContentType(ServerError):
    """The body is of another kind than those that are read."""


class UnsupportedImage(ServerError):
    """Not an image, or of a kind that is not read."""


class InvalidParameter(ServerError):
    """Readable, but without meaning here."""


class QueueFull(ServerError):
    """Too many images or texts wait already."""


class RateLimited(ServerError):
    """Too many requests of one key or one address."""


class WaitedTooLong(ServerError):
    """The work did not begin in time."""


class OutOfDeviceMemory(ServerError):
    """The device has not enough memory for one image."""


class NotReady(ServerError):
    """The model did not warm up."""


class InternalError(ServerError):
    """Our fault; details are in the log only."""


class DecoderFilesError(RuntimeError):
    """The exported decoder is missing or does not fit the encoder."""


class ClientFilesError(RuntimeError):
    """The built browser client is missing."""


@dataclass(frozen=True)
class Problem:
    """How an error appears over HTTP: status, stable name (after `TYPE_PREFIX`) and title."""

    status: int
    name: str
    title: str

    @property
    def type(self) -> str:
        """The `type` member of the body."""
        return TYPE_PREFIX + self.name


PROBLEMS: Mapping[type[ServerError], Problem] = MappingProxyType(
    {
        MalformedRequest: Problem(400, "malformed-request", "The request cannot be read"),
        UnreadableImage: Problem(400, "unreadable-image", "The image is damaged, cut short or empty"),
        UrlNotEnabled: Problem(403, "url-not-enabled", "Images are not fetched from URLs"),
        Unauthorized: Problem(401, "unauthorized", "An API key is needed"),
        Forbidden: Problem(403, "forbidden", "The API key does not allow this"),
        NotFound: Problem(404, "not-found", "There is nothing here"),
        NoTextEncoder: Problem(404, "no-text-encoder", "Texts are not understood here"),
        MethodNotAllowed: Problem(405, "method-not-allowed", "The method is not allowed here"),
        NotAcceptable: Problem(406, "not-acceptable", "No representation that is accepted"),
        RequestTooSlow: Problem(408, "request-too-slow", "The request came too slowly"),
        WrongModel: Problem(409, "wrong-model", "The embedding is of another model"),
        BodyTooLarge: Problem(413, "body-too-large", "The body has too many bytes"),
        ImageTooLarge: Problem(413, "image-too-large", "The image has too many pixels"),
        UnsupportedContentType: Problem(415, "unsupported-content-type", "The content type is not read here"),
        UnsupportedImage: Problem(415, "unsupported-image", "Not an image of a kind that is read"),
        InvalidParameter: Problem(422, "invalid-parameter", "A parameter has no meaning here"),
        QueueFull: Problem(429, "queue-full", "Too many requests are waiting"),
        RateLimited: Problem(429, "rate-limited", "Too many requests"),
        InternalError: Problem(500, "internal-error", "The server failed"),
        WaitedTooLong: Problem(503, "waited-too-long", "The work did not begin in time"),
        OutOfDeviceMemory: Problem(503, "out-of-device-memory", "The device has not enough memory"),
        NotReady: Problem(503, "not-ready", "The model is not ready"),
    }
)
