"""What all commands have in common: how they refuse, and that they never write over what they read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from splitseem_cli.failures import Refused
from splitseem_cli.files.outputs import Outputs

WRITING_OPTIONS = frozenset({"--output", "--json", "--report"})
"""The options that name a place to write. What any other option or argument names is an input."""


class Command(click.Command):
    """A command whose errors are one line, and whose outputs are no inputs."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Parse; a wrong option is refused in one line."""
        try:
            return super().make_context(info_name, args, parent, **extra)
        except click.UsageError as error:
            raise Refused(one_line(error)) from error

    def invoke(self, ctx: click.Context) -> Any:
        """Run, after comparing every place to write with everything that is read."""
        writes: list[Path] = []
        reads: list[Path] = []
        for parameter in self.params:
            named = list(_paths_in(ctx.params.get(parameter.name or "")))
            (writes if writes_files(parameter) else reads).extend(named)
        with Outputs(writes, reads).guarding(ctx):
            return super().invoke(ctx)


def writes_files(parameter: click.Parameter) -> bool:
    """Whether the parameter names a place to write."""
    return not WRITING_OPTIONS.isdisjoint(parameter.opts)


def guarded(command: click.Command) -> Command:
    """A command of another package, guarded like ours."""
    return Command(command.name, params=command.params, callback=command.callback, help=command.help)


def one_line(error: click.UsageError) -> str:
    """A wrong option in one line, with where to look."""
    path = error.ctx.command_path if error.ctx is not None else "splitseem"
    return f"{error.format_message().rstrip('.')}; `{path} --help` lists what can be given"


def _paths_in(value: Any) -> Iterator[Path]:
    """The files that the value of a parameter may name: paths, and strings that are names of files."""
    if isinstance(value, Path):
        yield value
    elif isinstance(value, str):
        if _names_file(value):
            yield Path(value)
    elif isinstance(value, (tuple, list)):
        for part in value:
            yield from _paths_in(part)


def _names_file(value: str) -> bool:
    """Whether a string, such as that of --model, names a file; a preset may be called like a folder."""
    try:
        return bool(value) and Path(value).is_file()
    except (OSError, ValueError):
        return False
