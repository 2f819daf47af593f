"""How a client talks with a server: calls, repetitions and errors, without a network of its own."""

from __future__ import annotations

import json
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from splitseem.calls import Answer, Call
from splitseem.errors import KINDS, TYPE_PREFIX, NoAnswer, Refused, SplitseemError
from splitseem.retries import Retries

T = TypeVar("T")


@dataclass(frozen=True)
class Pause:
    """A wish to wait."""

    seconds: float


@dataclass(frozen=True)
class Reply:
    """What came of a request; headers by lower-case name."""

    status: int
    reason: str
    headers: Mapping[str, str]
    content: bytes


Talk = Generator[Call[Any] | Pause, Reply | NoAnswer | None, T]
"""Wishes for requests and pauses, and what came of them; the client grants them, with or without `await`."""


def talk(call: Call[T], retries: Retries) -> Talk[T]:
    """A call, its repetitions, and what is asked instead of it.

    Raises:
        SplitseemError: the last error, when it is final.
    """
    repetitions = 0
    while True:
        reply = yield call
        error = reply if isinstance(reply, NoAnswer) else _refusal(reply)
        if error is None:
            assert isinstance(reply, Reply)
            return call.result(Answer(reply.headers, reply.content))
        instead = call.after(error)
        if instead is not None:
            call = instead
            continue
        pause_s = retries.pause_s(repetitions, error)
        if pause_s is None:
            raise error
        yield Pause(pause_s)
        repetitions += 1


def _refusal(reply: Reply | None) -> SplitseemError | None:
    assert reply is not None
    if 200 <= reply.status < 300:
        return None
    type_, detail = _problem(reply)
    kind = KINDS.get(reply.status, Refused)
    return kind(reply.status, type_, detail, _seconds(reply.headers.get("retry-after")))


def _problem(reply: Reply) -> tuple[str, str]:
    """Type and detail of a problem+json; of anything else, what the status line says."""
    try:
        said = json.loads(reply.content)
        detail = str(said.get("detail") or said["title"])
        return str(said.get("type", "")).removeprefix(TYPE_PREFIX), detail
    except (ValueError, KeyError, AttributeError):
        return "", reply.reason or "no reason"


def _seconds(retry_after: str | None) -> float | None:
    """Of a header that names seconds or a date."""
    if retry_after is None:
        return None
    if retry_after.strip().isdecimal():
        return float(retry_after)
    try:
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - time.time())
    except ValueError:
        return None
