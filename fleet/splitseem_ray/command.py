"""`splitseem embed-dataset`: embeddings of a folder or a list of images, on all nodes of a Ray cluster."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from splitseem_cli.commands import Command
from splitseem_cli.failures import Refused, refusals, shortened
from splitseem_cli.options.model import ModelOptions, model_options

if TYPE_CHECKING:
    from splitseem_ray.dataset import Outcome

SHOWN_FAILURES = 20


@click.command("embed-dataset", cls=Command)
@click.argument("source")
@click.option(
    "-o",
    "--output",
    metavar="DEST",
    required=True,
    help="Folder of the embeddings and their index, or an address such as s3://bucket/embeddings.",
)
@click.option("--address", metavar="RAY", help="Of a cluster, or `auto` [default: one on this machine]")
@click.option(
    "--workers", type=click.IntRange(1), help="Each loads the model [default: a GPU or two cores each]"
)
@click.option(
    "--gpus", type=click.FloatRange(0), help="Of each worker, such as 0.5 [default: 1 if there are any]"
)
@click.option("--cpus", type=click.FloatRange(0), default=1.0, show_default=True, help="Of each worker.")
@click.option(
    "--batch",
    type=click.IntRange(1),
    default=8,
    show_default=True,
    help="Images that a worker takes at once.",
)
@click.option("--maps", help="What masks are to be made of [default: the model's]")
@model_options
def command(
    options: ModelOptions,
    source: str,
    output: str,
    address: str | None,
    workers: int | None,
    gpus: float | None,
    cpus: float,
    batch: int,
    maps: str | None,
) -> None:
    """Embed all images of SOURCE: a folder, or a list of addresses (.txt, or .csv and .parquet with a column
    `image`), local or wherever fsspec reads.

    DEST gets embeddings/ and index/, Parquet files that say which image has which embedding. A further run
    goes on where one was stopped. Images that cannot be read are named at the end and in the index; the exit
    status is 2 then, and a further run tries them again.
    """
    try:
        import ray

        from splitseem_ray.dataset import Workers, embed_images
        from splitseem_ray.files import NoDestination, check_writable
        from splitseem_ray.index import Index
        from splitseem_ray.sources import NoSource, addresses
        from splitseem_ray.worker import Wish, load_encoder, making_of
    except ModuleNotFoundError as error:
        raise Refused(f"this needs the package {error.name}: pip install 'splitseem[ray]'") from error

    with refusals(NoSource, NoDestination):
        images = addresses(source)
        check_writable(output)
        join(address)
        given = ray.cluster_resources()
        each = (1.0 if given.get("GPU") else 0.0) if gpus is None else gpus
        device = "cuda" if each else "cpu"
        wish = Wish(options.model, options.preset, device, options.codec, maps, options.canvas)
        count = workers or int(max(1, given["GPU"] // each if each else given["CPU"] // 2))
        making = making_of(load_encoder(Wish(wish.model, wish.preset, "cpu")), wish)
        done = Index(output).done(making)
        todo = [image for image in images if image not in done]
        click.echo(f"{len(images):,} images, {len(images) - len(todo):,} are there, {count} workers")
        with _progress() as progress:
            bar = progress.add_task("images", total=len(todo), failed=0)

            def told(made: int, failed: int) -> None:
                progress.update(bar, completed=made + failed, failed=failed)

            outcome = embed_images(todo, output, wish, Workers(count, cpus, each, batch), told)
        report(outcome, output)


def join(address: str | None) -> None:
    """Join a cluster, or make one on this machine.

    Raises:
        Refused: there is none.
    """
    import ray

    try:
        ray.init(address, include_dashboard=None, log_to_driver=False, logging_level=logging.ERROR)
    except ConnectionError as error:
        raise Refused(f"no Ray cluster at {address}: {error}") from error


def _progress() -> Progress:
    return Progress(
        TextColumn("images"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[failed]} left out"),
        TimeRemainingColumn(),
    )


def report(outcome: Outcome, output: str) -> None:
    """Say what was made.

    Raises:
        Refused: some images could not be; exit status 2.
    """
    click.echo(f"{outcome.made:,} embeddings in {output}")
    for image, error in outcome.failed[:SHOWN_FAILURES]:
        click.echo(f"left out: {image}: {shortened(error, 300)}", err=True)
    if outcome.failed:
        raise Refused(
            f"{len(outcome.failed):,} images were left out; the others are done, and {output}/index says why"
        )
