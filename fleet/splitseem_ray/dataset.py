"""Addresses of images -> embeddings in a folder, by Ray Data, over all nodes of a cluster."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import ray
import ray.data

from splitseem_ray.index import Index
from splitseem_ray.worker import EmbedImages, Wish

INDEX_ROWS = 5_000
INDEX_S = 20.0
"""Rows are written into the index after as many, or after that time."""


@dataclass(frozen=True)
class Workers:
    """What works on the images.

    Args:
        count: workers; each loads the model once.
        cpus: of a node, for each of them.
        gpus: of a node, for each; a fraction lets several share one.
        batch: images that a worker takes at once; what is lost with a node is made again by others.
    """

    count: int
    cpus: float = 1.0
    gpus: float = 0.0
    batch: int = 8


@dataclass
class Outcome:
    """What a run made, and which images it could not."""

    made: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)


def embed_images(
    images: Sequence[str],
    destination: str,
    wish: Wish,
    workers: Workers,
    told: Callable[[int, int], None] = lambda made, failed: None,
    work: type[EmbedImages] = EmbedImages,
) -> Outcome:
    """Embed images that are not there yet, on the cluster that `ray.init` has joined.

    Args:
        destination: a folder, local or any that fsspec knows; all nodes reach it.
        told: is told after each batch, how many were made and how many could not be.
        work: of each worker.
    """
    index, outcome = Index(destination), Outcome()
    waiting: list[dict[str, Any]] = []
    written = time.monotonic()
    try:
        for rows in _batches(images, destination, wish, workers, work):
            waiting += rows
            outcome.failed += [(row["image"], row["error"]) for row in rows if row["error"] is not None]
            outcome.made += sum(row["error"] is None for row in rows)
            told(outcome.made, len(outcome.failed))
            if len(waiting) >= INDEX_ROWS or time.monotonic() - written > INDEX_S:
                index.add(waiting)
                waiting, written = [], time.monotonic()
    finally:
        index.add(waiting)
    return outcome


def _batches(
    images: Sequence[str], destination: str, wish: Wish, workers: Workers, work: type[EmbedImages]
) -> Iterator[list[dict[str, Any]]]:
    """Rows of the index, as they come."""
    _quieten()
    blocks = max(1, -(-len(images) // workers.batch))
    rows = ray.data.from_items([{"image": image} for image in images], override_num_blocks=blocks)
    made = rows.map_batches(
        work,
        fn_constructor_args=(wish, destination),
        batch_size=workers.batch,
        compute=ray.data.ActorPoolStrategy(size=workers.count),
        num_cpus=workers.cpus,
        num_gpus=workers.gpus or None,
    )
    for batch in made.iter_batches(batch_size=None, batch_format="pyarrow"):
        yield batch.to_pylist()


def _quieten() -> None:
    """Ray Data's own bars and reports stay away: the command has one of its own."""
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.WARNING)
