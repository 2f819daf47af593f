"""`splitseem embed`: embeddings as wire files, made here or by a server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from splitseem.inputs import ImageFile
from splitseem_cli.commands import Command
from splitseem_cli.failures import Refused, refusals
from splitseem_cli.files.images import read_file, read_rgb
from splitseem_cli.files.left_out import LeftOut, Stop
from splitseem_cli.files.outputs import outputs
from splitseem_cli.options.model import ModelOptions, model_options
from splitseem_proto import pack

SUFFIX = ".splitseem"
MAPS = ["features", "source", "lateral"]


@click.command("embed", cls=Command)
@click.argument("images", metavar="IMAGE…", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    metavar="DIR",
    type=click.Path(path_type=Path),
    required=True,
    help="Folder to write the files in; made when it is not there.",
)
@click.option("--server", metavar="URL", help="Let this server make them, for example http://127.0.0.1:8000")
@click.option(
    "--api-key",
    metavar="KEY",
    envvar="SPLITSEEM_API_KEY",
    help="For a server that asks for one; better in the environment, as SPLITSEEM_API_KEY.",
)
@click.option(
    "--maps",
    type=click.Choice(MAPS),
    help="What masks are to be made of [default: source, or features, as the model has them]",
)
@model_options
def command(
    options: ModelOptions,
    images: Sequence[Path],
    output: Path,
    server: str | None,
    api_key: str | None,
    maps: str | None,
) -> None:
    """Write the embedding of every IMAGE to DIR as <name of the image without suffix>.splitseem.

    Images of one name in different folders are told apart by a number. One that cannot be read is left out
    and named at the end; the exit status is 2 then. With --server, the model is the server's; --codec,
    --canvas and --maps are asked of it.
    """
    with refusals():
        targets = target_names(images, output)
        outputs().refuse_inputs(targets.values())
        outputs().folder(output)
        embed = _local(options, maps) if server is None else _remote(server, api_key, options, maps)
        left_out = LeftOut("image")
        for number, (path, target) in enumerate(targets.items(), start=1):
            with left_out.unless_readable(path):
                data = embed(path)
                outputs().write(target, data)
                click.echo(f"{number}/{len(targets)}  {target}  {len(data):,} bytes")
        left_out.report(len(targets))


def target_names(images: Sequence[Path], folder: Path) -> dict[Path, Path]:
    """Each image -> the file that is written for it; an image given twice counts once.

    Images of one name are told apart by a number, in their order, and the user is told which is which. Names
    that differ in case alone count as one, because some file systems cannot tell them apart.
    """
    targets: dict[Path, Path] = {}
    stems = Counter(path.stem.lower() for path in images)
    taken: set[str] = set()
    seen: set[Path] = set()
    for path in images:
        if path.resolve() in seen:
            continue
        seen.add(path.resolve())
        name = next(
            name
            for name in (path.stem, *(f"{path.stem}-{number}" for number in range(2, len(images) + 2)))
            if name.lower() not in taken and (name == path.stem or name.lower() not in stems)
        )
        taken.add(name.lower())
        targets[path] = folder / f"{name}{SUFFIX}"
        if name != path.stem:
            click.echo(f"{targets[path].name} is for {path}: another image has the same name", err=True)
    return targets


def _local(options: ModelOptions, maps: str | None) -> Callable[[Path], bytes]:
    predictor = options.load()

    def embed(path: Path) -> bytes:
        image = predictor.encode(read_rgb(path), canvas=options.canvas, codec=options.codec, maps=maps)
        return pack(image.embedding)

    return embed


def _remote(
    server: str, api_key: str | None, options: ModelOptions, maps: str | None
) -> Callable[[Path], bytes]:
    from splitseem import Client, InputError, NoAnswer, SplitseemError

    try:
        client = Client(server, api_key=api_key)
    except InputError as error:
        raise Refused(str(error)) from error
    click.get_current_context().call_on_close(client.close)

    def embed(path: Path) -> bytes:
        file = ImageFile(read_file(path), path.name)
        try:
            return client.embed(file, codec=options.codec, canvas=options.canvas, maps=maps).data
        except NoAnswer as error:
            raise Stop(str(error)) from error
        except SplitseemError as error:
            raise Refused(f"{path}: {error}") from error

    return embed
