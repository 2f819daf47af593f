"""`splitseem`: finds and loads the module of the command that was asked for, and nothing else."""

from importlib import import_module, metadata
from typing import Any

import click

COMMANDS = {
    "serve": "HTTP service and browser client.",
    "segment": "Segment one image by prompts, in one process.",
    "replay": "Make the masks of a project again from its prompts.",
    "panoptic": "Segment all of an image without a prompt.",
    "embed": "Write embeddings of images as wire files.",
    "embed-dataset": "Embed millions of images on a Ray cluster.",
    "export": "Export the ONNX decoder graphs of a model.",
    "parity": "Compare with reference numbers of the official code.",
    "evaluate": "Measure a model by simulated clicks.",
    "models": "List known models and checkpoints.",
    "convert": "Write a checkpoint as safetensors.",
    "keys": "Make keys for callers of the service.",
}
"""Command -> one line of help; module `splitseem_cli.<command>` holds it as `command`, or one named below."""

_MODULES = {"embed-dataset": "splitseem_ray.command"}
_EXTRAS = {"embed-dataset": "ray"}

INTERRUPTED = 130
"""Exit status after Ctrl+C, as shells have it."""


def module_of(command: str) -> str:
    """The name of the module that holds a command."""
    return _MODULES.get(command, f"splitseem_cli.{command}")


class LazyGroup(click.Group):
    """A group whose commands are imported only when called, so that `--help` needs no torch."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        try:
            module = import_module(module_of(cmd_name))
        except ModuleNotFoundError as error:
            extras = _EXTRAS.get(cmd_name, "server,export,train")
            raise _NotStarted(
                f"`splitseem {cmd_name}` needs the package {error.name}: pip install 'splitseem[{extras}]'"
            ) from error
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; an unknown one is refused in one line."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            raise _NotStarted(
                f"no command {args[0]!r}; there are {', '.join(COMMANDS)}; `splitseem --help` explains them"
            ) from error

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; Ctrl+C ends it with status 130 and one word."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("stopped", err=True)
            ctx.exit(INTERRUPTED)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


class _NotStarted(click.ClickException):
    """No command could be started; `failures.Refused` would load more than `--help` needs."""

    exit_code = 2


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(metadata.version("splitseem"), prog_name="splitseem")
def main() -> None:
    """Interactive segmentation in two halves: the encoder once per image, the decoder at every click."""
