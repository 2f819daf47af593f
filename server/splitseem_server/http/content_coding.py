"""Entropy coding of bodies on their way: zstd, where the caller has it.

Maps of few bits a value lose a part of their bytes by it. At level 1 a body takes a few milliseconds, so it
is coded for every answer, and caches keep it as it is. Callers without zstd (browsers have it on secure
origins only) get the body as it is.
"""

from __future__ import annotations

from functools import partial

import anyio.to_thread
import zstandard

from splitseem_server.http.negotiation import weight_of

ZSTD = "zstd"
_LEVEL = 1
SMALLEST_CODED = 16_384
"""Bytes under which a body is sent as it is: it would save less than its headers take."""


def accepted_coding(accept_encoding: str | None) -> str | None:
    """`zstd` when an `Accept-Encoding` header names it; None: send as it is."""
    return ZSTD if weight_of(ZSTD, accept_encoding) > 0 else None


async def encode_body(data: bytes, accept_encoding: str | None) -> tuple[bytes, str | None]:
    """The body as it is to be sent, and its coding; large ones are coded on a thread."""
    coding = accepted_coding(accept_encoding)
    if coding is None or len(data) < SMALLEST_CODED:
        return data, None
    compress = zstandard.ZstdCompressor(level=_LEVEL).compress
    return await anyio.to_thread.run_sync(partial(compress, data)), coding
