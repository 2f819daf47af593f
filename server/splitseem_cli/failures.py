"""What a command says when it cannot do what was asked: one message, no traceback, exit status 2."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from splitseem_model.errors import ModelError
from splitseem_proto import ProtoError


class Refused(click.ClickException):
    """The command cannot do what was asked; the message says why and what to do."""

    exit_code = 2


@contextmanager
def refusals(*more: type[Exception]) -> Iterator[None]:
    """Turn errors that a caller of the packages may meet into `Refused`.

    Args:
        more: error types beside those of the protocol, the model, missing extras and files.
    """
    expected: tuple[type[Exception], ...] = (ProtoError, ModelError, ImportError, OSError, *more)
    try:
        yield
    except expected as error:
        raise Refused(str(error)) from error
