"""`splitseem embed`: embeddings as wire files, made here or by a server."""

from __future__ import annotations

import json
import mimetypes
from collections import Counter
from collections.abc import Callable, Sequence
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import Request, urlopen

import click

from splitseem_cli.commands import Command
from splitseem_cli.failures import Refused, in_words, refusals
from splitseem_cli.files.images import read_file, read_rgb
from splitseem_cli.files.left_out import LeftOut, Stop
from splitseem_cli.files.outputs import outputs
from splitseem_cli.options.model import ModelOptions, model_options
from splitseem_proto import Embedding, pack, unpack
from splitseem_proto.limits import MAX_MESSAGE_BYTES

SUFFIX = ".splitseem"
MAPS = ["features", "source", "lateral"]
TIMEOUT_SECONDS = 120.0
"""A large photo on a busy server without a GPU takes its time."""


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
    "--maps",
    type=click.Choice(MAPS),
    help="What masks are to be made of [default: source, or features, as the model has them]",
)
@model_options
def command(
    options: ModelOptions, images: Sequence[Path], output: Path, server: str | None, maps: str | None
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
        embed = _local(options, maps) if server is None else _remote(server, options, maps)
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


def _remote(server: str, options: ModelOptions, maps: str | None) -> Callable[[Path], bytes]:
    try:
        address = urlsplit(server)
        usable = address.scheme in ("http", "https") and bool(address.hostname) and address.port != 0
    except ValueError:
        usable = False
    if not usable or any(character.isspace() for character in server):
        raise Refused(f"--server must be an http or https address, got {server!r}")
    wanted = {"codec": options.codec, "canvas": options.canvas, "maps": maps}
    query = urlencode({name: value for name, value in wanted.items() if value is not None})
    url = f"{server.rstrip('/')}/v1/embed" + (f"?{query}" if query else "")

    def embed(path: Path) -> bytes:
        data = _post(url, path)
        if not isinstance(unpack(data), Embedding):
            raise Refused(f"{url} did not answer with an embedding")
        return data

    return embed


def _post(url: str, path: Path) -> bytes:
    content_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    image = read_file(path)
    headers = {"Content-Type": content_type, "Accept": "application/msgpack"}
    try:
        with urlopen(Request(url, image, headers), timeout=TIMEOUT_SECONDS) as answer:
            data: bytes = answer.read(MAX_MESSAGE_BYTES + 1)
            return data
    except HTTPError as error:
        with error:
            raise Refused(f"{path}: the server answered {error.code}: {_problem(error)}") from error
    except URLError as error:
        reason = in_words(error.reason) if isinstance(error.reason, OSError) else error.reason
        raise Stop(f"no answer from {url}: {reason}; is a server running there?") from error
    except TimeoutError as error:
        raise Refused(f"{path}: no answer from {url} in {TIMEOUT_SECONDS:.0f} seconds") from error
    except (HTTPException, ConnectionError) as error:
        raise Stop(f"{url} broke off its answer; is it a splitseem server?") from error


def _problem(error: HTTPError) -> str:
    """What went wrong, from the body (problem+json) when there is one, else from the status line."""
    try:
        problem = json.loads(error.read())
        return str(problem.get("detail") or problem["title"])
    except (ValueError, KeyError, AttributeError):
        return str(error.reason)
