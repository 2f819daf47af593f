"""What a command says when it cannot do what was asked: one line, no traceback, exit status 2."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from types import MappingProxyType

import click

from splitseem_model.errors import ModelError
from splitseem_proto import ProtoError

MAX_MESSAGE_CHARACTERS = 2000
"""A message may quote what was given, which may be of any length."""

OS_WORDS = MappingProxyType(
    {
        errno.ENOENT: "no such file or folder",
        errno.EISDIR: "is a folder, a file was expected",
        errno.ENOTDIR: "a part of this path is a file, a folder was expected",
        errno.EEXIST: "is a file, a folder was expected",
        errno.EACCES: "no permission; choose another place, or change its permissions",
        errno.EPERM: "no permission; choose another place, or change its permissions",
        errno.EROFS: "this place can only be read; choose another one",
        errno.ENOSPC: "the disk is full; make room, or choose another place",
        errno.EDQUOT: "your quota of the disk is used up; make room, or choose another place",
        errno.ENAMETOOLONG: "the name is too long; choose a shorter one",
        errno.ELOOP: "a symbolic link that leads back to itself",
    }
)
"""What an operating system's error means, and what to do."""


class Refused(click.ClickException):
    """The command cannot do what was asked; the message, one line, says why and what to do."""

    exit_code = 2

    def __init__(self, message: str) -> None:
        line = "; ".join(part.strip() for part in message.splitlines() if part.strip())
        super().__init__(shortened(line, MAX_MESSAGE_CHARACTERS))


def shortened(text: str, at_most: int) -> str:
    """A text for a message; of a longer one, the beginning and its length."""
    return text if len(text) <= at_most else f"{text[:at_most]}… ({len(text):,} characters)"


def in_words(error: Exception) -> str:
    """What an expected error says to a user."""
    if isinstance(error, ModuleNotFoundError):
        return f"the package {error.name} is needed: pip install 'splitseem[server,export,train]'"
    if isinstance(error, OSError) and error.strerror:
        words = OS_WORDS.get(error.errno or 0, error.strerror)
        return words if error.filename is None else f"{error.filename}: {words}"
    return str(error)


@contextmanager
def refusals(*more: type[Exception]) -> Iterator[None]:
    """Turn errors that a caller of the packages may meet into `Refused`.

    A reader that closed our output is no failure of the command: that error passes.

    Args:
        more: error types beside those of the protocol, the model, missing extras and files.
    """
    expected: tuple[type[Exception], ...] = (ProtoError, ModelError, ImportError, OSError, *more)
    try:
        yield
    except BrokenPipeError:
        raise
    except expected as error:
        raise Refused(in_words(error)) from error
