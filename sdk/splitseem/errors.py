"""What a caller of the client may meet.

SplitseemError
├── InputError (ValueError)     what was given cannot be sent: no image, no address
├── NotInstalled (ImportError)  what decoding here needs is not there
├── NoAnswer                    the server cannot be reached, or broke off
├── BadAnswer                   the answer is not what the service sends
└── Refused                     the server refused; status, type and detail say why
    ├── NotAllowed              401 or 403: no API key, a wrong one, or one that does not allow this
    ├── NotFound                404: no such embedding, or the model cannot do this
    └── Busy                    429 or 503, also after all retries
"""

from __future__ import annotations

TYPE_PREFIX = "urn:splitseem:problem:"


class SplitseemError(Exception):
    """Everything that the client raises by itself."""


class InputError(SplitseemError, ValueError):
    """What was given cannot be sent."""


class NotInstalled(SplitseemError, ImportError):
    """What decoding here needs is not there; the message says what to install, or what does without."""

    def __init__(self, what: str, without: str | None = None, extra: str = "decode") -> None:
        otherwise = f", or {without} does without" if without else ""
        super().__init__(f"{what}: pip install 'splitseem[{extra}]'{otherwise}")


class NoAnswer(SplitseemError):
    """The server cannot be reached, or broke off its answer."""


class BadAnswer(SplitseemError):
    """The answer is not what the service sends."""


class Refused(SplitseemError):
    """The server refused.

    Attributes:
        status: of HTTP.
        type: stable name of the problem, such as `image-too-large`; empty where the answer names none.
        detail: what was expected, what came, what to do.
        retry_after_s: seconds after which the server wants to be asked again, where it says so.
    """

    def __init__(self, status: int, type_: str, detail: str, retry_after_s: float | None = None) -> None:
        super().__init__(f"the server answered {status}: {detail}")
        self.status = status
        self.type = type_
        self.detail = detail
        self.retry_after_s = retry_after_s


class NotAllowed(Refused):
    """No API key, a wrong one, or one that does not allow this."""


class NotFound(Refused):
    """No such embedding, or the model of the server cannot do this."""


class Busy(Refused):
    """Too much to do, or not ready."""


KINDS: dict[int, type[Refused]] = {401: NotAllowed, 403: NotAllowed, 404: NotFound, 429: Busy, 503: Busy}
"""Status -> error; all others are `Refused`."""
