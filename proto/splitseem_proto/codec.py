"""Messages <-> msgpack bytes; the format is specified in `proto/README.md`."""

from __future__ import annotations

from typing import Any

import msgpack

from splitseem_proto import limits
from splitseem_proto.errors import CodecError, Duplicate, LimitExceeded, Malformed, TrailingBytes, WrongType
from splitseem_proto.messages import Message
from splitseem_proto.plain import from_plain, to_plain


def pack(message: Message) -> bytes:
    """The message as msgpack bytes; the same message always gives the same bytes.

    Raises:
        CodecError: the message exceeds a limit, so that no reader would take it.
    """
    plain = to_plain(message)
    from_plain(plain)
    data: bytes = msgpack.packb(plain, use_bin_type=True)
    _check_size(data)
    return data


def unpack(data: bytes) -> Message:
    """The message that the bytes hold; arrays are read-only views of `data`, not copies.

    Raises:
        CodecError: the bytes are not a valid message; one subclass per refusal, see `errors.py`.
    """
    _check_size(data)
    return from_plain(_unpack_plain(data))


def _check_size(data: bytes) -> None:
    if len(data) > limits.MAX_MESSAGE_BYTES:
        raise LimitExceeded(f"message of {len(data)} bytes, at most {limits.MAX_MESSAGE_BYTES} are allowed")


def _unpack_plain(data: bytes) -> object:
    try:
        # A length in a header can claim no more than the bytes that came: a lie allocates nothing large.
        return msgpack.unpackb(
            data,
            raw=False,
            strict_map_key=False,
            object_pairs_hook=_map_without_duplicates,
            max_ext_len=0,
            max_array_len=min(len(data), limits.MAX_RLE_COUNTS),
        )
    except CodecError:
        raise
    except msgpack.ExtraData as error:
        raise TrailingBytes(f"{len(error.extra)} bytes follow the message") from error
    except (ValueError, TypeError, msgpack.StackError, msgpack.FormatError) as error:
        raise Malformed(f"not a complete msgpack message: {error or type(error).__name__}") from error


def _map_without_duplicates(pairs: list[tuple[Any, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        if not isinstance(key, str):
            raise WrongType(f"map keys must be strings, got {type(key).__name__}")
        if key in result:
            raise Duplicate(f"map key {key!r} appears twice")
        result[key] = value
    return result
