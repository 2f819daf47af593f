"""`splitseem convert`: a checkpoint as safetensors."""

from pathlib import Path

import click

from splitseem_cli.commands import Command
from splitseem_cli.failures import Refused, refusals
from splitseem_cli.files.outputs import outputs

SUFFIX = ".safetensors"


@click.command("convert", cls=Command)
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), help="The .safetensors file to write."
)
@click.option("--preset", help="Check that the tensors fit this preset, and write it into the file.")
def command(file: Path, output: Path, preset: str | None) -> None:
    """Write FILE, a .pt or .pth checkpoint, as safetensors, which cannot hold code.

    Names and numbers stay the same. With --preset the new file says which preset it is for, and is loaded
    without one.
    """
    if output.suffix != SUFFIX:
        raise Refused(f"{output.name}: expected a name that ends in {SUFFIX}")
    outputs().check(output)
    with refusals():  # torch is imported here and not before
        from splitseem_model.checkpoints.conversion import convert

        with outputs().file(output) as partial:
            count = convert(file, partial, preset)
        click.echo(f"{output}: {count} tensors, {output.stat().st_size / 1e6:.1f} MB")
