"""The process in which images are decoded: it may be killed at any time, and takes no more memory than it is
given.

`python -m splitseem_server.images.process MAX_BYTES MAX_PIXELS SECONDS` reads requests from standard input
and writes an answer to each to standard output; it ends with its input. SECONDS is what any file may take;
what each may take of the CPU and of memory follows from it and from its length (`budget.py`). `pool.py` is
the other side.
"""

from __future__ import annotations

import io
import json
import signal
import struct
import sys
import warnings
from collections.abc import Sequence
from typing import BinaryIO

from PIL import Image

from splitseem_server.errors import ImageTooLarge, ServerError
from splitseem_server.images.budget import budget_of, within
from splitseem_server.images.read import ImageLimits, read_image, read_part, read_picture

REQUEST = struct.Struct("<cQ6I")
"""What is wanted (PIXELS or PNG), bytes of the file, which follows; and for PIXELS the part, left, top, width
and height, and the height and width to resize it to, or zeros for all of it as it is."""
ANSWER = struct.Struct("<cQII")
"""What comes (PIXELS, PNG or ERROR), its bytes, height and width; it follows."""
PIXELS, PNG, ERROR = b"P", b"G", b"E"

# Quick: what is sent once need not be small.
_PNG_LEVEL = 1


def serve(requests: BinaryIO, answers: BinaryIO, limits: ImageLimits, seconds: float) -> None:
    """Answer until the requests end."""
    while len(head := requests.read(REQUEST.size)) == REQUEST.size:
        wanted, length, *view = REQUEST.unpack(head)
        with within(budget_of(length, seconds)):
            answer = _answer(wanted, requests.read(length), limits, view)
        _send(answers, *answer)


def _answer(
    wanted: bytes, data: bytes, limits: ImageLimits, view: Sequence[int]
) -> tuple[bytes, bytes | memoryview, tuple[int, int]]:
    try:
        if wanted == PNG:
            picture, stream = read_picture(data, limits), io.BytesIO()
            picture.save(stream, "PNG", compress_level=_PNG_LEVEL)
            return PNG, stream.getvalue(), (picture.height, picture.width)
        if any(view):
            x, y, width, height, *size = view
            pixels = read_part(data, limits, (x, y, width, height), (size[0], size[1]))
        else:
            pixels = read_image(data, limits)
        return PIXELS, pixels.data.cast("B"), (pixels.shape[0], pixels.shape[1])
    except MemoryError:
        return _error(ImageTooLarge("decoding the image takes more memory than it may; send a smaller one"))
    except ServerError as error:
        return _error(error)


def _error(error: ServerError) -> tuple[bytes, bytes, tuple[int, int]]:
    return ERROR, json.dumps([type(error).__name__, error.detail]).encode(), (0, 0)


def _send(answers: BinaryIO, kind: bytes, content: bytes | memoryview, size_hw: tuple[int, int]) -> None:
    answers.write(ANSWER.pack(kind, len(content), *size_hw))
    answers.write(content)
    answers.flush()


def main() -> None:
    max_bytes, max_pixels, seconds = sys.argv[1:]
    # Ctrl+C reaches the whole group; the server closes the input when it stops.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore")  # of odd metadata
    Image.init()
    limits = ImageLimits(int(max_bytes), int(max_pixels))
    serve(sys.stdin.buffer, sys.stdout.buffer, limits, float(seconds))


if __name__ == "__main__":
    main()
