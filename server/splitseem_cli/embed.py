"""`splitseem embed`: embeddings as wire files, made here or by a server."""

from __future__ import annotations

import json
import mimetypes
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import Request, urlopen

import click

from splitseem_cli.failures import Refused, refusals
from splitseem_cli.images import read_rgb
from splitseem_cli.model_options import ModelOptions, model_options
from splitseem_proto import Embedding, pack, unpack
from splitseem_proto.limits import MAX_MESSAGE_BYTES

SUFFIX = ".splitseem"
MAPS = ["features", "source", "lateral"]
TIMEOUT_SECONDS = 120.0
"""A large photo on a busy server without a GPU takes its time."""


@click.command("embed")
@click.argument("images", metavar="IMAGE…", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-o", "--output", metavar="DIR", type=click.Path(path_type=Path), required=True)
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

    With --server, the model is the server's; --codec, --canvas and --maps are asked of it.
    """
    with refusals():
        _refuse_equal_names(images)
        embed = _local(options, maps) if server is None else _remote(server, options, maps)
        output.mkdir(parents=True, exist_ok=True)
        for path in images:
            target = output / f"{path.stem}{SUFFIX}"
            data = embed(path)
            target.write_bytes(data)
            click.echo(f"{target}  {len(data):,} bytes")


def _refuse_equal_names(images: Sequence[Path]) -> None:
    names = Counter(path.stem for path in images)
    equal = sorted(name for name, count in names.items() if count > 1)
    if equal:
        raise Refused(f"several images would be written to the same file: {', '.join(equal)}")


def _local(options: ModelOptions, maps: str | None) -> Callable[[Path], bytes]:
    predictor = options.load()

    def embed(path: Path) -> bytes:
        image = predictor.encode(read_rgb(path), canvas=options.canvas, codec=options.codec, maps=maps)
        return pack(image.embedding)

    return embed


def _remote(server: str, options: ModelOptions, maps: str | None) -> Callable[[Path], bytes]:
    if urlsplit(server).scheme not in ("http", "https"):
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
    headers = {"Content-Type": content_type, "Accept": "application/msgpack"}
    try:
        with urlopen(Request(url, path.read_bytes(), headers), timeout=TIMEOUT_SECONDS) as answer:
            data: bytes = answer.read(MAX_MESSAGE_BYTES + 1)
            return data
    except HTTPError as error:
        with error:
            raise Refused(f"{path}: the server answered {error.code}: {_problem(error)}") from error
    except URLError as error:
        raise Refused(f"no answer from {url}: {error.reason}") from error


def _problem(error: HTTPError) -> str:
    """What went wrong, from the body (problem+json) when there is one, else from the status line."""
    try:
        problem = json.loads(error.read())
        return str(problem.get("detail") or problem["title"])
    except (ValueError, KeyError, AttributeError):
        return str(error.reason)
