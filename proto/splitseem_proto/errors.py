"""Errors of the protocol package.

    ProtoError                      everything raised here; a ValueError
    ├── MessageError                a message that cannot exist was constructed
    │   ├── GeometryError           sizes or region of an ImageGeometry contradict each other
    │   ├── RleError                run lengths that do not describe a mask
    │   └── QuantizeError           a tensor that the codec cannot represent, or an unknown codec
    └── CodecError                  bytes or plain data that are not a valid message
        ├── Malformed               not msgpack, cut short, or a msgpack type the format does not use
        ├── TrailingBytes           a complete message followed by something
        ├── UnsupportedVersion      written in another major version of the protocol
        ├── UnknownMessage          `type` names no message
        ├── WrongType               a field holds another type than the one expected
        ├── MissingField            a required field is absent
        ├── UnknownName             codec, dtype or prompt kind is not one of the known names
        ├── LimitExceeded           a size or count over its limit
        ├── PayloadMismatch         binary data do not cover the declared shape exactly
        ├── NonFinite               infinity or NaN where a number is needed
        ├── Duplicate               a map key or tensor name appears twice
        └── InvalidValue            well-formed, but the value is not allowed

Every `CodecError` carries `kind`, a stable name shared with the other readers of the format and with
`proto/vectors/index.json`.
"""

from __future__ import annotations


class ProtoError(ValueError):
    """Base of every error of this package."""


class MessageError(ProtoError):
    """A message that cannot exist was constructed."""


class GeometryError(MessageError):
    """Sizes or region of an `ImageGeometry` contradict each other."""


class RleError(MessageError):
    """Run lengths that do not describe a mask."""


class QuantizeError(MessageError):
    """A tensor that the codec cannot represent, or an unknown codec."""


class CodecError(ProtoError):
    """Bytes or plain data that are not a valid message."""

    kind = "codec"


class Malformed(CodecError):
    """Not msgpack, cut short, or a msgpack type the format does not use."""

    kind = "malformed"


class TrailingBytes(CodecError):
    """A complete message followed by something."""

    kind = "trailing-bytes"


class UnsupportedVersion(CodecError):
    """Written in another major version of the protocol."""

    kind = "unsupported-version"


class UnknownMessage(CodecError):
    """`type` names no message."""

    kind = "unknown-message"


class WrongType(CodecError):
    """A field holds another type than the one expected."""

    kind = "wrong-type"


class MissingField(CodecError):
    """A required field is absent."""

    kind = "missing-field"


class UnknownName(CodecError):
    """Codec, dtype or prompt kind is not one of the known names."""

    kind = "unknown-name"


class LimitExceeded(CodecError):
    """A size or count over its limit."""

    kind = "limit-exceeded"


class PayloadMismatch(CodecError):
    """Binary data do not cover the declared shape exactly."""

    kind = "payload-mismatch"


class NonFinite(CodecError):
    """Infinity or NaN where a number is needed."""

    kind = "non-finite"


class Duplicate(CodecError):
    """A map key or tensor name appears twice."""

    kind = "duplicate"


class InvalidValue(CodecError):
    """Well-formed, but the value is not allowed."""

    kind = "invalid-value"
