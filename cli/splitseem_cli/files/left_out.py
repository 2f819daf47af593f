"""Files of many that cannot be used: the others are still done, and these are named at the end."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from splitseem_cli.failures import Refused, in_words
from splitseem_model.errors import ModelError
from splitseem_proto import ProtoError

FATAL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EPIPE})
"""What would befall every further file too."""


class Stop(Refused):
    """A refusal that ends the command at once, because every further file would meet it."""


class LeftOut:
    """The files that were left out, and why.

    Args:
        what: one of the files is, for messages.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._reasons: list[str] = []

    @contextmanager
    def unless_readable(self, path: Path, *more: type[Exception]) -> Iterator[None]:
        """Note the file, instead of ending, when something expected goes wrong with it.

        Args:
            more: error types beside those of the protocol, the model and files.
        """
        expected: tuple[type[Exception], ...] = (Refused, ProtoError, ModelError, OSError, *more)
        try:
            yield
        except Stop:
            raise
        except expected as error:
            if isinstance(error, OSError) and error.errno in FATAL:
                raise
            reason = error.message if isinstance(error, Refused) else in_words(error)
            self._reasons.append(reason if str(path) in reason else f"{path}: {reason}")

    def report(self, total: int) -> None:
        """Name the files, a line each.

        Raises:
            Refused: there are any; exit status 2.
        """
        if not self._reasons:
            return
        for reason in self._reasons if total > 1 else ():
            click.echo(f"left out: {reason}", err=True)
        if total == 1:
            raise Refused(self._reasons[0])
        raise Refused(f"{len(self._reasons)} of {total} {self._what}s were left out; the others are done")
